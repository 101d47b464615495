"""How large a player's pictures are: as the canvas needs them, and no larger than before where it doesn't."""

import pytest

from mixer.contract.names import of_source, slot_of
from mixer.contract.plan import Crop
from mixer.contract.source_kinds import SourceKind
from studio.planning.planner import Live, Plans, plan, steady
from studio.planning.player_size import PICTURE, player_size
from studio.show.model import Composition, Place, Scene, Show, Source
from tests.support.shows import PLAN_SETTINGS

PROGRAM, WALL = (1920, 1080), (3840, 1080)


def size(
    kind: SourceKind,
    media: tuple[int, int],
    *canvases: tuple[int, int],
    composition: Composition | None = None,
) -> tuple[int, int]:
    source = Source(id="a", title="A", kind=kind, width=media[0], height=media[1])
    scenes = {} if composition is None else {"s": Scene("s", "S", {"program": composition})}
    return player_size(Show(sources={"a": source}, scenes=scenes), source, canvases or (PROGRAM, WALL))


def test_what_is_made_for_the_wall_keeps_its_pixels_there() -> None:
    assert size("clip", (3840, 1080)) == (3840, 1080)
    assert size("still", (5760, 1080), PROGRAM, (5760, 1080)) == (5760, 1080)
    assert size("clip", (4096, 2304), PROGRAM, (4096, 2304)) == (4096, 2304)
    assert size("clip", (3840, 1080), PROGRAM) == PICTURE, "no canvas shows more of it"


@pytest.mark.parametrize("media", [(1920, 1080), (1280, 720), (0, 0), (3840, 2160), (1080, 1920)])
def test_a_clip_that_no_canvas_shows_larger_costs_what_it_did(media: tuple[int, int]) -> None:
    assert size("clip", media) == PICTURE


def test_slides_are_drawn_for_the_canvas_they_are_on() -> None:
    assert size("slides", (960, 540)) == PICTURE
    assert size("slides", (960, 540), PROGRAM, (3840, 2160)) == (3840, 2160)
    assert size("slides", (1920, 540)) == (3840, 1080)
    assert size("slides", (960, 540), (7680, 4320))[0] <= 4096


def test_a_place_that_is_filled_or_cropped_needs_more() -> None:
    filled = Composition("solo", places=(Place(source="a", fit="cover"),))
    assert size("clip", (3840, 2160), composition=filled) == (3840, 2160)
    behind = Composition("solo", background="a")
    assert size("still", (3840, 2160), composition=behind) == (3840, 2160)
    part = Composition("solo", places=(Place(source="a", crop=Crop(0, 0, 0.5, 0.5)),))
    assert size("still", (3840, 2160), PROGRAM, composition=part) == (3840, 2160)


def test_a_stream_s_size_is_not_known_beforehand() -> None:
    assert size("pull", (0, 0)) == PICTURE


def test_nothing_changes_its_size_while_it_is_on_air() -> None:
    def planned(program: str, *, fills: bool, media: str = "m", before: Plans | None = None) -> Plans:
        source = Source(id="a", title="A", kind="still", media=media, width=4032, height=3024)
        shown = Composition("solo", places=(Place(source="a"),))
        other = Composition("solo", places=(Place(source="a", fit="cover" if fills else ""),))
        scenes = {
            "air": Scene("air", "S", {"program": shown}),
            "other": Scene("other", "S", {"program": other}),
        }
        show = Show(
            sources={"a": source},
            scenes={**scenes, "none": Scene("none", "N", {"program": Composition("solo", places=())})},
            program=program,
        )
        plans = plan(show, Live(), PLAN_SETTINGS, 1)
        return plans if before is None else steady(plans, before)

    def sizes(plans: Plans) -> list[tuple[int, int]]:
        (player,), slot = plans.desired.players, plans.desired.slots[slot_of(of_source("a"))]
        return [(player.width, player.height), (slot.width, slot.height)]

    before = planned("air", fills=False)
    assert sizes(before) == [PICTURE, PICTURE]
    edited = planned("air", fills=True, before=before)
    assert edited.desired == before.desired, "its player goes on"
    assert sizes(planned("other", fills=True, before=edited)) == [PICTURE, PICTURE]
    gone = planned("none", fills=True, before=edited)
    assert sizes(gone)[0] > PICTURE
    assert sizes(gone)[0] == sizes(gone)[1]
    assert sizes(planned("air", fills=True, media="n", before=before))[0] > PICTURE, (
        "its player restarts anyway"
    )
