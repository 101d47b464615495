"""What is looked up for a canvas once a plan instead of once a tick: sprites, edges, what lies over what."""

import math
from collections.abc import Mapping

from mixer.compose.motion import Design
from mixer.compose.rects import covers, overlaps
from mixer.compose.rounding import Edge, edge_of
from mixer.compose.sprites import Sprite, moved
from mixer.contract.names import BACKDROP, SourceName
from mixer.contract.picture import Picture
from mixer.contract.plan import CanvasPlan, SourceInfo, Tile
from mixer.graphics.graphics import Graphics

__all__ = ["CanvasLookups", "Design", "Item"]

_UNKNOWN = SourceInfo()


class Item:
    """A tile with its graphics. ``above``: later tiles that show this one through their round corners, or
    where they are transparent, topmost first; ``apart``: it can't be copied from a canvas without plates, for
    one is seen through it. ``hidden``: of those above, the ones that it is drawn over as a whole. ``room``:
    of a transparent one, its number among them; −1: it hides all."""

    __slots__ = (
        "above",
        "apart",
        "bars",
        "design",
        "edge",
        "hidden",
        "info",
        "label",
        "marks",
        "plate",
        "room",
        "sprites",
        "tile",
    )

    def __init__(self, tile: Tile, info: SourceInfo, graphics: Graphics, design: Design) -> None:
        w, h = tile.rect.w, tile.rect.h
        self.tile = tile
        self.info = info
        self.bars = info.kind == "bars"
        self.room = -1
        self.design = design
        plate = graphics.plate(tile.plate, *design) if tile.plate is not None else None
        self.plate = plate if plate is None or design == (w, h) else _anchored(plate, w, h - design[1], h)
        self.edge = edge_of(tile.style, w, h)
        if self.plate and self.edge is not None:
            self.plate = _clear_of(self.edge, self.plate, w, h)
        self.label = (
            graphics.label(tile.label, tile.tally, *design, tile.label_language) if tile.label else None
        )
        if self.label and design != (w, h):
            self.label = None
        self.sprites = (*(self.plate or ()), *(self.label or ()))
        self.above: tuple[int, ...] = ()
        self.hidden: frozenset[int] = frozenset()
        self.apart = self.edge is not None and any(_is_rounded(s, self.edge, w, h) for s in self.sprites)
        self.marks = (tile.source, self.plate, self.label, tile.fit, tile.tally, tile.crop)

    @property
    def shows_through(self) -> bool:
        """True if anything beneath it is seen."""
        return self.edge is not None or self.room >= 0


