"""Runs a real sender process for tests, with the test in the supervisor's place."""

import os
import select
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from mixer.contract.messages import BusAttach, Heartbeat, Ready, SenderConfig, SenderReport, Shutdown
from mixer.contract.names import SUPERVISOR, sender_name
from mixer.ipc.link import LINK_FD_ENV, Link, LinkClosedError, pair
from tests.support.ingest import wait_until

_decode = msgspec.msgpack.Decoder(Ready | Heartbeat | SenderReport).decode


class SenderProcess:
    """``reports`` are all that came; ``beats`` the times of its heartbeats, in monotonic nanoseconds."""

    def __init__(
        self,
        config: SenderConfig,
        bus: socket.socket | None,
        log: Path,
        prefix: tuple[str, ...] = (),
    ) -> None:
        self.reports: list[SenderReport] = []
        self.beats: list[int] = []
        self.ready = threading.Event()
        self._log = log
        self._lock = threading.Lock()
        ours, theirs = pair()
        self._link = Link(ours, SUPERVISOR)
        self._name = sender_name(config.output)
        with log.open("ab") as errors:
            self.process = subprocess.Popen(
                [*prefix, sys.executable, "-m", "mixer.outputs.process", self._name],
                env={**os.environ, LINK_FD_ENV: str(theirs.fileno())},
                pass_fds=[theirs.fileno()],
                stdout=errors,
                stderr=errors,
            )
        theirs.close()
        self._link.send(self._name, config)
        if bus is not None:
            self.attach(bus)
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

    def attach(self, bus: socket.socket) -> None:
        with self._lock:
            self._link.send(self._name, BusAttach(self._name), [bus.fileno()])
        bus.close()

    def send(self, message: msgspec.Struct) -> None:
        """Whatever else control tells it."""
        with self._lock:
            self._link.send(self._name, message)

    @property
    def last(self) -> SenderReport:
        return self.reports[-1] if self.reports else SenderReport("", "starting")

    @property
    def codes(self) -> list[str]:
        """The codes that were reported, each once, in order."""
        return list(dict.fromkeys(report.code for report in self.reports if report.code))

    def wait_for(self, what: str, condition: Callable[[SenderReport], bool], timeout_s: float = 30.0) -> None:
        wait_until(f"{what} (last: {self.last})", lambda: condition(self.last), timeout_s)

    def wait_live(self, timeout_s: float = 30.0) -> None:
        self.wait_for("the output being live", lambda report: report.state == "live", timeout_s)

    def wait_code(self, code: str, timeout_s: float = 30.0) -> None:
        wait_until(f"the code {code} among {self.codes}", lambda: code in self.codes, timeout_s)

    def wait_sent(self, more_bytes: int, timeout_s: float = 30.0) -> None:
        """Until so many bytes more than now have gone out."""
        goal = self.last.bytes_sent + more_bytes
        self.wait_for(f"{goal} bytes", lambda report: report.bytes_sent >= goal, timeout_s)

    def shut_down(self) -> int:
        """Ends it as the supervisor does; its exit status."""
        with self._lock:
            self._link.send(self._name, Shutdown())
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
                with self._lock:
                    received = self._link.receive()
            except LinkClosedError:
                return
            while received is not None:
                message = _decode(received[0].body)
                if isinstance(message, SenderReport):
                    self.reports.append(message)
                elif isinstance(message, Heartbeat):
                    self.beats.append(time.monotonic_ns())
                else:
                    self.ready.set()
                try:
                    with self._lock:
                        received = self._link.receive()
                except LinkClosedError:
                    return
