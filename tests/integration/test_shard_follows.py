"""Real browsers with the page's own peer send what they are told: size, rate, nothing, and again."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import web

from mixer.ipc.slot import SlotReader
from signaling.contract.messages import Answer, Offer, UplinkTarget, UplinkTargets
from signaling.rtc.synthetic.loops import Loop, make_loop
from studio.contract.paths import PAGES
from studio.planning.uplink import FPS, NOTHING, THUMBNAIL, target_for
from tests.integration.test_shard_returns import FakeProgram
from tests.support.browsers.chromium import camera_file, chromium
from tests.support.browsers.firefox import firefox, needs_firefox
from tests.support.shard_harness import ShardHouse, until

pytestmark = pytest.mark.alone

PAGE = """<!doctype html><script type="module">
import { Peer } from "/shared/media/rtc.js";
const media = await navigator.mediaDevices.getUserMedia(
  {audio: true, video: {width: {ideal: 1280}, height: {ideal: 720}, frameRate: {ideal: 30, max: 30}}});
const [[audio], [video]] = [media.getAudioTracks(), media.getVideoTracks()];
const peer = window.peer = new Peer({
  kind: "guest", as: "seat", client: "tab", tracks: () => ({audio, video, screen: null}),
  onState: (state) => { window.state = state; }, onStream: () => {},
});
window.codec = async () => {
  const stats = [...(await peer.connection.getStats()).values()];
  const sent = stats.find((one) => one.type === "outbound-rtp" && one.kind === "video");
  return stats.find((one) => one.id === sent?.codecId)?.mimeType ?? "";
};
window.camera = () => { const {width, height} = video.getSettings(); return [width, height]; };
peer.start();
</script>"""

Evaluate = Callable[[str], Awaitable[Any]]


class Guest:
    """A browser's guest at seat ``m``, and what arrives of its camera."""

    def __init__(self, house: ShardHouse, reader: SlotReader, evaluate: Evaluate) -> None:
        self._house = house
        self._reader = reader
        self.evaluate = evaluate

    async def aim(self, target: UplinkTarget) -> None:
        """Tell the shard and the page, as control does."""
        self._house.send(UplinkTargets({"m": target}))
        told = json.dumps(msgspec.to_builtins(target))
        await self.evaluate(f"peer.setTarget('video', {told})")

    @property
    def size(self) -> tuple[int, int]:
        taken = self._reader.take(1 << 62)
        return (taken.picture.width, taken.picture.height) if taken is not None else (0, 0)

    async def sends(self, target: UplinkTarget, within_s: float = 30.0) -> None:
        """Wait until pictures cover the target's box, and are at most a pixel larger than that needs."""

        def fits() -> bool:
            width, height = self.size
            over = (width - target.width, height - target.height)
            return min(over) in (0, 1)

        try:
            await until(fits, within_s)
        except TimeoutError:
            raise AssertionError(f"{self.size} for {target}") from None

    async def rate(self, seconds: float = 2.0) -> float:
        """Pictures a second, over so long."""
        before, began = self._reader.serial, time.monotonic()
        await asyncio.sleep(seconds)
        return (self._reader.serial - before) / (time.monotonic() - began)

    async def quiet(self, for_s: float = 0.8, within_s: float = 30.0) -> None:
        """Wait until no picture has come for a while."""
        end = time.monotonic() + within_s
        while await self.rate(for_s) > 0:
            assert time.monotonic() < end, "pictures go on"

    async def again_s(self, target: UplinkTarget) -> float:
        """Seconds from telling the guest of a target, where it sent nothing, to the next picture."""
        before, began = self._reader.serial, time.monotonic()
        await self.aim(target)
        await until(lambda: self._reader.serial != before, 10, "a picture again")
        return time.monotonic() - began


@pytest.fixture(scope="module")
def program_loops() -> dict[str, Loop]:
    return {
        "h264": make_loop("return", 0.66, seconds=1, size=(320, 180)),
        "vp8": make_loop("return", 0.66, seconds=1, size=(320, 180), codec="vp8"),
        "minus": make_loop("minus", 0.5, seconds=1, size=(64, 64)),
    }


@contextlib.asynccontextmanager
async def shard(loops: dict[str, Loop]) -> AsyncIterator[tuple[ShardHouse, SlotReader, str]]:
    """A shard with a seat ``m`` and a programme, and the address of a page that joins it."""
    async with ShardHouse() as house:
        reader = house.slot("m")
        program = asyncio.create_task(FakeProgram(house.bus(), loops).run())

        async def page(_: web.Request) -> web.Response:
            return web.Response(text=PAGE, content_type="text/html")

        async def me(_: web.Request) -> web.Response:
            return web.json_response({"role": "speaker", "ice_servers": []})

        async def offer(request: web.Request) -> web.Response:
            answer = await house.answer(Offer("p", "guest", await request.text(), "m"))
            assert isinstance(answer, Answer), answer
            return web.Response(text=answer.sdp, status=201, headers={"Location": "/api/v1/peers/p"})

        app = web.Application()
        app.add_routes([web.get("/", page), web.get("/api/v1/me", me), web.post("/api/v1/peers", offer)])
        app.router.add_static("/shared", PAGES / "shared")
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        try:
            yield house, reader, f"http://127.0.0.1:{runner.addresses[0][1]}/"
        finally:
            await runner.cleanup()
            program.cancel()


async def follow(guest: Guest) -> None:
    """The whole way: a large tile, a small one, a thumbnail, nothing, and full again."""
    await until(lambda: guest.size != (0, 0), 40, "the first picture")
    for target in (target_for(616, 336), target_for(256, 136)):
        await guest.aim(target)
        await guest.sends(target)
    fast = await guest.rate()
    await guest.aim(THUMBNAIL)
    await guest.sends(THUMBNAIL)
    slow = await guest.rate()
    print(f"camera {await guest.evaluate('camera()')}: {fast:.1f} fps, a thumbnail's {slow:.1f}")
    assert fast > 0.6 * FPS
    assert 0.5 * THUMBNAIL.fps <= slow <= 1.5 * THUMBNAIL.fps
    await guest.aim(NOTHING)
    await guest.quiet()
    full = target_for(640, 360)
    waited_s = await guest.again_s(full)
    print(f"pictures again after {waited_s:.2f} s")
    assert waited_s < 1.0
    await guest.sends(full, 2.0)


@pytest.mark.e2e
async def test_chromium_sends_what_it_is_told(program_loops: dict[str, Loop], tmp_path: Path) -> None:
    camera = camera_file(tmp_path, "camera", (63, 193, 104))
    async with shard(program_loops) as (house, reader, url), chromium(camera) as browser:
        tab = await browser.new_page()
        await tab.goto(url)
        guest = Guest(house, reader, tab.evaluate)
        await follow(guest)
        assert await guest.evaluate("codec()") == "video/H264"


@pytest.mark.e2e
@needs_firefox
@pytest.mark.soak
async def test_firefox_sends_what_it_is_told(program_loops: dict[str, Loop]) -> None:
    async with shard(program_loops) as (house, reader, url):
        with contextlib.ExitStack() as stack:
            browser = await asyncio.to_thread(stack.enter_context, firefox())
            page = await asyncio.to_thread(browser.window)
            await asyncio.to_thread(page.goto, url)
            guest = Guest(house, reader, lambda expression: asyncio.to_thread(page.evaluate, expression))
            await follow(guest)
            assert await guest.evaluate("codec()") == "video/VP8", "it has no H.264 while offline"
