"""Puts a microphone's packets in order and says what each next 20 ms are made of. Pure, sans-I/O.

And the delay it takes for that: measured from how late packets come, grown at once, shrunk slowly.
"""

from collections import deque
from dataclasses import dataclass

from signaling.rtc.rtp import unwrap

MAX_PACKETS = 64
MAX_JUMP = 1500
_MS = 1_000_000
MIN_DELAY_NS, MAX_DELAY_NS = 40 * _MS, 200 * _MS
_MARGIN_NS = 20 * _MS
_WINDOW = 250


@dataclass(frozen=True, slots=True)
class Sound:
    """A packet to decode; ``timestamp`` (unwrapped, 1/48000 s) is its first sample's."""

    payload: bytes
    timestamp: int


@dataclass(frozen=True, slots=True)
class Lost:
    """A packet that won't come in time, though later ones did: ``samples`` to conceal."""

    samples: int


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
        if abs(extended - self._top) > MAX_JUMP:
            if extended != self._stray:
                self._stray = extended + 1
                return False
            self.restart()
            extended = self._top = seq + 65536
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
        """Nothing came for so long that what comes next is a new beginning, wherever it lies."""
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
                return Lost(samples)
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
    """How long sound must be held so that hardly a packet comes too late: 40 … 200 ms."""

    def __init__(self) -> None:
        self._lateness: deque[int] = deque(maxlen=_WINDOW)
        self._since = 0
        self.ns = 60 * _MS

    def observe(self, lateness_ns: int) -> None:
        """Take one packet's lateness against the fastest path."""
        self._lateness.append(lateness_ns)
        self._since += 1
        if lateness_ns + _MARGIN_NS > self.ns and len(self._lateness) > 50:
            recent = sorted(self._lateness)[-3]  # once is an accident, three in 5 s are a habit
            self.ns = min(MAX_DELAY_NS, max(self.ns, recent + _MARGIN_NS))
        elif self._since >= 50:
            self._since = 0
            wanted = sorted(self._lateness)[int(0.98 * (len(self._lateness) - 1))] + _MARGIN_NS
            step = 2 * _MS
            self.ns = max(MIN_DELAY_NS, min(MAX_DELAY_NS, max(wanted, self.ns - step)))
