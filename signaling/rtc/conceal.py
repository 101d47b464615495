"""Sound that isn't there, and sound made a little longer or shorter: by whole periods of its own pitch. Pure.

Blocks are float32 of shape (n, 2) at 48 kHz, −1 … 1.
"""

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]

_DOWN = 4
_MIN_LAG, _MAX_LAG = 120, 600
"""80 … 400 Hz: the pitch of speech."""
_HISTORY = 1920
_FADE = 2880
_JOIN = 240


def pitch_period(block: Samples) -> int:
    """Samples of the best period, 120 … 600, by normalised autocorrelation of the block's end.

    ``block`` has at least 1320 samples for the whole range; with fewer the range is shorter.
    """
    mono = block[:, 0][::_DOWN].astype(np.float64)
    low = _MIN_LAG // _DOWN
    high = min(_MAX_LAG // _DOWN, len(mono) // 2)
    if high <= low:
        return _MIN_LAG
    window = len(mono) - high
    tail = mono[-window:]
    scores = np.correlate(mono, tail, "valid")[::-1]  # index = lag, 0 … high
    energy = np.convolve(mono**2, np.ones(window), "valid")[::-1]
    normal = scores[low : high + 1] / np.sqrt(energy[low : high + 1] * energy[0] + 1e-9)
    return int(np.argmax(normal) + low) * _DOWN


def _ramp(count: int) -> Samples:
    return np.linspace(0, 1, count, endpoint=False, dtype=np.float32)[:, None]


def shorten(block: Samples) -> Samples:
    """The block without one period; as it is when it is too short for that."""
    lag = pitch_period(block)
    if len(block) < 2 * lag:
        return block
    ramp = _ramp(lag)
    joined = block[:lag] * (1 - ramp) + block[lag : 2 * lag] * ramp
    return np.concatenate((joined, block[2 * lag :]))


def lengthen(block: Samples) -> Samples:
    """The block with one period twice; as it is when it is too short for that."""
    lag = pitch_period(block)
    if len(block) < 2 * lag:
        return block
    ramp = _ramp(lag)
    again = block[lag : 2 * lag] * (1 - ramp) + block[:lag] * ramp
    return np.concatenate((block[:lag], again, block[lag:]))


class Concealer:
    """Goes on with the last period when a packet is lost, fading out within 60 ms."""

    def __init__(self) -> None:
        self._history: Samples = np.zeros((_HISTORY, 2), np.float32)
        self._period: Samples | None = None
        self._made = 0

    def good(self, block: Samples) -> Samples:
        """Take a decoded block; returns it, joined to what was made up before."""
        if self._period is not None and len(block):
            count = min(_JOIN, len(block))
            made = self._extend(count)
            ramp = _ramp(count)
            block = block.copy()
            block[:count] = block[:count] * ramp + made * (1 - ramp)
            self._period = None
        self._history = np.concatenate((self._history, block))[-_HISTORY:]
        return block

    def lost(self, count: int) -> Samples:
        """``count`` samples in place of those that are missing."""
        if self._period is None:
            self._made = 0
            lag = pitch_period(self._history)
            self._period = self._history[-lag:]
        return self._extend(count)

    def silent(self) -> None:
        """The sender was silent: nothing to go on with."""
        self._history = np.zeros((_HISTORY, 2), np.float32)
        self._period = None

    @property
    def faded(self) -> bool:
        return self._period is not None and self._made >= _FADE

    def _extend(self, count: int) -> Samples:
        assert self._period is not None
        at = self._made + np.arange(count)
        gain = np.clip(1 - at / _FADE, 0, 1).astype(np.float32)[:, None]
        self._made += count
        return self._period[at % len(self._period)] * gain
