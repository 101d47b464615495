"""The public state as it was told last, and those who are told each step from there."""

import asyncio
import time
from collections.abc import Mapping
from typing import Any

import structlog

from signaling.contract.merge_patch import diff
from signaling.contract.ports import Change, ChangeListener, Unsubscribe
from signaling.contract.state import DirectorState
from studio.control.log.faults import fault

LATER_S = 0.1
"""What a hand moves is told to consoles this often."""

log = structlog.get_logger()


class Changes:
    """``serial`` is that of the newest change."""

    def __init__(self, state: DirectorState) -> None:
        self.state = state
        self.serial = 0
        self._listeners: dict[object, ChangeListener] = {}
        self._waiting: DirectorState | None = None
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

    @property
    def coming(self) -> DirectorState:
        """The newest state, told or not yet."""
        return self._waiting or self.state

    def later(self, state: DirectorState, revision: int) -> None:
        """Tell the step to this state soon, with others like it: at most every :data:`LATER_S`. The state of
        the next :meth:`advance` has it, too."""
        self._waiting = state
        wait_s = self._told_s + LATER_S - time.monotonic()
        if wait_s <= 0:
            self._tell_waiting(revision)
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(wait_s, self._tell_waiting, revision)

    def _tell_waiting(self, revision: int) -> None:
        self._told_s = time.monotonic()
        self.advance(self.coming, revision, None)

    def advance(self, state: DirectorState, revision: int, event: Mapping[str, Any] | None) -> None:
        """Tell the step to the new state; without an event and without a difference there is none."""
        patch = diff(self.state, state)
        self.close()
        self._waiting = None
        if event is None and not patch:
            return
        self.state = state
        self.serial += 1
        change = Change(revision, self.serial, event, patch, state)
        for listener in tuple(self._listeners.values()):
            try:
                listener(change)
            except Exception as error:
                log.error("a listener failed", **fault(error))
