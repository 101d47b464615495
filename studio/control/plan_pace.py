"""One plan a tick is enough: of those that come faster only the newest is sent, because each is whole.

What changes what is on air is sent at once, past those that wait: a flood of faders holds up no cut. So is
what starts and stops outputs: a recording begins with the picture of its start.
"""

import asyncio
import time
from collections.abc import Callable

from mixer.contract.plan import Transition
from studio.planning.planner import Plans
from studio.show.model import Show

PERIOD_S = 1 / 30


class PlanPace:
    """``send(plans, show, issued_ns, ordinary)``: ``show`` is what the plans are made of; ``ordinary`` where
    it is no take. Call on the event loop. Nothing is sent after :meth:`close`."""

    def __init__(self, send: Callable[[Plans, Show, int, bool], None], period_s: float = PERIOD_S) -> None:
        self._send = send
        self._period_s = period_s
        self._next_s = 0.0
        self._urgent: object = None
        self._waiting: tuple[Plans, Show, int] | None = None
        """The newest, and when the first of those that wait was asked for."""
        self._timer: asyncio.TimerHandle | None = None

    def __call__(self, plans: Plans, show: Show, issued_ns: int) -> None:
        urgent = _urgent(plans) != self._urgent
        if self._waiting is not None and not urgent:
            issued_ns = min(issued_ns, self._waiting[2])
        wait_s = self._next_s - time.monotonic()
        if wait_s <= 0 or urgent:
            self._go(plans, show, issued_ns, ordinary=not urgent)
            return
        self._waiting = plans, show, issued_ns
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(wait_s, self._due)

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _due(self) -> None:
        self._timer = None
        if self._waiting is not None:
            self._go(*self._waiting, ordinary=True)

    def _go(self, plans: Plans, show: Show, issued_ns: int, *, ordinary: bool) -> None:
        self._waiting = None
        self._urgent = _urgent(plans)
        self._next_s = time.monotonic() + self._period_s
        self._send(plans, show, issued_ns, ordinary)


def _urgent(plans: Plans) -> object:
    """What a take changes, and the outputs that run."""
    mix = plans.mix
    how = mix.transition
    if how is not None and how.position is not None:
        how = Transition(how.kind)  # a hand on the T-bar, wherever it is
    taken = mix.black, mix.slate, mix.fade, how, mix.canvases["program"].scene
    return taken, [each.output for each in plans.desired.senders]
