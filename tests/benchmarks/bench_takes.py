"""Cuts and changes of layout in a whole studio with guests: how late, and how many late ticks.

``python -m tests.benchmarks.bench_takes [--guests 9] [--takes 40] [--json]``

Synthetic guests join over WebRTC. Half of the takes are cuts and half go over in 400 ms. ``air_ticks`` counts
the ticks from a command to the one that shows it: 1 is the next one.
"""

import argparse
import contextlib
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from studio.lab.harness.running import running_studio
from studio.lab.harness.waiting import wait_until

LAYOUTS = ("grid", "panel", "keynote", "duo", "group", "pip", "slides-panel", "solo")
SETTLED_S = 0.7


def measured(guests: int, takes: int, data: Path) -> dict[str, object]:
    """Late ticks over all takes, and the worst ``air_ticks``."""
    with contextlib.ExitStack() as stack:
        studio = stack.enter_context(running_studio(data))
        arguments = ("--data", str(data), "--guests", str(guests), "--seconds", "600")
        rehearsal = subprocess.Popen(
            [sys.executable, "-m", "studio", "rehearse", *arguments],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        stack.callback(rehearsal.wait)
        stack.callback(rehearsal.terminate)
        for layout in LAYOUTS:
            studio.do("scene.create", scene=layout, canvases={"program": {"layout": layout}})
        studio.do("program.cut", scene="grid")

        def all_live() -> bool:
            seats = studio.status("seats") or {}
            live: int = sum(seat["picture"] == "live" for seat in seats.values())
            return live == guests

        wait_until("all guests are live", lambda: all_live() or None, 60)
        # The first seconds after everybody came are the plenary's own.
        ticks = studio.status("mixer", "ticks")
        wait_until("it is calm", lambda: studio.status("mixer", "ticks") > ticks + 150 or None, 20)
        late, spared = (studio.status("mixer", name) for name in ("late_ticks", "spared_ticks"))
        worst = 0
        for number in range(takes):
            scene = LAYOUTS[number % len(LAYOUTS)]
            if number % 2:
                studio.do("program.auto", scene=scene, transition="mix", duration_ms=400)
            else:
                studio.do("program.cut", scene=scene)
            begun = studio.status("mixer", "ticks")
            wait_until(
                "it is shown",
                lambda begun=begun: studio.status("mixer", "ticks") > begun + 30 * SETTLED_S or None,  # type: ignore[misc]
                20,
            )
            worst = max(worst, studio.status("mixer", "air_ticks"))
        return {
            "guests": guests,
            "takes": takes,
            "late_ticks": studio.status("mixer", "late_ticks") - late,
            "spared_ticks": studio.status("mixer", "spared_ticks") - spared,
            "worst_air_ticks": worst,
        }


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--guests", type=int, default=9)
    parser.add_argument("--takes", type=int, default=40)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = measured(options.guests, options.takes, Path(folder))
    if options.json:
        print(json.dumps(figures))
    else:
        print(", ".join(f"{name} {value}" for name, value in figures.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
