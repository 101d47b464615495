"""How a picture is turned and mirrored before it is shown: one of eight ways. Pure.

A file's display matrix maps stored pixels to shown ones; of it only the signs matter here.
"""

import struct
from typing import Any, NamedTuple

import av
import numpy as np

from mixer.contract.picture import Picture, Plane


class Orientation(NamedTuple):
    """Rows and columns are swapped first (``transposed``), then mirrored left to right, top to bottom."""

    transposed: bool = False
    mirrored: bool = False
    flipped: bool = False

    @property
    def name(self) -> str:
        """Name for people and states: ``""``, ``90``, ``180``, ``270`` (clockwise), each perhaps with
        ``mirrored`` (left to right, before it is turned)."""
        return _NAMES[self]


UPRIGHT = Orientation()
_NAMES = {
    Orientation(False, False, False): "",
    Orientation(False, True, False): "mirrored",
    Orientation(False, True, True): "180",
    Orientation(False, False, True): "mirrored 180",
    Orientation(True, True, False): "90",
    Orientation(True, False, True): "270",
    Orientation(True, False, False): "mirrored 270",
    Orientation(True, True, True): "mirrored 90",
}


def orientation_of(frame: av.VideoFrame) -> Orientation:
    """Return what the display matrix that comes with a frame says; upright where there is none."""
    side: Any = frame.side_data.get("DISPLAYMATRIX")
    return UPRIGHT if side is None else by_matrix(bytes(side))


def by_matrix(matrix: bytes) -> Orientation:
    """Read nine native 32-bit integers ``a b u c d v x y w``: x' = a·x + c·y, y' = b·x + d·y, y downwards."""
    if len(matrix) < 36:
        return UPRIGHT
    a, b, _, c, d, *_ = struct.unpack("=9i", matrix[:36])
    if abs(a) + abs(d) >= abs(b) + abs(c):
        return Orientation(False, a < 0, d < 0)
    return Orientation(True, c < 0, b < 0)


def turned(picture: Picture, orientation: Orientation) -> Picture:
    """The picture as it is shown, its planes contiguous; itself where it is upright."""
    if orientation == UPRIGHT:
        return picture
    return Picture(*(turned_plane(plane, orientation) for plane in picture))


def turned_plane(plane: Plane, orientation: Orientation) -> Plane:
    """The same of one plane."""
    if orientation.transposed:
        plane = plane.T
    if orientation.mirrored:
        plane = plane[:, ::-1]
    if orientation.flipped:
        plane = plane[::-1]
    return np.ascontiguousarray(plane)
