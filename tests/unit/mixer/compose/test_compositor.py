"""Pixels where they belong: placement, cropping, redrawing of what changed, black, buffers."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mixer.compose import draw
from mixer.compose.canvas import Canvas
from mixer.compose.compositor import Compositor, SourcePicture
from mixer.contract.colour import yuv_of
from mixer.contract.names import SourceName, of_seat, of_source
from mixer.contract.picture import Picture, new_picture
from mixer.contract.plan import CanvasPlan, CanvasView, MixPlan, Plate, Rect, SourceInfo, Tile
from mixer.graphics.designs import TALLY
from mixer.graphics.graphics import Graphics
from mixer.ipc.slot import SlotReader, SlotWriter, create_slot
from studio.planning.layout import solve
from tests.support.media.fontfolder import font_folder

W, H = 640, 360
RED, GREEN, BLUE = yuv_of("#c02020"), yuv_of("#20c040"), yuv_of("#2040c0")
GROUND = yuv_of(CanvasPlan(W, H).background)


@pytest.fixture(scope="module")
def graphics() -> Graphics:
    return Graphics(font_folder(), "Summit")


def live(colour: tuple[int, int, int], serial: int = 1, size: tuple[int, int] = (320, 180)) -> SourcePicture:
    return SourcePicture("live", new_picture(*size, colour), serial)


def shown(canvas: Canvas | None) -> Picture:
    """A copy of the canvas's picture; the canvas is released."""
    assert canvas is not None
    copy = Picture(*(plane.copy() for plane in canvas.picture))
    canvas.release()
    return copy


def colours(picture: Picture, rect: Rect) -> set[tuple[int, int, int]]:
    """All (Y, Cb, Cr) inside the rectangle."""
    part = draw.window(picture, rect)
    y, u, v = (plane.astype(np.uint32) for plane in part)
    chroma = np.repeat(np.repeat(u << 8 | v << 16, 2, 0), 2, 1)
    return {(one & 255, one >> 8 & 255, one >> 16) for one in np.unique(y | chroma).tolist()}


def test_every_pixel_belongs_to_its_tile(graphics: Graphics) -> None:
    rects = solve("grid", 3, W, H)
    plan = CanvasPlan(W, H, tuple(Tile(rect, of_seat(str(i))) for i, rect in enumerate(rects)))
    wanted = (RED, GREEN, BLUE)
    sources = {of_seat(str(i)): live(colour) for i, colour in enumerate(wanted)}
    picture = shown(Compositor(graphics, W, H).compose(plan, sources, {}, {}))
    expected = new_picture(W, H, GROUND)
    for rect, colour in zip(rects, wanted, strict=True):
        for plane, value in zip(draw.window(expected, rect), colour, strict=True):
            plane[...] = value
    for plane, of in zip(picture, expected, strict=True):
        np.testing.assert_array_equal(plane, of)


@pytest.mark.parametrize(
    "size",
    [
        (16, 16),
        (2, 2),
        (1, 1),
        (3, 5),
        (239, 135),
        (80, 45),
        (319, 181),
        (176, 144),
        (45, 80),
        (7680, 4320),
        (1920, 2),
    ],
)
def test_any_size_fills_its_tile(graphics: Graphics, size: tuple[int, int]) -> None:
    rect = Rect(20, 10, 480, 270)
    plan = CanvasPlan(W, H, (Tile(rect, of_seat("a")),))
    picture = shown(Compositor(graphics, W, H).compose(plan, {of_seat("a"): live(RED, size=size)}, {}, {}))
    assert colours(picture, rect) == {RED}
    assert colours(picture, Rect(0, 0, W, 10)) == {GROUND}
    assert colours(picture, Rect(500, 0, 140, H)) == {GROUND}


