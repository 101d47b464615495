"""The mixer's latency meter over one run: the difference of two readings of its histogram. Pure."""

import math
from collections.abc import Mapping

_BUCKET = 'studio_picture_latency_seconds_bucket{le="'

Buckets = Mapping[float, float]
"""Pictures that took no longer than each edge in ms; the last edge is infinite."""


def buckets_of(metrics: str) -> Buckets:
    """Read the buckets from the text of ``/metrics``; empty before the first report of a mixer."""
    found = {}
    for line in metrics.splitlines():
        if line.startswith(_BUCKET):
            edge, _, count = line.removeprefix(_BUCKET).partition('"} ')
            found[math.inf if edge == "+Inf" else float(edge) * 1000] = float(count)
    return found


def during(before: Buckets, after: Buckets) -> dict[str, float]:
    """``{"count", "p50_ms", "p95_ms", "p99_ms", "max_ms"}`` of the pictures between two readings, each the
    upper edge of its bucket; what lies beyond the last bucket is taken for 1 ms more. Empty without
    pictures."""
    gained = [(edge, count - before.get(edge, 0.0)) for edge, count in sorted(after.items())]
    if not gained or gained[-1][1] <= 0:
        return {}
    total = gained[-1][1]
    result = {"count": total}
    for name, share in (("p50_ms", 0.5), ("p95_ms", 0.95), ("p99_ms", 0.99), ("max_ms", 1.0)):
        edge = next(edge for edge, count in gained if count >= share * total)
        result[name] = edge if math.isfinite(edge) else gained[-2][0] + 1
    return result
