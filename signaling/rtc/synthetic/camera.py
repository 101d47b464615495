"""A camera that encodes as it sends, and makes a keyframe when asked: what a loop encoded beforehand can't.

For measuring how long a lost packet freezes a picture. It plays in place of a loop::

    guest = RehearsalGuest(Camera("Mayor", 0.3), player)

Between the first picture and a request (PLI or FIR) it makes no keyframe, as browsers do. It encodes on the
event loop, about 1.5 ms a picture at 640×360: for one guest or a few, each with a camera of its own.
"""

from av.video.frame import PictureType

from signaling.rtc.returns.returns import payloads_of
from signaling.rtc.synthetic.loops import FPS, LoopFrame, draw, encode_sound, open_encoder

_NEVER = 1 << 20
_SECONDS = 2
"""Length of what is drawn beforehand; the sway of the figure has this period."""


class Camera:
    """Implements :class:`~signaling.rtc.synthetic.loops.GuestMedia` with the pictures and the sound of a loop
    of 2 s.

    ``bitrate`` in bit/s; ``tone_hz`` a quiet tone all the time (0: none). Making one takes about 0.2 s.
    """

    def __init__(
        self,
        name: str,
        hue: float,
        size: tuple[int, int] = (640, 360),
        *,
        codec: str = "h264",
        bitrate: int = 600_000,
        tone_hz: float = 0.0,
    ) -> None:
        self.codec = codec
        self.keyframes = 0
        """Keyframes encoded so far."""
        self._drawn = [draw(name, hue, number, size, codec=codec) for number in range(_SECONDS * FPS)]
        self._sound = encode_sound(_SECONDS, tone_hz)
        self._encoder = open_encoder(codec, size, bitrate, _NEVER)
        self._asked = True
        self._pts = 0

    def picture(self, number: int) -> LoopFrame:
        """Encode picture ``number``; a keyframe if one was asked for."""
        frame = self._drawn[number % len(self._drawn)]
        frame.pts = self._pts
        frame.pict_type = PictureType.I if self._asked else PictureType.NONE
        self._asked = False
        data, key = b"", False
        for packet in self._encoder.encode(frame):
            data, key = bytes(packet), packet.is_keyframe
        self.keyframes += key
        self._pts += 1
        return LoopFrame(tuple(payloads_of(self.codec, data, number)), key)

    def sound(self, number: int) -> bytes:
        return self._sound[number % len(self._sound)]

    def ask_key(self) -> None:
        """The next picture is a keyframe."""
        self._asked = True
