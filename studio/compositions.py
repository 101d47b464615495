"""From a scene's canvases as commanded to compositions that can be shown: pure."""

from mixer.layout import CAPACITY
from signaling.ports import RefusedError
from studio.commands import AudioSpec, CompositionSpec, PlaceSpec
from studio.deciding.checks import sound_source, sounding
from studio.model import AudioPolicy, Composition, Place, SceneCanvas, Seat, Show


def compose(show: Show, canvases: dict[SceneCanvas, CompositionSpec]) -> dict[SceneCanvas, Composition]:
    """Checked against the show. ``program`` is always there: everyone on stage in a grid if left out.

    Raises RefusedError: 400 ``scene.layout-unknown``, ``scene.too-many-places``, ``scene.place-malformed``,
    ``scene.graphics-unavailable``; 404 ``seat.unknown``, ``source.unknown``; 409 ``seat.not-speaker``.
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
        sources.append(sound_source(key))
    return AudioPolicy(spec.follow, tuple(dict.fromkeys(sources)))


def _composition(show: Show, spec: CompositionSpec) -> Composition:
    layout = next((name for name in CAPACITY if name == spec.layout), None)
    if layout is None:
        raise RefusedError(400, "scene.layout-unknown", f"Layouts are: {', '.join(CAPACITY)}.")
    if spec.graphics:
        raise RefusedError(
            400, "scene.graphics-unavailable", "This version draws name plates only; leave graphics empty."
        )
    if spec.places is None:
        return Composition(layout)
    if len(spec.places) > (capacity := CAPACITY[layout]):
        raise RefusedError(
            400, "scene.too-many-places", f"The layout {layout} has at most {capacity} places."
        )
    return Composition(layout, tuple(_place(show, place) for place in spec.places))


def _place(show: Show, spec: PlaceSpec) -> Place:
    match spec:
        case PlaceSpec(seat=str() as id_, source=None, screen=screen):
            seat = show.seats.get(id_)
            if seat is None:
                raise RefusedError(404, "seat.unknown", f"There is no seat {id_}.")
            if seat.role != "speaker":
                raise RefusedError(409, "seat.not-speaker", f"The seat {id_} is not a speaker's.")
            return Place(seat=id_, screen=screen)
        case PlaceSpec(seat=None, source=str() as id_, screen=False):
            if id_ not in show.sources:
                raise RefusedError(404, "source.unknown", f"There is no source {id_}.")
            return Place(source=id_)
        case _:
            raise RefusedError(
                400,
                "scene.place-malformed",
                "A place takes exactly one of a seat and a source; only a seat has a screen.",
            )
