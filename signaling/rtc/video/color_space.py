"""What a stream says of its colours beside the pictures: the ``color-space`` header extension of libwebrtc.

VP8 has no place for it, and Chromium sends pictures in BT.709 and full range as soon as its source has them
(measured: a canvas). It tells so in the last packet of each keyframe, to peers that answer with the extension
(https://webrtc.googlesource.com/src/+/refs/heads/main/docs/native-code/rtp-hdrext/color-space). Pure.
"""

from mixer.compose.colour_convert import ColourEncoding, Matrix, encoding_of
from signaling.rtc.transport.rtp import unwrap

COLOUR_URI = "http://www.webrtc.org/experiments/rtp-hdrext/color-space"
UNSPECIFIED: dict[str, Matrix] = {"h264": "bt709", "vp8": "bt601"}
"""By codec, where nothing names a matrix. VP8's only one is BT.601's (RFC 6386 §9.2), and Firefox means it
(measured: a canvas). Browsers leave H.264 untagged where their source is (Chromium, a camera's film), so that
only the source knows; cameras of today mean BT.709, as untagged H.264 of encoders does."""
_RANGES = {1: 1, 2: 2}
"""AVColorRange by the extension's: limited and full."""


def parse_colour(value: bytes, codec: str) -> ColourEncoding | None:
    """The extension's value: primaries, transfer, matrix (ITU-T H.273), and range in bits 4 and 5 of the
    fourth byte. None where it names no range or isn't one: then the pictures themselves are asked."""
    if len(value) < 4 or value[3] >> 4 not in _RANGES or value[2] not in range(1, 11) or value[2] == 2:
        return None
    return encoding_of(value[2], _RANGES[value[3] >> 4], UNSPECIFIED[codec])


class ToldColour:
    """The encoding of each of a stream's pictures, as far as its packets told; None: they say nothing.

    What was told holds from its picture on until another is told.
    """

    def __init__(self) -> None:
        self._now: ColourEncoding | None = None
        self._next: tuple[int, ColourEncoding] | None = None

    def tell(self, timestamp: int, colour: ColourEncoding) -> None:
        """A packet of the picture with this RTP timestamp says so."""
        self._next = timestamp, colour

    def at(self, timestamp: int) -> ColourEncoding | None:
        """Return the colours of the picture with this timestamp; pictures are asked for in order."""
        if self._next is not None and unwrap(timestamp, self._next[0], 32) >= self._next[0]:
            self._now, self._next = self._next[1], None
        return self._now
