"""The ladder: down when ticks come late, one step at a time; up when there is room; no swinging."""

from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixer.contract.messages import LadderTimes
from mixer.encode.overload import CODES, Ladder, Step, StepChange, Work, full_tick, spared

NS = 1_000_000_000
PERIOD = NS // 30
TIMES = LadderTimes()


@dataclass
class Machine:
    """A mixer as the ladder sees it: ticks on time, or not, and what a picture takes."""

    ladder: Ladder = field(default_factory=lambda: Ladder(PERIOD, TIMES))
    now: int = 1000 * NS
    late: int = 0
    pictures: int = 0
    busy_ns: int = 0
    free: float = 1.0
    changes: list[tuple[float, StepChange]] = field(default_factory=list)

    def tick(self, late: int = 0, share: float = 0.4) -> None:
        self.now += PERIOD
        self.late += late
        self.pictures += 1
        self.busy_ns += round(share * PERIOD)
        change = self.ladder.look(self.now, Work(self.late, self.pictures, self.busy_ns, self.free))
        if change is not None:
            self.changes.append(((self.now - 1000 * NS) / NS, change))

    def run(self, seconds: float, late_every: int = 0, share: float = 0.4) -> None:
        """``late_every``: one tick in so many is late; 0 for none."""
        for n in range(round(seconds * 30)):
            self.tick(int(late_every > 0 and n % late_every == late_every - 1), share)

    @property
    def step(self) -> Step:
        return self.ladder.step

    def on(self, step: Step) -> bool:
        return self.ladder.step == step


@pytest.fixture
def machine() -> Machine:
    return Machine()


def test_nothing_happens_while_ticks_are_on_time(machine: Machine) -> None:
    machine.run(60)
    machine.tick(late=5)  # a hiccup, once
    machine.run(60)
    machine.run(60, late_every=40)  # fewer than two a second
    assert machine.changes == []
    assert (machine.step, machine.ladder.code, machine.ladder.reason) == (Step.NONE, "", "")


def test_full_processors_are_one_step_and_no_more(machine: Machine) -> None:
    """Guests' packets wait, though no tick does; pictures are left out only for ticks that come late."""
    machine.run(10)
    machine.free = 0.01
    machine.run(60)
    ((at_s, change),) = machine.changes
    assert change.step == Step.PRESET
    assert 12 < at_s < 14
    assert machine.ladder.reason == "Nothing of the processors was left for 3 s."


def test_a_full_machine_gets_its_step_back_when_there_is_enough_left_for_it(machine: Machine) -> None:
    machine.run(10, share=0.5)
    machine.free = 0.0
    machine.run(5, share=0.5)
    machine.free = 0.3
    machine.run(TIMES.calm_s + 5, share=0.2)
    assert machine.on(Step.PRESET), "going back takes 0.6 of a processor"
    machine.free = 0.7
    machine.run(5, share=0.2)
    assert machine.on(Step.NONE)


def test_two_late_ticks_in_each_of_two_seconds_are_one_step(machine: Machine) -> None:
    machine.run(3)
    machine.run(2.3, late_every=15, share=0.95)
    assert machine.on(Step.PRESET)
    assert machine.ladder.code == "overload.preset"
    assert machine.ladder.reason == (
        "4 ticks came late within 2 s, and encoding a programme picture took 32 of 33 ms."
    )


def test_six_late_ticks_are_a_step_at_once_and_it_takes_effect_before_the_next(machine: Machine) -> None:
    machine.run(3.3)
    for _ in range(6):
        machine.tick(late=1)
    assert machine.on(Step.PRESET)
    begun = machine.now
    while machine.on(Step.PRESET):
        machine.tick(late=1)
    assert 2 * NS <= machine.now - begun <= 2.3 * NS
    machine.run(5, late_every=1)
    assert machine.on(Step.PROGRAM_RATE), "there is no further one"
    machine.run(60, late_every=1)
    assert len(machine.changes) == 3


def test_it_comes_back_one_step_after_twenty_seconds_without_a_late_tick(machine: Machine) -> None:
    machine.run(3)
    machine.run(9, late_every=2)
    assert machine.on(Step.PROGRAM_RATE)
    machine.run(19)
    assert machine.on(Step.PROGRAM_RATE)
    machine.tick(late=1)
    machine.run(19)
    assert machine.on(Step.PROGRAM_RATE), "twenty seconds from the last late tick"
    machine.run(2)
    assert machine.on(Step.WALL_RATE)
    assert machine.ladder.code == "overload.wall-rate"
    assert "ticks came late" in machine.ladder.reason, "why it is on this step, not why it left another"
    machine.run(41)
    assert machine.on(Step.NONE)
    assert machine.changes[-1][1].reason == (
        "No tick came late for 20 s, and encoding a picture should take 13 of 33 ms."
    )


