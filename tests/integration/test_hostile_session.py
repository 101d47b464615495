"""A really running studio under a hostile client: refusals with stable codes, nothing changed, and no secret
in anything that anybody can read afterwards."""

import asyncio
import json
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from prometheus_client.parser import text_string_to_metric_families

from tests.support.ingest import BlackHole, free_port
from tests.support.running import RunningStudio, left_behind, running_studio, wait_until

pytestmark = pytest.mark.alone

TURN_SECRET = "turn-sentinel-7c1d"
KEYS = ("key-sentinel-a91f", "query-sentinel-5b2e", "password-sentinel-30cd", "hole-sentinel-e4f8")
METRICS = {
    "studio_ticks_total": set(),
    "studio_late_ticks_total": set(),
    "studio_seats": {"state"},
    "studio_output_state": {"output", "ingest", "state"},
    "studio_output_bytes_total": {"output", "ingest"},
    "studio_output_dropped_total": {"output", "ingest"},
    "studio_process_cpu_seconds_total": {"process"},
    "studio_process_resident_bytes": {"process"},
    "studio_guest_packets_lost_total": {"seat"},
    "studio_peers": {"kind"},
}
"""DESIGN §6."""

BAD_COMMANDS: list[tuple[str, int, str]] = [
    ("", 400, "command.malformed"),
    ("null", 400, "command.malformed"),
    ("[]", 400, "command.malformed"),
    ("{}", 400, "command.malformed"),
    ("[" * 60_000, 400, "command.malformed"),
    ('{"type":7}', 400, "command.malformed"),
    ('{"type":"no.such"}', 400, "command.unknown"),
    ('{"type":"program.auto"}', 409, "preview.empty"),
    ('{"type":"seat.admit"}', 400, "command.malformed"),
    ('{"type":"seat.admit","seat":"nobody"}', 404, "seat.unknown"),
    ('{"type":"seat.admit","seat":"led"}', 409, "seat.not-speaker"),
    ('{"type":"seat.admit","seat":"mayor","more":1}', 400, "command.malformed"),
    ('{"type":"seat.admit","seat":"../mayor"}', 400, "command.malformed"),
    ('{"type":"seat.create","seat":"mayor"}', 409, "seat.exists"),
    ('{"type":"seat.create","role":"king"}', 400, "command.malformed"),
    ('{"type":"seat.create","ttl_s":1}', 400, "command.malformed"),
    ('{"type":"seat.create","name":"\\u202e\\u2066"}', 400, "seat.name-empty"),
    ('{"type":"seat.update","seat":"mayor","name":"\\u200b \\u3164"}', 400, "seat.name-empty"),
    (json.dumps({"type": "seat.update", "seat": "mayor", "name": "x" * 81}), 400, "text.too-long"),
    ('{"type":"scene.update","scene":"none","title":"x"}', 404, "scene.unknown"),
    ('{"type":"scene.delete","scene":"bars"}', 409, "scene.in-use"),
    ('{"type":"scene.create","canvases":{"program":{"layout":"spiral"}}}', 400, "scene.layout-unknown"),
    ('{"type":"scene.create","canvases":{"multiview":{}}}', 400, "command.malformed"),
    (
        '{"type":"scene.create","canvases":{"program":{"places":[{"seat":"nobody"}]}}}',
        404,
        "seat.unknown",
    ),
    ('{"type":"preview.set","scene":"none"}', 404, "scene.unknown"),
    ('{"type":"program.cut"}', 409, "preview.empty"),
    ('{"type":"program.cut","scene":"none"}', 404, "scene.unknown"),
    ('{"type":"program.fade_to_black","on":"yes"}', 400, "command.malformed"),
    ('{"type":"source.create","kind":"clip"}', 400, "source.needs-media"),
    ('{"type":"source.delete","source":"bars"}', 409, "source.in-use"),
    ('{"type":"source.gain","source":"bars","db":1e999}', 400, "command.malformed"),
    ('{"type":"source.mute","source":"none","muted":true}', 404, "source.unknown"),
    ('{"type":"output.start","output":"none"}', 404, "output.unknown"),
    ('{"type":"output.delete","output":"tv"}', 409, "output.running"),
    (
        json.dumps({"type": "output.update", "output": "tv", "url": f"rtmp://h/a/{KEYS[0]}"}),
        409,
        "output.running",
    ),
    (json.dumps({"type": "output.create", "url": f"http://h/a/{KEYS[0]}"}), 400, "url.scheme"),
    (json.dumps({"type": "output.create", "url": f"rtmp://h/a/{KEYS[0]}\n"}), 400, "url."),
    (json.dumps({"type": "output.create", "url": ["rtmp://h/a", KEYS[0]]}), 400, "command.malformed"),
    (json.dumps({"type": "output.create", "output": f"rtmp://h/a/{KEYS[0]}"}), 400, "command.malformed"),
    (json.dumps({"type": "output.create", "rendition": KEYS[0], "url": "rtmp://h/a/b"}), 400, "output."),
    (json.dumps({"type": f"output.create/{KEYS[0]}"}), 400, "command.unknown"),
]


