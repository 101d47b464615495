"""Problem documents also for what aiohttp refuses before any of our code: broken or oversized HTTP."""

from aiohttp import web
from aiohttp.http_exceptions import LineTooLong
from aiohttp.web_protocol import RequestHandler

from signaling import problems
from signaling.pages import add_security_headers
from signaling.ports import RefusedError


class StudioRequestHandler(RequestHandler):
    """One HTTP connection."""

    __slots__ = ()

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
    async def _make_server(self) -> web.Server:
        server = await super()._make_server()
        return StudioServer(
            server.request_handler,
            request_factory=server.request_factory,
            handler_cancellation=server.handler_cancellation,
            **server._kwargs,
        )
