"""Decides what concerns the whole event: its title, its languages, the rundown. Pure."""

from collections.abc import Sequence
from typing import assert_never

from msgspec import UnsetType
from msgspec.structs import replace

from signaling.contract.ports import RefusedError
from studio.show import commands as c
from studio.show import events as e
from studio.show.checks import kept, texted, unknown
from studio.show.desk import commands as d
from studio.show.desk import events as de
from studio.show.model import MAX_TITLE, RESERVED_BUSES, Cue, Show
from studio.show.program import commands as p
from studio.show.program.decisions import decide_program


def decide_event(show: Show, command: c.ShowUpdate) -> tuple[e.AnyEvent, ...]:
    languages, both_open = command.languages, command.both_open
    changed = replace(
        show,
        title=kept(command.title, show.title, MAX_TITLE),
        languages=show.languages if isinstance(languages, UnsetType) else checked_event_languages(languages),
        both_open=show.both_open if isinstance(both_open, UnsetType) else both_open,
    )
    for language in show.languages:
        if language not in changed.languages and (user := user_of(show, language)):
            raise RefusedError(409, "language.in-use", f"{language} is in use by {user}; change that first.")
    if show.both_open and not changed.both_open:
        _check_one_open(show)
    if changed == show:
        return ()
    return (e.ShowUpdated(changed.title, changed.languages, changed.both_open),)


def checked_event_languages(languages: Sequence[str]) -> tuple[str, ...]:
    """Return the languages of the event, each of which has a bus of its name. Raises RefusedError 400:
    ``language.reserved``, ``language.twice``."""
    for language in languages:
        if language.lower() in RESERVED_BUSES:
            raise RefusedError(400, "language.reserved", f"No language can be called {language}.")
    if len({language.lower() for language in languages}) != len(languages):
        raise RefusedError(400, "language.twice", "Name each language once.")
    return tuple(languages)


def user_of(show: Show, language: str) -> str:
    """Return who needs the language's bus, for a sentence; empty: nobody."""
    for output in show.outputs.values():
        if language in (output.bus, *output.buses):
            return f"the output {output.id}"
    for booth in show.booths.values():
        if language in booth.languages:
            return f"the booth {booth.title}"
    for seat in show.seats.values():
        if language in (seat.listen, seat.into):
            return f"the seat of {seat.name}"
    if language in show.targets:
        return "a loudness target"
    if language in (show.hall_bus, show.monitor_bus):
        return "the hall" if language == show.hall_bus else "the director's monitor"
    return ""


def with_used_languages(show: Show) -> Show:
    """A log can name languages that the configuration has lost since: the event keeps what it uses."""
    named = [
        *(bus for output in show.outputs.values() for bus in (output.bus, *output.buses)),
        *(language for booth in show.booths.values() for language in booth.languages),
        *(bus for seat in show.seats.values() for bus in (seat.listen, seat.into) if bus),
        *(show.hall_bus, show.monitor_bus),
    ]
    lost = [name for name in dict.fromkeys(named) if name not in (*show.languages, *RESERVED_BUSES)]
    return replace(show, languages=(*show.languages, *lost)) if lost else show


def _check_one_open(show: Show) -> None:
    on = [seat for seat in show.seats.values() if seat.on]
    for one in on:
        for other in on:
            if one.id < other.id and (one.into == other.into or one.booth == other.booth):
                raise RefusedError(
                    409,
                    "booth.both-open",
                    f"{one.name} and {other.name} are both open; close one of them first.",
                )


def decide_rundown(show: Show, command: d.RundownCommand) -> tuple[e.AnyEvent, ...]:
    match command:
        case d.RundownSet():
            cues = tuple(_cue(spec) for spec in command.cues)
            ids = [cue.id for cue in cues]
            if len(set(ids)) != len(ids):
                raise RefusedError(400, "cue.twice", "Two cues of the rundown have the same id.")
            cue = show.cue if show.cue in ids else None
            return () if (cues, cue) == (show.rundown, show.cue) else (de.RundownChanged(cues, cue),)
        case d.RundownGo():
            cue_ = next((cue for cue in show.rundown if cue.id == command.cue), None)
            if command.cue is not None and cue_ is None:
                raise unknown("cue", command.cue)
            return _gone_to(show, cue_, take=command.take)
        case d.RundownNext():
            ids = [cue.id for cue in show.rundown]
            following = show.rundown[ids.index(show.cue) + 1 if show.cue in ids else 0 :]
            if not following:
                raise RefusedError(409, "rundown.at-end", "There is no further cue in the rundown.")
            return _gone_to(show, following[0], take=command.take)
        case _:
            assert_never(command)


def _gone_to(show: Show, cue: Cue | None, *, take: bool) -> tuple[e.AnyEvent, ...]:
    """Go to a cue. Where its scene isn't there (any more) only the rundown moves.

    Raises RefusedError 409 ``program.tbar-moved`` where the preview can't be changed.
    """
    events: tuple[e.AnyEvent, ...] = ()
    if (cue.id if cue else None) != show.cue:
        events = (de.RundownMoved(cue.id if cue else None),)
    if cue is None or cue.scene not in show.scenes:
        return events
    scene = p.ProgramCut(cue.scene) if take else p.PreviewSet(cue.scene)
    return (*events, *decide_program(show, scene))


def _cue(spec: d.CueSpec) -> Cue:
    title = texted(spec.title, MAX_TITLE) or spec.cue
    return Cue(spec.cue, title, spec.planned, spec.duration_s, spec.scene, spec.people)
