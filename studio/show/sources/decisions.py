"""Decides what happens to sources, and how clips and slides play. Pure."""

from collections.abc import Mapping
from typing import Any

from msgspec import UNSET, UnsetType

from mixer.contract.names import of_source
from mixer.contract.pull_url import PullUrlError, as_ffmpeg_takes, names_private, redacted_pull
from mixer.contract.source_kinds import SOURCE_KINDS, SourceKind
from signaling.contract.medium import Medium
from signaling.contract.ports import RefusedError
from studio.planning.playing import has_player, out_point_s, position_now_s, sounds_of
from studio.show.checks import DecisionContext, addressed, kept, new_id, texted, unknown
from studio.show.model import MAX_PLAYERS, MAX_SOURCES, MAX_TITLE, Playback, Show, Source
from studio.show.sources import commands as s
from studio.show.sources import events as e
from studio.show.sources.events import apply_source

Events = tuple[e.SourceEvent, ...]

_FIELDS: Mapping[SourceKind, frozenset[str]] = {
    kind: frozenset(row.fields) for kind, row in SOURCE_KINDS.items()
}
"""What a source of each kind has beside a title, a language and its sound."""
_OWN = frozenset().union(*_FIELDS.values())


def decide_source(show: Show, command: s.SourceCommand, context: DecisionContext) -> Events:
    if isinstance(command, s.SourceCreate):
        return _create(show, command, context)
    source = show.sources.get(command.source)
    if source is None:
        raise unknown("source", command.source)
    match command:
        case s.SourceDelete():
            if _in_use(show, source.id):
                raise RefusedError(409, "source.in-use", "A scene shows the source; take it out there first.")
            return (e.SourceDeleted(source.id),)
        case s.SourceUpdate():
            return _update(show, source, command, context)
        case s.SourcePage():
            return _page(source, command)
        case s.SourceToken():
            _check_able(SOURCE_KINDS[source.kind].published)
            return (e.SourceTokenMade(source.id, context.token_hash),)
        case _:
            _check_able(SOURCE_KINDS[source.kind].seekable)
            return _play(source, command, context.now_ms)


def _check_able(able: bool) -> None:
    if not able:
        raise RefusedError(409, "source.kind-unavailable", "This source can't do that.")


def _create(show: Show, command: s.SourceCreate, context: DecisionContext) -> Events:
    kind, row = command.kind, SOURCE_KINDS[command.kind]
    _check_fields(kind, command, None)
    medium = _medium(kind, command.media, context)
    given = {name: value for name in _FIELDS[kind] if (value := getattr(command, name)) is not None}
    if "url" in row.fields:
        user, password = given.pop("user", ""), given.pop("password", "")
        given["url"] = _address(command.url, user, password, private=context.private_addresses)
    if medium is not None:
        given |= {"duration_s": medium.duration_s, "pages": medium.pages}
        given |= {"width": medium.width, "height": medium.height, "alpha": medium.alpha}
    if row.seekable:
        given.setdefault("auto_play", True)
        _check_points(given.get("in_s", 0.0), given.get("out_s", 0.0), given["duration_s"])
        _check_sounds(given.get("sounds", ""), medium)
    if given.get("presenter"):
        _check_presenter(show, given["presenter"])
    title = texted(command.title, MAX_TITLE) or texted(medium.name if medium else "", MAX_TITLE)
    id_ = new_id("source", command.source, show.sources, MAX_SOURCES, title, kind)
    token_hash = context.token_hash if row.published else ""
    created = e.SourceCreated(id_, kind, title or id_, token_hash=token_hash, **given)
    _check_room(apply_source(show, created))
    return (created,)


def _check_room(show: Show) -> None:
    """Raises RefusedError 409 ``source.too-many-players``."""
    if sum(has_player(source) for source in show.sources.values()) > MAX_PLAYERS:
        raise RefusedError(
            409,
            "source.too-many-players",
            f"At most {MAX_PLAYERS} clips, stills, decks, patterns and streams at once; delete one first.",
        )


def _check_fields(kind: SourceKind, command: Any, absent: object) -> None:
    """Raises RefusedError 400 ``source.not-for-kind``."""
    for name in sorted(_OWN - _FIELDS[kind]):
        if getattr(command, name, absent) is not absent:
            raise RefusedError(400, "source.not-for-kind", f"A source of the kind {kind} has no {name}.")


def _medium(kind: SourceKind, media: str | None, context: DecisionContext) -> Medium | None:
    if SOURCE_KINDS[kind].upload is None:
        return None
    if media is None:
        raise RefusedError(400, "source.needs-media", "Upload a file first, and name its id as media.")
    medium = context.media.get(media)
    if medium is None:
        raise unknown("media", media)
    if medium.kind != kind:
        raise RefusedError(400, "source.wrong-media", f"{medium.name} is of the kind {medium.kind}.")
    return medium


