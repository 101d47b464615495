"""What dies takes nothing along: each process of a show on air is killed, and what the audience got meanwhile
is measured from the stream that nginx received and from the recording. One show for all of it; beside its two
outputs there is a third whose ingest accepts and says nothing."""

import contextlib
import itertools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from mixer.compose.compositor import Compositor, SourcePicture
from mixer.contract.names import CONTROL, MIXER, ProcessName, of_seat, sender_name, shard_name
from mixer.contract.plan import CanvasPlan, MixPlan, Rect, SourceInfo, Tile
from mixer.graphics.graphics import Graphics
from studio.contract.client import ClientError
from studio.contract.usage import waited_ns
from studio.lab.cast import guests_of
from studio.planning.layout import solve
from tests.support.ingest import BlackHole, RtmpIngest
from tests.support.media import probe
from tests.support.media.fontfolder import font_folder
from tests.support.running import RunningStudio, left_behind, running_studio, wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.alone]

WIDTH, HEIGHT = 1920, 1080
CAST = guests_of(2)
SEATS = tuple(part.seat for part in CAST)
LEFT, RIGHT = solve("duo", 2, WIDTH, HEIGHT)
TITLE = "Summit"
STEP = 4
"""Pictures are looked at in every fourth row and column."""
PERIOD_S = 1 / 30
AAC_S = 1024 / 48_000


@dataclass
class Show:
    """What was done. ``at`` are seconds of a stream, ``took`` seconds until something was there again; of
    control without those in which others had the processors."""

    studio: RunningStudio
    ingest: RtmpIngest
    hole: BlackHole
    at: dict[str, float] = field(default_factory=dict)
    took: dict[str, float] = field(default_factory=dict)
    seen: dict[str, Any] = field(default_factory=dict)

    @property
    def streams(self) -> list[Path]:
        """What nginx received: one file a connection."""
        return self.ingest.recordings()

    @property
    def parts(self) -> list[Path]:
        """The recording's files."""
        return sorted(
            self.studio.data.rglob("vod-*.mkv"), key=lambda path: int(path.stem.rpartition("part")[2])
        )

    def status(self, *path: str) -> Any:
        """None while nobody answers."""
        with contextlib.suppress(ClientError):
            return self.studio.status(*path)
        return None

    def on_air(self) -> bool:
        seats = self.status("seats") or {}
        return all(
            seats.get(seat, {}).get("state") == "on_air" and seats[seat]["picture"] == "live"
            for seat in SEATS
        )

    def mark(self, name: str, file: int = 0) -> None:
        """Note how far the stream has come."""
        self.at[name] = end_s(self.streams[file])

    def wait_stream(self, seconds: float, file: int = 0) -> None:
        """Until so much more of a stream has come."""
        goal = end_s(self.streams[file]) + seconds
        wait_until(f"{seconds} s of stream", lambda: end_s(self.streams[file]) >= goal, seconds + 10)

    def kill(self, process: ProcessName) -> float:
        """SIGKILL; returns when."""
        pid = self.studio.processes()[process]
        now = time.monotonic()
        os.kill(pid, signal.SIGKILL)
        wait_until(f"{process} is gone", lambda: self.studio.processes().get(process) != pid)
        return now


