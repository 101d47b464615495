"""Sessions end with their token, and when the director ends them."""

from pathlib import Path
from typing import Any

import aiohttp

from signaling.sessions import SessionFile
from studio.datadir import write_private
from tests.house import DIRECTOR, House, bearer, house, until

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
