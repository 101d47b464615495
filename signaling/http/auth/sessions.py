"""The sessions that cookies hold: listed for the director, ended by the director, and remembered over
restarts.

A cookie is good by its signature alone (:mod:`signaling.http.auth.auth`). This table says who has one, and
which were ended before their time; without its file nothing is lost but the list and those ends.
"""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import msgspec
import structlog

from signaling.contract.ports import Grant, RefusedError
from signaling.contract.state import Role
from signaling.http.auth.auth import AuthSession

log = structlog.get_logger()

PEERS = 16
"""Of a session at once, at most: each of its pages has one or two."""
MOST = 5000
"""Beyond that, the one unused for longest is no longer listed; ended ones are kept."""
MOST_OF_SEAT = 32
"""The same of one seat: who opens a link over and over displaces nobody else."""
AGAIN_S = 5.0
"""After which a list that couldn't be written is tried again."""


class Known(msgspec.Struct):
    """``began``, ``seen``, ``expires``: Unix seconds. ``address``: of its last request. ``peers``: the WebRTC
    peers that it opened last, which outlive this process."""

    role: Role
    seat: str
    generation: int
    address: str
    began: int
    seen: int
    expires: int
    ended: bool = False
    peers: list[str] = []

    @property
    def grant(self) -> Grant:
        return Grant(self.role, self.seat, self.generation, self.expires)


class Keeping(Protocol):
    """Where the table outlives the process."""

    def read(self) -> bytes: ...

    def write(self, content: bytes) -> None:
        """Private and whole, or not at all. Raises OSError; called in a thread."""
        ...


class Nowhere:
    """A store that is forgotten with the process, for tests."""

    def read(self) -> bytes:
        return b""

    def write(self, content: bytes) -> None:
        pass


class SessionFile:
    """``write`` is :func:`studio.contract.datadir.write_private`."""

    def __init__(self, file: Path, write: Callable[[Path, bytes], None]) -> None:
        self._file = file
        self._write = write

    def read(self) -> bytes:
        try:
            return self._file.read_bytes()
        except OSError:
            return b""

    def write(self, content: bytes) -> None:
        self._write(self._file, content)


class Sessions:
    """The sessions' list, on one event loop. ``clock`` gives Unix seconds."""

    def __init__(self, keeping: Keeping, clock: Callable[[], float] = time.time) -> None:
        self._keeping = keeping
        self._clock = clock
        self._known: dict[str, Known] = {}
        self._dirty = False
        self._writing: asyncio.Task[None] | None = None
        self._again: asyncio.TimerHandle | None = None
        content = keeping.read()
        if content:
            try:
                self._known = msgspec.json.decode(content, type=dict[str, Known])
            except msgspec.DecodeError:
                log.warning("the list of sessions cannot be read; it begins anew")

    def ended(self, id_: str) -> bool:
        known = self._known.get(id_)
        return known is not None and known.ended

    def seen(self, session: AuthSession, address: str) -> None:
        """A cookie has just been made, or used."""
        if not session.id:
            return
        now, grant = int(self._clock()), session.grant
        known = self._known.pop(session.id, None)
        if known is None:
            known = Known(
                grant.role, grant.seat, grant.generation, address, session.began, now, grant.expires
            )
            self._forget(known)
            self._keep()
        known.seen, known.address, known.expires = now, address, grant.expires
        self._known[session.id] = known

    def opened(self, session: AuthSession, peer: str) -> None:
        """A WebRTC peer of this session."""
        known = self._known.get(session.id)
        if known is not None:
            known.peers = [*known.peers, peer][-PEERS:]
            self._keep()

    def peers(self, id_: str) -> tuple[str, ...]:
        """Return a session's peers that may still be there."""
        known = self._known.get(id_)
        return () if known is None else tuple(known.peers)

    def listed(self) -> dict[str, Known]:
        """Return the sessions that have neither ended nor expired, by id."""
        now = self._clock()
        return {id_: each for id_, each in self._known.items() if not each.ended and each.expires > now}

    async def end(self, id_: str) -> None:
        """End a session: it is void from now on, and stays so. Raises RefusedError 404 ``session.unknown``,
        507 ``session.unwritable`` when that can't be kept: it has ended, but only until the next restart."""
        if id_ not in self.listed():
            raise RefusedError(404, "session.unknown", "There is no such session any more.")
        self._known[id_].ended = True
        self._keep()
        assert self._writing is not None
        await asyncio.shield(self._writing)
        if self._dirty:
            raise RefusedError(
                507, "session.unwritable", "The session has ended, but the disk can't keep that: make room."
            )

    def _forget(self, coming: Known) -> None:
        now = self._clock()
        for id_ in [id_ for id_, each in self._known.items() if each.expires <= now]:
            del self._known[id_]
        going = [id_ for id_, each in self._known.items() if not each.ended]
        alike = [id_ for id_ in going if self._known[id_].seat == coming.seat] if coming.seat else []
        for ids, most in ((alike, MOST_OF_SEAT), (going, MOST)):
            if len(ids) >= most:
                self._known.pop(ids[0], None)

    def _keep(self) -> None:
        self._dirty = True
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write(), name="sessions")

    async def _write(self) -> None:
        while self._dirty:
            self._dirty = False
            try:
                await asyncio.to_thread(self._keeping.write, msgspec.json.encode(self._known))
            except OSError as error:
                if self._again is None:
                    log.error("the list of sessions cannot be kept", reason=error.strerror)
                self._dirty = True
                self._again = asyncio.get_running_loop().call_later(AGAIN_S, self._keep)
                return
            self._again = None

    async def close(self) -> None:
        if self._writing is not None:
            await self._writing
        if self._again is not None:
            self._again.cancel()
