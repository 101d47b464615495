"""Who may do what: the caller of a request, its role against the route's, its origin, its rates."""

from collections.abc import Collection

from aiohttp import web

from signaling.auth import COOKIE_PREFIX, Authenticator, Session, missing
from signaling.limits import Limiter, Limits
from signaling.origin import ClientAddress, check_origin
from signaling.ports import RefusedError, Role

SESSION = web.RequestKey("session", Session)

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class Access:
    """One for the server: authentication of requests and every table of rate limits."""

    def __init__(self, auth: Authenticator, address: ClientAddress, public_url: str, limits: Limits) -> None:
        self.auth = auth
        self.address = address
        self._public_url = public_url
        self._wrong_tokens = Limiter(limits.wrong_tokens, "rate.tokens")
        self._requests = Limiter(limits.requests_ip, "rate.requests")
        self._offers = Limiter(limits.offers, "rate.offers")
        self._offers_ip = Limiter(limits.offers_ip, "rate.offers")
        self._commands = Limiter(limits.commands, "rate.commands")
        self._commands_guest = Limiter(limits.commands_guest, "rate.commands")
        self._commands_booth = Limiter(limits.commands_booth, "rate.commands")
        self.ws_messages = limits.ws_messages

    def by_token(self, request: web.Request, token: str) -> Session:
        """Raises RefusedError 401, and 429 ``rate.tokens`` after too many that were never valid."""
        try:
            return self.auth.by_token(token)
        except RefusedError as error:
            if error.code == "token.invalid":
                self._wrong_tokens.take(self.address.key(request))
            raise

    def identify(self, request: web.Request, default_as: str = "console") -> Session:
        """The caller by its ``Authorization`` header, else by the cookie that ``?as=`` names.

        Raises RefusedError 401; see :mod:`signaling.auth` for the codes.
        """
        header = request.headers.get("Authorization")
        if header is not None:
            scheme, _, token = header.partition(" ")
            if scheme.lower() != "bearer":
                raise missing()
            return self.by_token(request, token.strip())
        name = COOKIE_PREFIX + request.query.get("as", default_as)
        value = request.cookies.get(name)
        if value is None:
            raise missing()
        return self.auth.by_cookie(name, value)

    def admit(self, request: web.Request, who: Collection[Role] | None) -> None:
        """Let the request pass or raise; its session is ``request[SESSION]`` afterwards, where one is needed.

        Raises RefusedError: 401, 403 ``role.forbidden`` or ``origin.forbidden``, 429.
        """
        self._requests.take(self.address.key(request))
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

    def take_command(self, session: Session) -> None:
        """Count one command. Raises RefusedError 429 ``rate.commands``."""
        match session.grant.role:
            case "director":
                limiter = self._commands
            case "interpreter":
                limiter = self._commands_booth
            case _:
                limiter = self._commands_guest
        limiter.take(session.key)

    def take_offer(self, request: web.Request, session: Session) -> None:
        """Count one WebRTC offer. Raises RefusedError 429 ``rate.offers``."""
        self._offers_ip.take(self.address.key(request))
        self._offers.take(f"{session.key}:{self.address.key(request) if not session.grant.seat else ''}")
