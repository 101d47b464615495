"""What is equal in two plans stays the same object."""

import msgspec

from mixer.contract.plan import MixPlan
from mixer.engine.keeping import kept
from studio.planning.planner import Live, plan
from tests.support.shows import PLAN_SETTINGS, after, with_mayors, with_scene


def test_a_plan_that_comes_over_the_link_keeps_what_is_equal() -> None:
    show = after(with_scene(with_mayors(4), "talk", "grid"), "program.cut", scene="talk")
    renamed = after(show, "seat.update", seat="mayor-2", title="Elsewhere")
    black = after(show, "program.fade_to_black", on=True)
    first, other, dark = (_sent(plan(each, Live(), PLAN_SETTINGS, 1).mix) for each in (show, renamed, black))

    made = kept(dark, first)
    assert made == dark
    assert made.canvases is first.canvases
    assert made.sources is first.sources
    assert made.theme is first.theme
    assert made.audio is not first.audio, "nobody is heard"

    made = kept(other, first)
    assert made == other
    assert made.audio is first.audio
    assert made.canvases["program"] is not first.canvases["program"]
    known = [name for name in first.sources if made.sources[name] is first.sources[name]]
    assert sorted({*first.sources} - {*known}) == ["seat/mayor-2"]


def _sent(mix: MixPlan) -> MixPlan:
    return msgspec.msgpack.decode(msgspec.msgpack.encode(mix), type=MixPlan)
