"""How every process of ours is started: none reads a module from the folder that somebody happens to be in.

Python puts the current folder before its own library (``python -m``): a ``queue.py`` there would be run by
every process. ``-P`` leaves it out, and the folder is a fixed one, so that no relative path means anything.
"""

import sys
from collections.abc import Mapping

FOLDER = "/"


def python(module: str, *arguments: str) -> list[str]:
    """The command of one of our modules; start it in :data:`FOLDER`."""
    return [sys.executable, "-P", "-m", module, *arguments]


def environment(base: Mapping[str, str]) -> dict[str, str]:
    """A child's environment. Libraries that would start a thread per core are told not to: our processes
    share the cores on purpose; and few malloc arenas keep memory flat where threads come and go."""
    return {
        **base,
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "VIPS_CONCURRENCY": "1",
        "MALLOC_ARENA_MAX": "2",
        "PYTHONUNBUFFERED": "1",
        "PYTHONSAFEPATH": "1",  # as -P, for what a child starts in its turn
    }
