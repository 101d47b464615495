"""Reading a link: each message by itself. One that can't be read, or that its handler fails at, is counted
and costs at most a line a second in the log; it never ends the process, and its descriptors are closed.
"""

import os
import select
from collections.abc import Callable
from typing import Generic, TypeVar

import msgspec

from mixer.contract.names import ProcessName
from mixer.ipc.failures import Failures
from mixer.ipc.link import Link, LinkClosedError, UnreadableError

M = TypeVar("M")
S = TypeVar("S", bound=msgspec.Struct)


class Inbox(Generic[M]):
    """What comes over ``link``, decoded by ``decode``."""

    def __init__(self, link: Link, decode: Callable[[msgspec.Raw], M]) -> None:
        self.failures = Failures("message")
        self._link = link
        self._decode = decode

    def read(self, handle: Callable[[ProcessName, M, list[int]], None]) -> None:
        """Call ``handle(sender, message, descriptors)`` for all that has arrived. Descriptors that it leaves
        in the list are closed. Raises :class:`mixer.ipc.link.LinkClosedError`."""
        while self.read_one(handle):
            pass

    def read_one(self, handle: Callable[[ProcessName, M, list[int]], None]) -> bool:
        """The same for one message; False: there was none."""
        try:
            received = self._link.receive()
        except UnreadableError as error:
            self.failures.add(error)
            return True
        if received is None:
            return False
        envelope, fds = received
        try:
            handle(envelope.sender, self._decode(envelope.body), fds)
        except LinkClosedError:
            raise
        except Exception as error:
            self.failures.add(error, envelope.sender)
        finally:
            for fd in fds:
                os.close(fd)
        return True


def first_message(link: Link, kind: type[S]) -> S:
    """Wait for the configuration, which comes before everything else. Raises LinkClosedError."""
    found: list[S] = []
    inbox = Inbox(link, msgspec.msgpack.Decoder(kind).decode)
    poller = select.poll()
    poller.register(link.fileno(), select.POLLIN)
    while not found:
        poller.poll()
        inbox.read_one(lambda _sender, message, _fds: found.append(message))
    return found[0]
