"""Where a steady tone is missing from a recording: by level, for a codec leaves no true silence."""

from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from mixer.contract.clock import RATE

WINDOW = RATE // 200
"""5 ms."""
_MISSING = 0.25
"""Of the tone's usual level: 12 dB below it."""
SHORTEST_MS = 10.0
"""A dip of 5 ms may be the tone's own phase against the window."""


def recorded_sound(file: Path) -> NDArray[np.float32]:
    """The first sound of a recording, mono, 48 kHz, shape (n,)."""
    with av.open(str(file)) as container:
        blocks = [frame.to_ndarray().mean(axis=0) for frame in container.decode(container.streams.audio[0])]
    return np.concatenate(blocks).astype(np.float32)


def dropouts_ms(sound: NDArray[np.float32]) -> list[float]:
    """Length of each time at which the sound of a tone that never stops is gone, in steps of 5 ms."""
    count = len(sound) // WINDOW
    level = np.sqrt((sound[: count * WINDOW].reshape(count, WINDOW) ** 2).mean(axis=1))
    gone = level < _MISSING * np.median(level)
    edges = np.flatnonzero(np.diff(np.concatenate(([False], gone, [False])).astype(np.int8)))
    lengths = (edges[1::2] - edges[::2]) * WINDOW * 1000 / RATE
    return [float(length) for length in lengths if length >= SHORTEST_MS]
