"""A destination's URL, parsed once; whatever is printed afterwards hides the stream key.

Pure and light: the show's core uses it to validate what a director types and to redact what it stores.
"""

import re
from dataclasses import dataclass, field
from urllib.parse import unquote

from mixer.contract.credentials import CredentialsError, check_split, decoded

MAX_LENGTH = 2048
HIDDEN = "•••"
DEFAULT_PORTS = {"rtmp": 1935, "rtmps": 443}
UDP = "udp"
DEFAULT_TTL = 1
"""Of multicast: it stays in the local network unless the address says otherwise."""

_SHORT = 4
"""Secrets shorter than this are replaced as whole words only, or they would tear every sentence apart."""


class UrlError(ValueError):
    """The URL can't be a destination. ``code``: ``url.scheme``, ``url.host``, ``url.port``, ``url.key``,
    ``url.option``, ``url.credentials``, ``url.invalid``. The message repeats nothing of the URL but its
    scheme."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class StreamUrl:
    """``rtmp[s]://[user:password@]host[:port]/app/key`` or ``udp://host:port[?ttl=1…255]``. ``str()`` and
    ``repr()`` are safe to show.

    ``app`` and ``key`` are what RTMP's ``connect`` and ``publish`` carry, each with its query. An address of
    one part has an empty key, as encoders mean an empty field (``rtmp://host/stream?user=…``). ``udp`` is an
    MPEG transport stream in datagrams, to one host or a multicast group; it holds no secret. ``ttl``: how
    many routers a multicast may cross, the first one included.
    """

    scheme: str
    host: str
    port: int
    app: str = field(repr=False)
    key: str = field(repr=False)
    userinfo: str = field(default="", repr=False)
    ttl: int = DEFAULT_TTL

    @classmethod
    def parse(cls, text: str) -> "StreamUrl":
        """Raises :class:`UrlError`."""
        if len(text) > MAX_LENGTH:
            raise UrlError("url.invalid", f"The address is longer than {MAX_LENGTH} characters.")
        scheme, separator, rest = text.partition("://")
        scheme = scheme.lower()
        if not separator or scheme not in (*DEFAULT_PORTS, UDP):
            raise UrlError("url.scheme", "The address must begin with rtmp://, rtmps:// or udp://.")
        if any(not character.isprintable() or character.isspace() for character in text):
            raise UrlError("url.invalid", "The address contains a space (%20) or a control character.")
        try:
            check_split(rest)
        except CredentialsError as error:
            raise UrlError(error.code, str(error)) from None
        if "#" in text or "\\" in text:
            raise UrlError("url.invalid", "The address contains a character that has no place in it.")
        if scheme == UDP:
            return cls._datagrams(rest)
        authority, _, path = rest.partition("/")
        userinfo, _, place = authority.rpartition("@")
        host, port = _split_host(place, DEFAULT_PORTS[scheme])
        app, key = _split_path(path)
        return cls(scheme, host, port, app, key, userinfo)

    @classmethod
    def _datagrams(cls, rest: str) -> "StreamUrl":
        place, mark, query = rest.partition("?")
        if "@" in place:
            raise UrlError("url.invalid", "A udp:// address has no user: udp://host:port.")
        if "/" in place.removesuffix("/"):
            raise UrlError("url.invalid", "A udp:// address has no path: udp://host:port.")
        host, port = _split_host(place.removesuffix("/"), 0)
        if not port:
            raise UrlError("url.port", "A udp:// address needs a port: udp://host:port.")
        if not mark:
            return cls(UDP, host, port, "", "")
        ttl = re.fullmatch(r"ttl=([0-9]{1,3})", query)
        if ttl is None or not 0 < int(ttl[1]) < 256:
            raise UrlError("url.option", "The only option of a udp:// address is ?ttl=1 to ?ttl=255.")
        return cls(UDP, host, port, "", "", ttl=int(ttl[1]))

    @property
    def several_tracks(self) -> bool:
        """True if it carries several sound tracks; RTMP's FLV has one."""
        return self.scheme == UDP

    @property
    def tls(self) -> bool:
        return self.scheme == "rtmps"

    @property
    def place(self) -> str:
        """``host`` or ``host:port``, for sentences."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS.get(self.scheme) else f"{host}:{self.port}"

    @property
    def tc_url(self) -> str:
        """The ``tcUrl`` of RTMP's ``connect``: all but the key."""
        return f"{self.scheme}://{self.place}/{self.app}"

    def secret(self) -> str:
        """The whole URL, stream key included."""
        if self.scheme == UDP:
            return str(self)
        userinfo = f"{self.userinfo}@" if self.userinfo else ""
        key = f"/{self.key}" if self.key else ""
        return f"{self.scheme}://{userinfo}{self.place}/{self.app}{key}"

    @property
    def credentials(self) -> tuple[str, str]:
        """User and password, for the ingest that asks; empty without."""
        return decoded(self.userinfo)

    def redact(self, text: str) -> str:
        """``text`` without the key, its query's values and the user information."""
        for part in self._secrets():
            if len(part) >= _SHORT:
                text = text.replace(part, HIDDEN)
            else:
                text = re.sub(rf"(?<!\w){re.escape(part)}(?!\w)", HIDDEN, text)
        return text

    def _secrets(self) -> list[str]:
        parts = {self.key, self.userinfo, *self.userinfo.split(":", 1)}
        name, _, query = self.key.partition("?")
        parts |= {name, query, *(pair.partition("=")[2] for pair in query.split("&"))}
        # The application's query is known to all (backup=1), unless there is nothing but it.
        asked = (pair.partition("=")[2] for pair in self.app.partition("?")[2].split("&"))
        parts |= {value for value in asked if not self.key or len(value) >= _SHORT}
        if not self.key:
            parts |= {self.app}
        parts |= {unquote(part) for part in parts}
        return sorted((part for part in parts if part), key=len, reverse=True)

    def __str__(self) -> str:
        if self.scheme == UDP:
            return f"udp://{self.place}" + (f"?ttl={self.ttl}" if self.ttl != DEFAULT_TTL else "")
        app = f"{self.app.partition('?')[0]}/" if self.key else ""
        return f"{self.scheme}://{self.place}/{app}{HIDDEN}"


def _split_host(place: str, default_port: int) -> tuple[str, int]:
    if place.startswith("["):
        host, bracket, tail = place[1:].partition("]")
        if not bracket or (tail and not tail.startswith(":")) or not re.fullmatch(r"[0-9A-Fa-f:.]+", host):
            raise UrlError("url.host", "The address has no valid host name.")
        port = tail[1:]
    else:
        host, _, port = place.partition(":")
        try:
            # IDNA, so that a host written in Hangul resolves.
            host = host if host.isascii() else host.encode("idna").decode("ascii")
        except UnicodeError:
            host = ""
        if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9.])?", host):
            raise UrlError("url.host", "The address has no valid host name.")
    if not port:
        return host.lower(), default_port
    if not re.fullmatch(r"[0-9]{1,5}", port) or not 0 < int(port) < 65536:
        raise UrlError("url.port", "The address's port is not a number from 1 to 65535.")
    return host.lower(), int(port)


def _split_path(path: str) -> tuple[str, str]:
    """The application and the key.

    A query belongs to the key (``live/key?token=…``), unless a key follows it: backup ingests are given as
    ``live2?backup=1`` with the key put behind them. One part alone is the stream's name, as encoders with an
    empty key send it; a ``/`` behind it means that a key is missing.
    """
    plain, mark, query = path.partition("?")
    if plain and "/" not in plain and "/" not in query:
        return path, ""
    if mark and "/" not in plain.rstrip("/") and "/" in query:
        app_query, _, key = query.rpartition("/")
        app = f"{plain}?{app_query}"
    else:
        app, _, key = plain.rpartition("/")
        key = f"{key}{mark}{query}" if key else ""
    if not plain.strip("/") or not app.strip("/") or not key:
        raise UrlError("url.key", "The address needs an application and a stream key: rtmp://host/app/key.")
    return app, key
