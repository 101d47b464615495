"""Graphics over a canvas, tick by tick: what comes and goes, counts, runs, and what costs nothing."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from msgspec.structs import replace

from mixer.compose.overlays import Drawing, OverlayShow
from mixer.compose.sprites import blend, place
from mixer.contract.colour import yuv_of
from mixer.contract.picture import Picture, new_picture
from mixer.contract.plan import CanvasPlan, MixPlan, Overlay, Plate, Rect
from mixer.contract.theme import Theme
from mixer.graphics.graphics import Graphics
from tests.golden.golden import bgr
from tests.support.media.fontfolder import font_folder

SIZE = (640, 360)
TICK_NS = 33_333_333
NOON = 1_700_000_000.0
GROUND = "#5a6b4a"
PLAIN = Theme()

LOWER = Overlay("lower", "lower-third", Plate("홍길동", "Mayor"))
TITLE = Overlay("title", "title", Plate("A session"), anchor="top")
CLOCK = Overlay("clock", "clock", anchor="top-right", zone="Asia/Seoul")
TICKER = Overlay("ticker", "ticker", Plate("News of the summit"), anchor="bottom")
CODE = Overlay("code", "qr", Plate("Papers"), anchor="bottom-right", link="https://summit.example/p?x=1")
COUNT = Overlay("count", "countdown", anchor="top-left", until=int(NOON) + 61)


class Stage:
    """A canvas's graphics, prepared and ticked at 30 a second."""

    def __init__(self, *everything: Overlay, theme: Theme = PLAIN) -> None:
        self.graphics = Graphics(font_folder(), "Summit")
        self.graphics.prepare(MixPlan(1, {"program": CanvasPlan(*SIZE, overlays=everything)}, theme=theme))
        self.graphics.wear(theme)
        self.show = OverlayShow(self.graphics, *SIZE)
        self.now_ns = 10**12
        # Whoever sets text from here on, in the tick, falls over this.
        self.graphics._type = None  # type: ignore[assignment]

    def tick(self, *overlays: Overlay, scene: str = "a", unix_s: float = NOON) -> Drawing | None:
        self.now_ns += TICK_NS
        return self.show.update(overlays, scene, 400, self.now_ns, unix_s)

    def ticks(self, count: int, *overlays: Overlay, scene: str = "a") -> Iterator[Drawing | None]:
        for _ in range(count):
            yield self.tick(*overlays, scene=scene)


def painted(drawing: Drawing | None) -> Picture:
    picture = new_picture(*SIZE, yuv_of(GROUND))
    if drawing is not None:
        blend(place(picture, drawing.sprites))
    return picture


def change(drawing: Drawing | None) -> float:
    """How much of the ground is painted over, mean of luma."""
    return float(np.abs(painted(drawing).y.astype(int) - yuv_of(GROUND)[0]).mean())


def overlapping(one: Rect, other: Rect) -> bool:
    return (
        one.x < other.x + other.w
        and other.x < one.x + one.w
        and one.y < other.y + other.h
        and other.y < one.y + one.h
    )


def test_with_a_scene_graphics_are_there_at_once_and_then_cost_nothing() -> None:
    stage = Stage(LOWER, TITLE)
    first = stage.tick(LOWER, TITLE)
    assert first is not None
    assert len(first.rects) == 2
    assert all(each is first for each in stage.ticks(20, LOWER, TITLE))
    assert stage.tick(TITLE, scene="b") is not first
    assert stage.tick(scene="c") is None


def test_within_a_scene_they_come_and_go_bit_by_bit() -> None:
    stage = Stage(LOWER)
    stage.tick()
    coming = [change(each) for each in stage.ticks(14, LOWER)]
    assert coming[0] < 0.35 * coming[-1]
    assert coming == sorted(coming)
    assert coming[-1] == coming[-2]
    there = stage.tick(LOWER)
    assert there is not None
    top = there.rects[0].y
    going = [stage.tick() for _ in range(14)]
    amounts = [change(each) for each in going]
    assert amounts == sorted(amounts, reverse=True)
    assert going[-1] is None
    assert going[6] is not None
    assert going[6].rects[0].y > top  # it sinks as it goes


def test_one_more_makes_the_others_glide_out_of_its_way() -> None:
    stage = Stage(LOWER, TICKER)
    alone = stage.tick(LOWER)
    assert alone is not None
    ways = [each.rects[0].y for each in stage.ticks(16, LOWER, TICKER) if each is not None]
    assert ways == sorted(ways, reverse=True)
    assert alone.rects[0].y > ways[4] > ways[-1]
    last = stage.tick(LOWER, TICKER)
    assert last is not None
    assert not overlapping(*last.rects)


def test_a_ticker_runs_in_equal_even_steps_for_ever() -> None:
    stage = Stage(TICKER)
    seen = [painted(each) for each in stage.ticks(400, TICKER)]
    row = slice(310, 332)
    steps = set()
    for before, after in itertools.pairwise(seen[:60]):
        moved = [n for n in range(12) if np.array_equal(before.y[row, n:200], after.y[row, : 200 - n])]
        steps.add(moved[-1] if moved else -1)
    assert steps == {2}
    assert any(np.array_equal(seen[0].y, each.y) for each in seen[100:])  # it came round


