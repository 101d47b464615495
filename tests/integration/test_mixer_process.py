"""The real mixer process on real slots and a real packet bus: what it publishes, decoded and measured."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import pairwise

import msgspec
import numpy as np
import pytest

from mixer.contract.clock import NS, RATE
from mixer.contract.colour import yuv_of
from mixer.contract.hand_values import HandValues
from mixer.contract.messages import (
    CanvasPublished,
    Heartbeat,
    Meters,
    MixerReport,
    PlanTaken,
    PublishCanvas,
    SlotOpened,
    TakeSound,
    TakeValues,
    WatchMeters,
)
from mixer.contract.names import (
    TALKBACK,
    ProcessName,
    SourceName,
    StreamName,
    of_seat,
    picture_stream,
    return_stream,
    slot_of,
    sound_stream,
)
from mixer.contract.plan import (
    AudioInput,
    AudioPlan,
    Bus,
    CanvasPlan,
    CanvasView,
    Interpreter,
    MixPlan,
    Rect,
    SourceInfo,
    Talkback,
    Tile,
    Transition,
)
from mixer.contract.theme import Theme
from mixer.ipc.bus.packets import Packet
from mixer.ipc.slot import SlotWriter, create_slot
from tests.support.media.mixing import (
    AHEAD,
    BLUE,
    GREEN,
    LEFT,
    RED,
    RIGHT,
    ROOT,
    Guest,
    Mixer,
    colour_at,
    decoded,
    guests,
    is_colour,
    level_db,
    plan_of,
    small_config,
    sound_of,
    still,
    wait_for,
)

pytestmark = pytest.mark.alone

VIDEO, SOUND = picture_stream("program"), sound_stream("floor")
BOTH = (Tile(LEFT, of_seat("a")), Tile(RIGHT, of_seat("b")))


def left_out(mixer: Mixer, pictures: list[Packet]) -> set[int]:
    """Ticks without a picture; on a machine that is busy otherwise there may be some, but all are counted."""
    numbers = [p.pts for p in pictures]
    assert numbers == sorted(set(numbers)), "none twice, none out of order"
    missing = set(range(numbers[0], numbers[-1])) - set(numbers)
    if missing:
        mixer.expect(
            MixerReport, lambda r: r.tick > numbers[-1] and r.late_ticks + r.spared_ticks >= len(missing)
        )
    assert len(missing) < len(numbers) / 5
    return missing


@pytest.fixture
def mixer() -> Iterator[Mixer]:
    with Mixer(small_config()) as running:
        yield running


def test_pictures_and_sound_of_two_guests(mixer: Mixer) -> None:
    a, b = mixer.open_slot(of_seat("a")), mixer.open_slot(of_seat("b"))
    tap = mixer.tap(VIDEO, SOUND)
    with guests(Guest(a, RED, 440.0), Guest(b, BLUE, 1000.0)):
        taken = mixer.take(plan_of(1, BOTH, (of_seat("a"), of_seat("b"))))
        assert taken.ticks_waited <= 2
        pictures = tap.wait(VIDEO, lambda p: bool(p) and p[-1].pts >= taken.tick + 150)
    header = tap.headers(VIDEO)[0]
    missing = left_out(mixer, pictures)
    keys = [p.pts for p in pictures if p.key]
    eased = any(report.load.step for report in mixer.reports())  # with a keyframe beside the grid
    assert eased or {k for k in keys[1:] if k % 60} <= {m + 1 for m in missing}, "a grid of 2 s"
    assert max(q - p for p, q in pairwise(keys)) <= 60 + len(missing)
    rate = sum(len(p.data) for p in pictures[-120:]) * 8 / 4
    assert rate == pytest.approx(1_000_000, rel=0.05), "constant on a still picture"
    frame = decoded(pictures, header=header)[-1]
    assert is_colour(frame, 160, 100, RED)
    assert is_colour(frame, 480, 100, BLUE)
    assert (header.width, header.height, header.time_base) == (640, 360, (1, 30))
    assert header.slate
    assert header.slate[0].key

    blocks = tap.packets(SOUND)
    assert [q.pts - p.pts for p, q in pairwise(blocks)] == [1024] * (len(blocks) - 1)
    _, samples = sound_of(blocks, "aac", tap.headers(SOUND)[0])
    last = samples[-RATE:]
    assert level_db(last, 440.0) == pytest.approx(-12.04, abs=0.5)
    assert level_db(last, 1000.0) == pytest.approx(-12.04, abs=0.5)
    report = mixer.reports()[-1]
    assert report.levels["seat/a"] == pytest.approx(-12.04, abs=0.2)
    assert report.sources == {"seat/a": "live", "seat/b": "live"}
    assert report.revision == 1
    assert mixer.expect(Heartbeat)


def test_sound_and_picture_keep_their_time(mixer: Mixer) -> None:
    """A flash and a beep written with equal times come out within a tick of each other, at those times."""
    fd = create_slot("slot", 320, 180)
    mixer.send(SlotOpened(slot_of(of_seat("a"))), (fd,))
    writer = SlotWriter(fd)
    os.close(fd)
    tap = mixer.tap(VIDEO, SOUND)
    mixer.take(plan_of(1, (Tile(Rect(0, 0, 640, 360), of_seat("a")),), (of_seat("a"),)))
    epoch = mixer.config.epoch_ns
    flash_ns = epoch + ((time.monotonic_ns() - epoch) // NS + 2) * NS
    first = flash_ns * RATE // NS
    dark, bright = still(320, 180, (16, 128, 128)), still(320, 180, (235, 128, 128))
    sample = (time.monotonic_ns() * RATE // NS) // 960 * 960
    shown = 0
    while time.monotonic_ns() < flash_ns + NS:
        now = time.monotonic_ns()
        writer.beat(now)
        if now - shown > 30_000_000:
            shown = now
            writer.write_picture(bright if now >= flash_ns else dark, now)
        while sample <= now * RATE // NS + AHEAD:
            at = np.arange(sample, sample + 960)
            wave = np.where(at >= first, 0.5 * np.sin(2 * np.pi * 1000 * at / RATE), 0).astype(np.float32)
            writer.write_sound(sample, np.repeat(wave[:, None], 2, axis=1))
            sample += 960
        time.sleep(0.003)
    pictures, blocks = tap.packets(VIDEO), tap.packets(SOUND)
    frames = decoded(pictures, header=tap.headers(VIDEO)[0])
    flash_tick = next(f.pts for f in frames if colour_at(f, 320, 100)[0] > 128)
    assert flash_tick is not None
    flash_s = flash_tick / 30
    start, samples = sound_of(blocks, "aac", tap.headers(SOUND)[0])
    beep_s = (start + int(np.argmax(np.abs(samples[:, 0]) > 0.1))) / RATE
    expected = (flash_ns - epoch) / NS
    assert flash_s == pytest.approx(expected, abs=0.08)
    assert beep_s == pytest.approx(expected, abs=0.005)


def test_a_plan_reaches_all_canvases_on_one_tick(mixer: Mixer) -> None:
    full = {"program": Rect(0, 0, 640, 360), "wall": Rect(0, 0, 960, 270), "multiview": Rect(0, 0, 320, 180)}

    def plan(revision: int, source: SourceName) -> MixPlan:
        tiles = {name: (Tile(rect, source),) for name, rect in full.items()}
        multiview = CanvasPlan(320, 180, tiles["multiview"])
        return plan_of(revision, tiles["program"], wall=tiles["wall"], multiview=multiview)

    a, b = mixer.open_slot(of_seat("a")), mixer.open_slot(of_seat("b"))
    tap = mixer.tap(
        VIDEO,
        picture_stream("wall"),
        picture_stream("multiview"),
        picture_stream("return"),
        picture_stream("return", "vp8"),
    )
    with guests(Guest(a, RED), Guest(b, GREEN)):
        mixer.take(plan(1, of_seat("a")))
        for stream in (
            picture_stream("wall"),
            picture_stream("multiview"),
            picture_stream("return"),
            picture_stream("return", "vp8"),
        ):
            tap.wait(stream, lambda p: len(p) > 20)
        taken = mixer.take(plan(2, of_seat("b")))
        for stream in (
            picture_stream("wall"),
            picture_stream("multiview"),
            picture_stream("return"),
            picture_stream("return", "vp8"),
            VIDEO,
        ):
            packets = tap.wait(stream, lambda p: p[-1].pts > taken.tick + 5)
            codec = stream.partition("/")[2]
            header = tap.headers(stream)[-1] if codec == "h264" else None
            colours = {f.pts or 0: colour_at(f, 160, 90) for f in decoded(_whole(packets), codec, header)}
            green = {pts for pts, yuv in colours.items() if abs(yuv[0] - GREEN[0]) < 20 and yuv[1] < 75}
            assert min(green) == taken.tick, stream
            assert all(pts in green for pts in colours if pts >= taken.tick)


def _whole(packets: list[Packet]) -> list[Packet]:
    """From the first keyframe on."""
    first = next(i for i, p in enumerate(packets) if p.key)
    return packets[first:]


def test_kill_9_of_a_writer_gives_a_slate_and_it_comes_back(mixer: Mixer) -> None:
    fd = create_slot("slot", 320, 180)
    mixer.send(SlotOpened(slot_of(of_seat("a"))), (fd,))
    mixer.take(plan_of(1, BOTH))
    code = f"from tests.support.media.mixing import *; Guest(SlotWriter({fd}), RED)._run()"
    writer = subprocess.Popen([sys.executable, "-c", code], pass_fds=[fd], cwd=ROOT)
    mixer.expect(MixerReport, lambda r: r.sources.get(of_seat("a")) == "live")
    tap = mixer.tap(VIDEO)
    tap.wait(VIDEO, lambda p: len(p) > 10)
    writer.kill()
    writer.wait()
    killed = (time.monotonic_ns() - mixer.config.epoch_ns) * 30 // NS
    frames = decoded(tap.wait(VIDEO, lambda p: p[-1].pts > killed + 60), header=tap.headers(VIDEO)[0])
    gone = min(
        f.pts for f in frames if f.pts is not None and f.pts > killed and not is_colour(f, 60, 60, RED, 12)
    )
    assert killed + 24 <= gone <= killed + 36, "held for a second, then the slate"
    assert mixer.expect(MixerReport, lambda r: r.sources.get(of_seat("a")) == "slate")
    assert mixer.reports()[-1].sources[of_seat("b")] == "card"
    again = Guest(SlotWriter(fd), GREEN)
    os.close(fd)
    with guests(again):
        seen = len(mixer.messages)
        wait_for(
            lambda: next(
                (
                    m
                    for _, m in mixer.messages[seen:]
                    if isinstance(m, MixerReport) and m.sources.get(of_seat("a")) == "live"
                ),
                None,
            ),
            "the guest to be back",
        )


def test_returns_leave_out_the_own_voice(mixer: Mixer) -> None:
    a, b, c = (mixer.open_slot(of_seat(name)) for name in "abc")
    tap = mixer.tap(return_stream("returns", "floor"), sound_stream("floor", "opus"), live=True)
    with guests(Guest(a, RED, 440.0), Guest(b, BLUE, 1000.0), Guest(c, GREEN, 0.0)):
        mixer.take(plan_of(1, BOTH, (of_seat("a"), of_seat("b"), of_seat("c"))))
        wait_for(lambda: len([r for r in tap.returns() if len(r.own) == 2]) > 100 or None, "returns")
    blocks = [r for r in tap.returns() if len(r.own) == 2][-100:]
    assert [q.pts - p.pts for p, q in pairwise(blocks)] == [960] * 99
    for heard, own, other in ((of_seat("a"), 440.0, 1000.0), (of_seat("b"), 1000.0, 440.0)):
        packets = [Packet(StreamName(""), r.pts, r.pts, 960, True, r.own[heard]) for r in blocks]
        _, samples = sound_of(packets, "libopus")
        assert level_db(samples[9600:], other) == pytest.approx(-12.0, abs=1)
        assert level_db(samples[9600:], own) < level_db(samples[9600:], other) - 60
    packets = [Packet(StreamName(""), r.pts, r.pts, 960, True, r.common) for r in blocks]
    _, samples = sound_of(packets, "libopus")
    assert level_db(samples[9600:], 440.0) == pytest.approx(-12.0, abs=1)
    assert set(blocks[-1].heard) == {"seat/a", "seat/b"}
    assert tap.packets(sound_stream("floor", "opus"))


def test_languages_talkback_and_meters(mixer: Mixer) -> None:
    """Two languages asked for late line up with the floor; the interpreter is in one, talkback in none."""
    sounds = {"seat/a": 440.0, "seat/i": 1000.0, "talk/director": 2000.0}
    writers = [
        Guest(mixer.open_slot(SourceName(name)), tone_hz=hz, pictures=False) for name, hz in sounds.items()
    ]
    audio = AudioPlan(
        (AudioInput(of_seat("a"), language="ko"),),
        (Interpreter(of_seat("i"), "en"),),
        (Bus("floor"), Bus("ko"), Bus("en")),
        talkback=Talkback(TALKBACK, (of_seat("a"),)),
    )
    tap = mixer.tap(SOUND)
    with guests(*writers):
        mixer.take(msgspec.structs.replace(plan_of(1, ()), audio=audio))
        tap.wait(SOUND, lambda p: len(p) > 20)
        languages = mixer.tap(
            sound_stream("ko"),
            sound_stream("en"),
            return_stream("returns", "floor"),
            name=ProcessName("languages"),
        )
        mixer.send(WatchMeters(True))
        meters = mixer.expect(Meters, lambda m: m.buses["en"].momentary > -20)
        mixer.expect(MixerReport, lambda r: r.levels.get("en", -100) > -20)
        second = {
            name: languages.wait(StreamName(f"{name}/aac"), lambda p: len(p) > 110) for name in ("ko", "en")
        }
        mixer.send(WatchMeters(False))
    assert set(meters.sources) == set(sounds)
    assert meters.sources[of_seat("i")].peak == pytest.approx(-12.0, abs=0.5)
    grid = {p.pts for p in tap.packets(SOUND)}
    for name, packets in second.items():
        assert [q.pts - p.pts for p, q in pairwise(packets)] == [1024] * (len(packets) - 1)
        assert {p.pts for p in packets[5:-5]} <= grid
        _, samples = sound_of(packets, "aac", languages.headers(StreamName(f"{name}/aac"))[0])
        there = {hz: level_db(samples[-48000:], hz) for hz in sounds.values()}
        assert there[440.0] == pytest.approx(-12.0 if name == "ko" else -30.0, abs=1)
        assert there[2000.0] < -70
        if name == "en":
            assert there[1000.0] == pytest.approx(-12.0, abs=1)
        else:
            assert there[1000.0] < -70
    packets = [
        Packet(StreamName(""), r.pts, r.pts, 960, True, r.own[of_seat("a")])
        for r in languages.returns()[-50:]
    ]
    _, samples = sound_of(packets, "libopus")
    assert level_db(samples[9600:], 2000.0) == pytest.approx(-12.0, abs=1)
    assert level_db(samples[9600:], 440.0) < -60


def test_snapshots_and_the_multiview(mixer: Mixer) -> None:
    a = mixer.open_slot(of_seat("a"))
    program, multiview = mixer.open_canvas("program", 640, 360), mixer.open_canvas("multiview", 320, 180)
    view = CanvasPlan(320, 180, (), (CanvasView(Rect(0, 0, 160, 90), "program"),))
    with guests(Guest(a, RED)):
        mixer.take(plan_of(1, (Tile(Rect(0, 0, 640, 360), of_seat("a")),), multiview=view))
        mixer.expect(MixerReport, lambda r: r.sources.get(of_seat("a")) == "live")
        for name, reader, at in (("program", program, (100, 300)), ("multiview", multiview, (40, 80))):
            mixer.send(PublishCanvas(name))  # type: ignore[arg-type]
            mixer.expect(CanvasPublished, lambda m, name=name: m.canvas == name)  # type: ignore[misc]
            taken = reader.take(time.monotonic_ns())
            assert taken is not None
            assert taken.picture.y[at] == RED[0]


def test_fade_to_black_is_black_and_silent(mixer: Mixer) -> None:
    a = mixer.open_slot(of_seat("a"))
    tap = mixer.tap(VIDEO, SOUND)
    with guests(Guest(a, RED, 440.0)):
        tiles = (Tile(Rect(0, 0, 640, 360), of_seat("a")),)
        mixer.take(plan_of(1, tiles, (of_seat("a"),)))
        mixer.expect(MixerReport, lambda r: r.levels.get("floor", -100) > -20)
        taken = mixer.take(plan_of(2, tiles, (of_seat("a"),), black=True))
        pictures = tap.wait(VIDEO, lambda p: p[-1].pts > taken.tick + 45)
        blocks = tap.packets(SOUND)
        # The slate, out of black: seen at once, and as silent.
        slate = msgspec.structs.replace(plan_of(3, tiles, (of_seat("a"),)), slate=True)
        taken = mixer.take(slate)
        slated = tap.wait(VIDEO, lambda p: p[-1].pts > taken.tick + 15)
    frame = decoded(pictures, header=tap.headers(VIDEO)[0])[-1]
    assert is_colour(frame, 100, 100, (16, 128, 128))
    frame = decoded(slated, header=tap.headers(VIDEO)[0])[-1]
    assert is_colour(frame, 100, 60, yuv_of(Theme().event))
    for heard in (blocks, tap.packets(SOUND)):
        _, samples = sound_of(heard, "aac", tap.headers(SOUND)[0])
        assert np.abs(samples[-9600:]).max() < 1e-3


def test_a_dissolve_goes_by_the_clock_on_all_canvases_and_loses_no_tick(mixer: Mixer) -> None:
    """Each decoded picture, of each canvas, is as far as its own tick's due time says."""
    a, b = mixer.open_slot(of_seat("a")), mixer.open_slot(of_seat("b"))
    whole, wide, small = Rect(0, 0, 640, 360), Rect(0, 0, 960, 270), Rect(0, 0, 320, 180)
    view = CanvasPlan(320, 180, (), (CanvasView(small, "program"),))

    def plan(revision: int, source: SourceName) -> MixPlan:
        return plan_of(revision, (Tile(whole, source),), wall=(Tile(wide, source),), multiview=view)

    tap = mixer.tap(VIDEO, picture_stream("wall"), picture_stream("multiview"))
    with guests(Guest(a, RED), Guest(b, GREEN)):
        mixer.take(plan(1, of_seat("a")))
        mixer.expect(MixerReport, lambda r: r.sources == {"seat/a": "live"})
        for stream in (picture_stream("wall"), picture_stream("multiview")):
            tap.wait(stream, lambda p: len(p) > 5)
        how = Transition("mix", time.monotonic_ns(), 800_000_000)
        before, after = plan(2, of_seat("a")), plan(2, of_seat("b"))
        both = msgspec.structs.replace(
            after, transition=how, leaving=before.canvases, sources={**before.sources, **after.sources}
        )
        taken = mixer.take(both)
        assert taken.ticks_waited <= 2
        pictures = {
            stream: tap.wait(stream, lambda p: p[-1].pts > taken.tick + 32)
            for stream in (VIDEO, picture_stream("wall"), picture_stream("multiview"))
        }
    left_out(mixer, pictures[VIDEO])
    for stream, packets in pictures.items():
        frames = decoded(_whole(packets), header=tap.headers(stream)[-1])
        half_way = 0
        for frame in frames:
            if (frame.pts or 0) < taken.tick:
                continue  # it may be of before the guests were there
            due_ns = mixer.config.epoch_ns + (frame.pts or 0) * NS // 30
            t = min(max((due_ns - how.start_ns) / how.duration_ns, 0.0), 1.0)
            wanted = RED[0] + (GREEN[0] - RED[0]) * t
            assert colour_at(frame, 160, 90)[0] == pytest.approx(wanted, abs=4), (stream, frame.pts)
            half_way += 0.1 < t < 0.9
        assert half_way > 12, stream


