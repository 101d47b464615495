"""Sessions end with their token, and when the director ends them."""

import asyncio
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import aiohttp
import pytest

from signaling.contract.ports import Grant
from signaling.http.auth.auth import AuthSession
from signaling.http.auth.sessions import MOST_OF_SEAT, SessionFile, Sessions
from studio.contract.datadir import write_private
from studio.lab.harness.waiting import until
from tests.support.house import DIRECTOR, House, bearer, house

pytestmark = pytest.mark.alone

OTHER = "another-director-token-of-the-tests"


def kept(folder: Path) -> SessionFile:
    return SessionFile(folder / "sessions.json", write_private)


async def signed_in(studio: House, link: str) -> tuple[dict[str, str], str]:
    """Opens a link: the cookie as a header, and where it leads."""
    async with studio.http.get(studio.url + link, allow_redirects=False) as response:
        assert response.status == 303
        cookie = response.headers["Set-Cookie"].partition(";")[0]
        return {"Cookie": cookie}, response.headers["Location"]


async def listed(studio: House, headers: dict[str, str]) -> list[dict[str, Any]]:
    async with studio.http.get(f"{studio.url}/api/v1/sessions", headers=headers) as response:
        assert response.status == 200
        found: list[dict[str, Any]] = (await response.json())["sessions"]
        return found


async def me(studio: House, headers: dict[str, str], as_: str = "console") -> tuple[int, str]:
    async with studio.http.get(f"{studio.url}/api/v1/me?as={as_}", headers=headers) as response:
        answer = await response.json()
        return response.status, answer.get("code", answer.get("role"))


async def test_a_changed_director_token_ends_what_it_opened(tmp_path: Path) -> None:
    async with house(tmp_path) as studio:
        director, _ = await signed_in(studio, f"/console?token={DIRECTOR}")
        wall, _ = await signed_in(studio, f"/wall?token={DIRECTOR}")
        speaker, place = await signed_in(studio, f"/join/{await studio.invite('mayor')}")
        as_ = place.partition("as=")[2]
        assert await me(studio, director) == (200, "director")
        assert await me(studio, wall, "wall") == (200, "wall")
    async with house(tmp_path) as studio:  # a restart alone ends nothing
        assert await me(studio, director) == (200, "director")
    async with house(tmp_path, director_token=OTHER) as studio:
        assert await me(studio, director) == (401, "session.ended")
        assert await me(studio, wall, "wall") == (401, "session.ended")
        assert await me(studio, speaker, as_) == (200, "speaker")
        async with studio.http.get(f"{studio.url}/console", headers=director) as response:
            assert response.status == 401


async def test_the_director_sees_sessions_and_ends_them(tmp_path: Path) -> None:
    async with house(tmp_path, sessions=kept(tmp_path), trusted_proxies=("127.0.0.1",)) as studio:
        director, _ = await signed_in(studio, f"/console?token={DIRECTOR}")
        speaker, place = await signed_in(studio, f"/join/{await studio.invite('mayor')}")
        as_ = place.partition("as=")[2]
        away = speaker | {"X-Forwarded-For": "203.0.113.5:41234"}
        socket = await studio.http.ws_connect(f"{studio.url}/ws?as={as_}", headers=away)
        offer = {"kind": "guest", "client": "tab", "as": as_}
        sdp = {"Content-Type": "application/sdp", "Origin": studio.url}
        async with studio.http.post(
            f"{studio.url}/api/v1/peers", params=offer, headers=speaker | sdp, data="v=0\r\n"
        ) as response:
            assert response.status == 201
        found = {each["role"]: each for each in await listed(studio, director)}
        assert found["director"]["yours"]
        assert found["speaker"]["seat"] == "mayor"
        assert found["speaker"]["pages"] == 1
        assert {"began", "seen", "address"} <= set(found["speaker"])
        ending = f"{studio.url}/api/v1/sessions/{found['speaker']['id']}"
        for headers, status in ((speaker, 401), (speaker | {"Origin": "https://evil.example"}, 401)):
            async with studio.http.delete(ending, headers=headers) as response:
                assert response.status == status
        async with studio.http.delete(
            ending, headers=director | {"Origin": "https://evil.example"}
        ) as response:
            assert response.status == 403
        async with studio.http.delete(ending, headers=director | {"Origin": studio.url}) as response:
            assert response.status == 204
        while (message := await socket.receive()).type is not aiohttp.WSMsgType.CLOSE:
            assert message.type is aiohttp.WSMsgType.TEXT
        assert message.data == 4401
        await until(lambda: len(studio.shard.closed) == 1)  # the guest's connection, too
        assert await me(studio, speaker, as_) == (401, "session.ended")
        assert [each["role"] for each in await listed(studio, bearer(DIRECTOR))] == ["director"]
        async with studio.http.delete(ending, headers=bearer(DIRECTOR)) as response:
            assert (response.status, (await response.json())["code"]) == (404, "session.unknown")
    async with house(tmp_path, sessions=kept(tmp_path)) as studio:  # and stays ended
        assert await me(studio, speaker, as_) == (401, "session.ended")
        assert await me(studio, director) == (200, "director")
        again = {each["role"]: each for each in await listed(studio, director)}
        assert again["director"]["id"] == found["director"]["id"]


