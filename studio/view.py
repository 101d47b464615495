"""What others may see of the show: state and events as JSON-able builtins, without secrets. Pure but for a
cache by identity, which keeps what didn't change the same object: patches then cost what changed."""

from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

import msgspec

from mixer.outputs.url import StreamUrl, UrlError
from mixer.plan import Strip
from studio.events import AnyEvent
from studio.model import Booth, Cue, Handover, Note, Output, Scene, Seat, Show, Source

Json = dict[str, Any]
T = TypeVar("T")


def public_event(event: AnyEvent) -> Json:
    """The event with its ``type``; invites without their hash, addresses without their key."""
    shown: Json = msgspec.to_builtins(event)
    shown.pop("token_hash", None)
    for address in ("url", "backup"):
        if address in shown:
            shown[address] = redacted(shown[address])
    return shown


def redacted(url: str) -> str:
    """A destination's address as it may be shown; empty for a recording's."""
    try:
        return str(StreamUrl.parse(url)) if url else ""
    except UrlError:
        return "•••"  # from an older log: better unreadable than told


class PublicView:
    """``view(show, now)`` is the public state (ARCHITECTURE.md), all but ``status``. ``now`` in Unix seconds:
    an offer of a microphone whose time is over is none."""

    def __init__(self) -> None:
        self._seats = _Section(_seat)
        self._sources = _Section(_source)
        self._scenes = _Section(_scene)
        self._outputs = _Section(_output)
        self._rundown: tuple[tuple[Cue, ...], list[Json]] = ((), [])
        self._notes: tuple[tuple[Note, ...], list[Json]] = ((), [])

    def __call__(self, show: Show, now: int = 0) -> Json:
        if show.rundown is not self._rundown[0]:
            self._rundown = (show.rundown, [_cue(cue) for cue in show.rundown])
        if show.notes is not self._notes[0]:
            self._notes = (show.notes, [_note(note) for note in show.notes])
        return {
            "event": {
                "title": show.title,
                "languages": list(show.languages),
                "both_open": show.both_open,
            },
            "seats": self._seats(show.seats),
            "sources": self._sources(show.sources),
            "scenes": self._scenes(show.scenes),
            "outputs": self._outputs(show.outputs),
            "preview": show.preview,
            "program": show.program,
            "black": show.black,
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
            },
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
    }


def _strip(strip: Strip) -> Json:
    """Every field, its default too."""
    return {name: getattr(strip, name) for name in Strip.__struct_fields__}


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
    canvases: Json = {}
    for name, composition in scene.canvases.items():
        shown = canvases[name] = {"layout": composition.layout, "graphics": list(composition.graphics)}
        if composition.places is not None:
            shown["places"] = [msgspec.to_builtins(place) for place in composition.places]
    audio = {"follow": scene.audio.follow, "sources": list(scene.audio.sources)}
    return {"title": scene.title, "canvases": canvases, "audio": audio}


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
    }
