"""The plenary on this machine: forty guests and all that goes with them, and what of it is the codecs' own.

A studio runs with guests from a generator's process: sixteen are seen at 480×270 in a grid of the programme
(1080p30) and of a wall (1920×1080, one WebRTC viewer), eight of them are heard, the others wait in the green
room. The programme goes to a real RTMP ingest and into a recording; every guest gets the return feed. Nobody
watches the multiview, so those who wait are asked for no picture at all. With 24 guests the same is to hold
in real time beside the generator.
"""

import contextlib
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mixer.contract.names import of_seat
from studio.contract.usage import cpu_seconds, proportional_bytes
from studio.lab.bench.figures import Section, figure, percentile, ratio
from studio.lab.bench.isolated import codecs_cores
from studio.lab.bench.latency import buckets_of, during
from studio.lab.bench.settings import BenchSettings
from studio.lab.harness.generator import running_generator
from studio.lab.harness.ingest import Ingest
from studio.lab.harness.running import RunningStudio, running_studio
from studio.lab.harness.waiting import wait_until
from studio.lab.harness.wall import running_wall

GUESTS, REALTIME_GUESTS = 40, 24
VISIBLE, HEARD = 16, 8
WARM_UP_S = 30.0
CUT_EVERY_S = 2.0
CONFIGURATION = "[video]\nwall = [1920, 1080]\n"


def measure(settings: BenchSettings) -> Section:
    """CPU with forty guests, per process, and against the codecs' isolated cost."""
    seconds = settings.length_s(20.0, 60.0)
    with house(settings, GUESTS) as (studio, generator):
        settings.say(f"plenary: {GUESTS} guests, {seconds:.0f} s")
        run = observe(studio, generator, seconds, cuts=False)
        sent = sending(studio)
    settings.say("plenary: the codecs alone")
    parts = codecs_cores(sent, HEARD, VISIBLE)
    ours, alone = sum(run["cpu_cores"].values()), sum(parts.values())
    most = ", ".join(f"{name} {cores:.2f}" for name, cores in _largest(run["cpu_cores"]))
    coming = ", ".join(f"{s['guests']} × {s['width']}×{s['height']} at {s['fps']:g}" for s in sent)
    return Section(
        (
            figure(
                "plenary_cpu_cores",
                f"{GUESTS} guests: CPU of all our processes",
                ours,
                "cores",
                1.75,
                f"{most}; {coming}",
            ),
            figure(
                "plenary_to_codecs_ratio",
                f"{GUESTS} guests: CPU against the codecs' isolated cost",
                ratio(ours, alone),
                "×",
                1.5,
                f"{alone:.2f} cores",
            ),
            figure(
                "generator_cores",
                f"{GUESTS} guests: the load generator's CPU",
                run["generator_cores"],
                "cores",
            ),
        ),
        {**run, "guests": GUESTS, "sending": sent, "codecs_cores": parts},
    )


def measure_realtime(settings: BenchSettings) -> Section:
    """24 guests beside their generator: late ticks, delay."""
    seconds = settings.length_s(60.0, 300.0)
    with house(settings, REALTIME_GUESTS) as (studio, generator):
        settings.say(f"realtime: {REALTIME_GUESTS} guests, {seconds:.0f} s")
        before = buckets_of(studio.get("/metrics").decode())
        run = observe(studio, generator, seconds, cuts=True)
        latency = during(before, buckets_of(studio.get("/metrics").decode()))
        sent = sending(studio)
    air = run["command_to_air_ticks"]
    return Section(
        (
            figure(
                "late_ticks",
                f"{REALTIME_GUESTS} guests in real time: late ticks",
                run["late_ticks"],
                f"in {seconds:.0f} s",
                0,
                f"of {run['ticks']}, {run['spared_ticks']} more spared",
            ),
            figure("spared_ticks", "the same: pictures the overload ladder spared", run["spared_ticks"]),
            figure("command_to_air_ticks", "command to air, p95", percentile(air, 95), "ticks"),
            figure(
                "picture_latency_ms",
                "last packet of a picture in → first packet of the programme's out, p95",
                latency.get("p95_ms"),
                "ms",
                60,
            ),
        ),
        {**run, "guests": REALTIME_GUESTS, "sending": sent, "latency": latency},
    )


