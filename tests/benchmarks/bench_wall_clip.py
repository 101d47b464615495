"""A clip as large as the wall: ``python -m tests.benchmarks.bench_wall_clip [--seconds 60]``.

A clip of 3840×1080 at 30 fps, with sound, is played in a loop, alone on a wall of that size that one WebRTC
viewer watches, while the programme shows it, too. Prints the pictures that the player was late with, late and
spared ticks, and the CPU of each process meanwhile.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

from studio.contract.usage import cpu_seconds, proportional_bytes
from studio.lab.harness.running import RunningStudio, running_studio
from studio.lab.harness.waiting import wait_until
from studio.lab.harness.wall import running_wall
from tests.support.media.material import ffmpeg

CONFIGURATION = "[video]\nwall = [3840, 1080]\n\n[media]\nconvert_over = 0.0\n"
LENGTH_S = 6


def clip(folder: Path) -> Path:
    """Moving detail, as an animation has: some 20 Mb/s of H.264."""
    picture = f"-f lavfi -i testsrc2=s=3840x1080:r=30:d={LENGTH_S} -f lavfi -i sine=d={LENGTH_S}"
    return ffmpeg(folder / "wall.mp4", f"{picture} -c:v libx264 -preset veryfast -pix_fmt yuv420p -c:a aac")


def measure(studio: RunningStudio, seconds: float) -> dict[str, Any]:
    def status() -> tuple[dict[str, Any], dict[str, Any]]:
        return studio.status("sources", "wall"), studio.status("mixer")

    pids = studio.processes()
    cpu = {name: cpu_seconds(pid) for name, pid in pids.items()}
    (clip_before, before), began_s = status(), time.monotonic()
    time.sleep(seconds)
    (clip_after, after), passed_s = status(), time.monotonic() - began_s
    return {
        "seconds": round(passed_s, 1),
        "late_pictures": clip_after["late"] - clip_before["late"],
        "late_ticks": after["late_ticks"] - before["late_ticks"],
        "spared_ticks": after["spared_ticks"] - before["spared_ticks"],
        "step": after["load"]["step"],
        "cpu_cores": {
            name: round((cpu_seconds(pid) - cpu[name]) / passed_s, 2) for name, pid in pids.items()
        },
        "player_pss_mb": proportional_bytes(pids["player/wall"]) >> 20,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    seconds = parser.parse_args().seconds
    with tempfile.TemporaryDirectory() as folder:
        film = clip(Path(folder)).read_bytes()
        with running_studio(Path(folder) / "data", config=CONFIGURATION) as studio:
            shown(studio, film)
            with running_wall(studio.invite("wall", name="Wall", role="wall")):
                wait_until(
                    "it has played for 3 s", lambda: studio.status("sources", "wall", "position_s") > 3, 30
                )
                print(json.dumps(measure(studio, seconds), indent=2))


def shown(studio: RunningStudio, film: bytes) -> None:
    """On the programme and on the wall."""
    medium = studio.client.upload("wall.mp4", film)
    studio.do("source.create", source="wall", kind="clip", title="Wall", media=medium["id"], loop=True)
    alone = {"layout": "solo", "places": [{"source": "wall"}]}
    studio.do("scene.create", scene="wall", canvases={"program": alone, "wall": alone})
    studio.do("program.cut", scene="wall")
    studio.do("source.play", source="wall")


if __name__ == "__main__":
    main()