def test_it_stays_where_the_step_above_would_not_fit(machine: Machine) -> None:
    """A preset too slow for the machine: 0.3 of a period eased, 1.2 without."""
    machine.run(10, late_every=3, share=1.2)
    while machine.step > Step.PRESET:
        machine.run(1, share=0.3)
    machine.run(250, share=0.3)
    assert machine.on(Step.PRESET)
    machine.run(60, share=0.3)
    assert machine.on(Step.NONE), "after the longest wait it is tried all the same"


def test_what_a_hog_took_beside_it_is_not_taken_for_its_own(machine: Machine) -> None:
    machine.run(10, share=0.4)
    machine.run(1, late_every=2, share=2.5)
    assert machine.on(Step.PRESET)
    machine.run(2, share=2.2)
    machine.run(22, share=0.3)
    assert machine.on(Step.NONE)


def test_a_step_up_that_fails_is_tried_half_as_often_each_time(machine: Machine) -> None:
    """Whenever it goes up, ticks come late at once."""
    machine.run(10)
    end = machine.now + 3600 * NS
    while machine.now < end:
        machine.tick(late=int(machine.on(Step.NONE)))
    ups = [at for at, change in machine.changes if change.step < change.before]
    gaps = [round(b - a) for a, b in pairwise(ups)]
    assert gaps[:4] == pytest.approx([40, 80, 160, 300], abs=3)
    assert all(gap >= 299 for gap in gaps[3:])
    assert machine.late < 20 * 6, "six late ticks a trial, and fewer than twenty trials in an hour"


def test_after_a_step_up_that_held_it_is_as_patient_as_before(machine: Machine) -> None:
    machine.run(3)
    machine.run(0.5, late_every=1)
    machine.run(22.2)
    assert machine.on(Step.NONE)
    machine.run(1, late_every=1)  # fails
    machine.run(30)
    assert machine.on(Step.PRESET), "the wait is forty seconds now"
    machine.run(15)
    assert machine.on(Step.NONE)
    machine.run(60)  # holds
    machine.run(0.5, late_every=1)
    machine.run(22.2)
    assert machine.on(Step.NONE)


def test_a_late_tick_now_and_then_does_not_keep_it_down_for_ever(machine: Machine) -> None:
    machine.run(3)
    machine.run(0.5, late_every=1)
    machine.run(280, late_every=200)
    assert machine.on(Step.PRESET)
    machine.run(30, late_every=200)
    assert machine.on(Step.NONE)


def test_steps_that_save_nothing_here_are_left_out() -> None:
    machine = Machine(Ladder(PERIOD, TIMES, (Step.WALL_RATE, Step.PROGRAM_RATE)))
    machine.run(1)
    machine.run(10, late_every=1)
    assert [change.step for _, change in machine.changes] == [Step.WALL_RATE, Step.PROGRAM_RATE]
    machine.run(60)
    assert machine.on(Step.NONE)


def test_what_is_left_out_at_which_tick() -> None:
    canvases = ("program", "wall", "multiview")
    left_out = {
        step: [[name for name in canvases if spared(step, tick, name)] for tick in (0, 1)]  # type: ignore[arg-type]
        for step in Step
    }
    assert left_out == {
        Step.NONE: [[], []],
        Step.PRESET: [[], []],
        Step.WALL_RATE: [[], ["wall", "multiview"]],
        Step.PROGRAM_RATE: [[], list(canvases)],
    }
    assert [full_tick(Step.WALL_RATE, tick) for tick in range(4)] == [True, False, True, False]


spells = st.lists(
    st.tuples(
        st.floats(0.1, 30.0),  # seconds
        st.sampled_from([0, 0, 1, 2, 10, 25, 100]),  # one tick in so many is late
        st.floats(0.0, 3.0),  # share
    ),
    min_size=1,
    max_size=12,
)


@given(spells)
@settings(max_examples=30, deadline=None)
def test_whatever_happens_steps_are_single_justified_and_patient(
    course: list[tuple[float, int, float]],
) -> None:
    machine = Machine()
    lates: list[float] = []
    for seconds, late_every, share in course:
        for n in range(round(seconds * 30)):
            late = int(late_every > 0 and n % late_every == late_every - 1)
            machine.tick(late, share)
            if late:
                lates.append((machine.now - 1000 * NS) / NS)
            assert machine.ladder.code == CODES[machine.step]
            assert bool(machine.ladder.reason) == (machine.step > Step.NONE)
    changed = 0.0
    for at, change in machine.changes:
        assert abs(change.step - change.before) == 1
        since = [late for late in lates if changed < late <= at]
        if change.step > change.before:
            assert len([late for late in since if at - late < 2.2]) >= 4, "down only for late ticks"
        else:
            assert at - changed >= TIMES.calm_s - 0.01, "up only after a wait"
            assert at - max(since, default=changed) >= TIMES.calm_s - 0.01 or at - changed >= TIMES.longest_s
        changed = at
    machine.run(4 * TIMES.longest_s)
    assert machine.on(Step.NONE), "when all is well again it comes all the way back"
