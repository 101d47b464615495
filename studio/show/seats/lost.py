"""Decides what becomes of microphones whose connection is gone. Pure.

The session itself says so; nobody can ask for it.
"""

import msgspec

from studio.show import events as e
from studio.show.booths import events as b
from studio.show.booths.decisions import interpreters
from studio.show.checks import DecisionContext
from studio.show.desk import events as d
from studio.show.model import OFFER_S, Handover, Show


class Dropped(msgspec.Struct, frozen=True):
    """The connection of this interpreter is lost."""

    seat: str


class Hushed(msgspec.Struct, frozen=True):
    """The director's talkback microphone is gone."""


Lost = Dropped | Hushed


def decide_lost(show: Show, lost: Lost, context: DecisionContext) -> tuple[e.AnyEvent, ...]:
    """Nothing, if the microphone is off by now."""
    if isinstance(lost, Hushed):
        # Or their returns would stay turned down for a voice that doesn't come.
        return () if show.talk is None else (d.TalkbackChanged(None),)
    seat = show.seats.get(lost.seat)
    if seat is None or not seat.on or seat.booth not in show.booths:
        return ()
    booth = show.booths[seat.booth]
    there = [each for each in interpreters(show, booth) if each.id in context.connected and each is not seat]
    handover = None
    if there and not any(each.on for each in there):
        handover = Handover(seat.id, there[0].id, context.now + OFFER_S)
    return (b.BoothDropped(booth.id, seat.id, handover),)
