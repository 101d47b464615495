"""What is in preview and on air: takes, transitions, black, slate."""
