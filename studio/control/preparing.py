"""What a command needs that isn't in the state: a theme read from its folder and a fresh token, made before
the command has its turn; the clock and what was uploaded, as they are in its turn. And what its answer tells
once."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import msgspec

from mixer.contract.names import of_graphic, of_seat
from mixer.contract.theme import Theme
from signaling.contract.medium import Medium
from signaling.contract.ports import Actor, RefusedError
from signaling.contract.state import Role, StudioStatus
from studio.control import invites
from studio.control.library.glyphs import Glyphs
from studio.control.session_settings import SessionSettings
from studio.show.checks import DecisionContext
from studio.show.commands import AnyCommand, SeatCreate, SeatInvite
from studio.show.events import AnyEvent, SeatCreated, SeatInvited, SeatUpdated
from studio.show.graphics.commands import ThemeSet
from studio.show.model import Show
from studio.show.program.events import GraphicCreated, GraphicUpdated
from studio.show.sources.publishing import made_token, needs_token
from studio.show.tokens import hashed


async def _no_theme(name: str) -> Theme:
    raise RefusedError(404, "theme.unknown", f"There is no theme {name}.")


class Prepared(msgspec.Struct, frozen=True):
    """What travels with a command to its turn. ``token``: fresh, empty where none is needed."""

    theme: Theme | None = None
    token: str = ""


class Surroundings(msgspec.Struct, frozen=True):
    """What a session is told of the house around it.

    ``media``: what was uploaded, by id, as it is now. ``theme_of`` reads a theme's folder (RefusedError 404
    ``theme.unknown``, 400 ``theme.malformed``), off the event loop; ``theme_names`` lists them. ``link_for``
    gives an invite's link, ``whip_url`` where a source's publisher sends its offer. ``glyphs``: what the
    plates' fonts lack. ``own_fonts``: the operator's, by file, with what is wrong with them.
    """

    link_for: Callable[[Role, str], str]
    media: Callable[[], Mapping[str, Medium]] = dict
    theme_of: Callable[[str], Awaitable[Theme]] = _no_theme
    theme_names: Callable[[], Sequence[str]] = tuple
    whip_url: Callable[[str], str] = "/whip/{}".format
    glyphs: Glyphs = msgspec.field(default_factory=Glyphs)
    own_fonts: Callable[[], Mapping[str, str]] = dict

    async def prepare(self, command: AnyCommand, actor: Actor) -> Prepared:
        """All that takes time, before the command has its turn: a cut waits for no theme's pictures. Raises
        RefusedError."""
        fresh = isinstance(command, SeatCreate | SeatInvite) or needs_token(command)
        theme = None
        if isinstance(command, ThemeSet) and actor.role == "director":
            theme = await self.theme_of(command.theme)
        return Prepared(theme, invites.new_token() if fresh else "")

    def context(
        self,
        prepared: Prepared,
        actor: Actor | None,
        now_s: float,
        settings: SessionSettings,
        connected: frozenset[str],
    ) -> DecisionContext:
        """Return what a decision in its turn has, without any waiting."""
        return DecisionContext(
            actor=actor or Actor("director"),
            now=int(now_s),
            token_hash=hashed(prepared.token),
            invite_ttl_s=settings.invite_ttl_s,
            private_addresses=settings.plan.private_addresses,
            connected=connected,
            now_ms=int(now_s * 1000),
            media=self.media(),
            theme=prepared.theme,
        )

    def public(self, show: Show, status: StudioStatus) -> StudioStatus:
        """``status`` with their part: themes, media, glyphs, fonts."""
        return msgspec.structs.replace(
            status,
            themes=tuple(self.theme_names()),
            media=dict(self.media()),
            glyphs=self.glyphs.missing(show),
            fonts=dict(self.own_fonts()),
        )

    def told(self, events: Sequence[AnyEvent], show: Show, token: str) -> Mapping[str, Any] | None:
        """The link of an invite, a publisher's address and token: told once, kept nowhere. ``warnings``:
        where a text just written has characters that no font has."""
        warnings = self.glyphs.warnings(_written(events), show)
        told = self._secrets(events, show, token)
        return {**(told or {}), "warnings": warnings} if warnings else told

    def _secrets(self, events: Sequence[AnyEvent], show: Show, token: str) -> Mapping[str, Any] | None:
        for event in events:
            if isinstance(event, SeatCreated | SeatInvited):
                seat = show.seats[event.seat]
                return {
                    "seat": seat.id,
                    "link": self.link_for(seat.role, token),
                    "expires": event.expires,
                }
            if (source := made_token(event)) is not None:
                return {"source": source, "url": self.whip_url(source), "token": token}
        return None


def _written(events: Sequence[AnyEvent]) -> list[str]:
    """Return what these events have given texts, as :meth:`Glyphs.missing` names it."""
    seats = [event.seat for event in events if isinstance(event, SeatCreated | SeatUpdated)]
    graphics = [event.graphic.id for event in events if isinstance(event, GraphicCreated | GraphicUpdated)]
    return [*(of_seat(seat) for seat in seats), *(of_graphic(graphic) for graphic in graphics)]
