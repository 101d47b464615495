"""What has happened with sources: made, changed, played. Pure."""

from typing import assert_never

from msgspec.structs import replace

from mixer.contract.names import of_source
from mixer.contract.source_kinds import SourceKind
from studio.show.event import Event, without
from studio.show.model import Playback, Show, Source


class SourceCreated(Event, frozen=True, tag="source.created"):
    source: str
    kind: SourceKind
    title: str
    media: str = ""
    url: str = ""
    insecure: bool = False
    pattern: str = "bars"
    tone: bool = False
    loop: bool = False
    in_s: float = 0.0
    out_s: float = 0.0
    sounds: str = ""
    duration_s: float = 0.0
    pages: int = 0
    width: int = 0
    height: int = 0
    alpha: bool = False
    auto_play: bool = True
    auto_take: bool = False
    presenter: str = ""
    token_hash: str = ""


class SourceUpdated(Event, frozen=True, tag="source.updated"):
    """None: as it was, in logs from before there was such a field."""

    source: str
    title: str
    language: str | None = None
    hall: bool | None = None
    url: str | None = None
    insecure: bool | None = None
    pattern: str | None = None
    tone: bool | None = None
    loop: bool | None = None
    in_s: float | None = None
    out_s: float | None = None
    sounds: str | None = None
    auto_play: bool | None = None
    auto_take: bool | None = None
    presenter: str | None = None


class SourceDeleted(Event, frozen=True, tag="source.deleted"):
    source: str


class SourcePlayed(Event, frozen=True, tag="source.played"):
    """A clip was told to play, to pause or to stand elsewhere."""

    source: str
    playback: Playback


class SourcePaged(Event, frozen=True, tag="source.paged"):
    source: str
    page: int


class SourceTokenMade(Event, frozen=True, tag="source.token_made"):
    source: str
    token_hash: str


SourceEvent = SourceCreated | SourceUpdated | SourceDeleted | SourcePlayed | SourcePaged | SourceTokenMade


def apply_source(show: Show, event: SourceEvent) -> Show:
    if isinstance(event, SourceDeleted):
        solo = tuple(each for each in show.solo if each != of_source(event.source))
        return replace(show, sources=without(show.sources, event.source), solo=solo)
    if isinstance(event, SourceCreated):
        given = {name: getattr(event, name) for name in event.__struct_fields__ if name != "source"}
        source = Source(id=event.source, **given)
    else:
        source = _changed(show.sources[event.source], event)
    return replace(show, sources={**show.sources, source.id: source})


def _changed(source: Source, event: SourceUpdated | SourcePlayed | SourcePaged | SourceTokenMade) -> Source:
    match event:
        case SourceUpdated():
            given = {name: getattr(event, name) for name in event.__struct_fields__ if name != "source"}
            return replace(source, **{name: value for name, value in given.items() if value is not None})
        case SourcePlayed():
            return replace(source, playback=event.playback)
        case SourcePaged():
            return replace(source, page=event.page)
        case SourceTokenMade():
            return replace(source, token_hash=event.token_hash)
        case _:
            assert_never(event)
