"""The gains of every source in every bus, block after block: each of their factors glides on its own.

A gain is a product: the source's own gain, how far it is open (audio follows video), unmuted, ducked, how far
the programme isn't black. Each factor keeps its own pace and no two get in each other's way. The product runs
along a straight line within a block (:mod:`mixer.audio.matrix`): no change takes less than 20 ms, so that
nothing clicks.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import cast

import numpy as np

from mixer.audio.arrays import Flags, Gains, Names, glide, rearranged
from mixer.audio.interpret import (
    BLOCK_MS,
    Roles,
    duck_gains,
    ducked,
    interpreted,
    rates,
    roles,
    within_limits,
)
from mixer.audio.measuring.activity import Hold
from mixer.audio.measuring.levels import gain_of_db
from mixer.audio.rows import Rows, carried
from mixer.contract.names import SourceName
from mixer.contract.plan import AudioInput, AudioPlan, BusName, Interpreter

FADE_FRAMES = 5
"""Pictures of the programme over which a source opens or closes with the scene."""
MAX_FADE_MS = 30_000
LINGER = 1000 // BLOCK_MS
"""Blocks for which a source that left the plan is still read, beside the fade's own: what fades has faded
by then."""
REFERENCE_LUFS = -23.0
"""What levelled sources sum up to; a bus with another target is made louder by the difference."""

Heard = AudioInput | Interpreter
_WHOLE = 1.0
"""A whole way within one block."""


@dataclass(frozen=True, slots=True)
class Levels:
    """Gains at the beginning and at the end of a block: the first axis of every array is those two.

    B buses, S sources. All are at the reference level; only ``target`` makes a bus louder.
    """

    sources: tuple[SourceName, ...]
    buses: Names
    bus: Gains
    """(2, B, S): of each source in each bus."""
    target: Gains
    """(2, B): of each bus towards its loudness target."""
    hall: Gains
    """(2, S): of each source in what the hall hears."""
    monitor: Gains
    """(2, S): of each source in what the director hears."""
    present: Gains
    """(S,): the largest factor each source has in any bus, ducking aside."""
    own: Gains
    """(S,): each source's own gain, be it open or not."""


