"""A studio to measure or test: ``python -m studio run`` with its real processes, on its own data and port."""

import contextlib
import os
import signal
import subprocess
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from studio.contract.client import Client
from studio.contract.datadir import RunInfo, read_run
from studio.contract.spawning import FOLDER, python
from studio.lab.harness.waiting import wait_until

START_S = 40.0
STOP_S = 25.0
GET_S = 10.0

T = TypeVar("T")


class RunningStudio:
    """A studio that is up. ``log`` is its standard error so far."""

    def __init__(self, process: subprocess.Popen[bytes], data: Path, info: RunInfo, log: Path) -> None:
        self.process = process
        self.data = data
        self.info = info
        self.client = Client(info)
        self._log = log

    @property
    def url(self) -> str:
        return self.info.url

    @property
    def token(self) -> str:
        """The director's."""
        return self.info.director_token

    @property
    def log(self) -> str:
        return self._log.read_text("utf-8", "replace")

    def do(self, type_: str, **fields: Any) -> dict[str, Any]:
        """One command by the director; its whole answer. Raises ClientError."""
        return self.client.command({"type": type_, **fields})

    def state(self) -> dict[str, Any]:
        """The public state."""
        state: dict[str, Any] = self.client.state()["state"]
        return state

    def status(self, *path: str) -> Any:
        """A part of the live status; None where there is none."""
        part: Any = self.state()["status"]
        for key in path:
            part = part.get(key) if isinstance(part, dict) else None
        return part

    def get(self, path: str) -> bytes:
        """Return what the director gets at a path of the HTTP surface. Raises OSError."""
        request = urllib.request.Request(  # noqa: S310 - our own studio's
            self.url + path, headers={"Authorization": f"Bearer {self.token}"}
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=GET_S) as answer:
            data: bytes = answer.read()
        return data

    def invite(self, seat: str, **fields: Any) -> str:
        """A new seat's link."""
        link: str = self.do("seat.create", seat=seat, **fields)["result"]["link"]
        return link

    def processes(self) -> dict[str, int]:
        """Process ids by process name (``control``, ``mixer``, ``shard-1``, ``sender/<output>``)."""
        found = {}
        for pid in _children(self.process.pid):
            name = _name_of(_read(f"/proc/{pid}/cmdline").split("\0"))
            if name:
                found[name] = pid
        return found

    def stop(self) -> int:
        """SIGTERM; returns the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(STOP_S)


@contextlib.contextmanager
def running_studio(
    data: Path,
    *arguments: str,
    config: str = "",
    command: str = "run",
    before: Sequence[str] = (),
    environment: dict[str, str] | None = None,
) -> Iterator[RunningStudio]:
    """Start a studio on a free port and wait until it is ready; it is ended afterwards. ``before``: a command
    that starts it in its turn, as ``nice`` does."""
    data = data.resolve()
    data.mkdir(parents=True, exist_ok=True)
    if config:
        (data / "studio.toml").write_text(config, "utf-8")
    log = data / "studio.err.log"
    with log.open("wb") as err:
        process = subprocess.Popen(
            [*before, *python("studio", command, "--port", "0", *arguments)],
            cwd=FOLDER,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=err,
            env={
                **os.environ,
                "STUDIO_DATA": str(data),
                "STUDIO_LOG": "json",
                **(environment or {}),
            },
        )
    try:

        def ready() -> RunInfo | None:
            if process.poll() is not None:
                raise RuntimeError(f"the studio ended ({process.returncode}):\n{log.read_text()}")
            info = read_run(data)  # a killed studio's stays until the next one starts
            return info if info is not None and info.pid == process.pid else None

        info = wait_until("the studio is ready", ready, START_S)
        yield RunningStudio(process, data, info, log)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _children(parent: int) -> list[int]:
    try:
        text = Path(f"/proc/{parent}/task/{parent}/children").read_text("ascii")
    except OSError:
        return []
    return [int(pid) for pid in text.split()]


def _name_of(command: list[str]) -> str:
    modules = {"studio.control.process": "control", "mixer.engine.process": "mixer"}
    command = [part for part in command if part != "mixer.ipc.started"]
    for position, part in enumerate(command[:-1]):
        if part == "-m":
            module, rest = command[position + 1], command[position + 2 :]
            return modules.get(module) or (rest[0] if rest else "")
    return ""


def _read(path: str) -> str:
    try:
        return Path(path).read_text("utf-8", "replace")
    except OSError:
        return ""
