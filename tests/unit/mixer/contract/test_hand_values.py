"""What a hand moves is put into a plan that is there."""

from mixer.contract.hand_values import HandValues, values_between, with_values
from mixer.contract.names import SourceName, of_seat
from studio.planning.planner import Live, plan
from studio.show.model import Show
from tests.support.shows import PLAN_SETTINGS, after, with_booth, with_mayors, with_scene


def _show() -> Show:
    show = with_scene(with_mayors(4), "talk", "grid")
    show = with_scene(show, "wide", "grid", "mayor-1", "source/bars")
    show = with_booth(show, "kr", "kim")
    show = after(show, "program.cut", scene="talk")
    show = after(show, "preview.set", scene="wide")
    return after(show, "source.solo", source="seat/kim", on=True)


def test_values_make_the_plan_that_planning_would_make() -> None:
    show = _show()
    for type_, fields in (
        ("source.gain", {"source": "seat/mayor-2", "db": -7}),
        ("source.gain", {"source": "seat/kim", "db": 3}),
    ):
        moved = after(show, type_, **fields)
        was, wanted = plan(show, Live(), PLAN_SETTINGS, 7).mix, plan(moved, Live(), PLAN_SETTINGS, 7).mix
        values = values_between(was, wanted)
        assert values == HandValues({SourceName(str(fields["source"])): float(str(fields["db"]))})
        assert was != wanted == with_values(was, values)
        show = moved


def test_the_t_bar_under_way_moves_by_its_position_alone() -> None:
    half, more = (after(_show(), "program.tbar", position=at) for at in (0.5, 0.6))
    was, wanted = (plan(show, Live(), PLAN_SETTINGS, 7).mix for show in (half, more))
    values = values_between(was, wanted)
    assert values == HandValues(position=0.6)
    made = with_values(was, values)
    assert made == wanted
    assert made.canvases is was.canvases
    assert made.leaving is was.leaving
    assert made.audio is was.audio
    nothing = plan(_show(), Live(), PLAN_SETTINGS, 7).mix
    assert values_between(nothing, was) is None, "another scene comes, too"


def test_other_changes_are_no_values() -> None:
    show = _show()
    was = plan(show, Live(), PLAN_SETTINGS, 7).mix
    muted = after(show, "source.mute", source="seat/mayor-1", muted=True)
    renamed = after(show, "seat.update", seat="mayor-1", name="Another")
    for other in (muted, renamed):
        assert values_between(was, plan(other, Live(), PLAN_SETTINGS, 7).mix) is None
    assert values_between(was, plan(show, Live(), PLAN_SETTINGS, 8).mix) == HandValues()
    assert with_values(was, HandValues({of_seat("nobody"): -3.0}, 0.5)) is was
