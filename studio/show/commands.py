"""What can be asked of the show: a tagged union, and its decoding from JSON.

Fields left out of an ``update`` stay what they are. Ids left out of a ``create`` are made up, readable.
"""

import re
from collections.abc import Callable
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from signaling.contract.ports import RefusedError
from signaling.contract.state import Role, SceneCanvas
from studio.show.booths.commands import BoothCommand
from studio.show.desk.commands import BusCommand, RundownCommand, StripCommand
from studio.show.fields import (
    AudioId,
    Command,
    Credential,
    Id,
    Language,
    Name,
    PersonName,
    Seconds,
    StreamKey,
    Title,
    Tongue,
    Url,
)
from studio.show.graphics.commands import GraphicCommand
from studio.show.model import MAX_LANGUAGES, MAX_PLACES
from studio.show.program.commands import ProgramCommand
from studio.show.sources.commands import MaybeId, SourceCommand

MAX_COMMAND = 64 * 1024
"""Bytes of one command."""


Share = Annotated[float, Meta(ge=0, le=1)]


class BoxSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Shares of the canvas's width and height, or of a source's."""

    x: Share
    y: Share
    w: Share
    h: Share


class PlaceSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Exactly one of ``seat``, ``source``, ``part`` (the next person on stage who plays it) and ``auto`` (who
    speaks). ``screen``: the screen that the seat shares, in place of its camera. ``box``: where it lies in
    the layout ``free``, over the places before it. ``crop``: the part of the source that is shown."""

    seat: Id | None = None
    source: Id | None = None
    screen: bool = False
    part: Id | None = None
    auto: bool = False
    box: BoxSpec | None = None
    crop: BoxSpec | None = None
    fit: Literal["cover", "contain"] | None = None


class CompositionSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``places`` left out: everyone on stage, in order. ``graphics``: ids, later ones above. ``background``:
    a source behind all tiles, empty for the theme's."""

    layout: Name = "grid"
    places: Annotated[tuple[PlaceSpec, ...], Meta(max_length=MAX_PLACES)] | None = None
    graphics: Annotated[tuple[Id, ...], Meta(max_length=32)] = ()
    plates: bool = True
    background: MaybeId = ""


class NamingSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: PersonName = ""
    title: Title = ""


Names = Annotated[dict[Tongue, NamingSpec], Meta(max_length=MAX_LANGUAGES)]
"""Name and title by language of the event."""


class AudioSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """With ``follow`` who is seen on the programme is heard, and ``sources`` besides; else these alone."""

    follow: bool = True
    sources: Annotated[tuple[AudioId, ...], Meta(max_length=64)] = ()


class ShowUpdate(Command, frozen=True, tag="show.update"):
    """``languages`` of the event, each with a bus of its name. ``both_open``: two interpreters may be open
    into one language at once, and are mixed."""

    title: Title | UnsetType = UNSET
    languages: Annotated[tuple[Tongue, ...], Meta(min_length=1, max_length=MAX_LANGUAGES)] | UnsetType = UNSET
    both_open: bool | UnsetType = UNSET


class SeatCreate(Command, frozen=True, tag="seat.create"):
    """Makes a seat and its invite: ``result.link``, told once. ``ttl_s``: seconds the link is good for;
    ``booth``: an interpreter's."""

    name: PersonName = ""
    title: Title = ""
    role: Role = "speaker"
    language: Language = ""
    seat: Id | None = None
    ttl_s: Seconds | None = None
    booth: Id | None = None
    part: MaybeId = ""
    names: Names = msgspec.field(default_factory=dict)


class SeatUpdate(Command, frozen=True, tag="seat.update"):
    """Speakers may send it for their own seat without ``hall`` and ``booth``, interpreters for theirs with
    ``name`` and ``listen``.

    ``listen``: the bus this person hears. ``hall``: the microphone stands in the hall. ``booth``: an
    interpreter's; ``null`` for none. ``self_muted``: the guest has shut the microphone on the own page, so
    that nobody takes it for a broken one; it opens and shuts nothing.
    """

    seat: Id
    name: PersonName | UnsetType = UNSET
    title: Title | UnsetType = UNSET
    language: Language | UnsetType = UNSET
    listen: Name | UnsetType = UNSET
    hall: bool | UnsetType = UNSET
    booth: Id | UnsetType | None = UNSET
    self_muted: bool | UnsetType = UNSET
    part: MaybeId | UnsetType = UNSET
    names: Names | UnsetType = UNSET


class SeatAdmit(Command, frozen=True, tag="seat.admit"):
    """From the green room to the stage."""

    seat: Id


class SeatHold(Command, frozen=True, tag="seat.hold"):
    """Back to the green room."""

    seat: Id


class SeatRemove(Command, frozen=True, tag="seat.remove"):
    """Ends the seat, its link and its places in scenes."""

    seat: Id


class SeatInvite(Command, frozen=True, tag="seat.invite"):
    """A new link (``result.link``); the old one and the sessions made from it end."""

    seat: Id
    ttl_s: Seconds | None = None


class SeatRevoke(Command, frozen=True, tag="seat.revoke"):
    """Ends the seat's link and its sessions without a new one."""

    seat: Id


