"""What a hand on a fader costs: ``python -m tests.benchmarks.control.bench_fader [--of tbar] [--live]``.

In a whole studio with a scene of 49 people (their cards: nobody is connected) a fader is swept over the
WebSocket as the console does it, 60 times a second, one command at a time and of those that come meanwhile
only the latest, while a second console looks on. Prints CPU seconds of control and of the mixer's tick
thread and bytes over the links, while nothing moves and during the sweep, and what the sweep has added.
``--live``: as the console does it since values that aren't the last say so, at most 25 of them a second, or
30 of the T-bar.
"""

import argparse
import itertools
import json
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from prometheus_client.parser import text_string_to_metric_families
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from studio.contract.usage import cpu_seconds
from studio.lab.harness.running import RunningStudio, running_studio
from studio.lab.harness.waiting import wait_until

GUESTS = 49
INPUTS_PER_S = 60
LIVE_PER_S = {"fader": 25, "tbar": 30}
TICKS_PER_S = 100
"""Of the kernel's accounts of threads."""


def console(studio: RunningStudio) -> ClientConnection:
    address = studio.url.replace("http", "ws", 1) + "/ws"
    headers = {"Authorization": f"Bearer {studio.token}"}
    return connect(address, additional_headers=headers, proxy=None, max_size=None)


@contextmanager
def looking_on(studio: RunningStudio) -> Iterator[list[int]]:
    """A second console; the list holds the sizes of the messages that it got."""
    sizes: list[int] = []
    with console(studio) as socket:

        def read() -> None:
            try:
                sizes.extend(map(len, socket))
            except ConnectionClosed:
                return

        thread = threading.Thread(target=read)
        thread.start()
        yield sizes
        socket.close()
        thread.join()


def values(of: str) -> Iterator[dict[str, Any]]:
    """One command after the other, up and down without an end."""
    if of == "tbar":
        steps = [number / 100 for number in range(1, 100)]
        for position in itertools.cycle([*steps, *reversed(steps)]):
            yield {"type": "program.tbar", "position": position}
    steps = [number / 2 for number in range(-120, 41)]
    for db in itertools.cycle([*steps, *reversed(steps)]):
        yield {"type": "source.gain", "source": "seat/s1", "db": db}


def sweep(socket: ClientConnection, of: str, seconds: float, live: bool) -> int:
    """How many commands were sent: each once the one before is answered."""
    begun, sent = time.monotonic(), 0
    commands = values(of)
    rate = LIVE_PER_S[of] if live else INPUTS_PER_S
    last, moved = -1, 0
    while (now := time.monotonic()) < begun + seconds:
        at = int((now - begun) * rate)
        if at == last:
            time.sleep(0.002)
            continue
        command: dict[str, Any] = {}
        inputs = int((now - begun) * INPUTS_PER_S) + 1
        for _ in range(inputs - moved):
            command = next(commands)
        last, moved = at, inputs
        _send(socket, sent, command | ({"live": True} if live else {}))
        sent += 1
    if live:
        _send(socket, sent, command)
        sent += 1
    return sent


def _send(socket: ClientConnection, number: int, command: dict[str, Any]) -> None:
    socket.send(json.dumps({"type": "command", "id": str(number), "command": command}))
    while True:
        answer = json.loads(socket.recv(10))
        if answer.get("id") == str(number):
            if answer["type"] != "reply":
                raise RuntimeError(str(answer))
            return


def thread_seconds(pid: int, name: str) -> float:
    """CPU of a process's thread of that name."""
    for task in Path(f"/proc/{pid}/task").iterdir():
        if (task / "comm").read_text().strip() == name:
            fields = (task / "stat").read_text().rpartition(")")[2].split()
            return (int(fields[11]) + int(fields[12])) / TICKS_PER_S
    raise LookupError(name)


def figures(studio: RunningStudio) -> dict[str, float]:
    pids = studio.processes()
    return {
        "control_cpu_s": cpu_seconds(pids["control"]),
        "supervisor_cpu_s": cpu_seconds(studio.process.pid),
        "mixer_cpu_s": cpu_seconds(pids["mixer"]),
        "tick_cpu_s": thread_seconds(pids["mixer"], "tick"),
    }


def carried(studio: RunningStudio) -> dict[str, float]:
    """Bytes from control, by receiver, once the supervisor has told of what is over by now."""
    before = _usage(studio)
    wait_until("the supervisor reports", lambda: _usage(studio) != before or None, 12, 0.2)
    found: dict[str, float] = {}
    for family in text_string_to_metric_families(studio.get("/metrics").decode()):
        for sample in family.samples:
            if sample.name == "studio_link_bytes_total" and sample.labels["sender"] == "control":
                found[f"bytes_to_{sample.labels['receiver']}"] = sample.value
    return found


def _usage(studio: RunningStudio) -> list[str]:
    lines = studio.get("/metrics").decode().splitlines()
    return [line for line in lines if line.startswith("studio_process_cpu_seconds_total")]


def measured(of: str, seconds: float, live: bool, data: Path) -> dict[str, dict[str, float]]:
    with running_studio(data) as studio, console(studio) as socket, looking_on(studio) as sizes:
        for number in range(1, GUESTS + 1):
            studio.do("seat.create", seat=f"s{number}", name=f"Mayor {number}", title=f"City {number}")
            studio.do("seat.admit", seat=f"s{number}")
        for scene in "ab":
            studio.do("scene.create", scene=scene, canvases={"program": {"layout": "grid"}})
        studio.do("program.cut", scene="a")
        studio.do("preview.set", scene="b")
        time.sleep(4)  # control learns who is there; all is drawn
        carried_before = carried(studio)
        before, count = figures(studio), len(sizes)
        time.sleep(seconds)
        idle = _minus(figures(studio), before) | {"console_messages": len(sizes) - count}
        carried_idle = carried(studio)
        before, count = figures(studio), len(sizes)
        sent = sweep(socket, of, seconds, live)
        swept = _minus(figures(studio), before) | {"console_messages": len(sizes) - count}
        swept |= _minus(carried(studio), carried_idle)
        swept["commands"] = sent
        idle |= _minus(carried_idle, carried_before)
        return {"idle": idle, "swept": swept, "added": _minus(swept, idle)}


def _minus(after: dict[str, float], before: dict[str, float]) -> dict[str, float]:
    return {name: round(value - before.get(name, 0), 3) for name, value in after.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--of", choices=("fader", "tbar"), default="fader")
    parser.add_argument("--live", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = measured(options.of, options.seconds, options.live, Path(folder))
    for name, part in found.items():
        print(f"{name:6}", json.dumps(part))


if __name__ == "__main__":
    main()
