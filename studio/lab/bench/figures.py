"""What a bench says: figures with their targets, and whether they were met. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec

Verdict = Literal["met", "missed", "measured", "not measured", "elsewhere"]
"""``measured``: it has no target of its own. ``elsewhere``: another tool measures it, ``note`` says which."""


class Figure(msgspec.Struct, frozen=True):
    """One line of the table. ``name`` is stable, and the same in every run; ``target`` is an upper limit."""

    name: str
    what: str
    value: float | None
    unit: str
    target: float | None
    verdict: Verdict
    note: str = ""


class Section(msgspec.Struct, frozen=True):
    """What one measurement found. ``raw``: every part that the figures are made of, JSON-able, with the unit
    at the end of each key."""

    figures: tuple[Figure, ...]
    raw: Mapping[str, Any]


class Report(msgspec.Struct, frozen=True):
    """A whole bench. ``sections``: the raw parts by section; ``failed``: sections that came to nothing, and
    why. ``machine``: what it ran on."""

    machine: Mapping[str, Any]
    took_s: float
    figures: tuple[Figure, ...]
    sections: Mapping[str, Mapping[str, Any]]
    failed: Mapping[str, str]


def figure(
    name: str, what: str, value: float | None, unit: str = "", target: float | None = None, note: str = ""
) -> Figure:
    """A figure and its verdict: not more than the target is met."""
    verdict: Verdict
    if value is None:
        verdict = "not measured"
    elif target is None:
        verdict = "measured"
    else:
        verdict = "met" if value <= target else "missed"
    return Figure(name, what, None if value is None else _significant(value), unit, target, verdict, note)


def _significant(value: float) -> float:
    return round(value, 4 if abs(value) < 0.1 else 3 if abs(value) < 10 else 1)


def ratio(part: float, whole: float) -> float | None:
    """``part / whole``; None where there is nothing to compare with."""
    return part / whole if whole > 0 else None


def percentile(values: Sequence[float], percent: float) -> float | None:
    """The nearest-rank percentile, ``percent`` above 0 up to 100; None of nothing."""
    if not values:
        return None
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * percent // 100).__int__() - 1)]


PESQ = Figure(
    "speech_pesq_below_chromium",
    "speech after 5 % loss and 50 ms jitter, PESQ below Chromium's receiver",
    None,
    "MOS",
    0.3,
    "elsewhere",
    "needs a browser: python -m tests.benchmarks.bench_speech",
)
"""The one figure of the list that no installation can measure by itself."""
