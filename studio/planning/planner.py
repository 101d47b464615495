"""Pure: the show's state and who is there → what the mixer, the browsers and the supervisor are to do."""

from collections.abc import Iterable, Mapping

import msgspec

from mixer.contract.messages import SenderConfig
from mixer.contract.names import (
    BACKDROP,
    TALKBACK,
    SourceName,
    StreamName,
    backup_of,
    canvas_slot,
    id_of,
    is_screen,
    of_screen,
    of_seat,
    of_source,
    picture_stream,
    program_in,
    screen_of,
    seat_of,
    slot_of,
    sound_stream,
)
from mixer.contract.plan import (
    BusName,
    CanvasName,
    CanvasPlan,
    Ducking,
    Fade,
    MixPlan,
    SourceInfo,
    Transition,
)
from mixer.graphics.characters import written_in
from signaling.contract.messages import UplinkTarget
from signaling.contract.state import SceneCanvas
from studio.contract.messages import Desired, SlotSpec
from studio.planning.composing import compose, first_tongues, in_language, scaled
from studio.planning.multiview import multiview, preview_size
from studio.planning.overlays import name_plate
from studio.planning.places import CANVASES, Staged, coming, on_air
from studio.planning.playing import player_slots, players, source_info
from studio.planning.sounds import audio, listens, microphones
from studio.planning.transitions import Take, transition
from studio.planning.uplink import NOTHING, THUMBNAIL, screen_targets, target_for, uplink_targets
from studio.show.model import Output, Show
from studio.show.sources.publishing import whip_slots

__all__ = ["Live", "PlanSettings", "Plans", "asking", "plan"]

SOUND_ONLY = SlotSpec(16, 16, frames=2)
"""Slot of a microphone without a camera: its pictures are the smallest there are."""


class PlanSettings(msgspec.Struct, frozen=True):
    """``canvases``: size of each in pixels, even. ``recordings``: folder they go to.

    ``ca_file``: see :class:`SenderConfig` and :class:`PlayerConfig`. ``epoch_ns``: see
    :class:`SenderConfig`. ``guest``: largest picture a guest's slot takes; ``screen``: and a shared screen's.
    """

    canvases: dict[CanvasName, tuple[int, int]]
    recordings: str
    ca_file: str = ""
    guest: tuple[int, int] = (1280, 720)
    screen: tuple[int, int] = (1920, 1080)
    epoch_ns: int = 0
    ducking: Ducking = Ducking()
    media: str = ""
    """Folder of what was uploaded."""
    fps: tuple[int, int] = (30, 1)
    """The programme's, as a fraction."""
    fonts: str = ""
    """Folder of the fonts that slides are drawn with where they bring none."""
    private_addresses: bool = False
    """Streams may be pulled from private networks and this machine."""

    @property
    def shown(self) -> tuple[tuple[int, int], ...]:
        """Sizes of the canvases that sources are shown on in full."""
        return tuple(self.canvases[name] for name in CANVASES if name in self.canvases)

    @property
    def preview(self) -> tuple[int, int]:
        known = self.canvases.get("preview")
        return known or preview_size(self.canvases["multiview"], self.canvases["program"])


