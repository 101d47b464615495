"""A Chromium guest behind a line that loses one packet for good: how long its picture stands still."""

import re
import time
from collections.abc import Callable

import pytest
from aiohttp import web

from signaling.contract.messages import Answer, Offer, UplinkTarget, UplinkTargets
from signaling.rtc.synthetic.relay import Path, Relay
from studio.lab.bench.network import NeverComes
from tests.integration.test_shard_chromium import PAGE
from tests.support.browsers.chromium import chromium
from tests.support.peers.impaired import Noise, Watch
from tests.support.shard_harness import ShardHouse, until

pytestmark = pytest.mark.alone

WAY_S = 0.025
LOSSES = 5
GONE_S = 0.4
"""For so long nothing that is sent again arrives."""
LIMIT_MS = 300
"""250 ms is what ours takes; Chromium may take a picture longer until its keyframe is out."""


@pytest.mark.soak
@pytest.mark.e2e
async def test_a_packet_that_never_comes_from_chromium() -> None:
    way = Path(delay_s=WAY_S)
    async with ShardHouse() as house, Relay(way, way) as relay, chromium() as browser:
        reader = house.slot("m")
        house.send(UplinkTargets({"m": UplinkTarget(640, 360, 30, 800_000)}))
        ssrcs: list[int] = []

        async def page(_: web.Request) -> web.Response:
            return web.Response(text=PAGE.replace("1280, 720", "640, 360"), content_type="text/html")

        async def offer(request: web.Request) -> web.Response:
            sdp = await request.text()
            found = re.search(r"a=ssrc-group:FID (\d+) (\d+)", sdp)
            assert found, "Chromium names the SSRC of its repairs"
            ssrcs[:] = int(found[1]), int(found[2])
            answer = await house.answer(Offer("p", "guest", relay.offer(sdp), "m"))
            assert isinstance(answer, Answer), answer
            return web.Response(text=await relay.answer(answer.sdp))

        app = web.Application()
        app.add_routes([web.get("/", page), web.post("/offer", offer)])
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        try:
            tab = await browser.new_page()
            await tab.goto(f"http://127.0.0.1:{runner.addresses[0][1]}/")
            await tab.evaluate("join()")
            await until(lambda: reader.serial > 60, 15, what="pictures")
            freezes: list[float] = []
            async with Watch(reader) as watch, Noise() as noise:
                for _ in range(LOSSES):
                    begun_ns, serial = time.monotonic_ns(), reader.serial
                    lose = NeverComes(ssrcs[0], ssrcs[1], over=after(GONE_S))
                    relay.up.lose = lose
                    await until(lambda n=serial: reader.serial > n + 35, 6, "it goes on")  # type: ignore[misc]
                    freezes.append(max(watch.gaps_ms(begun_ns)))
            calm_ms = sorted(watch.gaps_ms())[len(watch.seen) // 2]
            print("\nChromium, a packet that never comes, RTT 50 ms: freezes", [round(f) for f in freezes])
            print(f"  ms, else a picture each {calm_ms:.0f} ms; {noise}")
            assert max(freezes) <= LIMIT_MS + 2 * noise.ms
        finally:
            await runner.cleanup()


def after(seconds: float) -> Callable[[], bool]:
    """False until so much time has passed."""
    end = time.monotonic() + seconds
    return lambda: time.monotonic() > end
