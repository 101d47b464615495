"""The show's rules: state, commands, events and decisions, a folder a noun. Pure."""
