"""WHIP and WHEP by a page of another site, in a real Chromium: its camera is on air, and it sees that."""

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Route

from tests.support.browsers.chromium import camera_file, chromium, microphone_file
from tests.support.running import RunningStudio, running_studio

pytestmark = [pytest.mark.e2e, pytest.mark.alone]

GREEN = (173, 42, 26)
"""Y′CbCr of BT.709's green in limited range."""
TONE_HZ = 1000
SITE = "http://localhost:9/"
"""Another origin; browsers let localhost use the camera."""
_LOCAL = ("--disable-features=LocalNetworkAccessChecks",)
"""A site's page asks its user before it may call this machine; cross-origin rules stay."""
_SHARED = """
window.begin = async (url, token, pc) => {
  await pc.setLocalDescription();
  const answer = await fetch(url, {method: "POST", body: pc.localDescription.sdp,
    headers: {"Content-Type": "application/sdp", "Authorization": `Bearer ${token}`}});
  if (answer.status !== 201) return `${answer.status} ${await answer.text()}`;
  const session = new URL(answer.headers.get("Location"), url);
  const etag = answer.headers.get("ETag");
  const late = [];
  pc.onicecandidate = ({candidate}) => candidate && late.push(candidate);
  await pc.setRemoteDescription({type: "answer", sdp: await answer.text()});
  while (pc.iceGatheringState !== "complete") await new Promise((done) => setTimeout(done, 20));
  const lines = late.map((each) => `a=${each.candidate}`);
  const owner = {"Authorization": `Bearer ${token}`};
  const body = ["m=audio 9 RTP/AVP 0", "a=mid:0", ...lines, ""].join("\\r\\n");
  const patched = await fetch(session, {method: "PATCH", body,
    headers: {...owner, "Content-Type": "application/trickle-ice-sdpfrag", "If-Match": etag}});
  window.end = async () => (await fetch(session, {method: "DELETE", headers: owner})).status;
  return `201 ${patched.status}`;
};
"""
_PUBLISH = """async ([url, token]) => {
  const stream = await navigator.mediaDevices.getUserMedia({video: {width: 1280, height: 720}, audio: true});
  const pc = window.pc = new RTCPeerConnection();
  for (const track of stream.getTracks()) pc.addTransceiver(track, {direction: "sendonly"});
  return await begin(url, token, pc);
}"""
_WATCH = """async ([url, token]) => {
  const pc = window.pc = new RTCPeerConnection();
  pc.addTransceiver("video", {direction: "recvonly"});
  pc.addTransceiver("audio", {direction: "recvonly"});
  const stream = new MediaStream();
  pc.ontrack = ({track}) => stream.addTrack(track);
  const said = await begin(url, token, pc);
  const video = window.video = document.createElement("video");
  video.srcObject = stream;
  await video.play();
  const context = new AudioContext();
  window.ears = context.createAnalyser();
  window.ears.fftSize = 8192;
  context.createMediaStreamSource(stream).connect(window.ears);
  return said;
}"""
_SEEN = """() => {
  const [width, height] = [window.video.videoWidth, window.video.videoHeight];
  if (!width) return null;
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d");
  context.drawImage(window.video, 0, 0);
  const [r, g, b] = context.getImageData(width / 2, height / 2, 1, 1).data;
  const levels = new Float32Array(window.ears.frequencyBinCount);
  window.ears.getFloatFrequencyData(levels);
  const top = levels.indexOf(Math.max(...levels));
  const hz = top * window.ears.context.sampleRate / window.ears.fftSize;
  return {rgb: [r, g, b], hz, db: levels[top]};
}"""


@dataclass
class Show:
    """A studio with the source ``cam`` on air; how one publishes into it; a viewer's token."""

    studio: RunningStudio
    url: str
    token: str
    viewer: str


@pytest.fixture
def show(tmp_path: Path) -> Iterator[Show]:
    with running_studio(tmp_path / "data") as studio:
        told = studio.do("source.create", kind="whip", source="cam")["result"]
        canvases = {"program": {"layout": "solo", "places": [{"source": "cam"}]}}
        studio.do("scene.create", scene="cam", canvases=canvases, audio={"sources": ["source/cam"]})
        studio.do("program.cut", scene="cam")
        link = studio.invite("watches", name="Watches", role="viewer")
        yield Show(studio, told["url"], told["token"], link.partition("token=")[2] or link.rpartition("/")[2])


async def until(what: str, probe: Callable[[], Any], timeout_s: float = 30.0) -> Any:
    """The first true result of what the probe awaits or gives in a thread."""
    deadline = time.monotonic() + timeout_s
    while True:
        if found := await probe():
            return found
        assert time.monotonic() < deadline, f"not within {timeout_s} s: {what}"
        await asyncio.sleep(0.2)


async def test_a_page_of_another_site_publishes_and_watches(show: Show, tmp_path: Path) -> None:
    studio = show.studio
    camera = await asyncio.to_thread(camera_file, tmp_path, "green", GREEN)
    microphone = await asyncio.to_thread(microphone_file, tmp_path, "tone", TONE_HZ)

    async def blank(route: Route) -> None:
        await route.fulfill(body=f"<!doctype html><script>{_SHARED}</script>", content_type="text/html")

    async def live() -> Any:
        status = await asyncio.to_thread(studio.status, "sources", "cam")
        return status if status["state"] == "live" and status["width"] and status["sound"] else None

    async with chromium(camera, microphone, _LOCAL) as browser:
        context = await browser.new_context()
        await context.grant_permissions(["camera", "microphone"], origin=SITE.rstrip("/"))
        await context.route(SITE, blank)
        sends, sees = await context.new_page(), await context.new_page()
        await sends.goto(SITE)
        await sees.goto(SITE)
        assert await sends.evaluate(_PUBLISH, [show.url, show.token]) == "201 204"
        await until("the camera is live", live)
        assert await sees.evaluate(_WATCH, [f"{studio.url}/whep/program", show.viewer]) == "201 204"

        async def seen() -> Any:
            found = await sees.evaluate(_SEEN)
            r, g, b = found["rgb"] if found else (0, 0, 0)
            return found if g > 200 and r < 60 and b < 60 and found["db"] > -60 else None

        found = await until("green, and a tone", seen)
        assert abs(found["hz"] - TONE_HZ) < 15
        assert await sees.evaluate("() => window.end()") == 200
        assert await sends.evaluate("() => window.end()") == 200

    async def waits() -> bool:
        status = await asyncio.to_thread(studio.status, "sources", "cam")
        return bool((status["state"], status["code"]) == ("waiting", ""))

    await until("nobody publishes, and nobody has vanished", waits)