async def test_ended_by_himself_the_director_may_come_back_by_his_link(tmp_path: Path) -> None:
    async with house(tmp_path) as studio:
        director, _ = await signed_in(studio, f"/console?token={DIRECTOR}")
        (own,) = await listed(studio, director)
        async with studio.http.delete(
            f"{studio.url}/api/v1/sessions/{own['id']}", headers=director
        ) as response:
            assert response.status == 204
        assert await me(studio, director) == (401, "session.ended")
        again, _ = await signed_in(studio, f"/console?token={DIRECTOR}")
        assert await me(studio, again) == (200, "director")


async def test_a_broken_list_costs_the_list_alone(tmp_path: Path) -> None:
    (tmp_path / "sessions.json").write_text("{")
    async with house(tmp_path, sessions=kept(tmp_path)) as studio:
        director, _ = await signed_in(studio, f"/console?token={DIRECTOR}")
        assert len(await listed(studio, director)) == 1


async def test_a_link_opened_again_goes_on_with_its_session(tmp_path: Path) -> None:
    async with house(tmp_path, sessions=kept(tmp_path)) as studio:
        director, _ = await signed_in(studio, f"/console?token={DIRECTOR}")
        link = f"/join/{await studio.invite('mayor')}"
        speaker, _ = await signed_in(studio, link)
        async with studio.http.get(studio.url + link, headers=speaker, allow_redirects=False) as response:
            assert response.status == 303
        assert len(await listed(studio, director)) == 2
        for _ in range(2 * MOST_OF_SEAT):
            await signed_in(studio, link)  # as a script would, without a cookie
        found = await listed(studio, director)
        assert len(found) == 1 + MOST_OF_SEAT
        assert any(each.get("yours") for each in found), "it displaces nobody else's"


async def test_what_a_session_opened_is_known_after_a_restart(tmp_path: Path) -> None:
    async with house(tmp_path, sessions=kept(tmp_path)) as studio:
        speaker, place = await signed_in(studio, f"/join/{await studio.invite('mayor')}")
        offer = {"kind": "guest", "client": "tab", "as": place.partition("as=")[2]}
        headers = speaker | {"Content-Type": "application/sdp", "Origin": studio.url}
        async with studio.http.post(
            f"{studio.url}/api/v1/peers", params=offer, headers=headers, data="v=0\r\n"
        ) as response:
            peer = unquote(response.headers["Location"].rpartition("/")[2])
        (session,) = [each["id"] for each in await listed(studio, bearer(DIRECTOR))]
    again = await asyncio.to_thread(Sessions, kept(tmp_path))
    assert again.peers(session) == (peer,)


async def test_a_list_that_could_not_be_kept_is_kept_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("signaling.http.auth.sessions.AGAIN_S", 0.01)
    written: list[bytes] = []

    class Full:
        def read(self) -> bytes:
            return b""

        def write(self, content: bytes) -> None:
            written.append(content)
            if len(written) < 3:
                raise OSError(28, "No space left on device")

    sessions = Sessions(Full())
    sessions.seen(AuthSession(Grant("speaker", "a", 1, 9_999_999_999), True, "id", 1), "192.0.2.1")
    await until(lambda: len(written) == 3)
    await sessions.close()
