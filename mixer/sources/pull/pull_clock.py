"""When the pictures and sounds of a pulled stream are shown: by its own times, a little later than they come.

Pure. Picture and sound go by the same clock, so that they stay in step. It is set by what came earliest
after its time; what comes too late moves it later, and a stream that has been early for a while moves it
earlier again.
"""

from collections import deque
from fractions import Fraction

from mixer.contract.clock import NS
from mixer.sources.player import MS

DELAY_NS = 250 * MS
"""From arrival to presentation, for a stream that comes evenly: decoding and the network's jitter."""
SPARE_NS = 40 * MS
"""What comes with less than this to spare is late: the slot is written ahead."""
SETTLE_NS = 2 * NS
"""A stream that was earlier than it need be for so long is brought nearer; a server may begin with seconds
of the past."""
EXCESS_NS = 150 * MS
JUMP_S = 5
"""Times that jump by more begin anew."""


class PullClock:
    """``note`` each picture as it is decoded; ``time_ns`` says when it is shown."""

    def __init__(self) -> None:
        self._anchor: tuple[Fraction, int] | None = None
        self._last_s = Fraction(0)
        self._slack: deque[tuple[int, int]] = deque(maxlen=512)
        self._since_ns = 0
        self.moved = 0
        """How often the clock was set anew."""

    def note(self, position_s: Fraction, now_ns: int) -> None:
        """A picture of this time is decoded now."""
        if self._anchor is None or abs(position_s - self._last_s) > JUMP_S:
            self._set(position_s, now_ns)
        self._last_s = position_s
        slack_ns = self.time_ns(position_s) - now_ns
        if slack_ns < SPARE_NS:
            self._set(position_s, now_ns)
            return
        self._slack.append((now_ns, slack_ns))
        while self._slack and self._slack[0][0] < now_ns - SETTLE_NS:
            self._slack.popleft()
        if now_ns - self._since_ns < SETTLE_NS:
            return
        excess_ns = min(slack for _, slack in self._slack) - DELAY_NS
        if excess_ns > EXCESS_NS:
            self._set(position_s, now_ns, slack_ns - excess_ns)

    def _set(self, position_s: Fraction, now_ns: int, in_ns: int = DELAY_NS) -> None:
        """Set the clock so that what is at ``position_s`` is shown ``in_ns`` from now."""
        self.moved += self._anchor is not None
        self._anchor = (position_s, now_ns + in_ns)
        self._slack.clear()
        self._since_ns = now_ns

    def time_ns(self, position_s: Fraction) -> int:
        """Return when this position is shown and heard; call :meth:`note` before."""
        assert self._anchor is not None
        return self._anchor[1] + round((position_s - self._anchor[0]) * NS)

    @property
    def running(self) -> bool:
        return self._anchor is not None

    def forget(self) -> None:
        """The connection was made anew."""
        self._anchor = None
        self._slack.clear()
