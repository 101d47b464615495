"""RTMP's chunk stream, both directions, without I/O (Adobe, RTMP specification 1.0, §5.3)."""

import struct
from dataclasses import dataclass
from typing import NamedTuple

DEFAULT_CHUNK_BYTES = 128
MAX_MESSAGE = 256 * 1024
MAX_STREAMS = 64
_EXTENDED = 0xFFFFFF
_CLOCK = 1 << 32

SET_CHUNK_SIZE, ABORT = 1, 2


class ChunkError(ValueError):
    """These bytes are not an RTMP chunk stream, or go over its bounds."""


class RtmpMessage(NamedTuple):
    """One RTMP message. ``time_ms`` wraps at 2**32."""

    kind: int
    stream_id: int
    time_ms: int
    body: bytes


class ChunkWriter:
    """Cuts messages into chunks. ``chunk_bytes`` may be raised once the peer was told."""

    def __init__(self) -> None:
        self.chunk_bytes = DEFAULT_CHUNK_BYTES
        self._last: dict[int, tuple[int, int]] = {}

    def write(self, chunk_stream: int, message: RtmpMessage) -> bytes:
        """``chunk_stream`` from 2 to 63."""
        return b"".join(self.chunks(chunk_stream, message))

    def chunks(self, chunk_stream: int, message: RtmpMessage) -> list[bytes]:
        """The message's chunks, between which those of other chunk streams may be sent. All of them, and of
        one message after the other: each refers to the one before on its chunk stream."""
        time_ms = message.time_ms % _CLOCK
        body = message.body
        stream_id, before = self._last.get(chunk_stream, (-1, 0))
        # A difference keeps the field within 24 bits when a show outlasts 4.6 hours: not every ingest
        # gets the extended timestamp right.
        as_delta = stream_id == message.stream_id and time_ms >= before
        stamp = time_ms - before if as_delta else time_ms
        self._last[chunk_stream] = (message.stream_id, time_ms)
        extended = struct.pack(">I", stamp) if stamp >= _EXTENDED else b""
        head = bytes((chunk_stream | (0x40 if as_delta else 0),))
        head += (
            min(stamp, _EXTENDED).to_bytes(3, "big") + len(body).to_bytes(3, "big") + bytes((message.kind,))
        )
        if not as_delta:
            head += struct.pack("<I", message.stream_id)
        size = self.chunk_bytes
        more = bytes((chunk_stream | 0xC0,)) + extended
        rest = [more + body[start : start + size] for start in range(size, len(body), size)]
        return [head + extended + body[:size], *rest]


@dataclass
class _Inbound:
    kind: int = 0
    stream_id: int = 0
    length: int = 0
    time_ms: int = 0
    delta_ms: int = 0
    extended: bool = False
    started: bool = False
    body: bytearray | None = None


class ChunkReader:
    """Puts messages together again; follows the peer's chunk size by itself."""

    def __init__(self) -> None:
        self.chunk_bytes = DEFAULT_CHUNK_BYTES
        self._buffer = bytearray()
        self._streams: dict[int, _Inbound] = {}

    def feed(self, data: bytes) -> list[RtmpMessage]:
        """The messages that ``data`` completes. Raises :class:`ChunkError`; the reader is of no use then."""
        self._buffer += data
        messages: list[RtmpMessage] = []
        while (used := self._chunk(messages)) > 0:
            del self._buffer[:used]
        return messages

    def _chunk(self, messages: list[RtmpMessage]) -> int:
        """Read one chunk from the buffer's start; its length in bytes, 0 while it isn't there in full."""
        buffer = self._buffer
        if not buffer:
            return 0
        form, number, at = buffer[0] >> 6, buffer[0] & 0x3F, 1
        if number < 2:
            at = 2 + number
            if len(buffer) < at:
                return 0
            number = 64 + int.from_bytes(buffer[1:at], "little")
        fields = (11, 7, 3, 0)[form]
        if len(buffer) < at + fields:
            return 0
        state = self._streams.get(number) or _Inbound()
        stamp = int.from_bytes(buffer[at : at + 3], "big") if fields else 0
        extended = stamp == _EXTENDED if fields else state.extended
        after = at + fields
        if extended:
            if len(buffer) < after + 4:
                return 0
            stamp = int.from_bytes(buffer[after : after + 4], "big")
            after += 4
        fresh = state.body is None
        if fields and not fresh:
            raise ChunkError("a message begins inside another")
        if form != 0 and not state.started:
            raise ChunkError("a chunk refers to one that never came")
        length = int.from_bytes(buffer[at + 3 : at + 6], "big") if fields >= 7 else state.length
        if length > MAX_MESSAGE:
            raise ChunkError("a message is too long")
        have = 0 if state.body is None else len(state.body)
        part = min(self.chunk_bytes, length - have)
        if len(buffer) < after + part:
            return 0
        if number not in self._streams:
            if len(self._streams) >= MAX_STREAMS:
                raise ChunkError("too many chunk streams")
            self._streams[number] = state
        if fresh:
            self._begin(state, form, stamp, length, bytes(buffer[at : at + fields]), extended)
        body = state.body if state.body is not None else bytearray()
        body += buffer[after : after + part]
        state.body = body
        if len(body) >= length:
            state.body = None
            messages.append(
                self._control(RtmpMessage(state.kind, state.stream_id, state.time_ms, bytes(body)))
            )
        return after + part

    @staticmethod
    def _begin(state: _Inbound, form: int, stamp: int, length: int, header: bytes, extended: bool) -> None:
        if form == 0:
            state.stream_id = int.from_bytes(header[7:11], "little")
            state.time_ms, state.delta_ms = stamp, 0
        else:
            if form != 3:
                state.delta_ms = stamp
            state.time_ms = (state.time_ms + state.delta_ms) % _CLOCK
        if form <= 1:
            state.kind = header[6]
        state.length, state.extended, state.started = length, extended, True

    def _control(self, message: RtmpMessage) -> RtmpMessage:
        if message.kind == SET_CHUNK_SIZE:
            size = int.from_bytes(message.body[:4], "big") & 0x7FFFFFFF
            if not 0 < size <= 0xFFFFFF:
                raise ChunkError("the chunk size is out of range")
            self.chunk_bytes = size
        elif message.kind == ABORT:
            aborted = self._streams.get(int.from_bytes(message.body[:4], "big"))
            if aborted is not None:
                aborted.body = None
        return message
