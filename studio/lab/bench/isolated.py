"""The codecs' isolated cost of a plenary: each codec in a plain loop, at the rates the show has them."""

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

import cv2
import numpy as np

from mixer.compose.compositor import Compositor, SourcePicture
from mixer.contract.names import of_seat
from mixer.contract.picture import i420_bytes, view_i420
from mixer.contract.plan import CanvasPlan, MixPlan, Plate, Tile
from mixer.graphics.graphics import Graphics
from mixer.ipc.slot import Samples
from signaling.rtc.synthetic.loops import Loop
from studio.contract.config import Encoding, Settings
from studio.contract.paths import FONTS
from studio.lab.bench.codecs import (
    Buffer,
    aac_share,
    decode_ms,
    decoded,
    decoded_sound,
    encode_ms,
    opus_decode_ms,
    opus_share,
    settings_of,
)
from studio.lab.cast import guests_of
from studio.lab.guest_loops import RATES, VARIANTS, Loops, fitting
from studio.lab.harness.generator import GRAIN, SEEN
from studio.planning.layout import solve

FPS = 30
_BLOCKS_PER_S = 50
RETURN = (640, 360)


def codecs_cores(sent: Sequence[Mapping[str, Any]], heard: int, visible: int) -> dict[str, float]:
    """Cores by codec: decoding what guests send (``[{"width", "height", "fps", "guests"}]``) and ``heard``
    microphones; encoding a programme of ``visible`` tiles as such, as a wall and as return, AAC, and Opus for
    all and for each who is heard. Settings are the defaults."""
    decoding = 0.0
    variants = [Loops(part, GRAIN) for part in guests_of(VARIANTS)]  # the very loops that the generator sends
    for kind in sent:
        size = fitting(kind["width"], kind["height"])
        rate = min(RATES, key=lambda each: abs(each - kind["fps"]))
        once = statistics.mean(decode_ms(loops.now(size, rate)) for loops in variants)
        decoding += once / 1000 * kind["fps"] * kind["guests"]
    playing = [loops.now(SEEN) for loops in variants]
    sound = mixed(playing, heard)
    defaults = Settings()
    renditions, audio = defaults.renditions, defaults.audio
    size = defaults.video.program
    tiles = [
        Tile(rect, of_seat(str(number)), plate=Plate(f"Guest {number}", "Rehearsal"))
        for number, rect in enumerate(solve("grid", visible, *size))
    ]
    pictures = composed(playing, tiles, size)
    returned = [_scaled(picture, size, RETURN) for picture in pictures]

    def encoding(pictures: Sequence[Buffer], size: tuple[int, int], how: Encoding, constant: bool) -> float:
        return encode_ms(settings_of(*size, how.bitrate, how.preset, constant), pictures) / 1000 * FPS

    return {
        "decode_h264": decoding,
        "decode_opus": opus_decode_ms(playing[0]) / 1000 * _BLOCKS_PER_S * heard,
        "encode_program": encoding(pictures, size, renditions.program, True),
        "encode_wall": encoding(pictures, size, renditions.wall, False),
        "encode_return": encoding(returned, RETURN, renditions.return_feed, False),
        "encode_aac": aac_share(audio.aac_bitrate, sound),
        "encode_opus": opus_share(audio.opus_bitrate, sound) * (heard + 1),
    }


def composed(loops: Sequence[Loop], tiles: Sequence[Tile], canvas: tuple[int, int]) -> list[Buffer]:
    """Two seconds of the programme as the mixer would compose it of these loops: what its encoders are given.

    The loops fill the tiles in turn, each tile at another moment of its loop.
    """
    films = [decoded(loop) for loop in loops]
    graphics = Graphics(FONTS, "bench")
    plan = CanvasPlan(*canvas, tuple(tiles))
    graphics.prepare(MixPlan(1, {"program": plan}))
    compositor = Compositor(graphics, *canvas)
    pictures = []
    for number in range(2 * FPS):
        sources = {}
        for index, tile in enumerate(tiles):
            film = films[index % len(films)]
            at = (number + 7 * index) % len(film)
            sources[tile.source] = SourcePicture("live", film[at], number + 1)
        done = compositor.compose(plan, sources, {}, {})
        assert done is not None
        pictures.append(done.buffer.copy())
        done.release()
    return pictures


def mixed(loops: Sequence[Loop], heard: int) -> Samples:
    """The sound of so many of these loops together: float32 of shape (n, 2)."""
    voices = [decoded_sound(loop) for loop in loops]
    count = min(map(len, voices))
    total = sum(np.roll(voices[index % len(voices)][:count], 6000 * index, axis=0) for index in range(heard))
    return np.asarray(total, np.float32)


def _scaled(picture: Buffer, size: tuple[int, int], to: tuple[int, int]) -> Buffer:
    target = np.empty(i420_bytes(*to), np.uint8)
    for of, plane in zip(view_i420(picture, *size), view_i420(target, *to), strict=True):
        cv2.resize(of, (plane.shape[1], plane.shape[0]), dst=plane, interpolation=cv2.INTER_AREA)
    return target
