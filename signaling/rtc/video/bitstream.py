"""What must be known of H.264 and VP8 before decoding: payload → bytes, keyframe or not, how large. Pure.

RTP payloads: RFC 6184 (H.264, packetization-mode 1) and RFC 7741 (VP8).
"""

from functools import lru_cache
from typing import NamedTuple

_START_CODE = b"\x00\x00\x00\x01"
_SPS, _IDR, _STAP_A, _FU_A = 7, 5, 24, 28


class Chunk(NamedTuple):
    """A payload's part of its frame. ``starts_key``: a keyframe's first packet, decodable from here on."""

    data: bytes
    starts_key: bool


def depayload_h264(payload: bytes) -> Chunk:
    """Annex-B bytes of one payload. Raises ValueError for what is not H.264."""
    if len(payload) < 2:
        raise ValueError("NAL unit is too short")
    kind = payload[0] & 0x1F
    if 1 <= kind <= 23:
        return Chunk(_START_CODE + payload, kind == _SPS)
    if kind == _FU_A:
        if payload[1] & 0x80:
            header = bytes((payload[0] & 0xE0 | payload[1] & 0x1F,))
            return Chunk(_START_CODE + header + payload[2:], False)
        return Chunk(payload[2:], False)
    if kind != _STAP_A:
        raise ValueError(f"NAL unit of type {kind}")
    parts: list[bytes] = []
    starts_key, at = False, 1
    while at < len(payload):
        size = int.from_bytes(payload[at : at + 2], "big")
        at += 2
        if size == 0 or at + size > len(payload):
            raise ValueError("aggregated NAL unit is truncated")
        starts_key = starts_key or payload[at] & 0x1F == _SPS
        parts += (_START_CODE, payload[at : at + size])
        at += size
    return Chunk(b"".join(parts), starts_key)


def depayload_vp8(payload: bytes) -> Chunk:
    """VP8 bytes of one payload. Raises ValueError for a truncated descriptor."""
    if not payload:
        raise ValueError("empty VP8 payload")
    first, at = payload[0], 1
    try:
        if first & 0x80:
            extended = payload[1]
            at = 2
            if extended & 0x80:
                at += 2 if payload[at] & 0x80 else 1
            at += bool(extended & 0x40)
            at += bool(extended & 0x30)
        data = payload[at:]
        begins = bool(first & 0x10) and not first & 0x07
        return Chunk(data, begins and len(data) >= 10 and not data[0] & 1 and data[3:6] == b"\x9d\x01\x2a")
    except IndexError as error:
        raise ValueError("VP8 descriptor is truncated") from error


def picture_size(codec: str, data: bytes) -> tuple[int, int] | None:
    """Width and height that a frame announces; None when it announces none (not a keyframe)."""
    if codec == "vp8":
        if len(data) < 10 or data[0] & 1:
            return None
        return int.from_bytes(data[6:8], "little") & 0x3FFF, int.from_bytes(data[8:10], "little") & 0x3FFF
    at = data.find(b"\x00\x00\x01")
    while 0 <= at < len(data) - 4:
        if data[at + 3] & 0x1F == _SPS:
            end = data.find(b"\x00\x00\x01", at + 4, at + 132)
            try:
                return _sps_size(data[at + 4 : end if end > 0 else at + 132])
            except IndexError:
                return None
        if data[at + 3] & 0x1F in (1, _IDR):
            return None  # parameter sets come before the slices
        at = data.find(b"\x00\x00\x01", at + 3)
    return None


class _Bits:
    def __init__(self, data: bytes) -> None:
        self._data = data.replace(b"\x00\x00\x03", b"\x00\x00")
        self._at = 0

    def take(self, count: int) -> int:
        value = 0
        for _ in range(count):
            value = value << 1 | self._data[self._at >> 3] >> (7 - (self._at & 7)) & 1
            self._at += 1
        return value

    def golomb(self) -> int:
        """ue(v), H.264 §9.1."""
        zeros = 0
        while not self.take(1):
            zeros += 1
            if zeros > 32:
                raise IndexError
        return (1 << zeros) - 1 + self.take(zeros)


@lru_cache(maxsize=256)
def _sps_size(data: bytes) -> tuple[int, int]:
    """Cropped picture size of a sequence parameter set (H.264 §7.3.2.1.1), NAL header left out."""
    bits = _Bits(data)
    profile = bits.take(8)
    bits.take(16)
    bits.golomb()
    chroma = 1
    if profile in (100, 110, 122, 244, 44, 83, 86, 118, 128):
        chroma = bits.golomb()
        if chroma == 3:
            bits.take(1)
        bits.golomb()
        bits.golomb()
        bits.take(1)
        if bits.take(1):
            raise IndexError  # scaling matrices: nobody who sends video calls has them
    bits.golomb()
    order = bits.golomb()
    if order == 0:
        bits.golomb()
    elif order == 1:
        bits.take(1)
        bits.golomb()
        bits.golomb()
        for _ in range(min(bits.golomb(), 256)):
            bits.golomb()
    bits.golomb()
    bits.take(1)
    width = (bits.golomb() + 1) * 16
    height_units = bits.golomb() + 1
    frames_only = bits.take(1)
    height = height_units * 16 * (2 - frames_only)
    if not frames_only:
        bits.take(1)
    bits.take(1)
    if bits.take(1):
        left, right, top, bottom = (bits.golomb() for _ in range(4))
        step_x = 2 if chroma in (1, 2) else 1
        step_y = (2 if chroma == 1 else 1) * (2 - frames_only)
        width -= step_x * (left + right)
        height -= step_y * (top + bottom)
    return width, height
