"""Real overload: presets too slow for the machine, and somebody else who takes all of it for a while."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise

import cv2
import numpy as np
import pytest

from mixer.contract.clock import NS
from mixer.contract.messages import LadderTimes, MixerConfig, MixerReport, Rendition
from mixer.contract.names import of_seat, picture_stream, sound_stream
from mixer.contract.picture import Picture
from mixer.contract.plan import AudioInput, AudioPlan, CanvasPlan, MixPlan, Rect, SourceInfo, Tile
from mixer.ipc import priority
from mixer.ipc.bus.packets import Packet
from mixer.ipc.slot import SlotWriter
from tests.support.media.mixing import (
    RED,
    Guest,
    Mixer,
    Tap,
    colour_at,
    decoded,
    guests,
    level_db,
    plan_of,
    small_config,
    sound_of,
    still,
    wait_for,
)
from tests.unit.mixer.sources.test_effort import strictly_decoded

pytestmark = pytest.mark.alone

VIDEO, SOUND, OPUS, WALL = (
    picture_stream("program"),
    sound_stream("floor"),
    sound_stream("floor", "opus"),
    picture_stream("wall"),
)
WHOLE = (Tile(Rect(0, 0, 640, 360), of_seat("a")),)

HOG = """
import os, sys, time
os.sched_setaffinity(0, {int(sys.argv[1])})
os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(20))
end = time.monotonic() + float(sys.argv[2])
while time.monotonic() < end:
    while time.monotonic() % 0.090 < 0.060:  # on all cores at the same time
        pass
    time.sleep(0.090 - time.monotonic() % 0.090)
