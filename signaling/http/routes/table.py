"""Every route with who may call it: the one list that the router, the OpenAPI document and the tests read."""

from typing import Any

from signaling.contract.medium import Medium
from signaling.contract.ports import Done
from signaling.contract.state import Role
from signaling.http import messages, metrics
from signaling.http.routes import api, media, pages, peers, sessions, whip, ws
from signaling.http.routes.context import ANYONE, EVERYONE, Route
from signaling.rtc.transport import trickle

_DIRECTOR: frozenset[Role] = frozenset(("director",))
_READERS: frozenset[Role] = frozenset(("director", "viewer"))
_CANVAS: frozenset[Role] = frozenset(("director", "viewer", "wall"))
_PEERS: frozenset[Role] = frozenset(("speaker", "interpreter", "wall", "director"))

_TOKEN = {"token": {"type": "string"}}
_AS = {"as": {"type": "string", "description": "Which of this browser's sessions."}}
_CLIENT = {"client": {"type": "string", "pattern": peers.CLIENT_PATTERN}}
_JSON = api.JSON
_WHOLE: dict[str, Any] = {"type": "integer", "minimum": 0}


def _one_way() -> tuple[Route, ...]:
    """WHIP and WHEP: by token alone, which their handlers look at."""
    watched: dict[str, dict[str, Any]] = {
        "bus": {"type": "string", "description": "What it hears: floor, hall or a language."},
        "quality": {
            "type": "string",
            "enum": ["full"],
            "description": "full: the programme in its own size and bit rate, in H.264 alone; else 640×360.",
        },
    }
    takeover = {"takeover": {"type": "string", "enum": ["1"]}}
    fragment = (trickle.CONTENT_TYPE, None)
    whep = f"/whep/{{canvas:{'|'.join(whip.CANVASES)}}}"
    return (
        Route(
            "POST",
            "/whip/{source}",
            whip.publish,
            ANYONE,
            "Publish into a source (WHIP, RFC 9725): the source's token or the director's",
            query=takeover,
            body=(peers.SDP, None),
            answer=(201, peers.SDP, None),
            bearer=True,
        ),
        Route(
            "POST",
            whep,
            whip.watch,
            ANYONE,
            "Watch a canvas (WHEP): a viewer's link, for the wall a wall's, or the director's token",
            query=watched,
            body=(peers.SDP, None),
            answer=(201, peers.SDP, None),
            bearer=True,
        ),
        *(
            Route("OPTIONS", path, whip.options, ANYONE, "What pages of other sites may send")
            for path in ("/whip/{source}", "/whip/{source}/{peer}", whep, f"{whep}/{{peer}}")
        ),
        *(
            Route("DELETE", path, handler, ANYONE, "End the session", bearer=True)
            for path, handler in (("/whip/{source}/{peer}", whip.unpublish), (f"{whep}/{{peer}}", whip.leave))
        ),
        *(
            Route(
                "PATCH",
                path,
                handler,
                ANYONE,
                "More ICE candidates of the session; If-Match is its ETag",
                body=fragment,
                answer=(204, "", None),
                bearer=True,
            )
            for path, handler in (
                ("/whip/{source}/{peer}", whip.publisher_candidates),
                (f"{whep}/{{peer}}", whip.player_candidates),
            )
        ),
    )


