"""Pure: how large a player's pictures are, by the largest rectangle that a canvas may show them in."""

from collections.abc import Collection, Iterator
from typing import Literal

from mixer.contract.plan import Crop
from mixer.contract.source_kinds import SOURCE_KINDS
from studio.show.model import Show, Source

Size = tuple[int, int]
PICTURE = (1920, 1080)
"""Of what needs no more, or of which nothing is known."""
MAX_SIDE = 5760
MAX_PIXELS = 4096 * 2304
_WHOLE = Crop()


def player_size(show: Show, source: Source, canvases: Collection[Size]) -> Size:
    """Width and height, even, of the largest picture its player makes.

    Pixel for pixel where it stands alone on any of the ``canvases``, or as a scene crops it or fills a place
    with it; a clip and a still are never enlarged, slides are drawn for the canvas. So it stays as it is
    while scenes change, but for those that crop a large picture, or fill a place with it.
    """
    width, height = source.width, source.height
    rule = SOURCE_KINDS[source.kind].size
    if rule == "fixed" or not width or not height:
        return PICTURE
    share = 0.0
    for canvas_width, canvas_height in canvases:
        for fit, crop in _uses(show, source.id):
            across, up = canvas_width / (width * crop.w), canvas_height / (height * crop.h)
            share = max(share, min(across, up) if fit == "contain" else max(across, up))
    if rule == "file":
        share = min(share, 1.0)
    share = min(share, MAX_SIDE / max(width, height), (MAX_PIXELS / (width * height)) ** 0.5)
    needed = _even(width * share), _even(height * share)
    return PICTURE if needed[0] <= PICTURE[0] and needed[1] <= PICTURE[1] else needed


def _uses(show: Show, source: str) -> Iterator[tuple[Literal["contain", "cover"], Crop]]:
    """How scenes show it; and always as a whole, which any may come to do."""
    yield "contain", _WHOLE
    for scene in show.scenes.values():
        for composition in scene.canvases.values():
            if composition.background == source:
                yield "cover", _WHOLE
            for place in composition.places or ():
                if place.source == source and (place.crop is not None or place.fit == "cover"):
                    yield place.fit or "contain", place.crop or _WHOLE


def _even(size: float) -> int:
    return max(2, int(size + 0.5) + 1 & ~1)
