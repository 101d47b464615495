"""From the show to the newest plans: who is there, what is under way; a plan is made before its events count.

A show that can't be planned keeps the last plans that could, with its own black and slate, and an alarm.
"""

import copy
import time
from collections.abc import Callable, Iterable, Sequence

import msgspec
import structlog

from mixer.contract.hand_values import HandValues, with_values
from mixer.contract.plan import Fade
from signaling.contract.ports import RefusedError
from studio.control.alarms import Alarms
from studio.control.log.faults import fault
from studio.planning.demand import Demand, DemandSettings
from studio.planning.planner import Live, Plans, PlanSettings, asking, plan, steady
from studio.planning.transitions import Taking
from studio.show.events import AnyEvent, apply
from studio.show.model import Show

ALARM = "show.plan-old"
_TEXT = (
    "A part of the show can't be composed: what was on air before stays there. Take another scene, or undo"
    " the last change."
)

log = structlog.get_logger()


class PlannedStep(msgspec.Struct, frozen=True):
    """The show after some events, and its plans as of ``moment``; None where they can't be made."""

    show: Show
    taking: Taking
    plans: Plans | None
    moment: int


class _Ahead(msgspec.Struct, frozen=True):
    """What was asked for and isn't in the log yet."""

    black: bool
    slate: bool
    fade: Fade


class Planning:
    """``say(plans, show, issued_ns)`` is called with new plans and what they are made of. ``live`` is set by
    the session, which then calls :meth:`renew`."""

    def __init__(
        self,
        show: Show,
        settings: PlanSettings,
        demand: DemandSettings,
        alarms: Alarms,
        say: Callable[[Plans, Show, int], None],
    ) -> None:
        self._settings = settings
        self._demand_settings = demand
        self._alarms = alarms
        self._say = say
        self._moment = 0
        """Counts what plans are made of beside the show."""
        self._ahead: dict[object, _Ahead] = {}
        self.live = Live()
        self.demand = Demand(time.monotonic(), demand)
        self.taking = Taking()
        self.show = show
        """What the newest plans are made of: the show, where it can be planned."""
        self.plans = self._asking(plan(show, self.live, settings, 0))

    def begin(self, show: Show, revision: int, earlier: Iterable[Show]) -> None:
        """``show`` is as the log has it, ``earlier`` what it was before, the newest first: the first of them
        that can be planned stands in for it."""
        self.demand = Demand(time.monotonic(), self._demand_settings)  # a long log takes a while
        for known in (show, *earlier):
            try:
                self.plans = self._asking(self._pure(known, self.taking, revision))
                self.show = known
                break
            except Exception as error:
                self._failed(error)
        if self._alarms_now:
            self.plans = self._instead(show, revision)
        self._say(self.plans, self.show, time.monotonic_ns())

    def step(
        self, show: Show, events: Sequence[AnyEvent], issued_ns: int, unix_ms: int, revision: int
    ) -> PlannedStep:
        """What these events will make of the show, whose revision is then ``revision``; nothing is changed.

        Raises what applying them raises, and RefusedError 409 ``show.unplannable``.
        """
        taking = copy.copy(self.taking)
        for event in events:
            taking.happened(show, event, issued_ns, unix_ms)
            show = apply(show, event)
        try:
            plans: Plans | None = self._pure(show, taking, revision)
        except Exception as error:
            if not self._alarms_now:
                log.error("a command refused that can't be planned", **fault(error))
                raise RefusedError(
                    409, "show.unplannable", "The show can't be composed with this; nothing was changed."
                ) from error
            plans = None  # it was so before: what mends it may take several steps
        return PlannedStep(show, taking, plans, self._moment)

    def take(self, step: PlannedStep, revision: int, issued_ns: int) -> None:
        """The step's events have happened."""
        self.taking = step.taking
        if step.plans is None or step.moment != self._moment:
            self.renew(step.show, revision, issued_ns)
            return
        self._alarms.clear(ALARM)
        self.show = step.show
        self._told(self._asking(step.plans), issued_ns)

    def move(self, show: Show, values: HandValues, revision: int, issued_ns: int) -> None:
        """Hands have made ``show`` of the one before. Where the plans are the same but for the ``values``,
        they aren't made anew."""
        hand = 0 < show.tbar < 1 and 0 < self.show.tbar < 1
        if self._alarms_now or (values.position is not None and not hand):
            self.renew(show, revision, issued_ns)
            return
        self.show = show
        mix = with_values(self.plans.mix, values)
        self._told(msgspec.structs.replace(self.plans, mix=mix), issued_ns)

    def ahead(
        self, show: Show, events: Sequence[AnyEvent], issued_ns: int, unix_ms: int
    ) -> Callable[[], None]:
        """These events turn black or the slate on, and wait for the log: show them already, over whatever
        comes before them, until the result is called."""
        taking = copy.copy(self.taking)
        for event in events:
            taking.happened(show, event, issued_ns, unix_ms)
            show = apply(show, event)
        key = object()
        self._ahead[key] = _Ahead(show.black, show.slate, taking.fade)
        self._told(self.plans, issued_ns)

        def over() -> None:
            del self._ahead[key]

        return over

    def renew(self, show: Show, revision: int, issued_ns: int) -> None:
        """Something beside the show has changed, or time has passed."""
        self._moment += 1
        try:
            plans = self._asking(self._pure(show, self.taking, revision))
        except Exception as error:
            self._failed(error)
            plans = self._instead(show, revision)
        else:
            self._alarms.clear(ALARM)
            self.show = show
        self._told(plans, issued_ns)

    @property
    def known(self) -> bool:
        """Whether it is known who is there."""
        return self.demand.known(time.monotonic())

    def due_s(self) -> float | None:
        """In how many seconds plans or the status change by time alone."""
        now_s = time.monotonic()
        due_s = self.demand.due_s(now_s)
        waits_s = [] if due_s is None else [due_s - now_s]
        if (over_ns := self.taking.due_ns()) is not None:
            waits_s.append(over_ns / 1e9 - now_s)
        return min(waits_s, default=None)

    @property
    def _alarms_now(self) -> bool:
        return ALARM in self._alarms

    def _pure(self, show: Show, taking: Taking, revision: int) -> Plans:
        watched = self.demand.watched(self.live.watched, time.monotonic())
        taking.settle(time.monotonic_ns())
        live = msgspec.structs.replace(self.live, watched=watched, take=taking.take, fade=taking.fade)
        return steady(plan(show, live, self._settings, revision), self.plans)

    def _asking(self, plans: Plans) -> Plans:
        now_s = time.monotonic()
        return asking(plans, self.demand.targets(plans.uplink, now_s), known=self.demand.known(now_s))

    def _instead(self, show: Show, revision: int) -> Plans:
        """Black and the slate need no composing."""
        mix = msgspec.structs.replace(
            self.plans.mix, revision=revision, black=show.black, slate=show.slate, fade=self.taking.fade
        )
        return msgspec.structs.replace(self.plans, mix=mix)

    def _failed(self, error: Exception) -> None:
        if not self._alarms_now:
            log.error("the show can't be planned", **fault(error))
        self._alarms.set(ALARM, _TEXT)

    def _told(self, plans: Plans, issued_ns: int) -> None:
        for each in self._ahead.values():
            mix = plans.mix
            fade = each.fade if each.black and not mix.black else mix.fade
            mix = msgspec.structs.replace(
                mix, black=mix.black or each.black, slate=mix.slate or each.slate, fade=fade
            )
            plans = msgspec.structs.replace(plans, mix=mix)
        if plans != self.plans:
            self.plans = plans
            self._say(plans, self.show, issued_ns)
