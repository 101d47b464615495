"""The bench: its sections, one after the other. A section that fails leaves the others alone."""

import asyncio
import os
import platform
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import uvloop

from studio.lab.bench.figures import PESQ, Figure, Report, Section
from studio.lab.bench.settings import BenchSettings
from studio.lab.bench.show import BenchProgress

SECTIONS = ("pictures", "receive", "viewers", "plenary", "realtime", "network", "soak")
"""In this order; ``soak`` only when it is asked for."""


class UnknownSectionError(ValueError):
    """There is no section of this name; ``str()`` is one line."""


def bench(only: Sequence[str], seconds: float | None, full: bool) -> Report:
    """Measure; ``only`` names sections, nothing means all but the soak.

    Raises :class:`UnknownSectionError`. Takes minutes.
    """
    for name in only:
        if name not in SECTIONS:
            raise UnknownSectionError(f"there is no figure {name!r}; there are {', '.join(SECTIONS)}")
    progress = BenchProgress()
    settings = BenchSettings(progress, seconds, full)
    figures: list[Figure] = []
    sections: dict[str, Mapping[str, Any]] = {}
    failed: dict[str, str] = {}
    for name in only or SECTIONS[:-1]:
        try:
            section = _measure(name, settings)
        except Exception as error:
            # what one section lacks, or what breaks under it, is no reason to lose the others
            failed[name] = f"{type(error).__name__}: {error}"
            progress(f"{name}: failed: {failed[name]}")
            continue
        figures += section.figures
        sections[name] = section.raw
    if not only:
        figures.append(PESQ)
    return Report(_machine(), round(progress.took_s, 1), tuple(figures), sections, failed)


def _measure(name: str, settings: BenchSettings) -> Section:
    # imported when it is its turn: what one section imports is no burden for another's memory
    match name:
        case "pictures":
            from studio.lab.bench import pictures

            return pictures.measure(settings)
        case "receive":
            from studio.lab.bench import receive

            return _on_loop(receive.measure, settings)
        case "viewers":
            from studio.lab.bench import viewers

            return _on_loop(viewers.measure, settings)
        case "network":
            from studio.lab.bench import network

            return _on_loop(network.measure, settings)
        case "soak":
            from studio.lab.bench import soak

            return soak.measure(settings)
        case _:
            from studio.lab.bench import plenary

            return plenary.measure(settings) if name == "plenary" else plenary.measure_realtime(settings)


def _on_loop(measure: Callable[[BenchSettings], Awaitable[Section]], settings: BenchSettings) -> Section:
    async def main() -> Section:
        return await measure(settings)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main())


def _machine() -> dict[str, Any]:
    return {
        "cores": len(os.sched_getaffinity(0)),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
    }
