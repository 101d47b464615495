"""Links, sessions and pages: from a token to a cookie, and what people read when it doesn't work."""

import re
from http.cookies import Morsel, SimpleCookie
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from yarl import URL

from signaling.contract.ports import Grant
from signaling.http.auth.auth import Authenticator, AuthSession
from signaling.http.auth.limits import Limits, Rate
from tests.support.house import DIRECTOR, SDP, House, bearer, house


async def open_link(studio: House, path: str) -> tuple[str, Morsel[str]]:
    """Where the link leads, and the cookie it sets."""
    async with studio.http.get(studio.url + path, allow_redirects=False) as response:
        assert response.status == 303
        (morsel,) = SimpleCookie(response.headers["Set-Cookie"]).values()
        return response.headers["Location"], morsel


def cookie(morsel: Morsel[str]) -> dict[str, str]:
    return {"Cookie": f"{morsel.key}={morsel.value}"}


async def refusal(response: aiohttp.ClientResponse) -> tuple[int, str]:
    return response.status, (await response.json(content_type=None))["code"]


async def test_a_links_token_becomes_a_session_and_leaves_the_address_bar(tmp_path: Path) -> None:
    async with house(tmp_path) as studio:
        token = await studio.invite("mayor-1")
        location, morsel = await open_link(studio, f"/join/{token}")
        assert re.fullmatch(r"/join\?as=[0-9a-f]{12}", location)
        assert token not in location
        assert morsel["httponly"]
        assert (morsel["samesite"], morsel["path"], morsel["secure"]) == ("Lax", "/", "")
        assert int(morsel["max-age"]) > 3600
        assert token not in morsel.value
        async with studio.http.get(studio.url + location, headers=cookie(morsel)) as response:
            assert response.status == 200
            html = await response.text()
            policy = response.headers["Content-Security-Policy"]
        assert "<!--importmap-->" not in html
        assert '<script type="importmap">{"imports":{"preact":"/assets/vendor/preact.module.js"' in html
        assert "default-src 'none'" in policy
        assert re.search(r"script-src 'self' 'sha256-[A-Za-z0-9+/=]{44}'", policy)
        as_ = location.partition("=")[2]
        async with studio.http.get(f"{studio.url}/api/v1/me?as={as_}", headers=cookie(morsel)) as response:
            me = await response.json()
        assert (me["role"], me["seat"], me["event"]) == ("speaker", "mayor-1", {"title": "Summit"})
        assert me["ice_servers"][0] == {"urls": ["stun:stun.test:3478"]}
        assert re.fullmatch(r"\d+:studio", me["ice_servers"][1]["username"])


@pytest.mark.parametrize(
    ("path", "leads_to", "name"),
    [
        (f"/console?token={DIRECTOR}", "/console", "studio-console"),
        (f"/wall?token={DIRECTOR}", "/wall?as=wall", "studio-wall"),
    ],
)
async def test_the_directors_token_opens_console_and_wall(
    tmp_path: Path, path: str, leads_to: str, name: str
) -> None:
    async with house(tmp_path) as studio:
        location, morsel = await open_link(studio, path)
        assert (location, morsel.key) == (leads_to, name)
        async with studio.http.get(studio.url + location, headers=cookie(morsel)) as response:
            assert response.status == 200
        if name == "studio-wall":
            # A wall's session shows the wall, whoever's token opened it.
            async with studio.http.get(
                f"{studio.url}/api/v1/state?as=wall", headers=cookie(morsel)
            ) as response:
                assert response.status == 403


async def test_a_link_pasted_behind_another_page_leads_to_its_own(tmp_path: Path) -> None:
    async with house(tmp_path) as studio:
        wall = await studio.invite("wall-1", "wall")
        assert (await open_link(studio, f"/console?token={wall}"))[0] == "/wall?as=wall"
        assert (await open_link(studio, f"/join/{DIRECTOR}"))[0] == "/console"


async def test_one_browser_holds_several_sessions(tmp_path: Path) -> None:
    async with house(tmp_path) as studio:
        cookies, names = [], []
        for seat in ("a", "b"):
            location, morsel = await open_link(studio, f"/join/{await studio.invite(seat)}")
            cookies.append(f"{morsel.key}={morsel.value}")
            names.append(location.partition("=")[2])
        both = {"Cookie": "; ".join(cookies)}
        for as_, seat in zip(names, ("a", "b"), strict=True):
            async with studio.http.get(f"{studio.url}/api/v1/me?as={as_}", headers=both) as response:
                assert (await response.json())["seat"] == seat
        async with studio.http.get(f"{studio.url}/join", headers=both) as response:
            assert response.status == 401  # which of the two?
        one = {"Cookie": cookies[0]}
        async with studio.http.get(f"{studio.url}/join", headers=one, allow_redirects=False) as response:
            assert response.headers["Location"] == f"/join?as={names[0]}"


@pytest.mark.parametrize("https", [{"tls": True}, {"public_url": "https://studio.test"}])
async def test_by_https_the_cookie_is_secure_and_the_browser_told_to_stay(
    tmp_path: Path, https: dict[str, Any]
) -> None:
    async with house(tmp_path, **https) as studio:
        _, morsel = await open_link(studio, f"/console?token={DIRECTOR}")
        assert morsel["secure"]
        async with studio.http.get(f"{studio.url}/healthz") as response:
            assert "Strict-Transport-Security" in response.headers


