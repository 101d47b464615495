"""How long and how loud a bench is."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BenchSettings:
    """``seconds``: length of each measurement, None for each one's own. ``full``: the lengths of the
    acceptance, not those of a quick look. ``say`` takes a line of progress."""

    say: Callable[[str], None]
    seconds: float | None = None
    full: bool = False

    def length_s(self, quick: float, full: float | None = None) -> float:
        """Return the length of a measurement that takes ``quick`` seconds by itself, ``full`` in a full
        bench."""
        if self.seconds is not None:
            return self.seconds
        return full if self.full and full is not None else quick
