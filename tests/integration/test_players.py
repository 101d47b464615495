"""Real player processes with real files and a real ingest: what they write into their slots, and when."""

import functools
import os
import subprocess
import threading
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from mixer.contract.clock import RATE, sample_at
from mixer.contract.picture import Picture
from mixer.contract.player_messages import PlayerConfig
from mixer.contract.source_kinds import SourceKind
from mixer.ipc.slot import Samples
from studio.lab.harness.waiting import wait_until
from tests.support.ingest import BlackHole, RtmpIngest, free_port
from tests.support.media.material import beeps, flashes, make_clip, make_pdf, number_of
from tests.support.media.players import PlayerRun

pytestmark = pytest.mark.alone


def config(kind: SourceKind, **fields: Any) -> PlayerConfig:
    return PlayerConfig("x", kind, width=640, height=360, epoch_ns=time.monotonic_ns(), **fields)


class Watched:
    """Every tick's picture of a slot, by number, and all of its sound, as the mixer takes them."""

    def __init__(self, run: PlayerRun, see: Callable[[Picture], Any] = number_of) -> None:
        self.pictures: dict[int, Any] = {}
        self.first_sample = sample_at(time.monotonic_ns())
        self._sound: list[Samples] = []
        self._run, self._see = run, see
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        self._thread.join(5)

    @property
    def sound(self) -> Samples:
        return np.concatenate(self._sound)

    def _watch(self) -> None:
        clock, at = self._run.clock, self.first_sample
        tick = clock.tick_at(time.monotonic_ns()) + 1
        while not self._over.wait(max(0.0, (clock.due_ns(tick) - time.monotonic_ns()) / 1e9)):
            self.pictures[tick] = self._see(self._run.shown(clock.due_ns(tick)))
            tick += 1
            end = sample_at(time.monotonic_ns()) - RATE // 25  # the mixer's 40 ms
            if end > at:
                self._sound.append(self._run.slot.read_sound(at, end - at)[0])
                at = end


