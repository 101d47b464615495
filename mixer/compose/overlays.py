"""The graphics over one canvas, tick by tick: they come and go, give way to each other, count and run.

Everything was drawn before (:mod:`mixer.graphics.graphics`); here sprites are only looked up, moved and
faded. What stands still gives the same :class:`Drawing` again and costs a comparison.
"""

import copy
from dataclasses import dataclass

from mixer.compose.arrange import Wish, arrange
from mixer.compose.sprites import Sprite, clipped, faded, moved
from mixer.contract.clock import NS
from mixer.contract.plan import Overlay, Rect
from mixer.graphics.art import Art, Dial, Drawable, RunningText
from mixer.graphics.graphics import Graphics

SLIDE = 0.06
"""How far a graphic slides while it comes, of the canvas's height."""
FADE_STEPS = 32


@dataclass(frozen=True, slots=True, eq=False)
class Drawing:
    """What lies over a canvas at a tick. ``key`` equal to the one before: nothing changed. ``sprites`` lie
    inside the canvas, from its corner, in the order they are drawn. ``rects``: the areas they touch."""

    key: object
    sprites: tuple[Sprite, ...]
    rects: tuple[Rect, ...]


class _Shown:
    """One graphic on its way. ``level``: how much of it is there, 0 … 1, on its way to ``goal``."""

    __slots__ = (
        "art",
        "drawn",
        "glide",
        "goal",
        "key",
        "level",
        "offset",
        "origin",
        "overlay",
        "reading",
        "sprites",
        "target",
    )

    def __init__(self, overlay: Overlay, drawn: Drawable, *, at_once: bool) -> None:
        self.overlay = overlay
        self.drawn = drawn
        self.level = 1.0 if at_once else 0.0
        self.goal = 1.0
        self.reading = ""
        self.offset = 0
        """How far a text has run."""
        self.art: Art | None = None
        """As it is at this tick."""
        self.origin: Rect | None = None
        """Where it began to glide to its ``target``; ``glide``: how far it is, 0 … 1."""
        self.target: Rect | None = None
        self.glide = 1.0
        self.key: object = None
        self.sprites: tuple[Sprite, ...] = ()

    def swap(self, overlay: Overlay, drawn: Drawable) -> None:
        self.overlay = overlay
        if drawn is not self.drawn:
            self.drawn, self.art, self.reading = drawn, None, ""

    def step(self, passed_ns: int, pace_ns: int, animate_ns: int, unix_s: float) -> bool:
        """Go on by a tick. True: it has another size now."""
        if animate_ns <= 0:
            self.level, self.glide = self.goal, 1.0
        else:
            way = passed_ns / animate_ns
            up = self.goal > self.level
            self.level = min(self.goal, self.level + way) if up else max(self.goal, self.level - way)
            self.glide = min(1.0, self.glide + way)
        size = None if self.art is None else (self.art.width, self.art.height)
        if isinstance(self.drawn, Art):
            self.art = self.drawn
        elif isinstance(self.drawn, Dial):
            reading = self.drawn.reading(unix_s)
            if self.art is None or reading != self.reading:
                self.art, self.reading = self.drawn.showing(reading), reading
        else:
            self.offset = (self.offset + _pixels(self.drawn, pace_ns)) % self.drawn.period
            self.art = self.drawn.showing(self.offset)
        return size != (self.art.width, self.art.height)

    def wish(self) -> Wish:
        art = self.art
        assert art is not None
        return Wish(self.overlay.anchor, art.width, art.height, art.band, art.whole)

    def send(self, target: Rect) -> None:
        """Give it this place, to which it glides if it was somewhere else before."""
        if self.target is None or self.level == 0.0:
            self.origin, self.glide = target, 1.0
        elif target != self.target:
            self.origin, self.glide = self.place(), 0.0
        self.target = target

    def place(self) -> Rect:
        origin, target = self.origin, self.target
        assert origin is not None
        assert target is not None
        if self.glide >= 1.0:
            return target
        share = _eased(self.glide)
        return Rect(
            _even(origin.x + share * (target.x - origin.x)),
            _even(origin.y + share * (target.y - origin.y)),
            target.w,
            target.h,
        )

    def draw(self, width: int, height: int) -> None:
        """Bring ``sprites`` and ``key`` up to date."""
        art = self.art
        assert art is not None
        rect = self.place()
        step = round(FADE_STEPS * _eased(self.level))
        # A running text has new art at each tick; it has moved if its offset has.
        key = (self.drawn if isinstance(self.drawn, RunningText) else art, self.offset, rect, step)
        if key == self.key:
            return
        self.key = key
        share = step / FADE_STEPS
        away = 0 if art.whole else (1 - share) * SLIDE * height
        dx, dy = _heading(self.overlay)
        x, y = rect.x + _even(dx * away), rect.y + _even(dy * away)
        placed = (clipped(moved(sprite, x, y), width, height) for sprite in art.sprites)
        self.sprites = tuple(faded(sprite, share) for sprite in placed if sprite is not None) if step else ()


