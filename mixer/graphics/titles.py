"""How graphics made of words look: lower thirds, the session's title, title cards, the ticker."""

from dataclasses import replace
from functools import partial

import numpy as np

from mixer.compose.sprites import Paint, Sprite, rounded_box
from mixer.contract.colour import yuv_of
from mixer.contract.picture import Picture, Plane, new_picture
from mixer.contract.plan import Overlay, Plate
from mixer.graphics.art import Art, RunningText
from mixer.graphics.plates import plate_edges, plate_paint, plate_rows
from mixer.graphics.stack import (
    SMALLEST_TEXT,
    Row,
    Sheet,
    even,
    put_bar,
    put_stack,
    rows_of,
    stack_height,
    stack_width,
)
from mixer.graphics.text import reads_from_right

SPARSE = 0.6
"""Of the band's width: so far apart are the beginnings of a short text at least."""
LONGEST_STRIP = 20_000
"""Pixels of a ticker's text; a longer one is set smaller, then cut."""


def draw_lower_third(sheet: Sheet, overlay: Overlay) -> Art | None:
    size = max(0.044 * sheet.short * overlay.size, SMALLEST_TEXT)
    room = round(0.62 * _safe_width(sheet)) - plate_edges(size)
    rows = plate_rows(sheet, overlay.text, size, room, titles=True, lines=2)
    if not rows:
        return None
    right = reads_from_right(overlay.text.name or overlay.text.title)
    return _art(plate_paint(sheet, rows, size, right=right))


def draw_title(sheet: Sheet, overlay: Overlay) -> Art | None:
    """The session's title on a ground, the line under it smaller, with a short bar in the accent's colour."""
    size = max(0.058 * sheet.short * overlay.size, SMALLEST_TEXT)
    room = round(0.8 * _safe_width(sheet)) - 2 * round(size)
    rows = _heading(sheet, overlay, size, room)
    if not rows:
        return None
    pad, bar = round(0.8 * size), max(2, even(0.09 * size))
    foot = round(0.35 * size) + bar
    paint = Paint(stack_width(rows) + 2 * pad, stack_height(rows) + 2 * round(0.45 * size) + foot)
    paint.put(rounded_box(paint.width, paint.height, 0.18 * size), 0, 0, sheet.theme.plate)
    side = "right" if _side(overlay) and reads_from_right(overlay.text.name) else _side(overlay)
    top = round(0.45 * size)
    put_stack(
        paint,
        rows,
        top,
        left=pad if side == "left" else None,
        right=paint.width - pad if side == "right" else None,
    )
    line = rounded_box(min(round(1.8 * size), paint.width), bar, bar / 2)
    x = {"left": pad, "right": paint.width - pad - line.shape[1]}.get(
        side, (paint.width - line.shape[1]) // 2
    )
    paint.put(line, x, paint.height - top - bar, sheet.theme.accent)
    return _art(paint)


