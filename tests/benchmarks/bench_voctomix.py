"""Two sources side by side, encoded for a stream: our mixer, Voctomix and a plain GStreamer pipeline.

``python -m tests.benchmarks.bench_voctomix [--seconds 15] [--width 1280 --height 720] [--json] [--check]``

The same raw pictures (two loops of moving noise at 30 fps, as large as the programme) and a tone; the same
layout, and x264 with the same preset, tune, threads, bit rate and keyframes, AAC at 128 kb/s. One after the
other in real time; what counts is the CPU (user + system) of the processes that mix and encode:

- ours: the mixer's process, which takes pictures from shared memory, as it does from guests;
- Voctomix: ``voctocore`` (Debian's package), fed by TCP as it must be, and the encoder that reads its output
  by TCP, as its example scripts have it: by GStreamer's ``x264enc``;
- GStreamer: one pipeline of ``compositor``, ``x264enc`` and ``voaacenc``, fed by shared memory (``shmsrc``).

Who makes the sources' bytes doesn't count with anybody. Of each the stream's pictures are counted: a tool
that can't keep up is no cheaper. The target: ours at most 0.7 of either's. Voctomix' ports (9998, 9999,
10000, 10001, 11000) must be free.
"""

import argparse
import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from mixer.contract.names import SourceName, of_source, picture_stream, slot_of, sound_stream

