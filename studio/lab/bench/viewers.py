"""What one more return viewer costs: a shard that shares packets, against stock aiortc encoding for each.

Ours: the picture (640×360 at 30 a second) and the sound are encoded once, beforehand, and come over a packet
bus as from the mixer; viewers are added. Stock: each viewer's sender encodes the same for itself.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from fractions import Fraction

import numpy as np

from mixer.contract.clock import RATE
from mixer.contract.names import picture_stream, return_stream
from mixer.encode.audio import OpusEncoder
from mixer.encode.video import VideoEncoder, VideoSettings
from mixer.ipc.bus.packets import Packet, ReturnAudio, StreamHeader
from signaling.contract.messages import Offer
from signaling.rtc.synthetic.client import LoopPlayer, RehearsalGuest
from studio.contract.usage import cpu_seconds
from studio.lab.bench.codecs import packed
from studio.lab.bench.figures import Section, figure, ratio
from studio.lab.bench.receive import Exchange
from studio.lab.bench.settings import BenchSettings
from studio.lab.harness.shard import ShardBus, ShardHouse
from studio.lab.harness.stock import SIZE, Stock, blocks, pictures
from studio.lab.harness.waiting import until

FPS = 30
_BLOCKS_PER_S = 50
SHARED = (4, 20)
"""Viewers of ours before and after."""
ALONE = (1, 4)
"""Stock's: more would not fit two cores, and a machine that is full would flatter it."""
SETTLE_S = 2.0
_PICTURE, _SOUND = picture_stream("return"), return_stream("returns", "floor")
_RATE_BPS, _OPUS_BPS = 800_000, 64_000


async def measure(settings: BenchSettings) -> Section:
    seconds = settings.length_s(10.0)
    settings.say(f"viewers: {SHARED[0]} to {SHARED[1]} of ours, {seconds:.0f} s each")
    ours = await _shared(seconds)
    settings.say(f"viewers: {ALONE[0]} to {ALONE[1]} of stock aiortc, {seconds:.0f} s each")
    stock = await _alone(seconds)
    return Section(
        (
            figure(
                "viewer_ratio",
                "one more return viewer, against stock aiortc encoding for it",
                ratio(ours[2], stock[2]),
                "×",
                0.05,
                f"{ours[2] * 100:.2f} % against {stock[2] * 100:.1f} % of a core",
            ),
        ),
        {"shard": _raw(SHARED, ours), "stock": _raw(ALONE, stock)},
    )


def _raw(counts: tuple[int, int], cores: tuple[float, float, float]) -> dict[str, float]:
    return {
        f"{counts[0]}_viewers_cores": cores[0],
        f"{counts[1]}_viewers_cores": cores[1],
        "viewer_cores": cores[2],
    }


class SteadyFeed:
    """The mixer's side of the bus: a second of picture and sound, over and over, in real time."""

    def __init__(self) -> None:
        settings = VideoSettings("h264", *SIZE, Fraction(FPS), _RATE_BPS, "ultrafast")
        video = VideoEncoder(_PICTURE, settings)
        self._header = StreamHeader(_PICTURE, "h264", (1, FPS), *SIZE, video.nut)
        self._pictures: list[Packet] = []
        for number, frame in enumerate(pictures()):
            self._pictures += video.encode(packed(frame), number, number == 0)
        sound = OpusEncoder(_SOUND, _OPUS_BPS)
        self._blocks: list[bytes] = []
        for number, block in enumerate(blocks()):
            samples = (block.to_ndarray().reshape(-1, 2) / 32768).astype(np.float32)
            self._blocks += [packet.data for packet in sound.push(number * 960, samples)]

    async def run(self, bus: ShardBus) -> None:
        loop = asyncio.get_running_loop()
        began, picture, block = loop.time(), 0, 0
        while True:
            passed = loop.time() - began
            while picture <= passed * FPS:
                if picture % FPS == 0:  # for all who have subscribed by now
                    bus.send(self._header)
                one = self._pictures[picture % len(self._pictures)]
                bus.send(Packet(one.stream, picture, picture, 1, one.key, one.data))
                picture += 1
            while block <= passed * _BLOCKS_PER_S:
                data = self._blocks[block % len(self._blocks)]
                bus.send(ReturnAudio(_SOUND, block * RATE // _BLOCKS_PER_S, data, (), {}))
                block += 1
            await asyncio.sleep(0.005)


async def _shared(seconds: float) -> tuple[float, float, float]:
    async with ShardHouse() as house:
        bus = house.bus()

        async def exchange(number: int, offer: str) -> str:
            house.slot(f"s{number}", 64, 64)
            return str((await house.answer(Offer(f"p{number}", "guest", offer, f"s{number}"))).sdp)

        feeding = asyncio.create_task(SteadyFeed().run(bus))
        try:
            return await _grow(SHARED, exchange, house.process.pid, seconds)
        finally:
            feeding.cancel()


async def _alone(seconds: float) -> tuple[float, float, float]:
    with Stock("send") as stock:
        return await _grow(ALONE, lambda _, offer: stock.answer(offer), stock.pid, seconds)


async def _grow(
    counts: tuple[int, int], exchange: Exchange, pid: int, seconds: float
) -> tuple[float, float, float]:
    """Cores with the fewer and with the more viewers, and for one more."""
    cores = []
    async with _viewers() as viewers:
        for count in counts:
            while len(viewers) < count:
                viewer = RehearsalGuest(None, LoopPlayer())
                viewers.append(viewer)
                await viewer.accept(await exchange(len(viewers), await viewer.offer()))
            await until(lambda: all(map(_served, viewers)), 20.0, "a picture for each viewer")
            await asyncio.sleep(min(SETTLE_S, seconds))
            before = cpu_seconds(pid)
            await asyncio.sleep(seconds)
            cores.append((cpu_seconds(pid) - before) / seconds)
    return cores[0], cores[1], (cores[1] - cores[0]) / (counts[1] - counts[0])


def _served(viewer: RehearsalGuest) -> bool:
    return all(receiver.totals[1] > 30 for receiver in viewer.receivers)


@contextlib.asynccontextmanager
async def _viewers() -> AsyncIterator[list[RehearsalGuest]]:
    viewers: list[RehearsalGuest] = []
    try:
        yield viewers
    finally:
        for viewer in viewers:
            await viewer.close()
