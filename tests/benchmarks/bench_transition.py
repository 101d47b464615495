"""What a dissolve costs: two scenes of nine moving tiles with plates, both drawn and blended at each tick.

``python -m tests.benchmarks.bench_transition [--seconds N] [--json]``

The real stage draws 1080p at 30 pictures a second, as fast as it can; CPU time a tick times 30 is the share
of a core. Every tile's picture changes at every tick. Beside it: the same with one scene alone, with scenes
that stand still, and a plate's share of a standing picture, which must be none.
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import get_args

from mixer.compositor import SourcePicture
from mixer.graphics import Graphics
from mixer.layout import solve
from mixer.picture import new_picture
from mixer.plan import (
    CanvasName,
    CanvasPlan,
    MixPlan,
    Overlay,
    Plate,
    SourceInfo,
    Tile,
    Transition,
    TransitionKind,
)
from mixer.stage import Stage
from tests.fontfolder import font_folder

WIDTH, HEIGHT, FPS = 1920, 1080, 30
PERIOD_NS = 1_000_000_000 // FPS
PICTURES = 16
"""Of each source, so that they don't all stay in the cache."""


def scene(name: str, first: int, *, plates: bool = True, graphics: bool = False) -> CanvasPlan:
    rects = solve("grid", 9, WIDTH, HEIGHT)
    tiles = tuple(
        Tile(rect, f"seat/{first + i}", plate=Plate(f"홍길동 {i}", "Mayor of the City") if plates else None)
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
        self._infos = {f"seat/{n}": SourceInfo(name=f"{n}") for n in range(18)}

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
                f"seat/{n}": SourcePicture("live", source[serial % PICTURES], serial)
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


def _at(steps: Sequence[MixPlan], t: float) -> MixPlan:
    return steps[int(t * len(steps))]


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(argv)
    cores = measure(max(32, round(options.seconds * FPS)))
    if options.json:
        json.dump({name: round(core, 4) for name, core in cores.items()}, sys.stdout, indent=2)
        sys.stdout.write("\n")
        return 0
    for name, core in cores.items():
        print(f"{name}: {core:.4f} of a core")
    return 0


if __name__ == "__main__":
    sys.exit(main())
