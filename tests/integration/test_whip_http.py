"""WHIP and WHEP as RFC 9725 and the WHEP draft have them: every status, every header, over real HTTP.

What an offer must be is the shard's to say; here one is played. Real publishers: test_whip_media.py.
"""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from mixer.contract.names import ProcessName, shard_name
from signaling.contract.messages import SILENT, Candidates, PeerStats, ShardReport
from signaling.http.auth.limits import SDP_BYTES, Limits, Rate
from studio.lab.harness.waiting import until
from tests.support.house import DIRECTOR, SDP, House, bearer, house

SDP_TYPE = {"Content-Type": "application/sdp"}
FRAGMENT_TYPE = {"Content-Type": "application/trickle-ice-sdpfrag"}
BOSS = bearer(DIRECTOR)
FRAGMENT = (
    "a=ice-ufrag:EsAw\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\n"
    "a=candidate:1387637174 1 udp 2122260223 192.0.2.1 61764 typ host generation 0\r\n"
    "a=candidate:2 1 UDP 2122260222 f00.local 61765 typ host\r\n"
    "a=candidate:3 1 tcp 1518280447 192.0.2.1 9 typ host tcptype active\r\na=end-of-candidates\r\n"
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def studio(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    wide = Limits(wrong_tokens=Rate(1000, 1000), offers=Rate(1000, 1000))
    async with house(tmp_path_factory.mktemp("data"), limits=wide) as made:
        yield made


async def make(studio: House, source: str) -> str:
    """A new source that takes WHIP; its token."""
    told = await studio.do("source.create", kind="whip", source=source)
    assert told["url"] == f"/whip/{source}"
    return str(told["token"])


async def post(
    studio: House, path: str, headers: dict[str, str], body: str | bytes = SDP
) -> tuple[aiohttp.ClientResponse, dict[str, Any]]:
    """The response, and the problem document of a refusal."""
    async with studio.http.post(studio.url + path, headers=headers, data=body) as response:
        if response.status < 400:
            await response.read()
            return response, {}
        assert response.content_type == "application/problem+json"
        assert response.headers["Access-Control-Allow-Origin"] == "*", "a page may read why, too"
        problem: dict[str, Any] = await response.json(content_type=None)
        assert problem["status"] == response.status
        return response, problem


async def send(studio: House, method: str, path: str, headers: dict[str, str], body: str = "") -> int:
    async with studio.http.request(method, studio.url + path, headers=headers, data=body) as response:
        return response.status


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("way", ["whip", "whep"])
async def test_a_session_begins_and_ends(studio: House, way: str) -> None:
    if way == "whip":
        token, path = await make(studio, "begins"), "/whip/begins"
    else:
        token, path = await studio.invite("begins", "viewer"), "/whep/program"
    async with studio.http.post(studio.url + path, headers=bearer(token) | SDP_TYPE, data=SDP) as response:
        assert (response.status, response.content_type) == (201, "application/sdp")
        assert await response.text() == "v=0 answer"
        headers = response.headers
    assert headers["Location"].startswith(f"{path}/")
    assert headers["ETag"].startswith('"'), "a strong one"
    assert headers["ETag"].endswith('"')
    assert headers["Accept-Patch"] == "application/trickle-ice-sdpfrag"
    stun, turn = headers.getall("Link")
    assert stun == '<stun:stun.test:3478>; rel="ice-server"'
    assert turn.startswith('<turn:turn.test:3478>; rel="ice-server"; username="')
    assert turn.endswith('; credential-type="password"')
    for name in ("Location", "ETag", "Link"):
        assert name in headers["Access-Control-Expose-Headers"]
    assert "Access-Control-Allow-Credentials" not in headers, "no cookie of ours goes to another site's page"
    peer = headers["Location"].rpartition("/")[2]
    offer = next(each for each in studio.shard.offers if each.peer == peer)
    assert (offer.kind, offer.seat) == (way, "")
    assert (offer.source, offer.canvas) == (("begins", "") if way == "whip" else ("", "program"))
    session = headers["Location"]
    assert await send(studio, "DELETE", session, {}) == 401
    assert await send(studio, "DELETE", session, bearer(token)) == 200
    assert peer in studio.shard.closed
    assert await send(studio, "DELETE", session, bearer(token)) == 404


@pytest.mark.asyncio(loop_scope="module")
async def test_every_refusal_of_an_offer(studio: House) -> None:
    token, other = await make(studio, "hall"), await make(studio, "other")
    viewer, wall = await studio.invite("viewer", "viewer"), await studio.invite("hung", "wall")
    speaker = await studio.invite("speaker")
    await studio.do("source.create", kind="bars", source="bars")
    mine, sees = bearer(token), bearer(viewer)
    both: list[tuple[str, dict[str, str], str | bytes, int, str]] = [
        ("nobody", {}, SDP, 401, "session.missing"),
        ("basic", {"Authorization": "Basic eDp5"}, SDP, 401, "session.missing"),
        ("wrong", bearer("wrong" * 9), SDP, 401, "token.invalid"),
        ("type", {"Content-Type": "application/json"}, "{}", 415, "body.type"),
        ("large", SDP_TYPE, SDP + "a=x\r\n" * (SDP_BYTES // 4), 413, "body.too-large"),
        ("rubbish", SDP_TYPE, "hello", 400, "sdp.invalid"),
        ("bytes", SDP_TYPE, b"v=0\r\n\xff\xfe", 400, "sdp.invalid"),
        ("malformed", SDP_TYPE, SDP + "bad", 400, "sdp.invalid"),
        ("codec", SDP_TYPE, SDP + "h265", 406, "sdp.no-codec"),
        ("senseless", SDP_TYPE, SDP + "unsuited", 422, "sdp.unsuited"),
    ]
    cases: list[tuple[str, dict[str, str], str | bytes, int, str]] = []
    for path, owner in (("/whip/hall", mine), ("/whep/program", sees)):
        for name, headers, body, status, code in both:
            known = name not in ("nobody", "basic", "wrong")
            cases.append((path, (owner if known else SDP_TYPE) | headers, body, status, code))
    cases += [
        ("/whip/hall", bearer(other) | SDP_TYPE, SDP, 403, "token.other-source"),
        ("/whip/hall", bearer(speaker) | SDP_TYPE, SDP, 403, "role.forbidden"),
        ("/whip/hall", sees | SDP_TYPE, SDP, 403, "role.forbidden"),
        ("/whip/none", BOSS | SDP_TYPE, SDP, 404, "source.unknown"),
        ("/whip/bars", BOSS | SDP_TYPE, SDP, 404, "source.unknown"),
        ("/whep/program", mine | SDP_TYPE, SDP, 401, "token.invalid"),
        ("/whep/program", bearer(speaker) | SDP_TYPE, SDP, 403, "role.forbidden"),
        ("/whep/program", bearer(wall) | SDP_TYPE, SDP, 403, "role.forbidden"),
        ("/whep/program?bus=xx", sees | SDP_TYPE, SDP, 404, "bus.unknown"),
        ("/whep/program?quality=best", sees | SDP_TYPE, SDP, 400, "quality.unknown"),
        ("/whep/wall?quality=", sees | SDP_TYPE, SDP, 400, "quality.unknown"),
        ("/whep/multiview", BOSS | SDP_TYPE, SDP, 404, "path.unknown"),
        ("/whep/program", sees | SDP_TYPE, "", 422, "sdp.empty"),
    ]
    for path, headers, body, status, code in cases:
        response, problem = await post(studio, path, headers, body)
        assert (response.status, problem["code"]) == (status, code), (path, body[:9], problem)
        if status == 401:
            assert response.headers["WWW-Authenticate"].startswith("Bearer")
    for path, headers in (
        ("/whip/hall", BOSS),
        ("/whep/wall", bearer(wall)),
        ("/whep/wall?bus=en", sees),
        ("/whep/program?bus=ko", BOSS),
        ("/whep/program?quality=full", sees),
        ("/whep/wall?quality=full&bus=en", BOSS),
    ):
        assert (await post(studio, path, headers | SDP_TYPE))[0].status == 201, path
    assert [(each.canvas, each.bus, each.full) for each in studio.shard.offers[-4:]] == [
        ("wall", "en", False),
        ("program", "ko", False),
        ("program", "", True),
        ("wall", "en", True),
    ]
    for method in ("GET", "PUT"):
        assert await send(studio, method, "/whip/hall", mine) == 405
        assert await send(studio, method, "/whep/program/x", sees) == 405


@pytest.mark.asyncio(loop_scope="module")
async def test_a_cookie_opens_nothing_here(studio: House) -> None:
    """Any site's page may call these, so what the browser sends by itself must not count."""
    name, value, _ = studio.auth.cookie(studio.auth.by_token(DIRECTOR), "console")
    response, problem = await post(studio, "/whep/program", SDP_TYPE | {"Cookie": f"{name}={value}"})
    assert (response.status, problem["code"]) == (401, "session.missing")


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("path", ["/whip/any", "/whip/any/peer", "/whep/program", "/whep/wall/peer"])
async def test_preflight(studio: House, path: str) -> None:
    asks = {"Origin": "https://cam.example", "Access-Control-Request-Method": "POST"}
    async with studio.http.options(studio.url + path, headers=asks) as response:
        assert response.status == 200
        assert response.headers["Accept-Post"] == "application/sdp"
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        for method in ("POST", "PATCH", "DELETE"):
            assert method in response.headers["Access-Control-Allow-Methods"]
        for name in ("Authorization", "Content-Type", "If-Match"):
            assert name in response.headers["Access-Control-Allow-Headers"]


@pytest.mark.asyncio(loop_scope="module")
async def test_one_publisher_at_a_time(studio: House) -> None:
    headers = bearer(await make(studio, "one")) | SDP_TYPE
    first, _ = await post(studio, "/whip/one", headers)
    name = first.headers["Location"].rpartition("/")[2]
    response, problem = await post(studio, "/whip/one", headers)
    assert (response.status, problem["code"]) == (409, "whip.in-use")
    assert "DELETE" in problem["detail"], "it says how to take over"
    second, _ = await post(studio, "/whip/one?takeover=1", headers)
    assert second.status == 201
    assert name in studio.shard.closed
    name = second.headers["Location"].rpartition("/")[2]
    studio.router.on_message(shard_name(0), ShardReport((PeerStats(name, problem=SILENT, source="one"),)))
    third, _ = await post(studio, "/whip/one", headers)
    assert third.status == 201, "who has vanished keeps nobody out"
    assert name in studio.shard.closed


@pytest.mark.asyncio(loop_scope="module")
async def test_candidates_come_later(studio: House) -> None:
    token = await make(studio, "trickles")
    began, _ = await post(studio, "/whip/trickles", bearer(token) | SDP_TYPE)
    session, etag = began.headers["Location"], began.headers["ETag"]
    mine = bearer(token) | FRAGMENT_TYPE
    sent: list[Candidates] = []
    take = studio.shard.take

    def spy(name: ProcessName, message: Any, router: Any) -> None:
        if isinstance(message, Candidates):
            sent.append(message)
        take(name, message, router)

    studio.shard.take = spy  # type: ignore[method-assign]
    for headers, body, status in (
        (mine, FRAGMENT, 428),
        (mine | {"If-Match": '"other"'}, FRAGMENT, 412),
        (mine | {"If-Match": "*"}, FRAGMENT, 422),
        (bearer(token) | {"If-Match": etag, "Content-Type": "text/plain"}, FRAGMENT, 415),
        (mine | {"If-Match": etag}, "a=candidate:nonsense\r\n", 400),
        (mine | {"If-Match": etag}, "hello", 400),
        (bearer("wrong" * 9) | FRAGMENT_TYPE | {"If-Match": etag}, FRAGMENT, 401),
        (mine | {"If-Match": etag}, FRAGMENT, 204),
    ):
        assert await send(studio, "PATCH", session, headers, body) == status, (headers, body)
    assert [each.ufrag for each in sent] == ["EsAw"]
    assert sent[0].lines == ("1387637174 1 udp 2122260223 192.0.2.1 61764 typ host generation 0",)
    assert await send(studio, "PATCH", "/whip/trickles/none", mine | {"If-Match": etag}, FRAGMENT) == 404


@pytest.mark.asyncio(loop_scope="module")
async def test_whose_session_it_is(studio: House) -> None:
    viewer, other = await studio.invite("sees", "viewer"), await studio.invite("also", "viewer")
    began, _ = await post(studio, "/whep/program", bearer(viewer) | SDP_TYPE)
    session = began.headers["Location"]
    assert await send(studio, "DELETE", session, bearer(other)) == 403
    assert await send(studio, "DELETE", session.replace("program", "wall", 1), bearer(viewer)) == 404
    peer = session.rpartition("/")[2]
    assert await send(studio, "DELETE", f"/api/v1/peers/{peer}?client=program", bearer(viewer)) == 403
    assert await send(studio, "DELETE", session, BOSS) == 200
    # a seat that is revoked takes its players with it
    began, _ = await post(studio, "/whep/program", bearer(viewer) | SDP_TYPE)
    peer = began.headers["Location"].rpartition("/")[2]
    await studio.do("seat.revoke", seat="sees")
    await until(lambda: peer in studio.shard.closed)


@pytest.mark.asyncio(loop_scope="module")
async def test_a_new_token_and_a_deleted_source_end_the_publisher(studio: House) -> None:
    token = await make(studio, "turns")
    began, _ = await post(studio, "/whip/turns", bearer(token) | SDP_TYPE)
    peer = began.headers["Location"].rpartition("/")[2]
    told = await studio.do("source.token", source="turns")
    assert set(told) == {"source", "url", "token"}
    await until(lambda: peer in studio.shard.closed)
    assert (await post(studio, "/whip/turns", bearer(token) | SDP_TYPE))[0].status == 401
    began, _ = await post(studio, "/whip/turns", bearer(told["token"]) | SDP_TYPE)
    peer = began.headers["Location"].rpartition("/")[2]
    await studio.do("source.delete", source="turns")
    await until(lambda: peer in studio.shard.closed)
    for secret in (token, told["token"]):
        shown = [each.event for each in await studio.show.events(0, 1000)]
        assert secret not in repr((studio.show.public_state(), shown))
        assert "token_hash" not in repr((studio.show.public_state(), shown))


async def test_too_many_offers_and_no_shard(tmp_path: Path) -> None:
    async with house(tmp_path, limits=Limits(offers=Rate(0.1, 2), wrong_tokens=Rate(0.1, 1))) as studio:
        headers = bearer(await make(studio, "busy")) | SDP_TYPE
        studio.router.shard_down(shard_name(0))
        response, problem = await post(studio, "/whip/busy", headers)
        assert (response.status, problem["code"]) == (503, "shard.unavailable")
        assert int(response.headers["Retry-After"]) > 0
        studio.router.shard_up(shard_name(0))
        assert (await post(studio, "/whip/busy", headers))[0].status == 201
        response, problem = await post(studio, "/whip/busy", headers)
        assert (response.status, problem["code"]) == (429, "rate.offers")
        assert int(response.headers["Retry-After"]) > 0
        wrong = bearer("wrong" * 9) | SDP_TYPE
        answers = [(await post(studio, "/whip/busy", wrong))[0].status for _ in range(2)]
        assert answers == [401, 429]
        viewer = bearer(await studio.invite("v", "viewer")) | SDP_TYPE
        answers = [(await post(studio, "/whep/program", viewer))[0].status for _ in range(3)]
        assert answers == [201, 201, 429]


def test_the_document_lists_them() -> None:
    from signaling.http.openapi import document
    from signaling.http.routes.table import routes

    paths = document(routes(), {"schema": {}, "components": {}}, "0")["paths"]
    assert set(paths["/whip/{source}"]) == set(paths["/whep/{canvas}"]) == {"post", "options"}
    assert set(paths["/whip/{source}/{peer}"]) == {"delete", "patch", "options"}
    assert paths["/whip/{source}"]["post"]["security"] == [{"token": []}]
