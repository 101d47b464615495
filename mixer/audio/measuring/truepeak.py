"""Peaks between the samples: what a converter's filter makes of them, by four times oversampling.

ITU-R BS.1770-4, Annex 2, asks for an interpolating filter and gives one of 12 taps a phase, whose ripple is
0.3 dB: a tone at a sixth of the rate reads that much low. Ours has 24 taps, keeps the samples themselves, and
is within 0.05 dB of FFmpeg's resampler up to 20 kHz.
"""

import numpy as np
from numpy.typing import NDArray

from mixer.ipc.slot import Samples

CELL = 8
"""Samples for which one peak is told."""
_SUB = 2 * CELL


def sinc_phases(half: int, beta: float) -> NDArray[np.float64]:
    """(4 phases, 2 half taps): the sample itself and the points ¼, ½, ¾ after it, by a sinc under Kaiser's
    window of shape ``beta``.

    Applied to the window of samples x[p − half + 1] … x[p + half], phase f gives the value at p + f/4.
    """
    taps = np.arange(-half + 1, half + 1)
    at = taps[None, :] - np.arange(4)[:, None] / 4
    inside = np.maximum(0.0, 1 - (at / half) ** 2)
    phases: NDArray[np.float64] = np.sinc(at) * np.i0(beta * np.sqrt(inside)) / np.i0(beta)
    phases[0] = taps == 0
    phases[1:] /= phases[1:].sum(axis=1, keepdims=True)
    return phases


class Oversampler:
    """Peaks of oversampled sound. ``taps``: (phases, t)."""

    def __init__(self, taps: NDArray[np.float64]) -> None:
        self.taps = taps
        phases, length = taps.shape
        matrix = np.zeros((2, CELL, phases, _SUB + length - 1), np.float32)
        for at in range(_SUB):
            matrix[at // CELL, at % CELL, :, at : at + length] = taps
        self._matrix: Samples = matrix.reshape(-1, _SUB + length - 1)

    @property
    def history(self) -> int:
        """Samples before a block that its first points need."""
        return int(self.taps.shape[1]) - 1

    @property
    def late(self) -> int:
        """Samples from a sample to the last one that its points need."""
        return int(self.taps.shape[1]) // 2

    @property
    def most(self) -> float:
        """No point exceeds the largest sample by more than this factor: the largest sum of absolute taps."""
        return float(np.abs(self.taps).sum(axis=1).max())

    def peaks(self, samples: Samples) -> Samples:
        """``samples`` (rows, history + n, 2), n a multiple of 16 → (rows, n / CELL): each cell's largest
        absolute point in either channel. A point belongs to the last sample that its taps need.
        """
        rows, length, _ = samples.shape
        count = length - self.history
        if count % _SUB:
            raise ValueError(f"a block has a multiple of {_SUB} samples, not {count}")
        planes = np.ascontiguousarray(samples.transpose(0, 2, 1))
        across, along, step = planes.strides
        windows = np.lib.stride_tricks.as_strided(
            planes,
            (rows, 2, count // _SUB, _SUB + self.history),
            (across, along, _SUB * step, step),
            writeable=False,
        )
        points = self._matrix @ windows.reshape(-1, _SUB + self.history).T
        points = points.reshape(2, -1, points.shape[1])
        peaks = np.maximum(points.max(axis=1), -points.min(axis=1))  # (2, rows · 2 · windows)
        stereo = peaks.reshape(2, rows, 2, -1).max(axis=2)
        return np.ascontiguousarray(stereo.transpose(1, 2, 0)).reshape(rows, -1)


TRUE_PEAK = Oversampler(sinc_phases(12, 5.0))
"""Its points belong to the sample 12 before the last that they need, and lie up to one sample after that."""
