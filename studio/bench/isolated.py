"""The codecs' isolated cost of a plenary: each codec in a plain loop, at the rates the show has them."""

import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from mixer.picture import i420_bytes, view_i420
from studio.bench.codecs import (
    Buffer,
    aac_share,
    decode_ms,
    encode_ms,
    opus_decode_ms,
    opus_share,
    packed,
    settings_of,
)
from studio.bench.generator import GRAIN, VARIANTS
from studio.cast import guests_of
from studio.config import Encoding, Settings
from studio.rehearse import RATES, Loops, fitting

FPS = 30
_BLOCKS_PER_S = 50
RETURN = (640, 360)


def codecs_cores(
    sent: Sequence[Mapping[str, Any]], heard: int, programme: Sequence[av.VideoFrame]
) -> dict[str, float]:
    """Cores by codec: decoding what guests send (``[{"width", "height", "fps", "guests"}]``) and ``heard``
    microphones; encoding these pictures of the programme as such, as a wall and as return, AAC, and Opus for
    all and for each who is heard. Settings are the defaults."""
    decoding = 0.0
    variants = [Loops(part, GRAIN) for part in guests_of(VARIANTS)]  # the very loops that the generator sends
    for kind in sent:
        size = fitting(kind["width"], kind["height"])
        rate = min(RATES, key=lambda each: abs(each - kind["fps"]))
        once = statistics.mean(decode_ms(loops.now(size, rate)) for loops in variants)
        decoding += once / 1000 * kind["fps"] * kind["guests"]
    sound = variants[0].now(fitting(480, 270))
    defaults = Settings()
    renditions, audio = defaults.renditions, defaults.audio
    size = (programme[0].width, programme[0].height)
    pictures = [packed(frame) for frame in programme]
    returned = [_scaled(picture, size, RETURN) for picture in pictures]

    def encoding(pictures: Sequence[Buffer], size: tuple[int, int], how: Encoding, constant: bool) -> float:
        return encode_ms(settings_of(*size, how.bitrate, how.preset, constant), pictures) / 1000 * FPS

    return {
        "decode_h264": decoding,
        "decode_opus": opus_decode_ms(sound) / 1000 * _BLOCKS_PER_S * heard,
        "encode_program": encoding(pictures, size, renditions.program, True),
        "encode_wall": encoding(pictures, size, renditions.wall, False),
        "encode_return": encoding(returned, RETURN, renditions.return_feed, False),
        "encode_aac": aac_share(audio.aac_bitrate),
        "encode_opus": opus_share(audio.opus_bitrate) * (heard + 1),
    }


def recorded(file: Path) -> list[av.VideoFrame]:
    """The last whole group of pictures of a recording that may still be growing. Raises ValueError."""
    groups: list[list[Any]] = []
    with av.open(str(file)) as container:
        stream = container.streams.video[0]
        for packet in container.demux(stream):
            if packet.is_keyframe:
                groups = [*groups[-1:], []]
            if groups and packet.size:
                groups[-1].append(packet)
        if len(groups) < 2:
            raise ValueError("the recording is too short")
        frames = [frame for packet in groups[0] for frame in stream.codec_context.decode(packet)]
        return frames + stream.codec_context.decode(None)


def _scaled(picture: Buffer, size: tuple[int, int], to: tuple[int, int]) -> Buffer:
    target = np.empty(i420_bytes(*to), np.uint8)
    for of, plane in zip(view_i420(picture, *size), view_i420(target, *to), strict=True):
        cv2.resize(of, (plane.shape[1], plane.shape[0]), dst=plane, interpolation=cv2.INTER_AREA)
    return target
