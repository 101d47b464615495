"""Random interpreters: never two open into one language or booth unless allowed, never an offer by or to
those who left, and the log is the show."""

from functools import reduce
from typing import Any

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from signaling.contract.ports import Actor, RefusedError
from studio.planning.planner import Live, plan
from studio.show import commands, events
from studio.show.decide import decide
from studio.show.events import AnyEvent, apply
from studio.show.model import Show
from studio.show.seats.lost import Dropped, decide_lost
from tests.support.shows import NOW, PLAN_SETTINGS, context, with_booth

SEATS = st.sampled_from(["a", "b", "c", "d"])
BOOTHS = st.sampled_from(["one", "one", "two"])
TONGUES = st.sampled_from(["ko", "en"])


def fields(type_: str, **of: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"type": st.just(type_), **of})


OWN = st.one_of(
    fields("booth.speak", booth=BOOTHS, on=st.just(True), into=TONGUES | st.none()),
    fields("booth.speak", booth=BOOTHS, on=st.booleans()),
    fields("booth.into", booth=BOOTHS, into=TONGUES),
    fields("booth.cough", booth=BOOTHS, on=st.booleans()),
    fields("booth.relay", booth=BOOTHS, bus=TONGUES | st.just("floor")),
    fields("booth.handover", booth=BOOTHS, action=st.sampled_from(["offer", "offer", "accept", "cancel"])),
    fields("booth.slower", booth=BOOTHS),
    fields("booth.note", booth=BOOTHS, text=st.sampled_from(["x", ""])),
)
DIRECTORS = st.one_of(
    fields("show.update", both_open=st.booleans()),
    fields("booth.speak", booth=BOOTHS, on=st.booleans(), seat=SEATS),
    fields("booth.update", booth=BOOTHS, languages=st.permutations(["ko", "en", "ja"]).map(lambda x: x[:2])),
    fields("booth.delete", booth=BOOTHS),
    fields("booth.create", booth=BOOTHS, languages=st.just(["ko", "en"])),
    fields("seat.remove", seat=SEATS),
    fields("seat.create", seat=SEATS, role=st.just("interpreter"), booth=BOOTHS),
    fields("seat.update", seat=SEATS, booth=BOOTHS | st.none()),
    fields("show.update", languages=st.sampled_from([["ko", "en"], ["ko", "en", "ja"], ["ko"]])),
)


class BoothMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.first = self.show = with_booth(with_booth(Show(), "one", "a", "b", "c"), "two", "d")
        self.log: list[bytes] = []
        self.now = NOW

    @rule(asked=OWN, seat=SEATS)
    def interpreter(self, asked: dict[str, Any], seat: str) -> None:
        self.command(asked, Actor("interpreter", seat))

    @rule(asked=DIRECTORS)
    def director(self, asked: dict[str, Any]) -> None:
        self.command(asked, Actor("director"))

    @rule(seconds=st.sampled_from([1, 20]))
    def time_passes(self, seconds: int) -> None:
        self.now += seconds

    @rule(seat=SEATS, connected=st.frozensets(SEATS))
    def lose(self, seat: str, connected: frozenset[str]) -> None:
        self.happen(decide_lost(self.show, Dropped(seat), context(now=self.now, connected=connected)))
        assert seat not in self.show.seats or not self.show.seats[seat].on

    def command(self, asked: dict[str, Any], actor: Actor) -> None:
        parsed = commands.decode(msgspec.json.encode(asked))
        try:
            happened = decide(self.show, parsed, context(actor, now=self.now))
        except RefusedError:
            return
        assert len(happened) <= 1, "one command, one event"
        if actor.role == "interpreter":
            assert self.show.seats[actor.seat].booth == asked["booth"]
        self.happen(happened)

    def happen(self, happened: tuple[AnyEvent, ...]) -> None:
        self.log += map(events.encode, happened)
        self.show = reduce(apply, happened, self.show)

    @invariant()
    def one_voice(self) -> None:
        show = self.show
        on = [seat for seat in show.seats.values() if seat.on]
        if not show.both_open:
            assert len({seat.into for seat in on}) == len(on)
            assert len({seat.booth for seat in on}) == len(on)
        for seat in show.seats.values():
            if seat.booth:
                assert seat.into in show.booths[seat.booth].languages
            else:
                assert (seat.into, seat.on) == ("", False)
            assert seat.on or not seat.cough
        heard = plan(show, Live(), PLAN_SETTINGS, 1).mix.audio.interpreters
        assert sorted((each.source, each.language) for each in heard) == sorted(
            (f"seat/{seat.id}", seat.into) for seat in on if not seat.cough
        )

    @invariant()
    def people_are_there(self) -> None:
        show = self.show
        for booth in show.booths.values():
            assert set(booth.languages) <= set(show.languages)
            if booth.handover is not None:
                giver, taker = booth.handover.giver, booth.handover.taker
                assert giver != taker
                assert {show.seats[seat].booth for seat in (giver, taker)} == {booth.id}
                assert show.seats[giver].on or booth.lost == giver
        assert all(note.booth in show.booths for note in show.notes)

    def teardown(self) -> None:
        assert reduce(apply, map(events.decode, self.log), self.first) == self.show


TestBoothMachine = BoothMachine.TestCase
TestBoothMachine.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)
