"""Many guests at once: ``python -m tests.benchmarks.bench_joins [--guests 60] [--over 10] [--seconds 60]
[--on-air 0]``.

``studio rehearse`` beside a studio whose programme shows the first ``--on-air`` guests in a grid, where they
come in one by one. Says who came and when, how long the rehearsal took to end after SIGTERM, late and spared
ticks, and the CPU of each process meanwhile.
"""

import argparse
import json
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from studio.contract.usage import cpu_seconds
from studio.lab.cast import guests_of
from studio.lab.harness.running import RunningStudio, running_studio
from studio.lab.rehearse import seat

END_S = 30.0


def measure(studio: RunningStudio, guests: int, over_s: float, seconds: float) -> dict[str, Any]:
    """Join, stay until ``seconds`` have passed, end; everything that is worth knowing of it."""
    pids = {"supervisor": studio.process.pid, **studio.processes()}
    options = ["--guests", str(guests), "--over", str(over_s), "--json"]
    before = studio.status("mixer")
    began_s = time.monotonic()
    rehearsal = subprocess.Popen(
        [sys.executable, "-m", "studio", "rehearse", "--data", str(studio.data), *options],
        stdout=subprocess.PIPE,
        text=True,
    )
    pids["rehearse"] = rehearsal.pid
    cpu = {name: cpu_seconds(pid) for name, pid in pids.items()}
    connected = 0
    while (passed_s := time.monotonic() - began_s) < seconds and rehearsal.poll() is None:
        connected = sum(seat["connection"] == "connected" for seat in studio.status("seats").values())
        print(f"{passed_s:5.1f} s  {connected} of {guests} connected", file=sys.stderr)
        time.sleep(min(5.0, max(1.0, seconds / 20)))
    cores = {name: round((cpu_seconds(pid) - cpu[name]) / passed_s, 2) for name, pid in pids.items()}
    after = studio.status("mixer")
    asked_s = time.monotonic()
    rehearsal.send_signal(signal.SIGTERM)
    report = json.loads(rehearsal.communicate(timeout=END_S)[0])
    return {
        "guests": guests,
        "there": report["there"],
        "missing": report["missing"],
        "all_there_s": report["all_there_s"],
        "breaks": sum(guest["breaks"] for guest in report["guests"]),
        "connected_for_the_studio": connected,
        "ended_s": round(time.monotonic() - asked_s, 2),
        "exit_status": rehearsal.returncode,
        "ticks": after["ticks"] - before["ticks"],
        "late_ticks": after["late_ticks"] - before["late_ticks"],
        "spared_ticks": after["spared_ticks"] - before["spared_ticks"],
        "cpu_cores": cores,
        "restarts": sum(each["restarts"] for each in studio.status("processes").values()),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--guests", type=int, default=60)
    parser.add_argument("--over", type=float, default=10.0)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--on-air", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, running_studio(Path(name) / "data") as studio:
        if options.on_air:
            cast = guests_of(options.guests)
            seat(studio.client, cast)
            places = [{"seat": part.seat} for part in cast[: options.on_air]]
            studio.do(
                "scene.create", scene="grid", canvases={"program": {"layout": "grid", "places": places}}
            )
            studio.do("program.cut", scene="grid")
        print(json.dumps(measure(studio, options.guests, options.over, options.seconds), indent=2))


if __name__ == "__main__":
    main()
