"""Decides what interpreters and the director do with booths. Pure.

One rule holds whatever happens: two microphones are open into one language, or in one booth, only where the
event allows it (``both_open``).
"""

from typing import assert_never

from msgspec import UnsetType

from signaling.contract.ports import Actor, RefusedError
from studio.show.booths import commands as b
from studio.show.booths import events as e
from studio.show.booths.direction import into_of
from studio.show.checks import DecisionContext, checked_bus, checked_languages, kept, new_id, texted, unknown
from studio.show.model import MAX_BOOTHS, MAX_NOTE, MAX_TITLE, OFFER_S, Booth, Handover, Seat, Show

Events = tuple[e.BoothEvent, ...]


def decide_booth(show: Show, command: b.BoothCommand, context: DecisionContext) -> Events:
    """The role is checked already (:mod:`studio.show.roles`)."""
    if isinstance(command, b.BoothCreate):
        title = texted(command.title, MAX_TITLE)
        languages = checked_languages(show, command.languages)
        id_ = new_id("booth", command.booth, show.booths, MAX_BOOTHS, title, "booth")
        return (e.BoothCreated(id_, title or id_, languages),)
    booth = show.booths.get(command.booth)
    if booth is None:
        raise unknown("booth", command.booth)
    match command:
        case b.BoothUpdate():
            return _update(show, booth, command)
        case b.BoothDelete():
            if any(seat.on for seat in interpreters(show, booth)):
                raise RefusedError(409, "booth.open", "A microphone of this booth is on; close it first.")
            return (e.BoothDeleted(booth.id),)
        case b.BoothHandover():
            return _handover(show, booth, command, context)
        case b.BoothSlower():
            return () if booth.slower_at == context.now else (e.BoothSlowed(booth.id, context.now),)
        case b.BoothNote():
            text = texted(command.text, MAX_NOTE)
            if not text:
                raise RefusedError(400, "text.empty", "Write something first.")
            return (e.BoothNoted(booth.id, text, context.now, _own(context.actor)),)
        case _:
            return _microphone(show, booth, command, context.actor)


def interpreters(show: Show, booth: Booth) -> list[Seat]:
    return [seat for seat in show.seats.values() if seat.booth == booth.id]


def default_into(booth: Booth, language: str) -> str:
    """The language that an interpreter of this language most likely speaks into."""
    return language if language in booth.languages else booth.languages[0]


def _update(show: Show, booth: Booth, command: b.BoothUpdate) -> Events:
    title = kept(command.title, booth.title, MAX_TITLE) or booth.id
    languages = booth.languages
    if not isinstance(command.languages, UnsetType):
        languages = checked_languages(show, command.languages)
    if (title, languages) == (booth.title, booth.languages):
        return ()
    into = {}
    for seat in interpreters(show, booth):
        if seat.into in languages:
            continue
        if seat.on:
            raise RefusedError(
                409, "language.in-use", f"{seat.name} is open into {seat.into}; close the microphone first."
            )
        into[seat.id] = languages[0]
    return (e.BoothUpdated(booth.id, title, languages, into),)


_Microphone = b.BoothSpeak | b.BoothInto | b.BoothCough | b.BoothRelay


def _microphone(show: Show, booth: Booth, command: _Microphone, actor: Actor) -> Events:
    seat = _meant(show, booth, command.seat, actor)
    match command:
        case b.BoothSpeak():
            into = _checked_into(booth, command.into or into_of(show, seat))
            # Off again, for one who was lost: so the director confirms having seen it.
            if (command.on, into) == (seat.on, seat.into) and booth.lost != seat.id:
                return ()
            if command.on:
                _check_free(show, booth, seat, into)
            return (e.BoothSpoke(booth.id, seat.id, command.on, into),)
        case b.BoothInto():
            into = _checked_into(booth, command.into)
            if into == seat.into and seat.into_chosen:
                return ()
            if seat.on:
                _check_free(show, booth, seat, into)
            return (e.BoothTurned(booth.id, seat.id, into),)
        case b.BoothCough():
            if not seat.on or command.on == seat.cough:
                return ()
            return (e.BoothCoughed(booth.id, seat.id, command.on),)
        case b.BoothRelay():
            bus = checked_bus(show, command.bus)
            return () if bus == seat.listen else (e.BoothRelayed(booth.id, seat.id, bus),)
        case _:
            assert_never(command)


