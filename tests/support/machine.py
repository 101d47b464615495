"""The machine as tests share it: each module has it together with others, or alone while it measures.

A lock of the whole machine, so that workers of pytest-xdist and test runs of other checkouts keep out of each
other's measurements, too.
"""

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def machine(*, alone: bool) -> Iterator[None]:
    """Waits for it: alone until nobody has it, else until nobody has it alone."""
    folder = Path(tempfile.gettempdir()) / f"summit-studio-tests-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    with (folder / "turn").open("w") as turn, (folder / "machine").open("w") as lock:
        # Whoever waits for it alone holds the turn meanwhile: nobody who comes later gets in before.
        fcntl.flock(turn, fcntl.LOCK_EX)
        fcntl.flock(lock, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        fcntl.flock(turn, fcntl.LOCK_UN)
        yield
