"""The rundown, and the marks that recordings get of its cues and of scenes."""

from typing import Any

from mixer.contract.messages import Expect, Mark, PlanTaken, RetryNow, WatchMeters
from mixer.contract.names import (
    MIXER,
    ProcessName,
    of_seat,
    picture_stream,
    sender_name,
    shard_name,
    sound_stream,
)
from signaling.contract.messages import RecordSeats
from studio.contract.messages import ProcessChanged
from studio.control.process_messages import ProcessMessages
from studio.planning.marks import Marker
from studio.planning.planner import Live, plan
from studio.show.model import MAX_CUES, Show
from studio.show.view import PublicView
from tests.support.merging import as_json
from tests.support.shows import PLAN_SETTINGS, URL, after, events_of, with_mayors, with_scene
from tests.unit.studio.show.test_decide import refusal

CUES = [
    {"cue": "open", "title": "Opening", "planned": 1_800_000_000, "duration_s": 600, "scene": "wide"},
    {"cue": "key", "title": " Key\u200bnote ", "people": ["mayor-1"]},
]


def with_cues() -> Show:
    return after(with_mayors(2), "rundown.set", cues=CUES)


def test_the_rundown_is_set_whole_and_walked_through() -> None:
    show = with_cues()
    assert [cue.title for cue in show.rundown] == ["Opening", "Keynote"]
    assert events_of(show, "rundown.set", cues=CUES) == ()
    show = after(show, "rundown.go", cue="key")
    assert show.cue == "key"
    assert events_of(show, "rundown.go", cue="key") == ()
    kept = after(show, "rundown.set", cues=CUES[1:])
    assert (len(kept.rundown), kept.cue) == (1, "key")
    assert after(show, "rundown.set", cues=CUES[:1]).cue is None, "the cue that is on is gone"
    assert after(show, "rundown.go", cue=None).cue is None
    state = as_json(PublicView()(show))
    assert state["cue"] == "key"
    assert state["rundown"][1] == {
        "cue": "key",
        "title": "Keynote",
        "planned": 0,
        "duration_s": 0,
        "scene": "",
        "people": ["mayor-1"],
    }


def test_what_is_refused() -> None:
    show = with_cues()
    assert refusal(show, "rundown.go", cue="close") == (404, "cue.unknown")
    assert refusal(show, "rundown.set", cues=[CUES[0], CUES[0]]) == (400, "cue.twice")
    assert refusal(show, "rundown.set", cues=[{"cue": "a"}]) == (400, "command.malformed")
    assert refusal(show, "rundown.set", cues=[{"cue": "a", "title": "x" * 121}]) == (400, "text.too-long")
    many = [{"cue": f"c{n}", "title": "T"} for n in range(MAX_CUES + 1)]
    assert refusal(show, "rundown.set", cues=many) == (400, "command.malformed")
    assert len(after(show, "rundown.set", cues=many[1:]).rundown) == MAX_CUES


def staged() -> Show:
    show = with_scene(with_scene(with_mayors(2), "wide", "grid"), "close", "solo", "mayor-1")
    cues = [*CUES, {"cue": "end", "title": "End", "scene": "close"}]
    return after(show, "rundown.set", cues=cues)


def test_a_cue_brings_its_scene_into_the_preview() -> None:
    show = after(staged(), "rundown.next")
    assert (show.cue, show.preview, show.program) == ("open", "wide", None)
    show = after(after(show, "program.cut"), "rundown.next")
    assert (show.cue, show.preview, show.program) == ("key", None, "wide"), "a cue without a scene"
    show = after(show, "rundown.next")
    assert (show.cue, show.preview) == ("end", "close")
    assert refusal(show, "rundown.next") == (409, "rundown.at-end")
    elsewhere = after(show, "preview.set", scene="wide")
    assert after(elsewhere, "rundown.go", cue="end").preview == "close", "going again to the same cue"
    assert after(elsewhere, "rundown.go", cue=None).preview == "wide"