def _checked_into(booth: Booth, into: str) -> str:
    if into not in booth.languages:
        raise RefusedError(
            400,
            "language.unknown",
            f"This booth doesn't interpret into {into}. It speaks: {', '.join(booth.languages)}.",
        )
    return into


def _check_free(show: Show, booth: Booth, seat: Seat, into: str, leaving: str = "") -> None:
    """Check that this microphone may open. ``leaving``: whose closes in the same step.

    Raises RefusedError 409: ``booth.language-taken``, ``booth.microphone-taken``.
    """
    if show.both_open:
        return
    others = [each for each in show.seats.values() if each.on and each.id not in (seat.id, leaving)]
    for other in others:
        if other.into == into:
            advice = "take over from there." if other.booth == booth.id else "one at a time can be."
            raise RefusedError(
                409, "booth.language-taken", f"{other.name} is open into {into} already; {advice}"
            )
    for other in others:
        if other.booth == booth.id:
            raise RefusedError(
                409,
                "booth.microphone-taken",
                f"{other.name} has the booth's microphone; have it handed over.",
            )


def _handover(show: Show, booth: Booth, command: b.BoothHandover, context: DecisionContext) -> Events:
    offer = booth.handover
    if offer is not None and offer.until <= context.now:
        offer = None
    match command.action:
        case "offer":
            return (e.BoothOffered(booth.id, _offer(show, booth, command, context)),)
        case "accept":
            return (_accepted(show, booth, offer, command, context.actor),)
        case "cancel":
            own = _own(context.actor)
            if offer is None or (own and own not in (offer.giver, offer.taker)):
                raise _no_offer()
            return (e.BoothOfferEnded(booth.id),)
        case _:
            assert_never(command.action)


def _offer(show: Show, booth: Booth, command: b.BoothHandover, context: DecisionContext) -> Handover:
    giver = _meant(show, booth, command.seat, context.actor)
    if not giver.on:
        raise RefusedError(409, "booth.not-open", "Only an open microphone can be handed over.")
    partners = [seat for seat in interpreters(show, booth) if seat.id != giver.id]
    if _own(context.actor) and command.seat not in (None, giver.id):
        partners = [seat for seat in partners if seat.id == command.seat]
    if not partners:
        raise RefusedError(409, "booth.no-partner", "There is no partner in this booth to hand over to.")
    taker = next((seat for seat in partners if seat.id in context.connected), partners[0])
    return Handover(giver.id, taker.id, context.now + OFFER_S)


def _accepted(
    show: Show, booth: Booth, offer: Handover | None, command: b.BoothHandover, actor: Actor
) -> e.BoothHandedOver:
    by = _own(actor) or command.seat
    if offer is None or by not in (None, offer.taker):
        raise _no_offer()
    giver, taker = show.seats[offer.giver], show.seats[offer.taker]
    _check_free(show, booth, taker, giver.into, leaving=giver.id)
    return e.BoothHandedOver(booth.id, giver.id, taker.id, giver.into)


def _no_offer() -> RefusedError:
    return RefusedError(409, "booth.no-offer", "The microphone is not being offered (any more).")


def _own(actor: Actor) -> str:
    """The interpreter's own seat; empty for the director, who may have one, too, but acts for others."""
    return actor.seat if actor.role == "interpreter" else ""


def _meant(show: Show, booth: Booth, named: str | None, actor: Actor) -> Seat:
    """The interpreter that a command is for.

    Raises RefusedError: 400 ``booth.seat-needed``, 404 ``seat.unknown``, 409 ``seat.not-in-booth``.
    """
    named = _own(actor) or named
    there = interpreters(show, booth)
    if named is None:
        on = [seat for seat in there if seat.on]
        only = there if len(there) == 1 else on
        if len(only) != 1:
            raise RefusedError(400, "booth.seat-needed", "Say which interpreter of this booth is meant.")
        return only[0]
    if named not in show.seats:
        raise unknown("seat", named)
    if all(seat.id != named for seat in there):
        raise RefusedError(409, "seat.not-in-booth", f"{show.seats[named].name} is not in this booth.")
    return show.seats[named]
