"""The sound's thread: blocks come as soon as they are due, and a plan holds from its own tick on."""

import contextlib
import statistics
import time
from collections.abc import Iterator
from fractions import Fraction

import numpy as np
import pytest

from mixer.audio.worker import BEHIND, BLOCK, SoundWorker
from mixer.contract.clock import NS, RATE, ProgramClock
from mixer.contract.names import of_source, sound_stream
from mixer.contract.plan import AudioPlan, Fade
from mixer.ipc.bus.packets import Packet
from mixer.ipc.slot import Samples
from tests.support.media.mixing import sound_of, tone, wait_for
from tests.support.media.soundstage import floor
from tests.unit.mixer.audio.test_sound_streams import Bus

SLOW = Fraction(5)
"""Pictures a second: a block that waited for one would be seen."""


class Timed(Bus):
    """Notes how long after its end each block of the floor's Opus came."""

    def __init__(self, clock: ProgramClock) -> None:
        super().__init__()
        self.wanted = frozenset({sound_stream("floor", "opus")})
        self.late_ms: list[float] = []
        self._clock = clock

    def publish(self, packet: Packet) -> None:
        super().publish(packet)
        if packet.stream == "floor/opus":
            self.late_ms.append((self._clock.sample_now() - packet.pts - BLOCK) * 1000 / RATE)


class Tone:
    """A slot in which somebody always sings."""

    def read_sound(self, start: int, count: int) -> tuple[Samples, int]:
        return tone(start, count, 440.0), count


class Dead:
    def read_sound(self, start: int, count: int) -> tuple[Samples, int]:
        raise ValueError("mmap closed or invalid")


@contextlib.contextmanager
def running() -> Iterator[tuple[ProgramClock, Timed, SoundWorker]]:
    clock = ProgramClock(time.monotonic_ns() - 10 * NS, SLOW)
    bus = Timed(clock)
    worker = SoundWorker(clock, bus, 128_000, 64_000)
    worker.start()
    try:
        yield clock, bus, worker
    finally:
        worker.stop()
        worker.join(5.0)


def test_a_block_waits_for_no_picture() -> None:
    """Interpreters and guests talk to each other over this: a picture more is heard."""
    with running() as (clock, bus, worker):
        worker.advance(clock.tick_at(clock.now()), AudioPlan(), False)
        wait_for(lambda: len(bus.late_ms) >= 25 or None, "half a second of sound")
    assert statistics.median(bus.late_ms) < BEHIND * 1000 / RATE + 20
    assert min(bus.late_ms) >= BEHIND * 1000 / RATE - 1e-6, "before its sources were written"


def test_a_cut_is_heard_when_it_is_seen_and_a_dead_slot_is_its_own_sources_fault() -> None:
    with running() as (clock, bus, worker):
        worker.set_reader("source/tone", Tone())  # type: ignore[arg-type]
        worker.set_reader("source/dead", Dead())  # type: ignore[arg-type]
        worker.advance(clock.tick_at(clock.now()), floor(of_source("dead")), False)
        wait_for(lambda: len(bus.late_ms) >= 5 or None, "the sound to begin")
        tick = clock.tick_at(clock.now()) + 1
        wait_for(lambda: clock.now() >= clock.due_ns(tick) or None, "the tick")
        worker.advance(tick, floor(of_source("dead"), of_source("tone")), False)
        cut = clock.samples_at(tick)
        wait_for(
            lambda: bus.packets[sound_stream("floor", "opus")][-1].pts > cut + RATE // 5 or None,
            "what comes after it",
        )
    start, samples = sound_of(bus.packets[sound_stream("floor", "opus")], "libopus", bus.headers[-1])
    begins = start + int(np.flatnonzero(np.abs(samples[:, 0]) > 1e-3)[0])
    assert abs(begins - cut) < RATE // 50, f"{(begins - cut) * 1000 / RATE:.0f} ms after the cut"


def test_black_fades_as_long_as_the_picture_and_a_fade_that_is_over_no_more() -> None:
    with running() as (clock, bus, worker):
        worker.set_reader("source/tone", Tone())  # type: ignore[arg-type]
        plan = floor(of_source("tone"), fade_ms=20)
        worker.advance(clock.tick_at(clock.now()), plan, False)
        wait_for(lambda: len(bus.late_ms) >= 20 or None, "the sound to be up")
        tick = clock.tick_at(clock.now()) + 1
        fade = Fade(clock.due_ns(tick), 400_000_000)
        worker.advance(tick, plan, True, fade)
        begin = clock.samples_at(tick)
        wait_for(lambda: clock.now() >= clock.due_ns(tick) + NS // 2 or None, "half a second")
        back = clock.tick_at(clock.now()) + 1
        worker.advance(back, plan, False, fade)
        wait_for(
            lambda: (
                bus.packets[sound_stream("floor", "opus")][-1].pts > clock.samples_at(back) + RATE // 5
                or None
            ),
            "the rest",
        )
    start, samples = sound_of(bus.packets[sound_stream("floor", "opus")], "libopus", bus.headers[-1])

    def peak(at: int) -> float:
        return float(np.abs(samples[at - start : at - start + RATE // 50]).max())

    full = peak(begin - RATE // 20)
    assert peak(begin + RATE // 5) / full == pytest.approx(0.5, abs=0.1)
    assert peak(begin + RATE * 9 // 20) < 0.01
    assert peak(clock.samples_at(back) + RATE // 20) / full == pytest.approx(1.0, abs=0.1)
