"""The control link on an asyncio loop: messages in as they come, messages out without waiting."""

import asyncio
import os
from collections.abc import Callable

import msgspec
import structlog

from mixer.link import Link, LinkClosedError
from mixer.wire import Message

log = structlog.get_logger()


class LoopLink:
    """Calls ``receive(sender, body, fds)`` for each message; the callee owns nothing: descriptors are closed
    when it returns. :attr:`closed` is set when the other end is gone."""

    def __init__(self, link: Link, receive: Callable[[str, msgspec.Raw, list[int]], None]) -> None:
        self._link = link
        self._receive = receive
        self._loop = asyncio.get_running_loop()
        self._writing = False
        self.closed = asyncio.Event()
        self._loop.add_reader(link.fileno(), self._readable)

    def send(self, to: str, message: Message) -> None:
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
        while True:
            try:
                received = self._link.receive()
            except LinkClosedError:
                self._loop.remove_reader(self._link.fileno())
                self.closed.set()
                return
            if received is None:
                return
            envelope, fds = received
            try:
                self._receive(envelope.sender, envelope.body, fds)
            except Exception:  # one message's fault stays that message's
                log.exception("message not handled", sender=envelope.sender)
            finally:
                for fd in fds:
                    os.close(fd)

    def _writable(self) -> None:
        try:
            self._link.flush()
        except LinkClosedError:
            self.closed.set()
        if not self._link.backlog or self.closed.is_set():
            self._writing = False
            self._loop.remove_writer(self._link.fileno())
