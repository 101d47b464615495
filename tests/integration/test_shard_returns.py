"""Return feeds: one encode on the bus, decoded by every peer it is for, and no guest hears their own
voice."""

import asyncio
import itertools
import time
from collections.abc import Iterator

import numpy as np
import pytest

from mixer.contract.names import SourceName, of_seat
from mixer.contract.picture import Picture
from mixer.ipc.bus.packets import Packet, ReturnAudio, StreamHeader
from signaling.contract.messages import Answer, ClosePeer, Offer
from signaling.rtc.audio.conceal import Samples
from signaling.rtc.audio.sound_in import SoundPacer, SoundStream
from signaling.rtc.synthetic.client import LoopPlayer, RehearsalGuest
from signaling.rtc.synthetic.loops import Loop, make_loop
from signaling.rtc.timeline import LipSync
from signaling.rtc.video.bitstream import depayload_h264, depayload_vp8
from signaling.rtc.video.decode import DecoderPool
from signaling.rtc.video.picture_in import PictureStream
from tests.support.shard_harness import ShardBus, ShardHouse, until

pytestmark = pytest.mark.alone

FLOOR_HZ, MINUS_HZ = 600, 1500


@pytest.fixture(scope="module")
def loops() -> dict[str, Loop]:
    return {
        "media": make_loop("guest", 0.0, seconds=1),
        "h264": make_loop("return", 0.66, seconds=1, tone_hz=FLOOR_HZ),
        "vp8": make_loop("return", 0.66, seconds=1, codec="vp8"),
        "minus": make_loop("minus", 0.5, seconds=1, size=(64, 64), tone_hz=MINUS_HZ),
    }


@pytest.fixture
def workers() -> Iterator[tuple[DecoderPool, SoundPacer]]:
    pool, pacer = DecoderPool(1), SoundPacer()
    yield pool, pacer
    pool.close()
    pacer.close()


class Viewer:
    """Decodes what comes back, with the shard's own parts."""

    def __init__(self, workers: tuple[DecoderPool, SoundPacer]) -> None:
        sync = LipSync()
        self.pictures: list[tuple[int, int, float]] = []
        self.sound: list[Samples] = []
        self.video = PictureStream(workers[0], sync, self._picture)
        self.audio = SoundStream(sync, self._sound)
        workers[1].add(self.audio)

    def _picture(self, picture: Picture, pts_ns: int, arrived_ns: int) -> None:
        self.pictures.append((picture.width, picture.height, float(picture.u.mean())))

    def _sound(self, start: int, samples: Samples) -> None:
        self.sound.append(samples)

    def hears(self, hz: float) -> float:
        """Strength of a tone in the last half second; 0 before there is so much."""
        heard = np.concatenate(self.sound or [np.zeros((1, 2), np.float32)])[-24_000:, 0]
        if len(heard) < 24_000:
            return 0.0
        at = np.arange(24_000) / 48_000
        return float(abs(np.mean(heard * np.exp(-2j * np.pi * hz * at))))


class FakeProgram:
    """What a mixer would put on the bus, at its pace, for as long as it is subscribed to."""

    def __init__(self, bus: ShardBus, loops: dict[str, Loop]) -> None:
        self._bus = bus
        self._loops = loops
        self.heard: tuple[SourceName, ...] = ()
        self.with_minus = True

    def _data(self, codec: str, number: int) -> tuple[bytes, bool]:
        frame = self._loops[codec].video[number % 30]
        depayload = depayload_h264 if codec == "h264" else depayload_vp8
        return b"".join(depayload(payload).data for payload in frame.payloads), frame.key

    async def run(self) -> None:
        epoch, number, block, known = time.monotonic(), 0, 0, set[str]()
        while True:
            self._bus.pump()
            now = time.monotonic() - epoch
            while number / 30 < now:
                for stream in self._bus.streams:
                    if stream.startswith("returns/"):
                        continue
                    codec = stream.split("/")[1]
                    if stream not in known:
                        known.add(stream)
                        self._bus.send(StreamHeader(stream, codec, (1, 30), 640, 360, b""))
                    data, key = self._data(codec, number)
                    self._bus.send(Packet(stream, number, number, 1, key, data))
                number += 1
            while block * 0.02 < now:
                floor, minus = self._loops["h264"].audio, self._loops["minus"].audio
                own = dict.fromkeys(self.heard, minus[block % 50]) if self.with_minus else {}
                for stream in self._bus.streams:
                    if stream.startswith("returns/"):
                        self._bus.send(ReturnAudio(stream, block * 960, floor[block % 50], self.heard, own))
                block += 1
            await asyncio.sleep(0.005)


