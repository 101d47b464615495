"""Recordings as Matroska files."""
