"""Real browsers' colours: bars drawn in R′G′B′ on a page are the same bars on the programme, as decoded."""

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
from aiohttp import web
from av.video.frame import VideoFrame

from mixer.contract.colour import yuv_of
from mixer.contract.messages import Rendition, SlotOpened
from mixer.contract.names import of_seat, picture_stream, slot_of
from mixer.contract.plan import Rect, Tile
from signaling.contract.messages import Answer, Offer, UplinkTarget, UplinkTargets
from tests.support.browsers.chromium import chromium
from tests.support.browsers.firefox import FIREFOX, needs_firefox, write_profile
from tests.support.media.mixing import Mixer, decoded, plan_of, small_config
from tests.support.shard_harness import ShardHouse, until

pytestmark = pytest.mark.alone

BARS = ("#ffffff", "#bfbf00", "#00bfbf", "#00bf00", "#bf00bf", "#bf0000", "#0000bf", "#000000")
VIDEO = picture_stream("program")
LEFT, RIGHT = Rect(0, 0, 640, 180), Rect(0, 180, 640, 180)
PAGE = """<!doctype html><script>
const join = async (codec, seat) => {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [640, 360];
  const context = canvas.getContext("2d");
  let n = 0;
  setInterval(() => {
    BARS.forEach((colour, i) => { context.fillStyle = colour; context.fillRect(80 * i, 0, 80, 360); });
    context.fillStyle = n++ % 2 ? "#fff" : "#eee";  // else nothing would be sent
    context.fillRect(0, 0, 8, 8);
  }, 66);
  const media = canvas.captureStream(15);
  const pc = new RTCPeerConnection({iceServers: []});
  (window.kept ??= []).push(pc);
  const transceiver = pc.addTransceiver(media.getTracks()[0], {direction: "sendonly", streams: [media]});
  const all = RTCRtpSender.getCapabilities("video").codecs;
  transceiver.setCodecPreferences(all.filter((one) => one.mimeType === `video/${codec}`));
  await pc.setLocalDescription();
  await new Promise((done) => {
    if (pc.iceGatheringState === "complete") return done();
    pc.onicegatheringstatechange = () => pc.iceGatheringState === "complete" && done();
  });
  const response = await fetch(`/offer/${seat}`, {method: "POST", body: pc.localDescription.sdp});
  await pc.setRemoteDescription({type: "answer", sdp: await response.text()});
};
for (const [seat, codec] of new URLSearchParams(location.search)) join(codec, seat);
</script>""".replace("BARS", str(list(BARS)))


@contextlib.asynccontextmanager
async def served(shard: ShardHouse) -> AsyncIterator[str]:
    """A page whose query says which seats join with which codec."""

    async def page(_: web.Request) -> web.Response:
        return web.Response(text=PAGE, content_type="text/html")

    async def offer(request: web.Request) -> web.Response:
        seat = request.match_info["seat"]
        answer = await shard.answer(Offer(f"peer-{seat}", "guest", await request.text(), seat))
        assert isinstance(answer, Answer), answer
        return web.Response(text=answer.sdp)

    app = web.Application()
    app.add_routes([web.get("/", page), web.post("/offer/{seat}", offer)])
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()


@contextlib.asynccontextmanager
async def mixing(shard: ShardHouse, *seats: str) -> AsyncIterator[Mixer]:
    """The mixer with those guests one above the other."""
    program = Rendition("program", 640, 360, 4_000_000, always=True)
    mixer = await asyncio.to_thread(Mixer(small_config(renditions={"program": program})).__enter__)
    try:
        for seat in seats:
            shard.slot(seat)
            mixer.send(SlotOpened(slot_of(of_seat(seat))), (shard.descriptor(seat),))
        shard.send(UplinkTargets({seat: UplinkTarget(640, 360, 15, 1_500_000) for seat in seats}))
        tiles = tuple(Tile(rect, of_seat(seat)) for rect, seat in zip((LEFT, RIGHT), seats, strict=False))
        await asyncio.to_thread(mixer.take, plan_of(1, tiles))
        yield mixer
    finally:
        await asyncio.to_thread(mixer.__exit__, None, None, None)


def bars(frame: VideoFrame, rect: Rect) -> list[list[float]]:
    """Median Y, Cb, Cr of each bar's middle."""
    found = []
    for index in range(len(BARS)):
        x, y = rect.x + 80 * index + 24, rect.y + 60
        colour = []
        for plane, scale in zip(frame.planes, (1, 2, 2), strict=True):
            rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
            part = rows[y // scale : (y + 60) // scale, x // scale : (x + 32) // scale]
            colour.append(float(np.median(part)))
        found.append(colour)
    return found


def distance(frame: VideoFrame, rect: Rect) -> float:
    """The largest difference of any bar's any component from what BT.709, limited range, says."""
    return float(np.abs(np.array(bars(frame, rect)) - np.array([yuv_of(colour) for colour in BARS])).max())


async def newest(mixer: Mixer) -> VideoFrame:
    """The programme's newest picture, decoded from its last keyframe on."""
    tap = mixer.tap(VIDEO)
    packets = await asyncio.to_thread(tap.wait, VIDEO, lambda found: len(found) > 2)
    frames = decoded(packets, header=tap.headers(VIDEO)[0])
    await asyncio.to_thread(tap.close)
    mixer._taps.remove(tap)
    return frames[-1]


async def kept(mixer: Mixer, *rects: Rect) -> None:
    """The bars are within 2 code values as soon as the browser has made the picture sharp."""
    end = asyncio.get_running_loop().time() + 15
    while True:
        frame = await newest(mixer)
        apart = [distance(frame, rect) for rect in rects]
        if max(apart) <= 2:
            return
        assert asyncio.get_running_loop().time() < end, (apart, [bars(frame, rect) for rect in rects])


@pytest.mark.e2e
async def test_chromium_keeps_its_bars_in_both_codecs() -> None:
    """It sends full range: H.264 says so itself, of VP8 only a header extension does."""
    async with (
        ShardHouse() as shard,
        mixing(shard, "h264", "vp8") as mixer,
        served(shard) as url,
        chromium() as browser,
    ):
        page = await browser.new_page()
        await page.goto(f"{url}?h264=H264&vp8=VP8")
        readers = [shard.readers[seat] for seat in ("h264", "vp8")]
        await until(lambda: all(reader.serial > 0 for reader in readers), 20, "pictures")
        await kept(mixer, LEFT, RIGHT)


@pytest.mark.e2e
@needs_firefox
async def test_firefox_keeps_its_bars() -> None:
    """It sends VP8 in BT.601, limited range, and says nothing."""
    async with ShardHouse() as shard, mixing(shard, "vp8") as mixer, served(shard) as url:
        with tempfile.TemporaryDirectory() as profile:
            await asyncio.to_thread(write_profile, Path(profile))
            browser = await asyncio.create_subprocess_exec(
                FIREFOX, "--headless", "--no-remote", "--profile", profile, f"{url}?vp8=VP8",
                stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
            )  # fmt: skip
            try:
                await until(lambda: shard.readers["vp8"].serial > 0, 60, "pictures from Firefox")
                await kept(mixer, LEFT)
            finally:
                with contextlib.suppress(ProcessLookupError):
                    browser.terminate()
                await browser.wait()
