"""The strips in numbers: curves, times, loudness, and no click at any change."""

from collections.abc import Callable

import numpy as np
import pytest

from mixer.audio.measuring.loudness import LoudnessMeter
from mixer.audio.strips.desk import DC_HZ, Desk
from mixer.audio.strips.filters import FilterBank, without_dc
from mixer.contract.clock import RATE
from mixer.contract.names import SourceName, of_seat
from mixer.contract.plan import AudioInput, Strip
from mixer.ipc.slot import Samples
from tests.support.media.mixing import level_db, tone

BLOCK = 960
OFF = Strip()


def through(
    desk: Desk, sound: Samples, strip: Strip | Callable[[int], Strip], name: SourceName = of_seat("a")
) -> Samples:
    """The whole sound through one strip; ``strip`` may depend on the first sample of the block."""
    out = []
    for at in range(0, len(sound) - BLOCK + 1, BLOCK):
        chosen = strip if isinstance(strip, Strip) else strip(at)
        out.append(
            desk.process((name,), sound[None, at : at + BLOCK], {name: AudioInput(name, strip=chosen)})[0]
        )
    return np.concatenate(out)


def amplitude_of(db: float) -> float:
    return float(10 ** (db / 20))


def peak_db(samples: Samples) -> float:
    return 20 * float(np.log10(np.abs(samples).max()))


def noise(db: float, seconds: float, seed: int = 0) -> Samples:
    wave = np.random.default_rng(seed).standard_normal(round(seconds * RATE)) * amplitude_of(db)
    return np.stack((wave, wave), axis=1).astype(np.float32)


def loudness_of(samples: Samples) -> float:
    """Short-term, at the end."""
    meter = LoudnessMeter()
    for at in range(0, len(samples) - BLOCK + 1, BLOCK):
        meter.process(samples[None, at : at + BLOCK], ("",))
    return meter.read("").short_term


def test_a_strip_that_is_off_takes_the_offset_away_and_nothing_else() -> None:
    """To the last bit what the filter alone makes of it, however loud, and in sum as in parts."""
    quiet, loud = noise(-30, 1.0, 1), tone(0, RATE, 440.0, 0.8)
    filtered = FilterBank(without_dc(DC_HZ))
    filtered.state = np.zeros((2, 1))
    expected = np.concatenate([filtered.process(loud[at : at + BLOCK].T).T for at in range(0, RATE, BLOCK)])
    np.testing.assert_array_equal(through(Desk(), loud, OFF), expected.astype(np.float32))
    together = through(Desk(), quiet + loud, OFF)
    np.testing.assert_allclose(together, through(Desk(), quiet, OFF) + through(Desk(), loud, OFF), atol=1e-6)


