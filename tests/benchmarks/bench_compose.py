"""What composing costs, beside ffmpeg's ``xstack`` and GStreamer's ``compositor`` on the same raw pictures.

``python -m tests.benchmarks.bench_compose [--frames N] [--rounds N] [--json]``

Every tool gets the same raw I420 file once per tile and composes every frame; every tile changes on every
frame. CPU is user + system time; tools take turns, the median of the rounds counts. Two ratios are shown:

- ``ratio``: the whole process that turns raw input into canvases. Ours composes from the mapped file in
  place, as it does from slots: it has no step that reads. Nobody's start-up counts: from theirs the cost of
  the same run on a file of one frame is taken off.
- ``ratio_composing``: from theirs the cost of a pipeline that only reads the sources' bytes is taken off.
  What is left for matching tiles is hardly more than copying memory, which is all that ours is, too.

``targets`` are what the ratios must stay under: 0.5 of GStreamer's and 0.7 of ffmpeg's time where every tile
is scaled, 0.35 of either's where none is; with ``--check`` the exit status tells. They hold for ``ratio``,
since taking pictures in is part of what either tool is used for. CPU seconds are compared, not time on the
clock, and ffmpeg is told to use one thread: GStreamer has one a branch and one that composes.

Before that, our picture is compared with ffmpeg's: where nothing is scaled they must be the same to the bit.
"""

import argparse
import json
import mmap
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from mixer.compose.compositor import Compositor, SourcePicture
from mixer.contract.names import SourceName, of_source
from mixer.contract.picture import Picture, i420_bytes, view_i420
from mixer.contract.plan import CanvasPlan, Rect, SourceInfo, Tile
from mixer.graphics.graphics import Graphics
from studio.planning.layout import solve
from tests.support.media.fontfolder import font_folder

WIDTH, HEIGHT = 1920, 1080


