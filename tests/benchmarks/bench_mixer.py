"""What the mixer costs: ``python -m tests.benchmarks.bench_mixer [--seconds 10] [--streams …]``.

Sixteen guests send moving pictures of 480×270 at 30 fps, eight of them sound; programme 1080p30 and a wall of
3840×1080 are composed of them. Prints the share of a core of each of the mixer's threads, late ticks, memory.
"""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

from mixer.contract.names import SourceName, of_seat, slot_of

os.environ.update(OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1")  # as the supervisor starts the mixer

import cv2
import numpy as np

from mixer.contract.clock import sample_at
from mixer.contract.messages import Rendition, SlotOpened
from mixer.contract.picture import Picture
from mixer.contract.plan import AudioInput, AudioPlan, CanvasPlan, MixPlan, Rect, SourceInfo, Tile
from mixer.ipc.slot import SlotWriter, create_slot
from tests.support.media.mixing import ROOT, Mixer, small_config, tone

GUESTS, TALKERS = 16, 8
W, H, FPS = 480, 270, 30


def write(fds: list[int]) -> None:
    """The guests, all in one process: until it is killed."""
    rng = np.random.default_rng(0)
    writers = [SlotWriter(fd) for fd in fds]
    textures = [rng.integers(0, 255, (H // 8, W // 8), dtype=np.uint8) for _ in writers]
    lumas = [cv2.resize(texture, (W, H), interpolation=cv2.INTER_CUBIC) for texture in textures]
    chroma = [np.full(((H + 1) // 2, W // 2), 110 + 2 * i, np.uint8) for i in range(len(writers))]
    begun = time.monotonic_ns()
    sample, number = sample_at(begun) // 960 * 960, 0
    voices = [tone(0, 960, 200.0 + 50 * i, 0.05) for i in range(TALKERS)]
    while True:
        time.sleep(max(0, begun + number * 1_000_000_000 // FPS - time.monotonic_ns()) / 1e9)
        now = time.monotonic_ns()
        for writer, luma, colour in zip(writers, lumas, chroma, strict=True):
            writer.beat(now)
            writer.write_picture(Picture(np.roll(luma, 2 * number, axis=1), colour, colour), now)
        while sample <= sample_at(now):
            for writer, voice in zip(writers, voices, strict=False):
                writer.write_sound(sample, voice)
            sample += 960
        number += 1


def grid(columns: int, width: int, height: int) -> tuple[Tile, ...]:
    places = [(i % columns, i // columns) for i in range(GUESTS)]
    return tuple(
        Tile(Rect(x * width, y * height, width, height), of_seat(str(i))) for i, (x, y) in enumerate(places)
    )


def thread_seconds(pid: int) -> dict[int, float]:
    """CPU seconds of each thread of a process."""
    ticks = os.sysconf("SC_CLK_TCK")
    seconds = {}
    for task in Path(f"/proc/{pid}/task").iterdir():
        fields = (task / "stat").read_text().rpartition(")")[2].split()
        seconds[int(task.name)] = (int(fields[11]) + int(fields[12])) / ticks
    return seconds


def pss_bytes(pid: int) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--streams", nargs="+", default=["program/h264", "floor/aac"])
    parser.add_argument("--write", nargs="+", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.write:
        write(arguments.write)
    config = small_config(
        canvases={"program": (1920, 1080), "wall": (3840, 1080), "multiview": (1280, 720)},
        renditions={
            "program": Rendition("program", 1920, 1080, 6_000_000, always=True),
            "return": Rendition("program", 640, 360, 700_000, preset="ultrafast"),
            "wall": Rendition("wall", 3840, 1080, 8_000_000, preset="ultrafast"),
        },
    )
    names = [of_seat(str(i)) for i in range(GUESTS)]
    canvases = {
        "program": CanvasPlan(1920, 1080, grid(4, 480, 270)),
        "wall": CanvasPlan(3840, 1080, grid(8, 480, 540)),
    }
    plan = MixPlan(
        1,
        canvases,  # type: ignore[arg-type]
        AudioPlan(tuple(AudioInput(SourceName(name)) for name in names[:TALKERS])),
        {name: SourceInfo(name=name) for name in names},
    )
    with Mixer(config) as mixer:
        fds = [create_slot("guest", W, H) for _ in names]
        for name, fd in zip(names, fds, strict=True):
            mixer.send(SlotOpened(slot_of(name)), (fd,))
        guests = subprocess.Popen(
            [sys.executable, "-m", "tests.benchmarks.bench_mixer", "--write", *map(str, fds)],
            pass_fds=fds,
            cwd=ROOT,
        )
        try:
            mixer.tap(*arguments.streams)
            mixer.take(plan)
            time.sleep(3)
            measure(mixer, arguments.seconds)
        finally:
            guests.kill()
            guests.wait()
            for fd in fds:
                os.close(fd)


def measure(mixer: Mixer, seconds: int) -> None:
    pid = mixer.process.pid
    first, before = mixer.reports()[-1], thread_seconds(pid)
    time.sleep(seconds)
    last, after = mixer.reports()[-1], thread_seconds(pid)
    shares = sorted(((spent - before.get(tid, 0.0)) / seconds for tid, spent in after.items()), reverse=True)
    print(f"all threads    {sum(shares):.3f} core: {' '.join(f'{s:.3f}' for s in shares if s >= 0.002)}")
    print(f"ticks {last.ticks - first.ticks}, late {last.late_ticks - first.late_ticks}")
    print(f"memory (PSS)   {pss_bytes(pid) / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
