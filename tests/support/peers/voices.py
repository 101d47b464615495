"""People who say one tone, when they are told to: for tests of who is heard on which bus."""

import functools
import time

import av
import numpy as np

from signaling.rtc.synthetic.loops import BLOCK, RATE, Loop, LoopFrame, make_loop

LEVEL = 0.1
"""Amplitude of every voice: −20 dBFS, four at once don't reach the limiter."""


SECOND = RATE // BLOCK
"""Packets of a second."""


class Voice:
    """A :class:`signaling.rtc.synthetic.loops.GuestMedia`: a small picture, and a tone of ``hz`` while
    :attr:`speaking`.

    ``hz`` is a multiple of 50, so that a packet holds whole periods. What begins and what ends was encoded
    that way: a decoder that is thrown from silence into a tone takes two packets to reach its level.
    """

    codec = "h264"

    def __init__(self, hz: float) -> None:
        self.speaking = False
        self._pictures = _pictures()
        self._tone, self._silence = _spoken(hz)
        self._was = False
        self._at = SECOND
        """Packets since it began to speak, or stopped; from a second on it goes round."""
        self.began_ns: int | None = None
        """When the first packet was asked for since :meth:`begin`; CLOCK_MONOTONIC."""

    def begin(self) -> None:
        self.began_ns = None
        self.speaking = True

    def picture(self, number: int) -> LoopFrame:
        return self._pictures.picture(number)

    def sound(self, number: int) -> bytes:
        if self.speaking != self._was:
            self._was, self._at = self.speaking, 0
        if self.speaking and self.began_ns is None:
            self.began_ns = time.monotonic_ns()
        spoken = self._tone if self.speaking else self._silence
        packet = spoken[self._at if self._at < SECOND else SECOND + self._at % SECOND]
        self._at += 1
        return packet

    def ask_key(self) -> None:
        """The loop's next keyframe is half a second away at most."""


@functools.cache
def _pictures() -> Loop:
    return make_loop("Voice", 0.4, seconds=2, size=(320, 180), bitrate=200_000)


@functools.cache
def _spoken(hz: float) -> tuple[tuple[bytes, ...], tuple[bytes, ...]]:
    """Two seconds of the tone behind silence, and two of silence behind the tone, one Opus packet a 20 ms:
    of each the first is its beginning, and the second goes on from its end to its own beginning."""
    encoder = av.CodecContext.create("libopus", "w")
    encoder.sample_rate = RATE
    encoder.layout = "mono"
    encoder.format = "s16"
    encoder.bit_rate = 48_000
    encoder.options = {"application": "lowdelay", "frame_duration": "20"}
    packets: list[bytes] = []
    for number in range(5 * SECOND):
        on = SECOND <= number < 3 * SECOND
        wave = on * LEVEL * np.sin(2 * np.pi * hz * np.arange(number * BLOCK, (number + 1) * BLOCK) / RATE)
        frame = av.AudioFrame.from_ndarray((wave * 32767).astype(np.int16)[None, :], "s16", "mono")
        frame.sample_rate = RATE
        frame.pts = number * BLOCK
        packets += [bytes(packet) for packet in encoder.encode(frame)]
    return tuple(packets[SECOND : 3 * SECOND]), tuple(packets[3 * SECOND : 5 * SECOND])
