"""Connections that do nothing: they end in time, and never take the place of those who ask."""

import asyncio
import contextlib
import errno
import os
import resource
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from signaling.http.auth.origin import ClientAddress
from signaling.http.door import RESERVE, DoorLimits
from studio.lab.harness.waiting import until
from tests.support.house import DIRECTOR, PAGES, House, bearer, house
from tests.support.running import RunningStudio, running_studio

pytestmark = pytest.mark.alone

HALF = b"GET /healthz HTTP/1.1\r\nHost: here\r\nX-Slow: "
WHOLE = b"GET /healthz HTTP/1.1\r\nHost: here\r\n\r\n"


async def connected(studio: House, send: bytes = b"") -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", studio.server.port)
    writer.write(send)
    return reader, writer


async def ended(reader: asyncio.StreamReader, within_s: float = 5.0) -> bool:
    """Whether the other end closes the connection; what it sends before is read."""
    try:
        async with asyncio.timeout(within_s):
            with contextlib.suppress(ConnectionError):
                while await reader.read(4096):
                    pass
    except TimeoutError:
        return False
    return True


async def test_whoever_says_nothing_or_half_is_ended_and_whoever_asks_is_not(tmp_path: Path) -> None:
    limits = DoorLimits(first_s=0.5, head_s=0.5, idle_s=1.5)
    async with house(tmp_path, door=limits) as studio:
        silent, silent_out = await connected(studio)
        half, half_out = await connected(studio, HALF)
        kept, kept_out = await connected(studio, WHOLE)
        socket_ = await studio.http.ws_connect(f"{studio.url}/ws", headers=bearer(DIRECTOR))
        began = time.monotonic()

        async def drip() -> None:
            """A byte now and then must not keep it alive."""
            with contextlib.suppress(ConnectionError):
                while True:
                    half_out.write(b"x")
                    await asyncio.sleep(0.05)

        dripping = asyncio.create_task(drip())
        assert await ended(silent)
        assert await ended(half)
        assert time.monotonic() - began < 4
        dripping.cancel()
        # The one that asked has its answer, is still there, may ask once more, and ends later.
        kept_out.write(WHOLE)
        answer = await kept.readuntil(b'{"status":"ok"}')
        answer += await kept.readuntil(b'{"status":"ok"}')
        assert answer.count(b" 200 OK") == 2
        assert await ended(kept)
        # What is at work is never ended, however long it says nothing.
        assert (await socket_.receive_json())["type"] == "snapshot"
        assert len(studio.server.door) == 1
        assert not socket_.closed
        for writer in (silent_out, half_out, kept_out):
            writer.close()
        await socket_.close()
        await until(lambda: len(studio.server.door) == 0)


async def test_one_that_cannot_be_looked_at_keeps_no_other_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_: object) -> None:
        raise struct.error("this kernel says less")

    monkeypatch.setattr("signaling.http.door.moved_and_owed", fails)
    async with house(tmp_path, door=DoorLimits(first_s=0.5)) as studio:
        kept, kept_out = await connected(studio, WHOLE)
        await kept.readuntil(b'{"status":"ok"}')
        silent, silent_out = await connected(studio)
        assert await ended(silent)
        for writer in (kept_out, silent_out):
            writer.close()


