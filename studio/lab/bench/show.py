"""The bench on the screen: progress on standard error while it runs, then a table or JSON."""

import sys
import time

import msgspec

from studio.lab.bench.figures import Figure, Report

_COLOURS = {"met": "green", "missed": "red", "measured": "default", "not measured": "yellow"}


class BenchProgress:
    """Says what is being measured, with the time since the start."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    @property
    def took_s(self) -> float:
        return time.monotonic() - self._began

    def __call__(self, text: str) -> None:
        minutes, seconds = divmod(int(self.took_s), 60)
        sys.stderr.write(f"{minutes:3d}:{seconds:02d}  {text}\n")
        sys.stderr.flush()


def show(report: Report, *, as_json: bool) -> None:
    """Print the report on standard output."""
    if as_json:
        sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(report)) + b"\n")
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table("figure", "measured", "target", "verdict", box=None, pad_edge=False)
    for each in report.figures:
        note = f" ({escape(each.note)})" if each.note else ""
        colour = _COLOURS.get(each.verdict, "default")
        table.add_row(
            escape(each.what) + note, _measured(each), _target(each), f"[{colour}]{each.verdict}[/]"
        )
    Console().print(table)
    for name, reason in report.failed.items():
        sys.stdout.write(f"{name} could not be measured: {reason}\n")


def _measured(each: Figure) -> str:
    return "–" if each.value is None else f"{each.value:g} {each.unit}".rstrip()


def _target(each: Figure) -> str:
    return "" if each.target is None else f"≤ {each.target:g} {each.unit}".rstrip()
