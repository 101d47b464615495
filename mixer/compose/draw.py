"""One picture into one rectangle: scaled, cropped, never distorted. Pure but for the target's planes.

OpenCV scales straight into the target's rows, so nothing is copied twice. Call :func:`single_threaded`
once in a process that composes: OpenCV's own threads cost more than they bring at these sizes.
"""

from typing import NamedTuple

import cv2
import numpy as np

from mixer.compose.sprites import fill
from mixer.contract.colour import Yuv
from mixer.contract.picture import Picture, Plane, copy_into
from mixer.contract.plan import Crop as Shares
from mixer.contract.plan import Rect

_COARSE = 96
"""A source with a side shorter than this is enlarged first: whole pixels are too coarse to crop it by."""


_NEAR = 1.03
"""A source larger than its tile by no more than this is cropped and copied: scaling would cost ten times as
much and only blur it. Browsers that follow the layout send such sizes."""


class PixelCrop(NamedTuple):
    """The part of a source that is shown, in its pixels; x and y are even."""

    x: int
    y: int
    w: int
    h: int


def single_threaded() -> None:
    cv2.setNumThreads(1)


def window(canvas: Picture, rect: Rect) -> Picture:
    """Views of the canvas's planes under ``rect``."""
    x, y, w, h = rect.x, rect.y, rect.w, rect.h
    chroma = np.s_[y // 2 : (y + h) // 2, x // 2 : (x + w) // 2]
    return Picture(canvas.y[y : y + h, x : x + w], canvas.u[chroma], canvas.v[chroma])


def cover_crop(source_w: int, source_h: int, w: int, h: int) -> PixelCrop:
    """The largest centred part of the source with the aspect of ``w`` × ``h``, to the nearest pixel."""
    if source_w * h >= source_h * w:
        part_w, part_h = max(1, round(source_h * w / h)), source_h
    else:
        part_w, part_h = source_w, max(1, round(source_w * h / w))
    part_w, part_h = min(part_w, source_w), min(part_h, source_h)
    # A part smaller than its source has even sides, so that its chroma starts and ends with its luma.
    if part_w < source_w:
        part_w = max(2, part_w + (part_w & 1))
    if part_h < source_h:
        part_h = max(2, part_h + (part_h & 1))
    part_w, part_h = min(part_w, source_w), min(part_h, source_h)
    return PixelCrop((source_w - part_w) // 2 & ~1, (source_h - part_h) // 2 & ~1, part_w, part_h)


def contain_rect(source_w: int, source_h: int, w: int, h: int) -> Rect:
    """The largest rectangle of the source's aspect inside ``w`` × ``h``, centred, all numbers even."""
    if source_w * h >= source_h * w:
        inner_w, inner_h = w, round(w * source_h / source_w / 2) * 2
    else:
        inner_w, inner_h = round(h * source_w / source_h / 2) * 2, h
    inner_w, inner_h = min(max(inner_w, 2), w), min(max(inner_h, 2), h)
    return Rect((w - inner_w) // 2 & ~1, (h - inner_h) // 2 & ~1, inner_w, inner_h)


def cropped(source: Picture, shares: Shares) -> Picture:
    """Views of the part of ``source`` that ``shares`` names, at least 2 × 2 pixels of one that has them; it
    begins at even pixels. What reaches over the source's edges is left out."""

    def span(first: float, size: float, whole: int) -> tuple[int, int]:
        start = min(max(round(first * whole / 2) * 2, 0), max(0, whole - 2) & ~1)
        end = min(max(round((first + size) * whole / 2) * 2, start + 2), whole)
        return start, end

    (x, right), (y, bottom) = span(shares.x, shares.w, source.width), span(shares.y, shares.h, source.height)
    chroma = np.s_[y // 2 : (bottom + 1) // 2, x // 2 : (right + 1) // 2]
    return Picture(source.y[y:bottom, x:right], source.u[chroma], source.v[chroma])


def draw_cover(target: Picture, source: Picture) -> None:
    """Fill ``target`` (even sides) with ``source`` (any size from 1 × 1 on), cropping what reaches over."""
    h, w = target.y.shape
    if source.y.shape == (h, w):
        _copy(source.y, target.y)
        np.copyto(target.u, source.u)
        np.copyto(target.v, source.v)
        return
    x, y = source.y.shape[1] - w, source.y.shape[0] - h
    if x >= 0 <= y and (x <= (_NEAR - 1) * w or y <= (_NEAR - 1) * h):
        x, y = x // 4, y // 4  # of the chroma, so that it starts with the luma
        _copy(source.y[2 * y : 2 * y + h, 2 * x : 2 * x + w], target.y)
        h, w = h // 2, w // 2
        np.copyto(target.u, source.u[y : y + h, x : x + w])
        np.copyto(target.v, source.v[y : y + h, x : x + w])
        return
    if min(source.width, source.height) < _COARSE:
        source = _enlarged(source)
    x, y, part_w, part_h = cover_crop(source.width, source.height, w, h)
    scale(source.y[y : y + part_h, x : x + part_w], target.y)
    part = np.s_[y // 2 : (y + part_h + 1) // 2, x // 2 : (x + part_w + 1) // 2]
    scale(source.u[part], target.u)
    scale(source.v[part], target.v)


def draw_contain(target: Picture, source: Picture, background: Yuv | Picture) -> None:
    """Show all of ``source`` inside ``target``, with ``background`` beside it: a colour, or a picture of the
    target's size."""
    rect = contain_rect(source.width, source.height, target.width, target.height)
    if (rect.w, rect.h) != (target.width, target.height):
        if isinstance(background, Picture):
            copy_into(target, background)
        else:
            fill(target, background)
    inner = window(target, rect)
    for to, of in zip(inner, source, strict=True):
        scale(of, to)


def draw_frame(target: Picture, colour: Yuv, thickness: int) -> None:
    """A frame just inside ``target``'s edges; ``thickness`` in pixels, even."""
    for index, (plane, value) in enumerate(zip(target, colour, strict=True)):
        t = thickness if index == 0 else thickness // 2
        plane[:t] = value
        plane[-t:] = value
        plane[:, :t] = value
        plane[:, -t:] = value


def _copy(source: Plane, target: Plane) -> None:
    # A tenth faster than numpy's own on rows of a wider plane. The stubs don't know that a mask may be None.
    cv2.copyTo(source, None, target)  # type: ignore[call-overload]


def scale(source: Plane, target: Plane) -> None:
    """Linear scaling into ``target``'s own memory; beyond halving, blocks of 2 × 2 are averaged first.

    Halving is what OpenCV does fast; averaging by other factors costs up to ten times as much and looks the
    same after linear scaling.
    """
    h, w = target.shape
    while source.shape[0] >= 2 * h and source.shape[1] >= 2 * w:
        source = _halved(source)
    if source.shape == target.shape:
        _copy(source, target)
    else:
        cv2.resize(source, (w, h), dst=target, interpolation=cv2.INTER_LINEAR)


def _halved(source: Plane) -> Plane:
    h, w = source.shape[0] // 2, source.shape[1] // 2
    part = source[: 2 * h, : 2 * w]
    return cv2.resize(part, (w, h), interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


def _enlarged(source: Picture) -> Picture:
    times = -(-2 * _COARSE // min(source.width, source.height))
    times = max(1, min(times, 8192 // max(source.width, source.height)))
    even_w, even_h = source.width * times // 2 * 2, source.height * times // 2 * 2
    if min(even_w, even_h) < 2:
        return source

    def larger(plane: Plane, w: int, h: int) -> Plane:
        return cv2.resize(plane, (w, h), interpolation=cv2.INTER_LINEAR).astype(np.uint8, copy=False)

    return Picture(
        larger(source.y, even_w, even_h),
        larger(source.u, even_w // 2, even_h // 2),
        larger(source.v, even_w // 2, even_h // 2),
    )
