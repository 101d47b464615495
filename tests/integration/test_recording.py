"""The sender process as a recorder: complete files, files cut off by ``kill -9``, and full disks."""

import contextlib
import json
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import av
import numpy as np
import pytest

from mixer.containers.clock_tags import file_clock
from mixer.contract.messages import SenderConfig
from mixer.contract.names import StreamName, sound_stream
from mixer.outputs.recording.matroska import Recording
from studio.lab.harness.waiting import wait_until
from tests.support.media.probe import (
    BT709,
    duration_s,
    keyframe_times_s,
    packets,
    pictures,
    probe,
    sound,
    video_times_s,
)
from tests.support.media.program import AUDIO, VIDEO, Program
from tests.support.media.sending import SenderProcess

HEAVY = 3_000_000


@pytest.fixture(scope="module")
def program() -> Iterator[Program]:
    with Program(audio=(AUDIO, "ko/aac")) as running:
        yield running


def record_to(folder: Path, audio: tuple[StreamName, ...] = (AUDIO,)) -> SenderConfig:
    return SenderConfig(output="vod 1", video=VIDEO, audio=audio, folder=str(folder), title="여름 정상회의")


def parts(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.mkv"), key=lambda path: int(path.stem.rpartition("part")[2]))


def test_a_finished_recording(tmp_path: Path, program: Program) -> None:
    config = record_to(tmp_path / "new" / "folder", (AUDIO, sound_stream("ko")))
    with SenderProcess(config, program.attach(), tmp_path / "log") as sender:
        sender.wait_live()
        sender.wait_sent(400_000)
        name = sender.last.file
        assert sender.shut_down() == 0
    assert sender.last.state == "stopped"
    [path] = parts(tmp_path / "new" / "folder")
    assert path.name == name
    assert name.startswith("vod_1-2")
    assert name.endswith("Z-part1.mkv")
    video, floor, korean = probe(path)
    assert (video.codec, video.width, video.height, float(video.rate)) == ("h264", 320, 180, 30.0)
    assert video.colours == BT709
    assert (floor.codec, int(floor.rate), floor.channels) == ("aac", 48_000, 2)
    assert (floor.tags["title"], korean.tags["language"]) == ("floor", "kor")
    assert video.start_s == 0
    assert keyframe_times_s(path)[0] == 0
    assert np.diff(video_times_s(path)).max() < 0.036
    # The beep is where the flash is: what the programme said about their offset is in the file.
    flash = next(time_s for time_s, picture in pictures(path, 1.5) if picture.mean() > 120)
    start_s, rate, samples = sound(path)
    from_there = np.abs(samples[0, round((flash - 0.3 - start_s) * rate) :])
    assert (np.argmax(from_there > 0.1) / rate - 0.3) == pytest.approx(0, abs=0.005)
    done = json.loads(
        subprocess.run(
            ["ffprobe", "-v", "error", "-of", "json", "-show_format", str(path)],
            capture_output=True,
            check=True,
        ).stdout
    )
    # A duration in the header: the trailer was written.
    assert float(done["format"]["duration"]) > 1
    assert done["format"]["tags"]["title"] == "여름 정상회의"


def test_a_kill_costs_less_than_a_second_and_the_next_part_begins(tmp_path: Path) -> None:
    folder = tmp_path / "rec"
    config = record_to(folder)
    with Program() as program:
        wait_until("a group of pictures", lambda: program.group_start_s is not None)
        with SenderProcess(config, program.attach(), tmp_path / "log") as sender:
            start_s = program.attached_s
            sender.wait_live()
            sender.wait_sent(300_000)
            # On a machine that is busy otherwise, what the sender hasn't been given yet is not its loss.
            wait_until("the sender being up to date", lambda: program.unread() == 0)
            killed_s = program.published_s
            sender.process.kill()
            sender.process.wait(5)
        [first] = parts(folder)
        before = first.read_bytes()
        assert killed_s - start_s - duration_s(first) < 0.5
        assert pictures(first)[-1][0] == pytest.approx(video_times_s(first)[-1], abs=0.1)
        with SenderProcess(config, program.attach(), tmp_path / "log") as sender:
            sender.wait_live()
            sender.wait_sent(100_000)
            assert sender.shut_down() == 0
    again, second = parts(folder)
    assert again == first
    assert first.read_bytes() == before
    assert second.name.endswith("-part2.mkv")
    assert duration_s(second) > 0.5


def test_only_a_part_that_was_left_unfinished_is_gone_on_with(tmp_path: Path) -> None:
    folder = tmp_path / "rec"
    config = record_to(folder)

    def resumes() -> bool:
        return Recording(config.output, folder, VIDEO).resumes()

    assert not resumes()
    with Program() as program:
        with SenderProcess(config, program.attach(), tmp_path / "log") as sender:
            sender.wait_sent(100_000)
            sender.process.kill()
            sender.process.wait(5)
        assert resumes()
        assert not Recording("another", folder, VIDEO).resumes()
        parts(folder)[0].unlink()
        with SenderProcess(config, program.attach(), tmp_path / "log") as sender:
            sender.wait_sent(100_000)
            assert sender.shut_down() == 0
    assert len(parts(folder)) == 1
    assert not resumes()


def test_full_disk_is_said_and_mended(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    with Program(bitrate=HEAVY) as heavy, small_disk(disk) as prefix:
        config = record_to(disk / "rec")
        with SenderProcess(config, heavy.attach(), tmp_path / "log", prefix) as sender:
            sender.wait_code("disk.full")
            assert sender.last.state == "failed"
            assert "disk is full" in sender.last.reason
            assert np.diff(sender.beats).max() < 4e9
            [full] = parts(disk / "rec")
            assert len(pictures(full)) > 30
            kept = full.stat().st_size
            full.unlink()
            sender.wait_live(10)
            assert sender.last.code == ""
            wait_until("a second part", lambda: parts(disk / "rec"), 5)
            assert sender.shut_down() == 0
        assert kept > 1_000_000
        assert '"disk.full"' in (tmp_path / "log").read_text()


def test_a_write_that_fails_for_want_of_room(tmp_path: Path) -> None:
    """Not foreseen by looking at the free space: the file may not grow over 1 MB."""
    with (
        Program(bitrate=HEAVY) as heavy,
        SenderProcess(
            record_to(tmp_path / "rec"),
            heavy.attach(),
            tmp_path / "log",
            prefix=("prlimit", "--fsize=1000000"),
        ) as sender,
    ):
        sender.wait_code("disk.full")
        assert sender.last.state == "failed"
        wait_until("another part", lambda: len(parts(tmp_path / "rec")) == 2, 10)
        assert sender.shut_down() == 0
    for path in parts(tmp_path / "rec"):
        assert len(pictures(path)) > 10


def test_sound_whose_header_comes_late(tmp_path: Path) -> None:
    """A language is encoded from when somebody wants it: what came before it is not lost meanwhile."""
    with Program(audio=(AUDIO, "ko/aac")) as program:
        late = program.headers.pop()
        wait_until("a group of pictures", lambda: program.group_start_s is not None)
        config = record_to(tmp_path / "rec", (AUDIO, sound_stream("ko")))
        with SenderProcess(config, program.attach(), tmp_path / "log") as sender:
            sender.wait_code("mixer.no-stream")
            assert "ko/aac" in next(r.reason for r in sender.reports if r.code == "mixer.no-stream")
            announced_s = program.published_s
            program.announce(late)
            sender.wait_live()
            sender.wait_sent(100_000)
            assert sender.shut_down() == 0
    [path] = parts(tmp_path / "rec")
    with av.open(path) as container:
        clock = file_clock(container.metadata)
    assert clock is not None
    assert clock.start_ns / 1e9 < announced_s
    assert probe(path)[2].tags["language"] == "kor"


def test_folder_that_cannot_be_written(tmp_path: Path, program: Program) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    with SenderProcess(record_to(blocked / "rec"), program.attach(), tmp_path / "log") as sender:
        sender.wait_code("disk.missing")
        assert sender.last.state == "failed"
        blocked.unlink()
        sender.wait_live()
        assert sender.shut_down() == 0


def test_a_new_encoder_begins_a_new_part(tmp_path: Path) -> None:
    folder = tmp_path / "rec"
    with Program() as before, SenderProcess(record_to(folder), before.attach(), tmp_path / "log") as sender:
        sender.wait_sent(100_000)
        with Program(width=480, height=270) as after:
            sender.attach(after.attach())
            sender.wait_for("the next part", lambda report: report.file.endswith("-part2.mkv"))
            sender.wait_sent(100_000)
            assert sender.shut_down() == 0
    first, second = parts(folder)
    assert (probe(first)[0].width, probe(second)[0].width) == (320, 480)
    assert packets(second)[0][3]


def test_a_name_in_use_is_never_written_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody makes the very file between our look into the folder and our opening it."""
    moment = datetime(2026, 7, 1, 9, 0, 0, tzinfo=UTC)
    taken = tmp_path / "vod-20260701T090000Z-part1.mkv"
    taken.write_text("precious")
    monkeypatch.setattr(Path, "iterdir", lambda _: iter(()))
    program = Program()
    sink = Recording("vod", tmp_path, VIDEO, utc_now=lambda: moment)
    sink.prepare({header.stream: header for header in program.headers}, 0)
    sink.step(0)
    assert sink.status(0).file == "vod-20260701T090000Z-part2.mkv"
    assert taken.read_text() == "precious"
    sink.close()
    assert not (tmp_path / "vod-20260701T090000Z-part2.mkv").exists()


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[tuple[str, ...]]:
    """A disk of 2 MB at ``folder``. Where we may not mount one, the prefix of a command that limits its
    files to that size instead, which a sender notices by the same failing write."""
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
    if subprocess.run(mount, check=False, stderr=subprocess.DEVNULL).returncode:
        yield ("prlimit", "--fsize=2000000")
        return
    try:
        yield ()
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)
