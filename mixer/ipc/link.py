"""The control link: one Unix socket between a process and the supervisor, which routes by name.

Every child process has exactly one link, made by the supervisor before the child starts
(``socketpair(AF_UNIX, SOCK_SEQPACKET)``, one datagram a message). A message is an :class:`Envelope` in
MessagePack, optionally with file descriptors (slots, packet-bus sockets). Sending never blocks: a full
socket is retried from a bounded backlog, and a peer that doesn't drain it is the supervisor's to end.

A message that is larger than a socket's buffer goes in parts, one datagram each, which nothing comes between:
a plan of 49 people with names in 16 languages has megabytes.
"""

import array
import os
import socket
from collections import deque
from collections.abc import Iterable, Sequence

import msgspec

from mixer.contract.names import ProcessName

MAX_MESSAGE = 8 * 1024 * 1024
"""Bytes of a message."""
MAX_PART = 160 * 1024
"""Bytes of a datagram; below the kernel's default socket buffer, which bounds it."""
_MORE, _LAST = b"\xc1", b"\xc0"
"""First byte of a part; an envelope, an array of MessagePack, begins with neither."""
MAX_BACKLOG = 2048
MAX_FDS = 8
LINK_FD_ENV = "STUDIO_LINK_FD"


class Envelope(msgspec.Struct, frozen=True, array_like=True):
    """``to`` and ``sender`` are process names: ``supervisor``, ``control``, ``mixer``, ``shard-1``,
    ``sender/<output id>``. ``body`` is one message of the receiver's union, still encoded."""

    to: ProcessName
    sender: ProcessName
    body: msgspec.Raw


class LinkClosedError(ConnectionError):
    """The other end of the link is gone."""


class LinkOverflowError(ConnectionError):
    """The other end has not read for so long that the backlog is full."""


class UnreadableError(ValueError):
    """What came is no message of ours. Only that message is lost: the link goes on behind it."""


UNREADABLE = (ValueError, RecursionError)
"""What a msgspec decoder raises for bytes from elsewhere: DecodeError, UnicodeDecodeError, RecursionError."""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Envelope).decode


class Link:
    """One end of a link. Not thread-safe: one owner at a time; callers with threads hold their own lock.

    ``name`` is what this process is called; the supervisor's ends pass envelopes through as they are.
    """

    def __init__(self, sock: socket.socket, name: ProcessName) -> None:
        self.name = name
        self._sock = sock
        self._backlog: deque[tuple[bytes, tuple[int, ...]]] = deque()
        self._parts = bytearray()
        self._parts_fds: list[int] = []
        """What has come of a message whose last part hasn't."""
        sock.setblocking(False)

    def fileno(self) -> int:
        return self._sock.fileno()

    @property
    def backlog(self) -> int:
        """Datagrams waiting for room in the socket: call :meth:`flush` when it is writable again."""
        return len(self._backlog)

    def send(self, to: ProcessName, message: msgspec.Struct, fds: Sequence[int] = ()) -> None:
        """Queue one message; ``fds`` are duplicated, so the caller may close them right away.

        Raises :class:`LinkOverflowError` when the backlog is full, ``ValueError`` for an oversized message,
        ``OSError`` (EMFILE) when the descriptors can't be duplicated.
        """
        body = msgspec.Raw(_encode(message))
        self.forward(Envelope(to, self.name, body), fds)

    def forward(self, envelope: Envelope, fds: Sequence[int] = ()) -> None:
        """Send an envelope as it is: what the supervisor does when it routes."""
        data = _encode(envelope)
        if len(data) > MAX_MESSAGE:
            raise ValueError(f"a message of {len(data)} bytes to {envelope.to} is over {MAX_MESSAGE}")
        if len(self._backlog) >= MAX_BACKLOG:
            raise LinkOverflowError(f"{envelope.to} does not read its link")
        held = _duplicates(fds)
        if len(data) <= MAX_PART:
            self._backlog.append((data, held))
        else:
            starts = range(0, len(data), MAX_PART - 1)
            for start in starts:
                mark = _LAST if start == starts[-1] else _MORE
                self._backlog.append((mark + data[start : start + MAX_PART - 1], held if start == 0 else ()))
        self.flush()

    def flush(self) -> None:
        """Send as much of the backlog as the socket takes. Raises :class:`LinkClosedError`."""
        while self._backlog:
            data, fds = self._backlog[0]
            ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
            try:
                self._sock.sendmsg([data], ancillary)
            except BlockingIOError:
                return
            except OSError as error:
                raise LinkClosedError(str(error)) from error
            self._backlog.popleft()
            _close(fds)

    def receive(self) -> tuple[Envelope, list[int]] | None:
        """The next message with its descriptors (the caller owns them), or None when there is none yet.

        Raises :class:`LinkClosedError` at end of stream, and :class:`UnreadableError` for a message that is
        no envelope: it is gone then, its descriptors are closed, and the next call goes on behind it.
        """
        while (part := self._receive_part()) is not None:
            data, fds = part
            if data[:1] not in (_MORE, _LAST):
                return _opened(data, fds), fds
            self._parts += data[1:]
            self._parts_fds += fds
            if len(self._parts) > MAX_MESSAGE:
                self._forget_parts()
                raise UnreadableError(f"a message in parts is over {MAX_MESSAGE} bytes")
            if data[:1] == _LAST:
                whole, fds = bytes(self._parts), self._parts_fds
                self._parts, self._parts_fds = bytearray(), []
                return _opened(whole, fds), fds
        return None

    def _receive_part(self) -> tuple[bytes, list[int]] | None:
        try:
            data, ancillary, _flags, _ = self._sock.recvmsg(
                MAX_PART, socket.CMSG_LEN(MAX_FDS * array.array("i").itemsize)
            )
        except BlockingIOError:
            return None
        except OSError as error:
            raise LinkClosedError(str(error)) from error
        fds = array.array("i")
        for level, kind, payload in ancillary:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                fds.frombytes(payload[: len(payload) - len(payload) % fds.itemsize])
        if not data:
            _close(fds)
            raise LinkClosedError("end of stream")
        return data, list(fds)

    def _forget_parts(self) -> None:
        _close(self._parts_fds)
        self._parts, self._parts_fds = bytearray(), []

    def close(self) -> None:
        while self._backlog:
            _close(self._backlog.popleft()[1])
        self._forget_parts()
        self._sock.close()


def _opened(data: bytes, fds: list[int]) -> Envelope:
    """Raises :class:`UnreadableError`, with the descriptors closed."""
    try:
        return _decode(data)
    except UNREADABLE as error:
        _close(fds)
        raise UnreadableError(str(error)) from error


def _duplicates(fds: Sequence[int]) -> tuple[int, ...]:
    """All or none. Raises OSError."""
    made: list[int] = []
    try:
        made.extend(map(os.dup, fds))
    except OSError:
        _close(made)
        raise
    return tuple(made)


def _close(fds: Iterable[int]) -> None:
    for fd in fds:
        os.close(fd)


def pair() -> tuple[socket.socket, socket.socket]:
    """A new link's two ends, with buffers that take at least one datagram of the largest size."""
    ends = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    for end in ends:
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, MAX_PART + 32 * 1024)
    return ends


def inherited(name: ProcessName) -> Link:
    """The link this child process was started with."""
    return Link(socket.socket(fileno=int(os.environ[LINK_FD_ENV])), name)
