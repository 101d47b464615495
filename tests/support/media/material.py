"""Small media files for tests, made here and now: clips whose pictures tell their number, and PDFs."""

import shlex
import subprocess
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from mixer.contract.clock import RATE
from mixer.contract.picture import Picture
from studio.lab.demo_slides import document

BITS = 12
"""Of the number written into a picture, as black and white squares along its top."""


def numbered(number: int, width: int, height: int) -> NDArray[np.uint8]:
    """RGB (h, w, 3): grey, with the number's bits in white and black squares across the upper half."""
    picture = np.full((height, width, 3), 128, np.uint8)
    step = width // BITS
    for bit in range(BITS):
        picture[: height // 2, bit * step : (bit + 1) * step] = 255 * (number >> bit & 1)
    return picture


def number_of(picture: Picture) -> int:
    """The number that :func:`numbered` wrote."""
    step = picture.width / BITS
    row = picture.y[picture.height // 4]
    return sum(int(row[round((bit + 0.5) * step)] > 128) << bit for bit in range(BITS))


def make_clip(
    path: Path,
    *,
    pictures: int = 90,
    rate: Fraction = Fraction(30),
    size: tuple[int, int] = (320, 180),
    sound: Callable[[NDArray[np.int64]], NDArray[np.float64]] | None = None,
    sound_rate: int = RATE,
    times: Sequence[int] | None = None,
    codec: str = "libx264",
    gop: int = 30,
    options: dict[str, str] | None = None,
    container: dict[str, str] | None = None,
    draw: Callable[[int, int, int], NDArray[np.uint8]] = numbered,
) -> Path:
    """A clip of numbered pictures. ``sound``: sample numbers → mono −1 … 1. ``times``: of each picture, in
    units of 1 / ``rate``, where they aren't 0, 1, 2, …"""
    with av.open(str(path), "w", options=container or {}) as out:
        video = out.add_stream(codec, rate=rate)
        assert isinstance(video, av.VideoStream)
        video.width, video.height, video.pix_fmt = *size, "yuv420p"
        video.time_base = video.codec_context.time_base = 1 / rate
        video.gop_size = gop
        if codec == "libx264":
            video.options = {"preset": "ultrafast", "crf": "20", **(options or {})}
        voice = None
        if sound is not None:
            voice = out.add_stream("libopus" if path.suffix == ".webm" else "aac", rate=sound_rate)
            voice.layout = "mono"
        for index in range(pictures):
            frame = av.VideoFrame.from_ndarray(draw(index, *size), "rgb24")
            frame.pts = times[index] if times is not None else index
            frame.time_base = 1 / rate
            out.mux(video.encode(frame))
        out.mux(video.encode())
        if voice is not None and sound is not None:
            total = round(pictures / rate * sound_rate)
            for start in range(0, total, 960):
                numbers = np.arange(start, min(start + 960, total))
                samples = sound(numbers).astype(np.float32)[None, :]
                block = av.AudioFrame.from_ndarray(samples, "fltp", "mono")
                block.sample_rate, block.pts, block.time_base = sound_rate, start, Fraction(1, sound_rate)
                out.mux(voice.encode(block))
            out.mux(voice.encode())
    return path


def ffmpeg(path: Path, arguments: str) -> Path:
    """What the ffmpeg command makes of these words, as ``path``; ``{folder}`` in them is its folder."""
    words = shlex.split(arguments.replace("{folder}", str(path.parent)))
    subprocess.run(["ffmpeg", "-v", "error", "-y", *words, str(path)], check=True, timeout=60)
    return path


def beeps(numbers: NDArray[np.int64], rate: int = RATE) -> NDArray[np.float64]:
    """A tenth of a second of 1 kHz at the beginning of each second."""
    return np.asarray(0.5 * np.sin(2 * np.pi * 1000 / rate * numbers) * (numbers % rate < rate // 10))


def flashes(index: int, width: int, height: int) -> NDArray[np.uint8]:
    """White for the first three pictures of each second of 30."""
    return np.full((height, width, 3), 255 if index % 30 < 3 else 0, np.uint8)


def make_pdf(path: Path, pages: int, size: tuple[int, int] = (960, 540)) -> Path:
    """Each page a grey of its own: its number × 7 modulo 200, in the upper left a black square."""
    ground, corner = f"0 0 {size[0]} {size[1]}", f"0 {size[1] - 100} 100 100"
    contents = [
        f"{page * 7 % 200 / 255:.4f} g {ground} re f 0 g {corner} re f".encode()
        for page in range(1, pages + 1)
    ]
    path.write_bytes(document(contents, size))
    return path
