"""What the processes with an event loop share beneath their own work."""
