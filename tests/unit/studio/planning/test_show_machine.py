"""Random commands in random order never break the show, and its log is the show."""

from functools import reduce
from typing import Any

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from mixer.contract.names import sender_of
from signaling.contract.merge_patch import diff
from signaling.contract.ports import Actor, RefusedError
from studio.planning.layout import CAPACITY
from studio.planning.places import on_air, on_scene
from studio.planning.planner import Live, plan
from studio.planning.transitions import MS, Taking
from studio.show import commands, events
from studio.show.decide import decide
from studio.show.events import apply
from studio.show.model import MAX_REVOKED, Show
from studio.show.own import Speaks, decide_own
from studio.show.view import PublicView, public_event
from tests.support.merging import as_json, merged, without_nulls
from tests.support.shows import PLAN_SETTINGS, STREAM_KEY, URL, context

BUSES = st.lists(st.sampled_from(["floor", "ko", "en", "ja"]), max_size=3)
IDS = st.sampled_from(["a", "b", "c", "d.e-f_1"])
NAMES = st.sampled_from(["", "Mayor", "시장", "عمدة", "x\u202ey", "n" * 81])
BOX = st.sampled_from([{"x": 0, "y": 0, "w": 0.5, "h": 1}, {"x": 0.7, "y": 0.7, "w": 0.7, "h": 0.1}])
PLACE = st.one_of(
    st.builds(lambda id_: {"seat": id_}, IDS),
    st.builds(lambda id_: {"source": id_}, IDS),
    st.builds(lambda id_, box: {"seat": id_, "box": box, "crop": box}, IDS, BOX),
    st.sampled_from([{}, {"auto": True}, {"auto": True}, {"part": "host"}, {"part": "host", "auto": True}]),
)
COMPOSITION = st.fixed_dictionaries(
    {"layout": st.sampled_from([*CAPACITY, "spiral"])},
    optional={
        "places": st.lists(PLACE, max_size=3),
        "background": IDS,
        "plates": st.booleans(),
        "graphics": st.lists(IDS, max_size=2),
    },
)
CANVASES = st.dictionaries(st.sampled_from(["program", "wall"]), COMPOSITION, max_size=2)


BUS = st.sampled_from(["floor", "ko", "ko", "en", "hall", "ja"])
SOUNDS = IDS.map(lambda id_: f"seat/{id_}") | IDS
AUDIO = st.fixed_dictionaries({"follow": st.booleans(), "sources": st.lists(SOUNDS, max_size=2)})
NAMINGS = st.dictionaries(
    st.sampled_from(["ko", "en", "fr"]), st.fixed_dictionaries({"name": NAMES}), max_size=2
)
CUE = st.fixed_dictionaries({"cue": IDS, "title": NAMES, "people": st.lists(IDS, max_size=2)})


def fields(type_: str, **of: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"type": st.just(type_), **of})


