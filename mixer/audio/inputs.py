"""Reads the sources' sound as one array and takes the edges off where it breaks off or begins again."""

from collections.abc import Callable, Sequence

import numpy as np

from mixer.audio.limiter import without_rubbish
from mixer.contract.names import SourceName
from mixer.ipc.slot import Samples

FADE = 240
"""Samples (5 ms) over which a sound that breaks off fades."""

ReadSound = Callable[[SourceName], tuple[Samples, int]]
"""Gives a source's samples of the block (n, 2) and how many of them are real (see ``SlotReader``)."""

_RISE = ((np.arange(FADE, dtype=np.float32) + 1) / FADE).astype(np.float32)


class Inputs:
    """Which sources were whole in the last block, for where the next one's edges are."""

    def __init__(self) -> None:
        self._whole: dict[SourceName, bool] = {}

    @property
    def whole(self) -> list[bool]:
        """Flags of the last block's sources, in their order: True where all of it was really there."""
        return list(self._whole.values())

    def read(self, sources: Sequence[SourceName], read: ReadSound, count: int) -> Samples:
        """One block of all ``sources``, shape (sources, ``count``, 2), ``count`` at least 480.

        What isn't written is silent, NaN and infinity are silenced, and no edge is steep.
        """
        block = np.empty((len(sources), count, 2), np.float32)
        whole: dict[SourceName, bool] = {}
        for place, source in enumerate(sources):
            samples, real = read(source)
            was = self._whole.get(source, True)
            block[place] = samples
            if real < count or not was:
                _soften(block[place], real, was)
            whole[source] = real == count
        self._whole = whole
        return without_rubbish(block)


def _soften(samples: Samples, real: int, was_whole: bool) -> None:
    """Fade the edges, in place. ``samples`` is silent where nothing is written; which end is missing follows
    from whether the block before was whole.
    """
    count = len(samples)
    length = min(FADE, real)
    if was_whole and real < count:  # breaks off after ``real`` samples
        samples[real - length : real] *= _RISE[:length][::-1, None]
    elif not was_whole and real:  # begins again ``real`` samples before the end
        begin = count - real
        samples[begin : begin + length] *= _RISE[:length, None]
