"""Scenes and their compositions."""
