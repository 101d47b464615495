"""A storm of bad packets in simulated time: the same each time, and the guest's picture always comes back."""

import asyncio
import time

import pytest

from signaling.rtc.synthetic.loops import Loop, make_loop
from tests.support.peers.hostile import Hostile
from tests.support.peers.simulated import Call, simulate

SEEDS = (122, 1, 2, 3)
"""After storm 122 the guest's repairs had taken the last place of a stream, for good: no picture any more."""
BACK_S = 2.0
"""Till the picture is back: a keyframe, and what the guest itself sent under numbers to come, must be
over."""


@pytest.fixture(scope="module")
def media() -> Loop:
    return make_loop("Good", 0.3, seconds=2, size=(64, 36), tone_hz=440)


@pytest.mark.parametrize("named", [True, False], ids=["named", "not named"])
@pytest.mark.parametrize("seed", SEEDS)
def test_after_a_storm_the_picture_is_back(
    media: Loop, seed: int, named: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def storm() -> tuple[int, int]:
        call = Call(media, seed, named=named)
        await call.begin()
        await asyncio.sleep(0.4)
        before = len(call.shown)
        hostile = Hostile(call, call.answer, seed)
        await hostile.storm()
        hostile.behave()
        calm = time.monotonic() + BACK_S
        await asyncio.sleep(BACK_S + 1)
        call.end()
        return before, sum(shown > calm for shown in call.shown)

    before, after = simulate(storm, monkeypatch)
    assert before > 5
    assert after >= 29, f"seed {seed}: {after} pictures in the second after a storm was over"
