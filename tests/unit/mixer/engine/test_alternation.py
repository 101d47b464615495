"""Scenes that cost more than a tick has, and memory that is there before it is needed."""

import time
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from mixer.compose import draw
from mixer.compose.canvas import Pool
from mixer.compose.canvas_lookups import CanvasLookups
from mixer.compose.compositor import SourcePicture
from mixer.contract.names import SourceName
from mixer.contract.picture import Picture, new_picture
from mixer.contract.plan import CanvasPlan, MixPlan, Plate, Rect, SourceInfo, Tile, TileStyle, Transition
from mixer.engine.scene_canvas import DrawnScene
from mixer.engine.stage import BUFFERS, Stage
from mixer.graphics.graphics import Graphics
from tests.support.media.mixing import FONTS

W, H = 256, 144
MS = 1_000_000
PERIOD_NS = 10 * MS
LOW, HIGH = 40, 200


@pytest.fixture(scope="module")
def graphics() -> Graphics:
    return Graphics(FONTS, "Summit")


class Costly:
    """Two sources whose drawing takes a while."""

    def __init__(self, cost_ns: int) -> None:
        self.cost_ns = cost_ns
        self.drawn: list[str] = []

    def pictures(self, serial: int) -> dict[SourceName, SourcePicture]:
        def of(name: str, luma: int) -> SourcePicture:
            def intact() -> bool:
                self.drawn.append(name)
                end = time.thread_time_ns() + self.cost_ns
                while time.thread_time_ns() < end:
                    pass
                return True

            return SourcePicture("live", new_picture(64, 36, (luma, 128, 128)), serial, intact)

        return {SourceName("a"): of("a", LOW), SourceName("b"): of("b", HIGH)}


def scene(source: SourceName) -> dict[Any, CanvasPlan]:
    return {"program": CanvasPlan(W, H, (Tile(Rect(0, 0, W, H), source),), scene=source)}


def whole(source: SourceName) -> MixPlan:
    return MixPlan(1, scene(source), sources={SourceName(name): SourceInfo() for name in "ab"})