class CanvasLookups:
    """A plan's tiles. ``signature`` is equal where everything lies in the same places. ``ground``: the
    theme's backdrop, which lies under them instead of the background's colour: it stands still, and is no
    tile."""

    __slots__ = (
        "_edition",
        "_infos",
        "_mark",
        "canvas",
        "empty",
        "ground",
        "items",
        "rects",
        "signature",
        "stacked",
        "transparent",
    )

    def __init__(
        self,
        canvas: CanvasPlan,
        infos: Mapping[SourceName, SourceInfo],
        graphics: Graphics,
        designs: tuple[Design, ...],
        before: "CanvasLookups | None" = None,
    ) -> None:
        self.canvas, self._infos, self._edition = canvas, infos, graphics.edition
        tiles, designs = canvas.tiles, designs or tuple((t.rect.w, t.rect.h) for t in canvas.tiles)
        self.ground: Picture | None = None
        if tiles and tiles[0].source == BACKDROP:
            self.ground = graphics.backdrop(canvas.width, canvas.height)
            tiles, designs = tiles[1:], designs[1:]
        self._mark = object()
        if before is not None and before.ground is self.ground:
            self._mark = before._mark
        self.empty = not canvas.tiles and not canvas.views
        self.items = tuple(
            Item(tile, infos.get(tile.source, _UNKNOWN), graphics, design)
            for tile, design in zip(tiles, designs, strict=True)
        )
        self.rects = (*(tile.rect for tile in tiles), *(view.rect for view in canvas.views))
        styles = tuple(tile.style for tile in tiles)
        self.transparent = tuple(index for index, item in enumerate(self.items) if item.info.alpha)
        for room, index in enumerate(self.transparent):
            self.items[index].room = room
        self.stacked = any(overlaps(rect, self.rects[:index]) for index, rect in enumerate(self.rects))
        if self.stacked:
            self._see_through()
        seen_through = tuple((item.room, item.apart) for item in self.items)
        self.signature = (canvas.background, self.rects, styles, seen_through, self._mark)

    def still(self, canvas: CanvasPlan, infos: Mapping[SourceName, SourceInfo], edition: int) -> bool:
        """Return whether all of it would be the same now."""
        return self.canvas is canvas and self._infos is infos and self._edition == edition

    def _see_through(self) -> None:
        # Written out, for all pairs of 49 gliding tiles are compared at each tick.
        rounded = [
            (n, r.x, r.y, r.x + r.w, r.y + r.h)
            for n, r in ((n, item.tile.rect) for n, item in enumerate(self.items) if item.shows_through)
        ]
        if not rounded:
            return
        for index, item in enumerate(self.items):
            rect = item.tile.rect
            x, y, right, bottom = rect.x, rect.y, rect.x + rect.w, rect.y + rect.h
            touched = [
                n
                for n, left, top, end, foot in rounded
                if n > index and left < right and x < end and top < bottom and y < foot
            ]
            item.above = tuple(touched)
            if not item.shows_through:
                item.hidden = frozenset(n for n in touched if covers(item.tile.rect, self.items[n].tile.rect))
            if item.sprites:
                for other in touched:
                    self.items[other].apart = True
        # Whoever is put back shows what was drawn before those over it: they go first.
        for item in reversed(self.items):
            over = {*item.above, *(n for above in item.above for n in self.items[above].above)}
            item.above = tuple(sorted(over, reverse=True))
        # What shows through such a tile can't be copied either: the copy shows the tile there.
        for index in range(len(self.items) - 1, 0, -1):
            last = self.items[index]
            if last.apart:
                for item in self.items[:index]:
                    item.apart |= overlaps(last.tile.rect, (item.tile.rect,))


def _anchored(plate: tuple[Sprite, ...], width: int, down: int, height: int) -> tuple[Sprite, ...] | None:
    """The plate of a tile of another height, at the same distance from the lower left corner; None where the
    tile is too small for it."""
    put = tuple(moved(sprite, 0, down) for sprite in plate)
    fits = all(
        sprite.x >= 0
        and sprite.y >= 0
        and sprite.x + sprite.picture.width <= width
        and sprite.y + sprite.picture.height <= height
        for sprite in put
    )
    return put if fits else None


def _clear_of(edge: Edge, plate: tuple[Sprite, ...], width: int, height: int) -> tuple[Sprite, ...]:
    """A plate at the foot of a tile, so far from its round corners that they cut nothing off it; one that
    goes from side to side stays where it is."""
    left, right = min(s.x for s in plate), width - max(s.x + s.picture.width for s in plate)
    top, bottom = min(s.y for s in plate), height - max(s.y + s.picture.height for s in plate)
    if not left:
        return plate
    apart = edge.radius - math.floor(max(0, edge.radius - edge.border - 2) * math.sqrt(0.5)) + 1 & ~1
    across, up = max(0, apart - left), max(0, apart - bottom)
    if right - across < apart:
        across, up = 0, max(0, (edge.radius + 1 & ~1) - bottom)
    return plate if up > top else tuple(moved(sprite, across, -up) for sprite in plate)


def _is_rounded(sprite: Sprite, edge: Edge, width: int, height: int) -> bool:
    """Return whether a tile's corner or border takes anything of a sprite on it, by no less than a chroma
    sample."""
    right, bottom = width - sprite.x - sprite.picture.width, height - sprite.y - sprite.picture.height
    inner = edge.radius - edge.border - 2
    for x in (sprite.x, right):
        for y in (sprite.y, bottom):
            if min(x, y) < edge.border:
                return True
            if max(x, y) < edge.radius and math.hypot(edge.radius - x, edge.radius - y) > inner:
                return True
    return False
