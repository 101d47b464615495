"""What has happened to the show: the facts in the log, and how each one changes the state. Pure.

Events carry results, not requests: replaying them decides nothing again, so that an old log gives the same
state under newer rules. They hold secrets (stream keys, token hashes); ``studio.show.view`` shows them
without.
"""

from typing import assert_never

import msgspec
from msgspec.structs import replace

from mixer.contract.names import of_seat
from mixer.contract.plan import BusName
from signaling.contract.state import Role, SceneCanvas
from studio.show.booths.events import BoothEvent, apply_booth, with_seat, without_offers_of
from studio.show.desk.events import DeskEvent, apply_desk
from studio.show.event import Event, without
from studio.show.model import MAX_REVOKED, AudioPolicy, Composition, Invite, Naming, Output, Scene, Seat, Show
from studio.show.program.events import PictureEvent, apply_picture, without_speaker
from studio.show.sources.events import SourceEvent, apply_source


class ShowUpdated(Event, frozen=True, tag="show.updated"):
    """None: as it was, in logs from before there was such a field."""

    title: str
    languages: tuple[str, ...] | None = None
    both_open: bool | None = None


class SeatCreated(Event, frozen=True, tag="seat.created"):
    seat: str
    name: str
    role: Role
    token_hash: str
    expires: int
    title: str = ""
    language: str = ""
    booth: str = ""
    into: str = ""
    part: str = ""
    names: dict[str, Naming] = msgspec.field(default_factory=dict)


class SeatUpdated(Event, frozen=True, tag="seat.updated"):
    """None: as it was, in logs from before there was such a field. In another booth the microphone is off,
    and ``into`` is the language chosen there."""

    seat: str
    name: str
    title: str
    language: str
    listen: BusName | None = None
    hall: bool | None = None
    booth: str | None = None
    into: str | None = None
    self_muted: bool | None = None
    part: str | None = None
    names: dict[str, Naming] | None = None


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
    audio: AudioPolicy = AudioPolicy()


class SceneUpdated(Event, frozen=True, tag="scene.updated"):
    scene: str
    title: str
    canvases: dict[SceneCanvas, Composition]
    audio: AudioPolicy = AudioPolicy()


class SceneDeleted(Event, frozen=True, tag="scene.deleted"):
    scene: str


class OutputCreated(Event, frozen=True, tag="output.created"):
    output: str
    rendition: str
    bus: str
    buses: tuple[str, ...]
    url: str = ""
    recording: bool = False
    backup: str = ""
    seats: bool = False
    title: str = ""


class OutputUpdated(Event, frozen=True, tag="output.updated"):
    output: str
    rendition: str
    bus: str
    buses: tuple[str, ...]
    url: str = ""
    backup: str = ""
    seats: bool = False
    title: str = ""


class OutputStarted(Event, frozen=True, tag="output.started"):
    output: str


class OutputStopped(Event, frozen=True, tag="output.stopped"):
    output: str


class OutputRetried(Event, frozen=True, tag="output.retried"):
    """Its senders were told to try again now."""

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
    | OutputCreated
    | OutputUpdated
    | OutputStarted
    | OutputStopped
    | OutputRetried
    | OutputDeleted
    | PictureEvent
    | SourceEvent
    | DeskEvent
    | BoothEvent
)

encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder(AnyEvent).decode
"""Raises msgspec.DecodeError for what isn't an event of this version."""


def apply(show: Show, event: AnyEvent) -> Show:
    """The state after ``event``; total for every event that ``decide`` made of this state."""
    match event:
        case ShowUpdated():
            return replace(
                show,
                title=event.title,
                languages=show.languages if event.languages is None else event.languages,
                both_open=show.both_open if event.both_open is None else event.both_open,
            )
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
            scene = Scene(event.scene, event.title, event.canvases, event.audio)
            return replace(show, scenes={**show.scenes, event.scene: scene})
        case SceneDeleted():
            return _without_scene(show, event.scene)
        case OutputRetried():
            return show
        case OutputCreated() | OutputUpdated() | OutputStarted() | OutputStopped() | OutputDeleted():
            return _apply_output(show, event)
        case _:
            return _apply_other(show, event)


def _without_scene(show: Show, scene: str) -> Show:
    """A take that would bring it back can't be taken back any more."""
    before = show.before
    if before is not None and scene == before.program:
        before = None
    elif before is not None and scene == before.preview:
        before = replace(before, preview=None)
    return replace(show, scenes=without(show.scenes, scene), before=before)


