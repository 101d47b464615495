"""Two scenes on all canvases at one tick: transitions, T-bar, black, slate, languages, the preview's pane."""

from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import msgspec
import numpy as np
import pytest

from mixer.compose.alpha import over_black
from mixer.compose.canvas import Canvas
from mixer.compose.compositor import SourcePicture
from mixer.compose.overlays import OverlayShow
from mixer.contract.colour import yuv_of
from mixer.contract.names import SourceName
from mixer.contract.picture import Picture, new_picture
from mixer.contract.plan import (
    CanvasPlan,
    CanvasView,
    Fade,
    MixPlan,
    Overlay,
    Plate,
    Rect,
    SourceInfo,
    Tile,
    TileStyle,
    Transition,
)
from mixer.contract.theme import Theme
from mixer.engine.stage import BUFFERS, Stage
from mixer.engine.staging import on_air_sources, sources_of
from mixer.graphics.graphics import Graphics
from tests.support.media.mixing import FONTS

W, H = 256, 144
WALL = (320, 90)
VIEW = (160, 90)
MS = 1_000_000
START = 10_000 * MS
RED, BLUE = yuv_of("#c02020"), yuv_of("#2040c0")
LOW, HIGH = (40, 100, 150), (200, 150, 90)
ALL = ("program", "clean", "wall", "multiview")
SIZES: dict[Any, tuple[int, int]] = {"program": (W, H), "wall": WALL, "multiview": VIEW}
WHOLE = Rect(0, 0, W, H)


@pytest.fixture(scope="module")
def graphics() -> Graphics:
    return Graphics(FONTS, "Summit")


def canvases(source: SourceName, plate: Plate | None = None, scene: str = "") -> dict[Any, CanvasPlan]:
    """A scene with one source: on the programme's left, in the middle of the wall."""
    return {
        "program": CanvasPlan(W, H, (Tile(Rect(0, 0, 128, H), source, plate=plate),), scene=scene or source),
        "wall": CanvasPlan(*WALL, (Tile(Rect(80, 0, 160, 90), source, plate=plate),), scene=scene or source),
    }


MULTIVIEW = CanvasPlan(*VIEW, views=(CanvasView(Rect(0, 0, *VIEW), "program"),))


def plan(**changes: Any) -> MixPlan:
    infos = {name: SourceInfo(name=name) for name in (SourceName("a"), SourceName("b"), SourceName("bad"))}
    mine = {"program": CanvasPlan(W, H), **changes.pop("canvases", {}), "multiview": MULTIVIEW}
    return MixPlan(1, mine, sources=infos, **changes)


def taking(t: float, kind: Any = "mix", **changes: Any) -> MixPlan:
    """From scene ``a`` to scene ``b``, ``t`` of the way by hand."""
    how = Transition(kind, position=t)
    return plan(
        canvases=canvases(SourceName("b")), leaving=canvases(SourceName("a")), transition=how, **changes
    )


def live(colour: tuple[int, int, int], serial: int = 1) -> SourcePicture:
    return SourcePicture("live", new_picture(64, 36, colour), serial)


PICTURES = {SourceName("a"): live(LOW), SourceName("b"): live(HIGH)}


@contextmanager
def composed(
    stage: Stage, shown: MixPlan, wanted: Collection[str] = ALL, now_ns: int = START, pictures: Any = None
) -> Iterator[dict[str, Canvas]]:
    with ExitStack() as stack:
        made = stage.compose(shown, PICTURES if pictures is None else pictures, wanted, now_ns)
        for canvas in made.values():
            stack.callback(canvas.release)
        yield made


def copied(picture: Picture) -> Picture:
    return Picture(*(plane.copy() for plane in picture))


def assert_same(one: Picture, other: Picture) -> None:
    for plane, of in zip(one, other, strict=True):
        np.testing.assert_array_equal(plane, of)


