"""Plans: what the state means for pictures, sound, browsers and processes."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixer.contract.messages import SenderConfig
from mixer.contract.names import canvas_slot, of_seat, of_source, picture_stream, sound_stream
from mixer.contract.plan import AudioInput, MixPlan, Plate, Rect
from signaling.contract.messages import UplinkTarget
from studio.planning.layout import solve
from studio.planning.places import on_air as staged
from studio.planning.places import on_scene
from studio.planning.planner import Live, Plans, asking, plan
from studio.planning.uplink import NOTHING, THUMBNAIL, target_for
from studio.show.model import Show
from tests.support.shows import CANVASES, PLAN_SETTINGS, URL, after, with_mayors, with_scene


def planned(show: Show, *connected: str, watched: tuple[str, ...] = ()) -> Plans:
    return plan(show, Live(frozenset(connected), frozenset(watched)), PLAN_SETTINGS, 7)  # type: ignore[arg-type]


def on_air(mayors: int, layout: str, *places: str) -> Show:
    return after(with_scene(with_mayors(mayors), "now", layout, *places), "program.cut", scene="now")


def sources(mix: MixPlan, canvas: str) -> list[str]:
    return [tile.source for tile in mix.canvases[canvas].tiles]  # type: ignore[index]


def test_nothing_on_air_is_an_empty_picture_and_silence() -> None:
    mix = planned(Show()).mix
    assert mix.revision == 7
    assert {name: (c.width, c.height) for name, c in mix.canvases.items()} == CANVASES
    assert not mix.canvases["program"].tiles
    assert not mix.audio.open


def test_places_fill_the_layout_in_order_with_plates() -> None:
    mix = planned(on_air(3, "duo", "mayor-2", "source/bars")).mix
    left, right = mix.canvases["program"].tiles
    assert (left.source, left.plate) == ("seat/mayor-2", Plate("Mayor 2", "City 2"))
    assert (right.source, right.plate, right.fit) == ("source/bars", None, "contain")
    assert (left.rect, right.rect) == solve("duo", 2, 1920, 1080)
    assert mix.sources[of_source("bars")].kind == "bars"
    assert mix.sources[of_seat("mayor-2")].name == "Mayor 2"


def test_the_wall_follows_the_programme_unless_the_scene_says_otherwise() -> None:
    mix = planned(on_air(3, "solo", "mayor-1")).mix
    assert sources(mix, "wall") == ["seat/mayor-1"]
    show = with_scene(with_mayors(3), "now", "solo", "mayor-1", wall={"layout": "grid"})
    mix = planned(after(show, "program.cut", scene="now")).mix
    assert sources(mix, "program") == ["seat/mayor-1"]
    assert sources(mix, "wall") == ["seat/mayor-1", "seat/mayor-2", "seat/mayor-3"]
    assert [tile.rect for tile in mix.canvases["wall"].tiles] == list(solve("grid", 3, 3840, 1080))


def test_what_a_cut_would_bring_is_known_beforehand() -> None:
    show = with_scene(on_air(2, "solo", "mayor-1"), "then", "duo", "mayor-2", "mayor-1")
    show = after(show, "preview.set", scene="then")
    upcoming = planned(show).next
    assert upcoming == {
        name: plan_
        for name, plan_ in planned(after(show, "program.cut")).mix.canvases.items()
        if name in upcoming
    }
    assert upcoming.keys() == {"program", "wall"}


def test_places_left_out_are_everyone_on_stage() -> None:
    show = on_air(4, "grid")
    show = after(show, "seat.hold", seat="mayor-2")
    assert sources(planned(show).mix, "program") == ["seat/mayor-1", "seat/mayor-3", "seat/mayor-4"]


def test_nobody_from_the_green_room_is_seen_or_heard() -> None:
    show = after(on_air(2, "duo", "mayor-1", "mayor-2"), "seat.hold", seat="mayor-1")
    mix = planned(show).mix
    assert sources(mix, "program") == ["seat/mayor-2"]
    assert mix.audio.open == (AudioInput(of_seat("mayor-2")),)
    assert on_scene(show, staged(show)) == {"mayor-2"}


def test_sound_follows_the_programme() -> None:
    show = on_air(3, "grid", "mayor-1", "mayor-2", "mayor-1")
    show = after(show, "source.gain", source="seat/mayor-1", db=-3.5)
    assert planned(show).mix.audio.open == (
        AudioInput(of_seat("mayor-1"), -3.5),
        AudioInput(of_seat("mayor-2")),
    )
    show = after(show, "source.mute", source="seat/mayor-1", muted=True)
    assert planned(show).mix.audio.open == (AudioInput(of_seat("mayor-2")),)
    black = planned(after(show, "program.fade_to_black", on=True)).mix
    assert black.black
    assert not black.audio.open


def test_the_multiview_shows_preview_programme_and_everybody_connected() -> None:
    show = with_scene(on_air(3, "solo", "mayor-1"), "next", "duo", "mayor-2", "source/bars")
    show = after(show, "preview.set", scene="next")
    show = after(show, "seat.hold", seat="mayor-3")
    console = planned(show, "mayor-1", "mayor-3").mix.canvases["multiview"]
    prepared, view = console.views
    assert (view.canvas, view.tally, view.rect) == ("program", "program", Rect(640, 0, 640, 360))
    assert (prepared.canvas, prepared.tally, prepared.rect) == ("preview", "preview", Rect(0, 0, 640, 360))
    assert not [tile for tile in console.tiles if tile.rect.y < 360]
    preview = planned(show).mix.canvases["preview"]
    assert (preview.width, preview.height, preview.scene) == (640, 360, "next")
    assert [tile.source for tile in preview.tiles] == ["seat/mayor-2", "source/bars"]
    assert preview.tiles[0].plate == Plate("Mayor 2", "City 2"), "as it will be on air"
    for tile, full in zip(preview.tiles, solve("duo", 2, 1920, 1080), strict=True):
        assert abs(tile.rect.x - full.x / 3) <= 2
        assert abs(tile.rect.w - full.w / 3) <= 2
    assert [(tile.source, tile.label, tile.tally) for tile in console.tiles] == [
        ("seat/mayor-1", "Mayor 1", "program"),
        ("seat/mayor-3", "Mayor 3", ""),
    ]


@settings(deadline=None, max_examples=40)
@given(
    st.integers(0, 60),
    st.tuples(st.integers(160, 2000), st.integers(90, 1200)),
    st.sampled_from([(1920, 1080), (3840, 1080), (1080, 1920)]),
)
def test_tiles_of_the_multiview_are_even_and_inside(
    mayors: int, size: tuple[int, int], program: tuple[int, int]
) -> None:
    show = after(on_air(mayors, "grid"), "preview.set", scene="now")
    even = (size[0] * 2, size[1] * 2)
    canvases = {"program": program, "wall": (3840, 1080), "multiview": even}
    live = Live(frozenset(show.seats), frozenset())
    mix = plan(show, live, PLAN_SETTINGS.__class__(canvases, "recordings"), 0).mix  # type: ignore[arg-type]
    console = mix.canvases["multiview"]
    for rect in [tile.rect for tile in console.tiles] + [view.rect for view in console.views]:
        assert not any(number % 2 for number in (rect.x, rect.y, rect.w, rect.h))
        assert rect.x >= 0
        assert rect.y >= 0
        assert rect.w > 0
        assert rect.h > 0
        assert rect.x + rect.w <= even[0]
        assert rect.y + rect.h <= even[1]


@pytest.mark.parametrize(
    ("mayors", "layout", "expected"),
    [
        (1, "solo", UplinkTarget(1280, 720, 30, 2_500_000)),
        (2, "duo", UplinkTarget(930, 620, 30, 2_000_000)),
        (9, "grid", UplinkTarget(616, 336, 30, 830_000)),
        (16, "grid", UplinkTarget(458, 248, 30, 540_000)),
        (49, "grid", UplinkTarget(256, 136, 30, 220_000)),
    ],
)
def test_browsers_send_what_their_tile_needs(mayors: int, layout: str, expected: UplinkTarget) -> None:
    plans = planned(on_air(mayors, layout))
    assert plans.uplink["mayor-1"] == expected
    rect = plans.mix.canvases["program"].tiles[0].rect
    assert (expected.width, expected.height) == (min(rect.w, 1280), min(rect.h, 720)), "the tile's own size"


def test_browsers_shown_nowhere_send_a_thumbnail_and_nothing_where_nobody_sees_it() -> None:
    show = on_air(3, "solo", "mayor-1")
    assert (THUMBNAIL.width, THUMBNAIL.height, THUMBNAIL.fps) == (160, 90, 5)
    watched = planned(show, "mayor-2", watched=("multiview",))
    assert watched.uplink["mayor-2"] == watched.uplink["mayor-3"] == THUMBNAIL
    unwatched = planned(show, "mayor-2", watched=("wall",))
    assert unwatched.uplink["mayor-2"] == unwatched.uplink["mayor-3"] == NOTHING
    assert NOTHING.fps == 0
    assert unwatched.uplink["mayor-1"] == target_for(1280, 720)


def test_seats_that_are_recorded_send_in_full_whether_seen_or_not() -> None:
    """And always the same size, or each cut would begin another file."""
    show = after(on_air(3, "solo", "mayor-1"), "seat.hold", seat="mayor-3")
    show = after(show, "output.create", output="seats", recording=True, seats=True)
    assert planned(show).uplink["mayor-2"] == NOTHING
    recorded = planned(after(show, "output.start", output="seats"))
    full = target_for(*PLAN_SETTINGS.guest)
    assert [recorded.uplink[f"mayor-{n}"] for n in (1, 2, 3)] == [full, full, NOTHING]
    assert recorded.recorded == "seats"


def test_who_is_asked_for_nothing_is_not_at_fault() -> None:
    show = on_air(2, "solo", "mayor-1")

    def asked(plans: Plans) -> dict[str, bool]:
        return {source: info.asked for source, info in plans.mix.sources.items()}

    both = ("mayor-1", "mayor-2")
    assert asked(planned(show, *both)) == {"seat/mayor-1": True, "seat/mayor-2": False}
    plans = planned(show, *both, watched=("multiview",))
    assert asked(plans) == {"seat/mayor-1": True, "seat/mayor-2": True}
    held = asking(planned(show, *both), plans.uplink)
    assert asked(held) == asked(plans), "what is asked counts, not what is needed"
    learning = asking(plans, plans.uplink, known=False)
    assert asked(learning) == {"seat/mayor-1": True, "seat/mayor-2": False}


def test_the_largest_use_of_a_picture_counts() -> None:
    show = with_scene(on_air(9, "grid"), "next", "duo", "mayor-1", "mayor-2")
    show = after(show, "preview.set", scene="next")
    uplink = planned(show).uplink
    assert uplink["mayor-1"] == target_for(930, 620)
    assert uplink["mayor-3"] == target_for(616, 336)
    twice = on_air(3, "grid", "mayor-1", "mayor-1", "mayor-2")
    assert planned(twice).uplink["mayor-1"] == planned(twice).uplink["mayor-2"]


def test_microphones_are_open_where_they_are_heard_or_would_be_with_the_next_cut() -> None:
    show = with_scene(on_air(4, "solo", "mayor-1"), "next", "duo", "mayor-2", "mayor-3")
    assert planned(show).microphones == ("mayor-1",)
    show = after(show, "preview.set", scene="next")
    assert planned(show).microphones == ("mayor-1", "mayor-2", "mayor-3")
    show = after(show, "source.mute", source="seat/mayor-3", muted=True)
    assert planned(show).microphones == ("mayor-1", "mayor-2")
    black = after(show, "program.fade_to_black", on=True)
    assert planned(black).microphones == ("mayor-1", "mayor-2")
    held = after(show, "seat.hold", seat="mayor-1")
    assert planned(held).microphones == ("mayor-2",)
    assert {each.source for each in planned(show).mix.audio.open} <= {
        f"seat/{seat}" for seat in planned(show).microphones
    }


def test_the_preview_is_brought_to_full_size_before_it_is_taken() -> None:
    show = after(with_scene(with_mayors(2), "next", "solo", "mayor-2"), "preview.set", scene="next")
    before = planned(show)
    assert before.uplink["mayor-2"] == target_for(1280, 720)
    assert before.preview == {"mayor-2": target_for(1280, 720)}
    assert before.uplink["mayor-1"] == NOTHING
    assert planned(after(show, "program.cut")).uplink == before.uplink


def test_a_scene_that_is_cut_to_directly_is_asked_for_in_full_at_once() -> None:
    show = with_scene(on_air(2, "solo", "mayor-1"), "next", "solo", "mayor-2")
    assert planned(show).uplink["mayor-2"] == NOTHING
    assert planned(after(show, "program.cut", scene="next")).uplink["mayor-2"] == target_for(1280, 720)


def test_the_wall_counts_where_somebody_sees_it() -> None:
    show = with_scene(with_mayors(9), "now", "grid", wall={"layout": "solo", "places": [{"seat": "mayor-1"}]})
    show = after(show, "program.cut", scene="now")
    assert planned(show).uplink["mayor-1"] == target_for(616, 336)
    assert planned(show, watched=("wall",)).uplink["mayor-1"] == target_for(1280, 720)
    show = after(show, "output.create", output="led", url=URL, rendition="wall", bus="floor")
    assert planned(after(show, "output.start", output="led")).uplink["mayor-1"] == target_for(1280, 720)


def test_slots_are_there_for_canvases_and_for_who_is_or_may_be_there() -> None:
    show = after(with_mayors(3, admitted=False), "seat.create", seat="hall", role="wall")
    show = after(show, "seat.admit", seat="mayor-1")
    live = Live(seen=frozenset({"mayor-2", "hall", "stranger"}))
    slots = plan(show, live, PLAN_SETTINGS, 1).desired.slots
    assert slots.keys() == {
        "seat/mayor-1",
        "seat/mayor-2",
        "canvas/program",
        "canvas/wall",
        "canvas/multiview",
        "talk/director",
    }
    assert (
        slots[canvas_slot("wall")].width,
        slots[canvas_slot("wall")].height,
        slots[canvas_slot("wall")].frames,
    ) == (
        3840,
        1080,
        2,
    )


def test_senders_are_those_of_running_outputs() -> None:
    show = after(
        Show(title="Summit"), "output.create", output="yt", url=URL, rendition="program", bus="floor"
    )
    show = after(show, "output.create", output="vod", recording=True, buses=["floor"])
    assert planned(show).desired.senders == ()
    show = after(after(show, "output.start", output="yt"), "output.start", output="vod")
    assert planned(show).desired.senders == (
        SenderConfig("yt", picture_stream("program"), (sound_stream("floor"),), url=URL, title="Summit"),
        SenderConfig(
            "vod", picture_stream("program"), (sound_stream("floor"),), folder="recordings", title="Summit"
        ),
    )
