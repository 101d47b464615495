"""What the bus keeps of a stream for late comers: pictures from the last keyframe but one on, and
recent sound."""

from collections import deque
from fractions import Fraction

from mixer.buswire import Packet

MAX_GROUP_BYTES = 16 * 1024 * 1024
"""A group of pictures over this is given up: late comers then wait for the next keyframe."""
SOUND_S = 8
"""Seconds of sound kept, to go with two groups of pictures (of at most 4 s)."""


class History:
    """One stream's recent packets, as frames ready to send. Not thread-safe."""

    def __init__(self, stream: str, time_base: tuple[int, int]) -> None:
        self.pictures = is_video(stream)
        self._time_base = Fraction(*time_base)
        self._kept: deque[tuple[Fraction, Packet, bytes]] = deque()
        self._bytes = 0
        self._before: list[tuple[Fraction, Packet, bytes]] = []
        """The whole group of pictures before the current one."""

    def add(self, packet: Packet, frame: bytes) -> None:
        at = packet.pts * self._time_base
        if self.pictures:
            if packet.key:
                before = list(self._kept)
                self.clear()
                self._before = before
            elif not self._kept:
                return
        else:
            while self._kept and self._kept[0][0] < at - SOUND_S:
                self._bytes -= len(self._kept.popleft()[2])
        self._kept.append((at, packet, frame))
        self._bytes += len(frame)
        if self._bytes > MAX_GROUP_BYTES:
            self.clear()

    def clear(self) -> None:
        self._kept.clear()
        self._before = []
        self._bytes = 0

    def kept(
        self, earlier: bool = False, since_s: Fraction | None = None
    ) -> list[tuple[Fraction, Packet, bytes]]:
        """(seconds since the epoch, packet, frame), in the order they were made; with ``earlier`` from the
        keyframe before the last one on; with ``since_s`` from the first keyframe at or after that."""
        if since_s is None:
            return [*(self._before if earlier else ()), *self._kept]
        kept = [*self._before, *self._kept]
        begins = (number for number, (at, packet, _) in enumerate(kept) if packet.key and at >= since_s)
        return kept[next(begins, len(kept)) :]


def is_video(stream: str) -> bool:
    """Whether a bus stream carries pictures, by its name."""
    return stream.endswith(("/h264", "/vp8"))
