"""Peers of our own for rehearsals, tests and the bench."""
