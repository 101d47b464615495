"""One child process: started with its link, watched by its pidfd and its heartbeat, ended in a group.

No decisions about the show are made here; :mod:`studio.supervisor.supervisor` says when a child starts and
ends.
"""

import os
import signal
import subprocess
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Literal

import msgspec

from mixer.contract.names import SUPERVISOR, ProcessName
from mixer.ipc.link import LINK_FD_ENV, Link, pair
from mixer.ipc.priority import HURRY_ENV
from studio.contract.spawning import FOLDER, environment, python
from studio.contract.usage import cpu_seconds, waited_ns

State = Literal["starting", "running", "restarting", "stopped"]

BACKOFF_S = (0.0, 0.5, 1.0, 2.0, 5.0)
"""Pause before the first, second, … restart in a row. The first comes at once: a recording loses less than
a second only so."""
HEALTHY_S = 30.0
"""Having run this long, a child's earlier deaths are forgotten."""
SILENCE_S = 5.0
STARVED_S = 15.0
"""So much longer may a child be silent that waits for a processor."""
START_S = 30.0
"""A child that isn't ready by then is ended; generous, for a cold disk cache on a busy machine."""
STOP_S = 5.0


def backoff_s(deaths: int) -> float:
    """Pause before the restart that follows the ``deaths``-th death in a row (1, 2, …)."""
    return BACKOFF_S[min(max(deaths, 1), len(BACKOFF_S)) - 1]


@dataclass(eq=False)
class Child:
    """A process that is to exist under a name, through all its restarts."""

    name: ProcessName
    command: tuple[str, ...]
    """Module, then arguments."""
    configure: Callable[[], msgspec.Struct]
    """Makes the first message of each start."""
    awaited: bool = False
    """The show waits for it: it is started before everything else that runs on the machine."""
    state: State = "stopped"
    restarts: int = 0
    deaths: int = 0
    """In a row, without :data:`HEALTHY_S` of work between them."""
    link: Link | None = None
    pidfd: int = -1
    started_ns: int = 0
    heard_ns: int = 0
    waited_ns: int = 0
    """What it had waited for a processor when it was heard last."""
    start_at_ns: int | None = None
    """When to start (again); None: not planned."""
    stop_by_ns: int | None = None
    """Told to shut down; SIGKILL at this instant."""
    wanted: bool = True
    """False: it goes for good when it exits."""
    cpu_before_s: float = 0.0
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def alive(self) -> bool:
        return self._process is not None

    @property
    def pid(self) -> int:
        return self._process.pid if self._process else 0

    def spawn(self, now_ns: int) -> None:
        """Start the process and send it its configuration. Raises OSError, or ValueError for a configuration
        that is too large: then nothing of it is left."""
        with ExitStack() as half:
            ours, theirs = pair()
            link = Link(ours, SUPERVISOR)
            half.callback(link.close)
            with theirs:
                process = subprocess.Popen(
                    python("mixer.ipc.started", *self.command),
                    cwd=FOLDER,
                    stdin=subprocess.DEVNULL,
                    # standard output is the operator's (the console's link); children log to standard error
                    stdout=subprocess.DEVNULL,
                    pass_fds=(theirs.fileno(),),
                    env={
                        **environment(os.environ),
                        LINK_FD_ENV: str(theirs.fileno()),
                        **({HURRY_ENV: "1"} if self.awaited else {}),
                    },
                    start_new_session=True,
                )
            half.callback(process.wait)
            half.callback(_kill, process)
            pidfd = os.pidfd_open(process.pid)
            half.callback(os.close, pidfd)
            link.send(self.name, self.configure())
            half.pop_all()
        self._process, self.pidfd, self.link = process, pidfd, link
        self.state = "starting"
        self.started_ns = now_ns
        self.heard(now_ns)
        self.start_at_ns = self.stop_by_ns = None

    def reap(self) -> int:
        """Collect the dead process; returns its exit status (negative: a signal)."""
        assert self._process is not None
        self.cpu_before_s += cpu_seconds(self._process.pid)
        status = self._process.wait()
        os.close(self.pidfd)
        self.pidfd = -1
        self._process = None
        if self.link is not None:
            self.link.close()
            self.link = None
        return status

    def kill(self) -> None:
        """End the process and whatever it started, now."""
        if self._process is not None:
            _kill(self._process)

    def heard(self, now_ns: int) -> None:
        """Note that it has said something."""
        self.heard_ns, self.waited_ns = now_ns, waited_ns(self.pid)

    def silent(self, now_ns: int) -> str:
        """Return why this child must be ended now; empty while all is well.

        Who is ready to run and gets no processor does not hang: on a machine that has too much to do, ending
        it would only make more. Such time doesn't count, up to :data:`STARVED_S`.
        """
        if not self.alive:
            return ""
        if self.stop_by_ns is not None:
            return "did not shut down in time" if now_ns >= self.stop_by_ns else ""
        limit_s = START_S if self.state == "starting" else SILENCE_S
        silence_ns = now_ns - self.heard_ns
        if silence_ns <= limit_s * 1e9:
            return ""
        starved_ns = min(waited_ns(self.pid) - self.waited_ns, int(STARVED_S * 1e9))
        return f"silent for {limit_s:.0f} s" if silence_ns - starved_ns > limit_s * 1e9 else ""


def _kill(process: subprocess.Popen[bytes]) -> None:
    try:
        # start_new_session made it the leader of its own group
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        process.kill()
