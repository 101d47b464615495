"""Who speaks: voice activity by level above a slow noise floor, for all sources at once.

A block's level is its RMS without its mean (a microphone's DC is no voice). The noise floor follows a lower
level at once and a higher one by a few dB a second, so that pauses between words set it. Speech is what
lies :data:`ABOVE_DB` over it, and no more than :data:`UNDER_DB` under how loud this source speaks, so that
between the words of somebody who speaks up a breath is no speech, and a soft voice is. In three blocks
running: 60 ms, for a key that is struck takes less.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mixer.audio.arrays import Flags
from mixer.audio.rows import Rows, carried
from mixer.contract.names import SourceName
from mixer.ipc.slot import Samples

BLOCKS_TO_DETECT = 3
"""Blocks of 20 ms over the threshold until it is speech."""
ABOVE_DB = 9.0
UNDER_DB = 24.0
LOWEST_DB = -58.0
"""dBFS (RMS): nothing below it is speech, however quiet the room."""
LOUDEST_NOISE_DB = -36.0
"""dBFS (RMS): what is louder is speech, however steady: a threshold that rose without end would call a
singer or a test tone noise."""
RISE_DB = 0.06
"""By which the noise floor rises a block: 3 dB a second."""
FALL_DB = 0.02
"""By which it is forgotten how loud somebody spoke, a block: 1 dB a second."""
_FOLLOW = 0.05
"""Share of a louder block in how loud somebody speaks: settled within a second."""

_QUIET = 1 << 30
"""Blocks since somebody spoke who never did."""


def levels_db(samples: Samples) -> NDArray[np.float32]:
    """RMS in dBFS, shape (sources,), of blocks (sources, n, 2), the louder channel's; at least −100.

    A full-scale sine is at −3.
    """
    if not samples.size:
        return np.zeros(len(samples), np.float32)
    count = samples.shape[1]
    # products with a row of ones: a mean along the middle axis takes ten times as long
    mean = (np.full((1, count), 1 / count, np.float32) @ samples)[:, 0]
    power = np.einsum("snc,snc->sc", samples, samples) / count - mean * mean
    loudest = np.maximum(power.max(axis=1), 1e-10)
    levels: NDArray[np.float32] = (10.0 * np.log10(loudest)).astype(np.float32)
    return levels


class Activity:
    """Levels and noise floors of the sources of the last block."""

    def __init__(self) -> None:
        self._rows = Rows[str]()
        self._noise = np.zeros(0, np.float32)
        self._loud = np.zeros(0, np.float32)
        """How loud each speaks, dBFS."""
        self._running = np.zeros(0, np.int32)
        """Blocks over the threshold, one after the other."""

    def block(self, sources: Sequence[SourceName], samples: Samples) -> Flags:
        """Return who speaks in this block of shape (sources, n, 2): flags of shape (sources,), without any
        hold."""
        levels = levels_db(samples)
        had = self._rows.arrange(sources)
        if had is not None:
            self._noise = carried(self._noise, had, LOWEST_DB - ABOVE_DB)
            self._loud = carried(self._loud, had, LOWEST_DB)
            self._running = carried(self._running, had, 0)
        threshold = np.maximum(self._noise + np.float32(ABOVE_DB), self._loud - np.float32(UNDER_DB))
        threshold = np.clip(threshold, LOWEST_DB, LOUDEST_NOISE_DB)
        self._running = np.where(levels > threshold, self._running + 1, 0).astype(np.int32)
        self._noise = np.minimum(self._noise + np.float32(RISE_DB), np.maximum(levels, LOWEST_DB - ABOVE_DB))
        speaks: Flags = self._running >= BLOCKS_TO_DETECT
        louder = np.where(speaks, np.maximum(levels - self._loud, 0.0), 0.0)
        self._loud = np.maximum(self._loud - FALL_DB + _FOLLOW * louder, LOWEST_DB).astype(np.float32)
        return speaks


class Hold:
    """Lets whatever is named stay on for a while after it was on."""

    def __init__(self) -> None:
        self._rows = Rows[str]()
        self._quiet = np.zeros(0, np.int64)
        """Blocks since each was on."""

    def block(self, names: Sequence[str], on: Flags, blocks: int) -> Flags:
        """Flags of shape (names,): whether each is on, or was within the last ``blocks`` blocks."""
        had = self._rows.arrange(names)
        if had is not None:
            self._quiet = carried(self._quiet, had, _QUIET)
        self._quiet = np.where(on, 0, np.minimum(self._quiet + 1, _QUIET))
        held: Flags = self._quiet <= blocks
        return held
