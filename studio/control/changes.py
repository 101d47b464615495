"""The public state as it was told last, and those who are told each step from there."""

from collections.abc import Mapping
from typing import Any

import structlog

from signaling.contract.ports import Change, ChangeListener, Unsubscribe
from studio.control.log.faults import fault
from studio.show.patch import diff

log = structlog.get_logger()


class Changes:
    """``state`` is never changed in place; ``serial`` is that of the newest change."""

    def __init__(self) -> None:
        self.state: Mapping[str, Any] = {}
        self.serial = 0
        self._listeners: dict[object, ChangeListener] = {}

    def listen(self, callback: ChangeListener) -> Unsubscribe:
        key = object()
        self._listeners[key] = callback

        def unsubscribe() -> None:
            self._listeners.pop(key, None)

        return unsubscribe

    def advance(self, state: Mapping[str, Any], revision: int, event: Mapping[str, Any] | None) -> None:
        """Tell the step to the new state; without an event and without a difference there is none."""
        patch = diff(self.state, state)
        if event is None and not patch:
            return
        self.state = state
        self.serial += 1
        change = Change(revision, self.serial, event, patch)
        for listener in tuple(self._listeners.values()):
            try:
                listener(change)
            except Exception as error:
                log.error("a listener failed", **fault(error))
