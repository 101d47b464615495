"""Decides what happens at the sound desk. Pure."""

from typing import assert_never

from msgspec import UNSET
from msgspec.structs import replace

from mixer.contract.names import sound_of
from mixer.contract.plan import Strip
from signaling.contract.ports import RefusedError
from studio.show.checks import checked_bus, sounding, unknown
from studio.show.desk import commands as d
from studio.show.desk import events as e
from studio.show.model import TARGET_LUFS, Show, TalkTo

MIN_HIGHPASS_HZ = 20.0

Events = tuple[e.DeskEvent, ...]


def decide_strip(show: Show, command: d.StripCommand) -> Events:
    thing, key = sounding(show, command.source)
    match command:
        case d.SourceMute():
            return () if command.muted == thing.muted else (e.SourceMuted(key, command.muted),)
        case d.SourceGain():
            return () if command.db == thing.gain_db else (e.SourceGained(key, command.db),)
        case d.SourceStrip():
            strip = _strip(thing.strip, command)
            return () if strip == thing.strip else (e.SourceStripped(key, strip),)
        case d.SourceSolo():
            source = sound_of(key)
            if command.on == (source in show.solo):
                return ()
            others = tuple(each for each in show.solo if each != source)
            return (e.SourceSoloed((*others, source) if command.on else others),)
        case _:
            assert_never(command)


def _strip(strip: Strip, command: d.SourceStrip) -> Strip:
    given = {name: getattr(command, name) for name in Strip.__struct_fields__}
    strip = replace(strip, **{name: value for name, value in given.items() if value is not UNSET})
    if 0 < strip.highpass_hz < MIN_HIGHPASS_HZ:
        raise RefusedError(400, "strip.highpass", "The high-pass is at 20 to 400 Hz; 0 turns it off.")
    return strip


def decide_bus(show: Show, command: d.BusCommand) -> Events:
    match command:
        case d.MonitorSet():
            bus = checked_bus(show, command.bus, hall=True)
            return () if bus == show.monitor_bus else (e.MonitorChanged(bus),)
        case d.HallUpdate():
            bus = checked_bus(show, command.bus)
            return () if bus == show.hall_bus else (e.HallUpdated(bus),)
        case d.BusUpdate():
            bus = checked_bus(show, command.bus)
            if command.target_lufs == show.targets.get(bus, TARGET_LUFS):
                return ()
            return (e.BusUpdated(bus, command.target_lufs),)
        case d.BusReset():
            return (e.BusReset(checked_bus(show, command.bus, hall=True)),)
        case d.TalkbackSet():
            return _talkback(show, command)
        case _:
            assert_never(command)


def _talkback(show: Show, command: d.TalkbackSet) -> Events:
    to: TalkTo | None = command.to
    if isinstance(to, tuple):
        to = tuple(dict.fromkeys(to))
        for seat in to:
            if seat not in show.seats:
                raise unknown("seat", seat)
            if show.seats[seat].role not in ("speaker", "interpreter"):
                raise RefusedError(
                    409, "seat.not-listening", f"Nobody listens at the seat {seat}: it is a screen's."
                )
    return () if to == show.talk else (e.TalkbackChanged(() if to == "all" else to),)
