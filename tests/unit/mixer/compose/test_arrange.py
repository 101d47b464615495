"""Where graphics lie: inside, even, and never over each other while there is room."""

from typing import get_args

from hypothesis import given, settings
from hypothesis import strategies as st

from mixer.compose.arrange import Wish, arrange
from mixer.contract.graphic_kinds import Anchor
from mixer.contract.plan import Rect

CANVASES = ((1920, 1080), (3840, 1080), (1080, 1920))
ANCHORS = st.sampled_from(get_args(Anchor))


def wishes(
    half_widths: st.SearchStrategy[int], half_heights: st.SearchStrategy[int]
) -> st.SearchStrategy[Wish]:
    return st.tuples(ANCHORS, half_widths, half_heights).map(lambda one: Wish(one[0], 2 * one[1], 2 * one[2]))


def overlapping(one: Rect, other: Rect) -> bool:
    return (
        one.x < other.x + other.w
        and other.x < one.x + one.w
        and one.y < other.y + other.h
        and other.y < one.y + one.h
    )


@settings(max_examples=60)
@given(st.lists(wishes(st.integers(10, 160), st.integers(10, 60)), max_size=8), st.sampled_from(CANVASES))
def test_small_ones_never_meet_and_stay_in_the_safe_area(asked: list[Wish], canvas: tuple[int, int]) -> None:
    width, height = canvas
    rects = arrange(asked, width, height, 0.05, 16)
    assert [(rect.w, rect.h) for rect in rects] == [(wish.width, wish.height) for wish in asked]
    for index, rect in enumerate(rects):
        assert rect.x % 2 == rect.y % 2 == 0
        assert 0.05 * width - 2 <= rect.x <= 0.95 * width - rect.w + 2
        assert 0.05 * height - 2 <= rect.y <= 0.95 * height - rect.h + 2
        assert not any(overlapping(rect, other) for other in rects[:index])


@given(
    st.lists(
        st.builds(Wish, ANCHORS, st.integers(1, 3000).map(lambda n: 2 * n), st.integers(1, 3000)), max_size=6
    )
)
def test_whatever_is_asked_for_lies_on_the_canvas(asked: list[Wish]) -> None:
    for rect in arrange(asked, 640, 360, 0.05, 8):
        assert 0 <= rect.x <= rect.x + rect.w <= 640
        assert 0 <= rect.y <= rect.y + rect.h <= 360


def test_anchors_are_where_their_names_say() -> None:
    at = {anchor: arrange([Wish(anchor, 100, 50)], 1000, 500, 0.05, 10)[0] for anchor in get_args(Anchor)}
    assert (at["top-left"].x, at["top-left"].y) == (50, 24)
    assert at["bottom-right"].x + 100 == 950
    assert at["bottom-right"].y + 50 in (474, 476)
    assert (at["centre"].x, at["centre"].y) == (450, 224)
    assert at["right"].y == at["left"].y == 224


def test_a_band_comes_first_and_a_card_moves_nobody() -> None:
    corner, band = Wish("bottom-left", 200, 100), Wish("bottom", 1000, 40, band=True)
    card = Wish("centre", 1000, 500, whole=True)
    alone = arrange([corner], 1000, 500, 0.05, 10)[0]
    over, strip, whole = arrange([corner, band, card], 1000, 500, 0.05, 10)
    assert strip == Rect(0, 436, 1000, 40)
    assert over.y == strip.y - 10 - 100
    assert alone.y == 376
    assert whole == Rect(0, 0, 1000, 500)
