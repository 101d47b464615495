"""One HTTP connection: how long it may take for what, and problem documents also for what aiohttp refuses
before any of our code, broken or oversized HTTP."""

import asyncio
from collections.abc import Callable
from typing import Any

from aiohttp import web
from aiohttp.http_exceptions import LineTooLong
from aiohttp.web_protocol import RequestHandler

from signaling.contract.ports import RefusedError
from signaling.http import problems
from signaling.http.door import DoorLimits
from signaling.http.pages import add_security_headers

HEAD_BYTES = 64 * 1024
"""Of a request's line and headers together, before they are whole."""


class StudioRequestHandler(RequestHandler):
    """Implements :class:`signaling.http.door.Handler`."""

    __slots__ = ("_head_bytes", "_head_s", "_heard_s", "lost")

    lost: Callable[[], None] | None

    def __init__(self, manager: web.Server, **how: Any) -> None:
        super().__init__(manager, **how)
        self.lost = None
        self._heard_s = self._loop.time()
        self._head_s: float | None = self._heard_s
        """When the head of the next request began to come, by the loop's clock; None: not yet. Of the first
        one something is there already, or the handshake was."""
        self._head_bytes = 0

    def data_received(self, data: bytes) -> None:
        waiting = self._waits
        super().data_received(data)
        self._heard_s = self._loop.time()
        if not (waiting and self._waits):
            self._head_s, self._head_bytes = None, 0
            return
        self._head_bytes += len(data)
        if self._head_s is None:
            self._head_s = self._heard_s
        if self._head_bytes > HEAD_BYTES:
            self.drop()

    def connection_lost(self, exc: BaseException | None) -> None:
        super().connection_lost(exc)
        if self.lost is not None:
            self.lost()

    @property
    def _waits(self) -> bool:
        """True if no request is whole and none is answered."""
        return self._waiter is not None and not self._waiter.done()

    def waiting_since_s(self) -> float | None:
        """See :class:`signaling.http.door.Handler`. While an answer is given, time goes on without being
        heard."""
        if not self._waits:
            self._heard_s = self._loop.time()
            return None
        return self._heard_s if self._head_s is None else self._head_s

    def awaits_body(self) -> bool:
        """See :class:`signaling.http.door.Handler`. Not where we don't read for the moment."""
        request = self._current_request
        return request is not None and not request.content.is_eof() and not self._reading_paused

    def is_upgraded(self) -> bool:
        return self._payload_parser is not None

    def overdue(self, now_s: float, limits: DoorLimits) -> bool:
        since_s = self.waiting_since_s()
        if since_s is None:
            return False
        return now_s - since_s > (limits.idle_s if self._head_s is None else limits.head_s)

    def drop(self) -> None:
        """End the connection now, unless it is gone."""
        transport = self.transport
        self.force_close()
        if isinstance(transport, asyncio.Transport):
            transport.abort()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """See the base class; nothing of the client's bytes is logged or echoed."""
        if request.writer.output_size > 0:
            raise ConnectionError("the response has begun, an error cannot be told any more")
        if isinstance(exc, ConnectionError):
            raise exc  # the client is gone: nobody is left to be told
        if status >= 500:
            error = RefusedError(500, "internal", "Something failed on our side. Please try again.")
            if isinstance(exc, Exception):
                problems.log_unforeseen(exc, error, "http")
        elif isinstance(exc, LineTooLong):
            error = RefusedError(431, "headers.too-large", "The request's line or headers are too long.")
        else:
            error = RefusedError(status, "request.malformed", "This is not a well-formed HTTP request.")
        response = problems.response(error)
        add_security_headers(response, https=False)
        response.force_close()
        return response


class StudioServer(web.Server):
    """Makes the above for each connection."""

    def __call__(self) -> StudioRequestHandler:
        return StudioRequestHandler(self, loop=self._loop, **self._kwargs)


class StudioRunner(web.AppRunner):
    def handler(self) -> StudioRequestHandler:
        """The protocol of a new connection."""
        assert isinstance(self.server, StudioServer)
        return self.server()

    async def _make_server(self) -> web.Server:
        server = await super()._make_server()
        return StudioServer(
            server.request_handler,
            request_factory=server.request_factory,
            handler_cancellation=server.handler_cancellation,
            **server._kwargs,
        )
