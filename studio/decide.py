"""Whether a command may be, and what then happens: pure, ``(show, command, context) → events``.

Commands that would change nothing give no events: sending one twice does no harm.
"""

import re
from typing import Any, assert_never

import msgspec
from msgspec import UNSET, UnsetType

from mixer.outputs.url import StreamUrl, UrlError
from signaling.ports import Actor, RefusedError
from studio import commands as c
from studio import events as e
from studio.compositions import compose
from studio.model import (
    FLOOR,
    HALL,
    MAX_NAME,
    MAX_OUTPUTS,
    MAX_SCENES,
    MAX_SEATS,
    MAX_SOURCES,
    MAX_TITLE,
    RENDITIONS,
    SOURCE_KINDS,
    Output,
    Scene,
    Seat,
    Show,
    Source,
)
from studio.text import clean


class Context(msgspec.Struct, frozen=True):
    """What a decision needs beside the state, so that it stays pure.

    ``now`` in Unix seconds; ``token_hash`` (SHA-256, hex) of a fresh token, used where an invite is made.
    """

    actor: Actor
    now: int
    token_hash: str
    invite_ttl_s: int


def decide(show: Show, command: c.AnyCommand, context: Context) -> tuple[e.AnyEvent, ...]:
    """The events that the command makes of the state. Raises RefusedError: 400, 403, 404 or 409."""
    _check_role(command, context.actor)
    match command:
        case c.ShowUpdate():
            title = _text(command.title, MAX_TITLE)
            return () if title == show.title else (e.ShowUpdated(title),)
        case (
            c.SeatCreate()
            | c.SeatUpdate()
            | c.SeatAdmit()
            | c.SeatHold()
            | c.SeatRemove()
            | c.SeatInvite()
            | c.SeatRevoke()
        ):
            return _seat(show, command, context)
        case c.SceneCreate() | c.SceneUpdate() | c.SceneDelete():
            return _scene(show, command)
        case c.PreviewSet() | c.ProgramCut() | c.ProgramFadeToBlack():
            return _program(show, command)
        case c.SourceCreate() | c.SourceUpdate() | c.SourceDelete() | c.SourceMute() | c.SourceGain():
            return _source(show, command)
        case c.OutputCreate() | c.OutputUpdate() | c.OutputStart() | c.OutputStop() | c.OutputDelete():
            return _output(show, command)
        case _:
            assert_never(command)


def _check_role(command: c.AnyCommand, actor: Actor) -> None:
    if actor.role == "director":
        return
    if actor.role == "speaker" and isinstance(command, c.SeatUpdate) and command.seat == actor.seat:
        return
    raise RefusedError(403, "role.forbidden", f"A {actor.role}'s link doesn't allow this command.")


_SeatCommand = (
    c.SeatCreate | c.SeatUpdate | c.SeatAdmit | c.SeatHold | c.SeatRemove | c.SeatInvite | c.SeatRevoke
)


def _seat(show: Show, command: _SeatCommand, context: Context) -> tuple[e.AnyEvent, ...]:
    if isinstance(command, c.SeatCreate):
        return _seat_create(show, command, context)
    seat = show.seats.get(command.seat)
    if seat is None:
        raise _unknown("seat", command.seat)
    match command:
        case c.SeatUpdate():
            name = _kept(command.name, seat.name, MAX_NAME)
            if not name:
                raise _invisible()
            title = _kept(command.title, seat.title, MAX_TITLE)
            language = seat.language if isinstance(command.language, UnsetType) else command.language
            if (name, title, language) == (seat.name, seat.title, seat.language):
                return ()
            return (e.SeatUpdated(seat.id, name, title, language),)
        case c.SeatAdmit():
            if seat.role != "speaker":
                raise RefusedError(409, "seat.not-speaker", "Only speakers go on stage.")
            return () if seat.stage else (e.SeatAdmitted(seat.id),)
        case c.SeatHold():
            return (e.SeatHeld(seat.id),) if seat.stage else ()
        case c.SeatRemove():
            return (e.SeatRemoved(seat.id),)
        case c.SeatInvite():
            return (e.SeatInvited(seat.id, context.token_hash, _expiry(command.ttl_s, context)),)
        case c.SeatRevoke():
            return (e.SeatRevoked(seat.id),) if seat.invite and not seat.invite.revoked else ()
        case _:
            assert_never(command)


