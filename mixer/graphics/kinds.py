"""How pictures and codes laid over a canvas look, and which design draws which kind of graphic."""

import functools
from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
import segno
import structlog

from mixer.compose.sprites import Face, Mask, Paint, rounded_box
from mixer.contract.colour import yuv_of
from mixer.contract.graphic_kinds import GraphicKind
from mixer.contract.picture import Picture
from mixer.contract.plan import Overlay, Plate
from mixer.graphics.art import Art, Drawable
from mixer.graphics.clock_faces import draw_clock, draw_countdown
from mixer.graphics.designs import draw_event
from mixer.graphics.stack import SMALLEST_TEXT, Sheet, put_stack, rows_of, stack_height
from mixer.graphics.stills import Rgba, StillError, covering, dimmed, inside, read_still, scaled
from mixer.graphics.titles import draw_full_card, draw_lower_third, draw_ticker, draw_title

QUIET = 4
"""Modules of white around a code (ISO/IEC 18004)."""
SMALLEST_MODULE = 3
"""Pixels: a camera that films a screen reads no smaller ones."""
DIM = 0.55
"""Of a backdrop under a title."""

_log = structlog.get_logger()


def draw_overlay(sheet: Sheet, overlay: Overlay) -> Drawable | None:
    """Drawn for a canvas of the sheet's size; None where there is nothing to show."""
    return _DRAWN[overlay.kind](sheet, overlay)


def _draw_card(sheet: Sheet, overlay: Overlay) -> Drawable:
    return draw_full_card(sheet, overlay, _ground(sheet), _emblem(sheet))


def _draw_logo(sheet: Sheet, overlay: Overlay) -> Drawable | None:
    return _still(sheet, overlay.picture or sheet.theme.logo, 0.2 * overlay.size, 0.11 * overlay.size)


def _draw_picture(sheet: Sheet, overlay: Overlay) -> Drawable | None:
    return _still(sheet, overlay.picture, 0.5 * overlay.size, 0.5 * overlay.size)


def draw_backdrop(sheet: Sheet) -> Picture | None:
    """The theme's backdrop over the whole canvas."""
    theme = sheet.theme
    try:
        return (
            _covering(theme.backdrop, sheet.width, sheet.height, theme.background) if theme.backdrop else None
        )
    except StillError as error:
        _log.warning("still.unreadable", reason=str(error))
        return None


@functools.lru_cache(maxsize=6)
def _covering(file: str, width: int, height: int, ground: str) -> Picture:
    """Kept, for a title card and the event's slate lie on the same; a file's content never changes."""
    return covering(read_still(file), width, height, ground)


def draw_event_slate(sheet: Sheet, title: str, language: str = "") -> Face:
    """The event's title, in ``language``, on the theme's backdrop, its logo above: what stands while nothing
    else does."""
    ground = _ground(sheet)
    if ground is None and not sheet.theme.logo:
        return draw_event(sheet, title, language)
    overlay = Overlay("event", "card", Plate(title, language=language))
    card = draw_full_card(sheet, overlay, ground, _emblem(sheet))
    return Face(yuv_of(sheet.theme.event), card.sprites if ground is not None else card.sprites[1:])


def draw_code(sheet: Sheet, overlay: Overlay) -> Art | None:
    """A QR code (model 2, level M or better) in black on white, and its words under it."""
    if not overlay.link:
        return None
    code = segno.make(overlay.link, error="m", micro=False)
    modules = np.array([[*row] for row in code.matrix], np.uint8)
    count = len(modules) + 2 * QUIET
    module = max(SMALLEST_MODULE, round(0.3 * sheet.short * overlay.size / count))
    module = max(1, min(module, (min(sheet.width, sheet.height) - 2) // count))
    side = count * module
    dark: Mask = np.kron(modules, np.ones((module, module), np.uint8)).astype(np.float32)
    size = max(0.075 * side, SMALLEST_TEXT)
    text = overlay.text
    other = "" if text.other_name == text.name else text.other_name
    set_ = partial(sheet.type.block, max_width=side - 2 * QUIET * module, lines=2, centred=True)
    rows = rows_of(
        (set_(text.name, size, 700, language=text.language), "#000000"),
        (set_(other, 0.85 * size, 400, language=text.other_language), "#404040"),
    )
    foot = stack_height(rows) + (round(0.5 * size) if rows else 0)
    paint = Paint(side, min(side + foot, sheet.height - sheet.height % 2))
    paint.put(rounded_box(paint.width, paint.height, module * 1.5), 0, 0, "#ffffff")
    paint.put(dark, QUIET * module, QUIET * module, "#000000")
    put_stack(paint, rows, side - 1.5 * module)
    return Art(paint.width, paint.height, paint.sprites(0, 0))


def _still(sheet: Sheet, file: str, across: float, down: float) -> Art | None:
    """A picture within these shares of the canvas; of a wide wall, as of a 16:9 one."""
    still = _read(file)
    if still is None:
        return None
    wide = min(sheet.width, sheet.height * 16 / 9)
    size = inside(still, min(across * wide, sheet.width), min(down * sheet.height, sheet.height))
    paint = _painted(still, min(size[0], sheet.width), min(size[1], sheet.height))
    return Art(paint.width, paint.height, paint.sprites(0, 0))


def _emblem(sheet: Sheet) -> tuple[Paint, int] | None:
    still = _read(sheet.theme.logo)
    if still is None:
        return None
    return _painted(still, *inside(still, 0.4 * sheet.width, 0.16 * sheet.short)), round(0.07 * sheet.short)


def _ground(sheet: Sheet) -> Picture | None:
    backdrop = draw_backdrop(sheet)
    return None if backdrop is None else dimmed(backdrop, yuv_of(sheet.theme.event), DIM)


def _painted(still: Rgba, width: int, height: int) -> Paint:
    paint = Paint(width, height)
    paint.lay(*scaled(still, width, height))
    return paint


def _read(file: str) -> Rgba | None:
    """A picture that can't be read is left out: a graphic less, never a stopped tick."""
    if not file:
        return None
    try:
        return read_still(file)
    except StillError as error:
        _log.warning("still.unreadable", reason=str(error))
        return None


_DRAWN: Mapping[GraphicKind, Callable[[Sheet, Overlay], Drawable | None]] = {
    "lower-third": draw_lower_third,
    "title": draw_title,
    "ticker": draw_ticker,
    "logo": _draw_logo,
    "clock": draw_clock,
    "countdown": draw_countdown,
    "qr": draw_code,
    "card": _draw_card,
    "picture": _draw_picture,
}
