"""The HTTP server: the application made of its parts, and the socket it answers on."""

import asyncio
import errno
import resource
import socket
import ssl
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from aiohttp import web

from signaling.http import openapi, plain, problems
from signaling.http.auth.access import Access
from signaling.http.auth.auth import Authenticator
from signaling.http.auth.guard import guard_peers
from signaling.http.auth.limits import COMMAND_BYTES
from signaling.http.auth.origin import ClientAddress
from signaling.http.auth.sessions import Sessions
from signaling.http.deps import Deps
from signaling.http.door import ConnectionDoor, DoorLimits, bound
from signaling.http.live.hub import Hub
from signaling.http.metrics import Metrics
from signaling.http.pages import Pages, add_security_headers, policy
from signaling.http.protocol import StudioRunner
from signaling.http.routes.api import command, json_response
from signaling.http.routes.context import ANYONE, CONTEXT, Handler, Route, RouteContext, context
from signaling.http.routes.table import routes
from signaling.http.routes.whip import add_cross_origin
from signaling.http.snapshots import JpegCache

__all__ = [
    "Address",
    "Deps",
    "PortTakenError",
    "ServeError",
    "Server",
    "TlsFiles",
    "claim",
    "make_app",
    "serve",
]

SHUTDOWN_TIMEOUT_S = 2.0
PAGE_ROUTE = web.RequestKey("page_route", bool)


class ServeError(Exception):
    """The server cannot start, for a reason the operator can mend: one line. ``code`` is stable."""

    code = "serve.failed"


class PortTakenError(ServeError):
    """Another program answers on this port."""

    code = "port.taken"


class TlsFilesError(ServeError):
    """The certificate or its key cannot be used."""

    code = "tls.unusable"


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """PEM files: the certificate with its chain, and its key."""

    cert: Path
    key: Path


def make_app(deps: Deps) -> web.Application:
    """The application; it listens to the show while it runs. Raises OSError when the pages are missing."""
    sessions = Sessions(deps.sessions)
    auth = Authenticator(deps.show, deps.director_token, deps.secret, ended=sessions.ended)
    access = Access(auth, sessions, ClientAddress(deps.trusted_proxies), deps.public_url, deps.limits)
    hub = Hub(deps.show, auth.not_withdrawn, deps.meters_wanted)
    app = web.Application(middlewares=[_outermost], client_max_size=COMMAND_BYTES)
    app[CONTEXT] = RouteContext(deps, access, hub, Pages(deps.pages), JpegCache(deps.snapshots))
    listed = routes()
    for route in listed:
        for method in _methods(route):
            app.router.add_route(method, route.path, _guarded(route))
    described = openapi.document(listed, deps.show.command_schema(), metadata.version("summit-studio"))

    async def api_document(request: web.Request) -> web.Response:
        return json_response(described)

    document = Route("GET", "/api/v1/openapi.json", api_document, ANYONE, "This document")
    for method in _methods(document):
        app.router.add_route(method, document.path, _guarded(document))

    async def watch_show(app: web.Application) -> AsyncIterator[None]:
        hub.start()
        unsubscribe = guard_peers(deps.show, deps.peers)
        yield
        unsubscribe()

    async def close_hub(app: web.Application) -> None:
        await hub.close()
        await sessions.close()

    app.cleanup_ctx.append(watch_show)
    app.on_shutdown.append(close_hub)
    return app


def _methods(route: Route) -> tuple[str, ...]:
    """HEAD wherever there is a GET (RFC 9110 §9.3.2); aiohttp leaves the body out. Not for the WebSocket,
    which is no document."""
    return ("GET", "HEAD") if route.method == "GET" and route.answer[0] != 101 else (route.method,)


def _guarded(route: Route) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        request[PAGE_ROUTE] = route.page
        if not route.path.startswith("/assets/"):  # a page has hundreds of font files, and they cost nothing
            context(request).access.admit(request, route.who, takes=route.handler is command)
        return await route.handler(request)

    return handle


