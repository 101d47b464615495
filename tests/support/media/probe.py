"""What is really in a file: streams, keyframes, pictures and sound, measured by ffprobe and PyAV."""

import itertools
import json
import subprocess
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.video.frame import VideoFrame
from numpy.typing import NDArray

BT709 = ("tv", "bt709", "bt709", "bt709")
"""Colours of everything that leaves the house: limited range; matrix, transfer and primaries of BT.709."""


@dataclass(frozen=True)
class StreamInfo:
    """``rate`` pictures or samples a second; ``start_s`` of the first packet; ``tags`` lower-case names;
    ``colours``: range, matrix, transfer, primaries, as ffprobe calls them."""

    kind: str
    codec: str
    width: int
    height: int
    rate: Fraction
    channels: int
    start_s: float
    tags: dict[str, str]
    colours: tuple[str, ...] = ()


def probe(path: Path) -> list[StreamInfo]:
    """The streams of pictures and sound, by ffprobe. Raises CalledProcessError for a file it can't read."""
    return [
        StreamInfo(
            kind=stream["codec_type"],
            codec=stream["codec_name"],
            width=int(stream.get("width", 0)),
            height=int(stream.get("height", 0)),
            rate=Fraction(stream.get("sample_rate") or stream.get("avg_frame_rate") or 0),
            channels=int(stream.get("channels", 0)),
            start_s=float(stream.get("start_time", "nan")),
            tags={name.lower(): value for name, value in stream.get("tags", {}).items()},
            colours=tuple(
                stream.get(f"color_{what}", "") for what in ("range", "space", "transfer", "primaries")
            ),
        )
        for stream in _ffprobe(path, "-show_streams")["streams"]
        if stream["codec_type"] in ("video", "audio")
    ]


def duration_s(path: Path) -> float:
    """From time 0 to the end of the last picture or sound packet."""
    return max(time_s + length_s for _, time_s, length_s, _ in packets(path))


def packets(path: Path) -> list[tuple[str, float, float, bool]]:
    """Kind (``video``, ``audio``), time and duration in seconds, keyframe or not, in the file's order."""
    rows = _ffprobe(path, "-show_packets")["packets"]
    return [
        (
            row["codec_type"],
            float(row["pts_time"]),
            float(row.get("duration_time", 0)),
            row["flags"].startswith("K"),
        )
        for row in rows
        if "pts_time" in row
    ]


def video_times_s(path: Path) -> list[float]:
    return sorted(time_s for kind, time_s, _, _ in packets(path) if kind == "video")


def keyframe_times_s(path: Path) -> list[float]:
    return [time_s for kind, time_s, _, key in packets(path) if kind == "video" and key]


def keyframe_distances_s(path: Path) -> list[float]:
    times = keyframe_times_s(path)
    return [after - before for before, after in itertools.pairwise(times)]


def measured_fps(path: Path) -> float:
    """Pictures a second, from the pictures' own times."""
    times = video_times_s(path)
    return (len(times) - 1) / (times[-1] - times[0])


def pictures(
    path: Path, start_s: float = 0.0, end_s: float = float("inf")
) -> list[tuple[float, NDArray[np.uint8]]]:
    """Decoded pictures with their times, (height, width, 3) RGB, from ``start_s`` on, before ``end_s``."""
    found: list[tuple[float, NDArray[np.uint8]]] = []
    with av.open(path) as container:
        for frame in _decode(container.decode(video=0)):
            assert isinstance(frame, VideoFrame)
            if frame.time is not None and start_s <= frame.time < end_s:
                found.append((frame.time, frame.to_ndarray(format="rgb24").astype(np.uint8, copy=False)))
            elif frame.time is not None and frame.time >= end_s:
                break
    return found


def picture_at(path: Path, time_s: float) -> NDArray[np.uint8]:
    """The picture on screen at ``time_s``: (height, width, 3) RGB. Raises ``IndexError`` before the first."""
    return pictures(path, max(0.0, time_s - 3.0), time_s + 1e-6)[-1][1]


def sound(path: Path, track: int = 0) -> tuple[float, int, NDArray[np.float32]]:
    """A sound track: time of its first sample in seconds, sample rate, samples (channels, n). Gaps between
    packets are filled with zeros, so that a sample's index tells its time."""
    blocks: list[tuple[int, NDArray[np.float32]]] = []
    rate = 0
    with av.open(path) as container:
        for frame in _decode(container.decode(audio=track)):
            assert isinstance(frame, AudioFrame)
            assert frame.time is not None
            rate = frame.sample_rate
            block = frame.to_ndarray().astype(np.float32, copy=False)
            at, follows = round(frame.time * rate), blocks[-1][0] + blocks[-1][1].shape[1] if blocks else 0
            # FLV counts milliseconds: a tone would lose its phase from packet to packet
            blocks.append((follows if blocks and abs(at - follows) < 0.002 * rate else at, block))
    start = blocks[0][0]
    end = max(at + block.shape[1] for at, block in blocks)
    samples = np.zeros((blocks[0][1].shape[0], end - start), np.float32)
    for at, block in blocks:
        samples[:, at - start : at - start + block.shape[1]] = block
    return start / rate, rate, samples


def tone_db(samples: NDArray[np.float32], rate: int, frequency: float) -> float:
    """Level of one tone in dBFS of its amplitude, in ``samples`` (channels, n), by Goertzel's sum."""
    mono = samples.mean(axis=0) * np.hanning(samples.shape[1])
    phase = np.exp(-2j * np.pi * frequency * np.arange(samples.shape[1]) / rate)
    amplitude = 4 * abs(np.dot(mono, phase)) / samples.shape[1]
    return float(20 * np.log10(max(amplitude, 1e-10)))


def _decode(frames: Any) -> Any:
    """Frames up to where a file that was cut off ends."""
    try:
        yield from frames
    except (av.error.InvalidDataError, av.error.EOFError):
        return


def _ffprobe(path: Path, *what: str) -> dict[str, Any]:
    done = subprocess.run(
        ["ffprobe", "-v", "error", "-of", "json", *what, str(path)],
        capture_output=True,
        check=True,
        timeout=60,
    )
    result: dict[str, Any] = json.loads(done.stdout)
    return result
