"""Where a request comes from: the client's address behind proxies, and the Origin check."""

import ipaddress
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import urlsplit

from aiohttp import web

from signaling.contract.ports import RefusedError

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}
_REMEMBERED = 256
"""Addresses read: a flood of connections comes from a few, and reading costs more than all the rest."""
_FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-IP", "Via")


class ClientAddress:
    """The client's address. ``X-Forwarded-For`` counts only as far as the hops are trusted proxies."""

    def __init__(self, trusted: Iterable[str]) -> None:
        self._trusted: tuple[_Network, ...] = tuple(
            ipaddress.ip_network(each, strict=False) for each in trusted
        )
        self._of_peer = lru_cache(_REMEMBERED)(self._key_of_peer)

    def of(self, request: web.BaseRequest) -> str:
        address = _parse(request.remote or "")
        if address is None:
            return "unknown"
        hops = ",".join(request.headers.getall("X-Forwarded-For", [])).split(",")
        while self._is_trusted(address) and hops:
            before = _parse(_without_port(hops.pop().strip()))
            if before is None:
                break
            address = before
        return str(address)

    def key(self, request: web.BaseRequest) -> str:
        """Return what rate limits are counted under: the address, of IPv6 the /64 that one customer has."""
        address = _parse(self.of(request))
        return "unknown" if address is None else _key(address)

    def of_peer(self, remote: str) -> str | None:
        """The same for a connection before its first request, by the other end's address; None for a trusted
        proxy, behind which there are many clients."""
        return self._of_peer(remote)

    def _key_of_peer(self, remote: str) -> str | None:
        address = _parse(remote)
        if address is None:
            return "unknown"
        return None if self._is_trusted(address) else _key(address)

    def _is_trusted(self, address: _Address) -> bool:
        return any(address in network for network in self._trusted if network.version == address.version)


def is_loopback(request: web.BaseRequest) -> bool:
    """Return whether it comes from this machine itself, and not through a proxy that runs on it."""
    address = _parse(request.remote or "")
    return (
        address is not None
        and address.is_loopback
        and not any(name in request.headers for name in _FORWARDED)
    )


def check_origin(request: web.BaseRequest, public_url: str) -> None:
    """Raise RefusedError 403 ``origin.forbidden`` for a page of another site.

    No ``Origin`` means no browser page: those that could be misused always send one. A beacon from a page
    with ``Referrer-Policy: no-referrer`` says ``null`` (Fetch §3.2, "append a request Origin header"); there
    ``Sec-Fetch-Site`` decides, which no page can set.
    """
    origin = request.headers.get("Origin")
    if origin is None or (origin == "null" and request.headers.get("Sec-Fetch-Site") == "same-origin"):
        return
    given = _host_port(origin)
    if given is not None:
        if public_url and given == _host_port(public_url):
            return
        # The scheme is not compared with ours: behind a proxy that ends TLS it differs.
        scheme = origin.partition(":")[0]
        ours = _host_port(f"{scheme}://{request.host}")
        if given == ours:
            return
        # Proxies that pass on the name alone (nginx's ``$host``) leave out a port of their own choice.
        if ours is not None and given[0] == ours[0]:
            raise RefusedError(
                403,
                "origin.port",
                "The page's address has another port than the request's Host: set public_url to the page's "
                "address in studio.toml, or let the proxy pass on Host as it came.",
            )
    raise RefusedError(403, "origin.forbidden", "This page belongs to another site.")


def _host_port(url: str) -> tuple[str, int] | None:
    try:
        parts = urlsplit(url)
        if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
            return None
        return parts.hostname.lower(), parts.port or _DEFAULT_PORTS[parts.scheme]
    except ValueError:
        return None


def _without_port(hop: str) -> str:
    """Proxies may write the client's port beside its address: ``203.0.113.5:41234``, ``[2001:db8::1]:41234``,
    and put IPv6 into brackets, or a hop into quotation marks, without one."""
    hop = hop.strip('"')
    if hop.startswith("["):
        return hop[1:].partition("]")[0]
    return hop.partition(":")[0] if hop.count(":") == 1 else hop


def _key(address: _Address) -> str:
    if address.version == 6:
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def _parse(text: str) -> _Address | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)
    return mapped if mapped is not None else address
