"""Video encoders: one picture in, one packet out, no delay. No threads of ours and no clock here.

H.264 is x264 with ``zerolatency``, VP8 is libvpx in realtime mode. Keyframes come only where the caller asks
for them, so that they lie on a grid of ticks. Colours are tagged BT.709, limited range; VP8 has no tags and
one matrix, BT.601's (RFC 6386 §9.2), so its pictures are converted.

A stream can be encoded with less :data:`Effort` and stay the same stream: its parameter sets are the same
bytes, so an encoder may take over from another at a keyframe and no receiver notices.
"""

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

import av
import numpy as np
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType
from numpy.typing import NDArray

from mixer.compose.colour_convert import HOUSE, ColourEncoding, convert
from mixer.containers import headers
from mixer.contract.names import PictureCodec, StreamName, picture_stream
from mixer.contract.picture import i420_bytes, view_i420
from mixer.ipc.bus.packets import Packet

Effort = Literal["full", "eased"]
"""``full``: the preset. ``eased``: without what x264 may leave out of that preset in the same stream."""

_NEVER = 1 << 20
"""Pictures between keyframes that the encoder would make by itself."""
_BT709 = 1
_LIMITED = 1
_VP8 = ColourEncoding("bt601")
_EASED = "subme=0:me=dia:partitions=none:no-mixed-refs=1:trellis=0:aq-mode=0:no-psy=1:weightp=1:no-deblock=1"
"""What x264 decides for each picture: none of it is told in the parameter sets. CABAC, 8×8 transforms,
reference pictures and the use of weights are, and stay."""
_LEAST_PRESET = "ultrafast"
_TRIAL = picture_stream("trial")
"""The stream of encoders that are opened to compare."""
"""There is nothing to leave out of this one."""
_PSY_PRESETS = frozenset({"fast", "medium", "slow", "slower", "veryslow", "placebo"})
"""From subme 6 on, x264's psychovisual optimisation lowers the chroma's quantiser by 2, told in the PPS."""


@dataclass(frozen=True, slots=True)
class VideoSettings:
    """How to encode. ``width`` and ``height`` even; ``bitrate`` in bit/s.

    ``constant``: a bit rate that stays constant on a still picture, too, by filler (``nal-hrd=cbr``), and
    parameter sets beside the stream, as ingests and files want it. Otherwise (browsers) the bit rate is
    capped, nothing is filled in, and each H.264 keyframe carries its parameter sets.
    """

    codec: PictureCodec
    width: int
    height: int
    fps: Fraction
    bitrate: int
    preset: str = "superfast"
    constant: bool = False
    threads: int = 2
    effort: Effort = "full"
    """``eased`` only for H.264."""


class VideoEncoder:
    """One open encoder. ``nut`` holds its parameters (see :mod:`mixer.containers.headers`). Opening one takes
    2 ms.

    Raises av.FFmpegError when the settings are not to the codec's liking. Not thread-safe.
    """

    def __init__(self, stream: StreamName, settings: VideoSettings) -> None:
        self.stream = stream
        self.settings = settings
        container, target = headers.new_container()
        name = "libx264" if settings.codec == "h264" else "libvpx"
        context = container.add_stream(name, rate=settings.fps).codec_context
        assert isinstance(context, VideoCodecContext)
        context.width, context.height = settings.width, settings.height
        context.pix_fmt = "yuv420p"
        context.time_base = 1 / settings.fps
        context.sample_aspect_ratio = Fraction(1)
        context.bit_rate = settings.bitrate
        context.gop_size = _NEVER
        context.max_b_frames = 0
        context.thread_count = settings.threads
        context.color_range = _LIMITED
        if settings.codec == "h264":
            context.colorspace = context.color_primaries = context.color_trc = _BT709
        context.options = _h264(settings) if settings.codec == "h264" else _vp8(settings)
        self._context = context
        self._scratch = np.empty(0, np.uint8)
        self.nut = headers.finish(container, target, context.time_base)

    def encode(self, buffer: NDArray[np.uint8], pts: int, key: bool) -> list[Packet]:
        """Encode one packed I420 picture (flat uint8). ``pts`` in ticks; must rise. Raises av.FFmpegError.

        The buffer is free again when this returns.
        """
        frame = _frame_of(self._converted(buffer), self.settings.width, self.settings.height)
        frame.pts = pts
        frame.time_base = self._context.time_base
        frame.color_range = _LIMITED
        if self.settings.codec == "h264":
            frame.colorspace = frame.color_primaries = frame.color_trc = _BT709
        frame.pict_type = PictureType.I if key else PictureType.NONE
        return [
            Packet(self.stream, p.pts or 0, p.dts or 0, 1, p.is_keyframe, bytes(p))
            for p in self._context.encode(frame)
        ]

    def _converted(self, buffer: NDArray[np.uint8]) -> NDArray[np.uint8]:
        if self.settings.codec == "h264":
            return buffer
        size = self.settings.width, self.settings.height
        if len(self._scratch) != i420_bytes(*size):
            self._scratch = np.empty(i420_bytes(*size), np.uint8)
        convert(view_i420(buffer, *size), HOUSE, view_i420(self._scratch, *size), _VP8)
        return self._scratch


