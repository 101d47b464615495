"""The recorder of seats where something goes wrong: slow and full disks, odd senders, sound out of order."""

import itertools
import resource
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import av
import pytest

from mixer.contract.names import shard_name
from signaling.contract.messages import SeatsRecorded
from signaling.rtc.recording import record
from signaling.rtc.recording.record import RecordedConnection, SeatRecorder
from signaling.rtc.recording.record_file import SeatFiles
from signaling.rtc.recording.record_head import form_of
from signaling.rtc.synthetic.loops import Loop, make_loop
from signaling.rtc.timeline import LipSync
from signaling.rtc.video.bitstream import depayload_h264
from studio.lab.harness.waiting import wait_until

SECOND_NS = 1_000_000_000
PACKET = b"\xfc\xff\xfe"
"""20 ms of Opus."""


@pytest.fixture(scope="module")
def camera() -> Loop:
    return make_loop("x", 0.3, seconds=1, size=(64, 36), bitrate=60_000)


@pytest.fixture(scope="module")
def wide() -> Loop:
    return make_loop("x", 0.3, seconds=1, size=(128, 72), bitrate=60_000)


@pytest.fixture
def recorder() -> Iterator[SeatRecorder]:
    made = SeatRecorder(shard_name(0))
    yield made
    made.close()


def frame(loop: Loop, number: int) -> tuple[bytes, bool]:
    each = loop.picture(number)
    return b"".join(depayload_h264(payload).data for payload in each.payloads), each.key


def wanted(feed: RecordedConnection) -> bool:
    return feed.wants_key


def status(recorder: SeatRecorder) -> SeatsRecorded:
    told = recorder.status()
    assert told is not None
    return told


def packets(path: Path, kind: str) -> list[tuple[int, bytes]]:
    with av.open(path) as container:
        stream = next(stream for stream in container.streams if stream.type == kind)
        return [(packet.pts or 0, bytes(packet)) for packet in container.demux(stream) if packet.size]


