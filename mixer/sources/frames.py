"""Decoded frames of any kind → pictures as the house has them: turned, scaled, BT.709 limited, 8-bit I420."""

import re
from fractions import Fraction
from typing import Any

import av
import cv2
import numpy as np
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter

from mixer.compose.alpha import Layer, over_black, seen
from mixer.compose.colour_convert import HOUSE, ColourEncoding, by_size, encoding_of, to_house
from mixer.contract.colour import BLACK
from mixer.contract.picture import Picture, Plane, new_picture
from mixer.contract.plan import Rect
from mixer.sources.orientation import Orientation, orientation_of, turned, turned_plane
from mixer.sources.tonemap import Colour, FileColour, ToneMap, colour_of, either

_FULL = int(ColorRange.JPEG)
_UNWRITTEN = ("rawvideo", "huffyuv")
"""Of these 32 bits a pixel are often 24, and a byte of zeros."""
_DEPTH = re.compile(r"yuva4\d\dp(?:(9|10|12|16)le)?")
"""Formats with alpha that need no conversion but for their depth."""


def fitted(width: int, height: int, aspect: Fraction, box: tuple[int, int]) -> tuple[int, int]:
    """The size at which a picture of square pixels is shown: at most ``box``, never enlarged; even where it
    isn't its own.

    ``aspect`` is that of its pixels (width : height); 0 for unknown. A picture of wide pixels gets wider, one
    of narrow ones taller.
    """
    wide, high = Fraction(width), Fraction(height)
    if aspect > 1:
        wide *= aspect
    elif 0 < aspect < 1:
        high /= aspect
    scale = min(Fraction(1), box[0] / wide, box[1] / high)
    if scale == 1 and aspect in (0, 1):
        return width, height  # as it is, odd or not: nothing is gained by scaling it by a pixel
    return _even(wide * scale), _even(high * scale)


def _even(size: Fraction) -> int:
    return max(2, round(size / 2) * 2)


