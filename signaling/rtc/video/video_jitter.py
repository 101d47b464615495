"""Puts a picture's packets in order and says what to do about those that are missing. Pure, sans-I/O.

A frame is released at its marker. A gap is asked for again (NACK) while that can still help, once it can't be
packets that were only overtaken; when that becomes doubtful, a keyframe is asked for as well (PLI), and when
the deadline has passed, nothing is released until one is there.
"""

from typing import NamedTuple

from signaling.rtc.transport.rtp import unwrap
from signaling.rtc.video.bitstream import Chunk

MAX_PACKETS = 1024
MAX_FRAME_BYTES = 2 * 1024 * 1024
KEEP_WAITING = 64
MAX_GAP = 256
"""A larger hole is not filled packet by packet: it is a loss at once."""
MAX_HOLES = 512
"""Packets that are waited for at the same time. With more missing, the newest packet is where it goes on."""
MAX_JUMP = 3000
"""A larger step of the sequence number is a stray packet, or a new start if its successor follows
(RFC 3550 A.1)."""
MAX_LATE = 300
"""What is older by more is nothing that was asked for again: a sender that counts from a new start, or a
stray."""
_MS = 1_000_000
PLI_INTERVAL_NS = 150 * _MS
PATIENCE_NS = 60 * _MS
"""What is missing is waited for at least this long before a keyframe is asked for."""
EARLY_INTERVAL_NS = 1_000 * _MS
"""On a bad line most early requests are for nothing, and keyframes cost: so often at most."""
MAX_HOLD_NS = 50 * _MS
_HOLD_NOISE_NS = 2 * _MS
_HOLD_FADES_NS = 10_000 * _MS
"""What was learned of overtaking is forgotten with this time constant."""


class Frame(NamedTuple):
    """A whole encoded picture, never an empty one. ``timestamp`` is as on the wire, 32 bits."""

    data: bytes
    timestamp: int
    key: bool
    arrived_ns: int
    """When the last of its packets came, on CLOCK_MONOTONIC."""


class JitterFeedback(NamedTuple):
    """What to tell the sender now: 16-bit sequence numbers to send again, and whether a keyframe is due."""

    nack: tuple[int, ...]
    pli: bool


NOTHING = JitterFeedback((), False)


class _Packet(NamedTuple):
    timestamp: int
    marker: bool
    chunk: Chunk
    arrived_ns: int


