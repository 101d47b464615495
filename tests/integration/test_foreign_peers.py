"""Peers that others made, by WHIP and WHEP: GStreamer's webrtcbin, simple-whip-client, any with RSA keys."""

import asyncio
import contextlib
import datetime
import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiortc.rtcdtlstransport import RTCCertificate
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from OpenSSL import SSL

from signaling.rtc.synthetic.client import LoopPlayer, RehearsalGuest
from signaling.rtc.synthetic.loops import FPS, Loop, make_loop
from signaling.rtc.transport.rtp import build_rtp
from tests.support.running import RunningStudio, running_studio, wait_until

pytestmark = pytest.mark.alone

PEERS = Path(__file__).parent.parent / "support" / "peers"
SYSTEM_PYTHON = "/usr/bin/python3"
"""Debian's ``gi`` is for this one."""
RED = (81, 90, 240)
"""Y′CbCr of the test picture's red in BT.601, as an SD picture has it."""
LIVE_S = 15.0


def _has_gstreamer() -> bool:
    asked = [SYSTEM_PYTHON, "-c", "import gi; gi.require_version('GstWebRTC', '1.0')"]
    return Path(SYSTEM_PYTHON).exists() and subprocess.run(asked, capture_output=True).returncode == 0


needs_gstreamer = pytest.mark.skipif(not _has_gstreamer(), reason="GStreamer's webrtcbin isn't installed")
needs_whip_client = pytest.mark.skipif(
    shutil.which("whip-client") is None or shutil.which("gcc") is None,
    reason="simple-whip-client or gcc isn't installed",
)


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStudio]:
    with running_studio(tmp_path_factory.mktemp("foreign") / "data", light=False) as running:
        running.do("source.create", kind="whip", source="hall")
        canvases = {"program": {"layout": "solo", "places": [{"source": "hall"}]}}
        running.do("scene.create", scene="hall", canvases=canvases, audio={"sources": ["source/hall"]})
        running.do("program.cut", scene="hall")
        yield running


@pytest.fixture(scope="module")
def viewer(studio: RunningStudio) -> str:
    """A viewer's token."""
    return studio.invite("watches", name="Watches", role="viewer").rpartition("/")[2].rpartition("=")[2]


@pytest.fixture
def hall(studio: RunningStudio) -> tuple[str, str]:
    """Where the source's publisher sends its offer, and with which token; who published into it is gone."""
    told = studio.do("source.token", source="hall")["result"]
    return told["url"], told["token"]


def wait_until_live(studio: RunningStudio) -> dict[str, Any]:
    def live() -> dict[str, Any] | None:
        status: dict[str, Any] = studio.status("sources", "hall")
        return status if status["state"] == "live" and status["width"] and status["sound"] else None

    return wait_until("the source is live", live, LIVE_S)


@contextlib.contextmanager
def running(command: list[str], **options: Any) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, text=True, **options)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def gstreamer(way: str, url: str, token: str, codec: str) -> contextlib.AbstractContextManager[Any]:
    command = [SYSTEM_PYTHON, str(PEERS / "gst_peer.py"), way, url, token, codec]
    return running(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)


@needs_gstreamer
@pytest.mark.parametrize("codec", ["vp8", "h264"])
def test_gstreamer_publishes_and_watches(
    studio: RunningStudio, hall: tuple[str, str], viewer: str, codec: str
) -> None:
    """Its certificate is RSA's, and of H.264 it names no packetization mode, sending or receiving."""
    with (
        gstreamer("publish", *hall, codec),
        gstreamer("watch", f"{studio.url}/whep/program", viewer, codec) as watcher,
    ):
        status = wait_until_live(studio)
        assert (status["width"], status["height"]) == (640, 360)
        for line in watcher.stdout:
            told = json.loads(line)
            if told["sounds"] > 10 and near(told["colour"], RED):
                break
        else:
            pytest.fail("the watcher ended")


def near(found: list[int], wanted: tuple[int, int, int], by: int = 6) -> bool:
    return all(abs(a - b) <= by for a, b in zip(found, wanted, strict=True))


@needs_whip_client
@pytest.mark.parametrize("options", [[], ["--no-trickle"]], ids=["trickle", "no-trickle"])
def test_simple_whip_client_publishes(
    studio: RunningStudio, hall: tuple[str, str], options: list[str], tmp_path: Path
) -> None:
    shim = tmp_path / "soup_shim.so"
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", shim, PEERS / "soup_shim.c", "-ldl"], check=True)
    picture = (
        "videotestsrc is-live=true ! video/x-raw,width=640,height=360,framerate=25/1 ! videoconvert"
        " ! vp8enc deadline=1 cpu-used=8 ! rtpvp8pay pt=96 ssrc=2 ! queue"
        " ! application/x-rtp,media=video,encoding-name=VP8,payload=96"
    )
    sound = (
        "audiotestsrc is-live=true ! opusenc ! rtpopuspay pt=100 ssrc=1 ! queue"
        " ! application/x-rtp,media=audio,encoding-name=OPUS,payload=100"
    )
    url, token = hall
    command = ["whip-client", "-u", url, "-t", token, "-V", picture, "-A", sound, *options]
    environment = os.environ | {"LD_PRELOAD": str(shim)}
    said = tmp_path / "said"
    with (
        said.open("wb") as out,
        running(command, env=environment, stdout=out, stderr=subprocess.STDOUT) as client,
    ):
        try:
            assert wait_until_live(studio)["width"] == 640
        except TimeoutError:
            text = said.read_text("utf-8", "replace")[-3000:]
            pytest.fail(
                f"not live; the client ({client.poll()}) said: {text}\n{studio.status('sources', 'hall')}"
            )


