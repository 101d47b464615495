"""Pictures that are transparent in places: made to lie over black, and laid over what is beneath them.

Alpha is a plane of the picture's size, uint8, 255 where the picture is opaque. The picture itself is stored
blended over black. So readers that ignore alpha show a correct picture, and scaling mixes no hidden colour
into its edges. What alpha lets through is added to it, less the black that is in it
already: ``picture − black · (1 − alpha) + beneath · (1 − alpha)``, in 8-bit integers and in memory that
stays.
"""

from typing import Literal, NamedTuple

import cv2
import numpy as np

from mixer.compose import draw
from mixer.contract.colour import BLACK
from mixer.contract.picture import Picture, Plane, copy_into, i420_bytes, view_i420
from mixer.contract.plan import Crop, Rect

Fit = Literal["cover", "contain"]


class Layer(NamedTuple):
    """A picture, over black where it is transparent, and its alpha; None: it hides all."""

    picture: Picture
    alpha: Plane | None = None


def at_chroma(alpha: Plane, shape: tuple[int, ...], into: Plane | None = None) -> Plane:
    """Alpha as large as a plane of chroma, ``shape``: by areas, so that it has taken part in a sample as its
    pixels have."""
    small = cv2.resize(alpha, (shape[1], shape[0]), dst=into, interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8)


def over_black(picture: Picture, alpha: Plane, black: int = BLACK[0]) -> Picture:
    """A new picture, ``picture`` (its colours not premultiplied, its chroma of any size) over black, whose
    luma is ``black``."""
    planes = []
    for plane, value in zip(picture, (black, *BLACK[1:]), strict=True):
        share = alpha if plane.shape == alpha.shape else at_chroma(alpha, plane.shape)
        rest = cv2.convertScaleAbs(share, alpha=-value / 255, beta=value)
        shown = cv2.multiply(plane, share, scale=1 / 255)
        planes.append(np.asarray(cv2.add(shown, rest, dst=shown), np.uint8))
    return Picture(*planes)


class AlphaLayers:
    """Draws pictures with alpha into tiles. Used by one thread; keeps as much memory as the largest
    needed."""

    def __init__(self) -> None:
        self._rooms: dict[str, Plane] = {}

    def draw(
        self,
        target: Picture,
        beneath: Picture | None,
        picture: Picture,
        alpha: Plane,
        fit: Fit,
        crop: Crop | None = None,
    ) -> None:
        """Show ``picture`` in ``target`` (even sides) over ``beneath``, which is of its size; None: over what
        ``target`` shows. What is beneath is seen beside a picture that doesn't fill the target, too."""
        if beneath is not None:
            copy_into(target, beneath)
        if crop is not None:
            alpha = draw.cropped(Picture(alpha, picture.u, picture.v), crop).y
            picture = draw.cropped(picture, crop)
        if fit == "contain":
            rect = draw.contain_rect(picture.width, picture.height, target.width, target.height)
            target = draw.window(target, rect)
        small: Plane | None = None
        if picture.y.shape != target.y.shape:
            small = self._at_chroma(alpha, picture.u.shape)
            alpha, small, _ = self._scaled("alpha", Picture(alpha, small, small), target, fit)
            picture = self._scaled("picture", picture, target, fit)
        self._blend(target, picture, alpha, small)

    def _at_chroma(self, alpha: Plane, shape: tuple[int, ...]) -> Plane:
        return at_chroma(alpha, shape, self._room("chroma", shape[0] * shape[1]).reshape(shape))

    def _scaled(self, name: str, picture: Picture, target: Picture, fit: Fit) -> Picture:
        """Return the layer scaled as it would be in ``target``. Alpha goes the same way as the picture: its
        black is taken out of it sample by sample."""
        width, height = target.width, target.height
        into = view_i420(self._room(name, i420_bytes(width, height)), width, height)
        if fit == "cover":
            draw.draw_cover(into, picture)
        else:
            for to, of in zip(into, picture, strict=True):
                draw.scale(of, to)
        return into

    def _room(self, name: str, size: int) -> Plane:
        room = self._rooms.get(name)
        if room is None or room.size < size:
            room = self._rooms[name] = np.empty(size, np.uint8)
        return room[:size]

    def _blend(self, target: Picture, picture: Picture, alpha: Plane, small: Plane | None) -> None:
        """``small``: alpha as large as chroma, where it has been scaled; all have the target's size."""
        rect = seen(alpha)
        if rect is None:
            return
        target, picture = draw.window(target, rect), draw.window(picture, rect)
        if small is None:
            alpha = alpha[rect.y : rect.y + rect.h, rect.x : rect.x + rect.w]
        else:
            alpha, small, _ = draw.window(Picture(alpha, small, small), rect)
        if alpha.min() == 255:
            copy_into(target, picture)
            return
        if small is None:
            small = self._at_chroma(alpha, target.u.shape)
        for index, (plane, source, share) in enumerate(
            zip(target, picture, (alpha, small, small), strict=True)
        ):
            rest, shown = (self._room(name, plane.size).reshape(plane.shape) for name in ("rest", "shown"))
            if index < 2:
                cv2.bitwise_not(share, dst=rest)
            np.right_shift(rest, 1, out=shown)
            if index == 0:  # 16/255 of it, rounded
                np.add(shown, 4, out=shown)
                np.right_shift(shown, 3, out=shown)
            else:  # 128/255
                np.subtract(rest, shown, out=shown)
            cv2.subtract(source, shown, dst=shown)
            cv2.multiply(plane, rest, dst=plane, scale=1 / 255)
            cv2.add(plane, shown, dst=plane)


def seen(alpha: Plane) -> Rect | None:
    """The smallest rectangle of even numbers outside of which nothing of it is seen, but that a plane of odd
    sides ends where it ends; None: nothing is."""
    rows = np.flatnonzero(alpha.max(axis=1))
    if not len(rows):
        return None
    height, width = alpha.shape
    top, bottom = int(rows[0]) & ~1, min(height, int(rows[-1]) + 2 & ~1)
    columns = np.flatnonzero(alpha[top:bottom].max(axis=0))
    if not len(columns):
        return None  # its writer is writing
    left, right = int(columns[0]) & ~1, min(width, int(columns[-1]) + 2 & ~1)
    return Rect(left, top, right - left, bottom - top)
