"""Name plates, cards, slates and captions: drawn before a plan goes on air, looked up while it is.

:meth:`Graphics.prepare` does the slow work, on any thread but the tick's. The tick's look-ups only read a
dictionary that is replaced whole, so they never wait; what isn't prepared is None and is left out.
"""

import threading
from collections.abc import Callable, Collection, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import structlog

from mixer.compose.sprites import Face, Sprite, blend, place
from mixer.contract.colour import colour_bars
from mixer.contract.names import SourceName
from mixer.contract.picture import Picture, new_picture
from mixer.contract.plan import (
    CanvasName,
    CanvasPlan,
    CanvasView,
    MixPlan,
    Overlay,
    Plate,
    SourceInfo,
    Tally,
    Tile,
)
from mixer.contract.theme import Theme
from mixer.graphics.art import Art, Dial, Drawable, RunningText
from mixer.graphics.designs import draw_card, draw_label, draw_slate
from mixer.graphics.fonts import FontFile
from mixer.graphics.kinds import draw_backdrop, draw_event_slate, draw_overlay
from mixer.graphics.plates import draw_plate
from mixer.graphics.stack import Sheet
from mixer.graphics.text import Typesetter

Key = tuple[str, object, int, int, Theme]
Drawn = Face | tuple[Sprite, ...] | Drawable | Picture | None
Wanted = dict[Key, Callable[[], Drawn]]

BARS_SIZE = (1280, 720)


class Later(NamedTuple):
    """What is drawn when there is time: cards and slates of the sources that have a picture (``live``), and
    all of the canvases that nobody sees (``unseen``)."""

    live: Collection[SourceName] = ()
    unseen: Collection[CanvasName] = ()


ALL_AT_ONCE = Later()

_log = structlog.get_logger()


