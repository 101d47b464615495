"""A real Chromium joins the shard: it sends H.264 up to its cap within seconds, and plays the return."""

import asyncio
import time

import pytest
from aiohttp import web
from playwright.async_api import async_playwright

from signaling.contract.messages import Answer, Offer, ShardReport, UplinkTarget, UplinkTargets
from signaling.rtc.synthetic.loops import Loop, make_loop
from tests.integration.test_shard_returns import FakeProgram
from tests.support.browsers.chromium import CHROMIUM
from tests.support.shard_harness import ShardHouse, until

pytestmark = pytest.mark.alone

PAGE = """<!doctype html><video id="v" autoplay playsinline></video><script>
window.join = async () => {
  // a picture that is hard to encode: the built-in fake camera needs 500 kb/s whatever it is allowed
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [1280, 720];
  const context = canvas.getContext("2d");
  setInterval(() => {
    for (let n = 0; n < 60; n++) {
      context.fillStyle = `hsl(${Math.random() * 360} 80% 50%)`;
      context.fillRect(Math.random() * 1280, Math.random() * 720, 60, 40);
    }
  }, 33);
  const microphone = await navigator.mediaDevices.getUserMedia({audio: true});
  const media = new MediaStream([...microphone.getTracks(), ...canvas.captureStream(30).getTracks()]);
  const pc = window.pc = new RTCPeerConnection({iceServers: []});
  const back = new MediaStream();
  document.getElementById("v").srcObject = back;
  pc.ontrack = (event) => back.addTrack(event.track);
  for (const track of media.getTracks()) pc.addTransceiver(track, {direction: "sendrecv", streams: [media]});
  const sender = pc.getSenders().find((s) => s.track.kind === "video");
  await pc.setLocalDescription();
  await new Promise((done) => {
    if (pc.iceGatheringState === "complete") return done();
    pc.onicegatheringstatechange = () => pc.iceGatheringState === "complete" && done();
  });
  const response = await fetch("/offer", {method: "POST", body: pc.localDescription.sdp});
  await pc.setRemoteDescription({type: "answer", sdp: await response.text()});
  const parameters = sender.getParameters();
  parameters.degradationPreference = "maintain-resolution";
  await sender.setParameters(parameters);
};
window.report = async () => {
  const out = {};
  for (const s of (await window.pc.getStats()).values()) {
    if (s.type === "inbound-rtp" && s.kind === "video") out.decoded = s.framesDecoded, out.plis = s.pliCount;
    if (s.type === "inbound-rtp" && s.kind === "audio") out.energy = s.totalAudioEnergy;
    if (s.type === "outbound-rtp" && s.kind === "video") out.width = s.frameWidth, out.codec = s.codecId;
  }
  const v = document.getElementById("v");
  out.shown = [v.videoWidth, v.videoHeight];
  return out;
};
</script>"""


@pytest.fixture(scope="module")
def program_loops() -> dict[str, Loop]:
    return {
        "h264": make_loop("return", 0.66, seconds=1, tone_hz=600),
        "vp8": make_loop("return", 0.66, seconds=1, codec="vp8"),
        "minus": make_loop("minus", 0.5, seconds=1, size=(64, 64)),
    }


@pytest.mark.e2e
async def test_chromium(program_loops: dict[str, Loop]) -> None:
    async with ShardHouse() as house, async_playwright() as playwright:
        reader = house.slot("m")
        house.send(UplinkTargets({"m": UplinkTarget(1280, 720, 30, 2_500_000)}))
        program = asyncio.create_task(FakeProgram(house.bus(), program_loops).run())

        async def page(_: web.Request) -> web.Response:
            return web.Response(text=PAGE, content_type="text/html")

        async def offer(request: web.Request) -> web.Response:
            answer = await house.answer(Offer("p", "guest", await request.text(), "m"))
            assert isinstance(answer, Answer), answer
            return web.Response(text=answer.sdp)

        app = web.Application()
        app.add_routes([web.get("/", page), web.post("/offer", offer)])
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=[
                "--no-sandbox", "--disable-gpu", "--use-fake-device-for-media-stream",
                "--use-fake-ui-for-media-stream", "--disable-background-networking",
                "--disable-component-update", "--no-first-run",
                "--autoplay-policy=no-user-gesture-required",
            ],
        )  # fmt: skip
        try:
            tab = await browser.new_page()
            await tab.goto(f"http://127.0.0.1:{port}/")
            await tab.evaluate("join()")
            await until(lambda: reader.serial > 0, what="first picture")
            began = time.monotonic()
            report = await house.message(
                lambda m: isinstance(m, ShardReport) and bool(m.peers) and m.peers[0].bitrate > 1_000_000
            )
            print(f"1 Mb/s after {time.monotonic() - began:.1f} s: {report.peers[0]}")
            assert time.monotonic() - began < 6

            def sharp() -> bool:
                taken = reader.take(1 << 62)
                return taken is not None and taken.picture.width == 1280

            await until(sharp, what="full size")
            stats: dict[str, object] = {}
            end = time.monotonic() + 10
            while time.monotonic() < end and int(str(stats.get("decoded", 0))) < 30:
                stats = await tab.evaluate("report()")
                await asyncio.sleep(0.1)
            print(stats)
            assert stats["shown"] == [640, 360]
            assert float(str(stats["energy"])) > 0
            first = next(m for m in house.received if isinstance(m, ShardReport) and m.peers)
            assert first.peers[0].problem == ""
        finally:
            await browser.close()
            await runner.cleanup()
            program.cancel()
