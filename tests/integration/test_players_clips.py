"""Clips as people bring them, played by real player processes: what is seen and heard, and for how long."""

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mixer.contract.clock import RATE
from mixer.contract.player_messages import PlayerConfig
from mixer.ipc.slot import Samples
from tests.integration.test_players import Watched
from tests.support.media.material import ffmpeg, make_clip
from tests.support.media.players import PlayerRun

pytestmark = pytest.mark.alone


def config(path: Path, **fields: Any) -> PlayerConfig:
    return PlayerConfig("x", "clip", str(path), width=640, height=360, epoch_ns=time.monotonic_ns(), **fields)


def played(path: Path, log: Path, **order: Any) -> tuple[PlayerRun, Watched]:
    """From its beginning to its end."""
    with PlayerRun(config(path), log) as run:
        run.wait_state("ready")
        watched = Watched(run, lambda picture: int(picture.y[-10, 10]))
        run.order(1, playing=True, **order)
        run.wait_state("ended", 1)
        watched.stop()
        assert run.last.code == ""
    return run, watched


def loud_s(sound: Samples, side: int = 0) -> float:
    blocks = sound[: len(sound) // 480 * 480, side].reshape(-1, 480)
    return float((np.abs(blocks).max(1) > 0.01).sum() / 100)


def pitch(sound: NDArray[np.float32]) -> float:
    """The strongest frequency, Hz."""
    spectrum = np.abs(np.fft.rfft(sound))
    return float(np.argmax(spectrum) * RATE / len(sound))


def test_sound_goes_on_after_the_picture_and_its_last_one_is_held(tmp_path: Path) -> None:
    both = "-f lavfi -i color=white:s=160x90:r=25:d=0.6 -f lavfi -i sine=d=1.6 -c:v mpeg4 -c:a aac"
    run, watched = played(ffmpeg(tmp_path / "t.mkv", both), tmp_path / "log")
    assert loud_s(watched.sound) == pytest.approx(1.6, abs=0.08)
    assert run.last.duration_s == pytest.approx(1.6, abs=0.05)
    assert {watched.pictures[tick] > 200 for tick in sorted(watched.pictures)[2:]} == {True}


def test_sound_before_the_picture_is_heard_and_a_loop_turns_where_both_are_over(tmp_path: Path) -> None:
    late = "-itsoffset 1 -f lavfi -i color=white:s=160x90:r=25:d=0.6 -f lavfi -i sine=d=1.6 -map 0:v -map 1:a"
    path = ffmpeg(tmp_path / "e.webm", f"{late} -c:v libvpx -c:a libopus")
    _, watched = played(path, tmp_path / "log")
    assert loud_s(watched.sound) == pytest.approx(1.6, abs=0.08)
    brief = "-f lavfi -i color=s=160x90:r=25:d=0.2 -f lavfi -i sine=d=1 -c:v mpeg4 -c:a pcm_s16le"
    short = ffmpeg(tmp_path / "t.mov", brief)
    with PlayerRun(config(short), tmp_path / "log") as looped:
        looped.wait_state("ready")
        seen = Watched(looped, lambda picture: None)
        looped.order(1, playing=True, loop=True)
        looped.wait_for("half a round", lambda report: report.position_s > 0.5)
        looped.wait_for("the next round", lambda report: report.position_s < 0.5)
        looped.wait_for("half of that", lambda report: report.position_s > 0.5)
        seen.stop()
    loud = np.flatnonzero(np.abs(seen.sound[:, 0]) > 0.02)
    assert np.diff(loud).max() < RATE // 50, "the loop has a gap"


def test_microphones_are_heard_on_their_sides_and_a_track_can_be_chosen(tmp_path: Path) -> None:
    tracks = "-f lavfi -i color=s=160x90:d=0.6 -f lavfi -i sine=440:d=0.6 -f lavfi -i sine=880:d=0.6 -ac 1"
    path = ffmpeg(tmp_path / "m.mov", f"{tracks} -map 0 -map 1 -map 2 -c:v mpeg4 -c:a pcm_s16le")

    def pitches(watched: Watched) -> list[float]:
        loud = np.flatnonzero(np.abs(watched.sound).max(1) > 0.01)
        middle = watched.sound[loud[0] + RATE // 10 :][: RATE // 4]
        return [round(pitch(middle[:, side]), -1) for side in (0, 1)]

    _, watched = played(path, tmp_path / "log")
    assert pitches(watched) == [440, 880]
    _, watched = played(path, tmp_path / "log", sounds=(2,))
    assert pitches(watched) == [880, 880]


def test_another_track_is_heard_at_once_while_the_clip_goes_on(tmp_path: Path) -> None:
    """The position does not jump, nothing clicks, and a shorter track ends no clip."""
    tracks = "-f lavfi -i color=s=160x90:d=2.4 -f lavfi -i sine=440:d=2.4 -f lavfi -i sine=880:d=1.4"
    path = ffmpeg(
        tmp_path / "m.mkv",
        f"{tracks} -map 0 -map 1 -map 2 -c:v mpeg4 -c:a pcm_s16le"
        " -metadata:s:a:0 language=kor -metadata:s:a:1 language=eng",
    )
    with PlayerRun(config(path), tmp_path / "log") as run:
        run.wait_state("ready")
        watched = Watched(run, lambda picture: None)
        began_ns = time.monotonic_ns()
        run.order(1, playing=True)
        run.wait_for("half a second", lambda report: report.position_s > 0.5)
        changed_ns = time.monotonic_ns()
        run.order(1, playing=True, sounds=(2,))
        run.wait_state("ended", 1)
        ended_ns = time.monotonic_ns()
        watched.stop()
        assert run.last.code == ""
        assert run.last.position_s == pytest.approx(2.4, abs=0.1)
    assert (ended_ns - began_ns) / 1e9 < 2.4 + 0.8, "it went on"
    sound = watched.sound[:, 0]
    loud = np.flatnonzero(np.abs(sound) > 0.01)
    assert round(pitch(sound[loud[0] :][: RATE // 4]), -1) == 440
    end = sound[loud[-1] - RATE // 4 : loud[-1]]
    assert round(pitch(end), -1) == 880
    assert (loud[-1] - loud[0]) / RATE == pytest.approx(1.4, abs=0.05)
    assert np.abs(np.diff(sound[loud[0] : loud[-1]])).max() < 0.02, "a click"
    assert changed_ns > began_ns


def test_what_is_made_for_the_wall_arrives_pixel_for_pixel(tmp_path: Path) -> None:
    def columns(index: int, width: int, height: int) -> NDArray[np.uint8]:
        picture = np.zeros((height, width, 3), np.uint8)
        picture[:, ::2] = 255
        return picture

    path = tmp_path / "wall.mp4"
    make_clip(path, pictures=2, size=(3840, 1080), draw=columns, options={"qp": "1"})
    size = PlayerConfig("x", "clip", str(path), width=3840, height=1080, epoch_ns=time.monotonic_ns())
    with PlayerRun(size, tmp_path / "log") as run:
        run.wait_state("ready")
        picture = run.shown()
    assert (picture.width, picture.height) == (3840, 1080)
    assert picture.y[540, ::2].min() > 225
    assert picture.y[540, 1::2].max() < 26


@pytest.mark.parametrize("ending", ["wav", "mp3"])
def test_sound_alone_plays_without_ever_writing_a_picture(tmp_path: Path, ending: str) -> None:
    path = ffmpeg(tmp_path / f"s.{ending}", "-f lavfi -i sine=d=0.8")
    with PlayerRun(config(path), tmp_path / "log") as run:
        run.wait_state("ready")
        assert (run.last.width, run.last.fps, run.last.sound) == (0, 0.0, True)
        heard: list[Samples] = []
        run.order(1, playing=True)
        run.wait_state("playing", 1)
        start = time.monotonic_ns() * RATE // 1_000_000_000
        run.wait_state("ended", 1)
        heard.append(run.slot.read_sound(start, RATE * 9 // 10)[0])
        assert loud_s(heard[0]) > 0.4
        assert run.slot.serial == 0
        assert time.monotonic_ns() - run.slot.heartbeat_ns < 1_000_000_000
        run.order(2, position_s=0.5)
        run.wait_state("paused", 2)
