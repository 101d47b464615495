"""The WebSocket hub: a snapshot, then every change in order, to each client what its role may see.

Sending never waits: a client has a bounded outbox, and one that doesn't keep up is disconnected (4008); it
comes back by itself and starts from a snapshot, which is cheaper for both than a long backlog.

Meters are another matter: what is late is worth nothing. They are encoded once for all who see the same, and
a client that has anything else to read doesn't get them.
"""

import asyncio
import contextlib
import itertools
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

import structlog
from aiohttp import WSCloseCode, WSMsgType, web

from mixer.contract.messages import Meters
from signaling.contract.merge_patch import diff
from signaling.contract.messages import ShardLevels
from signaling.contract.ports import Actor, Change, RefusedError, ShowPort, Unsubscribe
from signaling.contract.state import RoleState
from signaling.http import messages
from signaling.http.auth.auth import AuthSession
from signaling.http.auth.guard import ended_seat
from signaling.http.auth.limits import Limits
from signaling.http.live.meters import MeterBoard
from signaling.http.live.views import booth_sources, follows_show, sees_everything, view

log = structlog.get_logger()

MAX_MESSAGES = 512
MAX_BYTES = 4 * 1024 * 1024
CLOSE_SLOW = 4008
CLOSE_ENDED = 4401
CLOSE_TIMEOUT_S = 5.0
_numbers = itertools.count(1)


class PageSocket:
    """One WebSocket with its outbox. Made by :meth:`Hub.join`."""

    def __init__(
        self, socket: web.WebSocketResponse, session: AuthSession, abort: Callable[[], None]
    ) -> None:
        self.id = f"socket-{next(_numbers)}"
        self.session = session
        self.actor: Actor = session.actor
        self.closing = False
        self._meters = b""
        self._socket = socket
        self._abort = abort
        self._outbox: deque[bytes] = deque()
        self._bytes = 0
        self._filled = asyncio.Event()

    @property
    def backlog(self) -> int:
        return len(self._outbox)

    def offer(self, data: bytes) -> bool:
        """Queue one message; False when the outbox is full, and nothing was queued."""
        if len(self._outbox) >= MAX_MESSAGES or (self._outbox and self._bytes + len(data) > MAX_BYTES):
            return False
        self._outbox.append(data)
        self._bytes += len(data)
        self._filled.set()
        return True

    def offer_meters(self, data: bytes) -> bool:
        """Send the meters next, in place of older ones that are still here; False, and nothing is kept, when
        something else waits to be sent."""
        if self._outbox:
            return False
        self._meters = data
        self._filled.set()
        return True

    async def write(self) -> None:
        """Send the outbox until cancelled or the connection is gone."""
        with contextlib.suppress(ConnectionError):
            while True:
                await self._filled.wait()
                self._filled.clear()
                while self._outbox or self._meters:
                    if self._outbox:
                        data = self._outbox.popleft()
                        self._bytes -= len(data)
                    else:
                        data, self._meters = self._meters, b""
                    await self._socket.send_frame(data, WSMsgType.TEXT)

    async def end(self, code: int, reason: str) -> None:
        """Close with a reason; a peer that doesn't even read that is dropped after a while."""
        asyncio.get_running_loop().call_later(CLOSE_TIMEOUT_S, self._abort)
        with contextlib.suppress(TimeoutError, ConnectionError):
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                await self._socket.close(code=code, message=reason.encode(), drain=False)