class RsaCertificate(RTCCertificate):
    """A peer's that takes any suite for itself, as OpenSSL does by default."""

    def _create_ssl_context(self, srtp_profiles: list[Any]) -> SSL.Context:
        context = super()._create_ssl_context(srtp_profiles)
        context.set_cipher_list(b"DEFAULT")
        return context


@pytest.fixture(scope="module")
def certificate() -> RsaCertificate:
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "peer")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    return RsaCertificate(key, made)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def media() -> Loop:
    return make_loop("RSA", 0.0, seconds=1, tone_hz=440)


@pytest.mark.parametrize("role", ["active", "passive"])
async def test_a_peer_with_an_rsa_certificate_in_either_dtls_role(
    studio: RunningStudio, hall: tuple[str, str], certificate: RsaCertificate, media: Loop, role: str
) -> None:
    player = LoopPlayer()
    playing = asyncio.create_task(player.run())
    guest = RehearsalGuest(media, player)
    guest._pc._RTCPeerConnection__certificates = [certificate]  # type: ignore[attr-defined]
    sdp = (await guest.offer()).replace("a=setup:actpass", f"a=setup:{role}")
    url, token = hall
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/sdp"}
    async with aiohttp.ClientSession(headers=headers) as http, http.post(url, data=sdp) as response:
        assert response.status == 201
        answer = await response.text()
    ours = {"active": "passive", "passive": "active"}[role]
    assert f"a=setup:{ours}" in answer
    await guest.accept(answer)
    await asyncio.to_thread(wait_until_live, studio)
    await guest.close()
    playing.cancel()


class Layer:
    """One of OBS's encoders: an SSRC, sequence numbers and a clock of its own."""

    def __init__(self, media: Loop, ssrc: int) -> None:
        self.media, self.ssrc, self.on = media, ssrc, True
        self._seq, self._origin = ssrc * 7919 % 60_000, ssrc * 104_729

    def send(self, guest: RehearsalGuest, index: int) -> None:
        sender = guest.senders[1]
        assert sender.codec is not None
        payloads = self.media.picture(index).payloads
        for at, payload in enumerate(payloads):
            marker, clock = at == len(payloads) - 1, self._origin + index * 90_000 // FPS
            payload_type = int(sender.codec.payloadType or 0)
            packet = build_rtp(payload_type, marker, self._seq, clock, self.ssrc, payload)
            self._seq += 1
            if self.on:
                sender.transport.send_media(packet)


def as_obs_offers(sdp: str, ssrcs: list[int]) -> str:
    """One payload type, no repairs, a layer for each SSRC."""
    for payload_type in re.findall(r"a=rtpmap:(\d+) rtx/", sdp):
        sdp = re.sub(rf"a=(rtpmap|fmtp):{payload_type} .*\r\n", "", sdp)
        sdp = re.sub(rf"(m=video .*) {payload_type}\b", r"\1", sdp)
    head, video = sdp.split("m=video")
    video = re.sub(r"a=ssrc.*\r\n", "", video)
    names = [str(index) for index in range(len(ssrcs))]
    lines = [f"a=rid:{name} send" for name in names] + [f"a=simulcast:send {';'.join(names)}"]
    lines += [
        f"a=ssrc-group:SIM {' '.join(map(str, ssrcs))}",
        *(f"a=ssrc:{each} cname:obs" for each in ssrcs),
    ]
    return head + "m=video" + video + "\r\n".join(lines) + "\r\n"


async def test_of_obs_s_simulcast_the_largest_layer_is_shown_steadily(
    studio: RunningStudio, hall: tuple[str, str], media: Loop
) -> None:
    """OBS sends all layers, makes no keyframe when asked, and ends where fewer are taken."""
    sizes = [(1280, 720), (640, 360), (320, 180)]
    layers = [
        Layer(make_loop("OBS", 0.3, seconds=1, size=size), 1000 + index) for index, size in enumerate(sizes)
    ]
    player = LoopPlayer()
    guest = RehearsalGuest(media, player)
    sdp = as_obs_offers(await guest.offer(), [layer.ssrc for layer in layers])
    guest._camera = False  # its pictures are sent here
    url, token = hall
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/sdp"}
    async with aiohttp.ClientSession(headers=headers) as http, http.post(url, data=sdp) as response:
        assert response.status == 201
        answer = await response.text()
    assert "a=simulcast:recv 0;1;2" in answer
    assert [f"a=rid:{each} recv" in answer for each in range(3)] == [True] * 3
    await guest.accept(answer)

    async def send() -> None:
        while not guest.senders[1].active:
            await asyncio.sleep(0.01)
        loop, index = asyncio.get_running_loop(), 0
        began_s = loop.time()
        while True:
            for layer in reversed(layers):
                layer.send(guest, index)
            index += 1
            await asyncio.sleep(max(0.0, began_s + index / FPS - loop.time()))

    async def wait_for_width(width: int) -> None:
        shown = partial(_shows, studio, width)
        await asyncio.to_thread(wait_until, f"{width} wide", shown, 8)

    tasks = [asyncio.create_task(player.run()), asyncio.create_task(send())]
    await wait_for_width(1280)
    widths: set[int] = set()
    until_s = time.monotonic() + 2.5
    while time.monotonic() < until_s:
        status = await asyncio.to_thread(studio.status, "sources", "hall")
        widths.add(status["width"])
        assert status["fps"] > FPS - 12
    assert widths == {1280}
    layers[0].on = False
    await wait_for_width(640)
    layers[0].on = True
    await wait_for_width(1280)
    await guest.close()
    for task in tasks:
        task.cancel()


def _shows(studio: RunningStudio, width: int) -> bool:
    status = studio.status("sources", "hall")
    return bool(status["state"] == "live" and status["width"] == width and status["fps"] > 15)
