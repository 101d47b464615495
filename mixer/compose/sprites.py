"""Small pictures with edges: drawn once in RGB, kept as I420, blended over tiles at each tick."""

import itertools
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mixer.contract.colour import Yuv, parse_hex, planes_of
from mixer.contract.picture import Picture, Plane

Mask = NDArray[np.float32]
"""Coverage 0 … 1, shape (h, w)."""

_WHOLE = 12_000
"""Pixels up to which a sheet stays one sprite: blending them costs less than the calls for three parts."""
_FINE = 4  # shapes are drawn this much larger, then averaged down: smooth edges


@dataclass(frozen=True, slots=True, eq=False)
class Sprite:
    """A picture at (x, y) from its tile's corner; all numbers even.

    ``inverse`` is None where the sprite hides all below it. Otherwise ``picture`` is premultiplied by its
    coverage and ``inverse`` holds 255 − coverage for each plane.
    """

    x: int
    y: int
    picture: Picture
    inverse: Picture | None = None

    @property
    def nbytes(self) -> int:
        size = sum(plane.nbytes for plane in self.picture)
        return size if self.inverse is None else 2 * size


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """What fills a tile without picture: one colour and sprites over it."""

    colour: Yuv
    sprites: tuple[Sprite, ...]


Placed = tuple[tuple[Plane, Plane, Plane | None], ...]
"""Planes of a target where sprites lie, with what belongs there and, for see-through ones, 255 − coverage."""


