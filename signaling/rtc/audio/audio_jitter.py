"""Puts a microphone's packets in order and says what each next 20 ms are made of. Pure, sans-I/O.

And the delay it takes for that: measured from how late packets come, grown at once, shrunk slowly.
"""

from dataclasses import dataclass

from signaling.rtc.transport.rtp import unwrap

MAX_PACKETS = 64
MAX_JUMP = 1500
"""A larger step of the sequence number is a stray packet, or a new start if its successor is the next to come
(RFC 3550 A.1)."""
MAX_LATE = 100
"""What is late by more than this many packets is the same: nothing on the way takes that long."""
_MS = 1_000_000
MIN_DELAY_NS, MAX_DELAY_NS = 40 * _MS, 200 * _MS
MARGIN_NS = 17 * _MS
"""What is needed beside the lateness itself: sound is written up to 15 ms before it is heard, and threads
wake late."""


@dataclass(frozen=True, slots=True)
class Sound:
    """A packet to decode; ``timestamp`` (unwrapped, 1/48000 s) is its first sample's."""

    payload: bytes
    timestamp: int


@dataclass(frozen=True, slots=True)
class Lost:
    """A packet that won't come in time, though later ones did: ``samples`` to conceal.

    ``following``: the very next packet's payload, if that is there; error correction may be in it.
    """

    samples: int
    following: bytes = b""


@dataclass(frozen=True, slots=True)
class Silence:
    """The sender was silent by intent (DTX): nothing for this many samples."""

    samples: int


Step = Sound | Lost | Silence


def opus_samples(payload: bytes) -> int:
    """Samples at 48 kHz in an Opus packet (RFC 6716 §3.1); 0 for a broken one."""
    if not payload:
        return 0
    config = payload[0] >> 3
    if config < 12:
        frame = (480, 960, 1920, 2880)[config & 3]
    elif config < 16:
        frame = (480, 960)[config & 1]
    else:
        frame = (120, 240, 480, 960)[config & 3]
    code = payload[0] & 3
    count = 1 if code == 0 else 2 if code < 3 else payload[1] & 0x3F if len(payload) > 1 else 0
    return frame * count if frame * count <= 5760 else 0


class AudioJitter:
    """Packets in, steps out, in the order of their sequence numbers, whatever order they come in."""

    def __init__(self) -> None:
        self._packets: dict[int, Sound] = {}
        self._next: int | None = None
        self._top = 0
        self._stray = -1
        self.next_timestamp = 0
        self._frame = 960
        self.late = 0

    def __len__(self) -> int:
        return len(self._packets)

    def add(self, seq: int, timestamp: int, payload: bytes) -> bool:
        """Take a packet (``seq`` 16 bits, ``timestamp`` unwrapped). False: it was late, doubled or stray."""
        if self._next is None and not self._packets:
            self._top = seq + 65536
        extended = unwrap(seq, self._top, 16)
        too_late = self._next is not None and extended < self._next - MAX_LATE
        if too_late or abs(extended - self._top) > MAX_JUMP:
            if extended != self._stray:
                self._stray = extended + 1
                return False
            self.restart()
            extended = self._top = seq + 65536
        self._stray = -1
        if (self._next is not None and extended < self._next) or extended in self._packets:
            self.late += 1
            return False
        self._top = max(self._top, extended)
        self._packets[extended] = Sound(payload, timestamp)
        if len(self._packets) > MAX_PACKETS:  # nobody takes: keep the newest
            del self._packets[min(self._packets)]
            self._next = None
        return True

    def restart(self) -> None:
        """Forget everything; the next packet is a new beginning."""
        self._packets.clear()
        self._next = None
        self._stray = -1

    def pause(self) -> None:
        """Begin again, because nothing came for so long that what comes next is a new beginning, wherever it
        lies."""
        if not self._packets:
            self._next = None

    def peek(self) -> Sound | None:
        """The earliest packet held."""
        return self._packets[min(self._packets)] if self._packets else None

    def take(self) -> Step | None:
        """The next step, or None when nothing has come."""
        if not self._packets:
            return None
        first = min(self._packets)
        sound = self._packets[first]
        if self._next is None:
            self._next, self.next_timestamp = first, sound.timestamp
        ahead = sound.timestamp - self.next_timestamp
        if ahead < 0 or ahead > 48_000 * 5:
            # the sender's clock jumped: what it says now is as good as what it said before
            self.next_timestamp, ahead = sound.timestamp, 0
        if first > self._next:
            missing = first - self._next
            if ahead == 0:
                self._next = first
            else:
                samples = min(ahead, self._frame if missing > 1 else ahead, 5760)
                self._next += 1
                self.next_timestamp += samples
                return Lost(samples, sound.payload if missing == 1 else b"")
        if ahead > 0:
            self.next_timestamp = sound.timestamp
            return Silence(ahead)
        del self._packets[first]
        self._next = first + 1
        samples = opus_samples(sound.payload)
        if samples:
            self._frame = samples
        self.next_timestamp = sound.timestamp + (samples or self._frame)
        return sound


class DelayTarget:
    """How long sound must be held so that hardly a packet comes too late: 40 … 200 ms.

    A histogram of lateness that forgets: the share of a packet halves every 170 packets. The target keeps the
    packets that would be too late under 1 %. It grows at once, for which one accident is not enough but
    three late packets in five seconds are; it shrinks by 4 ms in 50 packets.
    """

    _BIN_NS = 4 * _MS
    _BINS = 1 + (MAX_DELAY_NS - MARGIN_NS) // _BIN_NS
    _GROWTH = 1 + 1 / 250
    """Weight of each packet against the one before: the same as forgetting, but nothing is multiplied."""
    _TOO_LATE = 0.01
    _PRIOR = 50.0
    """Packets of no lateness that are taken for granted at first."""
    _STEP_NS = 4 * _MS
    _EVERY = 50

    def __init__(self) -> None:
        self._weights = [0.0] * (self._BINS + 1)
        self._weights[0] = self._PRIOR
        self._total = self._PRIOR
        self._weight = 1.0
        self._since = 0
        self.ns = 60 * _MS

    def observe(self, lateness_ns: int) -> None:
        """Take one packet's lateness against the fastest path. Cheap: most packets cost two additions."""
        index = min(max(0, lateness_ns) // self._BIN_NS, self._BINS)
        self._weights[index] += self._weight
        self._total += self._weight
        self._weight *= self._GROWTH
        self._since += 1
        if lateness_ns + MARGIN_NS > self.ns:
            self.ns = max(self.ns, self._wanted_ns())
        elif self._since >= self._EVERY:
            self._since = 0
            self.ns = max(self._wanted_ns(), self.ns - self._STEP_NS)
            if self._weight > 1e12:
                self._weights = [weight / self._weight for weight in self._weights]
                self._total /= self._weight
                self._weight = 1.0

    def _wanted_ns(self) -> int:
        above = self._TOO_LATE * self._total
        for index in range(self._BINS, -1, -1):
            above -= self._weights[index]
            if above < 0:
                return min(MAX_DELAY_NS, max(MIN_DELAY_NS, (index + 1) * self._BIN_NS + MARGIN_NS))
        return MIN_DELAY_NS
