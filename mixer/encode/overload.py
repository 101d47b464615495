"""The ladder that the mixer goes down when ticks come late, and up again when there is room.

Pure: figures and the time are handed in, a change of step comes out; who asks does what the step says. It
goes down because of late ticks. The first step, which viewers hardly notice, is also taken when the
processors have no time left, because guests' packets then wait long before the mixer's ticks do. It goes up
after a time without late ticks, if what a picture took on each step allows it. When a step up fails, the
wait before the next one doubles, so that it doesn't swing.
"""

import enum
from dataclasses import dataclass

from mixer.contract.messages import LadderTimes
from mixer.contract.plan import CanvasName

_NS = 1_000_000_000
WINDOW_NS = _NS
"""Late ticks are counted in windows of this length."""
LATE_IN_WINDOW = 2
WINDOWS = 2
"""So many windows in a row with :data:`LATE_IN_WINDOW` late ticks or more are an overload."""
LATE_AT_ONCE = 6
"""So many late ticks in one window are an overload before it ends."""
FULL = 0.04
"""Share of the processors' time: when less is left …"""
FULL_WINDOWS = 3
"""… in so many windows in a row, the machine is full."""
ROOM = 0.85
"""A step up must leave the programme's encoder with less to do than this share of the period."""


class Step(enum.IntEnum):
    """What is left out, each beside what the steps before leave out."""

    NONE = 0
    PRESET = 1
    """The programme is encoded with less effort; the stream stays the same one."""
    WALL_RATE = 2
    """Wall, multiview, clean feed and all that browsers watch: every second tick. A clean feed costs what the
    programme costs, and whatever takes it can live with half the pictures; the programme's audience comes
    first. Its rate stays constant, as the programme's does on the next step."""
    PROGRAM_RATE = 3
    """The programme: every second tick."""


CODES = {
    Step.NONE: "",
    Step.PRESET: "overload.preset",
    Step.WALL_RATE: "overload.wall-rate",
    Step.PROGRAM_RATE: "overload.program-rate",
}


@dataclass(frozen=True, slots=True)
class Work:
    """Counted since the mixer started: late ticks, programme pictures encoded, the time their thread took.
    ``free``: the share of all processors' time that nothing used lately."""

    late: int
    pictures: int
    busy_ns: int
    free: float = 1.0


@dataclass(frozen=True, slots=True)
class StepChange:
    before: Step
    step: Step
    reason: str
    """One sentence with figures: why."""


def full_tick(step: Step, tick: int) -> bool:
    """Return whether all canvases are shown at this tick: cuts wait for one, so that all of them cut at
    once."""
    return step < Step.WALL_RATE or tick % 2 == 0


def spared(step: Step, tick: int, canvas: CanvasName) -> bool:
    """Return whether this canvas is left out at this tick on purpose."""
    return not full_tick(step, tick) and (canvas != "program" or step >= Step.PROGRAM_RATE)