def test_a_cue_can_be_taken_at_once() -> None:
    show = after(staged(), "rundown.next", take=True)
    assert (show.cue, show.program) == ("open", "wide")
    show = after(show, "rundown.go", cue="end", take=True)
    assert (show.cue, show.program) == ("end", "close")
    moved = after(after(show, "preview.set", scene="wide"), "program.tbar", position=0.5)
    assert refusal(moved, "rundown.go", cue="end") == (409, "program.tbar-moved")


class Desk:
    """A show whose plans the mixer takes, and the marks that come of it."""

    def __init__(self) -> None:
        show = with_scene(with_scene(with_cues(), "wide", "grid"), "close", "solo", "mayor-2")
        self.show = after(show, "output.create", output="vod", recording=True, buses=["floor"])
        self.revision = 0

    def plans(self, type_: str, **fields: Any) -> Any:
        self.show = after(self.show, type_, **fields)
        self.revision += 1
        return plan(self.show, Live(), PLAN_SETTINGS, self.revision)


def test_scenes_and_cues_are_marked_at_the_tick_their_plan_was_taken() -> None:
    desk, marker = Desk(), Marker()

    def done(type_: str, **fields: Any) -> None:
        mix = desk.plans(type_, **fields).mix
        marker.planned(desk.show, mix)

    done("program.cut", scene="wide")
    assert marker.taken(1, 30) == (
        Mark(30, "scene", "wide", "wide", (of_seat("mayor-1"), of_seat("mayor-2"))),
    )
    assert marker.taken(1, 31) == (), "the same plan again"
    done("source.gain", source="bars", db=-3)
    assert marker.taken(2, 40) == ()
    done("rundown.go", cue="key")
    done("program.cut", scene="close")
    done("source.gain", source="bars", db=-4)
    assert marker.taken(3, 50) == (
        Mark(50, "cue", "key", "Keynote", (of_seat("mayor-1"), of_seat("mayor-2"))),
    )
    scene = Mark(60, "scene", "close", "close", (of_seat("mayor-2"),))
    assert marker.taken(5, 60) == (scene,), "a plan that was overtaken counts with the one that was taken"
    assert [mark.id for mark in marker.newest] == ["close", "key"]
    done("rundown.go", cue=None)
    assert marker.taken(6, 70) == (), "no chapter begins"
    assert marker.newest == (scene,)


def test_a_control_that_comes_back_does_not_interrupt_the_recording_of_seats() -> None:
    sent: list[Any] = []
    errands = ProcessMessages(lambda to, message: sent.append(message), recordings="/rec")
    errands.process_changed(ProcessChanged(shard_name(0), "running", 1, 0))
    desk = Desk()
    desk.plans("output.create", output="iso", seats=True)
    errands.planned(desk.plans("output.start", output="iso"), desk.show)
    assert [m for m in sent if isinstance(m, RecordSeats)] == [RecordSeats("/rec", "iso")]


