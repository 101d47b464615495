"""What has happened to the show: the facts in the log, and how each one changes the state. Pure.

Events carry results, not requests: replaying them decides nothing again, so that an old log gives the same
state under newer rules. They hold secrets (stream keys, token hashes); ``studio.view`` shows them without.
"""

from typing import TypeVar, assert_never

import msgspec
from msgspec.structs import replace

from signaling.ports import Role
from studio.model import (
    MAX_REVOKED,
    Composition,
    Invite,
    Output,
    Scene,
    SceneCanvas,
    Seat,
    Show,
    Source,
    SourceKind,
)


class Event(msgspec.Struct, frozen=True, tag_field="type", omit_defaults=True):
    """Base of every event; the tag is its ``type``."""


class ShowUpdated(Event, frozen=True, tag="show.updated"):
    title: str


class SeatCreated(Event, frozen=True, tag="seat.created"):
    seat: str
    name: str
    role: Role
    token_hash: str
    expires: int
    title: str = ""
    language: str = ""


class SeatUpdated(Event, frozen=True, tag="seat.updated"):
    seat: str
    name: str
    title: str
    language: str


class SeatAdmitted(Event, frozen=True, tag="seat.admitted"):
    seat: str


class SeatHeld(Event, frozen=True, tag="seat.held"):
    seat: str


class SeatRemoved(Event, frozen=True, tag="seat.removed"):
    seat: str


class SeatInvited(Event, frozen=True, tag="seat.invited"):
    seat: str
    token_hash: str
    expires: int


class SeatRevoked(Event, frozen=True, tag="seat.revoked"):
    seat: str


class SceneCreated(Event, frozen=True, tag="scene.created"):
    scene: str
    title: str
    canvases: dict[SceneCanvas, Composition]


class SceneUpdated(Event, frozen=True, tag="scene.updated"):
    scene: str
    title: str
    canvases: dict[SceneCanvas, Composition]


class SceneDeleted(Event, frozen=True, tag="scene.deleted"):
    scene: str


class PreviewChanged(Event, frozen=True, tag="preview.changed"):
    scene: str | None


class ProgramChanged(Event, frozen=True, tag="program.changed"):
    """``scene`` is on air from now on; ``preview`` is what is being prepared."""

    scene: str
    preview: str | None


class ProgramFaded(Event, frozen=True, tag="program.faded_to_black"):
    on: bool


class SourceCreated(Event, frozen=True, tag="source.created"):
    source: str
    kind: SourceKind
    title: str


class SourceUpdated(Event, frozen=True, tag="source.updated"):
    source: str
    title: str


class SourceDeleted(Event, frozen=True, tag="source.deleted"):
    source: str


class SourceMuted(Event, frozen=True, tag="source.muted"):
    """``source`` is a source's id or ``seat/<seat id>``."""

    source: str
    muted: bool


class SourceGained(Event, frozen=True, tag="source.gained"):
    """``source`` is a source's id or ``seat/<seat id>``."""

    source: str
    db: float


class OutputCreated(Event, frozen=True, tag="output.created"):
    output: str
    rendition: str
    bus: str
    buses: tuple[str, ...]
    url: str = ""
    recording: bool = False


class OutputUpdated(Event, frozen=True, tag="output.updated"):
    output: str
    rendition: str
    bus: str
    buses: tuple[str, ...]
    url: str = ""


class OutputStarted(Event, frozen=True, tag="output.started"):
    output: str


class OutputStopped(Event, frozen=True, tag="output.stopped"):
    output: str


class OutputDeleted(Event, frozen=True, tag="output.deleted"):
    output: str


AnyEvent = (
    ShowUpdated
    | SeatCreated
    | SeatUpdated
    | SeatAdmitted
    | SeatHeld
    | SeatRemoved
    | SeatInvited
    | SeatRevoked
    | SceneCreated
    | SceneUpdated
    | SceneDeleted
    | PreviewChanged
    | ProgramChanged
    | ProgramFaded
    | SourceCreated
    | SourceUpdated
    | SourceDeleted
    | SourceMuted
    | SourceGained
    | OutputCreated
    | OutputUpdated
    | OutputStarted
    | OutputStopped
    | OutputDeleted
)

T = TypeVar("T")

encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder(AnyEvent).decode
"""Raises msgspec.DecodeError for what isn't an event of this version."""


