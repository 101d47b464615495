"""Colours as the pictures have them: 8-bit Y′CbCr, ITU-R BT.709, limited range (ITU-R BT.709-6 §3, §4)."""

import functools

import numpy as np
from numpy.typing import NDArray

from mixer.contract.picture import Picture, new_picture

Yuv = tuple[int, int, int]

_KR, _KB = 0.2126, 0.0722

BLACK: Yuv = (16, 128, 128)


def parse_hex(colour: str) -> tuple[float, float, float]:
    """``#rrggbb`` as three numbers 0 … 1. Raises ValueError."""
    if len(colour) != 7 or colour[0] != "#":
        raise ValueError(f"not a colour of the form #rrggbb: {colour!r}")
    red, green, blue = bytes.fromhex(colour[1:])
    return red / 255, green / 255, blue / 255


def planes_of(rgb: NDArray[np.float32], alpha: NDArray[np.float32]) -> tuple[NDArray[np.float32], ...]:
    """Y, Cb, Cr (float, not rounded) of premultiplied ``rgb`` (h, w, 3) with coverage ``alpha`` (h, w).

    Inputs lie in 0 … 1. The planes are premultiplied too, their offsets (16 and 128) included; all have
    full resolution.
    """
    red, green, blue = rgb[..., 0], rgb[..., 1], rgb[..., 2]
    luma = _KR * red + (1 - _KR - _KB) * green + _KB * blue
    return (
        16 * alpha + 219 * luma,
        128 * alpha + 224 * (blue - luma) / (2 * (1 - _KB)),
        128 * alpha + 224 * (red - luma) / (2 * (1 - _KR)),
    )


@functools.lru_cache(maxsize=64)
def yuv_of(colour: str) -> Yuv:
    """``#rrggbb`` as (Y, Cb, Cr). Raises ValueError."""
    rgb = np.asarray([[parse_hex(colour)]], np.float32)
    y, u, v = (int(np.rint(plane[0, 0])) for plane in planes_of(rgb, np.ones((1, 1), np.float32)))
    return y, u, v


def colour_bars(width: int, height: int) -> Picture:
    """EBU colour bars 100/0/75/0: eight bars, the colours at 75 %, in a new picture of even size."""
    picture = new_picture(width, height)
    bars = ("#ffffff", "#bfbf00", "#00bfbf", "#00bf00", "#bf00bf", "#bf0000", "#0000bf", "#000000")
    edges = [round(width / 2 * index / len(bars)) for index in range(len(bars) + 1)]
    for index, colour in enumerate(bars):
        y, u, v = yuv_of(colour)
        first, last = edges[index], edges[index + 1]
        picture.y[:, 2 * first : 2 * last] = y
        picture.u[:, first:last] = u
        picture.v[:, first:last] = v
    return picture
