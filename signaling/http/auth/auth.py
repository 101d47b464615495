"""Who asks: Bearer tokens and signed session cookies → :class:`AuthSession`. No I/O, no aiohttp.

A session cookie is good by itself: its payload (role, seat, generation, expiry) is signed with the server's
secret by HMAC-SHA256, so sessions outlive a restart. They end with their token: a seat's with its next invite
or its removal, which :meth:`ports.Show.still_valid` tells at every request; the director's, and those of
walls that were opened with the director's token, when that token is changed, for they carry its fingerprint.
And they end when the director ends them (:mod:`signaling.http.auth.sessions`)."""

import base64
import binascii
import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from typing import Literal

import msgspec

from signaling.contract.ports import Actor, Grant, RefusedError, ShowPort
from signaling.contract.state import Role

PageName = Literal["console", "join", "booth", "wall"]

COOKIE_PREFIX = "studio-"
DIRECTOR_SESSION_S = 7 * 86_400
WALL_SESSION_S = 30 * 86_400
"""The wall's machine stays on for the whole summit and longer; nobody is there to open a link."""
MAX_TOKEN = 512
MAX_COOKIE = 1024

PAGE_OF: dict[Role, PageName] = {
    "director": "console",
    "viewer": "console",
    "speaker": "join",
    "interpreter": "booth",
    "wall": "wall",
}
"""The page a role's link leads to, whatever page it was pasted behind."""
SEAT_PAGES: frozenset[PageName] = frozenset(("join", "booth"))
"""Those that one browser may have open for several seats."""


class AuthSession(msgspec.Struct, frozen=True):
    """An authenticated caller. ``cookie``: by cookie, so that requests need the Origin check. ``id`` and
    ``began`` (Unix seconds): of a cookie's session; empty and 0 for a token.

    The director's token and the wall opened with it have no seat.
    """

    grant: Grant
    cookie: bool = False
    id: str = ""
    began: int = 0

    @property
    def actor(self) -> Actor:
        return Actor(self.grant.role, self.grant.seat)

    @property
    def key(self) -> str:
        """What its rate limits are counted under."""
        return f"{self.grant.role}:{self.grant.seat}"


class _Payload(msgspec.Struct, frozen=True, array_like=True):
    version: int
    name: str
    """The cookie's own name, so that one cookie cannot be passed off as another."""
    role: Role
    seat: str
    generation: int
    expires: int
    id: str = ""
    began: int = 0
    director: bytes = b""
    """Fingerprint of the director's token, for sessions without a seat."""


_VERSION = 2
_SEATS_ONLY = 1
"""Cookies of this version say nothing of the director's token: they hold for seats."""
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Payload).decode


def missing() -> RefusedError:
    return RefusedError(401, "session.missing", "Open your link again, or send a token.")


