"""The control link on an asyncio loop: messages in as they come, messages out without waiting."""

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

import msgspec

from mixer.contract.messages import Message
from mixer.contract.names import ProcessName
from mixer.ipc.inbox import Inbox
from mixer.ipc.link import Link, LinkClosedError

M = TypeVar("M")


class LoopLink(Generic[M]):
    """Calls ``handle(sender, message, descriptors)`` for each message; descriptors it leaves in the list are
    closed when it returns. :attr:`closed` is set when the other end is gone."""

    def __init__(
        self,
        link: Link,
        decode: Callable[[msgspec.Raw], M],
        handle: Callable[[ProcessName, M, list[int]], None],
    ) -> None:
        self._link = link
        self._inbox = Inbox[M](link, decode)
        self._handle = handle
        self._loop = asyncio.get_running_loop()
        self._writing = False
        self.closed = asyncio.Event()
        self._loop.add_reader(link.fileno(), self._readable)

    def send(self, to: ProcessName, message: Message) -> None:
        """Raises LinkClosedError, LinkOverflowError, ValueError for an oversized message."""
        self._link.send(to, message)
        if self._link.backlog and not self._writing:
            self._writing = True
            self._loop.add_writer(self._link.fileno(), self._writable)

    def close(self) -> None:
        self._loop.remove_reader(self._link.fileno())
        if self._writing:
            self._loop.remove_writer(self._link.fileno())
            self._writing = False
        self._link.close()

    def _readable(self) -> None:
        try:
            self._inbox.read(self._handle)
        except LinkClosedError:
            self._loop.remove_reader(self._link.fileno())
            self.closed.set()

    def _writable(self) -> None:
        try:
            self._link.flush()
        except LinkClosedError:
            self.closed.set()
        if not self._link.backlog or self.closed.is_set():
            self._writing = False
            self._loop.remove_writer(self._link.fileno())
