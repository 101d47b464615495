"""Meters over the WebSocket: to whom, encoded how often, and what becomes of a client that doesn't read."""

import asyncio
import json
import time
from pathlib import Path
from typing import Any, cast

import aiohttp
import pytest

from mixer.contract.messages import BusMeter, Meters, SourceMeter
from mixer.contract.names import SourceName, of_seat
from signaling.contract.messages import ShardLevels
from signaling.http import messages
from signaling.http.live.hub import PageSocket
from signaling.http.live.meters import PERIOD_S, MeterBoard
from studio.lab.harness.waiting import until
from tests.support.house import DIRECTOR, House, bearer, house

pytestmark = pytest.mark.alone

METERS = Meters(
    {of_seat(name): SourceMeter(-20.0, -10.0) for name in ("mayor", "kim", "lee", "cho")},
    {"floor": BusMeter(-9, -8, -23, -23, -23, -1), "ko": BusMeter(-19, -18, -33, -33, -33, -11)},
)
WATCH = {"type": "meters", "on": True}


class Studio:
    """A house, its consoles, and a mixer whose clock is ours: each message is due when it comes."""

    def __init__(self, studio: House) -> None:
        self.house = studio
        self.now_s = 0.0
        studio.hub._board = MeterBoard(lambda: self.now_s)

    async def connect(self, token: str = DIRECTOR) -> aiohttp.ClientWebSocketResponse:
        socket = await self.house.http.ws_connect(f"{self.house.url}/ws", headers=bearer(token))
        assert (await receive(socket))["type"] == "snapshot"
        return socket

    async def watch(self, token: str = DIRECTOR, on: bool = True) -> aiohttp.ClientWebSocketResponse:
        socket = await self.connect(token)
        await tell(socket, on)
        return socket

    def publish(self, meters: Meters = METERS) -> None:
        self.now_s += PERIOD_S
        self.house.hub.publish_meters("mixer", meters)


async def receive(socket: aiohttp.ClientWebSocketResponse) -> dict[str, Any]:
    async with asyncio.timeout(5):
        return json.loads(await socket.receive_str())  # type: ignore[no-any-return]


async def tell(socket: aiohttp.ClientWebSocketResponse, on: bool) -> None:
    """Want the meters, or not; it is so when this returns."""
    await socket.send_json(WATCH | {"on": on})
    await socket.send_json({"type": "ping"})
    assert await receive(socket) == {"type": "pong"}


async def test_who_sees_which_meters(tmp_path: Path) -> None:
    told: list[bool] = []
    async with house(tmp_path, meters_wanted=told.append) as made:
        studio = Studio(made)
        await made.do("booth.create", booth="b1", title="One", languages=["ko", "en"])
        await made.do("booth.create", booth="b2", title="Two", languages=["ko", "en"])
        tokens = {"viewer": await made.invite("v", "viewer")}
        for seat, booth in (("kim", "b1"), ("lee", "b1"), ("cho", "b2")):
            tokens[seat] = await made.invite(seat, "interpreter", booth=booth)
        idle = await studio.connect()
        studio.publish()
        assert told == []
        sockets = {"director": await studio.watch()}
        for name, token in tokens.items():
            sockets[name] = await studio.watch(token)
        assert told == [True]
        studio.publish()
        made.hub.publish_meters("shard-1", ShardLevels({of_seat("closed"): -50.0}))
        came = {name: await receive(socket) for name, socket in sockets.items()}
        whole = {
            "type": "meters",
            "sources": {f"seat/{name}": [-20, -10] for name in ("mayor", "kim", "lee", "cho")},
            "buses": {"floor": [-9, -8, -23, -23, -23, -1], "ko": [-19, -18, -33, -33, -33, -11]},
        }
        assert came["director"] == came["viewer"] == whole
        assert came["kim"] == came["lee"]
        assert came["kim"]["sources"] == {"seat/kim": [-20, -10], "seat/lee": [-20, -10]}
        assert came["cho"]["sources"] == {"seat/cho": [-20, -10]}
        assert came["cho"]["buses"] == {"floor": [-9, -8], "ko": [-19, -18]}
        # who moves to another booth sees that one's, with the next reading
        await made.do("seat.update", seat="lee", booth="b2")
        studio.publish()
        while (last := await receive(sockets["cho"]))["type"] != "meters":
            pass
        assert set(last["sources"]) == {"seat/cho", "seat/lee"}
        # off again: for one, then for all; whoever leaves watches no longer
        await tell_off(sockets["director"])
        for name, socket in sockets.items():
            assert told == [True]
            if name != "director":
                await socket.close()
        await until(lambda: told == [True, False])
        assert not made.hub.meters_wanted
        await idle.send_json({"type": "ping"})
        while (last := await receive(idle))["type"] == "change":
            pass
        assert last == {"type": "pong"}, "it never asked for meters"