def _seat_create(show: Show, command: c.SeatCreate, context: Context) -> tuple[e.AnyEvent, ...]:
    name = _text(command.name, MAX_NAME)
    if command.name and not name:
        raise _invisible()
    id_ = _new_id("seat", command.seat, show.seats, MAX_SEATS, name, command.role)
    return (
        e.SeatCreated(
            seat=id_,
            name=name or id_,
            role=command.role,
            token_hash=context.token_hash,
            expires=_expiry(command.ttl_s, context),
            title=_text(command.title, MAX_TITLE),
            language=command.language,
        ),
    )


def _invisible() -> RefusedError:
    return RefusedError(400, "seat.name-empty", "A seat needs a name that can be seen.")


def _expiry(ttl_s: int | None, context: Context) -> int:
    return context.now + (context.invite_ttl_s if ttl_s is None else ttl_s)


def _scene(show: Show, command: c.SceneCreate | c.SceneUpdate | c.SceneDelete) -> tuple[e.AnyEvent, ...]:
    if isinstance(command, c.SceneCreate):
        title = _text(command.title, MAX_TITLE)
        id_ = _new_id("scene", command.scene, show.scenes, MAX_SCENES, title, "scene")
        return (e.SceneCreated(id_, title or id_, compose(show, command.canvases)),)
    scene = _scene_of(show, command.scene)
    if isinstance(command, c.SceneDelete):
        if scene.id in (show.preview, show.program):
            raise RefusedError(
                409, "scene.in-use", "The scene is in the preview or on air; take it out there first."
            )
        return (e.SceneDeleted(scene.id),)
    title = _kept(command.title, scene.title, MAX_TITLE) or scene.id
    canvases = scene.canvases
    if not isinstance(command.canvases, UnsetType):
        canvases = compose(show, command.canvases)
    if (title, canvases) == (scene.title, scene.canvases):
        return ()
    return (e.SceneUpdated(scene.id, title, canvases),)


def _scene_of(show: Show, scene: str) -> Scene:
    if scene not in show.scenes:
        raise _unknown("scene", scene)
    return show.scenes[scene]


def _program(
    show: Show, command: c.PreviewSet | c.ProgramCut | c.ProgramFadeToBlack
) -> tuple[e.AnyEvent, ...]:
    match command:
        case c.PreviewSet():
            if command.scene is not None:
                _scene_of(show, command.scene)
            return () if command.scene == show.preview else (e.PreviewChanged(command.scene),)
        case c.ProgramFadeToBlack():
            return () if command.on == show.black else (e.ProgramFaded(command.on),)
        case c.ProgramCut():
            scene = show.preview if command.scene is None else command.scene
            if scene is None:
                raise RefusedError(
                    409, "preview.empty", "Nothing is in the preview; set a scene there first."
                )
            _scene_of(show, scene)
            if scene == show.program:
                return ()
            # What leaves the air is ready to be taken again, unless another scene is being prepared.
            preview = show.program if scene == show.preview else show.preview
            return (e.ProgramChanged(scene, preview),)
        case _:
            assert_never(command)


_SourceCommand = c.SourceCreate | c.SourceUpdate | c.SourceDelete | c.SourceMute | c.SourceGain


def _source(show: Show, command: _SourceCommand) -> tuple[e.AnyEvent, ...]:
    if isinstance(command, c.SourceCreate):
        return _source_create(show, command)
    if isinstance(command, c.SourceMute | c.SourceGain):
        return _sound(show, command)
    source = show.sources.get(command.source)
    if source is None:
        raise _unknown("source", command.source)
    if isinstance(command, c.SourceDelete):
        if _source_in_use(show, source.id):
            raise RefusedError(409, "source.in-use", "A scene shows the source; take it out there first.")
        return (e.SourceDeleted(source.id),)
    title = _kept(command.title, source.title, MAX_TITLE) or source.id
    return () if title == source.title else (e.SourceUpdated(source.id, title),)


def _source_create(show: Show, command: c.SourceCreate) -> tuple[e.AnyEvent, ...]:
    if command.kind not in SOURCE_KINDS:
        raise RefusedError(
            409, "source.kind-unavailable", f"This version can't play sources of the kind {command.kind} yet."
        )
    if command.media is not None or command.url is not None:
        raise RefusedError(400, "source.not-for-kind", "Colour bars take neither media nor an address.")
    title = _text(command.title, MAX_TITLE)
    id_ = _new_id("source", command.source, show.sources, MAX_SOURCES, title, command.kind)
    return (e.SourceCreated(id_, command.kind, title or id_),)


