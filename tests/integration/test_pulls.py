"""Pulled streams from nginx-rtmp whose pictures or sound come later than the connection."""

import contextlib
import itertools
import json
import socket
import subprocess
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import msgspec
import numpy as np
import pytest

from mixer.contract.clock import sample_at
from mixer.contract.player_messages import PlayerConfig
from mixer.sources.frames import FrameConverter
from mixer.sources.pull.pull_player import _PullWorker
from studio.lab.harness.waiting import wait_until
from tests.integration.files.test_clip_pictures import combs
from tests.support.ingest import Authority, BlackHole, Relay, RtmpIngest
from tests.support.media.material import ffmpeg
from tests.support.media.players import PlayerRun
from tests.support.running import running_studio

pytestmark = pytest.mark.alone

SYSTEM_PYTHON = "/usr/bin/python3"
"""Debian's ``gi`` is for this one."""
PEERS = Path(__file__).parents[1] / "support/peers"


def _has_gstreamer_rtsp() -> bool:
    asked = [SYSTEM_PYTHON, "-c", "import gi; gi.require_version('GstRtspServer', '1.0')"]
    return Path(SYSTEM_PYTHON).exists() and subprocess.run(asked, capture_output=True).returncode == 0


needs_gstreamer_rtsp = pytest.mark.skipif(
    not _has_gstreamer_rtsp(), reason="GStreamer's RTSP server isn't installed"
)
KEY = "s3cr3t-key"
GROUP_S = 4


def material(path: Path, picture_from_s: float = 0, sound_from_s: float = 0) -> Path:
    """18 s with a keyframe each 4 s; picture and sound may begin late. A tone of 440 Hz."""
    lavfi = ("-f", "lavfi")
    command = [
        *("ffmpeg", "-v", "error", "-y"),
        *("-itsoffset", str(picture_from_s), *lavfi, "-i", "testsrc2=s=320x180:r=30:d=18"),
        *("-itsoffset", str(sound_from_s), *lavfi, "-i", "sine=f=440:r=48000:d=18"),
        *("-c:v", "libx264", "-preset", "ultrafast", "-bf", "0", "-g", str(30 * GROUP_S)),
        *("-sc_threshold", "0", "-c:a", "aac", "-t", "18", str(path)),
    ]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, timeout=60)
    return path


@contextlib.contextmanager
def published(file: Path, url: str, loop: bool = False) -> Iterator[None]:
    """At its own pace, once or without an end."""
    command = ["ffmpeg", "-v", "quiet", "-analyzeduration", "20000000", "-re"]
    command += ["-stream_loop", "-1"] if loop else []
    command += ["-i", str(file), "-c", "copy"]
    # sound doesn't wait for a picture that begins later
    command += ["-max_interleave_delta", "200000", "-f", "flv", url]
    publisher = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    try:
        yield
    finally:
        publisher.kill()
        publisher.wait()


def pull(url: str) -> PlayerConfig:
    return PlayerConfig(
        "p", "pull", url=url, private=True, width=320, height=180, epoch_ns=time.monotonic_ns()
    )


def heard(run: PlayerRun) -> float:
    """The peak of 100 ms that were heard just now."""
    samples, _ = run.slot.read_sound(sample_at(time.monotonic_ns()) - 9600, 4800)
    return float(np.abs(samples).max())


def test_pictures_come_with_the_next_keyframe_on_the_same_connection(tmp_path: Path) -> None:
    """nginx gives a new player the sound at once; early in a group of 4 s no picture is in sight."""
    file = material(tmp_path / "a.flv")
    with RtmpIngest(tmp_path) as ingest, published(file, ingest.url(f"live/{KEY}")):
        wait_until("a keyframe published", lambda: ingest.received_bytes() > 20_000)
        with PlayerRun(pull(ingest.url(f"live/{KEY}")), tmp_path / "log") as run:
            run.wait_for("a picture", lambda report: report.state == "live" and report.width > 0)
            assert run.last.sound
        assert "failed" not in {report.state for report in run.reports}
        assert "pull broke off" not in run.spoken()
        assert ingest.log().count(" play: name=") == 1
    assert KEY not in run.spoken()