def test_all_canvases_are_as_far_at_one_tick(graphics: Graphics) -> None:
    stage = Stage(graphics, SIZES)
    for t in (0.0, 0.25, 0.5, 0.75, 1.0):
        with composed(stage, taking(t)) as made:
            wanted = round(LOW[0] + (HIGH[0] - LOW[0]) * t)
            assert set(made) == set(ALL)
            for name, (x, y) in {"program": (60, 70), "clean": (60, 70), "wall": (160, 45)}.items():
                assert made[name].picture.y[y, x] == pytest.approx(wanted, abs=1), (name, t)
            assert made["multiview"].picture.y[45, 30] == pytest.approx(wanted, abs=1), "its pane shows it"


def test_at_its_ends_each_canvas_is_the_scene_alone(graphics: Graphics) -> None:
    plate = Plate("홍길동", "시장")
    ends = {0.0: canvases(SourceName("a"), plate), 1.0: canvases(SourceName("b"), plate)}
    for t, alone in ends.items():
        there = MixPlan(1, alone)
        moving = plan(canvases=ends[1.0], leaving=ends[0.0], transition=Transition(position=t))
        graphics.prepare(moving)
        with composed(Stage(graphics, SIZES), moving) as made, composed(Stage(graphics, SIZES), there) as one:
            for name in ("program", "clean", "wall"):
                assert_same(made[name].picture, one[name].picture)


def test_both_scenes_keep_moving(graphics: Graphics) -> None:
    stage = Stage(graphics, SIZES)
    for serial in range(1, 6):
        levels = 40 + 5 * serial, 200 - 5 * serial
        pictures = {n: live((level, 128, 128), serial) for n, level in zip("ab", levels, strict=True)}
        with composed(stage, taking(0.5), pictures=pictures) as made:
            assert made["program"].picture.y[70, 60] == pytest.approx(sum(levels) / 2, abs=1)


def test_a_standing_scene_is_not_drawn_again_while_it_goes(graphics: Graphics) -> None:
    stage = Stage(graphics, SIZES)
    with composed(stage, plan(canvases=canvases(SourceName("a"))), ("program",)):
        pass
    held: list[Canvas] = []
    for n in range(1, 12):
        made = stage.compose(taking(n / 12), PICTURES, ("program",), START + n * MS)
        held = [*held, made["program"]]
        if len(held) > 4:  # as slow encoders do
            held.pop(0).release()
    drawn = sum(scene.compositor.redrawn for scene in stage._scene_canvases["program"]._scenes)
    assert drawn == 2, "one tile of each scene, once"
    for canvas in held:
        canvas.release()
    assert len(stage._scene_canvases["program"].pool.free) == BUFFERS


def test_after_it_the_new_scene_goes_on_as_it_was(graphics: Graphics) -> None:
    """The same compositor draws it: nothing glides, nothing comes again, nothing is drawn twice."""
    stage = Stage(graphics, SIZES)
    overlay = Overlay("l", "lower-third", Plate("이름", "직함"))
    after = {
        n: CanvasPlan(c.width, c.height, c.tiles, overlays=(overlay,), scene="b", glide_ms=400)
        for n, c in canvases(SourceName("b")).items()
    }
    moving = plan(
        canvases=after, leaving=canvases(SourceName("a")), transition=Transition("mix", START, 100 * MS)
    )
    graphics.prepare(moving)
    with composed(stage, plan(canvases=canvases(SourceName("a"))), now_ns=START - 40 * MS):
        pass
    for n in range(3):
        with composed(stage, moving, now_ns=START + n * 40 * MS):
            pass
    with composed(stage, moving, now_ns=START + 120 * MS) as made:
        over = copied(made["program"].picture)
    with composed(stage, plan(canvases=after), now_ns=START + 160 * MS) as made:
        assert_same(made["program"].picture, over)


@pytest.mark.parametrize("name", ["same", "b"])
def test_what_came_with_a_transition_neither_glides_nor_is_drawn_again(graphics: Graphics, name: str) -> None:
    """Also where both are one scene, as when another person speaks in it."""
    there = (Rect(0, 0, 128, H), Rect(128, 0, 128, H))
    before, after = (
        {"program": CanvasPlan(W, H, (Tile(rect, SourceName("a")),), scene=scene, glide_ms=400)}
        for rect, scene in zip(there, ("same", name), strict=True)
    )
    stage = Stage(graphics, SIZES)
    both = plan(canvases=after, leaving=before, transition=Transition("mix", START, 100 * MS))
    shown = [plan(canvases=before), *[both] * 4, *[plan(canvases=after)] * 3]
    for n, each in enumerate(shown):
        with composed(stage, each, ("program",), START + (n - 1) * 40 * MS) as made:
            if n >= 4:
                assert made["program"].picture.y[70, 200] == LOW[0]
                assert made["program"].picture.y[70, 100] != LOW[0]
    assert sum(scene.compositor.redrawn for scene in stage._scene_canvases["program"]._scenes) == 2


