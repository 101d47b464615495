"""What the studio's processes share: messages, configuration, the data directory, how processes are
started."""
