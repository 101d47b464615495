"""What each role sees."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from signaling.contract.messages import UplinkTarget
from signaling.contract.ports import Actor
from signaling.contract.state import (
    ABSENT,
    BoothStatus,
    DirectorState,
    EventInfo,
    InterpreterState,
    InterpreterStatus,
    MixerStatus,
    OwnBooth,
    Partner,
    PersonOnAir,
    PublicCue,
    PublicEvent,
    PublicNote,
    Role,
    SeatState,
    SeatStatus,
    SourceStatus,
    SpeakerEvent,
    SpeakerState,
    SpeakerStatus,
    StudioStatus,
    WallState,
    WallStatus,
)
from signaling.http.live.views import booth_sources, view
from studio.show.model import Booth, Cue, Note, Output, Seat, Show
from studio.show.view import PublicView
from tests.support.merging import as_json

SHOW = Show(
    title="Summit",
    languages=("ko", "en"),
    seats={
        "mayor": Seat("mayor", "Mayor", "City", language="ko", stage=True),
        "next": Seat("next", "Next"),
        "kim": Seat("kim", "Kim", role="interpreter", booth="b1", on=True, into="en", into_chosen=True),
        "lee": Seat("lee", "Lee", role="interpreter", booth="b1", into="ko", into_chosen=True),
        "cho": Seat("cho", "Cho", role="interpreter", booth="b2"),
        "new": Seat("new", "New", role="interpreter"),
    },
    booths={
        "b1": Booth("b1", "Booth 1", ("ko", "en"), slower_at=7),
        "b2": Booth("b2", "Booth 2", ("ko", "ja")),
    },
    notes=(Note("b1", "louder", 5, "kim"), Note("b2", "secret", 6)),
    rundown=(Cue("1", "Opening", people=("mayor", "gone")),),
    cue="1",
    outputs={"tv": Output("tv", "rtmp://tv.test/live/key")},
)
UPLINK = UplinkTarget(640, 360, 30, 900_000)


def seat(state: SeatState, **more: Any) -> SeatStatus:
    return replace(ABSENT, state=state, connection="connected", picture="live", **more)


STATUS = StudioStatus(
    seats={
        "mayor": seat("on_air", uplink=UPLINK, lost=7),
        "next": seat("next"),
        "kim": seat("waiting", problem="sound.hum", bitrate=1),
        "lee": ABSENT,
    },
    booths={"b1": BoothStatus("on_air", "kim", "en", slower=True, problem="")},
    mixer=MixerStatus(ticks=1),
)


def made(show: Show = SHOW, status: StudioStatus = STATUS) -> DirectorState:
    return PublicView()(show, status)


STATE = made()


def speakers(state: DirectorState, id_: str) -> SpeakerState:
    shown = view(state, Actor("speaker", id_))
    assert isinstance(shown, SpeakerState)
    return shown


def interpreters(state: DirectorState, id_: str) -> InterpreterState:
    shown = view(state, Actor("interpreter", id_))
    assert isinstance(shown, InterpreterState)
    return shown


def test_director_and_viewer_see_everything() -> None:
    assert view(STATE, Actor("director")) is STATE
    assert view(STATE, Actor("viewer", "v")) is STATE


def test_a_viewer_does_not_learn_why_an_address_cannot_be_read() -> None:
    def told(state: Any, code: str, reason: str, role: Role) -> StudioStatus:
        sources = {
            "p": SourceStatus(state, code, reason, 0, 0, 0.0, False),
            "clip": SourceStatus("playing", "", "", 0, 0, 0.0, False),
        }
        shown = view(made(status=replace(STATUS, sources=sources)), Actor(role, "v"))
        assert isinstance(shown, DirectorState)
        return shown.status

    closed = told("failed", "pull.refused", "Nobody answers.", "viewer")
    assert closed == told("failed", "pull.tls", "Not trusted.", "viewer")
    assert closed.sources["p"].code == "pull.failed"
    assert closed.sources["clip"].code == ""
    assert closed.mixer.ticks == 1
    assert told("live", "pull.no-picture", "Sound.", "viewer").sources["p"].code == "pull.no-picture"
    assert told("failed", "pull.refused", "Nobody.", "director").sources["p"].code == "pull.refused"


def test_a_speaker_sees_its_own_seat() -> None:
    assert view(STATE, Actor("speaker", "mayor")) == SpeakerState(
        event=SpeakerEvent("Summit", ("ko", "en")),
        seat=STATE.seats["mayor"],
        status=SpeakerStatus(
            state="on_air",
            live=True,
            slower=True,
            talkback=False,
            connection="connected",
            picture="live",
            problem="",
            uplink=UPLINK,
        ),
    )
    assert speakers(replace(STATE, black=True), "mayor").status.live is False


def test_who_was_removed_sees_nobody() -> None:
    gone = as_json(view(STATE, Actor("speaker", "gone")))
    assert gone["seat"] is None
    assert gone["status"] == {"state": "waiting", "live": False, "slower": False, "talkback": False}


@pytest.mark.parametrize("state", ["absent", "waiting", "ready"])
def test_a_speaker_who_is_neither_next_nor_on_air_waits(state: SeatState) -> None:
    shown = speakers(made(status=replace(STATUS, seats={"next": seat(state)})), "next").status
    assert (shown.state, shown.live, shown.slower) == ("waiting", False, False)


def test_a_wall_sees_whether_the_mixer_works() -> None:
    shown = view(STATE, Actor("wall", "w"))
    assert shown == WallState(EventInfo("Summit"), WallStatus(MixerStatus(ticks=1)))


@given(st.sampled_from(["speaker", "interpreter", "wall"]), st.sampled_from([*SHOW.seats, "gone"]))
def test_nothing_but_the_own_part_is_in_any_filtered_view(role: Role, id_: str) -> None:
    shown = as_json(view(STATE, Actor(role, id_)))
    assert not {"seats", "outputs", "sources", "scenes"} & set(shown)
    assert "rtmp" not in repr(shown)


def test_an_interpreter_sees_the_own_booth_and_who_is_on_air() -> None:
    partner = Partner("lee", "absent", "Lee", on=False, cough=False, into="ko")
    assert view(STATE, Actor("interpreter", "kim")) == InterpreterState(
        event=PublicEvent("Summit", ("ko", "en"), both_open=False),
        seat=STATE.seats["kim"],
        booth=OwnBooth("b1", "Booth 1", ("ko", "en"), None, 7),
        partner=partner,
        partners=(partner,),
        notes=(PublicNote("b1", "louder", 5, "kim"),),
        rundown=(PublicCue("1", "Opening", 0, 0, "", ("Mayor", "gone")),),
        cue="1",
        on_air=(PersonOnAir("Mayor", "City", "ko"),),
        status=InterpreterStatus(
            state="on_air",
            on_air=True,
            slower=True,
            talkback=False,
            connection="connected",
            problem="sound.hum",
        ),
    )


def with_seat(**change: Any) -> DirectorState:
    return made(replace(SHOW, seats={**SHOW.seats, "kim": replace(SHOW.seats["kim"], **change)}))


def with_booths(**booths: BoothStatus) -> DirectorState:
    return made(status=replace(STATUS, booths=booths))


CONNECTING = {**STATUS.seats, "kim": replace(ABSENT, connection="connecting")}


@pytest.mark.parametrize(
    ("state", "lit"),
    [
        (STATE, True),
        (with_seat(cough=True), False),
        (with_seat(on=False), False),
        (made(status=replace(STATUS, seats=CONNECTING)), False),
        (with_booths(b1=replace(STATUS.booths["b1"], state="open")), False),
        (with_booths(), False),
    ],
    ids=["on", "cough", "off", "connecting", "open", "none"],
)
def test_the_lamp_is_lit_for_the_microphone_that_is_heard(state: DirectorState, lit: bool) -> None:
    assert interpreters(state, "kim").status.on_air is lit
    assert interpreters(state, "lee").status.on_air is False


@pytest.mark.parametrize("seat", ["new", "removed"])
def test_an_interpreter_without_a_booth_sees_nobodys(seat: str) -> None:
    """Neither the seats that have no booth either, nor the notes of any."""
    shown = interpreters(STATE, seat)
    assert (shown.booth, shown.partner, shown.partners, shown.notes) == (None, None, (), ())
    assert shown.status.state == "off"


@pytest.mark.parametrize("seat", ["kim", "lee", "cho", "new"])
def test_nothing_of_another_booth_is_in_an_interpreters_view(seat: str) -> None:
    text = repr(as_json(view(STATE, Actor("interpreter", seat))))
    hidden = {"kim": ("Cho", "Booth 2", "secret"), "lee": ("Cho", "secret"), "cho": ("Kim", "Lee", "louder")}
    for word in (*hidden.get(seat, ("Kim", "Lee", "Cho", "Booth", "secret")), "rtmp"):
        assert word not in text


def test_whose_meters_an_interpreter_sees() -> None:
    assert booth_sources(STATE, "kim") == booth_sources(STATE, "lee") == {"seat/kim", "seat/lee"}
    assert booth_sources(STATE, "new") == {"seat/new"}
    assert booth_sources(made(Show()), "gone") == {"seat/gone"}


@pytest.mark.parametrize(
    ("talk", "spoken_to"),
    [(None, set()), ((), {"mayor", "next", "kim"}), (("mayor", "kim"), {"mayor", "kim"})],
)
def test_who_is_spoken_to_by_the_director(talk: tuple[str, ...] | None, spoken_to: set[str]) -> None:
    state = replace(STATE, talk=talk)
    shown = {id_ for id_ in ("mayor", "next") if speakers(state, id_).status.talkback}
    shown |= {id_ for id_ in ("kim",) if interpreters(state, id_).status.talkback}
    assert shown == spoken_to


def test_who_is_on_air_is_asked_to_slow_down_and_no_other() -> None:
    assert speakers(STATE, "mayor").status.slower is True
    assert speakers(STATE, "next").status.slower is False
    calm = {"b1": replace(STATUS.booths["b1"], slower=False)}
    assert speakers(made(status=replace(STATUS, booths=calm)), "mayor").status.slower is False