@pytest.mark.parametrize("size", [(480, 270), (482, 272), (484, 271), (490, 276), (640, 270), (481, 360)])
def test_a_source_of_nearly_its_tiles_size_is_copied(graphics: Graphics, size: tuple[int, int]) -> None:
    """To the pixel, from the middle: no scaling that blurs."""
    source = new_picture(*size)
    source.y[:] = np.random.default_rng(1).integers(16, 236, source.y.shape, np.uint8)
    rect = Rect(20, 10, 480, 270)
    plan = CanvasPlan(W, H, (Tile(rect, of_seat("a")),))
    sources = {of_seat("a"): SourcePicture("live", source, 1)}
    picture = shown(Compositor(graphics, W, H).compose(plan, sources, {}, {}))
    x, y = (size[0] - 480) // 4 * 2, (size[1] - 270) // 4 * 2
    np.testing.assert_array_equal(draw.window(picture, rect).y, source.y[y : y + 270, x : x + 480])


@given(st.integers(96, 4000), st.integers(96, 4000), st.integers(1, 960), st.integers(1, 540))
def test_cropping_does_not_distort(source_w: int, source_h: int, half_w: int, half_h: int) -> None:
    w, h = 2 * half_w, 2 * half_h
    crop = draw.cover_crop(source_w, source_h, w, h)
    assert crop.x % 2 == 0
    assert crop.y % 2 == 0
    assert crop.x >= 0
    assert crop.y >= 0
    assert crop.x + crop.w <= source_w
    assert crop.y + crop.h <= source_h
    assert crop.w == source_w or crop.h == source_h
    # The other side is within two pixels of the true one: 2 % at worst, of the smallest source.
    if crop.w == source_w:
        assert abs(crop.h - min(source_h, source_w * h / w)) <= 2
    if crop.h == source_h:
        assert abs(crop.w - min(source_w, source_h * w / h)) <= 2


@pytest.mark.parametrize(
    ("source_w", "source_h"), [(640, 480), (320, 180), (360, 640), (64, 48), (641, 361), (1280, 720)]
)
def test_a_circle_stays_a_circle(graphics: Graphics, source_w: int, source_h: int) -> None:
    y, x = np.mgrid[0:source_h, 0:source_w]
    radius = 0.3 * min(source_w, source_h * 9 / 16, source_w * 9 / 16)
    inside = (x - (source_w - 1) / 2) ** 2 + (y - (source_h - 1) / 2) ** 2 <= radius**2
    source = new_picture(source_w, source_h)
    source.y[inside] = 235
    plan = CanvasPlan(W, H, (Tile(Rect(0, 0, W, H), of_seat("a")),))
    picture = shown(
        Compositor(graphics, W, H).compose(plan, {of_seat("a"): SourcePicture("live", source, 1)}, {}, {})
    )
    rows, columns = np.nonzero(picture.y > 125)
    width, height = np.ptp(columns) + 1, np.ptp(rows) + 1
    scale = max(W / source_w, H / source_h)
    assert abs(width - height) <= max(2, 0.03 * width, scale)
    assert abs((columns.max() + columns.min()) / 2 - W / 2) <= 1 + 2 * scale
    assert abs((rows.max() + rows.min()) / 2 - H / 2) <= 1 + 2 * scale


def test_contain_shows_all_with_bars_beside(graphics: Graphics) -> None:
    plan = CanvasPlan(W, H, (Tile(Rect(0, 0, W, H), of_source("a"), fit="contain"),))
    picture = shown(
        Compositor(graphics, W, H).compose(plan, {of_source("a"): live(RED, size=(480, 360))}, {}, {})
    )
    assert colours(picture, Rect(80, 0, 480, H)) == {RED}
    assert colours(picture, Rect(0, 0, 80, H)) == {GROUND}
    assert colours(picture, Rect(560, 0, 80, H)) == {GROUND}


def test_a_source_may_change_its_size_in_the_middle(graphics: Graphics) -> None:
    compositor = Compositor(graphics, W, H)
    rect = Rect(0, 0, 320, 180)
    plan = CanvasPlan(W, H, (Tile(rect, of_seat("a")),))
    for serial, size in enumerate([(320, 180), (160, 90), (1281, 721), (16, 16), (90, 160)], 1):
        colour = (40 + 20 * serial, 100, 150)
        picture = shown(compositor.compose(plan, {of_seat("a"): live(colour, serial, size)}, {}, {}))
        assert colours(picture, rect) == {colour}


