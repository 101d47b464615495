"""What is heard of a guest: the sound of the slot, read as late as the mixer reads it; gaps and delay in
it."""

import asyncio
import time

import numpy as np
from numpy.typing import NDArray

from mixer.contract.clock import RATE, sample_at
from mixer.ipc.slot import SlotReader
from signaling.rtc.synthetic.loops import BEEP_HZ, BEEP_LEVEL

Mono = NDArray[np.float32]
LAG_NS = 40_000_000
"""The mixer reads this much after a sample's time; what isn't written by then is silence."""
GAP_MS = 10.0
"""Shorter silence is no gap: it lies between two periods of a voice."""
_SILENT = 3e-4
"""−70 dBFS."""


class Ear:
    """Collects the left channel from a slot. ``start`` is the absolute sample number of the first sample."""

    def __init__(self, reader: SlotReader) -> None:
        self._reader = reader
        self.start = self._at = sample_at(time.monotonic_ns() - LAG_NS)
        self._parts: list[Mono] = []

    def read(self) -> None:
        """Take what has become due. To be called at least each half second."""
        until = sample_at(time.monotonic_ns() - LAG_NS)
        if until > self._at:
            self._parts.append(self._reader.read_sound(self._at, until - self._at)[0][:, 0].copy())
            self._at = until

    async def listen(self, seconds: float, start: int | None = None) -> Mono:
        """Everything heard for that long from ``start`` on, an absolute sample number; None: from now on."""
        self._parts.clear()
        self.start = self._at = sample_at(time.monotonic_ns() - LAG_NS) if start is None else start
        while self._at < self.start + seconds * RATE:
            self.read()
            await asyncio.sleep(0.005)
        return np.concatenate(self._parts)


def gaps_ms(wave: Mono, least_ms: float = GAP_MS) -> list[float]:
    """Lengths of all stretches of silence of at least ``least_ms``: gaps, where the sender never pauses."""
    loud = np.flatnonzero(np.abs(wave) > _SILENT)
    edges = np.concatenate(([-1], loud, [len(wave)]))
    lengths = (np.diff(edges) - 1) * 1000 / RATE
    return [float(length) for length in lengths if length >= least_ms]


def beeps_ns(wave: Mono, start: int) -> list[int]:
    """Return when the loop's beeps are heard (CLOCK_MONOTONIC), to a millisecond. ``start``: number of the
    first sample. A beep concealed at its beginning is left out, as is one that was on already."""
    step = RATE // 1000
    time_s = np.arange(4 * step) / RATE
    phase = np.exp(-2j * np.pi * BEEP_HZ * time_s)
    count = len(wave) // step - 4
    windows = np.lib.stride_tricks.sliding_window_view(wave, 4 * step)[::step][:count]
    level = np.abs(windows @ phase) / (2 * step)
    on = level > BEEP_LEVEL / 2
    quiet = level < BEEP_LEVEL / 8
    onsets = [
        int(n)
        for n in np.flatnonzero(on)
        if n >= 60 and not on[n - 60 : n].any() and quiet[n - 20 : n - 8].all()
    ]
    # the level passes the half when half of the window is in the beep
    return [(start + n * step + 2 * step) * 1_000_000_000 // RATE for n in onsets]


def delays_ms(heard_ns: list[int], began_ns: int) -> list[float]:
    """Return how long after being sent each beep is heard. ``began_ns``: when the guest sent the first
    sample; it beeps at each full second from then on."""
    return [((at - began_ns) % 1_000_000_000) / 1e6 for at in heard_ns]
