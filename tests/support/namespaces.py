"""Network namespaces for tests: a guest and a studio who see nothing of each other but a TURN server.

    studio (the machine's own) ── veth ── relay: coturn ── veth ── guest

Nothing is forwarded between the two, and the addresses that coturn gives out are routed to neither: each of
them reaches coturn, and the other one's allocation only from its own. All names begin with ``st`` and the
process's id; what a killed run left behind is removed by the next one.
"""

import contextlib
import ctypes
import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from tests.support.running import wait_until

TURN = "198.18.9.1"
"""coturn's address, from either side; 198.18.0.0/15 is for measuring (RFC 2544)."""
RELAYED = "198.18.3.1"
"""Where coturn's allocations are."""
SECRET = "of-the-tests"
_CLONE_NEWNET = 0x40000000

T = TypeVar("T")


def _may_make_namespaces() -> str:
    """Why not; empty: it may."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    missing = [name for name in ("ip", "turnserver") if shutil.which(name) is None]
    if missing:
        return f"not installed: {', '.join(missing)}"
    name = f"st{os.getpid()}p"
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True, text=True)
    if made.returncode:
        return f"this machine makes no network namespaces: {made.stderr.strip()}"
    subprocess.run(["ip", "netns", "del", name], check=False)
    return ""


_REASON = _may_make_namespaces()
needs_namespaces = pytest.mark.skipif(bool(_REASON), reason=_REASON or "-")


class Namespace:
    """One network namespace, by its name."""

    def __init__(self, name: str) -> None:
        self.name = name

    @property
    def prefix(self) -> list[str]:
        """Before a command that is to run in it."""
        return ["ip", "netns", "exec", self.name]

    def run(self, command: str) -> None:
        subprocess.run([*self.prefix, *command.split()], check=True, capture_output=True)

    def inside(self, make: Callable[[], T]) -> T:
        """What ``make`` gives in the namespace: a socket made there stays there."""
        made: list[T] = []
        failed: list[BaseException] = []

        def work() -> None:
            try:
                with Path(f"/run/netns/{self.name}").open("rb") as file:
                    if ctypes.CDLL(None, use_errno=True).setns(file.fileno(), _CLONE_NEWNET):
                        raise OSError(ctypes.get_errno(), f"setns {self.name}")
                made.append(make())
            except BaseException as error:
                failed.append(error)

        # a thread of its own, that ends with it: a namespace is a thread's
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        if failed:
            raise failed[0]
        return made[0]

    def dial(self, port: int) -> socket.socket:
        """A connection to a port of its loopback."""
        return self.inside(lambda: socket.create_connection(("127.0.0.1", port), 20))


@contextlib.contextmanager
def namespaces() -> Iterator[tuple[Namespace, Namespace]]:
    """The relay's and the guest's; both are gone afterwards, with their links and routes."""
    _remove_what_was_left()
    mark = f"st{os.getpid()}"
    relay, guest = Namespace(f"{mark}r"), Namespace(f"{mark}g")
    with contextlib.ExitStack() as stack:
        for each in (relay, guest):
            stack.callback(_ip, f"netns del {each.name}", check=False)
            _ip(f"netns add {each.name}")
            each.run("ip link set lo up")
        stack.callback(_ip, f"link del {mark}a", check=False)
        _ip(f"link add {mark}a type veth peer name {mark}b netns {relay.name}")
        relay.run(f"ip link add {mark}c type veth peer name {mark}d netns {guest.name}")
        _ip(f"address add 198.18.1.2/24 dev {mark}a")
        _ip(f"link set {mark}a up")
        for link, address in ((f"{mark}b", "198.18.1.1/24"), (f"{mark}c", "198.18.2.1/24")):
            relay.run(f"ip address add {address} dev {link}")
            relay.run(f"ip link set {link} up")
        for address in (TURN, RELAYED):
            relay.run(f"ip address add {address}/32 dev lo")
        relay.run("sysctl -q -w net.ipv4.ip_forward=0")
        # elsewhere is nowhere: an allocation that may send to no network at all is ended by coturn
        relay.run("ip route add default dev lo")
        guest.run(f"ip address add 198.18.2.2/24 dev {mark}d")
        guest.run(f"ip link set {mark}d up")
        _ip(f"route add {TURN}/32 via 198.18.1.1")
        guest.run("ip route add default via 198.18.2.1")
        yield relay, guest


def _ip(command: str, *, check: bool = True) -> None:
    subprocess.run(["ip", *command.split()], check=check, capture_output=True)


def _remove_what_was_left() -> None:
    for path in Path("/run/netns").glob("st*[prg]"):
        pid = path.name[2:-1]
        if pid.isdigit() and not Path(f"/proc/{pid}").exists():
            _ip(f"netns del {path.name}", check=False)
            _ip(f"link del st{pid}a", check=False)


@contextlib.contextmanager
def turn_server(relay: Namespace, folder: Path) -> Iterator[None]:
    """coturn in the relay's namespace, by UDP and TCP on 3478; its log is ``turn.log`` in ``folder``."""
    command = [
        *relay.prefix, "turnserver", "-n", "--no-cli", "--no-tls", "--no-dtls", "--log-file=stdout",
        f"--listening-ip={TURN}", f"--relay-ip={RELAYED}", "--use-auth-secret",
        f"--static-auth-secret={SECRET}", "--realm=studio.test", f"--pidfile={folder}/turn.pid",
        f"--userdb={folder}/turn.db", "--verbose",
    ]  # fmt: skip
    with (folder / "turn.log").open("wb") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder)
    try:
        wait_until("coturn listens", lambda: process.poll() is not None or _answers(), 10)
        assert process.poll() is None, (folder / "turn.log").read_text()
        yield
    finally:
        process.kill()
        process.wait()


def _answers() -> bool:
    try:
        socket.create_connection((TURN, 3478), 1).close()
    except OSError:
        return False
    return True


@contextlib.contextmanager
def forwarded(guest: Namespace, port: int) -> Iterator[None]:
    """A TCP port of this machine's loopback is one of the guest's, too: how its page reaches the studio."""

    def listen() -> socket.socket:
        return socket.create_server(("127.0.0.1", port))

    server = guest.inside(listen)
    ends: set[socket.socket] = {server}

    def serve() -> None:
        with contextlib.suppress(OSError):  # closed below
            while True:
                theirs, _ = server.accept()
                ours = socket.create_connection(("127.0.0.1", port))
                ends.update((theirs, ours))
                for one, other in ((theirs, ours), (ours, theirs)):
                    threading.Thread(target=_copy, args=(one, other), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield
    finally:
        for end in ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


def _copy(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)
