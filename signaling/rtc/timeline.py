"""When a stream's media belongs on the programme's clock, and how two streams of one guest stay together.

Pure: every time is given. RTP timestamps are unwrapped to integers that only mean something per stream.
"""

import math
from collections import deque

from mixer.contract.clock import RATE
from signaling.rtc.transport.rtp import unwrap

_SECOND = 1_000_000_000
_BUCKET_NS = 2_000_000_000
_BUCKETS = 5
_JUMP_NS = 2_000_000_000
HOPELESS_NS = 400_000_000
_HOPELESS_FOR_NS = 1_000_000_000
"""Who is later than anybody waits for, for so long without a packet in time, is not late: their clock was put
back, or their path has become another one. It is a new beginning, or they would be silent until the base
follows."""
MAX_SKEW_NS = 600_000_000
"""Larger differences between sound's and picture's path are a broken clock, not a path."""
PICTURE_LEAD_NS = 35_000_000
"""The picture may be this much early: it is shown at the next tick, half a frame later on average, and the
ear forgives sound that is late (−125 ms, ITU-R BT.1359) far more than sound that is early (+45 ms)."""
MIN_PICTURE_DELAY_NS = 5_000_000


class SenderClock:
    """How fast a stream's RTP clock runs against its sender's wall clock, by its sender reports.

    A line through the reports' (NTP, RTP) pairs. It is believed when there are enough of them that its error
    is under 30 ppm, and when its slope is one that crystals have: under 1000 ppm.
    """

    _MAX_PAIRS = 64
    _MIN_SPAN_NS = 3 * _SECOND
    _MAX_PPB = 1_000_000
    _MAX_ERROR_PPB = 30_000
    _SET_NS = 50_000_000

    def __init__(self, clock_rate: int) -> None:
        self._rate = clock_rate
        self._pairs: deque[tuple[int, int]] = deque(maxlen=self._MAX_PAIRS)
        self.skew_ppb: int | None = None
        """Wall time a second of media takes, less one second, in 1e-9; None: not known."""
        self._error_ns = 0.0

    def clear(self) -> None:
        self._pairs.clear()
        self.skew_ppb = None
        self._error_ns = 0.0

    def add(self, wall_ns: int, extended: int) -> None:
        """Take a report's pair. A wall clock that was set is a new beginning."""
        if self._pairs:
            wall, media = self._since(self._pairs[-1], wall_ns, extended)
            if media <= 0:
                if media < 0:
                    self.clear()
                else:
                    return
            elif abs(wall - media) > self._SET_NS + media // 500:
                self.clear()
        self._pairs.append((wall_ns, extended))
        self._fit()

    def pair(self) -> tuple[int, int] | None:
        """The newest report's wall time in ns and timestamp, its own error taken off where that is known."""
        if not self._pairs:
            return None
        wall, extended = self._pairs[-1]
        return wall - round(self._error_ns), extended

    def _since(self, pair: tuple[int, int], wall_ns: int, extended: int) -> tuple[int, int]:
        return wall_ns - pair[0], (extended - pair[1]) * _SECOND // self._rate

    def _fit(self) -> None:
        """Least squares of (wall − media) over media."""
        self.skew_ppb, self._error_ns = None, 0.0
        points = [self._since(self._pairs[0], *pair) for pair in self._pairs]
        count = len(points)
        if count < 4 or points[-1][1] < self._MIN_SPAN_NS:
            return
        xs = [media / 1e9 for _, media in points]
        ys = [wall - media for wall, media in points]
        middle, level = sum(xs) / count, sum(ys) / count
        spread = sum((x - middle) ** 2 for x in xs)
        slope = sum((x - middle) * (y - level) for x, y in zip(xs, ys, strict=True)) / spread
        rests = [y - level - slope * (x - middle) for x, y in zip(xs, ys, strict=True)]
        error = math.sqrt(sum(rest * rest for rest in rests) / (count - 2) / spread)
        self._error_ns = rests[-1]
        if error < self._MAX_ERROR_PPB and abs(slope) < self._MAX_PPB:
            self.skew_ppb = round(slope)


