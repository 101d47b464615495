"""Plan + pictures → canvas, with as few pixels touched as can be.

A canvas has a small pool of buffers that stay. Each remembers what it last showed where; composing into it
draws again only the tiles whose source, state or graphics changed since *that* buffer was last used. Sources
are scaled from shared memory straight into the canvas. Nothing here waits, and nothing here draws text.
"""

import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mixer import draw
from mixer.colour import BLACK, yuv_of
from mixer.designs import TALLY, tally_width
from mixer.graphics import Graphics
from mixer.picture import Picture, Plane, copy_into, i420_bytes, view_i420
from mixer.plan import CanvasName, CanvasPlan, CanvasView, Rect, SourceId, SourceInfo, Tile
from mixer.sprites import Face, Placed, Sprite, blend, fill, place
from mixer.wire import SourceState


def _always() -> bool:
    return True


@dataclass(frozen=True, slots=True)
class SourcePicture:
    """What a source has to show at this tick. ``picture`` is used while ``state`` is ``live``.

    ``serial`` changes with the picture; ``origin`` tells two slots' pictures of one number apart. ``intact``
    is asked after drawing: False means the memory was written meanwhile, and the tile is drawn again at the
    next tick.
    """

    state: SourceState
    picture: Picture | None = None
    serial: int = 0
    intact: Callable[[], bool] = _always
    origin: int = 0
    arrived_ns: int = 0
    """When its last packet came in; 0 where nobody says."""


_CARD = SourcePicture("card")
_UNKNOWN = SourceInfo()


class _Item:
    """A tile with what is looked up for it once a plan instead of once a tick."""

    __slots__ = ("info", "label", "marks", "plate", "tile")

    def __init__(self, tile: Tile, info: SourceInfo, graphics: Graphics) -> None:
        w, h = tile.rect.w, tile.rect.h
        self.tile = tile
        self.info = info
        self.plate = graphics.plate(tile.plate, w, h) if tile.plate is not None else None
        self.label = graphics.label(tile.label, tile.tally, w, h) if tile.label else None
        self.marks = (tile.source, self.plate, self.label, tile.fit, tile.tally)


class _Buffer:
    """Canvas memory and what it shows: ``keys[i]`` belongs to item i of the plan with ``signature``."""

    def __init__(self, width: int, height: int) -> None:
        self.flat: Plane = np.empty(i420_bytes(width, height), np.uint8)
        self.picture = view_i420(self.flat, width, height)
        self.signature: object = None
        self.keys: list[object] = []
        self.targets: list[Picture | None] = []
        self.overlays: list[tuple[object, Placed]] = []
        """Plates and captions as they lie on each tile, by the tile's marks."""
        self.stacked = False  # some items lie over others


class Canvas:
    """A composed picture, whole until released. ``buffer``: uint8, flat, packed I420 (Y, U, V).

    It starts with one holder; each further one calls :meth:`hold`, each one :meth:`release` when done, from
    any thread.
    """

    __slots__ = ("_holders", "_lock", "_pool", "_slot", "buffer", "picture")

    def __init__(self, slot: _Buffer, pool: "deque[_Buffer]", lock: threading.Lock) -> None:
        self.buffer = slot.flat
        self.picture = slot.picture
        self._slot = slot
        self._pool = pool
        self._lock = lock
        self._holders = 1

    def hold(self) -> "Canvas":
        """One holder more. Raises ValueError after the last one let go."""
        with self._lock:
            if self._holders == 0:
                raise ValueError("this canvas is released")
            self._holders += 1
        return self

    def release(self) -> None:
        """One holder less; with the last the buffer goes back. Raises ValueError when there was none."""
        with self._lock:
            if self._holders == 0:
                raise ValueError("this canvas is released")
            self._holders -= 1
            if self._holders == 0:
                self._pool.append(self._slot)


