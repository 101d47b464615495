"""What each role sees of the show's state: pure functions on structs."""

from msgspec import UNSET
from msgspec.structs import replace

from mixer.contract.names import of_seat
from signaling.contract.ports import Actor
from signaling.contract.state import (
    ABSENT,
    DirectorState,
    EventInfo,
    InterpreterState,
    InterpreterStatus,
    OwnBooth,
    Partner,
    PersonOnAir,
    PresentedSlides,
    PublicCue,
    RoleState,
    SeatStatus,
    SpeakerEvent,
    SpeakerState,
    SpeakerStatus,
    WallState,
    WallStatus,
)

_NOT_READ = {"code": "pull.failed", "reason": "The stream can't be read."}


def sees_everything(actor: Actor) -> bool:
    return actor.role == "director"


def follows_show(actor: Actor) -> bool:
    """Return whether the show's events and all meters are its business."""
    return actor.role in ("director", "viewer")


def view(state: DirectorState, actor: Actor) -> RoleState:
    """The part of the public state that ``actor`` may see."""
    match actor.role:
        case "director":
            return state
        case "viewer":
            return _viewers_view(state)
        case "wall":
            return WallState(EventInfo(state.event.title), WallStatus(state.status.mixer))
        case "interpreter":
            return _booth_view(state, actor.seat)
        case "speaker":
            return _seat_view(state, actor.seat)


def _viewers_view(state: DirectorState) -> DirectorState:
    """Everything, but why a pulled address can't be read: closed or not a stream, that would map the network
    that the studio is in."""
    status = state.status
    veiled = {
        id_: replace(shown, **_NOT_READ)
        for id_, shown in status.sources.items()
        if shown.code.startswith("pull.") and shown.state != "live"
    }
    return replace(state, status=replace(status, sources={**status.sources, **veiled})) if veiled else state


def booth_sources(state: DirectorState, seat: str) -> frozenset[str]:
    """The microphones whose meters an interpreter sees: those of the booth, the own one included."""
    return frozenset(of_seat(each) for each in (seat, *_others(state, seat)))


def _status(state: DirectorState, seat: str) -> SeatStatus:
    return state.status.seats.get(seat, ABSENT)


def _is_spoken_to(state: DirectorState, seat: str) -> bool:
    """Return whether the director talks to this seat now: by name, or to everybody."""
    return state.talk is not None and (not state.talk or seat in state.talk)


def _seat_view(state: DirectorState, seat: str) -> SpeakerState:
    """``live`` is whether the audience sees or hears this person now: on air, and the programme not black.
    ``slower``: an interpreter asked who speaks to slow down, and this may be the one."""
    status = _status(state, seat)
    there = seat in state.status.seats
    on_air = status.state == "on_air"
    return SpeakerState(
        event=SpeakerEvent(state.event.title, state.event.languages),
        seat=state.seats.get(seat),
        status=SpeakerStatus(
            state="on_air" if on_air else "next" if status.state == "next" else "waiting",
            live=on_air and not state.black,
            slower=on_air and any(booth.slower for booth in state.status.booths.values()),
            talkback=_is_spoken_to(state, seat),
            connection=status.connection if there else UNSET,
            picture=status.picture if there else UNSET,
            problem=status.problem if there else UNSET,
            uplink=status.uplink,
            screen_uplink=status.screen_uplink,
        ),
        slides=_slides(state, seat) or UNSET,
    )


def _slides(state: DirectorState, seat: str) -> tuple[PresentedSlides, ...]:
    """The decks whose pages this speaker turns."""
    presented = ((id_, state.sources[id_]) for id_ in state.order.sources)
    return tuple(
        PresentedSlides(id_, source.title, source.page, source.pages)
        for id_, source in presented
        if source.presenter == seat
    )


def _others(state: DirectorState, seat: str) -> list[str]:
    """The other seats of this one's booth, in the show's order."""
    me = state.seats.get(seat)
    if me is None or not me.booth:
        return []
    return [id_ for id_ in state.order.seats if id_ != seat and state.seats[id_].booth == me.booth]


def _booth_view(state: DirectorState, seat: str) -> InterpreterState:
    """``status.on_air`` is the lamp: this very microphone is on, not held shut, and on a language's bus."""
    me, status = state.seats.get(seat), _status(state, seat)
    id_ = "" if me is None else me.booth
    booth, shown = state.booths.get(id_), state.status.booths.get(id_)
    speaks = me is not None and me.on and not me.cough and status.connection == "connected"
    partners = tuple(_partner(state, each) for each in _others(state, seat))
    return InterpreterState(
        event=state.event,
        seat=me,
        booth=None
        if booth is None
        else OwnBooth(id_, booth.title, booth.languages, booth.handover, booth.slower_at),
        partner=partners[0] if partners else None,
        partners=partners,
        notes=tuple(note for note in state.notes if id_ and note.booth == id_),
        rundown=tuple(_with_names(cue, state) for cue in state.rundown),
        cue=state.cue,
        on_air=_people_on_air(state),
        status=InterpreterStatus(
            state="off" if shown is None else shown.state,
            on_air=shown is not None and shown.state == "on_air" and speaks,
            slower=shown is not None and shown.slower,
            talkback=_is_spoken_to(state, seat),
            connection=status.connection,
            problem=status.problem,
        ),
    )


def _partner(state: DirectorState, seat: str) -> Partner:
    each = state.seats[seat]
    return Partner(seat, _status(state, seat).connection, each.name, each.on, each.cough, each.into)


def _with_names(cue: PublicCue, state: DirectorState) -> PublicCue:
    """A cue whose people are called by their names: their seats' ids say nothing to an interpreter."""
    names = (state.seats[id_].name if id_ in state.seats else "" for id_ in cue.people)
    return replace(cue, people=tuple(name or id_ for name, id_ in zip(names, cue.people, strict=True)))


def _people_on_air(state: DirectorState) -> tuple[PersonOnAir, ...]:
    """Return who is on the programme, in the show's order: an interpreter hears them and is to say their
    names."""
    shown = (state.seats[id_] for id_ in state.order.seats if _status(state, id_).state == "on_air")
    return tuple(
        PersonOnAir(each.name, each.title, each.language) for each in shown if each.role == "speaker"
    )
