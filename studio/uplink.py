"""Pure: what each browser shall send, from the size its picture is really shown at."""

from collections.abc import Iterable

from mixer.plan import CanvasPlan, Rect
from signaling.wire import UplinkTarget

LADDER = (
    UplinkTarget(320, 180, 30, 300_000),
    UplinkTarget(480, 270, 30, 600_000),
    UplinkTarget(640, 360, 30, 900_000),
    UplinkTarget(960, 540, 30, 1_600_000),
    UplinkTarget(1280, 720, 30, 2_500_000),
)
"""Few steps, so that a grid that grows by one tile doesn't make every sender change its encoder."""
THUMBNAIL = UplinkTarget(160, 90, 5, 80_000)
"""For those who are connected and shown nowhere: enough to see who it is, and at once there when needed."""
GREEN_ROOM = UplinkTarget(320, 180, 10, 150_000)
"""For a large tile in the multiview's grid."""

_SLACK = 0.93
"""A picture enlarged by this much looks the same; the next step up costs up to twice the bits."""


def uplink_targets(
    seats: Iterable[str], full: Iterable[CanvasPlan], console: CanvasPlan | None
) -> dict[str, UplinkTarget]:
    """By seat id. ``full`` are the canvases to be sharp on; ``console`` is the multiview, where somebody
    watches it."""
    needed: dict[str, tuple[float, float]] = {}
    for canvas in full:
        for tile in canvas.tiles:
            width, height = _covering(tile.rect)
            old = needed.get(tile.source, (0.0, 0.0))
            needed[tile.source] = (max(old[0], width), max(old[1], height))
    large = {
        tile.source for tile in (console.tiles if console else ()) if tile.rect.h * _SLACK > THUMBNAIL.height
    }
    targets = {}
    for seat in seats:
        source = f"seat/{seat}"
        if source in needed:
            targets[seat] = _step(*needed[source])
        else:
            targets[seat] = GREEN_ROOM if source in large else THUMBNAIL
    return targets


def _covering(rect: Rect) -> tuple[float, float]:
    """Size of the 16:9 picture that fills the rectangle, the rest of it cropped."""
    width = max(rect.w, rect.h * 16 / 9)
    return width, width * 9 / 16


def _step(width: float, height: float) -> UplinkTarget:
    for step in LADDER:
        if step.width >= width * _SLACK and step.height >= height * _SLACK:
            return step
    return LADDER[-1]