def _sound(show: Show, command: c.SourceMute | c.SourceGain) -> tuple[e.AnyEvent, ...]:
    kind, _, id_ = command.source.rpartition("/")
    thing: Seat | Source | None
    if kind == "seat":
        thing, key = show.seats.get(id_), f"seat/{id_}"
    else:
        thing, key = show.sources.get(id_), id_
    if thing is None:
        raise _unknown(kind or "source", id_)
    if isinstance(command, c.SourceMute):
        return () if command.muted == thing.muted else (e.SourceMuted(key, command.muted),)
    return () if command.db == thing.gain_db else (e.SourceGained(key, command.db),)


def _source_in_use(show: Show, source: str) -> bool:
    return any(
        place.source == source
        for scene in show.scenes.values()
        for composition in scene.canvases.values()
        for place in composition.places or ()
    )


_OutputCommand = c.OutputCreate | c.OutputUpdate | c.OutputStart | c.OutputStop | c.OutputDelete


def _output(show: Show, command: _OutputCommand) -> tuple[e.AnyEvent, ...]:
    if isinstance(command, c.OutputCreate):
        kind = "recording" if command.recording else "stream"
        id_ = _new_id("output", command.output, show.outputs, MAX_OUTPUTS, "", kind)
        bus = command.bus or "floor"
        buses = (bus,) if command.buses is None else command.buses
        made = _checked(show, Output(id_, command.url, command.recording, command.rendition, bus, buses))
        return (e.OutputCreated(id_, made.rendition, made.bus, made.buses, made.url, made.recording),)
    output = show.outputs.get(command.output)
    if output is None:
        raise _unknown("output", command.output)
    match command:
        case c.OutputStart():
            return () if output.running else (e.OutputStarted(output.id),)
        case c.OutputStop():
            return (e.OutputStopped(output.id),) if output.running else ()
        case c.OutputUpdate() | c.OutputDelete() if output.running:
            raise RefusedError(409, "output.running", "The output is running; stop it first.")
        case c.OutputDelete():
            return (e.OutputDeleted(output.id),)
        case c.OutputUpdate():
            changed = _checked(show, msgspec.structs.replace(output, **_given(command)))
            if changed == output:
                return ()
            return (e.OutputUpdated(output.id, changed.rendition, changed.bus, changed.buses, changed.url),)
        case _:
            assert_never(command)


def _given(command: c.OutputUpdate) -> dict[str, Any]:
    fields = {name: getattr(command, name) for name in ("url", "rendition", "bus", "buses")}
    return {name: value for name, value in fields.items() if value is not UNSET}


def _checked(show: Show, output: Output) -> Output:
    """The output with the one bus of a stream as its only track. Raises RefusedError 400."""
    if output.rendition not in RENDITIONS:
        raise RefusedError(400, "output.rendition-unknown", f"Renditions are: {', '.join(RENDITIONS)}.")
    buses = output.buses if output.recording else (output.bus,)
    known = (FLOOR, *show.languages, HALL)
    if not buses or len(set(buses)) != len(buses) or not {output.bus, *buses} <= set(known):
        raise RefusedError(
            400, "output.bus-unknown", f"An output needs one or more different buses of: {', '.join(known)}."
        )
    if output.recording:
        if output.url:
            raise RefusedError(400, "output.url-unwanted", "A recording goes to disk and takes no address.")
    else:
        try:
            StreamUrl.parse(output.url)
        except UrlError as error:
            raise RefusedError(400, error.code, str(error)) from None
    return msgspec.structs.replace(output, buses=buses)


def _text(text: str, limit: int) -> str:
    cleaned = clean(text)
    if len(cleaned) > limit:
        raise RefusedError(400, "text.too-long", f"This text has at most {limit} characters.")
    return cleaned


def _kept(text: str | UnsetType, old: str, limit: int) -> str:
    return old if isinstance(text, UnsetType) else _text(text, limit)


def _unknown(noun: str, id_: str) -> RefusedError:
    return RefusedError(404, f"{noun}.unknown", f"There is no {noun} {id_}.")


def _new_id(
    noun: str, wanted: str | None, taken: dict[str, Any], limit: int, text: str, fallback: str
) -> str:
    """The id asked for, or a readable one made of ``text`` (or ``fallback``) and a number."""
    if wanted is not None and wanted in taken:
        raise RefusedError(409, f"{noun}.exists", f"There is already a {noun} {wanted}.")
    if len(taken) >= limit:
        raise RefusedError(409, f"{noun}.too-many", f"A show has at most {limit} {noun}s.")
    if wanted is not None:
        return wanted
    stem = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:40].strip("-")
    if stem and stem not in taken:
        return stem
    stem = stem or fallback
    return next(name for n in range(1, limit + 2) if (name := f"{stem}-{n}") not in taken)
