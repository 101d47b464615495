"""Decoded frames of any kind → pictures as the house has them: turned, scaled, BT.709 limited, 8-bit I420."""

from fractions import Fraction

import av
import cv2
import numpy as np
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter

from mixer.colour_convert import HOUSE, Encoding, by_size, encoding_of, to_house
from mixer.picture import Picture, Plane, new_picture
from mixer.players.orientation import orientation_of, turned

_FULL = int(ColorRange.JPEG)


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
        self._reformatter = VideoReformatter()

    def picture(self, frame: av.VideoFrame, aspect: Fraction) -> Picture:
        """A new picture of ``frame``; ``aspect`` of its pixels, 0 for unknown. Raises av.FFmpegError."""
        frame, encoding = self._as_i420(frame)
        source = _planes(frame)
        orientation = orientation_of(frame)
        source = turned(source, orientation)
        aspect = 1 / aspect if orientation.transposed and aspect else aspect
        width, height = fitted(source.width, source.height, aspect, self._box)
        picture = new_picture(width, height)
        for into, plane in zip(picture, source, strict=True):
            _scale(plane, into)
        if encoding != HOUSE:
            to_house(picture, encoding, picture)
        return picture

    def _as_i420(self, frame: av.VideoFrame) -> tuple[av.VideoFrame, Encoding]:
        name = frame.format.name
        if frame.format.is_rgb or name.startswith(("pal8", "gray", "mono")):
            made = self._reformatter.reformat(
                frame,
                format="yuv420p",
                dst_colorspace=Colorspace.ITU709,
                dst_color_range=ColorRange.MPEG,
                interpolation=Interpolation.BILINEAR,
                threads=1,
            )
            return made, HOUSE
        # yuvj420p and its like say by their name that they are of full range
        told = _FULL if name.startswith("yuvj") else int(frame.color_range)
        encoding = encoding_of(int(frame.colorspace), told, by_size(frame.height))
        if name in ("yuv420p", "yuvj420p"):
            return frame, encoding
        space = Colorspace.ITU709  # the same on both sides: swscale changes the sampling alone
        range_ = ColorRange.JPEG if encoding.full else ColorRange.MPEG
        made = self._reformatter.reformat(
            frame,
            format="yuv420p",
            src_colorspace=space,
            dst_colorspace=space,
            src_color_range=range_,
            dst_color_range=range_,
            interpolation=Interpolation.BILINEAR,
            threads=1,
        )
        return made, encoding


def _planes(frame: av.VideoFrame) -> Picture:
    """Views of the frame's own memory."""
    planes = []
    for plane in frame.planes:
        rows = np.frombuffer(memoryview(plane), np.uint8)[: plane.line_size * plane.height]
        planes.append(rows.reshape(plane.height, plane.line_size)[:, : plane.width])
    return Picture(*planes)


def _scale(source: Plane, into: Plane) -> None:
    if source.shape == into.shape:
        np.copyto(into, source)
        return
    smaller = into.shape[0] * 2 <= source.shape[0]
    size = (into.shape[1], into.shape[0])
    cv2.resize(source, size, dst=into, interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR)
