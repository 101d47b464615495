"""The packet bus: encoded packets from the mixer to all subscribers."""
