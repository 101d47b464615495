"""Turns a scene's canvases as commanded into compositions that can be shown. Pure."""

from mixer.contract.names import sound_of
from mixer.contract.plan import Crop
from signaling.contract.ports import RefusedError
from signaling.contract.state import SceneCanvas
from studio.planning.layout import CAPACITY, LayoutName
from studio.show.checks import sounding, unknown
from studio.show.commands import AudioSpec, BoxSpec, CompositionSpec, PlaceSpec
from studio.show.model import AudioPolicy, Box, Composition, Place, Seat, Show

LEAST_CROP = 0.05
"""Share of a source's side that a crop leaves at least."""
LEAST_BOX = 0.01
"""Share of the canvas's side that a box by hand has at least."""


def compose(show: Show, canvases: dict[SceneCanvas, CompositionSpec]) -> dict[SceneCanvas, Composition]:
    """Checked against the show. ``program`` is always there: everyone on stage in a grid if left out.

    Raises RefusedError: 400 ``scene.layout-unknown``, ``scene.too-many-places``, ``scene.place-malformed``,
    ``scene.box-missing``, ``scene.box-outside``, ``scene.crop-outside``; 404 ``seat.unknown``,
    ``source.unknown``, ``graphic.unknown``; 409 ``seat.not-speaker``.
    """
    composed: dict[SceneCanvas, Composition] = {"program": Composition()}
    for name, spec in canvases.items():
        composed[name] = _composition(show, spec)
    return composed


def heard(show: Show, spec: AudioSpec) -> AudioPolicy:
    """Checked against the show. Raises RefusedError: 404 ``seat.unknown``, ``source.unknown``; 409
    ``seat.not-speaker``."""
    sources = []
    for each in spec.sources:
        thing, key = sounding(show, each)
        if isinstance(thing, Seat) and thing.role != "speaker":
            raise RefusedError(409, "seat.not-speaker", f"The seat {thing.id} is not a speaker's.")
        sources.append(sound_of(key))
    return AudioPolicy(spec.follow, tuple(dict.fromkeys(sources)))


def _composition(show: Show, spec: CompositionSpec) -> Composition:
    layout = next((name for name in CAPACITY if name == spec.layout), None)
    if layout is None:
        raise RefusedError(400, "scene.layout-unknown", f"Layouts are: {', '.join(CAPACITY)}.")
    for graphic in spec.graphics:
        if graphic not in show.graphics:
            raise unknown("graphic", graphic)
    if spec.background and spec.background not in show.sources:
        raise unknown("source", spec.background)
    places = None if spec.places is None else _places(show, layout, spec.places)
    if layout == "free" and places is None:
        raise RefusedError(400, "scene.box-missing", "The layout free needs its places, each with a box.")
    return Composition(layout, places, tuple(dict.fromkeys(spec.graphics)), spec.plates, spec.background)


def _places(show: Show, layout: LayoutName, specs: tuple[PlaceSpec, ...]) -> tuple[Place, ...]:
    if len(specs) > (capacity := CAPACITY[layout]):
        raise RefusedError(
            400, "scene.too-many-places", f"The layout {layout} has at most {capacity} places."
        )
    places = tuple(_place(show, spec) for spec in specs)
    if layout == "free" and any(place.box is None for place in places):
        raise RefusedError(400, "scene.box-missing", "In the layout free each place needs its box.")
    return places


def _place(show: Show, spec: PlaceSpec) -> Place:
    filled = (spec.seat, spec.source, spec.part, True if spec.auto else None)
    if sum(each is not None for each in filled) != 1 or (spec.screen and spec.seat is None):
        raise RefusedError(
            400,
            "scene.place-malformed",
            "A place takes exactly one of a seat, a source, a part and auto; only a seat has a screen.",
        )
    if spec.seat is not None:
        seat = show.seats.get(spec.seat)
        if seat is None:
            raise unknown("seat", spec.seat)
        if seat.role != "speaker":
            raise RefusedError(409, "seat.not-speaker", f"The seat {seat.id} is not a speaker's.")
    if spec.source is not None and spec.source not in show.sources:
        raise unknown("source", spec.source)
    return Place(
        seat=spec.seat or "",
        source=spec.source or "",
        screen=spec.screen,
        part=spec.part or "",
        auto=spec.auto,
        box=_box(spec.box),
        crop=_crop(spec.crop),
        fit=spec.fit or "",
    )


def _box(spec: BoxSpec | None) -> Box | None:
    if spec is None:
        return None
    if not _lies_inside(spec, LEAST_BOX):
        raise RefusedError(
            400,
            "scene.box-outside",
            f"A box lies within the canvas (0 … 1) and is at least {LEAST_BOX} wide and high.",
        )
    return Box(spec.x, spec.y, spec.w, spec.h)


def _crop(spec: BoxSpec | None) -> Crop | None:
    if spec is None or spec == BoxSpec(0, 0, 1, 1):
        return None
    if not _lies_inside(spec, LEAST_CROP):
        raise RefusedError(
            400,
            "scene.crop-outside",
            f"A crop lies within the source (0 … 1) and is at least {LEAST_CROP} wide and high.",
        )
    return Crop(spec.x, spec.y, spec.w, spec.h)


def _lies_inside(spec: BoxSpec, least: float) -> bool:
    """Return whether the box lies inside, with room for shares that were rounded."""
    return min(spec.w, spec.h) >= least and max(spec.x + spec.w, spec.y + spec.h) <= 1.001
