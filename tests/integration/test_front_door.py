"""How browsers reach a really running studio: its own TLS, a proxy before it, HEAD, old and wrong links."""

import asyncio
import base64
import contextlib
import hmac
import json
import os
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from tests.support.ingest import Authority, free_port, listening
from tests.support.running import RunningStudio, running_studio, wait_until

pytestmark = pytest.mark.alone

NGINX = "/usr/sbin/nginx"


def cookie_of(response: aiohttp.ClientResponse) -> str:
    (header,) = response.headers.getall("Set-Cookie")
    return header


def certificate(folder: Path) -> tuple[Authority, Path]:
    """An authority, and the file with its certificate for ``localhost`` and that one's key."""
    authority = Authority(folder)
    authority.server_context("localhost")
    (file,) = [each for each in folder.glob("*.pem") if each != authority.ca_file]
    return authority, file


@pytest.fixture
def https_studio(tmp_path: Path) -> Iterator[tuple[RunningStudio, Authority]]:
    authority, file = certificate(tmp_path)
    config = f"[tls]\ncert = '{file}'\nkey = '{file}'\n"
    with running_studio(tmp_path / "data", config=config) as running:
        yield running, authority


async def test_it_serves_https_itself(https_studio: tuple[RunningStudio, Authority]) -> None:
    studio, authority = https_studio
    assert studio.url.startswith("https://127.0.0.1:")
    address = studio.url.replace("127.0.0.1", "localhost")  # as the certificate has it
    trusted = await asyncio.to_thread(ssl.create_default_context, cafile=str(authority.ca_file))
    link = await asyncio.to_thread(studio.invite, "mayor-1", name="Mayor")
    assert link.startswith(f"{studio.url}/join/")
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
        async with http.get(
            link.replace("127.0.0.1", "localhost"), ssl=trusted, allow_redirects=False
        ) as response:
            assert response.status == 303
            assert "; Secure" in cookie_of(response)
            assert "max-age" in response.headers["Strict-Transport-Security"]
        async with http.ws_connect(
            f"{address}/ws",
            ssl=trusted,
            headers={"Authorization": f"Bearer {studio.token}", "Origin": address},
        ) as socket:
            assert (await socket.receive_json())["type"] == "snapshot"
        with pytest.raises(aiohttp.ClientConnectorCertificateError):
            await http.get(f"{address}/healthz")
        with pytest.raises(aiohttp.ClientError):
            await http.get(f"{address.replace('https', 'http')}/healthz")
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "studio", "ctl", "state"],
        env={**os.environ, "STUDIO_DATA": str(studio.data)},
        capture_output=True,
        timeout=30,
    )
    assert "mayor-1" in json.loads(done.stdout)["state"]["seats"]


@contextlib.contextmanager
def proxy(folder: Path, port: int, certificate: Path, target: str) -> Iterator[None]:
    """nginx that ends TLS and passes everything on, as operators set it up; ``Host`` is its own default."""
    (folder / "nginx.conf").write_text(
        ("user root;\n" if os.geteuid() == 0 else "")
        + f"daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;\n"
        "events { worker_connections 64; }\n"
        "http { access_log off; "
        + "".join(
            f"{kind}_temp_path {folder}/{kind}; "
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        + f"server {{ listen 127.0.0.1:{port} ssl; ssl_certificate {certificate}; "
        f"ssl_certificate_key {certificate}; location / {{ proxy_pass {target}; proxy_http_version 1.1; "
        "proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $http_connection; "
        "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; } } }\n"
    )
    process = subprocess.Popen(
        [NGINX, "-p", str(folder), "-c", str(folder / "nginx.conf")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until("the proxy answers", lambda: listening(port))
        yield
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture
def proxied_studio(tmp_path: Path) -> Iterator[tuple[RunningStudio, Authority, str]]:
    """With the address at which browsers reach it."""
    authority, file = certificate(tmp_path)
    port = free_port()
    public = f"https://localhost:{port}"
    config = f"public_url = '{public}'\n[server]\ntrusted_proxies = ['127.0.0.1']\n"
    with (
        running_studio(tmp_path / "data", config=config) as running,
        proxy(tmp_path, port, file, running.url),
    ):
        yield running, authority, public


async def test_it_works_behind_a_proxy_that_ends_tls(
    proxied_studio: tuple[RunningStudio, Authority, str],
) -> None:
    studio, authority, public = proxied_studio
    link = await asyncio.to_thread(studio.invite, "mayor-1", name="Mayor")
    assert link.startswith(f"{public}/join/")
    trusted = await asyncio.to_thread(ssl.create_default_context, cafile=str(authority.ca_file))
    connector = aiohttp.TCPConnector(ssl=trusted)
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), connector=connector) as http:
        async with http.get(link, allow_redirects=False) as response:
            assert response.status == 303
            assert "; Secure" in cookie_of(response)
            page = response.headers["Location"]
            cookie = {"Cookie": cookie_of(response).partition(";")[0]}
        assert page.startswith("/join?as=")
        async with http.get(public + page, headers=cookie) as response:
            assert response.status == 200
        query = page.partition("?")[2]
        # The studio hears another Host than the browser's, so that only public_url can say what is ours.
        socket = f"{public}/ws?{query}"
        async with http.ws_connect(socket, headers=cookie | {"Origin": public}) as own:
            assert (await own.receive_json())["type"] == "snapshot"
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await http.ws_connect(socket, headers=cookie | {"Origin": "https://evil.example"})
        assert refused.value.status == 403
        # Through the proxy nobody is this machine itself.
        async with http.get(f"{public}/metrics") as response:
            assert response.status == 401


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStudio]:
    config = (
        "[ice]\nstun = ['stun:stun.example:3478']\nturn = ['turn:turn.example:3478']\n"
        "turn_secret = 'shared-with-the-turn-server'\nttl_s = 600\n"
    )
    with running_studio(tmp_path_factory.mktemp("door"), config=config) as running:
        yield running


