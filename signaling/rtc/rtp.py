"""RTP headers, read and written without objects to spare (RFC 3550 §5.1). Pure."""

from struct import Struct
from typing import NamedTuple

_HEADER = Struct("!BBHII")
HEADER_BYTES = 12


class Rtp(NamedTuple):
    """One packet. ``seq`` is 16 bits, ``timestamp`` and ``ssrc`` 32, as on the wire."""

    payload_type: int
    marker: bool
    seq: int
    timestamp: int
    ssrc: int
    payload: bytes


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


def build_rtp(payload_type: int, marker: bool, seq: int, timestamp: int, ssrc: int, payload: bytes) -> bytes:
    """One packet without extensions. ``seq`` and ``timestamp`` are wrapped here."""
    return (
        _HEADER.pack(0x80, payload_type | (0x80 if marker else 0), seq & 0xFFFF, timestamp & 0xFFFFFFFF, ssrc)
        + payload
    )


def unwrap(value: int, near: int, bits: int) -> int:
    """The number that is ``value`` modulo 2**bits and closest to ``near`` (never below 0 unless near is)."""
    span = 1 << bits
    delta = (value - near) & (span - 1)
    return near + (delta - span if delta >= span >> 1 else delta)


def is_rtcp(data: bytes) -> bool:
    """Whether a packet from the media path is RTCP (RFC 5761 §4)."""
    return len(data) > 1 and 192 <= data[1] <= 223