def test_a_slow_disk_costs_pictures_up_to_a_keyframe_and_nobody_waits(
    recorder: SeatRecorder, tmp_path: Path, camera: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk stands still: here, for as long as the test holds what the writer must have to go on."""
    going = threading.Event()
    write = SeatFiles.picture

    def slowly(self: SeatFiles, codec: str, data: bytes, pts_ns: int, key: bool) -> None:
        going.wait(10)
        write(self, codec, data, pts_ns, key)

    monkeypatch.setattr(SeatFiles, "picture", slowly)
    monkeypatch.setattr(record, "MAX_QUEUED", 20)
    recorder.record(str(tmp_path), "vod")
    feed = RecordedConnection(recorder, "a", LipSync())
    assert feed.on
    assert wanted(feed)
    began = time.monotonic()
    for number in range(40):
        feed.picture("h264", *frame(camera, number)[:1], number * SECOND_NS // 30, frame(camera, number)[1])
    assert time.monotonic() - began < 1
    assert wanted(feed)
    assert 0 < status(recorder).dropped <= 20
    going.set()
    wait_until(
        "the queue being empty", lambda: status(recorder).bytes > 0 and recorder._put == recorder._taken
    )
    for number in range(40, 60):
        data, key = frame(camera, number)
        feed.picture("h264", data, number * SECOND_NS // 30, key)
        wait_until("it being taken", lambda: recorder._put == recorder._taken)
    assert not wanted(feed)
    feed.close()
    recorder.close()
    [path] = tmp_path.iterdir()
    times = [round(pts * 30 / 1000) for pts, _ in packets(path, "video")]
    assert times[:19] == list(range(19))
    assert times[times.index(max(time for time in times if time < 40)) + 1] == 45  # a keyframe each 15


def test_a_full_disk_ends_the_files_and_is_said(recorder: SeatRecorder, tmp_path: Path, camera: Loop) -> None:
    recorder.record(str(tmp_path / "rec"), "vod")
    feed = RecordedConnection(recorder, "a", LipSync())
    data, key = frame(camera, 0)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, limits[1]))
    try:
        for number in range(400):
            feed.picture("h264", data, number * SECOND_NS // 30, key)
        wait_until("a full disk", lambda: status(recorder).code == "disk.full")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert "disk is full" in status(recorder).reason
    assert status(recorder).remaining_s == 0
    assert feed.wants_key
    [path] = (tmp_path / "rec").iterdir()
    assert 20 < len(packets(path, "video")) < 400
    recorder.record("", "")
    recorder.record(str(tmp_path / "rec"), "vod")
    feed.picture("h264", data, 20 * SECOND_NS, key)
    wait_until("the next recording", lambda: len(list((tmp_path / "rec").iterdir())) == 2)
    assert status(recorder).code == ""


def test_what_one_sends_ends_only_his_file(recorder: SeatRecorder, tmp_path: Path, camera: Loop) -> None:
    recorder.record(str(tmp_path), "vod")
    recorder.record(str(tmp_path), "vod")  # told again: nothing begins again
    good, bad = (
        RecordedConnection(recorder, "good", LipSync()),
        RecordedConnection(recorder, "bad", LipSync()),
    )
    key = frame(camera, 0)[0]
    for number in range(30):
        data, is_key = frame(camera, number)
        good.picture("h264", data, number * SECOND_NS // 30, is_key)
        bad.picture(
            "h264", key[: 40 + number] if is_key else b"\x00\x00\x01", number * SECOND_NS // 30, is_key
        )
        bad.picture("vp8", b"\x00" * 12, number * SECOND_NS // 30, True)
        bad.sound(b"", number * 960, (1, 0))
    good.close()
    recorder.close()
    [path] = tmp_path.glob("vod-good-*")
    assert len(packets(path, "video")) == 30
    assert (status(recorder).code, status(recorder).dropped) == ("", 0)


def test_sound_is_put_in_order_and_keeps_its_pace(recorder: SeatRecorder, tmp_path: Path) -> None:
    recorder.record(str(tmp_path), "vod")
    sync = LipSync()
    feed = RecordedConnection(recorder, "a", sync)
    order = [*range(20), 22, 21, 20, 22, *range(23, 30), 12, *range(30, 100)]
    for count, number in enumerate(order):
        sync.sound.observe(number * 960, 5 * SECOND_NS + number * 20_000_000)
        if count == 60:
            sync.heard_delay_ns += 30_000_000  # the jitter grew: nothing jumps
        feed.sound(PACKET + bytes([number]), number * 960, (1, 0))
    feed.close()
    recorder.close()
    [path] = tmp_path.iterdir()
    found = packets(path, "audio")
    assert [data[-1] for _, data in found] == list(range(100))
    steps = [after - before for (before, _), (after, _) in itertools.pairwise(found)]
    assert set(steps) <= {19, 20, 21, 22}
    assert found[-1][0] - found[0][0] == pytest.approx(99 * 20 + 30, abs=2)


def test_a_form_that_changes_all_the_time_makes_few_files(tmp_path: Path, camera: Loop, wide: Loop) -> None:
    files = SeatFiles(tmp_path, "vod", "../../etc/pass wd", 0)
    for number in range(60):
        data, key = frame((camera, wide)[number % 2], 0)
        files.picture("h264", data, number * SECOND_NS // 30, key)
    files.close()
    names = sorted(path.name for path in tmp_path.iterdir())
    assert len(names) == 2
    assert all(name.startswith("vod-_etc_pass_wd-2") for name in names)


def test_sound_goes_on_in_the_part_it_belongs_to(tmp_path: Path, camera: Loop, wide: Loop) -> None:
    files = SeatFiles(tmp_path, "vod", "a", 0)
    for number in range(90):
        data, key = frame(camera if number < 45 else wide, number)
        files.picture("h264", data, 4 * SECOND_NS + number * SECOND_NS // 30, key)
        if number >= 6:  # sound is later than pictures
            files.sound(PACKET + bytes([number]), 4 * SECOND_NS + (number - 6) * SECOND_NS // 30, 20)
    files.close()
    first, second = sorted(tmp_path.iterdir())
    heard = [data[-1] for path in (first, second) for _, data in packets(path, "audio")]
    assert heard == list(range(6, 90))
    assert [data[-1] for _, data in packets(first, "audio")][-1] == 45 + 6 - 1


def test_forms(camera: Loop, wide: Loop) -> None:
    one, other = form_of("h264", frame(camera, 0)[0]), form_of("h264", frame(wide, 0)[0])
    assert one is not None
    assert other is not None
    assert (one.width, one.height, other.width, other.height) == (64, 36, 128, 72)
    assert one == form_of("h264", frame(camera, 15)[0])
    assert form_of("h264", frame(camera, 1)[0]) is None
    assert form_of("vp8", b"\x01" * 20) is None
