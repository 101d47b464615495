"""The pages, and the links that lead to them: a token becomes a cookie and leaves the address bar."""

import asyncio
from urllib.parse import urlencode

import msgspec
from aiohttp import web

from signaling.contract.ports import RefusedError
from signaling.http.auth.access import SESSION
from signaling.http.auth.auth import COOKIE_PREFIX, PAGE_OF, AuthSession, PageName, missing, session_name
from signaling.http.routes.context import context


async def home(request: web.Request) -> web.Response:
    return _see_other("/console")


async def console(request: web.Request) -> web.StreamResponse:
    return await _page(request, "console")


async def wall(request: web.Request) -> web.StreamResponse:
    return await _page(request, "wall")


async def join_link(request: web.Request) -> web.StreamResponse:
    return _enter(request, request.match_info["token"], "join")


async def booth_link(request: web.Request) -> web.StreamResponse:
    return _enter(request, request.match_info["token"], "booth")


async def booth(request: web.Request) -> web.StreamResponse:
    return await _seat_page(request, "booth")


async def join(request: web.Request) -> web.StreamResponse:
    return await _seat_page(request, "join")


async def _seat_page(request: web.Request, page: PageName) -> web.StreamResponse:
    if "as" in request.query:
        return await _page(request, page)
    # The address without its session: right where this browser has just one for this page.
    names = [name for name in request.cookies if name.startswith(COOKIE_PREFIX)]
    seats = [name.removeprefix(COOKIE_PREFIX) for name in names]
    seats = [name for name in seats if name not in ("console", "wall") and name.isalnum()]
    if len(seats) > 1:
        seats = [name for name in seats if _is_for(request, name, page)]
    if len(seats) != 1:
        raise missing()
    return _see_other(f"/{page}?" + urlencode({"as": seats[0]}))


def _is_for(request: web.Request, as_: str, page: PageName) -> bool:
    """Return whether this cookie's session is good, and for this page: one of several in a browser."""
    name = COOKIE_PREFIX + as_
    try:
        session = context(request).access.auth.by_cookie(name, request.cookies[name])
    except RefusedError:
        return False
    return PAGE_OF[session.grant.role] == page


async def asset(request: web.Request) -> web.StreamResponse:
    return await asyncio.to_thread(context(request).pages.asset, request.match_info["path"])


async def _page(request: web.Request, name: PageName) -> web.StreamResponse:
    ctx = context(request)
    token = request.query.get("token")
    if token is not None:
        return _enter(request, token, name)
    session = ctx.access.identify(request, name)
    if PAGE_OF[session.grant.role] != name:
        raise RefusedError(403, "role.forbidden", "This page is for another role.")
    request[SESSION] = session
    return await asyncio.to_thread(ctx.pages.page, name)


def _enter(request: web.Request, token: str, opened: PageName) -> web.Response:
    """303 to the page that the link is for, with its session cookie.

    Raises RefusedError 401 for a link that isn't good.
    """
    ctx = context(request)
    session: AuthSession = ctx.access.by_token(request, token)
    if opened == "wall" and session.grant.role == "director":
        session = ctx.access.auth.wall_session()
    page = PAGE_OF[session.grant.role]
    as_ = session_name(session)
    session = _gone_on(request, session, as_) or ctx.access.auth.begun(session)
    ctx.access.sessions.seen(session, ctx.access.address.of(request))
    response = _see_other("/console" if page == "console" else f"/{page}?{urlencode({'as': as_})}")
    name, value, max_age = ctx.access.auth.cookie(session, as_)
    response.set_cookie(
        name, value, max_age=max_age, path="/", httponly=True, samesite="Lax", secure=ctx.deps.https
    )
    return response


def _gone_on(request: web.Request, session: AuthSession, as_: str) -> AuthSession | None:
    """The one that this browser has already of the same link, renewed."""
    name = COOKIE_PREFIX + as_
    if name not in request.cookies:
        return None
    try:
        known = context(request).access.auth.by_cookie(name, request.cookies[name])
    except RefusedError:
        return None
    if not known.id or msgspec.structs.replace(known.grant, expires=session.grant.expires) != session.grant:
        return None
    return msgspec.structs.replace(known, grant=session.grant)


def _see_other(location: str) -> web.Response:
    """A redirect, as a response: an exception would lose its cookies on the way through the middlewares."""
    return web.Response(status=303, headers={"Location": location, "Cache-Control": "no-store"})
