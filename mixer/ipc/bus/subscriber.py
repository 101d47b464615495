"""One subscriber of the packet bus: what it wants, its bounded queue, and what it lost."""

import socket
from collections import deque
from collections.abc import Mapping
from fractions import Fraction
from itertools import islice

from mixer.contract.names import ProcessName, StreamName, is_picture
from mixer.ipc.bus.frames import to_mixer
from mixer.ipc.bus.history import History
from mixer.ipc.bus.packets import Packet

QUEUE_BYTES = 6 * 1024 * 1024
"""Pictures are dropped while more than this is queued."""
SOUND_GRACE_BYTES = 512 * 1024
"""Sound is still queued when there is no more room for pictures."""
LIVE_AGE_NS = 1_000_000_000
"""A viewer that reads nothing for this long loses what is queued: nobody wants to see the past."""
AT_ONCE = 1024 * 1024
"""Bytes given to the kernel while the lock is held, with one batch more."""
BATCH = 64
"""Frames given to the kernel by one call."""


class Subscriber:
    """State of one subscriber. All methods are called with the bus's lock held."""

    def __init__(self, name: ProcessName, sock: socket.socket, dropped: int = 0) -> None:
        self.name = name
        self.sock = sock
        self.frames = to_mixer()
        self.streams: frozenset[StreamName] = frozenset()
        self.dropped = dropped
        self.gone = False
        self.writing = False
        """Whether the selector looks for room in the socket; the bus's thread's own."""
        self._live = False
        self._lost: set[StreamName] = set()
        """Streams whose pictures are of no use before the next keyframe."""
        self._queue: deque[tuple[bytes, int, bool]] = deque()
        """Frame, when it was queued (0: never too old), whether it is a picture."""
        self._queued = 0
        self._past = 0
        """Bytes of what the bus had kept, until the queue is empty for the first time: they take no room from
        what is new."""
        self._sent = 0
        """Bytes of the first frame that are sent already."""

    @property
    def live(self) -> bool:
        """True if only what is new is of use to it."""
        return self._live

    def want(
        self,
        streams: frozenset[StreamName],
        live: bool,
        headers: Mapping[StreamName, bytes],
        histories: Mapping[StreamName, History],
        earlier: bool = False,
        since_s: Fraction | None = None,
    ) -> list[StreamName]:
        """Replace the set of streams; queue the start of the new ones, all that is kept from the first
        keyframe at or after ``since_s`` on where that is given. Returns who needs a keyframe."""
        fresh = [stream for stream in sorted(streams) if stream not in self.streams]
        self.streams, self._live = streams, live
        self._lost &= streams
        start: list[tuple[Fraction, bytes, bool]] = []
        asks = []
        for stream in fresh:
            if stream in headers:
                self._put(headers[stream], 0, picture=False)
            history = histories.get(stream)
            kept = history.kept(earlier, since_s) if history is not None and not live else []
            start += [(at, frame, is_picture(stream)) for at, _, frame in kept]
            if is_picture(stream) and not kept:
                self._lost.add(stream)
                if live:  # others wait for the grid's keyframe rather than have an extra one made
                    asks.append(stream)
        earliest = min((at for at, _, picture in start if picture), default=None)
        # a picture before the sound of its time: a destination begins with it
        for at, frame, picture in sorted(start, key=lambda item: (item[0], not item[2])):
            if picture or (earliest is not None and at >= earliest):
                self._past += len(frame)
                self._put(frame, 0, picture)
        return asks

    def put_header(self, stream: StreamName, frame: bytes) -> None:
        """Queue a header: never dropped, for without it the stream is nothing; it comes once an encoder."""
        if is_picture(stream):
            self._lost.add(stream)
        self._put(frame, 0, picture=False)

    def put_packet(self, packet: Packet, frame: bytes, now_ns: int) -> bool:
        """Queue a packet or lose it. True if the encoder should be asked for a keyframe."""
        if not is_picture(packet.stream):
            self.put_sound(frame, now_ns)
            return False
        outdated = self._forget_the_past(now_ns)
        waiting = packet.stream in self._lost
        new = self._queued - self._past + len(frame)
        room = new <= (QUEUE_BYTES // 2 if waiting else QUEUE_BYTES)
        if room and (packet.key or not waiting):
            self._lost.discard(packet.stream)
            self._put(frame, now_ns, picture=True)
            return False
        if not waiting or not room:
            self.dropped += 1
        self._lost.add(packet.stream)
        return outdated or (self._live and room)

    def put_sound(self, frame: bytes, now_ns: int) -> None:
        """Queue a block of sound; lost only when even the grace is used up."""
        self._forget_the_past(now_ns)
        if self._queued - self._past + len(frame) <= QUEUE_BYTES + SOUND_GRACE_BYTES:
            self._put(frame, now_ns, picture=False)

    def send(self) -> bool:
        """Give the socket what it takes. True if frames are left. Raises OSError when the peer is gone.

        With the lock held, and so no more than :data:`AT_ONCE` bytes: the socket doesn't block, but encoders
        wait for the lock.
        """
        queue, sent = self._queue, 0
        while queue:
            if sent > AT_ONCE:
                return True
            batch = [entry[0] for entry in islice(queue, BATCH)]
            try:
                taken = self.sock.sendmsg([memoryview(batch[0])[self._sent :], *batch[1:]])
            except (BlockingIOError, InterruptedError):
                return True
            self._sent += taken
            sent += taken
            while queue and self._sent >= len(queue[0][0]):
                size = len(queue.popleft()[0])
                self._sent -= size
                self._queued -= size
                self._past = max(0, self._past - size)  # what is sent first was queued first
        return False

    def _put(self, frame: bytes, now_ns: int, picture: bool) -> None:
        self._queue.append((frame, now_ns, picture))
        self._queued += len(frame)

    def _forget_the_past(self, now_ns: int) -> bool:
        """Empty the queue of a viewer that doesn't read, but for headers and a frame half sent."""
        if not (self._live and self._queue):
            return False
        oldest = next((at for _, at, _ in self._queue if at), now_ns)
        if now_ns - oldest < LIVE_AGE_NS:
            return False
        kept: deque[tuple[bytes, int, bool]] = deque()
        for index, entry in enumerate(self._queue):
            if entry[1] == 0 or (index == 0 and self._sent):
                kept.append(entry)
            elif entry[2]:
                self.dropped += 1
        self._queue = kept
        self._queued = sum(len(frame) for frame, _, _ in kept)
        self._lost |= {stream for stream in self.streams if is_picture(stream)}
        return True
