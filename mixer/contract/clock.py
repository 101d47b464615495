"""The programme's clock: tick numbers, sample numbers and instants, in whole numbers without drift.

Tick n is due at ``epoch + n / fps``, rounded down to a nanosecond; nothing is ever added up, so that
30000/1001 is as exact after a week as at the start. Programme sample k belongs to the instant
``epoch + k / 48000``.
"""

import time
from collections.abc import Callable
from fractions import Fraction

NS = 1_000_000_000
RATE = 48_000
"""Samples a second, everywhere."""


def sample_at(time_ns: int) -> int:
    """Absolute sample number of an instant of CLOCK_MONOTONIC."""
    return time_ns * RATE // NS


class ProgramClock:
    """Converts between ticks, programme samples and CLOCK_MONOTONIC nanoseconds.

    ``epoch_ns``: when tick 0 was due. ``fps``: ticks a second, an exact fraction. ``now``: CLOCK_MONOTONIC in
    nanoseconds, handed in by tests. Raises ValueError for a rate that is not positive.
    """

    def __init__(self, epoch_ns: int, fps: Fraction, now: Callable[[], int] = time.monotonic_ns) -> None:
        if fps <= 0:
            raise ValueError(f"a rate of {fps} pictures a second")
        self.epoch_ns = epoch_ns
        self.fps = fps
        self.now = now
        self.period_ns = NS * fps.denominator // fps.numerator
        """One frame period, rounded down; for limits, not for counting."""
        self.first_sample = sample_at(epoch_ns)
        """The absolute sample number (see :mod:`mixer.ipc.slot`) of programme sample 0."""

    def due_ns(self, tick: int) -> int:
        """Return when ``tick`` is due."""
        return self.epoch_ns + tick * NS * self.fps.denominator // self.fps.numerator

    def tick_at(self, time_ns: int) -> int:
        """The newest tick that is due at ``time_ns``; negative before the epoch."""
        elapsed = time_ns - self.epoch_ns + 1
        return -(-elapsed * self.fps.numerator // (NS * self.fps.denominator)) - 1

    def samples_at(self, tick: int) -> int:
        """Programme samples from the epoch to ``tick``, so that each tick has its share and none is lost."""
        return tick * RATE * self.fps.denominator // self.fps.numerator

    def sample_now(self) -> int:
        """The programme sample whose instant came last; negative before the epoch."""
        return sample_at(self.now()) - self.first_sample

    def until_sample_ns(self, sample: int) -> int:
        """Return how long it is until :meth:`sample_now` gives ``sample``; not positive once it does."""
        return -(-(self.first_sample + sample) * NS // RATE) - self.now()
