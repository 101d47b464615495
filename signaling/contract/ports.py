"""What signalling needs of the rest of the house, as Protocols: ``studio`` implements and hands them in."""

from collections.abc import AsyncIterator, Collection, Mapping
from datetime import datetime
from typing import Annotated, Any, Protocol

import msgspec
from msgspec import Meta

from mixer.contract.messages import Message
from mixer.contract.names import ProcessName
from mixer.contract.picture import Picture
from mixer.contract.plan import CanvasName
from signaling.contract.medium import Medium
from signaling.contract.messages import IceServer, PeerKind
from signaling.contract.state import DirectorState, Role


class Actor(msgspec.Struct, frozen=True):
    """Who asks: a role, and for a person with a seat, the seat. Made by ``signaling.http.auth.auth`` only."""

    role: Role
    seat: str = ""


class Grant(msgspec.Struct, frozen=True):
    """What a link's token is good for. ``generation`` grows with each new invite of the seat, so that
    sessions of an older link can be told apart; ``expires`` is in Unix seconds."""

    role: Role
    seat: str
    generation: int
    expires: int


class RefusedError(Exception):
    """A request that changes nothing: becomes an RFC 9457 problem document.

    ``code`` is stable (``seat.unknown``, ``command.malformed`` …), ``status`` the HTTP status, ``detail``
    one sentence that says what to do; never a secret.
    """

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.status = status
        self.code = code
        self.detail = detail


class Change(msgspec.Struct, frozen=True):
    """One step of the public state; ``patch`` is the JSON merge patch (RFC 7396) that makes ``state``.

    ``event`` is None when only the live status changed (a guest connected, an output's health); the
    revision then stays what it was and ``serial`` alone counts on.
    """

    revision: int
    serial: int
    event: Mapping[str, Any] | None
    patch: Mapping[str, Any]
    state: DirectorState


class Done(msgspec.Struct, frozen=True, omit_defaults=True):
    """A command's outcome: the answer of ``POST /api/v1/commands``."""

    revision: int
    events: tuple[Mapping[str, Any], ...]
    result: Mapping[str, Any] | None = None


class LoggedEvent(msgspec.Struct, frozen=True):
    """One line of the event log as it may be shown. ``time`` is in UTC: in JSON an RFC 3339 text. ``actor``:
    the role of who asked, with the seat behind a slash."""

    revision: int
    time: Annotated[datetime, Meta(tz=True)]
    actor: str
    event: Mapping[str, Any]


class ShowPort(Protocol):
    """The single writer of the show's state."""

    @property
    def revision(self) -> int: ...

    @property
    def serial(self) -> int:
        """Of the newest :class:`Change`."""
        ...

    @property
    def media_used(self) -> Collection[str]:
        """Ids of what was uploaded that the show names, or is about to."""
        ...

    def public_state(self) -> DirectorState:
        """The whole public state, without secrets, live status included."""
        ...

    async def execute(self, command: bytes, actor: Actor, client: str = "") -> Done:
        """Decode, check the role, decide, append, apply. Raises :class:`RefusedError`: nothing changed.

        Commands of one ``client`` are carried out in the order in which they were given, but for those that
        must be prepared first."""
        ...

    def goes_first(self, command: bytes) -> bool:
        """Whether this is a take, black or the slate, which pass what others have asked for."""
        ...

    def is_panic(self, command: bytes) -> bool:
        """Whether this is black or the slate, which pass those, too, and every limit that others fill."""
        ...

    async def events(self, after: int, limit: int) -> list[LoggedEvent]:
        """Public events with revision > ``after``, oldest first."""
        ...

    def listen(self, callback: "ChangeListener") -> "Unsubscribe":
        """Call ``callback(change)`` on the event loop for each change, in order. It must not block."""
        ...

    def grant(self, token: str) -> Grant | None:
        """What a link's token stands for; None if it was never valid. Expired and revoked ones are told
        by :class:`RefusedError` 401 with ``link.expired`` / ``link.revoked``."""
        ...

    def publisher(self, token: str) -> str | None:
        """The ``whip`` source into which a token may publish; None if it is no source's."""
        ...

    def still_valid(self, grant: Grant) -> bool:
        """Whether a session made from this grant may go on: the seat exists, no newer invite, not expired."""
        ...

    def command_schema(self) -> Mapping[str, Any]:
        """JSON Schema of the commands, for the OpenAPI document: ``{"schema": …, "components": {…}}``."""
        ...


