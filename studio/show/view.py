"""What others may see of the show: state and events as JSON-able builtins, without secrets. Pure but for a
cache by identity, which keeps what didn't change the same object: patches then cost what changed."""

from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

import msgspec

from mixer.contract.output_url import StreamUrl, UrlError
from mixer.contract.plan import Crop, Strip
from mixer.contract.pull_url import PullUrlError, redacted_pull
from mixer.contract.theme import Theme
from studio.show.booths.direction import into_of
from studio.show.events import AnyEvent
from studio.show.model import (
    Booth,
    Box,
    Composition,
    Cue,
    Graphic,
    Handover,
    Note,
    Output,
    Place,
    Scene,
    Seat,
    Show,
    Source,
)
from studio.show.program.events import ThemeChanged

Json = dict[str, Any]
T = TypeVar("T")


def public_event(event: AnyEvent) -> Json:
    """The event with its ``type``; invites without their hash, addresses without their key, a theme without
    its files."""
    shown: Json = msgspec.to_builtins(event)
    shown.pop("token_hash", None)
    if isinstance(event, ThemeChanged):
        shown["theme"] = _theme(event.theme)
    for address in ("url", "backup"):
        if address in shown:
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
    """``view(show, now)`` is the public state (ARCHITECTURE.md), all but ``status``. ``now`` in Unix seconds:
    an offer of a microphone whose time is over is none."""

    def __init__(self) -> None:
        self._seats = _Section(_seat)
        self._sources = _Section(_source)
        self._scenes = _Section(_scene)
        self._outputs = _Section(_output)
        self._graphics = _Section(_graphic)
        self._theme: tuple[Theme, Json] = (Theme(), _theme(Theme()))
        self._rundown: tuple[tuple[Cue, ...], list[Json]] = ((), [])
        self._notes: tuple[tuple[Note, ...], list[Json]] = ((), [])

    def __call__(self, show: Show, now: int = 0) -> Json:
        if show.rundown is not self._rundown[0]:
            self._rundown = (show.rundown, [_cue(cue) for cue in show.rundown])
        if show.theme is not self._theme[0]:
            self._theme = (show.theme, _theme(show.theme))
        if show.notes is not self._notes[0]:
            self._notes = (show.notes, [_note(note) for note in show.notes])
        return {
            "event": {
                "title": show.title,
                "languages": list(show.languages),
                "both_open": show.both_open,
            },
            "seats": {**self._seats(show.seats), **self._following(show)},
            "sources": self._sources(show.sources),
            "scenes": self._scenes(show.scenes),
            "outputs": self._outputs(show.outputs),
            "preview": show.preview,
            "program": show.program,
            "black": show.black,
            "slate": show.slate,
            "tbar": show.tbar,
            "transition": _fields(show.transition),
            "undo": show.before is not None,
            "speaker": show.speaker,
            "preview_speaker": show.preview_speaker,
            "auto_speaker": {**_fields(show.auto_speaker), "exclude": list(show.auto_speaker.exclude)},
            "graphics": self._graphics(show.graphics),
            "theme": self._theme[1],
            "booths": {id_: _booth(booth, now) for id_, booth in show.booths.items()},
            "notes": self._notes[1],
            "targets": dict(show.targets),
            "hall_bus": show.hall_bus,
            "monitor_bus": show.monitor_bus,
            "solo": list(show.solo),
            "talk": None if show.talk is None else list(show.talk),
            "rundown": self._rundown[1],
            "cue": show.cue,
            "order": {
                "seats": list(show.seats),
                "scenes": list(show.scenes),
                "sources": list(show.sources),
                "outputs": list(show.outputs),
                "booths": list(show.booths),
                "graphics": list(show.graphics),
            },
        }

    def _following(self, show: Show) -> dict[str, Json]:
        """Interpreters whose next press goes into another language than their last one did."""
        shown = self._seats(show.seats)
        into = {seat.id: into_of(show, seat) for seat in show.seats.values() if seat.role == "interpreter"}
        return {
            id_: {**shown[id_], "into": language}
            for id_, language in into.items()
            if language != show.seats[id_].into
        }


class _Section(Generic[T]):
    """One mapping of the state, made anew only where its items are new objects."""

    def __init__(self, make: Callable[[T], Json]) -> None:
        self._make = make
        self._last: Mapping[str, T] = {}
        self._shown: dict[str, Json] = {}

    def __call__(self, items: Mapping[str, T]) -> dict[str, Json]:
        if items is not self._last:
            old, shown = self._last, self._shown
            self._shown = {
                id_: shown[id_] if old.get(id_) is item else self._make(item) for id_, item in items.items()
            }
            self._last = items
        return self._shown


