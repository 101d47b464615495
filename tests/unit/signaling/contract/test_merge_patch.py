"""Merge patches: what the server says, followed by what its clients do, is the new state."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs
from msgspec.structs import replace

from signaling.contract.medium import Conversion, Medium
from signaling.contract.merge_patch import diff
from signaling.contract.messages import UplinkTarget
from signaling.contract.state import ABSENT, SeatStatus
from tests.support.merging import as_json, merged, without_nulls

SCALARS = (
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from([0.0, 1.0, 0.5]) | st.text(max_size=2)
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abcd"), inner, max_size=4),
    max_leaves=12,
)
STATES = st.dictionaries(st.sampled_from("abcd"), VALUES, max_size=4)


def exact(value: Any) -> Any:
    """Comparable with 1, 1.0 and True told apart."""
    if isinstance(value, dict):
        return {key: exact(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [exact(inner) for inner in value]
    return type(value).__name__, value


patient = settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
"""The first draw of a recursive strategy takes a second on a busy machine."""


@patient
@given(STATES, STATES)
def test_a_patch_makes_the_new_state_of_the_old(old: dict[str, Any], new: dict[str, Any]) -> None:
    made = merged(old, diff(old, new))
    assert exact(without_nulls(made)) == exact(without_nulls(new))


@patient
@given(STATES, STATES)
def test_patches_follow_one_another(old: dict[str, Any], new: dict[str, Any]) -> None:
    """A client keeps what patches made, which has no nulls, and still follows."""
    mirror = merged(without_nulls(old), diff(old, new))
    assert exact(without_nulls(merged(mirror, diff(new, old)))) == exact(without_nulls(old))


@patient
@given(STATES)
def test_nothing_changed_is_nothing_said(state: dict[str, Any]) -> None:
    assert diff(state, state) == {}
    assert diff(state, dict(state)) == {}


def test_what_is_the_same_object_is_not_looked_into() -> None:
    class Untouchable(dict[str, Any]):
        def items(self) -> Any:
            raise AssertionError("looked into")

    big = Untouchable(x=1)
    assert diff({"big": big, "n": 1}, {"big": big, "n": 2}) == {"n": 2}


def test_only_what_changed_is_said() -> None:
    old = {"seats": {"a": {"name": "A", "stage": False}, "b": {"name": "B"}}, "preview": "x"}
    new = {"seats": {"a": {"name": "A", "stage": True}}, "preview": None}
    assert diff(old, new) == {"seats": {"a": {"stage": True}, "b": None}, "preview": None}


SEAT = SeatStatus("ready", "connected", "card", 0, 0, 0.0, 0, 0, -100, "")
UPLINK = UplinkTarget(640, 360, 30, 900_000)
CLIP = Medium("a", "A", "clip", 9, conversion=Conversion("running", 0.5), warnings=("clip.truncated",))


@pytest.mark.parametrize(
    ("old", "new", "patch"),
    [
        (SEAT, replace(SEAT), {}),
        (SEAT, replace(SEAT, width=640), {"width": 640}),
        (SEAT, replace(SEAT, uplink=UPLINK), {"uplink": structs.asdict(UPLINK)}),
        (
            replace(SEAT, uplink=UPLINK),
            replace(SEAT, uplink=replace(UPLINK, fps=15)),
            {"uplink": {"fps": 15}},
        ),
        (replace(SEAT, uplink=UPLINK), SEAT, {"uplink": None}),
        ({"a": SEAT}, {"b": SEAT}, {"a": None, "b": as_json(SEAT)}),
        ({"a": ABSENT}, {"a": SEAT}, {"a": {"state": "ready", "connection": "connected"}}),
        ({"a": CLIP}, {"a": replace(CLIP, conversion=None)}, {"a": {"conversion": None}}),
        ({"a": CLIP}, {"a": replace(CLIP, warnings=())}, {"a": {"warnings": None}}),
    ],
    ids=["same", "field", "set", "inner", "unset", "other", "shared", "default", "empty"],
)
def test_structs_are_patched_as_what_is_sent_of_them(old: Any, new: Any, patch: Any) -> None:
    assert as_json(diff(old, new)) == patch
    assert without_nulls(merged(as_json(old), patch)) == without_nulls(as_json(new))
