"""The decoder pool and what leads to it: nothing is decoded that nobody will see, or that is not allowed."""

import asyncio
import itertools
import threading
import time
from collections.abc import Iterator, Sequence

import pytest

from mixer.contract.picture import Picture
from signaling.contract.messages import UplinkTarget
from signaling.rtc.synthetic.loops import Loop, make_loop
from signaling.rtc.timeline import LipSync
from signaling.rtc.transport.rtp import Rtp
from signaling.rtc.video.allowance import FOLLOW_NS, TOLERANCE
from signaling.rtc.video.bitstream import depayload_h264
from signaling.rtc.video.decode import MAX_QUEUE, DecoderPool, Lane
from signaling.rtc.video.picture_in import OVER_KEY_GAP_NS, OVER_LIMIT, PictureStream
from signaling.rtc.video.video_jitter import MAX_LATE
from tests.support.shard_harness import until

MS = 1_000_000
S = 1000 * MS


@pytest.fixture(scope="module")
def media() -> Loop:
    """640×360 at 30 fps with a keyframe each 15 pictures."""
    return make_loop("Mayor", 0.3, seconds=1)


@pytest.fixture
def pool() -> Iterator[DecoderPool]:
    pool = DecoderPool(1)
    yield pool
    pool.close()


def frame(media: Loop, number: int) -> tuple[bytes, bool]:
    entry = media.video[number % len(media.video)]
    return b"".join(depayload_h264(payload).data for payload in entry.payloads), entry.key


class Held:
    """A lane of a pool of one thread, which stands still inside ``with``."""

    def __init__(self, pool: DecoderPool, media: Loop) -> None:
        self.shown: list[tuple[int, int]] = []
        self.troubles: list[str] = []
        self._media = media
        self._entered, self._go = threading.Event(), threading.Event()
        self._other = Lane(pool, "h264", self._hold, self.troubles.append)
        self.lane = Lane(pool, "h264", self._take, self.troubles.append)

    def _hold(self, picture: Picture, pts_ns: int, arrived_ns: int) -> None:
        self._entered.set()
        assert self._go.wait(10)

    def _take(self, picture: Picture, pts_ns: int, arrived_ns: int) -> None:
        self.shown.append((pts_ns, arrived_ns))

    def offer(self, number: int, pts_ns: int) -> bool:
        data, key = frame(self._media, number)
        return self.lane.offer(data, pts_ns, number, key)

    def __enter__(self) -> None:
        self._other.offer(frame(self._media, 0)[0], 0, 0)
        assert self._entered.wait(10)

    def __exit__(self, *_: object) -> None:
        self._go.set()


async def test_what_a_keyframe_has_overtaken_is_not_decoded(pool: DecoderPool, media: Loop) -> None:
    held = Held(pool, media)
    with held:
        for number in range(12, 18):
            assert held.offer(number, number)
    await until(lambda: len(held.shown) == 3, 5, "the pictures from the keyframe on")
    assert held.shown == [(15, 15), (16, 16), (17, 17)]
    assert (held.lane.skipped, held.troubles) == (3, [])


async def test_what_will_still_be_seen_is_decoded(pool: DecoderPool, media: Loop) -> None:
    held, due = Held(pool, media), time.monotonic_ns() + 60 * S
    with held:
        for number in (0, 1, 2, 15, 16):
            assert held.offer(number, due)
    await until(lambda: len(held.shown) == 5, 5, "all pictures")
    assert held.lane.skipped == 0


async def test_a_full_queue_goes_on_at_its_keyframe_or_needs_one(pool: DecoderPool, media: Loop) -> None:
    held, due = Held(pool, media), time.monotonic_ns() + 60 * S
    with held:
        assert all(held.offer(number, due) for number in range(13, 13 + MAX_QUEUE))
        assert held.offer(13 + MAX_QUEUE, due)  # 15 is a keyframe: what is before it makes room
        assert held.lane.skipped == 2
        assert held.offer(22, due)
        assert not held.offer(23, due)
        assert held.offer(30, due)
    await until(lambda: bool(held.shown), 5, "the new keyframe")
    assert [arrived for _, arrived in held.shown] == [30]


class Guest:
    """A picture stream fed with a loop on a clock of its own; what it asks for, and what it shows."""

    def __init__(self, pool: DecoderPool, media: Loop) -> None:
        self.now_ns = time.monotonic_ns()
        self.sync = LipSync()
        self.stream = PictureStream(pool, self.sync, self._shown, lambda: self.now_ns)
        self.stream.bind(self)
        self.shown: list[int] = []
        self.asked: list[int] = []
        self._media = media
        self.seq = self._number = 0

    def nack(self, lost: Sequence[int]) -> None:
        raise AssertionError("nothing was lost")

    def pli(self) -> None:
        self.asked.append(self.now_ns)

    def _shown(self, picture: Picture, pts_ns: int, arrived_ns: int) -> None:
        self.shown.append(arrived_ns)

    async def send(self, pictures: int) -> None:
        """So many pictures, each decoded before the next one comes."""
        for _ in range(pictures):
            entry = self._media.video[self._number % len(self._media.video)]
            for index, payload in enumerate(entry.payloads):
                marker = index == len(entry.payloads) - 1
                stamp = self._number * 3000
                self.stream.push(Rtp(97, marker, self.seq & 0xFFFF, stamp, 1, payload), "h264", self.now_ns)
                self.seq += 1
            await self._idle()
            self._number += 1
            self.now_ns += S // 30

    def pad(self, packets: int) -> None:
        """Packets of nothing but padding, with the timestamp of the last picture."""
        for _ in range(packets):
            stamp = max(0, self._number - 1) * 3000
            self.stream.push(Rtp(97, False, self.seq & 0xFFFF, stamp, 1, b""), "h264", self.now_ns)
            self.seq += 1

    async def _idle(self) -> None:
        lane = self.stream.lane
        assert lane is not None
        async with asyncio.timeout(5):
            while lane._busy:
                await asyncio.sleep(0.0005)


