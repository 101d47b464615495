"""What the bus keeps of a stream for late comers: the last seconds of pictures, from a keyframe on, and of
sound."""

from collections import deque
from collections.abc import Iterator
from fractions import Fraction

from mixer.contract.names import StreamName, is_picture
from mixer.ipc.bus.packets import Packet

MAX_BYTES = 16 * 1024 * 1024
"""Of one stream: over this the oldest groups of pictures go. A single one over it is given up: late comers
then wait for the next keyframe."""
KEPT_S = 8
"""Seconds that are kept at least, if there is room: on a busy machine it takes 4 s to notice that a
recording's process is gone, to start another and to have it subscribe."""
SOUND_S = KEPT_S + 4
"""Seconds of sound kept, to go with whole groups of pictures (of at most 4 s)."""

Kept = tuple[Fraction, Packet, bytes]


class History:
    """One stream's recent packets, as frames ready to send. Not thread-safe."""

    def __init__(self, stream: StreamName, time_base: tuple[int, int]) -> None:
        self.pictures = is_picture(stream)
        self._time_base = Fraction(*time_base)
        self._kept: deque[Kept] = deque()
        """The group of pictures that is being made; all that is kept of sound."""
        self._before: deque[deque[Kept]] = deque()
        """Whole groups of pictures before it."""
        self._bytes = 0
        """Of all of them."""

    def add(self, packet: Packet, frame: bytes) -> None:
        at = packet.pts * self._time_base
        if not self.pictures:
            while self._kept and self._kept[0][0] < at - SOUND_S:
                self._bytes -= len(self._kept.popleft()[2])
        elif packet.key:
            if self._kept:
                self._before.append(self._kept)
                self._kept = deque()
            # without the oldest group the rest still reaches far enough back
            while len(self._before) > 1 and self._before[1][0][0] <= at - KEPT_S:
                self._forget_oldest()
        elif not self._kept:
            return
        self._kept.append((at, packet, frame))
        self._bytes += len(frame)
        while self._before and self._bytes > MAX_BYTES:
            self._forget_oldest()
        if self._bytes > MAX_BYTES:
            self.clear()

    def _forget_oldest(self) -> None:
        self._bytes -= sum(len(frame) for _, _, frame in self._before.popleft())

    def clear(self) -> None:
        self._kept.clear()
        self._before.clear()
        self._bytes = 0

    def kept(self, earlier: bool = False, since_s: Fraction | None = None) -> list[Kept]:
        """(seconds since the epoch, packet, frame), in the order they were made, from the last keyframe on;
        with ``earlier`` all there is; with ``since_s`` from the first keyframe at or after that."""
        if since_s is None:
            return [*self._all()] if earlier else [*self._kept]
        kept = [*self._all()]
        begins = (number for number, (at, packet, _) in enumerate(kept) if packet.key and at >= since_s)
        return kept[next(begins, len(kept)) :]

    def _all(self) -> Iterator[Kept]:
        for group in self._before:
            yield from group
        yield from self._kept
