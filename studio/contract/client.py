"""A program on this machine talks to the running studio, found by its ``run.json``."""

import json
import os
import ssl
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from studio.contract.datadir import RUN_FILE, RunInfo, read_run

TIMEOUT_S = 10.0


class ClientError(Exception):
    """The studio can't be reached or refuses. ``str()`` is one line; ``code`` is the problem's, if any."""

    def __init__(self, message: str, status: int = 0, code: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.code = code


def running(data: Path) -> RunInfo:
    """The studio running on a data directory. Raises :class:`ClientError` when there is none."""
    info = read_run(data)
    if info is None or not _exists(info.pid):
        raise ClientError(f"no studio is running on {data} (there is no valid {RUN_FILE})")
    return info


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def tls_context(url: str) -> ssl.SSLContext | None:
    """Return the context for HTTPS; None for plain HTTP. On the loopback address the certificate's name can't
    match: the way there is this machine itself, so that it isn't checked."""
    parts = urlsplit(url)
    if parts.scheme != "https":
        return None
    context = ssl.create_default_context()
    if parts.hostname in ("127.0.0.1", "::1", "localhost"):
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


class Client:
    """The director's hands over HTTP. ``timeout_s`` is how long any call waits for the studio."""

    def __init__(self, info: RunInfo, timeout_s: float = TIMEOUT_S) -> None:
        self.info = info
        self._timeout_s = timeout_s
        self._tls = tls_context(info.url)

    @classmethod
    def of(cls, data: Path) -> "Client":
        """Raises :class:`ClientError`."""
        return cls(running(data))

    def state(self) -> dict[str, Any]:
        """``{"revision", "serial", "state"}``. Raises :class:`ClientError`."""
        return self._json("GET", "/api/v1/state")

    def check(self) -> None:
        """Raises :class:`ClientError` unless the studio answers."""
        self._json("GET", "/healthz")

    def command(self, command: dict[str, Any]) -> dict[str, Any]:
        """One command → ``{"revision", "events", "result"?}``. Raises :class:`ClientError`."""
        return self.command_bytes(json.dumps(command).encode())

    def command_bytes(self, command: bytes) -> dict[str, Any]:
        """The same for JSON as it is: what is wrong with it, the studio says."""
        return self._json("POST", "/api/v1/commands", command)

    def upload(self, name: str, body: bytes) -> dict[str, Any]:
        """A file for the media library → what the studio found in it, with its ``id``. Raises
        :class:`ClientError`."""
        query = urllib.parse.urlencode({"name": name})
        return self._json("POST", f"/api/v1/media?{query}", body, "application/octet-stream")

    def watch(self) -> Iterator[dict[str, Any]]:
        """The snapshot and then every change, as they come; ends when the studio does. No event loop may run
        in this thread."""
        import asyncio

        changes = self._changes()

        async def following() -> dict[str, Any] | None:
            return await anext(changes, None)

        with asyncio.Runner() as runner:
            try:
                while (change := runner.run(following())) is not None:
                    yield change
            finally:
                runner.run(changes.aclose())

    async def _changes(self) -> AsyncGenerator[dict[str, Any], None]:
        import aiohttp  # which takes a third of a second to load, and other commands do without

        headers = {"Authorization": f"Bearer {self.info.director_token}"}
        try:
            async with (
                aiohttp.ClientSession(headers=headers) as session,
                session.ws_connect(f"{self.info.url}/ws", ssl=self._tls or True, max_msg_size=0) as socket,
            ):
                async for message in socket:
                    if message.type is aiohttp.WSMsgType.TEXT:
                        yield json.loads(message.data)
        except (OSError, aiohttp.ClientError) as error:
            raise ClientError(f"the studio at {self.info.url} cannot be reached: {error}") from error

    def _json(
        self, method: str, path: str, body: bytes | None = None, type_: str = "application/json"
    ) -> dict[str, Any]:
        request = urllib.request.Request(  # noqa: S310 - the URL is our own studio's
            self.info.url + path,
            data=body,
            method=method,
            headers={
                "Authorization": f"Bearer {self.info.director_token}",
                **({"Content-Type": type_} if body is not None else {}),
            },
        )
        # no proxies: the way to our own studio is never through one
        handlers: list[urllib.request.BaseHandler] = [urllib.request.ProxyHandler({})]
        if self._tls is not None:
            handlers.append(urllib.request.HTTPSHandler(context=self._tls))
        try:
            with urllib.request.build_opener(*handlers).open(request, timeout=self._timeout_s) as answer:
                result: dict[str, Any] = json.load(answer)
                return result
        except urllib.error.HTTPError as error:
            raise _refused(error) from error
        except OSError as error:
            reason = getattr(error, "reason", error)
            raise ClientError(f"the studio at {self.info.url} cannot be reached: {reason}") from error


def _refused(error: urllib.error.HTTPError) -> ClientError:
    try:
        problem = json.loads(error.read())
        code, detail = str(problem["code"]), str(problem.get("detail") or problem.get("title", ""))
    except (ValueError, KeyError, TypeError):
        return ClientError(f"the studio answered {error.code}", error.code)
    return ClientError(f"{code}: {detail}", error.code, code)
