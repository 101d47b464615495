"""Waiting for a condition with a deadline, and what is said when it doesn't come."""

import asyncio
import inspect
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

PATIENCE_S = 30.0
"""How long a wait lasts that promises no time: on a busy machine, too, only what hangs takes longer."""


def unmet(what: str, waited_s: float, probe: Callable[..., object], last: object) -> TimeoutError:
    """The error of a wait: what was waited for (where nobody says, the probe's own source), and what the
    probe gave last."""
    if not what:
        try:
            what = " ".join(inspect.getsource(probe).split())
        except (OSError, TypeError):
            what = repr(probe)
    return TimeoutError(f"not within {waited_s:g} s: {what}; seen last: {last!r:.500}")


def wait_until(
    what: str, probe: Callable[[], T | None], timeout_s: float = PATIENCE_S, every_s: float = 0.05
) -> T:
    """The first true result of ``probe``. Raises TimeoutError with ``what`` after ``timeout_s``."""
    deadline = time.monotonic() + timeout_s
    while not (result := probe()):
        if time.monotonic() > deadline:
            raise unmet(what, timeout_s, probe, result)
        time.sleep(every_s)
    return result


async def until(check: Callable[[], object], deadline_s: float = PATIENCE_S, what: str = "") -> None:
    """Wait for a condition. Raises TimeoutError after ``deadline_s``."""
    end = time.monotonic() + deadline_s
    while not (last := check()):
        if time.monotonic() > end:
            raise unmet(what, deadline_s, check, last)
        await asyncio.sleep(0.01)
