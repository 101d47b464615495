"""Pure: a scene → a canvas of tiles, plates and graphics, in the theme's measures."""

from fractions import Fraction
from typing import Literal

import msgspec
from msgspec.structs import replace

from mixer.contract.names import BACKDROP, of_source, screen_of, seat_of
from mixer.contract.plan import CanvasPlan, Plate, Rect, Tile, TileStyle
from mixer.contract.source_kinds import SOURCE_KINDS
from mixer.contract.theme import Theme
from signaling.contract.state import SceneCanvas
from studio.planning.layout import SLIDES_AT, solve
from studio.planning.overlays import Tongues, name_plate, overlays
from studio.planning.places import EMPTY, Staged, composition_of, shown, source_id
from studio.show.model import Composition, Place, Show

Size = tuple[int, int]


def first_tongues(show: Show) -> Tongues:
    """Of the programme and of the wall: the event's first two languages."""
    languages = (*show.languages, "", "")
    return languages[0], languages[1]


def tongues_of(show: Show, language: str) -> Tongues:
    """Of the stream of a language: its own, and under it the event's first."""
    first = first_tongues(show)
    return first if language == first[0] else (language, first[0])


def compose(show: Show, staged: Staged, canvas: SceneCanvas, size: Size, media: str = "") -> CanvasPlan:
    """``size``: width and height in pixels, even. ``media``: folder of what was uploaded."""
    width, height = size
    theme = show.theme
    if staged.scene is None:
        return CanvasPlan(width, height, background=theme.background)
    composition = composition_of(staged.scene, canvas)
    tongues = first_tongues(show)
    look = _Look.of(theme, width, height)
    places = shown(show, staged, canvas)
    rects = solve(
        composition.layout,
        len(places),
        width,
        height,
        gap=look.gap,
        margin=look.margin,
        safe=look.safe,
        boxes=tuple(_box(place) for place in places) if composition.layout == "free" else (),
    )
    tiles = [
        _tile(show, composition, number, place, rect, tongues, look.style(rect))
        for number, (place, rect) in enumerate(zip(places, rects, strict=True))
        if place != EMPTY
    ]
    return CanvasPlan(
        width,
        height,
        (*_behind(show, composition, width, height), *tiles),
        background=theme.background,
        overlays=overlays(show, composition, canvas, tongues, media),
        scene=staged.scene.id,
        glide_ms=theme.glide_ms,
    )


def in_language(show: Show, staged: Staged, plan: CanvasPlan, language: str, media: str) -> CanvasPlan:
    """The programme's canvas with the plates and graphics of the stream of ``language``; ``plan`` itself
    where it is no different."""
    if staged.scene is None:
        return plan
    tongues = tongues_of(show, language)
    tiles = tuple(_retold(show, tile, tongues) for tile in plan.tiles)
    drawn = overlays(show, composition_of(staged.scene, "program"), "program", tongues, media)
    if drawn == plan.overlays and all(new is old for new, old in zip(tiles, plan.tiles, strict=True)):
        return plan
    return replace(plan, tiles=tiles, overlays=drawn)


def scaled(plan: CanvasPlan, size: Size, theme: Theme) -> CanvasPlan:
    """The same picture on a smaller canvas: what is prepared, as it will be on air."""
    pane = Rect(0, 0, *size)
    look = _Look.of(theme, *size)
    tiles = []
    for tile in plan.tiles:
        rect = scaled_rect(tile.rect, plan, pane)
        tiles.append(replace(tile, rect=rect, style=look.style(rect) if tile.style else None))
    return replace(plan, width=size[0], height=size[1], tiles=tuple(tiles))


def scaled_rect(rect: Rect, canvas: CanvasPlan, pane: Rect) -> Rect:
    """Edges, not sizes, are scaled and rounded, so that neighbours stay neighbours."""
    left, right = (_even(Fraction(x * pane.w, canvas.width)) for x in (rect.x, rect.x + rect.w))
    top, bottom = (_even(Fraction(y * pane.h, canvas.height)) for y in (rect.y, rect.y + rect.h))
    return Rect(pane.x + left, pane.y + top, max(2, right - left), max(2, bottom - top))


class _Look(msgspec.Struct, frozen=True):
    """The theme's measures on one canvas, in pixels."""

    gap: int
    margin: int
    safe: int
    width: int
    height: int
    edge: TileStyle | None

    @classmethod
    def of(cls, theme: Theme, width: int, height: int) -> "_Look":
        short = min(width, height)
        edge = TileStyle(round(theme.radius * short), _even(round(theme.border * short)), theme.border_colour)
        return cls(
            round(theme.gap * short),
            round(theme.margin * short),
            round(theme.safe * short),
            width,
            height,
            edge if edge.radius or edge.border else None,
        )

    def style(self, rect: Rect) -> TileStyle | None:
        """None for what reaches two opposite edges of the canvas: it is a picture of its own, no card."""
        whole = rect.w == self.width or rect.h == self.height
        return None if whole or self.edge is None else self.edge


def _tile(
    show: Show,
    composition: Composition,
    number: int,
    place: Place,
    rect: Rect,
    tongues: Tongues,
    style: TileStyle | None,
) -> Tile:
    source = source_id(place)
    fit = place.fit or _fit(show, composition, number, place)
    plate: Plate | None = None
    if place.seat and not place.screen and composition.plates and composition.layout != "group":
        plate = name_plate(show.seats[place.seat], tongues)
    return Tile(rect, source, fit=fit, plate=plate, crop=place.crop, style=style)


def _fit(show: Show, composition: Composition, number: int, place: Place) -> Literal["cover", "contain"]:
    if SLIDES_AT.get(composition.layout) == number or place.screen:
        return "contain"
    if place.seat:
        return "cover"
    source = show.sources.get(place.source)
    return "cover" if source is not None and SOURCE_KINDS[source.kind].live else "contain"


def _retold(show: Show, tile: Tile, tongues: Tongues) -> Tile:
    seat = show.seats.get(seat_of(tile.source) or screen_of(tile.source)) if tile.plate is not None else None
    if seat is None or not seat.names:
        return tile
    plate = name_plate(seat, tongues)
    return tile if plate == tile.plate else replace(tile, plate=plate)


def _behind(show: Show, composition: Composition, width: int, height: int) -> tuple[Tile, ...]:
    """The scene's own background, else the theme's; both where one sees through the scene's."""
    source = show.sources.get(composition.background or "")
    sources = [of_source(composition.background)] if composition.background else []
    if show.theme.backdrop and (not sources or (source is not None and source.alpha)):
        sources.insert(0, BACKDROP)
    return tuple(Tile(Rect(0, 0, width, height), each) for each in sources)


def _box(place: Place) -> tuple[float, float, float, float] | None:
    box = place.box
    return None if box is None else (box.x, box.y, box.w, box.h)


def _even(number: Fraction | int) -> int:
    return int(number) & ~1
