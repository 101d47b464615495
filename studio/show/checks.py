"""What decisions share: their context, and checks of texts, ids, buses and languages. Pure."""

import re
from collections.abc import Collection, Mapping
from typing import Any

import msgspec
from msgspec import UnsetType

from mixer.contract.credentials import CredentialsError, with_credentials
from mixer.contract.names import id_of, seat_of, sound_of
from mixer.contract.theme import Theme
from signaling.contract.medium import Medium
from signaling.contract.ports import Actor, RefusedError
from studio.show.model import FLOOR, HALL, Seat, Show, Source
from studio.show.text import clean


class DecisionContext(msgspec.Struct, frozen=True):
    """What a decision needs beside the state, so that it stays pure.

    ``now`` in Unix seconds; ``token_hash`` (SHA-256, hex) of a fresh token, used where an invite is made;
    ``connected``: seats whose media is connected.
    """

    actor: Actor
    now: int
    token_hash: str
    invite_ttl_s: int
    connected: frozenset[str] = frozenset()
    now_ms: int = 0
    """Unix time in milliseconds."""
    media: Mapping[str, Medium] = msgspec.field(default_factory=dict)
    """What was uploaded, by id."""
    private_addresses: bool = False
    """Streams may be pulled from private networks and this machine."""
    theme: Theme | None = None
    """What ``theme.set`` found in the folder that it names."""


MAX_TYPED = 1000
"""Characters that are cleaned at all."""


def texted(text: str, limit: int) -> str:
    """Cleaned. Raises RefusedError 400 ``text.too-long``."""
    cleaned = clean(text[: MAX_TYPED + 1])
    if len(text) > MAX_TYPED or len(cleaned) > limit:
        raise RefusedError(400, "text.too-long", f"This text has at most {limit} characters.")
    return cleaned


def addressed(url: str, user: str, password: str) -> str:
    """The address with user and password in it, encoded. Raises RefusedError 400 ``url.credentials``."""
    try:
        return with_credentials(url, user, password)
    except CredentialsError as error:
        raise RefusedError(400, error.code, str(error)) from None


def kept(text: str | UnsetType, old: str, limit: int) -> str:
    return old if isinstance(text, UnsetType) else texted(text, limit)


def unknown(noun: str, id_: str) -> RefusedError:
    return RefusedError(404, f"{noun}.unknown", f"There is no {noun} {id_}.")


def new_id(noun: str, wanted: str | None, taken: dict[str, Any], limit: int, text: str, fallback: str) -> str:
    """The id asked for, or a readable one made of ``text`` (or ``fallback``) and a number."""
    if wanted is not None and wanted in taken:
        raise RefusedError(409, f"{noun}.exists", f"There is already a {noun} {wanted}.")
    if len(taken) >= limit:
        raise RefusedError(409, f"{noun}.too-many", f"A show has at most {limit} {noun}s.")
    if wanted is not None:
        return wanted
    stem = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:40].strip("-")
    if stem and stem not in taken:
        return stem
    stem = stem or fallback
    return next(name for n in range(1, limit + 2) if (name := f"{stem}-{n}") not in taken)


def checked_bus(show: Show, bus: str, *, hall: bool = False) -> str:
    """The bus, if it is the floor or a language of the event (or, with ``hall``, the hall's).

    Raises RefusedError 400 ``bus.unknown``.
    """
    known = (FLOOR, *show.languages, *((HALL,) if hall else ()))
    if bus not in known:
        raise RefusedError(400, "bus.unknown", f"There is no bus {bus}. Buses are: {', '.join(known)}.")
    return bus


def checked_languages(show: Show, languages: Collection[str]) -> tuple[str, ...]:
    """A booth's, or a name's. Raises RefusedError 400: ``language.unknown``, ``language.twice``."""
    for language in languages:
        if language not in show.languages:
            raise RefusedError(
                400,
                "language.unknown",
                f"{language} is not a language of the event. These are: {', '.join(show.languages)}.",
            )
    if len(set(languages)) != len(languages):
        raise RefusedError(400, "language.twice", "Name each language once.")
    return tuple(languages)


def sounding(show: Show, audio_id: str) -> tuple[Seat | Source, str]:
    """Return what an :data:`~studio.show.fields.AudioId` names, and its key: a source's id or ``seat/<seat
    id>``.

    Raises RefusedError 404: ``seat.unknown``, ``source.unknown``.
    """
    name = sound_of(audio_id)
    if seat := seat_of(name):
        if seat not in show.seats:
            raise unknown("seat", seat)
        return show.seats[seat], name
    source = id_of(name)
    if source not in show.sources:
        raise unknown("source", source or audio_id)
    return show.sources[source], source
