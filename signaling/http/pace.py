"""How fast a client takes an answer and sends a request's body. No line on which a page could be loaded is as
slow as the limit here, so a slower client only keeps a connection busy."""

import socket
import struct

WINDOW_S = 30.0
LEAST_BYTES_PER_S = 1024

_INFO = struct.Struct("=24x I 92x Q Q 8x I")
"""Of Linux' ``struct tcp_info``: unacked (packets), bytes_acked, bytes_received, notsent_bytes."""


class Pace:
    """The pace of one connection, looked at every second or so."""

    __slots__ = ("_moved", "_since_s")

    def __init__(self) -> None:
        self._since_s: float | None = None
        self._moved = 0

    @property
    def under_way(self) -> bool:
        """True while something is waited for."""
        return self._since_s is not None

    def is_slow(self, now_s: float, moved: int, *, awaited: bool, window_s: float = WINDOW_S) -> bool:
        """``moved``: bytes in both directions so far. ``awaited``: it is the client who is waited for; the
        time in which the server has nothing to give is nobody's fault."""
        if not awaited:
            self._since_s = None
            return False
        if self._since_s is None:
            self._since_s, self._moved = now_s, moved
            return False
        if now_s - self._since_s < window_s:
            return False
        slow = moved - self._moved < LEAST_BYTES_PER_S * (now_s - self._since_s)
        self._since_s, self._moved = now_s, moved
        return slow


def moved_and_owed(sock: socket.socket) -> tuple[int, bool]:
    """Bytes that were acknowledged and received so far, and whether some of ours are not acknowledged yet.
    Raises OSError where the connection is gone."""
    info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _INFO.size)
    unacked, acked, received, unsent = _INFO.unpack(info)
    return acked + received, bool(unacked or unsent)
