"""Figures of commands on their way."""
