"""``studio vod`` on real recordings: what is joined, copied and cut, and what is said where it can't be."""

import re
import resource
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import opentimelineio as otio
import pytest
from typer.testing import CliRunner

from mixer.containers.clock_tags import file_clock
from mixer.containers.marks import marks_path
from mixer.contract.clock import RATE
from mixer.contract.messages import Mark
from mixer.contract.names import StreamName, of_screen, of_seat, picture_stream
from mixer.encode.audio import AacEncoder
from mixer.encode.video import VideoEncoder, VideoSettings
from mixer.ipc.bus.packets import Packet, StreamHeader
from mixer.outputs.recording.matroska import Recording
from signaling.rtc.recording.record_file import SeatFiles
from signaling.rtc.synthetic.loops import make_loop
from signaling.rtc.video.bitstream import depayload_h264
from studio.cli.main import app
from studio.vod.errors import VodError
from studio.vod.join import Segment, Span, join
from studio.vod.run import Made, make
from studio.vod.scenes import Placement, parse, place
from tests.support.media.probe import duration_s, pictures, probe, sound, tone_db, video_times_s

FPS = Fraction(30000, 1001)
VIDEO = picture_stream("program")
TONES = {"floor": 440.0, "ko": 620.0, "en": 880.0}
GROUP = 30
EPOCH_NS = 77_000_000_000
PICTURES = 300
SIZE = (160, 90)


@dataclass(frozen=True)
class Material:
    """A programme from tick 1000 on: a flash of two pictures and a beep each 60 ticks; by bus a tone."""

    headers: dict[StreamName, StreamHeader]
    packets: tuple[Packet, ...]

    def between(self, first: int, end: int) -> list[Packet]:
        """What the bus brings of these ticks, sound a little later than pictures."""
        return [packet for packet in self.packets if first <= self.tick_of(packet) < end]

    def tick_of(self, packet: Packet) -> int:
        return packet.pts if packet.stream == VIDEO else int(Fraction(packet.pts, RATE) * FPS)


BEGIN = 1000