@web.middleware
async def _outermost(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refusals and failures become problem documents or plain pages; every response gets its headers."""
    ctx = context(request)
    resource = request.match_info.route.resource
    route = resource.canonical if resource is not None else "unknown"
    response: web.StreamResponse
    try:
        response = await handler(request)
    except (asyncio.CancelledError, ConnectionError):
        raise
    except Exception as error:
        refused = problems.as_refused(error)
        problems.log_unforeseen(error, refused, route)
        if _wants_page(request):
            html = plain.error_page(refused, request.headers.get("Accept-Language", ""))
            response = web.Response(text=html, status=refused.status, content_type="text/html")
            response.headers["Content-Security-Policy"] = policy()
            problems.add_headers(response, refused)
        else:
            response = problems.response(refused)
        if isinstance(error, web.HTTPMethodNotAllowed):
            response.headers["Allow"] = error.headers["Allow"]
    ctx.deps.metrics.count_request(request.method, route, response.status)
    if not response.prepared:
        add_cross_origin(request, response)
        add_security_headers(response, https=ctx.deps.https)
    return response


def _wants_page(request: web.Request) -> bool:
    """A link or page, or any other address outside the API that a browser navigates to."""
    if request.get(PAGE_ROUTE, False):
        return True
    return "text/html" in request.headers.get("Accept", "") and not request.path.startswith(
        ("/api/", "/assets/")
    )


class Server:
    """A running server. ``url`` is where it answers on this machine."""

    def __init__(self, runner: StudioRunner, door: ConnectionDoor, url: str, port: int) -> None:
        self._runner = runner
        self.door = door
        self.url = url
        self.port = port

    async def close(self) -> None:
        """Stop accepting, close WebSockets (1001), let answers finish for at most 2 s, then end."""
        self.door.close()
        await self._runner.cleanup()


class Address:
    """A port that is ours, where nobody answers yet. ``url``: as this machine reaches it."""

    def __init__(self, listeners: Sequence[socket.socket], host: str, *, https: bool) -> None:
        self.listeners = listeners
        self.port: int = listeners[0].getsockname()[1]
        self.host = host
        scheme = "https" if https else "http"
        name = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
        self.url = f"{scheme}://{name}:{self.port}"

    def close(self) -> None:
        for listener in self.listeners:
            listener.close()


async def claim(host: str, port: int, *, https: bool = False) -> Address:
    """Port 0 lets the system choose. Raises :class:`ServeError`."""
    try:
        return Address(await bound(host, port), host, https=https)
    except OSError as error:
        raise _refused(error, host, port) from None


def _refused(error: OSError, host: str, port: int) -> ServeError:
    if error.errno == errno.EADDRINUSE:
        return PortTakenError(f"port {port} on {host} is taken by another program")
    return ServeError(f"cannot listen on {host} port {port}: {error.strerror or error}")


async def serve(
    app: web.Application,
    address: Address,
    *,
    tls: TlsFiles | None = None,
    limits: DoorLimits | None = None,
) -> Server:
    """Start answering. ``limits``: of connections; by default, as many as the
    process's limit of descriptors allows. Raises :class:`ServeError`."""
    context_ = await asyncio.to_thread(_tls_context, tls) if tls is not None else None
    runner = StudioRunner(
        app,
        access_log=None,  # its lines would hold links' tokens; metrics count requests instead
        shutdown_timeout=SHUTDOWN_TIMEOUT_S,
        max_line_size=8190,
        max_field_size=8190,
    )
    await runner.setup()
    ctx = app.get(CONTEXT)
    door = ConnectionDoor(
        runner.handler,
        limits or DoorLimits.of(resource.getrlimit(resource.RLIMIT_NOFILE)[0]),
        (ctx.access.address if ctx else ClientAddress(())).of_peer,
        tls=context_,
        counted=(ctx.deps.metrics if ctx else Metrics()).count_connection,
    )
    try:
        door.open(address.listeners)
    except OSError as error:
        await runner.cleanup()
        raise _refused(error, address.host, address.port) from None
    return Server(runner, door, address.url, address.port)


def _tls_context(files: TlsFiles) -> ssl.SSLContext:
    made = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        made.load_cert_chain(files.cert, files.key)
    except (OSError, ssl.SSLError) as error:
        raise TlsFilesError(f"cannot use tls.cert and tls.key: {error.strerror or error.args[-1]}") from None
    return made