def test_only_what_changed_is_drawn(graphics: Graphics) -> None:
    compositor = Compositor(graphics, W, H, buffers=1)
    tiles = tuple(Tile(rect, of_seat(str(i))) for i, rect in enumerate(solve("grid", 4, W, H)))
    plan = CanvasPlan(W, H, tiles)
    sources = {tile.source: live(RED) for tile in tiles}
    shown(compositor.compose(plan, sources, {}, {}))
    assert compositor.redrawn == 4
    shown(compositor.compose(plan, sources, {}, {}))
    assert compositor.redrawn == 4
    sources[of_seat("2")] = live(GREEN, serial=2)
    picture = shown(compositor.compose(plan, sources, {}, {}))
    assert compositor.redrawn == 5
    assert [colours(picture, tile.rect) for tile in tiles] == [{RED}, {RED}, {GREEN}, {RED}]


def test_each_buffer_catches_up_with_what_it_missed(graphics: Graphics) -> None:
    compositor = Compositor(graphics, W, H, buffers=2)
    tiles = (Tile(Rect(0, 0, 320, 180), of_seat("a")), Tile(Rect(320, 180, 320, 180), of_seat("b")))
    plan = CanvasPlan(W, H, tiles)
    sources = {of_seat("a"): live(RED), of_seat("b"): live(RED)}
    held = compositor.compose(plan, sources, {}, {})
    shown(compositor.compose(plan, sources, {}, {}))
    sources[of_seat("b")] = live(BLUE, serial=2)
    shown(compositor.compose(plan, sources, {}, {}))
    assert held is not None
    held.release()  # taken next: still the old picture
    picture = shown(compositor.compose(plan, sources, {}, {}))
    assert colours(picture, tiles[0].rect) == {RED}
    assert colours(picture, tiles[1].rect) == {BLUE}


def test_a_tile_over_another_is_drawn_after_it(graphics: Graphics) -> None:
    compositor = Compositor(graphics, W, H, buffers=1)
    small = Rect(400, 200, 160, 90)
    plan = CanvasPlan(W, H, (Tile(Rect(0, 0, W, H), of_seat("a")), Tile(small, of_seat("b"))))
    sources = {of_seat("a"): live(RED), of_seat("b"): live(GREEN)}
    shown(compositor.compose(plan, sources, {}, {}))
    sources[of_seat("a")] = live(BLUE, serial=2)
    picture = shown(compositor.compose(plan, sources, {}, {}))
    assert colours(picture, small) == {GREEN}
    assert colours(picture, Rect(0, 0, 400, H)) == {BLUE}


def test_a_plan_with_other_places_leaves_nothing_behind(graphics: Graphics) -> None:
    compositor = Compositor(graphics, W, H, buffers=1)
    shown(
        compositor.compose(
            CanvasPlan(W, H, (Tile(Rect(0, 0, W, H), of_seat("a")),)), {of_seat("a"): live(RED)}, {}, {}
        )
    )
    rect = Rect(160, 90, 320, 180)
    picture = shown(
        compositor.compose(CanvasPlan(W, H, (Tile(rect, of_seat("a")),)), {of_seat("a"): live(RED)}, {}, {})
    )
    assert colours(picture, rect) == {RED}
    assert colours(picture, Rect(0, 0, W, 90)) == {GROUND}


def test_a_torn_picture_is_drawn_again(graphics: Graphics) -> None:
    compositor = Compositor(graphics, W, H, buffers=1)
    plan = CanvasPlan(W, H, (Tile(Rect(0, 0, W, H), of_seat("a")),))
    torn = SourcePicture("live", new_picture(W, H, RED), 7, lambda: False)
    shown(compositor.compose(plan, {of_seat("a"): torn}, {}, {}))
    assert (compositor.redrawn, compositor.torn) == (1, 1)
    whole = SourcePicture("live", torn.picture, 7)
    shown(compositor.compose(plan, {of_seat("a"): whole}, {}, {}))
    assert (compositor.redrawn, compositor.torn) == (2, 1)
    shown(compositor.compose(plan, {of_seat("a"): whole}, {}, {}))
    assert compositor.redrawn == 2


