"""HDR and wide colours → the house's own: BT.709, SDR. HLG and PQ (BT.2100), primaries of BT.2020 and P3.

White of a title or a shirt (203 nits, ITU-R BT.2408) keeps its place near SDR's white, and what is brighter
is pressed into the little that is left above it. Hue stays; colours that BT.709 doesn't have lose saturation.

It is done by tables, so that 1080p30 costs a third of a core: luma has one of its own; chroma, and what
chroma does to luma, are looked up once for each 2 × 2 pixels, with a noise of one step around what the table
has, so that no edges are seen between its entries.
"""

import functools
from collections.abc import Sequence
from typing import Literal, NamedTuple

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from mixer.compose.colour_convert import ColourEncoding, weights
from mixer.contract.picture import Picture

Transfer = Literal["sdr", "hlg", "pq"]
Primaries = Literal["bt709", "bt2020", "p3"]
Deep = NDArray[np.uint16]
"""A plane of 10-bit code values."""
Floats = NDArray[np.float32]

_TRANSFERS: dict[int, Transfer] = {16: "pq", 18: "hlg"}
_PRIMARIES: dict[int, Primaries] = {9: "bt2020", 11: "p3", 12: "p3"}
_UNTOLD = (0, 2)
_TO_709: dict[Primaries, list[list[float]]] = {
    "bt709": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
    "bt2020": [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]],
    "p3": [[1.2249, -0.2247, 0], [-0.0420, 1.0419, 0], [-0.0197, -0.0786, 1.0979]],
}
"""Linear light, D65: ITU-R BT.2087; SMPTE EG 432-1."""
_WHITE, _PEAK = 203.0, 1000.0
"""Nits."""
_KNEE = 0.7
"""Of white: up to here light stays as it is."""
_GAMMA = 2.4
"""ITU-R BT.1886."""
_LUMA, _CHROMA = 4, 3
"""Bits that the table leaves out."""
_LEVELS = 66
_ROOM = 2.0


class Colour(NamedTuple):
    """What a frame's numbers mean."""

    encoding: ColourEncoding
    transfer: Transfer = "sdr"
    primaries: Primaries = "bt709"

    @property
    def plain(self) -> bool:
        """SDR of ordinary primaries: nothing here is needed."""
        return self.transfer == "sdr" and self.primaries == "bt709"

    @property
    def name(self) -> str:
        """Name for people: ``HLG BT.2020``; empty for what is ordinary."""
        words = {"sdr": "", "hlg": "HLG", "pq": "PQ", "bt709": "BT.709", "bt2020": "BT.2020", "p3": "P3"}
        return "" if self.plain else f"{words[self.transfer]} {words[self.primaries]}".strip()


class FileColour(NamedTuple):
    """What a file says of its pictures' colours, for those that say nothing themselves: numbers of ITU-T
    H.273, 2 for unspecified; the range as FFmpeg has it, 0 for unspecified."""

    transfer: int = 2
    primaries: int = 2
    matrix: int = 2
    range: int = 0


def told_by(stream: av.VideoStream) -> FileColour:
    """Return what the stream says of its colours before it is decoded: ProRes's decoder, for one, forgets
    what the file says."""
    context = stream.codec_context
    return FileColour(
        int(context.color_trc),
        int(context.color_primaries),
        int(context.colorspace),
        int(context.color_range),
    )


def either(frame: int, told: int) -> int:
    """Return what the frame says, else what the file does."""
    return told if frame in _UNTOLD else frame


def colour_of(frame: av.VideoFrame, encoding: ColourEncoding, file: FileColour) -> Colour:
    """Return what the frame, or the file, says of it; HDR that names no primaries has BT.2020's."""
    transfer = _TRANSFERS.get(either(int(frame.color_trc), file.transfer), "sdr")
    told = either(int(frame.color_primaries), file.primaries)
    primaries = _PRIMARIES.get(told, "bt709")
    if told in _UNTOLD and (transfer != "sdr" or encoding.matrix == "bt2020"):
        primaries = "bt2020"
    return Colour(encoding, transfer, primaries)


class ToneMap:
    """One colour's tables. Used by one thread."""

    def __init__(self, colour: Colour) -> None:
        self._luma, self._table = _tables(colour)
        self._noise: tuple[Deep, Deep] | None = None

    def convert(self, planes: Sequence[Deep], into: Picture) -> None:
        """Planes of 10 bits (4:2:0) into ``into``, which has their size."""
        y, u, v = planes
        cv2.LUT(y, self._luma, dst=into.y)
        height, width = u.shape
        middle = np.asarray(cv2.resize(y, (width, height), interpolation=cv2.INTER_AREA), np.uint16)
        if self._noise is None or self._noise[0].shape != u.shape:
            rng = np.random.default_rng(1)
            self._noise = (
                rng.integers(0, 1 << _LUMA, u.shape, np.uint16),
                rng.integers(0, 1 << _CHROMA, u.shape, np.uint16),
            )
        luma, chroma = self._noise
        side = 10 - _CHROMA
        index = ((middle + luma) >> _LUMA).astype(np.intp)
        index <<= side
        index |= (u + chroma) >> _CHROMA
        index <<= side
        index |= (v + chroma) >> _CHROMA
        found = self._table.take(index, mode="clip").view(np.uint8).reshape(height, width, 4)
        offset, blue, red, _ = cv2.split(found)
        np.copyto(into.u, blue)
        np.copyto(into.v, red)
        wide = cv2.merge((offset, offset)).reshape(height, -1)[:, : y.shape[1]]
        for first in (0, 1):
            rows = into.y[first::2]
            if len(rows):
                cv2.addWeighted(rows, 1, wide[: len(rows)], 1 / _ROOM, -128 / _ROOM, dst=rows)