def test_an_offset_is_gone_within_a_fifth_of_a_second() -> None:
    out = through(Desk(), tone(0, RATE, 440.0, 0.2) + np.float32(0.3), OFF)
    assert abs(out[RATE // 5 : RATE // 5 + 4800].mean()) < 1e-3
    assert level_db(out[RATE // 2 :], 440.0) == pytest.approx(20 * np.log10(0.2), abs=0.05)


@pytest.mark.parametrize("corner", [80.0, 200.0])
def test_the_high_pass_in_the_strip(corner: float) -> None:
    low = level_db(through(Desk(), tone(0, RATE, 50.0, 0.5), Strip(highpass_hz=corner))[RATE // 2 :], 50.0)
    expected = 20 * np.log10(0.5) - 10 * np.log10(1 + (corner / 50) ** 4)
    assert low == pytest.approx(expected, abs=0.1)
    high = level_db(
        through(Desk(), tone(0, RATE, 1000.0, 0.5), Strip(highpass_hz=corner))[RATE // 2 :], 1000.0
    )
    assert high == pytest.approx(20 * np.log10(0.5), abs=0.1)


def test_high_passes_of_their_own() -> None:
    """Each source keeps its own corner and state, whoever else comes and goes."""
    sound = noise(-20, 1.0)
    strips = {"a": Strip(highpass_hz=80.0), "b": Strip(highpass_hz=300.0), "c": OFF}
    alone = {name: through(Desk(), sound, strip, SourceName(name)) for name, strip in strips.items()}
    desk, out = Desk(), []
    inputs = {SourceName(name): AudioInput(SourceName(name), strip=strip) for name, strip in strips.items()}
    for at in range(0, RATE, BLOCK):
        names = (
            (SourceName("a"), SourceName("b"))
            if at < RATE // 2
            else (SourceName("b"), SourceName("c"), SourceName("a"))
        )
        block = np.stack([sound[at : at + BLOCK]] * len(names))
        out.append(dict(zip(names, desk.process(names, block, inputs), strict=True)))
    for name in ("a", "b"):
        np.testing.assert_allclose(np.concatenate([block[name] for block in out]), alone[name], atol=1e-6)


@pytest.mark.parametrize("delay_ms", [1, 40, 500])
def test_the_delay_is_exact(delay_ms: int) -> None:
    sound = tone(0, RATE, 440.0, 0.3)
    late, samples = through(Desk(), sound, Strip(delay_ms=delay_ms)), delay_ms * RATE // 1000
    settled = max(24_000, samples + 2400)
    expected = through(Desk(), sound, OFF)[settled - samples : len(late) - samples]
    np.testing.assert_allclose(late[settled:], expected, atol=2e-3)


def test_the_gate_opens_at_once_waits_and_closes() -> None:
    """Open: the sound as it is. 140 ms after it, still; 150 + 100 ms after it, nothing."""
    strip = Strip(gate_db=-40.0)
    voice, room = tone(0, RATE, 1000.0, 0.1), tone(0, RATE, 1000.0, amplitude_of(-60))
    out = through(Desk(), np.concatenate((room, voice, room)), strip)
    assert not out[RATE // 2 : RATE].any()
    assert np.abs(out[RATE + 480 : 2 * RATE]).max() == pytest.approx(0.1, rel=0.01)
    first = out[RATE + 240 : RATE + 480]
    assert np.abs(first).max() == pytest.approx(0.1, rel=0.02)
    held = out[2 * RATE : 2 * RATE + 140 * 48]
    assert level_db(held[2400:], 1000.0) == pytest.approx(-60.0, abs=0.3)
    assert not out[2 * RATE + 260 * 48 :].any()


def test_the_compressors_curve() -> None:
    """−24 dBFS, 4:1, knee of 6 dB: in the middle of the knee it takes ¾ · 3²/12 dB."""
    strip = Strip(compressor_db=-24.0, ratio=4.0)
    for level, expected in (
        (-40.0, -40.0),
        (-28.0, -28.0),
        (-24.0, -24.5625),
        (-12.0, -21.0),
        (-3.0, -18.75),
    ):
        out = through(Desk(), tone(0, RATE // 2, 1000.0, amplitude_of(level)), strip)[-RATE // 10 :]
        assert peak_db(out) == pytest.approx(expected, abs=0.15), level


def test_the_compressor_grips_within_5_ms_and_lets_go_within_120() -> None:
    """Time constants of the reduction in dB: 63 % of 9 dB."""
    strip = Strip(compressor_db=-24.0, ratio=4.0)
    soft, loud = tone(0, RATE, 1000.0, amplitude_of(-40)), tone(0, RATE, 1000.0, amplitude_of(-12))
    sound = np.concatenate((soft, loud, soft))
    out = through(Desk(), sound, strip)

    def reduction_db(at: int) -> float:
        return peak_db(out[at - 48 : at]) - peak_db(sound[at - 48 : at])

    assert -9.0 * 0.9 < reduction_db(RATE + 5 * 48) < -9.0 * 0.5
    assert reduction_db(RATE + 25 * 48) == pytest.approx(-9.0, abs=0.3)
    assert reduction_db(2 * RATE + 120 * 48) == pytest.approx(-9.0 * 0.37, abs=0.5)
    assert reduction_db(2 * RATE + 900 * 48) == pytest.approx(0.0, abs=0.1)


def speech(db: float, seconds: int) -> Samples:
    """Noise in syllables, four a second, with a breath each three seconds; its loudest parts have ``db``."""
    sound = noise(db, seconds, 3)
    at = np.arange(len(sound)) / RATE
    envelope = np.abs(np.sin(2 * np.pi * 2 * at)) * (at % 3 < 2.4) + 1e-3
    return (sound * envelope[:, None]).astype(np.float32)


@pytest.mark.parametrize(
    "sound", [tone(0, 15 * RATE, 1000.0, amplitude_of(-33)), speech(-32.0, 15), speech(-20.0, 15)]
)
def test_the_leveller_reaches_its_target(sound: Samples) -> None:
    """−23 LUFS ±1 within 15 s, by ±12 dB at most, not faster than 3 dB/s upwards."""
    assert abs(loudness_of(sound[-4 * RATE :]) + 23) > 4
    out = through(Desk(), sound, Strip(leveller=True))
    assert loudness_of(out[-4 * RATE :]) == pytest.approx(-23.0, abs=1.0)


def test_the_leveller_is_slow_and_stays_in_its_range() -> None:
    sound = tone(0, 12 * RATE, 1000.0, amplitude_of(-45))
    out = through(Desk(), sound, Strip(leveller=True))
    gains = [peak_db(out[at : at + 4800]) + 45 for at in range(0, 12 * RATE, 4800)]
    assert max(np.diff(gains)) <= 0.3 + 0.02
    assert gains[-1] == pytest.approx(12.0, abs=0.1)


def test_the_leveller_stands_still_while_muted_and_is_the_same_with_the_next_scene() -> None:
    """What is said beside a muted microphone isn't pumped up; nobody comes back 12 dB off."""
    desk, strip = Desk(), Strip(leveller=True)
    voice, aside = tone(0, 8 * RATE, 1000.0, 10 ** (-17 / 20)), tone(0, BLOCK, 1000.0, 10 ** (-42 / 20))
    through(desk, voice, strip)
    for _ in range(250):
        desk.process(
            (of_seat("a"),), aside[None], {of_seat("a"): AudioInput(of_seat("a"), strip=strip, muted=True)}
        )
    assert peak_db(through(desk, voice[:4800], strip)[-BLOCK:]) == pytest.approx(-23.0, abs=1.0)
    for _ in range(60):
        through(desk, aside, OFF, of_seat("b"))
    assert peak_db(through(desk, voice[:BLOCK], strip)) == pytest.approx(-23.0, abs=1.0)


def test_the_leveller_pauses_in_silence() -> None:
    """A room at −60 LUFS isn't pumped up, and the voice comes back at the loudness it had."""
    voice, room = tone(0, 9 * RATE, 1000.0, amplitude_of(-30)), tone(0, 10 * RATE, 1000.0, amplitude_of(-60))
    out = through(Desk(), np.concatenate((voice, room, voice[: 2 * RATE])), Strip(leveller=True))
    assert peak_db(out[14 * RATE : 19 * RATE]) == pytest.approx(-53.0, abs=1.0)
    assert peak_db(out[19 * RATE + 4800 :]) == pytest.approx(-23.0, abs=1.0)


CHANGES = {
    "delay": (OFF, Strip(delay_ms=123)),
    "other delay": (Strip(delay_ms=100), Strip(delay_ms=237)),
    "high-pass": (OFF, Strip(highpass_hz=120.0)),
    "other high-pass": (Strip(highpass_hz=80.0), Strip(highpass_hz=300.0)),
    "gate": (OFF, Strip(gate_db=-6.0)),
    "leveller": (OFF, Strip(leveller=True)),
    "compressor": (OFF, Strip(compressor_db=-30.0, ratio=8.0)),
    "ratio": (Strip(compressor_db=-30.0, ratio=2.0), Strip(compressor_db=-30.0, ratio=20.0)),
    "all": (OFF, Strip(250, 100.0, -50.0, True, -20.0, 4.0)),
}


@pytest.mark.parametrize("change", CHANGES)
def test_no_change_clicks(change: str) -> None:
    """There and back: the largest step between samples stays the tone's own, plus 1 %."""
    one, other = CHANGES[change]
    hz, amplitude = 440.0, 0.25
    out = through(
        Desk(), tone(0, 3 * RATE, hz, amplitude), lambda at: other if RATE <= at < 2 * RATE else one
    )[RATE // 2 :]
    loudest = max(amplitude, float(np.abs(out).max()))
    assert np.abs(np.diff(out[:, 0])).max() <= loudest * 2 * np.pi * hz / RATE * 1.01
    changed = out[RATE * 3 // 2 - 2400 : RATE * 3 // 2]
    assert np.abs(changed - out[:2400]).max() > 0.02  # there was something that could have clicked


def test_a_source_that_opens_late_by_its_delay_does_not_click() -> None:
    out = through(Desk(), tone(480, RATE, 440.0, 0.25), Strip(delay_ms=100))
    assert np.abs(np.diff(out[4800 - 100 :, 0])).max() <= 0.25 * 2 * np.pi * 440 / RATE * 1.01


def test_who_leaves_is_forgotten() -> None:
    """But for the leveller's gain."""
    desk, strip = Desk(), Strip(delay_ms=100, highpass_hz=100, gate_db=-60, compressor_db=-20)
    sound = tone(0, 9600, 440.0, 0.25)
    fresh = through(Desk(), sound, strip)
    through(desk, tone(0, RATE, 1000.0, 0.9), strip)
    through(desk, sound, strip, of_seat("b"))
    np.testing.assert_allclose(through(desk, sound, strip), fresh, atol=1e-6)
    assert desk.process((), np.zeros((0, BLOCK, 2), np.float32), {}).shape == (0, BLOCK, 2)


def test_hum_and_clipped_sound_are_kept_from_ears() -> None:
    """Once it is named: hum is 15 dB down behind the automatic high-pass, clipped sound is 6 dB softer."""
    desk = Desk()
    hum = through(desk, tone(0, 5 * RATE, 50.0, 0.3), OFF)
    assert desk.problems() == {"seat/a": "sound.hum"}
    assert level_db(hum[-RATE:], 50.0) == pytest.approx(
        20 * np.log10(0.3) - 10 * np.log10(1 + 2.4**4), abs=0.5
    )
    desk = Desk()
    clipped = np.clip(tone(0, 2 * RATE, 440.0, 3.0), -1.0, 1.0)
    out = through(desk, clipped, OFF)
    assert desk.problems() == {"seat/a": "sound.clipping"}
    assert level_db(out[-RATE:], 440.0) == pytest.approx(level_db(clipped[-RATE:], 440.0) - 6.0, abs=0.1)


def test_rubbish_leaves_no_trace() -> None:
    desk, bad = Desk(), np.full((BLOCK, 2), np.nan, np.float32)
    strip = Strip(highpass_hz=100, gate_db=-60, leveller=True, compressor_db=-20)
    through(desk, bad, strip)
    out = through(desk, tone(0, RATE, 440.0, 0.1), strip)
    assert np.isfinite(out).all()
    assert np.abs(out[RATE // 2 :]).max() > 0.05
