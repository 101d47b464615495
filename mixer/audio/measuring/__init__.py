"""Levels, voice activity, loudness and true peaks."""