class Live(msgspec.Struct, frozen=True):
    """The live part of a plan's input: seats whose media is connected, canvases that somebody's page shows,
    the seats that have been connecting or connected at any time since control started, and those that share a
    screen. And what is under way: a transition, a fade."""

    connected: frozenset[str] = frozenset()
    watched: frozenset[CanvasName] = frozenset()
    seen: frozenset[str] = frozenset()
    sharing: frozenset[str] = frozenset()
    take: Take | None = None
    fade: Fade = Fade()


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
    air, then = _Scene.of(show, on_air(show), settings), _Scene.of(show, coming(show), settings)
    goes, leaves, how = _going(show, live, settings, air, then)
    canvases: dict[CanvasName, CanvasPlan] = {**goes.canvases}
    canvases["preview"] = scaled(then.canvases["program"], settings.preview, show.theme)
    seen = [each.canvases["program"] for each in (goes, leaves) if each is not None]
    console = canvases["multiview"] = multiview(
        show,
        live.connected,
        live.sharing,
        settings.canvases["multiview"],
        settings.canvases["program"],
        _sources(seen),
        _sources([then.canvases["program"]]),
    )
    running = [output for output in show.outputs.values() if output.running]
    speakers = [seat.id for seat in show.seats.values() if seat.role == "speaker"]
    # What is being prepared is sent in full before it is taken, at the size it will have on air.
    scenes = [each for each in (air, then, leaves) if each is not None]
    names: tuple[SceneCanvas, ...] = ("program",)
    if "wall" in live.watched or any(output.rendition == "wall" for output in running):
        names = CANVASES
    full = [each.canvases[name] for each in scenes for name in names]
    prepared = [then.canvases[name] for name in names]
    streams = {_pictures_of(output, show) for output in running if not output.seats}
    tongues = [each for each in show.languages[1:] if program_in(each) in streams]
    uplink = uplink_targets(speakers, full, console if "multiview" in live.watched else None, settings.guest)
    wanted = uplink_targets(speakers, prepared, None, settings.guest)
    recorded = next((output.id for output in running if output.seats), "")
    if recorded:
        # One size all the time, seen or not: each other one would begin a file of its own.
        whole = target_for(*settings.guest)
        uplink |= {seat: whole for seat in speakers if show.seats[seat].stage}
    plans = Plans(
        mix=MixPlan(
            revision=revision,
            canvases=canvases,
            audio=audio(show, settings.ducking, _fade_ms(live)),
            sources=_infos(show, [*canvases.values(), *(leaves.canvases.values() if leaves else ())]),
            black=show.black,
            fade=live.fade,
            slate=show.slate,
            transition=how,
            leaving=dict(leaves.canvases) if leaves else {},
            languages=goes.languages(show, tongues, settings),
            leaving_languages=leaves.languages(show, tongues, settings) if leaves else {},
            theme=show.theme,
        ),
        next=dict(then.canvases),
        uplink=uplink,
        screens=screen_targets(speakers, full, "multiview" in live.watched),
        desired=_desired(show, live, settings, [each for one in scenes for each in one.canvases.values()]),
        preview={seat: target for seat, target in wanted.items() if target != NOTHING},
        microphones=microphones(show, live.take.leaving if live.take else None),
        listens=listens(show),
        recorded=recorded,
    )
    return asking(plans, uplink)


def steady(plans: Plans, before: Plans) -> Plans:
    """These plans, but sources that stay on air keep the picture sizes they had ``before``: a player whose
    size changes is restarted, which the audience would see."""
    stays = _on_canvases(plans) & _on_canvases(before)
    known = {each.source: each for each in before.desired.players}
    kept = {
        each.source: old
        for each in plans.desired.players
        if of_source(each.source) in stays
        and (old := known.get(each.source)) is not None
        and old != each
        and msgspec.structs.replace(each, width=old.width, height=old.height) == old
    }
    if not kept:
        return plans
    slots = {slot: before.desired.slots[slot] for slot in (slot_of(of_source(source)) for source in kept)}
    made = tuple(kept.get(each.source, each) for each in plans.desired.players)
    desired = msgspec.structs.replace(plans.desired, slots={**plans.desired.slots, **slots}, players=made)
    return msgspec.structs.replace(plans, desired=desired)


def _on_canvases(plans: Plans) -> frozenset[SourceName]:
    both = (plans.mix.canvases, plans.mix.leaving)
    return _sources(canvases[name] for canvases in both for name in CANVASES if name in canvases)


def asking(plans: Plans, uplink: Mapping[str, UplinkTarget], *, known: bool = True) -> Plans:
    """The plans with what is really asked of the browsers. Of whom no picture is asked, its absence is no
    fault; nor before it is ``known`` who watches, where only the shown are sure to be asked."""
    least = 0 if known else THUMBNAIL.fps

    def info_of(source: SourceName, info: SourceInfo) -> SourceInfo:
        target = uplink.get(seat_of(source))
        return info if target is None else msgspec.structs.replace(info, asked=target.fps > least)

    sources = {source: info_of(source, info) for source, info in plans.mix.sources.items()}
    mix = msgspec.structs.replace(plans.mix, sources=sources)
    return msgspec.structs.replace(plans, mix=mix, uplink=dict(uplink), known=known)


class _Scene(msgspec.Struct, frozen=True):
    """A scene, composed for the canvases it has."""

    staged: Staged
    canvases: dict[CanvasName, CanvasPlan]

    @classmethod
    def of(cls, show: Show, staged: Staged, settings: PlanSettings) -> "_Scene":
        sizes = settings.canvases
        return cls(
            staged, {name: compose(show, staged, name, sizes[name], settings.media) for name in CANVASES}
        )

    def languages(self, show: Show, wanted: Iterable[str], settings: PlanSettings) -> dict[str, CanvasPlan]:
        """The programme's canvas in those of the ``wanted`` languages in which it differs."""
        program = self.canvases["program"]
        told = {
            language: in_language(show, self.staged, program, language, settings.media) for language in wanted
        }
        return {language: plan for language, plan in told.items() if plan is not program}