async def test_a_seats_session_survives_a_restart_and_a_new_token_of_the_directors(tmp_path: Path) -> None:
    async with house(tmp_path) as studio:
        _, morsel = await open_link(studio, f"/console?token={DIRECTOR}")
        speaker = await studio.invite("mayor-1")
        location, seat_morsel = await open_link(studio, f"/join/{speaker}")
    async with house(tmp_path, director_token="another-director-token") as studio:
        async with studio.http.get(f"{studio.url}/api/v1/state", headers=cookie(morsel)) as response:
            assert await refusal(response) == (401, "session.ended")
        async with studio.http.get(studio.url + location, headers=cookie(seat_morsel)) as response:
            assert response.status == 200
        async with studio.http.get(f"{studio.url}/api/v1/state", headers=bearer(DIRECTOR)) as response:
            assert response.status == 401
    async with (
        house(tmp_path, secret=b"t" * 32) as studio,
        studio.http.get(f"{studio.url}/api/v1/state", headers=cookie(morsel)) as response,
    ):
        assert await refusal(response) == (401, "session.invalid")


@pytest.mark.parametrize("command", ["seat.invite", "seat.revoke", "seat.remove"])
async def test_a_withdrawn_link_ends_its_session_its_peer_and_its_page(tmp_path: Path, command: str) -> None:
    async with house(tmp_path) as studio:
        token = await studio.invite("mayor-1")
        location, morsel = await open_link(studio, f"/join/{token}")
        as_ = location.partition("=")[2]
        async with studio.http.post(
            f"{studio.url}/api/v1/peers?kind=guest&client=c&as={as_}",
            headers=cookie(morsel) | {"Content-Type": "application/sdp"},
            data=SDP,
        ) as response:
            assert response.status == 201
            peer = response.headers["Location"].rpartition("/")[2]
        await studio.do(command, seat="mayor-1")
        assert studio.shard.closed == [peer]
        async with studio.http.get(f"{studio.url}/api/v1/me?as={as_}", headers=cookie(morsel)) as response:
            assert (response.status, (await response.json(content_type=None))["code"]) == (
                401,
                "session.ended",
            )
        for path in (f"/join/{token}", location):
            async with studio.http.get(
                studio.url + path, headers=cookie(morsel) | {"Accept-Language": "ko-KR,ko;q=0.9"}
            ) as response:
                html = await response.text()
                assert response.status == 401
                assert response.content_type == "text/html"
                assert '<html lang="ko">' in html
                assert "초대하신 분께" in html


async def test_what_people_read_when_a_link_fails(tmp_path: Path) -> None:
    async with house(tmp_path) as studio:
        expired = await studio.invite("late", ttl_s=60)
        studio.show._unix_time = lambda: 4e9
        for path, code, words in (
            (f"/join/{expired}", "link.expired", "This link has expired"),
            ("/join/unknown-token", "token.invalid", "This link is not known here"),
            ("/wall?token=unknown-token", "token.invalid", "Copy the whole link"),
            ("/console", "session.missing", "Open that link once more"),
            ("/wall?as=wall", "session.missing", "Open that link once more"),
            ("/join?as=0123456789ab", "session.missing", "링크를 다시 열어 주세요"),
        ):
            async with studio.http.get(studio.url + path) as response:
                html = await response.text()
                assert response.status == 401, path
                assert response.content_type == "text/html"
                assert f'data-code="{code}"' in html
                assert words in html
                assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]
        async with studio.http.get(f"{studio.url}/nowhere", headers={"Accept": "text/html"}) as response:
            assert (response.status, response.content_type) == (404, "text/html")


async def test_wrong_tokens_are_counted_and_a_right_one_still_passes(tmp_path: Path) -> None:
    async with house(tmp_path, limits=Limits(wrong_tokens=Rate(1 / 60, 3))) as studio:
        answers = []
        for n in range(5):
            path = f"/join/wrong-{n}" if n % 2 else "/api/v1/me"
            async with studio.http.get(studio.url + path, headers=bearer(f"wrong-{n}")) as response:
                answers.append(response.status)
                retry = response.headers.get("Retry-After")
                text = await response.text()
        assert answers == [401, 401, 401, 429, 429]
        assert 0 < int(retry or 0) <= 60
        assert "rate.tokens" in text
        async with studio.http.get(f"{studio.url}/api/v1/me", headers=bearer(DIRECTOR)) as response:
            assert response.status == 200


