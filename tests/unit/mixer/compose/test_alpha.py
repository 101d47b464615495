"""Pictures with alpha: what lies beneath is seen through them, exactly, whatever changes where."""

from typing import Any

import numpy as np
import pytest

from mixer.compose import draw
from mixer.compose.alpha import AlphaLayers, Layer, over_black
from mixer.compose.compositor import Compositor, SourcePicture
from mixer.compose.overlays import OverlayShow
from mixer.contract.colour import yuv_of
from mixer.contract.names import SourceName
from mixer.contract.picture import Picture, Plane, copy_into, new_picture
from mixer.contract.plan import CanvasPlan, Crop, MixPlan, Overlay, Plate, Rect, SourceInfo, Tile, TileStyle
from mixer.engine.live_sources import SLATE, SourceTrack
from mixer.graphics.graphics import Graphics
from mixer.ipc.slot import SlotReader, SlotWriter, create_slot
from tests.unit.mixer.compose.test_tiles_over_tiles import graphics, noise

__all__ = ["graphics"]

W, H = 320, 180
WHOLE = Rect(0, 0, W, H)
BLUE, WHITE, RED, BLACK = yuv_of("#2040c0"), yuv_of("#ffffff"), yuv_of("#c02020"), yuv_of("#000000")
ROUND = TileStyle(radius=14, border=4, border_colour="#ffe000")
INFOS = {"a": SourceInfo(alpha=True), "b": SourceInfo(alpha=True)}


def soft(seed: int, width: int, height: int) -> Plane:
    """Alpha of a blob with soft edges somewhere."""
    rng = np.random.default_rng(seed)
    x, y = rng.random(2) * (width, height)
    across, up = np.meshgrid(np.arange(width) - x, np.arange(height) - y)
    near = 300 - 300 * np.hypot(across, up) / (0.5 * width)
    return np.asarray(np.clip(near, 0, 255), np.uint8)


def layer(colour: tuple[int, int, int], alpha: Plane | int, width: int = W, height: int = H) -> Layer:
    plane = np.full((height, width), alpha, np.uint8) if isinstance(alpha, int) else alpha
    return Layer(over_black(new_picture(width, height, colour), plane), plane)


def source(layer: Layer, serial: int = 1, origin: int = 0) -> SourcePicture:
    return SourcePicture("live", layer.picture, serial, alpha=layer.alpha, origin=origin)


def shown(
    compositor: Compositor, plan: CanvasPlan, sources: dict[SourceName, SourcePicture], **how: Any
) -> Picture:
    canvas = compositor.compose(plan, sources, how.pop("infos", INFOS), {}, **how)
    assert canvas is not None
    picture = Picture(*(plane.copy() for plane in canvas.picture))
    canvas.release()
    return picture


