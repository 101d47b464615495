"""Protects interpreters' hearing: no sudden jump of level, whatever comes out of the floor.

A slow reference follows the peaks of 2.5 ms each, in decibels: up by 6 dB/s at most, down by 1.5 dB/s, so
that in speech it settles at the level which a fifth of them exceed. Nothing may exceed it by more than 9 dB:
a jump is cut to that from its first sample on, and then rises by 6 dB a second. Under −50 dBFS the reference
stands still, in sounds over 20 dB under it (a room between two sentences) it falls by 0.3 dB/s only: speech
after a silence isn't taken for a jump. And nothing exceeds −6 dBFS.

It tells gains only; the limiter applies them, along its own ramp of 5 ms ahead of the jump.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from mixer.audio.measuring.truepeak import CELL as FINE
from mixer.audio.rows import Rows, carried
from mixer.audio.strips.dynamics import CELL, cell_peaks
from mixer.contract.clock import RATE
from mixer.ipc.slot import Samples

JUMP_DB = 9.0
RISE_DB_S = 6.0
FALL_DB_S = 1.5
DRIFT_DB_S = 0.3
PAUSE_DB = 20.0
"""Further under the reference than this is a pause."""
SILENCE_DB = -50.0
LOWEST_DB, FIRST_DB = -40.0, -18.0
"""The reference's lowest and first value: peaks of speech at −23 LUFS."""
CEILING_DB = -6.0

_CELL_S = CELL / RATE

Table = NDArray[np.float64]


class Protector:
    """Caps on sudden jumps of some rows (R, n, 2), by name; n is a multiple of 120."""

    def __init__(self) -> None:
        self._rows = Rows[str]()
        self._reference: Table = np.zeros(0)

    def reference_db(self, name: str) -> float:
        """Return what a row's peaks are compared with now, dBFS. KeyError for a row that isn't there."""
        if name not in self._rows.names:
            raise KeyError(name)
        return float(self._reference[self._rows.names.index(name)])

    def most(self, samples: Samples, names: Sequence[str], before: Mapping[str, str] | None = None) -> Table:
        """Gains ≤ 1, (R, n / 8), that the limiter may give the cells of these samples at most
        (``LimiterBank.process(…, most=…)``). A row that isn't named any more is forgotten; ``before``: new
        row → the row whose reference it goes on with.
        """
        had = self._rows.arrange(names, before)
        if had is not None:
            self._reference = carried(self._reference, had, FIRST_DB)
        peaks = cell_peaks(np.ascontiguousarray(samples.transpose(0, 2, 1)))
        levels = 20 * np.log10(np.maximum(peaks, 1e-6))
        allowed = np.empty_like(levels)
        reference = self._reference
        for cell in range(levels.shape[1]):
            allowed[:, cell] = reference
            level = levels[:, cell]
            fall = np.where(level > reference - PAUSE_DB, FALL_DB_S, DRIFT_DB_S) * (level > SILENCE_DB)
            wanted = np.clip(level - reference, -fall * _CELL_S, RISE_DB_S * _CELL_S)
            reference = np.maximum(reference + wanted, LOWEST_DB)
        self._reference = reference
        over = np.minimum(np.minimum(allowed + JUMP_DB, CEILING_DB) - levels, 0.0)
        gains: Table = np.repeat(10 ** (over / 20), CELL // FINE, axis=1)
        return gains
