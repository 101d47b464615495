"""Frames of the packet bus as bytes and back: no socket, no clock.

A frame is a 4-byte little-endian length and that many bytes of MessagePack (see
:mod:`mixer.ipc.bus.packets`).
"""

from typing import Generic, TypeVar

import msgspec

from mixer.ipc.bus.packets import MAX_FRAME, FromMixer, ToMixer
from mixer.ipc.link import UNREADABLE

_LENGTH = 4
_encode = msgspec.msgpack.Encoder().encode

M = TypeVar("M")


class BusProtocolError(ConnectionError):
    """The other end of the bus sent what is no frame: the connection is of no more use."""

    code = "bus.protocol"


def encode_frame(message: FromMixer | ToMixer) -> bytes:
    """One message as a frame. Raises ValueError for a message over ``MAX_FRAME`` bytes."""
    body = _encode(message)
    if len(body) > MAX_FRAME:
        raise ValueError(f"a bus frame of {len(body)} bytes is over {MAX_FRAME}")
    return len(body).to_bytes(_LENGTH, "little") + body


class FrameDecoder(Generic[M]):
    """Collects bytes and yields whole messages. Holds at most one unfinished frame."""

    def __init__(self, decoder: msgspec.msgpack.Decoder[M]) -> None:
        self._decoder = decoder
        self._buffer = bytearray()

    def feed(self, data: bytes | memoryview) -> list[M]:
        """Add ``data`` and return the messages that are whole now.

        Raises :class:`BusProtocolError` for a length over ``MAX_FRAME`` or a body that is no message.
        """
        buffer = self._buffer
        buffer += data
        messages: list[M] = []
        start, end = 0, len(buffer)
        with memoryview(buffer) as view:
            while end - start >= _LENGTH:
                length = int.from_bytes(view[start : start + _LENGTH], "little")
                if length > MAX_FRAME:
                    raise BusProtocolError(f"a frame of {length} bytes")
                if end - start - _LENGTH < length:
                    break
                body = view[start + _LENGTH : start + _LENGTH + length]
                try:
                    messages.append(self._decoder.decode(body))
                except UNREADABLE as error:
                    raise BusProtocolError(str(error)) from error
                finally:
                    body.release()
                start += _LENGTH + length
        del buffer[:start]
        return messages


def from_mixer() -> "FrameDecoder[FromMixer]":
    """A decoder for the subscriber's end."""
    return FrameDecoder(msgspec.msgpack.Decoder(FromMixer))


def to_mixer() -> "FrameDecoder[ToMixer]":
    """A decoder for the mixer's end."""
    return FrameDecoder(msgspec.msgpack.Decoder(ToMixer))
