"""A recording's chapters, from the marks that control sends: in the file at its end, in a sidecar at once.

The sidecar (``<file>.marks.jsonl``) gets a line as each mark comes, so that a kill costs none of them.
"""

import json
import os
from collections import deque
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import msgspec
import structlog

from mixer.contract.messages import Mark

MAX_CHAPTERS = 5000
"""Of one part; the sidecar has the others, too."""
MAX_RECENT = 64
"""Marks kept for a part that begins a little in the past."""
SUFFIX = ".marks.jsonl"

_log = structlog.get_logger()


class Chapter(NamedTuple):
    """Times in the file, in seconds."""

    start_s: Fraction
    end_s: Fraction
    title: str


class TimedMark(NamedTuple):
    """A mark and its time in the file, in seconds."""

    time_s: Fraction
    mark: Mark


def marks_path(recording: Path) -> Path:
    """Return where a recording's marks are."""
    return recording.with_name(recording.name + SUFFIX)


def line_of(placed: TimedMark) -> str:
    """The sidecar's line: ``{"kind", "id", "title", "tick", "time_s", "sources"}``."""
    mark = placed.mark
    fields = {
        "kind": mark.kind,
        "id": mark.id,
        "title": mark.title,
        "tick": mark.tick,
        "time_s": round(float(placed.time_s), 6),
        "sources": list(mark.sources),
    }
    return json.dumps(fields, ensure_ascii=False) + "\n"


def opening(recent: Iterable[Mark], start_s: Fraction, tick_s: Fraction) -> list[TimedMark]:
    """Return what a part that begins at ``start_s`` of the programme begins with: of each kind the mark that
    is current then, at time 0, and those that came since. ``recent`` in the order of their ticks."""
    current: dict[str, Mark] = {}
    since: list[TimedMark] = []
    for mark in recent:
        time_s = mark.tick * tick_s - start_s
        if time_s <= 0:
            current[mark.kind] = mark
        else:
            since.append(TimedMark(time_s, mark))
    return [*(TimedMark(Fraction(0), mark) for mark in current.values()), *since]


def chapters(placed: Iterable[TimedMark], end_s: Fraction) -> list[Chapter]:
    """One chapter for each moment with marks, up to the next one or the file's end. A cue's title leads."""
    titles: dict[Fraction, list[str]] = {}
    for entry in sorted(placed, key=lambda entry: (entry.time_s, entry.mark.kind)):
        if entry.time_s < end_s:
            at = titles.setdefault(entry.time_s, [])
            title = entry.mark.title or entry.mark.id
            if title not in at:
                at.append(title)
    starts = list(titles)
    ends = [*starts[1:], end_s]
    return [Chapter(start, end, " · ".join(titles[start])) for start, end in zip(starts, ends, strict=False)]


class MarkLog:
    """The marks of one recording, part by part."""

    def __init__(self) -> None:
        self._recent: deque[Mark] = deque(maxlen=MAX_RECENT)
        self._lost: dict[str, Mark] = {}
        """Of each kind the newest that ``_recent`` has lost."""
        self._newest: dict[str, Mark] = {}
        self._placed: list[TimedMark] = []
        self._start_s: Fraction | None = None
        self._tick_s = Fraction(0)
        self._path = Path()
        self._fd = -1

    def begin(self, recording: Path, start_s: Fraction, tick_s: Fraction) -> None:
        """A part begins at ``start_s`` of the programme. ``tick_s``: length of a tick in seconds."""
        self.end()
        self._path, self._start_s, self._tick_s = marks_path(recording), start_s, tick_s
        for placed in opening((*self._lost.values(), *self._recent), start_s, tick_s):
            self._put(placed)

    def take(self, mark: Mark) -> None:
        """The next mark; without a part it waits for one."""
        newest = self._newest.get(mark.kind)
        if newest is not None and mark == msgspec.structs.replace(newest, tick=mark.tick):
            return  # told again, to a process that might have been a new one, or by a control that is one
        self._newest[mark.kind] = mark
        if len(self._recent) == MAX_RECENT:
            self._lost[self._recent[0].kind] = self._recent[0]
        self._recent.append(mark)
        if self._start_s is not None:
            self._put(TimedMark(max(Fraction(0), mark.tick * self._tick_s - self._start_s), mark))

    def chapters(self, end_s: Fraction) -> list[Chapter]:
        """Return the chapters of the part that is being written, which is ``end_s`` long."""
        return chapters(self._placed, end_s)

    def end(self) -> None:
        """The part is over."""
        if self._fd >= 0:
            os.close(self._fd)
        self._fd, self._start_s, self._placed = -1, None, []

    def _put(self, placed: TimedMark) -> None:
        if len(self._placed) < MAX_CHAPTERS:
            self._placed.append(placed)
        try:
            if self._fd < 0:
                flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC
                self._fd = os.open(self._path, flags, 0o640)
            os.write(self._fd, line_of(placed).encode())
        except OSError as error:
            # the recording's own writes tell of a disk that is full or gone
            _log.warning("mark not written", mark=placed.mark.id, error=error.strerror)