class FrameConverter:
    """One stream's frames to pictures of at most ``box``. Used by one thread."""

    def __init__(self, box: tuple[int, int]) -> None:
        self._box = box
        self.told = FileColour()
        self.alpha = True
        """Whether alpha counts for what it says; False: all of each picture is seen."""
        self._orientation: tuple[tuple[int, int, int], Orientation] | None = None
        self._reformatter = VideoReformatter()
        self._toner: tuple[Colour, ToneMap] | None = None

    def picture(self, frame: av.VideoFrame, aspect: Fraction) -> Picture:
        """``frame`` as a picture, over black where it is transparent; ``aspect`` of its pixels, 0 for
        unknown. It may be the frame's own memory: nobody changes it. Raises av.FFmpegError."""
        return self.layer(frame, aspect).picture

    def layer(self, frame: av.VideoFrame, aspect: Fraction) -> Layer:
        """The same with its alpha."""
        if not (self.alpha and has_alpha(frame)):
            return Layer(self._opaque(frame, aspect))
        orientation = self._oriented(frame)
        aspect = 1 / aspect if orientation.transposed and aspect else aspect
        encoding = HOUSE if _is_rgb(frame) else self._encoding(frame)
        colour = Colour(encoding) if _is_rgb(frame) else colour_of(frame, encoding, self.told)
        source, plane = self._with_alpha(frame, encoding)
        plane = turned_plane(plane, orientation)
        width, height = fitted(plane.shape[1], plane.shape[0], aspect, self._box)
        alpha = np.empty((height, width), np.uint8)
        _scale(plane, alpha)
        if not colour.plain:
            return Layer(over_black(self._toned(frame, colour, orientation, aspect), alpha), alpha)
        picture = new_picture(width, height)
        for into, each in zip(picture, turned(source, orientation), strict=True):
            _scale(each, into)
        if encoding != HOUSE:
            to_house(picture, encoding, picture)
        return Layer(picture, alpha)

    def _with_alpha(self, frame: av.VideoFrame, encoding: ColourEncoding) -> tuple[Picture, Plane]:
        """The frame over black, its chroma of any size, and its alpha: before anything is scaled, for what
        can't be seen has a colour, too. Only the part of it that is seen is looked at."""
        if _is_rgb(frame):
            rgba = _rgba(frame)
            alpha = np.asarray(cv2.extractChannel(rgba, 3), np.uint8)
            whole, rect = new_picture(frame.width, frame.height), seen(alpha)
            if rect is not None:
                part = np.ascontiguousarray(_part(rgba, rect, alpha.shape))
                shown = np.asarray(cv2.cvtColor(part, cv2.COLOR_RGBA2mRGBA), np.uint8)
                made = self._as_i420(av.VideoFrame.from_ndarray(shown, "rgba"))[0]
                _put(whole, Picture(*_planes(made)), rect)
            return whole, alpha
        known = _DEPTH.fullmatch(frame.format.name)
        if known is None:
            frame = self._sampled(frame, "yuva444p", encoding)
        bits = 8 if known is None else int(known[1] or 8)
        *planes, deep = _planes(frame, np.uint8 if bits == 8 else np.uint16)
        alpha, rect, black = _eight_bit(deep, bits, full=True), seen(deep), 0 if encoding.full else BLACK[0]
        colours = (black, *BLACK[1:])
        whole = Picture(*(np.full(each.shape, c, np.uint8) for each, c in zip(planes, colours, strict=True)))
        if rect is not None:
            parts = (_eight_bit(_part(plane, rect, alpha.shape), bits) for plane in planes)
            _put(whole, over_black(Picture(*parts), _part(alpha, rect, alpha.shape), black), rect)
        return whole, alpha

    def _opaque(self, frame: av.VideoFrame, aspect: Fraction) -> Picture:
        orientation = self._oriented(frame)
        aspect = 1 / aspect if orientation.transposed and aspect else aspect
        colour = colour_of(frame, self._encoding(frame), self.told)
        if not colour.plain and not _is_rgb(frame):
            return self._toned(frame, colour, orientation, aspect)
        frame, encoding = self._as_i420(frame)
        source = turned(Picture(*_planes(frame)), orientation)
        width, height = fitted(source.width, source.height, aspect, self._box)
        if encoding == HOUSE and (width, height) == (source.width, source.height):
            return (
                source  # the decoder's own memory, which is free again when nobody has the picture any more
            )
        picture = new_picture(width, height)
        for into, plane in zip(picture, source, strict=True):
            _scale(plane, into)
        if encoding != HOUSE:
            to_house(picture, encoding, picture)
        return picture

    def _as_i420(self, frame: av.VideoFrame) -> tuple[av.VideoFrame, ColourEncoding]:
        name = frame.format.name
        if _is_rgb(frame):
            made = self._reformatter.reformat(
                frame,
                format="yuv420p",
                dst_colorspace=Colorspace.ITU709,
                dst_color_range=ColorRange.MPEG,
                interpolation=Interpolation.BILINEAR,
                threads=1,
            )
            return made, HOUSE
        encoding = self._encoding(frame)
        if name in ("yuv420p", "yuvj420p"):
            return frame, encoding
        return self._sampled(frame, "yuv420p", encoding), encoding

    def _oriented(self, frame: av.VideoFrame) -> Orientation:
        # Side data makes a frame live until Python collects its cycles: it is looked at once only.
        key = (frame.rotation, frame.width, frame.height)
        if self._orientation is None or self._orientation[0] != key:
            self._orientation = key, orientation_of(frame)
        return self._orientation[1]

    def _encoding(self, frame: av.VideoFrame) -> ColourEncoding:
        # yuvj420p and its like say by their name that they are of full range
        range_ = _FULL if frame.format.name.startswith("yuvj") else int(frame.color_range) or self.told.range
        return encoding_of(either(int(frame.colorspace), self.told.matrix), range_, by_size(frame.height))

    def _sampled(self, frame: av.VideoFrame, format_: str, encoding: ColourEncoding) -> av.VideoFrame:
        space = Colorspace.ITU709  # the same on both sides: swscale changes the sampling alone
        range_ = ColorRange.JPEG if encoding.full else ColorRange.MPEG
        return self._reformatter.reformat(
            frame,
            format=format_,
            src_colorspace=space,
            dst_colorspace=space,
            src_color_range=range_,
            dst_color_range=range_,
            interpolation=Interpolation.BILINEAR,
            threads=1,
        )

    def _toned(
        self, frame: av.VideoFrame, colour: Colour, orientation: Orientation, aspect: Fraction
    ) -> Picture:
        """Made smaller first: tables cost by the pixel."""
        if frame.format.name != "yuv420p10le":
            frame = self._sampled(frame, "yuv420p10le", colour.encoding)
        source = turned(Picture(*_planes(frame, np.uint16)), orientation)
        picture = new_picture(*fitted(source.width, source.height, aspect, self._box))
        planes: list[Any] = []
        for into, plane in zip(picture, source, strict=True):
            scaled = np.empty(into.shape, np.uint16)
            _scale(plane, scaled)
            planes.append(scaled)
        if self._toner is None or self._toner[0] != colour:
            self._toner = colour, ToneMap(colour)
        self._toner[1].convert(planes, picture)
        return picture


