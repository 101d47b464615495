"""What kept libraries would take for jobs that are ours: ``python -m tests.benchmarks.bench_libraries``.

``docs/decisions/libraries.md`` has the figures. scipy is no dependency: install it to see its line.
"""

import importlib
import os
import time
from collections.abc import Callable

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as in the studio's processes; before numpy is loaded

import av
import cv2
import numpy as np
from aiortc.rtp import HeaderExtensionsMap, RtpPacket

from mixer.audio.limiter import LimiterBank
from mixer.audio.measuring.loudness import LoudnessMeter
from mixer.audio.strips.filters import FilterBank, biquad
from mixer.compose.draw import single_threaded
from mixer.contract.clock import RATE
from signaling.rtc.transport.rtp import build_rtp, parse_rtp

ROWS, BLOCK = 5, 960
"""Buses of the floor and four languages; 20 ms."""
CHANNELS = 32
"""Of sixteen strips."""


def cost_us(work: Callable[[], object], repeats: int = 400) -> float:
    """The least of so many runs."""
    least = float("inf")
    for _ in range(repeats):
        began = time.perf_counter()
        work()
        least = min(least, time.perf_counter() - began)
    return least * 1e6


def filters() -> None:
    b, a = (0.99, -1.98, 0.99), (-1.9799, 0.9802)
    block = np.random.default_rng(1).standard_normal((CHANNELS, BLOCK)).astype(np.float32)
    bank = FilterBank(biquad(b, a))
    bank.state = np.zeros((CHANNELS, 2))
    print(f"a biquad over {CHANNELS} channels, 20 ms: ours {cost_us(lambda: bank.process(block)):.0f} µs")
    try:
        signal = importlib.import_module("scipy.signal")
    except ModuleNotFoundError:
        return
    sections, state = np.array([[*b, 1.0, *a]]), np.zeros((1, CHANNELS, 2))
    bank.state = np.zeros((CHANNELS, 2))
    theirs, _ = signal.sosfilt(sections, block.astype(np.float64), zi=state)
    difference = float(np.abs(theirs - bank.process(block)).max())
    cost = cost_us(lambda: signal.sosfilt(sections, block.astype(np.float64), zi=state))
    print(f"  scipy.signal.sosfilt {cost:.0f} µs, which differs by {difference:.0e} at most")


def loudness() -> None:
    rng = np.random.default_rng(2)
    block = (rng.standard_normal((ROWS, BLOCK, 2)) * 0.1).astype(np.float32)
    meter, names = LoudnessMeter(), [str(row) for row in range(ROWS)]
    cost = cost_us(lambda: meter.process(block, names))
    print(f"loudness and true peak of {ROWS} buses, 20 ms: ours {cost:.0f} µs")
    graphs = []
    for _ in range(ROWS):
        graph = av.filter.Graph()
        layout = f"sample_rate={RATE}:sample_fmt=flt:channel_layout=stereo:time_base=1/{RATE}"
        source, sink = graph.add("abuffer", layout), graph.add("abuffersink")
        ebur128 = graph.add("ebur128", "metadata=1:peak=true")
        source.link_to(ebur128)
        ebur128.link_to(sink)
        graph.configure()
        graphs.append((graph, source, sink))
    at = 0

    def theirs() -> None:
        nonlocal at
        for (_, source, sink), samples in zip(graphs, block, strict=True):
            frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), "flt", "stereo")
            frame.sample_rate, frame.pts = RATE, at
            source.push(frame)
            try:
                while True:
                    sink.pull()
            except (av.error.BlockingIOError, av.error.EOFError):
                pass
        at += BLOCK

    print(f"  FFmpeg's ebur128 {cost_us(theirs):.0f} µs")


def limiter() -> None:
    block = (np.random.default_rng(3).standard_normal((ROWS, BLOCK, 2)) * 0.3).astype(np.float32)
    bank, names = LimiterBank(), [str(row) for row in range(ROWS)]
    cost = cost_us(lambda: bank.process(block, names))
    print(f"true-peak limiters of {ROWS} buses, 20 ms: ours {cost:.0f} µs")


def packets() -> None:
    data = build_rtp(96, False, 7, 9, 11, b"x" * 1100)
    known = HeaderExtensionsMap()
    ours = cost_us(lambda: [parse_rtp(data) for _ in range(100)]) / 100
    theirs = cost_us(lambda: [RtpPacket.parse(data, known) for _ in range(100)]) / 100
    print(f"an RTP packet's header read: ours {ours:.2f} µs, aiortc's {theirs:.2f} µs")


def scaling() -> None:
    single_threaded()
    planes = [
        np.random.default_rng(4).integers(0, 255, size, np.uint8)
        for size in ((720, 1280), (360, 640), (360, 640))
    ]

    def by_opencv() -> None:
        for plane, size in zip(planes, ((640, 360), (320, 180), (320, 180)), strict=True):
            cv2.resize(plane, size)

    frame = av.VideoFrame.from_numpy_buffer(np.vstack([each.reshape(-1, 1280) for each in planes]), "yuv420p")
    reformatter = av.video.reformatter.VideoReformatter()
    theirs = cost_us(lambda: reformatter.reformat(frame, 640, 360, "yuv420p", threads=1))
    print(
        f"720p scaled into a tile of 640 × 360: OpenCV {cost_us(by_opencv):.0f} µs, swscale {theirs:.0f} µs"
    )


if __name__ == "__main__":
    for each in (filters, loudness, limiter, packets, scaling):
        each()
