"""Our meter against FFmpeg's ``ebur128`` on the same material, and against what the standards' cases ask for.

The cases are synthesised after the descriptions in EBU Tech 3341 (stereo tones of 1 kHz, gating, true peak)
and EBU Tech 3342 (loudness range).
"""

import time

import numpy as np
import pytest

from mixer.audio.measuring.loudness import SILENT, Loudness, LoudnessMeter
from mixer.contract.clock import RATE
from mixer.ipc.slot import Samples
from tests.support.media.ebur128 import measured

Levels = tuple[tuple[float, float], ...]
"""(dBFS, seconds) of successive tones."""


def tones(levels: Levels, hz: float = 1000.0) -> Samples:
    envelope = np.concatenate([np.full(round(s * RATE), 10 ** (db / 20)) for db, s in levels])
    wave = envelope * np.sin(2 * np.pi * hz / RATE * np.arange(len(envelope)))
    return np.stack((wave, wave), axis=1).astype(np.float32)


def ours(samples: Samples, block: int = 4800) -> tuple[Loudness, list[float], list[float]]:
    """The end, and momentary and short-term each 100 ms."""
    meter = LoudnessMeter()
    momentary, short_term = [], []
    for at in range(0, len(samples) - block + 1, block):
        meter.process(samples[None, at : at + block], ("bus",))
        if (at + block) % 4800 == 0:
            now = meter.read("bus")
            momentary.append(now.momentary)
            short_term.append(now.short_term)
    return meter.read("bus"), momentary, short_term


INTEGRATED: dict[str, tuple[Levels, float]] = {
    "3341-1": (((-23.0, 20.0),), -23.0),
    "3341-2": (((-33.0, 20.0),), -33.0),
    "3341-3": (((-36.0, 10.0), (-23.0, 60.0), (-36.0, 10.0)), -23.0),
    "3341-4": (((-72.0, 10.0), (-36.0, 10.0), (-23.0, 60.0), (-36.0, 10.0), (-72.0, 10.0)), -23.0),
    "3341-5": (((-26.0, 20.0), (-20.0, 20.1), (-26.0, 20.0)), -23.0),
    "3341-9": (((-20.0, 1.34), (-30.0, 1.66)) * 5, -23.0),
    "3341-12": (((-20.0, 0.18), (-30.0, 0.22)) * 25, -23.0),
}


@pytest.mark.parametrize("case", INTEGRATED)
def test_the_cases_of_tech_3341(case: str) -> None:
    levels, target = INTEGRATED[case]
    sound = tones(levels)
    reference = measured(sound)
    end, momentary, short_term = ours(sound)
    assert end.integrated == pytest.approx(target, abs=0.1)
    assert end.integrated == pytest.approx(reference.integrated, abs=0.1)
    filled = slice(30, min(len(momentary), len(reference.momentary)))
    np.testing.assert_allclose(momentary[filled], reference.momentary[filled], atol=0.1)
    np.testing.assert_allclose(short_term[filled], reference.short_term[filled], atol=0.1)
    if case in ("3341-1", "3341-2"):
        assert min(momentary[30:] + short_term[30:]) == pytest.approx(target, abs=0.1)
        assert max(momentary[30:] + short_term[30:]) == pytest.approx(target, abs=0.1)
    if case == "3341-9":
        assert short_term[30:] == pytest.approx([-23.0] * len(short_term[30:]), abs=0.1)
    if case == "3341-12":
        assert momentary[10:] == pytest.approx([-23.0] * len(momentary[10:]), abs=0.1)


RANGE: dict[str, tuple[Levels, float]] = {
    "3342-1": (((-20.0, 20.0), (-30.0, 20.0)), 10.0),
    "3342-2": (((-20.0, 20.0), (-15.0, 20.0)), 5.0),
    "3342-3": (((-40.0, 20.0), (-20.0, 20.0)), 20.0),
    "3342-4": (((-50.0, 20.0), (-35.0, 20.0), (-20.0, 20.0), (-35.0, 20.0), (-50.0, 20.0)), 15.0),
}


@pytest.mark.parametrize("case", RANGE)
def test_the_cases_of_tech_3342(case: str) -> None:
    levels, target = RANGE[case]
    sound = tones(levels)
    end, _, _ = ours(sound)
    assert end.range_lu == pytest.approx(target, abs=1.0)  # the standard's own tolerance
    assert end.range_lu == pytest.approx(measured(sound).range_lu, abs=0.1)


def steady(hz: float, degrees: float, amplitude: float, seconds: float = 1.0) -> Samples:
    """A tone that fades in and out, so that only its own peaks count."""
    at = np.arange(round(seconds * RATE))
    fade = np.clip(np.minimum(at, at[::-1]) / 4800, 0, 1)
    wave = amplitude * fade * np.sin(2 * np.pi * hz / RATE * at + np.radians(degrees))
    return np.stack((wave, wave * 0.5), axis=1).astype(np.float32)


