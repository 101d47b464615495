"""Tiles lie where the solver puts them, to the pixel: measured on the programme as it leaves the encoder."""

from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from mixer.contract.messages import Rendition
from mixer.contract.names import of_seat, picture_stream
from mixer.contract.plan import CanvasPlan, MixPlan, Rect, SourceInfo, Tile
from mixer.ipc.bus.packets import Packet
from studio.planning.layout import LayoutName, solve
from tests.support.media.mixing import Guest, Mixer, decoded, guests, small_config

pytestmark = pytest.mark.alone

SIZE = (1280, 480)
"""As flat as a stage's wall, and no multiple of 16: edges lie inside macroblocks."""
WHITE = (219, 128, 128)
VIDEO = picture_stream("program")
LAYOUTS: list[tuple[LayoutName, int]] = [("solo", 1), ("panel", 4), ("keynote", 2), ("grid", 7)]


def luma(packets: list[Packet], header: Any) -> NDArray[np.uint8]:
    """Of the last picture, shape (height, width)."""
    plane = decoded(packets, header=header)[-1].planes[0]
    rows = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)  # type: ignore[call-overload]
    return np.array(rows[: SIZE[1], : SIZE[0]], np.uint8)


def covered(rects: tuple[Rect, ...]) -> NDArray[np.uint8]:
    mask = np.zeros((SIZE[1], SIZE[0]), np.uint8)
    for rect in rects:
        mask[rect.y : rect.y + rect.h, rect.x : rect.x + rect.w] = 1
    return mask


def edges(row: NDArray[np.uint8]) -> list[float]:
    """Where the brightness along a line crosses the half, in pixels and parts of them."""
    level = row.astype(float) - (16 + WHITE[0]) / 2
    at = np.flatnonzero(np.diff(np.signbit(level)))
    return [float(i + 0.5 + level[i] / (level[i] - level[i + 1])) for i in at]


@pytest.fixture(scope="module")
def airing() -> Any:
    config = small_config(
        canvases={"program": SIZE, "wall": (320, 90), "multiview": (320, 180)},
        renditions={"program": Rendition("program", *SIZE, 6_000_000, preset="ultrafast", always=True)},
    )
    with Mixer(config) as mixer:
        source = mixer.open_slot(of_seat("a"))
        with guests(Guest(source, WHITE)):
            yield mixer, mixer.tap(VIDEO)


def test_tiles_lie_to_the_pixel_in_the_decoded_programme(airing: Any) -> None:
    mixer, tap = airing
    one = np.ones((3, 3), np.uint8)
    for revision, (layout, count) in enumerate(LAYOUTS, 1):
        rects = solve(layout, count, *SIZE)
        tiles = tuple(Tile(rect, of_seat("a")) for rect in rects)
        canvas = CanvasPlan(*SIZE, tiles, background="#000000", scene=layout)
        taken = mixer.take(MixPlan(revision, {"program": canvas}, sources={of_seat("a"): SourceInfo()}))
        packets = tap.wait(VIDEO, lambda p, tick=taken.tick: bool(p) and p[-1].pts >= tick + 8)
        picture = luma(packets, tap.headers(VIDEO)[0])
        mask = covered(rects)
        inside, outside = cv2.erode(mask, one).astype(bool), ~cv2.dilate(mask, one).astype(bool)
        assert picture[inside].min() > 200, layout
        assert picture[outside].max(initial=0) < 40, layout
        for rect in rects:
            across = edges(picture[rect.y + rect.h // 2])
            down = edges(picture[:, rect.x + rect.w // 2])
            for expected, found, length in (
                (rect.x, across, SIZE[0]),
                (rect.x + rect.w, across, SIZE[0]),
                (rect.y, down, SIZE[1]),
                (rect.y + rect.h, down, SIZE[1]),
            ):
                if 0 < expected < length:
                    assert min(abs(expected - each) for each in found) < 1.0, (layout, rect)
