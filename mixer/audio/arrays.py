"""Names and gains in arrays, and how gains glide."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mixer.audio.rows import N, Rows

Names = tuple[str, ...]
Gains = NDArray[np.float32]
Flags = NDArray[np.bool_]


def rearranged(rows: Rows[N], names: Sequence[N]) -> NDArray[np.intp]:
    """Arrange the rows as :meth:`Rows.arrange` does; return each row's own place where nothing has
    changed."""
    had = rows.arrange(names)
    return np.arange(len(names)) if had is None else had


def glide(before: Gains, targets: Gains, rate: Gains | float) -> Gains:
    """One block's step from ``before`` towards ``targets``, by at most ``rate`` (per entry or for all)."""
    rates = np.float32(rate) if isinstance(rate, float) else rate
    stepped: Gains = before + np.clip(targets - before, -rates, rates)
    return stepped