class Timeline:
    """One stream's RTP clock against CLOCK_MONOTONIC.

    The base is the fastest transit of the last ten seconds: a packet's lateness against it is jitter. Between
    a sender's microphone and its wall clock, sender reports tell the drift, and timestamps are corrected by
    it. What is left (a sender without reports, or whose wall clock drifts too) the base follows. Where the
    base runs away although the reports say that it should not, the reports are no longer believed.
    """

    _TRUST_PPB = 400_000
    _TRUST_NS = 20_000_000
    _DISTRUST_NS = 120 * _SECOND

    def __init__(self, clock_rate: int) -> None:
        self._rate = clock_rate
        self._last = 0
        self._started = False
        self._minima: list[tuple[int, int]] = []
        """Arrival and timestamp of each bucket's fastest packet."""
        self._least = 0
        self._bucket_end = 0
        self._base = 0
        self._clock = SenderClock(clock_rate)
        self._skew_ppb = 0
        self._pivot = 0
        """Timestamp at which media time is the same with and without the correction."""
        self._pivot_ns = 0
        self._trusted: tuple[int, int] = (0, 0)
        self._distrusted_until = 0
        self._hopeless_since: int | None = None
        self.last_arrival_ns = 0
        self.resets = 0

    @property
    def skew_ppb(self) -> int:
        """The correction in use, in 1e-9: how much longer than said the sender's media takes."""
        return self._skew_ppb

    def unwrap(self, timestamp: int) -> int:
        return unwrap(timestamp, self._last, 32) if self._started else timestamp

    def _media_ns(self, extended: int) -> int:
        nominal = (extended - self._pivot) * _SECOND // self._rate
        return self._pivot_ns + nominal + nominal * self._skew_ppb // _SECOND

    def observe(self, timestamp: int, arrival_ns: int) -> tuple[int, int]:
        """Take a packet's arrival; returns its unwrapped timestamp and its lateness in ns (≥ 0)."""
        extended = self.unwrap(timestamp)
        transit = arrival_ns - self._media_ns(extended)
        if not self._started or self._jumped(transit - self._base, arrival_ns):
            self.resets += self._started
            self._started = True
            self._hopeless_since = None
            self._clock.clear()
            self._skew_ppb, self._pivot, self._pivot_ns = 0, extended, 0
            transit = arrival_ns
            self._minima = [(arrival_ns, extended)]
            self._least = self._base = transit
            self._bucket_end = arrival_ns + _BUCKET_NS
        elif arrival_ns >= self._bucket_end:
            self._minima = [*self._minima[1 - _BUCKETS :], (arrival_ns, extended)]
            self._least = transit
            self._bucket_end = arrival_ns + _BUCKET_NS
            self._rebase()
            self._check(arrival_ns)
        elif transit < self._least:
            self._minima[-1] = (arrival_ns, extended)
            self._least = transit
            self._base = min(self._base, transit)
        self._last = extended
        self.last_arrival_ns = arrival_ns
        return extended, transit - self._base

    def _jumped(self, lateness_ns: int, arrival_ns: int) -> bool:
        if lateness_ns <= HOPELESS_NS:
            self._hopeless_since = None
            return lateness_ns < -_JUMP_NS
        if self._hopeless_since is None:
            self._hopeless_since = arrival_ns
        return lateness_ns > _JUMP_NS or arrival_ns - self._hopeless_since > _HOPELESS_FOR_NS

    def _rebase(self) -> None:
        self._base = min(arrival - self._media_ns(extended) for arrival, extended in self._minima)

    def local_ns(self, extended: int) -> int:
        """The instant the media at this unwrapped timestamp would have arrived on the fastest path."""
        return self._base + self._media_ns(extended)

    def report(self, ntp: int, timestamp: int) -> None:
        """Take a sender report's pair: ``ntp`` 32.32 fixed point (RFC 3550 §6.4.1), ``timestamp`` 32 bits."""
        if not self._started or not ntp:
            return
        self._clock.add((ntp * _SECOND) >> 32, self.unwrap(timestamp))
        if self.last_arrival_ns >= self._distrusted_until:
            self._correct(self._clock.skew_ppb or 0)

    def _correct(self, skew_ppb: int) -> None:
        """Change the correction; media time goes on without a step where the stream is now."""
        if skew_ppb == self._skew_ppb:
            return
        if bool(skew_ppb) != bool(self._skew_ppb):
            self._trusted = (self.last_arrival_ns, self._base)
        drifted = self._media_ns(self._last)
        self._pivot, self._pivot_ns, self._skew_ppb = self._last, drifted, skew_ppb
        self._least = self._minima[-1][0] - self._media_ns(self._minima[-1][1])
        self._rebase()

    def _check(self, arrival_ns: int) -> None:
        """Check whether arrivals bear the correction out."""
        if not self._skew_ppb:
            return
        since, base = self._trusted
        allowed = self._TRUST_NS + (arrival_ns - since) * self._TRUST_PPB // _SECOND
        if abs(self._base - base) > allowed:
            self._distrusted_until = arrival_ns + self._DISTRUST_NS
            self._clock.clear()
            self._correct(0)

    def offset_ns(self) -> int | None:
        """Local time minus the sender's wall clock for the same media; None before a sender report."""
        pair = self._clock.pair()
        if pair is None:
            return None
        wall, extended = pair
        return self.local_ns(extended) - wall

    def alive(self, now_ns: int) -> bool:
        return self._started and now_ns - self.last_arrival_ns < 2_000_000_000


class LipSync:
    """What one guest's sound and picture must each wait so that they are presented together.

    ``sound_target_ns`` is what the sound needs against its jitter. The slower of the two paths decides, and
    the other one waits for it. While the microphone is closed the picture waits for nobody's jitter.
    """

    def __init__(self) -> None:
        self.sound = Timeline(RATE)
        self.picture = Timeline(90_000)
        self.sound_open = True
        self.sound_target_ns = 60_000_000
        self.sound_delay_ns = 60_000_000
        self.picture_delay_ns = 60_000_000 - PICTURE_LEAD_NS
        self.heard_delay_ns = 60_000_000
        """What the sound would wait to be in step with the picture: :attr:`sound_delay_ns` while the
        microphone is open, else less. Recordings of what nobody hears go by it."""

    def skew_ns(self) -> int:
        """Return how much longer the picture's path is than the sound's, by both sender reports; 0 if
        unknown."""
        sound, picture = self.sound.offset_ns(), self.picture.offset_ns()
        if sound is None or picture is None or abs(picture - sound) > MAX_SKEW_NS:
            return 0
        return picture - sound

    def settle(self, now_ns: int) -> None:
        """Work out both delays again; the streams approach them in steps nobody sees or hears."""
        if not self.sound.alive(now_ns):
            self.sound_delay_ns = self.heard_delay_ns = self.sound_target_ns
            self.picture_delay_ns = MIN_PICTURE_DELAY_NS
            return
        skew = self.skew_ns() if self.picture.alive(now_ns) else 0
        least = skew + MIN_PICTURE_DELAY_NS + PICTURE_LEAD_NS
        heard = self.sound_delay_ns = max(self.sound_target_ns, least)
        if not self.sound_open:
            heard = max(0, least)  # nobody hears it: only the paths' own difference is kept
        self.heard_delay_ns = heard
        self.picture_delay_ns = max(MIN_PICTURE_DELAY_NS, heard - skew - PICTURE_LEAD_NS)
