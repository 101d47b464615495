"""Pure: how each booth is doing, as the console names it."""

from collections.abc import Collection, Mapping

from signaling.contract.messages import SILENT
from signaling.contract.state import BoothState, BoothStatus
from studio.show.model import Booth, Seat, Show

SLOWER_S = 10
"""How long a speaker sees the request to slow down."""
LOST = "booth.lost"
"""Problem of a booth whose interpreter's connection broke while on."""


def back_again(
    show: Show, connections: Mapping[str, str], problems: Mapping[str, str], before: Collection[str] = ()
) -> frozenset[str]:
    """Return the seats that were lost and are back, or have been (``before``): who leaves after that is no
    alarm. Being connected is not enough: packets must come."""
    lost = {booth.lost for booth in show.booths.values() if booth.lost}
    here = {seat for seat in lost if connections.get(seat) == "connected" and problems.get(seat) != SILENT}
    return frozenset(here | lost.intersection(before))


def public_booths(
    show: Show,
    connections: Mapping[str, str],
    problems: Mapping[str, str],
    now: int,
    back: Collection[str] = (),
) -> dict[str, BoothStatus]:
    """Return the booths as the state shows them, by id.

    ``open``: on, but held shut, muted, not connected, or black or the slate on air; ``on_air``: on a
    language's bus. ``lost``: who was on is gone, nobody has taken over, and the seat isn't back.
    ``connections`` and ``problems`` by seat id; ``now`` in Unix seconds; ``back``: :func:`back_again`."""
    return {id_: _booth(show, booth, connections, problems, now, back) for id_, booth in show.booths.items()}


def is_on_bus(show: Show, seat: Seat) -> bool:
    """Return whether this interpreter's microphone is let into a language bus."""
    return seat.on and not seat.cough and not seat.muted and not show.black and not show.slate


def booth_times(show: Show, now: float) -> list[int]:
    """When, in Unix seconds, a booth's public state changes by time alone."""
    offers = [booth.handover.until for booth in show.booths.values() if booth.handover is not None]
    slower = [booth.slower_at + SLOWER_S for booth in show.booths.values()]
    return [time for time in (*offers, *slower) if time > now]


def _booth(
    show: Show,
    booth: Booth,
    connections: Mapping[str, str],
    problems: Mapping[str, str],
    now: int,
    back: Collection[str],
) -> BoothStatus:
    slower = 0 < booth.slower_at <= now < booth.slower_at + SLOWER_S
    on = [seat for seat in show.seats.values() if seat.booth == booth.id and seat.on]
    # Where two may be open at once, the one who is heard stands for the booth.
    on.sort(key=lambda seat: not is_on_bus(show, seat))
    if on:
        seat = on[0]
        heard = is_on_bus(show, seat) and connections.get(seat.id) == "connected"
        state: BoothState = "on_air" if heard else "open"
        return BoothStatus(state, seat.id, seat.into, slower, problems.get(seat.id, ""))
    lost = show.seats.get(booth.lost)
    if lost is not None and lost.booth == booth.id and lost.id not in back:
        return BoothStatus("lost", lost.id, "", slower, LOST)
    return BoothStatus("off", "", "", slower, "")
