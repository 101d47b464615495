"""Which role may send which command. Pure."""

from collections.abc import Mapping
from typing import get_args

from msgspec import UNSET

from signaling.contract.ports import Actor, RefusedError
from signaling.contract.state import Role
from studio.show import commands as c
from studio.show.booths import commands as b
from studio.show.model import Show
from studio.show.sources import commands as s

_OWN_SEAT = {
    "speaker": frozenset(("name", "title", "names", "language", "listen", "self_muted")),
    "interpreter": frozenset(("name", "listen")),
}
"""What people may change of their own seats."""
_OWN_BOOTH: dict[Role, str] = {"interpreter": "in the own booth, with the own microphone"}
MAY_SEND: Mapping[type[c.AnyCommand], Mapping[Role, str]] = {
    c.SeatUpdate: {
        role: "of the own seat: " + ", ".join(f"`{field}`" for field in sorted(_OWN_SEAT[role]))
        for role in ("speaker", "interpreter")
    },
    s.SourcePage: {"speaker": "of slides that the own seat presents"},
    **dict.fromkeys(get_args(b.BoothUse), _OWN_BOOTH),
}
"""Roles that may send a command beside the director, who may send them all, and what they may do with it."""


def check_role(show: Show, command: c.AnyCommand, actor: Actor) -> None:
    """Raises RefusedError 403: ``role.forbidden``; ``booth.not-yours`` for another's booth or microphone."""
    if actor.role == "director" or (
        actor.role in MAY_SEND.get(type(command), ()) and _is_own(show, command, actor)
    ):
        return
    article = "An" if actor.role == "interpreter" else "A"
    raise RefusedError(403, "role.forbidden", f"{article} {actor.role}'s link doesn't allow this command.")


def _is_own(show: Show, command: c.AnyCommand, actor: Actor) -> bool:
    """Return whether this person may do so with this seat or these slides. Raises RefusedError 403
    ``booth.not-yours``."""
    match command:
        case c.SeatUpdate():
            given = {name for name in command.__struct_fields__ if getattr(command, name) is not UNSET}
            return command.seat == actor.seat and given - {"seat"} <= _OWN_SEAT[actor.role]
        case s.SourcePage():
            return _presents(show, command.source, actor)
        case b.BoothSlower() | b.BoothNote() | b.BoothHandover():
            # Of several partners an interpreter names the one to offer the microphone to.
            named = None
        case b.BoothSpeak() | b.BoothInto() | b.BoothCough() | b.BoothRelay():
            named = command.seat
        case _:
            return False
    seat = show.seats.get(actor.seat)
    if seat is None or seat.booth != command.booth:
        raise RefusedError(403, "booth.not-yours", "This is another booth than yours.")
    if named not in (None, actor.seat):
        raise RefusedError(403, "booth.not-yours", "You can use your own microphone only.")
    return True


def _presents(show: Show, source_id: str, actor: Actor) -> bool:
    """Return whether these are slides whose pages this speaker may turn."""
    source = show.sources.get(source_id)
    if source is None or not source.presenter:
        return False
    return actor.role == "speaker" and source.presenter == actor.seat
