"""Outputs of several languages on one real mixer: streams with a backup, a partner's feed with three tracks,
recordings of the programme and of its clean feed. What arrived is measured, and one of them is killed."""

import functools
import itertools
import json
import socket
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import av
import msgspec
import numpy as np
import pytest

from mixer.containers.clock_tags import FileClock, file_clock
from mixer.containers.marks import marks_path
from mixer.contract.clock import RATE
from mixer.contract.messages import BusAttach, Mark, MixerReport, SenderConfig
from mixer.contract.names import StreamName, backup_of, of_seat, picture_stream, sender_name
from mixer.contract.plan import AudioInput, AudioPlan, Bus, Plate, Rect, Tile
from mixer.ipc.slot import SlotWriter
from mixer.outputs.mpegts.transport import DATAGRAM_BYTES
from tests.support.ingest import RtmpIngest
from tests.support.media.mixing import AHEAD, Mixer, plan_of, small_config, still
from tests.support.media.probe import (
    BT709,
    keyframe_times_s,
    picture_at,
    pictures,
    probe,
    sound,
    video_times_s,
)
from tests.support.media.sending import SenderProcess

pytestmark = pytest.mark.alone

BUSES = ("floor", "ko", "en")
KO, EN, CLEAN, VOD, PARTNER = "youtube-ko", "youtube-en", "clean", "vod", "partner"
EN_BACKUP = backup_of(EN)
KEY = {KO: "k0-secret", EN: "en-secret", EN_BACKUP: "en-backup-secret"}
PERIOD_S = 1 / 30


