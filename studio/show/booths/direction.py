"""Pure: into which language an interpreter's next press of the microphone goes."""

from mixer.contract.names import SourceName, id_of, seat_of
from studio.planning.places import on_air
from studio.planning.sounds import on_floor
from studio.show.model import Booth, Seat, Show


def into_of(show: Show, seat: Seat) -> str:
    """A language of the booth, empty without one. Who has chosen one, or is on, keeps it. Otherwise it is one
    that the floor does not speak: nobody interprets Korean into Korean by a first press. Where nobody knows
    what the floor speaks it is the interpreter's own, else the booth's first."""
    booth = show.booths.get(seat.booth)
    if booth is None or seat.on or seat.into_chosen:
        return seat.into
    spoken = _spoken(show, booth)
    others = [each for each in booth.languages if each not in spoken]
    return seat.into if seat.into in others or len(spoken) != 1 else others[0]


def _spoken(show: Show, booth: Booth) -> set[str]:
    """Return those of the booth's languages that are heard on the floor; while none is, that are on stage."""
    air = [_language_of(show, source) for source in on_floor(show, on_air(show))]
    stage = [seat.language for seat in show.seats.values() if seat.stage]
    heard, there = ({each for tag in tags if (each := _among(booth, tag))} for tags in (air, stage))
    return heard or there


def _language_of(show: Show, source: SourceName) -> str:
    seat = seat_of(source)
    thing = show.seats[seat] if seat else show.sources[id_of(source)]
    return "" if thing.muted else thing.language


def _among(booth: Booth, tag: str) -> str:
    """The booth's own name of a spoken language: ``en`` for ``en-GB``; empty for none."""
    primary = tag.partition("-")[0].lower()
    return next((each for each in booth.languages if tag and each.partition("-")[0].lower() == primary), "")
