"""What went wrong on a thread that lives on: counted, and told by a line a second at most."""

import time

import structlog

_EVERY_NS = 1_000_000_000

_log = structlog.get_logger()


class Failures:
    """One thread's or loop's. ``part`` is its name in the log (``<part>.failed``) and in the metrics."""

    def __init__(self, part: str) -> None:
        self.part = part
        self.count = 0
        self._told_ns: int | None = None

    def add(self, error: Exception, of: str = "") -> None:
        """Take one; ``of``: whose it was. From any thread; of two at once one may not be counted."""
        self.count += 1
        now_ns = time.monotonic_ns()
        if self._told_ns is None or now_ns - self._told_ns >= _EVERY_NS:
            self._told_ns = now_ns
            told = {"of": of} if of else {}
            _log.error(f"{self.part}.failed", failures=self.count, exc_info=error, **told)
