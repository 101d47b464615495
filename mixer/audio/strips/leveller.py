"""Brings sources to one loudness, slowly, and leaves silence alone.

Loudness is ITU-R BS.1770-4's over the last 3 s in which there was sound: momentary values (400 ms) over −50
LUFS, of those the ones over their mean less 10 LU. In silence nothing moves.
"""

import numpy as np
from numpy.typing import NDArray

from mixer.audio.measuring.loudness import k_energy, k_weighting
from mixer.audio.rows import carried
from mixer.contract.clock import RATE

TARGET_LUFS = -23.0
GATE_LUFS = -50.0
RANGE_DB = 12.0
UP_DB_S = 3.0
DOWN_DB_S = 12.0

_OFFSET = -0.691
_GATE = 10 ** ((GATE_LUFS - _OFFSET) / 10)
_MOMENTARY_S, _WINDOW_S = 0.4, 3.0
_FIRST = 10
"""Values before the gain moves."""

Column = NDArray[np.float64]


class Leveller:
    """A gain in dB for each row. Blocks of one length, which goes into 400 ms without remainder."""

    def __init__(self) -> None:
        self.gain_db: Column = np.zeros(0)
        """At the end of the last block."""
        self._bank = k_weighting()
        self._state = np.zeros((0, 2, 4))
        self._blocks: NDArray[np.float64] = np.zeros((0, 20))
        self._values: NDArray[np.float64] = np.zeros((0, 150))
        """Momentary mean squares that passed the gate, in a ring; 0 where there is none yet."""
        self._at = np.zeros(0, np.intp)
        self._place = 0

    def arrange(self, had: NDArray[np.intp]) -> None:
        self.gain_db = carried(self.gain_db, had)
        self._state = carried(self._state, had)
        self._blocks = carried(self._blocks, had)
        self._values = carried(self._values, had)
        self._at = carried(self._at, had)

    @property
    def busy(self) -> NDArray[np.bool_]:
        moved: NDArray[np.bool_] = self.gain_db != 0.0
        return moved

    def rest(self, rows: NDArray[np.intp], seconds: float) -> None:
        """The leveller of ``rows`` is off: their gain goes back to 0 dB, and what was heard is forgotten."""
        step = DOWN_DB_S * seconds
        self.gain_db[rows] -= np.clip(self.gain_db[rows], -step, step)
        self._values[rows] = 0
        self._blocks[rows] = 0

    def process(self, rows: NDArray[np.intp], planes: NDArray[np.floating], gated: Column) -> None:
        """Hear a block (R, 2, n) of ``rows`` and move their gain. ``gated``: mean square of the gate's
        factor."""
        count = planes.shape[2]
        seconds = count / RATE
        self._bank.state = self._state[rows].reshape(-1, 4)
        energy = k_energy(self._bank, planes) / count * gated
        self._state[rows] = self._bank.state.reshape(-1, 2, 4)
        self._fit(seconds)
        self._blocks[rows, self._place] = energy
        self._place = (self._place + 1) % self._blocks.shape[1]
        momentary = self._blocks[rows].mean(axis=1)
        loud = momentary > _GATE
        heard = rows[loud]
        self._values[heard, self._at[heard]] = momentary[loud]
        self._at[heard] = (self._at[heard] + 1) % self._values.shape[1]
        values = self._values[heard]
        known = np.count_nonzero(values, axis=1)
        gate = values.sum(axis=1) / np.maximum(known, 1) / 10
        above = values > gate[:, None]
        mean = (values * above).sum(axis=1) / np.maximum(np.count_nonzero(above, axis=1), 1)
        loudness = _OFFSET + 10 * np.log10(np.maximum(mean, 1e-12))
        wanted = np.clip(TARGET_LUFS - loudness, -RANGE_DB, RANGE_DB)
        step = np.clip(wanted - self.gain_db[heard], -DOWN_DB_S * seconds, UP_DB_S * seconds)
        self.gain_db[heard] += np.where(known >= _FIRST, step, 0.0)

    def _fit(self, seconds: float) -> None:
        """Rings for blocks of this length."""
        length = round(_MOMENTARY_S / seconds)
        if length != self._blocks.shape[1]:
            rows = len(self._blocks)
            self._blocks = np.zeros((rows, length))
            self._values = np.zeros((rows, round(_WINDOW_S / seconds)))
            self._at[:] = 0
            self._place = 0
