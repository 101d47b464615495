"""WHIP in and WHEP out of a running studio: FFmpeg's publisher is on the programme, and a player gets it."""

import asyncio
import contextlib
import re
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import aiohttp
import numpy as np
import pytest

from mixer.contract.names import of_source
from mixer.contract.picture import Picture
from signaling.rtc.audio.opus import Decoder, open_decoder
from signaling.rtc.synthetic.client import Counter, LoopPlayer, RehearsalGuest
from signaling.rtc.timeline import LipSync
from signaling.rtc.transport.rtp import Rtp
from signaling.rtc.video.decode import DecoderPool
from signaling.rtc.video.picture_in import PictureStream
from studio.lab.bench.hearing import Ear, gaps_ms
from tests.support.media.slots import read_slot
from tests.support.peers import publisher
from tests.support.running import RunningStudio, running_studio, wait_until

pytestmark = pytest.mark.alone

RATE = 48_000


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStudio]:
    with running_studio(tmp_path_factory.mktemp("whip"), light=False) as running:
        yield running


@contextlib.contextmanager
def publishing(url: str, token: str, profile: str = "baseline") -> Iterator["subprocess.Popen[bytes]"]:
    process = publisher.start(url, token, profile)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def status_of(studio: RunningStudio, state: str, code: str = "", within_s: float = 30.0) -> dict[str, Any]:
    def found() -> dict[str, Any] | None:
        status: dict[str, Any] = studio.status("sources", "hall")
        there = status["state"] == state and status["code"] == code
        return status if there and (state != "live" or status["width"]) else None

    return wait_until(f"{state} {code}", found, within_s)


def tone_hz(wave: np.ndarray[Any, np.dtype[np.float32]]) -> float:
    """The loudest frequency."""
    spectrum = np.abs(np.fft.rfft(wave * np.hanning(len(wave))))
    return float(np.argmax(spectrum)) * RATE / len(wave)


