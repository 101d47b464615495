"""Which tick a clip's picture falls on, when a pulled stream is shown, where a restarted clip goes on."""

import itertools
import random
from fractions import Fraction

import pytest

from mixer.contract.clock import NS, ProgramClock
from mixer.contract.player_timing import Pass, next_tick_ns, resumed_s
from mixer.sources.frames import fitted
from mixer.sources.pull.pull_clock import DELAY_NS, PullClock
from mixer.sources.slides.slides import kept_pages

EPOCH = 123_456_789_012
CLOCK = ProgramClock(EPOCH, Fraction(30))


def ticks(times_s: list[Fraction], lasts_s: Fraction, clock: ProgramClock = CLOCK) -> list[int]:
    passing = Pass(next_tick_ns(clock, EPOCH + 77 * NS), Fraction(0))
    first = clock.tick_at(passing.anchor_ns)
    return [passing.first_tick(time_s, lasts_s, clock) - first for time_s in times_s]


@pytest.mark.parametrize("fps", [Fraction(30), Fraction(30_000, 1001), Fraction(25), Fraction(60_000, 1001)])
@pytest.mark.parametrize("base", [90_000, 1000, 600])
def test_a_clip_of_the_programmes_rate_gives_each_tick_its_own_picture(fps: Fraction, base: int) -> None:
    clock = ProgramClock(EPOCH, fps)
    rounded = [Fraction(round(number / fps * base), base) for number in range(1800)]
    assert ticks(rounded, 1 / fps, clock) == list(range(1800))


def test_of_twice_the_rate_always_the_same_one_of_two_is_shown() -> None:
    shown = dict(zip(ticks([Fraction(n, 60) for n in range(600)], Fraction(1, 60)), range(600), strict=True))
    assert [shown[tick] for tick in range(300)] == list(range(0, 600, 2))


@pytest.mark.parametrize("rate", [24, 25, 50])
def test_other_rates_go_by_time(rate: int) -> None:
    for number, tick in enumerate(ticks([Fraction(n, rate) for n in range(500)], Fraction(1, rate))):
        assert abs(Fraction(tick, 30) - Fraction(number, rate)) <= Fraction(1, 30)


def test_sound_falls_on_the_sample_of_its_picture() -> None:
    passing = Pass(EPOCH + 5 * NS, Fraction(2))
    at = passing.sample(3 * 48_000)
    assert abs(at / 48_000 - passing.time_ns(Fraction(3)) / NS) < 1 / 48_000


def test_a_restarted_clip_goes_on_where_it_would_be() -> None:
    assert resumed_s(2.0, 0, 3 * NS, 0.0, 10.0, loop=False) == 5.0
    assert resumed_s(2.0, 0, 9 * NS, 0.0, 10.0, loop=False) is None
    assert resumed_s(2.0, 0, 9 * NS, 4.0, 10.0, loop=True) == 5.0


def test_sizes_keep_the_aspect_within_the_box() -> None:
    box = (1920, 1080)
    assert fitted(3840, 2160, Fraction(0), box) == (1920, 1080)
    assert fitted(1280, 720, Fraction(1), box) == (1280, 720)
    assert fitted(1080, 1920, Fraction(1), box) == (608, 1080)
    assert fitted(720, 576, Fraction(64, 45), box) == (1024, 576)
    assert fitted(1440, 1080, Fraction(4, 3), box) == (1920, 1080)
    assert fitted(641, 361, Fraction(1), box) == (641, 361)
    assert fitted(4000, 3, Fraction(1), box) == (1920, 2)


def test_the_pages_around_are_kept() -> None:
    assert kept_pages(3, 9) == [3, 4, 2, 5]
    assert kept_pages(1, 1) == [1]
    assert kept_pages(9, 9) == [9, 8]


def test_an_even_stream_is_shown_after_the_delay_and_jitter_moves_nothing() -> None:
    clock, chance = PullClock(), random.Random(5)
    for number in range(300):
        clock.note(Fraction(number, 30), number * NS // 30 + chance.randrange(100_000_000))
    assert clock.moved == 0
    assert abs(clock.time_ns(Fraction(10)) - 10 * NS - DELAY_NS) < 100_000_000


def test_what_comes_late_moves_the_clock_and_a_burst_of_the_past_is_left_behind() -> None:
    clock = PullClock()
    for number in range(60):  # two seconds at once, as servers send them at first
        clock.note(Fraction(number, 30), number)
    for number in range(60, 240):
        clock.note(Fraction(number, 30), (number - 60) * NS // 30)
    assert abs(clock.time_ns(Fraction(240, 30)) - 6 * NS - DELAY_NS) < 50_000_000
    moved = clock.moved
    for number in range(240, 300):  # the line is slower by half a second from here on
        clock.note(Fraction(number, 30), (number - 60) * NS // 30 + NS // 2)
    assert clock.moved == moved + 1
    times = [clock.time_ns(Fraction(number, 30)) for number in range(240, 300)]
    assert all(late > early for early, late in itertools.pairwise(times))
