"""The supervisor's process: starts, watches and restarts the others, and routes their messages."""
