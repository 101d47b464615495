"""The WebSocket: the show's changes out, commands in."""

import asyncio

import msgspec
from aiohttp import WSMsgType, web

from signaling.contract.ports import RefusedError
from signaling.http import messages
from signaling.http.auth.access import SESSION
from signaling.http.auth.limits import WS_MESSAGE_BYTES, Limiter, RateLimitedError
from signaling.http.live.hub import PageSocket
from signaling.http.problems import as_refused, log_unforeseen, problem
from signaling.http.routes.context import RouteContext, context

HEARTBEAT_S = 20.0
PANIC_BYTES = 1024
"""A longer message isn't looked into where there are too many: it is neither black nor the slate."""
AT_ONCE = 192
"""Commands of one socket under way, as many as the show takes of one client: more are refused. A socket is
always read, or a take would wait behind what is slow."""


async def websocket(request: web.Request) -> web.WebSocketResponse:
    ctx, session = context(request), request[SESSION]
    ctx.access.check_origin(request)  # a cookie travels with any page's handshake, whatever its method
    socket = web.WebSocketResponse(heartbeat=HEARTBEAT_S, max_msg_size=WS_MESSAGE_BYTES, compress=False)
    if not socket.can_prepare(request).ok:
        raise RefusedError(426, "websocket.required", "Connect to this address with a WebSocket.")
    ctx.hub.make_room(session, ctx.deps.limits)
    await socket.prepare(request)
    transport = request.transport
    if transport is None:
        return socket  # gone already
    client = ctx.hub.join(socket, session, transport.abort)
    commands = Commands(ctx, client)
    limiter = Limiter(ctx.access.ws_messages, "rate.messages", max_keys=1)
    try:
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                _receive(ctx, client, commands, limiter, message.data.encode())
                await asyncio.sleep(0)  # what lies ready is read one by one, with everybody else in between
            elif message.type is WSMsgType.BINARY:
                _refuse(ctx, client, "", RefusedError(400, "message.malformed", "Send text messages."))
    finally:
        await ctx.hub.leave(client)
    return socket


class Commands:
    """The commands of one socket that are under way. They are given to the show in the order they came in,
    and none waits for the answer to another: a theme that is being read holds no cut up."""

    def __init__(self, ctx: RouteContext, client: PageSocket) -> None:
        self._ctx = ctx
        self._client = client
        self._under_way: set[asyncio.Task[None]] = set()

    def begin(self, id_: str, command: bytes, *, first: bool) -> None:
        """``first``: it passes what waits. Raises RefusedError 429 ``session.busy`` where there are too many
        others."""
        if len(self._under_way) >= AT_ONCE and not first:
            raise RefusedError(429, "session.busy", "Too many commands at once; try again.")
        # Nobody cancels it: what was asked for is done, though the page was closed a moment later.
        task = asyncio.create_task(self._carry_out(id_, command), name="ws command")
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _carry_out(self, id_: str, command: bytes) -> None:
        ctx, client = self._ctx, self._client
        try:
            done = await ctx.deps.show.execute(command, client.actor, client.id)
        except Exception as error:
            _failed(ctx, client, id_, error)
        else:
            ctx.hub.send(client, messages.reply(id_, done))


def _receive(
    ctx: RouteContext, client: PageSocket, commands: Commands, limiter: Limiter, data: bytes
) -> None:
    id_ = ""
    try:
        overdue = _counted(limiter)
        if overdue is not None and len(data) > PANIC_BYTES:
            raise overdue
        try:
            message = messages.decode_from_client(data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise RefusedError(400, "message.malformed", "This message is not understood.") from None
        show, panic = ctx.deps.show, False
        if isinstance(message, messages.Command):
            panic = client.actor.role == "director" and show.is_panic(bytes(message.command))
        if overdue is not None and not panic:
            if isinstance(message, messages.Command):
                id_ = message.id
            raise overdue
        if isinstance(message, messages.Ping):
            ctx.hub.send(client, messages.Pong())
            return
        if isinstance(message, messages.WatchMeters):
            ctx.hub.watch_meters(client, message.on)
            return
        id_, command = message.id, bytes(message.command)
        first = show.goes_first(command)
        ctx.access.take_command(client.session, client.id, first=first, panic=panic)
        if not ctx.access.auth.not_withdrawn(client.session):
            raise RefusedError(401, "session.ended", "This link was replaced or withdrawn.")
        commands.begin(id_, command, first=first)
    except Exception as error:
        _failed(ctx, client, id_, error)


def _counted(limiter: Limiter) -> RateLimitedError | None:
    """Return what is wrong with one message more; black and the slate pass all the same."""
    try:
        limiter.take("")
    except RateLimitedError as error:
        return error
    return None


def _failed(ctx: RouteContext, client: PageSocket, id_: str, error: Exception) -> None:
    refused = as_refused(error)
    log_unforeseen(error, refused, "/ws")
    _refuse(ctx, client, id_, refused)


def _refuse(ctx: RouteContext, client: PageSocket, id_: str, error: RefusedError) -> None:
    ctx.hub.send(client, messages.Refused(id_, problem(error)))
