"""Round corners and borders of tiles: what lies beneath shows through, whatever moves there.

Only the squares at the corners are blended, each with one multiplication and one addition a plane: the border
and what is beneath are put together beforehand, while the tile shows through the rest.
"""

import functools
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mixer.compose.sprites import rounded_box
from mixer.contract.colour import Yuv, yuv_of
from mixer.contract.picture import Picture, Plane
from mixer.contract.plan import TileStyle

_Share = NDArray[np.float32]

_Square = tuple[Plane, Plane, Plane, Plane]
"""A corner's part of one plane: on the canvas, a copy of what is beneath, what is added, what is kept of the
tile (255: all)."""


@dataclass(frozen=True, slots=True)
class Edge:
    """A tile's edge in its own size: radius of the corners and width of the border, pixels; both fit it."""

    radius: int
    border: int
    colour: Yuv

    @property
    def side(self) -> int:
        """Side of the squares at the corners, even; 0 where there is nothing to round."""
        return max(self.radius, self.border) + 1 & ~1 if self.radius else 0


Beneath = tuple[_Square, ...]


def edge_of(style: TileStyle | None, width: int, height: int) -> Edge | None:
    """The edge of a tile of this size; None for a plain one. Nothing is larger than half the shorter side."""
    if style is None or (style.radius <= 0 and style.border <= 0):
        return None
    most = min(width, height) // 2 & ~1
    radius, border = min(max(style.radius, 0), most), min(max(style.border, 0), most) & ~1
    return Edge(radius, border, yuv_of(style.border_colour)) if radius or border else None


def lift(target: Picture, edge: Edge) -> Beneath:
    """Return what lies at ``target``'s corners now, to be shown through them: called before the tile is
    drawn."""
    squares: list[_Square] = []
    if not edge.side:
        return ()
    for plane, shares in zip(target, _shares(edge), strict=True):
        size = shares[0][0].shape[0]
        height, width = plane.shape
        for corner, (kept, through, border) in enumerate(shares):
            top = 0 if corner < 2 else height - size
            left = 0 if corner % 2 == 0 else width - size
            region = plane[top : top + size, left : left + size]
            added = cv2.add(cv2.multiply(region, through, scale=1 / 255), border)
            squares.append((region, region.copy(), added, kept))  # type: ignore[arg-type]
    return tuple(squares)


def uncover(beneath: Beneath) -> None:
    """Put back what was there before the tile."""
    for region, copy, _, _ in beneath:
        np.copyto(region, copy)


def finish(target: Picture, edge: Edge, beneath: Beneath) -> None:
    """Round the tile that was drawn on ``target``, and draw its border."""
    if edge.border:
        for index, (plane, value) in enumerate(zip(target, edge.colour, strict=True)):
            _frame(plane, value, edge.border if index == 0 else edge.border // 2, edge.side >> (index > 0))
    for region, _, added, kept in beneath:
        cv2.multiply(region, kept, dst=region, scale=1 / 255)
        cv2.add(region, added, dst=region)


def _frame(plane: Plane, value: int, thickness: int, side: int) -> None:
    """The straight parts between the corners' squares."""
    height, width = plane.shape
    plane[:thickness, side : width - side] = value
    plane[height - thickness :, side : width - side] = value
    plane[side : height - side, :thickness] = value
    plane[side : height - side, width - thickness :] = value


@functools.lru_cache(maxsize=64)
def _shares(edge: Edge) -> tuple[tuple[tuple[Plane, Plane, Plane], ...], ...]:
    """Shares for each plane and corner (top left, top right, bottom left, bottom right): how much of the tile
    and of what is beneath a sample shows (255: all), and what the border adds."""
    radius, border, side = edge.radius, edge.border, edge.side
    outer = _quarter(radius, side)
    tile = outer
    if border:
        tile = np.zeros((side, side), np.float32)
        if side > border:
            tile[border:, border:] = _quarter(max(0, radius - border), side - border)
    planes = []
    for index, value in enumerate(edge.colour):
        kept, through = (tile, 1 - outer) if index == 0 else (_halved(tile), _halved(1 - outer))
        there, back = np.s_[:], np.s_[::-1]
        turns = ((there, there), (there, back), (back, there), (back, back))
        corner = (255 * kept, 255 * through, (1 - kept - through) * value)
        planes.append(tuple(tuple(_bytes(each[turn]) for each in corner) for turn in turns))
    return tuple(planes)  # type: ignore[arg-type]


def _halved(share: _Share) -> _Share:
    size = (share.shape[1] // 2, share.shape[0] // 2)
    return cv2.resize(share, size, interpolation=cv2.INTER_AREA).astype(np.float32)


def _bytes(values: _Share) -> Plane:
    return np.ascontiguousarray(np.clip(np.rint(values), 0, 255).astype(np.uint8))


def _quarter(radius: int, side: int) -> _Share:
    """The top left ``side`` × ``side`` pixels of a box with this radius."""
    size = 2 * max(radius, side)
    return rounded_box(size, size, radius)[:side, :side]
