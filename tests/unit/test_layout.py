"""The solver of tiles: properties that hold for every number, canvas and gap."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mixer.layout import CAPACITY, MAX_ASPECT, MIN_ASPECT, solve
from mixer.plan import Rect

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
@pytest.mark.parametrize("layout", ["solo", "duo", "grid"])
def test_a_layout_takes_no_more_than_its_capacity(layout: str, width: int, height: int) -> None:
    name = layout if layout in CAPACITY else "grid"
    for count in (0, 1, 2, 3, 49, 60):
        rects = solve(name, count, width, height)
        assert len(rects) == min(count, CAPACITY[name])


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
