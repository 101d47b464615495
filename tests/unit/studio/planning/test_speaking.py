"""Who speaks fills places: by level and time alone, so the time is handed in."""

import random

import pytest
from msgspec.structs import replace

from mixer.contract.names import of_seat
from studio.planning.places import on_air, shown
from studio.planning.speaking import PAUSE_S, Speaking
from studio.show.events import apply
from studio.show.model import Show
from studio.show.own import Speaks, decide_own
from tests.support.shows import after, context, events_of, with_mayors

STEP_S = 0.05
QUIET, VOICE = -62.0, -22.0


class Room:
    """Mayors with microphones, a scene with an automatic place in preview, and a clock."""

    def __init__(self, mayors: int = 3, **policy: object) -> None:
        show = after(with_mayors(mayors), "scene.create", scene="talk", canvases=AUTO)
        show = after(show, "preview.set", scene="talk")
        self.show = after(show, "speaker.update", **policy) if policy else show
        self.now_s = 100.0
        self.speaking = Speaking()
        self.chosen: list[tuple[float, str]] = []
        self._noise = random.Random(5)
        self.go(3.0)

    def go(self, seconds: float, *speaking: str, level_db: float = VOICE, noise_db: float = QUIET) -> None:
        """Time passes; those named speak, in syllables and short pauses. What is ordered is carried out."""
        for step in range(round(seconds / STEP_S)):
            self.now_s += STEP_S
            voiced = step % 12 < 9
            levels = {
                of_seat(seat): (level_db if seat in speaking and voiced else noise_db)
                + self._noise.uniform(-3, 3)
                for seat in self.show.seats
            }
            ordered = self.speaking.heard(self.show, levels, self.now_s)
            if ordered is not None:
                self.chosen.append((round(self.now_s, 2), ordered.seat))
                for event in decide_own(self.show, ordered, context()):
                    self.show = apply(self.show, event)

    def say(self, command: str, **fields: object) -> None:
        self.show = after(self.show, command, **fields)

    @property
    def names(self) -> list[str]:
        return [seat for _, seat in self.chosen]


AUTO = {"program": {"layout": "solo", "places": [{"auto": True}]}}


def test_who_speaks_for_the_hold_is_chosen_for_the_preview() -> None:
    room = Room()
    room.go(1.2, "mayor-2")
    assert room.names == []
    begun_s = room.now_s - 1.2
    room.go(2.0, "mayor-2")
    assert room.names == ["mayor-2"]
    assert 1.5 <= room.chosen[0][0] - begun_s <= 1.7
    assert (room.show.preview_speaker, room.show.speaker) == ("mayor-2", "")


def test_coughs_and_single_words_choose_nobody() -> None:
    room = Room()
    for _ in range(8):
        room.go(0.25, "mayor-2")
        room.go(0.7)
    assert room.names == []


def test_a_room_that_hums_is_no_voice() -> None:
    room = Room()
    room.go(40.0, noise_db=-45.0)
    assert room.names == []
    room.go(3.0, "mayor-3", noise_db=-45.0)
    assert room.names == ["mayor-3"], "and is spoken over"


def test_nobody_is_replaced_before_the_least_time() -> None:
    room = Room(hold_ms=500, least_ms=5000)
    room.go(2.0, "mayor-1")
    chosen_s = room.chosen[0][0]
    room.go(6.0, "mayor-2")
    assert room.names == ["mayor-1", "mayor-2"]
    assert 5.0 <= room.chosen[1][0] - chosen_s <= 5.2


def test_who_is_chosen_stays_while_he_speaks_unless_spoken_over_loudly() -> None:
    room = Room(least_ms=0)
    room.go(3.0, "mayor-1")
    room.go(8.0, "mayor-1", "mayor-2")
    assert room.names == ["mayor-1"]
    room.go(PAUSE_S + 0.2, "mayor-2")
    assert room.names == ["mayor-1", "mayor-2"], "who has spoken for long follows at once"


@pytest.mark.parametrize(
    ("command", "fields"),
    [
        ("speaker.update", {"exclude": ["mayor-2"]}),
        ("source.mute", {"source": "seat/mayor-2", "muted": True}),
        ("seat.update", {"seat": "mayor-2", "self_muted": True}),
        ("seat.hold", {"seat": "mayor-2"}),
    ],
)
def test_who_is_excluded_muted_or_off_the_stage_is_not_chosen(
    command: str, fields: dict[str, object]
) -> None:
    room = Room()
    room.say(command, **fields)
    room.go(5.0, "mayor-2")
    assert room.names == []


def test_who_has_a_place_of_his_own_is_not_chosen_for_another() -> None:
    room = Room()
    places = [{"seat": "mayor-1"}, {"auto": True}]
    room.say("scene.update", scene="talk", canvases={"program": {"layout": "duo", "places": places}})
    room.go(4.0, "mayor-1")
    room.go(4.0, "mayor-3")
    assert room.names == ["mayor-3"]


def test_a_pin_holds_whoever_speaks() -> None:
    room = Room()
    pinned = events_of(room.show, "speaker.update", pin="mayor-3")
    assert [type(event).__name__ for event in pinned] == ["AutoSpeakerChanged", "SpeakerChosen"]
    room.say("speaker.update", pin="mayor-3")
    room.go(6.0, "mayor-1")
    assert room.show.preview_speaker == "mayor-3"
    room.say("speaker.update", pin=None)
    room.go(3.0, "mayor-1")
    assert room.show.preview_speaker == "mayor-1"


def test_the_programme_itself_follows_where_that_is_asked_for() -> None:
    room = Room(to="program")
    room.say("program.cut")
    room.go(3.0, "mayor-2")
    assert room.show.speaker == "mayor-2"
    assert [place.seat for place in shown(room.show, on_air(room.show), "program")] == ["mayor-2"]


def test_without_an_automatic_place_nobody_listens() -> None:
    room = Room()
    room.say("preview.set", scene=None)
    room.go(4.0, "mayor-2")
    assert room.names == []


def test_what_is_ordered_too_late_changes_nothing() -> None:
    show: Show = Room().show
    gone = after(show, "seat.hold", seat="mayor-2")
    assert decide_own(gone, Speaks("mayor-2", "preview"), context()) == ()
    assert decide_own(show, Speaks("mayor-2", "program"), context()) == ()
    half = replace(show, program=show.preview, tbar=0.5)
    assert decide_own(half, Speaks("mayor-2", "preview"), context()) == (), "half of it is on air"
    assert decide_own(show, Speaks("nobody", "preview"), context()) == ()
