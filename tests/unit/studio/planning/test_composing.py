"""Canvases: what fills places, plates and graphics by language, backgrounds, measures of the theme."""

from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from mixer.contract.messages import TakePlan
from mixer.contract.names import BACKDROP, CONTROL, MIXER, of_seat, of_source
from mixer.contract.plan import CanvasPlan, Crop, MixPlan, Overlay, Plate, Rect, TileStyle
from mixer.contract.theme import Theme
from mixer.ipc.link import MAX_MESSAGE, Link, pair
from signaling.contract.state import PreviewStatus
from studio.control.status import LiveStatus
from studio.planning.composing import compose
from studio.planning.places import coming, on_air, shown
from studio.planning.planner import Live, plan
from studio.planning.transitions import Take
from studio.show.model import MAX_NAME, MAX_TITLE, Graphic, Naming, Place, Show, Source
from tests.support.shows import NOW, PLAN_SETTINGS, URL, after, with_mayors, with_scene

KOREAN = {"name": "김시장", "title": "서울 시장"}
LANGUAGES = ("ko", "en", "ja")


def summit(mayors: int = 4) -> Show:
    return replace(with_mayors(mayors), languages=LANGUAGES)


def on(show: Show, program: dict[str, Any], **canvases: Any) -> Show:
    """With this composition on air."""
    show = after(show, "scene.create", scene="now", canvases={"program": program, **canvases})
    return after(show, "program.cut", scene="now")


def mix(show: Show, live: Live | None = None) -> MixPlan:
    return plan(show, live or Live(), PLAN_SETTINGS, 1).mix


def sources(show: Show, canvas: Any = "program") -> list[str]:
    return [tile.source for tile in mix(show).canvases[canvas].tiles]


def with_parts(show: Show, **parts: str) -> Show:
    for seat, part in parts.items():
        show = after(show, "seat.update", seat=seat.replace("_", "-"), part=part)
    return show


def graphic(show: Show, id_: str, kind: Any, **fields: Any) -> Show:
    return replace(show, graphics={**show.graphics, id_: Graphic(id_, kind, id_, **fields)})


def running(show: Show, language: str) -> Show:
    show = after(show, "output.create", output=language, url=URL, rendition="program", bus=language)
    return after(show, "output.start", output=language)


# --- places --------------------------------------------------------------------------------------------


def test_parts_take_who_plays_them_in_the_order_of_the_seats() -> None:
    show = with_parts(summit(), mayor_2="host", mayor_1="panelist", mayor_4="panelist")
    places = [{"part": "host"}, {"part": "panelist"}, {"part": "panelist"}, {"part": "panelist"}]
    show = on(show, {"layout": "panel", "places": places})
    assert sources(show) == ["seat/mayor-2", "seat/mayor-1", "seat/mayor-4"], "the fourth has nobody"
    show = after(show, "seat.hold", seat="mayor-1")
    assert sources(show) == ["seat/mayor-2", "seat/mayor-4"], "the next one moves up"


def test_who_has_a_place_is_not_shown_in_another() -> None:
    show = with_parts(summit(), mayor_1="panelist", mayor_2="panelist", mayor_3="panelist")
    places = [{"auto": True}, {"part": "panelist"}, {"part": "panelist"}, {"seat": "mayor-1"}]
    show = on(replace(show, speaker="mayor-2"), {"layout": "panel", "places": places})
    show = replace(show, speaker="mayor-2")
    assert sources(show) == ["seat/mayor-2", "seat/mayor-3", "seat/mayor-1"]
    named = replace(show, speaker="mayor-1")
    assert sources(named)[0] == "seat/mayor-2", "the speaker has a place of his own: the next one fills auto"


def test_who_shares_a_screen_may_stand_beside_it() -> None:
    screen = {"seat": "mayor-2", "screen": True}
    show = with_parts(summit(), mayor_2="host")
    auto = replace(on(show, {"layout": "pip", "places": [screen, {"auto": True}]}), speaker="mayor-2")
    assert sources(auto) == ["screen/mayor-2", "seat/mayor-2"]
    assert sources(on(show, {"layout": "pip", "places": [screen, {"part": "host"}]})) == sources(auto)


