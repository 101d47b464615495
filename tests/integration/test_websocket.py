"""The WebSocket: snapshot, changes in order, none lost; what each role sees; who is turned away."""

import asyncio
import functools
import json
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any, cast

import aiohttp
import pytest

from mixer.contract.names import player_name
from mixer.contract.player_messages import PlayerReport
from signaling.http.auth.limits import Limits, Rate
from signaling.http.live import hub
from studio.lab.harness.waiting import until
from tests.support.house import DIRECTOR, SDP, House, bearer, house, token_of
from tests.support.merging import as_json, merged, without_nulls


async def connect(studio: House, token: str = DIRECTOR, **headers: str) -> aiohttp.ClientWebSocketResponse:
    return await studio.http.ws_connect(f"{studio.url}/ws", headers=bearer(token) | headers)


async def receive(socket: aiohttp.ClientWebSocketResponse) -> dict[str, Any]:
    async with asyncio.timeout(5):
        return json.loads(await socket.receive_str())  # type: ignore[no-any-return]


async def changes_until(
    socket: aiohttp.ClientWebSocketResponse, state: dict[str, Any], serial: int, last: int
) -> dict[str, Any]:
    """Fold the changes that come up to serial ``last``; none may be missing, none come twice."""
    while serial < last:
        message = await receive(socket)
        if message["type"] == "change":
            assert message["serial"] == serial + 1
            serial = message["serial"]
            state = merged(state, message["patch"])
    return state


async def test_a_client_that_folds_the_changes_has_the_state(tmp_path: Path) -> None:
    async with house(tmp_path) as studio:
        total = 60

        async def make_changes() -> None:
            for n in range(total):
                await studio.do("seat.create", seat=f"s{n}", name=f"Seat {n}")
                if n % 3 == 0:
                    await studio.do("seat.remove", seat=f"s{n}")

        writing = asyncio.create_task(make_changes())
        followed: list[tuple[aiohttp.ClientWebSocketResponse, dict[str, Any]]] = []
        # Clients come in the middle of it all, at every moment.
        while not writing.done() and len(followed) < 20:
            socket = await connect(studio)
            snapshot = await receive(socket)
            assert snapshot["type"] == "snapshot"
            followed.append((socket, snapshot))
        await writing
        final = without_nulls(as_json(studio.show.public_state()))
        for socket, snapshot in followed:
            state = await changes_until(socket, snapshot["state"], snapshot["serial"], studio.show.serial)
            assert without_nulls(state) == final
            await socket.close()
        assert len(followed) > 3
        assert any(snapshot["serial"] < studio.show.serial for _, snapshot in followed)


async def test_a_viewer_follows_it_all_but_why_an_address_cannot_be_read(tmp_path: Path) -> None:
    async with house(tmp_path) as studio:
        viewer = await studio.invite("v", "viewer")
        socket = await connect(studio, viewer)
        snapshot = await receive(socket)
        await studio.do("source.create", source="p", kind="pull", title="P", url="rtmp://pull.test/live/x")

        def code_now() -> str:
            return str(studio.show.public_state().status.sources["p"].code)

        for code in ("pull.refused", "pull.tls"):
            studio.show.handle(player_name("p"), PlayerReport("p", "failed", code=code, reason=code))
            await until(functools.partial(lambda code: code_now() == code, code))
        state = await changes_until(socket, snapshot["state"], snapshot["serial"], studio.show.serial)
        expected = without_nulls(as_json(studio.show.public_state()))
        told = {"code": "pull.failed", "reason": "The stream can't be read."}
        expected["status"]["sources"]["p"] |= told
        assert without_nulls(state) == expected
        async with studio.http.get(f"{studio.url}/api/v1/state", headers=bearer(viewer)) as answer:
            assert told.items() <= (await answer.json())["state"]["status"]["sources"]["p"].items()


async def test_a_command_is_answered_after_its_change(tmp_path: Path) -> None:
    async with house(tmp_path) as studio:
        socket = await connect(studio)
        await receive(socket)
        await socket.send_json(
            {"type": "command", "id": "7", "command": {"type": "seat.create", "seat": "a", "name": "A"}}
        )
        change, reply = await receive(socket), await receive(socket)
        assert (change["type"], change["event"]["type"]) == ("change", "seat.created")
        assert change["patch"]["seats"]["a"]["name"] == "A"
        assert (reply["type"], reply["id"], reply["revision"]) == ("reply", "7", change["revision"])
        assert "link" in reply["result"]
        await socket.send_json({"type": "command", "id": "8", "command": {"type": "seat.admit", "seat": "x"}})
        refused = await receive(socket)
        assert (refused["type"], refused["id"]) == ("refused", "8")
        assert refused["problem"]["status"] == 404
        await socket.send_json({"type": "ping"})
        assert await receive(socket) == {"type": "pong"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"type":"nothing"}',
        '{"type":"command"}',
        "[" * 5000,
        '{"type":"command","id":7}',
    ],
)
async def test_rubbish_is_refused_and_the_connection_stays(tmp_path: Path, text: str) -> None:
    async with house(tmp_path) as studio:
        socket = await connect(studio)
        await receive(socket)
        await socket.send_str(text)
        refused = await receive(socket)
        assert (refused["type"], refused["problem"]["code"]) == ("refused", "message.malformed")
        await socket.send_bytes(b"\x00")
        assert (await receive(socket))["problem"]["code"] == "message.malformed"
        await socket.send_json({"type": "ping"})
        assert (await receive(socket))["type"] == "pong"