async def test_whoever_takes_or_gives_too_slowly_is_ended_and_a_slow_line_is_not(tmp_path: Path) -> None:
    """A byte now and then, of a large file's answer or of a body, keeps no place."""
    [*_, large] = sorted(
        (PAGES / "vendor/fonts-web/files").glob("*.woff2"), key=lambda each: each.stat().st_size
    )
    asks = f"GET /assets/{large.relative_to(PAGES)} HTTP/1.1\r\nHost: here\r\n\r\n".encode()
    async with house(tmp_path, door=DoorLimits(pace_s=1.0, idle_s=60)) as studio:
        loop, over = asyncio.get_running_loop(), asyncio.Event()

        async def asking(window: int, request: bytes) -> socket.socket:
            sock = socket.socket()
            sock.setblocking(False)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
            await loop.sock_connect(sock, ("127.0.0.1", studio.server.port))
            await loop.sock_sendall(sock, request)
            return sock

        async def taken(sock: socket.socket, bytes_: int, pause_s: float) -> int:
            """How many bytes come until the end or the whole of it."""
            got = 0
            with contextlib.suppress(ConnectionError):
                while got < large.stat().st_size and (data := await loop.sock_recv(sock, bytes_)):
                    got += len(data)
                    # what the system keeps for us can be read after the end, too
                    await asyncio.sleep(pause_s if not over.is_set() else 0)
            return got

        async def given(sock: socket.socket) -> None:
            with contextlib.suppress(ConnectionError):
                while True:
                    await loop.sock_sendall(sock, b" ")
                    await asyncio.sleep(0.05)

        body = f"Authorization: Bearer {DIRECTOR}\r\nContent-Type: application/json\r\nContent-Length: 9000"
        posts = f"POST /api/v1/commands HTTP/1.1\r\nHost: here\r\n{body}\r\n\r\n".encode()
        quiet = await studio.http.ws_connect(f"{studio.url}/ws", headers=bearer(DIRECTOR))
        socks = [await asking(4096, asks), await asking(1 << 17, asks), await asking(4096, posts)]
        taking = [
            asyncio.create_task(taken(socks[0], 10, 0.05)),
            asyncio.create_task(taken(socks[1], 40_000, 0.1)),
        ]
        async with asyncio.timeout(10):
            await given(socks[2])
            patient = await taking[1]
        socks[1].close()
        await until(lambda: len(studio.server.door) == 1)  # the WebSocket's
        over.set()
        slow = await taking[0]
        assert slow < 60_000
        assert patient > large.stat().st_size  # with its head
        assert not quiet.closed
        metrics = await (await studio.http.get(f"{studio.url}/metrics")).text()
        assert 'studio_http_connections_ended_total{reason="slow"} 2' in metrics
        for sock in socks:
            sock.close()
        await quiet.close()
        await until(lambda: len(studio.server.door) <= 1)


async def test_a_head_without_an_end_is_bounded(tmp_path: Path) -> None:
    async with house(tmp_path) as studio:
        reader, writer = await connected(studio, WHOLE[:-2])
        for number in range(40):
            writer.write(b"X-%d: " % number + b"x" * 4000 + b"\r\n")
        assert await ended(reader)
        writer.close()


async def test_those_who_wait_make_room_and_those_at_work_do_not(tmp_path: Path) -> None:
    async with house(tmp_path, door=DoorLimits(total=60, of_one=40)) as studio:
        sockets = [
            await studio.http.ws_connect(f"{studio.url}/ws", headers=bearer(DIRECTOR)) for _ in range(5)
        ]
        idle = [await connected(studio, HALF if number % 2 else b"") for number in range(200)]
        async with aiohttp.ClientSession() as fresh, fresh.get(f"{studio.url}/healthz") as response:
            assert response.status == 200
        assert len(studio.server.door) <= 40
        assert await ended(idle[0][0])
        assert not any(each.closed for each in sockets)
        await sockets[0].send_json({"type": "ping"})
        await sockets[0].receive_json()
        assert (await sockets[0].receive_json())["type"] == "pong"
        metrics = await (await studio.http.get(f"{studio.url}/metrics")).text()
        assert 'studio_http_connections_ended_total{reason="room"}' in metrics
        for _, writer in idle:
            writer.close()
        for each in sockets:
            await each.close()


async def test_a_newcomer_finds_room_though_the_most_crowded_address_is_at_work(tmp_path: Path) -> None:
    door = DoorLimits(total=12, of_one=12)
    async with house(tmp_path, door=door, trusted_proxies=("127.0.0.1",)) as studio:
        sockets = [
            await studio.http.ws_connect(f"{studio.url}/ws", headers=bearer(DIRECTOR)) for _ in range(8)
        ]
        elsewhere = ("127.0.0.2", 0)
        silent = [
            await asyncio.open_connection("127.0.0.1", studio.server.port, local_addr=elsewhere)
            for _ in range(4)
        ]
        await until(lambda: len(studio.server.door) == 12)
        async with aiohttp.ClientSession() as fresh, fresh.get(f"{studio.url}/healthz") as response:
            assert response.status == 200
        assert not any(each.closed for each in sockets)
        assert await ended(silent[0][0])
        for _, writer in silent:
            writer.close()
        for each in sockets:
            await each.close()


