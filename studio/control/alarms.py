"""What is wrong with the studio itself and somebody should look after: ``status.alarms``.

An alarm is there while its cause is; what was wrong when control started stays until the next start.
"""

from collections.abc import Callable

import structlog

from signaling.contract.state import Alarm

log = structlog.get_logger()


class Alarms:
    """One of each code."""

    def __init__(self, unix_time: Callable[[], float]) -> None:
        self._unix_time = unix_time
        self._alarms: dict[str, Alarm] = {}
        self._listeners: list[Callable[[], None]] = []

    def listen(self, changed: Callable[[], None]) -> None:
        """Call it after each change."""
        self._listeners.append(changed)

    def _changed(self) -> None:
        for listener in self._listeners:
            listener()

    def __contains__(self, code: str) -> bool:
        return code in self._alarms

    def set(self, code: str, text: str) -> None:
        """It keeps its time where it is there already."""
        before = self._alarms.get(code)
        if before is not None and before.text == text:
            return
        since = int(self._unix_time()) if before is None else before.since
        self._alarms[code] = Alarm(code, text, since)
        log.error("alarm", code=code, reason=text)
        self._changed()

    def clear(self, code: str) -> None:
        if self._alarms.pop(code, None) is not None:
            log.info("alarm over", code=code)
            self._changed()

    def public(self) -> tuple[Alarm, ...]:
        """The oldest first."""
        return tuple(self._alarms.values())
