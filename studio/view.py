"""What others may see of the show: state and events as JSON-able builtins, without secrets. Pure but for a
cache by identity, which keeps what didn't change the same object: patches then cost what changed."""

from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

import msgspec

from mixer.outputs.url import StreamUrl, UrlError
from studio.events import AnyEvent
from studio.model import Output, Scene, Seat, Show, Source

Json = dict[str, Any]
T = TypeVar("T")


def public_event(event: AnyEvent) -> Json:
    """The event with its ``type``; invites without their hash, addresses without their key."""
    shown: Json = msgspec.to_builtins(event)
    shown.pop("token_hash", None)
    if "url" in shown:
        shown["url"] = redacted(shown["url"])
    return shown


def redacted(url: str) -> str:
    """A destination's address as it may be shown; empty for a recording's."""
    try:
        return str(StreamUrl.parse(url)) if url else ""
    except UrlError:
        return "•••"  # from an older log: better unreadable than told


class PublicView:
    """``view(show)`` is the public state (ARCHITECTURE.md), all but ``status``."""

    def __init__(self) -> None:
        self._seats = _Section(_seat)
        self._sources = _Section(_source)
        self._scenes = _Section(_scene)
        self._outputs = _Section(_output)

    def __call__(self, show: Show) -> Json:
        return {
            "event": {"title": show.title},
            "seats": self._seats(show.seats),
            "sources": self._sources(show.sources),
            "scenes": self._scenes(show.scenes),
            "outputs": self._outputs(show.outputs),
            "preview": show.preview,
            "program": show.program,
            "black": show.black,
            "order": {
                "seats": list(show.seats),
                "scenes": list(show.scenes),
                "sources": list(show.sources),
                "outputs": list(show.outputs),
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
    }


def _scene(scene: Scene) -> Json:
    canvases: Json = {}
    for name, composition in scene.canvases.items():
        shown = canvases[name] = {"layout": composition.layout, "graphics": list(composition.graphics)}
        if composition.places is not None:
            shown["places"] = [msgspec.to_builtins(place) for place in composition.places]
    return {"title": scene.title, "canvases": canvases}


def _output(output: Output) -> Json:
    return {
        "url": redacted(output.url),
        "recording": output.recording,
        "rendition": output.rendition,
        "bus": output.bus,
        "buses": list(output.buses),
        "running": output.running,
    }
