"""State kept by name, in arrays: rows come and go, and each keeps what it had."""

from collections.abc import Mapping, Sequence
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

D = TypeVar("D", bound=np.generic)
N = TypeVar("N", bound=str)


class Rows(Generic[N]):
    """Which name is in which row of the arrays of one owner."""

    def __init__(self) -> None:
        self.names: tuple[N, ...] = ()

    def arrange(self, names: Sequence[N], before: Mapping[N, N] | None = None) -> NDArray[np.intp] | None:
        """Take on ``names`` (each once). The row each one had until now, −1 for a newcomer; None if nothing
        has changed. ``before``: newcomer → the name whose state it goes on with, where that was there."""
        new = tuple(names)
        if new == self.names:
            return None
        had = {name: row for row, name in enumerate(self.names)}
        self.names = new
        if before:
            had.update({name: had[of] for name, of in before.items() if name not in had and of in had})
        return np.array([had.get(name, -1) for name in new], np.intp)


def carried(state: NDArray[D], had: NDArray[np.intp], fresh: Any = 0) -> NDArray[D]:
    """``state`` (rows, …) in the new order of :meth:`Rows.arrange`; newcomers begin with ``fresh``."""
    moved = np.empty((len(had), *state.shape[1:]), state.dtype)
    old = had >= 0
    moved[old] = state[had[old]]
    moved[~old] = fresh
    return moved