@dataclass(frozen=True)
class Case:
    """``columns`` × ``columns`` tiles that fill 1080p, from sources of ``source_w`` × ``source_h``."""

    name: str
    columns: int
    source_w: int
    source_h: int

    @property
    def tile(self) -> tuple[int, int]:
        return WIDTH // self.columns, HEIGHT // self.columns

    @property
    def scaled(self) -> bool:
        return self.tile != (self.source_w, self.source_h)

    @property
    def targets(self) -> dict[str, float]:
        return {"gstreamer": 0.5, "ffmpeg": 0.7} if self.scaled else {"gstreamer": 0.35, "ffmpeg": 0.35}

    @property
    def rects(self) -> list[Rect]:
        w, h = self.tile
        return [Rect(i % self.columns * w, i // self.columns * h, w, h) for i in range(self.columns**2)]


CASES = (
    Case("16 tiles of 480x270, matching", 4, 480, 270),
    Case("9 tiles of 640x360, matching", 3, 640, 360),
    Case("16 tiles of 480x270 from 1280x720", 4, 1280, 720),
)


def write_raw(path: Path, width: int, height: int, frames: int) -> None:
    """A file of moving noise-free gradients: raw I420, every frame different."""
    y, x = np.mgrid[0:height, 0:width].astype(np.uint16)
    with path.open("wb") as file:
        for index in range(frames):
            picture = view_i420(np.empty(i420_bytes(width, height), np.uint8), width, height)
            picture.y[:] = ((x + 3 * index) % 200 + (y + index) % 20 + 16).astype(np.uint8)
            picture.u[:] = (100 + index) % 256
            picture.v[:] = (200 + 2 * index) % 256
            for plane in picture:
                file.write(plane.tobytes())


def child_cpu_s(command: list[str]) -> float:
    """User + system seconds of one run. Raises CalledProcessError."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _ffmpeg_inputs(case: Case, raw: Path) -> list[str]:
    one = ["-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", f"{case.source_w}x{case.source_h}", "-r", "30"]
    threads = ["-threads", "1", "-filter_threads", "1", "-filter_complex_threads", "1"]
    return ["ffmpeg", "-v", "error", "-nostdin", "-y", *threads] + [*one, "-i", str(raw)] * case.columns**2


def _xstack(case: Case) -> str:
    count, (w, h) = case.columns**2, case.tile
    scale = (
        "".join(f"[{i}:v]scale={w}:{h}:flags=bilinear[s{i}];" for i in range(count)) if case.scaled else ""
    )
    inputs = "".join(f"[s{i}]" if case.scaled else f"[{i}:v]" for i in range(count))
    layout = "|".join(f"{rect.x}_{rect.y}" for rect in case.rects)
    return f"{scale}{inputs}xstack=inputs={count}:layout={layout}[out]"


def ffmpeg_cpu_s(case: Case, raw: Path) -> tuple[float, float]:
    """Seconds of composing with reading, and of reading alone."""
    inputs = _ffmpeg_inputs(case, raw)
    maps = [part for i in range(case.columns**2) for part in ("-map", f"{i}:v")]
    reading = child_cpu_s([*inputs, *maps, "-c", "copy", "-f", "null", "-"])
    composing = child_cpu_s([*inputs, "-filter_complex", _xstack(case), "-map", "[out]", "-f", "null", "-"])
    return composing, reading


def gstreamer_cpu_s(case: Case, raw: Path) -> tuple[float, float]:
    """Seconds of composing with reading, and of reading alone."""

    def source() -> list[str]:
        return ["filesrc", f"location={raw}", f"blocksize={i420_bytes(case.source_w, case.source_h)}", "!"]

    size = [f"width={case.source_w}", f"height={case.source_h}"]
    parse = ["rawvideoparse", "format=i420", *size, "framerate=30/1", "!"]

    pads, branches, reads = [], [], []
    for index, rect in enumerate(case.rects):
        pads += [
            f"sink_{index}::{key}={value}"
            for key, value in (("xpos", rect.x), ("ypos", rect.y), ("width", rect.w), ("height", rect.h))
        ]
        branches += [*source(), *parse, f"mix.sink_{index}"]
        reads += [*source(), "fakesink", "sync=false"]
    caps = f"video/x-raw,format=I420,width={WIDTH},height={HEIGHT}"
    out = ["compositor", "name=mix", "background=black", *pads, "!", caps, "!", "fakesink", "sync=false"]
    launch = ["gst-launch-1.0", "-q"]
    return child_cpu_s([*launch, *out, *branches]), child_cpu_s([*launch, *reads])


class Ours:
    """Our compositor on the same file, mapped; tile i runs ``shift`` · i frames ahead of tile 0."""

    def __init__(self, graphics: Graphics, raw: Path, width: int, height: int, rects: list[Rect]) -> None:
        with raw.open("rb") as file:
            self._memory = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        size = i420_bytes(width, height)
        flat = np.frombuffer(self._memory, np.uint8).reshape(-1, size)
        self._pictures: list[Picture] = [view_i420(frame, width, height) for frame in flat]
        self._plan = CanvasPlan(
            WIDTH, HEIGHT, tuple(Tile(rect, of_source(str(i))) for i, rect in enumerate(rects))
        )
        self._infos: dict[SourceName, SourceInfo] = {}
        self._compositor = Compositor(graphics, WIDTH, HEIGHT)

    def picture(self, tick: int, shift: int = 0) -> NDArray[np.uint8]:
        pictures = self._pictures
        sources = {
            tile.source: SourcePicture("live", pictures[(tick + shift * i) % len(pictures)], tick + 1)
            for i, tile in enumerate(self._plan.tiles)
        }
        canvas = self._compositor.compose(self._plan, sources, self._infos, {}, False)
        if canvas is None:
            raise RuntimeError("no free buffer")
        canvas.release()
        return canvas.buffer

    def cpu_s(self, frames: int) -> float:
        """CPU seconds for so many canvases; different memory for every tile, nothing to reuse."""
        before = self._compositor.redrawn
        started = time.process_time()
        for tick in range(1, frames + 1):  # 0 was shown by the comparison
            self.picture(tick, shift=7)
        taken = time.process_time() - started
        if self._compositor.redrawn - before != frames * len(self._plan.tiles):
            raise RuntimeError("not every tile was drawn on every frame")
        return taken


def same_picture(case: Case, raw: Path, ours: Ours) -> float:
    """Mean absolute difference between our first canvas and ffmpeg's, in 8-bit steps."""
    command = [*_ffmpeg_inputs(case, raw), "-filter_complex", _xstack(case), "-map", "[out]"]
    command += ["-frames:v", "1", "-f", "rawvideo", "-pix_fmt", "yuv420p", "-"]
    theirs = np.frombuffer(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout, np.uint8)
    return float(np.abs(theirs.astype(np.int16) - ours.picture(0).astype(np.int16)).mean())


def measure(case: Case, graphics: Graphics, folder: Path, frames: int, rounds: int) -> dict[str, object]:
    raw = folder / f"{case.source_w}x{case.source_h}.i420"
    single = folder / "single.i420"
    write_raw(raw, case.source_w, case.source_h, frames + 1)
    write_raw(single, case.source_w, case.source_h, 1)
    ours = Ours(graphics, raw, case.source_w, case.source_h, case.rects)
    difference = same_picture(case, raw, ours)
    if difference > (1.5 if case.scaled else 0):
        raise RuntimeError(f"{case.name}: our picture differs from ffmpeg's by {difference:.3f}")
    tools: dict[str, Callable[[Path], tuple[float, float]]] = {"ours": lambda _: (ours.cpu_s(frames), 0.0)}
    if shutil.which("ffmpeg"):
        tools["ffmpeg"] = partial(ffmpeg_cpu_s, case)
    if shutil.which("gst-launch-1.0"):
        tools["gstreamer"] = partial(gstreamer_cpu_s, case)
    whole: dict[str, list[float]] = {name: [] for name in tools}
    composing: dict[str, list[float]] = {name: [] for name in tools}
    for _ in range(rounds):
        for name, run in tools.items():
            total, reading = run(raw)
            if name != "ours":
                start, start_reading = run(single)
                total, reading = total - start, reading - start_reading
            whole[name].append(1000 * total / frames)
            composing[name].append(1000 * (total - reading) / frames)
    result: dict[str, object] = {"case": case.name, "difference_to_ffmpeg": round(difference, 4)}
    for suffix, times in (("", whole), ("_composing", composing)):
        median = {name: statistics.median(values) for name, values in times.items()}
        result[f"cpu_ms_per_frame{suffix}"] = {name: round(value, 3) for name, value in median.items()}
        ratios = {name: round(median["ours"] / value, 3) for name, value in median.items() if name != "ours"}
        result[f"ratio{suffix}"] = ratios
    result["targets"] = case.targets
    result["met"] = {name: ratio <= case.targets[name] for name, ratio in _ratios(result).items()}
    return result


def _ratios(result: dict[str, object]) -> dict[str, float]:
    return cast(dict[str, float], result["ratio"])


def measure_counts(graphics: Graphics, folder: Path, frames: int, rounds: int) -> dict[str, float]:
    """CPU ms a frame for 1 … 49 tiles in our own layouts, each source as large as its tile."""
    out: dict[str, float] = {}
    for count in (1, 9, 16, 49):
        rects = list(solve("grid", count, WIDTH, HEIGHT))
        raw = folder / f"count-{count}.i420"
        few = max(60, 2 * count)
        write_raw(raw, rects[0].w, rects[0].h, few)
        ours = Ours(graphics, raw, rects[0].w, rects[0].h, rects)
        values = [1000 * ours.cpu_s(frames) / frames for _ in range(rounds)]
        out[str(count)] = round(statistics.median(values), 3)
    return out


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--frames", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--check", action="store_true", help="status 1 where a target is missed")
    options = parser.parse_args(argv)
    graphics = Graphics(font_folder())
    with tempfile.TemporaryDirectory(prefix="bench-compose-") as name:
        folder = Path(name)
        results = [measure(case, graphics, folder, options.frames, options.rounds) for case in CASES]
        counts = measure_counts(graphics, folder, options.frames, options.rounds)
    missed = [result["case"] for result in results if not all(cast(dict[str, bool], result["met"]).values())]
    status = 1 if options.check and missed else 0
    if options.json:
        json.dump({"cases": results, "tiles_cpu_ms_per_frame": counts}, sys.stdout, indent=2)
        sys.stdout.write("\n")
        return status
    for result in results:
        print(
            f"{result['case']}: CPU ms a frame {result['cpu_ms_per_frame']}, ours/theirs {result['ratio']},"
        )
        print(f"  targets {result['targets']}, met: {result['met']}")
        print(f"  reading taken off: {result['cpu_ms_per_frame_composing']}, {result['ratio_composing']}")
    print(f"tiles filling 1080p, CPU ms a frame by their number: {counts}")
    return status


if __name__ == "__main__":
    sys.exit(main())
