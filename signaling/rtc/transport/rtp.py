"""RTP headers, read and written without objects to spare (RFC 3550 §5.1). Pure."""

from struct import Struct
from typing import NamedTuple

_HEADER = Struct("!BBHII")
HEADER_BYTES = 12
LEVEL_URI = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"


class Rtp(NamedTuple):
    """One packet. ``seq`` is 16 bits, ``timestamp`` and ``ssrc`` 32, as on the wire.

    ``repaired``: it was sent once more (RFC 4588), and has here what it had the first time.
    """

    payload_type: int
    marker: bool
    seq: int
    timestamp: int
    ssrc: int
    payload: bytes
    repaired: bool = False
    colour: bytes = b""
    """What a header extension says of the picture's colours (:mod:`signaling.rtc.video.color_space`), if
    there is one."""


def parse_rtp(data: bytes) -> Rtp:
    """Read one packet; header extensions and padding are left out. Raises ValueError for a broken one."""
    size = len(data)
    if size < HEADER_BYTES:
        raise ValueError("shorter than an RTP header")
    first, second, seq, timestamp, ssrc = _HEADER.unpack_from(data)
    if first >> 6 != 2:
        raise ValueError("not RTP version 2")
    start = HEADER_BYTES + 4 * (first & 0x0F)
    if first & 0x10:
        if size < start + 4:
            raise ValueError("header extension is truncated")
        start += 4 + 4 * int.from_bytes(data[start + 2 : start + 4], "big")
    end = size
    if first & 0x20:
        end -= data[-1]
        if data[-1] == 0:
            raise ValueError("padding of no length")
    if start > end:
        raise ValueError("header runs over the end")
    return Rtp(second & 0x7F, second > 0x7F, seq, timestamp, ssrc, data[start:end])


def build_rtp(
    payload_type: int,
    marker: bool,
    seq: int,
    timestamp: int,
    ssrc: int,
    payload: bytes,
    extension: bytes = b"",
) -> bytes:
    """One packet. ``seq`` and ``timestamp`` are wrapped here; ``extension``: as :func:`level_extension` makes
    it, or none."""
    return (
        _HEADER.pack(
            0x90 if extension else 0x80,
            payload_type | (0x80 if marker else 0),
            seq & 0xFFFF,
            timestamp & 0xFFFFFFFF,
            ssrc,
        )
        + extension
        + payload
    )


def level_extension(extension_id: int, dbov: int) -> bytes:
    """A header extension with nothing but the loudness, 0 … −127 dBov (RFC 6464 §3), id 1 … 14."""
    return bytes((0xBE, 0xDE, 0, 1, extension_id << 4, min(127, max(0, -dbov)), 0, 0))


def audio_level(data: bytes, extension_id: int) -> int | None:
    """Loudness in a packet's header extension, 0 … −127 dBov (RFC 6464 §3); None: it isn't there."""
    value = extension(data, extension_id)
    return -(value[0] & 0x7F) if value else None


def extension(data: bytes, extension_id: int) -> bytes | None:
    """Return what a packet's header extension of this number holds; None: it isn't there.

    ``data`` is a whole packet that :func:`parse_rtp` takes. Both forms of RFC 8285 §4 are read.
    """
    if not data[0] & 0x10:
        return None
    start = HEADER_BYTES + 4 * (data[0] & 0x0F)
    profile = int.from_bytes(data[start : start + 2], "big")
    end = start + 4 + 4 * int.from_bytes(data[start + 2 : start + 4], "big")
    short = profile == 0xBEDE
    if not short and profile >> 4 != 0x100:
        return None
    at = start + 4
    while at + 1 < end:
        if data[at] == 0:  # padding
            at += 1
            continue
        found, size = (data[at] >> 4, (data[at] & 0x0F) + 1) if short else (data[at], data[at + 1])
        at += 1 if short else 2
        if short and found == 15:
            return None
        if found == extension_id and size and at < end:
            return data[at : min(at + size, end)]
        at += size
    return None


def unwrap(value: int, near: int, bits: int) -> int:
    """The number that is ``value`` modulo 2**bits and closest to ``near`` (never below 0 unless near is)."""
    span = 1 << bits
    delta = (value - near) & (span - 1)
    return near + (delta - span if delta >= span >> 1 else delta)


def is_rtcp(data: bytes) -> bool:
    """Return whether a packet from the media path is RTCP (RFC 5761 §4)."""
    return len(data) > 1 and 192 <= data[1] <= 223
