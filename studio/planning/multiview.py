"""Pure: the console's canvas. Preview and programme side by side, everybody who is connected below."""

from collections.abc import Collection
from fractions import Fraction
from typing import Literal

from mixer.contract.names import SourceName, is_screen, of_screen, of_seat
from mixer.contract.plan import CanvasPlan, CanvasView, Rect, Tally, Tile
from mixer.graphics.characters import written_in
from studio.planning.layout import CAPACITY, solve
from studio.show.model import Show

Size = tuple[int, int]


def preview_size(multiview: Size, program: Size) -> Size:
    """Return the size of the canvas ``preview``: what the multiview has room for, in the programme's
    shape."""
    left, _ = _panes(multiview, program)
    return left.w, left.h


def multiview(
    show: Show,
    connected: Collection[str],
    sharing: Collection[str],
    size: tuple[int, int],
    program: Size,
    on_air: Collection[SourceName],
    next_up: Collection[SourceName],
) -> CanvasPlan:
    """``size`` of the multiview and of the ``program``; ``on_air`` and ``next_up`` are the sources that the
    programme and the preview show.

    People in the green room are shown as well: the director looks at them before admitting them. After the
    people come the screens they share.
    """
    width, height = size
    pane_h = (height // 2) & ~1
    left, right = _panes(size, program)
    tiles = []
    seats = [seat for seat in show.seats.values() if seat.id in connected and seat.role == "speaker"]
    tongues = {seat.id: written_in(seat.name, seat.language, show.languages) for seat in seats}
    people = [(of_seat(seat.id), seat.name, tongues[seat.id]) for seat in seats]
    screens = [
        (of_screen(seat.id), f"{seat.name} · screen", tongues[seat.id])
        for seat in seats
        if seat.id in sharing
    ]
    shown = (people + screens)[: CAPACITY["grid"]]
    below = height - pane_h
    # At least three columns: a lone guest isn't blown up beyond the panes that matter.
    rects = solve("grid", max(len(shown), 3), width, below, gap=4, margin=4)
    for (source, label, tongue), rect in zip(shown, rects, strict=False):
        tally: Tally = "program" if source in on_air else "preview" if source in next_up else ""
        place = Rect(rect.x, pane_h + rect.y, rect.w, rect.h)
        fit: Literal["cover", "contain"] = "contain" if is_screen(source) else "cover"
        tiles.append(Tile(place, source, fit=fit, label=label, tally=tally, label_language=tongue))
    panes = (
        CanvasView(left, "preview", label="PREVIEW", tally="preview"),
        CanvasView(right, "program", label="PROGRAMME", tally="program"),
    )
    return CanvasPlan(width, height, tuple(tiles), panes)


def _panes(multiview: Size, program: Size) -> tuple[Rect, Rect]:
    """Preview left, programme right, in the upper half."""
    pane_h = (multiview[1] // 2) & ~1
    pane_w = (multiview[0] // 2) & ~1
    left, right = (_fitted(Rect(x, 0, pane_w, pane_h), *program) for x in (0, pane_w))
    return left, right


def _fitted(box: Rect, width: int, height: int) -> Rect:
    """The largest even rectangle of that shape centred in the box."""
    scale = min(Fraction(box.w, width), Fraction(box.h, height))
    w, h = _even(width * scale), _even(height * scale)
    return Rect(box.x + _even((box.w - w) / 2), box.y + _even((box.h - h) / 2), w, h)


def _even(number: Fraction | float) -> int:
    return int(number) & ~1
