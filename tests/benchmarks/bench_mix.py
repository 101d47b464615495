"""What mixing costs: 120 listeners with a bus of their own each, 8 open microphones, two languages.

``python -m tests.benchmarks.bench_mix [--listeners 120] [--open 8] [--seconds 10]`` prints shares of a core
(CPU time by real time): the mixing of one run; the encoders beside it; and what one more language costs, its
AAC included, against the programme's picture (1080p30, superfast). Sound comes from slots, as in the mixer;
time is handed in, so that nothing is measured but work.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from functools import cache

import numpy as np

from mixer.audio.arrays import Gains
from mixer.audio.balance import Levels
from mixer.audio.core import Mixed, SoundCore
from mixer.audio.measuring.meters import MeterBridge
from mixer.audio.returns import ReturnRows, Returns
from mixer.contract.clock import RATE
from mixer.contract.names import StreamName, of_seat, picture_stream, return_stream
from mixer.contract.picture import i420_bytes
from mixer.contract.plan import AudioInput, AudioPlan, Bus, Interpreter, Strip
from mixer.encode.audio import AacEncoder, OpusEncoder
from mixer.encode.video import VideoEncoder, VideoSettings
from mixer.ipc.slot import Samples, SlotReader, SlotWriter, create_slot
from studio.contract.spawning import environment

BLOCK = 960
LANGUAGES = ("ko", "en", "ja", "fr", "de")


class OwnRows(Returns):
    """As the returns are, with a row of their own for each of so many listeners, heard or not."""

    listeners = 0

    def block(self, plan: AudioPlan, levels: Levels, peaks: Gains, streams: object, start: int) -> ReturnRows:
        made = super().block(
            plan,
            levels,
            peaks,
            (
                return_stream("returns", "floor"),
                return_stream("returns", "ko"),
                return_stream("returns", "en"),
            ),
            start,
        )
        rows = np.repeat(made.gains[:, :1], self.listeners, axis=1)
        for row in range(self.listeners):
            rows[:, row, row % len(levels.sources)] = 0.0
        own = _names(self.listeners)
        return replace(made, names=(*made.names, *own), gains=np.concatenate((made.gains, rows), axis=1))


@cache
def _names(listeners: int) -> tuple[str, ...]:
    return tuple(f"own {row}" for row in range(listeners))


def speech(seconds: int, seed: int) -> Samples:
    """Noise in words: 0.3 s on, 0.2 s off, some −28 dBFS; not all at the same time."""
    rng = np.random.default_rng(seed)
    noise = rng.normal(0, 0.04, (seconds * RATE, 2)).astype(np.float32)
    noise *= ((np.arange(len(noise)) // (RATE // 10) + seed) % 5 < 3)[:, None]
    return noise


def plan_of(microphones: int, languages: int, desk: bool) -> AudioPlan:
    strip = Strip(0, 80.0, -55.0, True, -20.0) if desk else Strip()
    speakers = tuple(
        AudioInput(of_seat(str(number)), language="ko" if number % 2 else "en", strip=strip)
        for number in range(microphones - 2)
    )
    interpreters = tuple(
        Interpreter(of_seat(str(microphones - 2 + number)), name, strip=strip)
        for number, name in enumerate(("ko", "en"))
    )
    buses = (Bus("floor"), *(Bus(name) for name in LANGUAGES[:languages]))
    return AudioPlan(speakers, interpreters, buses)


def cores(work: Callable[[int], object], blocks: int) -> float:
    """CPU seconds a second of ``work``, called for each block of 20 ms after half a second of warming up."""
    for number in range(25):
        work(number)
    began = time.process_time()
    for number in range(25, blocks):
        work(number)
    return (time.process_time() - began) / ((blocks - 25) * BLOCK / RATE)


def mixing(plan: AudioPlan, listeners: int, seconds: int, louder: float = 1.0) -> tuple[float, Mixed]:
    """Cores for the mix of ``plan`` from slots, with loudness; and the last block. ``louder``: a factor."""
    sources = [*(entry.source for entry in plan.open), *(entry.source for entry in plan.interpreters)]
    fds = {source: create_slot(source, 64, 36) for source in sources}
    writers = {source: SlotWriter(fd) for source, fd in fds.items()}
    readers = {source: SlotReader(fd) for source, fd in fds.items()}
    sounds = {source: speech(1, seed) * np.float32(louder) for seed, source in enumerate(sources)}
    core = SoundCore(Fraction(30))
    core._returns = rows = OwnRows()
    rows.listeners = listeners
    bridge = MeterBridge()
    bridge.watched = True
    last: list[Mixed] = []
    for source, writer in writers.items():
        writer.write_sound(RATE, sounds[source])

    def block(number: int) -> None:
        at = RATE + number % 50 * BLOCK  # round and round: writing is the shards' work
        mixed = core.block(plan, False, (), lambda s: readers[s].read_sound(at, BLOCK), number * BLOCK, BLOCK)
        bridge.block(plan, mixed, number * BLOCK)
        last[:] = [mixed]

    spent = cores(block, seconds * 50)
    for fd in fds.values():
        os.close(fd)
    return spent, last[0]


def encoding(aac: int, opus: int, seconds: int) -> float:
    """Cores for so many AAC and Opus encoders."""
    sound = speech(1, 9)
    encoders: tuple[AacEncoder | OpusEncoder, ...] = (
        *(AacEncoder(StreamName(f"bus{number}/aac"), 160_000) for number in range(aac)),
        *(OpusEncoder(StreamName(f"bus{number}/opus"), 64_000) for number in range(opus)),
    )

    def block(number: int) -> None:
        at = number % 50 * BLOCK
        for encoder in encoders:
            encoder.push(number * BLOCK, sound[at : at + BLOCK])

    return cores(block, seconds * 50)


def picture(seconds: int) -> float:
    """Cores for the programme's picture: 1080p30, superfast, 6 Mb/s, of blocks that move."""
    settings = VideoSettings(
        "h264", 1920, 1080, Fraction(30), 6_000_000, "superfast", constant=True, threads=2
    )
    encoder = VideoEncoder(picture_stream("bench"), settings)
    rng = np.random.default_rng(3)
    small = rng.integers(40, 200, (i420_bytes(1920, 1080) // 64 + 1,), np.uint8)
    buffers = [np.repeat(np.roll(small, shift), 64)[: i420_bytes(1920, 1080)] for shift in range(8)]
    began = time.process_time()
    for number in range(seconds * 30):
        encoder.encode(buffers[number % 8], number, number % 60 == 0)
    return (time.process_time() - began) / seconds


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--listeners", type=int, default=120)
    parser.add_argument("--open", type=int, default=8)
    parser.add_argument("--seconds", type=int, default=10)
    arguments = parser.parse_args()
    listeners, microphones, seconds = arguments.listeners, arguments.open, arguments.seconds
    print(f"{listeners} listeners with a bus each, {microphones} open microphones, floor and two languages:")
    plain, mixed = mixing(plan_of(microphones, 2, False), listeners, seconds)
    print(f"  mixing, {len(mixed.rows)} rows in one product: {plain:.3f} cores")
    full, _ = mixing(plan_of(microphones, 2, True), listeners, seconds)
    print(f"  with high-pass, gate, leveller and compressor on all: {full:.3f} cores")
    limited, _ = mixing(plan_of(microphones, 2, False), listeners, seconds, 8.0)
    print(f"  with every row limited at once (all speak 18 dB too loud): {limited:.3f} cores")
    few, _ = mixing(plan_of(microphones, 2, False), 8, seconds)
    print(f"  as it runs, 8 rows of their own: {few:.3f} cores")
    print(f"  beside it, 8 + 3 Opus and 3 AAC encoders: {encoding(3, 11, seconds):.3f} cores")
    more, _ = mixing(plan_of(microphones, 5, False), 8, seconds)
    language = max(0.0, more - few) / 3 + encoding(1, 0, seconds)
    video = picture(seconds)
    print(f"one more language, mixed, limited, metered, AAC: {language:.3f} cores")
    print(f"  the programme's picture: {video:.3f} cores; a language is {language / video:.3f} of it")


if __name__ == "__main__":
    single = environment(os.environ)  # as the mixer's: no thread of BLAS's own
    if single != os.environ:
        os.execve(sys.executable, [sys.executable, "-m", "tests.benchmarks.bench_mix", *sys.argv[1:]], single)
    main()
