"""Crops, round corners, borders, backdrops and overlays: drawn in parts, they are as if drawn at once."""

from typing import Any

import numpy as np
import pytest

from mixer.compose import draw
from mixer.compose.compositor import Compositor, SourcePicture
from mixer.compose.overlays import Drawing, OverlayShow
from mixer.compose.sprites import Sprite
from mixer.contract.colour import yuv_of
from mixer.contract.names import BACKDROP, SourceName
from mixer.contract.picture import Picture, new_picture
from mixer.contract.plan import CanvasPlan, Crop, MixPlan, Overlay, Plate, Rect, SourceInfo, Tile, TileStyle
from mixer.graphics.graphics import Graphics
from tests.support.media.fontfolder import font_folder

W, H = 320, 180
RED, GREEN, BLUE = yuv_of("#c02020"), yuv_of("#20c040"), yuv_of("#2040c0")
ROUND = TileStyle(radius=14, border=4, border_colour="#ffe000")
WHOLE = Rect(0, 0, W, H)


@pytest.fixture(scope="module")
def graphics() -> Graphics:
    return Graphics(font_folder(), "Summit")


def noise(seed: int, width: int = W, height: int = H) -> Picture:
    rng = np.random.default_rng(seed)
    picture = new_picture(width, height)
    for plane in picture:
        plane[:] = rng.integers(16, 236, plane.shape, np.uint8)
    return picture


def shown(
    compositor: Compositor, plan: CanvasPlan, sources: dict[SourceName, SourcePicture], **how: Any
) -> Picture:
    canvas = compositor.compose(plan, sources, {}, {}, **how)
    assert canvas is not None
    picture = Picture(*(plane.copy() for plane in canvas.picture))
    canvas.release()
    return picture


def assert_same(one: Picture, other: Picture, what: object) -> None:
    for plane, of in zip(one, other, strict=True):
        np.testing.assert_array_equal(plane, of, str(what))


STACKS = {
    "a grid of round tiles over a moving backdrop": (
        Tile(WHOLE, SourceName("0")),
        Tile(Rect(10, 10, 140, 76), SourceName("1"), style=ROUND, plate=Plate("Kim", "Mayor")),
        Tile(Rect(170, 10, 140, 76), SourceName("2"), style=ROUND),
    ),
    "a round tile over the edges of two others": (
        Tile(Rect(0, 0, 160, 180), SourceName("0"), plate=Plate("Kim", "Mayor")),
        Tile(Rect(160, 0, 160, 90), SourceName("1"), style=TileStyle(border=6)),
        Tile(Rect(100, 60, 140, 100), SourceName("2"), style=ROUND),
    ),
    "round ones over each other": (
        Tile(WHOLE, SourceName("0")),
        Tile(Rect(40, 40, 160, 100), SourceName("1"), style=TileStyle(radius=40)),
        Tile(Rect(30, 30, 80, 60), SourceName("2"), style=TileStyle(radius=30)),
    ),
    "square ones": (
        Tile(WHOLE, SourceName("0")),
        Tile(Rect(40, 40, 120, 80), SourceName("1")),
        Tile(Rect(100, 60, 120, 80), SourceName("2")),
    ),
}


@pytest.mark.parametrize("stack", STACKS)
@pytest.mark.parametrize("copied", [False, True])
def test_drawn_in_parts_is_as_if_drawn_at_once(graphics: Graphics, stack: str, copied: bool) -> None:
    """Whatever changes at a tick, under overlays or without, from the sources or from a clean canvas."""
    plan = CanvasPlan(W, H, STACKS[stack], overlays=(Overlay("l", "lower-third", Plate("이름", "직함")),))
    bare = CanvasPlan(W, H, tuple(Tile(t.rect, t.source, style=t.style) for t in plan.tiles))
    graphics.prepare(MixPlan(1, {"program": plan}))
    show, rng = OverlayShow(graphics, W, H), np.random.default_rng(7)
    compositor, clean = Compositor(graphics, W, H, buffers=2), Compositor(graphics, W, H, buffers=1)
    pictures = [SourcePicture("live", noise(n, 200, 120), 1) for n in range(3)]
    for tick in range(1, 24):
        for n in range(3):
            if rng.random() < 0.4:
                pictures[n] = SourcePicture("live", noise(100 * tick + n, 200, 120), tick)
        sources = {SourceName(str(n)): picture for n, picture in enumerate(pictures)}
        overlays = plan.overlays if tick % 9 < 6 else ()
        over = show.update(overlays, "s", 100, tick * 40_000_000, 0.0)
        base = shown(clean, bare, sources) if copied else None
        made = shown(compositor, plan, sources, over=over, base=base)
        assert_same(made, shown(Compositor(graphics, W, H, 1), plan, sources, over=over), tick)


