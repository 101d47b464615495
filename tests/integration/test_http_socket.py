"""The socket the HTTP server answers on: taken ports, TLS files."""

import asyncio
import ssl
import subprocess
from pathlib import Path

import aiohttp
import pytest

from signaling.http.server import PortTakenError, ServeError, TlsFiles, TlsFilesError, claim, serve
from tests.support.house import PAGES, house


async def test_a_taken_port_is_one_clear_error(tmp_path: Path) -> None:
    async with house(tmp_path) as studio:
        app = aiohttp.web.Application()
        with pytest.raises(PortTakenError, match=rf"port {studio.server.port} on 127\.0\.0\.1 is taken"):
            await serve(app, await claim("127.0.0.1", studio.server.port))
        with pytest.raises(ServeError, match="cannot listen"):
            await claim("192.0.2.1", 0)


async def test_it_speaks_tls_with_the_operators_files(tmp_path: Path) -> None:
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    command += ["-nodes", "-keyout", "key.pem", "-out", "cert.pem", "-days", "2", "-subj", "/CN=localhost"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1"]
    await asyncio.to_thread(
        subprocess.run,
        command,
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )
    app = aiohttp.web.Application()
    server = await serve(app, await claim("127.0.0.1", 0, https=True), tls=TlsFiles(cert, key))
    assert server.url.startswith("https://127.0.0.1:")
    trusted = await asyncio.to_thread(ssl.create_default_context, cafile=str(cert))
    async with aiohttp.ClientSession() as http, http.get(server.url, ssl=trusted) as response:
        assert response.status == 404
    await server.close()
    address = await claim("127.0.0.1", 0)
    with pytest.raises(TlsFilesError, match=r"tls\.cert"):
        await serve(aiohttp.web.Application(), address, tls=TlsFiles(tmp_path / "none.pem", key))
    await asyncio.to_thread(cert.write_text, "rubbish")
    with pytest.raises(TlsFilesError):
        await serve(aiohttp.web.Application(), address, tls=TlsFiles(cert, key))
    address.close()


def test_every_page_asks_for_its_import_map() -> None:
    for page in PAGES.glob("*/index.html"):
        assert "<!--importmap-->" in page.read_text("utf-8"), page
