"""Reading a link, for blocking loops and event loops alike: each message by itself.

One policy: what can't be decoded is counted, logged once, and passed over. What a handler fails at is counted
too, and costs at most a line a second in the log. Neither ever ends the process, and descriptors are closed.
"""

import functools
import operator
import os
import select
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from mixer.contract.names import ProcessName
from mixer.ipc.failures import Failures
from mixer.ipc.link import UNREADABLE, Envelope, Link, LinkClosedError, UnreadableError

S = TypeVar("S", bound=msgspec.Struct)

Take = Callable[[Envelope, list[int]], object]
"""Descriptors that it leaves in the list are closed. Raises UnreadableError for a body that is no message."""

Handler = Callable[[ProcessName, Any, list[int]], object]
"""``handler(sender, message, descriptors)``."""


class Inbox:
    """What comes over ``link`` goes to ``take``. Several links may share their ``failures``; ``of`` says then
    whose these are, by default the sender."""

    def __init__(self, link: Link, take: Take, failures: Failures | None = None, of: str = "") -> None:
        self._of = of
        self.failures = Failures("message") if failures is None else failures
        self._link = link
        self._take = take

    def read(self) -> None:
        """Take all that has arrived. Raises :class:`mixer.ipc.link.LinkClosedError`."""
        while self.read_one():
            pass

    def read_one(self) -> bool:
        """The same for one message; False: there was none."""
        try:
            received = self._link.receive()
        except UnreadableError as error:
            self.failures.add(error, self._of, once=True)
            return True
        if received is None:
            return False
        self.deliver(*received)
        return True

    def deliver(self, envelope: Envelope, fds: list[int]) -> None:
        """One message that was received before."""
        try:
            self._take(envelope, fds)
        except LinkClosedError:
            raise
        except Exception as error:
            self.failures.add(error, self._of or envelope.sender, once=isinstance(error, UnreadableError))
        finally:
            for fd in fds:
                os.close(fd)


class Handlers:
    """A process's table: type of message → who handles it, in this order. What it names is what can be
    decoded."""

    def __init__(self) -> None:
        self._table: dict[type[msgspec.Struct], tuple[Handler, ...]] = {}

    def on(self, kind: type[S], *handlers: Callable[[S], object]) -> None:
        """``handler(message)``."""
        for each in handlers:
            self._add(kind, functools.partial(_with_message, each))

    def on_from(self, kind: type[S], *handlers: Callable[[ProcessName, S], object]) -> None:
        """``handler(sender, message)``."""
        for each in handlers:
            self._add(kind, functools.partial(_with_sender, each))

    def on_fds(self, kind: type[S], handler: Callable[[S, list[int]], object]) -> None:
        """``handler(message, descriptors)``; a message without any is passed over."""
        self._add(kind, functools.partial(_with_fds, handler))

    def _add(self, kind: type[msgspec.Struct], handler: Handler) -> None:
        self._table[kind] = (*self._table.get(kind, ()), handler)

    @functools.cached_property
    def _decode(self) -> Callable[[msgspec.Raw], msgspec.Struct]:
        return msgspec.msgpack.Decoder(functools.reduce(operator.or_, self._table)).decode

    def take(self, envelope: Envelope, fds: list[int]) -> None:
        """Hand a message to all that handle its type. Raises UnreadableError, and what they raise."""
        self.handle(envelope.sender, self.decoded(envelope.body), fds)

    def decoded(self, body: msgspec.Raw) -> msgspec.Struct:
        """Raises UnreadableError."""
        try:
            return self._decode(body)
        except UNREADABLE as error:
            raise UnreadableError(str(error)) from error

    def handle(self, sender: ProcessName, message: msgspec.Struct, fds: list[int]) -> None:
        """All of them hear it; what the first one raised is raised after the last."""
        failed: Exception | None = None
        for handler in self._table[type(message)]:
            try:
                handler(sender, message, fds)
            except LinkClosedError:
                raise
            except Exception as error:
                failed = failed or error
        if failed is not None:
            raise failed


def _with_message(handler: Callable[[S], object], _: ProcessName, message: S, __: list[int]) -> None:
    handler(message)


def _with_sender(
    handler: Callable[[ProcessName, S], object], sender: ProcessName, message: S, _: list[int]
) -> None:
    handler(sender, message)


def _with_fds(handler: Callable[[S, list[int]], object], _: ProcessName, message: S, fds: list[int]) -> None:
    if fds:
        handler(message, fds)


def first_message(link: Link, kind: type[S]) -> S:
    """Wait for the configuration, which comes before everything else. Raises LinkClosedError."""
    found: list[S] = []
    handlers = Handlers()
    handlers.on(kind, found.append)
    inbox = Inbox(link, handlers.take)
    poller = select.poll()
    poller.register(link.fileno(), select.POLLIN)
    while not found:
        poller.poll()
        inbox.read_one()
    return found[0]
