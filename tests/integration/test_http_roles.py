"""Every route of the table with every role: what is answered to whom."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from signaling.http.auth.limits import Limits, Rate
from signaling.http.routes.table import routes
from tests.support.house import DIRECTOR, SDP, House, bearer, house

ROLES = ("director", "viewer", "speaker", "interpreter", "wall")
_WIDE = Limits(wrong_tokens=Rate(1000, 1000))

# Route → a request that the allowed roles get ``good`` for.
_REQUESTS: dict[str, tuple[str, dict[str, str], str, int]] = {
    "GET /api/v1/me": ("/api/v1/me", {}, "", 200),
    "GET /api/v1/state": ("/api/v1/state", {}, "", 200),
    "POST /api/v1/commands": ("/api/v1/commands", {"Content-Type": "application/json"}, "{}", 400),
    "GET /api/v1/events": ("/api/v1/events?after=0&limit=5", {}, "", 200),
    "GET /api/v1/canvases/{canvas}.jpg": ("/api/v1/canvases/wall.jpg", {}, "", 200),
    "POST /api/v1/qr": ("/api/v1/qr", {"Content-Type": "application/json"}, '{"text":"x"}', 200),
    "POST /api/v1/media": ("/api/v1/media?name=x", {}, "x", 503),  # this house keeps no files
    "GET /api/v1/media": ("/api/v1/media", {}, "", 200),
    "DELETE /api/v1/media/{media}": ("/api/v1/media/none", {}, "", 404),
    "POST /api/v1/peers": ("", {"Content-Type": "application/sdp"}, SDP, 201),
    "DELETE /api/v1/peers/{peer}": ("/api/v1/peers/none?client=c", {}, "", 404),
    "POST /api/v1/peers/{peer}/close": ("/api/v1/peers/none/close?client=c", {}, "", 404),
    "GET /api/v1/sessions": ("/api/v1/sessions", {}, "", 200),
    "DELETE /api/v1/sessions/{session}": ("/api/v1/sessions/none", {}, "", 404),
    "GET /ws": ("/ws", {}, "", 426),
}
_KIND = {"director": "multiview", "speaker": "guest", "interpreter": "booth", "wall": "wall"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def studio(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with house(tmp_path_factory.mktemp("data"), limits=_WIDE) as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def tokens(studio: House) -> dict[str, str]:
    return {"director": DIRECTOR} | {
        role: await studio.invite(f"{role}-seat", role) for role in ROLES if role != "director"
    }


@pytest.mark.parametrize("role", [*ROLES, "none", "wrong"])
@pytest.mark.parametrize("name", list(_REQUESTS))
@pytest.mark.asyncio(loop_scope="module")
async def test_each_route_answers_each_role(
    studio: House, tokens: dict[str, str], name: str, role: str
) -> None:
    route = next(each for each in routes() if f"{each.method} {each.path}" == name)
    assert route.who is not None
    path, headers, body, good = _REQUESTS[name]
    path = path or f"/api/v1/peers?kind={_KIND.get(role, 'guest')}&client=c"
    if role == "wrong":
        headers = headers | bearer("wrong" * 8)
    elif role != "none":
        headers = headers | bearer(tokens[role])
    async with studio.http.request(route.method, studio.url + path, headers=headers, data=body) as response:
        expected = good if role in route.who else 401 if role in ("none", "wrong") else 403
        assert response.status == expected
        if response.status >= 400:
            assert response.content_type == "application/problem+json"
            problem = await response.json(content_type=None)
            assert problem["status"] == expected
            if expected == 401:
                assert problem["code"] == ("session.missing" if role == "none" else "token.invalid")
            if expected == 403:
                assert problem["code"] == "role.forbidden"


def test_the_matrix_above_has_every_route_that_needs_a_role() -> None:
    assert set(_REQUESTS) == {f"{each.method} {each.path}" for each in routes() if each.who is not None}


@pytest.mark.parametrize(
    ("kind", "allowed"),
    [
        ("guest", {"speaker"}),
        ("booth", {"interpreter"}),
        ("wall", {"wall", "director"}),
        ("multiview", {"director"}),
        ("talkback", {"director"}),
    ],
)
@pytest.mark.asyncio(loop_scope="module")
async def test_each_kind_of_peer_has_its_roles(
    studio: House, tokens: dict[str, str], kind: str, allowed: set[str]
) -> None:
    for role in ROLES:
        async with studio.http.post(
            f"{studio.url}/api/v1/peers?kind={kind}&client=c",
            headers=bearer(tokens[role]) | {"Content-Type": "application/sdp"},
            data=SDP,
        ) as response:
            assert response.status == (201 if role in allowed else 403), role


@pytest.mark.asyncio(loop_scope="module")
async def test_a_kind_of_peer_that_there_is_not(studio: House, tokens: dict[str, str]) -> None:
    for kind in ("", "Booth", "booth~x", "interpreter"):
        async with studio.http.post(
            f"{studio.url}/api/v1/peers?kind={kind}&client=c",
            headers=bearer(tokens["interpreter"]) | {"Content-Type": "application/sdp"},
            data=SDP,
        ) as response:
            problem = await response.json(content_type=None)
            assert (response.status, problem["code"]) == (400, "query.malformed")
            assert "booth" in problem["detail"]


@pytest.mark.asyncio(loop_scope="module")
async def test_an_interpreters_browser_is_told_where_to_connect(
    studio: House, tokens: dict[str, str]
) -> None:
    async with studio.http.get(f"{studio.url}/api/v1/me", headers=bearer(tokens["interpreter"])) as response:
        me = await response.json()
    assert (me["role"], me["seat"]) == ("interpreter", "interpreter-seat")
    assert [server["urls"] for server in me["ice_servers"]] == [
        ["stun:stun.test:3478"],
        ["turn:turn.test:3478"],
    ]


@pytest.mark.parametrize(
    ("canvas", "allowed"),
    [("program", {"director", "viewer"}), ("multiview", {"director", "viewer"})],
)
@pytest.mark.asyncio(loop_scope="module")
async def test_a_wall_sees_no_other_canvas(
    studio: House, tokens: dict[str, str], canvas: str, allowed: set[str]
) -> None:
    for role in ROLES:
        async with studio.http.get(
            f"{studio.url}/api/v1/canvases/{canvas}.jpg", headers=bearer(tokens[role])
        ) as response:
            assert response.status == (200 if role in allowed else 403), role


@pytest.mark.asyncio(loop_scope="module")
async def test_metrics_are_for_the_director_and_for_this_machine(
    studio: House, tokens: dict[str, str]
) -> None:
    proxied = {"X-Forwarded-For": "192.0.2.7"}
    for role in ROLES:
        async with studio.http.get(
            f"{studio.url}/metrics", headers=proxied | bearer(tokens[role])
        ) as response:
            assert response.status == (200 if role == "director" else 403), role
    async with studio.http.get(f"{studio.url}/metrics", headers=proxied) as response:
        assert response.status == 401
    async with studio.http.get(f"{studio.url}/metrics") as response:
        assert response.status == 200
        text = await response.text()
    for name in (
        "studio_ticks_total",
        "studio_late_ticks_total",
        'studio_seats{state="on_air"} 0.0',
        "studio_http_requests_total",
    ):
        assert name in text
    assert DIRECTOR not in text


@pytest.mark.parametrize(
    ("deps", "status"),
    [
        ({"public_url": "https://studio.test"}, 401),
        ({"public_url": "https://studio.test", "tls": True}, 200),
        ({"tls": True}, 200),
    ],
)
async def test_behind_a_proxy_nobody_is_this_machine(
    tmp_path: Path, deps: dict[str, Any], status: int
) -> None:
    async with house(tmp_path, **deps) as studio, studio.http.get(f"{studio.url}/metrics") as response:
        assert response.status == status


async def test_anyone_may_ask_how_it_is(tmp_path: Path) -> None:
    waiting: list[str] = ["mixer"]
    async with house(tmp_path, ready=lambda: waiting) as studio:
        async with studio.http.get(f"{studio.url}/healthz") as response:
            assert response.status == 200
        async with studio.http.get(f"{studio.url}/readyz") as response:
            assert (response.status, (await response.json())["waiting"]) == (503, ["mixer"])
        waiting.clear()
        async with studio.http.get(f"{studio.url}/readyz") as response:
            assert response.status == 200