def _seat(seat: Seat) -> Json:
    shown: Json = {
        "name": seat.name,
        "title": seat.title,
        "role": seat.role,
        "language": seat.language,
        "stage": seat.stage,
        "muted": seat.muted,
        "gain_db": seat.gain_db,
        "invited": seat.invite is not None and not seat.invite.revoked,
        "strip": _strip(seat.strip),
        "listen": seat.listen,
        "hall": seat.hall,
        "booth": seat.booth,
        "into": seat.into,
        "on": seat.on,
        "cough": seat.cough,
        "self_muted": seat.self_muted,
        "part": seat.part,
        "names": {language: _fields(naming) for language, naming in seat.names.items()},
    }
    if seat.invite is not None:
        shown["expires"] = seat.invite.expires
    return shown


def _source(source: Source) -> Json:
    return {
        "title": source.title,
        "kind": source.kind,
        "muted": source.muted,
        "gain_db": source.gain_db,
        "language": source.language,
        "strip": _strip(source.strip),
        "hall": source.hall,
        "media": source.media,
        "url": redacted(source.url),
        "insecure": source.insecure,
        "pattern": source.pattern,
        "tone": source.tone,
        "loop": source.loop,
        "in_s": source.in_s,
        "out_s": source.out_s,
        "sounds": source.sounds,
        "duration_s": source.duration_s,
        "pages": source.pages,
        "auto_play": source.auto_play,
        "auto_take": source.auto_take,
        "presenter": source.presenter,
        "page": source.page,
        "playback": {
            "playing": source.playback.playing,
            "position_s": source.playback.position_s,
            "at_ms": source.playback.at_ms,
        },
    }


def _strip(strip: Strip) -> Json:
    return _fields(strip)


def _fields(struct: msgspec.Struct) -> Json:
    """Every field, its default too."""
    return {name: getattr(struct, name) for name in struct.__struct_fields__}


def _theme(theme: Theme) -> Json:
    """Without its files' paths."""
    return {name: value for name, value in _fields(theme).items() if name not in ("logo", "backdrop")}


def _graphic(graphic: Graphic) -> Json:
    shown = {name: value for name, value in _fields(graphic).items() if name != "id"}
    return {
        **shown,
        "text": dict(graphic.text),
        "subtext": dict(graphic.subtext),
        "canvases": list(graphic.canvases),
    }


def _booth(booth: Booth, now: int) -> Json:
    offer = booth.handover
    return {
        "title": booth.title,
        "languages": list(booth.languages),
        "handover": _handover(offer) if offer is not None and offer.until > now else None,
        "slower_at": booth.slower_at,
    }


def _handover(offer: Handover) -> Json:
    return {"giver": offer.giver, "taker": offer.taker, "until": offer.until}


def _note(note: Note) -> Json:
    return {"booth": note.booth, "text": note.text, "at": note.at, "seat": note.seat}


def _cue(cue: Cue) -> Json:
    return {
        "cue": cue.id,
        "title": cue.title,
        "planned": cue.planned,
        "duration_s": cue.duration_s,
        "scene": cue.scene,
        "people": list(cue.people),
    }


def _scene(scene: Scene) -> Json:
    canvases = {name: _composition(composition) for name, composition in scene.canvases.items()}
    audio = {"follow": scene.audio.follow, "sources": list(scene.audio.sources)}
    return {"title": scene.title, "canvases": canvases, "audio": audio}


def _composition(composition: Composition) -> Json:
    shown: Json = {
        "layout": composition.layout,
        "graphics": list(composition.graphics),
        "plates": composition.plates,
        "background": composition.background,
    }
    if composition.places is not None:
        shown["places"] = [_place(place) for place in composition.places]
    return shown


def _place(place: Place) -> Json:
    """What it names; a box and a crop with all four numbers."""
    shown: Json = msgspec.to_builtins(place)
    rects: dict[str, Box | Crop | None] = {"box": place.box, "crop": place.crop}
    return shown | {name: _fields(rect) for name, rect in rects.items() if rect is not None}


def _output(output: Output) -> Json:
    return {
        "url": redacted(output.url),
        "recording": output.recording,
        "rendition": output.rendition,
        "bus": output.bus,
        "buses": list(output.buses),
        "running": output.running,
        "backup": redacted(output.backup),
        "seats": output.seats,
        "title": output.title,
    }
