"""Puts a picture's packets in order and says what to do about those that are missing. Pure, sans-I/O.

A frame is released at its marker. A gap is asked for again (NACK) while that can still help; when its
deadline has passed, a keyframe is asked for (PLI) and nothing is released until one is there.
"""

from typing import NamedTuple

from signaling.rtc.bitstream import Chunk
from signaling.rtc.rtp import unwrap

MAX_PACKETS = 1024
MAX_FRAME_BYTES = 2 * 1024 * 1024
KEEP_WAITING = 32
MAX_GAP = 256
"""A larger hole is not filled packet by packet: it is a loss at once."""
MAX_JUMP = 3000
"""A larger step of the sequence number is a stray packet, or a new start if its successor follows
(RFC 3550 A.1)."""
_MS = 1_000_000
PLI_INTERVAL_NS = 300 * _MS


class Frame(NamedTuple):
    """A whole encoded picture. ``timestamp`` is as on the wire, 32 bits."""

    data: bytes
    timestamp: int
    key: bool


class Feedback(NamedTuple):
    """What to tell the sender now: 16-bit sequence numbers to send again, and whether a keyframe is due."""

    nack: tuple[int, ...]
    pli: bool


NOTHING = Feedback((), False)


class _Packet(NamedTuple):
    timestamp: int
    marker: bool
    chunk: Chunk


class _Hole:
    __slots__ = ("asked_ns", "since_ns", "times")

    def __init__(self, since_ns: int) -> None:
        self.since_ns = since_ns
        self.asked_ns = 0
        self.times = 0