def test_sound_alone_is_live_and_the_picture_joins_it(tmp_path: Path) -> None:
    file = material(tmp_path / "a.flv", picture_from_s=11)
    with RtmpIngest(tmp_path) as ingest, published(file, ingest.url(f"live/{KEY}")):
        wait_until("something published", lambda: ingest.received_bytes() > 2000)
        with PlayerRun(pull(ingest.url(f"live/{KEY}")), tmp_path / "log") as run:
            run.wait_state("live")
            assert (run.last.code, run.last.width, run.last.sound) == ("pull.no-picture", 0, True)
            assert heard(run) > 0.05
            run.wait_for("the picture", lambda report: report.width > 0 and not report.code)
        states = list(dict.fromkeys(report.state for report in run.reports))
        assert states == ["starting", "live"]
        assert ingest.log().count(" play: name=") == 1


def test_sound_joins_a_picture(tmp_path: Path) -> None:
    file = material(tmp_path / "a.flv", sound_from_s=3)
    with RtmpIngest(tmp_path) as ingest, published(file, ingest.url(f"live/{KEY}")):
        wait_until("something published", lambda: ingest.received_bytes() > 2000)
        with PlayerRun(pull(ingest.url(f"live/{KEY}")), tmp_path / "log") as run:
            run.wait_for("the sound", lambda report: report.state == "live" and report.sound)
            run.wait_for("the picture", lambda report: report.width > 0)
        assert ingest.log().count(" play: name=") == 1


def test_an_interlaced_stream_is_shown_without_combs(tmp_path: Path) -> None:
    moving = (
        "-f lavfi -i color=black:s=320x192:r=50:d=12 -f lavfi -i color=white:s=32x192:r=50:d=12"
        " -filter_complex [0][1]overlay=x='20+mod(t*300\\,260)',tinterlace=interleave_top,setfield=tff -r 25"
        " -c:v libx264 -preset ultrafast -bf 0 -g 25 -flags +ildct+ilme -x264-params tff=1"
    )
    file = ffmpeg(tmp_path / "i.flv", moving)
    with av.open(str(file)) as container:
        raw = FrameConverter((320, 192))
        frames = itertools.islice(container.decode(video=0), 10)
        combed = max(combs(raw.picture(each, Fraction(1))) for each in frames)
    url = "live/interlaced"
    with RtmpIngest(tmp_path) as ingest, published(file, ingest.url(url), loop=True):
        wait_until("something published", lambda: ingest.received_bytes() > 2000)
        config = msgspec.structs.replace(pull(ingest.url(url)), width=320, height=192, fps_num=50)
        with PlayerRun(config, tmp_path / "log") as run:
            run.wait_for("a picture", lambda report: report.state == "live" and report.width > 0)
            seen: dict[int, float] = {}

            def looked() -> bool:
                picture = run.shown()
                seen[hash(picture.y.tobytes())] = combs(picture)
                return len(seen) > 15

            wait_until("pictures that move", looked)
    assert combed > 4
    assert max(seen.values()) < combed / 4


def test_certificates_are_verified_unless_the_source_says_otherwise(tmp_path: Path) -> None:
    right, other = Authority(tmp_path, "right"), Authority(tmp_path, "other")
    file = material(tmp_path / "a.flv")
    with (
        RtmpIngest(tmp_path) as ingest,
        published(file, ingest.url(f"live/{KEY}"), loop=True),
        Relay(ingest.port, right.server_context()) as front,
        contextlib.ExitStack() as stack,
    ):
        wait_until("something published", lambda: ingest.received_bytes() > 2000)
        url = front.url(f"live/{KEY}")

        def run(name: str, url: str, **fields: str | bool) -> PlayerRun:
            config = msgspec.structs.replace(pull(url), **fields)
            return stack.enter_context(PlayerRun(config, tmp_path / name))

        wrong = [
            run("unknown", url),
            run("another", url, ca_file=str(other.ca_file)),
            run("host", url.replace("localhost", "127.0.0.1"), ca_file=str(right.ca_file)),
            run("rtsps", url.replace("rtmps:", "rtsps:"), ca_file=str(other.ca_file)),
        ]
        for each in wrong:
            each.wait_for("the certificate refused", lambda report: report.code == "pull.tls")
        for each in (run("known", url, ca_file=str(right.ca_file)), run("insecure", url, insecure=True)):
            each.wait_for("a picture", lambda report: report.state == "live" and report.width > 0)
        assert all(each.last.state == "stalled" and each.last.width == 0 for each in wrong)
        assert not any(KEY in each.spoken() for each in wrong)