async def tell_off(socket: aiohttp.ClientWebSocketResponse) -> None:
    await socket.send_json(WATCH | {"on": False})
    await socket.send_json({"type": "ping"})
    while (await receive(socket))["type"] != "pong":
        pass


@pytest.mark.parametrize("role", ["speaker", "wall"])
async def test_they_are_not_for_everybody(tmp_path: Path, role: str) -> None:
    told: list[bool] = []
    async with house(tmp_path, meters_wanted=told.append) as made:
        socket = await Studio(made).connect(await made.invite("somebody", role))
        await socket.send_json(WATCH)
        refused = await receive(socket)
        assert (refused["type"], refused["problem"]["code"]) == ("refused", "role.forbidden")
        assert told == []


async def test_rubbish_about_meters_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    told: list[bool] = []
    async with house(tmp_path, meters_wanted=told.append) as made:
        socket = await Studio(made).connect()
        for text in (
            '{"type":"meters"}',
            '{"type":"meters","on":1}',
            '{"type":"meters","on":"true"}',
            '{"type":"meters","on":null}',
            '{"type":"meters","on":[true]}',
        ):
            await socket.send_str(text)
            assert (await receive(socket))["problem"]["code"] == "message.malformed"
        await tell(socket, on=False)
        assert told == []
        await tell(socket, on=True)
        await tell(socket, on=True)
        assert told == [True]


async def test_a_message_is_encoded_once_however_many_consoles_there_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoded: list[object] = []
    encode = messages.encode

    def counting(value: object) -> bytes:
        encoded.append(value)
        return encode(value)

    many = Meters({of_seat(str(n)): SourceMeter(-20.5, -10.5) for n in range(120)}, METERS.buses)
    async with house(tmp_path) as made:
        studio = Studio(made)
        counts, cost_us = {}, {}
        sockets: list[aiohttp.ClientWebSocketResponse] = []
        for consoles in (1, 20):
            while len(sockets) < consoles:
                sockets.append(await studio.watch())
            took: list[float] = []
            with monkeypatch.context() as patched:
                patched.setattr(messages, "encode", counting)
                encoded.clear()
                for _ in range(20):
                    began = time.perf_counter()
                    studio.publish(many)
                    took.append(time.perf_counter() - began)
                    for socket in sockets:
                        assert len((await receive(socket))["sources"]) == 120
                counts[consoles] = len(encoded)
            cost_us[consoles] = sorted(took)[len(took) // 2] * 1e6
        print(f"\none reading of 120 sources: {cost_us[1]:.0f} µs for 1 console, {cost_us[20]:.0f} µs for 20")
        assert counts == {1: 20, 20: 20}
        assert cost_us[20] < 4 * cost_us[1]


async def test_a_slow_client_loses_meters_and_nothing_else(tmp_path: Path) -> None:
    async with house(tmp_path) as made, aiohttp.ClientSession() as slow_http:
        studio = Studio(made)
        slow = await slow_http.ws_connect(f"{made.url}/ws", headers=bearer(DIRECTOR))
        await receive(slow)
        await tell(slow, on=True)
        quick = await studio.watch()
        transport = cast(asyncio.ReadTransport, slow._conn.transport if slow._conn else None)
        transport.pause_reading()
        large = Meters({SourceName(f"seat/{n:060}"): SourceMeter(-20.5, -10.5) for n in range(1000)}, {})
        (stuck,) = _but_the_last(made)
        sent = 200  # 16 MB: more than its socket and the server's outbox hold together
        for _ in range(sent):
            studio.publish(large)
            assert (await receive(quick))["type"] == "meters"
        await made.do("seat.create", seat="news", name="News")
        assert stuck.backlog == 1
        studio.publish(large)
        assert stuck.backlog == 1, "meters don't wait behind news"
        transport.resume_reading()
        came = 0
        async with asyncio.timeout(10):
            while (message := json.loads(await slow.receive_str()))["type"] == "meters":
                came += 1
        assert message["type"] == "change"
        print(f"\na client that stood still got {came} of {sent + 1} readings, then its news")
        assert 0 < came < sent
        assert len(made.hub) == 2
        await slow.send_json({"type": "ping"})
        async with asyncio.timeout(5):
            while json.loads(await slow.receive_str())["type"] != "pong":
                pass
        assert slow.close_code is None


def _but_the_last(made: House) -> list[PageSocket]:
    return list(made.hub._clients)[:-1]