@pytest.fixture(scope="module")
def material() -> Material:
    encoder = VideoEncoder(VIDEO, VideoSettings("h264", *SIZE, FPS, 300_000, constant=True, threads=1))
    rng = np.random.default_rng(1)
    packets: list[Packet] = []
    for number in range(PICTURES):
        picture = rng.integers(40, 70, SIZE[0] * SIZE[1] * 3 // 2, np.uint8)
        picture[: SIZE[0] * SIZE[1]] += 150 if number % 60 in (30, 31) else 0
        packets += encoder.encode(picture, BEGIN + number, key=number % GROUP == 0)
    headers = {VIDEO: StreamHeader(VIDEO, "h264", (1001, 30000), *SIZE, encoder.nut)}
    start = int(BEGIN / FPS * RATE) - 4096
    time_s = (np.arange(int(PICTURES / FPS * RATE) + 4096) + start) / RATE
    beep = np.zeros(len(time_s), np.float32)
    for flash in range(30, PICTURES, 60):
        at = round((BEGIN + flash) / FPS * RATE) - start
        beep[at : at + 2400] = 0.5 * np.sin(2 * np.pi * 2000 * np.arange(2400) / RATE)
    for bus, hz in TONES.items():
        audio = AacEncoder(StreamName(f"{bus}/aac"), 96_000)
        wave = (beep + 0.05 * np.sin(2 * np.pi * hz * time_s)).astype(np.float32)
        packets += audio.push(start, np.stack([wave, wave], axis=1))
        headers[StreamName(f"{bus}/aac")] = audio.header()
    packets.sort(key=lambda p: p.dts / FPS if p.stream == VIDEO else Fraction(p.dts, RATE))
    return Material(headers, tuple(packets))


MARKS = (
    Mark(990, "scene", "opening", "개회 · Opening", (of_seat("mayor-1"),)),
    Mark(1050, "cue", "q1", "Welcome"),
    Mark(
        1071, "scene", "duo", "Conversation", (of_seat("mayor-1"), of_seat("mayor-2"), of_screen("mayor-2"))
    ),
    Mark(1203, "scene", "all", "", (of_seat("mayor-3"),)),
)


def record(
    folder: Path,
    material: Material,
    ticks: tuple[int, int],
    *,
    killed: bool = False,
    epoch_ns: int = EPOCH_NS,
    marks: Sequence[Mark] = MARKS,
) -> Path:
    """A part of output ``vod`` with these ticks, by the real sink; ``killed``: as it is on disk before its
    end is written."""
    ended = datetime(2026, 7, 1, 9, tzinfo=UTC) + timedelta(seconds=float(ticks[1] / FPS))
    recording = Recording("vod", folder, VIDEO, "여름 정상회의", utc_now=lambda: ended, epoch_ns=epoch_ns)
    recording.prepare(material.headers, 0)
    recording.step(0)
    now_ns = epoch_ns + round(ticks[1] / FPS * 1_000_000_000)
    waiting = list(marks)
    for packet in material.between(*ticks):
        while waiting and waiting[0].tick <= material.tick_of(packet):
            recording.mark(waiting.pop(0))
        recording.offer(packet, now_ns)
    path = folder / recording.status(0).file
    if killed:
        kept = path.with_suffix(".kept")
        shutil.copy(path, kept)
        recording.close()
        kept.replace(path)
    else:
        recording.finish(now_ns)
    return path


def copied(path: Path, kind: str, index: int = 0) -> list[bytes]:
    """The content of a track's packets."""
    with av.open(path) as container:
        stream = [stream for stream in container.streams if stream.type == kind][index]
        return [bytes(packet) for packet in container.demux(stream) if packet.size]


def sound_starts(path: Path) -> list[int]:
    """Sample numbers at which the sound's packets begin."""
    with av.open(path) as container:
        stream = container.streams.audio[0]
        packets = [packet for packet in container.demux(stream) if packet.size]
        return [round(packet.pts * packet.time_base * RATE) for packet in packets if packet.pts is not None]


def chapters(path: Path) -> list[tuple[float, str]]:
    with av.open(path) as container:
        return [
            (float(chapter["start"] * (chapter["time_base"] or 0)), chapter["metadata"]["title"])
            for chapter in container.chapters()
        ]


def flashes_and_beeps(path: Path) -> tuple[list[float], list[float]]:
    times = [time_s for time_s, picture in pictures(path) if picture.mean() > 120]
    flashes = [t for t in times if not any(0 < t - before < 0.5 for before in times)]
    start_s, rate, samples = sound(path)
    loud = np.flatnonzero(np.abs(samples[0]) > 0.2)
    beeps = loud[np.r_[True, np.diff(loud) > rate // 2]] / rate + start_s
    return flashes, list(beeps)


def assert_in_step(path: Path, count: int) -> None:
    flashes, beeps = flashes_and_beeps(path)
    assert len(flashes) == count
    offsets = [min((beep - flash for beep in beeps), key=abs) for flash in flashes]
    assert max(map(abs, offsets)) < 1 / FPS, offsets


def assert_tone(path: Path, bus: str) -> None:
    _, rate, samples = sound(path)
    quiet = samples[:, round(0.2 * rate) : round(0.9 * rate)]
    levels = {name: tone_db(quiet, rate, hz) for name, hz in TONES.items()}
    assert levels[bus] > -30
    assert all(level < -50 for name, level in levels.items() if name != bus), levels


def video_of(made: Made, bus: str) -> Path:
    return next(video.path for video in made.videos if video.bus == bus)


def test_one_video_per_language(tmp_path: Path, material: Material) -> None:
    part = record(tmp_path, material, (BEGIN, BEGIN + PICTURES))
    (tmp_path / "vod-20200101T000000Z-part9.mkv").write_bytes(b"not one")
    made = make([str(part)], tmp_path, tmp_path / "out")
    assert [(video.bus, video.language) for video in made.videos] == [
        ("floor", ""), ("ko", "kor"), ("en", "eng"),
    ]  # fmt: skip
    original = copied(part, "video")
    assert len(original) == PICTURES
    for index, video in enumerate(made.videos):
        assert copied(video.path, "video") == original
        heard, source = copied(video.path, "audio"), copied(part, "audio", index)
        assert heard == source[: len(heard)]
        assert len(source) - len(heard) <= 2  # begins behind the last picture
        picture, audio = probe(video.path)
        assert (picture.codec, picture.rate, audio.codec, audio.channels) == ("h264", FPS, "aac", 2)
        assert audio.tags["language"] == (video.language or "und")
        assert duration_s(video.path) == pytest.approx(float(PICTURES / FPS), abs=0.03)
        content = video.path.read_bytes()
        assert content.index(b"moov") < content.index(b"mdat")
        assert_in_step(video.path, 5)
        assert_tone(video.path, video.bus)
        with av.open(video.path) as container:
            assert container.metadata["title"] == "여름 정상회의"
        assert chapters(video.path) == [
            (0, "개회 · Opening"),
            (pytest.approx(50 / FPS, abs=0.002), "Welcome"),
            (pytest.approx(71 / FPS, abs=0.002), "Conversation"),
            (pytest.approx(203 / FPS, abs=0.002), "all"),
        ]
    again = make(["vod"], tmp_path, tmp_path / "out", ["kor"])
    assert [video.path.name for video in again.videos] == [f"{video_of(made, 'ko').stem}-2.mp4"]
    assert again.edit_list.name == f"{made.edit_list.stem}-2.otio"


def test_parts_that_overlap_are_joined_without_a_seam(tmp_path: Path, material: Material) -> None:
    first = record(tmp_path, material, (BEGIN, BEGIN + 130), killed=True)
    record(tmp_path, material, (BEGIN + 90, BEGIN + 210))
    third = record(tmp_path, material, (BEGIN + 240, BEGIN + PICTURES))
    assert len(copied(first, "video")) < 130  # cut off
    made = make([str(third)], tmp_path, tmp_path / "out", ["ko"])
    assert [part.number for part in made.parts] == [1, 2, 3]
    [video] = made.videos
    (tmp_path / "whole").mkdir()
    original = copied(record(tmp_path / "whole", material, (BEGIN, BEGIN + PICTURES)), "video")
    assert copied(video.path, "video") == original[:210] + original[240:]
    assert video_times_s(video.path) == pytest.approx([n / FPS for n in range(270)], abs=1e-4)
    assert made.lost_s == pytest.approx(30 / FPS)
    assert made.duration_s == pytest.approx(270 / FPS)
    steps = np.diff(sound_starts(video.path))
    assert np.count_nonzero(steps != 1024) <= 1  # where the gap was cut out
    assert 1024 <= steps.max() < 2048
    assert_in_step(video.path, 4)  # the fifth flash is in what nobody recorded
    start_s, title = chapters(video.path)[-1]
    assert start_s == pytest.approx(float(203 / FPS), abs=0.002)
    assert title == "all"


def test_sound_that_begins_late_is_in_step_for_players_without_edit_lists(
    tmp_path: Path, material: Material
) -> None:
    """A language is encoded from when it is asked for; the pictures begin with their group, in the past."""
    late = [p for p in material.packets if p.stream != "en/aac" or material.tick_of(p) >= BEGIN + 25]
    record(tmp_path, Material(material.headers, tuple(late)), (BEGIN, BEGIN + 130))
    [video] = make(["vod"], tmp_path, None, ["en"]).videos
    starts = sound_starts(video.path)
    assert starts[0] < 1024
    assert set(np.diff(starts)) == {1024}
    assert_in_step(video.path, 2)
    _, rate, samples = sound(video.path)
    assert np.abs(samples[:, : rate // 2]).max() < 0.001


def test_edit_list(tmp_path: Path, material: Material) -> None:
    record(tmp_path, material, (BEGIN, BEGIN + 130), killed=True)
    record(tmp_path, material, (BEGIN + 90, BEGIN + PICTURES))
    seat_from_ns = EPOCH_NS + round((BEGIN + 20) / FPS * 1_000_000_000)
    seat = SeatFiles(tmp_path, "vod", "mayor-1", EPOCH_NS)
    key = make_loop("", 0, 1, (64, 36)).picture(0)
    seat.picture("h264", b"".join(depayload_h264(each).data for each in key.payloads), seat_from_ns, True)
    for number in range(60):
        seat.sound(b"\xfc\xff\xfe", seat_from_ns + number * 20_000_000, 20)
    seat.close()
    made = make(["vod"], tmp_path, None, ["en"])
    timeline = otio.adapters.read_from_file(str(made.edit_list))
    assert timeline.metadata["summit"]["rate"] == "30000/1001"
    program, english, mayor, voice = timeline.tracks
    clips = [
        (clip.name, clip.range_in_parent().start_time.value, clip.source_range.duration.value)
        for clip in program
    ]
    assert clips == [
        ("개회 · Opening", 0, 71),
        ("Conversation", 71, 19),
        ("Conversation", 90, 113),
        ("all", 203, 97),
    ]
    assert [clip.source_range.start_time.value for clip in program] == [0, 71, 0, 113]
    assert all(clip.source_range.start_time.rate == float(FPS) for clip in program)
    names = [clip.media_reference.target_url for clip in program]
    assert [name.rpartition("-")[2] for name in names] == ["part1.mkv"] * 2 + ["part2.mkv"] * 2
    assert all((tmp_path / name).is_file() for name in names)
    about = program[1].metadata["summit"]
    assert (about["scene"], about["tick"]) == ("duo", 1071)
    assert list(about["seats"]) == ["mayor-1", "mayor-2"]
    [cue] = program.markers
    assert (cue.name, cue.marked_range.start_time.value) == ("Welcome", 50)
    assert (english.name, english.kind) == ("en", "Audio")
    assert english[0].media_reference.target_url == video_of(made, "en").name
    for track, kind in ((mayor, "Video"), (voice, "Audio")):
        gap, clip = track
        assert (track.name, track.kind, gap.duration().value) == ("mayor-1", kind, 20)
        assert clip.source_range.start_time.value == 0
        assert clip.source_range.duration.value == pytest.approx(1.2 * float(FPS), abs=1)
    assert made.seats == 1


def test_what_is_wrong_is_said(tmp_path: Path, material: Material, capfd: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "recordings"
    part = record(folder, material, (BEGIN, BEGIN + 60), marks=())
    (folder / "notes.txt").write_text("hello")

    def said(*arguments: str) -> str:
        done = CliRunner().invoke(app, ["vod", *arguments, "--data", str(tmp_path)])
        assert done.exit_code == 1
        return done.stderr

    assert "no file" in said(str(folder / "nothing.mkv"))
    assert "there are recordings of: vod" in said("other")
    assert "can't be read as a recording" in said(str(folder / "notes.txt"))
    assert "it has: floor, ko, en" in said("vod", "--language", "fr")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, limits[1]))
    try:
        full = said("vod", "--out", str(tmp_path / "out"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert "the disk" in full
    assert "full" in full
    assert list((tmp_path / "out").iterdir()) == []
    done = CliRunner().invoke(app, ["vod", "vod", "--data", str(tmp_path), "--language", "en"])
    assert done.exit_code == 0, done.output
    assert part.with_name(f"vod-{file_utc(part)}-en.mp4").is_file()
    told = done.stderr.splitlines()
    assert told[0] == "reading what was recorded"
    assert told[-1] == "moving the index to the front"
    shares = [int(line.removeprefix("copying: ").removesuffix(" %")) for line in told[1:-1]]
    assert shares, "how far it is, in tenths"
    assert shares == sorted(set(shares))
    assert all(share % 10 == 0 for share in shares)


RUBBISH = (
    b"\xff\xfe\n"
    b'{"kind": "scene", "tick": Infinity, "id": "a"}\n'
    + b"["
    * 100_000
    + b'\n{"kind": "cue", "tick": 1002, "id": "a", "title": "\\ud800"}\n'
    b'{"kind": "scene", "tick": 1001, "id": "a", "sources": 5}\n'
    b'{"kind": "scene", "tick": 1003, "id": "fine", "sources": []}\n{"kind": "sc'
)


def test_foreign_files(tmp_path: Path, material: Material) -> None:
    """What they say goes into no file's name, and nothing in them is worse than a refusal."""
    part = record(tmp_path / "rec", material, (BEGIN, BEGIN + 60), marks=())
    good = part.read_bytes()
    marks_path(part).write_bytes(RUBBISH)
    assert [mark.id for mark in parse(RUBBISH.decode("utf-8", "replace"))] == ["fine"]
    part.write_bytes(good.replace(b"floor", b"../ev"))
    made = make([str(part)], tmp_path, tmp_path / "out")
    assert {video.path.parent for video in made.videos} == {tmp_path / "out"}
    assert made.chapters == 1
    assert not list(tmp_path.glob("*.mp4"))
    naive = re.sub(rb"(SUMMIT_START_UTC.{3}[-0-9T:.]{26})Z", rb"\g<1>0", good)
    for bad in (
        good[:3000],
        naive,
        good.replace(b"A_AAC", b"A_XXX"),
        good.replace(b"MPEG4/ISO/AVC", b"MPEG4/ISO/XXX"),
    ):
        part.write_bytes(bad)
        with pytest.raises(VodError) as refusal:
            make([str(part)], tmp_path, tmp_path / "out")
        assert refusal.value.code == "vod.not-a-recording"


def file_utc(part: Path) -> str:
    with av.open(part) as container:
        clock = file_clock(container.metadata)
    assert clock is not None
    return f"{clock.utc:%Y%m%dT%H%M%SZ}"


def test_other_parameters_are_not_joined(tmp_path: Path, material: Material) -> None:
    one = record(tmp_path, material, (BEGIN, BEGIN + 60))
    fewer = {name: header for name, header in material.headers.items() if name != "en/aac"}
    other = record(tmp_path, Material(fewer, material.packets), (BEGIN + 60, BEGIN + 120))
    with pytest.raises(VodError, match="can't be joined") as refusal:
        make([str(one), str(other)], tmp_path)
    assert refusal.value.code == "vod.mixed"
    assert [part.path for part in make([str(one)], tmp_path, tmp_path / "out").parts] == [one]


def test_join() -> None:
    assert join([Span(1, 0, 50), Span(1, 40, 90), Span(1, 45, 60), Span(1, 100, 110)]) == [
        Segment(0, 1, 0, 40, 0),
        Segment(1, 1, 40, 90, 40),
        Segment(3, 1, 100, 110, 90, 10),
    ]
    # another run of the studio counts again
    assert join([Span(1, 700, 720), Span(2, 10, 30)])[1] == Segment(1, 2, 10, 30, 20)


def test_marks_across_parts() -> None:
    segments = join([Span(1, 0, 50), Span(1, 40, 90), Span(2, 5, 25)])
    one, two, three = Mark(10, "scene", "a", "A"), Mark(45, "scene", "b", "B"), Mark(3, "scene", "b", "B")
    new = Mark(12, "scene", "a", "A")
    assert place(segments, [[one], [one, two], [three, new]]) == [
        Placement(10, one), Placement(45, two), Placement(97, new),
    ]  # fmt: skip
