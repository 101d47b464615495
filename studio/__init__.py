"""Holds the show and its rules, starts and watches the processes, and gives the command line.

May import: ``signaling`` and ``mixer``. The core (model, commands, events, decide, planner) is pure.
"""
