"""Takes: what is under way on air, from the command to the plan. Time is handed in."""

from typing import Any

import pytest

from mixer.contract.plan import Fade
from signaling.contract.state import TakeStatus
from studio.planning.planner import Live, Plans, plan
from studio.planning.transitions import MS, Taking
from studio.show.events import apply
from studio.show.model import Show
from tests.support.shows import PLAN_SETTINGS, URL, after, events_of, with_mayors, with_scene

S = 1_000_000_000


class Desk:
    """Scenes ``a``, ``b`` and ``c`` of one mayor each; ``a`` on air, ``b`` in preview; and a clock."""

    def __init__(self) -> None:
        show = with_mayors(3)
        for number, scene in enumerate("abc", 1):
            show = with_scene(show, scene, "solo", f"mayor-{number}")
        self.show = after(after(show, "program.cut", scene="a"), "preview.set", scene="b")
        self.taking = Taking()
        self.now_ns = 1000 * S

    def do(self, command: str, **fields: Any) -> None:
        for event in events_of(self.show, command, **fields):
            self.taking.happened(self.show, event, self.now_ns, self.now_ns // MS)
            self.show = apply(self.show, event)

    def wait(self, seconds: float) -> None:
        self.now_ns += round(seconds * S)
        self.taking.settle(self.now_ns)

    def plans(self, watched: Any = ()) -> Plans:
        live = Live(take=self.taking.take, fade=self.taking.fade, watched=frozenset(watched))
        return plan(self.show, live, PLAN_SETTINGS, 1)

    @property
    def on_air(self) -> tuple[list[str], list[str]]:
        """Sources that the programme goes to, and leaves."""
        mix = self.plans().mix
        return tuple(
            [tile.source for canvas in (side.get("program"),) if canvas for tile in canvas.tiles]
            for side in (mix.canvases, mix.leaving)
        )  # type: ignore[return-value]

    @property
    def done(self) -> float:
        """How far the transition is, as the mixer reckons."""
        how = self.plans().mix.transition
        assert how is not None
        if how.position is not None:
            return how.position
        return (self.now_ns - how.start_ns) / how.duration_ns


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_auto_goes_from_one_scene_to_the_other_and_is_over_by_itself(desk: Desk) -> None:
    desk.do("program.auto", transition="wipe", duration_ms=2000, direction="up", colour="#102030")
    plans = desk.plans()
    how = plans.mix.transition
    assert how is not None
    assert (how.kind, how.direction, how.colour) == ("wipe", "up", "#102030")
    assert (how.start_ns, how.duration_ns, how.position) == (desk.now_ns, 2 * S, None)
    assert desk.on_air == (["seat/mayor-2"], ["seat/mayor-1"])
    assert plans.mix.leaving.keys() == {"program", "wall"}, "all canvases together"
    assert plans.mix.audio.fade_ms == 2000
    assert [each.source for each in plans.mix.audio.open] == ["seat/mayor-2"]
    assert {"seat/mayor-1", "seat/mayor-2"} <= plans.mix.sources.keys()
    assert {"mayor-1", "mayor-2"} <= set(plans.microphones), "who is faded out is still decoded"
    assert plans.uplink["mayor-1"] == plans.uplink["mayor-2"], "both scenes in full"
    assert (desk.show.program, desk.show.preview) == ("b", "a")
    public = desk.taking.public()
    ends_at_ms = desk.now_ns // MS + 2000
    assert public == TakeStatus("b", "a", "wipe", 2000, ends_at_ms)
    assert desk.taking.due_ns() == desk.now_ns + 2 * S
    desk.wait(1.9)
    assert desk.plans().mix.transition == how
    desk.wait(0.1)
    over = desk.plans().mix
    assert (over.transition, over.leaving, over.audio.fade_ms) == (None, {}, 0)
    assert desk.taking.due_ns() is None
    assert desk.taking.public() is None


def test_auto_back_in_mid_transition_turns_the_picture_round_where_it_is(desk: Desk) -> None:
    desk.do("program.auto", transition="push", duration_ms=1000, direction="left")
    desk.wait(0.3)
    desk.do("program.auto", transition="push", duration_ms=2000, direction="left")
    assert desk.on_air == (["seat/mayor-1"], ["seat/mayor-2"])
    assert desk.done == pytest.approx(0.7)
    how = desk.plans().mix.transition
    assert how is not None
    assert how.direction == "right"
    assert desk.plans().mix.audio.fade_ms == 2000, "a pace: from 0.7 on that is as long as the picture takes"
    assert desk.taking.due_ns() == desk.now_ns + round(0.6 * S)


def test_auto_to_a_third_scene_leaves_the_one_that_was_being_gone_to(desk: Desk) -> None:
    desk.do("program.auto")
    desk.wait(0.5)
    desk.do("program.auto", scene="c")
    assert desk.on_air == (["seat/mayor-3"], ["seat/mayor-2"])
    assert desk.done == 0


@pytest.mark.parametrize("command", ["program.cut", "program.undo"])
def test_a_cut_and_an_undo_end_a_transition(desk: Desk, command: str) -> None:
    desk.do("program.auto")
    desk.wait(0.4)
    desk.do(command)
    assert desk.on_air == (["seat/mayor-1"], [])
    assert desk.taking.take is None


def test_no_time_is_a_cut(desk: Desk) -> None:
    desk.do("program.auto", duration_ms=0)
    assert desk.on_air == (["seat/mayor-2"], [])


def test_undo_takes_the_last_take_back_once(desk: Desk) -> None:
    desk.do("program.cut", scene="c")
    assert (desk.show.program, desk.show.preview) == ("c", "b")
    desk.do("program.undo")
    assert (desk.show.program, desk.show.preview) == ("a", "b")
    with pytest.raises(Exception, match="No take can be taken back"):
        desk.do("program.undo")


def test_what_was_deleted_is_not_brought_back_by_undo(desk: Desk) -> None:
    desk.do("program.cut")
    desk.do("preview.set", scene=None)
    desk.do("scene.delete", scene="a")
    assert desk.show.before is None
    other = Desk()
    other.do("program.cut", scene="c")
    other.do("preview.set", scene=None)
    other.do("scene.delete", scene="b")
    other.do("program.undo")
    assert (other.show.program, other.show.preview) == ("a", None)


def test_the_t_bar_shows_both_scenes_and_takes_at_its_end(desk: Desk) -> None:
    desk.do("transition.update", transition="dip", colour="#ffffff")
    desk.do("program.tbar", position=0.25)
    mix = desk.plans().mix
    assert desk.on_air == (["seat/mayor-2"], ["seat/mayor-1"])
    assert mix.transition is not None
    assert (mix.transition.kind, mix.transition.colour, mix.transition.position) == ("dip", "#ffffff", 0.25)
    assert {each.source for each in mix.audio.open} == {"seat/mayor-1", "seat/mayor-2"}
    assert (desk.show.program, desk.show.preview) == ("a", "b"), "nothing is taken yet"
    with pytest.raises(Exception, match="T-bar"):
        desk.do("preview.set", scene="c")
    desk.do("program.tbar", position=0.0)
    assert desk.on_air == (["seat/mayor-1"], [])
    desk.do("program.tbar", position=0.5)
    desk.do("program.cut", scene="a")
    assert desk.on_air == (["seat/mayor-1"], []), "a cut to what is on air ends it, too"
    desk.do("program.tbar", position=0.9)
    desk.do("program.tbar", position=1.0)
    assert (desk.show.program, desk.show.preview, desk.show.tbar) == ("b", "a", 0.0)
    assert desk.on_air == (["seat/mayor-2"], [])


def test_auto_goes_on_from_where_the_t_bar_stands(desk: Desk) -> None:
    desk.do("program.tbar", position=0.25)
    desk.do("program.auto", duration_ms=1000)
    assert desk.done == pytest.approx(0.25)
    assert desk.on_air == (["seat/mayor-2"], ["seat/mayor-1"])
    assert desk.taking.due_ns() == desk.now_ns + round(0.75 * S)
    assert desk.plans().mix.audio.fade_ms == 750, "both were open"


def test_who_is_taken_off_the_stage_in_mid_transition_is_gone_from_both_sides(desk: Desk) -> None:
    desk.do("program.auto")
    desk.do("seat.remove", seat="mayor-1")
    assert desk.on_air == (["seat/mayor-2"], [])
    assert desk.plans().mix.transition is not None


def test_a_scene_that_is_deleted_in_mid_transition_fades_out_all_the_same(desk: Desk) -> None:
    desk.do("program.auto")
    desk.do("preview.set", scene=None)
    desk.do("scene.delete", scene="a")
    assert desk.on_air == (["seat/mayor-2"], ["seat/mayor-1"])


def test_black_fades_and_turns_round_half_way(desk: Desk) -> None:
    desk.do("program.fade_to_black", on=True, duration_ms=1000)
    mix = desk.plans().mix
    assert (mix.black, mix.fade, mix.audio.fade_ms, mix.audio.open) == (
        True,
        Fade(desk.now_ns, S),
        1000,
        (),
    )
    desk.wait(0.25)
    desk.do("program.fade_to_black", on=False, duration_ms=1000)
    mix = desk.plans().mix
    assert not mix.black
    assert mix.fade == Fade(desk.now_ns - round(0.75 * S), S), "a quarter dark, it has a quarter to go"
    desk.wait(0.25)
    assert desk.plans().mix.fade == Fade()


def test_the_slate_is_at_once_and_silent(desk: Desk) -> None:
    desk.do("program.slate", on=True)
    mix = desk.plans().mix
    assert mix.slate
    assert mix.audio.open == ()
    assert mix.audio.fade_ms == 0
    desk.do("program.slate", on=False)
    assert desk.plans().mix.audio.open


def test_leaving_a_scene_keeps_its_slots_and_the_wall_sharp(desk: Desk) -> None:
    wide: Show = after(
        desk.show,
        "scene.create",
        scene="shared",
        canvases={"program": {"layout": "slides", "places": [{"seat": "mayor-1", "screen": True}]}},
    )
    wide = after(wide, "output.create", output="led", url=URL, rendition="wall", bus="floor")
    desk.show = after(wide, "output.start", output="led")
    desk.do("program.cut", scene="shared")
    desk.do("program.auto", scene="c")
    desk.do("preview.set", scene=None)
    assert "screen/mayor-1" in desk.plans().desired.slots
    desk.wait(5.0)
    assert "screen/mayor-1" not in desk.plans().desired.slots