def test_errands_reach_those_they_are_for_and_those_who_come_back() -> None:
    sent: list[tuple[str, str, Any]] = []
    errands = ProcessMessages(
        lambda to, message: sent.append((to, type(message).__name__, message)), recordings="/rec"
    )
    desk = Desk()

    def changed(name: ProcessName, state: Any = "running") -> None:
        errands.process_changed(ProcessChanged(name, state, 1, 0))

    def taken(tick: int) -> None:
        errands.plan_taken(PlanTaken(desk.revision, tick, 1))

    def news() -> list[tuple[str, str]]:
        told = [(to, name) for to, name, _ in sent]
        sent.clear()
        return told

    for name in (MIXER, shard_name(0), sender_name("vod"), sender_name("yt")):
        changed(name)
    news()
    errands.meters_wanted(True)
    assert news() == [("shard-1", "WatchMeters"), ("mixer", "WatchMeters")]
    changed(MIXER, "restarting")
    changed(MIXER)
    assert [(to, message.on) for to, _, message in sent] == [("mixer", True)]
    news()
    (reset,) = events_of(desk.show, "bus.reset", bus="ko")
    errands.happened(reset, desk.show)
    assert [(to, message.bus) for to, _, message in sent] == [("mixer", "ko")]
    news()
    errands.planned(desk.plans("program.cut", scene="wide"), desk.show)
    taken(10)
    assert news() == [("shard-1", "RecordSeats"), ("sender/vod", "Mark")], "marks to recordings only"
    changed(sender_name("vod"), "restarting")
    errands.planned(desk.plans("rundown.go", cue="open"), desk.show)
    taken(20)
    assert news() == []
    changed(sender_name("vod"))
    assert [(to, message.id) for to, _, message in sent] == [("sender/vod", "wide"), ("sender/vod", "open")]
    news()
    desk.plans("output.create", output="iso", seats=True)
    errands.planned(desk.plans("output.start", output="iso"), desk.show)
    changed(shard_name(1))
    assert [(to, name) for to, name, _ in sent if to == "mixer"] == [], "seats take nothing of the mixer"
    told = [(to, message.folder, message.output) for to, name, message in sent if name == "RecordSeats"]
    assert told == [("shard-1", "/rec", "iso"), ("shard-2", "/rec", "iso")]
    news()
    errands.planned(desk.plans("output.stop", output="iso"), desk.show)
    assert [(to, message.folder) for to, _, message in sent] == [("shard-1", ""), ("shard-2", "")]


def test_a_recording_is_announced_to_the_mixer_and_retries_reach_the_senders() -> None:
    sent: list[tuple[str, Any]] = []
    errands, desk = ProcessMessages(lambda to, message: sent.append((to, message)), recordings="/rec"), Desk()

    def did(type_: str, output: str) -> list[tuple[str, Any]]:
        sent.clear()
        (event,) = events_of(desk.show, type_, output=output)
        errands.planned(desk.plans(type_, output=output), desk.show)
        errands.happened(event, desk.show)
        return sent

    desk.plans("output.create", output="yt", url=URL, bus="floor", backup=f"{URL}-b")
    assert did("output.start", "yt") == [], "a stream begins where it may"
    assert did("output.start", "vod") == [
        ("mixer", Expect(sender_name("vod"), (picture_stream("program"), sound_stream("floor")))),
    ]
    assert did("output.retry", "vod") == [("sender/vod", RetryNow())]
    assert did("output.retry", "yt") == [("sender/yt", RetryNow()), ("sender/yt~backup", RetryNow())]


def test_shards_tell_levels_while_a_scene_asks_who_speaks() -> None:
    sent: list[tuple[str, bool]] = []

    def send(to: str, message: Any) -> None:
        if isinstance(message, WatchMeters):
            sent.append((to, message.on))

    errands, desk = ProcessMessages(send, recordings="/rec"), Desk()
    for name in (MIXER, shard_name(0)):
        errands.process_changed(ProcessChanged(name, "running", 1, 0))
    sent.clear()
    auto = {"program": {"layout": "solo", "places": [{"auto": True}]}}
    desk.plans("scene.create", scene="talk", canvases=auto)
    errands.planned(desk.plans("preview.set", scene="talk"), desk.show)
    errands.process_changed(ProcessChanged(shard_name(0), "running", 1, 1))
    assert sent == [("shard-1", True)] * 2, "one that comes back, too; the mixer measures nothing for it"
    errands.meters_wanted(True)
    errands.planned(desk.plans("preview.set", scene=None), desk.show)
    assert sent[2:] == [("shard-1", True), ("mixer", True), ("shard-1", True)], "somebody looks at meters"
    errands.meters_wanted(False)
    assert sent[5:] == [("shard-1", False), ("mixer", False)]
