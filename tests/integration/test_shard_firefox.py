"""A real Firefox, which has no H.264 while offline, joins the shard with VP8 both ways."""

import asyncio
import contextlib
import tempfile
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from signaling.contract.messages import Answer, Offer
from signaling.rtc.synthetic.loops import Loop, make_loop
from tests.integration.test_shard_returns import FakeProgram
from tests.support.browsers.firefox import FIREFOX, needs_firefox, write_profile
from tests.support.shard_harness import ShardHouse, until

pytestmark = pytest.mark.alone

PAGE = """<!doctype html><video id="v" autoplay muted playsinline></video><script>
(async () => {
  const media = await navigator.mediaDevices.getUserMedia({audio: true, video: true, fake: true});
  const pc = new RTCPeerConnection({iceServers: []});
  const back = new MediaStream();
  document.getElementById("v").srcObject = back;
  pc.ontrack = (event) => back.addTrack(event.track);
  for (const track of media.getTracks()) pc.addTransceiver(track, {direction: "sendrecv", streams: [media]});
  // a screen, shared later: here a second camera, for there is nobody to choose a screen
  const shared = pc.addTransceiver("video", {direction: "sendonly"});
  await pc.setLocalDescription();
  await new Promise((done) => {
    if (pc.iceGatheringState === "complete") return done();
    pc.onicegatheringstatechange = () => pc.iceGatheringState === "complete" && done();
  });
  const response = await fetch("/offer", {method: "POST", body: pc.localDescription.sdp});
  await pc.setRemoteDescription({type: "answer", sdp: await response.text()});
  const screen = await navigator.mediaDevices.getUserMedia({video: {width: 1280, height: 720}, fake: true});
  await shared.sender.replaceTrack(screen.getVideoTracks()[0]);
  setInterval(async () => {
    const out = {};
    for (const s of (await pc.getStats()).values())
      if (s.type === "inbound-rtp" && s.kind === "video") out.decoded = s.framesDecoded;
    const v = document.getElementById("v");
    out.shown = [v.videoWidth, v.videoHeight];
    fetch("/report", {method: "POST", body: JSON.stringify(out)});
  }, 500);
})().catch((error) => fetch("/report", {method: "POST", body: JSON.stringify({error: String(error)})}));
</script>"""


@pytest.fixture(scope="module")
def program_loops() -> dict[str, Loop]:
    return {
        "h264": make_loop("return", 0.66, seconds=1, tone_hz=600),
        "vp8": make_loop("return", 0.66, seconds=1, codec="vp8"),
        "minus": make_loop("minus", 0.5, seconds=1, size=(64, 64)),
    }


@pytest.mark.e2e
@needs_firefox
async def test_firefox(program_loops: dict[str, Loop]) -> None:
    reports: list[dict[str, Any]] = []
    async with ShardHouse() as house:
        reader, screen = house.slot("m"), house.screen_slot("m")
        bus = house.bus()
        program = asyncio.create_task(FakeProgram(bus, program_loops).run())

        async def page(_: web.Request) -> web.Response:
            return web.Response(text=PAGE, content_type="text/html")

        async def offer(request: web.Request) -> web.Response:
            answer = await house.answer(Offer("p", "guest", await request.text(), "m"))
            assert isinstance(answer, Answer), answer
            return web.Response(text=answer.sdp)

        async def report(request: web.Request) -> web.Response:
            reports.append(await request.json())
            return web.Response()

        app = web.Application()
        app.add_routes([web.get("/", page), web.post("/offer", offer), web.post("/report", report)])
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        with tempfile.TemporaryDirectory() as profile:
            await asyncio.to_thread(write_profile, Path(profile))
            url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
            browser = await asyncio.create_subprocess_exec(
                FIREFOX, "--headless", "--no-remote", "--profile", profile, url,
                stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
            )  # fmt: skip
            try:
                await until(lambda: reader.serial > 20, 60, "pictures from Firefox")
                await until(lambda: screen.serial > 5, what="a screen from Firefox")
                await until(lambda: "return/vp8" in bus.streams, what="a return in VP8")
                await until(lambda: bool(reports) and reports[-1].get("decoded", 0) > 20, 20, "return played")
                assert reports[-1]["shown"] == [640, 360]
                print(reports[-1])
            finally:
                with contextlib.suppress(ProcessLookupError):
                    browser.terminate()
                await browser.wait()
        await runner.cleanup()
        program.cancel()
