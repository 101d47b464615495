"""How much of a guest's picture is decoded at most: what the guest was told to send, and some tolerance.
Pure.

A guest who follows the target never notices. Of one who doesn't, as much is decoded as was allowed: when that
is used up, nothing is until the next keyframe for which there is room, since the pictures between hang on
what was left out."""

from signaling.contract.messages import UplinkTarget

TOLERANCE = 2.5
"""A page may cover its box with up to twice the box's pixels (a portrait telephone in a wide tile); encoders
round sizes up, and some cameras' seconds are short."""
FLOOR = UplinkTarget(320, 180, 30, 0)
"""Never less than this is allowed: browsers that take no frame rate send a small picture at their camera's.
It is a floor for cameras only. So many small pictures a second are cheap (0.15 ms each); more of them, of
whatever size, is what no camera sends."""
UNTOLD = UplinkTarget(1920, 1080, 30, 0)
"""Allowed before anything was told: the largest that is decoded at all."""
FOLLOW_NS = 4_000_000_000
"""So long the old target stays allowed when a new one is less: the page hears of it, the encoder follows."""
BURST_S = 2.0
"""So much may come at once: a network that stood still gives all it held. It is more than any keyframe."""
NAMED_NS = 2_000_000_000
"""How long a sender stays named after the last picture too many."""
_RATE_SLACK, _RATE_EXTRA = 1.2, 2.0


class Allowance:
    """One picture stream's. Call :meth:`admit` for each whole picture, in order."""

    def __init__(self) -> None:
        self._told = self._before = _limits(UNTOLD)
        self._before_until_ns = 0
        self._filled_ns = 0
        # what is left of what may be decoded, and the same if all that came had been decoded; full at first
        self._pixels = self._pictures = self._pixels_sent = self._pictures_sent = float("inf")
        self._key_pixels = 0
        self._over_ns: int | None = None
        self.waiting_key = False
        """Whether pictures are left out until a keyframe."""

    def aim(self, target: UplinkTarget | None, now_ns: int) -> None:
        """A new target counts at once where it is more, after :data:`FOLLOW_NS` where it is less."""
        told = _limits(target if target is not None else UNTOLD)
        if told != self._told:
            self._before = self._allowed(now_ns)
            self._before_until_ns = now_ns + FOLLOW_NS
            self._told = told

    def admit(self, pixels: int, key: bool, now_ns: int) -> bool:
        """Return whether a picture of so many pixels is to be decoded; ``key``: a keyframe."""
        pixel_rate, picture_rate = self._allowed(now_ns)
        if pixels <= TOLERANCE * FLOOR.width * FLOOR.height:
            picture_rate = max(picture_rate, _picture_rate(FLOOR.fps))
        self._fill(pixel_rate, picture_rate, now_ns)
        if key:
            self._key_pixels = pixels
        if self._pixels_sent < pixels or self._pictures_sent < 1:
            self._over_ns = now_ns
        self._pixels_sent = max(0.0, self._pixels_sent - pixels)
        self._pictures_sent = max(0.0, self._pictures_sent - 1)
        if self.waiting_key and not key:
            return False
        self.waiting_key = self._pixels < pixels or self._pictures < 1
        if not self.waiting_key:
            self._pixels -= pixels
            self._pictures -= 1
        return not self.waiting_key

    def _fill(self, pixel_rate: float, picture_rate: float, now_ns: int) -> None:
        seconds = max(0, now_ns - self._filled_ns) / 1e9
        self._filled_ns = now_ns
        pixels, most = pixel_rate * seconds, pixel_rate * BURST_S
        self._pixels = min(self._pixels + pixels, most)
        self._pixels_sent = min(self._pixels_sent + pixels, most)
        pictures, most = picture_rate * seconds, picture_rate * BURST_S
        self._pictures = min(self._pictures + pictures, most)
        self._pictures_sent = min(self._pictures_sent + pictures, most)

    def over(self, now_ns: int) -> bool:
        """Return whether the sender was over its limits within the last :data:`NAMED_NS`."""
        return self._over_ns is not None and now_ns - self._over_ns < NAMED_NS

    @property
    def wants_key(self) -> bool:
        """True if a keyframe is waited for, and one like the last would have room."""
        return self.waiting_key and self._pixels >= self._key_pixels and self._pictures >= 1

    def _allowed(self, now_ns: int) -> tuple[float, float]:
        if now_ns >= self._before_until_ns:
            return self._told
        return max(self._told[0], self._before[0]), max(self._told[1], self._before[1])


def _limits(target: UplinkTarget) -> tuple[float, float]:
    """Pixels and pictures a second."""
    pixels = max(each.width * each.height * each.fps for each in (target, FLOOR))
    return TOLERANCE * pixels, _picture_rate(target.fps)


def _picture_rate(fps: float) -> float:
    return _RATE_SLACK * fps + _RATE_EXTRA