async def test_behind_a_trusted_proxy_all_may_come(tmp_path: Path) -> None:
    limits = DoorLimits(total=60, of_one=10)
    async with house(tmp_path, door=limits, trusted_proxies=("127.0.0.0/8",)) as studio:
        idle = [await connected(studio) for _ in range(50)]
        await until(lambda: len(studio.server.door) == 50)
        for _, writer in idle:
            writer.close()


async def test_an_accept_that_fails_is_told_once_a_second_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Descriptors can run out all the same: other things in the process use them, too."""
    real, failures = socket.socket.accept, 0

    def accept(sock: socket.socket) -> Any:
        nonlocal failures
        if time.monotonic() < until_s:
            failures += 1
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        return real(sock)

    async with house(tmp_path) as studio:
        told: list[str] = []
        monkeypatch.setattr("signaling.http.door.log.warning", lambda what, **more: told.append(what))
        until_s = time.monotonic() + 1.5
        monkeypatch.setattr(socket.socket, "accept", accept)
        async with studio.http.get(f"{studio.url}/healthz") as response:
            assert response.status == 200
        assert failures <= 20  # ten tries a second, not as many as the processor can
        assert 1 <= told.count("connections can't be accepted") <= 2
        assert not caplog.records


def test_limits_leave_descriptors_to_the_process() -> None:
    small = DoorLimits.of(1024)
    assert small.total <= 1024 - RESERVE
    assert small.of_one < small.total
    assert DoorLimits.of(1 << 20).of_one >= 120 * 7


def test_connections_are_counted_by_customer() -> None:
    address = ClientAddress(["10.0.0.0/8"])
    assert address.of_peer("2001:db8:1:2:3::4") == address.of_peer("2001:db8:1:2:5::6")
    assert address.of_peer("::ffff:203.0.113.5") == address.of_peer("203.0.113.5") == "203.0.113.5"
    assert address.of_peer("10.1.2.3") is None


CROWD = """
import socket, sys, time
host, port, silent, half = sys.argv[1], *map(int, sys.argv[2:])
held = []
for number in range(silent + half):
    held.append(socket.create_connection((host, port)))
    if number >= silent:
        held[-1].send(b"GET / HTTP/1.1\\r\\nHost: here\\r\\nX: ")
print("there", flush=True)
sys.stdin.read()
"""


@contextlib.contextmanager
def crowd(studio: RunningStudio, silent: int, half: int) -> Iterator[None]:
    """So many connections, held by processes that may have 1,024 descriptors each."""
    host, _, port = studio.url.removeprefix("http://").partition(":")
    processes = []
    for part in range(5):
        share = [str(len(range(part, count, 5))) for count in (silent, half)]
        command = [sys.executable, "-c", CROWD, host, port, *share]
        processes.append(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE))
    try:
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == b"there\n"
        yield
    finally:
        for process in processes:
            process.communicate()


def test_three_thousand_idle_connections_do_not_slow_the_api(tmp_path: Path) -> None:
    """On a machine that allows 1,024 descriptors: a new connection is answered, at once, all the while."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    limited = ["prlimit", f"--nofile={min(1024, hard)}:{min(1024, hard)}"]
    took_ms = []
    with running_studio(tmp_path, before=limited) as studio, crowd(studio, 3000, 500):
        log_bytes = len(studio.log)
        for _ in range(40):
            began = time.monotonic()
            studio.get("/api/v1/state")
            took_ms.append((time.monotonic() - began) * 1000)
        assert len(studio.log) - log_bytes < 4096
        assert "Traceback" not in studio.log
    print(f"beside 3,500 idle connections: {sorted(took_ms)[20]:.1f} ms, {max(took_ms):.1f} at most")
    assert sorted(took_ms)[20] <= 50