class Graphics:
    """All that is drawn rather than received. ``title`` and its ``language``: the event's, for the
    slate shown while a scene is empty.

    ``capacity_bytes`` bounds what is kept beyond the last four preparations: the plan on air and the one that
    will be, each with what may come next.
    Raises FontsMissingError. One object may serve several compositors and threads.
    """

    def __init__(
        self, fonts: Path | str, title: str = "", language: str = "", *, capacity_bytes: int = 32 << 20
    ) -> None:
        self._type = Typesetter(Path(fonts))
        self._title = title
        self._language = language
        self._capacity = capacity_bytes
        self._drawn: dict[Key, Drawn] = {}
        self.edition = 0
        """Counts preparations and themes: what was looked up before may look otherwise by now."""
        self.theme = Theme()
        """What is looked up now; ``_before``: what stands in for it where it isn't drawn yet."""
        self._before = self.theme
        self._ready: frozenset[Theme] = frozenset()
        """Themes in which anything is drawn."""
        self._plans: tuple[frozenset[Key], ...] = ()
        self._preparing = threading.Lock()
        self._outdated = False
        self.bars = colour_bars(*BARS_SIZE)
        self._type.line("Aa", 16, 400, 99)  # the first line loads the fonts: better now than in prepare

    def use(self, own: Sequence[FontFile]) -> None:
        """The operator's fonts from now on. Everything is drawn again by the next :meth:`prepare`, and until
        then stays as it was."""
        with self._preparing:
            self._type.use(own)
            self._outdated = True

    # --- before the plan is taken ----------------------------------------------------------------------

    def prepare(
        self, plan: MixPlan, given_up: Callable[[], bool] = lambda: False, later: Later = ALL_AT_ONCE
    ) -> None:
        """Draw all that ``plan`` may show, but what may come ``later``. Takes milliseconds to a second: never
        call it in the tick. Once ``given_up`` is true, it ends with what was drawn so far."""
        with self._preparing:
            wanted, at_once = self._wanted(plan, later)
            kept = {} if self._outdated else dict(self._drawn)
            self._outdated = fresh = False
            for key, draw in wanted.items():
                # Moved to the end: the dictionary's order is the order of last use.
                if key in kept:
                    kept[key] = kept.pop(key)
                elif key in at_once and not given_up():
                    kept[key], fresh = self._made(key, draw), True
            plans = [each for each in self._plans if each != wanted.keys()]
            self._plans = (*plans[-3:], frozenset(wanted))
            self._drawn = self._trimmed(kept)
            self._ready = frozenset(key[-1] for key in self._drawn)
            if fresh:
                self.edition += 1

    def _made(self, key: Key, draw: Callable[[], Drawn]) -> Drawn:
        try:
            return draw()
        except Exception as error:
            # One graphic less, and all others as they should be.
            _log.error("graphic.failed", kind=key[0], error=f"{type(error).__name__}: {error}")
            return None

    def _wanted(self, plan: MixPlan, later: Later) -> tuple[Wanted, frozenset[Key]]:
        """Return what may be drawn for ``plan``, and the keys of what is needed at once."""
        wanted: Wanted = {}
        spare: Wanted = {}
        for canvases in (plan.canvases, plan.leaving, plan.languages, plan.leaving_languages):
            for name, canvas in canvases.items():
                if name in later.unseen:
                    self._want_canvas(spare, spare, canvas, plan, later)
                else:
                    self._want_canvas(wanted, spare, canvas, plan, later)
        return wanted | spare, frozenset(wanted)

    def _want_canvas(
        self, wanted: Wanted, spare: Wanted, canvas: CanvasPlan, plan: MixPlan, later: Later
    ) -> None:
        for tile in canvas.tiles:
            sheet = Sheet(self._type, tile.rect.w, tile.rect.h, plan.theme)
            if tile.plate is not None:
                wanted[_key("plate", tile.plate, sheet)] = partial(draw_plate, sheet, tile.plate)
            who = _who(plan.sources.get(tile.source, SourceInfo()))
            instead = spare if tile.source in later.live else wanted
            instead[_key("card", who, sheet)] = partial(draw_card, sheet, who)
            instead[_key("slate", who, sheet)] = partial(draw_slate, sheet, who)
            self._want_label(wanted, tile, plan.theme)
        for view in canvas.views:
            self._want_label(wanted, view, plan.theme)
        sheet = Sheet(self._type, canvas.width, canvas.height, plan.theme)
        slate = partial(draw_event_slate, sheet, self._title, self._language)
        wanted[_key("event", self._title, sheet)] = slate
        if plan.theme.backdrop:
            wanted[_key("backdrop", "", sheet)] = partial(draw_backdrop, sheet)
        for overlay in canvas.overlays:
            wanted[_key("overlay", overlay, sheet)] = partial(draw_overlay, sheet, overlay)

    def _want_label(self, wanted: Wanted, item: Tile | CanvasView, theme: Theme) -> None:
        if item.label:
            sheet = Sheet(self._type, item.rect.w, item.rect.h, theme)
            language = item.label_language if isinstance(item, Tile) else ""
            draw = partial(draw_label, sheet, item.label, item.tally, language)
            wanted[_key("label", (item.label, item.tally, language), sheet)] = draw

    def _trimmed(self, drawn: dict[Key, Drawn]) -> dict[Key, Drawn]:
        held = frozenset().union(*self._plans)
        sizes = {key: _nbytes(drawn[key]) for key in drawn.keys() - held}
        spare = sum(sizes.values()) - self._capacity
        if spare > 0:
            for key in [each for each in drawn if each in sizes]:
                spare -= sizes[key]
                del drawn[key]
                if spare <= 0:
                    break
        return drawn

    # --- in the tick -----------------------------------------------------------------------------------

    def wear(self, theme: Theme) -> None:
        """Draw what is looked up from now on in this theme; what isn't drawn yet stays as it was."""
        if theme is self.theme or theme == self.theme:
            return
        if self.theme in self._ready:  # or what stood in for it goes on
            self._before = self.theme
        self.theme = theme
        self.edition += 1

    def plate(self, plate: Plate, width: int, height: int) -> tuple[Sprite, ...] | None:
        """Sprites of a name plate for a tile of this size."""
        return self._sprites("plate", plate, width, height)

    def label(
        self, text: str, tally: Tally, width: int, height: int, language: str = ""
    ) -> tuple[Sprite, ...] | None:
        """Sprites of a multiview's caption."""
        return self._sprites("label", (text, tally, language), width, height)

    def card(self, info: SourceInfo, width: int, height: int) -> Face | None:
        """Return what stands for a guest without picture."""
        return self._face("card", _who(info), width, height)

    def slate(self, info: SourceInfo, width: int, height: int) -> Face | None:
        """Return what stands for a guest whose picture stopped."""
        return self._face("slate", _who(info), width, height)

    def event(self, width: int, height: int) -> Face | None:
        """The event's slate, full canvas."""
        return self._face("event", self._title, width, height)

    def backdrop(self, width: int, height: int) -> Picture | None:
        """The theme's backdrop over a whole canvas; None where the theme has none."""
        drawn = self._find("backdrop", "", width, height)
        return drawn if isinstance(drawn, Picture) else None

    def overlay(self, overlay: Overlay, width: int, height: int) -> Drawable | None:
        """A graphic for a canvas of this size."""
        drawn = self._find("overlay", overlay, width, height)
        return drawn if isinstance(drawn, Art | Dial | RunningText) else None

    def _find(self, kind: str, what: object, width: int, height: int) -> Drawn:
        drawn = self._drawn
        key = (kind, what, width, height, self.theme)
        return drawn[key] if key in drawn else drawn.get((*key[:4], self._before))

    def _face(self, kind: str, what: object, width: int, height: int) -> Face | None:
        drawn = self._find(kind, what, width, height)
        return drawn if isinstance(drawn, Face) else None

    def _sprites(self, kind: str, what: object, width: int, height: int) -> tuple[Sprite, ...] | None:
        drawn = self._find(kind, what, width, height)
        return drawn if isinstance(drawn, tuple) and not isinstance(drawn, Picture) else None

    # --- anywhere but in the tick ----------------------------------------------------------------------

    def event_picture(self, width: int, height: int) -> Picture:
        """The event's slate as a new picture of even size, for what is encoded apart from a canvas."""
        face = draw_event_slate(Sheet(self._type, width, height, self.theme), self._title, self._language)
        picture = new_picture(width, height, face.colour)
        blend(place(picture, face.sprites))
        return picture


def _who(info: SourceInfo) -> Plate:
    return Plate(info.name, info.title, language=info.language)


def _key(kind: str, what: object, sheet: Sheet) -> Key:
    return kind, what, sheet.width, sheet.height, sheet.theme


def _nbytes(drawn: Drawn) -> int:
    if drawn is None:
        return 0
    if isinstance(drawn, Picture):
        return sum(plane.nbytes for plane in drawn)
    if isinstance(drawn, Face):
        return sum(sprite.nbytes for sprite in drawn.sprites)
    return sum(sprite.nbytes for sprite in drawn) if isinstance(drawn, tuple) else drawn.nbytes
