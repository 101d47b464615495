"""Where the tiles of a canvas lie: a pure solver that touches no pixel.

Rules hold for any canvas; what fits its shape best is found by trying, not by names of shapes. A camera's
tile stays between 3:2 and 2:1, so that it never becomes a slit: on a canvas of another shape the background
shows beside it. The tiles are even, inside the canvas, and don't overlap but in ``pip`` and ``free``.

- ``solo``: one, as large as its shape allows, to the canvas's edges, in the middle.
- ``duo``: two of one size, side by side or one above the other.
- ``panel``: the first large, up to 8 in a strip beside or below it.
- ``grid``: up to 49 of one size; the last row and the whole block are centred.
- ``pip``: the first as in ``solo``, up to 3 small ones over its right side, from the bottom up.
- ``slides``: slides large (16:9), the speaker beside or below.
- ``slides-panel``: slides large, up to 6 in a strip beside or below.
- ``keynote``: the speaker, who comes first, upright and as high as the slides beside; above them and as
  wide on an upright canvas.
- ``group``: ``grid`` with a third of the gaps: everybody in one picture.
- ``free``: boxes by hand.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Literal, NamedTuple

from mixer.contract.plan import Rect

LayoutName = Literal[
    "solo", "duo", "panel", "grid", "pip", "slides", "slides-panel", "keynote", "group", "free"
]

ASPECT = 16 / 9
MIN_ASPECT = 1.5
MAX_ASPECT = 2.0
"""A tile's width/height stays between these, so that a 16:9 camera loses at most a sixth of its picture."""
UPRIGHT_ASPECT = 0.6
"""The narrowest a keynote's speaker gets: head and shoulders. The widest is :data:`UPRIGHT_MOST`."""
UPRIGHT_MOST = 4 / 3
MAX_SIDE = 1 << 16
INSET = 0.25
"""Width of a small picture in the picture, of the large one's."""
LARGER = 2.0
"""A panel's first tile is at least so many times as wide as the others."""

Box = tuple[float, float, float, float]
"""x, y, width and height as shares (0 … 1) of the canvas."""


class _Area(NamedTuple):
    """The canvas without its margin."""

    width: int
    height: int
    gap: int
    margin: int
    safe: int | None = None
    """How far from the large picture's edges small ones stay."""

    @property
    def w(self) -> int:
        return self.width - 2 * self.margin

    @property
    def h(self) -> int:
        return self.height - 2 * self.margin