def place(target: Picture, sprites: "tuple[Sprite, ...]") -> Placed:
    """Return where the sprites lie on ``target``, a tile's planes; they lie inside it."""
    placed: list[tuple[Plane, Plane, Plane | None]] = []
    for sprite in sprites:
        for index, (plane, source) in enumerate(zip(target, sprite.picture, strict=True)):
            x, y = (sprite.x, sprite.y) if index == 0 else (sprite.x // 2, sprite.y // 2)
            height, width = source.shape
            inverse = None if sprite.inverse is None else sprite.inverse[index]
            placed.append((plane[y : y + height, x : x + width], source, inverse))
    return tuple(placed)


def blend(placed: Placed) -> None:
    """Draw placed sprites over what is there."""
    for region, source, inverse in placed:
        if inverse is None:
            np.copyto(region, source)
        else:
            cv2.multiply(region, inverse, dst=region, scale=1 / 255)
            cv2.add(region, source, dst=region)


def moved(sprite: Sprite, dx: int, dy: int) -> Sprite:
    """The same by even numbers of pixels further right and down."""
    return Sprite(sprite.x + dx, sprite.y + dy, sprite.picture, sprite.inverse)


def clipped(sprite: Sprite, width: int, height: int) -> Sprite | None:
    """Return what of it lies on a canvas of this (even) size; None: nothing. Copies nothing."""
    left, top = max(0, sprite.x), max(0, sprite.y)
    right = min(width, sprite.x + sprite.picture.width)
    bottom = min(height, sprite.y + sprite.picture.height)
    if left >= right or top >= bottom:
        return None
    if (right - left, bottom - top) == (sprite.picture.width, sprite.picture.height):
        return sprite
    x, y, w, h = left - sprite.x, top - sprite.y, right - left, bottom - top
    chroma = np.s_[y // 2 : (y + h) // 2, x // 2 : (x + w) // 2]

    def cut(picture: Picture) -> Picture:
        return Picture(picture.y[y : y + h, x : x + w], picture.u[chroma], picture.v[chroma])

    return Sprite(left, top, cut(sprite.picture), None if sprite.inverse is None else cut(sprite.inverse))


def faded(sprite: Sprite, share: float) -> Sprite:
    """The sprite with its coverage times ``share``, 0 … 1."""
    if share >= 1.0:
        return sprite
    rest = 255 * (1 - share)
    picture = Picture(*(_scaled(plane, share) for plane in sprite.picture))
    if sprite.inverse is None:
        inverse = Picture(*(np.full_like(plane, round(rest)) for plane in sprite.picture))
    else:
        inverse = Picture(*(_scaled(plane, share, rest) for plane in sprite.inverse))
    return Sprite(sprite.x, sprite.y, picture, inverse)


def _scaled(plane: Plane, share: float, more: float = 0.0) -> Plane:
    return cv2.convertScaleAbs(plane, alpha=share, beta=more).astype(np.uint8, copy=False)


def fill(target: Picture, colour: Yuv) -> None:
    for plane, value in zip(target, colour, strict=True):
        plane[...] = value


class Paint:
    """A sheet to draw on in RGB: ``width`` × ``height`` pixels, made even, transparent at first."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width + width % 2, height + height % 2
        self._rgb = np.zeros((self.height, self.width, 3), np.float32)
        self._alpha = np.zeros((self.height, self.width), np.float32)

    def put(self, mask: Mask, x: int, y: int, colour: str) -> None:
        """Lay ``colour`` over the sheet where ``mask`` covers it; what reaches over the edge is cut off."""
        top, left = max(0, y), max(0, x)
        part = mask[top - y : self.height - y, left - x : self.width - x]
        if not part.size:
            return
        box = np.s_[top : top + part.shape[0], left : left + part.shape[1]]
        cover = part[..., None]
        self._rgb[box] = self._rgb[box] * (1 - cover) + cover * np.asarray(parse_hex(colour), np.float32)
        self._alpha[box] = self._alpha[box] * (1 - part) + part

    @property
    def alpha(self) -> Mask:
        """Coverage of what was drawn, shape (h, w)."""
        return self._alpha

    def lay(self, rgb: NDArray[np.float32], alpha: Mask) -> None:
        """Lay a premultiplied picture of the sheet's size (or less) over it, from its corner."""
        box = np.s_[: alpha.shape[0], : alpha.shape[1]]
        self._rgb[box] = self._rgb[box] * (1 - alpha[..., None]) + rgb
        self._alpha[box] = self._alpha[box] * (1 - alpha) + alpha

    def sprites(self, x: int, y: int) -> tuple[Sprite, ...]:
        """The sheet as sprites at (x, y): the columns that hide all apart from those that are see-through.

        So a large plate costs copies for its body and blending only for its rounded edges.
        """
        pairs = (self._alpha > 0.998).reshape(self.height, -1, 2)
        solid: NDArray[np.bool_] = np.logical_and.reduce(pairs, axis=(0, 2))
        if self._alpha.size <= _WHOLE and not solid.all():
            solid[:] = False
        sprites: list[Sprite] = []
        edges = [0, *(np.flatnonzero(np.diff(solid)) + 1).tolist(), len(solid)]
        for first, last in itertools.pairwise(edges):
            columns = np.s_[:, 2 * first : 2 * last]
            alpha = self._alpha[columns]
            if not alpha.any():
                continue
            picture = Picture(*subsampled(planes_of(self._rgb[columns], alpha)))
            inverse = None if solid[first] else Picture(*subsampled([255 * (1 - alpha)] * 3))
            sprites.append(Sprite(x + 2 * first, y, picture, inverse))
        return tuple(sprites)


def subsampled(planes: "tuple[Mask, ...] | list[Mask]") -> tuple[Plane, Plane, Plane]:
    """Three full-size planes as those of an I420 picture, rounded."""

    def rounded(plane: Mask) -> Plane:
        return np.ascontiguousarray(np.clip(np.rint(plane), 0, 255).astype(np.uint8))

    def halved(plane: Mask) -> Mask:
        height, width = plane.shape
        return cv2.resize(plane, (width // 2, height // 2), interpolation=cv2.INTER_AREA).astype(np.float32)

    return rounded(planes[0]), rounded(halved(planes[1])), rounded(halved(planes[2]))


def rounded_box(width: int, height: int, radius: float) -> Mask:
    """A box with round corners of ``radius`` pixels, filling its mask."""
    sheet = np.zeros((height * _FINE, width * _FINE), np.uint8)
    r = max(0, min(round(radius * _FINE), height * _FINE // 2, width * _FINE // 2))
    h, w = sheet.shape
    if r == 0:
        sheet[:] = 255
    else:
        sheet[r : h - r] = 255
        sheet[:, r : w - r] = 255
        for cx, cy in ((r, r), (w - 1 - r, r), (r, h - 1 - r), (w - 1 - r, h - 1 - r)):
            cv2.circle(sheet, (cx, cy), r, 255, -1)
    return _averaged(sheet)


def no_signal(size: int) -> Mask:
    """A sign in no language that the connection is interrupted: rising bars, struck through."""
    side = size * _FINE
    sheet = np.zeros((side, side), np.uint8)
    bar, pitch = round(side * 0.17), round(side * 0.25)
    for index, share in enumerate((0.28, 0.5, 0.72, 0.94)):
        left = round(side * 0.04) + index * pitch
        cv2.rectangle(sheet, (left, side - round(side * share)), (left + bar - 1, side - 1), 255, -1)
    stroke = max(1, round(side * 0.09))
    corners = (round(side * 0.06), round(side * 0.1)), (round(side * 0.94), round(side * 0.98))
    cv2.line(sheet, corners[0], corners[1], 0, 3 * stroke)
    cv2.line(sheet, corners[0], corners[1], 255, stroke)
    return _averaged(sheet)


def _averaged(sheet: Plane) -> Mask:
    height, width = sheet.shape
    size = (width // _FINE, height // _FINE)
    return cv2.resize(sheet, size, interpolation=cv2.INTER_AREA).astype(np.float32) / np.float32(255)
