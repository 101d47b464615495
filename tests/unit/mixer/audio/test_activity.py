"""Voice activity: how fast, how long, above what."""

import numpy as np
import pytest

from mixer.audio.measuring.activity import Activity, Hold, levels_db
from mixer.contract.clock import RATE
from mixer.contract.names import SourceName
from mixer.ipc.slot import Samples
from tests.support.media.mixing import tone

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
    return [bool(activity.block((SourceName("a"),), block[None])[0]) for block in np.concatenate(parts)]


def test_levels_are_rms_without_dc() -> None:
    sounds = np.stack((tones(1, 1.0)[0], tones(1, 0.1)[0], np.full((BLOCK, 2), 0.5, np.float32)))
    assert levels_db(sounds) == pytest.approx([-3.0, -23.0, -100.0], abs=0.1)
    assert len(levels_db(sounds[:0])) == 0


def test_it_takes_60_ms() -> None:
    silence = np.zeros((10, BLOCK, 2), np.float32)
    flags = speaking(silence, tones(10, 0.1), silence)
    assert flags.index(True) == 12
    assert flags[12:20] == [True] * 8
    assert not any(flags[20:])


def test_a_key_that_is_struck_is_no_word() -> None:
    """However loud, and across the edge of two blocks, eight times a second."""
    room = noise(4 * SECOND, -65.0).reshape(-1, 2)
    for at in range(10 * BLOCK - 480, len(room), RATE // 8):
        room[at : at + 900] += noise(1, -30.0, at)[0, :900][: len(room) - at]
    assert not any(speaking(room.reshape(-1, BLOCK, 2)))


def test_a_breath_between_words_is_no_word_and_a_soft_voice_is() -> None:
    """Breaths at −54 dBFS of somebody who speaks at −26; and somebody who never speaks up at all."""
    quiet, breath = noise(SECOND // 2, -68.0), noise(SECOND // 2, -54.0, 2)
    said = [part for _ in range(6) for part in (noise(2 * SECOND, -26.0, 3), quiet, breath, quiet)]
    flags = np.array(speaking(quiet, *said)[SECOND // 2 :]).reshape(6, -1)
    assert not flags[:, 2 * SECOND + 1 :].any()
    assert flags[:, 3 : 2 * SECOND].all()
    soft = noise(SECOND, -48.0, 4)
    assert all(speaking(noise(5 * SECOND, -68.0), soft, quiet, soft)[5 * SECOND + 3 : 6 * SECOND])


@pytest.mark.parametrize("room_db", [-90.0, -65.0, -50.0])
def test_a_room_is_no_speech_and_speech_in_it_is(room_db: float) -> None:
    room = noise(10 * SECOND, room_db)
    words = noise(SECOND, room_db, 2) + tones(SECOND, 10 ** ((max(room_db, -60.0) + 20) / 20))
    flags = speaking(room, words, noise(SECOND, room_db, 3))
    assert not any(flags[8 * SECOND : 10 * SECOND])
    assert all(flags[10 * SECOND + 3 : 11 * SECOND])
    assert not any(flags[11 * SECOND :])


def test_a_steady_loud_tone_stays_speech() -> None:
    """A singer's note, a test tone: the noise floor doesn't rise to meet it."""
    assert all(speaking(tones(60 * SECOND, 10 ** (-30 / 20)))[3:])


def test_a_fan_that_starts_is_forgotten_after_some_seconds() -> None:
    flags = speaking(noise(2 * SECOND, -80.0), noise(12 * SECOND, -48.0))
    assert flags[2 * SECOND + 5]
    assert not any(flags[-SECOND:])


def test_sources_are_told_apart_when_others_come_and_go() -> None:
    activity = Activity()
    loud, silent = tones(1, 0.3)[0], np.zeros((BLOCK, 2), np.float32)
    for _ in range(4):
        assert activity.block((SourceName("a"), SourceName("b")), np.stack((silent, loud))).shape == (2,)
    assert activity.block(
        (SourceName("b"), SourceName("c"), SourceName("a")), np.stack((loud, loud, silent))
    ).tolist() == [True, False, False]
    assert activity.block((), np.zeros((0, BLOCK, 2), np.float32)).shape == (0,)


def test_hold_goes_on_for_so_long() -> None:
    hold = Hold()
    assert hold.block(("a", "b"), np.array([True, False]), 3).tolist() == [True, False]
    for _ in range(3):
        assert hold.block(("b", "a"), np.array([False, False]), 3).tolist() == [False, True]
    assert not hold.block(("b", "a"), np.array([False, False]), 3).any()
