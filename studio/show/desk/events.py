"""What has happened at the sound desk, with the sources and in the rundown. Pure."""

from typing import assert_never

from msgspec.structs import replace

from mixer.contract.names import SourceName, id_of, seat_of, sound_of
from mixer.contract.plan import BusName, Strip
from studio.show.event import Event, without
from studio.show.model import TARGET_LUFS, Cue, Show


class SourceMuted(Event, frozen=True, tag="source.muted"):
    """``source`` is a source's id or ``seat/<seat id>``."""

    source: str
    muted: bool


class SourceGained(Event, frozen=True, tag="source.gained"):
    """``source`` is a source's id or ``seat/<seat id>``."""

    source: str
    db: float


class SourceStripped(Event, frozen=True, tag="source.stripped"):
    """``source`` is a source's id or ``seat/<seat id>``; ``strip`` is all of it."""

    source: str
    strip: Strip


class SourceSoloed(Event, frozen=True, tag="source.soloed"):
    """``solo``: everything that is soloed from now on."""

    solo: tuple[SourceName, ...]


class MonitorChanged(Event, frozen=True, tag="monitor.changed"):
    bus: BusName


class HallUpdated(Event, frozen=True, tag="hall.updated"):
    bus: BusName


class BusUpdated(Event, frozen=True, tag="bus.updated"):
    bus: BusName
    target_lufs: float


class BusReset(Event, frozen=True, tag="bus.was_reset"):
    """The mixer's meter was reset; the state stays as it was."""

    bus: BusName


class TalkbackChanged(Event, frozen=True, tag="talkback.changed"):
    """``to``: seats; empty: everybody; None: nobody. So it stands in logs; the show says ``all`` instead."""

    to: tuple[str, ...] | None


class RundownChanged(Event, frozen=True, tag="rundown.changed"):
    cues: tuple[Cue, ...]
    cue: str | None = None


class RundownMoved(Event, frozen=True, tag="rundown.moved"):
    cue: str | None


StripEvent = SourceMuted | SourceGained | SourceStripped
DeskEvent = (
    StripEvent
    | SourceSoloed
    | MonitorChanged
    | HallUpdated
    | BusUpdated
    | BusReset
    | TalkbackChanged
    | RundownChanged
    | RundownMoved
)


def apply_desk(show: Show, event: DeskEvent) -> Show:
    match event:
        case SourceSoloed():
            return replace(show, solo=event.solo)
        case MonitorChanged():
            return replace(show, monitor_bus=event.bus)
        case HallUpdated():
            return replace(show, hall_bus=event.bus)
        case BusUpdated():
            targets = {**without(show.targets, event.bus), event.bus: event.target_lufs}
            if event.target_lufs == TARGET_LUFS:
                targets = without(targets, event.bus)
            return replace(show, targets=targets)
        case BusReset():
            return show
        case TalkbackChanged():
            return replace(show, talk="all" if event.to == () else event.to)
        case RundownChanged():
            return replace(show, rundown=event.cues, cue=event.cue)
        case RundownMoved():
            return replace(show, cue=event.cue)
        case _:
            return _apply_strip(show, event)


def _apply_strip(show: Show, event: StripEvent) -> Show:
    match event:
        case SourceMuted():
            return _with_sound(show, event.source, muted=event.muted)
        case SourceGained():
            return _with_sound(show, event.source, gain_db=event.db)
        case SourceStripped():
            return _with_sound(show, event.source, strip=event.strip)
        case _:
            assert_never(event)


def _with_sound(
    show: Show,
    source: str,
    *,
    muted: bool | None = None,
    gain_db: float | None = None,
    strip: Strip | None = None,
) -> Show:
    wanted = {"muted": muted, "gain_db": gain_db, "strip": strip}
    changed = {name: value for name, value in wanted.items() if value is not None}
    name = sound_of(source)
    if id_ := seat_of(name):
        return replace(show, seats={**show.seats, id_: replace(show.seats[id_], **changed)})
    id_ = id_of(name)
    return replace(show, sources={**show.sources, id_: replace(show.sources[id_], **changed)})