class _Hole:
    __slots__ = ("asked_ns", "due_ns", "since_ns")

    def __init__(self, since_ns: int, hold_ns: int) -> None:
        self.since_ns = since_ns
        self.asked_ns: int | None = None
        self.due_ns = since_ns + hold_ns


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
        self._newest_timestamp: int | None = None
        self._waiting_key = True
        self._want_key = True
        self._pli_ns = 0
        self._early_ns = 0
        self._now_ns = 0
        self._hold_ns = 0
        self._held_ns = 0
        self.lost_frames = 0
        """Times a keyframe had to be asked for because of a loss."""

    @property
    def waiting_key(self) -> bool:
        return self._waiting_key

    @property
    def hold_ns(self) -> int:
        """How long a gap waits before it is asked for: as late as packets came lately that were overtaken."""
        faded = self._hold_ns - self._hold_ns * (self._now_ns - self._held_ns) // _HOLD_FADES_NS
        return min(MAX_HOLD_NS, faded) if faded > _HOLD_NOISE_NS else 0

    @property
    def give_up_ns(self) -> int:
        """How long a packet is waited for: two rounds of asking, within 60 … 200 ms, and up to 100 ms longer
        where packets overtake each other."""
        hold_ns = self.hold_ns
        return min(200 * _MS + 2 * hold_ns, max(PATIENCE_NS, hold_ns + 2 * self._again_ns))

    @property
    def early_ns(self) -> int:
        """How long until a keyframe is asked for as well: when the first round didn't help. The second one
        may, but if it doesn't, the keyframe is under way already."""
        return min(self.give_up_ns, max(PATIENCE_NS, self.hold_ns + self._again_ns))

    @property
    def due_ns(self) -> int | None:
        """When :meth:`feedback` has something to say though no packet comes; None: never."""
        due: int | None = None
        if self._holes:
            oldest = next(iter(self._holes.values()))
            due = min(oldest.since_ns + self.give_up_ns, *(hole.due_ns for hole in self._holes.values()))
            if not self._waiting_key and self._may_ask_early(oldest):
                due = min(due, oldest.since_ns + self.early_ns)
        if self._want_key:
            key_due = self._pli_ns + self._pli_again_ns
            due = key_due if due is None else min(due, key_due)
        return due

    @property
    def _again_ns(self) -> int:
        # what is sent again may be overtaken as well; the round trip has half of that in it, on average
        return max(20 * _MS, self.rtt_ns + self.hold_ns // 2 + 10 * _MS)

    @property
    def _pli_again_ns(self) -> int:
        return max(PLI_INTERVAL_NS, self.rtt_ns + 100 * _MS)

    def add(
        self, seq: int, timestamp: int, marker: bool, chunk: Chunk, now_ns: int, *, repaired: bool = False
    ) -> list[Frame]:
        """Take a packet (``seq`` 16 bits); returns the frames that are whole now, in order.

        An empty chunk only keeps its place. ``repaired``: the packet was sent again, perhaps unasked to probe
        the path, and may be of any age.
        """
        self._now_ns = now_ns
        if self._top is None:
            self._start(seq)
        assert self._top is not None
        extended = unwrap(seq, self._top, 16)
        ahead = extended - self._top
        late = extended < self._next
        if abs(ahead) > MAX_JUMP or extended < self._next - MAX_LATE or (late and self._is_newer(timestamp)):
            if repaired:
                return []  # old ones in a row are no sender that counts from a new start
            if extended != self._stray:
                self._stray = extended + 1
                return []
            self._start(seq)
            extended = self._top
            self.require_key()
        elif late or extended in self._packets:
            return []
        if ahead > 0 and extended > self._top:
            if ahead > MAX_GAP or len(self._holes) + ahead - 1 > MAX_HOLES:
                self._go_on_at(extended)
            elif ahead > 1:  # also while a keyframe is waited for: it may be its beginning
                hold_ns = self.hold_ns
                for missing in range(self._top + 1, extended):
                    self._holes[missing] = _Hole(now_ns, hold_ns)
            self._top = extended
        if self._holes and (hole := self._holes.pop(extended, None)) is not None:
            self._learn(hole, now_ns)
        if len(self._packets) >= MAX_PACKETS or self._bytes > MAX_FRAME_BYTES:
            self._go_on_at(self._top)
            if extended < self._top:
                return []
        if self._newest_timestamp is None or self._is_newer(timestamp):
            self._newest_timestamp = timestamp
        self._packets[extended] = _Packet(timestamp, marker, chunk, now_ns)
        self._bytes += len(chunk.data)
        if self._waiting_key and not self._find_key():
            return []
        return self._release()

    def _is_newer(self, timestamp: int) -> bool:
        """Return whether the picture is newer than all that came. A packet that is late by its number and
        newer by its picture is a sender's that counts on from a lower one: what is sent again belongs to an
        old one."""
        newest = self._newest_timestamp
        return newest is not None and 0 < (timestamp - newest) & 0xFFFFFFFF < 1 << 31

    def feedback(self, now_ns: int) -> JitterFeedback:
        """Return what is to be sent to the other side now; also gives up what has passed its deadline."""
        if not self._holes and not self._want_key:
            return NOTHING
        self._now_ns = now_ns
        nack: list[int] = []
        self._give_up(now_ns)
        for seq, hole in self._holes.items():
            if now_ns >= hole.due_ns:
                hole.asked_ns = now_ns
                hole.due_ns = now_ns + self._again_ns
                nack.append(seq & 0xFFFF)
        if self._holes and not self._waiting_key:
            oldest = next(iter(self._holes.values()))
            if self._may_ask_early(oldest) and now_ns - oldest.since_ns >= self.early_ns:
                self._early_ns = self._pli_ns = now_ns
                return JitterFeedback(tuple(nack), True)
        pli = self._want_key and (self._pli_ns == 0 or now_ns - self._pli_ns >= self._pli_again_ns)
        if pli:
            self._pli_ns = now_ns
        return JitterFeedback(tuple(nack), pli)

    def _give_up(self, now_ns: int) -> None:
        """Give up what is past its deadline; what came behind it may yet be a keyframe."""
        give_up_ns = self.give_up_ns
        expired = [seq for seq, hole in self._holes.items() if now_ns - hole.since_ns >= give_up_ns]
        if expired:
            self.lost_frames += not self._waiting_key
            self._waiting_key = self._want_key = True
            self._next = self._scan = max(self._next, max(expired) + 1)
            self._drop_before(self._next)
            self._find_key()  # its pictures are released with the next packet

    def _may_ask_early(self, oldest: _Hole) -> bool:
        asked_ns = self._early_ns
        return not asked_ns or oldest.since_ns + self.early_ns - asked_ns >= EARLY_INTERVAL_NS

    def _learn(self, hole: _Hole, now_ns: int) -> None:
        """A packet came that was missing: sooner than anybody could have sent it again, it was overtaken."""
        if hole.asked_ns is None or now_ns - hole.asked_ns < self.rtt_ns // 2:
            late_ns = now_ns - hole.since_ns
            if late_ns > self.hold_ns:
                self._hold_ns, self._held_ns = late_ns, now_ns

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
        self._newest_timestamp = None
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

    def _go_on_at(self, newest: int) -> None:
        """All that came before is given up: to look for a keyframe in it is what a flood would have repeated
        with each packet."""
        self._lose()
        self._next = self._scan = newest
        self._drop_before(newest)

    def _drop_before(self, first: int) -> None:
        for seq in [seq for seq in self._packets if seq < first]:
            self._bytes -= len(self._packets.pop(seq).chunk.data)
        for seq in [seq for seq in self._holes if seq < first]:
            del self._holes[seq]

    def _find_key(self) -> bool:
        assert self._top is not None
        start = self._oldest_key()
        if start is None:
            # nothing before a keyframe's start will ever be shown; a few are kept, its start may be overtaken
            self._next = self._scan = max(self._next, self._top - KEEP_WAITING)
            self._drop_before(self._next)
            return False
        self._next = self._scan = start
        self._drop_before(self._next)
        self._waiting_key = self._want_key = False
        known, hold_ns = self._holes, self.hold_ns
        self._holes = {
            seq: known.get(seq) or _Hole(self._now_ns, hold_ns)
            for seq in range(self._next, self._top)
            if seq not in self._packets
        }
        return True

    def _oldest_key(self) -> int | None:
        """First packet of the oldest keyframe behind which not more than :data:`MAX_HOLES` are missing."""
        assert self._top is not None
        there = sorted(self._packets)
        for index, seq in enumerate(there):
            missing = self._top + 1 - seq - (len(there) - index)
            if missing <= MAX_HOLES and self._packets[seq].chunk.starts_key:
                return seq
        return None

    def _release(self) -> list[Frame]:
        frames: list[Frame] = []
        packets = self._packets
        while (packet := packets.get(self._scan)) is not None:
            if self._scan == self._next and not packet.chunk.data:
                # padding between two pictures, or rubbish: its place was all it had to keep
                del packets[self._scan]
                self._next = self._scan = self._scan + 1
                continue
            following = packets.get(self._scan + 1)
            self._scan += 1
            if not packet.marker and (following is None or following.timestamp == packet.timestamp):
                continue
            parts = [packets.pop(seq) for seq in range(self._next, self._scan)]
            data = b"".join([part.chunk.data for part in parts])
            self._next = self._scan
            self._bytes -= len(data)
            frames.append(
                Frame(
                    data,
                    packet.timestamp,
                    parts[0].chunk.starts_key,
                    max([part.arrived_ns for part in parts]),
                )
            )
        return frames
