"""How much room a recording has, how long that lasts, and when it is worth beginning again."""

import os
from collections import deque
from pathlib import Path

from mixer.contract.output_health import SECOND_NS

RESERVE_BYTES = 32 * 1024 * 1024
RESERVE_PART = 0.02
"""A recording leaves this part of the disk free, at most ``RESERVE_BYTES``: the show's log needs it."""
RESUME_BYTES = 64 * 1024 * 1024
RESUME_PART = 0.05
"""After a full disk a part begins once this much can be written, or so much of the disk if that is less: or
each file that somebody deletes would make one of a second's length."""
WINDOW_S = 30
LEAST_NS = 2 * SECOND_NS
"""Over less time than this no rate is told."""


class RecordingRoom:
    """The room for one recording. :meth:`look` once a second."""

    def __init__(self) -> None:
        self._looks: deque[tuple[int, int, int]] = deque(maxlen=WINDOW_S + 1)

    def look(self, folder: Path, written: int, now_ns: int) -> int:
        """The bytes that may still be written, at most 0 on a full disk. ``written``: bytes so far.

        Raises OSError.
        """
        free, _ = free_bytes(folder)
        self._looks.append((now_ns, written, free))
        return free

    def remaining_s(self) -> float:
        """Seconds until the disk is full; −1 while that isn't known.

        By the faster of what this recording writes and what the disk loses: others may write there, too.
        """
        if len(self._looks) < 2:
            return -1.0
        (first_ns, first, before), (last_ns, last, free) = self._looks[0], self._looks[-1]
        fastest = max(last - first, before - free)
        if last_ns - first_ns < LEAST_NS or fastest <= 0:
            return -1.0
        return max(0, free) * (last_ns - first_ns) / SECOND_NS / fastest

    def forget(self) -> None:
        """Forget the rate, because nothing is written for now."""
        self._looks.clear()


def free_bytes(folder: Path) -> tuple[int, int]:
    """Bytes that a recording in ``folder`` may still write, and how many there should be to begin again.

    Raises OSError.
    """
    disk = os.statvfs(folder)
    size = disk.f_blocks * disk.f_frsize
    reserve = min(RESERVE_BYTES, int(size * RESERVE_PART))
    return disk.f_bavail * disk.f_frsize - reserve, min(RESUME_BYTES, int(size * RESUME_PART))
