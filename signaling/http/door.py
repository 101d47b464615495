"""The way in: connections are accepted, counted by address, and ended when they keep a place for nothing.

Nobody is locked out by connections that wait: where there is no room, those that have waited longest for a
request give way. A connection at work (an answer, an upload, a WebSocket) stays, unless it takes its answer
or gives its request's body slower than any line that could bring a page (:mod:`signaling.http.pace`).
"""

import asyncio
import contextlib
import itertools
import select
import socket
import ssl
import struct
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Protocol

import msgspec
import structlog

from signaling.http.pace import WINDOW_S, Pace, moved_and_owed

log = structlog.get_logger()

BACKLOG = 4096
BATCH = 128
"""Accepted at once, at most: the rest of the loop gets its turn after some 5 ms."""
SWEEP_S = 1.0
RETRY_S = 0.1
"""Pause after an error of ``accept`` that the system will repeat."""
UNREAD_MS = 30_000
"""An answer that nobody takes for this long ends the connection (``TCP_USER_TIMEOUT``)."""
RESERVE = 256
"""Descriptors that connections leave to the rest of the process: the log, uploads, slots, the link."""
MOST = 4096
MOST_OF_ONE = 1024
"""A city hall's 120 guests behind one address open some 7 connections each while their pages load."""


class DoorLimits(msgspec.Struct, frozen=True):
    """``total`` and ``of_one``: connections at once, altogether and of one address. ``first_s``: until a
    connection's first byte, and for a TLS handshake; ``head_s``: from a request's first byte until its
    headers are whole; ``idle_s``: between requests, longer than the 60 s that proxies keep theirs;
    ``pace_s``: the time over which the pace of an answer and of a body is looked at."""

    total: int = MOST
    of_one: int = MOST_OF_ONE
    first_s: float = 20.0
    head_s: float = 10.0
    idle_s: float = 75.0
    pace_s: float = WINDOW_S

    @classmethod
    def of(cls, descriptors: int) -> "DoorLimits":
        """What a process with so many descriptors can take."""
        total = max(16, min(MOST, descriptors - RESERVE))
        return cls(total=total, of_one=min(MOST_OF_ONE, max(12, total * 3 // 4)))


class Handler(Protocol):
    """A connection's protocol, as the door sees it."""

    lost: Callable[[], None] | None
    """Called when the connection is gone."""

    def overdue(self, now_s: float, limits: DoorLimits) -> bool: ...

    def waiting_since_s(self) -> float | None:
        """Since when no request is whole, by the loop's clock; None while one is answered."""

    def awaits_body(self) -> bool:
        """Whether the rest of a request's body is waited for."""

    def is_upgraded(self) -> bool:
        """Whether it is a WebSocket, which has its pings instead of a pace."""

    def drop(self) -> None: ...


async def bound(host: str, port: int) -> list[socket.socket]:
    """Sockets at every address of ``host``, all of one port; 0 lets the system choose. Nobody is heard there
    until the door opens. Raises OSError."""
    found = await asyncio.get_running_loop().getaddrinfo(
        host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )
    listeners: list[socket.socket] = []
    try:
        for family, _, _, _, address in dict.fromkeys(found):
            listener = socket.socket(family, socket.SOCK_STREAM)
            listeners.append(listener)
            listener.setblocking(False)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            listener.bind((address[0], port, *address[2:]))
            port = listener.getsockname()[1]
    except OSError:
        for listener in listeners:
            listener.close()
        raise
    return listeners


class _Visit:
    """One connection. Until it says its first word it is a bare socket, which costs a tenth of a protocol."""

    __slots__ = ("address", "came_s", "handler", "pace", "sock", "task")

    def __init__(self, address: str, came_s: float, sock: socket.socket) -> None:
        self.address = address
        self.came_s = came_s
        self.sock = sock
        self.task: asyncio.Task[None] | None = None
        self.handler: Handler | None = None
        """From its first byte on, after the handshake where there is TLS."""
        self.pace = Pace()

    def waiting_since_s(self) -> float | None:
        return self.came_s if self.handler is None else self.handler.waiting_since_s()

    def overdue(self, now_s: float, limits: DoorLimits) -> str:
        """Why it is to end: ``idle``, ``slow``; empty where it may stay."""
        if self.handler is None:
            return "idle" if now_s - self.came_s > limits.first_s else ""
        if self.handler.overdue(now_s, limits):
            return "idle"
        return "slow" if self._is_slow(self.handler, now_s, limits) else ""

    def _is_slow(self, handler: Handler, now_s: float, limits: DoorLimits) -> bool:
        since_s = handler.waiting_since_s()
        rests = since_s is not None and now_s - since_s > 2 * SWEEP_S and not self.pace.under_way
        if rests or handler.is_upgraded():
            return False  # between requests, with nothing left to take: most of them are, and asking costs
        try:
            moved, owed = moved_and_owed(self.sock)
        except OSError:
            return False  # gone
        return self.pace.is_slow(now_s, moved, awaited=owed or handler.awaits_body(), window_s=limits.pace_s)


class ConnectionDoor:
    """``make`` gives each connection its protocol, which is an ``asyncio.Protocol`` and a :class:`Handler`.
    ``key`` is what an address is counted under; None for proxies, which are many clients and have the total
    alone. ``counted`` is told why one was ended or refused: ``idle``, ``slow``, ``room``, ``refused``."""

    def __init__(
        self,
        make: Callable[[], Handler],
        limits: DoorLimits,
        key: Callable[[str], str | None],
        *,
        tls: ssl.SSLContext | None = None,
        counted: Callable[[str], None] = lambda why: None,
    ) -> None:
        self._make = make
        self._limits = limits
        self._key = key
        self._tls = tls
        self._counted = counted
        self._loop = asyncio.get_running_loop()
        self._listeners: list[socket.socket] = []
        self._visits: dict[str, dict[_Visit, None]] = {}
        """By address, in the order they came."""
        self._count = 0
        self._silent: dict[int, _Visit] = {}
        """By descriptor, those without a word so far."""
        self._ears = select.epoll()
        """An epoll of its own, inside the loop's: a tenth of what a reader of the loop costs."""
        self._told: dict[str, float] = {}
        self._sweeping: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        return self._count

    def open(self, listeners: Sequence[socket.socket]) -> None:
        """Listen at these bound sockets, which are the door's from now on. Raises OSError."""
        self._listeners += listeners
        try:
            for listener in self._listeners:
                listener.listen(BACKLOG)
        except OSError:
            self.close()
            raise
        for listener in self._listeners:
            self._loop.add_reader(listener, self._accept, listener)
        self._loop.add_reader(self._ears, self._listen_for_words)
        self._sweeping = asyncio.create_task(self._sweep(), name="door")

    def close(self) -> None:
        """Accept nobody from now on; who has sent something stays in."""
        for listener in self._listeners:
            self._loop.remove_reader(listener)
            listener.close()
        self._listeners.clear()
        if self._sweeping is None:
            return
        self._sweeping.cancel()
        self._sweeping = None  # closing twice does nothing
        for visits in list(self._visits.values()):
            for visit in [each for each in visits if each.handler is None]:
                self._drop(visit, "idle")
        self._loop.remove_reader(self._ears)
        self._ears.close()

    # --- in -------------------------------------------------------------------------------------------------

    def _accept(self, listener: socket.socket) -> None:
        for _ in range(BATCH):
            try:
                sock, (remote, *_) = listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                # No descriptors, no memory: the system says so until there are some, and at once.
                self._say("connections can't be accepted", error=error.strerror)
                self._make_room(list(self._all()))
                self._loop.remove_reader(listener)
                self._loop.call_later(RETRY_S, self._again, listener)
                return
            key = self._key(remote)
            address = key if key is not None else f"proxy {remote}"
            if not self._room_for(address, one_client=key is not None):
                sock.close()
                self._counted("refused")
                continue
            self._let_in(sock, address)

    def _again(self, listener: socket.socket) -> None:
        if listener in self._listeners:
            self._loop.add_reader(listener, self._accept, listener)

    def _let_in(self, sock: socket.socket, address: str) -> None:
        sock.setblocking(False)
        visit = _Visit(address, self._loop.time(), sock)
        self._visits.setdefault(address, {})[visit] = None
        self._count += 1
        fd = sock.fileno()
        self._silent[fd] = visit
        self._ears.register(fd, select.EPOLLIN)

    def _listen_for_words(self) -> None:
        """The first bytes of some have come, or their end."""
        for fd, _ in self._ears.poll(0):
            self._ears.unregister(fd)
            self._spoken(self._silent.pop(fd))

    def _spoken(self, visit: _Visit) -> None:
        with contextlib.suppress(OSError):  # reset already
            visit.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNREAD_MS)
        visit.task = asyncio.create_task(self._receive(visit), name="door visit")

    async def _receive(self, visit: _Visit) -> None:
        def make() -> Handler:
            handler = self._make()
            handler.lost = lambda: self._left(visit)
            return handler

        try:
            _, visit.handler = await self._loop.connect_accepted_socket(  # type: ignore[type-var]
                make,
                visit.sock,
                ssl=self._tls,
                ssl_handshake_timeout=self._limits.first_s if self._tls is not None else None,
            )
        except OSError:  # no TLS, or gone: its own affair
            self._left(visit)
            visit.sock.close()
        except asyncio.CancelledError:
            self._left(visit)
            visit.sock.close()
            raise
        finally:
            visit.task = None

    def _left(self, visit: _Visit) -> None:
        of_address = self._visits.get(visit.address, {})
        if visit in of_address:
            del of_address[visit]
            if not of_address:
                del self._visits[visit.address]
            self._count -= 1

    # --- room -----------------------------------------------------------------------------------------------

    def _room_for(self, address: str, *, one_client: bool) -> bool:
        if one_client and len(self._visits.get(address, ())) >= self._limits.of_one:
            self._say(
                "connections of one address are at their limit; a proxy belongs into server.trusted_proxies",
                address=address,
                limit=self._limits.of_one,
            )
            return self._make_room(self._visits.get(address, {}))
        if self._count >= self._limits.total:
            self._say("connections are at their limit", limit=self._limits.total)
            return self._make_room(list(self._all()))
        return True

    def _all(self) -> Iterator[_Visit]:
        return itertools.chain.from_iterable(self._visits.values())

    def _make_room(self, visits: Collection[_Visit]) -> bool:
        """Of these, end those that never said anything, then those that have waited longest; a sixteenth of
        them at once: looking at each is dear. False where all are at work."""
        waiting = [
            (visit.handler is not None, since, visit)
            for visit in visits
            if (since := visit.waiting_since_s()) is not None
        ]
        waiting.sort(key=lambda each: each[:2])
        for *_, visit in waiting[: max(1, len(visits) // 16)]:
            self._drop(visit, "room")
        return bool(waiting)

    def _drop(self, visit: _Visit, why: str) -> None:
        self._left(visit)
        self._counted(why)
        if why == "slow":
            # Whoever is writing or reading it, the system's sendfile, too, is told by the socket itself.
            with contextlib.suppress(OSError):
                visit.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                visit.sock.shutdown(socket.SHUT_RDWR)
        elif visit.handler is not None:
            visit.handler.drop()
        elif visit.task is not None:
            visit.task.cancel()
        else:
            del self._silent[visit.sock.fileno()]
            visit.sock.close()  # which takes it out of the epoll, too

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_S)
            now_s = self._loop.time()
            for visits in list(self._visits.values()):
                for visit in list(visits):
                    try:
                        if why := visit.overdue(now_s, self._limits):
                            self._drop(visit, why)
                    except Exception as error:  # of one connection, and all others are still looked at
                        self._say("a connection can't be looked at", error=f"{type(error).__name__}: {error}")

    def _say(self, what: str, **more: object) -> None:
        """Log a warning, each kind once a second at most."""
        now_s = self._loop.time()
        if now_s - self._told.get(what, -1.0) >= 1.0:
            self._told[what] = now_s
            log.warning(what, **more)