def has_alpha(frame: av.VideoFrame) -> bool:
    """Return whether its format has room for alpha."""
    return frame.format.has_palette or any(component.is_alpha for component in frame.format.components)


def may_be_transparent(frame: av.VideoFrame, codec: str) -> bool:
    """Return whether its like are meant to be transparent in places: colours of a palette are only where they
    are, and a byte that nobody wrote means nothing."""
    if frame.format.has_palette:
        return int(_rgba(frame)[..., 3].min()) < 255
    if codec in _UNWRITTEN and has_alpha(frame):
        return bool(_rgba(frame)[..., 3].any())
    return has_alpha(frame)


def _rgba(frame: av.VideoFrame) -> Plane:
    """Pixels of shape (h, w, 4)."""
    return np.asarray(frame.to_ndarray(format="rgba"), np.uint8)


def _is_rgb(frame: av.VideoFrame) -> bool:
    return frame.format.is_rgb or frame.format.name.startswith(("pal8", "gray", "mono", "ya"))


def _planes(frame: av.VideoFrame, samples: Any = np.uint8) -> list[Any]:
    """Views of the frame's own memory."""
    planes = []
    for plane in frame.planes:
        line = plane.line_size // np.dtype(samples).itemsize
        rows = np.frombuffer(memoryview(plane), samples)[: line * plane.height]
        planes.append(rows.reshape(plane.height, line)[:, : plane.width])
    return planes


def _eight_bit(plane: Plane, bits: int, *, full: bool = False) -> Plane:
    """``full``: 255 is the most there is."""
    if bits == 8:
        return plane
    share = 255 / ((1 << bits) - 1) if full else 1 / (1 << bits - 8)
    return np.asarray(cv2.convertScaleAbs(plane, alpha=share), np.uint8)


def _part(plane: Plane, rect: Rect, whole: tuple[int, ...]) -> Plane:
    """Return what of a plane, which may be one of chroma, belongs to a rectangle (x and y even) of the luma,
    whose shape is ``whole``."""
    down, across = (1 if mine == its else 2 for mine, its in zip(plane.shape[:2], whole, strict=True))
    bottom, right = -(-(rect.y + rect.h) // down), -(-(rect.x + rect.w) // across)
    return plane[rect.y // down : bottom, rect.x // across : right]


def _put(whole: Picture, part: Picture, rect: Rect) -> None:
    for plane, made in zip(whole, part, strict=True):
        np.copyto(_part(plane, rect, whole.y.shape), made)


def _scale(source: Any, into: Any) -> None:
    if source.shape == into.shape:
        np.copyto(into, source)
        return
    smaller = into.shape[0] * 2 <= source.shape[0]
    size = (into.shape[1], into.shape[0])
    cv2.resize(source, size, dst=into, interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR)