def test_a_hand_moves_sound_and_picture_of_the_plan_that_is_on_air(mixer: Mixer) -> None:
    a, b = mixer.open_slot(of_seat("a")), mixer.open_slot(of_seat("b"))
    whole = Rect(0, 0, 640, 360)
    tap = mixer.tap(VIDEO, SOUND)
    with guests(Guest(a, RED, 440.0), Guest(b, GREEN)):
        before, after = (
            plan_of(2, (Tile(whole, source),), (of_seat("a"),)) for source in (of_seat("a"), of_seat("b"))
        )
        mixer.take(before)
        mixer.expect(MixerReport, lambda r: r.sources == {"seat/a": "live"})
        both = msgspec.structs.replace(
            after,
            revision=3,
            transition=Transition(position=0.25),
            leaving=before.canvases,
            sources={**before.sources, **after.sources},
        )
        mixer.take(both)
        now = time.monotonic_ns
        mixer.send(TakeValues(4, now(), HandValues({of_seat("a"): -20.0}, 0.75)))
        moved = mixer.expect(PlanTaken, lambda taken: taken.revision == 4)
        assert (moved.ordinary, moved.ticks_waited <= 2) == (True, True)
        mixer.send(TakeValues(4, now(), HandValues({of_seat("a"): -20.0}, 0.5)))
        tap.wait(VIDEO, lambda packets: packets[-1].pts > moved.tick + 12)
        audio = msgspec.structs.replace(both.audio, open=(AudioInput(of_seat("a"), -6.0),))
        mixer.send(TakeSound(5, audio, now()))
        louder = mixer.expect(PlanTaken, lambda taken: taken.revision == 5)
        pictures = tap.wait(VIDEO, lambda packets: packets[-1].pts > louder.tick + 20)
        blocks = tap.packets(SOUND)
    assert len([1 for _, each in mixer.messages if isinstance(each, PlanTaken) and each.revision == 4]) == 1
    left_out(mixer, pictures)
    shares = {}
    for frame in decoded(_whole(pictures), header=tap.headers(VIDEO)[-1]):
        red = colour_at(frame, 320, 180)[0]
        shares[frame.pts] = (red - RED[0]) / (GREEN[0] - RED[0])
    assert shares[moved.tick - 1] == pytest.approx(0.25, abs=0.05)
    assert shares[moved.tick] in (pytest.approx(0.75, abs=0.05), pytest.approx(0.5, abs=0.05))
    assert shares[moved.tick + 10] == pytest.approx(0.5, abs=0.05)
    assert shares[louder.tick + 15] == pytest.approx(0.25, abs=0.05), "of the plan, without the values"
    first, samples = sound_of(blocks, "aac", tap.headers(SOUND)[0])

    def heard(tick: int) -> float:
        at = (tick + 8) * RATE // 30 - first
        return level_db(samples[at : at + 2400], 440.0)

    assert heard(moved.tick) - heard(louder.tick) == pytest.approx(-14, abs=1)