class Clapper(threading.Thread):
    """A guest whose picture flashes and whose sound beeps for 0.1 s at each whole second of the programme. A
    corner of noise makes each picture another one."""

    def __init__(self, writer: SlotWriter, epoch_ns: int) -> None:
        super().__init__(daemon=True)
        self._writer = writer
        self._epoch_ns = epoch_ns
        self._over = threading.Event()

    def run(self) -> None:
        dark, bright = still(320, 180, (40, 128, 128)), still(320, 180, (200, 128, 128))
        noise = np.random.default_rng(1)
        first = self._epoch_ns * RATE // 10**9
        at = time.monotonic_ns() * RATE // 10**9 // 960 * 960
        while not self._over.wait(0.012):
            now = time.monotonic_ns()
            self._writer.beat(now)
            flash = (now - self._epoch_ns) % 10**9 < 10**8
            picture = bright if flash else dark
            picture.y[:24, :24] = noise.integers(20, 220, (24, 24), np.uint8)
            self._writer.write_picture(picture, now)
            while at <= now * RATE // 10**9 + AHEAD:
                samples = np.arange(at, at + 960) - first
                beep = np.where(samples % RATE < RATE // 10, 0.4, 0) * np.sin(2 * np.pi * samples / 48)
                self._writer.write_sound(at, np.repeat(beep.astype(np.float32)[:, None], 2, axis=1))
                at += 960

    def stop(self) -> None:
        self._over.set()
        self.join(5)


class Receiver(threading.Thread):
    """The TV partner: takes datagrams, and notes their sizes and times."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.sock.bind(("127.0.0.1", 0))
        self.sock.settimeout(0.2)
        self.datagrams: list[tuple[int, bytes]] = []
        self._over = threading.Event()

    @property
    def url(self) -> str:
        return f"udp://127.0.0.1:{self.sock.getsockname()[1]}"

    def run(self) -> None:
        while not self._over.is_set():
            try:
                data = self.sock.recv(65536)
            except TimeoutError:
                continue
            self.datagrams.append((time.monotonic_ns(), data))

    def stop(self) -> None:
        self._over.set()
        self.join(5)
        self.sock.close()


@dataclass
class Broadcast:
    """What is left of it when it is over: files, reports, figures."""

    folder: Path
    reports: list[MixerReport] = field(default_factory=list)
    senders: dict[str, SenderProcess] = field(default_factory=dict)
    files: dict[str, Path] = field(default_factory=dict)
    datagrams: list[tuple[int, bytes]] = field(default_factory=list)
    killed_s: float = 0.0
    """Programme time at which the Korean sender was killed."""


def config_of(output: str, folder: Path, url: str = "", epoch_ns: int = 0) -> SenderConfig:
    buses = {KO: ("ko",), EN: ("en",), EN_BACKUP: ("en",), CLEAN: ("floor",)}.get(output, BUSES)
    return SenderConfig(
        output=output,
        video=picture_stream("clean") if output in (CLEAN, PARTNER) else picture_stream("program"),
        audio=tuple(StreamName(f"{bus}/aac") for bus in buses),
        url=url,
        folder="" if url else str(folder),
        epoch_ns=epoch_ns,
    )


def bus_end(mixer: Mixer, name: str) -> socket.socket:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    mixer.send(BusAttach(sender_name(name)), (theirs.fileno(),))
    theirs.close()
    return ours


@pytest.fixture(scope="module")
def broadcast(tmp_path_factory: pytest.TempPathFactory) -> Broadcast:
    folder = tmp_path_factory.mktemp("languages")
    config = small_config()
    # The programme's own settings, as studio.contract.config makes it; no rendition but these is watched.
    clean = msgspec.structs.replace(config.renditions["program"], canvas="clean", always=False, outputs=True)
    config = msgspec.structs.replace(config, renditions={**config.renditions, "clean": clean})
    cast = Broadcast(folder)
    with ExitStack() as stack:
        mixer = stack.enter_context(Mixer(config))
        ingest = stack.enter_context(RtmpIngest(folder))
        clapper = Clapper(mixer.open_slot(of_seat("a")), config.epoch_ns)
        receiver = Receiver()
        for thread in (clapper, receiver):
            thread.start()
            stack.callback(thread.stop)
        tile = Tile(Rect(0, 0, 640, 360), of_seat("a"), plate=Plate("시장", "Mayor"))
        plan = plan_of(1, (tile,))
        audio = AudioPlan((AudioInput(of_seat("a"), language="ko"),), buses=tuple(map(Bus, BUSES)))
        mixer.take(msgspec.structs.replace(plan, audio=audio))

        def start(output: str, url: str = "") -> SenderProcess:
            sender = SenderProcess(
                config_of(output, folder / "rec", url, config.epoch_ns),
                bus_end(mixer, output),
                folder / f"{output}.log",
            )
            cast.senders[output] = stack.enter_context(sender)
            return sender

        for output, key in KEY.items():
            start(output, ingest.url(f"live/{key}"))
        start(PARTNER, receiver.url)
        start(CLEAN)
        vod = start(VOD)
        vod.send(Mark(0, "scene", "opening", "개회", (of_seat("a"),)))
        for sender in cast.senders.values():
            sender.wait_live()
        mixer.expect(MixerReport)
        ahead = mixer.reports()[-1].tick + 90
        vod.send(Mark(ahead, "cue", "speech", "First speech", (of_seat("a"),)))
        mixer.expect(MixerReport, lambda report: report.tick > ahead + 15)
        cast.killed_s = (time.monotonic_ns() - config.epoch_ns) / 1e9
        cast.senders[KO].process.kill()
        last = mixer.reports()[-1].tick
        mixer.expect(MixerReport, lambda report: report.tick > last + 75)
        vod.wait_for("the disk's time", lambda report: report.remaining_s > 0)
        for output, sender in cast.senders.items():
            if output != KO:
                assert sender.shut_down() == 0, sender.spoken()
        cast.reports = mixer.reports()
    cast.datagrams = receiver.datagrams
    for output, key in KEY.items():
        [cast.files[output]] = folder.glob(f"nginx-*/records/{key}-*.flv")
    for output in (VOD, CLEAN):
        [cast.files[output]] = (folder / "rec").glob(f"{output}-*.mkv")
    cast.files[PARTNER] = folder / "partner.ts"
    cast.files[PARTNER].write_bytes(b"".join(data for _, data in cast.datagrams))
    return cast


@functools.cache
def coded(path: Path) -> dict[int, float]:
    """Every coded picture of a file, by its slices' hash, and its time in the file."""
    with av.open(path) as container:
        stream = container.streams.video[0]
        return {
            hash(bytes(packet)): float(packet.pts * stream.time_base)
            for packet in container.demux(stream)
            if packet.pts is not None and stream.time_base is not None
        }


@functools.cache
def bright_s(path: Path) -> list[float]:
    """When the picture gets bright: looked at above the plate."""
    bright = [(at, float(picture[:180].mean()) > 120) for at, picture in pictures(path)]
    return [after[0] for before, after in itertools.pairwise(bright) if after[1] and not before[1]]


@functools.cache
def beeps_s(path: Path, track: int = 0) -> list[float]:
    start_s, rate, samples = sound(path, track)
    loud = np.flatnonzero(np.abs(samples).max(axis=0) > 0.1)
    return [start_s + at / rate for before, at in itertools.pairwise(loud) if at - before > rate // 2]


def lip_sync_s(path: Path, track: int = 0) -> list[float]:
    """Of each beep whose flash is there: how much later than it."""
    beeps = beeps_s(path, track)
    near = [(beep - flash) for flash in bright_s(path) for beep in beeps if abs(beep - flash) < 0.5]
    assert len(near) >= 2, (bright_s(path), beeps)
    return near


def clock_of(path: Path) -> FileClock:
    with av.open(path) as container:
        clock = file_clock(container.metadata)
    assert clock is not None
    return clock


def test_streams_of_two_languages_share_one_encode(broadcast: Broadcast) -> None:
    shared = coded(broadcast.files[KO]).keys() & coded(broadcast.files[EN]).keys()
    assert len(shared) > 60, "the very same coded pictures"
    pictures_made = [stream for stream in broadcast.reports[-1].streams if stream.endswith("/h264")]
    assert sorted(pictures_made) == ["clean/h264", "program/h264"]
    for output in (KO, EN, EN_BACKUP):
        video, audio = sorted(probe(broadcast.files[output]), key=lambda info: info.kind, reverse=True)
        assert (video.codec, audio.codec, int(audio.rate)) == ("h264", "aac", 48_000)
        assert video.colours == BT709
        assert np.abs(lip_sync_s(broadcast.files[output])).max() < 0.1


def test_the_two_languages_are_within_40_ms(broadcast: Broadcast) -> None:
    """By the pictures that both files have: what one file's time is in the other's."""
    ko, en = coded(broadcast.files[KO]), coded(broadcast.files[EN])
    shift = float(np.median([en[picture] - ko[picture] for picture in ko.keys() & en.keys()]))
    english = beeps_s(broadcast.files[EN])
    korean = [beep + shift for beep in beeps_s(broadcast.files[KO])]
    apart = [min(abs(beep - other) for other in english) for beep in korean if beep > english[0] - 0.5]
    assert len(apart) >= 2
    assert max(apart) < 0.040


def test_a_killed_sender_touches_no_other(broadcast: Broadcast) -> None:
    for output in (EN, EN_BACKUP, VOD):
        times = video_times_s(broadcast.files[output])
        made = set(coded(broadcast.files[VOD]))
        assert set(coded(broadcast.files[output])) <= made or output != VOD
        assert np.diff(times).max() < left_out_s(broadcast) + 0.036, output
        assert broadcast.senders[output].last.dropped == 0
        ended_s = times[-1] - times[0]
        assert ended_s > video_times_s(broadcast.files[KO])[-1] + 1.5, "it went on"


def left_out_s(broadcast: Broadcast) -> float:
    """What a machine that is busy otherwise left out of the programme itself."""
    report = broadcast.reports[-1]
    return (report.late_ticks + report.spared_ticks) * PERIOD_S


def test_a_backup_is_the_same_stream_and_reports_under_its_own_name(broadcast: Broadcast) -> None:
    assert len(coded(broadcast.files[EN]).keys() & coded(broadcast.files[EN_BACKUP]).keys()) > 60
    assert {report.output for report in broadcast.senders[EN_BACKUP].reports} == {"youtube-en~backup"}
    for sender in broadcast.senders.values():
        assert not any(key in sender.spoken() for key in KEY.values())


def test_the_partner_gets_every_language_in_one_stream(broadcast: Broadcast) -> None:
    path = broadcast.files[PARTNER]
    video, *tracks = sorted(probe(path), key=lambda info: info.kind, reverse=True)
    assert (video.codec, video.width, video.colours) == ("h264", 640, BT709)
    assert [(t.codec, t.tags["language"]) for t in tracks] == [("aac", "qaa"), ("aac", "kor"), ("aac", "eng")]
    for track in range(3):
        assert np.abs(lip_sync_s(path, track)).max() < 0.1
    sizes = [len(data) for _, data in broadcast.datagrams]
    assert set(sizes[:-1]) == {DATAGRAM_BYTES}
    assert all(data[at] == 0x47 for _, data in broadcast.datagrams for at in range(0, len(data), 188))


def test_recordings_line_up_to_one_picture(broadcast: Broadcast) -> None:
    program, clean = broadcast.files[VOD], broadcast.files[CLEAN]
    offset_s = clock_of(clean).offset_ns(clock_of(program)) / 1e9
    ours, theirs = bright_s(program), [at + offset_s for at in bright_s(clean)]
    matched = [(a, b) for a in ours for b in theirs if abs(a - b) < 0.5]
    assert len(matched) >= 3
    assert all(abs(a - b) < PERIOD_S / 2 for a, b in matched)
    grid = [
        round((at + clock_of(path).start_ns / 1e9) * 30)
        for path in (program, clean)
        for at in keyframe_times_s(path)[1:]
    ]
    late = left_out_s(broadcast)
    assert late or all(tick % 60 == 0 for tick in grid), grid
    assert abs(clock_of(clean).utc.timestamp() - time.time()) < 120


def test_the_clean_feed_has_no_plate(broadcast: Broadcast) -> None:
    """Between two flashes its lower half is all one colour, and the programme's isn't."""

    def spread(path: Path) -> int:
        lower = picture_at(path, bright_s(path)[-2] + 0.5)[180:].astype(int)
        return int(lower.max() - lower.min())

    assert spread(broadcast.files[CLEAN]) < 16
    assert spread(broadcast.files[VOD]) > 60


def test_a_recording_has_a_track_for_each_bus_and_chapters(broadcast: Broadcast) -> None:
    path = broadcast.files[VOD]
    _, *tracks = probe(path)
    assert [(t.tags["title"], t.tags.get("language")) for t in tracks] == [
        ("floor", None),
        ("ko", "kor"),
        ("en", "eng"),
    ]
    lines = [json.loads(line) for line in marks_path(path).read_text().splitlines()]
    assert [(line["kind"], line["id"], line["time_s"] == 0) for line in lines] == [
        ("scene", "opening", True),
        ("cue", "speech", False),
    ]
    expected_s = lines[1]["tick"] / 30 - clock_of(path).start_ns / 1e9
    assert lines[1]["time_s"] == pytest.approx(expected_s, abs=1e-5)
    with av.open(path) as container:
        chapters = [
            (chapter["metadata"]["title"], float(chapter["start"] * (chapter["time_base"] or 0)))
            for chapter in container.chapters()
        ]
    assert chapters == [("개회", 0.0), ("First speech", pytest.approx(expected_s, abs=0.001))]
    assert max(report.remaining_s for report in broadcast.senders[VOD].reports) > 60