class VideoJitter:
    """One video stream. Call :meth:`add` for each packet, :meth:`feedback` after it and at :attr:`due_ns`."""

    def __init__(self, rtt_ns: int = 50 * _MS) -> None:
        self.rtt_ns = rtt_ns
        self._packets: dict[int, _Packet] = {}
        self._holes: dict[int, _Hole] = {}
        self._top: int | None = None
        self._next = 0
        self._scan = 0
        self._bytes = 0
        self._stray = -1
        self._waiting_key = True
        self._want_key = True
        self._pli_ns = 0
        self._now_ns = 0
        self.lost_frames = 0
        """Times a keyframe had to be asked for because of a loss."""
        self.strays = 0

    @property
    def waiting_key(self) -> bool:
        return self._waiting_key

    @property
    def give_up_ns(self) -> int:
        """How long a packet is waited for: two rounds of asking, within 60 … 200 ms."""
        return min(200 * _MS, max(60 * _MS, 2 * self.rtt_ns + 20 * _MS))

    @property
    def due_ns(self) -> int | None:
        """When :meth:`feedback` has something to say though no packet comes; None: never."""
        due: int | None = None
        if self._holes and not self._waiting_key:
            hole = next(iter(self._holes.values()))
            asked_ns = min(other.asked_ns for other in self._holes.values())
            due = min(hole.since_ns + self.give_up_ns, asked_ns + self._again_ns)
        if self._want_key:
            key_due = self._pli_ns + PLI_INTERVAL_NS
            due = key_due if due is None else min(due, key_due)
        return due

    @property
    def _again_ns(self) -> int:
        return max(20 * _MS, self.rtt_ns + 10 * _MS)

    def add(self, seq: int, timestamp: int, marker: bool, chunk: Chunk, now_ns: int) -> list[Frame]:
        """Take a packet (``seq`` 16 bits); returns the frames that are whole now, in order."""
        self._now_ns = now_ns
        if self._top is None:
            self._start(seq)
        assert self._top is not None
        extended = unwrap(seq, self._top, 16)
        ahead = extended - self._top
        if abs(ahead) > MAX_JUMP:
            self.strays += 1
            if extended != self._stray:
                self._stray = extended + 1
                return []
            self._start(seq)
            extended = self._top
            self.require_key()
        elif extended < self._next or extended in self._packets:
            return []
        if ahead > 0 and extended > self._top:
            if ahead > MAX_GAP:
                self._lose()
                self._next = self._scan = extended
            elif ahead > 1 and not self._waiting_key:
                for missing in range(self._top + 1, extended):
                    self._holes[missing] = _Hole(now_ns)
            self._top = extended
        if self._holes:
            self._holes.pop(extended, None)
        if len(self._packets) >= MAX_PACKETS or self._bytes > MAX_FRAME_BYTES:
            self._lose()
            self._next = self._scan = extended
        self._packets[extended] = _Packet(timestamp, marker, chunk)
        self._bytes += len(chunk.data)
        if self._waiting_key and not self._find_key():
            return []
        return self._release()

    def feedback(self, now_ns: int) -> Feedback:
        """What is to be sent to the other side now; also gives up what has passed its deadline."""
        if not self._holes and not self._want_key:
            return NOTHING
        self._now_ns = now_ns
        nack: list[int] = []
        if self._holes and not self._waiting_key:
            oldest = next(iter(self._holes.values()))
            if now_ns - oldest.since_ns >= self.give_up_ns:
                self._lose()
                self._find_key()  # one may be behind the hole already: it is released with the next packet
            else:
                for seq, hole in self._holes.items():
                    if hole.times == 0 or now_ns - hole.asked_ns >= self._again_ns:
                        hole.asked_ns, hole.times = now_ns, hole.times + 1
                        nack.append(seq & 0xFFFF)
        pli = self._want_key and (self._pli_ns == 0 or now_ns - self._pli_ns >= PLI_INTERVAL_NS)
        if pli:
            self._pli_ns = now_ns
        return Feedback(tuple(nack), pli)

    def require_key(self) -> None:
        """Release nothing more until a keyframe: the decoder lost its thread, or its queue overflowed."""
        if not self._waiting_key:
            self._lose()
        self._want_key = True

    def _start(self, seq: int) -> None:
        self._packets.clear()
        self._holes.clear()
        self._bytes = 0
        self._top = self._next = self._scan = seq + 65536
        self._stray = -1
        self._waiting_key = self._want_key = True

    def _lose(self) -> None:
        self.lost_frames += not self._waiting_key
        self._waiting_key = self._want_key = True
        self._holes.clear()
        # what the pictures before the next keyframe are made of is of no use any more
        starts = [seq for seq, packet in self._packets.items() if packet.chunk.starts_key]
        keep_from = min((seq for seq in starts if seq > self._next), default=None)
        if keep_from is None:
            self._packets.clear()
            self._bytes = 0
        else:
            self._drop_before(keep_from)

    def _drop_before(self, first: int) -> None:
        for seq in [seq for seq in self._packets if seq < first]:
            self._bytes -= len(self._packets.pop(seq).chunk.data)

    def _find_key(self) -> bool:
        assert self._top is not None
        starts = [seq for seq, packet in self._packets.items() if packet.chunk.starts_key]
        if not starts:
            # nothing before a keyframe's start will ever be shown; a few are kept, its start may be overtaken
            self._drop_before(self._top - KEEP_WAITING)
            self._next = self._scan = min(self._packets, default=self._top + 1)
            return False
        self._next = self._scan = min(starts)
        self._drop_before(self._next)
        self._waiting_key = self._want_key = False
        for seq in range(self._next, self._top):
            if seq not in self._packets:
                self._holes[seq] = _Hole(self._now_ns)
        return True

    def _release(self) -> list[Frame]:
        frames: list[Frame] = []
        packets = self._packets
        while (packet := packets.get(self._scan)) is not None:
            following = packets.get(self._scan + 1)
            self._scan += 1
            if not packet.marker and (following is None or following.timestamp == packet.timestamp):
                continue
            parts = [packets.pop(seq).chunk for seq in range(self._next, self._scan)]
            data = b"".join(part.data for part in parts)
            self._next = self._scan
            self._bytes -= len(data)
            frames.append(Frame(data, packet.timestamp, parts[0].starts_key))
        return frames
