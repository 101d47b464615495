"""A picture in memory: three planes of 8-bit I420 (YUV 4:2:0), BT.709 limited range."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.uint8]


class Picture(NamedTuple):
    """``y`` has shape (h, w); ``u`` and ``v`` have shape ((h + 1) // 2, (w + 1) // 2). All uint8.

    The planes may be views of one buffer, of shared memory or of a codec's frame, with any row stride.
    """

    y: Plane
    u: Plane
    v: Plane

    @property
    def width(self) -> int:
        return int(self.y.shape[1])

    @property
    def height(self) -> int:
        return int(self.y.shape[0])


def i420_bytes(width: int, height: int) -> int:
    """Bytes of one packed I420 picture of any size, odd ones too."""
    return width * height + 2 * ((width + 1) // 2) * ((height + 1) // 2)


def view_i420(buffer: Plane, width: int, height: int) -> Picture:
    """Views of a flat uint8 buffer of at least :func:`i420_bytes` as a picture, planes packed Y, U, V."""
    cw, ch = (width + 1) // 2, (height + 1) // 2
    luma, chroma = width * height, cw * ch
    return Picture(
        buffer[:luma].reshape(height, width),
        buffer[luma : luma + chroma].reshape(ch, cw),
        buffer[luma + chroma : luma + 2 * chroma].reshape(ch, cw),
    )


def new_picture(width: int, height: int, yuv: tuple[int, int, int] = (16, 128, 128)) -> Picture:
    """A new picture of one colour (black by default) in one contiguous, I420-packed buffer."""
    picture = view_i420(np.empty(i420_bytes(width, height), np.uint8), width, height)
    for plane, value in zip(picture, yuv, strict=True):
        plane.fill(value)
    return picture


def copy_into(target: Picture, source: Picture) -> None:
    """Copy ``source`` into ``target``, which has the same size."""
    for to, of in zip(target, source, strict=True):
        np.copyto(to, of)
