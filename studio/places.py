"""Pure: what fills a scene's places at this moment, and which pictures and sounds these are."""

from mixer.layout import CAPACITY
from mixer.plan import SourceId
from studio.model import Composition, Place, Scene, SceneCanvas, Show


def shown(show: Show, scene: str | None, canvas: SceneCanvas) -> tuple[Place, ...]:
    """What fills the places of a scene's canvas now: as many as its layout takes, people on stage only.

    A seat that is named but back in the green room leaves its place to the next: nobody is put on air who
    isn't admitted.
    """
    if scene is None:
        return ()
    composition = composition_of(show.scenes[scene], canvas)
    places = composition.places
    if places is None:
        places = tuple(Place(seat=seat.id) for seat in show.seats.values() if seat.stage)
    else:
        places = tuple(place for place in places if not place.seat or show.seats[place.seat].stage)
    return places[: CAPACITY[composition.layout]]


def composition_of(scene: Scene, canvas: SceneCanvas) -> Composition:
    """A canvas left out follows ``program``."""
    return scene.canvases.get(canvas) or scene.canvases["program"]


def on_scene(show: Show, scene: str | None) -> frozenset[str]:
    """Seats that a scene shows on any canvas."""
    canvases: tuple[SceneCanvas, ...] = ("program", "wall")
    return frozenset(place.seat for name in canvases for place in shown(show, scene, name) if place.seat)


def source_id(place: Place) -> SourceId:
    """The picture's source."""
    if place.screen:
        return f"screen/{place.seat}"
    return f"seat/{place.seat}" if place.seat else f"source/{place.source}"


def sound_id(place: Place) -> SourceId:
    """The sound's source: a screen has none of its own, and brings the microphone of who shares it."""
    return f"seat/{place.seat}" if place.seat else f"source/{place.source}"
