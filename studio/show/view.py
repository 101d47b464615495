"""What others may see of the show: state and events without secrets. Pure but for a cache by identity, which
keeps what didn't change the same object: patches then cost what changed."""

from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

import msgspec
from msgspec import UNSET

from mixer.contract.output_url import StreamUrl, UrlError
from mixer.contract.pull_url import PullUrlError, redacted_pull
from mixer.contract.theme import Theme
from signaling.contract.state import (
    DirectorState,
    Order,
    PublicAudioPolicy,
    PublicAutoSpeaker,
    PublicBooth,
    PublicBox,
    PublicCanvases,
    PublicCue,
    PublicEvent,
    PublicGraphic,
    PublicHandover,
    PublicNaming,
    PublicNote,
    PublicOutput,
    PublicPlace,
    PublicPlayback,
    PublicScene,
    PublicSceneCanvas,
    PublicSeat,
    PublicSource,
    PublicStrip,
    PublicTheme,
    PublicTransitionStyle,
    StudioStatus,
    projected,
)
from studio.show.booths.direction import into_of
from studio.show.events import AnyEvent
from studio.show.model import Booth, Composition, Cue, Graphic, Note, Output, Place, Scene, Seat, Show, Source
from studio.show.program.events import ThemeChanged

NO_STATUS = StudioStatus()
T = TypeVar("T")
Seen = TypeVar("Seen", bound=msgspec.Struct)


def public_event(event: AnyEvent) -> dict[str, Any]:
    """The event with its ``type``; invites without their hash, addresses without their key, a theme without
    its files."""
    shown: dict[str, Any] = msgspec.to_builtins(event)
    shown.pop("token_hash", None)
    if isinstance(event, ThemeChanged):
        shown["theme"] = msgspec.to_builtins(projected(PublicTheme, event.theme))
    for address in ("url", "backup"):
        if shown.get(address):
            shown[address] = redacted(shown[address])
    return shown


def redacted(url: str) -> str:
    """A destination's address, or a pulled stream's, as it may be shown; empty for a recording's."""
    try:
        return str(StreamUrl.parse(url)) if url else ""
    except UrlError:
        pass
    try:
        return redacted_pull(url)
    except PullUrlError:
        return "•••"  # from an older log: better unreadable than told


class PublicView:
    """``view(show, status, now)`` is the public state. ``now`` in Unix seconds: an offer of a microphone
    whose time is over is none."""

    def __init__(self) -> None:
        self._seats = _KeptMapping(_seat)
        self._sources = _KeptMapping(_source)
        self._scenes = _KeptMapping(_scene)
        self._outputs = _KeptMapping(_output)
        self._graphics = _KeptMapping(_graphic)
        self._theme: tuple[Theme, PublicTheme] = (Theme(), PublicTheme())
        self._rundown: tuple[tuple[Cue, ...], tuple[PublicCue, ...]] = ((), ())
        self._notes: tuple[tuple[Note, ...], tuple[PublicNote, ...]] = ((), ())

    def __call__(self, show: Show, status: StudioStatus = NO_STATUS, now: int = 0) -> DirectorState:
        if show.rundown is not self._rundown[0]:
            self._rundown = (show.rundown, tuple(map(_cue, show.rundown)))
        if show.theme is not self._theme[0]:
            self._theme = (show.theme, projected(PublicTheme, show.theme))
        if show.notes is not self._notes[0]:
            self._notes = (show.notes, tuple(projected(PublicNote, note) for note in show.notes))
        return DirectorState(
            event=PublicEvent(show.title, show.languages, show.both_open),
            seats={**self._seats(show.seats), **self._following(show)},
            sources=self._sources(show.sources),
            scenes=self._scenes(show.scenes),
            outputs=self._outputs(show.outputs),
            preview=show.preview,
            program=show.program,
            black=show.black,
            slate=show.slate,
            tbar=show.tbar,
            transition=projected(PublicTransitionStyle, show.transition),
            undo=show.before is not None,
            speaker=show.speaker,
            preview_speaker=show.preview_speaker,
            auto_speaker=projected(PublicAutoSpeaker, show.auto_speaker),
            graphics=self._graphics(show.graphics),
            theme=self._theme[1],
            booths={id_: _booth(booth, now) for id_, booth in show.booths.items()},
            notes=self._notes[1],
            targets=show.targets,
            hall_bus=show.hall_bus,
            monitor_bus=show.monitor_bus,
            solo=show.solo,
            talk=() if show.talk == "all" else show.talk,
            rundown=self._rundown[1],
            cue=show.cue,
            order=Order(
                seats=tuple(show.seats),
                scenes=tuple(show.scenes),
                sources=tuple(show.sources),
                outputs=tuple(show.outputs),
                booths=tuple(show.booths),
                graphics=tuple(show.graphics),
            ),
            status=status,
        )

    def _following(self, show: Show) -> dict[str, PublicSeat]:
        """Interpreters whose next press goes into another language than their last one did."""
        shown = self._seats(show.seats)
        into = {seat.id: into_of(show, seat) for seat in show.seats.values() if seat.role == "interpreter"}
        return {
            id_: msgspec.structs.replace(shown[id_], into=language)
            for id_, language in into.items()
            if language != show.seats[id_].into
        }


