"""One command after the other, in a task of its own: who hangs up leaves nothing half done."""

import asyncio
from collections.abc import Awaitable, Callable

import msgspec
import structlog

from signaling.ports import Actor, Done, RefusedError
from studio.commands import AnyCommand
from studio.deciding.own import Own
from studio.faults import fault, shutting_down

MAX_WAITING = 256
"""Commands waiting for the writer; more are refused."""
AGAIN_S = 0.25
"""What the session itself orders waits so long for room in a full queue."""

log = structlog.get_logger()


class Request(msgspec.Struct, frozen=True):
    """``actor`` None: the session itself. ``issued_ns``: when it was accepted."""

    command: AnyCommand | Own
    actor: Actor | None
    issued_ns: int
    done: "asyncio.Future[Done]"


class Writer:
    """``perform`` carries out one request; what it raises, its caller gets."""

    def __init__(self, perform: Callable[[Request], Awaitable[Done]]) -> None:
        self._perform = perform
        self._requests: asyncio.Queue[Request | None] = asyncio.Queue(MAX_WAITING)
        self._task: asyncio.Task[None] | None = None
        self.closed = False

    def start(self) -> None:
        self._task = asyncio.create_task(self._write(), name="session writer")

    async def close(self) -> None:
        """Carry out what was accepted, then end. Later commands are refused."""
        self.closed = True
        if self._task is not None:
            await self._requests.put(None)
            await asyncio.gather(self._task, return_exceptions=True)

    async def execute(self, command: AnyCommand, actor: Actor, issued_ns: int) -> Done:
        """Raises what ``perform`` raises, and RefusedError: 429 ``session.busy``, 503 ``session.closed``.

        A caller that is cancelled may find its command carried out: what is written stays written.
        """
        if self.closed:
            raise shutting_down()
        done: asyncio.Future[Done] = asyncio.get_running_loop().create_future()
        try:
            self._requests.put_nowait(Request(command, actor, issued_ns, done))
        except asyncio.QueueFull:
            raise RefusedError(429, "session.busy", "Too many commands at once; try again.") from None
        return await done

    def order(self, own: Own, issued_ns: int) -> None:
        """What the session itself wants done: nobody waits for it, and a failure is in the log."""
        if self.closed:
            return
        loop = asyncio.get_running_loop()
        done: asyncio.Future[Done] = loop.create_future()
        done.add_done_callback(lambda done: done.cancelled() or done.exception())
        try:
            self._requests.put_nowait(Request(own, None, issued_ns, done))
        except asyncio.QueueFull:
            loop.call_later(AGAIN_S, self.order, own, issued_ns)

    async def _write(self) -> None:
        try:
            while (request := await self._requests.get()) is not None:
                if not request.done.cancelled():
                    await self._answer(request)
        finally:
            # Nobody waits for ever, whatever has ended the writer.
            self.closed = True
            while not self._requests.empty():
                if (request := self._requests.get_nowait()) is not None:
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