class Ladder:
    """Ask :meth:`look` at each tick. ``steps``: those that can be gone to, rising, beside ``NONE``.
    ``processors``: how many there are."""

    def __init__(
        self,
        period_ns: int,
        times: LadderTimes,
        steps: tuple[Step, ...] = tuple(Step)[1:],
        processors: int = 1,
    ) -> None:
        self._period_ns = period_ns
        self._processors = processors
        self._steps = (Step.NONE, *steps)
        self._settle_ns, self._calm_ns = round(times.settle_s * _NS), round(times.calm_s * _NS)
        self._trial_ns, self._longest_ns = round(times.trial_s * _NS), round(times.longest_s * _NS)
        self._at = 0
        self._reasons: list[str] = [""]
        self._wait_ns = self._calm_ns
        self._window_ns: int | None = None
        self._start = self._last = Work(0, 0, 0)
        self._strikes = self._struck = self._full = 0
        self._changed_ns = self._late_ns = self._overloaded_ns = 0
        self._raised_ns: int | None = None
        """When it last went up, until that step has proved itself."""
        self._effective_ns = 0
        """Until then the last change is taking effect: nothing is measured, no other step down is taken."""
        self._recent: float | None = None
        self._least: dict[Step, float] = {}
        """The smallest share a picture took on each step: what else runs on the machine only adds to it."""

    @property
    def step(self) -> Step:
        return self._steps[self._at]

    @property
    def code(self) -> str:
        return CODES[self.step]

    @property
    def reason(self) -> str:
        """Why it went down to this step; empty at ``NONE``."""
        return self._reasons[-1]

    def look(self, now_ns: int, work: Work) -> StepChange | None:
        """The figures at ``now_ns``, which never runs backwards. A change is by one step."""
        if self._window_ns is None:
            self._changed_ns = self._late_ns = self._overloaded_ns = now_ns
            self._last = work
            self._begin(now_ns, work)
        if work.late > self._last.late:
            self._late_ns = now_ns
        self._last = work
        if self._raised_ns is not None and now_ns - self._raised_ns >= max(self._trial_ns, self._wait_ns):
            self._raised_ns, self._wait_ns = None, self._calm_ns
        if now_ns < self._effective_ns and self._raised_ns is None:
            self._begin(now_ns, work)
            return None
        return self._judge(now_ns, work) or self._try_up(now_ns, work)

    def _judge(self, now_ns: int, work: Work) -> StepChange | None:
        assert self._window_ns is not None
        late = work.late - self._start.late
        if late >= LATE_AT_ONCE:
            return self._down(now_ns, work, self._late_reason(late, work))
        if now_ns - self._window_ns < WINDOW_NS:
            return None
        if self._window_ns >= self._effective_ns:
            self._recent = share = self._share(work)
            if share is not None:
                self._least[self.step] = min(share, self._least.get(self.step, share))
        self._strikes = self._strikes + 1 if late >= LATE_IN_WINDOW else 0
        self._struck = self._struck + late if self._strikes else 0
        self._full = self._full + 1 if work.free < FULL else 0
        if self._strikes >= WINDOWS:
            return self._down(now_ns, work, self._late_reason(self._struck, work))
        if self._full >= FULL_WINDOWS and self._at == 0 and Step.PRESET in self._steps:
            return self._down(now_ns, work, f"Nothing of the processors was left for {FULL_WINDOWS} s.")
        self._window_ns, self._start = now_ns, work
        return None

    def _late_reason(self, late: int, work: Work) -> str:
        share, span_s = self._share(work), (self._strikes or 1) * WINDOW_NS // _NS
        took = f", and encoding a programme picture took {self._times(share)}" if share is not None else ""
        return f"{late} ticks came late within {span_s} s{took}."

    def _down(self, now_ns: int, work: Work, reason: str) -> StepChange | None:
        share = self._share(work)
        if share is not None and self._window_ns is not None and self._window_ns >= self._effective_ns:
            self._least.setdefault(self.step, share)
        self._begin(now_ns, work)
        self._overloaded_ns = now_ns
        if self._at + 1 >= len(self._steps):
            return None
        if self._raised_ns is not None and now_ns - self._raised_ns < self._trial_ns:
            self._wait_ns = min(2 * self._wait_ns, self._longest_ns)
        self._raised_ns = self._recent = None
        before = self.step
        self._at += 1
        self._changed_ns, self._effective_ns = now_ns, now_ns + self._settle_ns
        self._reasons.append(reason)
        return StepChange(before, self.step, self._reasons[-1])

    def _try_up(self, now_ns: int, work: Work) -> StepChange | None:
        """Go a step up after long enough without a late tick, if it is going to fit.

        After the longest wait it goes up all the same: a single late tick now and then is no overload, and
        what was measured may no longer hold.
        """
        if self._at == 0:
            return None
        quiet_ns = now_ns - max(self._late_ns, self._changed_ns)
        above = self._steps[self._at - 1]
        expected = None if self._recent is None else self._recent * self._ratio(above)
        fits = expected is not None and expected < ROOM and self._leaves(expected, work.free)
        tolerable_ns = now_ns - max(self._overloaded_ns, self._changed_ns)
        if not (quiet_ns >= self._wait_ns and fits) and tolerable_ns < self._longest_ns:
            return None
        before = self.step
        self._at -= 1
        self._reasons.pop()
        self._changed_ns = self._raised_ns = now_ns
        self._effective_ns, self._recent = now_ns + self._settle_ns, None
        self._begin(now_ns, work)
        figures = "" if expected is None else f", and encoding a picture should take {self._times(expected)}"
        return StepChange(before, self.step, f"No tick came late for {quiet_ns / _NS:.0f} s{figures}.")

    def _leaves(self, expected: float, free: float) -> bool:
        """Return whether the machine has what a step up takes: an encoder's share of a period is one of a
        processor, and two of its threads may be at work."""
        more = 2 * max(0.0, expected - (self._recent or 0.0)) / self._processors
        return free - more >= FULL

    def _ratio(self, above: Step) -> float:
        here, there = self._least.get(self.step), self._least.get(above)
        return there / here if here and there else 1.0

    def _begin(self, now_ns: int, work: Work) -> None:
        self._window_ns, self._start = now_ns, work
        self._strikes = self._struck = self._full = 0

    def _share(self, work: Work) -> float | None:
        """Return the share of a period that a picture took in this window; None without pictures."""
        pictures = work.pictures - self._start.pictures
        return (work.busy_ns - self._start.busy_ns) / pictures / self._period_ns if pictures > 0 else None

    def _times(self, share: float) -> str:
        return f"{share * self._period_ns / 1e6:.0f} of {self._period_ns / 1e6:.0f} ms"
