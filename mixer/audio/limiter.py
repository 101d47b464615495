"""A look-ahead peak limiter that never lets a sample over its ceiling and never distorts to do so.

With the required gain r[n] = min(1, ceiling / |x[n]|), the applied gain is the mean of L running minima over
L samples of r, so it has come down all the way, along a ramp, when the sample that needs it comes out L − 1
samples after it went in. Between minimum and mean the gain may rise only by a fixed slope a sample (release):
g[n] = min(h[n], g[n−1] + slope), computed without a loop as a running minimum of h[n] − n · slope.
"""

import numpy as np
from numpy.typing import NDArray

from mixer.slot import RATE, Samples

LOOKAHEAD = 240
"""Samples (5 ms) by which the output lags the input."""
CEILING = float(10 ** (-1 / 20))
"""−1 dBFS."""
RELEASE_S = 0.4
"""Seconds in which the gain rises from nothing to 1."""

_WINDOW = LOOKAHEAD + 1
_SLOPE = 1.0 / (RELEASE_S * RATE)
_RUBBISH = 64.0
"""Amplitudes over this (+36 dBFS) are no sound."""


def without_rubbish(samples: Samples) -> Samples:
    """``samples``, or a copy with NaN and infinity silenced and the rest kept within ±64."""
    with np.errstate(invalid="ignore"):
        low, high = samples.min(initial=0.0), samples.max(initial=0.0)
        if low >= -_RUBBISH and high <= _RUBBISH:  # false for NaN
            return samples
        clean = np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0)
    return np.clip(clean, -_RUBBISH, _RUBBISH)


class Limiter:
    """One stereo bus's limiter. ``ceiling`` is the largest amplitude that comes out."""

    def __init__(self, ceiling: float = CEILING, before: Samples | None = None) -> None:
        """``before``: the last :data:`LOOKAHEAD` samples into the limiter that this one takes over from."""
        self._ceiling = np.float32(ceiling)
        self._delayed: Samples = np.zeros((LOOKAHEAD, 2), np.float32)
        if before is not None:
            self._delayed = np.clip(without_rubbish(before), -self._ceiling, self._ceiling)
        self._required: NDArray[np.float64] = np.ones(LOOKAHEAD)
        self._gains: NDArray[np.float64] = np.ones(LOOKAHEAD)
        self._calm = True
        """Whether nothing that is still held asks for a gain below 1: both histories are ones."""

    def process(self, samples: Samples) -> Samples:
        """Limit a block of shape (n, 2); the result is the input from :data:`LOOKAHEAD` samples earlier."""
        count = len(samples)
        samples = without_rubbish(samples)
        joined = np.concatenate((self._delayed, samples))
        self._delayed = joined[count:]
        out = joined[:count]
        peak = max(samples.max(initial=0.0), -samples.min(initial=0.0))
        if self._calm and peak <= self._ceiling:
            return out
        return self._limited(out, samples)

    def _limited(self, out: Samples, samples: Samples) -> Samples:
        count = len(samples)
        peaks = np.abs(samples).max(axis=1).astype(np.float64)
        required = np.concatenate(
            (self._required, np.minimum(1.0, float(self._ceiling) / np.maximum(peaks, 1e-9)))
        )
        self._required = required[count:]
        held = np.lib.stride_tricks.sliding_window_view(required, _WINDOW).min(axis=1)
        slope = _SLOPE * np.arange(1, count + 1)
        last = float(self._gains[-1])
        released = np.minimum.accumulate(np.minimum(held - slope, last)) + slope
        gains = np.concatenate((self._gains, np.minimum(held, released)))
        gains[gains > 1.0 - 1e-9] = 1.0  # rounding would leave the release just short of its end
        self._gains = gains[count:]
        sums = np.concatenate(((0.0,), np.cumsum(gains)))
        applied = (sums[_WINDOW:] - sums[:-_WINDOW]) / _WINDOW
        self._calm = bool(gains.min() >= 1.0)
        limited: Samples = out * applied.astype(np.float32)[:, None]
        np.clip(limited, -self._ceiling, self._ceiling, out=limited)  # only rounding is left to clip
        return limited
