"""How every layout lies on canvases of three shapes, with one to 49 tiles: drawn by the real compositor, in
colours. The first tile is red, slides are blue where the layout has a place for them."""

from itertools import cycle, islice

import numpy as np
import pytest
from numpy.typing import NDArray

from mixer.compose.compositor import Compositor, SourcePicture
from mixer.contract.colour import yuv_of
from mixer.contract.names import of_seat
from mixer.contract.picture import new_picture
from mixer.contract.plan import CanvasPlan, MixPlan, SourceInfo, Tile
from mixer.graphics.graphics import Graphics
from studio.planning.layout import CAPACITY, SLIDES_AT, LayoutName, solve
from tests.golden.golden import assert_golden, bgr
from tests.support.media.fontfolder import font_folder

SHAPES = {"full-hd": (320, 180), "wall": (640, 120), "portrait": (180, 320)}
"""A sixth or a ninth of 1920×1080, 5760×1080 and 1080×1920."""
COUNTS: dict[LayoutName, tuple[int, ...]] = {
    "solo": (1,),
    "duo": (2,),
    "panel": (2, 3, 5, 9),
    "grid": (1, 3, 7, 12, 20, 30, 49),
    "pip": (2, 4),
    "slides": (2,),
    "slides-panel": (3, 5, 7),
    "keynote": (2,),
    "group": (3, 20, 49),
    "free": (3,),
}
BOXES = ((0.0, 0.0, 1.0, 1.0), (0.1, 0.1, 0.5, 0.4), (0.45, 0.3, 0.5, 0.6))
FIRST, SLIDES = "#b0483c", "#3c62b0"
OTHERS = ("#5a6b4a", "#7a6a8c", "#8a705c", "#4f866f", "#9a9a92", "#6b5a2f", "#44606e")


@pytest.fixture(scope="module")
def graphics() -> Graphics:
    return Graphics(font_folder(), "Summit")


def drawn(graphics: Graphics, layout: LayoutName, count: int, width: int, height: int) -> NDArray[np.uint8]:
    rects = solve(layout, count, width, height, gap=6, margin=8, boxes=BOXES if layout == "free" else ())
    assert len(rects) == count
    tiles = tuple(Tile(rect, of_seat(str(i))) for i, rect in enumerate(rects))
    plan = CanvasPlan(width, height, tiles)
    infos = {tile.source: SourceInfo() for tile in tiles}
    graphics.prepare(MixPlan(1, {"program": plan}, sources=infos))
    colours = [FIRST, *islice(cycle(OTHERS), count - 1)]
    if layout in SLIDES_AT:
        colours[SLIDES_AT[layout]] = SLIDES
    pictures = {
        of_seat(str(i)): SourcePicture("live", new_picture(64, 36, yuv_of(colour)), 1)
        for i, colour in enumerate(colours)
    }
    canvas = Compositor(graphics, width, height).compose(plan, pictures, infos, {})
    assert canvas is not None
    return bgr(canvas.picture)


@pytest.mark.parametrize("shape", SHAPES)
def test_every_layout(graphics: Graphics, shape: str) -> None:
    assert COUNTS.keys() == CAPACITY.keys()
    width, height = SHAPES[shape]
    pictures = [
        drawn(graphics, layout, n, width, height) for layout, counts in COUNTS.items() for n in counts
    ]
    across = {"full-hd": 6, "wall": 3, "portrait": 8}[shape]
    blank = np.full((height + 8, width + 8, 3), 255, np.uint8)
    cells = []
    for picture in pictures:
        cell = blank.copy()
        cell[4:-4, 4:-4] = picture
        cells.append(cell)
    cells += [blank] * (-len(cells) % across)
    rows = [np.concatenate(cells[at : at + across], 1) for at in range(0, len(cells), across)]
    assert_golden(f"every-layout-{shape}", np.concatenate(rows, 0))