def at(picture: Picture, x: int, y: int) -> tuple[int, int, int]:
    return int(picture.y[y, x]), int(picture.u[y // 2, x // 2]), int(picture.v[y // 2, x // 2])


def near(found: tuple[int, int, int], wanted: tuple[float, float, float]) -> bool:
    return all(abs(one - other) <= 2 for one, other in zip(found, wanted, strict=True))


@pytest.mark.parametrize("share", [0, 64, 128, 191, 255])
@pytest.mark.parametrize("size", [(W, H), (W // 2, H // 2), (400, 226)])
def test_what_is_beneath_is_seen_by_the_share_that_alpha_leaves(
    graphics: Graphics, share: int, size: tuple[int, int]
) -> None:
    plan = CanvasPlan(W, H, (Tile(WHOLE, SourceName("beneath")), Tile(WHOLE, SourceName("a"))))
    sources = {SourceName("beneath"): SourcePicture("live", new_picture(W, H, BLUE), 1)}
    compositor = Compositor(graphics, W, H, buffers=1)
    for serial, colour in enumerate((WHITE, RED, BLACK), 1):
        sources[SourceName("a")] = source(layer(colour, share, *size), serial)
        picture = shown(compositor, plan, sources)
        wanted = [c * share / 255 + b * (255 - share) / 255 for c, b in zip(colour, BLUE, strict=True)]
        for place in ((2, 2), (160, 90), (316, 176)):
            assert near(at(picture, *place), tuple(wanted)), (place, at(picture, *place), wanted)  # type: ignore[arg-type]
        if share == 0:
            for plane, of in zip(picture, sources[SourceName("beneath")].picture or (), strict=True):
                np.testing.assert_array_equal(plane, of)


def test_what_is_beneath_beside_it_is_seen_too(graphics: Graphics) -> None:
    plan = CanvasPlan(W, H, (Tile(WHOLE, SourceName("beneath")), Tile(WHOLE, SourceName("a"), fit="contain")))
    sources = {
        SourceName("beneath"): SourcePicture("live", noise(1), 1),
        SourceName("a"): source(layer(RED, 255, 100, 100)),
    }
    picture = shown(Compositor(graphics, W, H, buffers=1), plan, sources)
    beneath = sources[SourceName("beneath")].picture
    assert beneath is not None
    np.testing.assert_array_equal(picture.y[:, :70], beneath.y[:, :70])
    assert at(picture, 160, 90) == RED


def test_a_source_without_alpha_is_drawn_as_ever_and_one_unannounced_lies_over_black(
    graphics: Graphics,
) -> None:
    plan = CanvasPlan(W, H, (Tile(WHOLE, SourceName("beneath")), Tile(WHOLE, SourceName("a"))))
    beneath = SourcePicture("live", new_picture(W, H, BLUE), 1)
    sources = {SourceName("beneath"): beneath, SourceName("a"): source(layer(WHITE, 128))}
    picture = shown(Compositor(graphics, W, H, buffers=1), plan, sources, infos={})
    assert near(at(picture, 160, 90), (126, 128, 128))
    sources[SourceName("a")] = SourcePicture("live", new_picture(W, H, RED), 2)
    picture = shown(Compositor(graphics, W, H, buffers=1), plan, sources)
    assert at(picture, 160, 90) == RED


@pytest.mark.parametrize("size", [(W, H), (2 * W, 2 * H), (200, 112), (321, 181), (117, 67)])
def test_edges_have_no_fringe(graphics: Graphics, size: tuple[int, int]) -> None:
    """White with a soft edge on white is white, and red on red is red, whatever colour can't be seen."""
    width, height = size
    for colour in (WHITE, RED, BLACK, BLUE):
        alpha = soft(3, width, height)
        picture = new_picture(width, height, colour)
        hidden = alpha == 0
        assert hidden.any()
        picture.y[hidden] = 235 if colour[0] < 100 else 16
        made = over_black(picture, alpha)
        plan = CanvasPlan(W, H, (Tile(WHOLE, SourceName("beneath")), Tile(WHOLE, SourceName("a"))))
        beneath = SourcePicture("live", new_picture(W, H, colour), 1)
        seen = shown(
            Compositor(graphics, W, H, buffers=1),
            plan,
            {SourceName("beneath"): beneath, SourceName("a"): SourcePicture("live", made, 1, alpha=alpha)},
        )
        for plane, value in zip(seen, colour, strict=True):
            assert np.abs(plane.astype(int) - value).max() <= 2


STACKS: dict[str, tuple[Tile, ...]] = {
    "over a moving backdrop": (
        Tile(WHOLE, SourceName("0")),
        Tile(WHOLE, SourceName("a"), fit="contain"),
        Tile(WHOLE, SourceName("b")),
    ),
    "over the ground alone": (
        Tile(Rect(10, 10, 140, 76), SourceName("a"), style=ROUND, plate=Plate("Kim", "Mayor")),
        Tile(Rect(100, 60, 200, 110), SourceName("b"), crop=Crop(0.1, 0.1, 0.7, 0.6)),
    ),
    "between others": (
        Tile(Rect(0, 0, 160, 180), SourceName("0"), plate=Plate("Kim", "Mayor")),
        Tile(Rect(80, 30, 160, 100), SourceName("a"), style=ROUND),
        Tile(Rect(120, 60, 60, 40), SourceName("1")),
        Tile(Rect(60, 20, 240, 140), SourceName("b"), fit="contain"),
        Tile(Rect(150, 10, 140, 60), SourceName("2"), style=ROUND),
    ),
    "in chains": (
        Tile(Rect(0, 0, 100, 100), SourceName("0")),
        Tile(Rect(220, 0, 100, 100), SourceName("1")),
        Tile(Rect(60, 40, 120, 100), SourceName("a")),
        Tile(Rect(120, 20, 140, 100), SourceName("b"), style=ROUND),
        Tile(Rect(170, 60, 140, 100), SourceName("c")),
    ),
}


@pytest.mark.parametrize("stack", STACKS)
@pytest.mark.parametrize("copied", [False, True])
def test_drawn_in_parts_is_as_if_drawn_at_once(graphics: Graphics, stack: str, copied: bool) -> None:
    plan = CanvasPlan(W, H, STACKS[stack], overlays=(Overlay("l", "lower-third", Plate("이름", "직함")),))
    bare = CanvasPlan(
        W, H, tuple(Tile(t.rect, t.source, t.fit, style=t.style, crop=t.crop) for t in plan.tiles)
    )
    infos = {**INFOS, "c": SourceInfo(alpha=True)}
    graphics.prepare(MixPlan(1, {"program": plan}))
    show, rng = OverlayShow(graphics, W, H), np.random.default_rng(5)
    compositor, clean = Compositor(graphics, W, H, buffers=2), Compositor(graphics, W, H, buffers=1)
    sources: dict[SourceName, SourcePicture] = {}
    for tick in range(1, 30):
        for tile in plan.tiles:
            if tile.source in sources and rng.random() < 0.6:
                continue
            seed = 100 * tick + len(sources)
            width, height = ((200, 120), (W, H), (99, 77))[int(rng.integers(3))]
            made = Layer(noise(seed, width, height))
            if tile.source in infos:
                alpha = soft(seed, width, height)
                made = Layer(over_black(made.picture, alpha), alpha)
            sources[tile.source] = SLATE if rng.random() < 0.1 else source(made, tick)
        overlays = plan.overlays if tick % 9 < 6 else ()
        over = show.update(overlays, "s", 100, tick * 40_000_000, 0.0)
        base = shown(clean, bare, sources, infos=infos) if copied else None
        made_now = shown(compositor, plan, sources, infos=infos, over=over, base=base)
        at_once = shown(Compositor(graphics, W, H, 1), plan, sources, infos=infos, over=over)
        for plane, of in zip(made_now, at_once, strict=True):
            np.testing.assert_array_equal(plane, of, f"tick {tick}")


def test_plates_that_come_and_go_leave_nothing_behind(graphics: Graphics) -> None:
    """A tile copied from the clean canvas at one tick and drawn at the next still knows what is beneath."""
    compositor, clean = Compositor(graphics, W, H, buffers=1), Compositor(graphics, W, H, buffers=1)
    tiles = (Tile(WHOLE, SourceName("0")), Tile(Rect(20, 100, 200, 76), SourceName("a")))
    bare = CanvasPlan(W, H, tiles)
    plates = CanvasPlan(W, H, (Tile(WHOLE, SourceName("0"), plate=Plate("Kim", "Mayor")), tiles[1]))
    graphics.prepare(MixPlan(1, {"program": plates}))
    for tick in range(1, 12):
        plan = plates if tick % 3 else bare
        alpha = soft(tick // 2, 200, 76)
        sources = {
            SourceName("0"): SourcePicture("live", noise(tick // 4), tick // 4 + 1),
            SourceName("a"): source(layer(RED, alpha, 200, 76), tick // 2 + 1),
        }
        base = shown(clean, bare, sources)
        made = shown(compositor, plan, sources, base=base)
        at_once = shown(Compositor(graphics, W, H, 1), plan, sources)
        for plane, of in zip(made, at_once, strict=True):
            np.testing.assert_array_equal(plane, of, f"tick {tick}")


def test_nothing_is_taken_from_memory_at_each_picture() -> None:
    layers, target, beneath = AlphaLayers(), new_picture(W, H), noise(1)
    made = [layer(RED, soft(seed, W, H)) for seed in range(3)]
    rooms: list[dict[str, int]] = []
    for each in made:
        assert each.alpha is not None
        layers.draw(target, beneath, each.picture, each.alpha, "contain")
        rooms.append({name: room.ctypes.data for name, room in layers._rooms.items()})
    assert rooms[1] == rooms[2]


def made_slot(width: int, height: int, alpha: bool) -> int:
    return create_slot("test", width, height, alpha=alpha)


def test_a_slot_carries_alpha_where_it_has_room_for_it(graphics: Graphics) -> None:
    made = layer(WHITE, 128)
    plan = CanvasPlan(W, H, (Tile(WHOLE, SourceName("beneath")), Tile(WHOLE, SourceName("a"))))
    beneath = SourcePicture("live", new_picture(W, H, BLUE), 1)
    middle = tuple((b + w) / 2 for b, w in zip(BLUE, WHITE, strict=True))
    for room, wanted in ((True, middle), (False, (126, 128, 128))):
        fd = made_slot(W, H, room)
        writer, reader = SlotWriter(fd), SlotReader(fd)
        writer.beat(1)
        writer.write_picture(made.picture, 1, alpha=made.alpha)
        taken = reader.take(1)
        assert taken is not None
        assert (taken.alpha is not None) == room
        if taken.alpha is not None:
            assert not taken.alpha.flags.writeable
            np.testing.assert_array_equal(taken.alpha, made.alpha)
        seen = SourceTrack(reader).look(1, 1, asked=False)
        picture = shown(
            Compositor(graphics, W, H, 1), plan, {SourceName("beneath"): beneath, SourceName("a"): seen}
        )
        assert near(at(picture, 160, 90), wanted)  # type: ignore[arg-type]
        writer.write_picture(made.picture, 2)  # one without
        taken = reader.take(2)
        assert taken is not None
        assert taken.alpha is None


def test_a_slot_without_alpha_is_as_large_as_ever() -> None:
    import os

    plain, more = (made_slot(1920, 1080, alpha) for alpha in (False, True))
    page = 4096
    pictures = 4 * (-(-1920 * 1080 * 3 // 2 // page) * page + 64)
    assert os.fstat(plain).st_size == 8 * 64 + pictures + 48_000 * 8
    assert os.fstat(more).st_size == os.fstat(plain).st_size + 4 * -(-1920 * 1080 // page) * page
    writer = SlotWriter(more)
    assert writer.fits(1920, 1080)
    assert not writer.fits(1921, 1082)
    for fd in (plain, more):
        os.close(fd)


@pytest.mark.parametrize("size", [(5000, 5000), (2**63, 2), (0, 0), (1, 1)])
def test_absurd_sizes_of_alpha_are_a_slate(size: tuple[int, int]) -> None:
    fd = made_slot(64, 64, alpha=True)
    writer, reader = SlotWriter(fd), SlotReader(fd)
    writer.beat(1)
    writer.write_picture(new_picture(64, 64), 1, alpha=np.full((64, 64), 9, np.uint8))
    meta = writer._metas[1]
    meta[2], meta[3] = size
    assert SourceTrack(reader).look(1, 1, asked=False).state == "slate"


def test_copy_of_window_is_left_to_draw() -> None:
    """An even window of an odd picture's alpha belongs to the same pixels as the picture's."""
    picture, alpha = noise(1, 101, 63), soft(1, 101, 63)
    target, whole = new_picture(W, H), new_picture(W, H)
    made = Layer(over_black(picture, alpha), alpha)
    AlphaLayers().draw(target, None, made.picture, alpha, "cover", Crop(0.5, 0.5, 0.5, 0.5))
    solid = np.full_like(alpha, 255)
    copy_into(whole, new_picture(W, H))
    AlphaLayers().draw(whole, None, over_black(picture, solid), solid, "cover", Crop(0.5, 0.5, 0.5, 0.5))
    wanted = new_picture(W, H)
    draw.draw_cover(wanted, draw.cropped(picture, Crop(0.5, 0.5, 0.5, 0.5)))
    for plane, of in zip(whole, wanted, strict=True):
        assert np.abs(plane.astype(int) - of).max() <= 1
