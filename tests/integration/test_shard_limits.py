"""What control wants of a guest's picture, held against what the guest sends: on a real shard."""

from collections.abc import Callable

import pytest

from signaling.contract.messages import Answer, Offer, PeerStats, ShardReport, UplinkTarget, UplinkTargets
from signaling.rtc.synthetic.client import LoopPlayer, RehearsalGuest
from signaling.rtc.synthetic.loops import Loop, make_loop
from tests.support.shard_harness import ShardHouse, until

pytestmark = pytest.mark.alone

FULL, SMALL = UplinkTarget(640, 360, 30, 900_000), UplinkTarget(160, 90, 5, 80_000)
NOTHING = UplinkTarget(0, 0, 0, 0)


@pytest.fixture(scope="module")
def media() -> Loop:
    return make_loop("Mayor", 0.3, seconds=1)


async def reported(house: ShardHouse, matches: Callable[[dict[str, PeerStats]], bool], what: str) -> None:
    """Wait for a report to come in which the seats' statistics are so."""
    start = len(house.received)

    def seen() -> bool:
        reports = [m for m in house.received[start:] if isinstance(m, ShardReport)]
        return any(matches({stats.seat: stats for stats in each.peers}) for each in reports)

    await until(seen, 15, what)


async def test_unseen_is_not_decoded_and_too_much_is_cut_and_named(media: Loop, player: LoopPlayer) -> None:
    async with ShardHouse() as house:
        readers = {seat: house.slot(seat) for seat in ("unseen", "greedy", "honest")}
        guests = {seat: RehearsalGuest(media, player) for seat in readers}
        for seat, guest in guests.items():
            answer = await house.answer(Offer(f"p-{seat}", "guest", await guest.offer(), seat))
            assert isinstance(answer, Answer), answer
            await guest.accept(answer.sdp)
        await until(lambda: all(reader.serial > 10 for reader in readers.values()), what="pictures")

        house.send(UplinkTargets({"unseen": NOTHING, "greedy": SMALL, "honest": FULL}))
        await reported(house, lambda seats: seats["unseen"].fps == 0 < seats["unseen"].bitrate, "unseen")
        stood, asked = readers["unseen"].serial, guests["unseen"].keyframe_requests
        await reported(house, lambda seats: seats["greedy"].problem == "video.over-limit", "named")
        await reported(house, lambda seats: 0 < seats["greedy"].fps < 20, "cut")
        await reported(house, lambda seats: seats["honest"].fps > 25, "the others")
        assert readers["unseen"].serial == stood
        assert guests["unseen"].keyframe_requests == asked

        house.send(UplinkTargets(dict.fromkeys(readers, FULL)))
        await until(lambda: guests["unseen"].keyframe_requests > asked, 2, "a keyframe asked for at once")
        await reported(
            house,
            lambda seats: all(seat.problem == "" and seat.fps > 25 for seat in seats.values()),
            "all are seen again",
        )
        for guest in guests.values():
            await guest.close()