def test_a_text_that_runs_in_both_scenes_runs_on(graphics: Graphics) -> None:
    """As if there were no transition: both scenes show it in the same place, and the new one goes on."""
    ticker = Overlay("t", "ticker", Plate("가나다 abc 0123456789 " * 4))
    scenes = {n: CanvasPlan(W, H, overlays=(ticker,), scene=n, background="#203040") for n in "ab"}
    whole = {n: msgspec.structs.replace(s, tiles=(Tile(WHOLE, SourceName("a")),)) for n, s in scenes.items()}
    a, b = (plan(canvases={"program": whole[n]}) for n in "ab")
    how = Transition("mix", START + 200 * MS, 200 * MS)
    both = plan(canvases=b.canvases, leaving={"program": whole["a"]}, transition=how)
    graphics.prepare(both)
    moving, alone = Stage(graphics, SIZES), Stage(graphics, SIZES)
    for n in range(15):
        now_ns = START + n * 40 * MS
        shown = a if n < 5 else both if n < 11 else b
        with (
            composed(moving, shown, ("program",), now_ns) as made,
            composed(alone, a, ("program",), now_ns) as one,
        ):
            for plane, of in zip(made["program"].picture, one["program"].picture, strict=True):
                assert np.abs(plane.astype(int) - of).max() <= 1, n


def test_a_cut_during_a_transition_ends_it_at_once(graphics: Graphics) -> None:
    stage = Stage(graphics, SIZES)
    with composed(stage, taking(0.5)):
        pass
    with composed(stage, plan(canvases=canvases(SourceName("a"))), now_ns=START + 40 * MS) as made:
        assert made["program"].picture.y[70, 60] == LOW[0]
        assert made["wall"].picture.y[45, 160] == LOW[0]


def test_the_bar_can_be_pulled_back(graphics: Graphics) -> None:
    stage = Stage(graphics, SIZES)
    for n, t in enumerate((0.0, 0.3, 0.9, 0.3, 0.0)):
        with composed(stage, taking(t), now_ns=START + n * 40 * MS) as made:
            wanted = round(LOW[0] + (HIGH[0] - LOW[0]) * t)
            assert made["program"].picture.y[70, 60] == pytest.approx(wanted, abs=1)


def test_a_canvas_that_is_not_left_changes_at_once(graphics: Graphics) -> None:
    only = {"program": canvases(SourceName("a"))["program"]}
    shown = plan(canvases=canvases(SourceName("b")), leaving=only, transition=Transition(position=0.5))
    with composed(Stage(graphics, SIZES), shown) as made:
        assert made["wall"].picture.y[45, 160] == HIGH[0]
        assert made["program"].picture.y[70, 60] == pytest.approx((LOW[0] + HIGH[0]) / 2, abs=1)


