"""Decides what is in preview and on air: takes, transitions, black, slate, who speaks. Pure."""

from typing import assert_never

from msgspec import UNSET
from msgspec.structs import replace

from signaling.contract.ports import RefusedError
from studio.show.checks import unknown
from studio.show.model import AutoSpeaker, Show, TransitionStyle
from studio.show.program import commands as p
from studio.show.program import events as e
from studio.show.scenes.decisions import scene_of

FADE_MS = 500

Events = tuple[e.PictureEvent, ...]


def decide_program(show: Show, command: p.ProgramCommand) -> Events:
    match command:
        case p.PreviewSet():
            if command.scene is not None:
                scene_of(show, command.scene)
            if command.scene == show.preview:
                return ()
            if show.tbar > 0:
                # Half of it is on air.
                raise RefusedError(409, "program.tbar-moved", "The T-bar is under way; finish it first.")
            return (e.PreviewChanged(command.scene),)
        case p.ProgramCut():
            return take(show, command.scene, None)
        case p.ProgramAuto():
            style = _style(show.transition, command)
            return take(show, command.scene, style if style.duration_ms else None)
        case p.ProgramTbar():
            return _tbar(show, command.position)
        case p.ProgramFadeToBlack():
            duration_ms = FADE_MS if command.duration_ms is None else command.duration_ms
            return () if command.on == show.black else (e.ProgramFaded(command.on, duration_ms),)
        case p.ProgramSlate():
            return () if command.on == show.slate else (e.ProgramSlated(command.on),)
        case p.ProgramUndo():
            return _undo(show)
        case p.TransitionUpdate():
            style = _style(show.transition, command)
            return () if style == show.transition else (e.TransitionChanged(style),)
        case p.SpeakerUpdate():
            return _auto_speaker(show, command)
        case _:
            assert_never(command)


def take(show: Show, scene: str | None, transition: TransitionStyle | None) -> Events:
    """``scene``, or what is in preview, goes on air. Raises RefusedError: 404 ``scene.unknown``, 409
    ``preview.empty``."""
    wanted = show.preview if scene is None else scene
    if wanted is None:
        raise RefusedError(409, "preview.empty", "Nothing is in the preview; set a scene there first.")
    scene_of(show, wanted)
    previewed = wanted == show.preview
    speaker = show.preview_speaker if previewed else show.speaker
    if wanted == show.program and speaker == show.speaker:
        # With the T-bar half way the other scene is on air, too.
        return (e.TbarMoved(0.0),) if show.tbar > 0 else ()
    # What leaves the air is ready to be taken again, unless another scene is being prepared.
    preview = show.program if previewed else show.preview
    preview_speaker = show.speaker if previewed else show.preview_speaker
    return (e.ProgramChanged(wanted, preview, speaker, preview_speaker, transition),)


def _tbar(show: Show, position: float) -> Events:
    if position == show.tbar:
        return ()
    if show.preview is None:
        raise RefusedError(409, "preview.empty", "Nothing is in the preview; set a scene there first.")
    if position < 1:
        return (e.TbarMoved(position),)
    # The picture is there already: what remains is a cut.
    return take(show, None, None) or (e.TbarMoved(0.0),)


def _undo(show: Show) -> Events:
    before = show.before
    if before is None:
        raise RefusedError(409, "program.nothing-to-undo", "No take can be taken back.")
    for scene in (before.program, before.preview):
        if scene is not None:
            scene_of(show, scene)
    return (
        e.ProgramChanged(
            before.program, before.preview, before.speaker, before.preview_speaker, None, undo=True
        ),
    )


def _style(style: TransitionStyle, command: p.ProgramAuto | p.TransitionUpdate) -> TransitionStyle:
    given = {
        "kind": command.transition,
        "duration_ms": command.duration_ms,
        "direction": command.direction,
        "colour": command.colour,
    }
    return replace(style, **{name: value for name, value in given.items() if value not in (None, UNSET)})


def _auto_speaker(show: Show, command: p.SpeakerUpdate) -> Events:
    given = {name: getattr(command, name) for name in AutoSpeaker.__struct_fields__}
    given = {name: value for name, value in given.items() if value is not UNSET}
    if given.get("pin", "") is None:
        given["pin"] = ""
    policy = replace(show.auto_speaker, **given)
    for seat in (*policy.exclude, *((policy.pin,) if policy.pin else ())):
        if seat not in show.seats:
            raise unknown("seat", seat)
    if policy == show.auto_speaker:
        return ()
    changed: Events = (e.AutoSpeakerChanged(policy),)
    pinned = show.seats.get(policy.pin)
    chosen = show.speaker if policy.to == "program" else show.preview_speaker
    if pinned is not None and pinned.stage and pinned.id != chosen:
        changed += (e.SpeakerChosen(pinned.id, policy.to),)
    return changed
