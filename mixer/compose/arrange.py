"""Where graphics lie on a canvas: at their anchors within the safe area, never over each other. Pure."""

from collections.abc import Sequence
from typing import NamedTuple

from mixer.contract.graphic_kinds import Anchor
from mixer.contract.plan import Rect

_COLUMNS = {"left": 0.0, "right": 1.0}
_ROWS = {"top": 0.0, "bottom": 1.0}


class Wish(NamedTuple):
    """A graphic of ``width`` × ``height`` pixels (even). ``band``: it takes the canvas's whole width, within
    the safe area's rows. ``whole``: it takes the canvas, and nothing gives way to it."""

    anchor: Anchor
    width: int
    height: int
    band: bool = False
    whole: bool = False


def arrange(wishes: Sequence[Wish], width: int, height: int, safe: float, gap: int) -> tuple[Rect, ...]:
    """A rectangle (even, inside the canvas) for each wish, in their order.

    ``safe``: share of the canvas's sides to keep free. Bands come first, at the edge, then what is anchored
    to top and bottom, then the rest; each goes to its anchor, or to the nearest place above or below it that
    is free (``gap`` pixels from all others), or else beside it. One for which there is no room at all lies at
    its anchor, over what is there.
    """
    left, top = _even(safe * width), _even(safe * height)
    area = Rect(left, top, _even(width - 2 * left), _even(height - 2 * top))
    rects: dict[int, Rect] = {}
    taken: list[Rect] = []
    for index in sorted(range(len(wishes)), key=lambda index: _rank(wishes[index])):
        wish = wishes[index]
        if wish.whole:
            rects[index] = Rect(0, 0, width, height)
            continue
        start = _at(wish, area, width, height)
        rects[index] = _free(start, taken, area, _even(gap)) or start
        taken.append(rects[index])
    return tuple(rects[index] for index in range(len(wishes)))


def _rank(wish: Wish) -> int:
    return 0 if wish.band else 1 if "top" in wish.anchor or "bottom" in wish.anchor else 2


def _free(start: Rect, taken: Sequence[Rect], area: Rect, gap: int) -> Rect | None:
    """The nearest free place: in its column, or else anywhere in ``area``."""
    right, bottom = area.x + area.w, area.y + area.h
    ys = [start.y, *(y for other in taken for y in (other.y - gap - start.h, other.y + other.h + gap))]
    ys = sorted(
        {y for y in ys if area.y <= y <= bottom - start.h or y == start.y}, key=lambda y: abs(y - start.y)
    )
    for y in ys:
        rect = Rect(start.x, y, start.w, start.h)
        if not any(_near(rect, other, gap) for other in taken):
            return rect
    xs = [x for other in taken for x in (other.x - gap - start.w, other.x + other.w + gap)]
    xs = [x for x in xs if area.x <= x <= right - start.w]
    for x, y in sorted(
        ((x, y) for x in set(xs) for y in ys), key=lambda at: abs(at[0] - start.x) + abs(at[1] - start.y)
    ):
        rect = Rect(x, y, start.w, start.h)
        if not any(_near(rect, other, gap) for other in taken):
            return rect
    return None


def _at(wish: Wish, area: Rect, width: int, height: int) -> Rect:
    """At its anchor in ``area``; what is larger than that lies in the canvas's middle."""
    row, _, column = wish.anchor.rpartition("-")
    across = _COLUMNS.get(column, 0.5)
    down = _ROWS.get(row or column, 0.5)
    w, h = min(wish.width, width), min(wish.height, height)
    x = (width - w) / 2 if wish.band or w > area.w else area.x + across * (area.w - w)
    y = (height - h) / 2 if h > area.h else area.y + down * (area.h - h)
    return Rect(_even(x), _even(y), w, h)


def _near(rect: Rect, other: Rect, gap: int) -> bool:
    return (
        rect.x < other.x + other.w + gap
        and other.x < rect.x + rect.w + gap
        and rect.y < other.y + other.h + gap
        and other.y < rect.y + rect.h + gap
    )


def _even(number: float) -> int:
    return int(number) & ~1
