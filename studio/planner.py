"""Pure: the show's state and who is there → what the mixer, the browsers and the supervisor shall do."""

from collections.abc import Iterable, Mapping

import msgspec

from mixer.layout import solve
from mixer.outputs.ingests import backup_of
from mixer.plan import (
    BusName,
    CanvasName,
    CanvasPlan,
    Ducking,
    MixPlan,
    Plate,
    Rect,
    SourceId,
    SourceInfo,
    Tile,
)
from mixer.wire import SenderConfig
from signaling.wire import UplinkTarget
from studio.model import Output, Place, SceneCanvas, Show
from studio.multiview import multiview
from studio.places import composition_of, on_scene, shown, source_id
from studio.sounds import TALKBACK, audio, listens, microphones
from studio.uplink import NOTHING, THUMBNAIL, screen_targets, target_for, uplink_targets
from studio.wire import Desired, SlotSpec

__all__ = ["Live", "PlanSettings", "Plans", "asking", "on_scene", "plan"]

SOUND_ONLY = SlotSpec(16, 16, frames=2)
"""Slot of a microphone without a camera: its pictures are the smallest there are."""


class PlanSettings(msgspec.Struct, frozen=True):
    """``canvases``: size of each in pixels, even. ``recordings``: folder they go to.

    ``ca_file`` and ``epoch_ns``: see :class:`SenderConfig`. ``guest``: largest picture a guest's slot takes;
    ``screen``: and a shared screen's.
    """

    canvases: dict[CanvasName, tuple[int, int]]
    recordings: str
    ca_file: str = ""
    guest: tuple[int, int] = (1280, 720)
    screen: tuple[int, int] = (1920, 1080)
    epoch_ns: int = 0
    ducking: Ducking = Ducking()


class Live(msgspec.Struct, frozen=True):
    """Who is there: seats whose media is connected, canvases that somebody's page shows, the seats that
    have been connecting or connected at any time since control started, and those that share a screen."""

    connected: frozenset[str] = frozenset()
    watched: frozenset[CanvasName] = frozenset()
    seen: frozenset[str] = frozenset()
    sharing: frozenset[str] = frozenset()


class Plans(msgspec.Struct, frozen=True):
    """``uplink`` is by seat id (not ``seat/<id>``) and names every speaker, connected or not: whoever comes
    starts right, and a control that is back, and knows of nobody yet, takes nothing from anybody.
    ``screens``: the same for what they share. ``known`` is False while nobody is to be told either.
    ``preview`` is what the scene in preview needs of its seats. ``microphones`` are the seats that are heard,
    or would be with the next cut, and those of interpreters. ``listens``: the bus each seat hears.
    ``recorded``: the running output that takes every seat as it arrives; empty for none.
    ``next`` is what a cut would bring: the mixer draws its graphics beforehand."""

    mix: MixPlan
    next: dict[CanvasName, CanvasPlan]
    uplink: dict[str, UplinkTarget]
    screens: dict[str, UplinkTarget]
    desired: Desired
    preview: dict[str, UplinkTarget]
    microphones: tuple[str, ...]
    known: bool = True
    listens: dict[str, BusName] = msgspec.field(default_factory=dict)
    recorded: str = ""


def plan(show: Show, live: Live, settings: PlanSettings, revision: int) -> Plans:
    """``revision`` is the state's, and becomes the mix plan's. ``uplink`` is what this moment needs."""
    program, wall = (_canvas(show, show.program, name, settings) for name in ("program", "wall"))
    preview, preview_wall = (_canvas(show, show.preview, name, settings) for name in ("program", "wall"))
    console = multiview(show, live.connected, live.sharing, settings.canvases["multiview"], preview, program)
    canvases: dict[CanvasName, CanvasPlan] = {"program": program, "wall": wall, "multiview": console}
    running = [output for output in show.outputs.values() if output.running]
    speakers = [seat.id for seat in show.seats.values() if seat.role == "speaker"]
    # What is being prepared is sent in full before it is taken, at the size it will have on air.
    full, coming = [program, preview], [preview]
    if "wall" in live.watched or any(output.rendition == "wall" for output in running):
        full += [wall, preview_wall]
        coming += [preview_wall]
    uplink = uplink_targets(speakers, full, console if "multiview" in live.watched else None, settings.guest)
    wanted = uplink_targets(speakers, coming, None, settings.guest)
    recorded = next((output.id for output in running if output.seats), "")
    if recorded:
        # One size all the time, seen or not: each other one would begin a file of its own.
        whole = target_for(*settings.guest)
        uplink |= {seat: whole for seat in speakers if show.seats[seat].stage}
    plans = Plans(
        mix=MixPlan(
            revision=revision,
            canvases=canvases,
            audio=audio(show, settings.ducking),
            sources=_infos(show, canvases),
            black=show.black,
        ),
        next={"program": preview, "wall": preview_wall},
        uplink=uplink,
        screens=screen_targets(speakers, full, "multiview" in live.watched),
        desired=_desired(show, live, settings, (program, wall, preview, preview_wall)),
        preview={seat: target for seat, target in wanted.items() if target != NOTHING},
        microphones=microphones(show),
        listens=listens(show),
        recorded=recorded,
    )
    return asking(plans, uplink)


