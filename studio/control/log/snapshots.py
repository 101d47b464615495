"""Snapshots of the show beside its log, so that a start doesn't replay the whole log.

A snapshot is made of what the log says, never of the session's state: the log's events are folded once more,
a few hundred at a time, in a thread. So a snapshot and a replay can't differ, and a missing or damaged one
costs time alone. It holds what the show holds, secrets too, and has the log's mode.
"""

import contextlib
import hashlib
import os
import sqlite3
import sys
import time
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
import structlog

from studio.show.events import apply, decode
from studio.show.model import Show

EVERY = 5000
"""Events between two snapshots. Replaying as many takes 30 to 80 ms."""
BEHIND = 64
"""Events that a snapshot leaves to the replay: the states before the newest may stand in for one that can't
be planned when control starts."""
KEPT = 2
BATCH = 200
"""Events that are folded without a pause: control's loop waits for no more than their 3 ms."""
_PAUSE_S = 0.02
"""Between two batches, in a thread of its own: the interpreter's lock belongs to control's loop meanwhile."""
_BUSY_S = 0.25
_RULES = ("studio.show.", "studio.planning.", "mixer.contract.")
"""What says what events mean, and what the state is made of."""

_log = structlog.get_logger()


class LogSnapshot(msgspec.Struct, frozen=True, array_like=True):
    """``rules``: a hash of the code that made it, and of the show it began with; ``line``: a hash of the
    log's line of that revision, by which it is known to be of this log."""

    revision: int
    rules: bytes
    line: bytes
    show: Show


class LogSnapshots:
    """Snapshots of the log ``path``, which began with ``start``. All methods block; one thread at a time."""

    def __init__(self, path: Path, start: Show) -> None:
        self._path = path
        self._start = start
        self._rules = b""
        self._written = 0
        self._show, self._revision = start, 0

    def newest(self) -> tuple[Show, int]:
        """The show of the newest snapshot that is good, and its revision; the start and 0 where there is
        none. Never raises: whatever is wrong with one is said, and the one before is looked at."""
        try:
            # Now, while the files are those that this process runs: an update may exchange them later.
            self._known_rules()
        except OSError as error:
            _log.warning("no snapshots", reason=str(error))
            return self._start, 0
        for path in self._files():
            try:
                snapshot = self._read(path)
            except Exception as error:  # of a file that anything may have happened to
                _log.warning("snapshot not used", file=path.name, reason=str(error) or type(error).__name__)
            else:
                self._show, self._revision = snapshot.show, snapshot.revision
                self._written = snapshot.revision
                break
        return self._show, self._revision

    def forget(self) -> None:
        """The log is another one now: nothing that was found of it counts."""
        self._show, self._revision, self._written = self._start, 0, 0

    def seed(self, show: Show, revision: int) -> None:
        """Take what a replay found at ``revision``, so that the next snapshot need not find it again."""
        self._show, self._revision = show, revision

    def advance(self) -> None:
        """Make a snapshot if the log has grown by :data:`EVERY` events. Raises sqlite3.Error, OSError, and
        what reading the log's events may raise."""
        with contextlib.closing(self._opened()) as database:
            (newest,) = database.execute("SELECT max(revision) FROM events").fetchone()
            target = (newest or 0) - BEHIND
            if target - self._written < EVERY:
                return
            for batch in self._batches(database, target):
                for row in batch:
                    if row[0] != self._revision + 1:
                        raise ValueError("a line of the log is missing")
                    self._show, self._revision = apply(self._show, decode(row[3])), row[0]
                time.sleep(_PAUSE_S)
            line = _digest(_row(database, self._revision))
        self._write(LogSnapshot(self._revision, self._known_rules(), line, self._show))
        self._written = self._revision

    def _opened(self) -> sqlite3.Connection:
        """Open the log for reading alone: one that somebody moved away is not begun again here."""
        return sqlite3.connect(f"file:{quote(str(self._path))}?mode=ro", uri=True, timeout=_BUSY_S)

    def _batches(self, database: sqlite3.Connection, target: int) -> Iterator[Sequence[Any]]:
        query = "SELECT * FROM events WHERE revision > ? AND revision <= ? ORDER BY revision LIMIT ?"
        while rows := database.execute(query, (self._revision, target, BATCH)).fetchall():
            yield rows

    def _read(self, path: Path) -> LogSnapshot:
        data = path.read_bytes()
        content, checksum = data[:-32], data[-32:]
        if hashlib.sha256(content).digest() != checksum:
            raise ValueError("damaged")
        revision, rules = msgspec.msgpack.decode(content)[:2]
        if rules != self._known_rules():
            raise ValueError("of another version, or of another configuration")
        snapshot = msgspec.msgpack.decode(content, type=LogSnapshot)
        with contextlib.closing(self._opened()) as database:
            if snapshot.line != _digest(_row(database, revision)):
                raise ValueError("of another log")
        return snapshot

    def _write(self, snapshot: LogSnapshot) -> None:
        content = msgspec.msgpack.encode(snapshot)
        path = self._path.with_name(f"{self._path.name}.snapshot-{snapshot.revision}")
        unfinished = path.with_name(f"{self._path.name}.snapshot.new")
        try:
            fd = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            with os.fdopen(fd, "wb") as file:
                file.write(content + hashlib.sha256(content).digest())
                file.flush()
                os.fsync(fd)
            unfinished.replace(path)
        except OSError:  # of a full disk: the room is the log's
            unfinished.unlink(missing_ok=True)
            raise
        newer: list[Path] = []
        kept: list[Path] = []
        for each in self._files():
            (newer if _revision_of(each) > snapshot.revision else kept).append(each)
        for old in (*newer, *kept[KEPT:]):  # the newer ones are of a log that was longer once
            old.unlink(missing_ok=True)

    def _files(self) -> list[Path]:
        """The newest first."""
        found = self._path.parent.glob(f"{self._path.name}.snapshot-*")
        return sorted((path for path in found if _revision_of(path)), key=_revision_of, reverse=True)

    def _known_rules(self) -> bytes:
        if not self._rules:
            start = msgspec.msgpack.encode(self._start)
            self._rules = hashlib.sha256(_code() + start).digest()
        return self._rules


@cache
def _code() -> bytes:
    """A hash of the modules that say what an event does: with other ones, only the log counts."""
    modules = sorted(name for name in list(sys.modules) if name.startswith(_RULES))
    digest = hashlib.sha256()
    for name in modules:
        if file := getattr(sys.modules[name], "__file__", None):
            digest.update(Path(file).read_bytes())
    return digest.digest()


def _revision_of(path: Path) -> int:
    """Return the revision in the file's name; 0 where that has none."""
    number = path.name.rpartition("-")[2]
    return int(number) if number.isdecimal() else 0


def _row(database: sqlite3.Connection, revision: int) -> Sequence[Any]:
    row: Sequence[Any] | None = database.execute(
        "SELECT * FROM events WHERE revision = ?", (revision,)
    ).fetchone()
    if row is None:
        raise ValueError("the log doesn't reach so far")
    return row


def _digest(row: Sequence[Any]) -> bytes:
    return hashlib.sha256(msgspec.msgpack.encode(tuple(row))).digest()
