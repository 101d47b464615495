"""Loudness and true peak of the buses, by ITU-R BS.1770-4, with the loudness range of EBU Tech 3342.

K-weighting (Annex 1, tables 1 and 2), mean square z of each channel, loudness −0.691 + 10 log10 Σ z.
Momentary over 400 ms, short-term over 3 s. Integrated over blocks of 400 ms that begin each 100 ms: those
over −70 LUFS, of these those over their mean less 10 LU. The range is the span from the 10th to the 95th
percentile of short-term values each 100 ms, those over −70 LUFS and over their mean less 20 LU.

What integrated and range need of the past is kept as histograms of fixed size: how many blocks fell into each
fiftieth of a LU, and their summed energy, so that means are exact and only the relative gates are rounded.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mixer.audio.measuring.levels import peaks_of
from mixer.audio.measuring.truepeak import TRUE_PEAK
from mixer.audio.rows import Rows, carried
from mixer.audio.strips.filters import FilterBank, biquad
from mixer.contract.clock import RATE
from mixer.ipc.slot import Samples

SILENT = -100.0
"""LUFS or dBTP told for silence."""
ABSOLUTE_GATE = -70.0

_K = biquad(
    (1.53512485958697, -2.69169618940638, 1.19839281085285), (-1.69065929318241, 0.73248077421585)
).then(biquad((1.0, -2.0, 1.0), (-1.99004745483398, 0.99007225036621)))
_OFFSET = -0.691
_STEP = RATE // 10
_GRAIN = 50
"""Bins a LU."""
_BINS = 100 * _GRAIN
_ABSOLUTE_ENERGY = 10 ** ((ABSOLUTE_GATE - _OFFSET) / 10)

Energies = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Loudness:
    """LUFS, at least −100; ``integrated``, ``range_lu`` and ``true_peak`` (dBTP, the highest) since the
    reset."""

    momentary: float = SILENT
    short_term: float = SILENT
    integrated: float = SILENT
    range_lu: float = 0.0
    true_peak: float = SILENT


def k_weighting() -> FilterBank:
    """The filter before the mean square: 4th order, state of its channels still empty."""
    return FilterBank(_K)


def k_energy(bank: FilterBank, planes: NDArray[np.floating]) -> Energies:
    """Σ z · n of each row of (R, 2, n): the sum of squares of both K-weighted channels, shape (R,). The
    bank's state has shape (2 R, 4).
    """
    rows, _, count = planes.shape
    weighted = bank.process(planes.reshape(2 * rows, count)).reshape(rows, 2 * count)
    sums: Energies = np.einsum("ij,ij->i", weighted, weighted)
    return sums


def lufs(energy: float) -> float:
    """Loudness of a mean square, at least −100."""
    return max(SILENT, _OFFSET + 10 * float(np.log10(energy))) if energy > 0 else SILENT


class LoudnessMeter:
    """Meters of stereo buses, a row each, by name.

    Blocks (R, n, 2) of 48 kHz; n is a multiple of 32 and goes into 4,800 without remainder.
    """

    def __init__(self) -> None:
        self._rows = Rows[str]()
        self._bank = k_weighting()
        self._tail: Samples = np.zeros((0, TRUE_PEAK.history, 2), np.float32)
        self._recent: Energies = np.zeros((0, 30))
        """Mean squares of the last steps of 100 ms, the newest at ``_at``."""
        self._at = 0
        self._sum: Energies = np.zeros(0)
        self._summed = 0
        self._steps = np.zeros(0, np.int64)
        """Steps since a row came or was reset, for the first whole window."""
        self._peak: NDArray[np.float32] = np.zeros(0, np.float32)
        # (rows, momentary and short-term, bins)
        self._counts = np.zeros((0, 2, _BINS))
        self._energies = np.zeros((0, 2, _BINS))
        self._told: dict[int, tuple[float, float, float]] = {}
        """What :meth:`_gated` found of each row since the histograms changed last."""

    def process(self, samples: Samples, names: Sequence[str]) -> None:
        """Take a block of all rows in. A row that isn't named any more is forgotten."""
        count = samples.shape[1]
        if _STEP % count:
            raise ValueError(f"a block has a whole part of {_STEP} samples, not {count}")
        self._arrange(names)
        self._sum += k_energy(self._bank, np.ascontiguousarray(samples.transpose(0, 2, 1)))
        self._listen(samples)
        self._summed += count
        if self._summed == _STEP:
            self._step()

    def read(self, name: str) -> Loudness:
        """The loudness of a row now; silence for one that isn't there."""
        if name not in self._rows.names:
            return Loudness()
        row = self._rows.names.index(name)
        peak = float(self._peak[row])
        if row not in self._told:
            self._told[row] = self._gated(row)
        low, high, integrated = self._told[row]
        return Loudness(
            lufs(self._mean(row, 4)),
            lufs(self._mean(row, 30)),
            integrated,
            high - low,
            max(SILENT, 20 * float(np.log10(peak))) if peak > 0 else SILENT,
        )

    def reset(self, name: str) -> None:
        """Begin integrated loudness, range and highest true peak of a row again."""
        if name in self._rows.names:
            row = self._rows.names.index(name)
            self._counts[row] = 0
            self._energies[row] = 0
            self._peak[row] = 0
            self._steps[row] = 0
            self._told.clear()

    def _arrange(self, names: Sequence[str]) -> None:
        had = self._rows.arrange(names)
        if had is None:
            return
        self._told.clear()
        self._bank.state = carried(self._bank.state.reshape(-1, 2, 4), had).reshape(-1, 4)
        self._tail = carried(self._tail, had)
        self._recent = carried(self._recent, had)
        self._sum = carried(self._sum, had)
        self._steps = carried(self._steps, had)
        self._peak = carried(self._peak, had)
        self._counts = carried(self._counts, had)
        self._energies = carried(self._energies, had)

    def _listen(self, samples: Samples) -> None:
        """Take in the true peaks. Only rows that may exceed their highest true peak are oversampled."""
        joined = np.concatenate((self._tail, samples), axis=1)
        self._tail = joined[:, -TRUE_PEAK.history :]
        peak = peaks_of(joined)
        louder = np.flatnonzero(peak * TRUE_PEAK.most > self._peak)
        if len(louder):
            found = np.maximum(TRUE_PEAK.peaks(joined[louder]).max(axis=1), peak[louder])
            self._peak[louder] = np.maximum(self._peak[louder], found)

    def _step(self) -> None:
        """100 ms are full: the windows that end here go into the histograms."""
        self._at = (self._at + 1) % 30
        self._recent[:, self._at] = self._sum / _STEP
        self._sum[:] = 0
        self._summed = 0
        self._steps += 1
        self._told.clear()
        order = (self._at - np.arange(30)) % 30
        recent = self._recent[:, order]
        for kind, window in enumerate((4, 30)):
            energy = recent[:, :window].mean(axis=1)
            row = np.flatnonzero((energy > _ABSOLUTE_ENERGY) & (self._steps >= window))
            at = _bins(energy[row])
            self._counts[row, kind, at] += 1
            self._energies[row, kind, at] += energy[row]

    def _mean(self, row: int, window: int) -> float:
        order = (self._at - np.arange(window)) % 30
        return float(self._recent[row, order].mean())

    def _gated(self, row: int) -> tuple[float, float, float]:
        """10th and 95th percentile of short-term loudness, and the integrated."""
        counts, energies = self._counts[row], self._energies[row]
        total = counts.sum(axis=1)
        mean = energies.sum(axis=1) / np.maximum(total, 1)
        integrated = low = high = SILENT
        if total[0]:
            gate = _bin(float(mean[0]) / 10)
            integrated = lufs(float(energies[0, gate:].sum() / counts[0, gate:].sum()))
        if total[1]:
            gate = _bin(float(mean[1]) / 100)
            passed = np.cumsum(counts[1, gate:])
            places = np.searchsorted(passed, np.array((0.1, 0.95)) * (passed[-1] - 1), side="right")
            low, high = ((places + gate + 0.5) / _GRAIN + ABSOLUTE_GATE).tolist()
        return low, high, integrated


def _bins(energy: Energies) -> NDArray[np.intp]:
    places = (_OFFSET + 10 * np.log10(energy) - ABSOLUTE_GATE) * _GRAIN
    return np.clip(places, 0, _BINS - 1).astype(np.intp)


def _bin(energy: float) -> int:
    return int(_bins(np.array((max(energy, _ABSOLUTE_ENERGY),)))[0])
