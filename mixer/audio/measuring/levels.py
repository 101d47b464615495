"""Decibels and peaks."""

import numpy as np
from numpy.typing import NDArray

from mixer.ipc.slot import Samples

SILENCE_DB = -100.0


def gain_of_db(db: float) -> float:
    """The factor for a gain in dB, kept within −100 … +40 dB; rubbish (NaN) is silence."""
    if not db > SILENCE_DB:
        return 0.0
    return float(10.0 ** (min(db, 40.0) / 20.0))


def db_of_peak(peak: float) -> float:
    """dBFS of a peak amplitude, at least −100."""
    if not peak > 1e-5:
        return SILENCE_DB
    return float(20.0 * np.log10(peak))


class PeakHold:
    """The peak over the last ``blocks`` blocks that were put in, for a meter that is read now and then."""

    def __init__(self, blocks: int) -> None:
        self._ring = [0.0] * blocks
        self._at = 0

    def put(self, peak: float) -> None:
        self._ring[self._at] = peak
        self._at = (self._at + 1) % len(self._ring)

    @property
    def db(self) -> float:
        """dBFS, at least −100."""
        return db_of_peak(max(self._ring))


def peaks_of(samples: Samples) -> NDArray[np.float32]:
    """The largest absolute sample of each row of (R, n, 2), NaN where there is one; shape (R,)."""
    rows, count, channels = samples.shape
    flat = samples.reshape(rows, count * channels)
    peaks: NDArray[np.float32] = np.maximum(flat.max(axis=1, initial=0.0), -flat.min(axis=1, initial=0.0))
    return peaks
