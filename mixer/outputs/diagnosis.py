"""Turns the error of a connection into a stable code and one plain sentence for the director."""

import errno
import socket
import ssl

from mixer.contract.output_health import Failure


class RejectedError(Exception):
    """The ingest said no. ``status`` is RTMP's code (``NetStream.Publish.BadName``), cleaned."""

    def __init__(self, status: str) -> None:
        super().__init__(status)
        self.status = status


class ProtocolError(Exception):
    """What answers there does not speak RTMP."""


_UNREACHABLE = {
    errno.ENETUNREACH,
    errno.EHOSTUNREACH,
    errno.ENETDOWN,
    errno.EADDRNOTAVAIL,
    errno.EAFNOSUPPORT,
}
_LOST = {errno.ECONNRESET, errno.EPIPE, errno.ECONNABORTED, errno.ENOTCONN}


def network_failure(error: Exception, place: str) -> Failure:
    """The failure behind an error of a connection to ``place``. The error's own text is not repeated,
    since it may hold the URL."""
    if isinstance(error, RejectedError):
        if error.status == "NetStream.Publish.BadName":
            why = "the stream key is wrong or already in use"
        elif error.status == "NetConnection.Connect.Rejected":
            why = "the application or the account is wrong"
        else:
            why = error.status or "no reason given"
        return Failure("destination.rejected", f"{place} refuses the stream: {why}.")
    if isinstance(error, ProtocolError):
        return Failure("destination.protocol", f"What answers at {place} is not an RTMP service.")
    if isinstance(error, ssl.SSLCertVerificationError):
        why = getattr(error, "verify_message", "") or "verification failed"
        return Failure("destination.tls", f"The certificate of {place} is not trusted: {why}.")
    if isinstance(error, ssl.SSLError):
        return Failure("destination.tls", f"No secure connection to {place} comes about.")
    if isinstance(error, socket.gaierror):
        return Failure("destination.unreachable", f"The name of {place} is unknown or can't be looked up.")
    if isinstance(error, ConnectionRefusedError):
        return Failure("destination.refused", f"{place} refuses the connection: no service runs there.")
    if isinstance(error, TimeoutError):
        return Failure("destination.timeout", f"{place} does not answer.")
    number = error.errno if isinstance(error, OSError) else None
    if number in _UNREACHABLE:
        return Failure("destination.unreachable", f"There is no way through the network to {place}.")
    if number in _LOST:
        return Failure("destination.lost", f"The connection to {place} was lost.")
    return Failure("destination.lost", f"The connection to {place} failed ({type(error).__name__}).")
