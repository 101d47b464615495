"""How plates, cards, slates and captions look: calm, dark, legible from the back of the room.

All sizes follow the tile's height; texts that are too wide shrink, then end in an ellipsis.
"""

import unicodedata
from dataclasses import dataclass

from mixer.colour import yuv_of
from mixer.plan import Plate, Tally
from mixer.sprites import Face, Paint, Sprite, no_signal, rounded_box
from mixer.text import Line, Typesetter

PLATE = "#0e1b2c"
CARD = "#182436"
SLATE = "#151b25"
CAPTION = "#0b0f16"
EVENT = "#101a2a"
ACCENT = "#3fa7c4"
WARNING = "#d8a13a"
TEXT = "#f4f7fa"
TEXT_SOFT = "#a9bacb"
TEXT_DIM = "#8a97a6"
TALLY = {"program": "#d3302a", "preview": "#1f9a54"}
"""Red for programme, green for preview, as everywhere in broadcasting."""

SMALLEST_TEXT = 9


@dataclass(frozen=True, slots=True)
class Sheet:
    """The tile to draw for: its size in pixels, and who sets its text."""

    type: Typesetter
    width: int
    height: int

    @property
    def short(self) -> int:
        """The side that sizes follow: a tall tile's text is bounded by its width."""
        return min(self.height, self.width * 9 // 16)


def draw_plate(sheet: Sheet, plate: Plate) -> tuple[Sprite, ...]:
    """Name and title in the lower left corner; nothing where the tile is too small to read it."""
    size = 10 + 0.035 * sheet.short
    pad, stripe = round(0.55 * size), max(2, round(0.16 * size))
    inset = _even(0.04 * sheet.short)
    room = sheet.width - 2 * inset - stripe - 2 * pad
    title_size = max(0.66 * size, SMALLEST_TEXT)
    rows = _lines(
        (sheet.type.line(plate.name, size, 700, room), TEXT),
        (sheet.type.line(plate.title, title_size, 400, room) if sheet.short >= 130 else None, TEXT_SOFT),
    )
    if not rows or sheet.short < 60:
        return ()
    width = stripe + 2 * pad + max(row.line.width for row in rows)
    height = _stack_height(rows) + 2 * round(0.3 * size)
    paint = Paint(width, height)
    box = rounded_box(paint.width, paint.height, 0.2 * size)
    paint.put(box, 0, 0, PLATE)
    paint.put(box[:, :stripe], 0, 0, ACCENT)
    _put_stack(paint, rows, (paint.height - _stack_height(rows)) / 2, left=stripe + pad)
    return paint.sprites(inset, _even(sheet.height - inset - paint.height))


def draw_card(sheet: Sheet, who: Plate) -> Face:
    """The name, large, in the middle of a calm ground."""
    return Face(yuv_of(CARD), _centred(sheet, who, TEXT, TEXT_SOFT, ACCENT))


def draw_slate(sheet: Sheet, who: Plate) -> Face:
    """The name, dimmed, and the sign of an interrupted connection above it."""
    return Face(yuv_of(SLATE), _centred(sheet, who, TEXT_SOFT, TEXT_DIM, WARNING, sign=True))


def draw_label(sheet: Sheet, text: str, tally: Tally) -> tuple[Sprite, ...]:
    """A caption under the picture, as on a multiviewer; its ground has the tally's colour."""
    size = min(max(0.075 * sheet.short, 11.0), 26.0)
    edge = tally_width(sheet.width, sheet.height)
    line = sheet.type.line(text, size, 700 if tally else 400, sheet.width - 2 * edge - round(1.4 * size))
    if line is None:
        return ()
    rows = _lines((line, TEXT))
    paint = Paint(line.width + round(1.2 * size), _stack_height(rows) + round(0.3 * size))
    paint.put(rounded_box(paint.width, paint.height, 0.18 * size), 0, 0, TALLY.get(tally, CAPTION))
    _put_stack(paint, rows, (paint.height - _stack_height(rows)) / 2)
    x, y = _even((sheet.width - paint.width) / 2), _even(sheet.height - edge - paint.height - 0.3 * size)
    return paint.sprites(x, y) if y >= 0 else ()


def draw_event(sheet: Sheet, title: str) -> Face:
    """The event's title over the whole canvas, on two lines where one is too long."""
    size, room = 0.105 * sheet.short, round(0.84 * sheet.width)
    lines = [sheet.type.line(title, size, 700, room, shrink=0.72)]
    if lines[0] is not None and lines[0].size_px < 0.8 * size:
        halves = _halves(title)
        lines = [sheet.type.line(half, 0.85 * size, 700, room) for half in halves]
    rows = _lines(*((line, TEXT) for line in lines))
    bar = max(2, _even(0.008 * sheet.short))
    height = _stack_height(rows) + round(0.5 * size) + bar
    paint = Paint(max((row.line.width for row in rows), default=0) + 4, height)
    _put_stack(paint, rows, 0)
    if rows:
        _put_bar(paint, paint.height - bar, round(1.6 * size), bar, ACCENT)
    return Face(yuv_of(EVENT), _in_the_middle(sheet, paint))


def tally_width(width: int, height: int) -> int:
    """Thickness in pixels (even) of the coloured frame around a multiview's tile of this size."""
    return max(2, _even(0.02 * min(width, height)))


# --- stacks of lines ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Row:
    line: Line
    colour: str
    above: int
    below: int


def _lines(*rows: tuple[Line | None, str]) -> list[_Row]:
    """Rows as high as an ordinary line, higher where the ink (Arabic, Thai) needs it."""
    return [
        _Row(
            line,
            colour,
            max(line.above, round(0.9 * line.size_px)),
            max(line.below, round(0.28 * line.size_px)),
        )
        for line, colour in rows
        if line is not None
    ]


def _stack_height(rows: list[_Row]) -> int:
    gaps = sum(round(0.12 * row.line.size_px) for row in rows[1:])
    return sum(row.above + row.below for row in rows) + gaps


def _put_stack(paint: Paint, rows: list[_Row], top: float, left: int | None = None) -> None:
    """Draw the rows from ``top`` down; centred unless ``left`` is given."""
    y = round(top)
    for index, row in enumerate(rows):
        if index:
            y += round(0.12 * row.line.size_px)
        x = (paint.width - row.line.width) // 2 if left is None else left
        paint.put(row.line.mask, x, y + row.above - row.line.above, row.colour)
        y += row.above + row.below


def _put_bar(paint: Paint, top: int, width: int, height: int, colour: str) -> None:
    width = min(width, paint.width)
    paint.put(rounded_box(width, height, height / 2), (paint.width - width) // 2, top, colour)


def _centred(
    sheet: Sheet, who: Plate, name_colour: str, title_colour: str, accent: str, *, sign: bool = False
) -> tuple[Sprite, ...]:
    size = max(0.115 * sheet.short, 11.0)
    room = round(0.86 * sheet.width)
    rows = _lines(
        (sheet.type.line(who.name, size, 700, room, shrink=0.5), name_colour),
        (sheet.type.line(who.title, max(0.5 * size, SMALLEST_TEXT), 400, room), title_colour),
    )
    head = round(1.5 * size) if sign else max(2, _even(0.05 * size))
    if not rows and not sign:
        return ()
    space = round(0.45 * size)
    paint = Paint(
        max([head, round(1.4 * size), *(row.line.width for row in rows)]) + 4,
        head + space + _stack_height(rows),
    )
    if sign:
        paint.put(no_signal(head), (paint.width - head) // 2, 0, accent)
    else:
        _put_bar(paint, 0, round(1.4 * size), head, accent)
    _put_stack(paint, rows, head + space)
    return _in_the_middle(sheet, paint)


def _in_the_middle(sheet: Sheet, paint: Paint) -> tuple[Sprite, ...]:
    x, y = (sheet.width - paint.width) / 2, (sheet.height - paint.height) / 2
    return paint.sprites(_even(x), _even(y)) if x >= 0 and y >= 0 else ()


def _halves(text: str) -> list[str]:
    """``text`` in two, at the blank that makes its halves most alike in width."""

    def width(part: str) -> int:
        return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in part)

    blanks = [index for index, char in enumerate(text) if char.isspace()]
    if not blanks:
        return [text]
    cut = min(blanks, key=lambda index: abs(width(text[:index]) - width(text[index:])))
    return [text[:cut], text[cut + 1 :]]


def _even(number: float) -> int:
    return int(number) & ~1
