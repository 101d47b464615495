"""Limits on what a client may send: how often (token buckets) and how much (body sizes and types)."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable

import msgspec
from aiohttp import web

from signaling.contract.ports import RefusedError

COMMAND_BYTES = 64 * 1024
SDP_BYTES = 64 * 1024
SMALL_BYTES = 8 * 1024
WS_MESSAGE_BYTES = 64 * 1024
BODY_TIMEOUT_S = 15.0
MAX_KEYS = 4096


class RateLimitedError(RefusedError):
    """429 with ``Retry-After``: ``retry_after_s`` whole seconds, at least 1."""

    def __init__(self, code: str, retry_after_s: int) -> None:
        super().__init__(429, code, f"Too many requests: try again in {retry_after_s} s.")
        self.retry_after_s = retry_after_s


class Rate(msgspec.Struct, frozen=True):
    """A token bucket: ``burst`` at once, ``per_s`` a second in the long run."""

    per_s: float
    burst: int


class Limits(msgspec.Struct, frozen=True):
    """All rates and numbers, by what they limit. A hall full of guests may share one address, hence the
    per-IP width."""

    wrong_tokens: Rate = Rate(10 / 60, 10)
    """Per IP: 401s for tokens that were never valid. A right token always passes: 128 random bits are not
    guessed, and one confused laptop must not lock out a city hall behind the same address."""
    commands: Rate = Rate(100, 400)
    """The director's: per WebSocket, per address of HTTP requests: one script's flood is not another's."""
    commands_guest: Rate = Rate(2, 20)
    """The same for everybody else. Each one that is carried out is a line of the log for good and a plate to
    be drawn, and a guest has a name to set and nothing more."""
    commands_booth: Rate = Rate(5, 60)
    """An interpreter's: the microphone's keys are pressed and let go, and none of it may be refused."""
    offers: Rate = Rate(1, 20)
    """Per session."""
    offers_ip: Rate = Rate(20, 200)
    """Per IP."""
    requests_ip: Rate = Rate(200, 2000)
    """Per IP: everything but static files."""
    ws_messages: Rate = Rate(50, 200)
    """Per connection, pings included."""
    sockets: int = 32
    """WebSockets open at once, per session: of a seat or of all directors' consoles together."""
    sockets_all: int = 2000
    """The same for everybody together."""
    takes: Rate = Rate(50, 200)
    """Takes, counted like the director's commands, beside them."""
    panic: Rate = Rate(20, 100)
    """Black and the slate, counted in the same way beside both, and not among the messages."""


class Limiter:
    """Token buckets by key. The table is bounded: the bucket unused for longest is forgotten first."""

    def __init__(
        self,
        rate: Rate,
        code: str,
        *,
        max_keys: int = MAX_KEYS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._rate = rate
        self._code = code
        self._max_keys = max_keys
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, key: str) -> None:
        """Use up one token of ``key``. Raises :class:`RateLimitedError` when there is none."""
        now = self._clock()
        level, at = self._buckets.pop(key, (float(self._rate.burst), now))
        level = min(float(self._rate.burst), level + (now - at) * self._rate.per_s)
        allowed = level >= 1
        self._buckets[key] = (level - 1 if allowed else level, now)
        if len(self._buckets) > self._max_keys:
            self._buckets.popitem(last=False)
        if not allowed:
            raise RateLimitedError(self._code, max(1, -int(-(1 - level) // self._rate.per_s)))


async def read_body(request: web.Request, limit: int, types: tuple[str, ...]) -> bytes:
    """The whole body, at most ``limit`` bytes of one of these content types.

    Raises RefusedError: 415 ``body.type``, 413 ``body.too-large``, 408 ``body.timeout``.
    """
    if types and request.content_type not in types:
        raise RefusedError(415, "body.type", f"Send the body as {' or '.join(types)}.")
    too_large = RefusedError(413, "body.too-large", f"The body may have at most {limit} bytes.")
    if (request.content_length or 0) > limit:
        raise too_large
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            async for chunk in request.content.iter_any():
                body += chunk
                if len(body) > limit:
                    raise too_large
    except TimeoutError:
        raise RefusedError(408, "body.timeout", "The body did not arrive in time.") from None
    return bytes(body)
