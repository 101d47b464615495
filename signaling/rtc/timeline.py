"""When a stream's media belongs on the programme's clock, and how two streams of one guest stay together.

Pure: every time is given. RTP timestamps are unwrapped to integers that only mean something per stream.
"""

from mixer.slot import RATE
from signaling.rtc.rtp import unwrap

_BUCKET_NS = 2_000_000_000
_BUCKETS = 5
_JUMP_NS = 2_000_000_000
MAX_SKEW_NS = 600_000_000
"""Larger differences between sound's and picture's path are a broken clock, not a path."""
PICTURE_LEAD_NS = 20_000_000
"""The picture may be this much early: it is shown at the next tick, half a frame later on average, and the
ear forgives sound that is late (−125 ms, ITU-R BT.1359) far more than sound that is early (+45 ms)."""
MIN_PICTURE_DELAY_NS = 5_000_000


class Timeline:
    """One stream's RTP clock against CLOCK_MONOTONIC.

    The base is the fastest transit of the last ten seconds: a packet's lateness against it is jitter, and
    following it follows the drift of the sender's clock.
    """

    def __init__(self, clock_rate: int) -> None:
        self._rate = clock_rate
        self._last = 0
        self._started = False
        self._minima: list[int] = []
        self._bucket_end = 0
        self._base = 0
        self._report: tuple[int, int] | None = None
        self.last_arrival_ns = 0
        self.resets = 0

    def unwrap(self, timestamp: int) -> int:
        return unwrap(timestamp, self._last, 32) if self._started else timestamp

    def observe(self, timestamp: int, arrival_ns: int) -> tuple[int, int]:
        """Take a packet's arrival; returns its unwrapped timestamp and its lateness in ns (≥ 0)."""
        extended = self.unwrap(timestamp)
        transit = arrival_ns - extended * 1_000_000_000 // self._rate
        if not self._started or abs(transit - self._base) > _JUMP_NS:
            self.resets += self._started
            self._started = True
            self._minima = [transit]
            self._bucket_end = arrival_ns + _BUCKET_NS
            self._base = transit
            self._report = None
        elif arrival_ns >= self._bucket_end:
            self._minima = [*self._minima[1 - _BUCKETS :], transit]
            self._bucket_end = arrival_ns + _BUCKET_NS
            self._base = min(self._minima)
        elif transit < self._minima[-1]:
            self._minima[-1] = transit
            self._base = min(self._base, transit)
        self._last = extended
        self.last_arrival_ns = arrival_ns
        return extended, transit - self._base

    def local_ns(self, extended: int) -> int:
        """The instant the media at this unwrapped timestamp would have arrived on the fastest path."""
        return self._base + extended * 1_000_000_000 // self._rate

    def report(self, ntp: int, timestamp: int) -> None:
        """Keep a sender report's pair: ``ntp`` 32.32 fixed point (RFC 3550 §6.4.1), ``timestamp`` 32 bits."""
        if self._started and ntp:
            self._report = ((ntp * 1_000_000_000) >> 32, self.unwrap(timestamp))

    def offset_ns(self) -> int | None:
        """Local time minus the sender's wall clock for the same media; None before a sender report."""
        if self._report is None:
            return None
        wall, extended = self._report
        return self.local_ns(extended) - wall

    def alive(self, now_ns: int) -> bool:
        return self._started and now_ns - self.last_arrival_ns < 2_000_000_000


class LipSync:
    """What one guest's sound and picture must each wait so that they are presented together.

    ``sound_target_ns`` is what the sound needs against its jitter. The slower of the two paths decides, and
    the other one waits for it.
    """

    def __init__(self) -> None:
        self.sound = Timeline(RATE)
        self.picture = Timeline(90_000)
        self.sound_target_ns = 60_000_000
        self.sound_delay_ns = 60_000_000
        self.picture_delay_ns = 60_000_000 - PICTURE_LEAD_NS

    def skew_ns(self) -> int:
        """How much longer the picture's path is than the sound's, by both sender reports; 0 if unknown."""
        sound, picture = self.sound.offset_ns(), self.picture.offset_ns()
        if sound is None or picture is None or abs(picture - sound) > MAX_SKEW_NS:
            return 0
        return picture - sound

    def settle(self, now_ns: int) -> None:
        """Work out both delays anew; the streams approach them in steps nobody sees or hears."""
        if not self.sound.alive(now_ns):
            self.sound_delay_ns = self.sound_target_ns
            self.picture_delay_ns = MIN_PICTURE_DELAY_NS
        elif not self.picture.alive(now_ns):
            self.sound_delay_ns = self.sound_target_ns
            self.picture_delay_ns = max(MIN_PICTURE_DELAY_NS, self.sound_target_ns - PICTURE_LEAD_NS)
        else:
            skew = self.skew_ns()
            shown = max(self.sound_target_ns, skew + MIN_PICTURE_DELAY_NS + PICTURE_LEAD_NS)
            self.sound_delay_ns = shown
            self.picture_delay_ns = shown - skew - PICTURE_LEAD_NS
