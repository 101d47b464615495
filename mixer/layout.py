"""Where the tiles of a canvas lie: a pure solver that touches no pixel."""

from typing import Literal

from mixer.plan import Rect

LayoutName = Literal[
    "solo", "duo", "panel", "grid", "pip", "slides", "slides-panel", "keynote", "group", "free"
]

CAPACITY: dict[LayoutName, int] = {
    "solo": 1,
    "duo": 2,
    "panel": 9,
    "grid": 49,
    "pip": 4,
    "slides": 2,
    "slides-panel": 7,
    "keynote": 2,
    "group": 49,
    "free": 49,
}
"""How many tiles a layout takes; places beyond that are not shown."""

ASPECT = 16 / 9
MIN_ASPECT = 1.5
MAX_ASPECT = 2.0
"""A tile's width/height stays between these, so that a 16:9 camera loses at most a sixth of its picture."""


def solve(
    layout: LayoutName,
    count: int,
    width: int,
    height: int,
    *,
    gap: int | None = None,
    margin: int | None = None,
) -> tuple[Rect, ...]:
    """Rectangles for ``min(count, CAPACITY[layout])`` tiles on a canvas of ``width`` × ``height`` pixels.

    All tiles have one size, the largest there is for that number; rows are filled from the top left, the
    last row and the whole block are centred. A single tile takes the canvas to its edges. ``gap`` (between
    tiles) and ``margin`` (around all) are pixels, rounded down to even; by default they follow the canvas.
    All numbers of the rectangles are even; they never overlap and lie inside the canvas.

    Raises ValueError for a negative count, an odd canvas, or one too small for tiles of 2 × 2 pixels.
    """
    if count < 0:
        raise ValueError("a number of tiles is not negative")
    if width % 2 or height % 2:
        raise ValueError(f"a canvas has even sides, not {width}×{height}")
    count = min(count, CAPACITY[layout])
    if count == 0:
        return ()
    if count == 1:
        gap = margin = 0
    gap = _even(min(width, height) // 90 if gap is None else gap)
    margin = _even(2 * gap if margin is None else margin)
    columns, tile_w, tile_h = _best(count, width, height, gap, margin)
    rows = -(-count // columns)
    top = _even((height - rows * tile_h - (rows - 1) * gap) // 2)
    rects = []
    for index in range(count):
        row, column = divmod(index, columns)
        in_row = min(columns, count - row * columns)
        left = _even((width - in_row * tile_w - (in_row - 1) * gap) // 2)
        rects.append(Rect(left + column * (tile_w + gap), top + row * (tile_h + gap), tile_w, tile_h))
    return tuple(rects)


def _best(count: int, width: int, height: int, gap: int, margin: int) -> tuple[int, int, int]:
    """Number of columns and tile size with the largest area; of equal ones the nearest to 16:9."""
    best: tuple[float, float, int, int, int] | None = None
    for columns in range(1, count + 1):
        rows = -(-count // columns)
        cell_w = (width - 2 * margin - (columns - 1) * gap) // columns
        cell_h = (height - 2 * margin - (rows - 1) * gap) // rows
        tile_w = _even(min(cell_w, int(cell_h * MAX_ASPECT)))
        tile_h = _even(min(cell_h, int(cell_w / MIN_ASPECT)))
        if tile_w < 2 or tile_h < 2:
            continue
        candidate = (tile_w * tile_h, -abs(tile_w / tile_h - ASPECT), columns, tile_w, tile_h)
        if best is None or candidate > best:
            best = candidate
    if best is None:
        raise ValueError(f"{count} tiles do not fit a canvas of {width}×{height}")
    return best[2:]


def _even(number: int) -> int:
    return number & ~1
