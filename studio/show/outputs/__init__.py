"""Outputs: streams and recordings."""
