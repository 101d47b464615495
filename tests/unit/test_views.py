"""Merge patches and what each role sees."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling.ports import Actor
from signaling.views import merge_patch, patch_between, view

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


def test_a_speaker_sees_its_own_seat() -> None:
    assert view(STATE, Actor("speaker", "a")) == {
        "event": {"title": "Summit"},
        "seat": {"name": "A", "stage": True},
        "status": {"state": "on_air", "live": True, "connection": "connected", "uplink": {"fps": 30}},
    }
    assert view(STATE | {"black": True}, Actor("speaker", "a"))["status"]["live"] is False


@pytest.mark.parametrize("state", ["absent", "waiting", "ready", "", "anything"])
def test_a_speaker_who_is_neither_next_nor_on_air_waits(state: str) -> None:
    status = {"seats": {"b": {"state": state}}}
    assert view(STATE | {"status": status}, Actor("speaker", "b"))["status"] == {
        "state": "waiting",
        "live": False,
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