@contextlib.asynccontextmanager
async def player_of(
    studio: RunningStudio, path: str, token: str, opus: Decoder, size: tuple[int, int] = (640, 360)
) -> AsyncIterator[tuple[list[Any], list[Any]]]:
    """A WHEP player: the middle of its pictures, and the blocks of sound that it has got so far. All of its
    pictures must have this ``size``."""
    sizes: set[tuple[int, int]] = set()
    pictures: list[Any] = []
    sounds: list[Any] = []

    def shown(picture: Picture, pts_ns: int, arrived_ns: int) -> None:
        sizes.add((picture.y.shape[1], picture.y.shape[0]))
        pictures.append([int(plane[plane.shape[0] // 2, plane.shape[1] // 2]) for plane in picture])

    def heard(packet: Rtp, codec: str, now_ns: int) -> None:
        if (block := opus.decode(packet.payload)) is not None:
            sounds.append(block)

    pool, loop = DecoderPool(1), LoopPlayer()
    guest = RehearsalGuest(None, loop, video=PictureStream(pool, LipSync(), shown), audio=Counter(heard))
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/sdp"}
    async with aiohttp.ClientSession(headers=headers) as http:
        async with http.post(studio.url + path, data=await guest.offer()) as response:
            assert response.status == 201, await response.text()
            session = response.headers["Location"]
            await guest.accept(await response.text())
        try:
            yield pictures, sounds
            assert sizes == {size}
        finally:
            async with http.delete(studio.url + session) as response:
                assert response.status == 200
            await guest.close()
            pool.close()


async def enough(pictures: list[Any], sounds: list[Any]) -> None:
    async with asyncio.timeout(15):
        while not (pictures and near(pictures[-1], publisher.COLOUR) and len(sounds) > 60):
            await asyncio.sleep(0.05)


def near(found: list[int], wanted: tuple[int, int, int], by: int = 4) -> bool:
    return all(abs(a - b) <= by for a, b in zip(found, wanted, strict=True))


def test_a_publisher_is_on_air_vanishes_and_comes_back(studio: RunningStudio) -> None:
    told = studio.do("source.create", kind="whip", source="hall", title="Hall")["result"]
    assert told["url"] == f"{studio.url}/whip/hall"
    url, token = told["url"], told["token"]
    assert status_of(studio, "waiting")["width"] == 0
    studio.do(
        "scene.create",
        scene="hall",
        canvases={"program": {"layout": "solo", "places": [{"source": "hall"}]}},
        audio={"follow": True, "sources": ["source/hall"]},
    )
    studio.do("program.cut", scene="hall")
    link = studio.invite("watches", name="Watches", role="viewer")
    viewer = link.partition("token=")[2] or link.rpartition("/")[2]

    with publishing(url, token, "high") as process:
        live = status_of(studio, "live")
        assert (live["width"], live["height"], live["sound"]) == (*publisher.SIZE, True)
        slot = read_slot(studio.process.pid, of_source("hall"))
        wait_until("sound", lambda: studio.status("sources", "hall")["level_db"] > -20)
        taken = slot.take(time.monotonic_ns())
        assert taken is not None
        picture = taken.picture
        assert picture.y.shape == (720, 1280)
        found = [int(plane[plane.shape[0] // 2, plane.shape[1] // 2]) for plane in picture]
        assert near(found, publisher.COLOUR, 2), found
        wave = asyncio.run(Ear(slot).listen(0.5))
        assert abs(tone_hz(wave) - publisher.TONE_HZ) < 5
        assert publisher.PEAK * 0.8 < np.abs(wave).max() < publisher.PEAK * 1.25
        assert gaps_ms(wave) == []
        shown, heard = asyncio.run(_watched(studio, viewer, open_decoder()))
        assert near(shown[-1], publisher.COLOUR), "the programme shows it"
        assert abs(tone_hz(np.concatenate(heard[-40:])[:, 0]) - publisher.TONE_HZ) < 10
        asyncio.run(_watched_in_full(studio, viewer))
        process.kill()
        process.wait()

    serial = slot.serial
    # At once, before anybody has noticed: its offer waits, and is not refused.
    with publishing(url, token) as process:
        wait_until("pictures again", lambda: slot.serial > serial + 10)
        process.kill()
        process.wait()
        killed_s = time.monotonic()
        assert status_of(studio, "stalled", "whip.gone", 3.5)["reason"]
        assert time.monotonic() - killed_s < 3.2, "3 s, and what asking takes"


async def _watched(studio: RunningStudio, viewer: str, opus: Decoder) -> tuple[list[Any], list[Any]]:
    async with player_of(studio, "/whep/program", viewer, opus) as (pictures, sounds):
        await enough(pictures, sounds)
        return pictures, sounds


async def _watched_in_full(studio: RunningStudio, viewer: str) -> None:
    """Two at once, of whom the second finds the stream running."""
    path, size = "/whep/program?quality=full", (1920, 1080)
    async with player_of(studio, path, viewer, open_decoder(), size) as first:
        await enough(*first)
        async with player_of(studio, path, viewer, open_decoder(), size) as second:
            await enough(*second)


def test_what_a_real_shard_refuses(studio: RunningStudio) -> None:
    told = studio.do("source.create", kind="whip", source="refuses")["result"]
    offers = asyncio.run(_offers())
    recvonly, sendonly = (offers[name] for name in ("recvonly", "sendonly"))
    h265 = re.sub(r"a=rtpmap:(\d+) (H264|VP8)/", r"a=rtpmap:\1 H265/", sendonly)
    vp8 = offers["vp8"]
    whip, whep = ("/whip/refuses", told["token"]), ("/whep/program", studio.token)
    full = ("/whep/program?quality=full", studio.token)
    cases = (
        (whip, "v=0\r\nnonsense", 400, "sdp.invalid"),
        (whip, sendonly.replace("a=fingerprint", "a=x"), 400, "sdp.invalid"),
        (whip, h265, 406, "sdp.no-codec"),
        (whip, recvonly, 422, "sdp.unsuited"),
        (whip, sendonly[: sendonly.index("m=")], 422, "sdp.unsuited"),
        (whep, h265.replace("a=sendonly", "a=recvonly"), 406, "sdp.no-codec"),
        (whep, sendonly, 422, "sdp.unsuited"),
        (full, vp8, 406, "sdp.no-codec"),
    )
    for (path, token), sdp, status, code in cases:
        assert asyncio.run(_posted(studio.url + path, token, sdp)) == (status, code)


async def _offers() -> dict[str, str]:
    """Real ones, by their direction; VP8's is ``recvonly``."""
    made: list[str] = []
    for mime in ("video/H264", "video/VP8"):
        guest = RehearsalGuest(None, LoopPlayer())
        made.append(await guest.offer(mime))
        await guest.close()
    sdp, vp8 = made
    return {"recvonly": sdp, "sendonly": sdp.replace("a=recvonly", "a=sendonly"), "vp8": vp8}


async def _posted(url: str, token: str, sdp: str) -> tuple[int, str]:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/sdp"}
    async with aiohttp.ClientSession(headers=headers) as http, http.post(url, data=sdp) as response:
        return response.status, (await response.json(content_type=None))["code"]
