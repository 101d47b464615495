"""Addresses of streams that are pulled: checked once, and shown without what is secret in them. Pure."""

import ipaddress
from urllib.parse import urlsplit

from mixer.contract.credentials import CredentialsError, check_split, decoded

HIDDEN = "•••"
SCHEMES = ("rtmp", "rtmps", "rtsp", "rtsps")
MAX_LENGTH = 2048
_MAX_RTMP = 49
_EMBEDDING = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("::/96"))
"""IPv4 addresses at the end of IPv6 ones: NAT64, and what was meant for the transition."""
_PLATFORMS = (ipaddress.ip_network("168.63.129.16/32"), ipaddress.ip_network("192.0.0.0/24"))
"""Of Azure and Oracle inside every machine there; the other clouds' have addresses of private networks."""


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


def as_ffmpeg_takes(url: str) -> str:
    """The address as FFmpeg wants it: its RTMP doesn't decode user and password, its RTSP does. Raises
    :class:`PullUrlError` ``url.credentials`` where its RTMP can't hand them on (``rtmp_open`` of
    rtmpproto.c)."""
    scheme, _, rest = url.partition("://")
    authority, slash, path = rest.partition("/")
    userinfo, at, place = authority.rpartition("@")
    if not at or not scheme.startswith("rtmp"):
        return url
    user, password = decoded(userinfo)
    broken = set("/?#\\") & {*user, *password} or ":" in user
    if broken or max(len(user.encode()), len(password.encode())) > _MAX_RTMP:
        raise PullUrlError(
            "url.credentials",
            "For RTMP, user and password can't have / ? # or \\ in them, nor the user a colon, and each has"
            f" at most {_MAX_RTMP} bytes: choose others at the server.",
        )
    return f"{scheme}://{user}:{password}@{place}{slash}{path}"


def names_private(url: str) -> bool:
    """Return whether the host of an address that :func:`redacted_pull` takes is written as an IP address that
    is not public, or is this machine by name. What else a name means, its look-up says."""
    host = urlsplit(url).hostname or ""
    if host.rstrip(".") == "localhost" or host.rstrip(".").endswith(".localhost"):
        return True
    try:
        return not is_public(host)
    except ValueError:
        return False


def is_public(address: str) -> bool:
    """Return whether an IP address is one of the public Internet: not private (RFC 1918), loopback,
    link-local, shared (RFC 6598), unique local, multicast, unspecified or reserved, nor a cloud's metadata
    service, nor such a one inside an IPv6 address. Raises ValueError."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
        if any(found in network for network in _EMBEDDING):
            inner = ipaddress.IPv4Address(found.packed[-4:])
        if inner is not None:
            return is_public(str(inner))
        if found.is_site_local:
            return False
    platform = any(found in network for network in _PLATFORMS)
    return found.is_global and not found.is_multicast and not platform
