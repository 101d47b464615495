"""A TCP or TLS connection that never blocks its thread: name look-up, connecting, handshake, bytes.

The name look-up is the one thing the system offers only blocking; it has a thread, and at most one.
"""

import errno
import os
import select
import socket
import ssl
import threading

MAX_READ = 64 * 1024
UNSENT_BYTES = 128 * 1024
ADDRESS_LIMIT_NS = 2_500_000_000
"""How long one of several addresses of a name may take before the next is tried."""

_Address = tuple[socket.AddressFamily, tuple[str, int]]


class Resolver:
    """Looks up one name; its answer makes :meth:`fileno` readable. Used again by each attempt, so that a
    name server that never answers holds one thread and not one an attempt."""

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port
        self._wake = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._lock = threading.Lock()
        self._busy = False
        self._answer: list[_Address] | OSError | None = None

    def fileno(self) -> int:
        return self._wake

    def start(self) -> None:
        with self._lock:
            self._answer = None
            if self._busy:
                return
            self._busy = True
        threading.Thread(target=self._look_up, name="resolver", daemon=True).start()

    def take(self) -> list[_Address] | None:
        """The addresses, None while there is no answer. Raises OSError (``socket.gaierror``)."""
        try:
            os.eventfd_read(self._wake)
        except BlockingIOError:
            pass
        with self._lock:
            answer = self._answer
        if isinstance(answer, OSError):
            raise answer
        return answer

    def _look_up(self) -> None:
        answer: list[_Address] | OSError
        try:
            found = socket.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)
            answer = [(family, (str(place[0]), int(place[1]))) for family, _, _, _, place in found]
        except OSError as error:
            answer = error
        except Exception as error:  # a name that can't even be written as one is not looked up by anybody
            answer = socket.gaierror(socket.EAI_NONAME, str(error))
        with self._lock:
            self._answer = answer
            self._busy = False
        os.eventfd_write(self._wake, 1)


class DestinationConnection:
    """One attempt at one place. ``tls`` None for plain TCP.

    Call :meth:`advance` when :meth:`watched` says so until :attr:`open`; then :meth:`read`, :meth:`write`.
    """

    def __init__(self, resolver: Resolver, host: str, tls: ssl.SSLContext | None, now_ns: int) -> None:
        self.open = False
        self._resolver = resolver
        self._host = host
        self._tls = tls
        self._addresses: list[_Address] | None = None
        self._sock: socket.socket | None = None
        self._shaking = False
        self._wants = 0
        self._tried_ns = now_ns
        resolver.start()

    def watched(self, writing: bool) -> tuple[int, int]:
        """The descriptor to poll and the events; ``writing``: there are bytes to send."""
        if self._sock is None:
            return self._resolver.fileno(), select.POLLIN
        if not self.open:
            return self._sock.fileno(), self._wants
        return self._sock.fileno(), select.POLLIN | (select.POLLOUT if writing else 0)

    def advance(self, now_ns: int) -> None:
        """One step towards an open connection. Raises OSError (``ssl.SSLError`` among them)."""
        if self._addresses is None:
            self._addresses = self._resolver.take()
            if self._addresses is None:
                return
            self._next_address(now_ns, socket.gaierror(socket.EAI_NONAME, "no address"))
        elif not self._shaking and not self.open:
            self._check_tcp(now_ns)
        if self._shaking:
            self._shake_hands()

    def _next_address(self, now_ns: int, error: OSError) -> None:
        self._close_socket()
        while self._addresses:
            family, place = self._addresses.pop(0)
            sock = socket.socket(family, socket.SOCK_STREAM)
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            # What the network can't take yet waits here, where it is seen and bounded, not in the kernel.
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT_BYTES)
            number = sock.connect_ex(place)
            if number in (0, errno.EINPROGRESS):
                self._sock, self._tried_ns, self._wants = sock, now_ns, select.POLLOUT
                return
            sock.close()
            error = OSError(number, os.strerror(number))
        raise error

    def _check_tcp(self, now_ns: int) -> None:
        assert self._sock is not None
        poller = select.poll()
        poller.register(self._sock, select.POLLOUT)
        if not poller.poll(0):
            if self._addresses and now_ns - self._tried_ns >= ADDRESS_LIMIT_NS:
                self._next_address(now_ns, TimeoutError())
            return
        number = self._sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if number:
            self._next_address(now_ns, OSError(number, os.strerror(number)))
        elif self._tls is None:
            self.open = True
        else:
            self._sock = self._tls.wrap_socket(
                self._sock, server_hostname=self._host, do_handshake_on_connect=False
            )
            self._shaking = True

    def _shake_hands(self) -> None:
        assert isinstance(self._sock, ssl.SSLSocket)
        try:
            self._sock.do_handshake()
        except ssl.SSLWantReadError:
            self._wants = select.POLLIN
        except ssl.SSLWantWriteError:
            self._wants = select.POLLOUT
        else:
            self._shaking, self.open = False, True

    def read(self) -> bytes | None:
        """Return what has arrived: None for nothing yet, empty at the end of the stream. Raises OSError."""
        assert self._sock is not None
        try:
            return self._sock.recv(MAX_READ)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return None
        except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
            return b""

    def write(self, data: memoryview) -> int:
        """Return how many bytes the network took. Raises OSError."""
        assert self._sock is not None
        try:
            return self._sock.send(data)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return 0

    def close(self) -> None:
        self._close_socket()

    def _close_socket(self) -> None:
        if self._sock is not None:
            self._sock.close()
            self._sock = None
