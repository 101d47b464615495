"""The WebSocket: the show's changes out, commands in."""

import asyncio

import msgspec
from aiohttp import WSMsgType, web

from signaling import messages
from signaling.access import SESSION
from signaling.hub import Client
from signaling.limits import WS_MESSAGE_BYTES, Limiter
from signaling.ports import RefusedError
from signaling.problems import as_refused, log_unforeseen, problem
from signaling.routes.context import Context, context

HEARTBEAT_S = 20.0


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
    limiter = Limiter(ctx.access.ws_messages, "rate.messages", max_keys=1)
    try:
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                await _receive(ctx, client, limiter, message.data.encode())
            elif message.type is WSMsgType.BINARY:
                _refuse(ctx, client, "", RefusedError(400, "message.malformed", "Send text messages."))
    finally:
        await ctx.hub.leave(client)
    return socket


async def _receive(ctx: Context, client: Client, limiter: Limiter, data: bytes) -> None:
    id_ = ""
    try:
        limiter.take("")
        try:
            message = messages.decode_from_client(data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise RefusedError(400, "message.malformed", "This message is not understood.") from None
        if isinstance(message, messages.Ping):
            ctx.hub.send(client, messages.Pong())
            return
        if isinstance(message, messages.WatchMeters):
            ctx.hub.watch_meters(client, message.on)
            return
        id_ = message.id
        ctx.access.take_command(client.session)
        if not ctx.access.auth.not_withdrawn(client.session):
            raise RefusedError(401, "session.ended", "This link was replaced or withdrawn.")
        done = await ctx.deps.show.execute(bytes(message.command), client.actor)
        ctx.hub.send(client, messages.reply(id_, done))
    except asyncio.CancelledError:
        raise
    except Exception as error:
        refused = as_refused(error)
        log_unforeseen(error, refused, "/ws")
        _refuse(ctx, client, id_, refused)


def _refuse(ctx: Context, client: Client, id_: str, error: RefusedError) -> None:
    ctx.hub.send(client, messages.Refused(id_, problem(error)))
