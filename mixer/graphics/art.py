"""Drawn graphics, as the tick takes them: still ones, dials whose digits lie ready, strips that run. No text
is set here."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np

from mixer.compose.sprites import Sprite
from mixer.contract.picture import Picture

MAX_HOURS = 99


@dataclass(frozen=True, slots=True, eq=False)
class Art:
    """A graphic of ``width`` × ``height`` pixels (even); its ``sprites`` lie inside it, from its corner.

    ``band``: it runs from edge to edge of the canvas. ``whole``: it covers the canvas, and lies where it
    lies whatever else is there.
    """

    width: int
    height: int
    sprites: tuple[Sprite, ...]
    band: bool = False
    whole: bool = False

    @property
    def nbytes(self) -> int:
        return sum(sprite.nbytes for sprite in self.sprites)


@dataclass(frozen=True, slots=True, eq=False)
class Dial:
    """A clock or a countdown. ``faces``: by pattern (``00:00``, ``+0:00:00``), the plate with its cells left
    empty, and where each cell lies. ``digits``: what fills a cell, by sign; ``late``: in the colour of an
    overrun.

    ``until``: Unix seconds a countdown runs to, 0 where none is known; None: it is a clock of ``zone``.
    """

    faces: dict[str, tuple[Art, tuple[tuple[int, int], ...]]]
    digits: dict[str, Picture]
    late: dict[str, Picture]
    until: int | None = None
    zone: ZoneInfo | None = None

    @property
    def nbytes(self) -> int:
        pictures = (*self.digits.values(), *self.late.values())
        cells = sum(plane.nbytes for picture in pictures for plane in picture)
        return cells + sum(face.nbytes for face, _ in self.faces.values())

    def reading(self, unix_s: float) -> str:
        """Return what it shows: ``14:05:09``; ``09:59`` or ``1:00:00`` left; ``+00:01`` over; ``--:--``."""
        if self.until is None:
            return f"{datetime.fromtimestamp(int(unix_s), self.zone):%H:%M:%S}"
        if self.until == 0:
            return "--:--"
        # Rounded up while it counts down, so that 00:00 is the moment itself.
        left = int(-(-(self.until - unix_s) // 1))
        seconds = min(abs(left), MAX_HOURS * 3600 + 3599)
        hours, minutes, seconds = seconds // 3600, seconds // 60 % 60, seconds % 60
        text = f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes:02}:{seconds:02}"
        return f"+{text}" if left < 0 else text

    def showing(self, reading: str) -> Art:
        """The art of a reading: the face and its digits."""
        face, cells = self.faces["".join("0" if sign.isdigit() else sign for sign in reading)]
        digits = self.late if reading.startswith("+") else self.digits
        placed = (Sprite(x, y, digits[sign]) for sign, (x, y) in zip(reading, cells, strict=True))
        return Art(face.width, face.height, (*face.sprites, *placed))


@dataclass(frozen=True, slots=True, eq=False)
class RunningText:
    """A text that runs through a band for ever. ``picture`` repeats itself after ``period`` pixels (even) and
    is that much longer than the band is wide. ``rightwards``: it runs the other way, for scripts that are
    read from the right. ``speed``: pixels a second.
    """

    width: int
    height: int
    picture: Picture
    period: int
    speed: float
    rightwards: bool = False

    @property
    def nbytes(self) -> int:
        return sum(plane.nbytes for plane in self.picture)

    def showing(self, offset: int) -> Art:
        """The art after ``offset`` pixels (even, 0 … period). Copies nothing."""
        first = self.period - offset if self.rightwards else offset
        first %= self.period
        last = first + self.width
        chroma = np.s_[:, first // 2 : last // 2]
        part = Picture(self.picture.y[:, first:last], self.picture.u[chroma], self.picture.v[chroma])
        return Art(self.width, self.height, (Sprite(0, 0, part),), band=True)


Drawable = Art | Dial | RunningText
