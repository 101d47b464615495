"""Codec parameters of what browsers send, in the one form FFmpeg's muxers take them from: a file's header.

PyAV copies a stream's parameters between containers only, and here is no encoder to ask for them. So a
Matroska header is written by hand (RFC 9559; elements by RFC 8794), opened, and used as a template. Pure.
"""

import struct
from typing import NamedTuple

from signaling.rtc.video.bitstream import picture_size

_SPS, _PPS = 7, 8
MAX_PARAMETERS = 4096
"""Bytes of H.264 parameter sets; real ones have under 100."""
_OPUS_HEAD = b"OpusHead" + struct.pack("<BBHIhB", 1, 2, 0, 48_000, 0, 0)
"""RFC 7845 §5.1: two channels, nothing to skip at the beginning: packets are placed by their own times."""
_CODEC_IDS = {"h264": "V_MPEG4/ISO/AVC", "vp8": "V_VP8"}


class Form(NamedTuple):
    """What pictures have in common that may follow each other in one file. ``parameters``: H.264's SPS and
    PPS in Annex B; empty for VP8. Width and height in pixels."""

    codec: str
    width: int
    height: int
    parameters: bytes


def form_of(codec: str, keyframe: bytes) -> Form | None:
    """The form of a keyframe (``codec`` ``h264``: Annex B, or ``vp8``); None where it doesn't tell."""
    size = picture_size(codec, keyframe)
    if size is None or min(size) < 1:
        return None
    parameters = _parameter_sets(keyframe) if codec == "h264" else b""
    if codec == "h264" and not 0 < len(parameters) <= MAX_PARAMETERS:
        return None
    return Form(codec, *size, parameters)


def _parameter_sets(data: bytes) -> bytes:
    """SPS and PPS before the first slice, each with a start code of four bytes. Empty without both."""
    found: list[bytes] = []
    at = data.find(b"\x00\x00\x01")
    while 0 <= at < len(data) - 3:
        kind = data[at + 3] & 0x1F
        if 1 <= kind <= 5:
            break
        end = data.find(b"\x00\x00\x01", at + 3)
        if kind in (_SPS, _PPS):
            unit = data[at + 3 : end if end > 0 else len(data)]
            found.append(b"\x00\x00\x00\x01" + unit.rstrip(b"\x00"))
        at = end
    kinds = {unit[4] & 0x1F for unit in found}
    return b"".join(found) if kinds == {_SPS, _PPS} else b""


def video_header(form: Form) -> bytes:
    """A Matroska file without pictures that has one video track of this form."""
    private = _element(0x63A2, form.parameters) if form.parameters else b""
    size = _number(0xB0, form.width) + _number(0xBA, form.height)
    return _file(_track(1, _CODEC_IDS[form.codec], private + _element(0xE0, size)))


def opus_header() -> bytes:
    """A Matroska file without sound that has one Opus track, 48 kHz stereo."""
    sound = _element(0xB5, struct.pack(">d", 48_000.0)) + _number(0x9F, 2)
    return _file(_track(2, "A_OPUS", _element(0x63A2, _OPUS_HEAD) + _element(0xE1, sound)))


def _track(kind: int, codec_id: str, more: bytes) -> bytes:
    head = _number(0xD7, 1) + _number(0x73C5, 1) + _number(0x83, kind)
    return _element(0xAE, head + _element(0x86, codec_id.encode()) + more)


def _file(track: bytes) -> bytes:
    """``track`` with what must be around it: EBML header, a segment of unknown length, and one block of
    nothing, without which FFmpeg's reader takes the file for cut off."""
    names = _element(0x4282, b"matroska") + _number(0x4287, 4) + _number(0x4285, 2)
    about = _number(0x2AD7B1, 1_000_000) + _element(0x4D80, b"-") + _element(0x5741, b"-")
    block = _element(0xA3, b"\x81\x00\x00\x80\x00")
    return (
        _element(0x1A45DFA3, names)
        + bytes.fromhex("18538067 01ffffffffffffff")
        + _element(0x1549A966, about)
        + _element(0x1654AE6B, track)
        + _element(0x1F43B675, _number(0xE7, 0) + block)
    )


def _element(name: int, content: bytes) -> bytes:
    """An element; its length always in 8 bytes (RFC 8794 §6)."""
    identifier = name.to_bytes((name.bit_length() + 7) // 8, "big")
    return identifier + (1 << 56 | len(content)).to_bytes(8, "big") + content


def _number(name: int, value: int) -> bytes:
    return _element(name, value.to_bytes(8, "big"))
