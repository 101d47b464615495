"""The switchboard: reads every child's link and forwards envelopes by name.

Nothing waits here. A receiver that is away misses the message (counted: whoever restarts is told afresh what
it must know); a receiver that doesn't read its link is ended, so that it can't fill the supervisor's memory.
"""

import selectors
from collections import Counter
from collections.abc import Callable, Sequence

import msgspec
import structlog

from mixer.contract.names import CONTROL, SUPERVISOR, ProcessName
from mixer.ipc.failures import Failures
from mixer.ipc.inbox import Inbox
from mixer.ipc.link import UNREADABLE, Envelope, LinkClosedError, LinkOverflowError, UnreadableError
from studio.supervisor.children import Child

log = structlog.get_logger()

_BATCH = 64
"""Messages taken from one child before the next one's turn."""


class _Tag(msgspec.Struct):
    type: str


_tag_of = msgspec.msgpack.Decoder(_Tag).decode


def _decoded_tag(body: msgspec.Raw) -> str:
    """Raises UnreadableError."""
    try:
        return _tag_of(body).type
    except UNREADABLE as error:
        raise UnreadableError(str(error)) from error


Deliver = Callable[[Child, msgspec.Raw], None]
Observe = Callable[[ProcessName, str, msgspec.Raw], None]


class Switchboard:
    """Links of all children, registered with the supervisor's selector.

    ``deliver(child, body)`` gets what is addressed to the supervisor; ``observe(to, tag, body)`` sees
    what control sends to others, before it goes on.
    """

    def __init__(self, selector: selectors.BaseSelector, deliver: Deliver, observe: Observe) -> None:
        self._selector = selector
        self._deliver = deliver
        self._observe = observe
        self._failures = Failures("message")
        self._children: dict[ProcessName, Child] = {}
        self._inboxes: dict[ProcessName, Inbox] = {}
        self.dropped: Counter[str] = Counter()
        """Messages that found no receiver, by its name; whoever reports them clears it."""
        self.carried: dict[ProcessName, Counter[ProcessName]] = {}
        """Bytes of messages, by sender and receiver, of children that are there."""

    def connect(self, child: Child) -> None:
        """A child has just been spawned."""
        assert child.link is not None
        self._children[child.name] = child
        self._inboxes[child.name] = Inbox(
            child.link,
            # Descriptors come from the supervisor, never to it: they are closed.
            lambda envelope, _: self._route(child, envelope),
            self._failures,
            child.name,
        )
        self._selector.register(
            child.link, selectors.EVENT_READ, lambda mask, child=child: self._ready(child, mask)
        )
        self._watch_backlog(child)

    def disconnect(self, child: Child) -> None:
        """Before the child is reaped: what it still said is heard, then its link is forgotten."""
        if child.link is None or self._children.get(child.name) is not child:
            return
        self._read(child, everything=True)
        self._forget(child)

    def send(self, child: Child, message: msgspec.Struct, fds: Sequence[int] = ()) -> None:
        """From the supervisor itself. Without effect when the child is away."""
        if child.link is None:
            return
        try:
            child.link.send(child.name, message, fds)
        except (LinkClosedError, LinkOverflowError) as error:
            self._broken(child, error)
        except (OSError, ValueError) as error:
            # No descriptors left, or a message that is too large: this one is lost, and said so.
            log.error("message not sent", child=child.name, message=type(message).__name__, error=str(error))
        else:
            self._watch_backlog(child)

    def _ready(self, child: Child, mask: int) -> None:
        if mask & selectors.EVENT_WRITE and child.link is not None:
            try:
                child.link.flush()
            except LinkClosedError as error:
                self._broken(child, error)
                return
            self._watch_backlog(child)
        if mask & selectors.EVENT_READ:
            self._read(child)

    def _read(self, child: Child, *, everything: bool = False) -> None:
        inbox, count = self._inboxes[child.name], 0
        try:
            while child.link is not None and (everything or count < _BATCH) and inbox.read_one():
                count += 1
        except LinkClosedError as error:
            self._broken(child, error)

    def _route(self, child: Child, envelope: Envelope) -> None:
        if envelope.to == SUPERVISOR or envelope.to in self._children:
            self.carried.setdefault(child.name, Counter())[envelope.to] += len(bytes(envelope.body))
        if envelope.to == SUPERVISOR:
            self._deliver(child, envelope.body)
            return
        if child.name == CONTROL:
            self._observe(envelope.to, _decoded_tag(envelope.body), envelope.body)
        receiver = self._children.get(envelope.to)
        if receiver is None or receiver.link is None:
            self.dropped[envelope.to if receiver else "unknown"] += 1
            return
        # The sender's name is the link's, not what the message claims.
        honest = Envelope(envelope.to, child.name, envelope.body)
        try:
            receiver.link.forward(honest)
        except (LinkClosedError, LinkOverflowError, ValueError) as error:
            self.dropped[envelope.to] += 1
            if not isinstance(error, ValueError):
                self._broken(receiver, error)
        else:
            self._watch_backlog(receiver)

    def _watch_backlog(self, child: Child) -> None:
        if child.link is None:
            return
        try:
            key = self._selector.get_key(child.link)
        except KeyError:
            return
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if child.link.backlog else 0)
        if key.events != events:
            self._selector.modify(child.link, events, key.data)

    def _broken(self, child: Child, error: ConnectionError) -> None:
        """A link that is closed or isn't read: the process is useless now; its pidfd tells the rest."""
        if isinstance(error, LinkOverflowError):
            log.error("link not read", child=child.name)
            child.kill()
        self._forget(child)

    def _forget(self, child: Child) -> None:
        if child.link is None:
            return
        self._selector.unregister(child.link)
        self._inboxes.pop(child.name, None)
        child.link.close()
        child.link = None
