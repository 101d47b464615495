"""When a file begins, written into the file: so that all recordings of an event line up to one picture.

Every time in a file counts from its own 0. The tags say where that lies in the programme's time, which all
recordings of one run of the studio share, and on the wall clock, for files of different runs. Pure.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

START_TAG = "SUMMIT_START"
"""Programme time of the file's time 0, in nanoseconds since the programme's epoch."""
EPOCH_TAG = "SUMMIT_EPOCH"
"""The programme's epoch in CLOCK_MONOTONIC nanoseconds: the same for all files of one run."""
WALL_TAG = "SUMMIT_START_UTC"
"""The same moment as :data:`START_TAG` on the wall clock, RFC 3339 in UTC with microseconds."""


@dataclass(frozen=True)
class FileClock:
    """A file's time 0: ``start_ns`` of a programme that began at ``epoch_ns``; ``utc`` on the wall clock."""

    start_ns: int
    epoch_ns: int
    utc: datetime

    def tags(self) -> dict[str, str]:
        """Return the clock as container metadata, which :func:`file_clock` reads it again."""
        utc = self.utc.astimezone(UTC).isoformat(timespec="microseconds")
        return {
            START_TAG: str(self.start_ns),
            EPOCH_TAG: str(self.epoch_ns),
            WALL_TAG: utc.replace("+00:00", "Z"),
        }

    def offset_ns(self, other: "FileClock") -> int:
        """Return how much later than the other file this one begins. Exact for files of one run; by the wall
        clock, which may have been set meanwhile, for others."""
        if self.epoch_ns == other.epoch_ns:
            return self.start_ns - other.start_ns
        return round((self.utc - other.utc) / timedelta(microseconds=1)) * 1000


def clock_at(start_ns: int, epoch_ns: int, now_ns: int, now_utc: datetime) -> FileClock:
    """The clock of a file that begins at ``start_ns`` of the programme. ``now_ns`` (CLOCK_MONOTONIC) and
    ``now_utc`` are one moment."""
    ago_us = (now_ns - epoch_ns - start_ns) // 1000
    return FileClock(start_ns, epoch_ns, now_utc - timedelta(microseconds=ago_us))


def file_clock(tags: Mapping[str, str]) -> FileClock | None:
    """Read the clock from a container's metadata, whose names may have changed their case; None when it has
    none of ours."""
    named = {name.upper(): value for name, value in tags.items()}
    try:
        utc = datetime.fromisoformat(named[WALL_TAG])
        clock = FileClock(int(named[START_TAG]), int(named[EPOCH_TAG]), utc)
    except (KeyError, ValueError):
        return None
    return clock if utc.tzinfo is not None else None
