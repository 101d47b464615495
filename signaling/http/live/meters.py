"""The meters' board: what the mixer and the shards measure, put together for all who watch. No I/O.

The mixer knows what the desk hears; the shards know every microphone, open or closed. The mixer's word counts
where both have one.
"""

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from mixer.contract.messages import Meters
from mixer.contract.names import MIXER
from signaling.contract.messages import ShardLevels
from signaling.http import messages

PERIOD_S = 0.05
HOLD_S = 1.5
"""How long a peak is held that only a shard knows."""
STALE_S = 0.5
"""Who has said nothing for so long has gone: what it said is no longer shown."""
LOWEST_DB = -100.0

Pair = tuple[float, float]
"""Peak and held peak, dBFS."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What the meters show: by source (``seat/<id>`` …) peak and held peak in dBFS; by bus those and its
    loudness, in the order of :class:`mixer.contract.messages.BusMeter`."""

    sources: Mapping[str, Pair]
    buses: Mapping[str, tuple[float, ...]]

    def whole(self) -> messages.Meters:
        return messages.Meters(self.sources, self.buses)

    def part(self, sources: Collection[str]) -> messages.Meters:
        """Return the meters of these sources, and of the buses the peaks alone."""
        mine = {source: self.sources[source] for source in sources if source in self.sources}
        return messages.Meters(mine, {bus: meter[:2] for bus, meter in self.buses.items()})


@dataclass(slots=True)
class _Feed:
    """What one process has said last."""

    at_s: float
    sources: dict[str, Pair]
    buses: dict[str, tuple[float, ...]] = field(default_factory=dict)
    held: dict[str, Pair] = field(default_factory=dict)
    """Of a shard: the highest peak of late, and when it is forgotten."""
    shown: bool = False


class MeterBoard:
    """``clock`` gives seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._feeds: dict[str, _Feed] = {}
        self._due_s = 0.0

    def take(self, sender: str, message: Meters | ShardLevels) -> Reading | None:
        """Return what to show now, at most 20 times a second in the long run; None: not yet.

        The mixer's messages set the time, the shards' only while the mixer is away. Peaks of what wasn't
        shown are part of the next reading.
        """
        now_s = self._clock()
        before = self._feeds.get(sender)
        if isinstance(message, Meters):
            feed = _of_mixer(now_s, message)
        else:
            feed = _of_shard(now_s, message, before.held if before is not None else {})
        if before is not None and not before.shown:
            for source, (peak, hold) in feed.sources.items():
                missed = before.sources.get(source, (LOWEST_DB, LOWEST_DB))[0]
                feed.sources[source] = (max(peak, missed), max(hold, missed))
        self._feeds[sender] = feed
        if sender != MIXER and MIXER in self._feeds and now_s - self._feeds[MIXER].at_s < STALE_S:
            return None
        if now_s < self._due_s - PERIOD_S:  # a period early is still in time: they don't come like clockwork
            return None
        self._due_s = max(self._due_s, now_s) + PERIOD_S
        return self._read(now_s)

    def forget(self) -> None:
        """Forget all, because nobody watches any more."""
        self._feeds.clear()

    def _read(self, now_s: float) -> Reading:
        self._feeds = {name: each for name, each in self._feeds.items() if now_s - each.at_s < STALE_S}
        sources: dict[str, Pair] = {}
        buses: dict[str, tuple[float, ...]] = {}
        for name in sorted(self._feeds, key=lambda name: name == MIXER):
            feed = self._feeds[name]
            feed.shown = True
            sources |= feed.sources
            buses |= feed.buses
        return Reading(sources, buses)


def _of_mixer(now_s: float, message: Meters) -> _Feed:
    return _Feed(
        now_s,
        {source: (_db(each.peak), _db(each.hold)) for source, each in message.sources.items()},
        {
            bus: tuple(
                map(
                    _db,
                    (m.peak, m.hold, m.momentary, m.short_term, m.integrated, m.true_peak),
                )
            )
            for bus, m in message.buses.items()
        },
    )


def _of_shard(now_s: float, message: ShardLevels, held: Mapping[str, Pair]) -> _Feed:
    feed = _Feed(now_s, {})
    for source, level in message.levels.items():
        peak = _db(level)
        hold, until_s = held.get(source, (LOWEST_DB, 0.0))
        if peak >= hold or now_s >= until_s:
            hold, until_s = peak, now_s + HOLD_S
        feed.held[source] = (hold, until_s)
        feed.sources[source] = (peak, hold)
    return feed


def _db(value: float) -> float:
    """Round to steps of 0.1, at least −100, which also stands for what is no number."""
    return round(max(LOWEST_DB, value), 1)