async def test_a_message_that_is_too_large_ends_the_connection(tmp_path: Path) -> None:
    async with house(tmp_path) as studio:
        socket = await connect(studio)
        await receive(socket)
        await socket.send_str("x" * 70_000)
        message = await socket.receive(timeout=5)
        assert message.type is aiohttp.WSMsgType.CLOSE
        assert message.data == aiohttp.WSCloseCode.MESSAGE_TOO_BIG


async def test_a_speaker_sees_only_its_own_seat(tmp_path: Path) -> None:
    async with house(tmp_path) as studio:
        token = await studio.invite("mayor-1")
        await studio.invite("mayor-2")
        socket = await connect(studio, token)
        snapshot = await receive(socket)
        assert set(snapshot["state"]) == {"event", "seat", "status"}
        assert snapshot["state"]["seat"]["name"] == "mayor-1"
        assert snapshot["state"]["status"]["state"] == "waiting"
        await studio.do("seat.update", seat="mayor-2", name="Somebody else")
        await studio.do("scene.create", scene="one", title="Secret plan")
        async with studio.http.post(
            f"{studio.url}/api/v1/peers?kind=guest&client=c",
            headers=bearer(token) | {"Content-Type": "application/sdp"},
            data=SDP,
        ):
            pass
        await studio.do("seat.admit", seat="mayor-1")
        await studio.do("program.cut", scene="one")
        state = snapshot["state"]
        texts = []
        while state["status"]["state"] != "on_air" or not state["status"]["live"]:
            message = await receive(socket)
            texts.append(json.dumps(message))
            assert message["event"] is None
            state = merged(state, message["patch"])
        assert state["seat"]["stage"] is True
        assert set(state["status"]["uplink"]) == {"width", "height", "fps", "bitrate"}
        assert "mayor-2" not in "".join(texts)
        assert "Secret" not in "".join(texts)
        await studio.do("program.fade_to_black", on=True)
        while state["status"]["live"]:
            state = merged(state, (await receive(socket))["patch"])
        assert state["status"]["state"] == "next", "nobody sees the mayor in black"
        await socket.send_json(
            {"type": "command", "id": "1", "command": {"type": "program.cut", "scene": "one"}}
        )
        refused = await receive(socket)
        assert (refused["type"], refused["problem"]["status"]) == ("refused", 403)


async def test_a_wall_sees_next_to_nothing(tmp_path: Path) -> None:
    async with house(tmp_path) as studio:
        token = await studio.invite("wall-1", "wall")
        socket = await connect(studio, token)
        snapshot = await receive(socket)
        assert set(snapshot["state"]) == {"event", "status"}
        assert set(snapshot["state"]["status"]) == {"mixer"}


async def test_a_withdrawn_link_closes_its_websocket(tmp_path: Path) -> None:
    async with house(tmp_path) as studio:
        first, other = await studio.invite("mayor-1"), await studio.invite("mayor-2")
        gone, stays = await connect(studio, first), await connect(studio, other)
        await receive(gone)
        await receive(stays)
        new = token_of((await studio.do("seat.invite", seat="mayor-1"))["link"])
        message = await gone.receive(timeout=5)
        while message.type is aiohttp.WSMsgType.TEXT:
            message = await gone.receive(timeout=5)
        assert message.data == hub.CLOSE_ENDED
        again = await connect(studio, new)
        assert (await receive(again))["type"] == "snapshot"
        await stays.send_json({"type": "ping"})
        assert (await receive(stays))["type"] == "pong"


