"""Pictures that were decoded elsewhere: files of plain pixels, which this process reads and never decodes.

A still is a ``.npy`` file (NumPy's format 1.0 to 3.0) of uint8, shape (h, w, 4): RGBA, alpha not
premultiplied, sRGB. Whoever wrote it may have been fooled by what it decoded: nothing here trusts more than
the header, and pickles are refused.
"""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from mixer.compose.sprites import Mask
from mixer.contract.colour import parse_hex, planes_of
from mixer.contract.picture import Picture, Plane

MAX_WIDTH, MAX_HEIGHT = 5760, 2304

Rgba = NDArray[np.uint8]


def _matrix() -> NDArray[np.float64]:
    """Return the matrix from 8-bit RGB to 8-bit Y, Cb, Cr, offsets last: shape (3, 4)."""
    units = np.array([[[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]]], np.float32)
    black, *colours = np.stack(planes_of(units, np.ones((1, 4), np.float32)), -1)[0].astype(np.float64)
    return np.column_stack([*((colour - black) / 255 for colour in colours), black])


_MATRIX = _matrix()


class StillError(Exception):
    """The file is not a still. ``code`` is ``still.unreadable``; the text is one line without the path."""

    code = "still.unreadable"


def read_still(path: str | Path) -> Rgba:
    """The still's pixels, shape (h, w, 4), uint8, mapped and read-only. Raises StillError."""
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError, SyntaxError, MemoryError) as error:
        raise StillError(f"no picture of ours: {type(error).__name__}") from error
    if not isinstance(array, np.ndarray):  # an archive of several
        array.close()
        raise StillError("no picture of ours: an archive")
    if array.dtype != np.uint8 or array.ndim != 3 or array.shape[2] != 4:
        raise StillError(f"no picture of ours: {array.dtype} of shape {array.shape}")
    if not (1 <= array.shape[0] <= MAX_HEIGHT and 1 <= array.shape[1] <= MAX_WIDTH):
        raise StillError(f"a picture of {array.shape[1]}×{array.shape[0]} pixels is too large or empty")
    return array


def inside(still: Rgba, width: float, height: float) -> tuple[int, int]:
    """The largest even size of its aspect within ``width`` × ``height``."""
    share = min(width / still.shape[1], height / still.shape[0])
    w, h = (max(2, round(share * side / 2) * 2) for side in (still.shape[1], still.shape[0]))
    return w, h


def scaled(still: Rgba, width: int, height: int) -> tuple[NDArray[np.float32], Mask]:
    """Premultiplied RGB, shape (h, w, 3), and coverage (h, w), both 0 … 1; by areas when it gets smaller."""
    floats = _resized(still, width, height).astype(np.float32) / np.float32(255)
    return np.minimum(floats[..., :3], floats[..., 3:]), floats[..., 3]


def _resized(still: Rgba, width: int, height: int) -> Rgba:
    """Premultiplied."""
    pixels = np.asarray(still)
    if int(pixels[..., 3].min()) < 255:
        # Premultiplied before it is scaled: the colour under what can't be seen must not bleed.
        pixels = pixels.copy()
        alpha = cv2.cvtColor(pixels[..., 3], cv2.COLOR_GRAY2RGB)
        pixels[..., :3] = cv2.multiply(pixels[..., :3], alpha, scale=1 / 255)
    if (width, height) == (pixels.shape[1], pixels.shape[0]):
        return pixels
    smaller = width <= pixels.shape[1] and height <= pixels.shape[0]
    how = cv2.INTER_AREA if smaller else cv2.INTER_CUBIC
    return cv2.resize(pixels, (width, height), interpolation=how).astype(np.uint8, copy=False)


def covering(still: Rgba, width: int, height: int, ground: str) -> Picture:
    """The still over the whole of ``width`` × ``height`` (even), cropped evenly, on the colour ``ground``."""
    h, w = still.shape[:2]
    share = max(width / w, height / h)
    part_w, part_h = min(w, max(1, round(width / share))), min(h, max(1, round(height / share)))
    x, y = (w - part_w) // 2, (h - part_h) // 2
    pixels = _resized(still[y : y + part_h, x : x + part_w], width, height)
    rgb = pixels[..., :3]
    if int(pixels[..., 3].min()) < 255:
        rest = cv2.cvtColor(255 - pixels[..., 3], cv2.COLOR_GRAY2RGB)
        under = np.full_like(rgb, [round(255 * part) for part in parse_hex(ground)])
        rgb = cv2.add(rgb, cv2.multiply(under, rest, scale=1 / 255)).astype(np.uint8, copy=False)
    yuv = cv2.transform(np.ascontiguousarray(rgb), _MATRIX)
    half = cv2.resize(yuv, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    planes = (yuv[..., 0], half[..., 1], half[..., 2])
    return Picture(*(np.ascontiguousarray(plane, np.uint8) for plane in planes))


def dimmed(picture: Picture, colour: tuple[int, int, int], share: float) -> Picture:
    """A copy with ``share`` of ``colour`` laid over it, for text to be read on it."""

    def mixed(plane: Plane, value: int) -> Plane:
        return cv2.convertScaleAbs(plane, alpha=1 - share, beta=share * value).astype(np.uint8, copy=False)

    return Picture(*(mixed(plane, value) for plane, value in zip(picture, colour, strict=True)))
