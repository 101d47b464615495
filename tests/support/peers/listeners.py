"""The same Opus packets over the same bad line to the shard and to Chromium: what each makes of them."""

import asyncio
import base64
import contextlib
import random
import re
from collections.abc import AsyncIterator

import numpy as np
from playwright.async_api import Page

from signaling.contract.messages import Answer, Offer
from signaling.rtc.synthetic.client import LoopPlayer, RehearsalGuest
from signaling.rtc.synthetic.loops import BLOCK, GuestMedia
from signaling.rtc.synthetic.relay import Path, Relay
from signaling.rtc.transport.rtp import is_rtcp
from studio.lab.bench.hearing import Ear
from tests.support.browsers.chromium import chromium
from tests.support.peers.speech import Mono, resampled
from tests.support.shard_harness import ShardHouse, until

BAD_LINE = Path(delay_s=0.025, jitter_s=0.05)
"""50 ms of jitter; what is lost, and what is late, is picked by :class:`Dice`."""
_SHOWN = ("--disable-features=WebRtcHideLocalIpsWithMdns",)
_LISTEN = """async (sdp) => {
  const pc = window.pc = new RTCPeerConnection();
  window.parts = [];
  pc.ontrack = ({track}) => {
    if (track.kind !== "audio") return;
    const player = window.player = new Audio();
    player.srcObject = new MediaStream([track]);
    player.play();
    const reader = new MediaStreamTrackProcessor({track}).readable.getReader();
    (async () => {
      for (;;) {
        const {value, done} = await reader.read();
        if (done) return;
        const samples = new Float32Array(value.numberOfFrames);
        value.copyTo(samples, {planeIndex: 0, format: "f32-planar"});
        window.rate = value.sampleRate;
        if (window.keep) window.parts.push(samples);
        value.close();
      }
    })();
  };
  await pc.setRemoteDescription({type: "offer", sdp});
  await pc.setLocalDescription();
  while (pc.iceGatheringState !== "complete") await new Promise((done) => setTimeout(done, 20));
  return pc.localDescription.sdp;
}"""
_TAKE = """() => {
  window.keep = false;
  const all = new Float32Array(window.parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of window.parts) { all.set(part, at); at += part.length; }
  window.parts = [];
  const bytes = new Uint8Array(all.buffer);
  let text = "";
  for (let n = 0; n < bytes.length; n += 32768) text += String.fromCharCode(...bytes.subarray(n, n + 32768));
  return [btoa(text), window.rate || 0];
}"""


class Dice:
    """What befalls a stream's sound packets, the same each time, by their place in it: ``lost`` is a relay's
    filter, ``late`` says how late one is, in seconds. All else of the stream is neither."""

    def __init__(self, share: float, jitter_s: float, seed: int, payload_type: int) -> None:
        chance = random.Random(seed)
        self._lost = [chance.random() < share for _ in range(6000)]
        self._late_s = [chance.uniform(0, jitter_s) for _ in range(6000)]
        self._type = payload_type
        self._first: int | None = None

    def lost(self, data: bytes) -> bool:
        at = self._place(data)
        return at is not None and self._lost[at]

    def late(self, data: bytes) -> float:
        at = self._place(data)
        return self._late_s[at] if at is not None else 0.0

    def _place(self, data: bytes) -> int | None:
        if is_rtcp(data) or data[1] & 0x7F != self._type:
            return None
        seq = int.from_bytes(data[2:4], "big")
        if self._first is None:
            self._first = seq
        return (seq - self._first & 0xFFFF) % len(self._lost)


def lose(relay: Relay, guest: RehearsalGuest, share: float, seed: int) -> None:
    """From now on the relay loses this share of the guest's sound, and is late with the rest."""
    offered = re.search(r"^a=rtpmap:(\d+) opus/", guest.offered, re.MULTILINE)
    assert offered
    dice = Dice(share, BAD_LINE.jitter_s, seed, int(offered[1]))
    relay.up.lose, relay.up.hold = dice.lost, dice.late


@contextlib.asynccontextmanager
async def page_of_chromium() -> AsyncIterator[Page]:
    """A page that may use WebRTC and tells its real addresses."""
    async with chromium(more_flags=_SHOWN) as browser:
        page = await browser.new_page()
        await page.route(
            "http://localhost/**", lambda route: route.fulfill(body="", content_type="text/html")
        )
        await page.goto("http://localhost/")
        yield page


async def heard_by_both(
    media: GuestMedia, page: Page, *, loss: float, seed: int, warm_up_s: float, seconds: float
) -> tuple[Mono, Mono]:
    """What the shard's slot and what Chromium make of the media, mono at 48 kHz, at the same time."""
    player = LoopPlayer()
    playing = asyncio.create_task(player.run())
    try:
        lines = Relay(BAD_LINE, seed=seed), Relay(BAD_LINE, seed=seed)
        async with ShardHouse() as house, lines[0] as ours, lines[1] as its:
            ear = Ear(house.slot("s"))
            to_shard, to_page = RehearsalGuest(media, player), RehearsalGuest(media, player)
            answer = await house.answer(Offer("p", "guest", ours.offer(await to_shard.offer()), "s"))
            assert isinstance(answer, Answer), answer
            sdp = await page.evaluate(_LISTEN, its.offer(await to_page.offer()))
            await to_shard.accept(await ours.answer(answer.sdp))
            await to_page.accept(_everywhere(await its.answer(sdp)))
            for guest, relay in ((to_shard, ours), (to_page, its)):
                lose(relay, guest, loss, seed)  # from its first packet on: the same words meet the same fate
            for guest in (to_shard, to_page):
                await until(lambda guest=guest: guest.began_ns is not None, what="sends")  # type: ignore[misc]
            await ear.listen(warm_up_s)
            await page.evaluate("window.keep = true")
            own = await ear.listen(seconds)
            text, rate = await page.evaluate(_TAKE)
            await page.evaluate("window.pc.close()")
            await to_shard.close()
            await to_page.close()
    finally:
        playing.cancel()
    assert rate, "Chromium plays nothing"
    return own, resampled(np.frombuffer(base64.b64decode(text), np.float32), int(rate), 48_000)


def _everywhere(sdp: str) -> str:
    """The SDP with its first candidate in each section: of bundled ones aiortc takes the last one's."""
    lines = sdp.splitlines()
    candidate = next(line for line in lines if line.startswith("a=candidate:"))
    kept = [line for line in lines if not line.startswith("a=candidate:")]
    return (
        "\r\n".join(f"{line}\r\n{candidate}" if line.startswith("a=ice-ufrag:") else line for line in kept)
        + "\r\n"
    )


def seconds_of(blocks: int) -> float:
    """Duration of so many packets."""
    return blocks * BLOCK / 48_000
