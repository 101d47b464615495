"""People who say one tone, when they are told to: for tests of who is heard on which bus."""

import functools
import time

import av
import numpy as np

from signaling.rtc.loops import BLOCK, RATE, Loop, LoopFrame, make_loop

LEVEL = 0.1
"""Amplitude of every voice: −20 dBFS, four at once don't reach the limiter."""


class Voice:
    """A :class:`signaling.rtc.loops.Media`: a small picture, and a tone of ``hz`` while :attr:`speaking`.

    ``hz`` is a multiple of 50, so that a packet holds whole periods.
    """

    codec = "h264"

    def __init__(self, hz: float) -> None:
        self.hz = hz
        self.speaking = False
        self._pictures = _pictures()
        self._tone, self._silence = _spoken(hz), _spoken(0.0)
        self.began_ns: int | None = None
        """When the first packet was asked for since :meth:`begin`; CLOCK_MONOTONIC."""

    def begin(self) -> None:
        self.began_ns = None
        self.speaking = True

    def picture(self, number: int) -> LoopFrame:
        return self._pictures.picture(number)

    def sound(self, number: int) -> bytes:
        spoken = self._tone if self.speaking else self._silence
        if self.speaking and self.began_ns is None:
            self.began_ns = time.monotonic_ns()
        return spoken[number % len(spoken)]

    def ask_key(self) -> None:
        """The loop's next keyframe is half a second away at most."""


@functools.cache
def _pictures() -> Loop:
    return make_loop("Voice", 0.4, seconds=2, size=(320, 180), bitrate=200_000)


@functools.cache
def _spoken(hz: float) -> tuple[bytes, ...]:
    """A second of it, one Opus packet a 20 ms, that goes on from its end to its beginning."""
    encoder = av.CodecContext.create("libopus", "w")
    encoder.sample_rate = RATE
    encoder.layout = "mono"
    encoder.format = "s16"
    encoder.bit_rate = 48_000
    encoder.options = {"application": "lowdelay", "frame_duration": "20"}
    packets: list[bytes] = []
    for start in range(0, 2 * RATE, BLOCK):
        wave = LEVEL * np.sin(2 * np.pi * hz * np.arange(start, start + BLOCK) / RATE)
        frame = av.AudioFrame.from_ndarray((wave * 32767).astype(np.int16)[None, :], "s16", "mono")
        frame.sample_rate = RATE
        frame.pts = start
        packets += [bytes(packet) for packet in encoder.encode(frame)]
    return tuple(packets[RATE // BLOCK : 2 * RATE // BLOCK])