def mixture(seed: int, gain: float) -> Samples:
    """Noise whose spectrum falls towards the top, as that of speech and music does."""
    rng = np.random.default_rng(seed)
    spectrum = np.fft.rfft(rng.standard_normal((3 * RATE, 2)), axis=0)
    hz = np.fft.rfftfreq(3 * RATE, 1 / RATE)[:, None]
    wave = np.fft.irfft(spectrum / np.sqrt(1 + (hz / 500) ** 2), axis=0)
    sound: Samples = (wave / np.abs(wave).max() * gain).astype(np.float32)
    return sound


TRUE_PEAK: dict[str, tuple[Samples, float | None]] = {
    "3341-15": (steady(RATE / 4, 0.0, 0.5), -6.0),
    "3341-16": (steady(RATE / 4, 45.0, 0.5), -6.0),
    "3341-17": (steady(RATE / 6, 60.0, 0.5), -6.0),
    "3341-18": (steady(RATE / 8, 67.5, 0.5), -6.0),
    "3341-19": (steady(RATE / 4, 45.0, 1.41), 3.0),
    "3341-20": (steady(RATE / 4 * 0.999, 0.0, 0.5), -6.0),
    "a low tone": (steady(997.0, 10.0, 0.9), -0.9),
    "6 kHz": (steady(6000.0, 33.0, 0.7), -3.1),
    "noise": (mixture(1, 0.9), None),
    "louder noise": (mixture(2, 1.5), None),
}


@pytest.mark.parametrize("case", TRUE_PEAK)
def test_true_peaks(case: str) -> None:
    """Within 0.2 dB of FFmpeg's, and within what Tech 3341 allows (+0.2/−0.4 dB) of the truth."""
    sound, truth = TRUE_PEAK[case]
    end, _, _ = ours(sound)
    assert end.true_peak == pytest.approx(measured(sound, true_peak=True).true_peak, abs=0.2)
    if truth is not None:
        assert truth - 0.4 <= end.true_peak <= truth + 0.2


def test_real_material_agrees_too() -> None:
    """Loudness that moves, noise with a spectrum, channels that differ, blocks as the mixer has them."""
    rng = np.random.default_rng(3)
    parts = [mixture(seed, gain) for seed, gain in zip(range(10, 18), rng.uniform(0.02, 0.9, 8), strict=True)]
    parts.insert(4, np.zeros((2 * RATE, 2), np.float32))
    sound = np.concatenate(parts)
    sound[:, 1] *= np.float32(0.6)
    reference = measured(sound, true_peak=True)
    end, momentary, short_term = ours(sound, 960)
    assert end.integrated == pytest.approx(reference.integrated, abs=0.1)
    assert end.range_lu == pytest.approx(reference.range_lu, abs=0.1)
    assert end.true_peak == pytest.approx(reference.true_peak, abs=0.2)
    loud = [at for at, value in enumerate(reference.momentary) if at >= 30 and value > -70]
    assert [momentary[at] for at in loud] == pytest.approx([reference.momentary[at] for at in loud], abs=0.1)
    assert [short_term[at] for at in loud] == pytest.approx(
        [reference.short_term[at] for at in loud], abs=0.1
    )


def test_buses_are_apart_and_are_reset_one_by_one() -> None:
    """What a bus is told doesn't depend on which other buses there are, come or go."""
    meter, loud, soft = LoudnessMeter(), tones(((-20.0, 4.0),)), tones(((-30.0, 4.0),))
    for at in range(0, len(loud), 960):
        names = ("floor", "ko") if at < 2 * RATE else ("en", "ko", "floor")
        sounds = {"floor": loud, "ko": soft, "en": loud}
        meter.process(np.stack([sounds[name][at : at + 960] for name in names]), names)
    assert meter.read("floor").integrated == pytest.approx(-20.0, abs=0.1)
    assert meter.read("ko").integrated == pytest.approx(-30.0, abs=0.1)
    assert meter.read("en").integrated == pytest.approx(-20.0, abs=0.1)
    meter.reset("ko")
    now = meter.read("ko")
    assert (now.integrated, now.true_peak, now.range_lu) == (SILENT, SILENT, 0.0)
    assert now.momentary == pytest.approx(-30.0, abs=0.1)
    assert meter.read("floor").integrated == pytest.approx(-20.0, abs=0.1)
    assert meter.read("nowhere") == Loudness()


def test_the_loudness_after_a_reset_is_that_of_what_follows() -> None:
    meter, sound = LoudnessMeter(), tones(((-10.0, 3.0), (-30.0, 3.0)))
    for at in range(0, len(sound), 960):
        if at == 3 * RATE:
            meter.reset("floor")
        meter.process(sound[None, at : at + 960], ("floor",))
    assert meter.read("floor").integrated == pytest.approx(-30.0, abs=0.1)


def test_ten_hours_take_no_more_room_than_ten_seconds() -> None:
    """Every array of the meter keeps its size: the past is in histograms."""
    meter, sound = LoudnessMeter(), mixture(5, 0.5)

    def room() -> int:
        return sum(value.nbytes for value in vars(meter).values() if isinstance(value, np.ndarray))

    meter.process(sound[None, :4800], ("floor",))
    before, began = room(), time.process_time()
    for at in range(0, len(sound), 4800):
        meter.process(sound[None, at : at + 4800], ("floor",))
    assert room() == before
    assert time.process_time() - began < 5