COMMANDS = st.one_of(
    fields("show.update", title=NAMES),
    fields("show.update", both_open=st.booleans()),
    fields("show.update", languages=st.sampled_from([["ko"], ["ko", "en"], ["en", "ko", "ja"], ["hall"]])),
    fields("seat.create", seat=IDS | st.none(), name=NAMES, role=st.sampled_from(["speaker"] * 4 + ["wall"])),
    fields("seat.update", seat=IDS, name=NAMES, language=st.sampled_from(["", "ko", "en-GB"])),
    fields("seat.update", seat=IDS, listen=BUS, hall=st.booleans()),
    *(fields(f"seat.{verb}", seat=IDS) for verb in ("admit", "hold", "remove", "invite", "revoke")),
    fields("scene.create", scene=IDS | st.none(), title=NAMES, canvases=CANVASES),
    fields("scene.update", scene=IDS, canvases=CANVASES),
    fields("scene.update", scene=IDS, audio=AUDIO),
    fields("scene.delete", scene=IDS),
    fields("preview.set", scene=IDS | st.none()),
    fields("program.cut", scene=IDS | st.none()),
    fields("program.fade_to_black", on=st.booleans()),
    fields("program.auto", scene=IDS | st.none(), duration_ms=st.sampled_from([0, 400, 2000])),
    fields("program.tbar", position=st.sampled_from([0, 0.3, 0.9, 1])),
    fields("program.slate", on=st.booleans()),
    fields("program.undo"),
    fields("transition.update", transition=st.sampled_from(["mix", "wipe", "push", "dip"])),
    fields("speaker.update", to=st.sampled_from(["preview", "program"]), pin=IDS | st.none()),
    fields("speaker.update", exclude=st.lists(IDS, max_size=2)),
    fields("seat.update", seat=IDS, part=st.sampled_from(["", "host"]), names=NAMINGS),
    fields("graphic.create", graphic=IDS, kind=st.sampled_from(["title", "ticker", "clock"])),
    fields("graphic.show", graphic=IDS, on=st.booleans()),
    fields("graphic.delete", graphic=IDS),
    fields("source.create", source=IDS | st.none(), kind=st.sampled_from(["bars", "bars", "clip"])),
    fields("source.update", source=IDS, title=NAMES),
    fields("source.delete", source=IDS),
    fields("source.mute", source=SOUNDS, muted=st.booleans()),
    fields("source.gain", source=SOUNDS, db=st.floats(-60, 20)),
    fields("source.update", source=IDS, language=st.sampled_from(["", "ko", "ja"]), hall=st.booleans()),
    fields("source.strip", source=SOUNDS, delay_ms=st.integers(0, 500), leveller=st.booleans()),
    fields("source.solo", source=SOUNDS, on=st.booleans()),
    fields("monitor.set", bus=BUS),
    fields("hall.update", bus=BUS),
    fields("bus.update", bus=BUS, target_lufs=st.sampled_from([-23, -14, -9])),
    fields("bus.reset", bus=BUS),
    fields("talkback.set", to=st.none() | st.just("all") | st.lists(IDS, min_size=1, max_size=2)),
    fields("rundown.set", cues=st.lists(CUE, max_size=3)),
    fields("rundown.go", cue=IDS | st.none()),
    fields("output.create", output=IDS | st.none(), url=st.sampled_from([URL, "ftp://x/y/z"]), bus=BUS),
    fields("output.create", output=IDS | st.none(), seats=st.booleans(), buses=BUSES),
    fields("output.update", output=IDS, backup=st.sampled_from([f"{URL}-backup", ""]), bus=BUS),
    fields("output.create", output=IDS | st.none(), recording=st.just(True), buses=BUSES),
    fields("output.update", output=IDS, url=st.just(f"{URL}-two"), rendition=st.just("wall")),
    *(fields(f"output.{verb}", output=IDS) for verb in ("start", "stop", "retry", "delete")),
)


class ShowMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.show = Show(title="Summit")
        self.log: list[bytes] = []
        self.view = PublicView()
        self.mirror: Any = as_json(self.view(self.show))
        self.hashes = 0
        self.taking = Taking()
        self.now_ns = 0

    @rule(passed_ms=st.sampled_from([1, 100, 700]))
    def time_passes(self, passed_ms: int) -> None:
        self.now_ns += passed_ms * MS
        self.taking.settle(self.now_ns)

    @rule(seat=IDS, to=st.sampled_from(["preview", "program"]))
    def somebody_speaks(self, seat: str, to: Any) -> None:
        for event in decide_own(self.show, Speaks(seat, to), context()):
            self.log.append(events.encode(event))
            self.show = apply(self.show, event)
        self.mirror = as_json(self.view(self.show))

    @rule(asked=COMMANDS, actor=st.sampled_from([Actor("director")] * 6 + [Actor("speaker", "a")]))
    def command(self, asked: dict[str, Any], actor: Actor) -> None:
        before = msgspec.json.encode(self.show)
        self.hashes += 1
        happened, refused = self.decided(asked, actor)
        assert refused is None or refused.status in (400, 403, 404, 409)
        assert refused is None or refused.code.count(".") == 1
        assert STREAM_KEY not in str(refused)
        if actor.role == "speaker":
            for event in happened:
                assert isinstance(event, events.SeatUpdated)
                assert (event.seat, event.hall) == ("a", self.show.seats["a"].hall)
        after = reduce(apply, happened, self.show)
        assert msgspec.json.encode(self.show) == before  # nothing is changed in place
        show = self.show
        for event in happened:
            self.taking.happened(show, event, self.now_ns, self.now_ns // MS)
            show = apply(show, event)
            self.log.append(events.encode(event))
            assert STREAM_KEY not in str(public_event(event))
            assert "token_hash" not in public_event(event)
        shown_before = self.view(self.show)
        now = self.view(after)
        self.mirror = merged(self.mirror, as_json(diff(shown_before, now)))
        assert without_nulls(self.mirror) == without_nulls(as_json(now))
        self.show = after

    def decided(
        self, asked: dict[str, Any], actor: Actor
    ) -> tuple[tuple[events.AnyEvent, ...], RefusedError | None]:
        try:
            command = commands.decode(msgspec.json.encode(asked))
            return decide(self.show, command, context(actor, token_hash=f"{self.hashes:064x}")), None
        except RefusedError as refused:
            return (), refused

    @invariant()
    def references_hold(self) -> None:
        show = self.show
        assert show.cue is None or show.cue in [cue.id for cue in show.rundown]
        assert show.talk in (None, "all") or set(show.talk) <= show.seats.keys()
        sounds = {f"seat/{id_}" for id_ in show.seats} | {f"source/{id_}" for id_ in show.sources}
        assert set(show.solo) <= sounds
        assert all(set(scene.audio.sources) <= sounds for scene in show.scenes.values())
        used = {
            show.hall_bus,
            show.monitor_bus,
            *show.targets,
            *(seat.listen for seat in show.seats.values()),
        }
        used |= {bus for output in show.outputs.values() for bus in output.buses}
        assert used <= {"floor", "hall", *show.languages}
        for scene in (show.preview, show.program):
            assert scene is None or scene in show.scenes
        for each in show.scenes.values():
            assert "program" in each.canvases
            for composition in each.canvases.values():
                for place in composition.places or ():
                    filled = (place.seat in show.seats, place.source in show.sources, place.part, place.auto)
                    assert sum(map(bool, filled)) == 1
                assert not composition.background or composition.background in show.sources
        policy, before = show.auto_speaker, show.before
        speakers = [show.speaker, show.preview_speaker, policy.pin, *policy.exclude]
        if before is not None:
            speakers += [before.speaker, before.preview_speaker]
            assert {before.program, before.preview} <= {*show.scenes, None}
        assert set(speakers) <= {*show.seats, ""}
        assert 0 <= show.tbar < 1
        assert not show.tbar or show.preview is not None
        assert all(seat.role == "speaker" for seat in show.seats.values() if seat.stage)
        generations = [seat.invite.generation for seat in show.seats.values() if seat.invite]
        assert len(set(generations)) == len(generations)
        assert len(show.revoked) <= MAX_REVOKED
        live = {seat.invite.token_hash for seat in show.seats.values() if seat.invite}
        assert not live & show.revoked.keys()

    @invariant()
    def it_can_always_be_planned(self) -> None:
        show = self.show
        live = Live(frozenset(show.seats), frozenset({"multiview"}))
        live = msgspec.structs.replace(live, take=self.taking.take, fade=self.taking.fade)
        plans = plan(show, live, PLAN_SETTINGS, 1)
        assert bool(plans.mix.transition) == bool(plans.mix.leaving)
        both = [plans.mix.canvases, plans.mix.leaving]
        shown = {tile.source for side in both for canvas in side.values() for tile in canvas.tiles}
        assert shown == plans.mix.sources.keys()
        audio = plans.mix.audio
        assert [bus.name for bus in audio.buses] == ["floor", *show.languages]
        assert all(not each.muted for each in audio.open)
        soloed = {each.source for each in (*audio.open, *audio.solo)}
        soloed |= {each.source for each in audio.interpreters}
        assert set(audio.monitor.solo) <= soloed
        assert all(show.seats[seat].stage for seat in on_scene(show, on_air(show)))
        heard = {each.source for each in audio.open}
        assert not heard or not (show.black or show.slate)
        scenes = [show.program, *([show.preview] if show.tbar else [])]
        named = {source for scene in scenes if scene for source in show.scenes[scene].audio.sources}
        programs = [side["program"] for side in both if "program" in side]
        pictures = {tile.source for canvas in programs for tile in canvas.tiles}
        assert heard <= pictures | named
        assert {sender_of(sender.output).output for sender in plans.desired.senders} == {
            output.id for output in show.outputs.values() if output.running and not output.seats
        }

    @invariant()
    def nothing_public_holds_a_secret(self) -> None:
        public = msgspec.json.encode(self.view(self.show))
        assert STREAM_KEY.encode() not in public
        for seat in self.show.seats.values():
            assert seat.invite is None or seat.invite.token_hash.encode() not in public

    def teardown(self) -> None:
        replayed = reduce(apply, map(events.decode, self.log), Show(title="Summit"))
        assert replayed == self.show


TestShowMachine = ShowMachine.TestCase
TestShowMachine.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