class Hostile:
    """What every answer said, to be searched for secrets in the end."""

    def __init__(self, studio: RunningStudio, hole: int) -> None:
        self.studio = studio
        self.hole = hole
        self.heard: list[str] = []
        self.tokens: list[str] = []
        """The director's, all invites' and all cookies."""

    async def ask(self, method: str, path: str, token: str = "", **more: Any) -> tuple[int, str]:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        async with (
            aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http,
            http.request(
                method,
                self.studio.url + path,
                headers=headers | more.pop("headers", {}),
                allow_redirects=False,
                **more,
            ) as response,
        ):
            text = (await response.read()).decode("utf-8", "replace")
            told = {name: value for name, value in response.headers.items() if name != "Set-Cookie"}
            self.heard.append(f"{method} answered {told} {text}")
            self.tokens += [
                each.partition("=")[2].partition(";")[0] for each in response.headers.getall("Set-Cookie", [])
            ]
            return response.status, text

    async def command(self, data: str, token: str = "") -> tuple[int, dict[str, Any]]:
        status, text = await self.ask(
            "POST",
            "/api/v1/commands",
            token or self.studio.token,
            headers={"Content-Type": "application/json"},
            data=data.encode(),
        )
        return status, json.loads(text)

    async def invite(self, seat: str, **fields: str) -> str:
        """Told once: what this answer said is not part of what may be searched."""
        status, done = await self.command(json.dumps({"type": "seat.create", "seat": seat} | fields))
        assert status == 200
        self.heard.pop()
        token = str(done["result"]["link"]).replace("token=", "/").rpartition("/")[2]
        self.tokens.append(token)
        return token


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningStudio, int]]:
    config = f"[ice]\nturn = ['turn:turn.example:3478']\nturn_secret = '{TURN_SECRET}'\n"
    with (
        BlackHole() as hole,
        running_studio(tmp_path_factory.mktemp("hostile"), config=config) as running,
    ):
        yield running, hole.port


@pytest_asyncio.fixture
async def hostile(studio: tuple[RunningStudio, int]) -> AsyncIterator[Hostile]:
    yield Hostile(*studio)


