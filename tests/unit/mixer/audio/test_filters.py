"""The filters against analytic responses, and against the same recursion sample by sample."""

from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from mixer.audio.strips.filters import SUB, Filter, FilterBank, biquad, highpass, kernel, without_dc
from mixer.contract.clock import RATE

Wave = NDArray[np.float64]


def slowly(of: Filter, wave: Wave) -> Wave:
    """s' = A s + B x, y = C s + D x, one sample after the other."""
    state, out = np.zeros(of.order), np.empty_like(wave)
    for at, sample in enumerate(wave):
        out[at] = of.c @ state + of.d * sample
        state = of.a @ state + of.b * sample
    return out


K = biquad((1.5351248596, -2.6916961894, 1.1983928109), (-1.6906592932, 0.7324807742))


@pytest.mark.parametrize("of", [without_dc(5.0), highpass(20.0), highpass(400.0), K, K.then(highpass(38.0))])
@pytest.mark.parametrize("blocks", [(960,) * 5, (SUB, 4800 - 960 - SUB, 960)])
def test_blocks_are_the_recursion_sample_by_sample(of: Filter, blocks: tuple[int, ...]) -> None:
    noise = np.random.default_rng(1).standard_normal((2, sum(blocks)))
    bank = FilterBank(of)
    bank.state = np.zeros((2, of.order))
    ends = np.cumsum((0, *blocks))
    out = np.concatenate([bank.process(noise[:, a:b]) for a, b in pairwise(ends)], axis=1)
    np.testing.assert_allclose(out, [slowly(of, channel) for channel in noise], atol=1e-9)


@pytest.mark.parametrize("corner", [20.0, 80.0, 120.0, 400.0])
def test_the_high_pass_is_butterworths(corner: float) -> None:
    """|H|² = Ω⁴ / (1 + Ω⁴) with Ω = tan(π f / fs) / tan(π corner / fs)."""
    hz = np.array([5.0, corner / 2, corner, 2 * corner, 1000.0, 8000.0])
    ratio = (np.tan(np.pi * hz / RATE) / np.tan(np.pi * corner / RATE)) ** 4
    expected = 10 * np.log10(ratio / (1 + ratio))
    np.testing.assert_allclose(20 * np.log10(np.abs(highpass(corner).response(hz))), expected, atol=1e-6)


def test_a_biquad_has_the_response_of_its_polynomials() -> None:
    hz = np.array([20.0, 500.0, 2000.0, 20_000.0])
    z = np.exp(-2j * np.pi * hz / RATE)
    expected = (1.5351248596 - 2.6916961894 * z + 1.1983928109 * z * z) / (
        1 - 1.6906592932 * z + 0.7324807742 * z * z
    )
    np.testing.assert_allclose(K.response(hz), expected, rtol=1e-9)


def test_an_offset_goes_and_voices_stay() -> None:
    """Nothing at 0 Hz; at 60 Hz under 0.1 dB and 5°, at 200 Hz under 0.01 dB and 1.5°."""
    of = without_dc(5.0)
    low, mains, voice = of.response(np.array([0.001, 60.0, 200.0]))
    assert abs(low) < 1e-3
    assert abs(20 * np.log10(abs(mains))) < 0.1
    assert abs(np.degrees(np.angle(mains))) < 5
    assert abs(20 * np.log10(abs(voice))) < 0.01
    assert abs(np.degrees(np.angle(voice))) < 1.5


def test_a_state_that_rings_out_ends_at_zero() -> None:
    """Numbers too small to be normal would make every product slow."""
    bank = FilterBank(highpass(80.0))
    bank.state = np.ones((1, 2))
    for _ in range(100):
        bank.process(np.zeros((1, 960)))
    assert not bank.state.any()


def test_a_block_has_whole_sub_blocks() -> None:
    with pytest.raises(ValueError, match="multiple of 32"):
        kernel(highpass(80.0), 1000)
