"""The API's answers and refusals, and what it does with rubbish: a problem document, never a 500."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import cv2
import numpy as np
import pytest

from mixer.contract.names import shard_name
from signaling.contract.ports import Done
from signaling.http.auth.limits import Limits, Rate
from studio.lab.harness.waiting import until
from studio.show.commands import AnyCommand
from tests.support.house import DIRECTOR, SDP, House, bearer, house

JSON = {"Content-Type": "application/json"}
SDP_TYPE = {"Content-Type": "application/sdp"}
BOSS = bearer(DIRECTOR)


async def code_of(response: aiohttp.ClientResponse) -> str:
    assert response.content_type == "application/problem+json"
    problem = await response.json(content_type=None)
    assert set(problem) == {"type", "title", "status", "detail", "code"}
    assert problem["status"] == response.status
    return str(problem["code"])


async def offer(
    studio: House, token: str, client: str = "c", sdp: str = SDP, **query: str
) -> tuple[int, str]:
    """Status, and the peer's address or the problem's code."""
    async with studio.http.post(
        f"{studio.url}/api/v1/peers",
        params={"kind": "guest", "client": client} | query,
        headers=bearer(token) | SDP_TYPE,
        data=sdp,
    ) as response:
        if response.status == 201:
            return 201, response.headers["Location"]
        return response.status, await code_of(response)


# --- commands, state, events -------------------------------------------------------------------------------


async def test_a_command_changes_the_state_and_is_in_the_log(tmp_path: Path) -> None:
    async with house(tmp_path) as studio:
        async with studio.http.post(
            f"{studio.url}/api/v1/commands",
            headers=BOSS | JSON,
            data='{"type":"seat.create","seat":"a","name":"A"}',
        ) as response:
            assert response.status == 200
            done = await response.json()
        assert (done["revision"], done["events"][0]["type"]) == (1, "seat.created")
        assert done["result"]["link"].startswith("http://studio.test/join/")
        async with studio.http.get(f"{studio.url}/api/v1/state", headers=BOSS) as response:
            state = await response.json()
            assert response.headers["Cache-Control"] == "no-store"
        assert (state["revision"], state["state"]["seats"]["a"]["name"]) == (1, "A")
        assert done["result"]["link"].rpartition("/")[2] not in json.dumps(state)
        async with studio.http.get(f"{studio.url}/api/v1/events?after=0&limit=1", headers=BOSS) as response:
            events = (await response.json())["events"]
        assert [(each["revision"], each["event"]["type"]) for each in events] == [(1, "seat.created")]


@pytest.mark.parametrize(
    "query", ["after=-1", "after=x", "after=", "limit=0", "limit=1001", "after=" + "9" * 40]
)
async def test_a_wrong_number_is_named(tmp_path: Path, query: str) -> None:
    async with (
        house(tmp_path) as studio,
        studio.http.get(f"{studio.url}/api/v1/events?{query}", headers=BOSS) as response,
    ):
        assert (response.status, await code_of(response)) == (400, "query.malformed")


@pytest.mark.parametrize(
    ("headers", "body", "status", "code"),
    [
        (JSON, b"", 400, "command.malformed"),
        (JSON, b"{", 400, "command.malformed"),
        (JSON, b'{"type":"no.such"}', 400, "command.unknown"),
        (JSON, b'{"type":"seat.admit","seat":"x"}', 404, "seat.unknown"),
        (JSON, b"\xff\xfe", 400, "command.malformed"),
        ({"Content-Type": "text/plain"}, b"{}", 415, "body.type"),
        ({"Content-Type": "application/json; charset=utf-8"}, b"{", 400, "command.malformed"),
        (JSON, b" " * 65_537, 413, "body.too-large"),
        (JSON | {"Content-Encoding": "gzip"}, b"this is no gzip", 400, "body.malformed"),
    ],
)
async def test_a_bad_command_is_a_problem_and_changes_nothing(
    tmp_path: Path, headers: dict[str, str], body: bytes, status: int, code: str
) -> None:
    async with house(tmp_path) as studio:
        async with studio.http.post(
            f"{studio.url}/api/v1/commands", headers=BOSS | headers, data=body
        ) as response:
            assert (response.status, await code_of(response)) == (status, code)
        assert studio.show.revision == 0


async def test_a_body_without_a_length_is_cut_off_too(tmp_path: Path) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(200):
            yield b" " * 1024

    async with (
        house(tmp_path) as studio,
        studio.http.post(f"{studio.url}/api/v1/commands", headers=BOSS | JSON, data=endless()) as response,
    ):
        assert (response.status, await code_of(response)) == (413, "body.too-large")


async def test_commands_have_a_rate(tmp_path: Path) -> None:
    async with house(tmp_path, limits=Limits(commands=Rate(0.5, 2))) as studio:
        statuses = []
        for _ in range(3):
            async with studio.http.post(
                f"{studio.url}/api/v1/commands", headers=BOSS | JSON, data="{}"
            ) as response:
                statuses.append(response.status)
        assert statuses == [400, 400, 429]
        assert response.headers["Retry-After"] == "2"


async def test_a_guest_cannot_flood_the_log(tmp_path: Path) -> None:
    async with house(tmp_path, limits=Limits(commands_guest=Rate(0.01, 5))) as studio:
        token = await studio.invite("mayor-1")
        before, statuses = studio.show.revision, []
        for n in range(8):
            async with studio.http.post(
                f"{studio.url}/api/v1/commands",
                headers=bearer(token) | JSON,
                data=json.dumps({"type": "seat.update", "seat": "mayor-1", "name": f"Mayor {n}"}),
            ) as response:
                statuses.append(response.status)
        assert statuses == [200] * 5 + [429] * 3
        assert studio.show.revision == before + 5
        await studio.do("show.update", title="The director is not held to that")


async def test_what_nobody_foresaw_tells_nothing_of_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def fail(command: bytes, actor: object) -> Done:
        raise ValueError("rtmp://host/live/stream-key")

    async with house(tmp_path) as studio:
        monkeypatch.setattr(studio.show, "execute", fail)
        async with studio.http.post(
            f"{studio.url}/api/v1/commands", headers=BOSS | JSON, data="{}"
        ) as response:
            assert response.status == 500
            assert "stream-key" not in await response.text()
            assert await code_of(response) == "internal"
    assert "request failed" in capsys.readouterr().out


async def test_unknown_addresses_and_methods(tmp_path: Path) -> None:
    async with house(tmp_path) as studio:
        async with studio.http.get(f"{studio.url}/api/v1/nothing", headers=BOSS) as response:
            assert (response.status, await code_of(response)) == (404, "path.unknown")
        async with studio.http.put(f"{studio.url}/api/v1/state", headers=BOSS) as response:
            assert (response.status, await code_of(response)) == (405, "method.not-allowed")
            assert "GET" in response.headers["Allow"]
        async with studio.http.get(f"{studio.url}/api/v1/canvases/other.jpg", headers=BOSS) as response:
            assert (response.status, await code_of(response)) == (404, "canvas.unknown")


# --- peers -------------------------------------------------------------------------------------------------


async def test_an_offer_is_answered_and_closed_by_its_owner(tmp_path: Path) -> None:
    async with house(tmp_path) as studio:
        token, other = await studio.invite("mayor-1"), await studio.invite("mayor-2")
        async with studio.http.post(
            f"{studio.url}/api/v1/peers?kind=guest&client=tab-1", headers=bearer(token) | SDP_TYPE, data=SDP
        ) as response:
            assert (response.status, response.content_type) == (201, "application/sdp")
            assert await response.text() == "v=0 answer"
            location = response.headers["Location"]
        sent = studio.shard.offers[0]
        assert (sent.kind, sent.seat, sent.sdp) == ("guest", "mayor-1", SDP)
        assert [each.urls[0] for each in sent.ice] == ["stun:stun.test:3478", "turn:turn.test:3478"]
        await until(lambda: studio.show.public_state().status.seats["mayor-1"].connection == "connected")
        for headers, client, status, code in (
            (bearer(other), "tab-1", 403, "peer.not-yours"),
            (BOSS, "tab-1", 403, "peer.not-yours"),
            (bearer(token), "tab-2", 403, "peer.not-yours"),
            (bearer(token), "ta b", 400, "query.malformed"),
        ):
            async with studio.http.delete(
                f"{studio.url}{location}", params={"client": client}, headers=headers
            ) as response:
                assert (response.status, await code_of(response)) == (status, code)
        async with studio.http.post(
            f"{studio.url}{location}/close?client=tab-1", headers=bearer(token), data=b""
        ) as response:
            assert response.status == 204
        async with studio.http.delete(
            f"{studio.url}{location}?client=tab-1", headers=bearer(token)
        ) as response:
            assert (response.status, await code_of(response)) == (404, "peer.unknown")


async def test_a_seat_has_one_live_session(tmp_path: Path) -> None:
    async with house(tmp_path) as studio:
        token = await studio.invite("mayor-1")
        status, first = await offer(studio, token, "tab-1")
        assert status == 201
        assert await offer(studio, token, "tab-2") == (409, "seat.in-use")
        assert studio.shard.closed == []
        status, second = await offer(studio, token, "tab-1")  # a reload
        assert status == 201
        assert [each.rpartition("/")[2] for each in (first,)] == studio.shard.closed
        status, third = await offer(studio, token, "tab-2", takeover="1")
        assert status == 201
        assert studio.shard.closed == [each.rpartition("/")[2] for each in (first, second)]
        assert await offer(studio, token, "tab-1") == (409, "seat.in-use")
        assert third.rpartition("/")[2] not in studio.shard.closed


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"sdp": "v=0 bad"}, 400, "sdp.invalid"),
        ({"sdp": "v=0 h265"}, 406, "sdp.no-codec"),
        ({"sdp": ""}, 400, "sdp.invalid"),
        ({"sdp": "{}"}, 400, "sdp.invalid"),
        ({"sdp": "v=0\0"}, 400, "sdp.invalid"),
        ({"sdp": "v=0" + " " * 65_536}, 413, "body.too-large"),
        ({"client": ""}, 400, "query.malformed"),
        ({"client": "a" * 65}, 400, "query.malformed"),
        ({"kind": "other"}, 400, "query.malformed"),
    ],
)
async def test_a_bad_offer_is_refused(tmp_path: Path, change: dict[str, Any], status: int, code: str) -> None:
    async with house(tmp_path) as studio:
        token = await studio.invite("mayor-1")
        assert await offer(studio, token, **change) == (status, code)
        assert studio.router.presence == ({}, frozenset())


async def test_an_offer_of_another_type_is_refused(tmp_path: Path) -> None:
    async with house(tmp_path) as studio:
        token = await studio.invite("mayor-1")
        async with studio.http.post(
            f"{studio.url}/api/v1/peers?kind=guest&client=c", headers=bearer(token) | JSON, data=SDP
        ) as response:
            assert (response.status, await code_of(response)) == (415, "body.type")


async def test_offers_have_a_rate(tmp_path: Path) -> None:
    async with house(tmp_path, limits=Limits(offers=Rate(0.1, 2))) as studio:
        token, other = await studio.invite("mayor-1"), await studio.invite("mayor-2")
        assert [(await offer(studio, token))[0] for _ in range(3)] == [201, 201, 429]
        assert (await offer(studio, other))[0] == 201


async def test_a_shard_that_does_not_answer_or_is_gone(tmp_path: Path) -> None:
    async with house(tmp_path) as studio:
        token = await studio.invite("mayor-1")
        studio.shard.silent = True
        assert await offer(studio, token) == (503, "shard.unavailable")
        assert studio.shard.closed == [studio.shard.offers[0].peer]
        studio.router.shard_down(shard_name(0))
        assert await offer(studio, token) == (503, "shard.unavailable")


# --- pictures, codes, documents ----------------------------------------------------------------------------


async def test_a_snapshot_is_made_once_a_second_whoever_asks(tmp_path: Path) -> None:
    async with house(tmp_path) as studio:

        async def get(canvas: str) -> bytes:
            async with studio.http.get(
                f"{studio.url}/api/v1/canvases/{canvas}.jpg", headers=BOSS
            ) as response:
                assert (response.status, response.content_type) == (200, "image/jpeg")
                return await response.read()

        first = await asyncio.gather(*(get("program") for _ in range(20)), get("wall"))
        assert sorted(studio.published) == ["program", "wall"]
        assert len(set(first[:20])) == 1
        picture = cv2.imdecode(np.frombuffer(first[0], np.uint8), cv2.IMREAD_COLOR)
        assert picture is not None
        assert picture.shape == (48, 64, 3)
        assert np.abs(picture.reshape(-1, 3).mean(0) - (0, 0, 255)).max() < 6  # BGR: the mixer's red
        async with asyncio.timeout(5):
            while (await get("program")) == first[0]:
                await asyncio.sleep(0.05)
        assert studio.published.count("program") == 2


async def test_without_a_mixer_there_is_no_snapshot(tmp_path: Path) -> None:
    async with house(tmp_path) as studio:
        studio.mixer_away = True
        async with studio.http.get(f"{studio.url}/api/v1/canvases/wall.jpg", headers=BOSS) as response:
            assert (response.status, await code_of(response)) == (503, "mixer.unavailable")
        studio.mixer_away = False
        async with studio.http.get(f"{studio.url}/api/v1/canvases/wall.jpg", headers=BOSS) as response:
            assert response.status == 200


async def test_a_link_as_a_qr_code(tmp_path: Path) -> None:
    async with house(tmp_path) as studio:
        for body, status in (
            ('{"text":"https://studio.test/join/abc"}', 200),
            ('{"text":""}', 400),
            ('{"text":"x","more":1}', 400),
            ("[" * 3000, 400),
            (json.dumps({"text": "x" * 9000}), 413),
            (json.dumps({"text": "가" * 500}), 200),
            (json.dumps({"text": "가" * 1024}), 400),
        ):
            async with studio.http.post(
                f"{studio.url}/api/v1/qr", headers=BOSS | JSON, data=body.encode()
            ) as response:
                assert response.status == status, body[:40]
                if status == 200:
                    assert response.content_type == "image/svg+xml"
                    assert "<svg" in await response.text()
                else:
                    await code_of(response)


async def test_the_api_describes_itself(tmp_path: Path) -> None:
    async with (
        house(tmp_path) as studio,
        studio.http.get(f"{studio.url}/api/v1/openapi.json") as response,
    ):
        document = await response.json()
    assert document["openapi"] == "3.1.0"
    references = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(document)))
    assert references <= set(document["components"]["schemas"])
    told = document["components"]["schemas"]
    types = [one["properties"]["type"] for one in told.values() if "type" in one.get("properties", {})]
    tags = {tag for one in types for tag in one.get("enum", ())}
    assert {str(kind.__struct_config__.tag) for kind in AnyCommand.__args__} <= tags
    operations = [each for path in document["paths"].values() for each in path.values()]
    assert len(operations) > 15
    for path in (
        "/api/v1/state",
        "/api/v1/commands",
        "/api/v1/peers",
        "/api/v1/peers/{peer}",
        "/ws",
        "/metrics",
    ):
        assert path in document["paths"]
    assert document["paths"]["/api/v1/state"]["get"]["x-roles"] == ["director", "viewer"]
