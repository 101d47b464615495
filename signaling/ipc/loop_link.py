"""The control link on an asyncio loop: messages in as they come, messages out without waiting."""

import asyncio

import msgspec

from mixer.contract.names import ProcessName
from mixer.ipc.failures import Failures
from mixer.ipc.inbox import Handlers, Inbox
from mixer.ipc.link import Envelope, Link, LinkClosedError

MAX_HELD = 20_000
"""Messages kept before there is anybody to handle them: of several minutes, but for meters."""


class LoopLink:
    """Sends at once, and keeps what comes until :meth:`serve` says who handles it: a process that takes a
    while to put its parts together loses nothing, and its supervisor never waits. :attr:`closed` is set when
    the other end is gone."""

    def __init__(self, link: Link) -> None:
        self.name = link.name
        self.failures = Failures("message")
        self.closed = asyncio.Event()
        self._link = link
        self._held: list[tuple[Envelope, list[int]]] = []
        self._inbox = Inbox(link, self._hold, self.failures)
        self._loop = asyncio.get_running_loop()
        self._writing = False
        self._loop.add_reader(link.fileno(), self._readable)

    def serve(self, handlers: Handlers) -> None:
        """Hand on what has come, then all that comes."""
        self._inbox = Inbox(self._link, handlers.take, self.failures)
        held, self._held = self._held, []
        try:
            for envelope, fds in held:
                self._inbox.deliver(envelope, fds)
        except LinkClosedError:
            self.closed.set()

    def stop(self) -> None:
        """Handle nothing more; what is sent still goes out."""
        self._loop.remove_reader(self._link.fileno())

    def send(self, to: ProcessName, message: msgspec.Struct) -> None:
        """Raises LinkClosedError, LinkOverflowError, ValueError for an oversized message."""
        self._link.send(to, message)
        if self._link.backlog and not self._writing:
            self._writing = True
            self._loop.add_writer(self._link.fileno(), self._writable)

    def _hold(self, envelope: Envelope, fds: list[int]) -> None:
        if len(self._held) >= MAX_HELD:
            raise OverflowError("nobody handles what comes")
        self._held.append((envelope, fds.copy()))
        fds.clear()

    def _readable(self) -> None:
        try:
            self._inbox.read()
        except LinkClosedError:
            self.stop()
            self.closed.set()

    def _writable(self) -> None:
        try:
            self._link.flush()
        except LinkClosedError:
            self.closed.set()
        if not self._link.backlog or self.closed.is_set():
            self._writing = False
            self._loop.remove_writer(self._link.fileno())
