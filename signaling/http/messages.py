"""The messages of the HTTP API and the WebSocket: what goes over the wire, as structs with tagged unions."""

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from signaling.contract.medium import Medium
from signaling.contract.messages import IceServer
from signaling.contract.ports import Done, LoggedEvent
from signaling.contract.state import BY_ROLE, DirectorState, EventInfo, Role, RoleState

REF = "#/components/schemas/{name}"
STATES = tuple(dict.fromkeys(BY_ROLE.values()))
"""What a state can be: msgspec makes no schema of a union of plain structs."""


def _ref(state: type[RoleState]) -> dict[str, str]:
    return {"$ref": REF.format(name=state.__name__)}


# --- HTTP ----------------------------------------------------------------------------------------------


class Problem(msgspec.Struct, frozen=True):
    """RFC 9457 problem document. ``code`` is stable; ``detail`` is one sentence for people."""

    type: str
    title: str
    status: int
    detail: str
    code: str


class Me(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who the caller is, and what its browser needs to connect."""

    role: Role
    ice_servers: tuple[IceServer, ...]
    event: EventInfo
    seat: str | None = None


class State(msgspec.Struct, frozen=True):
    revision: int
    serial: int
    state: Annotated[Any, Meta(extra_json_schema=_ref(DirectorState))]


class Events(msgspec.Struct, frozen=True):
    events: list[LoggedEvent]


class MediaList(msgspec.Struct, frozen=True):
    """Oldest first; ``limit_bytes``: the largest file that is taken."""

    media: list[Medium]
    limit_bytes: int


class QrText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Text for a QR code. It comes in a body, not in a URL, because it is a secret link."""

    text: Annotated[str, Meta(min_length=1, max_length=1024)]


# --- WebSocket, client → server ------------------------------------------------------------------------


class Command(msgspec.Struct, frozen=True, tag="command"):
    """``id`` comes back in the reply; ``command`` goes to the show as it is."""

    id: Annotated[str, Meta(max_length=64)]
    command: msgspec.Raw


class Ping(msgspec.Struct, frozen=True, tag="ping"):
    pass


class WatchMeters(msgspec.Struct, frozen=True, tag="meters"):
    """For directors, viewers and interpreters: :class:`Meters` come from now on, or no more."""

    on: bool


FromClient = Command | Ping | WatchMeters
decode_from_client = msgspec.json.Decoder(FromClient).decode


class SessionInfo(msgspec.Struct, frozen=True, omit_defaults=True):
    """``began``, ``seen``: Unix seconds; ``address``: of its last request; ``pages``: WebSockets open now;
    ``yours``: the one that asks."""

    id: str
    role: Role
    address: str
    began: int
    seen: int
    pages: int
    seat: str | None = None
    yours: bool = False


class SessionList(msgspec.Struct, frozen=True):
    """Newest first."""

    sessions: list[SessionInfo]


# --- WebSocket, server → client ------------------------------------------------------------------------


class Snapshot(msgspec.Struct, frozen=True, tag="snapshot"):
    revision: int
    serial: int
    state: Annotated[Any, Meta(extra_json_schema={"anyOf": list(map(_ref, STATES))})]
    """Which one, the session's role says."""


class Changed(msgspec.Struct, frozen=True, tag="change"):
    """``patch``: JSON merge patch (RFC 7396) on the state before; ``event`` null when only status changed."""

    revision: int
    serial: int
    event: Mapping[str, Any] | None
    patch: Mapping[str, Any]


class Reply(msgspec.Struct, frozen=True, tag="reply", omit_defaults=True):
    id: str
    revision: int
    events: tuple[Mapping[str, Any], ...]
    result: Mapping[str, Any] | None = None


class Refused(msgspec.Struct, frozen=True, tag="refused"):
    id: str
    problem: Problem


class Pong(msgspec.Struct, frozen=True, tag="pong"):
    pass


class Meters(msgspec.Struct, frozen=True, tag="meters"):
    """At most 20 a second, and dropped for who is slow. ``sources``: by source (``seat/<id>``) peak and held
    peak in dBFS. ``buses``: by name those two after the limiter, and for directors and viewers momentary,
    short-term and integrated loudness in LUFS and the highest true peak in dBTP. −100: nothing."""

    sources: Mapping[str, tuple[float, float]]
    buses: Mapping[str, tuple[float, ...]]


ToClient = Snapshot | Changed | Reply | Refused | Pong | Meters
encode = msgspec.json.Encoder().encode


def reply(id_: str, done: Done) -> Reply:
    return Reply(id_, done.revision, done.events, done.result)