def can_ease(settings: VideoSettings) -> bool:
    """Return whether less effort saves work and gives the same stream: an encoder is opened to compare.

    Not for other codecs than H.264 and rates that aren't constant. Raises av.FFmpegError when the settings
    are not to the codec's liking.
    """
    if settings.codec != "h264" or not settings.constant or settings.preset == _LEAST_PRESET:
        return False
    return take_over(_TRIAL, settings, VideoEncoder(_TRIAL, settings).nut, "eased") is not None


def take_over(stream: StreamName, settings: VideoSettings, nut: bytes, effort: Effort) -> VideoEncoder | None:
    """An encoder that goes on at this effort with a stream that was announced with the parameters ``nut``.

    None when its own are not the same bytes: receivers would need them.
    """
    encoder = VideoEncoder(stream, replace(settings, effort=effort))
    return encoder if encoder.nut == nut else None


def filler(size: int) -> bytes:
    """A filler NAL unit of H.264 (7.3.2.7) of ``size`` bytes, Annex B; at least 6. It follows a picture's."""
    return b"\0\0\0\1\x0c" + b"\xff" * (size - 6) + b"\x80"


def encode_slate(
    stream: StreamName, settings: VideoSettings, buffer: NDArray[np.uint8]
) -> tuple[Packet, ...]:
    """One second of a still picture as a closed group of pictures, pts from 0, by an encoder of its own."""
    encoder = VideoEncoder(stream, settings)
    packets: list[Packet] = []
    for pts in range(max(1, round(settings.fps))):
        packets += encoder.encode(buffer, pts, key=pts == 0)
    return tuple(packets)


def _frame_of(buffer: NDArray[np.uint8], width: int, height: int) -> av.VideoFrame:
    if height % 4 == 0:  # else PyAV rounds the height down without a word
        rows = buffer[: i420_bytes(width, height)].reshape(height * 3 // 2, width)
        return av.VideoFrame.from_numpy_buffer(rows, "yuv420p")
    frame = av.VideoFrame(width, height, "yuv420p")
    for plane, source in zip(frame.planes, view_i420(buffer, width, height), strict=True):
        rows = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)  # type: ignore[call-overload]
        rows[: source.shape[0], : source.shape[1]] = source
    return frame


def _h264(settings: VideoSettings) -> dict[str, str]:
    rate = settings.bitrate
    params = ["scenecut=0", "open-gop=0"]
    options = {
        "preset": settings.preset,
        "tune": "zerolatency",
        "forced-idr": "1",
        "maxrate": str(rate),
        "bufsize": str(rate if settings.constant else rate // 2),
    }
    if settings.constant:
        options["nal-hrd"] = "cbr"
    else:
        params.append("repeat-headers=1")
    if settings.effort == "eased":
        params.append(_EASED)
        if settings.preset in _PSY_PRESETS:
            params.append("chroma-qp-offset=-2")
    options["x264-params"] = ":".join(params)
    return options


def _vp8(settings: VideoSettings) -> dict[str, str]:
    rate = str(settings.bitrate)
    return {
        "deadline": "realtime",
        "cpu-used": "8",
        "lag-in-frames": "0",
        "minrate": rate,
        "maxrate": rate,
        "bufsize": str(settings.bitrate // 2),
        "error-resilient": "default",
    }