def test_through_round_corners_one_sees_what_lies_beneath(graphics: Graphics) -> None:
    tile = Rect(40, 40, 200, 100)
    plan = CanvasPlan(
        W, H, (Tile(WHOLE, SourceName("0")), Tile(tile, SourceName("1"), style=TileStyle(radius=20)))
    )
    compositor = Compositor(graphics, W, H, buffers=1)
    upper = SourcePicture("live", new_picture(W, H, RED), 1)
    for serial, beneath in enumerate((yuv_of("#ffffff"), yuv_of("#101010")), 1):
        sources = {
            SourceName("0"): SourcePicture("live", new_picture(W, H, beneath), serial),
            SourceName("1"): upper,
        }
        picture = shown(compositor, plan, sources)
        for x, y in ((40, 40), (238, 40), (40, 138), (238, 138)):
            assert (picture.y[y, x], picture.u[y // 2, x // 2], picture.v[y // 2, x // 2]) == beneath
        assert picture.y[90, 40] == picture.y[40, 140] == picture.y[90, 140] == RED[0]
        # The area outside the four quarter circles of 20 pixels: (4 − π) · 20².
        share = (picture.y[40:140, 40:240].astype(float) - RED[0]) / (beneath[0] - RED[0])
        assert share.sum() == pytest.approx((4 - np.pi) * 400, rel=0.06)


def test_a_border_lies_inside_its_tile(graphics: Graphics) -> None:
    tile = Rect(40, 40, 200, 100)
    white = yuv_of("#ffffff")[0]
    for radius in (0, 16):
        plan = CanvasPlan(W, H, (Tile(tile, SourceName("1"), style=TileStyle(radius, 6)),))
        sources = {SourceName("1"): SourcePicture("live", new_picture(W, H, RED), 1)}
        picture = shown(Compositor(graphics, W, H, 1), plan, sources)
        row, column = picture.y[90], picture.y[:, 140]
        assert np.flatnonzero(row == white).tolist() == [*range(40, 46), *range(234, 240)]
        assert np.flatnonzero(column == white).tolist() == [*range(40, 46), *range(134, 140)]
        assert (picture.y[40, 40] == white) == (radius == 0)


def test_a_radius_or_border_larger_than_its_tile_does_no_harm(graphics: Graphics) -> None:
    for style in (
        TileStyle(900, 0),
        TileStyle(0, 900),
        TileStyle(900, 900),
        TileStyle(7, 20),
        TileStyle(-3, -4),
    ):
        for rect in (Rect(0, 0, 2, 2), Rect(40, 40, 30, 100), Rect(300, 160, 20, 20)):
            plan = CanvasPlan(W, H, (Tile(rect, SourceName("1"), style=style),))
            shown(Compositor(graphics, W, H, 1), plan, {SourceName("1"): SourcePicture("live", noise(1), 1)})


def test_a_crop_shows_its_part_to_the_pixel(graphics: Graphics) -> None:
    source = noise(4, 400, 240)
    rect = Rect(20, 10, 200, 120)
    plan = CanvasPlan(W, H, (Tile(rect, SourceName("1"), crop=Crop(0.25, 0.5, 0.5, 0.5)),))
    picture = shown(Compositor(graphics, W, H, 1), plan, {SourceName("1"): SourcePicture("live", source, 1)})
    np.testing.assert_array_equal(draw.window(picture, rect).y, source.y[120:240, 100:300])
    np.testing.assert_array_equal(draw.window(picture, rect).v, source.v[60:120, 50:150])


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (45, 81), (640, 360)])
@pytest.mark.parametrize("crop", [Crop(0.99, 0.99, 0.5, 0.5), Crop(-1, -1, 0.1, 9), Crop(0, 0, 0, 0)])
def test_a_crop_beyond_its_source_does_no_harm(graphics: Graphics, size: tuple[int, int], crop: Crop) -> None:
    rect = Rect(20, 10, 200, 120)
    plan = CanvasPlan(W, H, (Tile(rect, SourceName("1"), crop=crop),))
    source = SourcePicture("live", new_picture(*size, RED), 1)
    picture = shown(Compositor(graphics, W, H, 1), plan, {SourceName("1"): source})
    assert set(draw.window(picture, rect).y.ravel().tolist()) == {RED[0]}


