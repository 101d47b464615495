"""What a dissolve costs: two scenes of nine moving tiles with plates, both drawn and blended at each tick.

``python -m tests.benchmarks.bench_transition [--seconds N] [--json] [--check]``

The real stage draws 1080p at 30 pictures a second, as fast as it can; CPU time a tick times 30 is the share
of a core. Every tile's picture changes at every tick. Beside it: the same with one scene alone, with scenes
that stand still, and a plate's share of a standing picture, which must be none. Ratios are to one scene
alone; ``--check`` gives status 1 where a target is missed.

The largest show there is comes last: two scenes of 49 moving tiles with round corners, plates and a ticker
on a wall of 5760×1080, programme, clean feed and two languages. A tick of it has to fit into a period. What
memory is touched for the first time is touched before, as in the mixer.
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import get_args

import msgspec

from mixer.compose.compositor import SourcePicture
from mixer.contract.names import of_seat
from mixer.contract.picture import new_picture
from mixer.contract.plan import (
    CanvasName,
    CanvasPlan,
    MixPlan,
    Overlay,
    Plate,
    SourceInfo,
    Tile,
    TileStyle,
    Transition,
    TransitionKind,
)
from mixer.engine.stage import Stage
from mixer.graphics.graphics import Graphics
from studio.planning.layout import solve
from tests.support.media.fontfolder import font_folder

WIDTH, HEIGHT, FPS = 1920, 1080, 30
PERIOD_NS = 1_000_000_000 // FPS
PICTURES = 16
"""Of each source, so that they don't all stay in the cache."""
DISSOLVE_CORE = 0.25
"""A dissolve of two scenes with plates, at most."""
PLATE_CORE = 0.001
"""What a standing plate may cost: nothing, as far as can be measured."""
WALL = (5760, 1080)
FULL = 49


def scene(name: str, first: int, *, plates: bool = True, graphics: bool = False) -> CanvasPlan:
    rects = solve("grid", 9, WIDTH, HEIGHT)
    tiles = tuple(
        Tile(
            rect, of_seat(str(first + i)), plate=Plate(f"홍길동 {i}", "Mayor of the City") if plates else None
        )
        for i, rect in enumerate(rects)
    )
    overlays = (Overlay("t", "lower-third", Plate("Session 2", "Cities and climate")),) if graphics else ()
    return CanvasPlan(WIDTH, HEIGHT, tiles, scene=name, overlays=overlays)


class Bench:
    """A stage and eighteen sources of 640 × 360."""

    def __init__(self) -> None:
        self._graphics = Graphics(font_folder(), "Summit")
        self._sources = [
            [new_picture(640, 360, (40 + 2 * n + k, 100, 150)) for k in range(PICTURES)] for n in range(18)
        ]
        self._infos = {of_seat(str(n)): SourceInfo(name=f"{n}") for n in range(18)}

    def plan(
        self, entering: CanvasPlan, leaving: CanvasPlan | None = None, how: Transition | None = None
    ) -> MixPlan:
        left: dict[CanvasName, CanvasPlan] = {} if leaving is None else {"program": leaving}
        plan = MixPlan(1, {"program": entering}, leaving=left, transition=how, sources=self._infos)
        self._graphics.prepare(plan)
        return plan

    def core(self, plan_at: Callable[[float], MixPlan], ticks: int, *, moving: bool = True) -> float:
        """Share of a core; ``plan_at`` gets how far the run is, 0 … 1."""
        stage = Stage(self._graphics, {"program": (WIDTH, HEIGHT)})
        used: list[float] = []
        for tick in range(-8, ticks):  # some to begin with, until all buffers have been used
            serial = tick + 9 if moving else 1
            pictures = {
                of_seat(str(n)): SourcePicture("live", source[serial % PICTURES], serial)
                for n, source in enumerate(self._sources)
            }
            plan = plan_at(max(0, tick) / ticks)
            begun = time.thread_time()
            canvases = stage.compose(plan, pictures, ("program",), (tick + 9) * PERIOD_NS, 0.0)
            for canvas in canvases.values():
                canvas.release()
            if tick >= 0:
                used.append(time.thread_time() - begun)
        return statistics.mean(used) * FPS


def measure(ticks: int) -> dict[str, float]:
    """Shares of a core, by what was done."""
    bench, out = Bench(), {}
    a, b = scene("a", 0), scene("b", 9)
    alone = bench.plan(a)
    out["one scene"] = bench.core(lambda _: alone, ticks)
    kinds: tuple[TransitionKind, ...] = get_args(TransitionKind)
    for kind in kinds:
        steps = [bench.plan(b, a, Transition(kind, position=(n + 0.5) / 32)) for n in range(32)]
        out[f"{kind} of two scenes"] = bench.core(partial(_at, steps), ticks)
    still = bench.plan(a)
    bare = bench.plan(scene("a", 0, plates=False))
    full = bench.plan(scene("a", 0, graphics=True))
    out["standing, with plates and graphics"] = bench.core(lambda _: full, ticks, moving=False)
    out["standing, with plates"] = bench.core(lambda _: still, ticks, moving=False)
    out["standing, without"] = bench.core(lambda _: bare, ticks, moving=False)
    out["one scene, without plates"] = bench.core(lambda _: bare, ticks)
    out["one scene, with graphics"] = bench.core(lambda _: full, ticks)
    return out


