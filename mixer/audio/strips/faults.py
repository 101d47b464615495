"""Finds what is wrong with a source's sound, as it came in: an offset, hum, clipping, a line that is dead.

Each is named after it has been there for a while and goes 2.5 s after it was last seen. One at a time is told
of a source; what hurts most comes first.

* ``sound.clipping``: in a fifth of the blocks or more (every fifth is looked at) the wave runs steeply into
  flat tops, three neighbouring samples or more: equal (within a 16-bit step) at the block's own peak, of −12
  dBFS or more; or over 0.98 of full scale, as codecs bend them. Lossy codecs bend tops that were cut at a
  lower level, too: those aren't found behind Opus.
* ``sound.dc``: a mean over 2 % of full scale for 1 s.
* ``sound.hum``: more than half of all power lies on 50 or 60 Hz and its multiples up to the sixth, for 3 s,
  in phase over a whole second: so a voice or an instrument must hold a tone exactly there to be taken for it.
  And the power is on the mains' own frequency or on its double and fourfold, as rectifiers hum. It stays
  while 2 % of the power are still there, on a quarter of what it was: under speech, too.
* ``sound.zeros``: a microphone (``seat/…``, ``talk/…``) whose samples are there and all zero for 3 s, which
  no room is (Opus makes one step of 16 bits of it). Safari sends them after a telephone call.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from mixer.audio.rows import Rows, carried
from mixer.contract.clock import RATE
from mixer.contract.names import SourceName, is_microphone
from mixer.ipc.slot import Samples

CLIPPING, DC, HUM, ZEROS = "sound.clipping", "sound.dc", "sound.hum", "sound.zeros"
CODES = (CLIPPING, DC, HUM, ZEROS)
"""In the order of which is told first."""
AFTER_S = (0.2, 1.0, 3.0, 3.0)
"""For how long each must have been there."""
GOES_S = 2.5
DC_LIMIT = 0.02
LOOKS = 5
"""Blocks from one look at the tops of the wave to the next."""

_LSB = 1.0 / 32768
_STILL = 1.5 * _LSB
_FULL, _LOUD = 0.98, 0.25
_STEEP, _STEEP_AT_FULL = 0.001, 0.02
"""By how much the sample before a flat top is under it: a tone of 50 Hz has flat tops, too, but no corners.
"""
_MEMORY_S = 1.0
_MAINS_HZ = (50.0, 60.0)
_MULTIPLES = 6
_HUM_FLOOR = 10 ** (-60 / 10)
_HUM_SHARE = 0.5
_LEFT_SHARE, _LEFT = 0.02, 0.25
_DC_SMOOTHING_S = 0.3
_CLIPPED = 0.2

Column = NDArray[np.float64]


class FaultFinder:
    """All sources' faults, by name. Blocks of one length of 10 … 100 ms."""

    def __init__(self) -> None:
        self.problems: Mapping[SourceName, str] = {}
        """The code of each source that has one."""
        self._rows = Rows[SourceName]()
        self._microphone = np.zeros(0, np.bool_)
        self._seen = np.zeros((0, len(CODES)))
        """Seconds for which each has been there without a break."""
        self._good = np.zeros((0, len(CODES)))
        """Seconds since it was last there."""
        self._named = np.zeros((0, len(CODES)), np.bool_)
        self._mean = np.zeros((0, 2))
        self._clipped = np.zeros(0)
        self._tones = np.zeros((0, 0, len(_MAINS_HZ) * _MULTIPLES), np.complex128)
        """Amplitudes of the mains' multiples in the blocks of the last second."""
        self._power = np.zeros((0, 0))
        self._humming = np.zeros(0, np.bool_)
        self._hum_power = np.zeros(0)
        """Of the mains' multiples, when they dominated last."""
        self._place = 0
        self._blocks = 0
        self._basis = np.zeros((0, 0), np.float32)
        """(n, cosines and sines): projections of the sum of both channels."""
        self._even = np.zeros(0, np.float32)
        self._turn = np.zeros(0, np.complex128)

    def process(
        self, sources: Sequence[SourceName], planes: Samples, whole: Sequence[bool] | None = None
    ) -> None:
        """Look at a block, plane by plane: (S, 2, n), contiguous. ``whole``: which sources' samples were all
        really there; nothing is known to have been if it isn't given, and no silence is a fault.
        """
        rows, _, count = planes.shape
        self._fit(count)
        self._arrange(sources)
        seconds = count / RATE
        high, low = planes.max(axis=2), planes.min(axis=2)
        there = np.zeros((rows, len(CODES)), np.bool_)
        if self._place % LOOKS == 0:
            self._clips(planes, high, low)
        there[:, 0] = self._clipped > _CLIPPED
        mean = (planes.reshape(-1, count) @ self._even).reshape(rows, 2)
        self._mean += (mean - self._mean) * min(1.0, seconds / _DC_SMOOTHING_S)
        there[:, 1] = (np.abs(self._mean) > DC_LIMIT).any(axis=1)
        there[:, 2] = self._hums(planes, mean.mean(axis=1))
        if whole is not None:
            still = np.maximum(high, -low).max(axis=1) <= _STILL
            there[:, 3] = still & self._microphone & np.array(whole, np.bool_)
        self._seen = np.where(there, self._seen + seconds, 0.0)
        self._good = np.where(there, 0.0, self._good + seconds)
        self._named |= self._seen > np.array(AFTER_S) - seconds / 2
        self._named &= self._good < GOES_S
        if self._named.any() or self.problems:
            first = self._named.argmax(axis=1)
            self.problems = {
                source: CODES[first[row]]
                for row, source in enumerate(sources)
                if self._named[row, first[row]]
            }

    def _arrange(self, sources: Sequence[SourceName]) -> None:
        had = self._rows.arrange(sources)
        if had is None:
            return
        self._microphone = np.array([is_microphone(source) for source in sources], np.bool_)
        self._seen = carried(self._seen, had)
        self._good = carried(self._good, had)
        self._named = carried(self._named, had, False)
        self._mean = carried(self._mean, had)
        self._clipped = carried(self._clipped, had)
        self._tones = carried(self._tones, had)
        self._power = carried(self._power, had)
        self._humming = carried(self._humming, had, False)
        self._hum_power = carried(self._hum_power, had)
        self.problems = {source: code for source, code in self.problems.items() if source in sources}

    def _clips(self, planes: Samples, high: Samples, low: Samples) -> None:
        """Measure how frequent flat tops are in the blocks that are looked at."""
        tops = np.stack((high, -low))
        found = np.zeros(len(planes), np.bool_)
        loud = np.flatnonzero((tops >= _LOUD).any(axis=(0, 2)))
        if len(loud):
            found[loud] = _flat(planes[loud], tops[:, loud] - np.float32(_LSB), np.float32(_STEEP))
        full = np.flatnonzero((tops >= _FULL).any(axis=(0, 2)))
        if len(full):
            limits = np.where(tops[:, full] >= _FULL, np.float32(_FULL), np.float32(np.inf))
            found[full] |= _flat(planes[full], limits, np.float32(_STEEP_AT_FULL))
        self._clipped += (found - self._clipped) * 0.1

    def _hums(self, planes: Samples, mean: Column) -> NDArray[np.bool_]:
        """Return whether the mains dominate the last second; told five times a second."""
        mono = planes[:, 0] + planes[:, 1]
        tones = mono @ self._basis
        half = tones.shape[1] // 2
        self._tones[:, self._place] = (tones[:, :half] + 1j * tones[:, half:]) * self._turn**self._blocks
        self._power[:, self._place] = np.einsum("ij,ij->i", mono, mono) / (4 * mono.shape[1]) - mean * mean
        length = self._power.shape[1]
        self._place = (self._place + 1) % length
        self._blocks = (self._blocks + 1) % (length * length)
        if self._place % max(1, length // 5) == 0:
            self._humming = self._dominated()
        return self._humming

    def _dominated(self) -> NDArray[np.bool_]:
        amplitude = self._tones.mean(axis=1)
        # a cosine of amplitude a has a mean square a²/2 and a projection of a/2
        shares = 2 * np.abs(amplitude) ** 2
        shares = shares.reshape(-1, len(_MAINS_HZ), _MULTIPLES)
        power = self._power.mean(axis=1)
        comb = shares.sum(axis=2)
        own = shares[:, :, 0] > 0.1 * comb
        rectified = (shares[:, :, 1] > 0.1 * comb) & (shares[:, :, 3] > 0.01 * comb)
        hum = (comb > _HUM_SHARE * power[:, None]) & (comb > _HUM_FLOOR) & (own | rectified)
        found: NDArray[np.bool_] = np.asarray(hum.any(axis=1))
        comb = comb.max(axis=1)
        self._hum_power = np.where(found, comb, self._hum_power)
        left = (comb > _LEFT * self._hum_power) & (comb > _LEFT_SHARE * power)
        humming: NDArray[np.bool_] = found | (left & self._named[:, CODES.index(HUM)])
        return humming

    def _fit(self, count: int) -> None:
        """Projections for blocks of this length."""
        if len(self._basis) == count:
            return
        rows = len(self._rows.names)
        hz = np.concatenate([np.arange(1, _MULTIPLES + 1) * mains for mains in _MAINS_HZ])
        angle = 2 * np.pi * np.arange(count)[:, None] * hz / RATE
        self._basis = (np.concatenate((np.cos(angle), -np.sin(angle)), axis=1) / (2 * count)).astype(
            np.float32
        )
        self._even = np.full(count, 1 / count, np.float32)
        self._turn = np.exp(-2j * np.pi * hz * count / RATE)
        length = round(_MEMORY_S * RATE / count)
        self._tones = np.zeros((rows, length, len(hz)), np.complex128)
        self._power = np.zeros((rows, length))
        self._place = self._blocks = 0


def _flat(planes: Samples, tops: Samples, steep: np.float32) -> NDArray[np.bool_]:
    """Return which rows of (rows, 2, n) jump from more than ``steep`` below to three samples at the top or
    over it.

    ``tops``: (upwards and downwards, rows, 2).
    """
    up, down = tops[:, :, :, None]
    found = np.zeros(len(planes), np.bool_)
    for at, under in ((planes >= up, planes < up - steep), (planes <= -down, planes > steep - down)):
        three = under[:, :, :-3] & at[:, :, 1:-2] & at[:, :, 2:-1] & at[:, :, 3:]
        found |= three.any(axis=(1, 2))
    return found
