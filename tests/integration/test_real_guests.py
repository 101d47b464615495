"""Real WebRTC guests of a really running studio: bad offers, one live session a seat, control's death."""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Iterator
from typing import Any

import aiohttp
import pytest

from signaling.rtc.synthetic.client import LoopPlayer, RehearsalGuest
from signaling.rtc.synthetic.loops import Loop, make_loop
from studio.contract.usage import waited_ns
from tests.integration.test_service_restart import picture
from tests.support.running import RunningStudio, running_studio

pytestmark = pytest.mark.alone


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStudio]:
    with running_studio(tmp_path_factory.mktemp("guests")) as running:
        yield running


@pytest.fixture(scope="module")
def media() -> Loop:
    return make_loop("Guest", 0.0, size=(320, 180), seconds=1)


async def post(
    studio: RunningStudio, token: str, sdp: bytes | str, client: str, content_type: str = "", **query: str
) -> tuple[int, str, str]:
    """An offer's status, the answer or the problem's code, and the peer's address."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": content_type or "application/sdp"}
    async with (
        aiohttp.ClientSession(headers=headers) as http,
        http.post(
            f"{studio.url}/api/v1/peers", params={"kind": "guest", "client": client} | query, data=sdp
        ) as response,
    ):
        if response.status == 201:
            return 201, await response.text(), response.headers["Location"]
        assert response.content_type == "application/problem+json"
        return response.status, (await response.json(content_type=None))["code"], ""


async def until(what: str, probe: Any, timeout_s: float = 30.0) -> float:
    """Seconds until the probe, called in a thread, gives something true."""
    began = time.monotonic()
    while True:
        with contextlib.suppress(Exception):
            if await asyncio.to_thread(probe):
                return time.monotonic() - began
        assert time.monotonic() - began < timeout_s, f"not within {timeout_s} s: {what}"
        await asyncio.sleep(0.05)


async def invite(studio: RunningStudio, seat: str) -> str:
    link = await asyncio.to_thread(studio.invite, seat, name=seat)
    return link.rpartition("/")[2]


async def offered(player: LoopPlayer, media: Loop | None = None) -> str:
    guest = RehearsalGuest(media, player)
    try:
        return await guest.offer()
    finally:
        await guest.close()


async def test_bad_offers_are_refused_and_leave_nothing(
    studio: RunningStudio, player: LoopPlayer, media: Loop
) -> None:
    token = await invite(studio, "rubbish")
    good = await offered(player, media)
    only_h265 = good.replace("H264/90000", "H265/90000").replace("VP8/90000", "VP9/90000")
    for sdp, content_type, expected in (
        ("v=0\r\nrubbish", "", (400, "sdp.invalid")),
        (good.replace("a=fingerprint", "a=x-fingerprint"), "", (400, "sdp.invalid")),
        (good[: len(good) // 2], "", (400, "sdp.invalid")),
        (b"\xff\xfe\x00", "", (400, "sdp.invalid")),
        (only_h265, "", (406, "sdp.no-codec")),
        (good, "application/json", (415, "body.type")),
        (good + " " * 65_536, "", (413, "body.too-large")),
    ):
        assert (await post(studio, token, sdp, "tab", content_type))[:2] == expected
    many = [await post(studio, token, "v=0\r\nrubbish", "tab") for _ in range(20)]
    assert many[-1][:2] == (429, "rate.offers")
    # Another guest of the same address is not held to it.
    assert (await post(studio, await invite(studio, "other"), "v=0", "tab"))[0] == 400
    seat = await asyncio.to_thread(studio.status, "seats", "rubbish")
    assert (seat["state"], seat["connection"]) == ("absent", "absent")


async def test_another_window_asks_before_it_takes_the_seat(
    studio: RunningStudio, player: LoopPlayer, media: Loop
) -> None:
    token = await invite(studio, "mayor")
    first, second = RehearsalGuest(media, player), RehearsalGuest(media, player)
    try:
        status, answer, _ = await post(studio, token, await first.offer(), "first")
        assert status == 201
        await first.accept(answer)
        await until("the first is connected", lambda: first.connected)
        sdp = await second.offer()
        assert (await post(studio, token, sdp, "second"))[:2] == (409, "seat.in-use")
        assert first.connected
        status, answer, _ = await post(studio, token, sdp, "second", takeover="1")
        assert status == 201
        await second.accept(answer)
        await until("the first is told to go", lambda: first.state in ("closed", "failed"))
        await until("the second is connected", lambda: second.connected)
        await until("the seat is the second's", lambda: studio.status("seats", "mayor", "state") == "waiting")
    finally:
        await first.close()
        await second.close()


async def test_a_guest_stays_while_control_is_started_anew(
    studio: RunningStudio, player: LoopPlayer, media: Loop
) -> None:
    token = await invite(studio, "steady")
    guest = RehearsalGuest(media, player)
    try:
        status, answer, location = await post(studio, token, await guest.offer(), "tab")
        assert status == 201
        await guest.accept(answer)
        await until(
            "its picture is there", lambda: studio.status("seats", "steady", "connection") == "connected"
        )

        def measured() -> bool:
            picture(studio, "multiview")  # somebody looks: else its picture isn't even decoded
            return bool(studio.status("seats", "steady", "width") == 320)

        await until("it is measured", measured)
        before = await asyncio.to_thread(studio.client.state)
        processes = await asyncio.to_thread(studio.processes)
        os.kill(processes["control"], signal.SIGKILL)
        took_s = await until(
            "the console sees the guest again",
            lambda: studio.status("seats", "steady", "connection") == "connected",
            30.0,
        )
        processes = await asyncio.to_thread(studio.processes)
        # While others had the processors.
        others_s = await asyncio.to_thread(waited_ns, processes["control"]) / 1e9
        assert took_s - others_s < 3.0
        assert guest.connected
        after = await asyncio.to_thread(studio.client.state)
        assert after["revision"] == before["revision"]
        done = await asyncio.to_thread(studio.do, "seat.admit", seat="steady")
        assert done["revision"] == before["revision"] + 1
        # Its one live session is still the same: nobody slips in, and its own tab still owns it.
        sdp = await offered(player, media)
        assert (await post(studio, token, sdp, "another"))[:2] == (409, "seat.in-use")
        async with (
            aiohttp.ClientSession(headers={"Authorization": f"Bearer {token}"}) as http,
            http.delete(f"{studio.url}{location}?client=tab") as response,
        ):
            assert response.status == 204
        await until("it is gone", lambda: studio.status("seats", "steady", "connection") == "absent")
    finally:
        await guest.close()
