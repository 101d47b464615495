"""Limiters: no true peak over the ceiling by anybody's meter, nothing bent that needn't be."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mixer.audio.limiter import CEILING, LOOKAHEAD, LimiterBank, sliding_minimum, without_rubbish
from mixer.contract.clock import RATE
from mixer.ipc.slot import Samples
from tests.support.media.ebur128 import measured
from tests.support.media.mixing import level_db, tone

BLOCK = 960


def through(bank: LimiterBank, samples: Samples, block: int = BLOCK, name: str = "bus") -> Samples:
    blocks = [bank.process(samples[None, i : i + block], (name,))[0] for i in range(0, len(samples), block)]
    return np.concatenate(blocks)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 60).flatmap(
        lambda sixteens: hnp.arrays(
            np.float32,
            (sixteens * 16, 2),
            elements=st.floats(width=32, allow_nan=True, allow_infinity=True),
            fill=st.floats(-2, 2, width=32),
        )
    ),
    st.sampled_from((16, 240, 480, 960)),
)
def test_nothing_exceeds_the_ceiling(samples: Samples, block: int) -> None:
    out = through(LimiterBank(), samples, block)
    assert out.shape == samples.shape
    assert np.isfinite(out).all()
    assert np.abs(out).max(initial=0) <= np.float32(CEILING)


def test_what_is_soft_passes_unchanged() -> None:
    sound = tone(0, 9600, 440.0, 0.8)
    np.testing.assert_array_equal(through(LimiterBank(), sound)[LOOKAHEAD:], sound[:-LOOKAHEAD])


def test_limiting_bends_and_does_not_clip() -> None:
    """A tone 6 dB over the ceiling keeps its form: harmonics stay 50 dB down once the gain has settled."""
    out = through(LimiterBank(), tone(0, RATE, 500.0, 2 * CEILING))[RATE // 2 :]
    assert level_db(out, 500.0) == pytest.approx(-1.0, abs=0.3)
    for harmonic in (1000.0, 1500.0, 2500.0):
        assert level_db(out, harmonic) < -50


def test_the_gain_comes_back() -> None:
    bank = LimiterBank()
    through(bank, tone(0, 9600, 500.0, 4.0))
    out = through(bank, tone(0, RATE, 500.0, 0.5))[RATE // 2 :]
    assert np.abs(out).max() == pytest.approx(0.5, abs=1e-3)


def _torture() -> dict[str, Samples]:
    at = np.arange(RATE)
    rng = np.random.default_rng(1)

    def both(wave: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Samples:
        return np.stack((wave, wave), axis=1).astype(np.float32)

    return {
        "a quarter of the rate at 45°, 6 dB over": both(2 * np.sin(np.pi / 2 * at + np.pi / 4)),
        "a quarter of the rate at 45°, samples under": both(1.2 * np.sin(np.pi / 2 * at + np.pi / 4)),
        "a sixth of the rate": both(1.5 * np.sin(np.pi / 3 * at + np.pi / 3)),
        "19 kHz": both(1.5 * np.sin(2 * np.pi * 19_000 / RATE * at + 0.3)),
        "square wave": both(np.sign(np.sin(2 * np.pi * 997 / RATE * at))),
        "low square wave, 6 dB over": both(2 * np.sign(np.sin(2 * np.pi * 100 / RATE * at))),
        "noise, 20 dB up": both(3 * rng.standard_normal(RATE)),
        "signs by chance": both(np.where(rng.random(RATE) < 0.5, -1.0, 1.0)),
        "clicks": both(8 * rng.choice([-1, 1], RATE) * (rng.random(RATE) < 0.001)),
        "bursts": both(np.where(at % 4000 < 30, 8, 0.01) * np.sin(np.pi / 2 * at + np.pi / 4)),
    }


TORTURE = _torture()


@pytest.mark.parametrize("case", TORTURE)
def test_ffmpeg_finds_no_true_peak_over_the_ceiling(case: str) -> None:
    """−1 dBTP by ``ebur128``; and the limiter doesn't get there by being over-careful, where the sound is
    steady."""
    before = measured(TORTURE[case], true_peak=True).true_peak
    after = measured(through(LimiterBank(), TORTURE[case]), true_peak=True).true_peak
    assert before > 0
    assert -1.25 <= after <= -1.0


def test_rows_limit_each_for_itself() -> None:
    """A row's output doesn't depend on which rows are beside it, come or go."""
    sounds = {name: TORTURE[name][:9600] for name in ("bursts", "square wave", "noise, 20 dB up")}
    sounds["calm"] = tone(0, 9600, 440.0, 0.3)
    alone = {name: through(LimiterBank(), sound) for name, sound in sounds.items()}
    bank, together = LimiterBank(), []
    for at in range(0, 9600, BLOCK):
        names: Sequence[str] = ("calm", "bursts", "square wave")
        if at >= 4800:
            names = ("bursts", "calm", "noise, 20 dB up")
        out = bank.process(np.stack([sounds[name][at : at + BLOCK] for name in names]), names)
        together.append(dict(zip(names, out.copy(), strict=True)))
    for name in ("bursts", "calm"):
        np.testing.assert_allclose(
            np.concatenate([block[name] for block in together]), alone[name], atol=1e-6
        )
    fresh = np.concatenate([block["noise, 20 dB up"] for block in together[5:]])
    expected = through(LimiterBank(), sounds["noise, 20 dB up"][4800:])
    np.testing.assert_allclose(fresh, expected, atol=1e-6)


@pytest.mark.parametrize("amplitude", [0.3, 2.0])
def test_a_new_row_goes_on_where_another_was(amplitude: float) -> None:
    """With ``before``, neither the look-ahead nor the gain has a gap."""
    sound = tone(0, 9600, 440.0, amplitude)
    expected = through(LimiterBank(), sound)
    bank = LimiterBank()
    out = [bank.process(sound[None, at : at + BLOCK], ("common",))[0] for at in range(0, 4800, BLOCK)]
    for at in range(4800, 9600, BLOCK):
        pair = np.stack((sound[at : at + BLOCK],) * 2)
        out.append(bank.process(pair, ("own", "common"), {"own": "common"})[0])
    np.testing.assert_allclose(np.concatenate(out), expected, atol=1e-6)


def test_listeners_rows_are_limited_by_their_samples() -> None:
    """Not by the points between them, which cost twenty times as much; programme rows beside them are."""
    bank, names, out = LimiterBank(), ("bus", "own"), []
    case = TORTURE["a quarter of the rate at 45°, samples under"]
    loud = TORTURE["bursts"]
    for at in range(0, RATE, BLOCK):
        pair = (
            np.stack((case[at : at + BLOCK],) * 2)
            if at < RATE // 2
            else np.stack((loud[at : at + BLOCK],) * 2)
        )
        out.append(bank.process(pair, names, exact=1).copy())
    joined = np.concatenate(out, axis=1)
    np.testing.assert_array_equal(joined[1, LOOKAHEAD : RATE // 2], case[: RATE // 2 - LOOKAHEAD])
    assert np.abs(joined).max() <= np.float32(CEILING)
    assert (
        measured(joined[0], true_peak=True).true_peak <= -1.0 < measured(joined[1], true_peak=True).true_peak
    )


def test_gains_asked_for_are_kept_to() -> None:
    """``most`` holds for the very cells it is told of, with ramps before and after."""
    sound, bank, out = np.full((4800, 2), 0.5, np.float32), LimiterBank(), []
    for at in range(0, 4800, BLOCK):
        most = np.ones((1, BLOCK // 8))
        if at == 1920:
            most[0, 50:60] = 0.25
        out.append(bank.process(sound[None, at : at + BLOCK], ("bus",), most=most)[0])
    gain = np.concatenate(out)[LOOKAHEAD:, 0] / 0.5
    begin = 1920 + 400
    assert gain[begin : begin + 80].max() <= 0.25 + 1e-6
    assert gain[: begin - LOOKAHEAD].min() == 1.0
    assert np.abs(np.diff(gain)).max() < 0.01


@settings(max_examples=50, deadline=None)
@given(hnp.arrays(np.float64, (2, 64), elements=st.floats(0, 1)), st.integers(1, 40))
def test_the_sliding_minimum_is_exact(
    values: np.ndarray[tuple[int, int], np.dtype[np.float64]], width: int
) -> None:
    expected = np.lib.stride_tricks.sliding_window_view(values, width, axis=1).min(axis=2)
    np.testing.assert_array_equal(sliding_minimum(values, width), expected)


def test_rubbish_is_silenced() -> None:
    rubbish = np.array([[np.nan, np.inf], [-np.inf, 1e30], [0.5, -100.0]], np.float32)
    np.testing.assert_array_equal(
        without_rubbish(rubbish), np.array([[0, 0], [0, 64], [0.5, -64]], np.float32)
    )
