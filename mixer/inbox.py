"""Reading a link: each message by itself. One that can't be read, or that its handler fails at, is counted
and costs at most a line a second in the log; it never ends the process, and its descriptors are closed.
"""

import os
import select
import time
from collections.abc import Callable
from typing import Generic, TypeVar

import msgspec
import structlog

from mixer.link import UNREADABLE, Link, LinkClosedError, UnreadableError

QUIET_NS = 1_000_000_000
"""Between two lines in the log about such messages."""

M = TypeVar("M")
S = TypeVar("S", bound=msgspec.Struct)

_log = structlog.get_logger()


class Refusals:
    """Counts messages that came to nothing, and says so at most once a second."""

    def __init__(self, clock: Callable[[], int] = time.monotonic_ns) -> None:
        self.count = 0
        self._clock = clock
        self._said_ns: int | None = None

    def note(self, error: Exception, sender: str = "") -> None:
        self.count += 1
        now_ns = self._clock()
        if self._said_ns is not None and now_ns - self._said_ns < QUIET_NS:
            return
        self._said_ns = now_ns
        _log.error(
            "message.refused",
            sender=sender,
            refused=self.count,
            error=str(error) or type(error).__name__,
            exc_info=None if isinstance(error, UNREADABLE) else error,
        )


class Inbox(Generic[M]):
    """What comes over ``link``, decoded by ``decode``."""

    def __init__(self, link: Link, decode: Callable[[msgspec.Raw], M]) -> None:
        self.refusals = Refusals()
        self._link = link
        self._decode = decode

    def read(self, handle: Callable[[str, M, list[int]], None]) -> None:
        """Call ``handle(sender, message, descriptors)`` for all that has arrived. Descriptors that it leaves
        in the list are closed. Raises :class:`mixer.link.LinkClosedError`."""
        while self.read_one(handle):
            pass

    def read_one(self, handle: Callable[[str, M, list[int]], None]) -> bool:
        """The same for one message; False: there was none."""
        try:
            received = self._link.receive()
        except UnreadableError as error:
            self.refusals.note(error)
            return True
        if received is None:
            return False
        envelope, fds = received
        try:
            handle(envelope.sender, self._decode(envelope.body), fds)
        except LinkClosedError:
            raise
        except Exception as error:
            self.refusals.note(error, envelope.sender)
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
