"""Pure: what each browser is to send, from the size its picture is really shown at.

The box asked for is the tile's own, to the pixel, not a step of a ladder: the page scales its camera until it
just covers the box, and a picture that has its tile's width or height is copied into the canvas, where any
other has to be scaled. At 49 tiles that is 0.005 ms a tile and tick instead of 0.08, a tenth of a core, and a
third less to decode than the next step of a ladder would be. A browser that is off by a pixel costs nothing
(:mod:`mixer.compose.draw`). What a ladder is good for, encoders that stay as they are while a grid grows, is
left to :mod:`studio.planning.hysteresis`.
"""

import math
from collections.abc import Iterable

from mixer.contract.names import SourceName, of_screen, of_seat
from mixer.contract.plan import CanvasPlan
from signaling.contract.messages import UplinkTarget

FPS = 30
LARGEST = (1280, 720)
"""Of a camera's picture, and what the bit rate is measured by."""
_LARGEST_BITRATE = 2_500_000
_LEAST_BITRATE = 80_000
"""Below it a keyframe takes too long to get through."""


def bitrate_for(width: int, height: int, fps: int) -> int:
    """bit/s for a talking head that covers the box, in steps of 10 kb/s.

    Bits grow with the 0.75th power of the number of pixels (the usual rule for a constant quality; it meets
    300, 600, 900, 1600 and 2500 kb/s for 180p, 270p, 360p, 540p and 720p within 6 %) and with the square root
    of the rate, for pictures further apart differ by more.
    """
    if fps <= 0:
        return 0
    share = pixels(width, height) / (LARGEST[0] * LARGEST[1])
    bits = _LARGEST_BITRATE * math.pow(share, 0.75) * math.sqrt(fps / FPS)
    return max(_LEAST_BITRATE, round(bits / 10_000) * 10_000)


def pixels(width: int, height: int) -> float:
    """Pixels of the 16:9 picture that covers the box."""
    covering = max(width, height * 16 / 9)
    return covering * covering * 9 / 16


def target_for(width: int, height: int, fps: int = FPS) -> UplinkTarget:
    return UplinkTarget(width, height, fps, bitrate_for(width, height, fps))


THUMBNAIL = target_for(160, 90, 5)
"""For those who are shown nowhere but in the multiview: enough to see who it is."""
NOTHING = UplinkTarget(0, 0, 0, 0)
"""For guests that nobody sees."""


def uplink_targets(
    seats: Iterable[str],
    full: Iterable[CanvasPlan],
    console: CanvasPlan | None,
    largest: tuple[int, int] = LARGEST,
) -> dict[str, UplinkTarget]:
    """Return what is needed at this moment, by seat id. ``full`` are the canvases to be sharp on; the largest
    use of a picture counts, width and height apart. ``console``: the multiview, where somebody watches it;
    for it alone a thumbnail does, however large its tile. ``largest``: no box is larger."""
    boxes = shown_boxes(full)
    needs = {}
    for seat in seats:
        box = boxes.get(of_seat(seat))
        if box is None:
            needs[seat] = THUMBNAIL if console is not None else NOTHING
        else:
            width, height = min(box[0], largest[0]), min(box[1], largest[1])
            # Smaller ones save nothing, and not every encoder takes them.
            tiny = width < THUMBNAIL.width and height < THUMBNAIL.height
            needs[seat] = target_for(THUMBNAIL.width, THUMBNAIL.height) if tiny else target_for(width, height)
    return needs


def shown_boxes(canvases: Iterable[CanvasPlan]) -> dict[SourceName, tuple[int, int]]:
    """Width and height in pixels that cover each source's every tile on these canvases."""
    boxes: dict[SourceName, tuple[int, int]] = {}
    for canvas in canvases:
        for tile in canvas.tiles:
            width, height = boxes.get(tile.source, (0, 0))
            w, h = tile.rect.w, tile.rect.h
            if tile.crop is not None:
                # The whole picture is sent, of which the tile shows a part.
                w, h = math.ceil(w / tile.crop.w), math.ceil(h / tile.crop.h)
            boxes[tile.source] = (max(width, w), max(height, h))
    return boxes


SCREEN = UplinkTarget(1920, 1080, 10, 2_500_000)
"""A shared screen keeps its full size wherever it is shown, or nobody could read it, and gives up frames."""
SCREEN_GLANCE = UplinkTarget(1920, 1080, 2, 600_000)
"""For one that only the multiview shows."""
SCREEN_UNSEEN = UplinkTarget(1920, 1080, 1, 300_000)
"""For one that nobody sees: not nothing, for its packets tell that it is being shared."""


def screen_targets(
    seats: Iterable[str], full: Iterable[CanvasPlan], console: bool
) -> dict[str, UplinkTarget]:
    """Return the targets of shared screens, by seat id. ``full`` as in :func:`uplink_targets`; ``console``:
    somebody watches the multiview."""
    seen = shown_boxes(full)
    unseen = SCREEN_GLANCE if console else SCREEN_UNSEEN
    return {seat: SCREEN if of_screen(seat) in seen else unseen for seat in seats}