def _drawing(key: object, x: int, y: int) -> Drawing:
    sprite = Sprite(x, y, new_picture(40, 20, GREEN))
    return Drawing(key, (sprite,), (Rect(x, y, 40, 20),))


def test_an_overlay_that_stands_still_costs_nothing_and_redraws_no_tile(graphics: Graphics) -> None:
    plan = CanvasPlan(W, H, (Tile(WHOLE, SourceName("0")), Tile(Rect(200, 100, 100, 60), SourceName("1"))))
    compositor = Compositor(graphics, W, H, buffers=1)
    sources = {SourceName(n): SourcePicture("live", new_picture(W, H, RED), 1) for n in "01"}
    over = _drawing("a", 20, 20)
    shown(compositor, plan, sources, over=over)
    canvas = compositor.compose(plan, sources, {}, {}, over=over)
    assert canvas is not None
    canvas.picture.y[25, 30] = 77  # a mark that only drawing would take away
    canvas.release()
    picture = shown(compositor, plan, sources, over=_drawing("a", 20, 20))
    assert (compositor.redrawn, picture.y[25, 30]) == (2, 77)
    picture = shown(compositor, plan, sources, over=_drawing("b", 60, 20))
    assert compositor.redrawn == 2, "an overlay that moves uncovers what was under it"
    assert (picture.y[25, 30], picture.y[25, 80]) == (RED[0], GREEN[0])
    picture = shown(compositor, plan, sources)
    assert (compositor.redrawn, picture.y[25, 80]) == (2, RED[0])


def test_the_themes_backdrop_lies_under_the_tiles_and_is_none(
    graphics: Graphics, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stands still: tiles over it are not drawn again, and a tile that leaves bars shows it beside."""
    ground = noise(9)
    monkeypatch.setattr(graphics, "backdrop", lambda width, height: ground)
    wide = Tile(Rect(0, 0, 160, 180), SourceName("1"), fit="contain", style=TileStyle(radius=10))
    plan = CanvasPlan(W, H, (Tile(WHOLE, BACKDROP), wide))
    compositor = Compositor(graphics, W, H, buffers=1)
    sources = {SourceName("1"): SourcePicture("live", new_picture(160, 90, RED), 1)}
    for _ in range(2):
        picture = shown(compositor, plan, sources)
        assert compositor.redrawn == 1
        np.testing.assert_array_equal(picture.y[:, 160:], ground.y[:, 160:])
        np.testing.assert_array_equal(picture.y[:44, 20:140], ground.y[:44, 20:140])
        assert picture.y[90, 80] == RED[0]


def test_a_tile_on_its_way_keeps_the_plate_of_where_it_goes(graphics: Graphics) -> None:
    plate, design = Plate("홍길동", "시장"), (240, 136)
    goal = CanvasPlan(W, H, (Tile(Rect(0, 0, *design), SourceName("1"), plate=plate),))
    infos = {SourceName("1"): SourceInfo(name="홍길동")}
    graphics.prepare(MixPlan(1, {"program": goal}, sources=infos))
    sources = {SourceName("1"): SourcePicture("live", new_picture(W, H, RED), 1)}
    there = shown(Compositor(graphics, W, H, 1), goal, sources)
    way = CanvasPlan(W, H, (Tile(Rect(40, 20, 260, 150), SourceName("1"), plate=plate),))
    going = shown(Compositor(graphics, W, H, 1), way, sources, designs=(design,))
    np.testing.assert_array_equal(going.y[150:170, 40:180], there.y[116:136, :140], "from the lower left")
    tiny = CanvasPlan(W, H, (Tile(Rect(40, 20, 20, 10), SourceName("1"), plate=plate),))
    small = shown(Compositor(graphics, W, H, 1), tiny, sources, designs=(design,))
    assert set(draw.window(small, tiny.tiles[0].rect).y.ravel().tolist()) == {RED[0]}
    canvas = Compositor(graphics, W, H, 1).compose(way, {}, infos, {}, designs=(design,))
    assert canvas is not None
    assert len(np.unique(draw.window(canvas.picture, way.tiles[0].rect).y)) > 20, "its card grows with it"