async def join(house: ShardHouse, guest: RehearsalGuest, offer: Offer) -> None:
    answer = await house.answer(offer)
    assert isinstance(answer, Answer), answer
    await guest.accept(answer.sdp)
    await until(lambda: guest.connected, what="connected")


async def test_returns(
    loops: dict[str, Loop], player: LoopPlayer, workers: tuple[DecoderPool, SoundPacer]
) -> None:
    async with ShardHouse() as house:
        bus = house.bus()
        program = FakeProgram(bus, loops)
        running = asyncio.create_task(program.run())
        assert bus.streams == ()
        one, two, three = Viewer(workers), Viewer(workers), Viewer(workers)
        guest = RehearsalGuest(loops["media"], player, video=one.video, audio=one.audio)
        await join(house, guest, Offer("p1", "guest", await guest.offer(), "a"))
        await until(lambda: set(bus.streams) == {"return/h264", "returns/floor"}, what="subscription")
        await until(lambda: len(one.pictures) > 20, what="return picture")
        assert one.pictures[-1][:2] == (640, 360)
        assert one.pictures[-1][2] > 150 or one.pictures[-1][2] == pytest.approx(128, abs=3)
        await until(lambda: one.hears(FLOOR_HZ) > 0.01, what="floor")
        assert one.hears(MINUS_HZ) < 0.003

        # the second one, in VP8, watches the wall
        viewer = RehearsalGuest(None, player, video=two.video, audio=two.audio)
        sdp = "\r\n".join(await vp8_only(viewer))
        await join(house, viewer, Offer("w", "wall", sdp))
        await until(
            lambda: {"wall/vp8", "returns/hall"} < set(bus.streams), what="wall, and what the hall hears"
        )
        await until(lambda: len(two.pictures) > 20, what="wall picture")

        # heard: the own voice is taken out at once; the viewer goes on hearing the floor
        program.heard = (of_seat("a"),)
        await until(lambda: one.hears(MINUS_HZ) > 0.01 and one.hears(FLOOR_HZ) < 0.003, what="minus")
        assert two.hears(FLOOR_HZ) > 0.01
        program.with_minus = False
        await until(lambda: one.hears(MINUS_HZ) < 0.001 and one.hears(FLOOR_HZ) < 0.001, what="silence")

        # keyframe requests of any viewer reach the encoder, at most once a second
        third = RehearsalGuest(loops["media"], player, video=three.video, audio=three.audio)
        await join(house, third, Offer("p3", "guest", await third.offer(), "c"))
        await until(lambda: len(three.pictures) > 5, what="third's picture")
        bus.key_requests.clear()
        for _ in range(40):
            for receiver in third.receivers:
                receiver.pli()
            await asyncio.sleep(0.05)
        times = [at for at, stream in bus.key_requests if stream == "return/h264"]
        assert 1 <= len(times) <= 3
        assert all(b - a > 0.95 for a, b in itertools.pairwise(times))

        for name in ("p1", "w", "p3"):
            house.send(ClosePeer(name))
        await until(lambda: bus.streams == (), what="nobody watches")
        for each in (guest, viewer, third):
            await each.close()
        running.cancel()


async def vp8_only(viewer: RehearsalGuest) -> list[str]:
    """The viewer's offer as Firefox makes it: no H.264."""
    return (await viewer.offer(mime="video/VP8")).split("\r\n")


async def test_new_bus_after_the_mixers_death(
    loops: dict[str, Loop], player: LoopPlayer, workers: tuple[DecoderPool, SoundPacer]
) -> None:
    async with ShardHouse() as house:
        first = house.bus()
        running = asyncio.create_task(FakeProgram(first, loops).run())
        seen = Viewer(workers)
        guest = RehearsalGuest(loops["media"], player, video=seen.video, audio=seen.audio)
        await join(house, guest, Offer("p1", "guest", await guest.offer(), "a"))
        await until(lambda: len(seen.pictures) > 5, what="picture")
        running.cancel()
        first.close()
        house.buses.remove(first)
        second = house.bus()
        running = asyncio.create_task(FakeProgram(second, loops).run())
        before = len(seen.pictures)
        await until(lambda: len(seen.pictures) > before + 10, what="picture of the new mixer")
        running.cancel()
        await guest.close()
