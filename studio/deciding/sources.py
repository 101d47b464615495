"""Decides what happens to sources, and how clips and slides play. Pure."""

from msgspec import UnsetType

from signaling.ports import RefusedError
from studio import source_commands as s
from studio import source_events as e
from studio.deciding.checks import Context, kept, new_id, texted, unknown
from studio.model import MAX_SOURCES, MAX_TITLE, Show, Source

Events = tuple[e.SourceEvent, ...]


def decide_source(show: Show, command: s.SourceCommand, context: Context) -> Events:
    if isinstance(command, s.SourceCreate):
        return _create(show, command)
    source = show.sources.get(command.source)
    if source is None:
        raise unknown("source", command.source)
    if isinstance(command, s.SourceDelete):
        if _in_use(show, source.id):
            raise RefusedError(409, "source.in-use", "A scene shows the source; take it out there first.")
        return (e.SourceDeleted(source.id),)
    if isinstance(command, s.SourceUpdate):
        return _update(source, command)
    raise RefusedError(409, "source.kind-unavailable", "This source can't do that.")


def _create(show: Show, command: s.SourceCreate) -> Events:
    if command.kind != "bars":
        raise RefusedError(
            409, "source.kind-unavailable", f"This version can't play sources of the kind {command.kind} yet."
        )
    if command.media is not None or command.url is not None:
        raise RefusedError(400, "source.not-for-kind", "Colour bars take neither media nor an address.")
    title = texted(command.title, MAX_TITLE)
    id_ = new_id("source", command.source, show.sources, MAX_SOURCES, title, command.kind)
    return (e.SourceCreated(id_, command.kind, title or id_),)


def _update(source: Source, command: s.SourceUpdate) -> Events:
    title = kept(command.title, source.title, MAX_TITLE) or source.id
    language = source.language if isinstance(command.language, UnsetType) else command.language
    hall = source.hall if isinstance(command.hall, UnsetType) else command.hall
    if (title, language, hall) == (source.title, source.language, source.hall):
        return ()
    return (e.SourceUpdated(source.id, title, language, hall),)


def _in_use(show: Show, source: str) -> bool:
    return any(
        f"source/{source}" in scene.audio.sources
        or any(
            source == composition.background
            or any(place.source == source for place in composition.places or ())
            for composition in scene.canvases.values()
        )
        for scene in show.scenes.values()
    )