def test_before_anybody_spoke_an_automatic_place_has_the_first_who_may() -> None:
    show = on(summit(), {"layout": "solo", "places": [{"auto": True}]})
    assert sources(show) == ["seat/mayor-1"]
    show = after(show, "speaker.update", exclude=["mayor-1"])
    assert sources(show) == ["seat/mayor-2"]


def test_programme_and_preview_have_their_own_speaker() -> None:
    show = on(summit(), {"layout": "solo", "places": [{"auto": True}]})
    show = replace(after(show, "preview.set", scene="now"), speaker="mayor-1", preview_speaker="mayor-3")
    assert [place.seat for place in shown(show, on_air(show), "program")] == ["mayor-1"]
    assert [place.seat for place in shown(show, coming(show), "program")] == ["mayor-3"]
    assert [tile.source for tile in mix(show).canvases["preview"].tiles] == ["seat/mayor-3"]
    taken = after(show, "program.cut")
    assert sources(taken) == ["seat/mayor-3"]
    assert sources(after(taken, "program.undo")) == ["seat/mayor-1"]


def test_a_scene_that_names_what_is_gone_still_shows_the_rest() -> None:
    """Decisions keep this from happening; an old log may say otherwise."""
    show = on(
        summit(), {"layout": "duo", "places": [{"source": "bars"}, {"seat": "mayor-1"}], "background": "bars"}
    )
    scene = show.scenes["now"]
    program = replace(scene.canvases["program"], graphics=("gone",))
    program = replace(program, places=(*(program.places or ()), Place(seat="ghost")))
    broken = replace(show, sources={}, scenes={"now": replace(scene, canvases={"program": program})})
    plans = mix(broken)
    assert [tile.source for tile in plans.canvases["program"].tiles] == ["source/bars"] * 2 + ["seat/mayor-1"]
    assert plans.sources[of_source("bars")].kind == "slot", "which stays empty: a card, and no bars"
    assert plans.canvases["program"].overlays == ()


def slides_source(show: Show, source: str) -> Show:
    return replace(show, sources={**show.sources, source: Source(source, source, "slides")})


def test_with_everyone_on_stage_the_slides_place_is_no_persons() -> None:
    for layout in ("slides", "slides-panel"):
        tiles = mix(on(summit(), {"layout": layout})).canvases["program"].tiles
        explicit = on(summit(), {"layout": layout, "places": [{"source": "bars"}, {"seat": "mayor-1"}]})
        assert tiles[0].source == "seat/mayor-1"
        assert all(tile.fit == "cover" for tile in tiles)
        if layout == "slides":
            assert [tile.rect for tile in tiles] == [mix(explicit).canvases["program"].tiles[1].rect]
    assert sources(on(summit(), {"layout": "keynote"})) == ["seat/mayor-1"]
    deck = slides_source(summit(), "deck")
    assert sources(on(deck, {"layout": "slides"})) == ["source/deck", "seat/mayor-1"]
    assert sources(on(deck, {"layout": "slides-panel"})) == [
        "source/deck",
        *(f"seat/mayor-{n}" for n in range(1, 5)),
    ]
    assert sources(on(deck, {"layout": "keynote"})) == ["seat/mayor-1", "source/deck"]


def test_slides_that_are_away_leave_their_place_to_nobody() -> None:
    shared = {"layout": "slides", "places": [{"seat": "mayor-2", "screen": True}, {"seat": "mayor-1"}]}
    show = on(summit(), shared)
    beside = mix(show).canvases["program"].tiles[1]
    held = mix(after(show, "seat.hold", seat="mayor-2")).canvases["program"].tiles
    assert held == (beside,)


def test_who_is_missing_for_the_scene_in_preview_is_named() -> None:
    show = after(with_mayors(3), "seat.hold", seat="mayor-2")
    show = with_scene(show, "talk", "grid", "mayor-1", "mayor-2", "mayor-3")
    show = after(show, "preview.set", scene="talk")
    status = LiveStatus()
    status.set_connections({"mayor-1": "connected", "mayor-2": "connected", "mayor-3": "connecting"})
    preview = status.public(show, {}, {}).preview
    assert preview == PreviewStatus(ready=False, waiting=(), missing=("mayor-2", "mayor-3"))
    status.set_connections(dict.fromkeys(("mayor-1", "mayor-2", "mayor-3"), "connected"))
    there = status.public(after(show, "seat.admit", seat="mayor-2"), {}, {}).preview
    assert there == PreviewStatus(ready=True, waiting=())