def apply(show: Show, event: AnyEvent) -> Show:
    """The state after ``event``; total for every event that ``decide`` made of this state."""
    match event:
        case ShowUpdated():
            return replace(show, title=event.title)
        case (
            SeatCreated()
            | SeatUpdated()
            | SeatAdmitted()
            | SeatHeld()
            | SeatRemoved()
            | SeatInvited()
            | SeatRevoked()
        ):
            return _apply_seat(show, event)
        case SceneCreated() | SceneUpdated():
            scene = Scene(event.scene, event.title, event.canvases)
            return replace(show, scenes={**show.scenes, event.scene: scene})
        case SceneDeleted():
            return replace(show, scenes=_without(show.scenes, event.scene))
        case PreviewChanged():
            return replace(show, preview=event.scene)
        case ProgramChanged():
            return replace(show, program=event.scene, preview=event.preview)
        case ProgramFaded():
            return replace(show, black=event.on)
        case SourceCreated():
            source = Source(event.source, event.title, event.kind)
            return replace(show, sources={**show.sources, event.source: source})
        case SourceUpdated():
            source = replace(show.sources[event.source], title=event.title)
            return replace(show, sources={**show.sources, event.source: source})
        case SourceDeleted():
            return replace(show, sources=_without(show.sources, event.source))
        case SourceMuted():
            return _with_sound(show, event.source, muted=event.muted)
        case SourceGained():
            return _with_sound(show, event.source, gain_db=event.db)
        case OutputCreated() | OutputUpdated() | OutputStarted() | OutputStopped() | OutputDeleted():
            return _apply_output(show, event)
        case _:
            assert_never(event)


_SeatEvent = SeatCreated | SeatUpdated | SeatAdmitted | SeatHeld | SeatRemoved | SeatInvited | SeatRevoked


def _apply_seat(show: Show, event: _SeatEvent) -> Show:
    if isinstance(event, SeatCreated):
        seat = Seat(event.seat, event.name, event.title, event.role, event.language)
        return _invited(show, seat, event.token_hash, event.expires)
    seat = show.seats[event.seat]
    match event:
        case SeatUpdated():
            seat = replace(seat, name=event.name, title=event.title, language=event.language)
        case SeatAdmitted():
            seat = replace(seat, stage=True)
        case SeatHeld():
            seat = replace(seat, stage=False)
        case SeatInvited():
            return _invited(show, seat, event.token_hash, event.expires)
        case SeatRevoked():
            invite = replace(seat.invite, revoked=True) if seat.invite else None
            seat = replace(seat, invite=invite)
        case SeatRemoved():
            return replace(
                show,
                seats=_without(show.seats, seat.id),
                scenes=_scenes_without(show.scenes, seat.id),
                revoked=_revoked(show.revoked, seat.invite),
            )
        case _:
            assert_never(event)
    return replace(show, seats={**show.seats, seat.id: seat})


def _invited(show: Show, seat: Seat, token_hash: str, expires: int) -> Show:
    generation = show.invites + 1
    invited = replace(seat, invite=Invite(token_hash, expires, generation))
    return replace(
        show,
        seats={**show.seats, seat.id: invited},
        invites=generation,
        revoked=_revoked(show.revoked, seat.invite),
    )


def _revoked(revoked: dict[str, int], invite: Invite | None) -> dict[str, int]:
    """With one more dead link; the oldest are forgotten, whose pages then say "unknown"."""
    if invite is None:
        return revoked
    grown = {**revoked, invite.token_hash: invite.expires}
    return dict(list(grown.items())[-MAX_REVOKED:])


def _scenes_without(scenes: dict[str, Scene], seat: str) -> dict[str, Scene]:
    """A person can always be taken out at once, so the places that name the seat go with it.

    Scenes without it stay the same objects: snapshots compare by identity.
    """
    return {id_: _scene_without(scene, seat) for id_, scene in scenes.items()}


def _scene_without(scene: Scene, seat: str) -> Scene:
    named = (place for composition in scene.canvases.values() for place in composition.places or ())
    if not any(place.seat == seat for place in named):
        return scene
    canvases = {
        name: composition
        if composition.places is None
        else replace(composition, places=tuple(place for place in composition.places if place.seat != seat))
        for name, composition in scene.canvases.items()
    }
    return replace(scene, canvases=canvases)


def _with_sound(show: Show, source: str, *, muted: bool | None = None, gain_db: float | None = None) -> Show:
    changed: dict[str, bool | float] = {}
    if muted is not None:
        changed["muted"] = muted
    if gain_db is not None:
        changed["gain_db"] = gain_db
    kind, _, id_ = source.rpartition("/")
    if kind == "seat":
        return replace(show, seats={**show.seats, id_: replace(show.seats[id_], **changed)})
    return replace(show, sources={**show.sources, id_: replace(show.sources[id_], **changed)})


_OutputEvent = OutputCreated | OutputUpdated | OutputStarted | OutputStopped | OutputDeleted


def _apply_output(show: Show, event: _OutputEvent) -> Show:
    match event:
        case OutputCreated():
            output = Output(event.output, event.url, event.recording, event.rendition, event.bus, event.buses)
        case OutputUpdated():
            output = replace(
                show.outputs[event.output],
                url=event.url,
                rendition=event.rendition,
                bus=event.bus,
                buses=event.buses,
            )
        case OutputStarted():
            output = replace(show.outputs[event.output], running=True)
        case OutputStopped():
            output = replace(show.outputs[event.output], running=False)
        case OutputDeleted():
            return replace(show, outputs=_without(show.outputs, event.output))
        case _:
            assert_never(event)
    return replace(show, outputs={**show.outputs, output.id: output})


def _without(mapping: dict[str, T], key: str) -> dict[str, T]:
    return {other: value for other, value in mapping.items() if other != key}
