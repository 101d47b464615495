"""Which packets go on to a destination, and with which timestamps. Pure but for its own counters.

A destination begins at a keyframe, at time 0, picture and sound together; what the programme said about
their offset stays exact. Where pictures must be lost, they are lost up to the next keyframe, and counted.
"""

from collections import deque
from collections.abc import Iterable
from fractions import Fraction
from typing import NamedTuple

from mixer.contract.names import StreamName
from mixer.ipc.bus.packets import Packet, StreamHeader

MAX_GROUP_BYTES = 16 * 1024 * 1024
MAX_GROUP_PACKETS = 4096


class TimedPacket(NamedTuple):
    """A packet with a destination's timestamps, in its stream's time base."""

    stream: StreamName
    pts: int
    dts: int
    duration: int
    key: bool
    data: bytes


class KeyframeGate:
    """The gate of one connection or one file. ``headers`` of all its streams, ``video`` the picture's
    name."""

    def __init__(self, video: StreamName, headers: dict[StreamName, StreamHeader]) -> None:
        self.dropped = 0
        self._video = video
        self._bases = {name: Fraction(*header.time_base) for name, header in headers.items()}
        self._start: Fraction | None = None
        self._last: dict[str, int] = {}
        self._needs_key = True

    @property
    def started(self) -> bool:
        return self._start is not None

    @property
    def start_s(self) -> Fraction:
        """The programme's time of the destination's time 0, in seconds; 0 before the first packet."""
        return self._start or Fraction(0)

    def gap(self) -> None:
        """Pictures are missing from here on: the next one must be a keyframe."""
        self._needs_key = True

    def lose(self, pictures: int) -> None:
        """Pictures that were placed have not gone out: the next one must be a keyframe."""
        self.dropped += pictures
        self._needs_key = True

    def place(self, packet: Packet, congested: bool = False, choked: bool = False) -> TimedPacket | None:
        """The packet as it goes out, None if it doesn't. ``congested``: the destination takes less than
        comes, so lose pictures; ``choked``: so little that sound is lost too."""
        base = self._bases.get(packet.stream)
        if base is None:
            return None
        if packet.stream == self._video:
            if congested or (self._needs_key and not packet.key):
                self.dropped += self.started
                self._needs_key = True
                return None
        elif choked or not self.started:
            return None
        if self._start is None:
            self._start = min(packet.pts, packet.dts) * base
        shift = round(self._start / base)
        pts, dts = packet.pts - shift, packet.dts - shift
        last = self._last.get(packet.stream, -1)
        # A mixer that comes back sends its current group of pictures again: what is known is not repeated.
        if pts < 0 or dts <= last:
            if packet.stream == self._video:
                self._needs_key = True
            return None
        if packet.stream == self._video:
            self._needs_key = False
        self._last[packet.stream] = dts
        return TimedPacket(packet.stream, pts, dts, packet.duration, packet.key, packet.data)


class Group:
    """The programme since its last keyframe, kept while there is no destination to give it to.

    ``count``: how many groups of pictures are kept, the current one included.
    """

    def __init__(self, video: str, count: int = 1) -> None:
        self._video = video
        self._count = count
        self._keys: deque[Fraction] = deque(maxlen=count)
        """When the groups that are kept began."""
        self._packets: deque[Packet] = deque()
        self._bytes = 0

    def add(self, packet: Packet, bases: dict[StreamName, Fraction]) -> None:
        """``bases``: the streams' time bases."""
        if packet.stream == self._video and packet.key:
            self._keys.append(packet.pts * bases[packet.stream])
            start = self._keys[0]
            self._replace([p for p in self._packets if p.pts * bases[p.stream] >= start])
        self._packets.append(packet)
        self._bytes += len(packet.data)
        while self._is_too_much() and len(self._keys) > 1:
            self._keys.popleft()
            self._replace([p for p in self._packets if p.pts * bases[p.stream] >= self._keys[0]])
        if self._is_too_much():
            self._replace(())
            self._keys.clear()

    def _is_too_much(self) -> bool:
        return self._bytes > MAX_GROUP_BYTES or len(self._packets) > MAX_GROUP_PACKETS

    def take(self) -> list[Packet]:
        """Everything kept; the picture's keyframe first, as sound can't begin before it."""
        packets = list(self._packets)
        first = next((i for i, packet in enumerate(packets) if self._begins(packet)), None)
        if first is not None:
            packets.insert(0, packets.pop(first))
        self._replace(())
        self._keys.clear()
        return packets

    def _begins(self, packet: Packet) -> bool:
        return packet.stream == self._video and packet.key

    def _replace(self, packets: Iterable[Packet]) -> None:
        self._packets = deque(packets)
        self._bytes = sum(len(packet.data) for packet in self._packets)
