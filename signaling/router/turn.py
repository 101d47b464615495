"""Time-limited TURN credentials from a shared secret, as coturn's ``use-auth-secret`` takes them.

Source: draft-uberti-behave-turn-rest-00 §2.2: the user name is the expiry in Unix seconds, a colon and any
name; the password is base64(HMAC-SHA1(secret, user name)).
"""

import base64
import hmac
import time
from collections.abc import Callable

import msgspec

from signaling.contract.messages import IceServer


class IceSettings(msgspec.Struct, frozen=True):
    """``stun`` and ``turn`` are URLs (``stun:host:port``, ``turn:host:port?transport=udp``). None of them is
    ever contacted unless it is given here."""

    stun: tuple[str, ...] = ()
    turn: tuple[str, ...] = ()
    turn_secret: str = ""
    ttl_s: int = 43_200


def ice_servers(settings: IceSettings, clock: Callable[[], float] = time.time) -> tuple[IceServer, ...]:
    """The servers for one browser, with credentials that end ``ttl_s`` from now."""
    servers: list[IceServer] = []
    if settings.stun:
        servers.append(IceServer(settings.stun))
    if settings.turn:
        name, password = "", ""
        if settings.turn_secret:
            name = f"{int(clock()) + settings.ttl_s}:studio"
            password = base64.b64encode(
                hmac.digest(settings.turn_secret.encode(), name.encode(), "sha1")
            ).decode()
        servers.append(IceServer(settings.turn, name, password))
    return tuple(servers)