os.environ.update(OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1")  # as the supervisor starts the mixer

import cv2
import numpy as np

from mixer.contract.clock import sample_at
from mixer.contract.messages import Rendition, SlotOpened
from mixer.contract.picture import Picture, i420_bytes, view_i420
from mixer.contract.plan import AudioInput, AudioPlan, CanvasPlan, MixPlan, Rect, SourceInfo, Tile
from mixer.ipc.slot import SlotWriter, create_slot
from tests.support.media.mixing import ROOT, Mixer, small_config, tone
from tests.support.media.probe import packets

FPS = 30
BITRATE = 4_000_000
PRESET = "superfast"
THREADS = 2
KEYFRAME_TICKS = 60
LOOP = 30
"""Pictures of each source's loop."""
WARM_UP_S = 4.0
ATTEMPTS = 3
"""GStreamer's pipelines don't always start, Voctomix' output among them: it then gives its reader nothing."""
TARGET = 0.7
_SOURCE_CAME = re.compile(r"TCPAVSource\[cam\d\]: Incomming")
VOCTOCORE = Path("/usr/share/voctomix/voctocore/voctocore.py")


class NotRunningError(RuntimeError):
    """A tool did not do what it was asked for; the text has what it said."""


@dataclass(frozen=True)
class Show:
    width: int
    height: int
    seconds: int
    folder: Path

    @property
    def rects(self) -> tuple[Rect, Rect]:
        """Both in half size, in the middle of the height."""
        w, h = self.width // 2, self.height // 2
        return Rect(0, h // 2, w, h), Rect(w, h // 2, w, h)

    def raw(self, index: int) -> Path:
        return self.folder / f"source-{index}.i420"


def make_sources(show: Show) -> None:
    """Something moves everywhere, softly: what a codec has to do with is neither nothing nor noise."""
    for index in range(2):
        rng = np.random.default_rng(index)
        texture = rng.integers(16, 235, (show.height // 16, show.width // 16), dtype=np.uint8)
        luma = cv2.resize(texture, (show.width, show.height), interpolation=cv2.INTER_CUBIC)
        with show.raw(index).open("wb") as file:
            for number in range(LOOP):
                picture = view_i420(
                    np.empty(i420_bytes(show.width, show.height), np.uint8), show.width, show.height
                )
                picture.y[:] = np.roll(luma, 4 * min(number, LOOP - number), axis=1)
                picture.u[:], picture.v[:] = 110 + 20 * index, 140 - 20 * index
                for plane in picture:
                    file.write(plane.tobytes())


def cpu_s(*pids: int) -> float:
    """CPU seconds of all threads, also of those that have ended."""
    ticks, spent = os.sysconf("SC_CLK_TCK"), 0.0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        spent += (int(fields[11]) + int(fields[12])) / ticks
    return spent


def measured(show: Show, *pids: int) -> float:
    """Cores that these processes use, once they are warm."""
    time.sleep(WARM_UP_S)
    before, begun = cpu_s(*pids), time.monotonic()
    time.sleep(show.seconds)
    return (cpu_s(*pids) - before) / (time.monotonic() - begun)


@contextlib.contextmanager
def running(log: Path, *command: str, **options: object) -> Iterator["subprocess.Popen[bytes]"]:
    """A process, ended with the block. Raises NotRunningError where it ended before."""
    with log.open("wb") as said:
        process = subprocess.Popen(  # type: ignore[call-overload]
            command, stdout=said, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, **options
        )
    try:
        yield process
        if process.poll() is not None:
            raise NotRunningError(f"{command[0]} ended by itself: {log.read_text(errors='replace')[-2000:]}")
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def pictures_a_second(path: Path) -> float:
    """Of a file that is still open or was cut off."""
    try:
        times = [time_s for kind, time_s, _, _ in packets(path) if kind == "video"]
    except subprocess.CalledProcessError as error:
        said = "".join(log.read_text(errors="replace")[-600:] for log in sorted(path.parent.glob("*.log")))
        raise NotRunningError(f"{path.name} has {path.stat().st_size} bytes: {said}") from error
    if len(times) < 2 * FPS:
        raise NotRunningError(f"{path.name} has only {len(times)} pictures")
    return (len(times) - 1) / (max(times) - min(times))


# --- ours ------------------------------------------------------------------------------------------


def write_sources(show: Show, fds: list[int]) -> None:
    """Both sources into their slots, until the process is killed."""
    size = i420_bytes(show.width, show.height)
    loops: list[list[Picture]] = []
    for index in range(2):
        flat = np.fromfile(show.raw(index), np.uint8).reshape(-1, size)
        loops.append([view_i420(frame, show.width, show.height) for frame in flat])
    writers = [SlotWriter(fd) for fd in fds]
    begun = time.monotonic_ns()
    sample, number = sample_at(begun) // 960 * 960, 0
    while True:
        time.sleep(max(0, begun + number * 1_000_000_000 // FPS - time.monotonic_ns()) / 1e9)
        now = time.monotonic_ns()
        for writer, pictures in zip(writers, loops, strict=True):
            writer.beat(now)
            writer.write_picture(pictures[number % LOOP], now)
        while sample <= sample_at(now):
            for index, writer in enumerate(writers):
                writer.write_sound(sample, tone(sample, 960, 440.0 * (index + 1), 0.1))
            sample += 960
        number += 1


def ours(show: Show) -> tuple[float, float]:
    """Cores, and pictures a second."""
    w, h = show.width, show.height
    program = Rendition("program", w, h, BITRATE, preset=PRESET, keyframe_s=KEYFRAME_TICKS / FPS, always=True)
    config = small_config(canvases={"program": (w, h)}, renditions={"program": program})
    names = (of_source("cam1"), of_source("cam2"))
    tiles = tuple(Tile(rect, SourceName(name)) for rect, name in zip(show.rects, names, strict=True))
    plan = MixPlan(
        1,
        {"program": CanvasPlan(w, h, tiles)},
        AudioPlan(tuple(AudioInput(name) for name in names)),
        {name: SourceInfo(name=name) for name in names},
    )
    with Mixer(config) as mixer, contextlib.ExitStack() as stack:
        fds = [create_slot("source", w, h) for _ in names]
        for name, fd in zip(names, fds, strict=True):
            stack.callback(os.close, fd)
            mixer.send(SlotOpened(slot_of(name)), (fd,))
        me = [sys.executable, "-m", "tests.benchmarks.bench_voctomix", "--folder", str(show.folder)]
        me += ["--width", str(w), "--height", str(h), "--write", *map(str, fds)]
        stack.enter_context(running(show.folder / "ours.log", *me, pass_fds=fds, cwd=ROOT))
        tap = mixer.tap(picture_stream("program"), sound_stream("floor"))
        mixer.take(plan)
        cores = measured(show, mixer.process.pid)
        shown = [packet.pts for packet in tap.packets(picture_stream("program"))]
        return cores, FPS * (len(shown) - 1) / (shown[-1] - shown[0])


# --- GStreamer ------------------------------------------------------------------------------------------


def _x264() -> list[str]:
    return [
        "x264enc", f"speed-preset={PRESET}", "tune=zerolatency", f"bitrate={BITRATE // 1000}",
        f"threads={THREADS}", f"key-int-max={KEYFRAME_TICKS}", "vbv-buf-capacity=1000",
        "option-string=nal-hrd=cbr:force-cfr=1:scenecut=0:open-gop=0", "!", "video/x-h264,profile=high", "!",
        "h264parse", "!", "queue", "!", "out.",
    ]  # fmt: skip


def _aac() -> list[str]:
    return ["audioconvert", "!", "voaacenc", "bitrate=128000", "!", "aacparse", "!", "queue", "!", "out."]


def _out(path: Path) -> list[str]:
    return ["matroskamux", "name=out", "!", "filesink", f"location={path}"]


def gstreamer(show: Show) -> tuple[float, float]:
    caps = f"video/x-raw,format=I420,width={show.width},height={show.height},framerate={FPS}/1"
    path = show.folder / "gstreamer.mkv"
    path.unlink(missing_ok=True)
    pads, branches = [], []
    with contextlib.ExitStack() as stack:
        for index, rect in enumerate(show.rects):
            shared = show.folder / f"shm-{index}"
            _feed_shared_memory(stack, show, index, shared)
            places = (("xpos", rect.x), ("ypos", rect.y), ("width", rect.w), ("height", rect.h))
            pads += [f"sink_{index}::{key}={value}" for key, value in places]
            branches += [
                "shmsrc", f"socket-path={shared}", "is-live=true", "do-timestamp=true", "!", caps, "!",
                "queue", "!", f"mix.sink_{index}",
                "audiotestsrc", "is-live=true", f"freq={440 * (index + 1)}", "volume=0.1", "!",
                "audio/x-raw,rate=48000,channels=2", "!", "sound.",
            ]  # fmt: skip
        pipeline = [
            "compositor", "name=mix", "background=black", *pads, "!", caps, "!", "queue", "!", *_x264(),
            "audiomixer", "name=sound", "!", *_aac(), *_out(path), *branches,
        ]  # fmt: skip
        log = show.folder / "gstreamer.log"
        mixer = stack.enter_context(running(log, "gst-launch-1.0", "-q", *pipeline))
        _until(lambda: _begun(path), "nothing came of the pipeline", log)
        cores = measured(show, mixer.pid)
    return cores, pictures_a_second(path)


def _raw(show: Show) -> list[str]:
    return ["-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", f"{show.width}x{show.height}", "-r", str(FPS)]


def _feed_shared_memory(stack: contextlib.ExitStack, show: Show, index: int, shared: Path) -> None:
    """The source's pictures in real time, for a ``shmsrc``."""
    pipe = show.folder / f"pipe-{index}"
    for left in (pipe, shared):
        left.unlink(missing_ok=True)
    os.mkfifo(pipe)
    feed = ["ffmpeg", "-v", "error", "-nostdin", "-y", "-re", "-stream_loop", "-1", *_raw(show)]
    feed += ["-i", str(show.raw(index)), "-c", "copy", "-f", "rawvideo", str(pipe)]
    stack.enter_context(running(show.folder / f"feed-{index}.log", *feed))
    size = i420_bytes(show.width, show.height)
    parse = ["rawvideoparse", "format=i420", f"width={show.width}", f"height={show.height}"]
    sink = ["shmsink", f"socket-path={shared}", "sync=false", f"shm-size={size * 16}"]
    sink += ["wait-for-connection=false"]
    read = ["gst-launch-1.0", "-q", "filesrc", f"location={pipe}", "!", *parse, f"framerate={FPS}/1", "!"]
    stack.enter_context(running(show.folder / f"shm-{index}.log", *read, *sink))
    _until(shared.exists, f"{shared.name}: no shared memory")


# --- Voctomix ------------------------------------------------------------------------------------------


def voctomix(show: Show) -> tuple[float, float]:
    """``voctocore`` and the encoder behind its output together."""
    if not VOCTOCORE.exists():
        raise NotRunningError("Voctomix is not installed: apt-get install voctomix")
    video = f"video/x-raw,format=I420,width={show.width},height={show.height},framerate={FPS}/1"
    settings = show.folder / "voctocore.ini"
    settings.write_text(
        "[mix]\n"
        f"videocaps = {video},pixel-aspect-ratio=1/1,interlace-mode=progressive\n"
        "audiocaps = audio/x-raw,format=S16LE,channels=2,layout=interleaved,rate=48000\n"
        "sources = cam1,cam2\n"
        "[side-by-side-equal]\ngutter = 0\n"
        f"atop = {show.height // 4}\nbtop = {show.height // 4}\n"
        "[previews]\nenabled = false\n"
        "[stream-blanker]\nenabled = false\nsources =\n"
        "[mirrors]\nenabled = false\n"
    )
    path = show.folder / "voctomix.mkv"
    path.unlink(missing_ok=True)
    with contextlib.ExitStack() as stack:
        # as the wrapper of the package does; the system's Python, which has GStreamer's bindings
        core_log = show.folder / "voctocore.log"
        command = ["/usr/bin/python3", str(VOCTOCORE), "-v", "-i", str(settings)]
        core = stack.enter_context(running(core_log, *command, cwd=str(VOCTOCORE.parent)))
        _until(lambda: _listens(9999), "voctocore doesn't listen on port 9999", core_log)
        for index in range(2):
            feed = ["ffmpeg", "-v", "error", "-nostdin", "-re", "-stream_loop", "-1", *_raw(show)]
            feed += ["-i", str(show.raw(index)), "-re", "-f", "lavfi"]
            feed += ["-i", f"sine=frequency={440 * (index + 1)}:sample_rate=48000,volume=0.1"]
            feed += ["-map", "0:v", "-map", "1:a", "-c:v", "rawvideo", "-c:a", "pcm_s16le", "-ac", "2"]
            feed += ["-f", "matroska", f"tcp://127.0.0.1:{10000 + index}"]
            stack.enter_context(running(show.folder / f"cam{index + 1}.log", *feed))
        # whoever reads the output before there are sources may be given nothing at all
        _until(
            lambda: len(_SOURCE_CAME.findall(core_log.read_text(errors="replace"))) >= 2,
            "voctocore has no sources",
            core_log,
        )
        answer = _told("set_composite_mode side_by_side_equal")
        if "side_by_side_equal" not in answer:
            raise NotRunningError(f"voctocore answered {answer!r}")
        pipeline = [
            "tcpclientsrc", "host=127.0.0.1", "port=11000", "blocksize=1048576", "!", "matroskademux",
            "name=demux", "demux.", "!", "queue", "!", *_x264(), "demux.", "!", "queue", "!", *_aac(),
            *_out(path),
        ]  # fmt: skip
        log = show.folder / "encoder.log"
        encoder = stack.enter_context(running(log, "gst-launch-1.0", "-q", *pipeline))
        _until(lambda: _begun(path), "nothing came of voctocore", core_log)
        cores = measured(show, core.pid, encoder.pid)
    return cores, pictures_a_second(path)


def _told(command: str) -> str:
    with socket.create_connection(("127.0.0.1", 9999), 5) as control:
        control.sendall(f"{command}\n".encode())
        control.settimeout(5)
        return control.recv(4096).decode()


def _begun(path: Path) -> bool:
    return path.exists() and path.stat().st_size > 100_000


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _until(holds: Callable[[], bool], what: str, log: Path | None = None) -> None:
    end = time.monotonic() + 8
    while not holds():
        if time.monotonic() > end:
            said = log.read_text(errors="replace")[-2000:] if log is not None else ""
            raise NotRunningError(f"{what} {said}".strip())
        time.sleep(0.05)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=int, default=15)
    parser.add_argument("--width", type=int, default=1280)
    parser.add_argument("--height", type=int, default=720)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--check", action="store_true", help="status 1 where the target is missed")
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--write", nargs="+", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.write:
        write_sources(Show(options.width, options.height, 0, options.folder), options.write)
    for tool in ("ffmpeg", "gst-launch-1.0"):
        if shutil.which(tool) is None:
            parser.error(f"{tool} is needed")
    cores: dict[str, float] = {}
    rates: dict[str, float] = {}
    failed: dict[str, str] = {}
    with tempfile.TemporaryDirectory(prefix="bench-voctomix-") as name:
        show = Show(options.width, options.height, options.seconds, Path(name))
        make_sources(show)
        for tool, run in (("ours", ours), ("voctomix", voctomix), ("gstreamer", gstreamer)):
            for _ in range(ATTEMPTS):
                try:
                    cores[tool], rates[tool] = run(show)
                except NotRunningError as error:
                    failed[tool] = str(error)
                else:
                    failed.pop(tool, None)
                    break
    ratios = {tool: cores["ours"] / used for tool, used in cores.items() if tool != "ours"}
    slow = [tool for tool, rate in rates.items() if rate < 0.97 * FPS]
    if options.json:
        result = {"cores": cores, "fps": rates, "ratio": ratios, "failed": failed, "target": TARGET}
        json.dump(result, sys.stdout, indent=2)
        sys.stdout.write("\n")
    else:
        for tool, used in cores.items():
            ratio = f", ours is {ratios[tool]:.2f} of it" if tool in ratios else ""
            print(f"{tool:10} {used:.3f} core, {rates[tool]:.2f} pictures a second{ratio}")
        for tool, why in failed.items():
            print(f"{tool}: not measured: {why}")
        if slow:
            print(f"not comparable, they didn't keep up: {', '.join(slow)}")
    missed = failed or slow or any(ratio > TARGET for ratio in ratios.values())
    return 1 if options.check and missed else 0


if __name__ == "__main__":
    sys.exit(main())
