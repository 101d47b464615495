"""Sound that isn't there, and sound made a little longer or shorter: by whole periods of its own pitch. Pure.

Blocks are float32 of shape (n, 2) at 48 kHz, −1 … 1.
"""

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]

_DOWN = 4
_MIN_LAG, _MAX_LAG = 120, 600
"""80 … 400 Hz: the pitch of speech."""
_HISTORY = 1920
HOLD, FADE = 960, 5760
"""What is made up keeps its level for 20 ms and is gone after 120 ms."""
JOIN = 240
STEADY, ALIKE, ANY = 0.95, 0.8, -1.0
"""How alike two periods must be for one to be left out or played twice: then it isn't heard at all, then
hardly; or at any price."""
_QUIET = 3e-3
"""Under −50 dBFS, in the pauses of speech, nobody hears it anyway."""


def pitch_period(block: Samples) -> int:
    """Samples of the best period, 120 … 600, by normalised autocorrelation of the block's end.

    ``block`` has at least 1320 samples for the whole range; with fewer the range is shorter.
    """
    return _pitch(block)[0]


def _pitch(block: Samples) -> tuple[int, float]:
    """The period and how alike the two last periods are, −1 … 1."""
    mono = block[:, 0][::_DOWN].astype(np.float64)
    low = _MIN_LAG // _DOWN
    high = min(_MAX_LAG // _DOWN, len(mono) // 2)
    if high <= low:
        return _MIN_LAG, 0.0
    window = len(mono) - high
    tail = mono[-window:]
    scores = np.correlate(mono, tail, "valid")[::-1]  # index = lag, 0 … high
    sums = np.concatenate(([0.0], np.cumsum(mono * mono)))
    energy = (sums[window:] - sums[: len(mono) - window + 1])[::-1]
    normal = scores[low : high + 1] / np.sqrt(energy[low : high + 1] * energy[0] + 1e-9)
    best = int(np.argmax(normal))
    return (best + low) * _DOWN, float(normal[best])


def _ramp(count: int) -> Samples:
    return np.linspace(0, 1, count, endpoint=False, dtype=np.float32)[:, None]


def _exact(block: Samples, lag: int) -> int:
    """The lag to a sample: where the block's two first periods fit best, near the one that was found."""
    first = block[:lag, 0]
    best, similarity = lag, -np.inf
    for near in range(max(_MIN_LAG, lag - _DOWN), min(lag + _DOWN, len(block) - lag) + 1):
        other = block[near : near + lag, 0]
        score = float(first @ other) / float(np.sqrt(other @ other + 1e-9))
        if score > similarity:
            best, similarity = near, score
    return best


def _stretchable(block: Samples, like: float) -> int:
    """The period by which the block may change its length; 0: it may not."""
    lag, similarity = _pitch(block)
    if len(block) < 2 * lag:
        return 0
    if similarity >= like:
        lag = _exact(block, lag)
        return lag if len(block) >= 2 * lag else 0
    return lag if float(np.abs(block).max()) < _QUIET else 0


def shorten(block: Samples, like: float = ANY) -> Samples:
    """The block without one period; as it is when it is too short for that, or when its periods are less
    ``like`` each other than that and it is loud enough for the change to be heard."""
    lag = _stretchable(block, like)
    if not lag:
        return block
    ramp = _ramp(lag)
    joined = block[:lag] * (1 - ramp) + block[lag : 2 * lag] * ramp
    return np.concatenate((joined, block[2 * lag :]))


def lengthen(block: Samples, like: float = ANY) -> Samples:
    """The block with one period twice; under the same rule as :func:`shorten`."""
    lag = _stretchable(block, like)
    if not lag:
        return block
    ramp = _ramp(lag)
    again = block[lag : 2 * lag] * (1 - ramp) + block[:lag] * ramp
    return np.concatenate((block[:lag], again, block[lag:]))


def faded(block: Samples, made: int) -> Samples:
    """``block`` at the level of what is made up, ``made`` samples after the last real one."""
    if made + len(block) <= HOLD:
        return block
    at = made + np.arange(len(block))
    return block * np.clip((FADE - at) / (FADE - HOLD), 0, 1).astype(np.float32)[:, None]


def faded_out(block: Samples) -> Samples:
    """``block`` from its level to nothing at its end."""
    return block * (1 - _ramp(len(block)))


def _best_start(block: Samples, made: Samples) -> int:
    """Return where ``block`` is most like ``made``: 0 … one period at most."""
    room = min(_MAX_LAG, len(block) - len(made))
    if room <= 0:
        return 0
    mono, wanted = block[: room + len(made), 0], made[:, 0]
    scores = np.correlate(mono, wanted, "valid")
    sums = np.concatenate(([0.0], np.cumsum(mono.astype(np.float64) ** 2)))
    energy = sums[len(made) :] - sums[: -len(made)]
    return int(np.argmax(scores / np.sqrt(energy + 1e-6)))


class Concealer:
    """Goes on with the last period when a packet is lost, keeps its level for 20 ms, is gone after 120 ms."""

    def __init__(self) -> None:
        self._heard: tuple[Samples, ...] = (np.zeros((_HISTORY, 2), np.float32),)
        self._period: Samples | None = None
        self._made = 0
        self._joining = self._aligning = False

    def good(self, block: Samples) -> Samples:
        """Take a decoded block; returns it, joined to what was made up before."""
        if self._joining and len(block):
            count = min(JOIN, len(block))
            made = self._extend(count)
            if self._aligning:
                block = block[_best_start(block, made) :]
            ramp = _ramp(count)
            block = block.copy()
            block[:count] = block[:count] * ramp + made * (1 - ramp)
        self._joining = self._aligning = False
        self._period = None
        self.keep(block)
        return block

    def keep(self, block: Samples) -> None:
        """Remember a block that was heard as it is."""
        if len(block) >= _HISTORY:
            self._heard = (block,)
        elif len(block):
            self._heard = (*self._heard[-3:], block)

    def lost(self, count: int) -> Samples:
        """``count`` samples in place of those that are missing."""
        self.cut()
        return self._extend(count)

    def cut(self, *, late: bool = False) -> None:
        """Note that what comes next doesn't follow on what was, so that :meth:`good` joins it.

        ``late``: it isn't where it belongs in time either, so up to a period of it may go for a good join.
        """
        self._joining = True
        self._aligning = late
        if self._period is None:
            self._made = 0
            history = np.concatenate(self._heard)[-_HISTORY:]
            self._period = history[-pitch_period(history) :]

    def silent(self) -> None:
        """Note that nothing was heard last: there is nothing to go on with, and what comes next comes out of
        silence."""
        self._heard = (np.zeros((_HISTORY, 2), np.float32),)
        self._period = self._heard[0][:_MIN_LAG]
        self._made = 0
        self._joining = True

    @property
    def faded(self) -> bool:
        return self._period is not None and self._made >= FADE

    def _extend(self, count: int) -> Samples:
        assert self._period is not None
        at = self._made + np.arange(count)
        block: Samples = self._period[at % len(self._period)]
        block = faded(block, self._made)
        self._made += count
        return block
