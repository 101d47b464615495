"""What each role sees of the show's state: pure functions on JSON-able values, and JSON merge patches."""

from collections.abc import Mapping
from typing import Any

from mixer.contract.names import of_seat
from signaling.contract.ports import Actor

State = Mapping[str, Any]

_SPEAKER_STATES = {"next": "next", "on_air": "on_air"}
_MINE = ("connection", "picture", "problem", "uplink", "screen_uplink")
_OF_A_PARTNER = ("name", "on", "cough", "into")
_NOT_READ = {"code": "pull.failed", "reason": "The stream can't be read."}


def sees_everything(actor: Actor) -> bool:
    return actor.role == "director"


def follows_show(actor: Actor) -> bool:
    """Whether the show's events and all meters are its business."""
    return actor.role in ("director", "viewer")


def view(state: State, actor: Actor) -> State:
    """The part of the public state that ``actor`` may see."""
    if sees_everything(actor):
        return state
    if actor.role == "viewer":
        return _viewers_view(state)
    if actor.role == "wall":
        return {"event": _event(state), "status": {"mixer": state.get("status", {}).get("mixer", {})}}
    if actor.role == "interpreter":
        return _booth_view(state, actor.seat)
    return _seat_view(state, actor.seat)


def _viewers_view(state: State) -> State:
    """Everything, but why a pulled address can't be read: closed or not a stream, that would map the network
    that the studio is in."""
    status: State = state.get("status", {})
    sources: State = status.get("sources", {})
    veiled = {
        id_: {**shown, **_NOT_READ}
        for id_, shown in sources.items()
        if shown.get("code", "").startswith("pull.") and shown.get("state") != "live"
    }
    return {**state, "status": {**status, "sources": {**sources, **veiled}}} if veiled else state


def booth_sources(state: State, seat: str) -> frozenset[str]:
    """The microphones whose meters an interpreter sees: those of the booth, the own one included."""
    booth = state.get("seats", {}).get(seat, {}).get("booth", "")
    return frozenset(of_seat(each) for each in (seat, *_others(state, booth, seat)))


def _event(state: State, *fields: str) -> State:
    event = state.get("event", {})
    return {"title": event.get("title", ""), **{name: event[name] for name in fields if name in event}}


def _status(state: State, seat: str) -> State:
    found: State = state.get("status", {}).get("seats", {}).get(seat, {})
    return found


def _is_spoken_to(state: State, seat: str) -> bool:
    """Whether the director talks to this seat now: by name, or to everybody."""
    to = state.get("talk")
    return to is not None and (not to or seat in to)


def _seat_view(state: State, seat: str) -> State:
    """``live`` is whether the audience sees or hears this person now: on air, and the programme not black.
    ``slower``: an interpreter asked who speaks to slow down, and this may be the one."""
    status = _status(state, seat)
    shown = _SPEAKER_STATES.get(status.get("state", ""), "waiting")
    booths = state.get("status", {}).get("booths", {}).values()
    return {
        "event": _event(state, "languages"),
        "seat": state.get("seats", {}).get(seat),
        "status": {
            "state": shown,
            "live": shown == "on_air" and not state.get("black", False),
            "slower": shown == "on_air" and any(booth.get("slower", False) for booth in booths),
            "talkback": _is_spoken_to(state, seat),
            **{name: status[name] for name in _MINE if name in status},
        },
        **_slides(state, seat),
    }


def _slides(state: State, seat: str) -> State:
    """The decks whose pages this speaker turns; nothing where there are none."""
    sources = state.get("sources", {})
    order = state.get("order", {}).get("sources", ())
    shown = [
        {"source": id_, **{name: sources[id_].get(name) for name in ("title", "page", "pages")}}
        for id_ in order
        if sources.get(id_, {}).get("presenter") == seat
    ]
    return {"slides": shown} if shown else {}


def _others(state: State, booth: str, seat: str) -> list[str]:
    """The other seats of a booth, in the show's order."""
    if not booth:
        return []
    mine = {id_ for id_, each in state.get("seats", {}).items() if each.get("booth", "") == booth}
    order = [id_ for id_ in state.get("order", {}).get("seats", ()) if id_ in mine]
    return [id_ for id_ in (*order, *sorted(mine.difference(order))) if id_ != seat]


def _booth_view(state: State, seat: str) -> State:
    """``status.on_air`` is the lamp: this very microphone is on, not held shut, and on a language's bus."""
    seats, status = state.get("seats", {}), _status(state, seat)
    me = seats.get(seat, {})
    id_ = me.get("booth", "")
    booth = state.get("booths", {}).get(id_)
    shown = state.get("status", {}).get("booths", {}).get(id_, {}) if id_ else {}
    speaks = me.get("on", False) and not me.get("cough", False) and status.get("connection") == "connected"
    partners = [_partner(state, each) for each in _others(state, id_, seat)]
    return {
        "event": _event(state, "languages", "both_open"),
        "seat": seats.get(seat),
        "booth": {"id": id_, **booth} if booth is not None else None,
        "partner": partners[0] if partners else None,
        "partners": partners,
        "notes": [note for note in state.get("notes", ()) if id_ and note.get("booth") == id_],
        "rundown": [_with_names(cue, seats) for cue in state.get("rundown", ())],
        "cue": state.get("cue"),
        "on_air": _people_on_air(state),
        "status": {
            "state": shown.get("state", "off"),
            "on_air": shown.get("state") == "on_air" and speaks,
            "slower": shown.get("slower", False),
            "talkback": _is_spoken_to(state, seat),
            "connection": status.get("connection", "absent"),
            "problem": status.get("problem", ""),
        },
    }


def _partner(state: State, seat: str) -> State:
    shown: dict[str, Any] = {"seat": seat, "connection": _status(state, seat).get("connection", "absent")}
    each = state.get("seats", {}).get(seat, {})
    return shown | {name: each[name] for name in _OF_A_PARTNER if name in each}


def _with_names(cue: State, seats: State) -> State:
    """A cue whose people are called by their names: their seats' ids say nothing to an interpreter."""
    return {**cue, "people": [seats.get(id_, {}).get("name") or id_ for id_ in cue.get("people", ())]}


def _people_on_air(state: State) -> list[State]:
    """Who is on the programme, in the show's order: an interpreter hears them and is to say their names."""
    seats, status = state.get("seats", {}), state.get("status", {}).get("seats", {})
    shown = [
        seats[id_]
        for id_ in state.get("order", {}).get("seats", ())
        if id_ in seats and status.get(id_, {}).get("state") == "on_air"
    ]
    people = [each for each in shown if each.get("role") == "speaker"]
    return [{name: each.get(name, "") for name in ("name", "title", "language")} for each in people]


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
