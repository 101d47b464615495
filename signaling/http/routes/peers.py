"""WebRTC offers: a browser's SDP in, the shard's answer out."""

import re

from aiohttp import web

from signaling.contract.messages import PeerKind
from signaling.contract.ports import RefusedError
from signaling.contract.state import Role
from signaling.http.auth.access import SESSION
from signaling.http.auth.limits import SDP_BYTES, read_body
from signaling.http.routes.context import context

SDP = "application/sdp"
CLIENT_PATTERN = "^[A-Za-z0-9_-]{1,64}$"
_CLIENT = re.compile(CLIENT_PATTERN)
_MAY: dict[PeerKind, frozenset[Role]] = {
    "guest": frozenset(("speaker",)),
    "booth": frozenset(("interpreter",)),
    "wall": frozenset(("wall", "director")),
    "multiview": frozenset(("director",)),
    "talkback": frozenset(("director",)),
}
KINDS: tuple[PeerKind, ...] = tuple(_MAY)


async def offer(request: web.Request) -> web.Response:
    ctx, session = context(request), request[SESSION]
    kind = next((each for each in KINDS if each == request.query.get("kind")), None)
    if kind is None:
        raise RefusedError(400, "query.malformed", f"kind is one of {', '.join(KINDS)}.")
    if session.grant.role not in _MAY[kind]:
        raise RefusedError(403, "role.forbidden", "Your role does not allow this.")
    client = _client(request)
    ctx.access.take_offer(request, session)
    sdp = await read_offer(request)
    takeover = request.query.get("takeover") == "1"
    peer, answer = await ctx.deps.peers.open(kind, session.grant.seat, client, sdp, takeover=takeover)
    if not ctx.access.auth.not_withdrawn(session):
        # Withdrawn while the shard was answering.
        await ctx.deps.peers.close(peer, client)
        raise RefusedError(401, "session.ended", "This link was replaced or withdrawn: ask for a new one.")
    ctx.access.sessions.opened(session, peer)
    return web.Response(
        body=answer.encode(),
        status=201,
        content_type=SDP,
        headers={"Location": f"/api/v1/peers/{peer}", "Cache-Control": "no-store"},
    )


async def read_offer(request: web.Request) -> str:
    """The body as SDP. Raises RefusedError: 400 ``sdp.invalid``, 408, 413, 415."""
    body = await read_body(request, SDP_BYTES, (SDP,))
    try:
        sdp = body.decode()
    except UnicodeDecodeError:
        sdp = ""
    if not sdp.startswith("v=0") or "\0" in sdp:
        raise RefusedError(400, "sdp.invalid", "The body is not an SDP offer.")
    return sdp


async def close(request: web.Request) -> web.Response:
    ctx, session, peer = context(request), request[SESSION], request.match_info["peer"]
    owner = ctx.deps.peers.owner(peer)
    if owner is None:
        raise RefusedError(404, "peer.unknown", "This connection is already closed.")
    if owner.seat != session.grant.seat or session.grant.role not in _MAY.get(owner.kind, ()):
        raise RefusedError(403, "peer.not-yours", "This connection belongs to somebody else.")
    await ctx.deps.peers.close(peer, _client(request))
    return web.Response(status=204)


def _client(request: web.Request) -> str:
    client = request.query.get("client", "")
    if not _CLIENT.fullmatch(client):
        raise RefusedError(400, "query.malformed", "client is 1 to 64 letters, digits, '-' or '_'.")
    return client