@contextlib.contextmanager
def rtsp_server(transport: str) -> Iterator[str]:
    """The address of a camera: GStreamer's server, which sends over this transport alone."""
    with subprocess.Popen(
        [SYSTEM_PYTHON, str(PEERS / "gst_rtsp.py"), transport], stdout=subprocess.PIPE, text=True
    ) as server:
        try:
            assert server.stdout is not None
            yield f"rtsp://127.0.0.1:{int(server.stdout.readline())}/camera"
        finally:
            server.kill()


@needs_gstreamer_rtsp
@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_a_camera_that_sends_over_one_transport_alone_is_live(tmp_path: Path, transport: str) -> None:
    """By UDP alone it answers 461 to a client that asks for TCP."""
    with rtsp_server(transport) as url, PlayerRun(pull(url), tmp_path / "log") as run:
        run.wait_for("live with sound", lambda report: report.state == "live" and report.sound)
        wait_until("its tone is heard", lambda: heard(run) > 0.1)
        picture = run.shown()
        assert abs(int(picture.v[90 // 2, 160 // 2]) - 240) < 10, "red"


@needs_gstreamer_rtsp
def test_a_pull_is_moved_to_another_address_while_it_runs(tmp_path: Path) -> None:
    config = "[sources]\nprivate_addresses = true\n"
    with rtsp_server("tcp") as url, running_studio(tmp_path / "data", config=config) as studio:
        wrong = url.replace("/camera", "/kamera")
        studio.do("source.create", source="cam", kind="pull", title="Camera", url=wrong)
        wait_until("refused", lambda: studio.status("sources", "cam", "code") == "pull.not-found", 20)
        studio.do("source.update", source="cam", url=url, user="u", password=KEY)
        wait_until("live", lambda: studio.status("sources", "cam", "state") == "live", 20)
        assert KEY not in json.dumps(studio.state())


def test_private_places_are_not_connected_to(tmp_path: Path) -> None:
    with BlackHole() as server, contextlib.ExitStack() as stack:
        for name, scheme in (("a", "rtmp"), ("b", "rtsp")):
            url = f"{scheme}://localhost:{server.port}/live/{KEY}"
            config = msgspec.structs.replace(pull(url), private=False)
            run = stack.enter_context(PlayerRun(config, tmp_path / name))
            run.wait_for("refused", lambda report: report.code == "pull.private-address")
            assert KEY not in run.spoken()
        assert server.accepted == 0


def test_the_very_address_that_was_checked_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By its IP address, while certificate and server still have to do with the name."""
    monkeypatch.setattr("mixer.sources.pull.pull_guard.is_public", lambda address: address == "127.0.0.1")
    monkeypatch.setattr("mixer.sources.pull.pull_player.check_peers", lambda: None)
    file, authority = material(tmp_path / "a.flv"), Authority(tmp_path)
    with (
        RtmpIngest(tmp_path) as ingest,
        published(file, ingest.url(f"live/{KEY}"), loop=True),
        Relay(ingest.port, authority.server_context()) as front,
    ):
        wait_until("something published", lambda: ingest.received_bytes() > 2000)
        url = front.url(f"live/{KEY}")
        look_up = socket.getaddrinfo

        def found(host: str | bytes | None, port: Any, *rest: Any, **more: Any) -> Any:
            return look_up("127.0.0.1" if host == "localhost" else host, port, *rest, **more)

        monkeypatch.setattr("socket.getaddrinfo", found)
        config = msgspec.structs.replace(pull(url), private=False, ca_file=str(authority.ca_file))
        worker = _PullWorker(config, Fraction(30))
        try:
            wait_until("a picture", lambda: len(worker.pictures) > 0, 20)
        finally:
            worker.close()
        assert f"tc_url='rtmps://localhost:{front.port}/live'" in ingest.log()
