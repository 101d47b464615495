"""The public state as it was told last, and those who are told each step from there."""

import asyncio
import time
from collections.abc import Mapping
from typing import Any

import structlog

from signaling.contract.ports import Change, ChangeListener, Unsubscribe
from signaling.http.live.views import merge_patch
from studio.control.log.faults import fault
from studio.show.patch import diff

LATER_S = 0.1
"""What a hand moves is told to consoles this often."""

log = structlog.get_logger()


class Changes:
    """``state`` is never changed in place; ``serial`` is that of the newest change."""

    def __init__(self) -> None:
        self.state: Mapping[str, Any] = {}
        self.serial = 0
        self._listeners: dict[object, ChangeListener] = {}
        self._waiting: Mapping[str, Any] = {}
        self._told_s = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def listen(self, callback: ChangeListener) -> Unsubscribe:
        key = object()
        self._listeners[key] = callback

        def unsubscribe() -> None:
            self._listeners.pop(key, None)

        return unsubscribe

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None

    def later(self, patch: Mapping[str, Any], revision: int) -> None:
        """Tell this step soon, with others like it: at most every :data:`LATER_S`. The state that comes with
        the next :meth:`advance` has it."""
        self._waiting = merge_patch(self._waiting, patch)
        wait_s = self._told_s + LATER_S - time.monotonic()
        if wait_s <= 0:
            self._tell_waiting(revision)
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(wait_s, self._tell_waiting, revision)

    def _tell_waiting(self, revision: int) -> None:
        self._told_s = time.monotonic()
        self.close()
        patch, self._waiting = self._waiting, {}
        self._tell(merge_patch(self.state, patch), revision, None, patch)

    def advance(self, state: Mapping[str, Any], revision: int, event: Mapping[str, Any] | None) -> None:
        """Tell the step to the new state; without an event and without a difference there is none."""
        patch = diff(self.state, state)
        self.close()
        self._waiting = {}
        if event is not None or patch:
            self._tell(state, revision, event, patch)

    def _tell(
        self,
        state: Mapping[str, Any],
        revision: int,
        event: Mapping[str, Any] | None,
        patch: Mapping[str, Any],
    ) -> None:
        self.state = state
        self.serial += 1
        change = Change(revision, self.serial, event, patch)
        for listener in tuple(self._listeners.values()):
            try:
                listener(change)
            except Exception as error:
                log.error("a listener failed", **fault(error))
