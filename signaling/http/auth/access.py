"""Who may do what: the caller of a request, its role against the route's, its origin, its rates."""

from collections.abc import Collection

from aiohttp import web

from signaling.contract.ports import RefusedError
from signaling.contract.state import Role
from signaling.http.auth.auth import COOKIE_PREFIX, Authenticator, AuthSession, missing
from signaling.http.auth.limits import Limiter, Limits, RateLimitedError
from signaling.http.auth.origin import ClientAddress, check_origin
from signaling.http.auth.sessions import Sessions

SESSION = web.RequestKey("session", AuthSession)
LIMITED = web.RequestKey("limited", RateLimitedError)
"""Its address has asked too often; only a take is carried out."""

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class Access:
    """One for the server: authentication of requests and every table of rate limits."""

    def __init__(
        self,
        auth: Authenticator,
        sessions: Sessions,
        address: ClientAddress,
        public_url: str,
        limits: Limits,
    ) -> None:
        self.auth = auth
        self.sessions = sessions
        self.address = address
        self._public_url = public_url
        self._wrong_tokens = Limiter(limits.wrong_tokens, "rate.tokens")
        self._requests = Limiter(limits.requests_ip, "rate.requests")
        self._offers = Limiter(limits.offers, "rate.offers")
        self._offers_ip = Limiter(limits.offers_ip, "rate.offers")
        self._commands = Limiter(limits.commands, "rate.commands")
        self._takes = Limiter(limits.takes, "rate.commands")
        self._panic = Limiter(limits.panic, "rate.commands")
        self._commands_guest = Limiter(limits.commands_guest, "rate.commands")
        self._commands_booth = Limiter(limits.commands_booth, "rate.commands")
        self.ws_messages = limits.ws_messages

    def by_token(self, request: web.Request, token: str) -> AuthSession:
        """Raises RefusedError 401, and 429 ``rate.tokens`` after too many that were never valid."""
        try:
            return self.auth.by_token(token)
        except RefusedError as error:
            if error.code == "token.invalid":
                self._wrong_tokens.take(self.address.key(request))
            raise

    def identify(self, request: web.Request, default_as: str = "console") -> AuthSession:
        """The caller by its ``Authorization`` header, else by the cookie that ``?as=`` names.

        Raises RefusedError 401; see :mod:`signaling.http.auth.auth` for the codes.
        """
        if "Authorization" in request.headers:
            return self.by_token(request, bearer(request))
        name = COOKIE_PREFIX + request.query.get("as", default_as)
        value = request.cookies.get(name)
        if value is None:
            raise missing()
        session = self.auth.by_cookie(name, value)
        self.sessions.seen(session, self.address.of(request))
        return session

    def by_bearer(self, request: web.Request) -> AuthSession:
        """The caller by its token alone: where pages of other sites may call, no cookie counts.

        Raises RefusedError 401, 429 ``rate.tokens``.
        """
        return self.by_token(request, bearer(request))

    def admit_publisher(self, request: web.Request, source: str) -> None:
        """Let those pass who may publish into ``source``: by its own token, or the director's.

        Raises RefusedError 401, 403 ``token.other-source`` or ``role.forbidden``, 429 ``rate.tokens``.
        """
        of = self.auth.publisher(bearer(request))
        if of is None and self.by_bearer(request).grant.role != "director":
            raise RefusedError(403, "role.forbidden", "Send the source's own token, or the director's.")
        if of is not None and of != source:
            raise RefusedError(403, "token.other-source", "This token is another source's.")

    def admit(self, request: web.Request, who: Collection[Role] | None, *, takes: bool = False) -> None:
        """Let the request pass or raise; its session is ``request[SESSION]`` afterwards, where one is needed.

        ``takes``: it may bring a director's take, which passes though the address has asked too often; the
        handler calls :meth:`take_command`.

        Raises RefusedError: 401, 403 ``role.forbidden`` or ``origin.forbidden``, 429.
        """
        try:
            self._requests.take(self.address.key(request))
        except RateLimitedError as error:
            if not takes or self.identify(request).grant.role != "director":
                raise
            request[LIMITED] = error
        if who is None:
            return
        session = self.identify(request)
        if session.cookie and request.method not in _SAFE:
            check_origin(request, self._public_url)
        if session.grant.role not in who:
            raise RefusedError(403, "role.forbidden", "Your role does not allow this.")
        request[SESSION] = session

    def check_origin(self, request: web.Request) -> None:
        check_origin(request, self._public_url)

    def take_command(self, session: AuthSession, client: str, *, first: bool, panic: bool = False) -> None:
        """Count one command. ``client``: where it comes from. ``first``: a take, ``panic``: black or the
        slate, which have accounts of their own. Raises RefusedError 429 ``rate.commands``."""
        match session.grant.role:
            case "director":
                limiter = self._panic if panic else self._takes if first else self._commands
                limiter.take(f"{session.key}:{client}")
            case "interpreter":
                self._commands_booth.take(session.key)
            case _:
                self._commands_guest.take(session.key)

    def take_offer(self, request: web.Request, session: AuthSession) -> None:
        """Count one WebRTC offer. Raises RefusedError 429 ``rate.offers``."""
        self._offers_ip.take(self.address.key(request))
        self._offers.take(f"{session.key}:{self.address.key(request) if not session.grant.seat else ''}")

    def take_publishing(self, request: web.Request, source: str) -> None:
        """Count one WHIP offer of a source. Raises RefusedError 429 ``rate.offers``."""
        self._offers_ip.take(self.address.key(request))
        self._offers.take(f"whip:{source}")


def bearer(request: web.Request) -> str:
    """The token of the ``Authorization`` header. Raises RefusedError 401 ``session.missing``."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise missing()
    return token.strip()