def dissolve(graphics: Graphics, cost_ns: int, ticks: int) -> tuple[list[str], list[int], int]:
    """Which scenes each tick of a dissolve by hand drew, how bright it was, and what is free afterwards."""
    stage, costly = Stage(graphics, {"program": (W, H)}), Costly(cost_ns)
    drawn, lumas = [], []
    for tick in range(1, 15 + ticks):
        plan = whole(SourceName("a"))
        if 12 < tick < 13 + ticks:
            how = Transition(position=(tick - 12) / (ticks + 1))
            plan = replace(whole(SourceName("b")), leaving=scene(SourceName("a")), transition=how)
        elif tick >= 13 + ticks:
            plan = whole(SourceName("b"))
        costly.drawn.clear()
        canvas = stage.compose(plan, costly.pictures(tick), ("program",), tick * PERIOD_NS)["program"]
        drawn.append("".join(costly.drawn))
        lumas.append(int(canvas.picture.y[H // 2, W // 2]))
        canvas.release()
    return drawn[12:], lumas[12:], len(stage._scene_canvases["program"].pool.free)


def test_scenes_too_dear_for_a_tick_are_drawn_by_turns(
    graphics: Graphics, monkeypatch: pytest.MonkeyPatch
) -> None:
    followed: list[DrawnScene] = []
    follow = DrawnScene.follow

    def counted(self: DrawnScene, other: DrawnScene) -> None:
        followed.append(self)
        follow(self, other)

    monkeypatch.setattr(DrawnScene, "follow", counted)
    drawn, lumas, free = dissolve(graphics, 6 * MS, 6)
    assert drawn == ["a", "b", "a", "b", "a", "b", "b", "b"]  # never two at once, not even at the first tick
    assert lumas[0] == LOW
    assert lumas[1:6] == pytest.approx([LOW + (HIGH - LOW) * n / 7 for n in range(2, 7)], abs=2)
    assert lumas[6:] == [HIGH, HIGH]
    assert free == BUFFERS
    assert len(followed) == 2  # the scene that comes began once: in the programme, and in its clean feed


def test_others_are_both_drawn_at_each_tick(graphics: Graphics) -> None:
    drawn, lumas, free = dissolve(graphics, MS // 2, 3)
    assert drawn == ["ab", "ab", "ab", "b", "b"]
    assert lumas[:3] == pytest.approx([LOW + (HIGH - LOW) * n / 4 for n in (1, 2, 3)], abs=2)
    assert free == BUFFERS


def test_memory_for_a_transition_is_there_before_it(graphics: Graphics) -> None:
    pool = Pool(W, H, BUFFERS)
    pool.warm(4)
    assert not any(buffer.touched for buffer in pool.free)  # a canvas that nobody uses costs nothing
    first = pool.take("a", pool)
    assert first is not None
    pool.give(first)
    pool.warm(4)
    there = [buffer for buffer in pool.free if buffer.touched]
    assert len(there) == 4
    taken = [pool.take(None, owner) for owner in (pool, graphics, "another", None)]
    assert all(buffer in there for buffer in taken)


STYLE = TileStyle(radius=12, border=2)


def test_a_plate_in_a_round_corner_moves_out_of_it_and_its_tile_is_scaled_once(
    graphics: Graphics, monkeypatch: pytest.MonkeyPatch
) -> None:
    scaled: list[Picture] = []
    cover = draw.draw_cover

    def counted(target: Picture, source: Picture) -> None:
        scaled.append(target)
        cover(target, source)

    monkeypatch.setattr(draw, "draw_cover", counted)

    def canvas(words: str) -> CanvasPlan:
        tiles = (Tile(Rect(10, 10, 224, 126), SourceName("a"), plate=Plate(words), style=STYLE),)
        return CanvasPlan(W, H, tiles, scene="a")

    plan = MixPlan(
        1, {"program": canvas("Kim")}, sources={SourceName("a"): SourceInfo()}, languages={"ko": canvas("김")}
    )
    graphics.prepare(plan)
    alone = Stage(graphics, {"program": (W, H)})
    stage = Stage(graphics, {"program": (W, H)})
    for tick in range(1, 4):
        scaled.clear()
        pictures = Costly(0).pictures(tick)
        names = ("program", "clean", "program-ko")
        canvases = stage.compose(plan, pictures, names, tick * PERIOD_NS)
        assert len(scaled) == 1
        direct = alone.compose(plan, pictures, ("program",), tick * PERIOD_NS)["program"]
        for one, other in zip(canvases["program"].picture, direct.picture, strict=True):
            assert np.abs(one.astype(int) - other).max() <= 1
        direct.release()
        for each in canvases.values():
            each.release()


def test_a_wide_plate_rises_out_of_the_corners(graphics: Graphics) -> None:
    name = "A name that is as wide as its tile"
    tiles = tuple(
        Tile(Rect(0, 0, w, 126), SourceName("a"), plate=Plate(name), style=STYLE) for w in (224, 140)
    )
    for tile in tiles:
        plan = CanvasPlan(W, H, (tile,))
        graphics.prepare(MixPlan(1, {"program": plan}, sources={SourceName("a"): SourceInfo()}))
        (item,) = CanvasLookups(plan, {}, graphics, ()).items
        assert item.plate
        assert not item.apart
        assert max(s.x + s.picture.width for s in item.plate) <= tile.rect.w - STYLE.border
        assert max(s.y + s.picture.height for s in item.plate) <= 126 - STYLE.border


def test_corners_are_right_when_there_is_no_clean_feed_to_copy_from_any_more(graphics: Graphics) -> None:
    tiles = (
        Tile(Rect(0, 0, W, H), SourceName("a")),
        Tile(Rect(64, 36, 128, 72), SourceName("b"), plate=Plate("Kim"), style=TileStyle(radius=24)),
    )
    plan = MixPlan(
        1,
        {"program": CanvasPlan(W, H, tiles)},
        sources={SourceName(name): SourceInfo() for name in "ab"},
    )
    graphics.prepare(plan)
    stage, alone = (Stage(graphics, {"program": (W, H)}) for _ in range(2))
    below = SourcePicture("live", new_picture(64, 36, (LOW, 128, 128)), 1)
    for tick, names in enumerate((("program", "clean"), ("program",), ("program", "clean")), 1):
        above = SourcePicture("live", new_picture(64, 36, (120 + 40 * tick, 128, 128)), tick)
        pictures = {SourceName("a"): below, SourceName("b"): above}
        canvases = stage.compose(plan, pictures, names, tick * PERIOD_NS)
        direct = alone.compose(plan, pictures, ("program",), tick * PERIOD_NS)["program"]
        for one, other in zip(canvases["program"].picture, direct.picture, strict=True):
            assert np.abs(one.astype(int) - other).max() <= 1, tick
        for each in (direct, *canvases.values()):
            each.release()
