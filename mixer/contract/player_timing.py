"""Which tick a picture of a clip is first shown at, and which sample its sound falls on. Pure.

A pass lays a stretch of the media, from ``start_s`` on, over the programme's time from ``anchor_ns`` on.
Both picture and sound go by it, so that they stay in step whatever happens to either.
"""

from fractions import Fraction
from math import ceil

import msgspec

from mixer.contract.clock import NS, RATE, ProgramClock


class Pass(msgspec.Struct, frozen=True):
    """``start_s`` of the media is at ``anchor_ns`` (CLOCK_MONOTONIC)."""

    anchor_ns: int
    start_s: Fraction

    def time_ns(self, position_s: Fraction) -> int:
        """Return when this position of the media is shown and heard."""
        return self.anchor_ns + round((position_s - self.start_s) * NS)

    def position_s(self, time_ns: int) -> Fraction:
        """The position of the media at this time; it doesn't stop at either end."""
        return self.start_s + Fraction(time_ns - self.anchor_ns, NS)

    def sample(self, media_sample: int) -> int:
        """Absolute sample number of the media's sample ``media_sample`` (48 kHz, from position 0)."""
        return round(Fraction(self.anchor_ns * RATE, NS) + media_sample - self.start_s * RATE)

    def first_tick(self, position_s: Fraction, lasts_s: Fraction, clock: ProgramClock) -> int:
        """The tick from which a picture at ``position_s`` that lasts ``lasts_s`` is shown: the nearest.

        A picture is early by at most half of what it lasts or of a tick, whichever is less: so a clip at the
        programme's rate gives each tick its own picture however its times are rounded, and of one at twice
        the rate each second picture is shown, always the same one of the two.
        """
        early_s = min(lasts_s, 1 / clock.fps) / 2
        elapsed_s = Fraction(self.anchor_ns - clock.epoch_ns, NS) + position_s - self.start_s - early_s
        return ceil(elapsed_s * clock.fps)


def next_tick_ns(clock: ProgramClock, time_ns: int) -> int:
    """Return when the first tick not before ``time_ns`` is due."""
    tick = clock.tick_at(time_ns)
    due_ns = clock.due_ns(tick)
    return due_ns if due_ns >= time_ns else clock.due_ns(tick + 1)


def resumed_s(
    position_s: float, at_ns: int, now_ns: int, in_s: float, out_s: float, *, loop: bool
) -> float | None:
    """Return where a clip that has been playing from ``position_s`` since ``at_ns`` would be now; None: at
    its end.

    ``out_s`` is where it ends or turns back to ``in_s``.
    """
    now_s = position_s + max(0, now_ns - at_ns) / NS
    if now_s < out_s:
        return now_s
    length_s = out_s - in_s
    if not loop or length_s <= 0:
        return None
    return in_s + (now_s - out_s) % length_s
