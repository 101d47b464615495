"""The programme's clock: exact for every rate, for weeks."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mixer.contract.clock import NS, RATE, ProgramClock

RATES = [Fraction(25), Fraction(30), Fraction(50), Fraction(60), Fraction(24000, 1001), Fraction(30000, 1001)]
WEEK = 7 * 24 * 3600
rates = st.sampled_from([*RATES, Fraction(60000, 1001)])
ticks = st.integers(0, WEEK * 60)
epochs = st.integers(0, 2**53)


@given(rates, epochs, ticks)
def test_a_tick_is_due_exactly(fps: Fraction, epoch: int, tick: int) -> None:
    clock = ProgramClock(epoch, fps)
    exact = epoch + Fraction(tick * NS) / fps
    assert 0 <= exact - clock.due_ns(tick) < 1


@given(rates, epochs, ticks)
def test_tick_at_is_the_inverse_of_due(fps: Fraction, epoch: int, tick: int) -> None:
    clock = ProgramClock(epoch, fps)
    due = clock.due_ns(tick)
    assert clock.tick_at(due) == tick
    assert clock.tick_at(due - 1) == tick - 1
    assert clock.tick_at(clock.due_ns(tick + 1) - 1) == tick


@given(rates, ticks)
def test_samples_do_not_drift(fps: Fraction, tick: int) -> None:
    clock = ProgramClock(0, fps)
    assert 0 <= Fraction(tick * RATE) / fps - clock.samples_at(tick) < 1
    share = clock.samples_at(tick + 1) - clock.samples_at(tick)
    assert abs(share - RATE / fps) < 1


def test_before_the_epoch_ticks_are_negative() -> None:
    clock = ProgramClock(NS, Fraction(30))
    assert clock.tick_at(NS - 1) == -1
    assert clock.tick_at(0) == -30


def test_a_rate_must_be_positive() -> None:
    with pytest.raises(ValueError, match="0 pictures"):
        ProgramClock(0, Fraction(0))
