"""An MPEG transport stream (ISO/IEC 13818-1) cut into datagrams, and when each of them is to leave."""

from collections import deque

from mixer.containers.gate import TimedPacket
from mixer.containers.muxing import NO_WAIT_US, PacketMuxer, open_output
from mixer.ipc.bus.packets import StreamHeader

PACKET_BYTES = 188
DATAGRAM_BYTES = 7 * PACKET_BYTES
"""What fits into an Ethernet frame with IP and UDP around it, and what every receiver expects."""
SPREAD_NS = 20_000_000
"""What is queued leaves within this, evenly: a keyframe in one burst would overrun switches and receivers."""
MAX_QUEUED = 4096
"""Datagrams (5 MB) that wait for the network at most."""
_ORIGINAL = "qaa"
"""The language of the floor, whatever it speaks: DVB's code for original sound (ETSI EN 300 468, annex F)."""
_DELAY_US = "200000"
"""Half of what players are given between a picture's bytes and its time; sound comes a little later."""


class _TsSink:
    def __init__(self) -> None:
        self.data = bytearray()

    def write(self, data: bytes) -> int:
        self.data += data
        return len(data)


class TsMuxer:
    """Packets in, datagrams out. ``headers``: picture first, then any number of sounds, each tagged with its
    language. ``title`` is the service's name."""

    def __init__(self, headers: tuple[StreamHeader, ...], title: str = "") -> None:
        self._sink = _TsSink()
        options = {
            "flush_packets": "1",
            "max_interleave_delta": NO_WAIT_US,
            "max_delay": _DELAY_US,
            "pcr_period": "20",
            # sound isn't gathered into larger units: that would delay it by up to 0.2 s
            "pes_payload_size": "0",
        }
        container = open_output(self._sink, "mpegts", options)
        container.metadata["service_name"] = title or "programme"
        container.metadata["service_provider"] = "Summit Studio"
        self._muxer = PacketMuxer(container, headers, floor_language=_ORIGINAL)

    def mux(self, packet: TimedPacket) -> list[bytes]:
        self._muxer.mux(packet)
        return self._datagrams(DATAGRAM_BYTES)

    def close(self) -> list[bytes]:
        """The last datagrams."""
        self._muxer.close()
        return self._datagrams(PACKET_BYTES)

    def _datagrams(self, least: int) -> list[bytes]:
        data = self._sink.data
        cut: list[bytes] = []
        while len(data) >= least:
            cut.append(bytes(data[:DATAGRAM_BYTES]))
            del data[:DATAGRAM_BYTES]
        return cut


class MuxPacer:
    """Datagrams that wait for their turn. Times are nanoseconds, handed in."""

    def __init__(self) -> None:
        self._queue: deque[bytes] = deque()
        self._gap_ns = 0
        self._next_ns = 0

    def __len__(self) -> int:
        return len(self._queue)

    def put(self, datagrams: list[bytes], now_ns: int) -> bool:
        """False: there are too many, and all were thrown away."""
        if not datagrams:
            return True
        if not self._queue:
            self._next_ns = max(self._next_ns, now_ns)
        self._queue += datagrams
        if len(self._queue) > MAX_QUEUED:
            self.clear()
            return False
        self._gap_ns = SPREAD_NS // len(self._queue)
        return True

    def due(self, now_ns: int) -> bytes | None:
        """The datagram to send now; it stays until :meth:`sent`."""
        return self._queue[0] if self._queue and now_ns >= self._next_ns else None

    def sent(self) -> None:
        self._queue.popleft()
        self._next_ns += self._gap_ns

    def clear(self) -> None:
        self._queue.clear()