def draw_full_card(
    sheet: Sheet, overlay: Overlay, ground: Picture | None, logo: tuple[Paint, int] | None
) -> Art:
    """A title card over the whole canvas. ``ground``: the picture it lies on; ``logo``: a sheet with the
    event's, and how far under it the text begins."""
    size = 0.1 * sheet.short * min(overlay.size, 1.5)
    rows = _heading(sheet, overlay, size, round(0.82 * sheet.width), centred=True, lines=3)
    below = ground or new_picture(sheet.width, sheet.height, yuv_of(sheet.theme.event))
    sprites: list[Sprite] = [Sprite(0, 0, below)]
    bar, space = max(2, even(0.07 * size)), round(0.5 * size)
    height = stack_height(rows) + (space + bar if rows else 0)
    head = 0 if logo is None else logo[0].height + logo[1]
    top = max(0, (sheet.height - head - height) // 2)
    if logo is not None:
        sprites += logo[0].sprites(even((sheet.width - logo[0].width) / 2), even(top))
    if rows:
        paint = Paint(min(stack_width(rows) + 4, sheet.width), min(height, sheet.height - even(top + head)))
        put_stack(paint, rows, 0)
        put_bar(paint, height - bar, round(1.6 * size), bar, sheet.theme.accent)
        sprites += paint.sprites(even((sheet.width - paint.width) / 2), even(top + head))
    return Art(sheet.width, sheet.height, tuple(sprites), whole=True)


def draw_ticker(sheet: Sheet, overlay: Overlay) -> RunningText | None:
    """A band from edge to edge through which the text runs, over and over."""
    size = max(0.036 * sheet.short * overlay.size, SMALLEST_TEXT)
    text = sheet.type.line(
        overlay.text.name, size, 400, LONGEST_STRIP, shrink=0.4, language=overlay.text.language
    )
    if text is None:
        return None
    rows = rows_of((text, sheet.theme.text))
    edge = max(2, even(0.08 * size))
    dot, space = round(0.3 * size), round(1.5 * size)
    height = max(round(1.9 * size), stack_height(rows) + round(0.5 * size)) + edge
    # A short text leaves the band empty for a while rather than fill it with itself.
    paint = Paint(max(text.width + 2 * space + dot, round(SPARSE * sheet.width)), height)
    paint.put(rounded_box(paint.width, paint.height, 0), 0, 0, sheet.theme.plate)
    paint.put(rounded_box(paint.width, edge, 0), 0, 0, sheet.theme.accent)
    middle = edge + (paint.height - edge) / 2
    right = reads_from_right(overlay.text.name)
    side = paint.width - text.width if right else 0
    put_stack(paint, rows, middle - stack_height(rows) / 2, left=side)
    paint.put(
        rounded_box(dot, dot, dot / 2),
        (paint.width - text.width - dot) // 2 + (0 if right else text.width),
        round(middle - dot / 2),
        sheet.theme.accent,
    )
    period = paint.width
    picture = paint.sprites(0, 0)[0].picture
    if right:  # it begins at the band's right end
        shift = sheet.width % period
        y, u, v = (
            np.roll(plane, step, 1)
            for plane, step in zip(picture, (shift, shift // 2, shift // 2), strict=True)
        )
        picture = Picture(y, u, v)
    longer = Picture(*(_repeated(plane, period + sheet.width, index) for index, plane in enumerate(picture)))
    return RunningText(sheet.width, paint.height, longer, period, 3.2 * size, rightwards=right)


def _repeated(plane: Plane, length: int, index: int) -> Plane:
    length = length if index == 0 else length // 2
    times = -(-length // plane.shape[1])
    return np.ascontiguousarray(np.tile(plane, (1, times))[:, :length])


def _heading(
    sheet: Sheet, overlay: Overlay, size: float, room: int, *, centred: bool | None = None, lines: int = 2
) -> list[Row]:
    theme, text = sheet.theme, overlay.text
    middle = _side(overlay) == "" if centred is None else centred
    small = max(0.5 * size, SMALLEST_TEXT)
    other = Plate(text.other_name, text.other_title, language=text.other_language)
    if (other.name, other.title) == (text.name, text.title):
        other = Plate("")

    set_ = partial(sheet.type.block, max_width=room, centred=middle, language=text.language)
    under = partial(set_, language=other.language)
    first = rows_of(
        (set_(text.name, size, 700, lines=lines), theme.text),
        (set_(text.title, small, 400, lines=2), theme.text_soft),
    )
    second = rows_of(
        (under(other.name, 0.6 * size, 700, lines=2), theme.text),
        (under(other.title, 0.85 * small, 400, lines=2), theme.text_soft),
    )
    return [*first, *(replace(row, gap=round(0.35 * size)) for row in second[:1]), *second[1:]]


def _side(overlay: Overlay) -> str:
    column = overlay.anchor.rpartition("-")[2]
    return column if column in ("left", "right") else ""


def _safe_width(sheet: Sheet) -> int:
    """A wide wall's graphics are no wider than a 16:9 canvas's of its height."""
    return round((1 - 2 * sheet.theme.safe) * min(sheet.width, sheet.height * 16 / 9))


def _art(paint: Paint) -> Art:
    return Art(paint.width, paint.height, paint.sprites(0, 0))
