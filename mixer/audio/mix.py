"""The sum of the open sources, with each source's part kept, so that it can be taken out again exactly.

All sources of a block are one array of shape (sources, n, 2). A source's gain runs along a ramp of 5 ms
whenever it changes, opening and closing included, so that nothing clicks.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from mixer.audio.limiter import without_rubbish
from mixer.plan import SourceId
from mixer.slot import Samples

FADE = 240
"""Samples (5 ms) of every change of gain."""

ReadSound = Callable[[SourceId], tuple[Samples, int]]
"""Gives a source's samples of the block (n, 2) and how many of them are real (see ``SlotReader``)."""

_RISE = ((np.arange(FADE, dtype=np.float32) + 1) / FADE).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Mixed:
    """One block: ``parts[i]`` is what ``sources[i]`` adds to ``total``. All before any limiter."""

    sources: tuple[SourceId, ...]
    parts: Samples
    """Shape (sources, n, 2)."""
    total: Samples
    """Shape (n, 2)."""
    peaks: Mapping[SourceId, float]


@dataclass(slots=True)
class _Channel:
    gain: float = 0.0
    """Factor at the end of the last block."""
    whole: bool = True
    """Whether the last block was wholly real: the next may begin without a fade."""


@dataclass(slots=True)
class OpenSources:
    """The gains of the sources that are open or still fading out; block after block."""

    _channels: dict[SourceId, _Channel] = field(default_factory=dict)

    def mix(self, gains: Mapping[SourceId, float], read: ReadSound, count: int) -> Mixed:
        """Sum one block of ``count`` samples, at least 480.

        ``gains``: factor of every source that shall be heard. A source that is no longer in it is faded out
        within the block and forgotten.
        """
        for source in gains:
            if source not in self._channels:
                self._channels[source] = _Channel()
        order = tuple(self._channels)
        parts = np.empty((len(order), count, 2), np.float32)
        peaks: dict[SourceId, float] = {}
        for i, source in enumerate(order):
            channel = self._channels[source]
            samples, real = read(source)
            target = gains.get(source, 0.0)
            if real == 0 and channel.whole is False:
                parts[i] = 0.0
            else:
                np.multiply(
                    _softened(without_rubbish(samples), real, channel),
                    ramp(channel.gain, target, count),
                    parts[i],
                )
            channel.gain, channel.whole = target, real == count
            part = parts[i]
            peaks[source] = float(max(part.max(), -part.min()))
        for source in order:
            if source not in gains:
                del self._channels[source]
        return Mixed(order, parts, parts.sum(axis=0), peaks)


def ramp(start: float, end: float, count: int) -> Samples:
    """Factors of shape (count, 1), from ``start`` to ``end`` within :data:`FADE` samples; (1, 1) if equal."""
    if start == end:
        return np.full((1, 1), end, np.float32)
    factors = np.full(count, end, np.float32)
    factors[:FADE] = start + (end - start) * _RISE
    return factors[:, None]


def _softened(samples: Samples, real: int, channel: _Channel) -> Samples:
    """Fade the edges where a source's sound breaks off (writer died, packets missing) or begins again.

    ``samples`` is the block as read, silent where nothing is written. Which end is missing follows from
    whether the block before was whole.
    """
    count = len(samples)
    if real == count and channel.whole:
        return samples
    samples = samples.copy()
    if channel.whole and real < count:  # breaks off after ``real`` samples
        length = min(FADE, real)
        samples[real - length : real] *= _RISE[:length][::-1, None]
    elif not channel.whole and real:  # begins again ``real`` samples before the end
        length = min(FADE, real)
        begin = count - real
        samples[begin : begin + length] *= _RISE[:length, None]
    return samples