def end_s(path: Path) -> float:
    """Time of the last complete tag of an FLV file that is being written (Adobe FLV specification, E.4.1)."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - 600_000))
        data = file.read()
    for end in range(len(data), 15, -1):
        length = int.from_bytes(data[end - 4 : end], "big")
        start = end - 4 - length
        if length > 11 and start >= 0 and int.from_bytes(data[start + 1 : start + 4], "big") == length - 11:
            stamp: int = int.from_bytes(data[start + 4 : start + 7], "big") | data[start + 7] << 24
            return stamp / 1000
    return 0.0


@pytest.fixture(scope="module")
def show(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Show]:
    folder = tmp_path_factory.mktemp("kills")
    config = f'[event]\ntitle = "{TITLE}"\n'
    shared = set(os.listdir("/dev/shm"))
    with (
        RtmpIngest(folder) as ingest,
        BlackHole() as hole,
        running_studio(folder / "data", config=config, light=False) as studio,
    ):
        show = Show(studio, ingest, hole)
        with subprocess.Popen(
            [sys.executable, "-m", "studio", "rehearse", "--guests", "2"],
            env={**os.environ, "STUDIO_DATA": str(studio.data)},
            stdout=subprocess.DEVNULL,
        ) as guests:
            try:
                begin(show)
                kill_all(show)
            finally:
                guests.terminate()
        show.seen["exit status"] = studio.stop()
        show.seen["left"] = left_behind(studio.data)
        show.seen["shared"] = set(os.listdir("/dev/shm")) - shared
        show.seen["sockets"] = [path for path in studio.data.rglob("*") if path.is_socket()]
        yield show


def begin(show: Show) -> None:
    studio = show.studio
    places = [{"seat": seat} for seat in SEATS]
    wait_until("the guests have seats", lambda: set(SEATS) <= set(studio.state()["seats"]), 20)
    studio.do("scene.create", scene="both", canvases={"program": {"layout": "duo", "places": places}})
    studio.do("program.cut", scene="both")
    outputs: dict[str, dict[str, Any]] = {
        "hole": {"url": show.hole.url("live/hole"), "bus": "floor"},
        "stream": {"url": show.ingest.url("live/key"), "bus": "floor"},
        "vod": {"recording": True, "buses": ["floor"]},
    }
    wait_until("the guests are on air", show.on_air, 30)
    for output, fields in outputs.items():
        studio.do("output.create", output=output, rendition="program", **fields)
        studio.do("output.start", output=output)
    wait_until("nginx receives", lambda: show.streams and end_s(show.streams[0]) > 0, 20)
    wait_until("the recording runs", lambda: show.parts, 20)
    show.wait_stream(1)


def kill_all(show: Show) -> None:
    studio = show.studio

    show.mark("shard")
    begun = show.kill(shard_name(0))
    wait_until("the slates are there", lambda: not show.on_air())
    wait_until("the guests are back", show.on_air, 15)
    show.took["shard"] = time.monotonic() - begun
    show.wait_stream(0.5)

    show.seen["before"] = studio.client.state()
    show.mark("control")
    begun = show.kill(CONTROL)
    show.seen["after"] = wait_until("control answers", lambda: answer(studio), 15)
    show.took["control"] = time.monotonic() - begun - waited_ns(studio.processes()["control"]) / 1e9
    wait_until("the status is whole again", show.on_air, 15)
    show.wait_stream(0.5)
    show.mark("control over")

    begun = show.kill(sender_name("vod"))
    wait_until("a new part", lambda: len(show.parts) == 2 and show.parts[1].stat().st_size > 100_000)
    show.took["vod"] = time.monotonic() - begun
    show.wait_stream(0.5)

    show.mark("stream")
    begun = show.kill(sender_name("stream"))
    wait_until("nginx has a new stream", lambda: len(show.streams) == 2 and end_s(show.streams[1]) > 0)
    show.took["stream"] = time.monotonic() - begun
    wait_until("it is said to be live", lambda: show.status("outputs", "stream", "state") == "live")
    show.wait_stream(1, file=1)

    before = studio.processes()
    show.mark("mixer", file=1)
    show.kill(MIXER)
    show.wait_stream(1, file=1)  # what was under way, and then something new
    wait_until("the plan is on air", show.on_air, 15)
    show.wait_stream(1, file=1)
    after = studio.processes()
    show.seen["senders stayed"] = all(after[name] == before[name] for name in ("sender/stream", "sender/vod"))
    show.seen["hole"] = studio.status("outputs", "hole")


def answer(studio: RunningStudio) -> dict[str, Any] | None:
    with contextlib.suppress(ClientError):
        return studio.client.state()
    return None


# --- measuring ---------------------------------------------------------------------------------------------

Luma = NDArray[np.uint8]


def luma(path: Path, start_s: float, end_s_: float) -> list[tuple[float, Luma]]:
    """Pictures from ``start_s`` on, before ``end_s_``: time and every :data:`STEP`-th luma sample."""
    found: list[tuple[float, Luma]] = []
    with av.open(path) as container:
        stream = container.streams.video[0]
        container.seek(int(max(0.0, start_s - 2.1) * 1_000_000))
        for frame in container.decode(stream):
            if frame.time is None or frame.time < start_s:
                continue
            if frame.time >= end_s_:
                break
            plane = frame.planes[0]
            rows = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)  # type: ignore[call-overload]
            found.append((frame.time, rows[:HEIGHT:STEP, :WIDTH:STEP].copy()))
    return found


def tile(picture: Luma, rect: Rect) -> NDArray[np.int16]:
    x, y, w, h = (value // STEP for value in (rect.x, rect.y, rect.w, rect.h))
    return picture[y + 2 : y + h - 2, x + 2 : x + w - 2].astype(np.int16)


def distance(one: NDArray[np.int16], other: NDArray[np.int16]) -> float:
    """Mean absolute difference, in steps of luma."""
    return float(np.abs(one - other).mean())


def slates() -> Luma:
    """What the programme looks like while both guests are gone."""
    tiles = tuple(Tile(rect, of_seat(seat)) for rect, seat in zip((LEFT, RIGHT), SEATS, strict=True))
    infos = {of_seat(part.seat): SourceInfo(name=part.name, title=part.title) for part in CAST}
    plan = CanvasPlan(WIDTH, HEIGHT, tiles)
    graphics = Graphics(font_folder(), TITLE)
    graphics.prepare(MixPlan(0, {"program": plan}, sources=infos))
    canvas = Compositor(graphics, WIDTH, HEIGHT).compose(
        plan, dict.fromkeys(infos, SourcePicture("slate")), infos, {}
    )
    assert canvas is not None
    return canvas.picture.y[::STEP, ::STEP].copy()


def gaps_s(times: Sequence[float]) -> list[float]:
    return [after - before for before, after in itertools.pairwise(times)]


def assert_whole(path: Path) -> None:
    """No picture and no sound is missing, and none comes twice."""
    packets = probe.packets(path)
    pictures = gaps_s(sorted(time_s for kind, time_s, _, _ in packets if kind == "video"))
    assert max(pictures) < PERIOD_S + 0.002
    assert min(pictures) > PERIOD_S - 0.002
    sounds = gaps_s([time_s for kind, time_s, _, _ in packets if kind == "audio"])
    assert max(sounds) < AAC_S + 0.002
    assert min(sounds) > AAC_S - 0.002


def encoded(path: Path) -> list[tuple[float, bytes]]:
    """Times and bytes of the picture's packets."""
    with av.open(path) as container:
        stream = container.streams.video[0]
        return [
            (float(packet.pts * packet.time_base), bytes(packet))
            for packet in container.demux(stream)
            if packet.pts is not None and packet.time_base is not None and packet.size
        ]