def _going(
    show: Show, live: Live, settings: PlanSettings, air: _Scene, then: _Scene
) -> tuple[_Scene, _Scene | None, Transition | None]:
    """Return what the canvases go to, what they leave, and how: by hand, by the clock, or not at all."""
    if show.tbar > 0:
        return then, air, transition(show.transition, position=show.tbar)
    take = live.take
    if take is None:
        return air, None, None
    # As it is now: nobody stays on air with a scene that they have been taken out of meanwhile.
    left = take.leaving.scene
    newest = show.scenes.get(left.id, left) if left is not None else None
    return air, _Scene.of(show, Staged(newest, take.leaving.speaker), settings), take.transition


def _fade_ms(live: Live) -> int:
    """Return how long the sound fades; 0 for a cut's."""
    return live.take.fade_ms if live.take is not None else live.fade.duration_ns // 1_000_000


def _sources(canvases: Iterable[CanvasPlan]) -> frozenset[SourceName]:
    return frozenset(tile.source for canvas in canvases for tile in canvas.tiles)


def _infos(show: Show, canvases: Iterable[CanvasPlan]) -> dict[SourceName, SourceInfo]:
    named = dict.fromkeys(tile.source for plan in canvases for tile in plan.tiles)
    return {source: _info(show, source) for source in named if source != BACKDROP}


def _info(show: Show, source: SourceName) -> SourceInfo:
    info = _known(show, source)
    if info.language:
        return info
    return msgspec.structs.replace(info, language=written_in(info.name, "", show.languages))


def _known(show: Show, source: SourceName) -> SourceInfo:
    if seat := show.seats.get(seat_of(source)):
        card = name_plate(seat, (first_tongues(show)[0], ""))
        return SourceInfo(name=card.name, title=card.title, language=card.language)
    if seat := show.seats.get(screen_of(source)):
        # A screen on which nothing moves sends hardly anything: only its shard knows when sharing has ended.
        language = written_in(seat.name, seat.language, show.languages)
        return SourceInfo(name=f"{seat.name} · screen", language=language, asked=False)
    if known := show.sources.get(id_of(source)):
        return source_info(known)
    # from an older log: its slot stays empty
    return SourceInfo(name=seat_of(source) or screen_of(source) or id_of(source))


def _desired(show: Show, live: Live, settings: PlanSettings, scenes: Iterable[CanvasPlan]) -> Desired:
    """Slots of 6 MB for those who came, not for all who were invited; and for everyone on stage, who must
    keep theirs when control is restarted and has seen nobody yet. Slots of 12 MB for the screens that are
    shared, or that one of the ``scenes`` on air and in preview shows."""
    slots = {
        slot_of(of_seat(seat.id)): SlotSpec(*settings.guest)
        for seat in show.seats.values()
        if seat.stage or (seat.role == "speaker" and seat.id in live.seen)
    }
    named = {tile.source for plan in scenes for tile in plan.tiles if is_screen(tile.source)}
    shared = {of_screen(seat) for seat in live.sharing if seat in show.seats}
    slots |= {slot_of(source): SlotSpec(*settings.screen) for source in sorted(named | shared)}
    slots |= {
        slot_of(of_seat(seat.id)): SOUND_ONLY
        for seat in show.seats.values()
        if seat.role == "interpreter" and (seat.on or seat.id in live.seen)
    }
    slots[slot_of(TALKBACK)] = SOUND_ONLY
    slots |= whip_slots(show) | player_slots(show, settings.shown)
    slots |= {
        canvas_slot(name): SlotSpec(*size, frames=2)
        for name, size in settings.canvases.items()
        if name != "preview"
    }
    outputs = [output for output in show.outputs.values() if output.running and not output.seats]
    senders = [_sender(show, output, settings) for output in outputs]
    senders += [
        msgspec.structs.replace(sender, output=backup_of(sender.output), url=output.backup)
        for output, sender in zip(outputs, senders, strict=True)
        if output.backup
    ]
    made = players(
        show,
        settings.media,
        settings.fps,
        settings.epoch_ns,
        settings.fonts,
        settings.shown,
        settings.ca_file,
        settings.private_addresses,
    )
    return Desired(slots, tuple(senders), made)


def _pictures_of(output: Output, show: Show) -> StreamName:
    """The stream of an audience that hears one language has that language's plates and graphics, too."""
    if output.rendition == "program" and not output.recording and len(output.buses) == 1:
        (bus,) = output.buses
        if bus in show.languages:
            return program_in(bus)
    return picture_stream(output.rendition)


def _sender(show: Show, output: Output, settings: PlanSettings) -> SenderConfig:
    return SenderConfig(
        output=output.id,
        video=_pictures_of(output, show),
        audio=tuple(sound_stream(bus) for bus in output.buses),
        url=output.url,
        folder=settings.recordings if output.recording else "",
        ca_file="" if output.recording else settings.ca_file,
        title=show.title,
        epoch_ns=settings.epoch_ns,
    )
