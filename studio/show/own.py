"""Decides what the session itself orders; nobody can ask for it. Pure."""

from typing import Literal

import msgspec

from studio.planning.playing import Ended, played_on_take, takes
from studio.show import events as e
from studio.show.checks import DecisionContext
from studio.show.model import Show
from studio.show.program import events as p
from studio.show.program.decisions import take
from studio.show.seats.lost import Lost, decide_lost


class Speaks(msgspec.Struct, frozen=True):
    """This seat speaks, and is to fill the places with ``auto`` of what is in preview, or on air."""

    seat: str
    to: Literal["preview", "program"]


class HandsAtRest(msgspec.Struct, frozen=True):
    """No hand has moved a fader or the T-bar for a while: what they moved is to be logged."""


Own = Lost | Speaks | Ended | HandsAtRest


def decide_own(show: Show, own: Own, context: DecisionContext) -> tuple[e.AnyEvent, ...]:
    """Nothing, where it is no longer so."""
    if isinstance(own, Speaks):
        return _speaks(show, own)
    if isinstance(own, HandsAtRest):
        return ()  # of what has happened already
    if isinstance(own, Ended):
        return _ended(show, own, context.now_ms)
    return decide_lost(show, own, context)


def _speaks(show: Show, own: Speaks) -> tuple[e.AnyEvent, ...]:
    seat = show.seats.get(own.seat)
    chosen = show.speaker if own.to == "program" else show.preview_speaker
    if seat is None or not seat.stage or own.seat == chosen or own.to != show.auto_speaker.to:
        return ()
    if own.to == "preview" and show.tbar > 0:
        return ()  # half of the preview is on air
    return (p.SpeakerChosen(own.seat, own.to),)


def _ended(show: Show, ended: Ended, now_ms: int) -> tuple[e.AnyEvent, ...]:
    """Take what is in preview as AUTO takes it."""
    if not takes(show, ended):
        return ()
    taken = take(show, None, show.transition if show.transition.duration_ms else None)
    return (*taken, *played_on_take(show, taken, now_ms))
