"""Who is signed in: the director sees the sessions and ends them."""

from aiohttp import web

from signaling.http import messages
from signaling.http.auth.access import SESSION
from signaling.http.auth.auth import AuthSession
from signaling.http.routes.api import json_response
from signaling.http.routes.context import RouteContext, context


async def listed(request: web.Request) -> web.Response:
    ctx, own = context(request), request[SESSION]
    found = [
        messages.SessionInfo(
            id=id_,
            role=known.role,
            seat=known.seat or None,
            address=known.address,
            began=known.began,
            seen=known.seen,
            pages=ctx.hub.pages_of(id_),
            yours=id_ == own.id,
        )
        for id_, known in ctx.access.sessions.listed().items()
        if ctx.access.auth.still_valid(AuthSession(known.grant, id=id_))
    ]
    found.sort(key=lambda each: -each.began)
    return json_response(messages.SessionList(found))


async def end(request: web.Request) -> web.Response:
    ctx, id_ = context(request), request.match_info["session"]
    try:
        await ctx.access.sessions.end(id_)
    finally:
        if ctx.access.sessions.ended(id_):
            ctx.hub.end_session(id_)
            await _close_peers(ctx, id_)
    return web.Response(status=204)


async def _close_peers(ctx: RouteContext, id_: str) -> None:
    peers = ctx.deps.peers
    for peer in ctx.access.sessions.peers(id_):
        if (owner := peers.owner(peer)) is not None:
            await peers.close(peer, owner.client)