"""


@contextmanager
def hogs(at_most_s: float) -> Iterator[Callable[[], None]]:
    """Somebody more urgent than the mixer takes two thirds of all cores, 60 ms at a time; gives the end."""
    cores = sorted(os.sched_getaffinity(0))
    running = [subprocess.Popen([sys.executable, "-c", HOG, str(core), str(at_most_s)]) for core in cores]

    def end() -> None:
        for each in running:
            each.kill()
            each.wait()

    try:
        yield end
    finally:
        end()


class Moving(Guest):
    """A texture with noise that goes round and round: hard to encode."""

    def _run(self) -> None:
        rng = np.random.default_rng(3)
        soft = cv2.resize(rng.integers(20, 230, (34, 60), dtype=np.uint8), (480, 270))
        luma = cv2.add(soft, rng.integers(0, 12, (270, 480), dtype=np.uint8))
        chroma = np.full((135, 240), 120, np.uint8)
        number = 0
        while not self._stop.is_set():
            now = time.monotonic_ns()
            self.writer.beat(now)
            picture = Picture(np.roll(luma, (number, 3 * number), (0, 1)), chroma, chroma)
            self.writer.write_picture(picture, now, now)
            number += 1
            self._stop.wait(1 / 30)


def late_between(reports: list[MixerReport]) -> list[int]:
    return [b.late_ticks - a.late_ticks for a, b in pairwise(reports)]


def assert_sound_is_complete(tap: Tap, tone_hz: float) -> None:
    """No packet missing or twice, and a steady tone in every 20 ms of it."""
    for stream, block, codec in ((SOUND, 1024, "aac"), (OPUS, 960, "libopus")):
        packets = tap.packets(stream)
        gaps = [q.pts - p.pts for p, q in pairwise(packets)]
        assert len(packets) > 150
        assert set(gaps) == {block}, stream
        _, samples = sound_of(packets, codec, tap.headers(stream)[0])
        steady = samples[24_000 : len(samples) // 960 * 960].reshape(-1, 960, 2)
        rms = np.sqrt((steady**2).mean(axis=(1, 2)))
        assert rms.min() > 0.95 * np.median(rms), "no stutter"
        assert level_db(samples[24_000:72_000], tone_hz) == pytest.approx(-12.04, abs=0.5)


def test_a_preset_too_slow_for_the_machine_is_eased() -> None:
    config = small_config(
        canvases={"program": (1920, 1080), "wall": (960, 270), "multiview": (320, 180)},
        renditions={"program": Rendition("program", 1920, 1080, 6_000_000, "slower", always=True)},
    )
    plan = MixPlan(
        1,
        {"program": CanvasPlan(1920, 1080, (Tile(Rect(0, 0, 1920, 1080), of_seat("a")),))},
        AudioPlan((AudioInput(of_seat("b")),)),
        {of_seat("a"): SourceInfo(), of_seat("b"): SourceInfo()},
    )
    with Mixer(config) as mixer:
        a, b = mixer.open_slot(of_seat("a")), mixer.open_slot(of_seat("b"))
        with guests(Moving(a), Guest(b, tone_hz=440.0, pictures=False)):
            tap = mixer.tap(VIDEO, SOUND, OPUS)
            mixer.take(plan)
            down = mixer.expect(MixerReport, lambda r: r.load.step >= 1)
            assert down.load.code == "overload.preset"
            assert "ticks came late within" in down.load.reason
            assert "of 33 ms" in down.load.reason
            assert down.late_ticks >= 6, "it was an overload"

            def on_time() -> int | None:
                """Seconds in a row, up to now, without a late tick."""
                late = late_between(mixer.reports())
                quiet = next((n for n, each in enumerate(reversed(late)) if each), len(late))
                return quiet if quiet >= 4 else None

            wait_for(on_time, "four seconds without a late tick")
            end = mixer.reports()[-1]
            pictures = tap.wait(VIDEO, lambda p: p[-1].pts >= end.tick)
    assert end.load.step >= 1
    assert len(tap.headers(VIDEO)) == 1, "nobody is told of another encoder"
    frames = strictly_decoded(pictures, tap.headers(VIDEO)[0].nut)
    assert [f.pts for f in frames] == [p.pts for p in pictures]
    assert sum(1 for p in pictures if p.key and p.pts % 60) >= 1, "it took over at once, beside the grid"
    assert_sound_is_complete(tap, 440.0)


@pytest.mark.soak
@pytest.mark.skipif(not priority.allowed(), reason="no right to real-time threads")
def test_it_goes_all_the_way_down_under_a_hog_and_comes_back() -> None:
    ladder = LadderTimes(settle_s=0.4, calm_s=3.0, trial_s=2.0, longest_s=12.0)
    with Mixer(small_config(ladder=ladder)) as mixer:
        a = mixer.open_slot(of_seat("a"))
        with guests(Guest(a, RED, 440.0)):
            tap = mixer.tap(VIDEO, SOUND, OPUS, WALL, picture_stream("return"))
            mixer.take(plan_of(1, WHOLE, (of_seat("a"),)))
            tap.wait(WALL, lambda p: len(p) > 10)
            with hogs(at_most_s=8.0) as end:
                bottom = mixer.expect(MixerReport, lambda r: r.load.step == 3)
                end()
            for revision in range(2, 5):
                cut = mixer.take(plan_of(revision, WHOLE, (of_seat("a"),)))
                assert cut.tick % 2 == 0, "at a tick that all canvases show"
            assert bottom.load.code == "overload.program-rate"
            seen: dict[int, MixerReport] = {}

            def back() -> bool | None:
                for report in mixer.reports():
                    seen.setdefault(report.load.step, report)
                return mixer.reports()[-1].load.step == 0 or None

            wait_for(back, "all steps back")
            top = mixer.reports()[-1]
            taken = mixer.take(plan_of(9, WHOLE, (of_seat("a"),)))
            tap.wait(VIDEO, lambda p: p[-1].pts > taken.tick + 70)
    reports = mixer.reports()
    assert {report.load.code for report in reports} >= {"", "overload.wall-rate", "overload.program-rate"}
    assert top.load.reason == ""
    _assert_rates_of(tap, config=mixer.config, reports=reports)
    pictures = tap.packets(VIDEO)
    assert len(tap.headers(VIDEO)) == 1
    assert [f.pts for f in strictly_decoded(pictures, tap.headers(VIDEO)[0].nut)] == [p.pts for p in pictures]
    missing = pictures[-1].pts - pictures[0].pts + 1 - len(pictures)
    late, spared = reports[-1].late_ticks, reports[-1].spared_ticks
    assert spared >= 40, "three seconds at half the rate"
    assert missing <= late + spared + 2, "every tick without a picture is told"
    assert_sound_is_complete(tap, 440.0)


def _assert_rates_of(tap: Tap, config: MixerConfig, reports: list[MixerReport]) -> None:
    """In the calm part of each step: which ticks have pictures, and what they weigh."""
    for step, every, wall_every in ((3, 2, 2), (2, 1, 2)):
        at = [r.tick for r in reports if r.load.step == step]
        calm = range(at[-1] - 45, at[-1])
        pictures = [p for p in tap.packets(VIDEO) if p.pts in calm]
        wall = [p for p in tap.packets(WALL) if p.pts in calm]
        returns = [p for p in tap.packets(picture_stream("return")) if p.pts in calm]
        assert [p.pts for p in pictures] == [t for t in calm if t % every == 0], f"step {step}"
        for browsers in (wall, returns):
            assert [p.pts for p in browsers] == [t for t in calm if t % wall_every == 0], f"step {step}"
        rate = sum(len(p.data) for p in pictures) * 8 * 30 / len(calm)
        assert rate == pytest.approx(config.renditions["program"].bitrate, rel=0.12), f"step {step}"


def test_the_latency_is_what_a_watch_says() -> None:
    """Pictures of changing brightness: from the moment given as their arrival to their packet on the bus."""
    with Mixer(small_config()) as mixer:
        writer = mixer.open_slot(of_seat("a"))
        tap = mixer.tap(VIDEO)
        mixer.take(plan_of(1, WHOLE))
        arrived: list[int] = []
        stop = threading.Event()
        thread = threading.Thread(target=_write_flashes, args=(writer, arrived, stop))
        thread.start()
        try:
            wait_for(lambda: len(arrived) >= 21 or None, "pictures")
        finally:
            stop.set()
            thread.join()
        report = mixer.expect(MixerReport, lambda r: r.latency_ms.count >= 20)
        pictures = tap.packets(VIDEO)
        came = {m.pts: at for at, m in list(tap.received) if isinstance(m, Packet)}
    first = next(i for i, p in enumerate(pictures) if p.key)
    luma = [
        (f.pts or 0, colour_at(f, 320, 180)[0])
        for f in decoded(pictures[first:], header=tap.headers(VIDEO)[0])
    ]
    changes = [came[pts] for (_, before), (pts, after) in pairwise(luma) if abs(after - before) > 60]
    watched = [(at - by) / 1e6 for at, by in zip(changes[-20:], arrived[-20:], strict=True)]
    assert report.latency_sum_s * 1000 / sum(report.latency_counts) == pytest.approx(np.mean(watched), abs=6)
    assert report.latency_ms.p50 == pytest.approx(np.median(watched), abs=8)
    assert report.latency_ms.max <= max(watched) + 1
    assert 20 <= sum(report.latency_counts) <= len(arrived)
    assert sum(report.latency_counts[:1]) == 0, "a picture is not out within a millisecond"


def _write_flashes(writer: SlotWriter, arrived: list[int], stop: threading.Event) -> None:
    """A picture each 120 ms, dark and bright in turn; each arrived 25 ms before it was written."""
    number, due = 0, time.monotonic_ns()
    while not stop.is_set():
        now = time.monotonic_ns()
        writer.beat(now)
        if now >= due:
            picture = still(320, 180, (40 if number % 2 else 200, 128, 128))
            writer.write_picture(picture, now, now - 25 * NS // 1000)
            arrived.append(now - 25 * NS // 1000)
            number, due = number + 1, due + 120 * NS // 1000
        stop.wait(0.005)