def lip_sync_ms(watched: Watched, run: PlayerRun) -> list[float]:
    """How much later each beep is than its flash."""
    ticks = sorted(watched.pictures)
    lit = [t for t in ticks if watched.pictures[t] and not watched.pictures.get(t - 1, True)]
    loud = np.flatnonzero(np.abs(watched.sound[:, 0]) > 0.05)
    begins = [int(each) for each, gap in zip(loud[1:], np.diff(loud), strict=True) if gap > RATE // 2]
    begins += [int(loud[0])] if len(loud) and loud[0] > RATE // 10 else []
    starts_s = [(watched.first_sample + each) / RATE for each in begins]
    found_s = [run.clock.due_ns(tick) / 1e9 for tick in lit]
    # Of the first and the last one either may lie outside of what was watched.
    pairs = [(start_s - flash_s) * 1000 for flash_s in found_s for start_s in starts_s]
    return [offset for offset in pairs if abs(offset) < 500]


def test_a_clip_gives_each_tick_its_picture_and_its_sound(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.mp4", pictures=75, sound=beeps)
    with PlayerRun(config("clip", file=str(clip)), tmp_path / "log") as run:
        run.wait_state("ready")
        assert (run.last.fps, run.last.sound, run.last.duration_s) == (30.0, True, 2.5)
        assert number_of(run.shown()) == 0
        watched = Watched(run)
        run.order(1, playing=True)
        run.wait_state("ended", 1)
        watched.stop()
        seen = [number for number in watched.pictures.values() if number]
        numbers = sorted(set(seen))
        assert numbers == list(range(1, 75)), "a picture was dropped"
        assert [seen.count(number) for number in numbers[:-1]] == [1] * 73, "a picture was repeated"
        assert (run.last.late, run.last.position_s, run.last.remaining_s) == (0, 2.5, 0.0)
        assert np.abs(watched.sound).max() > 0.3

        run.order(2, position_s=1.5)
        run.wait_state("paused", 2)
        wait_until("frame 45", lambda: number_of(run.shown()) == 45)
        run.order(3, position_s=0.4, playing=True)
        run.wait_for("playing on", lambda report: report.order == 3 and report.position_s > 0.6)
        run.order(4, position_s=0.7)
        run.wait_state("paused", 4)
        wait_until("frame 21", lambda: number_of(run.shown()) == 21)
        wait_until("silence", lambda: not silent_for(run), 3)
        assert run.shut_down() == 0
    assert "Traceback" not in run.spoken()


def silent_for(run: PlayerRun) -> bool:
    """Whether anything is heard in the next 50 ms."""
    sound, _ = run.slot.read_sound(sample_at(time.monotonic_ns()) - RATE // 100, RATE // 20)
    return bool(np.abs(sound).max() > 0.01)


def test_a_loop_has_no_gap_and_its_sound_stays_in_step(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.mkv", pictures=60, sound=beeps, draw=flashes)
    with PlayerRun(config("clip", file=str(clip)), tmp_path / "log") as run:
        run.wait_state("ready")
        run.order(1, playing=True, loop=True, out_s=2.0)
        run.wait_state("playing", 1)
        watched = Watched(run, lambda picture: bool(picture.y.mean() > 128))
        wait_until("most of two rounds", lambda: len(watched.pictures) > 105)
        watched.stop()
        lit = [tick for tick, on in sorted(watched.pictures.items()) if on]
        begins = [tick for tick in lit if watched.pictures.get(tick - 1) is False]
        assert np.diff(begins).tolist() == [30] * (len(begins) - 1), "the loop has a gap"
        offsets = lip_sync_ms(watched, run)
        assert len(offsets) >= 2
        assert max(map(abs, offsets)) < 5, offsets


@pytest.mark.parametrize("rate", [25, 60])
def test_other_rates_and_shapes(tmp_path: Path, rate: int) -> None:
    clip = make_clip(tmp_path / "a.mov", pictures=rate, rate=Fraction(rate), size=(322, 182))
    with PlayerRun(config("clip", file=str(clip)), tmp_path / "log") as run:
        run.wait_state("ready")
        watched = Watched(run)
        run.order(1, playing=True)
        run.wait_state("ended", 1)
        watched.stop()
        shown = [number for number in watched.pictures.values() if number]
        # But for the last one, which is held.
        steps = set(np.diff(sorted(set(shown))[:-1]).tolist())
        assert steps == ({1} if rate == 25 else {2}), "not the same share of the pictures all along"
        assert (run.last.late, run.shown().width) == (0, 322)


def test_what_is_wrong_with_a_clip_is_told(tmp_path: Path) -> None:
    (tmp_path / "rubbish").write_bytes(b"\x1a\x45\xdf\xa3" + os.urandom(4000))
    cut = make_clip(tmp_path / "cut.mp4", pictures=90, gop=10, container={"movflags": "faststart"})
    cut.write_bytes(cut.read_bytes()[: cut.stat().st_size // 2])
    with PlayerRun(config("clip", file=str(tmp_path / "rubbish")), tmp_path / "log") as run:
        run.wait_state("failed")
        assert run.last.code == "media.corrupt"
        wait_until("heartbeats all the same", lambda: len(run.beats) > 1)
        # which the mixer takes for a slate: the slot had a sign of life, and has none any more
        assert run.slot.heartbeat_ns
        wait_until("none in the slot", lambda: time.monotonic_ns() - run.slot.heartbeat_ns > 1.1 * 10**9)
    with PlayerRun(config("clip", file=str(cut)), tmp_path / "log") as run:
        run.wait_state("ready")
        assert run.last.code == "clip.truncated"
        assert 0.5 < run.last.duration_s < 2.5
        run.order(1, playing=True)
        run.wait_state("ended", 1)
        assert number_of(run.shown()) > 10


def test_a_reader_that_hangs_stops_the_heartbeat(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "stuck")
    with PlayerRun(config("clip", file=str(tmp_path / "stuck")), tmp_path / "log") as run:
        wait_until("being at work", run.ready.is_set)
        wait_until("a silence", lambda: time.monotonic_ns() - max([*run.beats, 0]) > 2 * 10**9 and run.beats)
        assert time.monotonic_ns() - run.slot.heartbeat_ns > 10**9


def test_colours_of_other_encodings_are_converted(tmp_path: Path) -> None:
    def red(_: int, width: int, height: int) -> Any:
        return np.full((height, width, 3), (191, 0, 0), np.uint8)

    clip = make_clip(tmp_path / "a.mp4", pictures=5, draw=red)  # small and untagged: BT.601
    with PlayerRun(config("clip", file=str(clip)), tmp_path / "log") as run:
        run.wait_state("ready")
        picture = run.shown()
        house = (int(picture.y[90, 160]), int(picture.u[45, 80]), int(picture.v[45, 80]))
    assert np.abs(np.subtract(house, (51, 109, 212))).max() <= 3, house  # 75 % red of BT.709


def test_slides_turn_at_once(tmp_path: Path) -> None:
    deck = make_pdf(tmp_path / "deck", 500)

    def shows(run: PlayerRun, grey: int) -> bool:
        return abs(int(run.shown().y[-3, 3]) - grey) <= 1

    with PlayerRun(config("slides", file=str(deck)), tmp_path / "log") as run:
        run.wait_state("ready")
        assert (run.last.page, run.last.pages) == (1, 500)
        took_ms = []
        for order, page in enumerate((2, 3, 2, 3, 4), 1):
            time_ns = time.monotonic_ns()
            run.order(order, page=page)
            expected = round(16 + 219 * (page * 7 % 200) / 255)
            wait_until("the page", functools.partial(shows, run, expected))
            took_ms.append((time.monotonic_ns() - time_ns) / 1e6)
        assert sorted(took_ms)[2] < 100, took_ms
        run.order(9, page=999)
        run.wait_for("the last page", lambda report: report.page == 500)


def test_a_still_over_black(tmp_path: Path) -> None:
    rgba = np.zeros((400, 200, 4), np.uint8)
    rgba[..., :3] = 255
    rgba[:200, :, 3] = 255
    np.save(tmp_path / "picture.npy", rgba)
    with PlayerRun(config("still", file=str(tmp_path / "picture.npy")), tmp_path / "log") as run:
        run.wait_state("ready")
        picture = run.shown()
        assert (picture.width, picture.height) == (180, 360)
        assert (int(picture.y[10, 90]), int(picture.y[350, 90])) == (235, 16)
        before = run.slot.heartbeat_ns
        wait_until("it lives", lambda: run.slot.heartbeat_ns > before)


def test_the_sync_pattern_is_in_step(tmp_path: Path) -> None:
    with PlayerRun(config("bars", pattern="sync"), tmp_path / "log") as run:
        run.wait_state("live")
        wait_until("a picture", lambda: run.slot.serial > 0)
        watched = Watched(run, lambda picture: bool(picture.y.mean() > 128))
        wait_until("two flashes", lambda: len(watched.pictures) > 70)
        watched.stop()
        offsets = lip_sync_ms(watched, run)
    assert len(offsets) >= 2
    assert max(map(abs, offsets)) < 1, offsets
    tone = watched.sound[np.abs(watched.sound[:, 0]) > 0.05]
    assert 20 * np.log10(np.abs(tone).max()) == pytest.approx(-18, abs=0.1)


def publish(clip: Path, url: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [
            "ffmpeg",
            "-v",
            "quiet",
            "-re",
            "-stream_loop",
            "-1",
            "-i",
            str(clip),
            "-c",
            "copy",
            "-f",
            "flv",
            url,
        ],
        stdin=subprocess.DEVNULL,
    )


def test_a_pulled_stream_is_in_step_and_comes_back(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.mp4", pictures=60, sound=beeps, draw=flashes)
    key = "s3cr3t-key"
    with RtmpIngest(tmp_path) as ingest:
        url = ingest.url(f"live/{key}")
        publisher = publish(clip, url)
        try:
            with PlayerRun(config("pull", private=True, url=url), tmp_path / "log") as run:
                run.wait_state("live", timeout_s=30)
                # A server begins with what is past; after two seconds the stream jumps nearer.
                settling = Watched(run)
                wait_until("it has settled", lambda: len(settling.pictures) > 80)
                settling.stop()
                watched = Watched(run, lambda picture: bool(picture.y.mean() > 128))
                # Five seconds: of a flash a second at least two are seen whole, on a busy machine, too.
                wait_until("some flashes", lambda: len(watched.pictures) > 150)
                watched.stop()
                offsets = lip_sync_ms(watched, run)
                assert len(offsets) >= 2
                assert all(-45 < offset < 40 for offset in offsets), offsets
                publisher.kill()
                publisher.wait()
                run.wait_state("stalled")
                assert run.last.code.startswith("pull.")
                publisher = publish(clip, url)
                run.wait_state("live", timeout_s=30)
        finally:
            publisher.kill()
            publisher.wait()
    assert key not in run.spoken()


def test_a_server_that_says_nothing_and_one_that_is_not_there(tmp_path: Path) -> None:
    key = "s3cr3t-key"
    with BlackHole() as silent:
        rtsp = f"rtsp://user:{key}@127.0.0.1:{silent.port}/{key}"
        nobody = f"rtmp://127.0.0.1:{free_port()}/live/{key}"
        with (
            PlayerRun(config("pull", private=True, url=rtsp), tmp_path / "a") as stalled,
            PlayerRun(config("pull", private=True, url=nobody), tmp_path / "b") as refused,
        ):
            refused.wait_state("stalled")
            assert refused.last.code in ("pull.refused", "pull.failed")
            stalled.wait_for("stalled", lambda report: report.code == "pull.stalled", 30)
            wait_until("a second try", lambda: silent.accepted >= 2, 30)
            assert len(stalled.beats) > 3
        assert key not in stalled.spoken() + refused.spoken()


@pytest.mark.soak
def test_a_minute_of_1080p_has_no_repeated_and_no_dropped_picture(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.mp4", pictures=1800, size=(1920, 1080), sound=beeps)
    whole = PlayerConfig("x", "clip", file=str(clip), epoch_ns=time.monotonic_ns())
    with PlayerRun(whole, tmp_path / "log") as run:
        run.wait_state("ready")
        watched = Watched(run)
        run.order(1, playing=True)
        run.wait_state("ended", 1, 90)
        watched.stop()
    seen = [number for number in watched.pictures.values() if 0 < number < 1799]
    assert seen == list(range(1, 1799))
    assert run.last.late == 0


def test_a_grid_is_drawn_to_the_edge(tmp_path: Path) -> None:
    with PlayerRun(config("bars", pattern="grid", tone=True), tmp_path / "log") as run:
        run.wait_state("live")
        wait_until("a picture", lambda: run.slot.serial > 0)
        picture: Picture = run.shown()
        assert (picture.y[0] == 235).all()
        assert (picture.y[:, -1] == 235).all()
        wait_until("the tone", lambda: silent_for(run))
        assert cv2.minMaxLoc(picture.u)[1] == 128