class Compositor:
    """Composes one canvas of fixed, even size. Called by one thread; canvases are released by any.

    ``redrawn`` counts tiles and views drawn, ``torn`` those drawn while the source was being overwritten,
    ``starved`` the ticks without a free buffer.
    """

    def __init__(self, graphics: Graphics, width: int, height: int, buffers: int = 3) -> None:
        if width % 2 or height % 2 or min(width, height) < 2:
            raise ValueError(f"a canvas has even sides, not {width}×{height}")
        draw.single_threaded()
        self._graphics = graphics
        self.width, self.height = width, height
        self._free: deque[_Buffer] = deque(_Buffer(width, height) for _ in range(buffers))
        self._lock = threading.Lock()
        self._bars = SourcePicture("live", graphics.bars, origin=-1)
        self._items: tuple[_Item, ...] = ()
        self._items_of: tuple[CanvasPlan, Mapping[SourceId, SourceInfo], int] | None = None
        self.redrawn = 0
        self.torn = 0
        self.starved = 0

    @property
    def free(self) -> int:
        """Buffers that nobody holds now."""
        return len(self._free)

    def compose(
        self,
        canvas: CanvasPlan,
        sources: Mapping[SourceId, SourcePicture],
        infos: Mapping[SourceId, SourceInfo],
        views: Mapping[CanvasName, Picture],
        black: bool = False,
        base: Picture | None = None,
    ) -> Canvas | None:
        """The canvas at this tick; None when all buffers are still held. The caller releases it.

        A source missing from ``sources`` shows its card (``bars`` show without being there); a canvas missing
        from ``views`` leaves its place empty. An empty plan shows the event's slate. Tiles reaching over the
        canvas's edge are left out; so a plan made for another size does no harm. ``base``: the canvas at this
        tick without plates, to copy from instead of scaling the sources once more.
        """
        with self._lock:
            if not self._free:
                self.starved += 1
                return None
            buffer = self._free.pop()  # the one used last: its memory is warm, and least of it has changed
        try:
            self._draw(buffer, canvas, sources, infos, views, black, base)
        except BaseException:
            buffer.signature = None
            with self._lock:
                self._free.append(buffer)
            raise
        return Canvas(buffer, self._free, self._lock)

    def _draw(
        self,
        buffer: _Buffer,
        canvas: CanvasPlan,
        sources: Mapping[SourceId, SourcePicture],
        infos: Mapping[SourceId, SourceInfo],
        views: Mapping[CanvasName, Picture],
        black: bool,
        base: Picture | None,
    ) -> None:
        if black:
            self._draw_ground(buffer, "black", None)
            return
        if not canvas.tiles and not canvas.views:
            face = self._graphics.event(self.width, self.height)
            self._draw_ground(buffer, ("empty", canvas.background, face), face, canvas.background)
            return
        rects = (*(tile.rect for tile in canvas.tiles), *(view.rect for view in canvas.views))
        self._draw_ground(buffer, (canvas.background, rects), None, canvas.background, rects)
        drawn: list[Rect] = []
        for index, item in enumerate(self._looked_up(canvas, infos)):
            bars = item.info.kind == "bars"
            source = self._bars if bars else sources.get(item.tile.source, _CARD)
            self._item(buffer, index, drawn, item, source, canvas.background, base)
        for index, view in enumerate(canvas.views, len(canvas.tiles)):
            if view.canvas is None:
                self._pane(buffer, index, drawn, view)
            else:
                self._view(buffer, index, drawn, view, views.get(view.canvas), canvas.background)

    def _draw_ground(
        self,
        buffer: _Buffer,
        signature: object,
        face: Face | None,
        background: str = "",
        rects: tuple[Rect, ...] = (),
    ) -> None:
        """Fill the canvas when it showed something laid out differently; then every item is drawn again."""
        if buffer.signature == signature:
            return
        buffer.signature = None
        fill(buffer.picture, yuv_of(background) if background else BLACK)
        if face is not None:
            self._draw_face(buffer.picture, face)
        buffer.keys = [None] * len(rects)
        buffer.targets = [self._target(buffer, rect) for rect in rects]
        buffer.overlays = [(None, ())] * len(rects)
        buffer.stacked = any(_overlaps(rect, rects[:index]) for index, rect in enumerate(rects))
        buffer.signature = signature

    def _looked_up(self, canvas: CanvasPlan, infos: Mapping[SourceId, SourceInfo]) -> tuple[_Item, ...]:
        """The plan's tiles; made anew with each plan and whenever graphics were drawn since."""
        edition = self._graphics.edition
        before = self._items_of
        if before is None or before[0] is not canvas or before[1] is not infos or before[2] != edition:
            self._items = tuple(
                _Item(tile, infos.get(tile.source, _UNKNOWN), self._graphics) for tile in canvas.tiles
            )
            self._items_of = (canvas, infos, edition)
        return self._items

    def _item(
        self,
        buffer: _Buffer,
        index: int,
        drawn: list[Rect],
        item: _Item,
        source: SourcePicture,
        background: str,
        base: Picture | None,
    ) -> None:
        tile = item.tile
        picture = source.picture if source.state == "live" else None
        face: Face | None = None
        key: object
        if picture is not None:
            key = (item.marks, source.serial, source.origin)
        else:
            slate = source.state == "slate"
            w, h = tile.rect.w, tile.rect.h
            face = self._graphics.slate(item.info, w, h) if slate else self._graphics.card(item.info, w, h)
            key = (item.marks, face)
        if buffer.keys[index] == key and not (buffer.stacked and _overlaps(tile.rect, drawn)):
            return
        buffer.keys[index] = None
        if buffer.stacked:
            drawn.append(tile.rect)
        target = buffer.targets[index]
        if target is None:
            return
        self.redrawn += 1
        plate = item.plate
        if picture is not None:
            if base is not None:
                copy_into(target, draw.window(base, tile.rect))
            elif tile.fit == "cover":
                draw.draw_cover(target, picture)
            else:
                draw.draw_contain(target, picture, yuv_of(background))
        elif face is not None:
            self._draw_face(target, face)
            plate = None
        else:
            fill(target, yuv_of(background))
            plate = None
        if picture is not None and not tile.tally:
            if buffer.overlays[index][0] is not item.marks:
                sprites = (*(plate or ()), *(item.label or ()))
                buffer.overlays[index] = item.marks, place(target, sprites)
            blend(buffer.overlays[index][1])
        elif plate or item.label or tile.tally:
            self._finish(target, plate, item.label, tile.tally)
        if picture is not None and not source.intact():
            self.torn += 1
            return
        buffer.keys[index] = key

    def _view(
        self,
        buffer: _Buffer,
        index: int,
        drawn: list[Rect],
        view: CanvasView,
        picture: Picture | None,
        background: str,
    ) -> None:
        """A canvas inside this one: drawn at every tick, for nobody says whether it changed."""
        target = buffer.targets[index]
        if target is None:
            return
        self.redrawn += 1
        drawn.append(view.rect)
        if picture is None:
            fill(target, yuv_of(background))
        else:
            draw.draw_contain(target, picture, BLACK)
        label = self._graphics.label(view.label, view.tally, view.rect.w, view.rect.h) if view.label else None
        self._finish(target, None, label, view.tally)

    def _pane(self, buffer: _Buffer, index: int, drawn: list[Rect], view: CanvasView) -> None:
        """Frame and label around tiles: drawn again after one of them was, never twice over the same."""
        target = buffer.targets[index]
        label = self._graphics.label(view.label, view.tally, view.rect.w, view.rect.h) if view.label else None
        key = (label, view.tally)
        if target is None or (buffer.keys[index] == key and not _overlaps(view.rect, drawn)):
            return
        self._finish(target, None, label, view.tally)
        buffer.keys[index] = key

    def _finish(
        self,
        target: Picture,
        plate: tuple[Sprite, ...] | None,
        label: tuple[Sprite, ...] | None,
        tally: str,
    ) -> None:
        if tally:
            thickness = tally_width(target.width, target.height)
            draw.draw_frame(target, yuv_of(TALLY[tally]), thickness)
        blend(place(target, (*(plate or ()), *(label or ()))))

    def _draw_face(self, target: Picture, face: Face) -> None:
        fill(target, face.colour)
        blend(place(target, face.sprites))

    def _target(self, buffer: _Buffer, rect: Rect) -> Picture | None:
        """The canvas under ``rect``; None when it isn't all inside: such a plan is for another canvas."""
        right, bottom = rect.x + rect.w, rect.y + rect.h
        inside = min(rect.x, rect.y) >= 0 and right <= self.width and bottom <= self.height
        return draw.window(buffer.picture, rect) if inside and min(rect.w, rect.h) > 1 else None


def _overlaps(rect: Rect, others: Sequence[Rect]) -> bool:
    return any(
        rect.x < other.x + other.w
        and other.x < rect.x + rect.w
        and rect.y < other.y + other.h
        and other.y < rect.y + rect.h
        for other in others
    )
