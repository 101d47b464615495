"""Name plates in the styles a theme may have: on tiles, and as lower thirds.

The name, large; the title; and both once more, smaller, in a second language. What reads from the right
stands at the right, with the accent on its side.
"""

import cv2
import numpy as np

from mixer.compose.sprites import Mask, Paint, Sprite, rounded_box
from mixer.contract.plan import Plate
from mixer.graphics.stack import (
    SMALLEST_TEXT,
    Row,
    Sheet,
    even,
    put_stack,
    rows_of,
    stack_height,
    stack_width,
)
from mixer.graphics.text import reads_from_right

SHADOW = 5.0
"""How much thicker than the blurred text a plate's shadow without ground is: thin strokes need it, too."""


def plate_rows(sheet: Sheet, plate: Plate, size: float, room: int, *, titles: bool, lines: int) -> list[Row]:
    """Return what a plate says, in ``room`` pixels of width, the name ``size`` pixels high. ``lines``: that a
    title may have."""
    theme, small = sheet.theme, max(0.66 * size, SMALLEST_TEXT)
    other = max(0.58 * size, SMALLEST_TEXT)
    soft = theme.text if theme.plate_style == "line" else theme.text_soft  # without a ground, legible first
    same = (plate.other_name, plate.other_title) == (plate.name, plate.title)
    if lines > 1:
        title = sheet.type.block(
            plate.title, small, 400, room, lines=lines, shrink=0.75, language=plate.language
        )
    else:
        title = sheet.type.line(plate.title, small, 400, room, language=plate.language)
    second = "" if same else " · ".join(part for part in (plate.other_name, plate.other_title) if part)
    return rows_of(
        (sheet.type.line(plate.name, size, 700, room, shrink=0.6, language=plate.language), theme.text),
        (title if titles else None, soft),
        (sheet.type.line(second, other, 400, room, language=plate.other_language) if titles else None, soft),
    )


def draw_plate(sheet: Sheet, plate: Plate) -> tuple[Sprite, ...]:
    """A plate at the foot of a tile; nothing where the tile is too small to read it."""
    if sheet.short < 60:
        return ()
    size = 10 + 0.035 * sheet.short
    inset = 0 if sheet.theme.plate_style == "bar" else even(0.04 * sheet.short)
    edge = even(0.04 * sheet.short) if sheet.theme.plate_style == "bar" else 0
    room = sheet.width - 2 * inset - 2 * edge - plate_edges(size)
    rows = plate_rows(
        sheet, plate, size, room, titles=sheet.short >= 130, lines=2 if sheet.short >= 200 else 1
    )
    if not rows:
        return ()
    width = sheet.width if sheet.theme.plate_style == "bar" else 0
    paint = plate_paint(sheet, rows, size, right=reads_from_right(plate.name or plate.title), width=width)
    return paint.sprites(inset, even(sheet.height - inset - paint.height))


def plate_edges(size: float) -> int:
    """Pixels of a plate's width that its text can't have."""
    return 2 * round(0.55 * size) + max(2, round(0.16 * size))


def plate_paint(
    sheet: Sheet, rows: list[Row], size: float, *, right: bool, width: int | None = None
) -> Paint:
    """The plate in the theme's style. ``right``: its text reads from there. ``width``: in pixels, where it
    isn't the text's."""
    theme = sheet.theme
    pad, stripe = round(0.55 * size), max(2, round(0.16 * size))
    height = stack_height(rows) + 2 * round(0.3 * size)
    if theme.plate_style == "line":
        return _lined(sheet, rows, size, right=right)
    edge = even(0.04 * sheet.short) if width else 0
    paint = Paint(width or stripe + 2 * pad + stack_width(rows), height + (stripe if width else 0))
    if width:
        paint.put(rounded_box(paint.width, paint.height, 0), 0, 0, theme.plate)
        paint.put(rounded_box(paint.width, stripe, 0), 0, 0, theme.accent)
        top = stripe + (paint.height - stripe - stack_height(rows)) / 2
    else:
        box = rounded_box(paint.width, paint.height, 0.2 * size)
        paint.put(box, 0, 0, theme.plate)
        side = paint.width - stripe if right else 0
        paint.put(box[:, side : side + stripe], side, 0, theme.accent)
        top = (paint.height - stack_height(rows)) / 2
    if right:
        put_stack(paint, rows, top, right=paint.width - edge - pad - (0 if width else stripe))
    else:
        put_stack(paint, rows, top, left=edge + pad + (0 if width else stripe))
    return paint


def _lined(sheet: Sheet, rows: list[Row], size: float, *, right: bool) -> Paint:
    """Text over a soft shadow, and a short line above it."""
    blur, line = max(2, round(0.22 * size)), max(2, round(0.1 * size))
    head = line + round(0.3 * size)
    paint = Paint(stack_width(rows) + 2 * blur, head + stack_height(rows) + 2 * blur)
    bar = min(round(2.2 * size), stack_width(rows))
    ink = Paint(paint.width, paint.height)
    put_stack(ink, rows, blur + head, **({"right": paint.width - blur} if right else {"left": blur}))
    side = paint.width - blur - bar if right else blur
    ink.put(rounded_box(bar, line, line / 2), side, blur, sheet.theme.accent)
    shadow: Mask = cv2.GaussianBlur(ink.alpha, (0, 0), blur / 1.6).astype(np.float32)
    paint.put(np.minimum(SHADOW * shadow, np.float32(0.94)).astype(np.float32), 0, 0, sheet.theme.plate)
    paint.put(rounded_box(bar, line, line / 2), side, blur, sheet.theme.accent)
    put_stack(paint, rows, blur + head, **({"right": paint.width - blur} if right else {"left": blur}))
    return paint