class _KeptMapping(Generic[T, Seen]):
    """One mapping of the state, made anew only where its items are new objects."""

    def __init__(self, make: Callable[[T], Seen]) -> None:
        self._make = make
        self._last: Mapping[str, T] = {}
        self._shown: dict[str, Seen] = {}

    def __call__(self, items: Mapping[str, T]) -> dict[str, Seen]:
        if items is not self._last:
            old, shown = self._last, self._shown
            self._shown = {
                id_: shown[id_] if old.get(id_) is item else self._make(item) for id_, item in items.items()
            }
            self._last = items
        return self._shown


def _seat(seat: Seat) -> PublicSeat:
    return projected(
        PublicSeat,
        seat,
        invited=seat.invite is not None and not seat.invite.revoked,
        strip=projected(PublicStrip, seat.strip),
        names={language: projected(PublicNaming, naming) for language, naming in seat.names.items()},
        expires=UNSET if seat.invite is None else seat.invite.expires,
    )


def _source(source: Source) -> PublicSource:
    return projected(
        PublicSource,
        source,
        strip=projected(PublicStrip, source.strip),
        url=redacted(source.url),
        playback=projected(PublicPlayback, source.playback),
    )


def _graphic(graphic: Graphic) -> PublicGraphic:
    return projected(PublicGraphic, graphic)


def _booth(booth: Booth, now: int) -> PublicBooth:
    offer = booth.handover
    return PublicBooth(
        title=booth.title,
        languages=booth.languages,
        handover=projected(PublicHandover, offer) if offer is not None and offer.until > now else None,
        slower_at=booth.slower_at,
    )


def _cue(cue: Cue) -> PublicCue:
    return PublicCue(cue.id, cue.title, cue.planned, cue.duration_s, cue.scene, cue.people)


def _scene(scene: Scene) -> PublicScene:
    # A log that somebody has tampered with may have a scene without its programme.
    program = _composition(scene.canvases.get("program", Composition()))
    wall = _composition(scene.canvases["wall"]) if "wall" in scene.canvases else UNSET
    audio = projected(PublicAudioPolicy, scene.audio)
    return PublicScene(scene.title, PublicCanvases(program, wall), audio)


def _composition(composition: Composition) -> PublicSceneCanvas:
    return PublicSceneCanvas(
        layout=composition.layout,
        graphics=composition.graphics,
        plates=composition.plates,
        background=composition.background,
        places=UNSET if composition.places is None else tuple(map(_place, composition.places)),
    )


def _place(place: Place) -> PublicPlace:
    return PublicPlace(
        seat=place.seat,
        source=place.source,
        screen=place.screen,
        part=place.part,
        auto=place.auto,
        box=UNSET if place.box is None else projected(PublicBox, place.box),
        crop=UNSET if place.crop is None else projected(PublicBox, place.crop),
        fit=place.fit,
    )


def _output(output: Output) -> PublicOutput:
    return PublicOutput(
        url=redacted(output.url),
        recording=output.recording,
        rendition=output.rendition,
        bus=output.bus,
        buses=output.buses,
        running=output.running,
        backup=redacted(output.backup),
        seats=output.seats,
        title=output.title,
    )