@lru_cache(maxsize=512)
def solve(
    layout: LayoutName,
    count: int,
    width: int,
    height: int,
    *,
    gap: int | None = None,
    margin: int | None = None,
    safe: int | None = None,
    boxes: tuple[Box | None, ...] = (),
) -> tuple[Rect, ...]:
    """Rectangles for ``min(count, capacity)`` tiles on a canvas of ``width`` × ``height`` pixels.

    A single tile takes the canvas to its edges. ``gap`` (between tiles) and ``margin`` (around all) are
    pixels, rounded down to even; by default they follow the canvas. ``safe``: how far from the large
    picture's edges the small ones of ``pip`` stay, a twentieth of its height by default. ``boxes``: of
    ``free``, one for each tile; None, or none at all: the whole canvas.

    Raises ValueError for a negative count, an odd canvas, or one too small for tiles of 2 × 2 pixels.
    """
    if count < 0:
        raise ValueError("a number of tiles is not negative")
    if width % 2 or height % 2:
        raise ValueError(f"a canvas has even sides, not {width}×{height}")
    row = LAYOUTS[layout]
    count = min(count, row.capacity)
    if count == 0:
        return ()
    if row.lay is None:
        given = (*boxes, *(None for _ in range(count)))[:count]
        return tuple(_by_hand(box or (0.0, 0.0, 1.0, 1.0), width, height) for box in given)
    gap = _even(min(width, height) // 90 if gap is None else gap)
    margin = _even(2 * gap if margin is None else margin)
    if count == 1:
        return _grid(1, _Area(width, height, 0, 0, safe))
    area = _Area(width, height, gap, margin, safe)
    return row.lay(count, area) or _grid(count, area)


# --- one size for all ----------------------------------------------------------------------------------


def _grid(count: int, area: _Area) -> tuple[Rect, ...]:
    """All tiles have one size, the largest there is for that number; rows are filled from the top left."""
    columns, tile_w, tile_h = _best(count, area)
    rows = -(-count // columns)
    top = _even((area.height - rows * (tile_h + area.gap) + area.gap) // 2)
    rects = []
    for index in range(count):
        row, column = divmod(index, columns)
        in_row = min(columns, count - row * columns)
        left = _even((area.width - in_row * (tile_w + area.gap) + area.gap) // 2)
        x, y = left + column * (tile_w + area.gap), top + row * (tile_h + area.gap)
        rects.append(Rect(x, y, tile_w, tile_h))
    return tuple(rects)


def _best(count: int, area: _Area) -> tuple[int, int, int]:
    """Number of columns and tile size with the largest area; of equal ones the nearest to 16:9."""
    best: tuple[float, float, int, int, int] | None = None
    for columns in range(1, count + 1):
        tile_w, tile_h = _in_cells(count, columns, area.w, area.h, area.gap)
        if tile_w < 2 or tile_h < 2:
            continue
        candidate = (tile_w * tile_h, -abs(tile_w / tile_h - ASPECT), columns, tile_w, tile_h)
        if best is None or candidate > best:
            best = candidate
    if best is None:
        raise ValueError(f"{count} tiles do not fit a canvas of {area.width}×{area.height}")
    return best[2:]


def _in_cells(
    count: int, columns: int, width: int, height: int, gap: int, most: int = MAX_SIDE
) -> tuple[int, int]:
    """The largest tile for ``count`` in so many columns of this room, no wider than ``most``; under 2 where
    there is none."""
    rows = -(-count // columns)
    cell_w, cell_h = (width - (columns - 1) * gap) // columns, (height - (rows - 1) * gap) // rows
    return _tile(min(cell_w, most), cell_h)


def _tile(cell_w: int, cell_h: int) -> tuple[int, int]:
    """The largest even tile of a camera's shape in a cell."""
    if cell_w < 2 or cell_h < 2:
        return 0, 0
    return _even(min(cell_w, int(cell_h * MAX_ASPECT))), _even(min(cell_h, int(cell_w / MIN_ASPECT)))


def _slide(cell_w: int, cell_h: int) -> tuple[int, int]:
    """The largest even tile of 16:9 in a cell."""
    width = max(0, min(cell_w, int(cell_h * ASPECT)))
    return _even(width), _even(int(width / ASPECT))


# --- one large, the others in a strip ------------------------------------------------------------------


_Shape = Callable[[int, int], tuple[int, int]]
"""The largest tile in a cell of this width and height."""


def _panel(count: int, area: _Area, shape: _Shape = _tile) -> tuple[Rect, ...]:
    """Every strip beside and below is tried, with every number of columns and from an eighth to a half of
    the room. The best has the largest product of the areas, the large one's to the third: with two alone
    that gives three quarters of the width to the first. Empty where none has room."""
    best: tuple[int, list[Rect]] = (0, [])
    for beside in (True, False):
        for columns in range(1, count):
            for sixteenths in range(2, 9):
                rects = _with_strip(count - 1, columns, sixteenths, area, shape, beside=beside)
                if rects:
                    score = (rects[0].w * rects[0].h) ** 3 * rects[1].w * rects[1].h
                    best = max(best, (score, rects), key=lambda each: each[0])
    return _centred(best[1], area.width, area.height)


def _with_strip(
    others: int, columns: int, sixteenths: int, area: _Area, shape: _Shape, *, beside: bool
) -> list[Rect]:
    gap = area.gap
    most = int(shape(area.w, area.h)[0] / LARGER)
    if beside:
        room = area.w * sixteenths // 16
        small = _in_cells(others, columns, room, area.h, gap, most)
        strip = _block(others, columns, *small, gap)
        large = shape(area.w - gap - _right(strip), area.h)
    else:
        room = area.h * sixteenths // 16
        small = _in_cells(others, columns, area.w, room, gap, most)
        strip = _block(others, columns, *small, gap)
        large = shape(area.w, area.h - gap - _bottom(strip))
    if min(small) < 2 or min(large) < 2 or large[0] < LARGER * small[0]:
        return []
    main = Rect(0, 0, *large)
    if beside:
        return _beside([main], strip, gap)
    return _below([main], strip, gap)


def _block(count: int, columns: int, tile_w: int, tile_h: int, gap: int) -> list[Rect]:
    """Rows of tiles from the origin, the last one centred."""
    wide = min(columns, count) * (tile_w + gap) - gap
    rects = []
    for index in range(count):
        row, column = divmod(index, columns)
        in_row = min(columns, count - row * columns)
        left = _even((wide - in_row * (tile_w + gap) + gap) // 2)
        rects.append(Rect(left + column * (tile_w + gap), row * (tile_h + gap), tile_w, tile_h))
    return rects


def _beside(left: list[Rect], right: list[Rect], gap: int) -> list[Rect]:
    """One block after the other, their middles on one line."""
    high = max(_bottom(left), _bottom(right))
    return [
        *_moved(left, 0, _even((high - _bottom(left)) // 2)),
        *_moved(right, _right(left) + gap, _even((high - _bottom(right)) // 2)),
    ]


def _below(upper: list[Rect], lower: list[Rect], gap: int) -> list[Rect]:
    wide = max(_right(upper), _right(lower))
    return [
        *_moved(upper, _even((wide - _right(upper)) // 2), 0),
        *_moved(lower, _even((wide - _right(lower)) // 2), _bottom(upper) + gap),
    ]


# --- a speaker and slides ------------------------------------------------------------------------------


def _slides(count: int, area: _Area) -> tuple[Rect, ...]:
    return _panel(count, area, _slide)


def _group(count: int, area: _Area) -> tuple[Rect, ...]:
    gap = _even(area.gap // 3)
    return _grid(count, _Area(area.width, area.height, gap, gap))


def _keynote(count: int, area: _Area) -> tuple[Rect, ...]:
    """Slides of 16:9 and a speaker of the same height (or width, one above the other), as wide as the room
    that is left, between :data:`UPRIGHT_ASPECT` and :data:`UPRIGHT_MOST`. The larger slides win."""
    gap = area.gap
    slides_h = min(area.h, int((area.w - gap) / (ASPECT + UPRIGHT_ASPECT)))
    slides = Rect(0, 0, _even(int(slides_h * ASPECT)), _even(slides_h))
    wide = min(area.w - gap - slides.w, int(slides.h * UPRIGHT_MOST))
    beside = _beside([Rect(0, 0, _even(wide), slides.h)], [slides], gap)
    slides_w = min(area.w, int((area.h - gap) / (1 / ASPECT + 1 / UPRIGHT_MOST)))
    slides = Rect(0, 0, _even(slides_w), _even(int(slides_w / ASPECT)))
    high = min(area.h - gap - slides.h, int(slides.w / UPRIGHT_ASPECT))
    below = _below([Rect(0, 0, slides.w, _even(high))], [slides], gap)
    fitting = [each for each in (beside, below) if all(min(rect.w, rect.h) >= 2 for rect in each)]
    best = max(fitting, key=lambda each: each[1].w, default=[])
    return _centred(best, area.width, area.height)


def _pip(count: int, area: _Area) -> tuple[Rect, ...]:
    width, height, gap, safe = area.width, area.height, area.gap, area.safe
    (large,) = _grid(1, _Area(width, height, 0, 0))
    safe = _even(large.h // 20 if safe is None else min(safe, large.w // 4, large.h // 4))
    # As many as there may be find room above each other, so that one more moves none.
    most = LAYOUTS["pip"].capacity - 1
    w, h = _tile(int(large.w * INSET), (large.h - 2 * safe - (most - 1) * gap) // most)
    h = min(h, _even(int(w / ASPECT)))
    if min(w, h) < 2:
        raise ValueError(f"{count} tiles do not fit a canvas of {width}×{height}")
    right, bottom = large.x + large.w - safe - w, large.y + large.h - safe - h
    return (large, *(Rect(right, bottom - index * (h + gap), w, h) for index in range(count - 1)))


def _by_hand(box: Box, width: int, height: int) -> Rect:
    """Edges are rounded, not sizes, so that neighbours stay neighbours; at least 2 × 2, inside."""
    left, right = (_edge(share, width) for share in (box[0], box[0] + box[2]))
    top, bottom = (_edge(share, height) for share in (box[1], box[1] + box[3]))
    left, top = min(left, width - 2), min(top, height - 2)
    return Rect(left, top, max(2, right - left), max(2, bottom - top))


def _edge(share: float, length: int) -> int:
    return min(length, max(0, 2 * round(share * length / 2)))


# --- blocks --------------------------------------------------------------------------------------------


def _moved(rects: Iterable[Rect], dx: int, dy: int) -> list[Rect]:
    return [Rect(rect.x + dx, rect.y + dy, rect.w, rect.h) for rect in rects]


def _right(rects: Iterable[Rect]) -> int:
    return max((rect.x + rect.w for rect in rects), default=0)


def _bottom(rects: Iterable[Rect]) -> int:
    return max((rect.y + rect.h for rect in rects), default=0)


def _centred(rects: list[Rect], width: int, height: int) -> tuple[Rect, ...]:
    dx, dy = _even((width - _right(rects)) // 2), _even((height - _bottom(rects)) // 2)
    return tuple(_moved(rects, dx, dy))


def _even(number: int) -> int:
    return number & ~1


# --- the layouts ---------------------------------------------------------------------------------------


class LayoutRow(NamedTuple):
    """``label``: English, for the pages. ``capacity``: how many tiles it takes; places beyond that are not
    shown. ``lay``: rectangles for two tiles or more, none where they have no room (a grid has, then); None:
    by hand. ``slides_at``: which place is made for slides."""

    label: str
    capacity: int
    lay: Callable[[int, _Area], tuple[Rect, ...]] | None = _grid
    slides_at: int | None = None


LAYOUTS: Mapping[LayoutName, LayoutRow] = {
    "solo": LayoutRow("Single", 1),
    "duo": LayoutRow("Duo", 2),
    "panel": LayoutRow("Panel", 9, _panel),
    "grid": LayoutRow("Grid", 49),
    "pip": LayoutRow("Picture in picture", 4, _pip),
    "slides": LayoutRow("Slides and speaker", 2, _slides, slides_at=0),
    "slides-panel": LayoutRow("Slides and panel", 7, _slides, slides_at=0),
    "keynote": LayoutRow("Keynote", 2, _keynote, slides_at=1),
    "group": LayoutRow("Group photo", 49, _group),
    "free": LayoutRow("Free, by hand", 49, None),
}
"""All layouts, as the pages list them."""
CAPACITY: Mapping[LayoutName, int] = {name: row.capacity for name, row in LAYOUTS.items()}
SLIDES_AT: Mapping[LayoutName, int] = {
    name: row.slides_at for name, row in LAYOUTS.items() if row.slides_at is not None
}
