"""Gate and compressor: gains at the ends of cells of 2.5 ms, between which the gain of a sample runs
straight.

Both hear the larger of the two channels, so that the stereo picture stands still. A cell's gain is reached at
its end, and what asks for it is the cell itself: so they open and grip without being late.
"""

import numpy as np
from numpy.typing import NDArray

from mixer.audio.rows import carried
from mixer.contract.clock import RATE

CELL = RATE // 400
"""Samples (2.5 ms)."""
ATTACK_S = 0.005
GATE_HOLD_S = 0.15
GATE_RELEASE_S = 0.1
COMPRESSOR_RELEASE_S = 0.12
KNEE_DB = 6.0

_CELL_S = CELL / RATE
_OPEN, _CLOSE = _CELL_S / ATTACK_S, _CELL_S / GATE_RELEASE_S
_HOLD = round(GATE_HOLD_S / _CELL_S)
_GRIP = 1 - np.exp(-_CELL_S / ATTACK_S)
_LET_GO = 1 - np.exp(-_CELL_S / COMPRESSOR_RELEASE_S)
_NOTHING_DB = 1e-3

Table = NDArray[np.float64]
"""(rows,) or (rows, cells)."""


def cell_peaks(planes: NDArray[np.floating]) -> Table:
    """Largest absolute sample in either channel of each cell: (rows, 2, n) → (rows, n / CELL)."""
    cells = planes.reshape(len(planes), 2, planes.shape[2] // CELL, CELL)
    peaks: Table = np.maximum(cells.max(axis=(1, 3)), -cells.min(axis=(1, 3))).astype(np.float64)
    return peaks


class NoiseGate:
    """Closes a source that stays under its threshold: opens in 5 ms, waits 150 ms, closes in 100 ms."""

    def __init__(self) -> None:
        self.gain: Table = np.zeros(0)
        """Factor at the end of the last block, of each row."""
        self._held = np.zeros(0, np.int64)

    def arrange(self, had: NDArray[np.intp]) -> None:
        self.gain = carried(self.gain, had, 1.0)
        self._held = carried(self._held, had, _HOLD)

    @property
    def busy(self) -> NDArray[np.bool_]:
        """Which rows are not wholly open."""
        return self.gain < 1.0

    def process(self, rows: NDArray[np.intp], peaks: Table, thresholds: Table) -> Table:
        """Factors at the ends of the cells. ``thresholds``: amplitudes, 0 where the gate is off."""
        gains = np.empty_like(peaks)
        gain, held = self.gain[rows], self._held[rows]
        loud = peaks >= thresholds[:, None]
        for cell in range(peaks.shape[1]):
            held = np.where(loud[:, cell], _HOLD, held - 1)
            gain = np.clip(gain + np.where(held >= 0, _OPEN, -_CLOSE), 0.0, 1.0)
            gains[:, cell] = gain
        self.gain[rows], self._held[rows] = gain, np.maximum(held, -1)
        return gains


def compression_db(level_db: Table, threshold_db: Table, ratio: Table) -> Table:
    """The static curve: what is taken away (≤ 0 dB) at a level, with a knee of 6 dB.

    Giannoulis, Massberg, Reiss: Digital Dynamic Range Compressor Design (JAES 60, 2012), equation 4.
    """
    over = level_db - threshold_db
    knee = np.clip(over + KNEE_DB / 2, 0.0, KNEE_DB)
    bent = np.where(over > KNEE_DB / 2, over, knee * knee / (2 * KNEE_DB))
    reduction: Table = (1 / ratio - 1) * bent
    return reduction


class Compressor:
    """Feed-forward, soft knee; grips within 5 ms and lets go within 120 ms (time constants, in decibels)."""

    def __init__(self) -> None:
        self.reduction_db: Table = np.zeros(0)
        """≤ 0, at the end of the last block, of each row."""

    def arrange(self, had: NDArray[np.intp]) -> None:
        self.reduction_db = carried(self.reduction_db, had)

    @property
    def busy(self) -> NDArray[np.bool_]:
        return self.reduction_db < 0.0

    def process(self, rows: NDArray[np.intp], peaks: Table, thresholds_db: Table, ratios: Table) -> Table:
        """Factors at the ends of the cells. A ratio of 1 is off."""
        levels = 20 * np.log10(np.maximum(peaks, 1e-6))
        wanted = compression_db(levels, thresholds_db[:, None], ratios[:, None])
        reduction = self.reduction_db[rows]
        reductions = np.empty_like(peaks)
        for cell in range(peaks.shape[1]):
            change = wanted[:, cell] - reduction
            reduction = reduction + np.where(change < 0, _GRIP, _LET_GO) * change
            reductions[:, cell] = reduction
        ended = (ratios <= 1.0) & (reduction > -_NOTHING_DB)
        self.reduction_db[rows] = np.where(ended, 0.0, reduction)
        reductions[ended, -1] = 0.0
        factors: Table = 10 ** (reductions / 20)
        return factors
