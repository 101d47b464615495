"""What can be asked of the show: a tagged union, and its decoding from JSON.

Fields left out of an ``update`` stay what they are. Ids left out of a ``create`` are made up, readable.
"""

import re
from collections.abc import Callable
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from signaling.ports import RefusedError, Role
from studio.model import MAX_GAIN_DB, MAX_PLACES, MIN_GAIN_DB, SceneCanvas, SourceKind

MAX_COMMAND = 64 * 1024
"""Bytes of one command."""
ID_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}(?![\s\S])"
"""The look-ahead is an end of text that, unlike ``$``, doesn't tolerate a newline after it."""

Id = Annotated[str, Meta(pattern=ID_PATTERN)]
AudioId = Annotated[str, Meta(pattern=r"^((seat|source)/)?[A-Za-z0-9][A-Za-z0-9_.-]{0,63}(?![\s\S])")]
"""A source's id, or ``seat/<seat id>`` for a seat's microphone."""
Text = Annotated[str, Meta(max_length=1000)]
"""Names as typed: cleaned, then held to the field's own limit."""
Language = Annotated[str, Meta(pattern=r"^([A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,3})?(?![\s\S])")]
"""A BCP 47 tag such as ``ko`` or ``zh-Hant``; empty for none."""
Url = Annotated[str, Meta(max_length=2048)]
Seconds = Annotated[int, Meta(ge=60, le=90 * 24 * 3600)]
Decibels = Annotated[float, Meta(ge=MIN_GAIN_DB, le=MAX_GAIN_DB)]
Name = Annotated[str, Meta(max_length=64)]


class Command(msgspec.Struct, frozen=True, tag_field="type", forbid_unknown_fields=True):
    """Base of every command; the tag ``noun.verb`` is its ``type``."""


class PlaceSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Exactly one of the two; ``screen``: the screen that the seat shares, in place of its camera."""

    seat: Id | None = None
    source: Id | None = None
    screen: bool = False


class CompositionSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``places`` left out: everyone on stage, in order."""

    layout: Name = "grid"
    places: Annotated[tuple[PlaceSpec, ...], Meta(max_length=MAX_PLACES)] | None = None
    graphics: Annotated[tuple[Any, ...], Meta(max_length=64)] = ()


class ShowUpdate(Command, frozen=True, tag="show.update"):
    title: Text


class SeatCreate(Command, frozen=True, tag="seat.create"):
    """Makes a seat and its invite: ``result.link``, told once. ``ttl_s``: seconds the link is good for."""

    name: Text = ""
    title: Text = ""
    role: Role = "speaker"
    language: Language = ""
    seat: Id | None = None
    ttl_s: Seconds | None = None


class SeatUpdate(Command, frozen=True, tag="seat.update"):
    """Speakers may send it for their own seat."""

    seat: Id
    name: Text | UnsetType = UNSET
    title: Text | UnsetType = UNSET
    language: Language | UnsetType = UNSET


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
    title: Text = ""
    canvases: dict[SceneCanvas, CompositionSpec] = {}


class SceneUpdate(Command, frozen=True, tag="scene.update"):
    """``canvases`` replaces all of the scene's canvases."""

    scene: Id
    title: Text | UnsetType = UNSET
    canvases: dict[SceneCanvas, CompositionSpec] | UnsetType = UNSET


class SceneDelete(Command, frozen=True, tag="scene.delete"):
    scene: Id


class PreviewSet(Command, frozen=True, tag="preview.set"):
    """``null`` empties the preview."""

    scene: Id | None


class ProgramCut(Command, frozen=True, tag="program.cut"):
    """Without ``scene``, the preview and the programme change places."""

    scene: Id | None = None


class ProgramFadeToBlack(Command, frozen=True, tag="program.fade_to_black"):
    on: bool


class SourceCreate(Command, frozen=True, tag="source.create"):
    kind: SourceKind
    source: Id | None = None
    title: Text = ""
    media: Id | None = None
    url: Url | None = None


class SourceUpdate(Command, frozen=True, tag="source.update"):
    source: Id
    title: Text | UnsetType = UNSET


class SourceDelete(Command, frozen=True, tag="source.delete"):
    source: Id


class SourceMute(Command, frozen=True, tag="source.mute"):
    source: AudioId
    muted: bool


class SourceGain(Command, frozen=True, tag="source.gain"):
    source: AudioId
    db: Decibels


class OutputCreate(Command, frozen=True, tag="output.create"):
    """A stream (``url`` and ``bus``) or, with ``recording``, a recording (``buses``)."""

    output: Id | None = None
    url: Url = ""
    recording: bool = False
    rendition: Name = "program"
    bus: Name | None = None
    buses: Annotated[tuple[Name, ...], Meta(max_length=16)] | None = None


class OutputUpdate(Command, frozen=True, tag="output.update"):
    """While the output is stopped."""

    output: Id
    url: Url | UnsetType = UNSET
    rendition: Name | UnsetType = UNSET
    bus: Name | UnsetType = UNSET
    buses: Annotated[tuple[Name, ...], Meta(max_length=16)] | UnsetType = UNSET


class OutputStart(Command, frozen=True, tag="output.start"):
    output: Id


class OutputStop(Command, frozen=True, tag="output.stop"):
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
    | PreviewSet
    | ProgramCut
    | ProgramFadeToBlack
    | SourceCreate
    | SourceUpdate
    | SourceDelete
    | SourceMute
    | SourceGain
    | OutputCreate
    | OutputUpdate
    | OutputStart
    | OutputStop
    | OutputDelete
)


class _Head(msgspec.Struct):
    type: str


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


def schema() -> dict[str, Any]:
    """JSON Schema of the union: ``{"schema": …, "components": {name: …}}``, for OpenAPI."""
    (top,), components = msgspec.json.schema_components(
        (AnyCommand,), ref_template="#/components/schemas/{name}"
    )
    return {"schema": top, "components": components}
