"""A show to test with: commands carried out on the pure core alone, no session, no database."""

from functools import reduce
from typing import Any

import msgspec

from mixer.contract.plan import CanvasName
from signaling.contract.ports import Actor
from studio.planning.planner import PlanSettings
from studio.show import commands
from studio.show.decide import DecisionContext, decide
from studio.show.events import AnyEvent, apply
from studio.show.model import Show

DIRECTOR = Actor("director")
CANVASES: dict[CanvasName, tuple[int, int]] = {
    "program": (1920, 1080),
    "wall": (3840, 1080),
    "preview": (640, 360),
    "multiview": (1280, 720),
}
PLAN_SETTINGS = PlanSettings(CANVASES, recordings="recordings")
STREAM_KEY = "k3y-that-nobody-may-see"
URL = f"rtmp://ingest.example/live/{STREAM_KEY}"
NOW = 1_800_000_000
TTL_S = 3600


def context(
    actor: Actor = DIRECTOR,
    token_hash: str = "f" * 64,
    now: int = NOW,
    connected: frozenset[str] = frozenset(),
) -> DecisionContext:
    return DecisionContext(actor, now, token_hash, TTL_S, connected)


def command(type_: str, **fields: Any) -> commands.AnyCommand:
    return commands.decode(msgspec.json.encode({"type": type_, **fields}))


def events_of(show: Show, type_: str, actor: Actor = DIRECTOR, **fields: Any) -> tuple[AnyEvent, ...]:
    return decide(show, command(type_, **fields), context(actor))


def after(show: Show, type_: str, **fields: Any) -> Show:
    """The show once the director's command is carried out."""
    return reduce(apply, events_of(show, type_, **fields), show)


def with_mayors(count: int, *, admitted: bool = True) -> Show:
    """Seats ``mayor-1`` … on stage, and colour bars as the source ``bars``."""
    show = after(Show(title="Summit"), "source.create", source="bars", kind="bars")
    for number in range(1, count + 1):
        seat = f"mayor-{number}"
        show = after(show, "seat.create", seat=seat, name=f"Mayor {number}", title=f"City {number}")
        if admitted:
            show = after(show, "seat.admit", seat=seat)
    return show


def with_booth(
    show: Show, booth: str = "kr", *interpreters: str, languages: tuple[str, ...] = ("ko", "en")
) -> Show:
    """A booth, and interpreters' seats in it, who speak into its first language."""
    show = after(show, "booth.create", booth=booth, title=f"Booth {booth}", languages=languages)
    for seat in interpreters:
        show = after(show, "seat.create", seat=seat, name=seat.title(), role="interpreter", booth=booth)
    return show


def with_scene(show: Show, scene: str, layout: str, *places: str, wall: Any = None) -> Show:
    """``places`` are seat ids, or ``source/<id>``; none at all: everyone on stage."""
    program: dict[str, Any] = {"layout": layout}
    if places:
        program["places"] = [
            {"source": place.partition("/")[2]} if place.startswith("source/") else {"seat": place}
            for place in places
        ]
    canvases = {"program": program} | ({"wall": wall} if wall else {})
    return after(show, "scene.create", scene=scene, canvases=canvases)