def _apply_other(show: Show, event: PictureEvent | SourceEvent | DeskEvent | BoothEvent) -> Show:
    if isinstance(event, PictureEvent):
        return apply_picture(show, event)
    if isinstance(event, SourceEvent):
        return apply_source(show, event)
    return apply_booth(show, event) if isinstance(event, BoothEvent) else apply_desk(show, event)


_SeatEvent = SeatCreated | SeatUpdated | SeatAdmitted | SeatHeld | SeatRemoved | SeatInvited | SeatRevoked


def _apply_seat(show: Show, event: _SeatEvent) -> Show:
    if isinstance(event, SeatCreated):
        seat = Seat(event.seat, event.name, event.title, event.role, event.language)
        seat = replace(seat, booth=event.booth, into=event.into, part=event.part, names=event.names)
        return _invited(show, seat, event.token_hash, event.expires)
    seat = show.seats[event.seat]
    match event:
        case SeatUpdated():
            return _updated(show, seat, event)
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
            return _removed(show, seat)
        case _:
            assert_never(event)
    return replace(show, seats={**show.seats, seat.id: seat})


def _updated(show: Show, seat: Seat, event: SeatUpdated) -> Show:
    changed = replace(
        seat,
        name=event.name,
        title=event.title,
        language=event.language,
        listen=seat.listen if event.listen is None else event.listen,
        hall=seat.hall if event.hall is None else event.hall,
        self_muted=seat.self_muted if event.self_muted is None else event.self_muted,
        part=seat.part if event.part is None else event.part,
        names=seat.names if event.names is None else event.names,
    )
    if event.booth is None or event.booth == seat.booth:
        return with_seat(show, changed)
    moved = replace(
        changed, booth=event.booth, into=event.into or "", into_chosen=False, on=False, cough=False
    )
    return without_offers_of(with_seat(show, moved), seat.id)


def _removed(show: Show, seat: Seat) -> Show:
    """A person can always be taken out at once, so everything that names the seat goes with it."""
    show = without_offers_of(show, seat.id)
    talk = show.talk
    if isinstance(talk, tuple):  # nobody left of those who were named: nobody
        talk = tuple(each for each in talk if each != seat.id) or None
    return replace(
        without_speaker(show, seat.id),
        seats=without(show.seats, seat.id),
        scenes=_scenes_without(show.scenes, seat.id),
        revoked=_revoked(show.revoked, seat.invite),
        solo=tuple(source for source in show.solo if source != of_seat(seat.id)),
        talk=talk,
    )


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
    """Return the dead links with one more; the oldest are forgotten, whose pages then say "unknown"."""
    if invite is None:
        return revoked
    grown = {**revoked, invite.token_hash: invite.expires}
    return dict(list(grown.items())[-MAX_REVOKED:])


def _scenes_without(scenes: dict[str, Scene], seat: str) -> dict[str, Scene]:
    """Scenes without it stay the same objects: snapshots compare by identity."""
    return {id_: _scene_without(scene, seat) for id_, scene in scenes.items()}


def _scene_without(scene: Scene, seat: str) -> Scene:
    named = (place for composition in scene.canvases.values() for place in composition.places or ())
    heard = tuple(source for source in scene.audio.sources if source != of_seat(seat))
    if heard == scene.audio.sources and not any(place.seat == seat for place in named):
        return scene
    canvases = {
        name: composition
        if composition.places is None
        else replace(composition, places=tuple(place for place in composition.places if place.seat != seat))
        for name, composition in scene.canvases.items()
    }
    return replace(scene, canvases=canvases, audio=replace(scene.audio, sources=heard))


_OutputEvent = OutputCreated | OutputUpdated | OutputStarted | OutputStopped | OutputDeleted


def _apply_output(show: Show, event: _OutputEvent) -> Show:
    match event:
        case OutputCreated():
            output = Output(event.output, event.url, event.recording, event.rendition, event.bus, event.buses)
            output = replace(output, backup=event.backup, seats=event.seats, title=event.title)
        case OutputUpdated():
            output = replace(
                show.outputs[event.output],
                url=event.url,
                rendition=event.rendition,
                bus=event.bus,
                buses=event.buses,
                backup=event.backup,
                seats=event.seats,
                title=event.title,
            )
        case OutputStarted():
            output = replace(show.outputs[event.output], running=True)
        case OutputStopped():
            output = replace(show.outputs[event.output], running=False)
        case OutputDeleted():
            return replace(show, outputs=without(show.outputs, event.output))
        case _:
            assert_never(event)
    return replace(show, outputs={**show.outputs, output.id: output})
