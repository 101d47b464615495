"""Look-ahead limiters, many buses at once, that let no true peak over their ceiling and don't distort to do
so.

Peaks are those of the sound oversampled four times, told for cells of 8 samples
(:mod:`mixer.audio.measuring.truepeak`), or of the samples alone, where that is good enough. With the required
gain r[k] = min(1, ceiling / peak[k]) of a cell, the applied gain is the mean of running minima of r, so it
has come down all the way, along a ramp, when the cell that needs it comes out 5 ms after it went in. Between
minimum and mean the gain may rise only by a fixed slope (release): g[k] = min(h[k], g[k−1] + slope), computed
without a loop as a running minimum of h[k] − k · slope. Within a cell the gain runs straight.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from mixer.audio.measuring.levels import peaks_of
from mixer.audio.measuring.truepeak import CELL, TRUE_PEAK
from mixer.audio.rows import Rows, carried
from mixer.contract.clock import RATE
from mixer.ipc.slot import Samples

LOOKAHEAD = 240
"""Samples (5 ms) by which the output lags the input."""
CEILING = float(10 ** (-1 / 20))
"""−1 dBTP."""
RELEASE_S = 0.4
"""Seconds in which the gain rises from nothing to 1."""

_MARGIN = float(10 ** (-0.05 / 20))
"""What a meter with other points between the samples finds above ours."""
_AHEAD = LOOKAHEAD // CELL
_HELD = _AHEAD
"""Cells of the running minimum. With the mean over two less, both ends of a cell's ramp obey it: a cell's
points are known when the next one is there, the last ones when the one after that is."""
_MEAN = _AHEAD - 2
_PAST = _HELD - 1
_SLOPE = CELL / (RELEASE_S * RATE)
_RUBBISH = 64.0
"""Amplitudes over this (+36 dBFS) are no sound."""
_WITHIN = np.repeat(np.arange(1, CELL + 1, dtype=np.float32) / CELL, 2).astype(np.float32)
"""Of a cell's samples, for both channels, as they lie in memory."""

Gains = NDArray[np.float64]


def without_rubbish(samples: Samples) -> Samples:
    """``samples``, or a copy with NaN and infinity silenced and the rest kept within ±64."""
    with np.errstate(invalid="ignore"):
        low, high = samples.min(initial=0.0), samples.max(initial=0.0)
        if low >= -_RUBBISH and high <= _RUBBISH:  # false for NaN
            return samples
        clean = np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0)
    return np.clip(clean, -_RUBBISH, _RUBBISH)