class Balance:
    """Glides from plan to plan. ``fps``: pictures of the programme a second."""

    def __init__(self, fps: Fraction) -> None:
        self._shortest = min(1.0, float(fps) * BLOCK_MS / 1000 / FADE_FRAMES)
        self._fade = self._shortest
        self._plan: AudioPlan | None = None
        self._roles = roles(AudioPlan(buses=()), ())
        self._entries: Mapping[SourceName, Heard] = {}
        self._lingering: dict[SourceName, int] = {}
        self._of_sources, self._of_buses = Rows[SourceName](), Rows[BusName]()
        self.inputs: Mapping[SourceName, Heard] = {}
        """What the plan says of each source, or said last, for those that linger."""
        self._hold_sources, self._hold_buses = Hold(), Hold()
        self._ducking = within_limits(AudioPlan().ducking)
        self._air = 1.0
        # One row a factor: how far each source is open, unmuted, soloed, kept out of the hall; and its gain.
        self._factor = np.zeros((5, 0), np.float32)
        self._wanted = np.zeros((5, 0), np.float32)
        self._into = np.zeros((0, 0), np.float32)
        self._duck = np.ones((0, 0), np.float32)
        # One row a choice: which bus is the monitor's, the hall's; and each bus's gain.
        self._choice = np.zeros((3, 0), np.float32)
        self._chosen = np.zeros((3, 0), np.float32)
        self._under = np.ones(0, np.float32)
        """(B,): the factor of the bus's interpreters."""
        self._soloing = 0.0

    def follow(self, plan: AudioPlan) -> tuple[SourceName, ...]:
        """Take ``plan`` from this block on. Returns the sources to read: its own and those that linger."""
        self._lingering = {source: left - 1 for source, left in self._lingering.items() if left > 1}
        gone = [s for s in self._roles.sources if s not in self._lingering and s not in self._entries]
        if plan is not self._plan or gone:
            self._take(plan)
        return self._roles.sources

    def block(self, active: Flags, silent: bool, fade_ms: int = 0) -> Levels:
        """The gains of one block. ``active`` (S,): who speaks in it; ``silent``: the programme is black, or
        is getting so in ``fade_ms`` from all to nothing."""
        now, ducking = self._roles, self._ducking
        level, down, up = rates(ducking)
        hold = ducking.hold_ms // BLOCK_MS
        spoken = self._hold_buses.block(now.buses, interpreted(now, active), hold)
        floor, interpreters = ducked(now, self._hold_sources.block(now.sources, active, hold), spoken)

        factor, into, duck = self._factor, self._into, self._duck
        choice, under, air, soloing = self._choice, self._under, self._air, self._soloing
        pace = np.array([[self._fade], [_WHOLE], [_WHOLE], [_WHOLE], [np.inf]], np.float32)
        self._factor = glide(factor, self._wanted, pace)
        self._into = glide(into, now.into.astype(np.float32), _WHOLE)
        step = duck_gains(floor, level) - duck
        self._duck = duck + np.clip(step, -np.float32(down), np.float32(up))
        self._under = glide(under, duck_gains(interpreters, level), down)
        self._choice = glide(choice, self._chosen, np.array([[_WHOLE], [_WHOLE], [np.inf]], np.float32))
        pace_of_air = _per_block(fade_ms) if fade_ms > 0 else _WHOLE
        self._air = max(0.0, air - pace_of_air) if silent else min(1.0, air + pace_of_air)
        self._soloing = float(bool(self._plan and self._plan.monitor.solo))

        factors = np.stack((factor, self._factor))
        opened, unmuted, soloed, kept_out, gain = (factors[:, i] for i in range(5))
        onstage = opened * unmuted
        intos = np.stack((into, self._into))
        ducks, unders = np.stack((duck, self._duck)), np.stack((under, self._under))
        airs = np.array([air, self._air], np.float32)
        bus = onstage[:, None] * ducks + intos * unders[:, :, None]
        bus *= gain[:, None] * airs[:, None, None]
        choices = np.stack((choice, self._choice))
        alone = np.array([soloing, self._soloing], np.float32)[:, None]
        return Levels(
            now.sources,
            now.buses,
            bus,
            choices[:, 2],
            np.einsum("tb,tbs->ts", choices[:, 1], bus) * (1 - kept_out),
            np.einsum("tb,tbs->ts", choices[:, 0], bus) * (1 - alone) + soloed * gain * alone,
            (np.maximum(onstage, intos.max(axis=1, initial=0.0)) * gain * airs[:, None]).max(axis=0),
            gain.max(axis=0),
        )

    def _take(self, plan: AudioPlan) -> None:
        before, entries = self._roles, _entries(plan)
        self._entries = entries
        if self._plan is not plan:
            fade_ms = min(plan.fade_ms, MAX_FADE_MS)
            self._fade = _per_block(fade_ms) if fade_ms > 0 else self._shortest
            for source in before.sources:
                if source in entries:
                    self._lingering.pop(source, None)
                else:  # also who was leaving already has this pace now
                    left = self._lingering.get(source, LINGER)
                    self._lingering[source] = max(left, LINGER * (fade_ms > 0) + fade_ms // BLOCK_MS)
        kept = (s for s in before.sources if s in self._lingering or s in entries)
        sources: tuple[SourceName, ...] = tuple(dict.fromkeys((*kept, *entries)))
        inputs = {**self.inputs, **entries}
        self.inputs = {source: inputs[source] for source in sources}
        self._plan, self._ducking = plan, within_limits(plan.ducking)
        self._roles = now = roles(plan, sources)

        buses, at = rearranged(self._of_buses, now.buses), rearranged(self._of_sources, sources)
        self._wanted = self._targets(plan, now)
        fresh = self._wanted.copy()
        fresh[[0, 2]] = 0.0  # who opens, or is soloed, fades in
        known = at >= 0
        fresh[:, known] = self._factor[:, at[known]]
        self._factor = fresh
        self._into = carried(carried(self._into, buses).T, at).T
        self._duck = carried(carried(self._duck, buses, 1.0).T, at, 1.0).T
        self._under = carried(self._under, buses, 1.0)
        self._chosen = self._choices(plan, now)
        choice = self._chosen.copy()
        known = buses >= 0
        choice[:, known] = self._choice[:, buses[known]]
        self._choice = choice

    def _targets(self, plan: AudioPlan, now: Roles) -> Gains:
        targets = np.zeros((5, len(now.sources)), np.float32)
        targets[0] = now.floor
        targets[1] = 1.0
        for place, source in enumerate(now.sources):
            entry = self.inputs[source]
            targets[1, place] = not (isinstance(entry, AudioInput) and entry.muted)
            targets[2, place] = source in plan.monitor.solo
            targets[3, place] = source in plan.hall.without
            targets[4, place] = gain_of_db(entry.gain_db)
        return targets

    def _choices(self, plan: AudioPlan, now: Roles) -> Gains:
        chosen = np.zeros((3, len(now.buses)), np.float32)
        for row, name in enumerate((plan.monitor.bus, plan.hall.bus)):
            # a bus that went with its language: the floor is better than nothing
            known = name if name in now.buses else "floor"
            chosen[row] = [bus == known for bus in now.buses]
        chosen[2] = [gain_of_db(min(bus.target_lufs, 0.0) - REFERENCE_LUFS) for bus in plan.buses]
        return chosen


def _per_block(fade_ms: int) -> float:
    """Return how far a fade gets in a block."""
    return min(_WHOLE, BLOCK_MS / min(fade_ms, MAX_FADE_MS))


def _entries(plan: AudioPlan) -> dict[SourceName, Heard]:
    """All sources of a plan; where one is named twice, what the floor says of it counts."""
    entries: dict[SourceName, Heard] = {entry.source: entry for entry in plan.solo}
    if plan.talkback is not None:
        entries[plan.talkback.source] = AudioInput(plan.talkback.source)
    entries.update((entry.source, cast(Heard, entry)) for entry in plan.interpreters)
    entries.update((entry.source, entry) for entry in plan.open)
    return entries
