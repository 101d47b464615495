"""Clips too slow for the machine: measured, converted once by a real process, played as they were."""

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from fractions import Fraction
from pathlib import Path

import av
import msgspec
import numpy as np
import pytest

from mixer.contract.findings import Converted, Demands
from mixer.contract.player_messages import PlayerConfig
from mixer.contract.source_kinds import MEDIA_FILE
from mixer.sources.clips.clip_file import ClipInfo, look
from mixer.sources.clips.converter import convert
from mixer.sources.clips.effort import effort, shown_size
from mixer.sources.frames import FrameConverter
from mixer.sources.tonemap import told_by
from signaling.contract.medium import Conversion
from studio.contract.spawning import python
from studio.control.library.media import MediaStore
from studio.lab.harness.waiting import wait_until
from studio.planning.playing import CONVERTED_FILE
from tests.integration.files.test_clip_files import with_matrix
from tests.support.media.material import ffmpeg
from tests.support.media.players import PlayerRun

pytestmark = pytest.mark.alone

CANVAS = (1920, 1080)
DEMANDS = Demands((CANVAS,), niceness=0)
"""On a machine that others load a process behind all of them would take as long as they like."""
TRACKS = (
    "-f lavfi -i nullsrc=s=640x360:r=25:d=1,format=yuv420p10le,geq=lum=721:cb=512:cr=600"
    " -f lavfi -i sine=440:d=1 -itsoffset 0.4 -f lavfi -i sine=880:d=1.2"
    " -map 0 -map 1 -map 2 -ac 1 -c:v libx264 -c:a pcm_s16le -preset ultrafast"
    " -color_primaries bt2020 -color_trc arib-std-b67 -colorspace bt2020nc -pix_fmt yuv420p10le"
    " -metadata:s:a:0 language=kor -metadata:s:a:1 language=eng -disposition:a:0 0 -disposition:a:1 default"
)
LONG = "-f lavfi -i testsrc2=s=1280x720:r=30:d=6 -f lavfi -i sine=d=6 -c:v mpeg4 -q:v 3 -c:a aac"


def converted(path: Path, demands: Demands = DEMANDS) -> tuple[Path, Converted]:
    into = path.with_name("made.mkv")
    *_, outcome = convert(path, into, demands)
    assert isinstance(outcome, Converted), outcome
    return into, outcome