class LimiterBank:
    """Limiters of stereo buses, a row each, by name. ``ceiling``: the largest true peak that comes out."""

    def __init__(self, ceiling: float = CEILING) -> None:
        self._rows = Rows[str]()
        self._ceiling = ceiling * _MARGIN
        self._delayed: Samples = np.zeros((0, LOOKAHEAD, 2), np.float32)
        self._loudest: Samples = np.zeros(0, np.float32)
        """Largest sample of the last block."""
        self._required: Gains = np.ones((0, _PAST))
        self._gains: Gains = np.ones((0, _MEAN))
        self._last_most: Gains = np.ones(0)
        self._calm: NDArray[np.bool_] = np.ones(0, np.bool_)
        """Whether nothing that is still held asks for a gain below 1: both histories are ones."""

    def process(
        self,
        samples: Samples,
        names: Sequence[str],
        before: Mapping[str, str] | None = None,
        most: Gains | None = None,
        exact: int | None = None,
    ) -> Samples:
        """Limit a block (R, n, 2), n a multiple of 16; the result is the input from :data:`LOOKAHEAD` samples
        earlier.

        ``names`` of the rows, each once; those that aren't named any more are forgotten. ``before``: new row
        → the row of the block before whose look-ahead and gain it goes on with; else it begins with silence.
        ``most``: (R, n / 8) gains ≤ 1 that cells of these samples must not exceed, whatever their peaks.
        ``exact``: so many of the first rows have their true peaks limited, the others those of their samples
        only, for a twentieth of the work; all by default.
        """
        self._arrange(names, before)
        rows, count = samples.shape[:2]
        peak = peaks_of(samples)
        if not peak.max(initial=0.0) <= _RUBBISH:  # true for NaN
            samples = without_rubbish(samples)
            peak = peaks_of(samples)
        joined = np.concatenate((self._delayed, samples), axis=1)
        out = joined[:, :count]
        self._delayed = joined[:, count:]
        exact = rows if exact is None else exact
        highest = np.maximum(peak, self._loudest)
        self._loudest = peak
        required = None
        between = np.flatnonzero(highest[:exact] * TRUE_PEAK.most > self._ceiling)
        over = np.flatnonzero(highest[exact:] > self._ceiling) + exact
        if len(between) or len(over):
            peaks = np.zeros((rows, count // CELL))
            if len(between):
                peaks[between] = TRUE_PEAK.peaks(joined[between, LOOKAHEAD - TRUE_PEAK.history :])
            peaks[over] = _cell_peaks(joined[over, LOOKAHEAD - TRUE_PEAK.late : -TRUE_PEAK.late])
            required = self._ceiling / np.maximum(peaks, self._ceiling)
        if most is not None:
            told = np.concatenate((self._last_most[:, None], most), axis=1)
            self._last_most = told[:, -1]
            required = told[:, :-1] if required is None else np.minimum(required, told[:, :-1])
        if required is None:
            if self._calm.all():
                return out
            required = np.ones((len(names), count // CELL))
        busy = np.flatnonzero(~self._calm | (required < 1.0).any(axis=1))
        if len(busy):
            gains = self._follow(busy, required[busy])
            first = gains[:, :-1].astype(np.float32)[:, :, None]
            rise = np.diff(gains, axis=1).astype(np.float32)[:, :, None]
            curve = rise * _WITHIN
            curve += first
            which = slice(None) if len(busy) == rows else busy
            joined[which, :count] *= curve.reshape(len(busy), count, 2)
        return out

    def _follow(self, busy: NDArray[np.intp], required: Gains) -> Gains:
        """Gains at the ends of the cells that come out, (rows, 1 + cells): the first is where the last block
        ended."""
        cells = required.shape[1]
        required = np.concatenate((self._required[busy], required), axis=1)
        self._required[busy] = required[:, cells:]
        held = sliding_minimum(required, _HELD)
        slope = _SLOPE * np.arange(1, cells + 1)
        known = self._gains[busy]
        released = np.minimum.accumulate(np.minimum(held - slope, known[:, -1:]), axis=1) + slope
        gains = np.concatenate((known, np.minimum(held, released)), axis=1)
        gains[gains > 1.0 - 1e-9] = 1.0  # rounding would leave the release just short of its end
        self._gains[busy] = gains[:, cells:]
        self._calm[busy] = (self._gains[busy] >= 1.0).all(axis=1) & (self._required[busy] >= 1.0).all(axis=1)
        sums = np.cumsum(gains, axis=1)
        means: Gains = np.concatenate(
            (sums[:, _MEAN - 1 : _MEAN], sums[:, _MEAN:] - sums[:, :-_MEAN]), axis=1
        )
        return means / _MEAN

    def _arrange(self, names: Sequence[str], before: Mapping[str, str] | None) -> None:
        had = self._rows.arrange(names, before)
        if had is None:
            return
        self._delayed = carried(self._delayed, had)
        self._loudest = carried(self._loudest, had)
        self._required = carried(self._required, had, 1.0)
        self._gains = carried(self._gains, had, 1.0)
        self._last_most = carried(self._last_most, had, 1.0)
        self._calm = carried(self._calm, had, True)


def _cell_peaks(samples: Samples) -> Samples:
    """The largest absolute sample of each cell: (rows, n, 2) → (rows, n / CELL)."""
    cells = np.abs(samples).reshape(len(samples), samples.shape[1] // CELL, 2 * CELL)
    # halves against each other: far faster than a maximum along so short an axis
    width = CELL
    while width:
        cells = np.maximum(cells[:, :, :width], cells[:, :, width : 2 * width])
        width //= 2
    return cells[:, :, 0]


def sliding_minimum(values: Gains, width: int) -> Gains:
    """The minima of all ``width`` neighbours of each row: (rows, m) → (rows, m − width + 1), by doubling."""
    have = 1
    while have * 2 <= width:
        values = np.minimum(values[:, :-have], values[:, have:])
        have *= 2
    rest = width - have
    return np.minimum(values[:, : values.shape[1] - rest], values[:, rest:]) if rest else values
