"""The sender process against a real nginx-rtmp: what arrives, and what happens when the ingest misbehaves."""

import itertools
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from mixer.contract.messages import RetryNow, SenderConfig
from studio.lab.harness.waiting import wait_until
from tests.support.ingest import Authority, BlackHole, Relay, RtmpIngest, free_port
from tests.support.media.probe import (
    BT709,
    keyframe_distances_s,
    measured_fps,
    packets,
    pictures,
    probe,
    sound,
    video_times_s,
)
from tests.support.media.program import AUDIO, VIDEO, Program
from tests.support.media.sending import SenderProcess

KEY = "ko-s3cret-key"


@pytest.fixture(scope="module")
def program() -> Iterator[Program]:
    with Program() as running:
        yield running


def stream_to(url: str, ca_file: str = "", output: str = "youtube-ko") -> SenderConfig:
    return SenderConfig(output=output, video=VIDEO, audio=(AUDIO,), url=url, ca_file=ca_file)


def record_to(folder: Path, output: str = "vod") -> SenderConfig:
    return SenderConfig(output=output, video=VIDEO, audio=(AUDIO,), folder=str(folder))


def flash_times_s(path: Path) -> list[float]:
    """When the picture turns white: the first picture of each flash."""
    bright = [(time_s, float(picture.mean()) > 120) for time_s, picture in pictures(path)]
    return [after[0] for before, after in itertools.pairwise(bright) if after[1] and not before[1]]