def _address(url: str | None, user: str, password: str, *, private: bool) -> str:
    if not url:
        raise RefusedError(400, "source.needs-url", "Say the address of the stream that is to be pulled.")
    scheme, separator, rest = addressed(url, user, password).partition("://")
    address = scheme.lower() + separator + rest
    try:
        redacted_pull(address)
        as_ffmpeg_takes(address)
    except PullUrlError as error:
        raise RefusedError(400, error.code, str(error)) from None
    if not private and names_private(address):
        raise RefusedError(
            403,
            "pull.private-address",
            "The address is in a private network: sources.private_addresses in studio.toml allows it.",
        )
    return address


def _check_points(in_s: float, out_s: float, duration_s: float) -> None:
    if in_s > 0 and in_s >= (min(out_s, duration_s) if out_s > 0 else duration_s):
        raise RefusedError(400, "source.in-out", "The in point must lie before the out point and the end.")
    if out_s > duration_s + 0.5:
        raise RefusedError(400, "source.in-out", "The out point lies after the clip's end.")


def _check_sounds(sounds: str, medium: Medium | None) -> None:
    tracks = [each for each in medium.tracks if each.kind == "sound" and each.playable] if medium else []
    there = [each.number for each in tracks]
    if set(sounds_of(sounds)) <= set(there):
        return
    told = f"it has {', '.join(map(str, there))}." if there else "none of its can be."
    raise RefusedError(
        400, "source.no-such-sound", f"This clip has no sound track {sounds} that can be played; {told}"
    )


def _check_presenter(show: Show, seat_id: str) -> None:
    seat = show.seats.get(seat_id)
    if seat is None:
        raise unknown("seat", seat_id)
    if seat.role != "speaker":
        raise RefusedError(409, "seat.not-speaker", "Only a speaker can present slides.")


def _update(show: Show, source: Source, command: s.SourceUpdate, context: DecisionContext) -> Events:
    _check_fields(source.kind, command, UNSET)
    given: dict[str, Any] = {
        name: value for name in _FIELDS[source.kind] if (value := getattr(command, name, UNSET)) is not UNSET
    }
    if "url" in _FIELDS[source.kind]:
        user, password = given.pop("user", ""), given.pop("password", "")
        if given.get("url") or user or password:
            given["url"] = _address(given.get("url"), user, password, private=context.private_addresses)
    if SOURCE_KINDS[source.kind].seekable:
        points = given.get("in_s", source.in_s), given.get("out_s", source.out_s)
        _check_points(*points, source.duration_s)
        _check_sounds(given.get("sounds", ""), context.media.get(source.media))
    if given.get("presenter"):
        _check_presenter(show, given["presenter"])
    title = kept(command.title, source.title, MAX_TITLE) or source.id
    language = source.language if isinstance(command.language, UnsetType) else command.language
    hall = source.hall if isinstance(command.hall, UnsetType) else command.hall
    given |= {"language": language, "hall": hall}
    if title == source.title and all(getattr(source, name) == value for name, value in given.items()):
        return ()
    updated = e.SourceUpdated(source.id, title, **given)
    if not has_player(source):
        _check_room(apply_source(show, updated))
    return (updated,)


def _page(source: Source, command: s.SourcePage) -> Events:
    """Turning on beyond the last page stays there: whoever presents presses once too often."""
    _check_able(SOURCE_KINDS[source.kind].paged)
    if (command.page is None) == (command.step is None):
        raise RefusedError(400, "source.page-or-step", "Say either the page or the step.")
    page = command.page if command.page is not None else source.page + (command.step or 0)
    if command.page is not None and page > source.pages:
        raise RefusedError(400, "source.no-such-page", f"The slides have {source.pages} pages.")
    page = min(max(1, page), max(1, source.pages))
    return () if page == source.page else (e.SourcePaged(source.id, page),)


def _play(source: Source, command: s.SourcePlay | s.SourcePause | s.SourceSeek, now_ms: int) -> Events:
    now_s = position_now_s(source, now_ms)
    playing = source.playback.playing and now_s is not None
    match command:
        case s.SourcePlay():
            at_end = now_s is None or now_s >= out_point_s(source) > 0
            if playing and not at_end:
                return ()
            return _played(
                source, playing=True, at_s=source.in_s if at_end or now_s is None else now_s, now_ms=now_ms
            )
        case s.SourcePause():
            if not source.playback.playing:
                return ()
            return _played(
                source, playing=False, at_s=out_point_s(source) if now_s is None else now_s, now_ms=now_ms
            )
        case s.SourceSeek():
            if command.position_s > source.duration_s:
                raise RefusedError(
                    400, "source.position-outside", f"The clip is {source.duration_s:.1f} s long."
                )
            return _played(source, playing=playing, at_s=command.position_s, now_ms=now_ms)


def _played(source: Source, *, playing: bool, at_s: float, now_ms: int) -> Events:
    playback = Playback(source.playback.order + 1, playing, round(at_s, 3), now_ms)
    return (e.SourcePlayed(source.id, playback),)


def _in_use(show: Show, source: str) -> bool:
    return any(
        of_source(source) in scene.audio.sources
        or any(
            source == composition.background
            or any(place.source == source for place in composition.places or ())
            for composition in scene.canvases.values()
        )
        for scene in show.scenes.values()
    )
