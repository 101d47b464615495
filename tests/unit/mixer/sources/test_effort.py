"""Less effort in the same stream: one header, no error in decoding, a constant rate, and work saved."""

import io
import time
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

import av
import cv2
import msgspec
import numpy as np
import pytest

from mixer.containers import headers
from mixer.contract.names import StreamName
from mixer.contract.picture import Plane, i420_bytes
from mixer.encode.video import Effort, VideoEncoder, VideoSettings, can_ease, filler, take_over
from mixer.ipc.bus.packets import Packet

pytestmark = pytest.mark.alone

EFFORTS: tuple[Effort, ...] = ("full", "eased")
W, H = 640, 360
BITRATE = 1_500_000


def settings(preset: str = "superfast", effort: Effort = "full") -> VideoSettings:
    return VideoSettings("h264", W, H, Fraction(30), BITRATE, preset, True, effort=effort)


def moving(count: int, width: int = W, height: int = H) -> list[Plane]:
    """Nine textures that each drift their own way, with a camera's noise over them."""
    rng = np.random.default_rng(7)
    w, h = width // 3 // 2 * 2, height // 3
    seeds = rng.integers(30, 220, (9, h // 8, w // 8), dtype=np.uint8)
    textures = [cv2.resize(seed, (w + 60, h + 60)) for seed in seeds]
    noise = [rng.integers(-3, 4, (height, width), dtype=np.int16) for _ in range(5)]
    pictures = []
    for k in range(count):
        buffer = np.full(i420_bytes(width, height), 128, np.uint8)
        luma = buffer[: width * height].reshape(height, width)
        for i, texture in enumerate(textures):
            x, y = int(30 + 29 * np.sin(k / 9 + i)), int(30 + 29 * np.cos(k / 13 + 2 * i))
            row, column = divmod(i, 3)
            luma[row * h : (row + 1) * h, column * w : (column + 1) * w] = texture[y : y + h, x : x + w]
        luma[:] = np.clip(luma + noise[k % 5], 16, 235)
        pictures.append(buffer)
    return pictures


def strictly_decoded(packets: Sequence[Packet], nut: bytes) -> list[av.VideoFrame]:
    """Decode as one stream under one header; every error FFmpeg finds is raised or collected."""
    context = av.CodecContext.create("h264", "r")
    context.extradata = headers.extradata(nut)
    context.options = {"err_detect": "explode+crccheck+bitstream+buffer", "flags": "+low_delay"}
    frames: list[av.VideoFrame] = []
    av.logging.set_level(av.logging.WARNING)
    try:
        with av.logging.Capture(local=False) as complaints:
            for packet in packets:
                coded = av.Packet(packet.data)
                coded.pts = packet.pts
                frames += context.decode(coded)
            frames += context.decode(None)
    finally:
        av.logging.set_level(None)
    assert complaints == []
    return frames


@pytest.mark.parametrize("preset", ["superfast", "veryfast", "fast", "medium", "slow"])
def test_the_parameter_sets_stay_the_same_bytes(preset: str) -> None:
    full = VideoEncoder(StreamName("s"), settings(preset)).nut
    assert VideoEncoder(StreamName("s"), settings(preset, "eased")).nut == full
    assert can_ease(settings(preset))


@pytest.mark.parametrize("fps", [Fraction(25), Fraction(30000, 1001), Fraction(50)])
@pytest.mark.parametrize("size", [(1920, 1080), (1280, 720), (320, 180)])
def test_at_other_rates_and_sizes(fps: Fraction, size: tuple[int, int]) -> None:
    changed = replace(settings(), fps=fps, width=size[0], height=size[1])
    assert can_ease(changed)


def test_another_preset_would_be_another_stream() -> None:
    """What makes the efforts necessary; and the check would find an x264 that behaves otherwise."""
    full = VideoEncoder(StreamName("s"), settings("superfast")).nut
    wider = replace(settings(), width=W + 16)
    for effort in EFFORTS:
        assert take_over(StreamName("s"), settings("superfast"), full, effort) is not None
        assert take_over(StreamName("s"), settings("ultrafast"), full, effort) is None
        assert take_over(StreamName("s"), wider, full, effort) is None


def test_there_is_nothing_to_leave_out_of_ultrafast_or_for_browsers() -> None:
    assert not can_ease(settings("ultrafast"))
    assert not can_ease(replace(settings(), constant=False))
    assert not can_ease(replace(settings(), codec="vp8", constant=False))


@pytest.mark.parametrize("preset", ["superfast", "medium"])
def test_encoders_take_over_from_each_other_within_one_stream(preset: str) -> None:
    pictures = moving(60)
    full = VideoEncoder(StreamName("s"), settings(preset))
    packets: list[Packet] = []
    begun = 0
    course: tuple[tuple[Effort, int, int], ...]
    course = ("full", 40, 1), ("eased", 45, 1), ("eased", 60, 2), ("full", 30, 1)
    for effort, count, step in course:
        encoder = take_over(StreamName("s"), full.settings, full.nut, effort) if packets else full
        assert encoder is not None
        for pts in range(begun, begun + count, step):
            packets += encoder.encode(pictures[pts % 60], pts, pts == begun)
        begun += count
    assert [p.pts for p in packets] == [*range(85), *range(85, 145, 2), *range(145, 175)], "none held back"
    assert [p.pts for p in packets if p.key] == [0, 40, 85, 145]
    frames = strictly_decoded(packets, full.nut)
    assert [f.pts for f in frames] == [p.pts for p in packets]
    for frame in frames:
        assert psnr_db(frame, pictures[(frame.pts or 0) % 60]) > 28, frame.pts
    _mux_and_read_back(packets, full.nut)


def psnr_db(frame: av.VideoFrame, picture: Plane) -> float:
    plane = frame.planes[0]
    rows = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[:H, :W]  # type: ignore[call-overload]
    error = np.mean((rows.astype(np.float64) - picture[: W * H].reshape(H, W)) ** 2)
    return float(10 * np.log10(255**2 / error))


def _mux_and_read_back(packets: list[Packet], nut: bytes) -> None:
    """As a sender writes them: FLV with the one sequence header, read by FFmpeg's own demuxer."""
    target = io.BytesIO()
    with av.open(target, "w", format="flv") as output, av.open(io.BytesIO(nut)) as header:
        stream = output.add_stream_from_template(header.streams[0], opaque=True)
        for packet in packets:
            coded = av.Packet(packet.data)
            coded.stream, coded.time_base = stream, Fraction(1, 30)
            coded.pts, coded.dts, coded.is_keyframe = packet.pts, packet.dts, packet.key
            output.mux(coded)
    target.seek(0)
    with av.open(target, "r") as result:
        assert sum(1 for _ in result.decode(video=0)) == len(packets)


@pytest.mark.parametrize("still", [True, False])
def test_the_rate_stays_constant(still: bool) -> None:
    pictures = moving(1 if still else 60)
    encoder = VideoEncoder(StreamName("s"), settings(effort="eased"))
    packets = [p for n in range(300) for p in encoder.encode(pictures[n % len(pictures)], n, n % 60 == 0)]
    seconds = 8  # without the first two, in which the buffer fills
    rate = sum(len(p.data) for p in packets if p.pts >= 60) * 8 / seconds
    assert rate == pytest.approx(BITRATE, rel=0.05)


def test_filler_is_nothing_to_a_decoder() -> None:
    encoder = VideoEncoder(StreamName("s"), settings())
    pictures = moving(10)
    packets = [p for n in range(10) for p in encoder.encode(pictures[n], n, n == 0)]
    stuffed = [msgspec.structs.replace(p, data=p.data + filler(6250)) for p in packets]
    assert len(filler(6250)) == 6250
    before, after = strictly_decoded(packets, encoder.nut), strictly_decoded(stuffed, encoder.nut)
    assert [f.pts for f in after] == list(range(10))
    for a, b in zip(before, after, strict=True):
        assert bytes(a.planes[0]) == bytes(b.planes[0])
    _mux_and_read_back(stuffed, encoder.nut)


def test_less_effort_is_less_work() -> None:
    """CPU time of both encoder threads, the best of three turns each."""
    pictures = moving(20)
    best: dict[tuple[str, str], float] = {}
    for preset in ("superfast", "medium"):
        encoders = [VideoEncoder(StreamName("s"), settings(preset, effort)) for effort in ("full", "eased")]
        for turn in range(3):
            for encoder in encoders:
                begun = time.process_time()
                for n, picture in enumerate(pictures):
                    encoder.encode(picture, 20 * turn + n, n == 0)
                took, key = time.process_time() - begun, (preset, encoder.settings.effort)
                best[key] = min(took, best.get(key, took))
    assert best["superfast", "eased"] < 0.93 * best["superfast", "full"]
    assert best["medium", "eased"] < 0.5 * best["medium", "full"]
