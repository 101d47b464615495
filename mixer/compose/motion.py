"""Tiles that glide: where each one is while a scene's layout changes. Pure, by the time of the tick.

A tile is recognised by its source and by its number among that source's tiles. A tile that joins grows from
the middle of its place and one that leaves shrinks into the middle of its own; one that takes the very place
of another, or the whole canvas, is there at once.
"""

from collections import Counter
from collections.abc import Container
from dataclasses import dataclass

from msgspec.structs import replace

from mixer.contract.names import SourceName
from mixer.contract.plan import CanvasPlan, Rect, Tile

_MS = 1_000_000
STALE_NS = 500 * _MS
"""A canvas that nobody looked at for so long has its tiles at their places when it is seen again."""

Key = tuple[SourceName, int]
Design = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Shot:
    """A canvas at one tick: tiles where they are now. ``designs``: the size of tile for which each one's
    plate, card and slate are drawn; empty while nothing moves, and then it is each tile's own."""

    plan: CanvasPlan
    designs: tuple[Design, ...] = ()


@dataclass(frozen=True, slots=True)
class Move:
    """A tile on its way. ``tile.rect`` is its place in the last plan that had it; ``leaves``: this one
    hasn't."""

    tile: Tile
    key: Key
    origin: Rect
    target: Rect
    leaves: bool = False


def eased(t: float) -> float:
    """Quick at first, then slower: 1 − (1 − t)³."""
    return 1 - (1 - min(max(t, 0.0), 1.0)) ** 3


def between(origin: Rect, target: Rect, share: float) -> Rect:
    """``origin`` at 0, ``target`` at 1, with even numbers and never empty; each edge runs straight."""
    if share >= 1:
        return target

    def at(first: int, last: int) -> int:
        return round((first + (last - first) * share) / 2) * 2

    x, y = at(origin.x, target.x), at(origin.y, target.y)
    right, bottom = at(origin.x + origin.w, target.x + target.w), at(origin.y + origin.h, target.y + target.h)
    return Rect(x, y, max(2, right - x), max(2, bottom - y))


def middle(rect: Rect) -> Rect:
    """The smallest rectangle, in the middle of ``rect``."""
    return Rect(rect.x + rect.w // 2 & ~1, rect.y + rect.h // 2 & ~1, 2, 2)


def keyed(tiles: tuple[Tile, ...]) -> dict[Key, Tile]:
    seen: Counter[SourceName] = Counter()
    found: dict[Key, Tile] = {}
    for tile in tiles:
        found[tile.source, seen[tile.source]] = tile
        seen[tile.source] += 1
    return found


def moves(
    old: dict[Key, Tile], shown: dict[Key, Rect], after: CanvasPlan, known: Container[SourceName]
) -> tuple[Move, ...]:
    """Return how the tiles of ``after`` come from where the ``old`` ones are ``shown``, in the order in which
    they are drawn. Only sources that are ``known`` still have something to show while they leave."""
    new = keyed(after.tiles)
    whole = Rect(0, 0, after.width, after.height)
    gone = {key: tile for key, tile in old.items() if key not in new}
    left = {tile.rect for tile in gone.values()}
    taken = {tile.rect for key, tile in new.items() if key not in old}
    going: list[Move] = []
    for key, tile in new.items():
        at_once = tile.rect == whole or tile.rect in left
        origin = shown.get(key) or (tile.rect if at_once else middle(tile.rect))
        going.append(Move(tile, key, origin, tile.rect))
    leaving = [
        Move(replace(tile, plate=None, label=""), key, shown.get(key, tile.rect), middle(tile.rect), True)
        for key, tile in gone.items()
        if tile.rect != whole and tile.rect not in taken and tile.source in known
    ]
    behind = 1 if going and going[0].target == whole else 0
    return (*going[:behind], *leaving, *going[behind:])


def shot_at(plan: CanvasPlan, going: tuple[Move, ...], share: float) -> Shot:
    """The canvas when its tiles have gone ``share`` (0 … 1) of their way: at 1 it is ``plan`` itself."""
    if share >= 1:
        return Shot(plan)
    tiles = tuple(replace(move.tile, rect=between(move.origin, move.target, share)) for move in going)
    return Shot(replace(plan, tiles=tiles), tuple((move.tile.rect.w, move.tile.rect.h) for move in going))


class Glide:
    """One scene's tiles on one canvas, tick by tick. Used by the tick's thread alone."""

    def __init__(self) -> None:
        self._shot: Shot | None = None
        self._plan: CanvasPlan | None = None
        self._moves: tuple[Move, ...] = ()
        """Empty while nothing moves."""
        self._start_ns = self._seen_ns = 0

    def at(self, plan: CanvasPlan, now_ns: int, known: Container[SourceName]) -> Shot:
        """Return where the tiles are at ``now_ns``, the time of the tick, which never goes back."""
        if plan is not self._plan:
            self._follow(plan, now_ns, known)
        elif not self._moves and self._shot is not None:
            self._seen_ns = now_ns
            return self._shot
        self._seen_ns = now_ns
        t = (now_ns - self._start_ns) / (plan.glide_ms * _MS) if plan.glide_ms > 0 else 1.0
        if not self._moves or t >= 1:
            self._moves, self._shot = (), Shot(plan)
        else:
            self._shot = shot_at(plan, self._moves, eased(t))
        return self._shot

    def _follow(self, plan: CanvasPlan, now_ns: int, known: Container[SourceName]) -> None:
        before, self._plan = self._plan, plan
        if before is None or self._shot is None or not _related(before, plan):
            self._moves = ()
            return
        if now_ns - self._seen_ns > STALE_NS:
            self._moves = ()
            return
        old, new = keyed(before.tiles), keyed(plan.tiles)
        if [(key, tile.rect) for key, tile in old.items()] == [(key, tile.rect) for key, tile in new.items()]:
            # Nobody goes elsewhere: what is on its way goes on.
            self._moves = tuple(
                move if move.leaves else Move(new[move.key], move.key, move.origin, move.target)
                for move in self._moves
            )
            return
        shown = {key: tile.rect for key, tile in old.items()}
        if self._moves and self._shot.designs:
            for move, tile in zip(self._moves, self._shot.plan.tiles, strict=True):
                shown[move.key] = tile.rect
                old.setdefault(move.key, move.tile)
        self._moves = moves(old, shown, plan, known)
        # The tick before was the last one with everything as it was: this one is the first that shows it.
        self._start_ns = self._seen_ns


def _related(before: CanvasPlan, after: CanvasPlan) -> bool:
    same = (before.scene, before.width, before.height) == (after.scene, after.width, after.height)
    return same and after.glide_ms > 0 and bool(before.tiles) and bool(after.tiles)
