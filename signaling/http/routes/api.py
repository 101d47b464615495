"""The JSON API: state, commands, events, snapshots, QR codes, health and metrics."""

import asyncio
import io
from typing import get_args

import msgspec
import segno
from aiohttp import web

from mixer.contract.plan import CanvasName
from signaling.contract.ports import RefusedError
from signaling.contract.state import EventInfo
from signaling.http import messages
from signaling.http import metrics as metrics_text
from signaling.http.auth.access import LIMITED, SESSION
from signaling.http.auth.limits import COMMAND_BYTES, SMALL_BYTES, read_body
from signaling.http.auth.origin import is_loopback
from signaling.http.live.views import view
from signaling.http.routes.context import context

JSON = "application/json"
MAX_EVENTS = 1000
_decode_qr = msgspec.json.Decoder(messages.QrText).decode
_CANVASES: tuple[CanvasName, ...] = get_args(CanvasName)


def json_response(value: object, status: int = 200) -> web.Response:
    response = web.Response(body=messages.encode(value), status=status, content_type=JSON)
    response.headers["Cache-Control"] = "no-store"
    return response


async def me(request: web.Request) -> web.Response:
    deps, session = context(request).deps, request[SESSION]
    title = deps.show.public_state().event.title
    return json_response(
        messages.Me(
            session.grant.role,
            deps.peers.ice_servers(),
            EventInfo(title),
            session.grant.seat or None,
        )
    )


async def state(request: web.Request) -> web.Response:
    show, actor = context(request).deps.show, request[SESSION].actor
    return json_response(messages.State(show.revision, show.serial, view(show.public_state(), actor)))


async def command(request: web.Request) -> web.Response:
    """Requests at once have no order: a take passes what the same client has asked for in others."""
    ctx, session = context(request), request[SESSION]
    body = await read_body(request, COMMAND_BYTES, (JSON,))
    first = ctx.deps.show.goes_first(body)
    if not first and (limited := request.get(LIMITED)) is not None:
        raise limited
    address = ctx.access.address.key(request)
    ctx.access.take_command(session, address, first=first, panic=ctx.deps.show.is_panic(body))
    client = f"{session.key}:{address}{':first' if first else ''}"
    return json_response(await ctx.deps.show.execute(body, session.actor, client))


async def events(request: web.Request) -> web.Response:
    after = _number(request, "after", 0, 0, 1 << 53)
    limit = _number(request, "limit", 100, 1, MAX_EVENTS)
    return json_response(messages.Events(await context(request).deps.show.events(after, limit)))


async def canvas(request: web.Request) -> web.Response:
    name = request.match_info["canvas"]
    wanted = next((each for each in _CANVASES if each == name), None)
    if wanted is None:
        raise RefusedError(404, "canvas.unknown", "There is no such canvas.")
    if request[SESSION].grant.role == "wall" and wanted != "wall":
        raise RefusedError(403, "role.forbidden", "Your role does not allow this.")
    data = await context(request).jpegs.jpeg(wanted)
    return web.Response(body=data, content_type="image/jpeg", headers={"Cache-Control": "private, max-age=1"})


async def qr(request: web.Request) -> web.Response:
    text = _decode_qr(await read_body(request, SMALL_BYTES, (JSON,))).text
    return web.Response(
        body=await asyncio.to_thread(_qr_svg, text),
        content_type="image/svg+xml",
        headers={"Cache-Control": "no-store"},
    )


async def healthz(request: web.Request) -> web.Response:
    return json_response({"status": "ok"})


async def readyz(request: web.Request) -> web.Response:
    waiting = list(context(request).deps.ready())
    return json_response(
        {"status": "starting" if waiting else "ready", "waiting": waiting}, 503 if waiting else 200
    )


async def metrics(request: web.Request) -> web.Response:
    """Answer with the metrics: to the director, or to a collector on this very machine."""
    ctx = context(request)
    # A proxy on this machine need not say that it is one: where one is to be expected, nobody is local.
    proxied = bool(ctx.deps.public_url) and not ctx.deps.tls
    local = not proxied and is_loopback(request)
    if not local and ctx.access.identify(request).grant.role != "director":
        raise RefusedError(403, "role.forbidden", "Your role does not allow this.")
    text = ctx.deps.metrics.render(ctx.deps.show.public_state(), len(ctx.hub))
    return web.Response(body=text, headers={"Content-Type": metrics_text.CONTENT_TYPE})


def _number(request: web.Request, name: str, default: int, low: int, high: int) -> int:
    text = request.query.get(name)
    if text is None:
        return default
    if not text.isascii() or not text.isdigit() or len(text) > 16 or not low <= int(text) <= high:
        raise RefusedError(400, "query.malformed", f"{name} is a whole number from {low} to {high}.")
    return int(text)


def _qr_svg(text: str) -> bytes:
    out = io.BytesIO()
    try:
        code = segno.make(text, error="m", micro=False)
    except segno.DataOverflowError:
        raise RefusedError(400, "qr.too-long", "This text is too long for a QR code.") from None
    code.save(out, kind="svg", scale=8, border=4, dark="#000", light="#fff")
    return out.getvalue()
