"""A whole show on this machine: ``python -m tests.benchmarks.bench_show [--guests 6] [--seconds 60]``.

A studio with rehearsal guests on stage, programme and wall composed at 30 fps, nobody watching the wall, one
RTMP output into a real nginx and one recording. After warm-up it measures late ticks, ticks from a command to
its picture on air, CPU and memory (PSS) of the studio's own processes; the guests' process counts for none.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from studio.contract.usage import cpu_seconds, proportional_bytes
from studio.lab.harness.running import RunningStudio, running_studio
from studio.lab.harness.waiting import wait_until
from tests.support.ingest import RtmpIngest

WARM_UP_S = 30.0
CUT_EVERY_S = 2.0


def pids(studio: RunningStudio) -> dict[str, int]:
    return {"supervisor": studio.process.pid, **studio.processes()}


def set_up(studio: RunningStudio, ingest: RtmpIngest, guests: int) -> None:
    wait_until(
        "all guests on stage with pictures",
        lambda: sum(bool(seat.get("fps")) for seat in studio.status("seats").values()) == guests or None,
        60,
    )
    everybody = {"layout": "grid"}
    duo = {"layout": "duo", "places": [{"seat": "rehearsal-1"}, {"seat": f"rehearsal-{min(2, guests)}"}]}
    studio.do("scene.create", scene="plenary", canvases={"program": everybody, "wall": everybody})
    studio.do("scene.create", scene="dialogue", canvases={"program": duo, "wall": everybody})
    studio.do("program.cut", scene="plenary")
    studio.do("preview.set", scene="dialogue")
    studio.do("output.create", output="rtmp", url=ingest.url("live/key"), rendition="program", bus="floor")
    studio.do("output.create", output="vod", recording=True, rendition="program", buses=["floor"])
    for output in ("rtmp", "vod"):
        studio.do("output.start", output=output)
    wait_until(
        "both outputs live",
        lambda: all(studio.status("outputs", name, "state") == "live" for name in ("rtmp", "vod")) or None,
        20,
    )


def measure(studio: RunningStudio, seconds: float) -> dict[str, Any]:
    processes = pids(studio)
    cpu = {name: cpu_seconds(pid) for name, pid in processes.items()}
    mixer = studio.status("mixer")
    begin, waited, memory = time.monotonic(), [], []
    while (passed := time.monotonic() - begin) < seconds:
        studio.do("program.cut")
        time.sleep(min(CUT_EVERY_S, seconds - passed))
        waited.append(studio.status("mixer", "air_ticks"))
        memory.append({name: proportional_bytes(pid) / 2**20 for name, pid in processes.items()})
    took = time.monotonic() - begin
    after = studio.status("mixer")
    totals = [sum(sample.values()) for sample in memory]
    return {
        "seconds": round(took, 1),
        "ticks": after["ticks"] - mixer["ticks"],
        "late_ticks": after["late_ticks"] - mixer["late_ticks"],
        "command_to_air_ticks": {"median": statistics.median(waited), "max": max(waited)},
        "cpu_cores": {
            name: round((cpu_seconds(pid) - cpu[name]) / took, 3) for name, pid in processes.items()
        },
        "pss_mb": {name: round(value, 1) for name, value in memory[-1].items()},
        "pss_mb_total": round(totals[-1], 1),
        "pss_mb_growth": round(statistics.mean(totals[-5:]) - statistics.mean(totals[:5]), 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--guests", type=int, default=6)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as name,
        RtmpIngest(Path(name)) as ingest,
        running_studio(Path(name) / "data") as studio,
    ):
        rehearse = ["rehearse", "--data", str(studio.data), "--guests", str(options.guests)]
        guests = subprocess.Popen([sys.executable, "-m", "studio", *rehearse], stdout=subprocess.DEVNULL)
        try:
            set_up(studio, ingest, options.guests)
            time.sleep(WARM_UP_S)
            figures = measure(studio, options.seconds)
        finally:
            guests.terminate()
            guests.wait(10)
    if options.json:
        print(json.dumps(figures, indent=2))
        return
    for what, value in figures.items():
        print(f"{what:24}{value}")
    print(f"{'cpu_cores_total':24}{sum(figures['cpu_cores'].values()):.2f}")


if __name__ == "__main__":
    main()
