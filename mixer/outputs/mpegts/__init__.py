"""MPEG transport streams in UDP datagrams."""
