"""Waiting for a condition with a deadline, and what is said when it doesn't come."""

import inspect
from collections.abc import Callable

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