class Hub:
    """All on one event loop. ``not_withdrawn``: see :class:`signaling.http.auth.auth.Authenticator`;
    ``meters_wanted``: see :class:`signaling.http.deps.Deps`."""

    def __init__(
        self,
        show: ShowPort,
        not_withdrawn: Callable[[AuthSession], bool],
        meters_wanted: Callable[[bool], None] = lambda on: None,
    ) -> None:
        self._show = show
        self._not_withdrawn = not_withdrawn
        self._clients: dict[PageSocket, asyncio.Task[None]] = {}
        self._views: dict[Actor, RoleState] = {}
        self._state = show.public_state()
        self._serial = -1
        self._endings: set[asyncio.Task[None]] = set()
        self._unsubscribe: Unsubscribe | None = None
        self._meters_wanted = meters_wanted
        self._board = MeterBoard()
        self._watchers: set[PageSocket] = set()
        self._booths: dict[str, frozenset[str]] = {}
        """Interpreters' seats and whose meters they see, as of the present state."""

    def __len__(self) -> int:
        return len(self._clients)

    def start(self) -> None:
        self._unsubscribe = self._show.listen(self._on_change)
        self._take_state()

    async def close(self) -> None:
        """Tell every client that we are going (1001) and wait for them, briefly."""
        if self._unsubscribe is not None:
            self._unsubscribe()
        for client in list(self._clients):
            self._end(client, WSCloseCode.GOING_AWAY, "the studio restarts")
        if self._endings:
            await asyncio.wait(self._endings, timeout=CLOSE_TIMEOUT_S)

    def make_room(self, session: AuthSession, limits: Limits) -> None:
        """Raises RefusedError 429 ``socket.too-many`` where one more client would be too much."""
        of_session = sum(client.session.key == session.key for client in self._clients)
        if of_session >= limits.sockets or len(self._clients) >= limits.sockets_all:
            raise RefusedError(429, "socket.too-many", "Too many pages are open: close some, then try again.")

    def join(
        self, socket: web.WebSocketResponse, session: AuthSession, abort: Callable[[], None]
    ) -> PageSocket:
        """Take a client in: its snapshot is queued, then every change. Call :meth:`leave` afterwards."""
        client = PageSocket(socket, session, abort)
        # Nothing awaits between reading the state and listing the client, so no change falls in between.
        if self._show.serial != self._serial:
            self._take_state()
        if sees_everything(client.actor):
            state: RoleState = self._state
        else:
            state = self._views.setdefault(client.actor, view(self._state, client.actor))
        client.offer(messages.encode(messages.Snapshot(self._show.revision, self._show.serial, state)))
        self._clients[client] = asyncio.create_task(client.write(), name="ws writer")
        return client

    async def leave(self, client: PageSocket) -> None:
        """Forget a client; its writer is gone afterwards."""
        self._unwatch(client)
        writer = self._clients.pop(client, None)
        if not any(other.actor == client.actor for other in self._clients):
            self._views.pop(client.actor, None)
        if writer is not None:
            writer.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await writer

    def send(self, client: PageSocket, message: messages.ToClient) -> None:
        self._offer(client, messages.encode(message))

    # --- the meters ------------------------------------------------------------------------------------

    @property
    def meters_wanted(self) -> bool:
        """True if anybody watches the meters: for processes that start now."""
        return bool(self._watchers)

    def watch_meters(self, client: PageSocket, on: bool) -> None:
        """Raises RefusedError 403 ``role.forbidden``."""
        if not on:
            self._unwatch(client)
            return
        if not (follows_show(client.actor) or client.actor.role == "interpreter"):
            raise RefusedError(403, "role.forbidden", "Your role does not allow this.")
        if client in self._clients and not client.closing:
            first = not self._watchers
            self._watchers.add(client)
            if first:
                self._meters_wanted(True)

    def _unwatch(self, client: PageSocket) -> None:
        if client in self._watchers:
            self._watchers.discard(client)
            if not self._watchers:
                self._board.forget()
                self._meters_wanted(False)

    def publish_meters(self, sender: str, message: Meters | ShardLevels) -> None:
        """Take what a process (``mixer``, ``shard-1`` …) measured, and send to each who watches what it may
        see: encoded once for directors and viewers, and once for each booth."""
        reading = self._board.take(sender, message) if self._watchers else None
        if reading is None:
            return
        whole: bytes | None = None
        booths: dict[frozenset[str], bytes] = {}
        for client in self._watchers:
            if follows_show(client.actor):
                whole = whole or messages.encode(reading.whole())
                client.offer_meters(whole)
                continue
            seat = client.actor.seat
            if seat not in self._booths:
                self._booths[seat] = booth_sources(self._state, seat)
            sources = self._booths[seat]
            if sources not in booths:
                booths[sources] = messages.encode(reading.part(sources))
            client.offer_meters(booths[sources])

    # --- the show's changes ----------------------------------------------------------------------------

    def _take_state(self) -> None:
        self._state = self._show.public_state()
        self._serial = self._show.serial
        self._booths.clear()

    def _on_change(self, change: Change) -> None:
        if change.serial <= self._serial:
            return  # a client joined between the change and its announcement and has it in its snapshot
        self._state = change.state
        self._serial = change.serial
        self._booths.clear()
        whole: bytes | None = None
        parts: dict[Actor, bytes | None] = {}
        for client in list(self._clients):
            if sees_everything(client.actor):
                if whole is None:
                    whole = _encode_change(change, change.event, change.patch)
                self._offer(client, whole)
                continue
            if client.actor not in parts:
                parts[client.actor] = self._part(client.actor, change)
            part = parts[client.actor]
            if part is not None:
                self._offer(client, part)
        if change.event is not None:
            # After the change is wholly applied: the show may announce it in the middle of its own step.
            asyncio.get_running_loop().call_soon(self._check_sessions, ended_seat(change))

    def _part(self, actor: Actor, change: Change) -> bytes | None:
        """The change as ``actor`` may see it; None where nothing of it is its business."""
        now = view(self._state, actor)
        patch = diff(self._views.get(actor, {}), now)
        self._views[actor] = now
        if follows_show(actor):
            return _encode_change(change, change.event, patch)
        return _encode_change(change, None, patch) if patch else None

    def _offer(self, client: PageSocket, data: bytes) -> None:
        if not client.closing and not client.offer(data):
            log.warning("slow client disconnected", role=client.actor.role, seat=client.actor.seat)
            self._end(client, CLOSE_SLOW, "too slow")

    def pages_of(self, session: str) -> int:
        """Return how many WebSockets a session has open, by its id."""
        return sum(client.session.id == session for client in self._clients)

    def end_session(self, session: str) -> None:
        """End its WebSockets: the director has ended it."""
        for client in list(self._clients):
            if client.session.id == session and not client.closing:
                self._end(client, CLOSE_ENDED, "the director has ended this session")

    # --- endings ---------------------------------------------------------------------------------------

    def _end(self, client: PageSocket, code: int, reason: str) -> None:
        client.closing = True
        writer = self._clients.get(client)
        if writer is not None:
            writer.cancel()
        task = asyncio.create_task(client.end(code, reason), name="ws ending")
        self._endings.add(task)
        task.add_done_callback(self._endings.discard)

    def _check_sessions(self, ended: str | None) -> None:
        for client in list(self._clients):
            void = client.actor.seat == ended or not self._not_withdrawn(client.session)
            if void and not client.closing:
                self._end(client, CLOSE_ENDED, "the link was replaced or withdrawn")


def _encode_change(change: Change, event: Mapping[str, Any] | None, patch: Mapping[str, Any]) -> bytes:
    return messages.encode(messages.Changed(change.revision, change.serial, event, patch))