async def test_refusals_and_secrets(hostile: Hostile) -> None:
    studio, director = hostile.studio, hostile.studio.token
    hostile.tokens.append(director)
    mayor = await hostile.invite("mayor", name="Mayor\u202e\u2066")
    wall = await hostile.invite("led", name="LED", role="wall")
    late = await hostile.invite("late", name="Late")
    urls = {
        "tv": f"rtmp://127.0.0.1:{free_port()}/live/{KEYS[0]}?auth={KEYS[1]}",
        "login": f"rtmp://user:{KEYS[2]}@127.0.0.1:{free_port()}/live/{KEYS[0]}",
        "hole": f"rtmp://127.0.0.1:{hostile.hole}/live/{KEYS[3]}",
    }
    setup: list[dict[str, Any]] = [
        {"type": "source.create", "source": "bars", "kind": "bars"},
        {"type": "scene.create", "scene": "bars", "canvases": {"program": {"places": [{"source": "bars"}]}}},
        {"type": "program.cut", "scene": "bars"},
        *(
            {"type": "output.create", "output": name, "url": url, "bus": "floor"}
            for name, url in urls.items()
        ),
        *({"type": "output.start", "output": name} for name in urls),
        {"type": "seat.revoke", "seat": "late"},
    ]
    for each in setup:
        status, done = await hostile.command(json.dumps(each))
        assert status == 200, done
    before = await asyncio.to_thread(studio.client.state)
    assert before["state"]["seats"]["mayor"]["name"] == "Mayor"

    for data, status, code in BAD_COMMANDS:
        told, problem = await hostile.command(data)
        assert (told, problem["status"]) == (status, status), (data[:80], problem)
        assert problem["code"].startswith(code), (data[:80], problem)
    for token, status in ((mayor, 403), (wall, 403), (late, 401), ("wrong", 401), (director[:-1], 401)):
        told, _ = await hostile.command('{"type":"program.fade_to_black","on":true}', token)
        assert told == status
    told, _ = await hostile.command('{"type":"seat.update","seat":"led","name":"Mine"}', mayor)
    assert told == 403

    for token in (director, mayor, wall, late, "wrong" + mayor):
        for path in (
            f"/console?token={token}",
            f"/join/{token}",
            f"/wall?token={token}",
            f"/nowhere/{token}",
        ):
            await hostile.ask("GET", path)
        await hostile.ask("GET", "/api/v1/me", headers={"Cookie": f"studio-console={token}.{token}"})
        await hostile.ask("POST", f"/api/v1/peers?kind=guest&client={token}", token, data=b"rubbish")
        await hostile.ask("GET", f"/api/v1/events?after={token}", director)
    _raw(studio, f"GET /join/{mayor} HTTP/9.9\r\nbad header {mayor}\r\n\r\n")
    _raw(studio, f"GET /join/{mayor}{'x' * 9000} HTTP/1.1\r\n\r\n")
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {director}"}) as http:
        async with http.ws_connect(f"{studio.url}/ws") as ws:
            for text in (
                "rubbish",
                mayor,
                '{"type":"command","id":"1","command":{"type":"x","url":"' + urls["tv"],
            ):
                await ws.send_str(text)
            answers = [await ws.receive_str() for _ in range(4)]
        hostile.heard += answers

    def tried() -> bool:
        state = studio.state()["status"]["outputs"]
        return all(state[name]["state"] in ("retrying", "failed") and state[name]["reason"] for name in urls)

    await asyncio.to_thread(wait_until, "every destination failed and says why", tried, 30)
    after = await asyncio.to_thread(studio.client.state)
    assert after["revision"] == before["revision"]
    assert _lasting(after) == _lasting(before)

    _, metrics = await hostile.ask("GET", "/metrics")
    families = text_string_to_metric_families(metrics)
    samples = {each.name: set(each.labels) for family in families for each in family.samples}
    for name, labels in METRICS.items():
        if name != "studio_guest_packets_lost_total":  # nobody is connected here
            assert samples[name] == labels, name
    assert 'studio_output_state{ingest="primary",output="tv",state="retrying"}' in metrics

    for path in ("state", "events?limit=1000", "openapi.json", "me"):
        await hostile.ask("GET", f"/api/v1/{path}", director)
    secret = (studio.data / "cookie.secret").read_bytes()
    readable = {
        "an answer": "\n".join(hostile.heard),
        "the log": studio.log,
        "a command line": "\n".join(left_behind(studio.data)),
        "an environment": _environments(studio),
    }
    for where, text in readable.items():
        for word in (*KEYS, TURN_SECRET, *hostile.tokens, secret.hex()):
            assert word not in text, (where, word[:6], text[max(0, text.find(word) - 200) :][:260])


def _lasting(state: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in state["state"].items() if key != "status"}


def _raw(studio: RunningStudio, text: str) -> None:
    host, _, port = studio.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=5) as plain:
        plain.sendall(text.encode())
        assert b"application/problem+json" in plain.recv(65536)


def _environments(studio: RunningStudio) -> str:
    pids = [studio.process.pid, *studio.processes().values()]
    return "\n".join(Path(f"/proc/{pid}/environ").read_text("utf-8", "replace") for pid in pids)


def test_the_log_on_disk_keeps_no_token(studio: tuple[RunningStudio, int]) -> None:
    """The event log must hold stream keys; of links and sessions it holds hashes only."""
    running = studio[0]
    link = running.invite("hashed", name="Hashed")
    token = link.rpartition("/")[2].encode()
    files = [*running.data.glob("show.db*"), *running.data.glob("recordings/*")]
    assert files
    assert not any(token in file.read_bytes() for file in files)
    assert all(file.stat().st_mode & 0o077 == 0 for file in running.data.glob("show.db*"))


def test_rehearsals_and_ctl_tell_no_token(studio: tuple[RunningStudio, int]) -> None:
    running = studio[0]
    done = subprocess.run(
        [sys.executable, "-m", "studio", "ctl", '{"type":"nothing"}', "--data", str(running.data)],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 1
    assert running.token not in done.stdout + done.stderr
