"""What every route can reach, and how a route is described."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from signaling.contract.state import Role
from signaling.http.auth.access import Access
from signaling.http.deps import Deps
from signaling.http.live.hub import Hub
from signaling.http.pages import Pages
from signaling.http.snapshots import JpegCache


@dataclass(frozen=True, slots=True, repr=False)
class RouteContext:
    deps: Deps
    access: Access
    hub: Hub
    pages: Pages
    jpegs: JpegCache


CONTEXT = web.AppKey("context", RouteContext)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

ANYONE: frozenset[Role] | None = None
EVERYONE: frozenset[Role] = frozenset(("director", "speaker", "interpreter", "wall", "viewer"))
"""Everyone with a session."""


@dataclass(frozen=True, slots=True)
class Route:
    """``who``: roles, or None for anyone at all. ``page``: refusals are HTML pages in plain words.

    ``query``: parameters by name with their JSON Schema; ``body`` and ``answer``: content type and a
    msgspec type, or None where it isn't JSON; ``needs``: those of ``query`` that can't be left out; for the
    OpenAPI document. ``bearer``: the handler itself asks for a token, and takes no cookie.
    """

    method: str
    path: str
    handler: Handler
    who: frozenset[Role] | None
    summary: str
    page: bool = False
    query: dict[str, dict[str, Any]] | None = None
    body: tuple[str, Any] | None = None
    answer: tuple[int, str, Any] = (200, "", None)
    needs: tuple[str, ...] = ()
    bearer: bool = False


def context(request: web.Request) -> RouteContext:
    return request.app[CONTEXT]
