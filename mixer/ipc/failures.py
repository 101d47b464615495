"""What went wrong on a thread or loop that lives on: counted, and told by a line a second at most."""

import time

import structlog

_EVERY_NS = 1_000_000_000
_MAX_ONCE = 100
"""Different faults that are told once; of others nothing is said any more."""

_log = structlog.get_logger()


class Failures:
    """One thread's or loop's. ``part`` is its name in the log (``<part>.failed``) and in the metrics."""

    def __init__(self, part: str) -> None:
        self.part = part
        self.count = 0
        self._told_ns: int | None = None
        self._told: set[tuple[str, str]] = set()

    def add(self, error: Exception, of: str = "", *, once: bool = False) -> None:
        """Take one; ``of``: whose it was. ``once``: say it the first time only, and by its text alone. From
        any thread; of two at once one may not be counted."""
        self.count += 1
        told = {"of": of} if of else {}
        if once:
            key = of, str(error)
            if key not in self._told and len(self._told) < _MAX_ONCE:
                self._told.add(key)
                _log.error(f"{self.part}.failed", failures=self.count, reason=str(error), **told)
            return
        now_ns = time.monotonic_ns()
        if self._told_ns is None or now_ns - self._told_ns >= _EVERY_NS:
            self._told_ns = now_ns
            _log.error(f"{self.part}.failed", failures=self.count, exc_info=error, **told)