def test_gain_changes_and_mutes_do_not_click(mixer: Mixer) -> None:
    """A steady tone, opened, turned up and closed, as received on the floor: no step but its own."""
    a = mixer.open_slot(of_seat("a"))
    tap = mixer.tap(SOUND)
    with guests(Guest(a, RED, 440.0)):
        for revision, gains in enumerate(([], [0.0], [6.0], [-12.0], [], [0.0]), 1):
            plan = plan_of(revision, (), (of_seat("a"),))
            inputs = tuple(AudioInput(of_seat("a"), db) for db in gains)
            taken = mixer.take(
                msgspec.structs.replace(plan, audio=msgspec.structs.replace(plan.audio, open=inputs))
            )
            mixer.expect(MixerReport, lambda r, tick=taken.tick: r.tick > tick + 8)  # type: ignore[misc]
    _, samples = sound_of(tap.packets(SOUND)[4:], "aac", tap.headers(SOUND)[0])
    assert np.abs(samples).max() == pytest.approx(0.5, abs=0.05)
    own = 0.5 * 2 * np.pi * 440 / RATE
    assert np.abs(np.diff(samples[:, 0])).max() < own * 1.3 + 0.5 / 240


def test_garbage_in_slots_does_not_stop_the_tick(mixer: Mixer) -> None:
    a, b = mixer.open_slot(of_seat("a")), mixer.open_slot(of_seat("b"))
    mixer.send(SlotOpened(slot_of(of_seat("none"))), ())  # no descriptor
    rng = np.random.default_rng(1)
    with guests(Guest(b, BLUE, 440.0)):
        mixer.take(plan_of(1, BOTH, (of_seat("a"), of_seat("b"))))
        tap = mixer.tap(VIDEO, SOUND)
        for _ in range(60):
            a._header[6:10] = memoryview(rng.integers(0, 2**63, 4, np.uint64).tobytes()).cast("Q")
            for meta in a._metas:
                meta[:] = memoryview((rng.integers(0, 2**12, 8, np.uint64) * 2).tobytes()).cast("Q")
            a._sound[:] = np.nan
            a.beat(time.monotonic_ns())
            time.sleep(0.01)
        last = tap.packets(VIDEO)[-1].pts
        pictures = tap.wait(VIDEO, lambda p: p[-1].pts > last + 40)
    left_out(mixer, pictures)
    assert is_colour(decoded(pictures, header=tap.headers(VIDEO)[0])[-1], 480, 100, BLUE)
    _, samples = sound_of(tap.packets(SOUND), "aac", tap.headers(SOUND)[0])
    assert np.isfinite(samples).all()
    assert level_db(samples[-24000:], 440.0) == pytest.approx(-12.04, abs=0.5)