def routes() -> tuple[Route, ...]:
    return (
        Route("GET", "/", pages.home, ANYONE, "To the console", page=True, answer=(303, "", None)),
        Route("GET", "/console", pages.console, ANYONE, "The director's console", page=True, query=_TOKEN),
        Route("GET", "/join", pages.join, ANYONE, "A speaker's page", page=True, query=_AS),
        Route(
            "GET",
            "/join/{token}",
            pages.join_link,
            ANYONE,
            "A speaker's link",
            True,
            None,
            None,
            (303, "", None),
        ),
        Route(
            "GET",
            "/booth/{token}",
            pages.booth_link,
            ANYONE,
            "An interpreter's link",
            True,
            None,
            None,
            (303, "", None),
        ),
        Route("GET", "/booth", pages.booth, ANYONE, "An interpreter's page", page=True, query=_AS),
        Route("GET", "/wall", pages.wall, ANYONE, "The LED wall's page", page=True, query=_TOKEN | _AS),
        Route("GET", "/assets/{path:.*}", pages.asset, ANYONE, "Static files of the pages"),
        Route("GET", "/healthz", api.healthz, ANYONE, "Whether the server answers"),
        Route("GET", "/readyz", api.readyz, ANYONE, "Whether all processes are at work"),
        Route(
            "GET",
            "/metrics",
            api.metrics,
            ANYONE,
            "Prometheus metrics: director, or without a proxy from this machine itself",
            answer=(200, metrics.CONTENT_TYPE, None),
        ),
        Route("GET", "/api/v1/me", api.me, EVERYONE, "Who I am", query=_AS, answer=(200, _JSON, messages.Me)),
        Route(
            "GET",
            "/api/v1/state",
            api.state,
            _READERS,
            "The whole public state",
            query=_AS,
            answer=(200, _JSON, messages.State),
        ),
        Route(
            "POST",
            "/api/v1/commands",
            api.command,
            EVERYONE,
            "One command; which roles may send it depends on the command",
            query=_AS,
            body=(_JSON, "command"),
            answer=(200, _JSON, Done),
        ),
        Route(
            "GET",
            "/api/v1/events",
            api.events,
            _DIRECTOR,
            "Events after a revision, oldest first",
            query=_AS | {"after": _WHOLE, "limit": {**_WHOLE, "minimum": 1, "maximum": api.MAX_EVENTS}},
            answer=(200, _JSON, messages.Events),
        ),
        Route(
            "GET",
            "/api/v1/canvases/{canvas}.jpg",
            api.canvas,
            _CANVAS,
            "A canvas's picture, at most a second old",
            query=_AS,
            answer=(200, "image/jpeg", None),
        ),
        Route(
            "POST",
            "/api/v1/media",
            media.add,
            _DIRECTOR,
            "A clip, a still or slides: the file itself",
            query=_AS
            | {
                "name": {
                    "type": "string",
                    "maxLength": media.MAX_NAME,
                    "description": "What the file is called.",
                }
            },
            body=("application/octet-stream", None),
            answer=(201, _JSON, Medium),
        ),
        Route(
            "GET",
            "/api/v1/media",
            media.listed,
            _DIRECTOR,
            "What was uploaded, and the largest file that is taken",
            query=_AS,
            answer=(200, _JSON, messages.MediaList),
        ),
        Route(
            "DELETE",
            "/api/v1/media/{media}",
            media.remove,
            _DIRECTOR,
            "Delete a file that nothing uses",
            query=_AS,
            answer=(204, "", None),
        ),
        Route(
            "POST",
            "/api/v1/qr",
            api.qr,
            _DIRECTOR,
            "A text as a QR code",
            query=_AS,
            body=(_JSON, messages.QrText),
            answer=(200, "image/svg+xml", None),
        ),
        Route(
            "POST",
            "/api/v1/peers",
            peers.offer,
            _PEERS,
            "A WebRTC offer; the answer's Location is the peer",
            query=_AS
            | _CLIENT
            | {
                "kind": {"type": "string", "enum": list(peers.KINDS)},
                "takeover": {"type": "string", "enum": ["1"]},
            },
            body=(peers.SDP, None),
            answer=(201, peers.SDP, None),
            needs=("kind", "client"),
        ),
        Route(
            "DELETE",
            "/api/v1/peers/{peer}",
            peers.close,
            _PEERS,
            "End a peer",
            query=_AS | _CLIENT,
            answer=(204, "", None),
            needs=("client",),
        ),
        Route(
            "POST",
            "/api/v1/peers/{peer}/close",
            peers.close,
            _PEERS,
            "The same, for sendBeacon",
            query=_AS | _CLIENT,
            answer=(204, "", None),
            needs=("client",),
        ),
        Route(
            "GET",
            "/api/v1/sessions",
            sessions.listed,
            _DIRECTOR,
            "Who is signed in by a link, newest first",
            query=_AS,
            answer=(200, _JSON, messages.SessionList),
        ),
        Route(
            "DELETE",
            "/api/v1/sessions/{session}",
            sessions.end,
            _DIRECTOR,
            "End a session: its pages close, its cookie is void; the link itself stays good",
            query=_AS,
            answer=(204, "", None),
        ),
        *_one_way(),
        Route(
            "GET",
            "/ws",
            ws.websocket,
            EVERYONE,
            "The WebSocket: a snapshot, then changes; commands in",
            query=_AS,
            answer=(101, "", None),
        ),
    )
