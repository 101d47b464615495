"""Pure: the show's sources → players that shall run, what each is ordered, and what a take sets playing."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import msgspec

from mixer.contract.names import SlotName, of_source, slot_of
from mixer.contract.plan import SourceInfo
from mixer.contract.player_messages import PlayerConfig, PlayerOrder
from mixer.contract.player_timing import resumed_s
from mixer.contract.source_kinds import SOURCE_KINDS
from studio.contract.messages import SlotSpec
from studio.planning.player_size import PICTURE, Size, player_size
from studio.show.event import Event
from studio.show.model import Playback, Scene, Show, Source
from studio.show.program.events import ProgramChanged, TbarMoved
from studio.show.sources.events import SourcePlayed

CONVERTED_FILE = "converted.mkv"
"""Beside it: what is played of a clip that was too slow for this machine."""
RING = 8
"""Pictures in a player's slot: some are written ahead."""
MS_NS = 1_000_000


def has_player(source: Source) -> bool:
    """Not what the mixer draws by itself (plain bars), nor what a shard writes (WHIP)."""
    row = SOURCE_KINDS[source.kind]
    drawn = row.drawn_with is not None and all(
        getattr(source, name) == value for name, value in row.drawn_with.items()
    )
    return bool(row.player) and not drawn


def players(
    show: Show,
    media: str,
    fps: tuple[int, int] = (30, 1),
    epoch_ns: int = 0,
    fonts: str = "",
    canvases: Collection[Size] = (PICTURE,),
    ca_file: str = "",
    private: bool = False,
) -> tuple[PlayerConfig, ...]:
    """``media``: folder of what was uploaded. ``fps``: the programme's, as a fraction. ``fonts``: folder.
    ``canvases``: the sizes that sources are shown at. ``ca_file``: a further authority (PEM) for pulls.
    ``private``: they may connect to private addresses."""
    studio = {"fonts": fonts, "ca_file": ca_file, "private": private}
    return tuple(
        _config(source, media, fps, epoch_ns, player_size(show, source, canvases), studio)
        for source in show.sources.values()
        if has_player(source)
    )


def _config(
    source: Source, media: str, fps: tuple[int, int], epoch_ns: int, size: Size, studio: Mapping[str, Any]
) -> PlayerConfig:
    """Its kind's fields that the player is told under the same names, and what it ``needs`` of the
    studio's."""
    row = SOURCE_KINDS[source.kind]
    told = {name: getattr(source, name) for name in row.fields if name in PlayerConfig.__struct_fields__}
    told |= {name: studio[name] for name in row.needs}
    if (upload := row.upload) is not None and source.media:
        folder = f"{media}/{source.media}"
        told["file"] = f"{folder}/{upload.kept}"
        told["converted"] = f"{folder}/{CONVERTED_FILE}" if upload.converted else ""
    return PlayerConfig(
        source=source.id,
        kind=source.kind,
        width=size[0],
        height=size[1],
        fps_num=fps[0],
        fps_den=fps[1],
        epoch_ns=epoch_ns,
        **told,
    )


def player_slots(show: Show, canvases: Collection[Size] = (PICTURE,)) -> dict[SlotName, SlotSpec]:
    return {
        slot_of(of_source(source.id)): SlotSpec(
            *player_size(show, source, canvases), frames=RING, alpha=source.alpha
        )
        for source in show.sources.values()
        if has_player(source)
    }


def source_info(source: Source) -> SourceInfo:
    """What the mixer is told of it. Only of streams does a picture that doesn't change mean a fault: a player
    that hangs gives no sign of life, which is seen by itself."""
    row = SOURCE_KINDS[source.kind]
    if row.player and not has_player(source):
        return SourceInfo(kind="bars", name=source.title)
    return SourceInfo(name=source.title, still=not row.live, alpha=source.alpha)


def order_of(source: Source, now_ms: int, now_ns: int) -> PlayerOrder:
    """What its player is told. ``now_ms`` (Unix) and ``now_ns`` (CLOCK_MONOTONIC) are the same moment."""
    playback = source.playback
    return PlayerOrder(
        order=playback.order,
        playing=playback.playing,
        position_s=playback.position_s,
        at_ns=now_ns - (now_ms - playback.at_ms) * MS_NS if playback.playing else 0,
        loop=source.loop,
        in_s=source.in_s,
        out_s=source.out_s,
        page=source.page,
        sounds=sounds_of(source.sounds),
    )


def sounds_of(told: str) -> tuple[int, ...]:
    """Numbers of sound tracks: ``1+2`` → 1, 2."""
    return tuple(int(number) for number in told.split("+")) if told else ()


def out_point_s(source: Source) -> float:
    """Where a clip ends or turns back; 0 where its length isn't known."""
    return min(source.out_s, source.duration_s) if source.out_s > 0 else source.duration_s


def position_now_s(source: Source, now_ms: int) -> float | None:
    """Where a clip stands, by what it was told last; None: it has come to its end."""
    playback = source.playback
    at_s = max(playback.position_s, source.in_s)
    if not playback.playing:
        return at_s
    return resumed_s(
        at_s,
        playback.at_ms * MS_NS,
        now_ms * MS_NS,
        source.in_s,
        out_point_s(source) or float("inf"),
        loop=source.loop,
    )


def shown_sources(scene: Scene | None) -> frozenset[str]:
    """Those a scene shows on any canvas, backgrounds included."""
    if scene is None:
        return frozenset()
    compositions = scene.canvases.values()
    named = {place.source for each in compositions for place in each.places or () if place.source}
    return frozenset(named | {each.background for each in compositions if each.background})


def played_on_take(show: Show, events: Iterable[Event], now_ms: int) -> tuple[SourcePlayed, ...]:
    """The clips that begin with what these events, decided in ``show``, put on air: those with ``auto_play``
    that weren't on air before. A T-bar begins to show them as soon as it is moved."""
    for event in events:
        if isinstance(event, ProgramChanged):
            by_hand = show.tbar > 0 and event.scene == show.preview
            if event.undo or by_hand:
                return ()
            return begun(show, event.scene, now_ms)
        if isinstance(event, TbarMoved) and event.position > 0 and not show.tbar:
            return begun(show, show.preview, now_ms)
    return ()


def begun(show: Show, scene: str | None, now_ms: int) -> tuple[SourcePlayed, ...]:
    """``auto_play`` of a scene that goes on air."""
    before = shown_sources(show.scenes.get(show.program or ""))
    return tuple(
        SourcePlayed(source.id, Playback(source.playback.order + 1, True, source.in_s, now_ms))
        for id_ in sorted(shown_sources(show.scenes.get(scene or "")) - before)
        if (source := show.sources.get(id_)) is not None
        and SOURCE_KINDS[source.kind].seekable
        and source.auto_play
    )


class Ended(msgspec.Struct, frozen=True):
    """This clip has come to its end, having been told ``order``: with ``auto_take``, what is in preview is
    taken."""

    source: str
    order: int


def takes(show: Show, ended: Ended) -> bool:
    """Whether it is still so: the clip is on air, and something is in preview."""
    source = show.sources.get(ended.source)
    return (
        source is not None
        and source.auto_take
        and source.playback.order == ended.order
        and source.playback.playing
        and not show.tbar
        and show.preview is not None
        and show.preview != show.program
        and source.id in shown_sources(show.scenes.get(show.program or ""))
    )


def used_media(show: Show) -> frozenset[str]:
    """Ids of what was uploaded that sources and graphics name."""
    named = {source.media for source in show.sources.values()}
    named |= {graphic.media for graphic in show.graphics.values()}
    return frozenset(named - {""})
