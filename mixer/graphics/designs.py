"""How cards, slates, captions and the event's slate look: calm, dark, legible from the back of the room.

All sizes follow the tile's height; texts that are too wide shrink or wrap, then end in an ellipsis.
"""

from functools import partial

from mixer.compose.sprites import Face, Paint, Sprite, no_signal, rounded_box
from mixer.contract.colour import yuv_of
from mixer.contract.plan import Plate, Tally
from mixer.graphics.stack import (
    SMALLEST_TEXT,
    Sheet,
    even,
    put_bar,
    put_stack,
    rows_of,
    stack_height,
    stack_width,
)

TALLY = {"program": "#d3302a", "preview": "#1f9a54"}
"""Red for programme, green for preview, as everywhere in broadcasting."""


def draw_card(sheet: Sheet, who: Plate) -> Face:
    """The name, large, in the middle of a calm ground."""
    theme = sheet.theme
    return Face(yuv_of(theme.card), _centred(sheet, who, theme.text, theme.text_soft, theme.accent))


def draw_slate(sheet: Sheet, who: Plate) -> Face:
    """The name, dimmed, and the sign of an interrupted connection above it."""
    theme = sheet.theme
    sprites = _centred(sheet, who, theme.text_soft, theme.text_dim, theme.warning, sign=True)
    return Face(yuv_of(theme.slate), sprites)


def draw_label(sheet: Sheet, text: str, tally: Tally, language: str = "") -> tuple[Sprite, ...]:
    """A caption under the picture, as on a multiviewer; its ground has the tally's colour."""
    size = min(max(0.075 * sheet.short, 11.0), 26.0)
    edge = tally_width(sheet.width, sheet.height)
    room = sheet.width - 2 * edge - round(1.4 * size)
    line = sheet.type.line(text, size, 700 if tally else 400, room, language=language)
    if line is None:
        return ()
    rows = rows_of((line, sheet.theme.text))
    paint = Paint(line.width + round(1.2 * size), stack_height(rows) + round(0.3 * size))
    ground = TALLY.get(tally, sheet.theme.caption)
    paint.put(rounded_box(paint.width, paint.height, 0.18 * size), 0, 0, ground)
    put_stack(paint, rows, (paint.height - stack_height(rows)) / 2)
    x, y = even((sheet.width - paint.width) / 2), even(sheet.height - edge - paint.height - 0.3 * size)
    return paint.sprites(x, y) if y >= 0 else ()


def draw_event(sheet: Sheet, title: str, language: str = "", below: tuple[Sprite, ...] = ()) -> Face:
    """The event's title, in ``language``, over the whole canvas, on ``below`` (the theme's backdrop) where
    there is one."""
    size, room = 0.105 * sheet.short, round(0.84 * sheet.width)
    heading = sheet.type.block(title, size, 700, room, lines=2, centred=True, language=language)
    rows = rows_of((heading, sheet.theme.text))
    bar = max(2, even(0.008 * sheet.short))
    height = stack_height(rows) + round(0.5 * size) + bar
    paint = Paint(stack_width(rows) + 4, height)
    put_stack(paint, rows, 0)
    if rows:
        put_bar(paint, paint.height - bar, round(1.6 * size), bar, sheet.theme.accent)
    return Face(yuv_of(sheet.theme.event), (*below, *in_the_middle(sheet, paint)))


def tally_width(width: int, height: int) -> int:
    """Thickness in pixels (even) of the coloured frame around a multiview's tile of this size."""
    return max(2, even(0.02 * min(width, height)))


def in_the_middle(sheet: Sheet, paint: Paint) -> tuple[Sprite, ...]:
    x, y = (sheet.width - paint.width) / 2, (sheet.height - paint.height) / 2
    return paint.sprites(even(x), even(y)) if x >= 0 and y >= 0 else ()


def _centred(
    sheet: Sheet, who: Plate, name_colour: str, title_colour: str, accent: str, *, sign: bool = False
) -> tuple[Sprite, ...]:
    size = max(0.115 * sheet.short, 11.0)
    room = round(0.86 * sheet.width)
    small = max(0.5 * size, SMALLEST_TEXT)
    names = 2 if sheet.short >= 130 else 1
    second = " · ".join(part for part in (who.other_name, who.other_title) if part)
    set_ = partial(sheet.type.block, max_width=room, centred=True, language=who.language)
    other = sheet.type.line(second, 0.9 * small, 400, room, language=who.other_language)
    rows = rows_of(
        (set_(who.name, size, 700, lines=names, shrink=0.5), name_colour),
        (set_(who.title, small, 400, lines=2, shrink=0.8), title_colour),
        (other if sheet.short >= 130 else None, title_colour),
    )
    head = round(1.5 * size) if sign else max(2, even(0.05 * size))
    if not rows and not sign:
        return ()
    space = round(0.45 * size)
    paint = Paint(
        max(head, round(1.4 * size), stack_width(rows)) + 4,
        head + space + stack_height(rows),
    )
    if sign:
        paint.put(no_signal(head), (paint.width - head) // 2, 0, accent)
    else:
        put_bar(paint, 0, round(1.4 * size), head, accent)
    put_stack(paint, rows, head + space)
    return in_the_middle(sheet, paint)