def test_pts_go_on_across_a_restart() -> None:
    config = small_config()
    ends: list[int] = []
    for _ in range(2):
        with Mixer(config) as mixer:
            tap = mixer.tap(VIDEO, SOUND)
            pictures = tap.wait(VIDEO, lambda p: len(p) > 20)
            assert pictures[0].key
            now = (time.monotonic_ns() - config.epoch_ns) * 30 // NS
            assert now - 10 <= pictures[-1].pts <= now, "presentation time is the programme's clock"
            assert all(p.pts > end for p, end in zip(pictures, ends, strict=False))
            ends = [pictures[-1].pts] * len(pictures)
            headers = tap.headers(VIDEO)
    assert len(headers) == 1


def test_plans_are_taken_within_two_ticks(mixer: Mixer) -> None:
    """Also when each brings names that were never drawn before."""
    a = mixer.open_slot(of_seat("a"))
    with guests(Guest(a)):
        for revision in range(1, 20):
            tiles = BOTH if revision % 2 else (Tile(Rect(0, 0, 640, 360), of_seat("a")),)
            plan = plan_of(revision, tiles)
            info = SourceInfo(name=f"Mayor {revision}", title="고양시")
            plan = msgspec.structs.replace(plan, sources=dict.fromkeys(plan.sources, info))
            late = mixer.reports()[-1].late_ticks if mixer.reports() else 0
            taken = mixer.take(plan)
            if taken.ticks_waited > 2:  # only where ticks themselves were late, or spared for it
                mixer.expect(
                    MixerReport,
                    lambda r, t=taken, n=late: r.tick > t.tick and (r.late_ticks > n or r.load.step > 1),  # type: ignore[misc]
                )
