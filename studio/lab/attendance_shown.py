"""A rehearsal on the screen: progress on standard error while it runs, then a table or JSON of who came."""

import sys

import msgspec
from rich.console import Console  # not when it is wanted: the end must not wait for it
from rich.markup import escape
from rich.table import Table

from studio.lab.attendance import Attendance

_COLOURS = {"there": "green", "away": "yellow", "missing": "red"}


class AttendanceView:
    """``guests``: how many are to come."""

    def __init__(self, guests: int, *, as_json: bool) -> None:
        self._guests = guests
        self._as_json = as_json

    def ready(self) -> None:
        """Say that everybody is there and admitted; a reader of standard output may wait for this line."""
        stream = sys.stderr if self._as_json else sys.stdout
        stream.write(f"{self._guests} guests are on stage\n")
        stream.flush()

    def progress(self, text: str) -> None:
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()

    def report(self, attendance: Attendance) -> None:
        """Print the report on standard output."""
        if self._as_json:
            sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(attendance)) + b"\n")
            sys.stdout.flush()
            return
        table = Table("guest", "at the end", "joined after", "breaks", "away", "", box=None, pad_edge=False)
        for visit in attendance.guests:
            colour = _COLOURS[visit.presence]
            joined = "–" if visit.joined_s is None else f"{visit.joined_s:.1f} s"
            away = f"{visit.away_s:.1f} s" if visit.breaks else ""
            table.add_row(
                escape(visit.seat),
                f"[{colour}]{visit.presence}[/]",
                joined,
                str(visit.breaks or ""),
                away,
                escape(visit.reason),
            )
        Console().print(table)
        all_in = "" if attendance.all_there_s is None else f", the last after {attendance.all_there_s:.1f} s"
        sys.stdout.write(
            f"{attendance.there} of {len(attendance.guests)} guests were there at the end{all_in}\n"
        )
        sys.stdout.flush()
