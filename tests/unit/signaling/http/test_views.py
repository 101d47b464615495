"""Merge patches and what each role sees."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling.contract.ports import Actor
from signaling.http.live.views import booth_sources, merge_patch, patch_between, view

_VALUES = st.recursive(
    st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abcd"), inner, max_size=4),
    max_leaves=12,
)
_STATES = st.dictionaries(st.sampled_from("abcd"), _VALUES, max_size=4)

# RFC 7386, appendix A
_EXAMPLES: list[tuple[Any, Any, Any]] = [
    ({"a": "b"}, {"a": "c"}, {"a": "c"}),
    ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
    ({"a": "b"}, {"a": None}, {}),
    ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
    ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
    ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
    ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
    ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
    (["a", "b"], ["c", "d"], ["c", "d"]),
    ({"a": "b"}, ["c"], ["c"]),
    ({"a": "foo"}, None, None),
    ({"a": "foo"}, "bar", "bar"),
    ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
    ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
]


@pytest.mark.parametrize(("target", "patch", "result"), _EXAMPLES)
def test_the_rfcs_examples(target: Any, patch: Any, result: Any) -> None:
    assert merge_patch(target, patch) == result


@given(_STATES, _STATES)
def test_a_patch_leads_from_one_state_to_the_other(old: dict[str, Any], new: dict[str, Any]) -> None:
    before = repr(old)
    patch = patch_between(old, new)
    assert merge_patch(old, patch) == new
    assert repr(old) == before
    assert bool(patch) == (old != new)


STATE: dict[str, Any] = {
    "event": {"title": "Summit"},
    "seats": {"a": {"name": "A", "stage": True}, "b": {"name": "B"}},
    "outputs": {"tv": {"url": "rtmp://tv.test/…"}},
    "black": False,
    "status": {
        "seats": {
            "a": {"state": "on_air", "connection": "connected", "uplink": {"fps": 30}, "lost": 7},
            "b": {"state": "ready", "connection": "connected"},
        },
        "mixer": {"ticks": 1},
        "outputs": {"tv": {"state": "live"}},
    },
}


def test_director_and_viewer_see_everything() -> None:
    assert view(STATE, Actor("director")) is STATE
    assert view(STATE, Actor("viewer", "v")) is STATE


def test_a_viewer_does_not_learn_why_an_address_cannot_be_read() -> None:
    def told(state: str, code: str, reason: str, role: Any) -> Any:
        source = {"state": state, "code": code, "reason": reason, "width": 0}
        status = STATE["status"] | {"sources": {"p": source, "clip": {"state": "playing", "code": ""}}}
        return view(STATE | {"status": status}, Actor(role, "v"))["status"]

    closed = told("failed", "pull.refused", "Nobody answers.", "viewer")
    assert closed == told("failed", "pull.tls", "Not trusted.", "viewer")
    assert closed["sources"]["p"]["code"] == "pull.failed"
    assert closed["sources"]["clip"] == {"state": "playing", "code": ""}
    assert closed["mixer"] == {"ticks": 1}
    assert told("live", "pull.no-picture", "Sound.", "viewer")["sources"]["p"]["code"] == "pull.no-picture"
    assert told("failed", "pull.refused", "Nobody.", "director")["sources"]["p"]["code"] == "pull.refused"


def test_a_speaker_sees_its_own_seat() -> None:
    assert view(STATE, Actor("speaker", "a")) == {
        "event": {"title": "Summit"},
        "seat": {"name": "A", "stage": True},
        "status": {
            "state": "on_air",
            "live": True,
            "slower": False,
            "talkback": False,
            "connection": "connected",
            "uplink": {"fps": 30},
        },
    }
    assert view(STATE | {"black": True}, Actor("speaker", "a"))["status"]["live"] is False


@pytest.mark.parametrize("state", ["absent", "waiting", "ready", "", "anything"])
def test_a_speaker_who_is_neither_next_nor_on_air_waits(state: str) -> None:
    status = {"seats": {"b": {"state": state}}}
    assert view(STATE | {"status": status}, Actor("speaker", "b"))["status"] == {
        "state": "waiting",
        "live": False,
        "slower": False,
        "talkback": False,
    }


def test_a_wall_sees_whether_the_mixer_works() -> None:
    assert view(STATE, Actor("wall", "w")) == {
        "event": {"title": "Summit"},
        "status": {"mixer": {"ticks": 1}},
    }


@given(_STATES, st.sampled_from(["speaker", "interpreter", "wall", "viewer", "director"]))
def test_nothing_of_another_seat_is_in_any_filtered_view(state: dict[str, Any], role: Any) -> None:
    shown = view(STATE | {"seats": STATE["seats"] | {"c": state}}, Actor(role, "a"))
    if role in ("speaker", "interpreter", "wall"):
        assert "seats" not in shown
        assert "outputs" not in shown


BOOTHS: dict[str, Any] = {
    "event": {"title": "Summit", "languages": ["ko", "en"], "both_open": False},
    "seats": {
        "mayor": {"name": "Mayor", "title": "City", "role": "speaker", "language": "ko", "stage": True},
        "next": {"name": "Next", "title": "", "role": "speaker", "language": ""},
        "kim": {"name": "Kim", "role": "interpreter", "booth": "b1", "on": True, "into": "en", "strip": {}},
        "lee": {
            "name": "Lee",
            "role": "interpreter",
            "booth": "b1",
            "on": False,
            "cough": False,
            "gain_db": 0,
        },
        "cho": {"name": "Cho", "role": "interpreter", "booth": "b2"},
        "new": {"name": "New", "role": "interpreter", "booth": ""},
    },
    "booths": {
        "b1": {"title": "Booth 1", "languages": ["ko", "en"], "handover": None, "slower_at": 7},
        "b2": {"title": "Booth 2", "languages": ["ko", "ja"], "handover": None, "slower_at": 0},
    },
    "notes": [{"booth": "b1", "text": "louder", "at": 5, "seat": "kim"}, {"booth": "b2", "text": "secret"}],
    "rundown": [{"cue": "1", "title": "Opening", "people": ["mayor", "gone"]}],
    "cue": "1",
    "talk": None,
    "outputs": {"tv": {"url": "rtmp://tv.test/…"}},
    "order": {"seats": ["mayor", "next", "kim", "lee", "cho", "new"]},
    "status": {
        "seats": {
            "mayor": {"state": "on_air", "connection": "connected"},
            "next": {"state": "next", "connection": "connected"},
            "kim": {"state": "waiting", "connection": "connected", "problem": "sound.hum", "bitrate": 1},
            "lee": {"state": "absent", "connection": "absent"},
        },
        "booths": {"b1": {"state": "on_air", "seat": "kim", "into": "en", "slower": True, "problem": ""}},
    },
}


def test_an_interpreter_sees_the_own_booth_and_who_is_on_air() -> None:
    partner = {"seat": "lee", "name": "Lee", "on": False, "cough": False, "connection": "absent"}
    assert view(BOOTHS, Actor("interpreter", "kim")) == {
        "event": {"title": "Summit", "languages": ["ko", "en"], "both_open": False},
        "seat": BOOTHS["seats"]["kim"],
        "booth": {"id": "b1", **BOOTHS["booths"]["b1"]},
        "partner": partner,
        "partners": [partner],
        "notes": [{"booth": "b1", "text": "louder", "at": 5, "seat": "kim"}],
        "rundown": [{"cue": "1", "title": "Opening", "people": ["Mayor", "gone"]}],
        "cue": "1",
        "on_air": [{"name": "Mayor", "title": "City", "language": "ko"}],
        "status": {
            "state": "on_air",
            "on_air": True,
            "slower": True,
            "talkback": False,
            "connection": "connected",
            "problem": "sound.hum",
        },
    }


@pytest.mark.parametrize(
    ("change", "lit"),
    [
        ({}, True),
        ({"seats": {"kim": {"cough": True}}}, False),
        ({"seats": {"kim": {"on": False}}}, False),
        ({"status": {"seats": {"kim": {"connection": "connecting"}}}}, False),
        ({"status": {"booths": {"b1": {"state": "open"}}}}, False),
        ({"status": {"booths": None}}, False),
    ],
)
def test_the_lamp_is_lit_for_the_microphone_that_is_heard(change: Any, lit: bool) -> None:
    state = merge_patch(BOOTHS, change)
    assert view(state, Actor("interpreter", "kim"))["status"]["on_air"] is lit
    assert view(state, Actor("interpreter", "lee"))["status"]["on_air"] is False


def test_an_interpreter_without_a_booth_sees_nobodys() -> None:
    """Neither the seats that have no booth either, nor the notes of any."""
    for seat in ("new", "removed"):
        shown = view(BOOTHS, Actor("interpreter", seat))
        assert (shown["booth"], shown["partner"], shown["partners"], shown["notes"]) == (None, None, [], [])
        assert shown["status"]["state"] == "off"


@pytest.mark.parametrize("seat", ["kim", "lee", "cho", "new"])
def test_nothing_of_another_booth_is_in_an_interpreters_view(seat: str) -> None:
    text = repr(view(BOOTHS, Actor("interpreter", seat)))
    hidden = {"kim": ("Cho", "Booth 2", "secret"), "lee": ("Cho", "secret"), "cho": ("Kim", "Lee", "louder")}
    for word in (*hidden.get(seat, ("Kim", "Lee", "Cho", "Booth", "secret")), "rtmp"):
        assert word not in text


def test_whose_meters_an_interpreter_sees() -> None:
    assert booth_sources(BOOTHS, "kim") == booth_sources(BOOTHS, "lee") == {"seat/kim", "seat/lee"}
    assert booth_sources(BOOTHS, "new") == {"seat/new"}
    assert booth_sources({}, "gone") == {"seat/gone"}


@pytest.mark.parametrize(
    ("talk", "spoken_to"),
    [(None, set()), ([], {"mayor", "next", "kim"}), (["mayor", "kim"], {"mayor", "kim"})],
)
def test_who_is_spoken_to_by_the_director(talk: list[str] | None, spoken_to: set[str]) -> None:
    roles = {"mayor": "speaker", "next": "speaker", "kim": "interpreter"}
    shown = {
        seat
        for seat, role in roles.items()
        if view(BOOTHS | {"talk": talk}, Actor(role, seat))["status"]["talkback"]  # type: ignore[arg-type]
    }
    assert shown == spoken_to


def test_who_is_on_air_is_asked_to_slow_down_and_no_other() -> None:
    assert view(BOOTHS, Actor("speaker", "mayor"))["status"]["slower"] is True
    assert view(BOOTHS, Actor("speaker", "next"))["status"]["slower"] is False
    calm = merge_patch(BOOTHS, {"status": {"booths": {"b1": {"slower": False}}}})
    assert view(calm, Actor("speaker", "mayor"))["status"]["slower"] is False
    assert view(BOOTHS, Actor("speaker", "mayor"))["event"]["languages"] == ["ko", "en"]
