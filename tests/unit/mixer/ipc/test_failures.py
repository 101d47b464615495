"""Threads live on whatever a guest, a file or a slot makes them stumble over; it is counted, and seen."""

import asyncio
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from prometheus_client.parser import text_string_to_metric_families

from mixer.contract.names import shard_name
from mixer.contract.picture import Picture
from mixer.outputs.connection import Resolver
from signaling.contract.messages import PeerStats, ShardReport
from signaling.http.metrics import Metrics
from signaling.rtc.audio.sound_in import BROKEN, SoundPacer, SoundStream
from signaling.rtc.recording.record import RecordedConnection, SeatRecorder
from signaling.rtc.recording.record_file import SeatFiles
from signaling.rtc.synthetic.loops import Loop, make_loop
from signaling.rtc.timeline import LipSync
from signaling.rtc.transport.rtp import Rtp
from signaling.rtc.video.bitstream import depayload_h264
from signaling.rtc.video.decode import DecoderPool, Lane
from studio.lab.harness.waiting import wait_until
from studio.show.model import Show
from studio.show.view import PublicView


@pytest.fixture(autouse=True)
def log() -> Iterator[list[Any]]:
    """What the log was told."""
    with structlog.testing.capture_logs() as entries:
        yield entries


@pytest.fixture(scope="module")
def media() -> Loop:
    return make_loop("Mayor", 0.3, seconds=1, size=(64, 36))


@pytest.fixture
def pool() -> Iterator[DecoderPool]:
    pool = DecoderPool(1)
    yield pool
    pool.close()


def frame(media: Loop, number: int) -> bytes:
    return b"".join(depayload_h264(payload).data for payload in media.video[number].payloads)


@pytest.mark.parametrize("untold", [False, True], ids=["", "its trouble can't even be told"])
def test_whatever_a_picture_breaks_the_decoders_thread_lives_on(
    pool: DecoderPool, media: Loop, untold: bool
) -> None:
    troubles: list[str] = []
    shown: list[int] = []

    def sink(picture: Picture, pts_ns: int, arrived_ns: int) -> None:
        if pts_ns < 3:
            raise KeyError(pts_ns)
        shown.append(pts_ns)

    def trouble(code: str) -> None:
        troubles.append(code)
        if untold:
            raise RuntimeError("the loop is closed")

    bad = Lane(pool, "h264", sink, trouble)
    good = Lane(pool, "h264", sink, lambda _: None)
    for number in range(3):
        assert bad.offer(frame(media, 0), number, 0, key=True)
        wait_until("it failed", lambda: pool.failures.count > number and not bad._busy)  # noqa: B023
    assert good.offer(frame(media, 0), 7, 0, key=True)
    assert bad.offer(frame(media, 0), 8, 0, key=True)
    wait_until("both are decoded", lambda: sorted(shown) == [7, 8])
    assert troubles == ["video.broken"] * 3
    assert pool.failures.count == 6 if untold else 3
    assert all(thread.is_alive() for thread in pool._threads)


def test_whatever_a_sound_breaks_is_seen_and_goes_by(media: Loop) -> None:
    broken, whole = threading.Event(), threading.Event()

    def sink(at: int, samples: object) -> None:
        if not broken.is_set():
            broken.set()
            raise KeyError(at)
        whole.set()

    pacer, stream = SoundPacer(), SoundStream(LipSync(), sink)
    pacer.add(stream)
    assert stream.problem == ""
    number = 0
    while not whole.is_set():
        assert number < 500, "it is not heard again"
        packet = Rtp(111, False, number, number * 960, 1, media.sound(number))
        stream.push(packet, "opus", time.monotonic_ns())
        whole.wait(0.02)
        number += 1
    assert (pacer.failures.count, stream.problem) == (1, BROKEN)
    stream.close()
    pacer.close()


def test_whatever_the_recorder_stumbles_over_the_others_are_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, log: list[Any]
) -> None:
    sound = SeatFiles.sound

    def picky(self: SeatFiles, data: bytes, pts_ns: int, duration_ms: int) -> None:
        if data == b"\xfcbad":
            raise KeyError(data)
        sound(self, data, pts_ns, duration_ms)

    monkeypatch.setattr(SeatFiles, "sound", picky)
    recorder = SeatRecorder(shard_name(0))
    recorder.record(str(tmp_path), "vod")
    bad, good = (RecordedConnection(recorder, seat, LipSync()) for seat in ("bad", "good"))
    for number in range(100):
        for feed, data in ((bad, b"\xfcbad"), (good, b"\xfc\xff\xfe")):
            feed.sound(data, number * 960, (1, 0))
    wait_until("all of the bad one's failed", lambda: recorder.failures.count == 95)
    recorder.close()
    assert [path.name.split("-")[1] for path in tmp_path.iterdir()] == ["good"]
    status = recorder.status()
    assert status is not None
    assert status.dropped == 95
    told = [entry for entry in log if entry["event"] == "record.failed"]
    assert 1 <= len(told) < 95
    assert told[0]["of"] == "bad"


async def test_a_host_that_cannot_be_a_name_is_answered_as_one_that_is_not_there() -> None:
    resolver = Resolver("a" * 70 + ".example", 1935)
    resolver.start()

    def answered() -> bool:
        try:
            return resolver.take() is not None
        except OSError:
            return True

    await asyncio.to_thread(wait_until, "an answer", answered)


def test_failures_are_in_the_metrics() -> None:
    metrics = Metrics()
    metrics.on_message(shard_name(0), ShardReport((PeerStats("p"),), {"decode": 3, "sound": 1}))
    families = text_string_to_metric_families(metrics.render(PublicView()(Show()), 0).decode())
    samples = [each for family in families for each in family.samples]
    told = {each.labels["part"]: each.value for each in samples if each.name == "studio_shard_failures_total"}
    assert told == {"decode": 3, "sound": 1}
