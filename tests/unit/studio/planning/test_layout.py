"""The solver of tiles: properties that hold for every number, canvas and gap."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mixer.contract.plan import Rect
from studio.planning.layout import (
    ASPECT,
    CAPACITY,
    LARGER,
    MAX_ASPECT,
    MIN_ASPECT,
    SLIDES_AT,
    UPRIGHT_ASPECT,
    UPRIGHT_MOST,
    LayoutName,
    solve,
)

CANVASES = [(1920, 1080), (3840, 1080), (5760, 1080), (1080, 1920), (1280, 720), (1024, 768)]

even = st.integers(120, 3000).map(lambda half: 2 * half)


def overlap(one: Rect, other: Rect) -> bool:
    return (
        one.x < other.x + other.w
        and other.x < one.x + one.w
        and one.y < other.y + other.h
        and other.y < one.y + one.h
    )


@given(st.integers(1, 49), even, even)
def test_tiles_are_even_inside_and_apart(count: int, width: int, height: int) -> None:
    rects = solve("grid", count, width, height)
    assert len(rects) == count
    for rect in rects:
        assert all(number % 2 == 0 for number in (rect.x, rect.y, rect.w, rect.h))
        assert rect.x >= 0
        assert rect.y >= 0
        assert rect.w >= 2
        assert rect.h >= 2
        assert rect.x + rect.w <= width
        assert rect.y + rect.h <= height
    assert not any(overlap(one, other) for i, one in enumerate(rects) for other in rects[:i])


@given(st.integers(1, 49), even, even)
def test_tiles_have_one_size_near_16_to_9(count: int, width: int, height: int) -> None:
    sizes = {(rect.w, rect.h) for rect in solve("grid", count, width, height)}
    assert len(sizes) == 1
    ((w, h),) = sizes
    # Even numbers: a side may be two pixels off.
    assert MIN_ASPECT * (h - 2) <= w + 2
    assert w - 2 <= MAX_ASPECT * (h + 2)


@given(st.integers(1, 49), even, even)
def test_every_row_is_centred(count: int, width: int, height: int) -> None:
    rects = solve("grid", count, width, height)
    rows = {rect.y: [other for other in rects if other.y == rect.y] for rect in rects}
    for row in rows.values():
        left, right = row[0].x, width - row[-1].x - row[-1].w
        assert abs(left - right) <= 2
    top, bottom = rects[0].y, height - rects[-1].y - rects[-1].h
    assert abs(top - bottom) <= 2
    lengths = [len(row) for row in rows.values()]
    assert len(set(lengths[:-1])) <= 1
    assert lengths[-1] <= lengths[0]


@given(st.integers(1, 49), even, even, st.integers(0, 24), st.integers(0, 40))
def test_no_other_number_of_columns_gives_larger_tiles(
    count: int, width: int, height: int, gap: int, margin: int
) -> None:
    gap, margin = gap // 2 * 2, margin // 2 * 2
    best = solve("grid", count, width, height, gap=gap, margin=margin)[0]
    if count == 1:
        gap = margin = 0
    for columns in range(1, count + 1):
        rows = -(-count // columns)
        cell_w = (width - 2 * margin - (columns - 1) * gap) // columns
        cell_h = (height - 2 * margin - (rows - 1) * gap) // rows
        w = int(min(cell_w, cell_h * MAX_ASPECT)) // 2 * 2
        h = int(min(cell_h, cell_w / MIN_ASPECT)) // 2 * 2
        assert w * h <= best.w * best.h or w < 2 or h < 2


@pytest.mark.parametrize(("width", "height"), CANVASES)
@pytest.mark.parametrize("layout", CAPACITY)
def test_a_layout_takes_no_more_than_its_capacity(layout: LayoutName, width: int, height: int) -> None:
    for count in (0, 1, 2, 3, 49, 60):
        assert len(solve(layout, count, width, height)) == min(count, CAPACITY[layout])


def test_one_tile_takes_a_16_to_9_canvas_whole() -> None:
    for layout in CAPACITY:
        assert solve(layout, 1, 1920, 1080) == (Rect(0, 0, 1920, 1080),)


def test_two_stand_side_by_side_or_one_above_the_other() -> None:
    left, right = solve("duo", 2, 1920, 1080)
    assert left.y == right.y
    upper, lower = solve("duo", 2, 1080, 1920)
    assert upper.x == lower.x


def test_gap_and_margin_are_kept() -> None:
    rects = solve("grid", 4, 1920, 1080, gap=20, margin=40)
    assert rects[1].x - rects[0].x - rects[0].w == 20
    assert rects[2].y - rects[0].y - rects[0].h == 20
    assert min(rect.x for rect in rects) >= 40
    assert min(rect.y for rect in rects) >= 40


@pytest.mark.parametrize(
    ("count", "width", "height"), [(-1, 640, 360), (4, 641, 360), (4, 640, 361), (49, 8, 8)]
)
def test_what_cannot_be_solved_is_an_error(count: int, width: int, height: int) -> None:
    with pytest.raises(ValueError, match=r"tiles|sides"):
        solve("grid", count, width, height)


APART: list[LayoutName] = ["solo", "duo", "panel", "grid", "slides", "slides-panel", "keynote", "group"]
measures = st.tuples(st.integers(0, 20), st.integers(0, 30), st.integers(0, 60))


def lie_well(rects: tuple[Rect, ...], width: int, height: int) -> None:
    for rect in rects:
        assert not any(number % 2 for number in (rect.x, rect.y, rect.w, rect.h))
        assert rect.x >= 0
        assert rect.y >= 0
        assert min(rect.w, rect.h) >= 2
        assert rect.x + rect.w <= width
        assert rect.y + rect.h <= height


def is_camera(rect: Rect) -> bool:
    """Of a camera's shape; a side may be two pixels off, for it is even."""
    return MIN_ASPECT * (rect.h - 2) <= rect.w + 2 and rect.w - 2 <= MAX_ASPECT * (rect.h + 2)


