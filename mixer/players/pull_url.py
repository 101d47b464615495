"""Addresses of streams that are pulled: checked once, and shown without what is secret in them. Pure."""

from urllib.parse import urlsplit

from mixer.credentials import CredentialsError, check_split

HIDDEN = "•••"
SCHEMES = ("rtmp", "rtmps", "rtsp", "rtsps")
MAX_LENGTH = 2048


class PullUrlError(ValueError):
    """``code``: ``url.scheme``, ``url.host``, ``url.port``, ``url.credentials``, ``url.invalid``. The message
    repeats nothing of the address."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def redacted_pull(url: str) -> str:
    """Scheme, host and port; user, path and query are hidden, for any of them may hold a key. Raises
    :class:`PullUrlError`."""
    if len(url) > MAX_LENGTH or any(not each.isprintable() or each.isspace() for each in url) or "\\" in url:
        raise PullUrlError("url.invalid", "The address has a character or a length that no address has.")
    scheme = url.partition("://")[0].lower()
    if "://" not in url or scheme not in SCHEMES:
        raise PullUrlError(
            "url.scheme", "The address must begin with rtmp://, rtmps://, rtsp:// or rtsps://."
        )
    try:
        check_split(url.partition("://")[2])
    except CredentialsError as error:
        raise PullUrlError(error.code, str(error)) from None
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise PullUrlError("url.port", "The address's host or port is not valid.") from None
    if not host:
        raise PullUrlError("url.host", "The address has no valid host name.")
    place = f"[{host}]" if ":" in host else host
    hidden = HIDDEN if parts.path.strip("/") or parts.query or parts.username else ""
    return f"{scheme}://{place}" + (f":{port}" if port else "") + (f"/{hidden}" if hidden else "")
