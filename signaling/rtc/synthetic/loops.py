"""Moving pictures and sound for rehearsals: encoded once, cut into packets once, shared by all guests.

A loop shows somebody in front of the guest's own colour with a name and a running timecode, and at each full
second a lamp that flashes together with the start of a 1 kHz beep: what is needed to see lip sync, freezes
and who is who.
"""

import colorsys
import functools
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

import av
import numpy as np
from av.video.codeccontext import VideoCodecContext
from numpy.typing import NDArray

from signaling.rtc.returns.returns import payloads_of

FPS = 30
RATE = 48_000
BLOCK = 960
FLASH_FRAMES = 2
BEEP_HZ, BEEP_S, BEEP_LEVEL = 1000, 0.06, 0.2
"""The level of a voice, −14 dBFS: a few guests at once don't keep the programme's limiter at work."""
HUM_LEVEL = 0.05
OPUS_DELAY = 312
"""Samples by which libopus' output lags its input; taken off, so that the beep is on the frame."""

_LIMITED = _BT709 = 1
"""AVColorRange and, of all three, AVColorSpace."""

Rgb = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class LoopFrame:
    payloads: tuple[bytes, ...]
    key: bool


class GuestMedia(Protocol):
    """What a guest plays: a :class:`Loop`, or a :class:`~signaling.rtc.synthetic.camera.Camera`.

    Pictures and blocks are asked for by number from 0 on, in order; a guest that was held up leaves some out.
    """

    @property
    def codec(self) -> str: ...
    def picture(self, number: int) -> LoopFrame: ...
    def sound(self, number: int) -> bytes: ...
    def ask_key(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Loop:
    """``video``: one entry a frame at 30 fps, RTP payloads of ``codec`` (``h264`` or ``vp8``), none where a
    slower loop has no picture; ``audio``: one Opus packet a 20 ms. Both last the same and begin again without
    a seam."""

    name: str
    codec: str
    width: int
    height: int
    video: tuple[LoopFrame, ...]
    audio: tuple[bytes, ...]

    @property
    def seconds(self) -> float:
        return len(self.video) / FPS

    def picture(self, number: int) -> LoopFrame:
        return self.video[number % len(self.video)]

    def sound(self, number: int) -> bytes:
        return self.audio[number % len(self.audio)]

    def ask_key(self) -> None:
        """The loop's next keyframe is half a second away at most."""


def make_loop(
    name: str,
    hue: float,
    seconds: int = 4,
    size: tuple[int, int] = (640, 360),
    *,
    codec: str = "h264",
    bitrate: int = 600_000,
    tone_hz: float = 0.0,
    fps: int = FPS,
    grain: float = 0.0,
    audio: tuple[bytes, ...] = (),
) -> Loop:
    """Draw and encode a loop: ``hue`` 0 … 1, keyframes each 0.5 s, ``tone_hz`` a quiet tone of its own all
    the time (0: none), ``grain``: see :func:`draw`. ``fps`` divides 30. ``audio``: sound of that length from
    :func:`encode_sound`, in place of one of its own. Takes about 7 ms a frame at 640×360. Raises
    ValueError."""
    if FPS % fps:
        raise ValueError(f"{fps} does not divide {FPS}")
    video = _encode_pictures(name, hue, seconds, size, codec, bitrate, FPS // fps, grain)
    return Loop(name, codec, *size, video, audio or encode_sound(seconds, tone_hz))


def flash_area(width: int, height: int) -> tuple[slice, slice]:
    """Rows and columns of the lamp that flashes at each full second, in a picture of that size."""
    return slice(height // 10, height * 4 // 10), slice(width * 64 // 100, width * 90 // 100)


def _picture(name: str, hue: float, number: int, size: tuple[int, int]) -> Rgb:
    """Somebody sits in front of a coloured wall and moves a little; beside them a lamp, name and timecode."""
    import cv2

    width, height = size
    wall, shadow, figure = (_rgb(hue, s, v) for s, v in ((0.65, 0.62), (0.75, 0.30), (0.45, 0.20)))
    fade = np.linspace(0, 1, height)[:, None, None]
    rows_of_wall = (wall * (1 - fade) + shadow * fade).astype(np.uint8)
    image: Rgb = np.repeat(rows_of_wall, width, axis=1)
    sway = width / 60 * np.sin(2 * np.pi * number / FPS / 2)
    middle = (round(width * 0.42 + sway), round(height * 0.54))
    body = (round(width * 0.42 + sway / 2), round(height * 1.10))
    for centre, axes in ((body, (height * 0.42, height * 0.38)), (middle, (height * 0.135, height * 0.175))):
        cv2.ellipse(
            image, centre, (round(axes[0]), round(axes[1])), 0, 0, 360, figure.tolist(), -1, cv2.LINE_AA
        )
    rows, columns = flash_area(width, height)
    image[rows, columns] = 255 if number % FPS < FLASH_FRAMES else image[rows, columns] // 3
    text = f"{number // FPS:02d}:{number % FPS:02d}"
    for line, y, scale in ((name, 0.14, height / 420), (text, 0.25, height / 560)):
        cv2.putText(
            image, line, (width // 10, round(height * y)), cv2.FONT_HERSHEY_SIMPLEX, scale, (255, 255, 255),
            max(1, round(scale * 2)), cv2.LINE_AA,
        )  # fmt: skip
    return image


def _rgb(hue: float, saturation: float, value: float) -> NDArray[np.float64]:
    return np.array([255 * part for part in colorsys.hsv_to_rgb(hue, saturation, value)])


def draw(
    name: str, hue: float, number: int, size: tuple[int, int], grain: float = 0.0, codec: str = "h264"
) -> av.VideoFrame:
    """Picture ``number`` of a loop, not yet encoded: yuv420p, BT.709 for H.264, BT.601 for VP8, which has
    nothing else.

    ``grain``: a room with things in it, not a smooth wall, and a camera's noise over all of it: its standard
    deviation in code values (0: neither). Codecs have as much to do with it as with a real picture.
    """
    picture = _picture(name, hue, number, size)
    if grain:
        picture = np.clip(picture + _room(size) + _noise(number, size, grain), 0, 255).astype(np.uint8)
    matrix = "ITU709" if codec == "h264" else "ITU601"
    return av.VideoFrame.from_ndarray(picture, "rgb24").reformat(format="yuv420p", dst_colorspace=matrix)


@functools.lru_cache(maxsize=8)
def _room(size: tuple[int, int]) -> NDArray[np.int16]:
    """Lighter and darker blocks like a shelf's, the same in each picture; shape (h, w, 1)."""
    import cv2

    blocks = np.random.default_rng(7).normal(0, 14, (18, 32)).astype(np.float32)
    return cv2.resize(blocks, size, interpolation=cv2.INTER_NEAREST).astype(np.int16)[..., None]


def _noise(number: int, size: tuple[int, int], grain: float) -> NDArray[np.int16]:
    noise = np.random.default_rng(number).normal(0, grain, (size[1], size[0], 1))
    return np.rint(noise).astype(np.int16)


def open_encoder(codec: str, size: tuple[int, int], bitrate: int, group: int) -> VideoCodecContext:
    """An encoder as a browser's: no delay, one thread, Baseline, H.264 tagged BT.709; at most ``group``
    pictures from one keyframe to the next."""
    encoder = av.CodecContext.create("libx264" if codec == "h264" else "libvpx", "w")
    assert isinstance(encoder, VideoCodecContext)
    encoder.width, encoder.height = size
    encoder.pix_fmt = "yuv420p"
    encoder.time_base = Fraction(1, FPS)
    encoder.framerate = Fraction(FPS)
    encoder.bit_rate = bitrate
    encoder.gop_size = group
    encoder.thread_count = 1
    if codec == "h264":
        encoder.color_range = _LIMITED
        encoder.colorspace = encoder.color_primaries = encoder.color_trc = _BT709
        encoder.profile = "Baseline"
        encoder.options = {
            "preset": "ultrafast",
            "tune": "zerolatency",
            "x264-params": f"scenecut=0:vbv-maxrate={bitrate // 1000}:vbv-bufsize={bitrate // 2000}",
        }
    else:
        encoder.options = {"deadline": "realtime", "cpu-used": "-6", "lag-in-frames": "0"}
    return encoder


def _encode_pictures(
    name: str,
    hue: float,
    seconds: int,
    size: tuple[int, int],
    codec: str,
    bitrate: int,
    step: int,
    grain: float,
) -> tuple[LoopFrame, ...]:
    # It takes each picture for a 30th of a second: a slower loop's may be as much larger.
    encoder = open_encoder(codec, size, bitrate * step, FPS // 2)
    frames: list[LoopFrame] = []
    for number in range(seconds * FPS):
        if number % step:
            frames.append(LoopFrame((), False))
            continue
        frame = draw(name, hue, number, size, grain, codec)
        frame.pts = number // step
        if number % (FPS // 2) < step:
            frame.pict_type = av.video.frame.PictureType.I
        for packet in encoder.encode(frame):
            payloads = payloads_of(codec, bytes(packet), len(frames))
            frames.append(LoopFrame(tuple(payloads), packet.is_keyframe))
    for packet in encoder.encode(None):
        frames.append(LoopFrame(tuple(payloads_of(codec, bytes(packet), len(frames))), packet.is_keyframe))
    return tuple(frames)


def encode_sound(seconds: int, tone_hz: float) -> tuple[bytes, ...]:
    """A loop's sound: one Opus packet a 20 ms, for ``seconds``."""
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
