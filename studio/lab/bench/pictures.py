"""What composing and encoding cost, in CPU milliseconds a picture: the mixer's work without its surroundings.

The ratio of 49 tiles to 9 on one canvas has senders that follow the layout: each sends what the planner asks
of it for its tile, so that pixels stay about the same however many tiles there are.
"""

import time
from collections.abc import Callable

import numpy as np

from mixer.compose.compositor import Compositor, SourcePicture
from mixer.contract.names import of_seat, seat_of
from mixer.contract.picture import Picture, new_picture
from mixer.contract.plan import CanvasPlan, MixPlan, Plate, Tile
from mixer.graphics.graphics import Graphics
from signaling.contract.messages import UplinkTarget
from signaling.rtc.synthetic.loops import FPS, make_loop
from studio.cli.doctor import encoder_ms
from studio.contract.paths import FONTS
from studio.lab.bench.codecs import decode_ms
from studio.lab.bench.figures import Figure, Section, figure, ratio
from studio.lab.bench.settings import BenchSettings
from studio.lab.harness.generator import GRAIN
from studio.planning.layout import solve
from studio.planning.uplink import uplink_targets

CANVAS = (1920, 1080)
MANY, FEW = 49, 9
_PICTURES = 90
_TIMES = 3


def measure(settings: BenchSettings) -> Section:
    """Takes about fifteen seconds. Raises FontsMissingError where set-up has not run."""
    settings.say("pictures: composing")
    graphics = Graphics(FONTS, "bench")
    figures: list[Figure] = []
    for width, height, count, source in (
        (1920, 1080, 9, (640, 360)),
        (1920, 1080, 16, (480, 270)),
        (1920, 1080, 49, (320, 180)),
        (3840, 1080, 16, (640, 360)),
    ):
        tiles = _tiles(count, width, height)
        figures.append(
            figure(
                f"compose_{width}x{height}_{count}_ms",
                f"compose {width}×{height}, {count} tiles of {source[0]}×{source[1]}",
                _compose_ms(graphics, tiles, [source] * count, (width, height)),
                "ms",
            )
        )
    settings.say("pictures: encoding")
    for width, height, preset in (
        (1920, 1080, "superfast"),
        (1920, 1080, "veryfast"),
        (3840, 1080, "ultrafast"),
        (640, 360, "ultrafast"),
    ):
        took = encoder_ms(width, height, preset)
        figures.append(
            figure(f"x264_{width}x{height}_{preset}_ms", f"x264 {width}×{height} {preset}", took, "ms")
        )
    settings.say(f"pictures: {MANY} against {FEW} tiles")
    many, few = _layout(graphics, MANY), _layout(graphics, FEW)
    ratios = (
        figure(
            "tiles_49_to_9_ratio",
            "49 tiles against 9, senders follow the layout: decoding and composing",
            ratio(many["decode_and_compose_ms"], few["decode_and_compose_ms"]),
            "×",
            1.6,
            f"{many['decode_and_compose_ms']:.1f} ms against {few['decode_and_compose_ms']:.1f} ms",
        ),
        figure(
            "tiles_49_to_9_compose_ratio",
            "49 tiles against 9, senders follow the layout: composing",
            ratio(many["compose_ms"], few["compose_ms"]),
            "×",
            None,
            f"{many['compose_ms']:.2f} ms against {few['compose_ms']:.2f} ms",
        ),
    )
    return Section((*ratios, *figures), {"tiles_49": many, "tiles_9": few})


def targets_of(tiles: tuple[Tile, ...]) -> list[UplinkTarget]:
    """Return what the planner asks of each tile's sender."""
    seats = [seat_of(tile.source) for tile in tiles]
    targets = uplink_targets(seats, [CanvasPlan(*CANVAS, tiles)], None)
    return [targets[seat] for seat in seats]


def sent_for(target: UplinkTarget) -> tuple[int, int]:
    """The picture that a 16:9 camera sends for a box: scaled until it just covers it; sides even."""
    width = max(target.width, target.height * 16 / 9)
    return round(width / 2) * 2, round(width * 9 / 32) * 2


def _layout(graphics: Graphics, count: int) -> dict[str, float]:
    tiles = _tiles(count, *CANVAS)
    targets = targets_of(tiles)
    sizes = [sent_for(target) for target in targets]
    # the least of some: whatever else the machine does only adds
    once = {target: min(_decode_ms(target) for _ in range(_TIMES)) for target in set(targets)}
    decode = sum(once[target] for target in targets)
    compose = min(_compose_ms(graphics, tiles, sizes, CANVAS) for _ in range(_TIMES))
    return {
        "sent_width_px": sizes[0][0],
        "sent_height_px": sizes[0][1],
        "decode_ms": decode,
        "compose_ms": compose,
        "decode_and_compose_ms": decode + compose,
    }


def _decode_ms(target: UplinkTarget) -> float:
    """For each picture of the canvas, of which the sender may send fewer."""
    loop = make_loop("Mayor", 0.3, 2, sent_for(target), bitrate=target.bitrate, grain=GRAIN)
    return decode_ms(loop, rounds=10) * target.fps / FPS


def _tiles(count: int, width: int, height: int) -> tuple[Tile, ...]:
    return tuple(
        Tile(rect, of_seat(str(number)), plate=Plate(f"Guest {number}", "Somewhere"))
        for number, rect in enumerate(solve("grid", count, width, height))
    )


def _compose_ms(
    graphics: Graphics, tiles: tuple[Tile, ...], sizes: list[tuple[int, int]], canvas: tuple[int, int]
) -> float:
    """Every source brings a new picture for every picture of the canvas."""
    plan = CanvasPlan(*canvas, tiles)
    graphics.prepare(MixPlan(1, {"program": plan}))  # name plates, as on air
    # pictures of their own for each tile, as slots are: one that all share would stay in the cache
    pictures = [[_moving(*size, number + index) for number in range(2)] for index, size in enumerate(sizes)]
    compositor = Compositor(graphics, *canvas)
    shown = [
        {
            tile.source: SourcePicture("live", mine[turn], turn)
            for tile, mine in zip(tiles, pictures, strict=True)
        }
        for turn in range(2)
    ]

    def compose(number: int) -> None:
        done = compositor.compose(plan, shown[number % 2], {}, {}, False)
        if done is not None:
            done.release()

    return _cpu_ms(compose)


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