def moves(before: Luma, after: Luma, rect: Rect) -> bool:
    """Whether a tile's picture changed: a rehearsal's guest shows its running time."""
    changed = np.abs(tile(before, rect) - tile(after, rect)) > 12
    return int(np.count_nonzero(changed)) > 3


def longest_still_s(pictures: Sequence[tuple[float, Luma]], rect: Rect) -> float:
    """The longest time in which a tile did not move."""
    longest, since = 0.0, pictures[0][0]
    for (_, before), (time_s, after) in itertools.pairwise(pictures):
        if moves(before, after, rect):
            since = time_s
        longest = max(longest, time_s - since)
    return longest


# --- the promises ------------------------------------------------------------------------------------------


def test_a_shard_dies_the_tiles_hold_then_show_the_slate_then_the_guests(show: Show) -> None:
    assert show.took["shard"] <= 5
    expected = slates()
    pictures = luma(show.streams[0], show.at["shard"] - 1, show.at["control"])
    for rect in (LEFT, RIGHT):
        slate = [
            time_s for time_s, shown in pictures if distance(tile(shown, rect), tile(expected, rect)) < 3
        ]
        moving = [
            after_s
            for (_, before), (after_s, after) in itertools.pairwise(pictures)
            if moves(before, after, rect)
        ]
        assert slate, "the slate with the seat's name is shown"
        last_moved = max(time_s for time_s in moving if time_s < slate[0] - PERIOD_S / 2)
        assert slate[0] - last_moved <= 1.2, "the last picture is held for a second"
        assert slate[0] - last_moved >= 0.5
        assert slate[-1] - slate[0] <= 5
        assert all(time_s <= slate[-1] for time_s in slate)
        assert len([time_s for time_s in moving if time_s > slate[-1] + PERIOD_S]) > 5, "they are back"