def test_a_slot_is_drawn_in_place_and_its_overwriting_noticed(graphics: Graphics) -> None:
    fd = create_slot("test", 320, 180)
    writer, reader = SlotWriter(fd), SlotReader(fd)
    compositor = Compositor(graphics, W, H, buffers=1)
    plan = CanvasPlan(W, H, (Tile(Rect(0, 0, 320, 180), of_seat("a")),))
    writer.write_picture(new_picture(320, 180, RED), 1)
    taken = reader.take(1)
    assert taken is not None
    source = SourcePicture("live", taken.picture, taken.serial, taken.intact)
    assert colours(shown(compositor.compose(plan, {of_seat("a"): source}, {}, {})), plan.tiles[0].rect) == {
        RED
    }
    for pts in range(2, 6):  # all round the ring: the picture taken is written over
        writer.write_picture(new_picture(320, 180, GREEN), pts)
    later = SourcePicture("live", taken.picture, 99, taken.intact)
    shown(compositor.compose(plan, {of_seat("a"): later}, {}, {}))
    assert compositor.torn == 1


def test_a_new_slot_with_the_same_number_is_another_picture(graphics: Graphics) -> None:
    compositor = Compositor(graphics, W, H, buffers=1)
    plan = CanvasPlan(W, H, (Tile(Rect(0, 0, W, H), of_seat("a")),))
    old = live(RED)
    new = dataclasses.replace(live(GREEN), origin=1)
    shown(compositor.compose(plan, {of_seat("a"): old}, {}, {}))
    assert colours(shown(compositor.compose(plan, {of_seat("a"): new}, {}, {})), plan.tiles[0].rect) == {
        GREEN
    }


def test_black_hides_all_and_goes_again(graphics: Graphics) -> None:
    compositor = Compositor(graphics, W, H, buffers=1)
    whole = Rect(0, 0, W, H)
    plan = CanvasPlan(W, H, (Tile(whole, of_seat("a")),))
    sources = {of_seat("a"): live(RED)}
    shown(compositor.compose(plan, sources, {}, {}))
    assert colours(shown(compositor.compose(plan, sources, {}, {}, True)), whole) == {(16, 128, 128)}
    assert colours(shown(compositor.compose(plan, sources, {}, {}, False)), whole) == {RED}


def test_bars_need_no_slot(graphics: Graphics) -> None:
    whole = Rect(0, 0, W, H)
    plan = CanvasPlan(W, H, (Tile(whole, of_source("bars")),))
    picture = shown(
        Compositor(graphics, W, H).compose(plan, {}, {of_source("bars"): SourceInfo(kind="bars")}, {})
    )
    assert colours(picture, Rect(8, 0, 40, H)) == {(235, 128, 128)}
    assert colours(picture, Rect(W - 48, 0, 40, H)) == {(16, 128, 128)}


def test_a_canvas_shows_inside_another_with_its_tally(graphics: Graphics) -> None:
    rect = Rect(0, 0, 320, 180)
    plan = CanvasPlan(W, H, views=(CanvasView(rect, "program", tally="program"),))
    compositor = Compositor(graphics, W, H)
    picture = shown(compositor.compose(plan, {}, {}, {"program": new_picture(1920, 1080, RED)}))
    assert colours(picture, Rect(20, 20, 280, 140)) == {RED}
    assert colours(picture, Rect(0, 0, 320, 2)) == {yuv_of("#d3302a")}
    picture = shown(compositor.compose(plan, {}, {}, {}))
    assert colours(picture, Rect(20, 20, 280, 140)) == {GROUND}


