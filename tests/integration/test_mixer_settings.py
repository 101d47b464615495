"""The real mixer process under other settings than its own: frame rates, walls of odd shapes, loud sound, and
a user who may not have real-time threads."""

import os
import subprocess
import sys
from fractions import Fraction
from itertools import pairwise

import msgspec
import numpy as np
import pytest

from mixer.contract.clock import NS, RATE
from mixer.contract.messages import MixerReport, Rendition
from mixer.contract.names import of_seat, picture_stream, sound_stream
from mixer.contract.plan import AudioInput, AudioPlan, CanvasPlan, MixPlan, Rect, Tile
from tests.support.media.mixing import (
    BLUE,
    RED,
    ROOT,
    Guest,
    Mixer,
    decoded,
    guests,
    is_colour,
    plan_of,
    small_config,
    sound_of,
)

pytestmark = pytest.mark.alone

VIDEO, SOUND = picture_stream("program"), sound_stream("floor")
NOBODY = 65_534


@pytest.mark.parametrize("fps", [Fraction(25), Fraction(50), Fraction(60), Fraction(30_000, 1001)])
def test_pictures_come_at_exactly_the_configured_rate(fps: Fraction) -> None:
    config = small_config(fps_num=fps.numerator, fps_den=fps.denominator)
    group = round(2 * fps)
    with Mixer(config) as mixer:
        tap = mixer.tap(VIDEO, SOUND)
        pictures = tap.wait(VIDEO, lambda p: len(p) > group and p[-1].key)
        come_ns = next(at for at, m in tap.received if m is pictures[-1])
        sounds = tap.packets(SOUND)
    assert Fraction(*tap.headers(VIDEO)[0].time_base) == 1 / fps
    due_ns = config.epoch_ns + pictures[-1].pts * NS * fps.denominator // fps.numerator
    assert 0 <= come_ns - due_ns < 300_000_000, "each picture comes when its tick is due"
    numbers = [p.pts for p in pictures]
    assert numbers == sorted(set(numbers))
    assert len(numbers) > 0.9 * (numbers[-1] - numbers[0]), "all of them, but for a busy machine's late ticks"
    keys = [p.pts for p in pictures if p.key]
    assert any(key % group == 0 for key in keys)
    assert all(after - before <= group for before, after in pairwise(keys))
    assert {after.pts - before.pts for before, after in pairwise(sounds)} == {1024}
    assert float(sounds[-1].pts / Fraction(RATE) - pictures[-1].pts / fps) == pytest.approx(0, abs=0.4)


@pytest.mark.parametrize("size", [(5760, 1080), (1080, 1920), (1366, 770)])
def test_walls_of_any_even_size(size: tuple[int, int]) -> None:
    width, height = size
    config = small_config()
    config = msgspec.structs.replace(
        config,
        canvases={**config.canvases, "wall": size},
        renditions={**config.renditions, "wall": Rendition("wall", *size, 4_000_000, preset="ultrafast")},
    )
    half = Rect(0, 0, width // 4 * 2, height)
    rest = Rect(half.w, 0, width - half.w, height)
    wall = CanvasPlan(width, height, (Tile(half, of_seat("a")), Tile(rest, of_seat("b"))))
    with Mixer(config) as mixer:
        a, b = mixer.open_slot(of_seat("a")), mixer.open_slot(of_seat("b"))
        with guests(Guest(a, RED), Guest(b, BLUE)):
            plan = plan_of(
                1, (Tile(Rect(0, 0, 640, 360), of_seat("a")), Tile(Rect(0, 0, 2, 2), of_seat("b")))
            )
            mixer.take(msgspec.structs.replace(plan, canvases={**plan.canvases, "wall": wall}))
            mixer.expect(MixerReport, lambda r: r.sources == {"seat/a": "live", "seat/b": "live"})
            tap = mixer.tap(picture_stream("wall"))
            packets = tap.wait(picture_stream("wall"), lambda p: len(p) > 4)
        frame = decoded(packets, header=tap.headers(picture_stream("wall"))[0])[-1]
    assert (frame.width, frame.height) == size
    assert is_colour(frame, width // 4, height // 2, RED)
    assert is_colour(frame, width - 8, height - 8, BLUE)


def test_two_voices_too_loud_together_are_limited_and_stay_whole() -> None:
    with Mixer(small_config()) as mixer:
        a, b = mixer.open_slot(of_seat("a")), mixer.open_slot(of_seat("b"))
        tap = mixer.tap(SOUND)
        with guests(Guest(a, RED, 440.0, 0.9), Guest(b, BLUE, 1000.0, 0.9)):
            loud = AudioPlan((AudioInput(of_seat("a"), 12.0), AudioInput(of_seat("b"), 12.0)))
            mixer.take(MixPlan(1, {}, loud, plan_of(1, (), (of_seat("a"), of_seat("b"))).sources))
            mixer.expect(MixerReport, lambda r: r.levels.get("floor", -100) > -1.5)
            enough = len(tap.packets(SOUND)) + 2 * RATE // 1024
            tap.wait(SOUND, lambda p: len(p) > enough)
        assert max(report.levels.get("floor", -100) for report in mixer.reports()) <= -0.99
    _, samples = sound_of(tap.packets(SOUND), "aac", tap.headers(SOUND)[0])
    steady = samples[-RATE:]
    assert np.abs(steady).max() < 1.0, "not even after the codec"
    assert np.abs(steady).max() > 0.8
    spectrum = np.abs(np.fft.rfft(steady[:, 0] * np.hanning(RATE)))
    tones = spectrum[[440, 1000]].min()
    harmonics = max(spectrum[3 * 440 - 2 : 3 * 440 + 3].max(), spectrum[2998:3003].max())
    assert harmonics < tones / 30, "bent, not clipped: clipping would make a third harmonic of −20 dB"


def test_without_privileges_there_is_a_mixer_all_the_same() -> None:
    """As an ordinary user without limits raised: no real-time threads, no lower niceness, no complaint."""
    code = (
        "import os, resource, sys\n"
        "import mixer.engine.process\n"
        "resource.setrlimit(resource.RLIMIT_RTPRIO, (0, 0))\n"
        "resource.setrlimit(resource.RLIMIT_NICE, (0, 0))\n"
        f"os.geteuid() or (os.setgroups([]), os.setgid({NOBODY}), os.setuid({NOBODY}))\n"
        "from mixer.ipc.priority import Urgency, set_thread\n"
        "def checked():\n"
        "    assert not claim()\n"
        "    assert os.sched_getscheduler(0) == os.SCHED_OTHER\n"
        "    set_thread(Urgency.CLOCK)\n"
        "    assert os.sched_getscheduler(0) == os.SCHED_OTHER\n"
        "claim, mixer.engine.process.priority.claim = mixer.engine.process.priority.claim, checked\n"
        "sys.exit(mixer.engine.process.main())\n"
    )
    with Mixer(small_config(), command=(sys.executable, "-c", code)) as running:
        tap = running.tap(VIDEO)
        pictures = tap.wait(VIDEO, lambda p: len(p) > 20)
    assert pictures[0].key


def test_the_claim_says_what_it_got() -> None:
    """Real-time threads are root's in most places, but not in every container."""
    code = (
        "import os; from mixer.ipc import priority as p; "
        "print(p.allowed(), os.sched_getscheduler(0), p.claim(), os.sched_getscheduler(0))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=20
    )
    other, real_time = str(os.SCHED_OTHER), str(os.SCHED_RR)
    assert done.stdout.split() in (["True", other, "True", real_time], ["False", other, "False", other])
