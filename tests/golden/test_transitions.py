"""How each transition looks at 0, ¼, ½, ¾ and 1, how tiles glide, and what a tile's edge looks like."""

from itertools import pairwise
from typing import get_args

import numpy as np
import pytest
from numpy.typing import NDArray

from mixer.compose.compositor import SourcePicture
from mixer.contract.colour import yuv_of
from mixer.contract.names import of_seat
from mixer.contract.picture import Picture, new_picture
from mixer.contract.plan import (
    CanvasPlan,
    Crop,
    Direction,
    MixPlan,
    Overlay,
    Plate,
    Rect,
    SourceInfo,
    Tile,
    TileStyle,
    Transition,
    TransitionKind,
)
from mixer.engine.stage import Stage
from mixer.graphics.graphics import Graphics
from studio.planning.layout import solve
from tests.golden.golden import assert_golden, bgr
from tests.support.media.fontfolder import font_folder

W, H = 320, 180
MS = 1_000_000
NAMES = ("홍길동", "Ana Ruiz", "山田 花子", "Иван П.", "สมชาย")
GROUNDS = ("#7a5a4a", "#4a6b5a", "#5a6a8c", "#8a7a4c", "#6f4f76")
STYLE = TileStyle(radius=10, border=2, border_colour="#e8eef4")


@pytest.fixture(scope="module")
def graphics() -> Graphics:
    return Graphics(font_folder(), "Summit 정상회의")


def person(index: int) -> SourcePicture:
    """Head and shoulders before a wall, so that one sees how a picture is cut."""
    picture = new_picture(640, 360, yuv_of(GROUNDS[index % len(GROUNDS)]))
    y, x = np.mgrid[0:360, 0:640]
    head = (x - 320) ** 2 / 70**2 + (y - 150) ** 2 / 90**2 < 1
    shoulders = ((x - 320) ** 2 / 190**2 + (y - 380) ** 2 / 150**2 < 1) & ~head
    for part, colour in ((head, "#d8b49a"), (shoulders, "#2c3440")):
        for index_, (plane, value) in enumerate(zip(picture, yuv_of(colour), strict=True)):
            plane[part if index_ == 0 else part[::2, ::2]] = value
    return SourcePicture("live", picture, 1)


PICTURES = {of_seat(str(index)): person(index) for index in range(5)}
INFOS = {of_seat(str(index)): SourceInfo(name=name) for index, name in enumerate(NAMES)}


def scene(name: str, seats: tuple[int, ...], style: TileStyle | None = None) -> CanvasPlan:
    rects = solve("grid", len(seats), W, H, gap=6)
    tiles = tuple(
        Tile(rect, of_seat(str(seat)), plate=Plate(NAMES[seat], "Mayor"), style=style)
        for rect, seat in zip(rects, seats, strict=True)
    )
    return CanvasPlan(W, H, tiles, scene=name, glide_ms=400, background="#141c2a")


def seen(graphics: Graphics, stage: Stage, plan: MixPlan, now_ns: int) -> NDArray[np.uint8]:
    graphics.prepare(plan)
    canvas = stage.compose(plan, PICTURES, ("program",), now_ns)["program"]
    image = bgr(Picture(*(plane.copy() for plane in canvas.picture)))
    canvas.release()
    return image


@pytest.mark.parametrize("kind", get_args(TransitionKind))
def test_every_transition(graphics: Graphics, kind: TransitionKind) -> None:
    ways: tuple[Direction, ...] = get_args(Direction) if kind in ("wipe", "push") else ("left",)
    rows = []
    for way in ways:
        stage, row = Stage(graphics, {"program": (W, H)}), []
        for step in range(5):
            how = Transition(kind, position=step / 4, direction=way, colour="#a8d0e0")
            plan = MixPlan(
                1,
                {"program": scene("b", (1, 2, 3))},
                transition=how,
                leaving={"program": scene("a", (0,))},
                sources=INFOS,
            )
            row.append(seen(graphics, stage, plan, step * 40 * MS)[::2, ::2])
        rows.append(np.concatenate(row, 1))
    assert_golden(f"transition-{kind}", np.concatenate(rows, 0))


def test_a_grid_that_two_join_and_one_leaves(graphics: Graphics) -> None:
    stage, rows = Stage(graphics, {"program": (W, H)}), []
    plans = [
        MixPlan(1, {"program": scene("a", seats, STYLE)}, sources=INFOS)
        for seats in ((0, 1), (0, 1, 2, 3), (0, 2, 3))
    ]
    now_ns = MS
    for before, after in pairwise(plans):
        row = [seen(graphics, stage, before, now_ns)]
        row += [seen(graphics, stage, after, now_ns + ms * MS) for ms in (40, 100, 200, 400)]
        rows.append(np.concatenate(row, 1))
        now_ns += 440 * MS
    assert_golden("glide", np.concatenate(rows, 0)[::2, ::2])


def test_edges_crops_and_graphics_over_them(graphics: Graphics) -> None:
    inset = TileStyle(radius=16, border=4, border_colour="#3fa7c4")
    tiles = (
        Tile(Rect(0, 0, W, H), of_seat("0")),
        Tile(Rect(20, 20, 128, 72), of_seat("1"), style=inset),
        Tile(
            Rect(172, 20, 128, 72), of_seat("2"), style=TileStyle(radius=36), crop=Crop(0.25, 0.1, 0.5, 0.5)
        ),
        Tile(Rect(96, 80, 128, 72), of_seat("3"), style=TileStyle(border=4, border_colour="#d8a13a")),
    )
    overlays = (Overlay("l", "lower-third", Plate("Session 2", "도시와 기후"), anchor="bottom-right"),)
    plan = CanvasPlan(W, H, tiles, overlays=overlays)
    image = seen(
        graphics, Stage(graphics, {"program": (W, H)}), MixPlan(1, {"program": plan}, sources=INFOS), MS
    )
    assert_golden("edges", image)
