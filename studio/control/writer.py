"""One command after the other, in a task of its own: who hangs up leaves nothing half done.

There are two lanes. What goes first (:func:`studio.control.lanes.goes_first`) passes what waits of others,
and takes along what the same client asked for before it: a preview and the cut after it stay in order. In it
clients take turns, and each has room for one command, so that one client's flood delays nobody else's take.
The slate and black pass them all, those of the same client, too.
"""

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from itertools import chain

import msgspec
import structlog

from signaling.contract.ports import Actor, Done, RefusedError
from studio.control.lanes import goes_first, is_panic
from studio.control.log.faults import fault, shutting_down
from studio.control.preparing import Prepared
from studio.show.commands import AnyCommand
from studio.show.own import Own

MAX_WAITING = 256
"""Commands waiting for the writer; more are refused."""
MAX_OF_ONE = 192
"""The same of one client, so that others find room."""
MAX_FIRST = 64
FIRST_OF_ONE = 8
"""The same two of those that go first: no hand is faster. A client without any is never refused."""
AGAIN_S = 0.25
"""What the session itself orders waits so long for room in a full queue."""

log = structlog.get_logger()


class Request(msgspec.Struct, frozen=True):
    """``actor`` None: the session itself. ``issued_ns``: when it was accepted. ``client``: whose commands
    keep their order; empty for nobody's."""

    command: AnyCommand | Own
    actor: Actor | None
    issued_ns: int
    done: "asyncio.Future[Done]"
    prepared: Prepared = Prepared()
    client: str = ""


class Writer:
    """``perform`` carries out one request; what it raises, its caller gets."""

    def __init__(self, perform: Callable[[Request], Awaitable[Done]]) -> None:
        self._perform = perform
        self._first: dict[str, deque[Request]] = {}
        """By client; who was served goes behind the others."""
        self._waiting_first = 0
        self._panic: deque[Request] = deque()
        self._others: deque[Request] = deque()
        self._of: Counter[str] = Counter()
        """How many of ``_others`` are each client's."""
        self._filled = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.closed = False
        self.busy = False
        """A command has its turn: what comes now must wait for it."""

    def start(self) -> None:
        self._task = asyncio.create_task(self._write(), name="session writer")

    async def close(self) -> None:
        """Carry out what was accepted, then end. Later commands are refused."""
        self.closed = True
        self._filled.set()
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)

    async def execute(
        self, command: AnyCommand, actor: Actor, issued_ns: int, prepared: Prepared, client: str = ""
    ) -> Done:
        """Raises what ``perform`` raises, and RefusedError: 429 ``session.busy``, 503 ``session.closed``.

        A caller that is cancelled may find its command carried out: what is written stays written.
        """
        if self.closed:
            raise shutting_down()
        done: asyncio.Future[Done] = asyncio.get_running_loop().create_future()
        if not self._put(Request(command, actor, issued_ns, done, prepared, client)):
            raise RefusedError(429, "session.busy", "Too many commands at once; try again.")
        return await done

    def order(self, own: Own, issued_ns: int) -> None:
        """Queue what the session itself wants done: nobody waits for it, and a failure is in the log."""
        if self.closed:
            return
        loop = asyncio.get_running_loop()
        done: asyncio.Future[Done] = loop.create_future()
        done.add_done_callback(lambda done: done.cancelled() or done.exception())
        if not self._put(Request(own, None, issued_ns, done)):
            loop.call_later(AGAIN_S, self.order, own, issued_ns)

    def _put(self, request: Request) -> bool:
        """False where its lane is full."""
        client = request.client
        if is_panic(request.command):
            mine = sum(each.client == client for each in self._panic)
            if mine and (len(self._panic) >= MAX_FIRST or (client and mine >= FIRST_OF_ONE)):
                return False
            self._panic.append(request)
        elif goes_first(request.command):
            mine = len(self._first.get(client, ()))
            if mine and (self._waiting_first >= MAX_FIRST or (client and mine >= FIRST_OF_ONE)):
                return False
            before = []
            if self._of[client] and client:
                before = [each for each in self._others if each.client == client]
                self._others = deque(each for each in self._others if each.client != client)
                del self._of[client]
            self._first.setdefault(client, deque()).extend((*before, request))
            self._waiting_first += len(before) + 1
        else:
            if len(self._others) >= MAX_WAITING or (client and self._of[client] >= MAX_OF_ONE):
                return False
            self._others.append(request)
            self._of[client] += 1
        self._filled.set()
        return True

    def _next(self) -> Request | None:
        if self._panic:
            return self._panic.popleft()
        if self._first:
            client = next(iter(self._first))
            queue = self._first.pop(client)
            request = queue.popleft()
            if queue:
                self._first[client] = queue
            self._waiting_first -= 1
            return request
        if not self._others:
            return None
        request = self._others.popleft()
        self._of[request.client] -= 1
        if not self._of[request.client]:
            del self._of[request.client]  # or everybody who ever asked would be kept
        return request

    async def _write(self) -> None:
        try:
            while True:
                self._filled.clear()
                while (request := self._next()) is not None:
                    if not request.done.cancelled():
                        self.busy = True
                        await self._answer(request)
                self.busy = False
                if self.closed:
                    return
                await self._filled.wait()
        finally:
            # Nobody waits for ever, whatever has ended the writer.
            self.closed = True
            for request in chain(self._panic, *self._first.values(), self._others):
                _refuse(request, shutting_down())

    async def _answer(self, request: Request) -> None:
        try:
            done = await self._perform(request)
        except RefusedError as error:
            _refuse(request, error)
        except Exception as error:
            # Kept to this one command: the writer must outlive it.
            _refuse(request, RefusedError(500, "internal", "The command failed; see the log."))
            log.error("command failed", command=type(request.command).__name__, **fault(error))
        else:
            if not request.done.done():
                request.done.set_result(done)


def _refuse(request: Request, error: RefusedError) -> None:
    if not request.done.done():
        request.done.set_exception(error)