def test_cards_slates_and_plates_need_preparation_and_appear_with_it(graphics: Graphics) -> None:
    compositor = Compositor(graphics, W, H, buffers=1)
    whole = Rect(0, 0, W, H)
    plan = CanvasPlan(W, H, (Tile(whole, of_seat("a"), plate=Plate("홍길동", "시장")),))
    infos = {of_seat("a"): SourceInfo(name="홍길동", title="시장")}
    nothing = shown(compositor.compose(plan, {}, infos, {}))
    assert colours(nothing, whole) == {GROUND}
    graphics.prepare(MixPlan(1, {"program": plan}, sources=infos))
    card = shown(compositor.compose(plan, {}, infos, {}))
    slate = shown(compositor.compose(plan, {of_seat("a"): SourcePicture("slate")}, infos, {}))
    plate = shown(compositor.compose(plan, {of_seat("a"): live(RED)}, infos, {}))
    assert len(colours(card, whole)) > 20
    assert len(colours(slate, whole)) > 20
    assert not np.array_equal(card.y, slate.y)
    assert len(colours(plate, Rect(0, H // 2, W // 2, H // 2))) > 20
    assert colours(plate, Rect(0, 0, W, H // 2)) == {RED}


def test_an_empty_plan_shows_the_events_title(graphics: Graphics) -> None:
    plan = CanvasPlan(W, H)
    graphics.prepare(MixPlan(1, {"program": plan}))
    picture = shown(Compositor(graphics, W, H).compose(plan, {}, {}, {}))
    assert len(colours(picture, Rect(0, 0, W, H))) > 20
    np.testing.assert_array_equal(picture.y, graphics.event_picture(W, H).y)


def test_no_free_buffer_is_no_canvas(graphics: Graphics) -> None:
    compositor = Compositor(graphics, W, H, buffers=2)
    plan = CanvasPlan(W, H)
    first, second = (compositor.compose(plan, {}, {}, {}) for _ in range(2))
    assert first is not None
    assert second is not None
    assert compositor.compose(plan, {}, {}, {}) is None
    assert compositor.starved == 1
    first.hold()
    first.release()
    assert compositor.compose(plan, {}, {}, {}) is None
    first.release()
    third = compositor.compose(plan, {}, {}, {})
    assert third is not None
    with pytest.raises(ValueError, match="released"):
        first.release()


def test_a_tile_beyond_the_canvas_is_left_out(graphics: Graphics) -> None:
    plan = CanvasPlan(W, H, (Tile(Rect(600, 0, 320, 180), of_seat("a")),))
    picture = shown(Compositor(graphics, W, H).compose(plan, {of_seat("a"): live(RED)}, {}, {}))
    assert colours(picture, Rect(0, 0, W, H)) == {GROUND}


def test_the_buffer_is_the_picture_packed(graphics: Graphics) -> None:
    canvas = Compositor(graphics, W, H).compose(CanvasPlan(W, H), {}, {}, {}, True)
    assert canvas is not None
    assert canvas.buffer.shape == (W * H * 3 // 2,)
    assert all(np.shares_memory(plane, canvas.buffer) for plane in canvas.picture)


def test_a_pane_frames_the_tiles_that_lie_in_it_without_hiding_them(graphics: Graphics) -> None:
    compositor = Compositor(graphics, W, H)
    pane = Rect(0, 0, W // 2, H // 2)
    inner = Rect(16, 16, 64, 32)
    plan = CanvasPlan(W, H, (Tile(inner, SourceName("a")),), (CanvasView(pane, tally="preview"),))
    frame_yuv = yuv_of(TALLY["preview"])
    for serial in (1, 1, 2, 2):
        sources = {SourceName("a"): SourcePicture("live", new_picture(64, 32, (200, 90, 160)), serial)}
        canvas = compositor.compose(plan, sources, {}, {})
        assert canvas is not None
        assert int(canvas.picture.y[0, 0]) == frame_yuv[0]
        assert int(canvas.picture.y[inner.y + 16, inner.x + 32]) == 200
        canvas.release()
