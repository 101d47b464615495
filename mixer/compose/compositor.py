"""Plan + pictures → canvas, with as few pixels touched as can be.

A canvas has a small pool of buffers that stay. Each remembers what it last showed where; composing into it
draws again only the tiles whose source, state or graphics changed since *that* buffer was last used. Sources
are scaled from shared memory straight into the canvas. Nothing here waits, and nothing here draws text.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from mixer.compose import draw, rounding
from mixer.compose.alpha import AlphaLayers
from mixer.compose.backing_store import lay, lift_off
from mixer.compose.canvas import Buffer, Canvas, Pool
from mixer.compose.canvas_lookups import CanvasLookups, Design, Item
from mixer.compose.overlays import Drawing
from mixer.compose.rects import overlaps
from mixer.compose.sprites import Face, Sprite, blend, fill, place
from mixer.contract.colour import BLACK, yuv_of
from mixer.contract.messages import SourceState
from mixer.contract.names import SourceName
from mixer.contract.picture import Picture, Plane, copy_into, new_picture
from mixer.contract.plan import CanvasPlan, CanvasView, Rect, SourceInfo
from mixer.graphics.designs import TALLY, tally_width
from mixer.graphics.graphics import Graphics


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
    alpha: Plane | None = None
    """As of :class:`mixer.ipc.slot.Taken`."""


_CARD = SourcePicture("card")


class Compositor:
    """Composes one canvas of fixed, even size. Called by one thread; canvases are released by any.

    ``pool``: buffers of the canvas, if others draw into them, too. ``redrawn`` counts tiles and views drawn,
    ``torn`` those drawn while the source was being overwritten.
    """

    def __init__(
        self, graphics: Graphics, width: int, height: int, buffers: int = 3, pool: Pool | None = None
    ) -> None:
        if width % 2 or height % 2 or min(width, height) < 2:
            raise ValueError(f"a canvas has even sides, not {width}×{height}")
        draw.single_threaded()
        self._graphics = graphics
        self.width, self.height = width, height
        self._pool = pool or Pool(width, height, buffers)
        self._bars = SourcePicture("live", graphics.bars, origin=-1)
        self._lookups: CanvasLookups | None = None
        self._layers = AlphaLayers()
        self.redrawn = 0
        self.torn = 0

    @property
    def free(self) -> int:
        """Buffers that nobody holds now."""
        return len(self._pool.free)

    @property
    def starved(self) -> int:
        """Ticks without a free buffer."""
        return self._pool.starved

    def compose(
        self,
        canvas: CanvasPlan,
        sources: Mapping[SourceName, SourcePicture],
        infos: Mapping[SourceName, SourceInfo],
        views: Mapping[str, Picture],
        black: bool = False,
        base: Picture | None = None,
        *,
        designs: tuple[Design, ...] = (),
        over: Drawing | None = None,
    ) -> Canvas | None:
        """The canvas at this tick; None when all buffers are still held. The caller releases it.

        A source missing from ``sources`` shows its card (``bars`` show without being there); a canvas missing
        from ``views`` leaves its place empty. An empty plan shows the event's slate. Tiles reaching over the
        canvas's edge are left out; so a plan made for another size does no harm. ``base``: the canvas at this
        tick without plates, to copy from instead of scaling the sources once more. ``designs``: see
        :class:`mixer.compose.motion.Shot`. ``over``: what is laid over all tiles.
        """
        lookups = self._looked_up(canvas, infos, designs)
        # What lies beneath the corners of copied tiles isn't known: without the copy all is drawn again.
        signature: object = (lookups.signature, base is None)
        if black:
            signature = "black"
        elif lookups.empty:
            signature = ("empty", canvas.background, self._graphics.event(self.width, self.height))
        buffer = self._pool.take(signature, self)
        if buffer is None:
            return None
        try:
            if black:
                self._draw_ground(buffer, signature, None)
            elif lookups.empty:
                face = self._graphics.event(self.width, self.height)
                self._draw_ground(buffer, signature, lookups, face)
            else:
                self._draw_ground(buffer, signature, lookups)
                self._draw(buffer, lookups, sources, views, base)
            lay(buffer, None if black else over)
        except BaseException:
            buffer.signature = None
            self._pool.give(buffer)
            raise
        return Canvas(buffer, self._pool)

    def _draw(
        self,
        buffer: Buffer,
        lookups: CanvasLookups,
        sources: Mapping[SourceName, SourcePicture],
        views: Mapping[str, Picture],
        base: Picture | None,
    ) -> None:
        canvas = lookups.canvas
        drawn: list[Rect] = []
        uncovered: set[int] = set()
        for index, item in enumerate(lookups.items):
            source = self._bars if item.bars else sources.get(item.tile.source, _CARD)
            self._item(buffer, index, drawn, uncovered, item, source, lookups, base)
        for index, view in enumerate(canvas.views, len(lookups.items)):
            if view.canvas is None:
                self._pane(buffer, index, drawn, view)
            else:
                self._view(buffer, index, drawn, view, views.get(view.canvas), canvas.background)

    def _draw_ground(
        self, buffer: Buffer, signature: object, lookups: CanvasLookups | None, face: Face | None = None
    ) -> None:
        """Fill the canvas when it showed something laid out differently; then every item is drawn again."""
        if buffer.owner is self and buffer.signature == signature:
            buffer.signature = signature  # the very same object is compared faster
            return
        buffer.signature = None
        buffer.owner = self
        buffer.laid.on = False
        if face is not None:
            self._draw_face(buffer.picture, face)
        elif lookups is not None and lookups.ground is not None:
            copy_into(buffer.picture, lookups.ground)
        else:
            fill(buffer.picture, BLACK if lookups is None else yuv_of(lookups.canvas.background))
        rects = () if lookups is None else lookups.rects
        buffer.keys = [None] * len(rects)
        buffer.targets = [self._target(buffer, rect) for rect in rects]
        buffer.placed = [(None, ())] * len(rects)
        buffer.corners = [None] * len(rects)
        buffer.under = [None] * len(rects)
        if lookups is None or not lookups.transparent:
            buffer.clear_rooms()
        buffer.signature = signature

    def _looked_up(
        self,
        canvas: CanvasPlan,
        infos: Mapping[SourceName, SourceInfo],
        designs: tuple[Design, ...],
    ) -> CanvasLookups:
        """The plan's tiles; made again with each plan and whenever graphics were drawn since."""
        lookups = self._lookups
        if lookups is None or not lookups.still(canvas, infos, self._graphics.edition):
            lookups = self._lookups = CanvasLookups(canvas, infos, self._graphics, designs, lookups)
        return lookups

    def _item(
        self,
        buffer: Buffer,
        index: int,
        drawn: list[Rect],
        uncovered: set[int],
        item: Item,
        source: SourcePicture,
        lookups: CanvasLookups,
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
            face = (self._graphics.slate if slate else self._graphics.card)(item.info, *item.design)
            key = (item.marks, face)
        beneath = lookups.stacked and overlaps(tile.rect, drawn)
        if buffer.keys[index] == key and not beneath:
            return
        target = buffer.targets[index]
        buffer.keys[index] = None
        if target is None:
            return
        if lookups.stacked:
            drawn.append(tile.rect)
        lift_off(buffer, tile.rect)
        for above in item.above:
            if above not in uncovered:
                uncovered.add(above)
                if above not in item.hidden:
                    self._uncover(buffer, above, lookups)
        copied = base is not None and not item.apart
        if item.edge is not None and not copied and (beneath or buffer.corners[index] is None):
            buffer.corners[index] = rounding.lift(target, item.edge)
        under = None if copied else buffer.under[index]
        lifted = item.room >= 0 and not copied and (beneath or under is None)
        if lifted:
            under = buffer.under[index] = buffer.room(item.room, target.width, target.height)
            copy_into(under, target)
        self.redrawn += 1
        if base is not None and copied:
            copy_into(target, draw.window(base, tile.rect))
        elif picture is None:
            self._faced(target, item, face, lookups)
        elif under is not None and source.alpha is not None:
            beneath_it = None if lifted else under
            self._layers.draw(target, beneath_it, picture, source.alpha, tile.fit, tile.crop)
        else:
            if tile.crop is not None:
                picture = draw.cropped(picture, tile.crop)
            if tile.fit == "cover":
                draw.draw_cover(target, picture)
            elif lookups.ground is None:
                draw.draw_contain(target, picture, yuv_of(lookups.canvas.background))
            else:
                draw.draw_contain(target, picture, draw.window(lookups.ground, tile.rect))
        if picture is not None and not tile.tally:
            if buffer.placed[index][0] is not item.marks:
                buffer.placed[index] = item.marks, place(target, item.sprites)
            blend(buffer.placed[index][1])
        elif item.label or tile.tally or picture is not None:
            self._finish(target, item.plate if picture is not None else None, item.label, tile.tally)
        corners = buffer.corners[index]
        if item.edge is not None and corners is not None and not copied:
            rounding.finish(target, item.edge, corners)
        if picture is not None and not source.intact():
            self.torn += 1
            return
        buffer.keys[index] = key

    def _uncover(self, buffer: Buffer, index: int, lookups: CanvasLookups) -> None:
        """Put back what was there before this tile, which is about to be drawn again."""
        target, corners, under = buffer.targets[index], buffer.corners[index], buffer.under[index]
        if target is None or (corners is None and under is None):
            return
        lift_off(buffer, lookups.items[index].tile.rect)
        if under is not None:
            copy_into(target, under)
        elif corners is not None:
            rounding.uncover(corners)

    def _faced(self, target: Picture, item: Item, face: Face | None, lookups: CanvasLookups) -> None:
        if face is None:
            if lookups.ground is None:
                fill(target, yuv_of(lookups.canvas.background))
            else:
                copy_into(target, draw.window(lookups.ground, item.tile.rect))
        elif item.design == (target.width, target.height):
            self._draw_face(target, face)
        else:
            whole = new_picture(*item.design)
            self._draw_face(whole, face)
            draw.draw_cover(target, whole)

    def _view(
        self,
        buffer: Buffer,
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
        lift_off(buffer, view.rect)
        if picture is None:
            fill(target, yuv_of(background))
        else:
            draw.draw_contain(target, picture, BLACK)
        label = self._graphics.label(view.label, view.tally, view.rect.w, view.rect.h) if view.label else None
        self._finish(target, None, label, view.tally)

    def _pane(self, buffer: Buffer, index: int, drawn: list[Rect], view: CanvasView) -> None:
        """Frame and label around tiles: drawn again after one of them was, never twice over the same."""
        target = buffer.targets[index]
        label = self._graphics.label(view.label, view.tally, view.rect.w, view.rect.h) if view.label else None
        key = (label, view.tally)
        if target is None or (buffer.keys[index] == key and not overlaps(view.rect, drawn)):
            return
        lift_off(buffer, view.rect)
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

    def _target(self, buffer: Buffer, rect: Rect) -> Picture | None:
        """The canvas under ``rect``; None when it isn't all inside: such a plan is for another canvas."""
        right, bottom = rect.x + rect.w, rect.y + rect.h
        inside = min(rect.x, rect.y) >= 0 and right <= self.width and bottom <= self.height
        return draw.window(buffer.picture, rect) if inside and min(rect.w, rect.h) > 1 else None
