"""The clean canvas: the programme without plates, its sources scaled once, encoded only while wanted."""

import socket
import time
from collections.abc import Iterator
from fractions import Fraction

import numpy as np
import pytest

from mixer.compose.compositor import SourcePicture
from mixer.containers.muxing import parameters
from mixer.contract.clock import ProgramClock
from mixer.contract.messages import Rendition
from mixer.contract.names import of_seat, picture_stream, sender_name
from mixer.contract.picture import Picture, Plane, new_picture
from mixer.contract.plan import CanvasName, CanvasPlan, MixPlan, Plate, Rect, SourceInfo, Tile
from mixer.encode.overload import Step, spared
from mixer.encode.renditions import OUTPUT_IDLE_NS, RenditionSet
from mixer.engine.stage import Stage
from mixer.graphics.graphics import Graphics
from mixer.ipc.bus.client import BusReader
from mixer.ipc.bus.packets import StreamHeader
from mixer.ipc.bus.server import PacketBus
from studio.lab.harness.waiting import wait_until
from tests.support.media.mixing import FONTS

W, H = 256, 144
PLATE = Plate("시장", "Mayor")
BOTH: tuple[CanvasName, ...] = ("program", "clean")
PROGRAM: tuple[CanvasName, ...] = ("program",)
LAYOUTS = {
    "side by side": (Rect(0, 0, 128, 144), Rect(128, 0, 128, 144)),
    "picture in picture": (Rect(0, 0, 256, 144), Rect(32, 72, 96, 64)),
}


def plan_of(rects: tuple[Rect, ...], plate: Plate | None = PLATE) -> MixPlan:
    tiles = tuple(Tile(rect, of_seat(str(number)), plate=plate) for number, rect in enumerate(rects))
    infos = {tile.source: SourceInfo(name=tile.source) for tile in tiles}
    return MixPlan(1, {"program": CanvasPlan(W, H, tiles)}, sources=infos)


def pixels(picture: Picture) -> list[Plane]:
    return [plane.copy() for plane in picture]


def same(one: list[Plane], other: list[Plane]) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


@pytest.fixture
def graphics() -> Graphics:
    return Graphics(FONTS, "Summit")


@pytest.mark.parametrize("layout", LAYOUTS)
def test_both_canvases_are_as_if_each_were_alone(graphics: Graphics, layout: str) -> None:
    """Also where tiles lie over one another, and only some of them change."""
    plan = plan_of(LAYOUTS[layout])
    graphics.prepare(plan)
    together, alone = Stage(graphics, {"program": (W, H)}), Stage(graphics, {"program": (W, H)})
    plateless = plan_of(LAYOUTS[layout], plate=None)
    bare = Stage(graphics, {"program": (W, H)})
    rng = np.random.default_rng(1)
    noise = [new_picture(320, 180) for _ in range(2)]
    for tick in range(8):
        fresh = tick % 2
        noise[fresh].y[:] = rng.integers(16, 235, (180, 320), np.uint8)
        serials = {fresh: tick, 1 - fresh: tick - 1}
        pictures = {
            of_seat(str(number)): SourcePicture("live", noise[number], serials[number]) for number in range(2)
        }
        # The clean canvas comes and goes, as its subscribers do.
        wanted = BOTH if tick not in (3, 4) else PROGRAM
        shown = together.compose(plan, pictures, wanted, tick)
        program = alone.compose(plan, pictures, PROGRAM, tick)
        assert same(pixels(shown["program"].picture), pixels(program["program"].picture)), tick
        clean = bare.compose(plateless, pictures, PROGRAM, tick)
        if "clean" in wanted:
            assert same(pixels(shown["clean"].picture), pixels(clean["program"].picture)), tick
            assert not same(pixels(shown["clean"].picture), pixels(shown["program"].picture))
        for canvases in (shown, program, clean):
            for canvas in canvases.values():
                canvas.release()


def test_without_plates_and_in_black_there_is_nothing_to_do_twice(graphics: Graphics) -> None:
    stage = Stage(graphics, {"program": (W, H)})
    plan = plan_of(LAYOUTS["side by side"], plate=None)
    pictures = {of_seat(str(n)): SourcePicture("live", new_picture(64, 36), 1) for n in range(2)}
    shown = stage.compose(plan, pictures, BOTH, 0)
    assert shown["clean"].picture.y is shown["program"].picture.y
    for canvas in shown.values():
        canvas.release()
    black = MixPlan(2, plan_of(LAYOUTS["side by side"]).canvases, black=True)
    shown = stage.compose(black, pictures, BOTH, 1)
    assert int(shown["clean"].picture.y.max()) == 16
    for canvas in shown.values():
        canvas.release()


def test_it_is_spared_with_the_wall_and_before_the_programme() -> None:
    assert spared(Step.WALL_RATE, 1, "clean")
    assert not spared(Step.WALL_RATE, 1, "program")
    assert not spared(Step.WALL_RATE, 2, "clean")
    assert not spared(Step.PRESET, 1, "clean")


@pytest.fixture
def bus() -> Iterator[PacketBus]:
    bus = PacketBus(lambda _: None)
    bus.start()
    yield bus
    bus.close()


def test_it_is_encoded_while_it_is_wanted_exactly_as_the_programme(
    graphics: Graphics, bus: PacketBus
) -> None:
    renditions = {
        "program": Rendition("program", W, H, 500_000, always=True),
        "clean": Rendition("clean", W, H, 500_000, outputs=True),
    }
    clock = ProgramClock(time.monotonic_ns(), Fraction(30))
    encoders = RenditionSet(renditions, clock, bus)
    encoders.open(graphics)
    stage = Stage(graphics, {"program": (W, H)})
    plan = plan_of(LAYOUTS["side by side"])
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    reader = BusReader(ours)
    try:
        encoders.follow(0)
        assert not encoders.watched("clean")
        bus.attach(sender_name("clean"), theirs)
        reader.subscribe((picture_stream("program"), picture_stream("clean")))
        wait_until("the subscription", lambda: "clean/h264" in bus.wanted)
        encoders.follow(1)
        assert encoders.watched("clean")
        for name, canvas in stage.compose(plan, {}, BOTH, 0).items():
            encoders.offer(name, 60, canvas)
            canvas.release()
        headers: dict[str, StreamHeader] = {}

        def arrived() -> bool:
            headers.update({m.stream: m for m in reader.receive() if isinstance(m, StreamHeader)})
            return len(headers) == 2

        wait_until("both headers", arrived)
        program, clean = headers["program/h264"], headers["clean/h264"]
        assert parameters(program) == parameters(clean)
        assert {packet.stream for packet in clean.slate} == {"clean/h264"}
        assert [packet.data for packet in clean.slate] == [packet.data for packet in program.slate]
        reader.subscribe((picture_stream("program"),))
        wait_until("the end of it", lambda: "clean/h264" not in bus.wanted)
        encoders.follow(2)
        assert encoders.watched("clean"), "whoever records it may be back in a moment"
        encoders.follow(3 + OUTPUT_IDLE_NS)
        assert not encoders.watched("clean")
    finally:
        encoders.close()
        reader.close()
