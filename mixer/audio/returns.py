"""What listeners hear: their bus without their own voice for those who are heard, one sound for all others.

A seat is *heard* from the block in which its part of any bus first exceeds −60 dBFS until 2 s after the last.
The part of a seat that is not heard is left out of the returns altogether, so that who gets the common
sound is in it on no packet, not even as a room's noise. The loudest of the heard have a row of their own
each; the others share one, without the voices of all who share it: their own isn't in it either. Talkback
ducks the returns of those it is meant for and is added to them: in rows of their own for those who have one,
in one for the others. They hear it come and go together: who joins or leaves them while the director talks
waits until it has faded.

Listeners hear at the reference level: a bus's loudness target is for its audience.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from mixer.audio.arrays import Gains, Names
from mixer.audio.balance import Levels
from mixer.audio.interpret import FLOOR
from mixer.audio.measuring.levels import gain_of_db
from mixer.contract.clock import RATE
from mixer.contract.names import (
    TALKBACK,
    Listeners,
    SourceName,
    StreamName,
    is_seat,
    return_stream,
    returned_in,
)
from mixer.contract.plan import AudioPlan, BusName

HEARD_DB = -60.0
HOLD = 2 * RATE
"""Samples for which a seat counts as heard after it was."""
MAX_MINUS = 8
"""Rows of a single listener's own at once."""
DISPLACE = 2.0
"""How much louder (a factor; 6 dB) a newcomer must be to take a place when all are taken."""
TALK_STEPS = 3
"""Blocks in which talkback comes and goes."""
HALL, MONITOR = "hall", "monitor"

_THRESHOLD = gain_of_db(HEARD_DB)
_DECAY = 0.93
"""Of a seat's loudness a block: it follows a talker within a second."""


@dataclass(frozen=True, slots=True)
class Feed:
    """One stream of returns in one block: which row is whose."""

    stream: StreamName
    common: str
    heard: tuple[SourceName, ...]
    own: Mapping[SourceName, str]


@dataclass(frozen=True, slots=True)
class ReturnRows:
    """Rows of the returns: ``gains`` (2, R, S) at the block's beginning and end, in the order of ``names``.

    ``like``: the row that its listener, or most of them, heard before this one was there.
    """

    names: Names
    gains: Gains
    like: Mapping[str, str]
    feeds: tuple[Feed, ...]


@dataclass(slots=True)
class _Heard:
    until: int
    loudness: float = 0.0
    gate: float = 0.0
    """Factor of its part in the returns at the end of the last block: 0 or 1."""


@dataclass(frozen=True, slots=True)
class _Row:
    name: str
    bus: int
    without: tuple[int, ...] = ()
    """The places of the sources that are left out: of all who hear it."""
    talk: tuple[float, float] = (0.0, 0.0)
    """How far talkback is up, at the block's beginning and end."""