@given(st.sampled_from(APART), st.integers(1, 49), even, even, measures)
def test_every_layout_keeps_its_tiles_apart_in_the_middle_of_the_canvas(
    layout: LayoutName, count: int, width: int, height: int, measures: tuple[int, int, int]
) -> None:
    gap, margin, _ = measures
    rects = solve(layout, count, width, height, gap=gap, margin=margin)
    lie_well(rects, width, height)
    assert not any(overlap(one, other) for i, one in enumerate(rects) for other in rects[:i])
    left, right = min(rect.x for rect in rects), width - max(rect.x + rect.w for rect in rects)
    top, bottom = min(rect.y for rect in rects), height - max(rect.y + rect.h for rect in rects)
    assert abs(left - right) <= 2
    assert abs(top - bottom) <= 2
    if len(rects) > 1 and layout != "group":
        assert min(left, right, top, bottom) >= margin // 2 * 2
    upright = 0 if layout == "keynote" and len(rects) == 2 else None
    for number, rect in enumerate(rects):
        if number != upright and not (SLIDES_AT.get(layout) == number and len(rects) > 1):
            assert is_camera(rect), "no camera becomes a slit, whatever the canvas"


@given(st.sampled_from(["panel", "slides-panel"]), st.integers(2, 9), even, even)
def test_the_first_of_a_panel_is_larger_than_the_others_who_are_alike(
    layout: LayoutName, count: int, width: int, height: int
) -> None:
    first, *others = solve(layout, count, width, height)
    assert len({(rect.w, rect.h) for rect in others}) == 1
    assert first.w >= LARGER * others[0].w
    beside = all(rect.x >= first.x + first.w for rect in others)
    assert beside or all(rect.y >= first.y + first.h for rect in others)


@pytest.mark.parametrize(("width", "height"), CANVASES)
@pytest.mark.parametrize("layout", ["slides", "keynote"])
def test_slides_have_their_shape_and_the_speaker_his_height(
    layout: LayoutName, width: int, height: int
) -> None:
    rects = solve(layout, 2, width, height)
    slides, speaker = rects[SLIDES_AT[layout]], rects[1 - SLIDES_AT[layout]]
    assert slides.w / slides.h == pytest.approx(ASPECT, rel=0.01)
    assert slides.w > 0.7 * min(width, height * ASPECT), "and are to be read"
    if layout == "keynote":
        assert slides.h == speaker.h if width >= height else slides.w == speaker.w
        assert UPRIGHT_ASPECT * 0.98 <= speaker.w / speaker.h <= UPRIGHT_MOST * 1.02


@given(st.integers(1, 4), even, even, measures)
def test_small_pictures_lie_in_the_safe_area_of_the_large_one(
    count: int, width: int, height: int, measures: tuple[int, int, int]
) -> None:
    gap, _, safe = measures
    large, *small = solve("pip", count, width, height, gap=gap, safe=safe)
    assert large == solve("solo", 1, width, height)[0]
    lie_well((large, *small), width, height)
    assert not any(overlap(one, other) for i, one in enumerate(small) for other in small[:i])
    safe = min(safe, large.w // 4, large.h // 4) // 2 * 2
    for rect in small:
        assert rect.x - large.x >= safe
        assert rect.y - large.y >= safe
        assert large.x + large.w - rect.x - rect.w >= safe
        assert large.y + large.h - rect.y - rect.h >= safe
        assert is_camera(rect)
    assert solve("pip", 4, width, height, gap=gap, safe=safe)[:count] == (large, *small), (
        "one more moves none"
    )


shares = st.floats(0, 1)


@given(st.lists(st.tuples(shares, shares, shares, shares), min_size=1, max_size=9), even, even)
def test_boxes_by_hand_lie_inside_where_they_were_put(
    boxes: list[tuple[float, float, float, float]], width: int, height: int
) -> None:
    rects = solve("free", len(boxes), width, height, boxes=tuple(boxes))
    lie_well(rects, width, height)
    for (x, y, w, h), rect in zip(boxes, rects, strict=True):
        assert abs(rect.x - x * width) <= 2
        assert abs(rect.y - y * height) <= 2
        assert abs(rect.x + rect.w - min(1, x + w) * width) <= 4
        assert abs(rect.y + rect.h - min(1, y + h) * height) <= 4


def test_boxes_that_touch_still_do() -> None:
    third = 1 / 3
    boxes = tuple((n * third, 0.0, third, 1.0) for n in range(3))
    rects = solve("free", 3, 1918, 1080, boxes=boxes)
    assert all(one.x + one.w == other.x for one, other in pairwise(rects))
    assert rects[-1].x + rects[-1].w == 1918


def test_a_group_stands_closer_than_a_grid() -> None:
    grid, group = solve("grid", 20, 1920, 1080), solve("group", 20, 1920, 1080)
    assert group[1].x - group[0].x - group[0].w < grid[1].x - grid[0].x - grid[0].w
    assert group[0].w * group[0].h > grid[0].w * grid[0].h
