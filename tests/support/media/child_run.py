"""Runs a real player or sender process for tests, with the test in the supervisor's place."""

import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Generic, Self, TypeVar

import msgspec

from mixer.contract.messages import Heartbeat, Ready, Shutdown
from mixer.contract.names import SUPERVISOR, ProcessName
from mixer.ipc.link import LINK_FD_ENV, Link, LinkClosedError, pair
from studio.lab.harness.waiting import wait_until

R = TypeVar("R", bound=msgspec.Struct)


class ChildRun(Generic[R]):
    """``reports`` are all that came; ``beats`` the times of its heartbeats, in monotonic nanoseconds.
    ``none`` stands for the report before the first."""

    def __init__(
        self, name: ProcessName, module: str, report: type[R], none: R, log: Path, prefix: Sequence[str] = ()
    ) -> None:
        self.reports: list[R] = []
        self.beats: list[int] = []
        self.ready = threading.Event()
        self._name = name
        self._report = report
        self._none = none
        self._decode = msgspec.msgpack.Decoder(Ready | Heartbeat | report).decode
        self._log = log
        self._lock = threading.Lock()
        ours, theirs = pair()
        self._link = Link(ours, SUPERVISOR)
        with log.open("ab") as errors:
            self.process = subprocess.Popen(
                [*prefix, sys.executable, "-m", module, name],
                env={**os.environ, LINK_FD_ENV: str(theirs.fileno())},
                pass_fds=[theirs.fileno()],
                stdout=errors,
                stderr=errors,
            )
        theirs.close()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(10)
        self._over.set()
        self._thread.join(10)
        self._link.close()

    def send(self, message: msgspec.Struct, fds: Sequence[int] = ()) -> None:
        """Whatever control or the supervisor tells it."""
        with self._lock:
            self._link.send(self._name, message, fds)

    @property
    def last(self) -> R:
        return self.reports[-1] if self.reports else self._none

    def wait_for(self, what: str, condition: Callable[[R], bool], timeout_s: float = 30.0) -> None:
        wait_until(f"{what} (last: {self.last})", lambda: condition(self.last), timeout_s)

    def shut_down(self) -> int:
        """Ends it as the supervisor does; its exit status."""
        self.send(Shutdown())
        return self.process.wait(6)

    def spoken(self) -> str:
        """All it said: its log and its reports."""
        return self._log.read_text(errors="replace") + "\n".join(map(repr, self.reports))

    def _read(self) -> None:
        poller = select.poll()
        poller.register(self._link.fileno(), select.POLLIN)
        while not self._over.is_set():
            poller.poll(50)
            try:
                while True:
                    with self._lock:
                        received = self._link.receive()
                    if received is None:
                        break
                    self._take(self._decode(received[0].body))
            except LinkClosedError:
                return

    def _take(self, message: object) -> None:
        if isinstance(message, self._report):
            self.reports.append(message)
        elif isinstance(message, Heartbeat):
            self.beats.append(time.monotonic_ns())
        else:
            self.ready.set()
