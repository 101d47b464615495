"""Moving pictures and sound for rehearsals: encoded once, cut into packets once, shared by all guests.

A loop shows a name and a running timecode on the guest's own colour, and at each full second a white flash
together with the start of a 1 kHz beep: what is needed to see lip sync, freezes and who is who.
"""

import colorsys
from dataclasses import dataclass
from fractions import Fraction

import av
import numpy as np
from numpy.typing import NDArray

from signaling.rtc.returns import payloads_of

FPS = 30
RATE = 48_000
BLOCK = 960
FLASH_FRAMES = 2
BEEP_HZ, BEEP_S, BEEP_LEVEL = 1000, 0.06, 0.5
HUM_LEVEL = 0.05
OPUS_DELAY = 312
"""Samples by which libopus' output lags its input; taken off, so that the beep is on the frame."""

Rgb = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class LoopFrame:
    payloads: tuple[bytes, ...]
    key: bool


@dataclass(frozen=True, slots=True)
class Loop:
    """``video``: one entry a frame at 30 fps, RTP payloads of ``codec`` (``h264`` or ``vp8``);
    ``audio``: one Opus packet a 20 ms. Both last the same and begin anew without a seam."""

    name: str
    codec: str
    width: int
    height: int
    video: tuple[LoopFrame, ...]
    audio: tuple[bytes, ...]

    @property
    def seconds(self) -> float:
        return len(self.video) / FPS


def make_loop(
    name: str,
    hue: float,
    seconds: int = 4,
    size: tuple[int, int] = (640, 360),
    *,
    codec: str = "h264",
    bitrate: int = 600_000,
    tone_hz: float = 0.0,
) -> Loop:
    """Draw and encode a loop: ``hue`` 0 … 1, keyframes each 0.5 s, ``tone_hz`` a quiet tone of its own all
    the time (0: none). Takes about 1.5 ms a frame at 640×360."""
    video = _encode_pictures(name, hue, seconds, size, codec, bitrate)
    return Loop(name, codec, *size, video, _encode_sound(seconds, tone_hz))


def _picture(name: str, hue: float, number: int, size: tuple[int, int]) -> Rgb:
    import cv2

    width, height = size
    if number % FPS < FLASH_FRAMES:
        return np.full((height, width, 3), 255, np.uint8)
    colour = [round(255 * part) for part in colorsys.hsv_to_rgb(hue, 0.75, 0.55)]
    image = np.empty((height, width, 3), np.uint8)
    image[:] = colour
    bar = number * width // FPS % width
    image[height * 7 // 8 :, bar : bar + max(2, width // 16)] = 220
    scale = height / 240
    text = f"{number // FPS:02d}:{number % FPS:02d}"
    for line, y in ((name, height // 3), (text, height * 2 // 3)):
        cv2.putText(
            image, line, (width // 16, y), cv2.FONT_HERSHEY_SIMPLEX, scale, (255, 255, 255),
            max(1, round(scale * 2)), cv2.LINE_AA,
        )  # fmt: skip
    return image


def _encode_pictures(
    name: str, hue: float, seconds: int, size: tuple[int, int], codec: str, bitrate: int
) -> tuple[LoopFrame, ...]:
    encoder = av.CodecContext.create("libx264" if codec == "h264" else "libvpx", "w")
    encoder.width, encoder.height = size
    encoder.pix_fmt = "yuv420p"
    encoder.time_base = Fraction(1, FPS)
    encoder.framerate = Fraction(FPS)
    encoder.bit_rate = bitrate
    encoder.gop_size = FPS // 2
    encoder.thread_count = 1
    if codec == "h264":
        encoder.profile = "Baseline"
        encoder.options = {
            "preset": "ultrafast",
            "tune": "zerolatency",
            "x264-params": f"scenecut=0:vbv-maxrate={bitrate // 1000}:vbv-bufsize={bitrate // 2000}",
        }
    else:
        encoder.options = {"deadline": "realtime", "cpu-used": "-6", "lag-in-frames": "0"}
    frames: list[LoopFrame] = []
    for number in range(seconds * FPS):
        frame = av.VideoFrame.from_ndarray(_picture(name, hue, number, size), "rgb24").reformat(
            format="yuv420p", dst_colorspace="ITU709"
        )
        frame.pts = number
        if number % (FPS // 2) == 0:
            frame.pict_type = av.video.frame.PictureType.I
        for packet in encoder.encode(frame):
            payloads = payloads_of(codec, bytes(packet), len(frames))
            frames.append(LoopFrame(tuple(payloads), packet.is_keyframe))
    for packet in encoder.encode(None):
        frames.append(LoopFrame(tuple(payloads_of(codec, bytes(packet), len(frames))), packet.is_keyframe))
    return tuple(frames)


def _encode_sound(seconds: int, tone_hz: float) -> tuple[bytes, ...]:
    at = (np.arange(seconds * RATE) + OPUS_DELAY) % (seconds * RATE) / RATE
    wave = np.where(at % 1 < BEEP_S, BEEP_LEVEL * np.sin(2 * np.pi * BEEP_HZ * at), 0)
    if tone_hz:
        wave += HUM_LEVEL * np.sin(2 * np.pi * tone_hz * at)
    encoder = av.CodecContext.create("libopus", "w")
    encoder.sample_rate = RATE
    encoder.layout = "mono"
    encoder.format = "s16"
    encoder.bit_rate = 48_000
    encoder.options = {"application": "lowdelay", "frame_duration": "20"}
    samples = (wave * 32767).astype(np.int16)
    packets: list[bytes] = []
    # the loop's end first, so that the encoder's memory at the beginning is the loop's own
    for start in range(-4 * BLOCK, len(samples), BLOCK):
        block = np.take(samples, range(start, start + BLOCK), mode="wrap")
        frame = av.AudioFrame.from_ndarray(block[None, :], "s16", "mono")
        frame.sample_rate = RATE
        frame.pts = start + 4 * BLOCK
        packets += [bytes(packet) for packet in encoder.encode(frame)]
    return tuple(packets[4 : 4 + seconds * RATE // BLOCK])
