"""The bodies of RTMP's media messages, cut from what FFmpeg's FLV muxer writes."""

from typing import NamedTuple

from mixer.buswire import StreamHeader
from mixer.outputs.gate import Placed
from mixer.outputs.muxing import NO_WAIT_US, PacketMuxer, open_output

_FILE_HEADER = 9 + 4
_TAG_HEADER = 11
_TAG_TRAILER = 4


class Tag(NamedTuple):
    """``kind`` 8 sound, 9 picture, 18 metadata."""

    kind: int
    time_ms: int
    body: bytes


class _Sink:
    """What the muxer writes into: a file that can't seek."""

    def __init__(self) -> None:
        self.data = bytearray()

    def write(self, data: bytes) -> int:
        self.data += data
        return len(data)


class FlvMuxer:
    """Packets in, tags out. ``headers``: picture first, then one sound."""

    def __init__(self, headers: tuple[StreamHeader, ...]) -> None:
        self._sink = _Sink()
        options = {
            "flvflags": "no_duration_filesize",
            "flush_packets": "1",
            "max_interleave_delta": NO_WAIT_US,
        }
        self._muxer = PacketMuxer(open_output(self._sink, "flv", options), headers)
        self._skip = _FILE_HEADER

    def mux(self, packet: Placed) -> list[Tag]:
        self._muxer.mux(packet)
        return self._tags()

    def close(self) -> list[Tag]:
        """The last tags, the end of the sequence among them."""
        self._muxer.close()
        return self._tags()

    def _tags(self) -> list[Tag]:
        data = self._sink.data
        if self._skip:
            if len(data) < self._skip:
                return []
            del data[: self._skip]
            self._skip = 0
        tags: list[Tag] = []
        at = 0
        while at + _TAG_HEADER <= len(data):
            size = int.from_bytes(data[at + 1 : at + 4], "big")
            end = at + _TAG_HEADER + size + _TAG_TRAILER
            if end > len(data):
                break
            time_ms = int.from_bytes(data[at + 4 : at + 7], "big") | data[at + 7] << 24
            tags.append(Tag(data[at], time_ms, bytes(data[at + _TAG_HEADER : end - _TAG_TRAILER])))
            at = end
        del data[:at]
        return tags
