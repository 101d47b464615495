"""RTMP's ways to ask for user and password, ``authmod=adobe`` and ``authmod=llnw``. Pure.

The ingest refuses ``connect``; its description names the method. The next connection names the user and is
refused with a challenge; the third one answers it. Each is the application with a query behind it.
"""

import base64
import hashlib
import re
from collections.abc import Callable
from urllib.parse import quote

ANSWER = "response="
"""In the last of the queries."""
METHODS = ("adobe", "llnw")
_NONCE_COUNT, _QOP, _REALM, _METHOD = "00000001", "auth", "live", "publish"


def next_query(description: str, app: str, user: str, password: str, token: Callable[[], str]) -> str | None:
    """The query of the next connection's application, from what ``connect`` was refused with; None where the
    refusal asks for nothing that we have. ``token`` gives eight random hexadecimal digits."""
    if not user:
        return None
    said = re.search(r"authmod=(\w+)", description)
    method = said[1] if said else ""
    if method not in METHODS:
        return None
    asked = f"?authmod={method}&user={quote(user, safe='')}"
    if "code=403 need auth" in description:
        return asked
    challenge = _parameters(description)
    if challenge.get("reason") != "needauth":
        return None  # authfailed, nosuchuser: trying again would lock the account
    if method == "adobe":
        return asked + _adobe(challenge, user, password, token())
    return asked + _llnw(challenge, app, user, password, token())


def _adobe(challenge: dict[str, str], user: str, password: str, ours: str) -> str:
    salted = _base64(f"{user}{challenge.get('salt', '')}{password}")
    opaque = challenge.get("opaque", "")
    response = _base64(f"{salted}{opaque or challenge.get('challenge', '')}{ours}")
    return f"&challenge={ours}&response={response}" + (f"&opaque={opaque}" if opaque else "")


def _llnw(challenge: dict[str, str], app: str, user: str, password: str, ours: str) -> str:
    """RFC 2617's digest with fixed names (§3.2.2)."""
    nonce = challenge.get("nonce", "")
    plain = app.partition("?")[0]
    account = _hex(f"{user}:{_REALM}:{password}")
    place = _hex(f"{_METHOD}:/{plain}" + ("" if "/" in plain else "/_definst_"))
    response = _hex(f"{account}:{nonce}:{_NONCE_COUNT}:{ours}:{_QOP}:{place}")
    return f"&nonce={nonce}&cnonce={ours}&nc={_NONCE_COUNT}&response={response}"


def _parameters(description: str) -> dict[str, str]:
    """Return what stands behind the ``?``; values are base64 and may hold ``=``."""
    query = description.partition("?")[2].strip().rstrip("]").strip()
    return {name: value for pair in query.split("&") for name, _, value in [pair.partition("=")]}


def _base64(text: str) -> str:
    return base64.b64encode(_digest(text)).decode()


def _hex(text: str) -> str:
    return _digest(text).hex()


def _digest(text: str) -> bytes:
    return hashlib.md5(text.encode(), usedforsecurity=False).digest()
