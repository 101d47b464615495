"""The control process: the session, which is the only writer of the show, and all that hangs on it."""
