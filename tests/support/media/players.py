"""Runs a real player process for tests, with the test in the supervisor's place and a real slot."""

import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec
import numpy as np

from mixer.contract.clock import ProgrammeClock
from mixer.contract.messages import Heartbeat, Ready, Shutdown, SlotOpened
from mixer.contract.names import SUPERVISOR, SlotName, of_source, player_name, slot_of
from mixer.contract.picture import Picture
from mixer.contract.player_messages import PlayerConfig, PlayerOrder, PlayerReport
from mixer.ipc.link import LINK_FD_ENV, Link, LinkClosedError, pair
from mixer.ipc.slot import SlotReader, create_slot
from tests.support.ingest import wait_until

_decode = msgspec.msgpack.Decoder(Ready | Heartbeat | PlayerReport).decode
FRAMES = 8


class PlayerRun:
    """``reader`` is handed the slot, too, by source and descriptor. ``reports`` are all that came; ``beats``
    the times of its heartbeats, in monotonic nanoseconds."""

    def __init__(
        self,
        config: PlayerConfig,
        log: Path,
        reader: Callable[[SlotName, int], None] = lambda slot, fd: None,
        alpha: bool = False,
    ) -> None:
        self.config = config
        self.reports: list[PlayerReport] = []
        self.beats: list[int] = []
        self.ready = threading.Event()
        self.clock = ProgrammeClock(config.epoch_ns, Fraction(config.fps_num, config.fps_den))
        self._log = log
        self._lock = threading.Lock()
        ours, theirs = pair()
        self._link = Link(ours, SUPERVISOR)
        self._name = player_name(config.source)
        fd = create_slot(f"test:{config.source}", config.width, config.height, FRAMES, alpha)
        self.slot = SlotReader(fd)
        with log.open("ab") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "mixer.sources.process", self._name],
                env={**os.environ, LINK_FD_ENV: str(theirs.fileno())},
                pass_fds=[theirs.fileno()],
                stdout=errors,
                stderr=errors,
            )
        theirs.close()
        self.send(config)
        with self._lock:
            self._link.send(self._name, SlotOpened(slot_of(of_source(config.source))), [fd])
        reader(slot_of(of_source(config.source)), fd)
        os.close(fd)
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

    def send(self, message: msgspec.Struct) -> None:
        """Whatever control or the supervisor tells it."""
        with self._lock:
            self._link.send(self._name, message)

    def order(self, order: int, **how: object) -> None:
        self.send(PlayerOrder(order, **how))  # type: ignore[arg-type]

    @property
    def last(self) -> PlayerReport:
        return self.reports[-1] if self.reports else PlayerReport("", "starting", -1)

    def wait_for(self, what: str, condition: Callable[[PlayerReport], bool], timeout_s: float = 20.0) -> None:
        wait_until(f"{what} (last: {self.last})", lambda: condition(self.last), timeout_s)

    def wait_state(self, state: str, order: int = -1, timeout_s: float = 20.0) -> None:
        """Until it says so; with ``order``, of this one."""
        try:
            wait_until(
                f"the state {state}",
                lambda: self.last.state == state and order in (-1, self.last.order),
                timeout_s,
            )
        except AssertionError as error:
            raise AssertionError(f"{error}; last: {self.last}; {self.spoken()[-1500:]}") from error

    def shown(self, at_ns: int = 0) -> Picture:
        """A copy of the picture that is due now, or at ``at_ns``; retried where it was overwritten."""
        while True:
            taken = self.slot.take(at_ns or time.monotonic_ns())
            assert taken is not None
            copy = Picture(*(np.array(plane) for plane in taken.picture))
            if taken.intact():
                return copy

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
                    message = _decode(received[0].body)
                    if isinstance(message, PlayerReport):
                        self.reports.append(message)
                    elif isinstance(message, Heartbeat):
                        self.beats.append(time.monotonic_ns())
                    else:
                        self.ready.set()
            except LinkClosedError:
                return