@pytest.mark.parametrize("cover", ["program.slate", "program.fade_to_black"])
def test_nobody_is_on_air_under_the_slate_or_black(cover: str) -> None:
    show = on(with_mayors(1), {"layout": "grid"})
    status = LiveStatus()
    status.set_connections({"mayor-1": "connected"})

    def state(show: Show) -> str:
        return status.public(show, {}, {}).seats["mayor-1"].state

    assert state(show) == "on_air"
    covered = after(show, cover, on=True)
    assert state(covered) == "next"
    assert state(after(covered, cover, on=False)) == "on_air"


# --- tiles ---------------------------------------------------------------------------------------------


def test_free_boxes_crops_and_fits_are_as_they_were_set() -> None:
    places = [
        {
            "seat": "mayor-1",
            "box": {"x": 0, "y": 0, "w": 0.5, "h": 1},
            "crop": {"x": 0.25, "y": 0, "w": 0.5, "h": 1},
        },
        {"source": "bars", "box": {"x": 0.25, "y": 0.5, "w": 0.5, "h": 0.5}, "fit": "cover"},
    ]
    show = on(summit(), {"layout": "free", "places": places})
    lower, upper = mix(show).canvases["program"].tiles
    assert (lower.rect, upper.rect) == (Rect(0, 0, 960, 1080), Rect(480, 540, 960, 540))
    assert (lower.crop, upper.crop) == (Crop(0.25, 0, 0.5, 1), None)
    assert (lower.fit, upper.fit) == ("cover", "cover")
    live = plan(show, Live(), PLAN_SETTINGS, 1)
    assert live.uplink["mayor-1"].width == 1280, "half of the picture is shown: the whole is asked for"


def test_slides_are_shown_whole_wherever_the_layout_has_them() -> None:
    for layout, place in (("slides", 0), ("slides-panel", 0), ("keynote", 1)):
        places = [{"seat": "mayor-1"}, {"seat": "mayor-2"}]
        tiles = mix(on(summit(), {"layout": layout, "places": places})).canvases["program"].tiles
        assert [tile.fit for tile in tiles] == ["contain" if n == place else "cover" for n in range(2)]


def test_a_group_photo_and_a_scene_without_plates_have_none() -> None:
    grid = mix(on(summit(), {"layout": "grid"})).canvases["program"]
    assert all(tile.plate for tile in grid.tiles)
    for composition in ({"layout": "group"}, {"layout": "grid", "plates": False}):
        assert not any(tile.plate for tile in mix(on(summit(), composition)).canvases["program"].tiles)


def test_the_background_is_the_scenes_else_the_themes() -> None:
    show = on(summit(), {"layout": "grid", "background": "bars"}, wall={"layout": "solo"})
    first = mix(show).canvases["program"].tiles[0]
    assert (first.source, first.rect, first.plate, first.fit) == (
        "source/bars",
        Rect(0, 0, 1920, 1080),
        None,
        "cover",
    )
    themed = replace(show, theme=Theme(backdrop="sea.npy", background="#112233"))
    assert mix(themed).canvases["program"].tiles[0].source == "source/bars"
    bars = replace(themed.sources["bars"], alpha=True)
    seen_through = replace(themed, sources={**themed.sources, "bars": bars})
    tiles = mix(seen_through).canvases["program"].tiles
    assert [tile.source for tile in tiles[:2]] == [BACKDROP, "source/bars"]
    wall = mix(themed).canvases["wall"]
    assert (wall.tiles[0].source, wall.tiles[0].rect) == (BACKDROP, Rect(0, 0, 3840, 1080))
    assert wall.background == "#112233"
    assert BACKDROP not in mix(themed).sources


def test_measures_follow_the_theme_on_each_canvas() -> None:
    theme = Theme(gap=0.02, margin=0.05, radius=0.02, border=0.004, border_colour="#abcdef", glide_ms=250)
    show = replace(on(summit(), {"layout": "grid"}), theme=theme)
    canvas = mix(show).canvases["program"]
    rects = [tile.rect for tile in canvas.tiles]
    assert rects[1].x - rects[0].x - rects[0].w == 22 - 22 % 2
    assert min(rect.y for rect in rects) >= 54
    assert canvas.tiles[0].style == TileStyle(22, 4, "#abcdef")
    assert (canvas.glide_ms, canvas.scene) == (250, "now")
    preview = mix(after(show, "preview.set", scene="now")).canvases["preview"]
    assert preview.tiles[0].style == TileStyle(7, 0, "#abcdef"), "a third of the size"
    alone = replace(on(summit(1), {"layout": "solo"}), theme=theme)
    assert mix(alone).canvases["program"].tiles[0].style is None, "a picture of its own is no card"


