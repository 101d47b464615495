"""How processes talk: the control link, slots of shared memory, and what every child process does first and
last.
"""