@pytest.mark.parametrize("black", [False, True])
def test_a_wall_like_the_programme_shares_its_picture_in_transit(graphics: Graphics, black: bool) -> None:
    stage = Stage(graphics, {"program": (W, H), "wall": (W, H)})
    before, after = (canvases(SourceName(n))["program"] for n in "ab")
    shown = plan(
        canvases={"program": after, "wall": after},
        leaving={"program": before, "wall": before},
        transition=Transition(position=0.5),
        black=black,
        fade=Fade(START, 100 * MS),
    )
    with composed(stage, shown, ("program", "wall"), START + 50 * MS) as made:
        assert made["wall"].buffer is made["program"].buffer
    elsewhere = CanvasPlan(W, H, (Tile(Rect(0, 0, 128, H), SourceName("c")),), scene="c")
    for left, wanted in ((after, HIGH[0]), (elsewhere, (90 + HIGH[0]) // 2)):
        other = plan(
            canvases={"program": after, "wall": after},
            leaving={"program": before, "wall": left},
            transition=Transition(position=0.5),
        )
        pictures = {**PICTURES, SourceName("c"): live((90, 128, 128))}
        with composed(stage, other, ("program", "wall"), START + 90 * MS, pictures) as made:
            assert made["wall"].picture.y[70, 60] == wanted, "it shares one scene, not both"
            assert made["program"].picture.y[70, 60] == (LOW[0] + HIGH[0]) // 2


def test_fade_to_black_and_back(graphics: Graphics) -> None:
    stage = Stage(graphics, SIZES)
    there = canvases(SourceName("b"))
    down = plan(canvases=there, black=True, fade=Fade(START, 100 * MS))
    seen: list[int] = []
    for ms in (0, 25, 50, 75, 100, 140):
        with composed(stage, down, now_ns=START + ms * MS) as made:
            levels = {int(made["program"].picture.y[70, 60]), int(made["wall"].picture.y[45, 160])}
            levels |= {int(made["clean"].picture.y[70, 60]), int(made["multiview"].picture.y[45, 30])}
            assert len(levels) == 1, "all of them, and the multiview's pane"
            seen += levels
            if ms >= 100:
                for name in ("program", "clean", "wall"):
                    assert [int(plane.max()) for plane in made[name].picture] == [16, 128, 128]
    assert seen == [200, 154, 108, 62, 16, 16]
    back = plan(canvases=there, fade=Fade(START + 200 * MS, 100 * MS))
    for ms, level in ((200, 16), (250, 108), (300, 200), (900, 200)):
        with composed(stage, back, now_ns=START + ms * MS) as made:
            assert made["program"].picture.y[70, 60] == level


def test_the_slate_is_on_everything_on_air_at_once(graphics: Graphics) -> None:
    """In mid-transition, in black, in every language; the preview's pane goes on."""
    preview = CanvasPlan(80, 44, (Tile(Rect(0, 0, 80, 44), SourceName("a")),), scene="a")
    view = CanvasPlan(*VIEW, views=(CanvasView(Rect(80, 0, 80, 44), "preview"),))
    for black in (False, True):
        shown = taking(0.5, slate=True, black=black, languages={"ko": canvases(SourceName("b"))["program"]})
        shown = MixPlan(
            1,
            {**shown.canvases, "preview": preview, "multiview": view},
            slate=True,
            black=black,
            transition=shown.transition,
            leaving=shown.leaving,
            languages=shown.languages,
            sources=shown.sources,
        )
        graphics.prepare(shown)
        with composed(Stage(graphics, SIZES), shown, (*ALL, "program-ko")) as made:
            slate = graphics.event_picture(W, H)
            for name in ("program", "clean", "program-ko"):
                assert_same(made[name].picture, slate)
            assert_same(made["wall"].picture, graphics.event_picture(*WALL))
            assert made["multiview"].picture.y[20, 120] == LOW[0]


def test_the_previews_pane_is_composed_only_for_the_multiview(graphics: Graphics) -> None:
    stage = Stage(graphics, SIZES)
    pane = CanvasPlan(80, 44, (Tile(Rect(0, 0, 80, 44), SourceName("a")),))
    view = CanvasPlan(*VIEW, views=(CanvasView(Rect(80, 0, 80, 44), "preview"),))
    shown = MixPlan(1, {**canvases(SourceName("b")), "preview": pane, "multiview": view})
    with composed(stage, shown, ("program",)) as made:
        assert set(made) == {"program"}
        assert "preview" not in stage._scene_canvases
    for _ in range(4):
        with composed(stage, shown, ("program", "multiview")) as made:
            assert set(made) == {"program", "multiview"}
            assert made["multiview"].picture.y[20, 120] == LOW[0]
    assert stage.starved == 0


def test_a_language_differs_in_its_plates_alone_and_only_while_it_does(graphics: Graphics) -> None:
    stage = Stage(graphics, SIZES)
    here, there = (
        canvases(SourceName("b"), Plate("홍길동", "시장")),
        canvases(SourceName("b"), Plate("Hong", "Mayor"))["program"],
    )
    shown = plan(canvases=here, languages={"en": there})
    graphics.prepare(shown)
    wanted = (*ALL, "program-en")
    alone = Stage(graphics, SIZES), plan(canvases={"program": there})
    with composed(stage, shown, wanted) as made, composed(*alone) as own:
        assert_same(made["program-en"].picture, own["program"].picture)
        assert not np.array_equal(made["program-en"].picture.y, made["program"].picture.y)
        drawn = {
            name: stage._scene_canvases[name].on_air.compositor.redrawn for name in ("clean", "program-en")
        }
        assert drawn == {"clean": 1, "program-en": 1}
    shown = plan(canvases=canvases(SourceName("b")), languages={"en": there})
    with composed(stage, shown, ("program", "program-en"), START + MS) as made, composed(*alone) as own:
        assert_same(made["program-en"].picture, own["program"].picture)
    with composed(stage, plan(canvases=here), wanted) as made:
        assert "program-en" not in made
        assert "program-en" not in stage._scene_canvases, "and its memory is gone"
    half = plan(
        canvases=here,
        leaving=canvases(SourceName("a")),
        leaving_languages={"en": canvases(SourceName("a"))["program"]},
        transition=Transition(position=0.5),
    )
    with composed(stage, half, wanted, START + 40 * MS) as made:
        assert_same(made["program-en"].picture, made["program"].picture)


def test_the_clean_feed_has_neither_plates_nor_graphics(graphics: Graphics) -> None:
    overlay = Overlay("l", "lower-third", Plate("이름", "직함"))
    bare, plated = canvases(SourceName("b"))["program"], canvases(SourceName("b"), Plate("홍길동"))["program"]
    for program in (plated, msgspec.structs.replace(bare, overlays=(overlay,))):
        shown = plan(canvases={"program": program})
        graphics.prepare(shown)
        alone = Stage(graphics, SIZES), plan(canvases={"program": bare})
        with composed(Stage(graphics, SIZES), shown) as made, composed(*alone) as one:
            assert_same(made["clean"].picture, one["program"].picture)
            assert not np.array_equal(made["program"].picture.y, one["program"].picture.y)


def test_another_theme_is_there_at_its_first_tick(graphics: Graphics) -> None:
    stage, red = Stage(graphics, SIZES), Theme(plate="#c00000")
    here = canvases(SourceName("b"), Plate("홍길동", "시장"))
    old, new = plan(canvases=here), plan(canvases=here, theme=red)
    graphics.prepare(old)
    with composed(stage, old) as made:
        before = copied(made["program"].picture)
    with composed(stage, new, now_ns=START + 40 * MS) as made:
        assert_same(made["program"].picture, before)  # not drawn yet: nothing blinks
    graphics.prepare(new)
    with composed(stage, new, now_ns=START + 80 * MS) as made:
        assert (made["program"].picture.v.astype(int) - before.v).max() > 50


def test_tiles_glide_on_all_canvases_alike_and_the_clean_feed_copies_them(graphics: Graphics) -> None:
    def scene(*names: str) -> MixPlan:
        rects = {1: (WHOLE,), 2: (Rect(0, 36, 128, 72), Rect(128, 36, 128, 72))}[len(names)]
        tiles = tuple(Tile(r, SourceName(n), plate=Plate("K")) for r, n in zip(rects, names, strict=True))
        canvas = CanvasPlan(W, H, tiles, scene="one", glide_ms=400)
        return plan(canvases={"program": canvas, "wall": canvas}, languages={"en": canvas})

    stage = Stage(graphics, {"program": (W, H), "wall": (W, H)})
    one, two = scene("a"), scene("a", "b")
    graphics.prepare(two)
    wanted = ("program", "clean", "wall", "program-en")
    edges = []
    with composed(stage, one, wanted):
        pass
    for n in range(1, 13):
        with composed(stage, two, wanted, START + n * 40 * MS) as made:
            clean, program = made["clean"].picture, made["program"].picture
            np.testing.assert_array_equal(clean.y[:50], program.y[:50], "above the plates")
            assert_same(made["program-en"].picture, program)
            assert made["wall"].buffer is made["program"].buffer
            edges.append(int((clean.y[72] == LOW[0]).sum()))
    assert edges == sorted(edges, reverse=True)
    assert 128 < edges[0] < W - 20, "it moves from the first tick on"
    assert edges[9:] == [128] * 3


def test_transparent_tiles_glide_and_change_over_what_is_beneath_them(graphics: Graphics) -> None:
    """On programme, wall and clean feed, in mid-glide and in transit, what lies beneath is seen as much."""
    size = (64, 36)
    alpha = np.full(size[::-1], 128, np.uint8)
    made_of = over_black(new_picture(*size, yuv_of("#ffffff")), alpha)
    pictures = {"a": live(LOW), "b": live(HIGH), "t": SourcePicture("live", made_of, 1, alpha=alpha)}
    half = [round((colour + white) / 2) for colour, white in zip(LOW, (235, 128, 128), strict=True)]

    def scene(name: str, beneath: SourceName, rect: Rect) -> dict[Any, CanvasPlan]:
        tiles = (
            Tile(WHOLE, beneath),
            Tile(rect, SourceName("t"), plate=Plate("K"), style=TileStyle(radius=8)),
        )
        canvas = CanvasPlan(W, H, tiles, scene=name, glide_ms=400)
        return {"program": canvas, "wall": canvas}

    def told(shown: MixPlan) -> MixPlan:
        return msgspec.structs.replace(shown, sources={**shown.sources, "t": SourceInfo(alpha=True)})

    stage = Stage(graphics, {"program": (W, H), "wall": (W, H), "multiview": VIEW})
    left, right = (scene("one", SourceName("a"), Rect(x, 20, 120, 100)) for x in (8, 128))
    one, two = told(plan(canvases=left)), told(plan(canvases=right))
    graphics.prepare(two)
    edges = []
    with composed(stage, one, pictures=pictures):
        pass
    for n in range(1, 13):
        with composed(stage, two, now_ns=START + n * 40 * MS, pictures=pictures) as made:
            for name in ("program", "clean", "wall"):
                row = made[name].picture.y[60]
                assert set(row.tolist()) <= {LOW[0], *range(half[0] - 1, half[0] + 2)}, name
            edges.append(int(np.flatnonzero(made["program"].picture.y[60] != LOW[0])[0]))
            pane = made["multiview"].picture.y[10, 4]  # nothing is left where it came from
            assert pane == LOW[0]
    assert edges == sorted(edges)
    assert edges[0] < 128 <= edges[-1]
    other = scene("two", SourceName("b"), Rect(128, 20, 120, 100))
    moving = told(plan(canvases=other, leaving=right, transition=Transition(position=0.5)))
    with composed(stage, moving, now_ns=START + 600 * MS, pictures=pictures) as made:
        picture = made["program"].picture
        beneath = [(low + high) / 2 for low, high in zip(LOW, HIGH, strict=True)]
        wanted = [(each + white) / 2 for each, white in zip(beneath, (235, 128, 128), strict=True)]
        assert picture.y[60, 200] == pytest.approx(wanted[0], abs=2)
        assert picture.u[30, 100] == pytest.approx(wanted[1], abs=2)
        assert picture.y[60, 60] == pytest.approx((LOW[0] + HIGH[0]) / 2, abs=1)


def test_a_bad_picture_in_a_transition_bars_only_its_source(graphics: Graphics) -> None:
    stage = Stage(graphics, SIZES)
    whole = new_picture(64, 64)
    bad = SourcePicture("live", Picture(whole.y, whole.u[:0], whole.v), 1)
    tiles = (Tile(Rect(0, 0, 128, H), SourceName("b")), Tile(Rect(128, 0, 128, H), SourceName("bad")))
    shown = plan(
        canvases={"program": CanvasPlan(W, H, tiles, scene="b")},
        leaving=canvases(SourceName("a")),
        transition=Transition(position=0.5),
    )
    graphics.prepare(shown)
    for n in range(3):
        with composed(stage, shown, now_ns=START + n, pictures={**PICTURES, "bad": bad}) as made:
            assert made["program"].picture.y[70, 60] == pytest.approx((LOW[0] + HIGH[0]) / 2, abs=1)
    assert stage.lost == 0


def test_graphics_stay_while_a_bad_picture_is_barred(graphics: Graphics) -> None:
    stage = Stage(graphics, SIZES)
    whole = new_picture(64, 64)
    bad = SourcePicture("live", Picture(whole.y, whole.u[:0], whole.v), 1)
    tiles = (Tile(Rect(0, 0, 128, H), SourceName("b")), Tile(Rect(128, 0, 128, H), SourceName("bad")))
    logo = (Overlay("t", "title", Plate("Summit"), anchor="bottom-left"),)
    shown = plan(canvases={"program": CanvasPlan(W, H, tiles, scene="b", overlays=logo)})
    graphics.prepare(shown)
    for n in range(3):
        with composed(stage, shown, now_ns=START + n, pictures={**PICTURES, "bad": bad}) as made:
            assert made["program"].picture.y[H // 2 :, :80].min() < 100
    assert stage.lost == 0


def test_without_free_buffers_the_tick_goes_on(graphics: Graphics) -> None:
    stage = Stage(graphics, SIZES)
    held: list[Canvas] = []
    for n in range(BUFFERS + 3):
        made = stage.compose(taking(0.5), PICTURES, ALL, START + n * MS)
        if "program" in made:
            held.append(made.pop("program"))
        assert "wall" in made
        for canvas in made.values():
            canvas.release()
    assert stage.starved > 0
    assert len(held) == BUFFERS - 2, "two are left to the scenes"
    for canvas in held:
        canvas.release()
    with composed(stage, taking(0.5), now_ns=START + 99 * MS) as made:
        assert "program" in made


def test_graphics_that_fail_cost_no_picture(graphics: Graphics, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("no")

    monkeypatch.setattr(OverlayShow, "update", broken)
    with composed(Stage(graphics, SIZES), plan(canvases=canvases(SourceName("b")))) as made:
        assert made["program"].picture.y[70, 60] == HIGH[0]


@pytest.mark.parametrize(
    "part",
    ["mixer.engine.scene_canvas.Glide.at", "mixer.engine.stage.in_words_of", "mixer.engine.stage.blend"],
)
def test_whatever_fails_no_buffer_is_lost(
    graphics: Graphics, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    stage = Stage(graphics, SIZES)
    here = canvases(SourceName("b"), Plate("K"))
    shown = plan(
        canvases=here,
        languages={"en": canvases(SourceName("b"), Plate("L"))["program"]},
        leaving=canvases(SourceName("a")),
        transition=Transition(position=0.5),
    )
    wanted = (*ALL, "program-en")

    def broken(*_: object) -> None:
        raise RuntimeError("no")

    with monkeypatch.context() as patched:
        patched.setattr(part, broken)
        for n in range(BUFFERS + 1):
            with suppress(RuntimeError), composed(stage, shown, wanted, START + n * MS):
                pass
    with composed(stage, shown, wanted, START + 99 * MS) as made:
        assert set(made) == set(wanted)
    assert stage.starved == 0
    assert {len(deck.pool.free) for deck in stage._scene_canvases.values()} == {BUFFERS}


def test_whose_pictures_are_looked_at() -> None:
    """Those of the scene that goes, of tiles that may still shrink away, and of the preview's pane."""
    glide: dict[str, Any] = {"scene": "s", "glide_ms": 400}
    before = plan(canvases={"program": CanvasPlan(W, H, (Tile(WHOLE, SourceName("old")),), **glide)})
    pane = CanvasPlan(80, 44, (Tile(Rect(0, 0, 80, 44), SourceName("next")),))
    after = plan(
        canvases={"program": CanvasPlan(W, H, (Tile(WHOLE, SourceName("new")),), **glide), "preview": pane},
        leaving={"program": CanvasPlan(W, H, (Tile(WHOLE, SourceName("left")),))},
        transition=Transition("mix", START, 100),
    )
    needed = sources_of(after, before)
    assert needed["program"] == {"new", "old", "left"}
    assert needed["multiview"] == {"next"}
    assert on_air_sources(after, START) == {"left"}
    assert on_air_sources(after, START + 50) == {"left", "new"}
    assert on_air_sources(after, START + 100) == {"new"}