def beep_times_s(path: Path) -> list[float]:
    start_s, rate, samples = sound(path)
    loud = np.abs(samples).max(axis=0) > 0.1
    edges = np.flatnonzero(loud)
    first = [edge for edge, before in zip(edges[1:], edges[:-1], strict=True) if edge - before > rate // 2]
    return [start_s + edge / rate for edge in first]


def test_what_nginx_received_is_the_programme(tmp_path: Path, program: Program) -> None:
    with RtmpIngest(tmp_path) as ingest:
        config = stream_to(ingest.url(f"live/{KEY}"))
        with SenderProcess(config, program.attach(), tmp_path / "log") as sender:
            sender.wait_live()
            sender.wait_sent(500_000)
            assert sender.ready.is_set()
            assert sender.last.bitrate > 300_000
            assert sender.last.code == ""
            assert sender.shut_down() == 0
        assert sender.last.state == "stopped"
        assert "deleteStream" in ingest.log() or "closeStream" in ingest.log()
        [path] = ingest.recordings()
    video, audio = sorted(probe(path), key=lambda info: info.kind, reverse=True)
    assert (video.codec, video.width, video.height, video.colours) == ("h264", 320, 180, BT709)
    assert (audio.codec, int(audio.rate), audio.channels) == ("aac", 48_000, 2)
    assert measured_fps(path) == pytest.approx(30, abs=0.1)
    assert all(distance == pytest.approx(1.0, abs=0.002) for distance in keyframe_distances_s(path))
    first = {kind: min(row[1] for row in packets(path) if row[0] == kind) for kind in ("video", "audio")}
    assert first["video"] == 0
    assert 0 <= first["audio"] < 0.022
    gaps = np.diff(video_times_s(path))
    assert gaps.max() < 0.036
    offsets = [
        beep - flash for flash, beep in zip(flash_times_s(path)[-3:], beep_times_s(path)[-3:], strict=True)
    ]
    assert np.abs(offsets).max() < 0.005, offsets


def test_comes_back_at_a_keyframe_after_the_ingest_restarted(tmp_path: Path, program: Program) -> None:
    with RtmpIngest(tmp_path) as ingest:
        config = stream_to(ingest.url(f"live/{KEY}"))
        with SenderProcess(config, program.attach(), tmp_path / "log") as sender:
            sender.wait_live()
            sender.wait_sent(200_000)
            ingest.stop()
            sender.wait_for("the loss", lambda report: report.state == "retrying")
            ingest.start()
            back_from = time.monotonic()
            sender.wait_live()
            assert time.monotonic() - back_from < 5
            sender.wait_sent(200_000)
            pid = sender.process.pid
            assert sender.shut_down() == 0
            assert pid == sender.process.pid
        again = ingest.recordings()[-1]
    assert len(ingest.recordings()) == 2
    kind, time_s, _, key = next(row for row in packets(again) if row[0] == "video")
    assert (kind, time_s, key) == ("video", 0.0, True)
    assert np.diff(video_times_s(again)).max() < 0.036


def test_silent_ingest_disturbs_nobody_else(tmp_path: Path, program: Program) -> None:
    with (
        RtmpIngest(tmp_path) as ingest,
        BlackHole() as silent,
        SenderProcess(stream_to(ingest.url(f"live/{KEY}")), program.attach(), tmp_path / "a") as good,
        SenderProcess(stream_to(silent.url(f"live/{KEY}")), program.attach(), tmp_path / "b") as bad,
        SenderProcess(record_to(tmp_path / "rec"), program.attach(), tmp_path / "c") as recording,
    ):
        bad.wait_code("destination.timeout")
        assert bad.last.state == "retrying"
        assert 0 < bad.last.retry_in_s <= 1
        assert "127.0.0.1" in bad.last.reason
        wait_until("a second attempt", lambda: silent.accepted >= 2, 5)
        # It stayed alive and responsive all the while.
        assert np.diff(bad.beats).max() < 4e9
        for other in (good, recording):
            assert {report.state for report in other.reports} <= {"starting", "live"}
            assert other.last.dropped == 0
            assert other.shut_down() == 0
        assert bad.shut_down() == 0
        [streamed] = ingest.recordings()
    [recorded] = (tmp_path / "rec").glob("*.mkv")
    for path in (streamed, recorded):
        assert np.diff(video_times_s(path)).max() < 0.036


def test_ingest_that_stops_reading(tmp_path: Path) -> None:
    with (
        Program(bitrate=3_000_000) as heavy,
        RtmpIngest(tmp_path) as ingest,
        Relay(ingest.port) as relay,
        SenderProcess(stream_to(relay.url(f"live/{KEY}")), heavy.attach(), tmp_path / "log") as sender,
    ):
        sender.wait_live()
        sender.wait_sent(500_000)
        relay.stalled.set()
        sender.wait_code("destination.timeout")
        assert "stopped taking" in next(r.reason for r in sender.reports if r.code == "destination.timeout")
        relay.stalled.clear()
        sender.wait_live()
        sender.wait_sent(500_000)
        assert np.diff(sender.beats).max() < 4e9
        assert sender.last.dropped > 0


def test_a_line_too_narrow_for_pictures_carries_the_sound(tmp_path: Path) -> None:
    """50 kB/s for 375: whole pictures are left out, and not one packet of sound."""
    with (
        Program(bitrate=3_000_000) as heavy,
        RtmpIngest(tmp_path) as ingest,
        Relay(ingest.port, bytes_per_s=50_000) as narrow,
        SenderProcess(stream_to(narrow.url(f"live/{KEY}")), heavy.attach(), tmp_path / "log") as sender,
    ):
        sender.wait_live()
        begun_s = heavy.published_s
        sender.wait_code("destination.slow")
        wait_until("twelve seconds sent", lambda: heavy.published_s > begun_s + 12, 60)
        sent_s = heavy.published_s - begun_s
        sender.process.kill()
        wait_until("the recording", lambda: "deleteStream" in ingest.log() or "disconnect" in ingest.log())
        assert sender.last.dropped > 60
        assert not {report.code for report in sender.reports} - {"", "destination.slow"}
    [received] = ingest.recordings()
    rows = packets(received)
    heard = [time_s for kind, time_s, _, _ in rows if kind == "audio"]
    seen = [time_s for kind, time_s, _, _ in rows if kind == "video"]
    assert np.diff(heard).max() < 0.03, "continuous"
    assert heard[-1] > sent_s - 6, (
        "and not much later than it was made: what the kernel holds is seconds here"
    )
    assert 0 < len(seen) < 30 * sent_s / 2
    assert len(seen) == len(set(seen))


def test_ingest_that_is_down_is_refused_and_tried_again(tmp_path: Path, program: Program) -> None:
    url = f"rtmp://127.0.0.1:{free_port()}/live/{KEY}"
    with SenderProcess(stream_to(url), program.attach(), tmp_path / "log") as sender:
        sender.wait_code("destination.refused")
        pauses = [1, 2, 4]
        for pause in pauses[:2]:
            sender.wait_for(f"a pause of {pause} s", lambda r, pause=pause: r.retry_in_s > pause * 0.75)  # type: ignore[misc]
        assert sender.shut_down() == 0


def test_retry_now_ends_the_pause(tmp_path: Path, program: Program) -> None:
    with RtmpIngest(tmp_path) as ingest:
        ingest.stop()
        url = ingest.url(f"live/{KEY}")
        with SenderProcess(stream_to(url), program.attach(), tmp_path / "log") as sender:
            sender.wait_for("a pause", lambda report: report.retry_in_s > 3)
            ingest.start()
            sender.send(RetryNow())
            sender.wait_live(2.5)


def test_unknown_host_and_wrong_application(tmp_path: Path, program: Program) -> None:
    with (
        RtmpIngest(tmp_path) as ingest,
        SenderProcess(
            stream_to(f"rtmp://nowhere.invalid/live/{KEY}"), program.attach(), tmp_path / "a"
        ) as lost,
        SenderProcess(stream_to(ingest.url(f"elsewhere/{KEY}")), program.attach(), tmp_path / "b") as wrong,
    ):
        lost.wait_code("destination.unreachable")
        wrong.wait_code("destination.rejected")


def test_a_key_in_use_is_rejected(tmp_path: Path, program: Program) -> None:
    with (
        RtmpIngest(tmp_path) as ingest,
        SenderProcess(stream_to(ingest.url(f"live/{KEY}")), program.attach(), tmp_path / "a") as first,
    ):
        first.wait_live()
        with SenderProcess(stream_to(ingest.url(f"live/{KEY}")), program.attach(), tmp_path / "b") as second:
            second.wait_code("destination.rejected")
            assert "the stream key is wrong or already in use" in second.last.reason
            assert first.last.state == "live"


def test_rtmps_verifies_the_certificate(tmp_path: Path, program: Program) -> None:
    right, other = Authority(tmp_path, "right"), Authority(tmp_path, "other")
    with RtmpIngest(tmp_path) as ingest, Relay(ingest.port, right.server_context()) as front:
        url = front.url(f"live/{KEY}")
        for name, ca_file in (("system", ""), ("other", str(other.ca_file))):
            with SenderProcess(stream_to(url, ca_file), program.attach(), tmp_path / name) as sender:
                sender.wait_code("destination.tls")
                assert "not trusted" in sender.last.reason
        assert not ingest.recordings()
        config = stream_to(url, str(right.ca_file))
        with SenderProcess(config, program.attach(), tmp_path / "right") as sender:
            sender.wait_live()
            sender.wait_sent(100_000)
            assert sender.shut_down() == 0
        assert measured_fps(ingest.recordings()[0]) == pytest.approx(30, abs=0.2)


def test_certificate_of_another_host(tmp_path: Path, program: Program) -> None:
    authority = Authority(tmp_path)
    with (
        RtmpIngest(tmp_path) as ingest,
        Relay(ingest.port, authority.server_context("other.example")) as front,
        SenderProcess(
            stream_to(front.url(f"live/{KEY}"), str(authority.ca_file)), program.attach(), tmp_path / "log"
        ) as sender,
    ):
        sender.wait_code("destination.tls")


@pytest.mark.parametrize(
    ("url", "ca_file", "code"),
    [
        ("http://example.org/live/key", "", "url.scheme"),
        ("rtmps://localhost/a/b", "/none.pem", "destination.ca_file"),
    ],
)
def test_a_mistake_in_the_configuration_is_final(
    tmp_path: Path, program: Program, url: str, ca_file: str, code: str
) -> None:
    with SenderProcess(stream_to(url, ca_file), program.attach(), tmp_path / "log") as sender:
        sender.wait_code(code)
        assert sender.last.state == "failed"
        assert sender.shut_down() == 0


def test_the_key_is_never_said(tmp_path: Path, program: Program) -> None:
    spoken = []
    with RtmpIngest(tmp_path) as ingest, Relay(ingest.port) as relay:
        secret = f"live/{KEY}?token=s3cret-token"
        urls = [
            relay.url(secret),
            ingest.url(f"elsewhere/{KEY}?token=s3cret-token"),
            f"rtmp://user:s3cret-word@127.0.0.1:{free_port()}/{secret}",
            f"rtmp://nowhere.invalid/{secret}",
            f"rtmps://127.0.0.1:{ingest.port}/{secret}",
        ]
        for number, url in enumerate(urls):
            with SenderProcess(stream_to(url), program.attach(), tmp_path / f"{number}") as sender:
                if number == 0:
                    sender.wait_live()
                    sender.wait_sent(50_000)
                    relay.cut()
                wait_until("a reason", lambda sender=sender: sender.codes, 15)  # type: ignore[misc]
                arguments = Path(f"/proc/{sender.process.pid}/cmdline").read_text()
                spoken += [arguments, sender.spoken()]
                sender.shut_down()
                spoken.append(sender.spoken())
    assert "s3cret" not in "".join(spoken)


def test_goes_on_over_the_same_connection_when_the_mixer_comes_back(tmp_path: Path) -> None:
    with RtmpIngest(tmp_path) as ingest:
        config = stream_to(ingest.url(f"live/{KEY}"))
        with Program() as program, SenderProcess(config, program.attach(), tmp_path / "log") as sender:
            sender.wait_live()
            sender.wait_sent(150_000)
            program.drop_all()
            sender.wait_code("mixer.silent")
            assert sender.last.state == "live"
            sender.attach(program.attach())
            sender.wait_for("the programme", lambda report: report.code == "")
            sender.wait_sent(150_000)
            assert sender.shut_down() == 0
        [path] = ingest.recordings()
    times = np.array(video_times_s(path))
    gaps = np.diff(times)
    [hole] = np.flatnonzero(gaps > 0.036)
    after = packets(path)
    assert next(key for kind, time_s, _, key in after if kind == "video" and time_s >= times[hole + 1] - 1e-6)
    offsets = np.abs(np.array(flash_times_s(path)[-1:]) - np.array(beep_times_s(path)[-1:]))
    assert offsets.max() < 0.005


def test_an_encoder_with_new_parameters_keeps_the_connection(tmp_path: Path) -> None:
    with RtmpIngest(tmp_path) as ingest:
        config = stream_to(ingest.url(f"live/{KEY}"))
        with Program() as before, SenderProcess(config, before.attach(), tmp_path / "log") as sender:
            sender.wait_live()
            sender.wait_sent(100_000)
            with Program(width=480, height=270) as after:
                after.epoch_ns = before.epoch_ns
                sender.attach(after.attach())
                sender.wait_sent(300_000)
                assert sender.shut_down() == 0
            assert {report.state for report in sender.reports} <= {"starting", "live", "stopped"}
        [path] = ingest.recordings()
    shapes = {picture.shape for _, picture in pictures(path)}
    assert shapes == {(180, 320, 3), (270, 480, 3)}
