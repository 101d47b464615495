"""How clocks and countdowns look: every digit is drawn beforehand, and a new second only picks some."""

from collections.abc import Mapping
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from mixer.compose.sprites import Paint, rounded_box
from mixer.contract.picture import Picture
from mixer.contract.plan import Overlay
from mixer.graphics.art import Art, Dial
from mixer.graphics.stack import SMALLEST_TEXT, Sheet, even, put_stack, rows_of, stack_height, stack_width
from mixer.graphics.text import Line

_CLOCK = ("00:00:00",)
_COUNTDOWN = ("00:00", "0:00:00", "00:00:00", "+00:00", "+0:00:00", "+00:00:00", "--:--")
_SIGNS = "0123456789:+-"


def draw_clock(sheet: Sheet, overlay: Overlay) -> Dial:
    """Hours, minutes and seconds in the overlay's zone (unknown ones: the machine's own), and its words."""
    try:
        zone = ZoneInfo(overlay.zone) if overlay.zone else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        zone = None
    faces, digits, _ = _dial(sheet, overlay, _CLOCK)
    return Dial(faces, digits, digits, zone=zone)


def draw_countdown(sheet: Sheet, overlay: Overlay) -> Dial:
    """Return what is left, then in the warning's colour what it is over."""
    faces, digits, late = _dial(sheet, overlay, _COUNTDOWN)
    return Dial(faces, digits, late, until=overlay.until)


_Faces = dict[str, tuple[Art, tuple[tuple[int, int], ...]]]


def _dial(
    sheet: Sheet, overlay: Overlay, patterns: tuple[str, ...]
) -> tuple[_Faces, dict[str, Picture], dict[str, Picture]]:
    size = max(0.062 * sheet.short * overlay.size, SMALLEST_TEXT)
    lines = {sign: line for sign in _SIGNS if (line := sheet.type.line(sign, size, 700, 10_000)) is not None}
    height = even(1.24 * size)
    widths = _widths(lines, size)
    faces = {pattern: _face(sheet, overlay, pattern, size, widths, height) for pattern in patterns}
    theme = sheet.theme
    digits = {sign: _cell(lines[sign], widths[sign], height, theme.text, theme.plate) for sign in lines}
    late = {sign: _cell(lines[sign], widths[sign], height, theme.warning, theme.plate) for sign in lines}
    return faces, digits, late


def _widths(lines: Mapping[str, Line], size: float) -> dict[str, int]:
    """Return the widths of the cells, even: all digits have one, so that nothing shifts with the seconds."""
    widest = max((line.width for sign, line in lines.items() if sign not in ":"), default=0)
    digit = even(widest + 0.1 * size + 1.99)
    colon = even(lines[":"].width + 0.22 * size + 1.99) if ":" in lines else digit
    return {sign: colon if sign == ":" else digit for sign in lines}


def _cell(line: Line, width: int, height: int, colour: str, ground: str) -> Picture:
    paint = Paint(width, height)
    paint.put(rounded_box(width, height, 0), 0, 0, ground)
    base = round(0.98 * line.size_px)
    paint.put(line.mask, (width - line.width) // 2, base - line.above, colour)
    return paint.sprites(0, 0)[0].picture


def _face(
    sheet: Sheet, overlay: Overlay, pattern: str, size: float, widths: Mapping[str, int], height: int
) -> tuple[Art, tuple[tuple[int, int], ...]]:
    """The ground with the overlay's words over empty cells."""
    pad = even(0.5 * size)
    dial = sum(widths[sign] for sign in pattern)
    small = max(0.36 * size, SMALLEST_TEXT)
    text, room = overlay.text, max(dial, round(5 * size))
    other = "" if text.other_name == text.name else text.other_name
    rows = rows_of(
        (sheet.type.line(text.name, small, 700, room, language=text.language), sheet.theme.text_soft),
        (sheet.type.line(other, small, 400, room, language=text.other_language), sheet.theme.text_soft),
    )
    head = stack_height(rows) + (round(0.2 * size) if rows else 0)
    paint = Paint(max(dial, stack_width(rows)) + 2 * pad, even(0.3 * size) * 2 + head + height)
    paint.put(rounded_box(paint.width, paint.height, 0.2 * size), 0, 0, sheet.theme.plate)
    put_stack(paint, rows, even(0.3 * size))
    x, y = even((paint.width - dial) / 2), even(paint.height - even(0.3 * size) - height)
    cells = []
    for sign in pattern:
        cells.append((x, y))
        x += widths[sign]
    return Art(paint.width, paint.height, paint.sprites(0, 0)), tuple(cells)