# --- languages -----------------------------------------------------------------------------------------


def named() -> Show:
    show = after(summit(2), "seat.update", seat="mayor-1", names={"ko": KOREAN, "ja": {"name": "キム"}})
    return on(show, {"layout": "duo"})


def test_plates_have_the_streams_language_first_and_the_wall_both() -> None:
    show = running(running(named(), "en"), "ja")
    plans = mix(show)
    korean = Plate("김시장", "서울 시장", "Mayor 1", "City 1", "ko", "")
    assert plans.canvases["program"].tiles[0].plate == korean
    assert plans.canvases["wall"].tiles[0].plate == korean
    assert plans.sources[of_seat("mayor-1")].name == "김시장", "and so says the card before the picture comes"
    assert plans.languages["en"].tiles[0].plate == Plate("Mayor 1", "City 1", "김시장", "서울 시장", "", "ko")
    assert plans.languages["ja"].tiles[0].plate == Plate("キム", "City 1", "김시장", "서울 시장", "ja", "ko")
    assert plans.canvases["program"].tiles[1].plate == Plate("Mayor 2", "City 2"), "one name is said once"


def test_a_language_has_a_canvas_only_where_it_differs_and_somebody_takes_it() -> None:
    assert mix(named()).languages == {}, "no output is in a language"
    assert mix(running(named(), "ko")).languages == {}, "the programme itself is Korean"
    assert mix(running(named(), "en")).languages.keys() == {"en"}
    assert mix(running(on(summit(2), {"layout": "duo"}), "en")).languages == {}, "nothing differs"
    ticker = graphic(
        on(summit(2), {"layout": "duo"}), "news", "ticker", text={"": "all", "en": "one"}, on=True
    )
    assert mix(running(ticker, "en")).languages.keys() == {"en"}
    assert mix(running(ticker, "ja")).languages == {}


def test_a_transition_leaves_in_its_language_too() -> None:
    show = running(
        after(named(), "scene.create", scene="bars", canvases={"program": {"layout": "solo"}}), "en"
    )
    take = Take("now", on_air(show), show.transition, 0, 1000, 0)
    show = after(show, "program.cut", scene="bars")
    plans = mix(show, Live(take=take))
    assert plans.leaving_languages.keys() == {"en"}
    assert plans.leaving["program"].scene == "now"


# --- graphics ------------------------------------------------------------------------------------------


def overlays(show: Show, canvas: Any = "program") -> tuple[Overlay, ...]:
    return mix(show).canvases[canvas].overlays


def test_a_scenes_graphics_come_in_its_order_then_those_that_are_on() -> None:
    show = summit()
    for name in ("a", "b", "c"):
        show = graphic(show, name, "title", text={"": name}, on=name != "c")
    show = on(show, {"layout": "grid", "graphics": ["c", "b"]})
    assert [each.id for each in overlays(show)] == ["c", "b", "a"]
    assert [each.id for each in mix(show).canvases["preview"].overlays] == []


def test_a_graphic_may_be_on_one_canvas_and_not_on_another() -> None:
    show = graphic(
        on(summit(), {"layout": "grid"}), "clock", "clock", canvases=("wall",), zone="Asia/Seoul", on=True
    )
    assert overlays(show) == ()
    (clock,) = overlays(show, "wall")
    assert (clock.kind, clock.zone) == ("clock", "Asia/Seoul")


def test_texts_are_in_the_streams_language_and_both_on_the_wall() -> None:
    text, subtext = {"": "Summit", "ko": "정상회의"}, {"en": "Day one", "ko": "첫날"}
    show = graphic(on(summit(), {"layout": "grid"}), "title", "title", text=text, subtext=subtext, on=True)
    assert overlays(show)[0].text == Plate("정상회의", "첫날", language="ko")
    assert overlays(show, "wall")[0].text == Plate("정상회의", "첫날", "Summit", "Day one", "ko", "")
    assert mix(running(show, "en")).languages["en"].overlays[0].text == Plate("Summit", "Day one")


