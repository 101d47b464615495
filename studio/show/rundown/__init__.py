"""The event and its rundown."""
