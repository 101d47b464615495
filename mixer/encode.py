"""Video encoders: one picture in, one packet out, no delay. No threads of ours and no clock here.

H.264 is x264 with ``zerolatency``, VP8 is libvpx in realtime mode. Keyframes come only where the caller asks
for them, so that they lie on a grid of ticks. Colours are tagged BT.709, limited range.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import av
import numpy as np
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType
from numpy.typing import NDArray

from mixer import headers
from mixer.buswire import Packet
from mixer.picture import i420_bytes, view_i420

VideoCodec = Literal["h264", "vp8"]

_NEVER = 1 << 20
"""Pictures between keyframes that the encoder would make by itself."""
_BT709 = 1
_LIMITED = 1


@dataclass(frozen=True, slots=True)
class VideoSettings:
    """How to encode. ``width`` and ``height`` even; ``bitrate`` in bit/s.

    ``constant``: a bit rate that stays constant on a still picture, too, by filler (``nal-hrd=cbr``), and
    parameter sets beside the stream, as ingests and files want it. Otherwise (browsers) the bit rate is
    capped, nothing is filled in, and each H.264 keyframe carries its parameter sets.
    """

    codec: VideoCodec
    width: int
    height: int
    fps: Fraction
    bitrate: int
    preset: str = "superfast"
    constant: bool = False
    threads: int = 2


class VideoEncoder:
    """One open encoder. ``nut`` holds its parameters (see :mod:`mixer.headers`).

    Raises av.FFmpegError when the settings are not to the codec's liking. Not thread-safe.
    """

    def __init__(self, stream: str, settings: VideoSettings) -> None:
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
        context.colorspace = context.color_primaries = context.color_trc = _BT709
        context.options = _h264(settings) if settings.codec == "h264" else _vp8(settings)
        self._context = context
        self.nut = headers.finish(container, target, context.time_base)

    def encode(self, buffer: NDArray[np.uint8], pts: int, key: bool) -> list[Packet]:
        """Encode one packed I420 picture (flat uint8). ``pts`` in ticks; must rise. Raises av.FFmpegError.

        The buffer is free again when this returns.
        """
        frame = _frame_of(buffer, self.settings.width, self.settings.height)
        frame.pts = pts
        frame.time_base = self._context.time_base
        frame.color_range = _LIMITED
        frame.colorspace = frame.color_primaries = frame.color_trc = _BT709
        frame.pict_type = PictureType.I if key else PictureType.NONE
        return [
            Packet(self.stream, p.pts or 0, p.dts or 0, 1, p.is_keyframe, bytes(p))
            for p in self._context.encode(frame)
        ]


def encode_slate(stream: str, settings: VideoSettings, buffer: NDArray[np.uint8]) -> tuple[Packet, ...]:
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
