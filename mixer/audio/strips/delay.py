"""Delay lines of 0 … 500 ms, one a source."""

from collections.abc import Sequence

import numpy as np

from mixer.contract.clock import RATE
from mixer.contract.names import SourceName
from mixer.ipc.slot import Samples

MAX_MS = 500

_LENGTH = (MAX_MS + 100) * RATE // 1000
_FADE = 240
_RISE = ((np.arange(_FADE, dtype=np.float32) + 1) / _FADE)[:, None].astype(np.float32)


class DelayLines:
    """Keeps the last half second of each source, by name. Blocks have at most 4,800 samples.

    The past is kept of sources without a delay too, so that one may be set at any time without a gap. A
    source's first 5 ms are faded in there, for a listener who hears them late.
    """

    def __init__(self) -> None:
        self._places: dict[SourceName, int] = {}
        self._sound: Samples = np.zeros((0, _LENGTH, 2), np.float32)
        self._at = 0
        self._delays: dict[SourceName, int] = {}

    def process(self, sources: Sequence[SourceName], samples: Samples, delays: Sequence[int]) -> Samples:
        """Delay (S, n, 2) by ``delays`` samples each; the very array where nothing is delayed. Another delay
        than in the block before is faded over to within the block.
        """
        count = samples.shape[1]
        self._keep(sources, samples, count)
        before = self._delays
        self._delays = dict(zip(sources, delays, strict=True))
        late = [
            (row, source)
            for row, source in enumerate(sources)
            if delays[row] or before.get(source, delays[row])
        ]
        if not late:
            return samples
        out = samples.copy()
        for row, source in late:
            now, was = delays[row], before.get(source, delays[row])
            out[row] = self._past(source, now, count)
            if now != was:
                fade = ((np.arange(count, dtype=np.float32) + 1) / count)[:, None]
                old = self._past(source, was, count)
                out[row] = old + (out[row] - old) * fade
        return out

    def _keep(self, sources: Sequence[SourceName], samples: Samples, count: int) -> None:
        if self._places.keys() != set(sources):
            self._move(sources)
        places = [self._places[source] for source in sources]
        first = min(count, _LENGTH - self._at)
        self._sound[places, self._at : self._at + first] = samples[:, :first]
        self._sound[places, : count - first] = samples[:, first:]
        for source, place in self._places.items():
            if source not in self._delays:  # a newcomer
                at = (self._at + np.arange(_FADE)) % _LENGTH
                self._sound[place, at] *= _RISE
        self._at = (self._at + count) % _LENGTH

    def _move(self, sources: Sequence[SourceName]) -> None:
        self._places = {source: place for source, place in self._places.items() if source in set(sources)}
        free = sorted(set(range(len(self._sound))) - set(self._places.values()), reverse=True)
        more = len(sources) - len(self._places) - len(free)
        if more > 0:
            have = len(self._sound)
            self._sound = np.concatenate((self._sound, np.zeros((more, _LENGTH, 2), np.float32)))
            free = [*range(have + more - 1, have - 1, -1), *free]
        for source in sources:
            if source not in self._places:
                place = self._places[source] = free.pop()
                self._sound[place] = 0

    def _past(self, source: SourceName, delay: int, count: int) -> Samples:
        """The block of ``count`` samples that ended ``delay`` samples ago."""
        ring, begin = self._sound[self._places[source]], (self._at - count - delay) % _LENGTH
        past: Samples = ring[begin : begin + count]
        if len(past) < count:
            past = np.concatenate((past, ring[: count - len(past)]))
        return past
