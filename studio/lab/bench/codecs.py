"""What codecs alone cost: each in a plain loop, CPU of this process and nothing else in it.

The sum over a show is what no studio can go below with these codecs, and what ours is compared with.
"""

import time
from collections.abc import Callable, Sequence
from fractions import Fraction

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from av.video.codeccontext import VideoCodecContext
from numpy.typing import NDArray

from mixer.contract.clock import RATE
from mixer.contract.names import picture_stream, sound_stream
from mixer.contract.picture import Picture, i420_bytes, view_i420
from mixer.encode.audio import AAC_BLOCK, OPUS_BLOCK, AacEncoder, OpusEncoder
from mixer.encode.video import VideoEncoder, VideoSettings
from mixer.ipc.slot import Samples
from signaling.rtc.synthetic.loops import Loop
from signaling.rtc.video.bitstream import depayload_h264

Buffer = NDArray[np.uint8]
"""One packed I420 picture."""


def cpu_s(work: Callable[[], object]) -> float:
    """CPU seconds, of all threads of this process, that ``work`` takes."""
    before = time.process_time()
    work()
    return time.process_time() - before


def coded_pictures(loop: Loop) -> list[bytes]:
    """A loop's H.264 pictures as its packets put together give them."""
    return [b"".join(depayload_h264(payload).data for payload in frame.payloads) for frame in loop.video]


def decode_ms(loop: Loop, rounds: int = 2) -> float:
    """CPU milliseconds to decode one picture of the loop, one thread, as in the shard."""
    pictures = coded_pictures(loop)
    context = av.CodecContext.create("h264", "r")
    assert isinstance(context, VideoCodecContext)
    context.thread_count = 1

    def decode() -> None:
        for _ in range(rounds):
            for data in pictures:
                context.decode(av.Packet(data))

    return cpu_s(decode) * 1000 / (rounds * len(pictures))


def opus_decode_ms(loop: Loop) -> float:
    """CPU milliseconds to decode one block of 20 ms of the loop's sound."""
    context = av.CodecContext.create("libopus", "r")
    assert isinstance(context, AudioCodecContext)
    context.sample_rate = RATE
    packets = loop.audio * 2

    def decode() -> None:
        for data in packets:
            context.decode(av.Packet(data))

    return cpu_s(decode) * 1000 / len(packets)


def encode_ms(settings: VideoSettings, pictures: Sequence[Buffer]) -> float:
    """CPU milliseconds to encode one of these pictures, a keyframe each 2 s."""
    encoder = VideoEncoder(picture_stream("bench"), settings)
    keyframe = round(2 * settings.fps)

    def encode() -> None:
        for number, picture in enumerate(pictures):
            encoder.encode(picture, number, number % keyframe == 0)

    return cpu_s(encode) * 1000 / max(1, len(pictures))


def aac_share(bitrate: int, sound: Samples) -> float:
    """Share of a core for one AAC of this sound, float32 of shape (n, 2)."""
    encoder = AacEncoder(sound_stream("bench"), bitrate)
    return cpu_s(lambda: _push(encoder, AAC_BLOCK, sound)) * RATE / len(sound)


def opus_share(bitrate: int, sound: Samples) -> float:
    """Share of a core for one Opus as guests get it."""
    encoder = OpusEncoder(sound_stream("bench", "opus"), bitrate)
    return cpu_s(lambda: _push(encoder, OPUS_BLOCK, sound)) * RATE / len(sound)


def _push(encoder: AacEncoder | OpusEncoder, block: int, sound: Samples) -> None:
    for start in range(0, len(sound) - block + 1, block):
        encoder.push(start, sound[start : start + block])


def decoded(loop: Loop) -> list[Picture]:
    """A loop's pictures."""
    context = av.CodecContext.create("h264", "r")
    assert isinstance(context, VideoCodecContext)
    frames = [frame for data in coded_pictures(loop) for frame in context.decode(av.Packet(data))]
    return [view_i420(packed(frame), frame.width, frame.height) for frame in frames]


def decoded_sound(loop: Loop) -> Samples:
    """A loop's sound: float32 of shape (n, 2)."""
    context = av.CodecContext.create("libopus", "r")
    assert isinstance(context, AudioCodecContext)
    context.sample_rate = RATE
    context.layout = "stereo"
    context.format = "s16"
    frames = [frame for data in loop.audio for frame in context.decode(av.Packet(data))]
    blocks = [frame.to_ndarray().reshape(-1, 2) for frame in frames]
    return np.concatenate(blocks).astype(np.float32) / np.float32(32768)


def packed(frame: av.VideoFrame) -> Buffer:
    """A decoded picture without the decoder's padding."""
    flat = np.empty(i420_bytes(frame.width, frame.height), np.uint8)
    at = 0
    for plane, shift in zip(frame.planes, (0, 1, 1), strict=True):
        width, height = -(-frame.width >> shift), -(-frame.height >> shift)
        rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)[:height, :width]
        flat[at : at + width * height] = rows.reshape(-1)
        at += width * height
    return flat


def settings_of(width: int, height: int, bitrate: int, preset: str, constant: bool) -> VideoSettings:
    """Return the settings with which the mixer encodes a rendition at 30 pictures a second."""
    return VideoSettings("h264", width, height, Fraction(30), bitrate, preset, constant)