async def test_nobody_is_cut_off_because_the_links_time_is_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with house(tmp_path) as studio:
        token = await studio.invite("mayor-1", ttl_s=60)
        socket = await connect(studio, token)
        await receive(socket)
        monkeypatch.setattr(studio.show, "_unix_time", lambda: 4e9)
        monkeypatch.setattr(studio.auth, "_clock", lambda: 4e9)
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await connect(studio, token)
        await studio.do("seat.update", seat="mayor-1", name="New name")
        assert (await receive(socket))["patch"]["seat"]["name"] == "New name"
        await studio.do("seat.revoke", seat="mayor-1")
        message = await socket.receive(timeout=5)
        while message.type is aiohttp.WSMsgType.TEXT:
            message = await socket.receive(timeout=5)
        assert message.data == hub.CLOSE_ENDED


async def test_a_slow_client_is_disconnected_and_holds_nobody_up(tmp_path: Path) -> None:
    async with house(tmp_path) as studio, aiohttp.ClientSession() as slow_http:
        slow = await slow_http.ws_connect(f"{studio.url}/ws", headers=bearer(DIRECTOR))
        await receive(slow)
        # It reads nothing more: once its socket's buffers are full, messages pile up at the server.
        transport = cast(asyncio.ReadTransport, slow._conn.transport if slow._conn else None)
        transport.pause_reading()
        quick = await connect(studio)
        serial = (await receive(quick))["serial"]
        for n in range(190):  # each later change then says the scenes' order again, 12 KB of it
            await studio.do("scene.create", scene=f"{n:-<60}")
        async with asyncio.timeout(60):
            while len(studio.hub) > 1:
                await studio.do("scene.create", scene="s")
                await studio.do("scene.delete", scene="s")
                await changes_until(quick, {}, serial, studio.show.serial)
                serial = studio.show.serial
        transport.resume_reading()
        message = await slow.receive(timeout=5)
        while message.type is aiohttp.WSMsgType.TEXT:
            message = await slow.receive(timeout=5)
        assert slow.close_code == hub.CLOSE_SLOW
        await quick.send_json({"type": "ping"})
        assert (await receive(quick))["type"] == "pong"


async def test_only_our_own_pages_may_open_it(tmp_path: Path) -> None:
    async with house(tmp_path, public_url="https://studio.test") as studio:
        async with studio.http.get(
            f"{studio.url}/console?token={DIRECTOR}", allow_redirects=False
        ) as response:
            (morsel,) = SimpleCookie(response.headers["Set-Cookie"]).values()
        cookie = {"Cookie": f"{morsel.key}={morsel.value}"}
        for origin, allowed in (
            ("https://studio.test", True),
            (studio.url, True),
            ("https://evil.test", False),
            ("null", False),
        ):
            opening = studio.http.ws_connect(
                f"{studio.url}/ws?as=console", headers=cookie | {"Origin": origin}
            )
            if allowed:
                socket = await opening
                assert (await receive(socket))["type"] == "snapshot"
                await socket.close()
            else:
                with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                    await opening
                assert refused.value.status == 403


async def test_commands_come_at_a_limited_rate(tmp_path: Path) -> None:
    async with house(tmp_path, limits=Limits(commands=Rate(0.1, 3), ws_messages=Rate(0.1, 6))) as studio:
        socket = await connect(studio)
        await receive(socket)
        codes = []
        for n in range(8):
            await socket.send_json({"type": "command", "id": str(n), "command": {"type": "x"}})
            message = await receive(socket)
            codes.append(message["problem"]["code"])
        assert codes == ["command.unknown"] * 3 + ["rate.commands"] * 3 + ["rate.messages"] * 2


async def test_a_closing_server_says_so(tmp_path: Path) -> None:
    async with house(tmp_path) as studio:
        socket = await connect(studio)
        await receive(socket)
        reading = asyncio.create_task(socket.receive())
        await studio.server.close()
        message = await reading
        assert message.data == aiohttp.WSCloseCode.GOING_AWAY


async def test_a_client_that_goes_is_forgotten(tmp_path: Path) -> None:
    async with house(tmp_path) as studio:
        sockets = [await connect(studio) for _ in range(5)]
        await until(lambda: len(studio.hub) == 5)
        for socket in sockets[:3]:
            await socket.close()
        sockets[3]._conn.transport.abort()  # type: ignore[union-attr]
        await until(lambda: len(studio.hub) == 1)


async def test_open_connections_have_a_limit(tmp_path: Path) -> None:
    async with house(tmp_path, limits=Limits(sockets=2, sockets_all=3)) as studio:
        token, other = await studio.invite("mayor-1"), await studio.invite("mayor-2")
        opened = [await connect(studio, token), await connect(studio, token)]
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await connect(studio, token)
        assert refused.value.status == 429
        opened.append(await connect(studio, other))
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await connect(studio)
        for socket in opened[:2]:
            await socket.close()
        await until(lambda: len(studio.hub) == 1)
        for socket in (opened[2], await connect(studio, token), await connect(studio)):
            await socket.close()