class OverlayShow:
    """The graphics of one canvas of fixed size. Used by the tick's thread alone."""

    def __init__(self, graphics: Graphics, width: int, height: int) -> None:
        self._graphics = graphics
        self._width, self._height = width, height
        self._overlays: tuple[Overlay, ...] = ()
        self._scene: str | None = None
        self._edition = -1
        self._shown: list[_Shown] = []
        self._now_ns = 0
        self._pace_ns = 0
        self._last: Drawing | None = None

    def fork(self) -> "OverlayShow":
        """Another one that goes on from here: for the scene that a transition brings, so that what is in both
        scenes, a running text too, stands in the same place in both."""
        other = copy.copy(self)
        other._shown = [copy.copy(shown) for shown in self._shown]
        return other

    def update(
        self, overlays: tuple[Overlay, ...], scene: str, animate_ms: int, now_ns: int, unix_s: float
    ) -> Drawing | None:
        """Return what is to be blended over the finished canvas at this tick; None: nothing.

        ``now_ns``: the tick's due time. While ``scene`` stays the same, graphics come and go in
        ``animate_ms``, and glide out of each other's way; with another scene, those that aren't in both are
        there, or gone, at once. A graphic that isn't drawn yet is left out until it is.
        """
        passed_ns = max(0, now_ns - self._now_ns) if self._now_ns else 0
        self._now_ns = now_ns
        if abs(passed_ns - self._pace_ns) * 100 > self._pace_ns:
            self._pace_ns = passed_ns  # ticks differ by a nanosecond: a text must run evenly all the same
        edition = self._graphics.edition
        changed = scene != self._scene or overlays != self._overlays or edition != self._edition
        if changed:
            self._reconcile(overlays, at_once=scene != self._scene or animate_ms <= 0)
            self._overlays, self._scene, self._edition = overlays, scene, edition
        if not self._shown:
            self._last = None
            return None
        for shown in self._shown:
            changed |= shown.step(passed_ns, self._pace_ns, animate_ms * NS // 1000, unix_s)
        gone = [shown for shown in self._shown if shown.goal == shown.level == 0.0]
        if gone:
            self._shown = [shown for shown in self._shown if shown not in gone]
        if changed:
            self._arrange()
        return self._drawing()

    def _reconcile(self, overlays: tuple[Overlay, ...], *, at_once: bool) -> None:
        before = {shown.overlay.id: shown for shown in self._shown}
        staying: dict[str, _Shown] = {}
        for overlay in overlays:
            drawn = self._graphics.overlay(overlay, self._width, self._height)
            shown = before.get(overlay.id)
            if drawn is None and (shown is None or shown.overlay != overlay):
                continue
            if shown is None and drawn is not None:
                shown = _Shown(overlay, drawn, at_once=at_once)
            elif shown is not None and drawn is not None:
                shown.swap(overlay, drawn)
            if shown is not None:
                shown.goal = 1.0
                staying[overlay.id] = shown
        leaving = [shown for id_, shown in before.items() if id_ not in staying]
        for shown in leaving:
            shown.goal = 0.0
        # Those that leave lie below those that come.
        self._shown = [*([] if at_once else leaving), *staying.values()]

    def _arrange(self) -> None:
        """Places for all that stay; what leaves goes where it is."""
        staying = [shown for shown in self._shown if shown.goal]
        gap = _even(0.02 * min(self._width, self._height))
        safe = self._graphics.theme.safe
        rects = arrange([shown.wish() for shown in staying], self._width, self._height, safe, gap)
        for shown, rect in zip(staying, rects, strict=True):
            shown.send(rect)

    def _drawing(self) -> Drawing | None:
        for shown in self._shown:
            shown.draw(self._width, self._height)
        key = tuple(shown.key for shown in self._shown)
        if self._last is None or self._last.key != key:
            visible = [shown for shown in self._shown if shown.sprites]
            sprites = tuple(sprite for shown in visible for sprite in shown.sprites)
            self._last = Drawing(key, sprites, tuple(_bounds(shown.sprites) for shown in visible))
        return self._last if self._last.sprites else None


def _pixels(strip: RunningText, pace_ns: int) -> int:
    """Per tick, even, at least two: the same at each one, or the text would tremble."""
    return max(2, 2 * round(strip.speed * pace_ns / NS / 2)) if pace_ns else 0


def _heading(overlay: Overlay) -> tuple[int, int]:
    """Return which way a graphic goes when it leaves, and comes back from."""
    row, _, column = overlay.anchor.rpartition("-")
    if "bottom" in (row, column):
        return 0, 1
    if "top" in (row, column):
        return 0, -1
    return {"left": -1, "right": 1}.get(column, 0), 0


def _eased(share: float) -> float:
    """Fast at first, gentle at the end."""
    return float(1 - (1 - share) ** 3)


def _bounds(sprites: tuple[Sprite, ...]) -> Rect:
    left, top = min(sprite.x for sprite in sprites), min(sprite.y for sprite in sprites)
    right = max(sprite.x + sprite.picture.width for sprite in sprites)
    bottom = max(sprite.y + sprite.picture.height for sprite in sprites)
    return Rect(left, top, right - left, bottom - top)


def _even(number: float) -> int:
    return int(number) & ~1