def asking(plans: Plans, uplink: Mapping[str, UplinkTarget], *, known: bool = True) -> Plans:
    """The plans with what is really asked of the browsers. Of whom no picture is asked, its absence is no
    fault; nor before it is ``known`` who watches, where only the shown are sure to be asked."""
    least = 0 if known else THUMBNAIL.fps

    def info_of(source: SourceId, info: SourceInfo) -> SourceInfo:
        kind, _, seat = source.partition("/")
        target = uplink.get(seat) if kind == "seat" else None
        return info if target is None else msgspec.structs.replace(info, asked=target.fps > least)

    sources = {source: info_of(source, info) for source, info in plans.mix.sources.items()}
    mix = msgspec.structs.replace(plans.mix, sources=sources)
    return msgspec.structs.replace(plans, mix=mix, uplink=dict(uplink), known=known)


def _canvas(show: Show, scene: str | None, canvas: SceneCanvas, settings: PlanSettings) -> CanvasPlan:
    width, height = settings.canvases[canvas]
    if scene is None:
        return CanvasPlan(width, height)
    places = shown(show, scene, canvas)
    rects = solve(composition_of(show.scenes[scene], canvas).layout, len(places), width, height)
    tiles = tuple(_tile(show, place, rect) for place, rect in zip(places, rects, strict=True))
    return CanvasPlan(width, height, tiles)


def _tile(show: Show, place: Place, rect: Rect) -> Tile:
    if place.seat and not place.screen:
        seat = show.seats[place.seat]
        return Tile(rect, source_id(place), plate=Plate(seat.name, seat.title))
    return Tile(rect, source_id(place), fit="contain")


def _infos(show: Show, canvases: dict[CanvasName, CanvasPlan]) -> dict[SourceId, SourceInfo]:
    return {tile.source: _info(show, tile.source) for plan in canvases.values() for tile in plan.tiles}


def _info(show: Show, source: SourceId) -> SourceInfo:
    kind, _, id_ = source.partition("/")
    if kind == "seat":
        seat = show.seats[id_]
        return SourceInfo(name=seat.name, title=seat.title)
    if kind == "screen":
        # A screen on which nothing moves sends hardly anything: only its shard knows when sharing has ended.
        return SourceInfo(name=f"{show.seats[id_].name} · screen", asked=False)
    return SourceInfo(kind="bars", name=show.sources[id_].title)


def _desired(show: Show, live: Live, settings: PlanSettings, scenes: Iterable[CanvasPlan]) -> Desired:
    """Slots of 6 MB for those who came, not for all who were invited; and for everyone on stage, who must
    keep theirs when control is started anew and has seen nobody yet. Slots of 12 MB for the screens that are
    shared, or that one of the ``scenes`` on air and in preview shows."""
    slots = {
        f"seat/{seat.id}": SlotSpec(*settings.guest)
        for seat in show.seats.values()
        if seat.stage or (seat.role == "speaker" and seat.id in live.seen)
    }
    named = {tile.source for plan in scenes for tile in plan.tiles if tile.source.startswith("screen/")}
    shared = {f"screen/{seat}" for seat in live.sharing if seat in show.seats}
    slots |= {source: SlotSpec(*settings.screen) for source in sorted(named | shared)}
    slots |= {
        f"seat/{seat.id}": SOUND_ONLY
        for seat in show.seats.values()
        if seat.role == "interpreter" and (seat.on or seat.id in live.seen)
    }
    slots[TALKBACK] = SOUND_ONLY
    slots |= {f"canvas/{name}": SlotSpec(*size, frames=2) for name, size in settings.canvases.items()}
    outputs = [output for output in show.outputs.values() if output.running and not output.seats]
    senders = [_sender(show, output, settings) for output in outputs]
    senders += [
        msgspec.structs.replace(sender, output=backup_of(sender.output), url=output.backup)
        for output, sender in zip(outputs, senders, strict=True)
        if output.backup
    ]
    return Desired(slots, tuple(senders))


def _sender(show: Show, output: Output, settings: PlanSettings) -> SenderConfig:
    return SenderConfig(
        output=output.id,
        video=f"{output.rendition}/h264",
        audio=tuple(f"{bus}/aac" for bus in output.buses),
        url=output.url,
        folder=settings.recordings if output.recording else "",
        ca_file="" if output.recording else settings.ca_file,
        title=show.title,
        epoch_ns=settings.epoch_ns,
    )