@dataclass(slots=True)
class Returns:
    """Decides who is heard, who has a row of their own, and what is in the rows, block after block."""

    max_minus: int = MAX_MINUS
    _heard: dict[SourceName, _Heard] = field(default_factory=dict)
    _placed: frozenset[SourceName] = frozenset()
    _displaced: frozenset[SourceName] = frozenset()
    """Who had a row of their own until this block. They have it once more: their voice is still in what the
    limiter holds back of the row that they are going to share."""
    _shared: dict[tuple[str, SourceName], str] = field(default_factory=dict)
    """Which row each listener of a stream shared with others in the block before."""
    _members: dict[BusName, frozenset[SourceName]] = field(default_factory=dict)
    """Who was in each bus in the block before: still in what a limiter holds back."""
    _talk: "_Talk" = field(default_factory=lambda: _Talk())

    def block(
        self,
        plan: AudioPlan,
        levels: Levels,
        peaks: Gains,
        streams: Collection[StreamName],
        start: int,
    ) -> ReturnRows:
        """The rows of one block, which begins at sample number ``start`` (any origin; it only goes on).

        ``peaks`` (S,): of the sources, before any gain. ``streams``: those that somebody wants.
        """
        faded = [s for s, state in self._heard.items() if state.until <= start and state.gate == 0.0]
        gates = self._listen(levels, peaks, start)
        self._talk.step(plan, self._placed)
        members = {bus: _members(levels, place) for place, bus in enumerate(levels.buses)}
        near = {b: m | self._members.get(b, frozenset()) for b, m in members.items()}
        self._place([s for s in self._heard if s in near.get(plan.listeners.get(s, FLOOR), ())])
        rows: list[_Row] = []
        like: dict[str, str] = {}
        feeds: list[Feed] = []
        shared = self._shared
        self._shared = {}
        for stream in sorted(streams):
            returned = returned_in(stream)
            if returned is None:
                continue
            _, bus = returned
            if bus in (HALL, MONITOR):
                feeds.append(Feed(stream, bus, (), {}))
            elif bus in near:
                feed = self._feed(plan, levels, returned, near[bus] & self._heard.keys(), rows)
                like.update((row, shared.get((stream, source), stream)) for source, row in feed.own.items())
                feeds.append(feed)
        self._members = members
        for source in faded:  # after this block: its fade's last bit is in what limiters hold back
            if self._heard[source].until <= start:
                del self._heard[source]
        names = tuple(row.name for row in rows)
        return ReturnRows(names, self._gains(levels, gates, rows), like, tuple(feeds))

    def _feed(
        self,
        plan: AudioPlan,
        levels: Levels,
        returned: tuple[Listeners, BusName],
        heard: frozenset[SourceName],
        rows: list[_Row],
    ) -> Feed:
        """The feed of one stream; its rows are added to ``rows``."""
        kind, bus = returned
        stream = return_stream(kind, bus)
        place = levels.buses.index(bus)
        rows.append(_Row(stream, place, talk=self._talk.of(())))
        others = _listening_elsewhere(plan, kind)
        listening = frozenset(
            s
            for s in heard.union(self._talk.targets)
            if plan.listeners.get(s, FLOOR) == bus and s not in others
        )
        alone = (self._placed | self._displaced) & heard & listening
        own = {source: f"{stream} {source}" for source in sorted(alone)}
        rows += [_Row(own[s], place, _places(levels, (s,)), self._talk.of((s,))) for s in own]
        targets = listening.intersection(self._talk.targets)
        for name, sharing in (("talk", targets - self._placed), ("rest", listening - targets - self._placed)):
            if sharing:
                row = f"{stream} {name}"
                rows.append(_Row(row, place, _places(levels, sharing), self._talk.of(sharing & targets)))
                own.update(dict.fromkeys(sharing - alone, row))
                self._shared.update(((stream, source), row) for source in sharing)
        return Feed(stream, stream, tuple(sorted(heard | targets)), own)

    def _gains(self, levels: Levels, gates: Gains, rows: list[_Row]) -> Gains:
        gains: Gains = levels.bus[:, [row.bus for row in rows]] * gates[:, None]
        for number, row in enumerate(rows):
            gains[:, number, row.without] = 0.0
        if self._talk.source in levels.sources:
            talker = levels.sources.index(self._talk.source)
            up = np.array([row.talk for row in rows], np.float32).reshape(-1, 2).T
            gains *= (1.0 - up * np.float32(1.0 - self._talk.level))[:, :, None]
            gains[:, :, talker] = up
        return gains

    def _listen(self, levels: Levels, peaks: Gains, start: int) -> Gains:
        """Note who is heard; gives the factors of all sources in the returns, (2, S)."""
        for state in self._heard.values():
            state.loudness *= _DECAY
        gates = np.ones((2, len(levels.sources)), np.float32)
        for place, source in enumerate(levels.sources):
            if not is_seat(source):
                continue
            peak = float(peaks[place] * levels.present[place])
            if peak > _THRESHOLD:
                state = self._heard.setdefault(source, _Heard(0))
                state.until = start + HOLD
                state.loudness = max(state.loudness, peak)
            known = self._heard.get(source)
            if known is None:
                gates[:, place] = 0.0
                continue
            gate = 1.0 if start < known.until else 0.0
            gates[:, place] = known.gate, gate
            known.gate = gate
        for source in self._heard.keys() - set(levels.sources):
            self._heard[source].gate = 0.0
        return gates

    def _place(self, listening: Iterable[SourceName]) -> None:
        """Give the places to those talked to, then to the loudest of the heard who listen to a bus they are
        in; who has one keeps it against slightly louder ones."""
        targets = self._talk.targets
        ranked = sorted(
            listening,
            key=lambda s: (
                s in targets,
                self._heard[s].loudness * (DISPLACE if s in self._placed else 1.0),
            ),
            reverse=True,
        )
        before, self._placed = self._placed, frozenset(ranked[: self.max_minus])
        self._displaced = before - self._placed


@dataclass(slots=True)
class _Talk:
    """How far talkback is up, for everybody and for each whom it is meant for, in steps a block."""

    source: SourceName = TALKBACK
    level: float = 1.0
    everybody: tuple[int, int] = (0, 0)
    """Steps at the block's beginning and end."""
    targets: dict[SourceName, tuple[int, int]] = field(default_factory=dict)

    def step(self, plan: AudioPlan, alone: Collection[SourceName]) -> None:
        """The next block. ``alone``: who has a row of their own."""
        talk = plan.talkback
        if talk is not None:
            self.source, self.level = talk.source, min(1.0, gain_of_db(talk.level_db))
        wanted = frozenset(talk.to) if talk is not None else frozenset()
        self.everybody = _stepped(self.everybody, talk is not None and talk.everybody)
        sharing = {source for source, step in self.targets.items() if step[1] and source not in alone}
        together = not sharing or sharing == wanted.difference(alone)
        steps = {
            source: _stepped(
                self.targets.get(source, (0, 0)), source in wanted and (together or source in alone)
            )
            for source in (*wanted, *self.targets)
        }
        self.targets = {source: step for source, step in steps.items() if step != (0, 0)}

    def of(self, listeners: Iterable[SourceName]) -> tuple[float, float]:
        """Return how far talkback is up in a row that these listeners share."""
        both = [self.everybody, *(self.targets.get(source, (0, 0)) for source in listeners)]
        return max(step[0] for step in both) / TALK_STEPS, max(step[1] for step in both) / TALK_STEPS


def _stepped(step: tuple[int, int], up: bool) -> tuple[int, int]:
    return step[1], min(step[1] + 1, TALK_STEPS) if up else max(step[1] - 1, 0)


def _members(levels: Levels, bus: int) -> frozenset[SourceName]:
    inside = np.logical_or.reduce(levels.bus[:, bus] != 0, axis=0)
    return frozenset(source for source, is_in in zip(levels.sources, inside, strict=True) if is_in)


def _places(levels: Levels, sources: Iterable[SourceName]) -> tuple[int, ...]:
    """Return where the sources are, those that are there."""
    return tuple(levels.sources.index(source) for source in sources if source in levels.sources)


def _listening_elsewhere(plan: AudioPlan, kind: Listeners) -> frozenset[SourceName]:
    """Return who certainly doesn't listen to streams of this kind: booths are for interpreters alone."""
    interpreters = frozenset(entry.source for entry in plan.interpreters)
    return frozenset(entry.source for entry in plan.open) - interpreters if kind == "booth" else interpreters
