"""A player's way into its slot, and what must be taken back when it stops: sound is written ahead."""

import numpy as np

from mixer.compose.alpha import Layer
from mixer.contract.clock import RATE, sample_at
from mixer.contract.picture import Picture, Plane
from mixer.ipc.slot import Samples, SlotWriter

FADE = RATE // 200
"""Samples (5 ms) over which sound that is cut off fades, and begins."""
_KEPT = RATE
"""Samples of what was written last that are kept, to fade them out."""


class SlotOut:
    """Writes while there is a slot; a slot that comes later gets the newest picture. One thread."""

    def __init__(self) -> None:
        self._writer: SlotWriter | None = None
        self._layer: Layer | None = None
        self._kept: Samples = np.zeros((0, 2), np.float32)
        self._kept_from = 0

    @property
    def ready(self) -> bool:
        """True if a slot is there."""
        return self._writer is not None

    def attach(self, fd: int, now_ns: int) -> None:
        """Write into this slot from now on; the caller closes the descriptor. Raises ValueError."""
        self.detach()
        self._writer = SlotWriter(fd)
        self._writer.beat(now_ns)  # once at least: the mixer then sees a player that failed, not one to come
        if self._layer is not None:
            self.picture(self._layer.picture, now_ns, self._layer.alpha)

    def detach(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def picture(self, picture: Picture, pts_ns: int, alpha: Plane | None = None) -> None:
        """Show ``picture`` from ``pts_ns`` on, with ``alpha`` as of :class:`mixer.ipc.slot.Taken`. Both are
        kept, and must not be changed any more."""
        self._layer = Layer(picture, alpha)
        if self._writer is not None:
            self._writer.write_picture(picture, pts_ns, alpha=alpha)

    def sound(self, start: int, samples: Samples) -> None:
        """Float32 (n, 2) at absolute sample number ``start``, at most a second."""
        if not len(samples):
            return
        if self._writer is not None:
            self._writer.write_sound(start, samples)
        end = self._kept_from + len(self._kept)
        if start == end:
            self._kept = np.concatenate((self._kept, samples))[-_KEPT:]
        else:
            self._kept = samples[-_KEPT:].copy()
        self._kept_from = start + len(samples) - len(self._kept)

    def silence_from(self, time_ns: int) -> None:
        """Take back the sound written for ``time_ns`` and later: it fades within 5 ms."""
        start = sample_at(time_ns)
        rest = self._kept[max(0, start - self._kept_from) :]
        start = max(start, self._kept_from)
        if not len(rest):
            return
        faded = np.zeros_like(rest)
        count = min(FADE, len(rest))
        faded[:count] = rest[:count] * np.linspace(1, 0, count, dtype=np.float32)[:, None]
        self._kept = self._kept[:0]
        if self._writer is not None:
            self._writer.write_sound(start, faded)

    def beat(self, now_ns: int) -> None:
        if self._writer is not None:
            self._writer.beat(now_ns)


def risen(samples: Samples) -> Samples:
    """A copy whose first 5 ms fade in: sound that begins in the middle would click."""
    out = samples.copy()
    count = min(FADE, len(out))
    out[:count] *= np.linspace(0, 1, count, dtype=np.float32)[:, None]
    return out
