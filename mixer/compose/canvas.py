"""A canvas's memory: a few buffers that stay, each of which remembers what it shows, handed out and back."""

import threading
from collections import deque
from dataclasses import dataclass, field

import numpy as np

from mixer.compose.rounding import Beneath
from mixer.compose.sprites import Placed
from mixer.contract.picture import Picture, Plane, i420_bytes, view_i420
from mixer.contract.plan import Rect

_PAGE = 4096


@dataclass(slots=True)
class Laid:
    """Overlays as they lie on a buffer: what is under each rectangle, and where the sprites go."""

    rects: tuple[Rect, ...] = ()
    under: tuple[tuple[Plane, Plane], ...] = ()
    """Planes of the canvas, each with its copy from before anything was laid over it."""
    key: object = None
    placed: Placed = ()
    on: bool = False


class Buffer:
    """Canvas memory and what it shows: ``keys[i]`` belongs to item i of the layout with ``signature``."""

    __slots__ = (
        "_rooms",
        "corners",
        "flat",
        "keys",
        "laid",
        "owner",
        "picture",
        "placed",
        "signature",
        "targets",
        "touched",
        "under",
    )

    def __init__(self, width: int, height: int) -> None:
        self.flat: Plane = np.empty(i420_bytes(width, height), np.uint8)
        self.picture = view_i420(self.flat, width, height)
        self.signature: object = None
        self.owner: object = None
        """Who drew into it last."""
        self.keys: list[object] = []
        self.targets: list[Picture | None] = []
        self.placed: list[tuple[object, Placed]] = []
        """Plates and captions as they lie on each tile, by the tile's marks."""
        self.corners: list[Beneath | None] = []
        """What shows through the round corners of each tile."""
        self.under: list[Picture | None] = []
        """What lies beneath each tile that is transparent."""
        self._rooms: list[Plane] = []
        self.laid = Laid()
        self.touched = False
        """Its memory is there."""

    def room(self, place: int, width: int, height: int) -> Picture:
        """Memory to keep a part of the canvas in, always the same of the same ``place`` (0, 1, …)."""
        while len(self._rooms) <= place:
            self._rooms.append(np.empty_like(self.flat))  # memory that isn't touched isn't there
        return view_i420(self._rooms[place], width, height)

    def clear_rooms(self) -> None:
        self._rooms.clear()


@dataclass(slots=True)
class Pool:
    """The free ones of a canvas's buffers; the one used last is the last."""

    width: int
    height: int
    size: int
    lock: threading.Lock = field(default_factory=threading.Lock)
    free: deque[Buffer] = field(default_factory=deque)
    starved: int = 0
    """How often somebody asked in vain."""
    _used: bool = False

    def __post_init__(self) -> None:
        # Untouched memory costs nothing: what is never needed is never there.
        self.free.extend(Buffer(self.width, self.height) for _ in range(self.size))

    def take(self, signature: object, owner: object) -> Buffer | None:
        """A free buffer: one that shows this layout, else one of this owner's, else one that is nobody's, and
        of equals the one used last: its memory is warm, and least of it has changed. None: all are held."""
        with self.lock:
            best, rank = -1, -1
            for index in range(len(self.free) - 1, -1, -1):
                buffer = self.free[index]
                if buffer.owner is owner:
                    this = 3 if buffer.signature == signature else 2
                else:
                    this = 1 if buffer.owner is None else 0
                if this > rank:
                    best, rank = index, this
                    if this == 3:
                        break
            if best < 0:
                self.starved += 1
                return None
            buffer = self.free[best]
            del self.free[best]
            buffer.touched = self._used = True
        return buffer

    def warm(self, count: int) -> None:
        """See to it that so many free buffers have their memory, if the canvas is in use at all: 9 MB that
        are touched for the first time take up to 15 ms. Called by any thread."""
        while self._used:
            with self.lock:
                cold = next((buffer for buffer in self.free if not buffer.touched), None)
                if cold is None or len(self.free) < 3 or sum(each.touched for each in self.free) >= count:
                    return  # there is enough, or none to spare while one is touched
                self.free.remove(cold)
            cold.flat[::_PAGE] = 0
            cold.touched = True
            with self.lock:
                self.free.append(cold)  # before those that are still cold, when one is sought

    def give(self, buffer: Buffer) -> None:
        with self.lock:
            self.free.append(buffer)


class Canvas:
    """A composed picture, whole until released. ``buffer``: uint8, flat, packed I420 (Y, U, V).

    It starts with one holder; each further one calls :meth:`hold`, each one :meth:`release` when done, from
    any thread.
    """

    __slots__ = ("_holders", "_pool", "_slot", "buffer", "picture")

    def __init__(self, slot: Buffer, pool: Pool) -> None:
        self.buffer = slot.flat
        self.picture = slot.picture
        self._slot = slot
        self._pool = pool
        self._holders = 1

    def hold(self) -> "Canvas":
        """One holder more. Raises ValueError after the last one let go."""
        with self._pool.lock:
            if self._holders == 0:
                raise ValueError("this canvas is released")
            self._holders += 1
        return self

    def release(self) -> None:
        """One holder less; with the last the buffer goes back. Raises ValueError when there was none."""
        with self._pool.lock:
            if self._holders == 0:
                raise ValueError("this canvas is released")
            self._holders -= 1
            if self._holders == 0:
                self._pool.free.append(self._slot)
