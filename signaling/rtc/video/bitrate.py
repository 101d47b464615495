"""The cap a sender is told by REMB: the seat's target, less under sustained loss. Pure."""

DEFAULT_BITRATE = 1_200_000
MIN_BITRATE = 60_000
_SOUND_BITRATE = 64_000
_DOWN, _UP = 0.85, 1.08
_LOSS_HIGH, _LOSS_LOW = 0.10, 0.02


class Cap:
    """``target`` is in bit/s of picture. Call :meth:`observe` with each half second's loss."""

    def __init__(self, target: int = DEFAULT_BITRATE) -> None:
        self.target = target
        self.beside = 0
        """bit/s of a second picture on the same transport: a shared screen."""
        self._factor = 1.0
        self._bad = 0

    def observe(self, lost: int, expected: int) -> None:
        """Two bad half seconds in a row reduce the cap; every good one gives some back."""
        ratio = lost / expected if expected > 0 else 0.0
        if ratio > _LOSS_HIGH:
            self._bad += 1
            if self._bad >= 2:
                self._factor = max(0.2, self._factor * _DOWN)
        else:
            self._bad = 0
            if ratio < _LOSS_LOW:
                self._factor = min(1.0, self._factor * _UP)

    @property
    def bitrate(self) -> int:
        """bit/s for the whole transport, the microphone's share included."""
        return max(MIN_BITRATE, int((self.target + self.beside) * self._factor)) + _SOUND_BITRATE
