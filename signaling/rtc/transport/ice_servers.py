"""STUN and TURN servers as this process finds them: nobody waits for one that doesn't answer.

Gathering asks a server and waits a second, or longer for one that is known to be slow. One that said nothing
is silent: it is left out from then on, and asked again apart from all guests until it answers.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, NamedTuple

import structlog
from aioice import stun
from aioice.turn import TurnClientTcpProtocol, TurnClientUdpProtocol

WAIT_S = 1.0
"""For a server that was never asked: one lost packet is sent again after 0.5 s."""
SLOW_S = 4.0
"""At most, for one that has answered."""
_TIMES = 4
"""So many times what its last answer took: an allocation takes more rounds than a probe."""
PROBE_S = 5.0
"""How often a silent one is asked, and how long it is listened for."""

log = structlog.get_logger()


class IceServerUrl(NamedTuple):
    """``scheme``: ``stun``, ``turn`` or ``turns``; ``transport``: ``udp`` or ``tcp``."""

    scheme: str
    host: str
    port: int
    transport: str = "udp"

    def __str__(self) -> str:
        """Return its URL, without a secret."""
        url = f"{self.scheme}:{self.host}:{self.port}"
        return url if self.scheme == "stun" else f"{url}?transport={self.transport}"


Question = Callable[[], Coroutine[Any, Any, list[Any]]]
"""Asks a server for candidates. An error of aioice's ``TransactionFailed`` is an answer, too."""


class IceServers:
    """Which servers are silent. Lives on the event loop; there are as many as are configured."""

    def __init__(self, wait_s: float = WAIT_S, probe_s: float = PROBE_S) -> None:
        self._wait_s = wait_s
        self._probe_s = probe_s
        self._probes: dict[IceServerUrl, asyncio.Task[None]] = {}
        self._took_s: dict[IceServerUrl, float] = {}
        """How long its last answer took."""

    @property
    def silent(self) -> tuple[str, ...]:
        """Their URLs, in order."""
        return tuple(sorted(map(str, self._probes)))

    async def ask(self, questions: Mapping[IceServerUrl, Question]) -> list[Any]:
        """Return what the servers say that aren't silent, all asked at once. Never raises but when
        cancelled."""
        tasks = {
            server: asyncio.create_task(self._asked(server, question))
            for server, question in questions.items()
            if server not in self._probes
        }
        if not tasks:
            return []
        try:
            await asyncio.wait(tasks.values())
        finally:
            for task in tasks.values():
                task.cancel()
        found: list[Any] = []
        for server, task in tasks.items():
            error = task.exception()
            if error is None:
                found += task.result()
            elif isinstance(error, stun.TransactionFailed):
                log.warning("ice.refused", server=str(server), error=str(error))
            else:
                self._lost(server, error)
        return found

    async def _asked(self, server: IceServerUrl, question: Question) -> list[Any]:
        """Raises what the question raises, and TimeoutError."""
        began_s = time.monotonic()
        async with asyncio.timeout(self._patience_s(server)):
            found = await question()
        self._took_s[server] = time.monotonic() - began_s
        return found

    def _patience_s(self, server: IceServerUrl) -> float:
        return max(self._wait_s, min(SLOW_S, _TIMES * self._took_s.get(server, 0.0)))

    def close(self) -> None:
        for probe in self._probes.values():
            probe.cancel()
        self._probes.clear()

    def _lost(self, server: IceServerUrl, error: BaseException) -> None:
        if server not in self._probes:
            log.warning("ice.silent", server=str(server), error=type(error).__name__)
            self._probes[server] = asyncio.create_task(self._probe(server))

    async def _probe(self, server: IceServerUrl) -> None:
        while True:
            began_s = time.monotonic()
            if await answers(server, self._probe_s):
                self._took_s[server] = time.monotonic() - began_s
                break
            await asyncio.sleep(self._probe_s)
        log.info("ice.answers", server=str(server))
        del self._probes[server]


async def answers(server: IceServerUrl, within_s: float) -> bool:
    """Return whether it answers a STUN request, as TURN servers do as well."""
    loop = asyncio.get_running_loop()
    address = (server.host, server.port)
    transport: asyncio.BaseTransport | None = None
    protocol: TurnClientTcpProtocol | TurnClientUdpProtocol
    try:
        async with asyncio.timeout(within_s):
            if server.transport == "tcp":
                transport, protocol = await loop.create_connection(
                    lambda: TurnClientTcpProtocol(address, None, None, 0, 0),
                    *address,
                    ssl=server.scheme == "turns" or None,
                )
            else:
                transport, protocol = await loop.create_datagram_endpoint(
                    lambda: TurnClientUdpProtocol(address, None, None, 0, 0), remote_addr=address
                )
            await protocol.request(stun.Message(stun.Method.BINDING, stun.Class.REQUEST))
    except stun.TransactionFailed:
        return True
    except (OSError, TimeoutError, stun.TransactionError):
        return False
    finally:
        if transport is not None:
            transport.close()
    return True
