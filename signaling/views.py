"""What each role sees of the show's state: pure functions on JSON-able values, and JSON merge patches."""

from collections.abc import Mapping
from typing import Any

from signaling.ports import Actor

State = Mapping[str, Any]

_SPEAKER_STATES = {"next": "next", "on_air": "on_air"}
_MINE = ("connection", "picture", "problem", "uplink", "screen_uplink")


def sees_everything(actor: Actor) -> bool:
    return actor.role in ("director", "viewer")


def view(state: State, actor: Actor) -> State:
    """The part of the public state that ``actor`` may see."""
    if sees_everything(actor):
        return state
    if actor.role == "wall":
        return {"event": _event(state), "status": {"mixer": state.get("status", {}).get("mixer", {})}}
    return _seat_view(state, actor.seat)


def _event(state: State) -> State:
    return {"title": state.get("event", {}).get("title", "")}


def _seat_view(state: State, seat: str) -> State:
    """``live`` is whether the audience sees or hears this person now: on air, and the programme not black."""
    status = state.get("status", {}).get("seats", {}).get(seat, {})
    shown = _SPEAKER_STATES.get(status.get("state", ""), "waiting")
    return {
        "event": _event(state),
        "seat": state.get("seats", {}).get(seat),
        "status": {
            "state": shown,
            "live": shown == "on_air" and not state.get("black", False),
            **{name: status[name] for name in _MINE if name in status},
        },
    }


def merge_patch(target: Any, patch: Any) -> Any:
    """RFC 7386. Returns a new value that shares what the patch leaves alone; changes nothing in place."""
    if not isinstance(patch, Mapping):
        return patch
    merged = dict(target) if isinstance(target, Mapping) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge_patch(merged.get(name), value)
    return merged


def patch_between(old: State, new: State) -> dict[str, Any]:
    """The merge patch that makes ``new`` of ``old``; a null in ``new`` is "absent" to the reader."""
    patch: dict[str, Any] = {name: None for name in old if name not in new}
    for name, value in new.items():
        before = old.get(name)
        if name in old and before == value:
            continue
        if isinstance(before, Mapping) and isinstance(value, Mapping):
            patch[name] = patch_between(before, value)
        else:
            patch[name] = value
    return patch