class ChangeListener(Protocol):
    def __call__(self, change: Change) -> None: ...


class Unsubscribe(Protocol):
    def __call__(self) -> None: ...


class PeerOwner(msgspec.Struct, frozen=True):
    """Whose a peer is: the seat of the session that opened it, empty for the director and for a wall without
    one; ``client`` is the browser tab, of a ``whip`` its source, of a ``whep`` the canvas."""

    kind: PeerKind
    seat: str
    client: str


class Peers(Protocol):
    """The shards, seen from the HTTP server. Implemented by ``signaling.router.peers`` over the control
    link."""

    async def open(
        self,
        kind: PeerKind,
        seat: str,
        client: str,
        sdp: str,
        *,
        takeover: bool,
        bus: str = "",
        full: bool = False,
    ) -> tuple[str, str]:
        """A browser's offer → (peer id, answer). Raises RefusedError: 400 ``sdp.invalid``, 406
        ``sdp.no-codec``, 409 ``seat.in-use`` / ``whip.in-use``, 422 ``sdp.unsuited``, 503 ``shard.full`` /
        ``shard.unavailable`` / ``whep.full``.

        ``seat`` and ``client``: see :class:`PeerOwner`. The same tab (a reload) replaces its peer silently,
        another one needs ``takeover``; so does a second publisher, unless the first has vanished. ``bus``
        and ``full``: of a ``whep``, see :class:`signaling.contract.messages.Offer`. It waits some seconds for
        a shard.
        """
        ...

    def trickle(self, peer: str, lines: tuple[str, ...], ufrag: str) -> None:
        """More candidates of the other side: see :class:`signaling.contract.messages.Candidates`. Raises
        RefusedError 404 ``peer.unknown``."""
        ...

    def drop_source(self, source: str) -> None:
        """Close whoever publishes into this source: it is gone, or its token is void."""
        ...

    async def close(self, peer: str, client: str) -> None:
        """Raises RefusedError: 404 ``peer.unknown``, 403 ``peer.not-yours`` for another client's."""
        ...

    def owner(self, peer: str) -> PeerOwner | None:
        """None for a peer that is not there (any more)."""
        ...

    def drop_seat(self, seat: str) -> None:
        """Close every peer of this seat: its link is void."""
        ...

    def ice_servers(self) -> tuple[IceServer, ...]:
        """With fresh time-limited TURN credentials, where TURN is configured."""
        ...


class MediaPort(Protocol):
    """What was uploaded."""

    @property
    def limit_bytes(self) -> int:
        """The largest file that is taken."""
        ...

    def listed(self) -> list[Medium]:
        """Everything that is kept, oldest first."""
        ...

    async def add(self, name: str, length: int | None, blocks: AsyncIterator[bytes]) -> Medium:
        """Receive a file and look into it. Raises RefusedError: 400 for what can't be used (``media.…``,
        ``clip.…``, ``picture.…``, ``pdf.…``), 409 ``media.too-many``, 413 ``media.too-large``, 429
        ``media.busy``, 507 ``media.disk-full``, 503 ``media.unwritable``."""
        ...

    async def remove(self, id_: str, in_use: Collection[str]) -> None:
        """``in_use``: ids that stay. Raises RefusedError: 404 ``media.unknown``, 409 ``media.in-use``."""
        ...


class NoMedia:
    """Where nothing can be uploaded."""

    limit_bytes = 0

    def listed(self) -> list[Medium]:
        return []

    async def add(self, name: str, length: int | None, blocks: AsyncIterator[bytes]) -> Medium:
        raise RefusedError(503, "media.unwritable", "This server keeps no files.")

    async def remove(self, id_: str, in_use: Collection[str]) -> None:
        raise RefusedError(404, "media.unknown", "There is no such file.")


class SnapshotsPort(Protocol):
    async def picture(self, canvas: CanvasName) -> Picture:
        """A copy of the canvas's newest picture. Raises RefusedError 503 while the mixer is away."""
        ...


class OutboxPort(Protocol):
    """The control link: send a message to a process by name."""

    def __call__(self, to: ProcessName, message: Message) -> None: ...
