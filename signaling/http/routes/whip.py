"""WHIP in (RFC 9725) and WHEP out (draft-ietf-wish-whep): one POST of an SDP offer makes a session.

Encoders, players and pages of any site may call, by token alone: no cookie counts here, so nothing has to be
asked of the origin. A session's ETag is made of its peer's id, so that a control that restarts still knows
it. ICE restarts are not done (422); candidates that come later are taken.
"""

import hashlib
from collections.abc import Iterable

from aiohttp import web

from signaling.contract.messages import IceServer
from signaling.contract.ports import PeerOwner, RefusedError
from signaling.contract.state import Role
from signaling.http.auth.auth import AuthSession
from signaling.http.auth.limits import SMALL_BYTES, read_body
from signaling.http.routes.context import RouteContext, context
from signaling.http.routes.peers import SDP, read_offer
from signaling.rtc.transport import trickle

_MAY_WATCH: dict[str, frozenset[Role]] = {
    "program": frozenset(("viewer", "director")),
    "wall": frozenset(("viewer", "wall", "director")),
}
CANVASES = tuple(_MAY_WATCH)
_CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": (
        "Location, ETag, Link, Accept-Patch, Accept-Post, Retry-After, WWW-Authenticate"
    ),
}
_PREFLIGHT = {
    "Access-Control-Allow-Methods": "POST, PATCH, DELETE, OPTIONS",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, If-Match",
    "Access-Control-Max-Age": "86400",
}
_PATHS = ("/whip/", "/whep/")


def add_cross_origin(request: web.Request, response: web.StreamResponse) -> None:
    """Say what pages of other sites may read of our answers, refusals included; no cookies with it."""
    if request.path.startswith(_PATHS):
        response.headers.update(_CORS)


async def options(request: web.Request) -> web.Response:
    """The preflight; it tells nothing of what exists."""
    return web.Response(headers=_PREFLIGHT | {"Accept-Post": SDP, "Accept-Patch": trickle.CONTENT_TYPE})


async def publish(request: web.Request) -> web.Response:
    ctx, source = context(request), request.match_info["source"]
    ctx.access.admit_publisher(request, source)
    if not _takes_whip(ctx, source):
        raise RefusedError(404, "source.unknown", "There is no such source that takes WHIP.")
    ctx.access.take_publishing(request, source)
    sdp = await read_offer(request)
    takeover = request.query.get("takeover") == "1"
    peer, answer = await ctx.deps.peers.open("whip", "", source, sdp, takeover=takeover)
    try:
        ctx.access.admit_publisher(request, source)
    except RefusedError:  # renewed while the shard was answering
        ctx.deps.peers.drop_source(source)
        raise
    if not _takes_whip(ctx, source):
        ctx.deps.peers.drop_source(source)
        raise RefusedError(404, "source.unknown", "This source was deleted.")
    return _created(f"/whip/{source}/{peer}", peer, answer, ctx.deps.peers.ice_servers())


async def watch(request: web.Request) -> web.Response:
    ctx, canvas = context(request), request.match_info["canvas"]
    session = _viewer(request, canvas)
    bus = request.query.get("bus", "")
    if bus and bus not in _buses(ctx):
        raise RefusedError(404, "bus.unknown", "Take floor, hall or one of the event's languages.")
    quality = request.query.get("quality")
    if quality not in (None, "full"):
        raise RefusedError(400, "quality.unknown", "Take quality=full, or leave quality out.")
    ctx.access.take_offer(request, session)
    if not request.can_read_body:
        raise RefusedError(422, "sdp.empty", "Send an SDP offer: the studio makes none itself.")
    sdp = await read_offer(request)
    peer, answer = await ctx.deps.peers.open(
        "whep",
        session.grant.seat,
        canvas,
        sdp,
        takeover=False,
        bus=bus,
        full=quality is not None,
    )
    if not ctx.access.auth.not_withdrawn(session):
        await ctx.deps.peers.close(peer, canvas)
        raise RefusedError(401, "session.ended", "This link was replaced or withdrawn: ask for a new one.")
    return _created(f"/whep/{canvas}/{peer}", peer, answer, ctx.deps.peers.ice_servers())


async def unpublish(request: web.Request) -> web.Response:
    ctx, source = context(request), request.match_info["source"]
    ctx.access.admit_publisher(request, source)
    _session_of(ctx, request.match_info["peer"], "whip", source)
    await ctx.deps.peers.close(request.match_info["peer"], source)
    return web.Response()


