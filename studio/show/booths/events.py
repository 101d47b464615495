"""What has happened in the booths, and how it changes the state. Pure.

An offer of the microphone ends with any change of either's microphone, however that came about.
"""

from typing import assert_never

import msgspec
from msgspec.structs import replace

from studio.show.event import Event, without
from studio.show.model import MAX_NOTES, Booth, Handover, Note, Seat, Show


class BoothCreated(Event, frozen=True, tag="booth.created"):
    booth: str
    title: str
    languages: tuple[str, ...]


class BoothUpdated(Event, frozen=True, tag="booth.updated"):
    """``into``: outgoing languages that had to change with the booth's, by seat."""

    booth: str
    title: str
    languages: tuple[str, ...]
    into: dict[str, str] = msgspec.field(default_factory=dict)


class BoothDeleted(Event, frozen=True, tag="booth.deleted"):
    booth: str


class BoothSpoke(Event, frozen=True, tag="booth.spoke"):
    """The microphone of this interpreter is on or off, ``into`` this language."""

    booth: str
    seat: str
    on: bool
    into: str


class BoothTurned(Event, frozen=True, tag="booth.turned"):
    """The outgoing language is another one; an open microphone stays open."""

    booth: str
    seat: str
    into: str


class BoothCoughed(Event, frozen=True, tag="booth.coughed"):
    booth: str
    seat: str
    on: bool


class BoothRelayed(Event, frozen=True, tag="booth.relayed"):
    booth: str
    seat: str
    bus: str


class BoothOffered(Event, frozen=True, tag="booth.offered"):
    booth: str
    handover: Handover


class BoothOfferEnded(Event, frozen=True, tag="booth.offer_ended"):
    booth: str


class BoothHandedOver(Event, frozen=True, tag="booth.handed_over"):
    """The giver's microphone is off and the taker's is on, in one step."""

    booth: str
    giver: str
    taker: str
    into: str


class BoothDropped(Event, frozen=True, tag="booth.dropped"):
    """The connection of an interpreter who was on is lost: off, and offered to a partner who is there."""

    booth: str
    seat: str
    handover: Handover | None = None


class BoothSlowed(Event, frozen=True, tag="booth.slowed"):
    """``at``: Unix seconds."""

    booth: str
    at: int


class BoothNoted(Event, frozen=True, tag="booth.noted"):
    """``seat``: who wrote it; empty: the director."""

    booth: str
    text: str
    at: int
    seat: str = ""


BoothEvent = (
    BoothCreated
    | BoothUpdated
    | BoothDeleted
    | BoothSpoke
    | BoothTurned
    | BoothCoughed
    | BoothRelayed
    | BoothOffered
    | BoothOfferEnded
    | BoothHandedOver
    | BoothDropped
    | BoothSlowed
    | BoothNoted
)


def apply_booth(show: Show, event: BoothEvent) -> Show:
    match event:
        case BoothCreated():
            return _with(show, Booth(event.booth, event.title, event.languages))
        case BoothUpdated():
            booth = replace(show.booths[event.booth], title=event.title, languages=event.languages)
            for seat, into in event.into.items():
                show = with_seat(show, replace(show.seats[seat], into=into))
            return _with(show, booth)
        case BoothDeleted():
            return _deleted(show, event.booth)
        case BoothOffered():
            return _with(show, replace(show.booths[event.booth], handover=event.handover))
        case BoothOfferEnded():
            return _with(show, replace(show.booths[event.booth], handover=None))
        case BoothSlowed():
            return _with(show, replace(show.booths[event.booth], slower_at=event.at))
        case BoothNoted():
            note = Note(event.booth, event.text, event.at, event.seat)
            return replace(show, notes=(*show.notes, note)[-MAX_NOTES:])
        case _:
            return _apply_microphone(show, event)


_Microphone = BoothSpoke | BoothTurned | BoothCoughed | BoothRelayed | BoothHandedOver | BoothDropped


def _apply_microphone(show: Show, event: _Microphone) -> Show:
    match event:
        case BoothSpoke():
            before = show.seats[event.seat]
            # Who only changes the language goes on coughing.
            cough = before.cough and before.on and event.on
            seat = replace(before, on=event.on, into=event.into, cough=cough)
            return _heard(without_offers_of(with_seat(show, seat), seat.id), event.booth)
        case BoothTurned():
            return with_seat(show, replace(show.seats[event.seat], into=event.into, into_chosen=True))
        case BoothCoughed():
            return with_seat(show, replace(show.seats[event.seat], cough=event.on))
        case BoothRelayed():
            return with_seat(show, replace(show.seats[event.seat], listen=event.bus))
        case BoothHandedOver():
            giver = replace(show.seats[event.giver], on=False, cough=False)
            taker = replace(show.seats[event.taker], on=True, cough=False, into=event.into)
            show = with_seat(with_seat(show, giver), taker)
            return _heard(without_offers_of(show, giver.id), event.booth)
        case BoothDropped():
            show = with_seat(show, replace(show.seats[event.seat], on=False, cough=False))
            lost = replace(show.booths[event.booth], handover=event.handover, lost=event.seat)
            return _with(show, lost)
        case _:
            assert_never(event)


def with_seat(show: Show, seat: Seat) -> Show:
    return replace(show, seats={**show.seats, seat.id: seat})


def without_offers_of(show: Show, seat: str) -> Show:
    """Return the show without offers by or to this seat, and without its loss; other booths stay the same
    objects."""
    booths = {id_: _without(booth, seat) for id_, booth in show.booths.items()}
    return replace(show, booths=booths) if booths != show.booths else show


def _without(booth: Booth, seat: str) -> Booth:
    if booth.handover and seat in (booth.handover.giver, booth.handover.taker):
        booth = replace(booth, handover=None)
    return replace(booth, lost="") if booth.lost == seat else booth


def _with(show: Show, booth: Booth) -> Show:
    return replace(show, booths={**show.booths, booth.id: booth})


def _heard(show: Show, booth: str) -> Show:
    """Return the booth in which somebody has acted: who was lost is no alarm any more, and nothing is
    offered."""
    there = show.booths[booth]
    return _with(show, _without(there, there.lost)) if there.lost else show


def _deleted(show: Show, booth: str) -> Show:
    seats = {
        id_: replace(seat, booth="", into="", on=False, cough=False) if seat.booth == booth else seat
        for id_, seat in show.seats.items()
    }
    notes = tuple(note for note in show.notes if note.booth != booth)
    return replace(show, seats=seats, booths=without(show.booths, booth), notes=notes)