def test_a_persons_lower_third_says_the_seats_names() -> None:
    show = graphic(named(), "who", "lower-third", seat="mayor-1", text={"": "?"}, on=True)
    assert overlays(show)[0].text == Plate("김시장", "서울 시장", "Mayor 1", "City 1", "ko", "")
    show = after(show, "seat.remove", seat="mayor-1")
    assert overlays(show)[0].text == Plate("?"), "whose seat is gone keeps its text"


def test_a_countdown_runs_to_its_time_or_to_the_end_of_the_cue() -> None:
    show = graphic(on(summit(), {"layout": "grid"}), "left", "countdown", until=NOW + 60, on=True)
    assert overlays(show)[0].until == NOW + 60
    show = graphic(show, "left", "countdown", cue=True, on=True)
    assert overlays(show) == (), "no cue is on"
    show = after(
        show,
        "rundown.set",
        cues=[
            {"cue": "open", "title": "Opening", "planned": NOW, "duration_s": 300},
            {"cue": "talk", "title": "Talk"},
            {"cue": "end", "title": "End", "planned": NOW + 900},
        ],
    )
    assert overlays(after(show, "rundown.go", cue="open"))[0].until == NOW + 300
    assert overlays(after(show, "rundown.go", cue="talk"))[0].until == NOW + 900
    assert overlays(after(show, "rundown.go", cue="end")) == ()


def test_a_logo_without_a_picture_is_the_themes() -> None:
    show = graphic(on(summit(), {"layout": "grid"}), "logo", "logo", on=True)
    assert overlays(show) == ()
    assert overlays(replace(show, theme=Theme(logo="/themes/logo.npy")))[0].picture == "/themes/logo.npy"
    own = graphic(show, "logo", "logo", media="m1", on=True)
    settings = replace(PLAN_SETTINGS, media="/data/media")
    canvas = plan(own, Live(), settings, 1).mix.canvases["program"]
    assert canvas.overlays[0].picture == "/data/media/m1/picture.npy"


# --- how large a plan gets -----------------------------------------------------------------------------


def test_the_largest_plan_gets_over_the_link() -> None:
    """49 people with the longest names in 16 languages, each with an output, on all canvases, in
    mid-transition."""
    tongues = [f"{a}{b}" for a in "abcd" for b in "efgh"]
    long = Naming("한" * MAX_NAME, "국" * MAX_TITLE)
    names = {tongue: Naming(tongue + long.name[2:], tongue + long.title[2:]) for tongue in tongues}
    show = with_mayors(49)
    seats = {
        id_: replace(seat, name=id_ + long.name[9:], title=long.title, names=names)
        for id_, seat in show.seats.items()
    }
    show = replace(show, seats=seats, languages=tuple(tongues))
    for scene in ("now", "then"):
        show = with_scene(show, scene, "grid", wall={"layout": "grid", "plates": True})
    show = after(after(show, "program.cut", scene="now"), "preview.set", scene="then")
    for tongue in tongues:
        show = running(show, tongue)
    live = Live(frozenset(show.seats), take=Take("now", on_air(show), show.transition, 0, 1000, 0))
    plans = plan(show, live, PLAN_SETTINGS, 1)
    assert len(plans.mix.languages) == len(plans.mix.leaving_languages) == 15
    message = TakePlan(plans.mix, 1, plans.next)
    assert len(msgspec.msgpack.encode(message)) < MAX_MESSAGE / 2
    ends = pair()
    here, there = Link(ends[0], CONTROL), Link(ends[1], MIXER)
    here.send(MIXER, message)
    while (received := there.receive()) is None:
        here.flush()
    assert msgspec.msgpack.decode(received[0].body, type=TakePlan) == message
    here.close()
    there.close()


def test_an_empty_canvas_has_the_themes_colour() -> None:
    show = Show(theme=Theme(background="#abcdef", backdrop="sea.npy"))
    assert compose(show, on_air(show), "wall", (640, 360)) == CanvasPlan(640, 360, background="#abcdef")


@pytest.mark.parametrize("code", ["fr", "kr"])
def test_names_are_in_the_events_languages_only(code: str) -> None:
    with pytest.raises(Exception, match="language of the event"):
        after(summit(1), "seat.update", seat="mayor-1", names={code: {"name": "x"}})
