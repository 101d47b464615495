"""Clips: files of pictures and sound, read ahead, played, sought and converted."""
