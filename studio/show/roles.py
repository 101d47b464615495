"""Which role may send which command. Pure."""

from msgspec import UNSET

from signaling.contract.ports import Actor, RefusedError
from studio.show import commands as c
from studio.show.booths import commands as b
from studio.show.model import Show
from studio.show.sources import commands as s

_OWN_SEAT = {
    "speaker": frozenset(("name", "title", "names", "language", "listen", "self_muted")),
    "interpreter": frozenset(("name", "listen")),
}
"""What a person may change of his own seat."""


def check_role(show: Show, command: c.AnyCommand, actor: Actor) -> None:
    """Raises RefusedError 403: ``role.forbidden``; ``booth.not-yours`` for another's booth or microphone."""
    if actor.role == "director":
        return
    if isinstance(command, c.SeatUpdate) and command.seat == actor.seat:
        fields = set(command.__struct_fields__) - {"seat"}
        if {name for name in fields if getattr(command, name) is not UNSET} <= _OWN_SEAT.get(
            actor.role, frozenset()
        ):
            return
    if isinstance(command, s.SourcePage) and _presents(show, command.source, actor):
        return
    if actor.role == "interpreter" and isinstance(command, b.BoothUse):
        seat = show.seats.get(actor.seat)
        if seat is None or seat.booth != command.booth:
            raise RefusedError(403, "booth.not-yours", "This is another booth than yours.")
        named = None if isinstance(command, b.BoothSlower | b.BoothNote) else command.seat
        # Of several partners an interpreter names the one he offers the microphone to.
        if named in (None, actor.seat) or isinstance(command, b.BoothHandover):
            return
        raise RefusedError(403, "booth.not-yours", "You can use your own microphone only.")
    article = "An" if actor.role == "interpreter" else "A"
    raise RefusedError(403, "role.forbidden", f"{article} {actor.role}'s link doesn't allow this command.")


def _presents(show: Show, source_id: str, actor: Actor) -> bool:
    """Whether these are slides whose pages this speaker may turn."""
    source = show.sources.get(source_id)
    if source is None or not source.presenter:
        return False
    return actor.role == "speaker" and source.presenter == actor.seat
