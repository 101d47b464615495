"""What hands move right now (faders, the T-bar): it counts at once and is not in the log yet.

It gets there when the hand lets go, with whatever is logged before that, or once the hand has been still for
:data:`STILL_S`: so nothing is lost with a console that is gone. A control that dies loses the move under way.
"""

from collections.abc import Mapping, Sequence
from typing import TypeVar

from msgspec.structs import replace

from mixer.contract.hand_values import HandValues
from mixer.contract.names import is_seat, seat_of, sound_of
from signaling.contract.ports import Actor
from signaling.contract.state import DirectorState, PublicSeat, PublicSource
from studio.show.desk.commands import SourceGain
from studio.show.desk.events import SourceGained
from studio.show.events import AnyEvent
from studio.show.own import HandsAtRest
from studio.show.program.commands import ProgramTbar
from studio.show.program.events import PreviewChanged, ProgramChanged, TbarMoved

STILL_S = 1.0
Value = SourceGained | TbarMoved
Heard = TypeVar("Heard", PublicSeat, PublicSource)
_TBAR = ""
"""Its key; a source's is its name."""


class Hands:
    """The hands of all consoles. ``actor`` moved last."""

    def __init__(self) -> None:
        self._moved: dict[str | None, Value] = {}
        self.actor = Actor("director")

    def __bool__(self) -> bool:
        return bool(self._moved)

    def move(self, values: Sequence[Value], actor: Actor) -> None:
        for value in values:
            self._moved[_key(value)] = value
            self.actor = actor

    def owed(self, events: Sequence[AnyEvent]) -> tuple[Value, ...]:
        """Return what the log must get before these ``events``, but for values that they replace."""
        replaced = set(map(_key, events))
        return tuple(value for key, value in self._moved.items() if key not in replaced)

    def settled(self, events: Sequence[AnyEvent]) -> None:
        """These are in the log, or will be."""
        for event in events:
            self._moved.pop(_key(event), None)


def is_live(command: object) -> bool:
    """The hand goes on: it will be followed by another value."""
    return isinstance(command, SourceGain | ProgramTbar) and command.live


def lets_go(command: object) -> bool:
    return isinstance(command, HandsAtRest) or (
        isinstance(command, SourceGain | ProgramTbar) and not command.live
    )


def values_of(events: Sequence[AnyEvent]) -> tuple[Value, ...] | None:
    """None where there are others among them: a T-bar at its end takes a scene."""
    values = tuple(event for event in events if isinstance(event, Value))
    return values if len(values) == len(events) else None


def hand_values(values: Sequence[Value]) -> HandValues:
    """Return the values as the mixer takes them."""
    gains = {sound_of(each.source): each.db for each in values if isinstance(each, SourceGained)}
    positions = [each.position for each in values if isinstance(each, TbarMoved)]
    return HandValues(gains, positions[-1] if positions else None)


def moved(state: DirectorState, values: Sequence[Value]) -> DirectorState:
    """The public state after these."""
    for value in values:
        if isinstance(value, TbarMoved):
            state = replace(state, tbar=value.position)
        elif is_seat(value.source):
            state = replace(state, seats=_with_gain(state.seats, seat_of(value.source), value.db))
        else:
            state = replace(state, sources=_with_gain(state.sources, value.source, value.db))
    return state


def _with_gain(heard: Mapping[str, Heard], id_: str, gain_db: float) -> dict[str, Heard]:
    return {**heard, id_: replace(heard[id_], gain_db=gain_db)}


def _key(event: AnyEvent) -> str | None:
    """Return what the event gives its value to; None: nothing that a hand moves."""
    if isinstance(event, SourceGained):
        return event.source
    return _TBAR if isinstance(event, TbarMoved | ProgramChanged | PreviewChanged) else None
