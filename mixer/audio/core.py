"""One block of all sound, from the sources' samples to what encoders get. No threads, no clocks, no codecs.

Sources → edges → desk → one matrix of gains → limiters → buses and returns. All rows of a block (the buses,
what the hall and the director hear, the returns' common and own rows) come out of one product.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from mixer.audio.balance import Balance
from mixer.audio.inputs import Inputs, ReadSound
from mixer.audio.limiter import LimiterBank
from mixer.audio.matrix import mix
from mixer.audio.measuring.activity import Activity
from mixer.audio.measuring.levels import peaks_of
from mixer.audio.protect import Protector
from mixer.audio.returns import HALL, MONITOR, Feed, Returns
from mixer.audio.strips.desk import Desk
from mixer.contract.names import SourceName, StreamName, is_booth
from mixer.contract.plan import AudioPlan, BusName
from mixer.ipc.slot import Samples


@dataclass(frozen=True, slots=True)
class Mixed:
    """One block, limited: it lags the sources by the limiters' look-ahead.

    ``buses``: the plan's, then ``hall``. ``rows``: what ``feeds`` name, shape (n, 2) each. ``peaks``: of each
    source with its gain, whether it is open or not.
    """

    buses: tuple[BusName, ...]
    bus_samples: Samples
    """Shape (buses, n, 2)."""
    rows: Mapping[str, Samples]
    feeds: tuple[Feed, ...]
    peaks: Mapping[SourceName, float]


class SoundCore:
    """The sound's state from block to block. ``fps``: pictures of the programme a second."""

    def __init__(self, fps: Fraction) -> None:
        self._inputs = Inputs()
        self._desk = Desk()
        self._activity = Activity()
        self._balance = Balance(fps)
        self._returns = Returns()
        self._limiter = LimiterBank()
        self._protector = Protector()

    @property
    def problems(self) -> Mapping[SourceName, str]:
        """Stable code of what is wrong with a source's sound."""
        return self._desk.problems()

    def block(
        self,
        plan: AudioPlan,
        silent: bool,
        streams: Collection[StreamName],
        read: ReadSound,
        start: int,
        count: int = 960,
        fade_ms: int = 0,
    ) -> Mixed:
        """Mix one block of ``count`` samples, which begins at sample number ``start``.

        ``silent``: the programme is black, or gets so in ``fade_ms``. ``streams``: what somebody wants; only
        returns are looked at.
        """
        sources = self._balance.follow(plan)
        raw = self._inputs.read(sources, read, count)
        samples = self._desk.process(sources, raw, self._balance.inputs, self._inputs.whole)
        levels = self._balance.block(self._activity.block(sources, samples), silent, fade_ms)
        peaks = peaks_of(samples)
        returned = self._returns.block(plan, levels, peaks, streams, start)

        buses = levels.bus * levels.target[:, :, None]
        watched = (MONITOR,) if any(feed.common == MONITOR for feed in returned.feeds) else ()
        extra = (levels.hall, levels.monitor) if watched else (levels.hall,)
        gains = np.concatenate((buses, np.stack(extra, axis=1), returned.gains), axis=1)
        names = (*levels.buses, HALL, *watched, *returned.names)
        unlimited = mix(samples, gains[0], gains[1])
        most = self._protected(unlimited, names, returned.like) if _has_booths(returned.feeds) else None
        shown = len(levels.buses) + 1
        mixed = self._limiter.process(unlimited, names, returned.like, most, shown + len(watched))
        return Mixed(
            names[:shown],
            mixed[:shown],
            dict(zip(names, mixed, strict=True)),
            returned.feeds,
            dict(zip(sources, (peaks * levels.own).tolist(), strict=True)),
        )

    def _protected(
        self, unlimited: Samples, names: tuple[str, ...], like: Mapping[str, str]
    ) -> NDArray[np.float64]:
        """Return what the limiter may let through of sudden jumps in interpreters' ears."""
        booths = [place for place, name in enumerate(names) if is_booth(name)]
        gains = self._protector.most(unlimited[booths], [names[place] for place in booths], like)
        most = np.ones((len(names), gains.shape[1]))
        most[booths] = gains
        return most


def _has_booths(feeds: Collection[Feed]) -> bool:
    return any(is_booth(feed.stream) for feed in feeds)