async def test_a_page_of_another_site_cannot_use_the_cookie(tmp_path: Path) -> None:
    async with house(tmp_path, public_url="https://studio.test") as studio:
        _, morsel = await open_link(studio, f"/console?token={DIRECTOR}")
        own = studio.url.removeprefix("http://")
        for origin, status in (
            (f"http://{own}", 400),
            ("https://studio.test", 400),
            (None, 400),
            ("https://studio.test:444", 403),
            ("https://evil.test", 403),
            ("null", 403),
            ("https://studio.test.evil.test", 403),
            ("http://[", 403),
        ):
            headers = cookie(morsel) | {"Content-Type": "application/json"}
            if origin is not None:
                headers["Origin"] = origin
            async with studio.http.post(
                f"{studio.url}/api/v1/commands?as=console", headers=headers, data="{}"
            ) as response:
                assert response.status == status, origin
        # A token is never sent by itself, so its request may come from anywhere.
        async with studio.http.post(
            f"{studio.url}/api/v1/commands",
            headers=bearer(DIRECTOR) | {"Origin": "https://tool.test", "Content-Type": "application/json"},
            data="{}",
        ) as response:
            assert response.status == 400


async def test_a_changed_or_swapped_cookie_is_refused(tmp_path: Path) -> None:
    async with house(tmp_path) as studio:
        _, morsel = await open_link(studio, f"/wall?token={DIRECTOR}")
        body, _, signature = morsel.value.partition(".")
        forged = body[:-2] + ("AA" if body[-2:] != "AA" else "BB")
        for name, value in (
            ("studio-console", morsel.value),
            ("studio-wall", f"{forged}.{signature}"),
            ("studio-wall", f"{body}.{signature[:-4]}AAAA"),
            ("studio-wall", body),
            ("studio-wall", "."),
            ("studio-wall", "x" * 3000),
        ):
            async with studio.http.get(
                f"{studio.url}/api/v1/me?as={name.removeprefix('studio-')}",
                headers={"Cookie": f"{name}={value}"},
            ) as response:
                assert (response.status, (await response.json(content_type=None))["code"]) == (
                    401,
                    "session.invalid",
                )


async def test_an_expired_session_is_told_so(tmp_path: Path) -> None:
    async with house(tmp_path) as studio:
        auth = Authenticator(studio.show, DIRECTOR, b"s" * 32, clock=lambda: 1000)
        name, value, _ = auth.cookie(AuthSession(Grant("director", "", 0, 2000)), "console")
        async with studio.http.get(
            f"{studio.url}/api/v1/me", headers={"Cookie": f"{name}={value}"}
        ) as response:
            assert await refusal(response) == (401, "session.expired")


async def test_assets_come_with_a_validator_and_only_from_their_folders(tmp_path: Path) -> None:
    async with house(tmp_path) as studio:
        async with studio.http.get(f"{studio.url}/assets/shared/protocol.js") as response:
            assert response.status == 200
            assert response.content_type == "text/javascript"
            assert response.headers["X-Content-Type-Options"] == "nosniff"
            assert response.headers["Cache-Control"] == "public, no-cache"
            etag = response.headers["ETag"]
        async with studio.http.get(
            f"{studio.url}/assets/shared/protocol.js", headers={"If-None-Match": etag}
        ) as response:
            assert response.status == 304
        for path in (
            "/assets/../pyproject.toml",
            "/assets/%2e%2e/pyproject.toml",
            "/assets/..%2fpyproject.toml",
            "/assets/shared/..%2f..%2fsignaling/auth.py",
            "/assets/shared//protocol.js",
            "/assets/shared/.hidden.js",
            "/assets/vendor.json",
            "/assets/shared",
            "/assets/shared/protocol.js%00.png",
            "/assets/%5c..%5cpyproject.js",
            "/assets/shared/" + "a" * 3000 + ".js",
            "/assets//etc/passwd.js",
        ):
            async with studio.http.get(URL(studio.url + path, encoded=True)) as response:
                assert response.status == 404, path
                assert response.content_type == "application/problem+json"


async def test_the_headers_are_on_every_answer(tmp_path: Path) -> None:
    async with house(tmp_path) as studio:
        for path in ("/healthz", "/console", "/api/v1/me", "/nowhere", "/assets/shared/base.css", "/"):
            async with studio.http.get(studio.url + path, allow_redirects=False) as response:
                for name in (
                    "Content-Security-Policy",
                    "X-Content-Type-Options",
                    "Referrer-Policy",
                    "Permissions-Policy",
                    "Cross-Origin-Opener-Policy",
                ):
                    assert name in response.headers, (path, name)
                assert response.headers["Server"] == "studio"


async def test_sessions_go_through_a_trusted_proxy_only(tmp_path: Path) -> None:
    limits = Limits(wrong_tokens=Rate(1 / 60, 1))

    async def tries(studio: House, addresses: list[str]) -> list[int]:
        answers = []
        for address in addresses:
            headers = bearer("wrong") | {"X-Forwarded-For": address}
            async with studio.http.get(f"{studio.url}/api/v1/me", headers=headers) as response:
                answers.append(response.status)
        return answers

    several = ["192.0.2.1", "192.0.2.2", "192.0.2.1", "198.51.100.9, 192.0.2.2", "rubbish"]
    async with house(tmp_path / "a", limits=limits) as studio:
        assert await tries(studio, several) == [401, 429, 429, 429, 429]
    async with house(tmp_path / "b", limits=limits, trusted_proxies=("127.0.0.0/8",)) as studio:
        assert await tries(studio, several) == [401, 401, 429, 429, 401]