class SceneCreate(Command, frozen=True, tag="scene.create"):
    """A canvas left out follows ``program``; ``program`` left out is a grid of everyone on stage."""

    scene: Id | None = None
    title: Title = ""
    canvases: dict[SceneCanvas, CompositionSpec] = msgspec.field(default_factory=dict)
    audio: AudioSpec = AudioSpec()


class SceneUpdate(Command, frozen=True, tag="scene.update"):
    """``canvases`` replaces all of the scene's canvases, ``audio`` all of its policy."""

    scene: Id
    title: Title | UnsetType = UNSET
    canvases: dict[SceneCanvas, CompositionSpec] | UnsetType = UNSET
    audio: AudioSpec | UnsetType = UNSET


class SceneDelete(Command, frozen=True, tag="scene.delete"):
    scene: Id


Buses = Annotated[tuple[Name, ...], Meta(max_length=18)]


class OutputCreate(Command, frozen=True, tag="output.create"):
    """A stream (``url`` and ``bus``) or, with ``recording``, a recording (``buses``).

    ``backup``: a second ingest that runs together with the first. ``user`` and ``password``: for both, where
    an ingest asks for them (RTMP's ``authmod``). A ``udp://host:port`` stream takes several ``buses``.
    ``seats``: a recording of every seat as it arrives, without rendition and bus. ``title``: what people call
    it, in any words; where ``output`` is left out, the id is made from it.
    """

    output: Id | None = None
    url: Url = ""
    recording: bool = False
    rendition: Name = "program"
    bus: Name | None = None
    buses: Buses | None = None
    backup: Url = ""
    seats: bool = False
    title: Title = ""
    user: Credential = ""
    password: Credential = ""


class OutputUpdate(Command, frozen=True, tag="output.update"):
    """While the output is stopped. An empty ``backup`` takes it away. ``user`` and ``password`` go with an
    address that is given, too. ``key`` and ``backup_key`` change the addresses' stream keys alone; a backup
    that had the first's key gets its new one."""

    output: Id
    url: Url | UnsetType = UNSET
    rendition: Name | UnsetType = UNSET
    bus: Name | UnsetType = UNSET
    buses: Buses | UnsetType = UNSET
    backup: Url | UnsetType = UNSET
    seats: bool | UnsetType = UNSET
    title: Title | UnsetType = UNSET
    user: Credential = ""
    password: Credential = ""
    key: StreamKey = ""
    backup_key: StreamKey = ""


class OutputStart(Command, frozen=True, tag="output.start"):
    output: Id


class OutputStop(Command, frozen=True, tag="output.stop"):
    output: Id


class OutputRetry(Command, frozen=True, tag="output.retry"):
    """End the pause before the output's next attempt: its destination, or the disk, is mended."""

    output: Id


class OutputDelete(Command, frozen=True, tag="output.delete"):
    output: Id


AnyCommand = (
    ShowUpdate
    | SeatCreate
    | SeatUpdate
    | SeatAdmit
    | SeatHold
    | SeatRemove
    | SeatInvite
    | SeatRevoke
    | SceneCreate
    | SceneUpdate
    | SceneDelete
    | OutputCreate
    | OutputUpdate
    | OutputStart
    | OutputStop
    | OutputRetry
    | OutputDelete
    | ProgramCommand
    | GraphicCommand
    | SourceCommand
    | StripCommand
    | BusCommand
    | BoothCommand
    | RundownCommand
)


class _Head(msgspec.Struct):
    type: str
    take: Any = False


_decode_head = msgspec.json.Decoder(_Head).decode
_decode: Callable[[bytes], AnyCommand] = msgspec.json.Decoder(AnyCommand).decode
_REGEX = re.compile(r"matching regex '.*'")
_TYPES = frozenset(str(kind.__struct_config__.tag) for kind in AnyCommand.__args__)


def decode(data: bytes) -> AnyCommand:
    """One command from JSON.

    Raises RefusedError: 413 ``command.too-large``, 400 ``command.unknown`` (no such type) and
    ``command.malformed`` (not JSON, a field missing, unknown or out of range).
    """
    if len(data) > MAX_COMMAND:
        raise RefusedError(413, "command.too-large", f"A command has at most {MAX_COMMAND} bytes.")
    try:
        if _decode_head(data).type not in _TYPES:
            raise RefusedError(400, "command.unknown", "There is no command of this type.")
        return _decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        # msgspec names the field and what was expected of it, never the value: a stream key stays hidden.
        reason = _REGEX.sub("made of at most 64 letters, digits, '_', '.', '-'", str(error))
        raise RefusedError(400, "command.malformed", f"The command can't be read: {reason}.") from None


def head_of(data: bytes) -> tuple[str, bool]:
    """The ``type`` of a command from outside, empty where it has none that can be read, and its ``take``."""
    if len(data) > MAX_COMMAND:
        return "", False
    try:
        head = _decode_head(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return "", False
    return head.type, head.take is True


def schema() -> dict[str, Any]:
    """JSON Schema of the union: ``{"schema": …, "components": {name: …}}``, for OpenAPI."""
    (top,), components = msgspec.json.schema_components(
        (AnyCommand,), ref_template="#/components/schemas/{name}"
    )
    return {"schema": top, "components": components}