def mean_colour(path: Path) -> list[float]:
    """Of the first picture as a player shows it."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        converter = FrameConverter(CANVAS)
        converter.told = told_by(stream)
        picture = converter.picture(next(container.decode(stream)), Fraction(0))
    return [float(plane.mean()) for plane in picture]


def heard(info: ClipInfo) -> list[tuple[int, bool, str, bool]]:
    return [(each.number, each.mono, each.language, each.marked) for each in info.heard]


def uses(info: ClipInfo) -> dict[tuple[str, int], str]:
    return {(each.kind, each.number): each.use for each in info.tracks}


def starts(info: ClipInfo) -> list[float]:
    """The picture's, then the sounds'."""
    return [each.start_s for each in sorted(info.tracks, key=lambda each: (each.kind, each.number))]


def test_what_is_made_has_the_same_colours_times_and_tracks(tmp_path: Path) -> None:
    path = ffmpeg(tmp_path / "hlg.mkv", TRACKS)
    before = look(path)
    into, outcome = converted(path)
    after = look(into)
    assert (after.width, after.height, after.colour, after.interlaced) == (640, 360, "", False)
    assert {each.codec for each in after.tracks} == {"h264", "pcm_s16le"}
    assert mean_colour(into) == pytest.approx(mean_colour(path), abs=1.5)
    assert mean_colour(into)[0] >= 215, "reference white"
    assert float(after.duration_s) == pytest.approx(float(before.duration_s), abs=0.03)
    assert starts(after) == pytest.approx(starts(before), abs=0.03)
    assert heard(after) == heard(before)
    assert uses(after) == uses(before) == {("picture", 1): "picture", ("sound", 1): "", ("sound", 2): "sound"}
    assert after.hearing((1,)).sounds == (after.heard[0].stream,)
    assert outcome.effort > 0
    assert outcome.bytes == into.stat().st_size


def test_interlaced_turned_and_odd_pictures_become_whole_and_upright(tmp_path: Path) -> None:
    fields = "-f lavfi -i testsrc2=s=322x184:r=50:d=0.6,tinterlace=interleave_top,setfield=tff -r 25"
    path = ffmpeg(tmp_path / "i.mkv", f"{fields} -c:v libx264 -flags +ildct+ilme -x264-params tff=1")
    into, _ = converted(path, Demands((CANVAS,), fps=(50, 1)))
    info = look(into)
    assert (info.interlaced, round(1 / info.frame_s)) == (False, 50), "a picture a field"
    assert float(info.duration_s) == pytest.approx(0.6, abs=0.04)
    turned = ffmpeg(tmp_path / "t.mp4", "-f lavfi -i testsrc2=s=161x91:d=0.3 -pix_fmt yuv444p -c:v libx264")
    with_matrix(turned, (0, 1, -1, 0))
    assert look(turned).orientation.transposed
    info = look(converted(turned)[0])
    assert (info.width, info.height, info.orientation.transposed) == (90, 160, False)


def test_numbers_of_tracks_stay_where_one_cannot_be_kept(tmp_path: Path) -> None:
    three = "-f lavfi -i color=s=64x36:d=0.5 -f lavfi -i sine=d=0.5 -f lavfi -i sine=880:d=0.5"
    path = ffmpeg(
        tmp_path / "a.mov", f"{three} -map 0 -map 1 -map 2 -map 1 -c:v mpeg4 -c:a:1 pcm_s24le -c:a pcm_s16le"
    )
    path.write_bytes(path.read_bytes().replace(b"sowt", b"QDMX", 1))
    before = look(path)
    numbers = [each.number for each in before.heard]
    assert len(numbers) == 2
    assert [each.number for each in look(converted(path)[0]).heard] == numbers


def test_effort_grows_with_what_there_is_to_do(tmp_path: Path) -> None:
    small = ffmpeg(tmp_path / "s.mp4", "-f lavfi -i testsrc2=s=320x180:r=25:d=1 -c:v libx264")
    wide = "-f lavfi -i testsrc2=s=1280x720:r=25:d=1 -c:v libx264 -pix_fmt yuv420p10le -preset ultrafast"
    large = ffmpeg(tmp_path / "l.mp4", f"{wide} -color_trc smpte2084 -color_primaries bt2020")
    efforts = []
    for path in (small, large):
        info = look(path)
        efforts.append(effort(path, info, shown_size(info, (CANVAS,)), Fraction(25)))
    assert 0 < efforts[0] * 4 < efforts[1]
    tone = look(ffmpeg(tmp_path / "t.wav", "-f lavfi -i sine=d=1"))
    assert effort(tmp_path / "t.wav", tone, CANVAS, Fraction(25)) == 0


# --- in the library --------------------------------------------------------------------------------------


async def blocks(path: Path) -> AsyncIterator[bytes]:
    yield await asyncio.to_thread(path.read_bytes)


async def until(what: str, condition: Callable[[], bool], timeout_s: float = 60) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, what
        await asyncio.sleep(0.01)


class Library:
    """A store that converts whatever takes any effort, and all that it told of a clip."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.told: list[tuple[str, float]] = []
        self.store = MediaStore(folder, 10**9, convert_over=0.0001, demands=DEMANDS)
        self.store.listen(self._changed)

    def _changed(self) -> None:
        for medium in self.store.media.values():
            if medium.conversion is not None:
                self.told.append((medium.conversion.state, medium.conversion.share))

    def state(self, id_: str) -> str:
        conversion = self.store.media[id_].conversion
        return conversion.state if conversion is not None else ""

    @property
    def halfway(self) -> bool:
        return any(state == "running" and share > 0 for state, share in self.told)


@contextlib.asynccontextmanager
async def library(folder: Path) -> AsyncIterator[Library]:
    made = Library(folder)
    await made.store.open()
    try:
        yield made
    finally:
        await made.store.close()