def test_the_stream_has_no_gap_while_shard_control_and_recording_die(show: Show) -> None:
    assert_whole(show.streams[0])


def test_control_dies_and_pictures_keep_moving(show: Show) -> None:
    pictures = luma(show.streams[0], show.at["control"], show.at["control over"])
    for rect in (LEFT, RIGHT):
        assert longest_still_s(pictures, rect) < 0.5


def test_control_is_back_with_the_same_state(show: Show) -> None:
    assert show.took["control"] <= 3
    before, after = show.seen["before"], show.seen["after"]
    assert after["revision"] == before["revision"]
    for part in ("seats", "scenes", "outputs", "program", "preview"):
        assert after["state"].get(part) == before["state"].get(part), part


def test_the_streams_sender_dies_and_is_back_at_a_keyframe(show: Show) -> None:
    assert show.took["stream"] <= 5
    first = next(packet for packet in probe.packets(show.streams[1]) if packet[0] == "video")
    assert first[3]
    assert len(show.streams) == 2, "and connects once"


def test_the_recordings_sender_dies_and_less_than_a_second_is_lost(show: Show) -> None:
    """Stream and recording hold the same packets: so the stream tells when each was on air. (The bus has more
    of the past than starting a process takes: mostly the parts overlap.)"""
    on_air = {data: time_s for time_s, data in encoded(show.streams[0])}
    first, second = (encoded(part) for part in show.parts[:2])
    assert on_air[second[0][1]] - on_air[first[-1][1]] < 1
    assert max(gaps_s([time_s for time_s, _ in first])) < PERIOD_S + 0.002


def test_one_encode_for_all_destinations(show: Show) -> None:
    streamed = {data for _, data in encoded(show.streams[0])}
    recorded = [data for _, data in encoded(show.parts[0])]
    common = sum(data in streamed for data in recorded)
    assert common >= len(recorded) - 90, "but for what went out before the stream's first keyframe"


def test_the_recording_has_no_gap_while_the_streams_sender_dies(show: Show) -> None:
    times = [time_s for time_s, _ in encoded(show.parts[1])]
    pictures = gaps_s(times)
    # one gap is there, the mixer's own death later on
    assert sum(gap > PERIOD_S + 0.002 for gap in pictures) == 1
    assert len(show.parts) == 2


def test_the_mixer_dies_and_goes_on_on_the_same_connections(show: Show) -> None:
    assert show.seen["senders stayed"]
    times = probe.video_times_s(show.streams[1])
    gaps = gaps_s(times)
    assert sum(gap > PERIOD_S + 0.002 for gap in gaps) == 1
    longest = max(gaps)
    assert longest <= 3
    assert longest / PERIOD_S == pytest.approx(round(longest / PERIOD_S), abs=0.1), "the ticks went on"
    again_s = times[gaps.index(longest) + 1]
    pictures = luma(show.streams[1], again_s + PERIOD_S / 2, again_s + 1)
    for rect in (LEFT, RIGHT):
        assert longest_still_s(pictures, rect) < 0.5, "the scene that was on air, with its guests"
    sounds = [time_s for kind, time_s, _, _ in probe.packets(show.streams[1]) if kind == "audio"]
    assert max(gaps_s(sounds)) <= 3.2
    assert abs(sounds[-1] - times[-1]) < 0.25, "sound and picture are still together"


def test_the_black_hole_is_reported_and_disturbs_nobody(show: Show) -> None:
    status = show.seen["hole"]
    assert status["state"] in ("starting", "retrying")
    assert status["code"] == "destination.timeout" or show.hole.accepted > 1
    assert show.hole.accepted >= 1


def test_the_end_leaves_nothing_behind(show: Show) -> None:
    assert show.seen["exit status"] == 0
    assert show.seen["left"] == []
    assert show.seen["shared"] == set()
    assert show.seen["sockets"] == []
    assert not (show.studio.data / "run.json").exists()
    assert all(probe.duration_s(part) > 1 for part in show.parts)
