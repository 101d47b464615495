"""The attendance of a rehearsal: who came, who is there, and who never came. No I/O; times are seconds since
it began."""

from collections.abc import Iterable
from typing import Literal

import msgspec

Presence = Literal["there", "away", "missing"]
"""``away``: has been there; ``missing``: never was."""


class Visit(msgspec.Struct):
    """One guest's part of the report."""

    seat: str
    presence: Presence = "missing"
    joined_s: float | None = None
    """When it was connected first."""
    breaks: int = 0
    """How often it lost its connection."""
    away_s: float = 0.0
    """Time between its coming and the end that it was not connected."""
    reason: str = ""
    """Why it is not there, or what the last break was."""


class Attendance(msgspec.Struct, frozen=True):
    """The report: ``there + away + missing == len(guests)``."""

    guests: tuple[Visit, ...]
    there: int
    away: int
    missing: int
    all_there_s: float | None
    """When the last of them came; None while somebody is missing."""
    lasted_s: float

    @property
    def complete(self) -> bool:
        return self.there == len(self.guests)


class Register:
    """Keeps book. ``now_s`` never goes back."""

    def __init__(self, seats: Iterable[str]) -> None:
        self._visits = {seat: Visit(seat) for seat in seats}
        self._left_s: dict[str, float] = {}

    def came(self, seat: str, now_s: float) -> None:
        visit = self._visits[seat]
        visit.presence = "there"
        if visit.joined_s is None:
            visit.joined_s = round(now_s, 2)
        visit.away_s += now_s - self._left_s.pop(seat, now_s)

    def went(self, seat: str, reason: str, now_s: float) -> None:
        """The connection is lost, or could not be made; said again for one that is away already."""
        visit = self._visits[seat]
        visit.reason = reason
        if visit.presence == "there":
            visit.presence = "away"
            visit.breaks += 1
            self._left_s[seat] = now_s

    @property
    def there(self) -> int:
        return sum(visit.presence == "there" for visit in self._visits.values())

    def report(self, now_s: float) -> Attendance:
        """Return the report as of now."""
        guests = []
        for visit in self._visits.values():
            away_s = visit.away_s + now_s - self._left_s.get(visit.seat, now_s)
            guests.append(msgspec.structs.replace(visit, away_s=round(away_s, 2)))
        joined = [visit.joined_s for visit in guests if visit.joined_s is not None]
        presences = [visit.presence for visit in guests]
        return Attendance(
            tuple(guests),
            presences.count("there"),
            presences.count("away"),
            presences.count("missing"),
            max(joined, default=0.0) if len(joined) == len(guests) else None,
            round(now_s, 1),
        )


def absentees(attendance: Attendance) -> str:
    """One line that says who is not there; empty if everybody is."""
    total, parts = len(attendance.guests), []
    if attendance.missing:
        parts.append(f"{attendance.missing} of {total} guests never joined")
    if attendance.away:
        parts.append(f"{attendance.away} of {total} joined and were not there at the end")
    reasons: dict[str, int] = {}
    for visit in attendance.guests:
        if visit.presence != "there" and visit.reason:
            reasons[visit.reason] = reasons.get(visit.reason, 0) + 1
    most = sorted(reasons.items(), key=lambda item: -item[1])[:3]
    why = "; ".join(f"{reason} ({count})" for reason, count in most)
    return "; ".join(parts) + (f": {why}" if why and parts else "")
