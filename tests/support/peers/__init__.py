"""Guests, publishers and viewers: our own, foreign ones and hostile ones."""