def full(name: str, first: int, width: int, height: int, words: str = "") -> CanvasPlan:
    tiles = tuple(
        Tile(rect, of_seat(str(first + i)), plate=Plate(f"홍길동 {i}", words), style=TileStyle(12, 2))
        for i, rect in enumerate(solve("grid", FULL, width, height, gap=12, margin=24))
    )
    news = Overlay("n", "ticker", Plate("The joint declaration is signed at 17:00"), anchor="bottom")
    return CanvasPlan(width, height, tiles, scene=name, overlays=(news,))


def measure_full(ticks: int) -> dict[str, tuple[float, float]]:
    """CPU ms a tick of the largest show, mean and worst, by what was done."""
    graphics = Graphics(font_folder(), "Summit")
    stage = Stage(graphics, {"program": (WIDTH, HEIGHT), "wall": WALL})
    infos = {of_seat(str(n)): SourceInfo(name=f"{n}") for n in range(2 * FULL)}
    sources = [[new_picture(320, 180, (40 + n + k, 100, 150)) for k in range(4)] for n in range(2 * FULL)]

    def canvases(name: str, first: int) -> dict[CanvasName, CanvasPlan]:
        return {"program": full(name, first, WIDTH, HEIGHT), "wall": full(name, first, *WALL)}

    def tongues(name: str, first: int) -> dict[str, CanvasPlan]:
        return {tag: full(name, first, WIDTH, HEIGHT, tag) for tag in ("ko", "en")}

    a, b = (
        MixPlan(1, canvases(*scene), sources=infos, languages=tongues(*scene))
        for scene in (("a", 0), ("b", FULL))
    )
    for plan in (a, b):
        graphics.prepare(plan)
    leaving = msgspec.structs.replace(b, leaving=a.canvases, leaving_languages=a.languages)
    spent: dict[str, list[float]] = {}
    names = ("program", "clean", "wall", "program-ko", "program-en")
    serial, at = 0, 2 * ticks
    kinds: tuple[TransitionKind | None, ...] = (None, "mix", "push")
    for kind in kinds:
        what, take = "cut", b
        if kind is not None:
            what, start_ns = f"{kind} of two scenes", (serial + at) * PERIOD_NS
            how = Transition(kind, start_ns=start_ns, duration_ns=ticks * PERIOD_NS)
            take = msgspec.structs.replace(leaving, transition=how)
        for tick in range(3 * ticks):
            plan, doing = (a, "one scene") if tick < at else (take, what)
            serial += 1
            pictures = {
                of_seat(str(n)): SourcePicture("live", source[serial % 4], serial)
                for n, source in enumerate(sources)
            }
            stage.warm()
            begun = time.thread_time()
            for canvas in stage.compose(plan, pictures, names, serial * PERIOD_NS).values():
                canvas.release()
            if tick > ticks:
                spent.setdefault(doing, []).append(1000 * (time.thread_time() - begun))
    return {name: (statistics.mean(each), max(each)) for name, each in spent.items()}


def _at(steps: Sequence[MixPlan], t: float) -> MixPlan:
    return steps[int(t * len(steps))]


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--check", action="store_true", help="status 1 where a target is missed")
    options = parser.parse_args(argv)
    ticks = max(32, round(options.seconds * FPS))
    cores, walls = measure(ticks), measure_full(max(24, min(ticks // 4, 90)))
    targets = {f"{kind} of two scenes": DISSOLVE_CORE for kind in get_args(TransitionKind)}
    targets["standing, with plates"] = cores["standing, without"] + PLATE_CORE
    missed = [name for name, target in targets.items() if cores[name] > target]
    period_ms = PERIOD_NS / 1e6
    missed += [f"full wall, {name}" for name, (mean, _) in walls.items() if mean > period_ms]
    if options.json:
        result = {
            "cores": {name: round(core, 4) for name, core in cores.items()},
            "full_wall_ms": {name: [round(value, 1) for value in each] for name, each in walls.items()},
            "targets": targets,
            "missed": missed,
        }
        json.dump(result, sys.stdout, indent=2)
        sys.stdout.write("\n")
        return 1 if options.check and missed else 0
    for name, core in cores.items():
        target = f", at most {targets[name]:.3f}" if name in targets else ""
        print(f"{name}: {core:.4f} of a core, {core / cores['one scene']:.2f} × one scene{target}")
    for name, (mean, worst) in walls.items():
        print(f"full wall, {name}: {mean:.1f} ms a tick, worst {worst:.1f}, at most {period_ms:.1f}")
    print(f"missed: {', '.join(missed) or 'none'}")
    return 1 if options.check and missed else 0


if __name__ == "__main__":
    sys.exit(main())