@contextlib.contextmanager
def house(settings: BenchSettings, guests: int) -> Iterator[tuple[RunningStudio, int]]:
    """The studio with everything on air and warm, and the generator's process id."""
    visible = min(VISIBLE, guests)
    settings.say(f"starting a studio with {guests} guests")
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="studio-bench-")))
        ingest = stack.enter_context(Ingest())
        studio = stack.enter_context(running_studio(folder / "data", config=CONFIGURATION))
        generator = stack.enter_context(running_generator(studio.data, guests))
        wait_until("all guests connected", lambda: _connected(studio) == guests, 120.0)
        places = [{"seat": f"rehearsal-{number}"} for number in range(1, visible + 1)]
        grid = {"layout": "grid", "places": places}
        wait_until("everybody admitted", lambda: _admitted(studio) == guests, 30.0)
        for number in range(visible + 1, guests + 1):
            studio.do("seat.hold", seat=f"rehearsal-{number}")
        for number in range(HEARD + 1, visible + 1):
            studio.do("source.mute", source=of_seat(f"rehearsal-{number}"), muted=True)
        studio.do("scene.create", scene="plenary", canvases={"program": grid, "wall": grid})
        studio.do("program.cut", scene="plenary")
        studio.do("preview.set", scene="plenary")
        link = studio.invite("wall", name="Wall", role="wall")
        stack.enter_context(running_wall(link))
        studio.do("output.create", output="rtmp", url=ingest.url, rendition="program", bus="floor")
        studio.do("output.create", output="vod", recording=True, rendition="program", buses=["floor"])
        for output in ("rtmp", "vod"):
            studio.do("output.start", output=output)
        wait_until("both outputs live", lambda: _live(studio), 30.0)
        wait_until("all pictures live", lambda: _shown(studio) == visible, 30.0)
        time.sleep(min(WARM_UP_S, settings.length_s(WARM_UP_S)))
        yield studio, generator.pid


def observe(studio: RunningStudio, generator: int, seconds: float, *, cuts: bool) -> dict[str, Any]:
    """CPU by process, ticks and memory over ``seconds``; ``cuts``: one each 2 s."""
    pids = {"supervisor": studio.process.pid, **studio.processes()}
    mixer = studio.status("mixer")
    cpu = {name: cpu_seconds(pid) for name, pid in pids.items()}
    others = cpu_seconds(generator)
    began, air = time.monotonic(), list[float]()
    while (left := began + seconds - time.monotonic()) > 0:
        if cuts:
            studio.do("program.cut")
        time.sleep(min(CUT_EVERY_S, left))
        if cuts:
            air.append(studio.status("mixer", "air_ticks"))
    took = time.monotonic() - began
    cores = {name: round((cpu_seconds(pid) - cpu[name]) / took, 4) for name, pid in pids.items()}
    generated = (cpu_seconds(generator) - others) / took
    after = studio.status("mixer")
    return {
        "seconds": round(took, 1),
        "cpu_cores": cores,
        "generator_cores": round(generated, 4),
        "ticks": after["ticks"] - mixer["ticks"],
        "late_ticks": after["late_ticks"] - mixer["late_ticks"],
        "spared_ticks": after["spared_ticks"] - mixer["spared_ticks"],
        "command_to_air_ticks": air,
        "pss_mb": {name: round(proportional_bytes(pid) / 2**20, 1) for name, pid in pids.items()},
    }


def sending(studio: RunningStudio) -> list[dict[str, Any]]:
    """Return what comes from guests: ``[{"width", "height", "guests", "fps"}]``, the rate their mean; those
    who send nothing are left out."""
    rates: dict[tuple[int, int], list[float]] = {}
    for seat in studio.status("seats").values():
        if seat["fps"]:
            rates.setdefault((seat["width"], seat["height"]), []).append(seat["fps"])
    return [
        {"width": width, "height": height, "guests": len(fps), "fps": round(statistics.mean(fps), 1)}
        for (width, height), fps in sorted(rates.items())
    ]


def _connected(studio: RunningStudio) -> int:
    return sum(seat["connection"] == "connected" for seat in studio.status("seats").values())


def _shown(studio: RunningStudio) -> int:
    return sum(
        seat["picture"] == "live" and seat["fps"] > 0
        for seat in studio.status("seats").values()
        if seat["state"] == "on_air"
    )


def _live(studio: RunningStudio) -> bool:
    return all(studio.status("outputs", name, "state") == "live" for name in ("rtmp", "vod"))


def _admitted(studio: RunningStudio) -> int:
    return sum(seat["state"] == "ready" for seat in studio.status("seats").values())


def _largest(cores: dict[str, float]) -> list[tuple[str, float]]:
    return sorted(cores.items(), key=lambda item: -item[1])[:3]