def test_text_that_reads_from_the_right_runs_to_the_right() -> None:
    arabic = replace(TICKER, text=Plate("أخبار القمة العالمية للمدن"))
    stage = Stage(arabic)
    before, after = (painted(each).y[310:332, 100:500] for each in stage.ticks(2, arabic))
    assert np.array_equal(before[:, :-2], after[:, 2:])


def test_a_clock_changes_once_a_second_and_sets_no_text() -> None:
    stage = Stage(CLOCK)
    drawings = [stage.tick(CLOCK, unix_s=NOON + n / 10) for n in range(20)]
    assert len({id(each) for each in drawings}) == 2
    assert drawings[0] is drawings[9]
    first, last = drawings[0], drawings[10]
    assert first is not None
    assert last is not None
    differing = np.argwhere(painted(first).y != painted(last).y)
    assert differing[:, 1].min() > first.rects[0].x + 0.7 * first.rects[0].w  # the seconds alone


def test_what_clocks_and_countdowns_read() -> None:
    stage = Stage(CLOCK, COUNT)
    clock = stage.graphics.overlay(CLOCK, *SIZE)
    count = stage.graphics.overlay(COUNT, *SIZE)
    assert clock.reading(NOON) == "07:13:20"  # type: ignore[union-attr]
    until = NOON + 61
    readings = {
        until - 3601: "1:00:01",
        until - 3600: "1:00:00",
        until - 3599: "59:59",
        until - 0.4: "00:01",
        until: "00:00",
        until + 0.4: "00:00",
        until + 1: "+00:01",
        until + 4000: "+1:06:40",
        until + 10**7: "+99:59:59",
    }
    assert {at: count.reading(at) for at in readings} == readings  # type: ignore[union-attr]


def test_an_overrun_is_in_the_colour_of_a_warning() -> None:
    stage = Stage(COUNT, theme=Theme(warning="#ff0000"))
    before = painted(stage.tick(COUNT, unix_s=NOON + 60))
    after = painted(stage.tick(COUNT, unix_s=NOON + 70))
    assert int(before.v.max()) < 150
    assert int(after.v.max()) > 200


def test_a_code_can_be_read_from_the_picture() -> None:
    stage = Stage(CODE)
    image = cv2.resize(bgr(painted(stage.tick(CODE))), None, fx=2, fy=2, interpolation=cv2.INTER_NEAREST)
    assert cv2.QRCodeDetector().detectAndDecode(image)[0] == CODE.link


def test_many_at_one_anchor_lie_beside_each_other_within_the_safe_area() -> None:
    several = tuple(replace(LOWER, id=f"lower-{n}") for n in range(4))
    stage = Stage(*several, TICKER)
    drawing = stage.tick(*several, TICKER)
    assert drawing is not None
    assert len(drawing.rects) == 5
    for index, rect in enumerate(drawing.rects):
        assert rect.y >= 0.05 * SIZE[1] - 2
        assert rect.y + rect.h <= 0.95 * SIZE[1] + 2
        assert not any(overlapping(rect, other) for other in drawing.rects[:index])


def test_another_theme_is_worn_on_the_next_tick() -> None:
    blue, red = Theme(), Theme(name="red", plate="#a00000")
    fresh = Graphics(font_folder(), "Summit")
    plan = MixPlan(1, {"program": CanvasPlan(*SIZE, overlays=(LOWER,))})
    show = OverlayShow(fresh, *SIZE)
    fresh.prepare(plan)
    fresh.wear(blue)
    before = show.update((LOWER,), "a", 400, 10**9, NOON)
    fresh.wear(red)  # not drawn yet: nothing blinks
    assert painted(show.update((LOWER,), "a", 400, 2 * 10**9, NOON)).y.tolist() == painted(before).y.tolist()
    fresh.prepare(replace(plan, theme=red))
    after = painted(show.update((LOWER,), "a", 400, 3 * 10**9, NOON))
    assert int(after.v.max()) > int(painted(before).v.max()) + 20


def test_a_picture_that_is_none_leaves_only_itself_out(tmp_path: Path) -> None:
    rgba = np.zeros((20, 40, 4), np.uint8)
    rgba[..., 0], rgba[:, 20:, 3] = 255, 255  # red, its left half invisible
    np.save(tmp_path / "logo.npy", rgba)
    (tmp_path / "bad.npy").write_bytes(b"\x93NUMPY\x01\x00\xff\xff{'descr': 'O'}")
    logo = Overlay("logo", "logo", anchor="top-left", picture=str(tmp_path / "logo.npy"))
    lost = Overlay("lost", "picture", anchor="right", picture=str(tmp_path / "none.npy"))
    bad = Overlay("bad", "picture", anchor="left", picture=str(tmp_path / "bad.npy"))
    stage = Stage(logo, lost, bad, LOWER)
    drawing = stage.tick(logo, lost, bad, LOWER)
    assert drawing is not None
    assert len(drawing.rects) == 2
    picture, rect = painted(drawing), drawing.rects[0]
    assert abs(int(picture.y[rect.y + rect.h // 2, rect.x + rect.w - 3]) - yuv_of("#ff0000")[0]) <= 1
    ground = yuv_of(GROUND)[0]
    assert picture.y[rect.y + rect.h // 2, 4 : rect.x + rect.w // 3].tolist() == [ground] * len(
        range(4, rect.x + rect.w // 3)
    )
