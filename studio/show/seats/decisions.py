"""Decides what happens to seats and their links. Pure."""

from collections.abc import Mapping
from typing import assert_never

from msgspec import UnsetType
from msgspec.structs import replace

from signaling.contract.ports import RefusedError
from studio.show import commands as c
from studio.show import events as e
from studio.show.booths.decisions import default_into
from studio.show.checks import DecisionContext, checked_bus, checked_languages, kept, new_id, texted, unknown
from studio.show.model import MAX_NAME, MAX_SEATS, MAX_TITLE, Booth, Naming, Seat, Show

SeatCommand = (
    c.SeatCreate | c.SeatUpdate | c.SeatAdmit | c.SeatHold | c.SeatRemove | c.SeatInvite | c.SeatRevoke
)


def decide_seat(show: Show, command: SeatCommand, context: DecisionContext) -> tuple[e.AnyEvent, ...]:
    if isinstance(command, c.SeatCreate):
        return _create(show, command, context)
    seat = show.seats.get(command.seat)
    if seat is None:
        raise unknown("seat", command.seat)
    match command:
        case c.SeatUpdate():
            return _update(show, seat, command)
        case c.SeatAdmit():
            if seat.role != "speaker":
                raise RefusedError(409, "seat.not-speaker", "Only speakers go on stage.")
            return () if seat.stage else (e.SeatAdmitted(seat.id),)
        case c.SeatHold():
            return (e.SeatHeld(seat.id),) if seat.stage else ()
        case c.SeatRemove():
            return (e.SeatRemoved(seat.id),)
        case c.SeatInvite():
            return (e.SeatInvited(seat.id, context.token_hash, _expiry(command.ttl_s, context)),)
        case c.SeatRevoke():
            return (e.SeatRevoked(seat.id),) if seat.invite and not seat.invite.revoked else ()
        case _:
            assert_never(command)


def _create(show: Show, command: c.SeatCreate, context: DecisionContext) -> tuple[e.AnyEvent, ...]:
    name = texted(command.name, MAX_NAME)
    if command.name and not name:
        raise _invisible()
    booth = _booth(show, command.role, command.booth)
    id_ = new_id("seat", command.seat, show.seats, MAX_SEATS, name, command.role)
    return (
        e.SeatCreated(
            seat=id_,
            name=name or id_,
            role=command.role,
            token_hash=context.token_hash,
            expires=_expiry(command.ttl_s, context),
            title=texted(command.title, MAX_TITLE),
            language=command.language,
            booth=booth.id if booth else "",
            into=default_into(booth, command.language) if booth else "",
            part=command.part,
            names=_names(show, command.names),
        ),
    )


def _update(show: Show, seat: Seat, command: c.SeatUpdate) -> tuple[e.AnyEvent, ...]:
    changed = replace(
        seat, name=kept(command.name, seat.name, MAX_NAME), title=kept(command.title, seat.title, MAX_TITLE)
    )
    if not changed.name:
        raise _invisible()
    if not isinstance(command.language, UnsetType):
        changed = replace(changed, language=command.language)
    if not isinstance(command.listen, UnsetType):
        changed = replace(changed, listen=checked_bus(show, command.listen))
    if not isinstance(command.hall, UnsetType):
        changed = replace(changed, hall=command.hall)
    if not isinstance(command.self_muted, UnsetType):
        changed = replace(changed, self_muted=command.self_muted)
    if not isinstance(command.part, UnsetType):
        changed = replace(changed, part=command.part)
    if not isinstance(command.names, UnsetType):
        changed = replace(changed, names=_names(show, command.names))
    if not isinstance(command.booth, UnsetType) and (command.booth or "") != seat.booth:
        booth = _booth(show, seat.role, command.booth)
        into = default_into(booth, changed.language) if booth else ""
        changed = replace(changed, booth=booth.id if booth else "", into=into)
    if changed == seat:
        return ()
    return (
        e.SeatUpdated(
            seat.id,
            changed.name,
            changed.title,
            changed.language,
            changed.listen,
            changed.hall,
            changed.booth,
            changed.into,
            changed.self_muted,
            changed.part,
            changed.names,
        ),
    )


def _names(show: Show, names: Mapping[str, c.NamingSpec]) -> dict[str, Naming]:
    """Cleaned, without those that say nothing. Raises RefusedError 400: ``language.unknown``,
    ``text.too-long``."""
    checked_languages(show, names)
    cleaned = {
        language: Naming(texted(each.name, MAX_NAME), texted(each.title, MAX_TITLE))
        for language, each in names.items()
    }
    return {language: each for language, each in cleaned.items() if each != Naming()}


def _booth(show: Show, role: str, booth: str | None) -> Booth | None:
    if booth is None:
        return None
    if role != "interpreter":
        raise RefusedError(409, "seat.not-interpreter", "Only an interpreter's seat is in a booth.")
    if booth not in show.booths:
        raise unknown("booth", booth)
    return show.booths[booth]


def _invisible() -> RefusedError:
    return RefusedError(400, "seat.name-empty", "A seat needs a name that can be seen.")


def _expiry(ttl_s: int | None, context: DecisionContext) -> int:
    return context.now + (context.invite_ttl_s if ttl_s is None else ttl_s)
