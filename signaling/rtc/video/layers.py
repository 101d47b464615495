"""Which of several streams of one video section is followed: the largest, steadily. Pure.

OBS sends every layer of its simulcast, each on an SSRC of its own, whatever the answer says. What is followed
changes at a keyframe only: OBS makes none when asked.
"""

from signaling.rtc.transport.rtp import Rtp
from signaling.rtc.video.bitstream import depayload_h264, depayload_vp8, picture_size

GONE_NS = 500_000_000
"""A stream of which nothing came for so long is not waited for while another one comes."""
_MAX_KNOWN = 16


class SimulcastLayers:
    """The streams of one receiver. A new one is taken for the old one's successor until both send."""

    def __init__(self) -> None:
        self._followed: int | None = None
        self._heard_ns = 0
        self._pixels: dict[int, int] = {}
        """Of each stream's last keyframe; 0: none came yet."""
        self._parallel = False

    def follow(self, packet: Rtp, codec: str, now_ns: int) -> bool:
        """Return whether ``packet`` is of the stream to follow, from it on."""
        new = packet.ssrc not in self._pixels
        if new and len(self._pixels) >= _MAX_KNOWN:
            # a sender that takes a new stream each time must not run out of them
            del self._pixels[next(ssrc for ssrc in self._pixels if ssrc != self._followed)]
        announced = _announced(packet.payload, codec)
        self._pixels[packet.ssrc] = announced or self._pixels.get(packet.ssrc, 0)
        if packet.ssrc != self._followed and self._is_better(packet.ssrc, announced, new, now_ns):
            self._followed = packet.ssrc
        if packet.ssrc == self._followed:
            self._heard_ns = now_ns
        return packet.ssrc == self._followed

    def _is_better(self, ssrc: int, announced: int, new: bool, now_ns: int) -> bool:
        if self._followed is None or now_ns - self._heard_ns > GONE_NS:
            return True
        current = self._pixels[self._followed]
        self._parallel = self._parallel or not new or 0 < announced < current
        return announced > current if self._parallel else True


def _announced(payload: bytes, codec: str) -> int:
    """Pixels of the picture that a payload begins; 0 where it begins no keyframe."""
    if not payload or (codec == "h264" and payload[0] & 0x1F not in (7, 24)):
        return 0  # most packets: neither parameter sets nor several units in one
    try:
        chunk = depayload_h264(payload) if codec == "h264" else depayload_vp8(payload)
    except ValueError:
        return 0
    size = picture_size(codec, chunk.data) if chunk.starts_key else None
    return size[0] * size[1] if size is not None else 0
