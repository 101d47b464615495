"""Pure: the console's canvas. Preview and programme side by side, everybody who is connected below."""

from collections.abc import Collection
from fractions import Fraction
from typing import Literal

from mixer.layout import CAPACITY, solve
from mixer.plan import CanvasPlan, CanvasView, Rect, Tally, Tile
from studio.model import Show


def multiview(
    show: Show,
    connected: Collection[str],
    sharing: Collection[str],
    size: tuple[int, int],
    preview: CanvasPlan,
    program: CanvasPlan,
) -> CanvasPlan:
    """``preview`` and ``program`` are the program canvas as each of the two scenes composes it.

    The preview's tiles are laid out as they will be on air, only smaller, so that what is taken is what was
    seen. People in the green room are shown as well: the director looks at them before admitting them.
    After the people come the screens they share.
    """
    width, height = size
    pane_h = (height // 2) & ~1
    pane_w = (width // 2) & ~1
    left = _fitted(Rect(0, 0, pane_w, pane_h), preview.width, preview.height)
    right = _fitted(Rect(pane_w, 0, pane_w, pane_h), program.width, program.height)
    tiles = [
        Tile(
            _scaled(tile.rect, preview, left),
            tile.source,
            fit=tile.fit,
            label=tile.plate.name if tile.plate else "",
        )
        for tile in preview.tiles
    ]
    seats = [seat for seat in show.seats.values() if seat.id in connected and seat.role == "speaker"]
    people = [(f"seat/{seat.id}", seat.name) for seat in seats]
    screens = [(f"screen/{seat.id}", f"{seat.name} · screen") for seat in seats if seat.id in sharing]
    shown = (people + screens)[: CAPACITY["grid"]]
    below = height - pane_h
    # At least three columns: a lone guest isn't blown up beyond the panes that matter.
    rects = solve("grid", max(len(shown), 3), width, below, gap=4, margin=4)
    on_air, next_up = ({tile.source for tile in canvas.tiles} for canvas in (program, preview))
    for (source, label), rect in zip(shown, rects, strict=False):
        tally: Tally = "program" if source in on_air else "preview" if source in next_up else ""
        place = Rect(rect.x, pane_h + rect.y, rect.w, rect.h)
        fit: Literal["cover", "contain"] = "contain" if source.startswith("screen/") else "cover"
        tiles.append(Tile(place, source, fit=fit, label=label, tally=tally))
    panes = (
        CanvasView(left, label="PREVIEW", tally="preview"),
        CanvasView(right, "program", label="PROGRAMME", tally="program"),
    )
    return CanvasPlan(width, height, tuple(tiles), panes)


def _fitted(box: Rect, width: int, height: int) -> Rect:
    """The largest even rectangle of that shape centred in the box."""
    scale = min(Fraction(box.w, width), Fraction(box.h, height))
    w, h = _even(width * scale), _even(height * scale)
    return Rect(box.x + _even((box.w - w) / 2), box.y + _even((box.h - h) / 2), w, h)


def _scaled(rect: Rect, canvas: CanvasPlan, pane: Rect) -> Rect:
    """Edges, not sizes, are scaled and rounded, so that neighbours stay neighbours."""
    left, right = (_even(Fraction(x * pane.w, canvas.width)) for x in (rect.x, rect.x + rect.w))
    top, bottom = (_even(Fraction(y * pane.h, canvas.height)) for y in (rect.y, rect.y + rect.h))
    return Rect(pane.x + left, pane.y + top, max(2, right - left), max(2, bottom - top))


def _even(number: Fraction | float) -> int:
    return int(number) & ~1
