"""The bodies of RTMP's media messages, cut from what FFmpeg's FLV muxer writes."""

from mixer.containers.flv_tags import Tag, TagSplitter
from mixer.containers.gate import TimedPacket
from mixer.containers.muxing import NO_WAIT_US, PacketMuxer, open_output
from mixer.ipc.bus.packets import StreamHeader


class _FlvSink:
    """What the muxer writes into: a file that can't seek."""

    def __init__(self) -> None:
        self.data = bytearray()

    def write(self, data: bytes) -> int:
        self.data += data
        return len(data)


class FlvMuxer:
    """Packets in, tags out. ``headers``: picture first, then one sound."""

    def __init__(self, headers: tuple[StreamHeader, ...]) -> None:
        self._sink = _FlvSink()
        options = {
            "flvflags": "no_duration_filesize",
            "flush_packets": "1",
            "max_interleave_delta": NO_WAIT_US,
        }
        self._muxer = PacketMuxer(open_output(self._sink, "flv", options), headers)
        self._splitter = TagSplitter()

    def mux(self, packet: TimedPacket) -> list[Tag]:
        self._muxer.mux(packet)
        return self._tags()

    def close(self) -> list[Tag]:
        """The last tags, the end of the sequence among them."""
        self._muxer.close()
        return self._tags()

    def _tags(self) -> list[Tag]:
        tags = self._splitter.feed(self._sink.data)
        self._sink.data.clear()
        return tags