async def test_whom_nobody_sees_is_not_decoded_and_comes_back_with_a_keyframe(
    pool: DecoderPool, media: Loop
) -> None:
    guest = Guest(pool, media)
    await guest.send(10)
    assert len(guest.shown) == 10
    guest.stream.aim(UplinkTarget(0, 0, 0, 0))
    asked = len(guest.asked)
    await guest.send(33)
    assert (len(guest.shown), guest.stream.frames) == (10, 43)  # counted, in order, and that is all
    assert len(guest.asked) == asked
    guest.stream.aim(UplinkTarget(640, 360, 30, 0))
    assert len(guest.asked) == asked + 1  # at once
    await guest.send(17)  # pictures 43 and 44 hang on what was not decoded; 45 is a keyframe
    assert len(guest.shown) == 10 + 15
    guest.stream.close()


async def test_padding_between_pictures_is_neither_a_loss_nor_rubbish(pool: DecoderPool, media: Loop) -> None:
    guest = Guest(pool, media)
    for number in range(1, 21):
        await guest.send(1)
        guest.pad(3)
        assert (len(guest.shown), guest.stream.frames, guest.stream.problem) == (number, number, "")
    assert len(guest.asked) <= 1  # the first picture's
    guest.now_ns += 3 * S
    guest.pad(1)
    assert guest.sync.picture.resets == 0, "late padding is no clock that jumped"
    guest.stream.close()


async def test_old_packets_that_probe_the_path_are_no_new_stream(pool: DecoderPool, media: Loop) -> None:
    guest = Guest(pool, media)
    await guest.send(240)
    assert guest.seq > MAX_LATE + 5
    asked = len(guest.asked)
    for seq in range(5):
        old = Rtp(97, True, seq, 0, 1, media.video[0].payloads[0], True)
        guest.stream.push(old, "h264", guest.now_ns)
    await guest.send(20)
    assert (len(guest.shown), len(guest.asked), guest.sync.picture.resets) == (260, asked, 0)
    guest.stream.close()


async def test_a_sender_over_its_limits_is_decoded_as_far_as_allowed_and_named(
    pool: DecoderPool, media: Loop
) -> None:
    guest = Guest(pool, media)
    target = UplinkTarget(320, 180, 30, 0)
    guest.stream.aim(target)
    await guest.send(30)
    assert (len(guest.shown), guest.stream.problem) == (30, "")  # it needs a while to hear of it
    guest.now_ns += FOLLOW_NS
    asked, began = len(guest.asked), guest.now_ns
    await guest.send(30 * 12)
    assert guest.stream.problem == OVER_LIMIT
    allowed = TOLERANCE * 320 * 180 * 30 / (640 * 360)
    assert 8 * allowed < len(guest.shown) - 30 <= allowed * (12 + 2) + 1
    asked_at = guest.asked[asked:]
    assert 3 < len(asked_at) <= 13
    assert all(b - a >= OVER_KEY_GAP_NS for a, b in itertools.pairwise(asked_at))
    assert max(b - a for a, b in zip(guest.shown, guest.shown[1:], strict=False) if a > began) < 2 * S
    guest.stream.aim(UplinkTarget(640, 360, 30, 0))
    await guest.send(15)
    assert guest.stream.problem == OVER_LIMIT
    before = len(guest.shown)
    await guest.send(75)
    assert guest.stream.problem == ""
    assert len(guest.shown) == before + 75
    guest.stream.close()


async def test_a_new_stream_with_each_packet_is_no_flood_of_requests(pool: DecoderPool, media: Loop) -> None:
    guest = Guest(pool, media)
    for number in range(1000):
        payload = media.video[1].payloads[0]
        guest.stream.push(Rtp(97, False, number, 0, number, payload), "h264", guest.now_ns)
        guest.now_ns += MS
    assert 5 <= len(guest.asked) <= 10
    guest.stream.close()


async def test_the_time_of_arrival_goes_with_the_picture(pool: DecoderPool, media: Loop) -> None:
    guest = Guest(pool, media)
    began = guest.now_ns
    await guest.send(3)
    assert guest.shown == [began + n * (S // 30) for n in range(3)]
    guest.stream.close()
