"""Overlays on a canvas that is drawn in parts: what lies under them is kept, and put back before it changes.

So an overlay that stands still over tiles that stand still costs nothing, and one over moving tiles never
makes them be drawn again.
"""

import numpy as np

from mixer.compose.canvas import Buffer, Laid
from mixer.compose.draw import window
from mixer.compose.overlays import Drawing
from mixer.compose.rects import clip, overlaps
from mixer.compose.sprites import blend, clipped, place
from mixer.contract.plan import Rect


def lift_off(buffer: Buffer, rect: Rect) -> None:
    """Take the overlays off if one of them lies over ``rect``, which is about to be drawn."""
    if buffer.laid.on and overlaps(rect, buffer.laid.rects):
        _take_off(buffer.laid)


def lay(buffer: Buffer, drawing: Drawing | None) -> None:
    """Let the finished canvas show ``drawing`` over its tiles; None: nothing."""
    laid = buffer.laid
    if drawing is None:
        if laid.on:
            _take_off(laid)
        return
    if laid.on and laid.key == drawing.key:
        return
    if laid.on:
        _take_off(laid)
    if laid.rects != drawing.rects:
        _make_room(buffer, drawing.rects)
    for plane, under in laid.under:
        np.copyto(under, plane)
    if laid.key != drawing.key or laid.key is None:
        height, width = buffer.picture.y.shape
        sprites = (clipped(sprite, width, height) for sprite in drawing.sprites)
        laid.placed = place(buffer.picture, tuple(sprite for sprite in sprites if sprite is not None))
        laid.key = drawing.key
    blend(laid.placed)
    laid.on = True


def _take_off(laid: Laid) -> None:
    for plane, under in laid.under:
        np.copyto(plane, under)
    laid.on = False


def _make_room(buffer: Buffer, rects: tuple[Rect, ...]) -> None:
    height, width = buffer.picture.y.shape
    inside = (clip(rect, width, height) for rect in rects)
    planes = [plane for rect in inside if rect is not None for plane in window(buffer.picture, rect)]
    buffer.laid.rects = rects
    buffer.laid.under = tuple((plane, np.empty_like(plane)) for plane in planes)
