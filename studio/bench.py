"""``studio bench``: what composing and encoding cost on this machine, in a quiet moment.

CPU milliseconds a picture and the share of one core at the programme's rate. Comparisons with other tools are
scripts under tests/benchmarks.
"""

import sys
import time
from collections.abc import Callable, Sequence

import msgspec
import numpy as np

from mixer.compositor import Compositor, SourcePicture
from mixer.graphics import Graphics
from mixer.layout import solve
from mixer.picture import Picture, new_picture
from mixer.plan import CanvasPlan, Plate, Tile
from studio.doctor import encoder_ms
from studio.paths import FONTS

FPS = 30
_PICTURES = 60


class Figure(msgspec.Struct, frozen=True):
    """``ms``: CPU milliseconds a picture; ``share``: of one core at 30 pictures a second."""

    what: str
    ms: float
    share: float


def measure() -> list[Figure]:
    """All figures; takes about ten seconds. Raises FontsMissingError where set-up has not run."""
    graphics = Graphics(FONTS, "bench")
    figures = [
        _compose(graphics, "compose 1080p, 9 tiles of 640×360", (1920, 1080), 9, (640, 360)),
        _compose(graphics, "compose 1080p, 16 tiles of 480×270", (1920, 1080), 16, (480, 270)),
        _compose(graphics, "compose 1080p, 49 tiles of 320×180", (1920, 1080), 49, (320, 180)),
        _compose(graphics, "compose wall 3840×1080, 16 tiles of 640×360", (3840, 1080), 16, (640, 360)),
    ]
    figures += [
        _figure(f"x264 {width}×{height} {preset}", encoder_ms(width, height, preset))
        for width, height, preset in (
            (1920, 1080, "superfast"),
            (1920, 1080, "veryfast"),
            (3840, 1080, "ultrafast"),
            (640, 360, "ultrafast"),
        )
    ]
    return figures


def _compose(
    graphics: Graphics, what: str, canvas: tuple[int, int], count: int, source: tuple[int, int]
) -> Figure:
    rects = solve("grid", count, *canvas)
    tiles = tuple(
        Tile(rect, f"seat/{number}", plate=Plate(f"Guest {number}", "Somewhere"))
        for number, rect in enumerate(rects)
    )
    plan = CanvasPlan(*canvas, tiles)
    pictures = [_moving(*source, number) for number in range(2)]
    compositor = Compositor(graphics, *canvas)

    def compose(number: int) -> None:
        sources = {tile.source: SourcePicture("live", pictures[number % 2], number + 1) for tile in tiles}
        done = compositor.compose(plan, sources, {}, {}, False)
        if done is not None:
            done.release()

    return _figure(what, _cpu_ms(compose))


def _moving(width: int, height: int, number: int) -> Picture:
    picture = new_picture(width, height)
    y, x = np.mgrid[0:height, 0:width]
    picture.y[:] = ((x + y + 40 * number) % 200 + 16).astype(np.uint8)
    return picture


def _cpu_ms(work: Callable[[int], None]) -> float:
    work(0)
    before = time.process_time()
    for number in range(1, _PICTURES + 1):
        work(number)
    return (time.process_time() - before) * 1000 / _PICTURES


def _figure(what: str, ms: float) -> Figure:
    return Figure(what, round(ms, 2), round(ms * FPS / 1000, 3))


def show(figures: Sequence[Figure], *, as_json: bool) -> None:
    """Print the figures on standard output."""
    if as_json:
        sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(figures)) + b"\n")
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("what", "ms a picture", "share of a core at 30 fps", box=None)
    for figure in figures:
        table.add_row(figure.what, f"{figure.ms:.2f}", f"{figure.share:.0%}")
    Console().print(table)