@functools.lru_cache(maxsize=4)
def _tables(colour: Colour) -> tuple[NDArray[np.uint8], NDArray[np.uint32]]:
    """Of each luma without chroma its 8-bit luma; of each luma, Cb, Cr four bytes: what is to be added to
    that, and Cb, Cr."""
    neutral = np.full(1024, 512, np.float32)
    plain = _mapped(colour, np.arange(1024, dtype=np.float32), neutral, neutral)[0]
    luma = np.full(1 << 16, 235, np.uint8)
    luma[:1024] = np.clip(np.rint(plain), 16, 235)
    chroma = np.arange(0, 1024, 1 << _CHROMA, dtype=np.float32)
    blue, red = (each.ravel() for each in np.meshgrid(chroma, chroma, indexing="ij"))
    table = np.empty((_LEVELS, len(blue), 4), np.uint8)
    for level in range(_LEVELS):
        at = min(level << _LUMA, 1023)
        y, u, v = _mapped(colour, np.full_like(blue, at), blue, red)
        for place, values in enumerate((128 + _ROOM * (y - plain[at]), u, v)):
            table[level, :, place] = np.clip(np.rint(values), 0, 255)
        table[level, :, 3] = 0
    return luma, table.reshape(-1, 4).view(np.uint32).ravel()


def _mapped(colour: Colour, y: Floats, cb: Floats, cr: Floats) -> tuple[Floats, Floats, Floats]:
    """10-bit code values → 8-bit ones of BT.709, not rounded."""
    full = colour.encoding.full
    luma = y / 1023 if full else (y - 64) / 876
    blue, red = (((each - 512) / (1023 if full else 896)).astype(np.float32) for each in (cb, cr))
    k_r, k_b = weights(colour.encoding.matrix)
    k_g = 1 - k_r - k_b
    r, b = luma + 2 * (1 - k_r) * red, luma + 2 * (1 - k_b) * blue
    light = _light(colour.transfer, np.clip(np.stack((r, (luma - k_r * r - k_b * b) / k_g, b)), 0, 1))
    light = np.asarray(_TO_709[colour.primaries], np.float32) @ light
    k_r, k_b = weights("bt709")
    share = np.array([k_r, 1 - k_r - k_b, k_b], np.float32)
    bright = np.maximum(share @ light, 0)
    if colour.transfer != "sdr":
        pressed = _pressed(bright)
        light = light * (pressed / np.maximum(bright, 1e-6))
        bright = pressed
    grey = np.clip(bright, 0, 1)
    over, under = np.maximum(light.max(0), 1), np.minimum(light.min(0), 0)
    kept = np.minimum((1 - grey) / np.maximum(over - grey, 1e-6), grey / np.maximum(grey - under, 1e-6))
    light = grey + np.clip(kept, 0, 1) * (light - grey)
    signal = np.clip(light, 0, 1) ** (1 / _GAMMA)
    luma = share @ signal
    return (
        16 + 219 * luma,
        128 + 224 * (signal[2] - luma) / (2 * (1 - k_b)),
        128 + 224 * (signal[0] - luma) / (2 * (1 - k_r)),
    )


def _light(transfer: Transfer, signal: Floats) -> Floats:
    """Light of a display, white being 1. ``signal``: (3, n), red first."""
    if transfer == "sdr":
        return np.asarray(signal**_GAMMA, np.float32)
    if transfer == "pq":
        power = signal ** (32 / 2523)
        level = np.maximum(power - 3424 / 4096, 0) / (2413 / 128 - 2392 / 128 * power)
        return np.asarray(10_000 / _WHITE * level ** (8192 / 1305), np.float32)
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    scene = np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - c) / a) + b) / 12)
    k_r, k_b = weights("bt2020")
    bright = np.array([k_r, 1 - k_r - k_b, k_b], np.float32) @ scene
    return np.asarray(_PEAK / _WHITE * scene * np.maximum(bright, 1e-6) ** 0.2, np.float32)


def _pressed(light: Floats) -> Floats:
    """0 … peak into 0 … 1: as it is up to the knee, then ever less."""
    span = _PEAK / _WHITE - _KNEE
    slope = span / (1 - _KNEE)
    t = np.clip((light - _KNEE) / span, 0, 1)
    return np.where(light <= _KNEE, light, _KNEE + (1 - _KNEE) * slope * t / (1 + (slope - 1) * t)).astype(
        np.float32
    )
