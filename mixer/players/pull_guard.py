"""Whom a pulled stream is believed to come from: FFmpeg verifies by what is prepared here."""

import contextlib
import os
import socket
import ssl
from pathlib import Path
from urllib.parse import urlsplit

TLS = ("rtmps://", "rtsps://")
_PORTS = {"rtmp": 1935, "rtmps": 443, "rtsp": 554, "rtsps": 322}
_PROBE_S = 3.0
_SYSTEMS = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem")


class CertificateError(OSError):
    """The server isn't proven to be the one that the address names."""


def is_certificate_wrong(url: str, ca_file: str) -> bool:
    """Whether the server's certificate is why no connection came about: FFmpeg doesn't say. ``ca_file``: see
    :func:`authorities`. Blocking, up to 6 s."""
    context = ssl.create_default_context(cafile=ca_file)
    host, port = place(url)
    with contextlib.suppress(OSError):
        try:
            with socket.create_connection((host, port), _PROBE_S) as sock:
                context.wrap_socket(sock, server_hostname=host).close()
        except ssl.SSLCertVerificationError:
            return True
    return False


def authorities(extra: str) -> str:
    """A file with the system's certificate authorities and those of ``extra`` (a PEM file; empty for none),
    for FFmpeg, which takes one. It lives as long as this process. Raises OSError."""
    paths = ssl.get_default_verify_paths()
    known = (paths.cafile, paths.openssl_cafile, *_SYSTEMS)
    system = next((path for path in known if path and Path(path).exists()), "")
    fd = os.memfd_create("authorities", os.MFD_CLOEXEC)
    with open(fd, "wb", closefd=False) as out:
        for path in filter(None, (system, extra)):
            out.write(Path(path).read_bytes() + b"\n")
    return f"/proc/self/fd/{fd}"


def place(url: str) -> tuple[str, int]:
    """Host (a name, or an address without brackets) and port."""
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 0)