async def leave(request: web.Request) -> web.Response:
    ctx, canvas = context(request), request.match_info["canvas"]
    _own_player(request, canvas)
    await ctx.deps.peers.close(request.match_info["peer"], canvas)
    return web.Response()


async def publisher_candidates(request: web.Request) -> web.Response:
    ctx, source = context(request), request.match_info["source"]
    ctx.access.admit_publisher(request, source)
    _session_of(ctx, request.match_info["peer"], "whip", source)
    return await _trickle(request)


async def player_candidates(request: web.Request) -> web.Response:
    _own_player(request, request.match_info["canvas"])
    return await _trickle(request)


async def _trickle(request: web.Request) -> web.Response:
    """RFC 9725 §4.3: 428 without the session's ETag, 412 with another; ``*`` asks for an ICE restart."""
    peer = request.match_info["peer"]
    body = await read_body(request, SMALL_BYTES, (trickle.CONTENT_TYPE,))
    given = [each.strip() for each in request.headers.get("If-Match", "").split(",") if each.strip()]
    if not given:
        raise RefusedError(428, "session.no-etag", "Send the session's ETag in If-Match.")
    if given == ["*"]:
        raise RefusedError(422, "ice.no-restart", "ICE restarts are not done here: begin a new session.")
    if etag(peer) not in given:
        raise RefusedError(412, "session.wrong-etag", "If-Match names another ICE session than this one.")
    try:
        fragment = trickle.parse(body.decode())
    except UnicodeDecodeError:
        raise RefusedError(400, "fragment.malformed", "The body is no text.") from None
    context(request).deps.peers.trickle(peer, fragment.candidates, fragment.ufrag)
    return web.Response(status=204)


def etag(peer: str) -> str:
    """Strong (RFC 9110 §8.8.3), of the one ICE session that a peer has."""
    return f'"{hashlib.sha256(peer.encode()).hexdigest()[:32]}"'


def links(servers: Iterable[IceServer]) -> list[str]:
    """``Link`` headers of STUN and TURN servers (RFC 9725 §4.6), one for each URL."""
    return [
        f'<{url}>; rel="ice-server"' + (_credentials(server) if server.credential else "")
        for server in servers
        for url in server.urls
    ]


def _credentials(server: IceServer) -> str:
    name, secret = _quoted(server.username), _quoted(server.credential)
    return f'; username="{name}"; credential="{secret}"; credential-type="password"'


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _created(location: str, peer: str, answer: str, servers: Iterable[IceServer]) -> web.Response:
    response = web.Response(
        body=answer.encode(),
        status=201,
        content_type=SDP,
        headers={
            "Location": location,
            "ETag": etag(peer),
            "Accept-Patch": trickle.CONTENT_TYPE,
            "Cache-Control": "no-store",
        },
    )
    for link in links(servers):
        response.headers.add("Link", link)
    return response


def _takes_whip(ctx: RouteContext, source: str) -> bool:
    found = ctx.deps.show.public_state().sources.get(source)
    return found is not None and found.kind == "whip"


def _buses(ctx: RouteContext) -> tuple[str, ...]:
    return ("floor", "hall", *ctx.deps.show.public_state().event.languages)


def _viewer(request: web.Request, canvas: str) -> AuthSession:
    """Raises RefusedError 401, 403 ``role.forbidden``, 429 ``rate.tokens``."""
    session = context(request).access.by_bearer(request)
    if session.grant.role not in _MAY_WATCH[canvas]:
        raise RefusedError(403, "role.forbidden", "Your role does not allow this.")
    return session


def _own_player(request: web.Request, canvas: str) -> None:
    session = _viewer(request, canvas)
    owner = _session_of(context(request), request.match_info["peer"], "whep", canvas)
    if owner.seat != session.grant.seat and session.grant.role != "director":
        raise RefusedError(403, "peer.not-yours", "This session belongs to somebody else.")


def _session_of(ctx: RouteContext, peer: str, kind: str, of: str) -> PeerOwner:
    owner = ctx.deps.peers.owner(peer)
    if owner is None or owner.kind != kind or owner.client != of:
        raise RefusedError(404, "peer.unknown", "There is no such session (any more).")
    return owner
