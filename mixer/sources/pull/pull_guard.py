"""The server that a pulled stream is read from, and the certificate it is believed by: FFmpeg is given both.

What a director types is connected to from inside the studio's network: an address could mean a cloud's
metadata service, a printer, a database.
"""

import contextlib
import os
import socket
import ssl
import stat
from pathlib import Path
from urllib.parse import urlsplit

from mixer.contract.pull_url import is_public

TLS = ("rtmps://", "rtsps://")
_PORTS = {"rtmp": 1935, "rtmps": 443, "rtsp": 554, "rtsps": 322}
_PROBE_S = 3.0
_SYSTEMS = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem")


class CertificateError(OSError):
    """The server isn't proven to be the one that the address names."""


class AuthoritiesError(OSError):
    """A file of certificate authorities can't be read."""


class PrivateAddressError(OSError):
    """The place is this machine, in a private network, or in nobody's."""


def pinned(url: str, turn: int) -> str:
    """The same address with an IP address instead of its host's name, so that what is connected to is what
    was checked; ``turn`` goes through those that a name has. Blocking. Raises :class:`PrivateAddressError`
    where any of them is private, OSError where there is none."""
    host, port = _place(url)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError:
        raise OSError("no name of a host") from None
    addresses = [str(place[0]) for *_, place in found]
    if not all(map(is_public, addresses)):
        raise PrivateAddressError
    address = addresses[turn % len(addresses)]
    parts = urlsplit(url)
    user, at, _ = parts.netloc.rpartition("@")
    shown = f"[{address}]" if ":" in address else address
    return parts._replace(netloc=f"{user}{at}{shown}:{port}").geturl()


def tc_url(url: str) -> str:
    """Return what an RTMP server is told that is reached by its IP address: the application at the host's
    name, by which it may tell its sites apart. FFmpeg takes the same part of a path for the application."""
    parts = urlsplit(url)
    names = parts.path.removeprefix("/").split("/", 2)
    short = len(names) < 3 or ":" in names[1]
    application = "/".join(names[: 1 if short else 2])
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}/{application}"


def check_peers() -> None:
    """Raises :class:`PrivateAddressError` if this process is connected to a private place: RTSP servers can
    send FFmpeg elsewhere, which asks nobody."""
    peers = []
    for entry in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError), _socket(entry) as sock:
            if sock.family in (socket.AF_INET, socket.AF_INET6):
                peers.append(str(sock.getpeername()[0]))
    if not all(map(is_public, peers)):
        raise PrivateAddressError


def _socket(entry: Path) -> socket.socket:
    """A copy of this descriptor of ours. Raises OSError where it is no socket, or gone."""
    if not stat.S_ISSOCK(entry.stat().st_mode):
        raise OSError("no socket")
    fd = os.dup(int(entry.name))
    try:
        return socket.socket(fileno=fd)
    except OSError:
        os.close(fd)
        raise


def is_certificate_wrong(url: str, host: str, ca_file: str) -> bool:
    """Return whether the server's certificate is why no connection came about: FFmpeg doesn't say. ``host``:
    whom it has to name; ``ca_file``: see :func:`authorities`. Blocking, up to 6 s."""
    context = ssl.create_default_context(cafile=ca_file)
    with contextlib.suppress(OSError):
        try:
            # One of its addresses: a name may have many that are silent.
            place = socket.getaddrinfo(*_place(url), type=socket.SOCK_STREAM)[0][4][:2]
            with socket.create_connection((str(place[0]), int(place[1])), _PROBE_S) as sock:
                context.wrap_socket(sock, server_hostname=host).close()
        except ssl.SSLCertVerificationError:
            return True
    return False


def authorities(extra: str) -> str:
    """A file with the system's certificate authorities and those of ``extra`` (a PEM file; empty for none),
    for FFmpeg, which takes one. It lives as long as this process. Raises AuthoritiesError."""
    paths = ssl.get_default_verify_paths()
    known = (paths.cafile, paths.openssl_cafile, *_SYSTEMS)
    system = next((path for path in known if path and Path(path).exists()), "")
    try:
        content = b"\n".join(Path(path).read_bytes() for path in filter(None, (system, extra)))
    except OSError as error:
        raise AuthoritiesError from error
    fd = os.memfd_create("authorities", os.MFD_CLOEXEC)
    with open(fd, "wb", closefd=False) as out:
        out.write(content)
    return f"/proc/self/fd/{fd}"


def host_of(url: str) -> str:
    """A name, or an address without brackets."""
    return _place(url)[0]


def _place(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 0)
