"""The mix itself: rows of gains times sources, along a straight line from a block's beginning to its end."""

import numpy as np

from mixer.audio.arrays import Gains
from mixer.ipc.slot import Samples


def mix(samples: Samples, before: Gains, after: Gains) -> Samples:
    """``(before + t · (after − before)) @ samples`` with t from 1/n at the first sample to 1 at the last.

    ``samples`` (S, n, 2); ``before`` and ``after`` (R, S), the gains at the block's beginning and end. Gives
    (R, n, 2) float32. A gain that is zero at both ends adds exactly nothing: no rounding lets a voice into a
    row that is without it. Rows whose gains stand still cost one product, the others two.
    """
    sources, count = samples.shape[:2]
    rows = len(before)
    if not sources or not rows:
        return np.zeros((rows, count, 2), np.float32)
    flat = samples.reshape(sources, count * 2)
    used = np.flatnonzero((before != 0).any(axis=0) | (after != 0).any(axis=0))
    if len(used) < sources:
        flat, before, after = flat[used], before[:, used], after[:, used]
    out: Samples = (before @ flat).reshape(rows, count, 2)
    change = after - before
    moving = np.flatnonzero(change.any(axis=1))
    if len(moving):
        rising = (np.arange(1, count + 1, dtype=np.float32) / np.float32(count))[:, None]
        out[moving] += (change[moving] @ flat).reshape(-1, count, 2) * rising
    return out
