"""A guest that was let in sends rubbish for seconds: what the guests beside it lose by that is nothing."""

import asyncio
import time
from collections.abc import Callable

import pytest

from signaling.contract.messages import Answer, Offer, ShardReport
from signaling.rtc.synthetic.client import LoopPlayer, RehearsalGuest
from signaling.rtc.synthetic.loops import Loop, make_loop
from studio.contract.usage import proportional_bytes
from tests.support.peers.hostile import Hostile
from tests.support.peers.impaired import Beats, Ear, Noise, Watch, join
from tests.support.shard_harness import ShardHouse, until

pytestmark = pytest.mark.alone

STORM_S = 5.0
GAP_MS = 100
SEED = 20
GROWTH = 6 << 20
"""Bytes that a storm may leave behind: what the allocator keeps after seconds of work, not what was sent."""


@pytest.fixture(scope="module")
def media() -> Loop:
    """With a tone of its own all the time: where it is missing, sound is missing."""
    return make_loop("Good", 0.3, seconds=2, tone_hz=440)


async def test_a_storm_of_bad_packets_harms_nobody_else(media: Loop, player: LoopPlayer) -> None:
    async with ShardHouse() as house:
        bad_reader = house.slot("bad")
        readers = {seat: house.slot(seat) for seat in ("good-1", "good-2")}
        good = [RehearsalGuest(media, player) for _ in readers]
        for seat, guest in zip(readers, good, strict=True):
            await join(house, guest, seat, seat)
        bad = RehearsalGuest(media, player)
        answer = await house.answer(Offer("bad", "guest", await bad.offer(), "bad"))
        assert isinstance(answer, Answer), answer
        await bad.accept(answer.sdp)
        for each in (bad_reader, *readers.values()):
            await until(lambda reader=each: reader.serial > 30, what="pictures")  # type: ignore[misc]
        hostile = Hostile(bad, answer.sdp, seed=SEED)
        memory: list[int] = []

        async def storm(seconds: float) -> None:
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                await hostile.storm()

        one, two = readers.values()
        async with (
            Watch(one) as first,
            Watch(two) as second,
            Ear(one) as ear,
            Beats(house) as beats,
            Noise() as noise,
        ):
            await storm(STORM_S / 3)  # what the first attempts make once is no leak
            memory.append(await asyncio.to_thread(proportional_bytes, house.process.pid))
            await storm(STORM_S * 2 / 3)
            memory.append(await asyncio.to_thread(proportional_bytes, house.process.pid))
        assert house.process.poll() is None
        gaps = [max(watch.gaps_ms()) for watch in (first, second)]
        print(
            f"\nseed {SEED}: {hostile.sent} packets in {STORM_S:.0f} s; good pictures' longest gap, ms:", gaps
        )
        print(f"silence {ear.longest_silence_ms:.0f} ms, loop late by {beats.worst_lag_ms:.0f} ms at worst,")
        print(f"memory {(memory[1] - memory[0]) / 1e6:+.2f} MB; {noise}")
        limit_ms = GAP_MS + 2 * noise.ms
        assert max(gaps) < limit_ms
        assert ear.longest_silence_ms < limit_ms
        assert beats.worst_lag_ms < limit_ms
        assert memory[1] - memory[0] < GROWTH

        # it is judged by what it does now
        hostile.behave()
        before = bad_reader.serial
        await until(lambda: bad_reader.serial > before + 60, 8, "the bad one's picture is there again")
        await house.message(healthy("bad"), 8)
        for guest in (*good, bad):
            assert guest.connected
            await guest.close()


def healthy(seat: str) -> Callable[[object], bool]:
    def is_so(message: object) -> bool:
        return isinstance(message, ShardReport) and any(
            peer.seat == seat and peer.fps > 20 and not peer.problem.startswith("video.")
            for peer in message.peers
        )

    return is_so