class Authenticator:
    """``clock`` gives Unix seconds. ``ended`` says of a session's id that the director has ended it."""

    def __init__(
        self,
        show: ShowPort,
        director_token: str,
        secret: bytes,
        clock: Callable[[], float] = time.time,
        ended: Callable[[str], bool] = lambda id_: False,
    ) -> None:
        if len(secret) < 32 or len(director_token) < 16:
            raise ValueError("the secret or the director token is too short")
        self._show = show
        self._director = hashlib.sha256(director_token.encode()).digest()
        self._secret = hashlib.sha256(b"session cookies\0" + secret).digest()
        self._clock = clock
        self._ended = ended
        self._fingerprint = hmac.digest(self._secret, self._director, "sha256")[:16]

    def by_token(self, token: str) -> AuthSession:
        """Raises RefusedError 401: ``token.invalid``, ``link.expired``, ``link.revoked``."""
        invalid = RefusedError(401, "token.invalid", "This token is not known here.")
        if not token or len(token) > MAX_TOKEN:
            raise invalid
        given = hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
        if hmac.compare_digest(given, self._director):
            return AuthSession(Grant("director", "", 0, self._now + DIRECTOR_SESSION_S))
        grant = self._show.grant(token)
        if grant is None:
            raise invalid
        return AuthSession(grant)

    def publisher(self, token: str) -> str | None:
        """The source whose WHIP token this is; None for any other text."""
        return self._show.publisher(token) if 0 < len(token) <= MAX_TOKEN else None

    def by_cookie(self, name: str, value: str) -> AuthSession:
        """Raises RefusedError 401: ``session.invalid``, ``session.expired``, ``session.ended``."""
        invalid = RefusedError(401, "session.invalid", "Open your link again.")
        if len(value) > MAX_COOKIE:
            raise invalid
        body, _, signature = value.partition(".")
        try:
            data, signed = _unbase64(body), _unbase64(signature)
        except (ValueError, binascii.Error):
            raise invalid from None
        if not hmac.compare_digest(signed, self._sign(data)):
            raise invalid
        try:
            payload = _decode(data)
        except msgspec.DecodeError:
            raise invalid from None
        known = payload.version == _VERSION or (payload.version == _SEATS_ONLY and payload.seat)
        if not known or payload.name != name:
            raise invalid
        grant = Grant(payload.role, payload.seat, payload.generation, payload.expires)
        session = AuthSession(grant, True, payload.id, payload.began)
        if payload.expires <= self._now:
            raise RefusedError(401, "session.expired", "This session has expired: ask for a new link.")
        of_token = bool(payload.seat) or hmac.compare_digest(payload.director, self._fingerprint)
        if not of_token or not self.still_valid(session):
            raise RefusedError(401, "session.ended", "This link was replaced or withdrawn.")
        return session

    def still_valid(self, session: AuthSession) -> bool:
        """Return whether the seat is there, its link neither replaced nor expired, and the session not
        ended."""
        if session.id and self._ended(session.id):
            return False
        return not session.grant.seat or self._show.still_valid(session.grant)

    def not_withdrawn(self, session: AuthSession) -> bool:
        """The same for what is already connected: nobody is cut off in mid-sentence because the link's time
        is up. After that, :mod:`signaling.http.auth.guard` alone says what is withdrawn."""
        if session.id and self._ended(session.id):
            return False
        return session.grant.expires <= self._now or self.still_valid(session)

    def begun(self, session: AuthSession) -> AuthSession:
        """The session of a cookie that is about to be made for this caller."""
        return AuthSession(session.grant, True, secrets.token_urlsafe(9), self._now)

    def cookie(self, session: AuthSession, as_: str) -> tuple[str, str, int]:
        """Name, value and lifetime in seconds of a session's cookie."""
        grant, name = session.grant, COOKIE_PREFIX + as_
        payload = _Payload(
            _VERSION,
            name,
            grant.role,
            grant.seat,
            grant.generation,
            grant.expires,
            session.id,
            session.began,
            b"" if grant.seat else self._fingerprint,
        )
        data = _encode(payload)
        value = f"{_base64(data)}.{_base64(self._sign(data))}"
        return name, value, max(1, grant.expires - self._now)

    def wall_session(self) -> AuthSession:
        """Return what the director's token makes of a wall: a session that can show the wall and nothing
        else."""
        return AuthSession(Grant("wall", "", 0, self._now + WALL_SESSION_S))

    @property
    def _now(self) -> int:
        return int(self._clock())

    def _sign(self, data: bytes) -> bytes:
        return hmac.digest(self._secret, data, "sha256")


def session_name(session: AuthSession) -> str:
    """The ``as`` of a session: ``console``, ``wall``, or a short id of the seat, safe in a cookie's name."""
    page = PAGE_OF[session.grant.role]
    if page not in SEAT_PAGES:
        return page
    return hashlib.sha256(session.grant.seat.encode()).hexdigest()[:12]


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _unbase64(text: str) -> bytes:
    return base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