def converters(folder: Path) -> list[int]:
    """Processes that convert what lies in there."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            words = (place / "cmdline").read_bytes().split(b"\0")
            if b"mixer.sources.clips.converter" in words and any(bytes(folder) in word for word in words[3:]):
                found.append(int(place.name))
    return found


async def in_the_middle(lib: Library, folder: Path) -> None:
    """Lets the converter run in short steps until it has begun, and holds it there: a conversion is short,
    and this process may not get its turn in time on a busy machine."""
    end = time.monotonic() + 60
    while not lib.halfway:
        assert time.monotonic() < end, "in the middle"
        tell(folder, signal.SIGCONT)
        await asyncio.sleep(0.05)
        tell(folder, signal.SIGSTOP)
        await asyncio.sleep(0.02)  # until what it said has come


def tell(folder: Path, what: signal.Signals) -> None:
    for pid in converters(folder):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, what)


async def test_a_clip_that_is_too_slow_is_converted_once_and_its_progress_told(tmp_path: Path) -> None:
    path = await asyncio.to_thread(ffmpeg, tmp_path / "l.mp4", LONG)
    async with library(tmp_path / "media") as lib:
        medium = await lib.store.add("l.mp4", None, blocks(path))
        id_ = medium.id
        assert medium.warnings == ("clip.too-slow",)
        assert medium.conversion == Conversion("waiting")
        await until("converted", lambda: lib.state(id_) == "done")
        shares = [share for state, share in lib.told if state == "running"]
        assert lib.halfway
        assert shares == sorted(shares)
        kept = lib.store.media[id_]
        assert kept.conversion is not None
        assert kept.conversion.effort > 0
        assert {each.name for each in (tmp_path / "media" / id_).iterdir()} == {
            MEDIA_FILE,
            CONVERTED_FILE,
            "medium.json",
        }
        assert (tmp_path / "media" / id_ / MEDIA_FILE).read_bytes() == path.read_bytes()
    async with library(tmp_path / "media") as lib:
        assert lib.store.media[id_] == kept
        assert lib.told == [], "nothing is left to do"
    quick = MediaStore(tmp_path / "media", 10**9, convert_over=kept.conversion.effort * 1.01)
    await quick.open()
    assert quick.media[id_].warnings == (), "what is played of it isn't slow any more"


async def test_a_transparent_clip_stays_as_it_is(tmp_path: Path) -> None:
    clear = "-f lavfi -i color=red:s=64x36:d=0.4,format=rgba,colorchannelmixer=aa=0"
    made = f"{clear} -c:v libvpx-vp9 -auto-alt-ref 0 -pix_fmt yuva420p"
    path = await asyncio.to_thread(ffmpeg, tmp_path / "a.webm", made)
    async with library(tmp_path / "media") as lib:
        medium = await lib.store.add("a.webm", None, blocks(path))
        assert (medium.alpha, medium.conversion) == (True, None)
        assert "clip.too-slow" in medium.warnings


async def test_a_conversion_ends_with_its_clip_and_begins_again_after_a_restart(tmp_path: Path) -> None:
    path = await asyncio.to_thread(ffmpeg, tmp_path / "l.mp4", LONG)
    folder = tmp_path / "media"
    async with library(folder) as lib:
        one = (await lib.store.add("a.mp4", None, blocks(path))).id
        two = (await lib.store.add("b.mp4", None, blocks(path))).id
        await in_the_middle(lib, tmp_path)
        assert (lib.state(one), lib.state(two), len(converters(tmp_path))) == ("running", "waiting", 1)
        tell(tmp_path, signal.SIGCONT)
        await lib.store.remove(one)
        assert not (folder / one).exists()
        lib.told.clear()
        await in_the_middle(lib, tmp_path)
        assert len(converters(tmp_path)) == 1
        tell(tmp_path, signal.SIGCONT)
    assert converters(tmp_path) == []
    assert {each.name for each in (folder / two).iterdir()} == {MEDIA_FILE, "medium.json"}
    (folder / two / "converting.mkv").write_bytes(b"of a studio that was killed")
    async with library(folder) as lib:
        await until("converted", lambda: lib.state(two) == "done")
        assert not (folder / two / "converting.mkv").exists()
        assert look(folder / two / CONVERTED_FILE).duration_s == pytest.approx(6, abs=0.1)


async def test_a_full_disk_is_told_and_tried_again_once_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = await asyncio.to_thread(ffmpeg, tmp_path / "s.mp4", LONG.replace("d=6", "d=1"))
    usage = shutil.disk_usage
    async with library(tmp_path / "media") as lib:
        await lib.store.add("other.mp4", None, blocks(path))
        await until("converted", lambda: "done" in {state for state, _ in lib.told})
        other = next(iter(lib.store.media))
        medium = await lib.store.add("s.mp4", None, blocks(path))
        id_ = medium.id
        await until("under way", lambda: lib.state(id_) == "running")
        await lib.store.close()
        full = usage(tmp_path)._replace(free=1000)
        monkeypatch.setattr(shutil, "disk_usage", lambda _: full)
        lib = Library(tmp_path / "media")
        await lib.store.open()
        await until("refused", lambda: lib.state(id_) == "failed")
        conversion = lib.store.media[id_].conversion
        assert conversion is not None
        assert conversion.code == "media.disk-full"
        assert (tmp_path / "media" / id_ / MEDIA_FILE).is_file()
        monkeypatch.setattr(shutil, "disk_usage", usage)
        await lib.store.remove(other)
        await until("converted after all", lambda: lib.state(id_) == "done")
        await lib.store.close()


async def test_what_cannot_be_converted_says_so_and_is_played_as_it_is(tmp_path: Path) -> None:
    path = await asyncio.to_thread(ffmpeg, tmp_path / "s.mp4", LONG.replace("d=6", "d=1"))
    folder = tmp_path / "media"
    slow = MediaStore(folder, 10**9)
    await slow.open()
    id_ = (await slow.add("s.mp4", None, blocks(path))).id
    (folder / id_ / MEDIA_FILE).write_bytes(b"nothing that could be read")
    async with library(folder) as lib:
        await until("failed", lambda: lib.state(id_) == "failed")
        conversion = lib.store.media[id_].conversion
        assert conversion is not None
        assert (conversion.code, "clip.too-slow" in lib.store.media[id_].warnings) == ("media.corrupt", True)
        assert {each.name for each in (folder / id_).iterdir()} == {MEDIA_FILE, "medium.json"}
    assert msgspec.json.decode((folder / id_ / "medium.json").read_bytes())["kind"] == "clip"


# --- in a player -----------------------------------------------------------------------------------------


def test_a_player_takes_the_converted_file_when_it_stands_still(tmp_path: Path) -> None:
    def clip(name: str, colour: str) -> Path:
        return ffmpeg(tmp_path / name, f"-f lavfi -i color={colour}:s=64x36:d=1.5 -c:v libx264")

    made, into = clip("made.mkv", "white"), tmp_path / CONVERTED_FILE
    config = PlayerConfig(
        "x",
        "clip",
        str(clip("file.mp4", "black")),
        str(into),
        epoch_ns=time.monotonic_ns(),
    )
    with PlayerRun(config, tmp_path / "log") as run:
        run.wait_state("ready")
        run.order(1, playing=True)
        run.wait_state("playing", 1)
        made.rename(into)
        run.wait_state("ended", 1)
        assert np.mean(run.shown().y) < 30, "what plays goes on as it is"
        run.wait_for("the other file", lambda _: bool(np.mean(run.shown().y) > 200))
        assert (run.last.state, run.last.order) == ("ended", 1)
        assert run.last.position_s == pytest.approx(1.5, abs=0.05)
        run.order(2, playing=True)
        run.wait_state("playing", 2)
    with PlayerRun(config, tmp_path / "log") as again:
        again.wait_state("ready")
        assert np.mean(again.shown().y) > 200


def test_a_converter_ends_with_whoever_started_it(tmp_path: Path) -> None:
    """A control that is killed tells nobody."""
    path = ffmpeg(tmp_path / "l.mp4", LONG)
    told = msgspec.json.encode(DEMANDS).decode()
    command = python("mixer.sources.clips.converter", str(path), str(tmp_path / "made.mkv"), told)
    start = f"import subprocess, time; subprocess.Popen({command!r}); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", start]) as parent:
        try:
            wait_until("something written", lambda: (tmp_path / "made.mkv").exists())
            assert len(converters(tmp_path)) == 1
        finally:
            parent.kill()
    wait_until("its end", lambda: converters(tmp_path) == [])
