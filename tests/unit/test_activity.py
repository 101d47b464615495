"""Voice activity: how fast, how long, above what."""

import numpy as np
import pytest

from mixer.audio.activity import Activity, Hold, levels_db
from mixer.slot import Samples
from tests.mixing import tone

BLOCK = 960
SECOND = 50


def noise(blocks: int, rms_db: float, seed: int = 1) -> Samples:
    """(blocks, n, 2) of white noise."""
    rng = np.random.default_rng(seed)
    return (rng.normal(size=(blocks, BLOCK, 2)) * 10 ** (rms_db / 20)).astype(np.float32)


def tones(blocks: int, level: float, hz: float = 440.0) -> Samples:
    return tone(0, blocks * BLOCK, hz, level).reshape(blocks, BLOCK, 2)


def speaking(*parts: Samples) -> list[bool]:
    """Block after block of one source."""
    activity = Activity()
    return [bool(activity.block(("a",), block[None])[0]) for block in np.concatenate(parts)]


def test_levels_are_rms_without_dc() -> None:
    sounds = np.stack((tones(1, 1.0)[0], tones(1, 0.1)[0], np.full((BLOCK, 2), 0.5, np.float32)))
    assert levels_db(sounds) == pytest.approx([-3.0, -23.0, -100.0], abs=0.1)
    assert len(levels_db(sounds[:0])) == 0


def test_it_takes_40_ms() -> None:
    silence = np.zeros((10, BLOCK, 2), np.float32)
    flags = speaking(silence, tones(10, 0.1), silence)
    assert flags.index(True) == 11
    assert flags[11:20] == [True] * 9
    assert not any(flags[20:])


def test_one_block_is_a_click_and_no_word() -> None:
    silence = np.zeros((5, BLOCK, 2), np.float32)
    assert not any(speaking(silence, tones(1, 0.5), silence))


@pytest.mark.parametrize("room_db", [-90.0, -65.0, -50.0])
def test_a_room_is_no_speech_and_speech_in_it_is(room_db: float) -> None:
    room = noise(10 * SECOND, room_db)
    words = noise(SECOND, room_db, 2) + tones(SECOND, 10 ** ((max(room_db, -60.0) + 20) / 20))
    flags = speaking(room, words, noise(SECOND, room_db, 3))
    assert not any(flags[8 * SECOND : 10 * SECOND])
    assert all(flags[10 * SECOND + 2 : 11 * SECOND])
    assert not any(flags[11 * SECOND :])


def test_a_steady_loud_tone_stays_speech() -> None:
    """A singer's note, a test tone: the noise floor doesn't rise to meet it."""
    assert all(speaking(tones(60 * SECOND, 10 ** (-30 / 20)))[2:])


def test_a_fan_that_starts_is_forgotten_after_some_seconds() -> None:
    flags = speaking(noise(2 * SECOND, -80.0), noise(12 * SECOND, -48.0))
    assert flags[2 * SECOND + 5]
    assert not any(flags[-SECOND:])


def test_sources_are_told_apart_when_others_come_and_go() -> None:
    activity = Activity()
    loud, silent = tones(1, 0.3)[0], np.zeros((BLOCK, 2), np.float32)
    for _ in range(3):
        assert activity.block(("a", "b"), np.stack((silent, loud))).shape == (2,)
    assert activity.block(("b", "c", "a"), np.stack((loud, loud, silent))).tolist() == [True, False, False]
    assert activity.block((), np.zeros((0, BLOCK, 2), np.float32)).shape == (0,)


def test_hold_goes_on_for_so_long() -> None:
    hold = Hold()
    assert hold.block(("a", "b"), np.array([True, False]), 3).tolist() == [True, False]
    for _ in range(3):
        assert hold.block(("b", "a"), np.array([False, False]), 3).tolist() == [False, True]
    assert not hold.block(("b", "a"), np.array([False, False]), 3).any()
