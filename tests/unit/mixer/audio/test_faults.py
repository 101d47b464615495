"""What is wrong with a microphone is named, what is right is not; and names go when it's good again."""

import numpy as np
import pytest
from numpy.typing import NDArray

from mixer.audio.strips.faults import CLIPPING, DC, HUM, ZEROS, FaultFinder
from mixer.contract.clock import RATE
from mixer.contract.names import SourceName, of_seat, of_source
from mixer.ipc.slot import Samples
from tests.support.media.mixing import tone
from tests.support.peers.speech import SENTENCES, speak

BLOCK = 960
NAME = of_seat("a")


def stereo(wave: NDArray[np.floating]) -> Samples:
    return np.stack((wave, wave), axis=1).astype(np.float32)


def noise(amplitude: float, seconds: float, seed: int = 1) -> Samples:
    return stereo(np.random.default_rng(seed).standard_normal(round(seconds * RATE)) * amplitude)


def told(finder: FaultFinder, sound: Samples, name: SourceName = NAME, whole: bool = True) -> list[str]:
    """The problem after each block."""
    codes = []
    for at in range(0, len(sound) - BLOCK + 1, BLOCK):
        planes = np.ascontiguousarray(sound[None, at : at + BLOCK].transpose(0, 2, 1))
        finder.process((name,), planes, [whole])
        codes.append(finder.problems.get(name, ""))
    return codes


def seconds_until(codes: list[str], code: str) -> float:
    return (codes.index(code) + 1) * BLOCK / RATE


@pytest.fixture(scope="module")
def voice() -> Samples:
    """Speech, peak 0.5, at least 8 s."""
    wave = speak(SENTENCES[:2]).wave
    return stereo(np.tile(wave, int(np.ceil(8 * RATE / len(wave)))))


def hum(mains_hz: float, amplitude: float, seconds: float, first: int = 1) -> Samples:
    at = np.arange(round(seconds * RATE)) / RATE
    parts = [np.sin(2 * np.pi * mains_hz * n * at + n) / n for n in (first, 2 * first, 3 * first, 4 * first)]
    return stereo(amplitude * np.sum(parts, axis=0))


def test_good_sound_has_no_problem(voice: Samples) -> None:
    """Speech, noise, tones, a missing writer, and a source that is silent."""
    at = np.arange(8 * RATE) / RATE
    melody = 0.2 * np.sin(2 * np.pi * 110 * 2 ** (np.floor(at * 3) % 12 / 12) * at)
    melody += 0.1 * np.sin(2 * np.pi * 55 * at)
    sounds = {
        "speech": voice,
        "noise": noise(0.1, 5),
        "loud noise": np.clip(noise(0.2, 5), -0.97, 0.97),
        "melody over a bass": stereo(melody),
        "a bass at 49 Hz": tone(0, 6 * RATE, 49.0, 0.5),
        "an organ at 110 Hz": hum(110.0, 0.2, 6),
        "440 Hz": tone(0, 6 * RATE, 440.0, 0.9),
        "1 kHz at full scale": tone(0, 6 * RATE, 1000.0, 1.0),
        "300 Hz": tone(0, 6 * RATE, 300.0, 0.3),
        "a quiet room": noise(1e-4, 6),
        "a low voice in 16 bits": stereo(np.round(tone(0, 6 * RATE, 75.0, 0.4)[:, 0] * 32767) / 32768),
    }
    for name, sound in sounds.items():
        assert set(told(FaultFinder(), sound)) == {""}, name
    silence = np.zeros((5 * RATE, 2), np.float32)
    assert set(told(FaultFinder(), silence, whole=False)) == {""}
    assert set(told(FaultFinder(), silence, of_source("bars"))) == {""}


def test_an_offset_is_named_after_a_second(voice: Samples) -> None:
    finder = FaultFinder()
    codes = told(finder, voice[: 3 * RATE] + np.float32(0.05))
    assert 1.0 <= seconds_until(codes, DC) <= 1.5
    good = told(finder, voice[: 5 * RATE])
    assert 2.0 <= seconds_until(good, "") <= 3.5
    assert good[-1] == ""
    assert set(told(FaultFinder(), voice[: 3 * RATE] + np.float32(0.01))) == {""}


@pytest.mark.parametrize("mains_hz", [50.0, 60.0])
@pytest.mark.parametrize("first", [1, 2])
@pytest.mark.parametrize("drift_hz", [0.0, 0.08])
def test_hum_is_named_after_three_seconds(mains_hz: float, first: int, drift_hz: float) -> None:
    """Of the mains and of a rectifier, also where the mains are off by a little, in a quiet room."""
    room = noise(0.01, 6)
    codes = told(FaultFinder(), hum(mains_hz + drift_hz, 0.1, 6, first) + room)
    assert 3.0 <= seconds_until(codes, HUM) <= 4.3


def test_hum_goes_when_it_is_gone(voice: Samples) -> None:
    finder = FaultFinder()
    assert told(finder, hum(50.0, 0.1, 5))[-1] == HUM
    good = told(finder, voice[: 5 * RATE])
    assert 2.0 <= seconds_until(good, "") <= 4.0
    assert good[-1] == ""


def test_hum_under_speech_is_still_hum(voice: Samples) -> None:
    """As long as it is there: else the high-pass would come and go with every sentence."""
    finder = FaultFinder()
    under = hum(50.0, 0.05, 12)
    under[5 * RATE :] += voice[: 7 * RATE]
    assert set(told(finder, under)[5 * 50 :]) == {HUM}


def test_clipping_is_named_at_once(voice: Samples) -> None:
    """Cut at full scale, and cut further down on the way; not speech that is merely loud."""
    for limit in (1.0, 0.5):
        finder = FaultFinder()
        clipped = np.clip(voice * 6, -1.0, 1.0) * np.float32(limit)
        codes = told(finder, clipped[: 4 * RATE])
        assert seconds_until(codes, CLIPPING) <= 1.5
        good = told(finder, voice[: 4 * RATE])
        assert 2.0 <= seconds_until(good, "") <= 3.5
    assert CLIPPING not in told(FaultFinder(), voice * np.float32(1.9))


@pytest.mark.parametrize("step", [0.0, 1 / 32768])
def test_zeros_are_named_after_three_seconds(step: float) -> None:
    """Plain, and as they come out of Opus: one step of 16 bits up and down."""
    finder, silence = FaultFinder(), np.zeros((4 * RATE, 2), np.float32)
    silence[::7] = step
    assert seconds_until(told(finder, silence), ZEROS) == pytest.approx(3.0, abs=0.05)
    assert 2.0 <= seconds_until(told(finder, noise(1e-4, 4)), "") <= 3.0


def test_sources_are_apart() -> None:
    """Each has its own; who leaves is forgotten."""
    finder = FaultFinder()
    sounds = {
        "seat/a": hum(60.0, 0.2, 5),
        "seat/b": noise(0.1, 5),
        "seat/c": np.zeros((5 * RATE, 2), np.float32),
    }
    for at in range(0, 5 * RATE, BLOCK):
        names = (of_seat("a"), of_seat("b")) if at < RATE else (of_seat("c"), of_seat("b"), of_seat("a"))
        block = np.stack([sounds[name][at : at + BLOCK].T for name in names])
        finder.process(names, np.ascontiguousarray(block), [True] * len(names))
    assert finder.problems == {"seat/a": HUM, "seat/c": ZEROS}
    finder.process((of_seat("b"),), np.zeros((1, 2, BLOCK), np.float32), [True])
    assert finder.problems == {}
