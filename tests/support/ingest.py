"""A real RTMP ingest for tests (nginx with its RTMP module), its TLS front, and ingests that misbehave.

``with RtmpIngest(tmp_path) as ingest: ingest.url("live/ko-key")``; what nginx received lies in
``ingest.recordings()`` as FLV files.
"""

import contextlib
import os
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from studio.lab.harness.waiting import wait_until

RTMP_MODULE = Path("/usr/lib/nginx/modules/ngx_rtmp_module.so")


def free_port() -> int:
    """A TCP port on loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listening(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


class RtmpIngest:
    """nginx on a random loopback port, recording all that is published to any of ``applications``."""

    def __init__(self, folder: Path, applications: Sequence[str] = ("live",), options: str = "") -> None:
        self.port = free_port()
        self._prefix = folder / f"nginx-{self.port}"
        self._records = self._prefix / "records"
        self._applications = tuple(applications)
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self._records.mkdir(parents=True)
        blocks = "\n".join(
            f"application {name} {{ live on; record all; record_path {self._records};"
            f" record_unique on; record_suffix .flv; {self._options} }}"
            for name in self._applications
        )
        (self._prefix / "nginx.conf").write_text(
            f"load_module {RTMP_MODULE};\n"
            # Its worker would give root up, and couldn't write into the test's folder then.
            + ("user root;\n" if os.geteuid() == 0 else "")
            + "daemon off; worker_processes 1;\n"
            f"pid {self._prefix}/nginx.pid; error_log {self._prefix}/error.log info;\n"
            "events { worker_connections 64; }\n"
            "rtmp { access_log off; server {\n"
            f"listen 127.0.0.1:{self.port}; chunk_size 4096;\n{blocks}\n}} }}\n"
        )
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def url(self, path: str) -> str:
        """``path`` is ``<application>/<key>``."""
        return f"rtmp://127.0.0.1:{self.port}/{path}"

    def start(self) -> None:
        self._process = subprocess.Popen(
            ["nginx", "-p", str(self._prefix), "-c", str(self._prefix / "nginx.conf")],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_until("nginx listening", self._up)

    def _up(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            raise AssertionError(f"nginx ended: {self.log()[-2000:]}")
        return listening(self.port)

    def stop(self) -> None:
        """End it at once, connections and all."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)
            self._process = None

    def recordings(self) -> list[Path]:
        """What was received, oldest first. A file is complete once its publisher has left."""
        return sorted(self._records.glob("*.flv"), key=lambda path: path.stat().st_mtime_ns)

    def received_bytes(self) -> int:
        return sum(path.stat().st_size for path in self.recordings())

    def log(self) -> str:
        path = self._prefix / "error.log"
        return path.read_text(errors="replace") if path.exists() else ""


class Authority:
    """A certificate authority of our own. ``ca_file`` is what a client has to trust."""

    def __init__(self, folder: Path, name: str = "test") -> None:
        self.ca_file = folder / f"{name}-ca.pem"
        self._folder = folder
        self._name = name
        self._key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, f"{name} authority")])
        self._subject = subject
        usage = x509.KeyUsage(
            digital_signature=True,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            key_cert_sign=True,
            crl_sign=True,
            encipher_only=False,
            decipher_only=False,
        )
        certificate = (
            self._builder(subject, self._key)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(usage, critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self.ca_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def server_context(self, host: str = "localhost") -> ssl.SSLContext:
        """A server that proves to be ``host``."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
        certificate = (
            self._builder(name, key)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False
            )
            .sign(self._key, hashes.SHA256())
        )
        path = self._folder / f"{self._name}-{host}.pem"
        path.write_bytes(
            certificate.public_bytes(serialization.Encoding.PEM)
            + key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context

    def _builder(self, subject: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        )


class _Server:
    """Accepts on loopback, each connection in a thread of its own, until the block ends."""

    def __init__(self, receive_buffer: int = 0) -> None:
        self._listener = socket.socket()
        if receive_buffer:
            self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen(16)
        self.port = int(self._listener.getsockname()[1])
        self.accepted = 0
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._over = threading.Event()

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        for sock in (self._listener, *self._open):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()
        for thread in self._threads:
            thread.join(10)

    def url(self, path: str) -> str:
        return f"rtmp://127.0.0.1:{self.port}/{path}"

    def serve(self, sock: socket.socket) -> None:
        raise NotImplementedError

    def _start(self, target: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._over.is_set():
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            self.accepted += 1
            self._open.append(sock)
            self._start(self._serve, sock)

    def _serve(self, sock: socket.socket) -> None:
        with contextlib.suppress(OSError):
            self.serve(sock)


class BlackHole(_Server):
    """Accepts, and never says a word."""

    def serve(self, sock: socket.socket) -> None:
        self._over.wait()


_PIECE = 2048


class Relay(_Server):
    """In front of an ingest; :attr:`stalled` stops it from reading what the publisher sends, and
    :meth:`cut` breaks what is open. ``tls`` makes it the ingest's TLS front; ``bytes_per_s`` is all that it
    takes from a publisher."""

    def __init__(
        self, target_port: int, tls: ssl.SSLContext | None = None, bytes_per_s: int | None = None
    ) -> None:
        super().__init__(receive_buffer=32 * 1024)
        self._piece_s = _PIECE / bytes_per_s if bytes_per_s else 0.0
        self.stalled = threading.Event()
        self._target = target_port
        self._tls = tls

    def url(self, path: str) -> str:
        if self._tls is None:
            return super().url(path)
        return f"rtmps://localhost:{self.port}/{path}"

    def cut(self) -> None:
        for sock in self._open:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def serve(self, sock: socket.socket) -> None:
        if self._tls is not None:
            sock = self._tls.wrap_socket(sock, server_side=True)
            self._open.append(sock)
        target = socket.create_connection(("127.0.0.1", self._target))
        self._open.append(target)
        self._start(self._pump_back, target, sock)
        try:
            next_s = time.monotonic()
            while data := sock.recv(_PIECE if self._piece_s else 65536):
                target.sendall(data)
                next_s = max(next_s, time.monotonic() - 0.5) + self._piece_s * len(data) / _PIECE
                self._over.wait(max(0.0, next_s - time.monotonic()))
                while self.stalled.is_set() and not self._over.wait(0.05):
                    pass
        finally:
            # Not close(): the other thread's recv would keep the connection open.
            target.shutdown(socket.SHUT_RDWR)

    def _pump_back(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_RDWR)