async def test_pages_hear_of_the_configured_ice_servers_only(studio: RunningStudio) -> None:
    bearer = {"Authorization": f"Bearer {studio.token}"}
    async with (
        aiohttp.ClientSession(headers=bearer) as http,
        http.get(f"{studio.url}/api/v1/me") as response,
    ):
        stun, turn = (await response.json())["ice_servers"]
    assert stun == {"urls": ["stun:stun.example:3478"]}
    assert turn["urls"] == ["turn:turn.example:3478"]
    # What coturn computes from the same secret (use-auth-secret), good for ten minutes.
    expires, _, _ = turn["username"].partition(":")
    assert 590 < int(expires) - time.time() <= 600
    password = hmac.digest(b"shared-with-the-turn-server", turn["username"].encode(), "sha1")
    assert turn["credential"] == base64.b64encode(password).decode()


async def test_whatever_answers_get_answers_head(studio: RunningStudio) -> None:
    link = await asyncio.to_thread(studio.invite, "head", name="Head")
    paths = ["/", "/console", "/wall", "/join", "/healthz", "/readyz", "/metrics", "/assets/shared/base.css"]
    paths += [f"/api/v1/{each}" for each in ("openapi.json", "me", "state", "events", "canvases/wall.jpg")]
    paths += [link.removeprefix(studio.url), "/join/unknown", "/nowhere"]
    bearer = {"Authorization": f"Bearer {studio.token}"}
    async with aiohttp.ClientSession(headers=bearer, cookie_jar=aiohttp.DummyCookieJar()) as http:
        for path in paths:
            async with (
                http.get(studio.url + path, allow_redirects=False) as get,
                http.head(studio.url + path, allow_redirects=False) as head,
            ):
                assert (path, head.status, head.content_type) == (path, get.status, get.content_type)
                assert await head.read() == b""


async def test_an_interpreters_link_leads_to_the_booth_whatever_it_was_pasted_behind(
    studio: RunningStudio,
) -> None:
    made = await asyncio.to_thread(studio.do, "seat.create", seat="kim", name="Kim", role="interpreter")
    link = made["result"]["link"]
    assert link.startswith(f"{studio.url}/booth/")
    other = await asyncio.to_thread(studio.invite, "lost", name="Lost")
    for address in (link, link.replace("/booth/", "/join/"), link.replace("/booth/", "/console?token=")):
        jar = aiohttp.CookieJar(unsafe=True)
        async with aiohttp.ClientSession(cookie_jar=jar) as http:
            async with http.get(address) as response:
                assert (response.status, response.content_type) == (200, "text/html")
                assert response.url.path == "/booth"
                assert list(response.url.query) == ["as"]
                assert '<script type="importmap">' in await response.text()
                as_ = response.url.query["as"]
            async with http.get(f"{studio.url}/api/v1/me", params={"as": as_}) as response:
                me = await response.json()
                assert (me["role"], me["seat"]) == ("interpreter", "kim")
                assert len(me["ice_servers"]) == 2
            # the address without its session, beside a speaker's session in the same browser
            async with http.get(other) as response:
                assert response.url.path == "/join"
            for path in ("/booth", "/join"):
                async with http.get(studio.url + path, allow_redirects=False) as response:
                    assert response.status == 303
                    assert response.headers["Location"].startswith(f"{path}?as=")
            async with http.get(f"{studio.url}/join?as={as_}") as response:
                assert response.status == 403
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
        async with http.get(link[:-3]) as response:
            assert response.status == 401
            assert "This link is not known here" in await response.text()
        async with http.get(f"{studio.url}/booth") as response:
            assert response.status == 401
        # A speaker's link that was pasted behind the wrong page leads to its own.
        async with http.get(other.replace("/join/", "/booth/"), allow_redirects=False) as response:
            assert response.headers["Location"].startswith("/join?as=")
