"""Pure: what fills a scene's places at this moment, and which pictures and sounds these are."""

from collections.abc import Collection, Iterable

import msgspec
from msgspec.structs import replace

from mixer.contract.names import SourceName, of_screen, of_seat, of_source
from mixer.contract.source_kinds import SOURCE_KINDS
from signaling.contract.state import SceneCanvas
from studio.planning.layout import CAPACITY, SLIDES_AT
from studio.show.model import Composition, Place, Scene, Seat, Show

CANVASES: tuple[SceneCanvas, ...] = ("program", "wall")
EMPTY = Place()
"""A place that is kept free: the background is seen there."""


class Staged(msgspec.Struct, frozen=True):
    """A scene, and the seat that fills its places with ``auto``. Without a scene: nothing."""

    scene: Scene | None
    speaker: str = ""


def on_air(show: Show) -> Staged:
    return Staged(show.scenes.get(show.program or ""), show.speaker)


def coming(show: Show) -> Staged:
    """What is in preview."""
    return Staged(show.scenes.get(show.preview or ""), show.preview_speaker)


def shown(show: Show, staged: Staged, canvas: SceneCanvas) -> tuple[Place, ...]:
    """What fills the places of a scene's canvas now, each with its seat or source: as many as its layout
    takes, people on stage only.

    A seat that is named but back in the green room, or a part that nobody plays, leaves its place to the
    next: nobody is put on air who isn't admitted. Places that name nobody are filled after those that do,
    with people who have none yet, a shared screen aside: ``auto`` first, then parts, both in the order of the
    seats.

    The place that a layout has for slides is never left to a person: where its own content is away it is
    :data:`EMPTY`, and with everyone on stage it takes the show's first slides.
    """
    if staged.scene is None:
        return ()
    composition = composition_of(staged.scene, canvas)
    capacity = CAPACITY[composition.layout]
    slides_at = SLIDES_AT.get(composition.layout)
    stage = [seat for seat in show.seats.values() if seat.stage]
    if composition.places is None:
        everyone = [Place(seat=seat.id) for seat in stage]
        if slides_at is not None:
            everyone.insert(slides_at, _slides(show))
        return tuple(everyone[:capacity])
    places = composition.places
    filled: dict[int, Place] = {n: each for n, each in enumerate(places) if _is_there(show, each)}
    seen = {place.seat for place in filled.values() if not place.screen}
    left = [seat for seat in stage if seat.id not in seen]
    for number, place in enumerate(places):
        if place.auto and (seat := _speaker(show, staged.speaker, left)) is not None:
            filled[number] = replace(place, seat=seat.id, auto=False)
            left.remove(seat)
    for number, place in enumerate(places):
        if place.part and (seat := next((each for each in left if each.part == place.part), None)):
            filled[number] = replace(place, seat=seat.id, part="")
            left.remove(seat)
    if slides_at is not None and slides_at < len(places) and any(number > slides_at for number in filled):
        filled.setdefault(slides_at, EMPTY)
    return tuple(filled[number] for number in sorted(filled))[:capacity]


def _slides(show: Show) -> Place:
    first = next((source.id for source in show.sources.values() if SOURCE_KINDS[source.kind].paged), "")
    return Place(source=first) if first else EMPTY


def _is_there(show: Show, place: Place) -> bool:
    if place.seat:
        seat = show.seats.get(place.seat)
        return seat is not None and seat.stage
    return bool(place.source)


def _speaker(show: Show, speaker: str, left: Iterable[Seat]) -> Seat | None:
    """Return the chosen speaker; before there is one, or while that seat has a place already, the first seat
    that the director hasn't excluded."""
    free = {seat.id: seat for seat in left}
    chosen = free.get(speaker) or free.get(show.auto_speaker.pin)
    return chosen or next((seat for seat in free.values() if seat.id not in show.auto_speaker.exclude), None)


def composition_of(scene: Scene, canvas: SceneCanvas) -> Composition:
    """A canvas left out follows ``program``."""
    return scene.canvases.get(canvas) or scene.canvases["program"]


def on_scene(show: Show, staged: Staged) -> frozenset[str]:
    """Seats that a scene shows on any canvas."""
    return frozenset(place.seat for name in CANVASES for place in shown(show, staged, name) if place.seat)


def missing(show: Show, staged: Staged, connected: Collection[str]) -> tuple[str, ...]:
    """Seats that a scene asks for and that can't be seen with it: not ``connected``, or in the green room.
    In the order of the seats."""
    asked = named(staged) | on_scene(show, staged)
    return tuple(
        seat.id
        for seat in show.seats.values()
        if seat.id in asked and not (seat.stage and seat.id in connected)
    )


def has_auto(staged: Staged) -> bool:
    """Whether who speaks matters to this scene."""
    scene = staged.scene
    return scene is not None and any(
        place.auto for composition in scene.canvases.values() for place in composition.places or ()
    )


def named(staged: Staged) -> frozenset[str]:
    """Seats that have a place of their own in a scene: who speaks is looked for among the others."""
    if staged.scene is None:
        return frozenset()
    places = (place for each in staged.scene.canvases.values() for place in each.places or ())
    return frozenset(place.seat for place in places if place.seat and not place.screen)


def source_id(place: Place) -> SourceName:
    """The picture's source."""
    if place.screen:
        return of_screen(place.seat)
    return of_seat(place.seat) if place.seat else of_source(place.source)


def sound_id(place: Place) -> SourceName:
    """The sound's source: a screen has none of its own, and brings the microphone of who shares it."""
    return of_seat(place.seat) if place.seat else of_source(place.source)
