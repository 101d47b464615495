"""Memory with guests coming and going: what our processes hold more at the end than once warm.

Four guests stay. In rounds, four others join, are seen, and leave again; a wall's viewer comes and goes with
them, so that its rendition starts and stops; the programme is cut all the time, and the multiview is looked
at. Memory is the sum of PSS of our processes, taken at the same point of each round. Some ten megabytes of it
(canvases and slots that are written now and then) are handed back and taken again; what grows is the level
that it comes up to, so that quarters are compared by their ninth decile.
"""

import contextlib
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from studio.contract.usage import proportional_bytes
from studio.lab.bench.figures import Section, figure
from studio.lab.bench.settings import BenchSettings
from studio.lab.harness.generator import running_generator
from studio.lab.harness.running import RunningStudio, running_studio
from studio.lab.harness.waiting import wait_until
from studio.lab.harness.wall import running_wall

MINUTES_S = 1800.0
STAY, COME = 4, 4
ROUND_S = 20.0
"""Shortest a round may be; the guests' coming takes some of it."""
WARM_UP_SHARE = 0.2
_MB = 1 << 20


def measure(settings: BenchSettings) -> Section:
    seconds = settings.length_s(MINUTES_S)
    samples: list[dict[str, float]] = []
    with contextlib.ExitStack() as stack:
        data = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="studio-bench-"))) / "data"
        studio = stack.enter_context(running_studio(data, config="[video]\nwall = [1920, 1080]\n"))
        stack.enter_context(running_generator(data, STAY))
        wait_until("those who stay are on stage", lambda: _ready(studio) == STAY, 60.0)
        link = studio.invite("wall", name="Wall", role="wall")
        for scene, layout in (("all", "grid"), ("one", "solo")):
            studio.do(
                "scene.create",
                scene=scene,
                canvases={"program": {"layout": layout}, "wall": {"layout": layout}},
            )
        studio.do("program.cut", scene="all")
        studio.do("preview.set", scene="one")
        studio.do("output.create", output="vod", recording=True, rendition="program", buses=["floor"])
        began = time.monotonic()
        while time.monotonic() - began < seconds or len(samples) < 4:
            samples.append(_round(studio, link, min(ROUND_S, seconds / 4)))
            passed = time.monotonic() - began
            settings.say(
                f"soak: {passed / 60:.1f} of {seconds / 60:.1f} minutes, {sum(samples[-1].values()):.1f} MB"
            )
        restarts = sum(each["restarts"] for each in studio.status("processes").values())
    return _judge(samples, seconds, restarts)


def _round(studio: RunningStudio, link: str, seconds: float) -> dict[str, float]:
    """Guests come, are cut to, go; returns PSS by process in MB, taken while they are there."""
    began = time.monotonic()
    studio.do("output.start", output="vod")
    with running_generator(studio.data, COME, STAY + 1), running_wall(link):
        wait_until("guests came", lambda: _ready(studio) == STAY + COME, 60.0)
        while time.monotonic() - began < seconds:
            studio.do("program.cut")
            studio.get("/api/v1/canvases/multiview.jpg")
            time.sleep(1.0)
        sample = {name: proportional_bytes(pid) / _MB for name, pid in _pids(studio).items()}
    studio.do("output.stop", output="vod")
    wait_until("guests left", lambda: _ready(studio) <= STAY, 30.0)
    return sample


def _judge(samples: list[dict[str, float]], seconds: float, restarts: int) -> Section:
    totals = [sum(sample.values()) for sample in samples]
    warm = min(len(totals) - 2, max(1, round(len(totals) * WARM_UP_SHARE)))
    part = max(1, (len(totals) - warm) // 4)
    start, end = _level(totals[warm : warm + part]), _level(totals[-part:])
    raw: dict[str, Any] = {
        "rounds": len(totals),
        "seconds": seconds,
        "restarts": restarts,
        "warm_mb": round(start, 2),
        "end_mb": round(end, 2),
        "total_mb": [round(total, 2) for total in totals],
        "process_mb": {name: [round(each.get(name, 0.0), 2) for each in samples] for name in samples[-1]},
    }
    return Section(
        (
            figure(
                "memory_growth_mb",
                f"{seconds / 60:.0f} minutes with guests coming and going: growth of memory",
                end - start,
                "MB",
                2.0,
                f"{start:.0f} MB once warm",
            ),
        ),
        raw,
    )


def _level(totals: list[float]) -> float:
    return totals[0] if len(totals) == 1 else statistics.quantiles(totals, n=10, method="inclusive")[-1]


def _pids(studio: RunningStudio) -> dict[str, int]:
    return {"supervisor": studio.process.pid, **studio.processes()}


def _ready(studio: RunningStudio) -> int:
    return sum(seat["state"] in ("ready", "next", "on_air") for seat in studio.status("seats").values())
