"""Seats as they arrived, on disk."""
