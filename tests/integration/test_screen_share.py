"""A guest shares a screen beside the camera: real ICE, DTLS and SRTP against the real shard process."""

import time

import pytest

from signaling.contract.messages import PeerStats, ShardReport, UplinkTarget, UplinkTargets
from signaling.rtc.synthetic.client import SCREEN_FPS, LoopPlayer, RehearsalGuest
from signaling.rtc.synthetic.loops import Loop, make_loop
from tests.integration.test_shard_guests import join
from tests.support.shard_harness import ShardHouse, until

pytestmark = pytest.mark.alone

FULL = UplinkTarget(1920, 1080, 10, 2_500_000)
CAMERA = UplinkTarget(640, 360, 30, 900_000)
SOUND_BITRATE = 64_000


@pytest.fixture(scope="module")
def loops() -> dict[str, Loop]:
    return {
        "camera": make_loop("Mayor 1", 0.0, seconds=1),
        "screen": make_loop("Slides", 0.3, seconds=1, size=(1920, 1080), bitrate=1_500_000),
    }


def newest(house: ShardHouse) -> PeerStats:
    reports = [m.peers[0] for m in house.received if isinstance(m, ShardReport) and m.peers]
    return reports[-1] if reports else PeerStats("")


async def test_a_screen_comes_in_full_beside_the_camera(loops: dict[str, Loop], player: LoopPlayer) -> None:
    async with ShardHouse() as house:
        camera, screen = house.slot("mayor-1"), house.screen_slot("mayor-1")
        house.send(UplinkTargets({"mayor-1": CAMERA}, screens={"mayor-1": FULL}))
        guest = RehearsalGuest(loops["camera"], player, screen=loops["screen"])
        await join(house, guest, "p1", "mayor-1")
        await until(lambda: camera.serial > 20 and screen.serial > 5, what="both pictures")
        seen, shared = camera.take(1 << 62), screen.take(1 << 62)
        assert seen is not None
        assert shared is not None
        assert (seen.picture.width, seen.picture.height) == (640, 360)
        assert (shared.picture.width, shared.picture.height) == (1920, 1080)
        # the loops' own colours: neither stands in the other's place
        assert float(seen.picture.v.mean()) > 140 > float(shared.picture.v.mean())

        await until(lambda: newest(house).screen_fps > SCREEN_FPS - 2, what="a report of the screen")
        stats = newest(house)
        assert stats.sharing
        assert (stats.screen_width, stats.screen_height) == (1920, 1080)
        assert stats.screen_fps < SCREEN_FPS + 2
        assert (stats.width, stats.height, stats.problem) == (640, 360, "")
        # one transport, one cap: what the camera, the screen and the sound may have together
        expected = CAMERA.bitrate + FULL.bitrate + SOUND_BITRATE
        await until(
            lambda: all(abs(s.remb - expected) < 0.01 * expected for s in guest.senders), what="the cap"
        )
        # no return feed in the screen's section
        assert guest.receivers[2].reception is None
        assert time.monotonic_ns() - screen.heartbeat_ns < 500_000_000

        guest.share(None)
        await until(lambda: not newest(house).sharing, what="the end of sharing")
        expected = CAMERA.bitrate + SOUND_BITRATE
        await until(lambda: abs(guest.senders[0].remb - expected) < 0.01 * expected, what="the old cap")
        assert (newest(house).screen_width, newest(house).screen_fps) == (0, 0.0)
        # without its heartbeat the mixer shows the slate, and doesn't hold the last picture for ever
        await until(lambda: time.monotonic_ns() - screen.heartbeat_ns > 1_000_000_000, what="no heartbeat")
        before, camera_before = screen.serial, camera.serial
        assert time.monotonic_ns() - camera.heartbeat_ns < 500_000_000

        guest.share(loops["screen"])
        await until(lambda: screen.serial > before + 5, what="the screen again, without a new offer")
        assert camera.serial > camera_before
        await until(lambda: newest(house).sharing, what="sharing again")
        await guest.close()


async def test_what_is_lost_of_a_screen_is_sent_again(loops: dict[str, Loop], player: LoopPlayer) -> None:
    """Repairs have the same payload types in both sections: only their SSRCs tell them apart."""
    async with ShardHouse() as house:
        house.slot("mayor-1")
        screen = house.screen_slot("mayor-1")
        house.send(UplinkTargets({"mayor-1": CAMERA}, screens={"mayor-1": FULL}))
        guest = RehearsalGuest(loops["camera"], player, screen=loops["screen"])
        await join(house, guest, "p1", "mayor-1")
        guest.senders[2].loss = 0.05
        await until(lambda: screen.serial > 3, what="the screen")
        began, first = time.monotonic(), screen.serial
        many = 40
        await until(
            lambda: guest.senders[2].resent > 8 and screen.serial - first >= many, what="packets sent again"
        )
        # Without them every second or third picture, and all up to the next keyframe, would be missing;
        # what is lost twice costs half a second.
        shown = (screen.serial - first) / (time.monotonic() - began)
        assert shown > 0.7 * SCREEN_FPS
        assert newest(house).problem == ""
        await guest.close()
