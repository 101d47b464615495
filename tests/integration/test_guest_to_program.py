"""A guest's whole way: WebRTC → the real shard → a slot → the real mixer → the programme's packets."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio
from av.video.frame import VideoFrame

from mixer.contract.clock import NS
from mixer.contract.messages import MixerReport, SlotOpened
from mixer.contract.names import of_seat, picture_stream, slot_of
from mixer.contract.plan import Rect, Tile
from signaling.contract.messages import Answer, Offer, ShardReport
from signaling.rtc.synthetic.client import LoopPlayer, RehearsalGuest
from signaling.rtc.synthetic.loops import Loop, make_loop
from tests.support.media.mixing import (
    RED,
    Guest,
    Mixer,
    Tap,
    colour_at,
    decoded,
    guests,
    is_colour,
    plan_of,
    small_config,
)
from tests.support.shard_harness import ShardHouse, until

pytestmark = pytest.mark.alone

VIDEO = picture_stream("program")
GOOD, BAD = Rect(0, 0, 320, 360), Rect(320, 0, 320, 360)


class Stage:
    """A programme of two tiles: on the left a guest without trouble, on the right the one under test."""

    def __init__(self, mixer: Mixer, shard: ShardHouse, tap: Tap) -> None:
        self.mixer, self.shard, self.tap = mixer, shard, tap
        self.begun = self.tick()

    async def join(self, guest: RehearsalGuest) -> None:
        answer = await self.shard.answer(Offer("p1", "guest", await guest.offer(), "bad"))
        assert isinstance(answer, Answer), answer
        await guest.accept(answer.sdp)
        await until(lambda: guest.connected, what="connected")

    async def state(self, state: str, deadline_s: float = 30.0) -> float:
        """Wait until the mixer says so of the guest; returns how long it took."""
        begun, seen = time.monotonic(), len(self.mixer.messages)

        def said() -> bool:
            new = self.mixer.messages[seen:]
            return any(isinstance(m, MixerReport) and m.sources.get(of_seat("bad")) == state for _, m in new)

        await until(said, deadline_s, state)
        return time.monotonic() - begun

    def frames(self) -> list[VideoFrame]:
        """The programme so far."""
        return decoded(self.tap.packets(VIDEO), header=self.tap.headers(VIDEO)[0])

    def tick(self) -> int:
        return (time.monotonic_ns() - self.mixer.config.epoch_ns) * 30 // NS

    async def assert_undisturbed(self) -> None:
        """No picture is missing but for a busy machine's late ticks; the other guest was always there."""
        upto = self.tick()
        await until(lambda: self.tap.packets(VIDEO)[-1].pts > upto, what="the programme goes on")
        frames = [frame for frame in self.frames() if frame.pts is not None and frame.pts >= self.begun]
        assert len(frames) > 0.95 * (upto - self.begun)
        assert all(is_colour(frame, 160, 180, RED) for frame in frames)


@pytest_asyncio.fixture
async def stage() -> AsyncIterator[Stage]:
    async with ShardHouse() as shard:
        mixer = await asyncio.to_thread(Mixer(small_config()).__enter__)
        try:
            good = mixer.open_slot(of_seat("good"))
            shard.slot("bad", 960, 540)
            mixer.send(SlotOpened(slot_of(of_seat("bad"))), (shard.descriptor("bad"),))
            tiles = (Tile(GOOD, of_seat("good")), Tile(BAD, of_seat("bad")))
            with guests(Guest(good, RED, 440.0)):
                await asyncio.to_thread(mixer.take, plan_of(1, tiles, (of_seat("good"), of_seat("bad"))))
                tap = mixer.tap(VIDEO)
                await until(lambda: is_red(tap), what="the good guest is there")
                yield Stage(mixer, shard, tap)
        finally:
            await asyncio.to_thread(mixer.__exit__, None, None, None)


def is_red(tap: Tap) -> bool:
    pictures = tap.packets(VIDEO)
    return bool(pictures) and is_colour(decoded(pictures, header=tap.headers(VIDEO)[0])[-1], 160, 180, RED)


async def test_a_camera_that_is_off_becomes_a_slate_and_comes_back(stage: Stage, player: LoopPlayer) -> None:
    (media,) = await loops_of((320, 180), codec="h264")
    guest = RehearsalGuest(media, player)
    await stage.join(guest)
    await stage.state("live")
    camera = next(sender for sender in guest.senders if sender.kind == "video")
    camera.loss = 1.0
    took = await stage.state("slate")
    assert 1.5 < took < 4.5, "after 2 s, and a report a second"
    heard = stage.mixer.reports()[-1].levels["seat/bad"]
    assert heard > -40, "the microphone is still on"
    camera.loss = 0.0
    await stage.state("live")
    await stage.assert_undisturbed()
    await guest.close()


@pytest.mark.soak
async def test_a_new_size_each_second(stage: Stage, player: LoopPlayer) -> None:
    """16×16, odd ones, both ways up, larger than the slot, and one too large: a slate at worst."""
    sizes = [(320, 180), (16, 16), (180, 320), (135, 241), (1920, 1080), (2048, 1152), (640, 360)]
    loops = await loops_of(*sizes)
    guest = RehearsalGuest(loops[0], player)
    await stage.join(guest)
    await stage.state("live")
    for size, media in zip(sizes, loops, strict=True):
        guest.change(media)
        begun = stage.tick()
        if size == (2048, 1152):
            await stage.shard.message(refused)
        else:
            wanted = (960, 540) if size == (1920, 1080) else size
            reader = stage.shard.readers["bad"]
            await until(shows(reader.take, wanted), what=str(size))
        await until(lambda b=begun: stage.tick() > b + 30, what="a second")  # type: ignore[misc]
    await stage.state("live")
    last = stage.frames()[-1]
    corners = [colour_at(last, x, y) for x, y in ((326, 6), (632, 6), (326, 352), (632, 352))]
    assert all(max(c[i] for c in corners) - min(c[i] for c in corners) < 30 for i in (1, 2)), "it is filled"
    await stage.assert_undisturbed()
    await guest.close()


async def loops_of(*sizes: tuple[int, int], codec: str = "vp8") -> list[Loop]:
    """Encoded on a thread of its own: it takes a while."""

    def make() -> list[Loop]:
        return [make_loop("", 0.6, seconds=1, size=size, codec=codec, bitrate=300_000) for size in sizes]

    return await asyncio.to_thread(make)


def refused(message: object) -> bool:
    return isinstance(message, ShardReport) and any(p.problem == "video.too-large" for p in message.peers)


def shows(take: Callable[[int], object], wanted: tuple[int, int]) -> Callable[[], bool]:
    def check() -> bool:
        taken = take(1 << 62)
        picture = getattr(taken, "picture", None)
        return picture is not None and (picture.width, picture.height) == wanted

    return check
