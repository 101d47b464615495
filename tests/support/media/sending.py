"""Runs a real sender process for tests, with the test in the supervisor's place."""

import socket
from pathlib import Path

from mixer.contract.messages import BusAttach, SenderConfig, SenderReport
from mixer.contract.names import sender_name
from studio.lab.harness.waiting import wait_until
from tests.support.media.child_run import ChildRun


class SenderProcess(ChildRun[SenderReport]):
    def __init__(
        self,
        config: SenderConfig,
        bus: socket.socket | None,
        log: Path,
        prefix: tuple[str, ...] = (),
    ) -> None:
        none = SenderReport("", "starting")
        name = sender_name(config.output)
        super().__init__(name, "mixer.outputs.process", SenderReport, none, log, prefix)
        self.send(config)
        if bus is not None:
            self.attach(bus)

    def attach(self, bus: socket.socket) -> None:
        self.send(BusAttach(self._name), [bus.fileno()])
        bus.close()

    @property
    def codes(self) -> list[str]:
        """The codes that were reported, each once, in order."""
        return list(dict.fromkeys(report.code for report in self.reports if report.code))

    def wait_live(self, timeout_s: float = 30.0) -> None:
        self.wait_for("the output being live", lambda report: report.state == "live", timeout_s)

    def wait_code(self, code: str, timeout_s: float = 30.0) -> None:
        wait_until(f"the code {code} among {self.codes}", lambda: code in self.codes, timeout_s)

    def wait_sent(self, more_bytes: int, timeout_s: float = 30.0) -> None:
        """Until so many bytes more than now have gone out."""
        goal = self.last.bytes_sent + more_bytes
        self.wait_for(f"{goal} bytes", lambda report: report.bytes_sent >= goal, timeout_s)
