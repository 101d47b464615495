"""Pure: the show's state → the sound of all buses, and which microphones must be decoded for it."""

from mixer.contract.names import TALKBACK, SourceName, id_of, of_seat, of_source, seat_of
from mixer.contract.plan import (
    AudioInput,
    AudioPlan,
    Bus,
    BusName,
    Ducking,
    Hall,
    Interpreter,
    Monitor,
    Talkback,
)
from studio.planning.places import Staged, coming, on_air, shown, sound_id
from studio.show.model import FLOOR, TARGET_LUFS, Seat, Show, Source


def audio(show: Show, ducking: Ducking, fade_ms: int = 0) -> AudioPlan:
    """The whole plan. While the programme is black, or the slate is on, nobody is on a bus; solo and talkback
    go on. With the T-bar under way both scenes are heard. ``fade_ms``: of a transition or a fade."""
    silent = show.black or show.slate
    scenes = [on_air(show), coming(show)] if show.tbar > 0 else [on_air(show)]
    floor = dict.fromkeys(each for staged in scenes for each in on_floor(show, staged))
    open_ = {} if silent else {each: _input(show, each) for each in floor}
    heard = {source: input_ for source, input_ in open_.items() if not input_.muted}
    interpreters = {} if silent else _interpreters(show)
    solo = tuple(source for source in show.solo if _sounding(show, source) is not None)
    return AudioPlan(
        open=tuple(heard.values()),
        interpreters=tuple(interpreters.values()),
        buses=tuple(Bus(name, show.targets.get(name, TARGET_LUFS)) for name in (FLOOR, *show.languages)),
        ducking=ducking,
        hall=Hall(show.hall_bus, _in_hall(show)),
        monitor=Monitor(show.monitor_bus, solo),
        talkback=_talkback(show),
        listeners={of_seat(seat): bus for seat, bus in listens(show).items()},
        solo=tuple(_input(show, each) for each in solo if each not in heard and each not in interpreters),
        fade_ms=fade_ms,
    )


def on_floor(show: Show, staged: Staged) -> tuple[SourceName, ...]:
    """Return who is heard while this scene is on air, muted or not, each once.

    Sound follows the picture of the programme where the scene's policy says so; whose screen is seen is
    heard, too, seen or not. Nobody is heard who isn't on stage.
    """
    if staged.scene is None:
        return ()
    policy = staged.scene.audio
    seen = [sound_id(place) for place in shown(show, staged, "program")] if policy.follow else []
    named = [source for source in (*seen, *policy.sources) if _may_be_heard(show, source)]
    return tuple(dict.fromkeys(named))


def microphones(show: Show, leaving: Staged | None = None) -> tuple[str, ...]:
    """Seats whose sound is decoded: on the programme or with the next cut, in the scene that a transition is
    ``leaving``, soloed, and all interpreters, whose microphones then open without a delay. Fading to black
    closes none: fading in again must be heard at once."""
    scenes = (on_air(show), coming(show), *((leaving,) if leaving is not None else ()))
    heard = {source for staged in scenes for source in on_floor(show, staged)}
    seats = {
        seat.id
        for seat in show.seats.values()
        if seat.role == "interpreter"
        or of_seat(seat.id) in show.solo
        or (of_seat(seat.id) in heard and not seat.muted)
    }
    return tuple(sorted(seats))


def listens(show: Show) -> dict[str, BusName]:
    """Return what each person hears, by seat id; the floor where it isn't named."""
    known = (FLOOR, *show.languages)
    return {
        seat.id: seat.listen
        for seat in show.seats.values()
        if seat.role in ("speaker", "interpreter") and seat.listen != FLOOR and seat.listen in known
    }


def _sounding(show: Show, source: SourceName) -> Seat | Source | None:
    seat = seat_of(source)
    return show.seats.get(seat) if seat else show.sources.get(id_of(source))


def _may_be_heard(show: Show, source: SourceName) -> bool:
    thing = _sounding(show, source)
    return thing is not None and (isinstance(thing, Source) or thing.stage)


def _input(show: Show, source: SourceName) -> AudioInput:
    thing = _sounding(show, source)
    assert thing is not None
    return AudioInput(source, thing.gain_db, thing.language, thing.strip, thing.muted)


def _interpreters(show: Show) -> dict[SourceName, Interpreter]:
    return {
        of_seat(seat.id): Interpreter(of_seat(seat.id), seat.into, seat.gain_db, seat.strip)
        for seat in show.seats.values()
        if seat.role == "interpreter"
        and seat.on
        and not seat.cough
        and not seat.muted
        and seat.into in show.languages
    }


def _in_hall(show: Show) -> tuple[SourceName, ...]:
    seats = (of_seat(seat.id) for seat in show.seats.values() if seat.hall)
    return (*seats, *(of_source(source.id) for source in show.sources.values() if source.hall))


def _talkback(show: Show) -> Talkback | None:
    if show.talk is None:
        return None
    if show.talk == "all":
        return Talkback(TALKBACK, everybody=True)
    return Talkback(TALKBACK, tuple(of_seat(seat) for seat in show.talk))
