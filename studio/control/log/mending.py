"""A damaged log: a good one is made of what can be read up to the damage, and the damaged one is kept.

Events that can't be read, decoded or applied, a missing line, a file that is empty, cut off or no database:
all of it is damage. A database of another program, or of a newer version of this one, is left alone.
"""

import asyncio
import contextlib
import os
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import msgspec

from studio.control.alarms import Alarms
from studio.control.log.reserve import Reserve
from studio.control.log.snapshots import LogSnapshots
from studio.control.log.store import INSERT, Store, StoreError, begin_schema, check_schema
from studio.show.events import AnyEvent, apply, decode
from studio.show.model import Show

S = TypeVar("S")
Row = tuple[int, int, str, bytes]


class LogCheck(msgspec.Struct, frozen=True):
    """``revisions`` can be read; ``damage`` says what comes after them, empty where nothing is wrong."""

    revisions: int
    damage: str


class Mended(msgspec.Struct, frozen=True):
    """``kept``: the name of the damaged file, beside the log."""

    found: LogCheck
    kept: str

    @property
    def text(self) -> str:
        return (
            f"The show's log was damaged ({self.found.damage}). It goes on after revision"
            f" {self.found.revisions}, and the damaged file is kept as {self.kept}: look over what is on air."
        )


async def open_log(path: Path, start: Show, alarms: Alarms) -> Store:
    """The log, mended where it is so damaged that it can't be opened. Raises :class:`StoreError`."""
    try:
        return await Store.open(path)
    except StoreError as error:
        if error.code != "store.corrupt":
            raise
    await _mended(path, start, alarms)
    return await Store.open(path)


async def replayed(
    store: Store, step: Callable[[Show, AnyEvent], Show], start: Show, alarms: Alarms, snapshots: LogSnapshots
) -> tuple[Show, int]:
    """Replay as :meth:`Store.replay` does, from the newest snapshot on, and mended where the log is damaged.
    Raises :class:`StoreError`."""
    try:
        return await store.replay(step, *await asyncio.to_thread(snapshots.newest))
    except StoreError as error:
        if error.code != "store.corrupt":
            raise
    await store.close()
    await _mended(store.path, start, alarms)
    snapshots.forget()
    await store.reopen()
    return await store.replay(step, start)


async def _mended(path: Path, start: Show, alarms: Alarms) -> None:
    mended = await asyncio.to_thread(mend, path, start)
    alarms.set("log.damaged", mended.text)


def examine(path: Path, start: Show) -> LogCheck:
    """Blocking; changes nothing. Raises :class:`StoreError` where it is no log of this version's, or can't be
    opened."""
    rows = _Readable(path, start)
    count = sum(1 for _ in rows)
    return LogCheck(count, rows.damage or _structure(path))


def mend(path: Path, start: Show) -> Mended:
    """Blocking. The good log takes the damaged one's place in one step; on a full disk the log's reserve is
    given to it. Raises :class:`StoreError`."""
    try:
        return _mend(path, start)
    except StoreError as error:
        if error.code not in ("store.disk-full", "store.unwritable") or not Reserve(path).release():
            raise
    return _mend(path, start)


def _mend(path: Path, start: Show) -> Mended:
    rows = _Readable(path, start)
    fresh = path.with_name(f"{path.name}.mending")
    try:
        with contextlib.suppress(FileNotFoundError):
            fresh.unlink()
        os.close(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        with contextlib.closing(sqlite3.connect(fresh, isolation_level=None)) as database:
            database.executescript(begin_schema())
            database.execute("BEGIN")
            count = database.executemany(INSERT, rows).rowcount
            database.execute("COMMIT")
        return Mended(LogCheck(max(0, count), rows.damage or _structure(path)), _exchange(path, fresh))
    except (OSError, sqlite3.Error) as error:
        fresh.unlink(missing_ok=True)
        raise StoreError("store.unwritable", f"the show's log {path} can't be mended: {error}") from error


def _exchange(path: Path, fresh: Path) -> str:
    """The kept file's name. Its ``-wal`` goes with it before the good file comes, or it would be that's."""
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    names = (f"{path.name}.damaged-{stamp}{again}" for again in ("", *(f"-{n}" for n in range(1, 1000))))
    kept = next(each for name in names if not (each := path.with_name(name)).exists())
    try:
        os.link(path, kept)
    except OSError:  # a file system without links
        shutil.copy2(path, kept)
    wal = Path(f"{path}-wal")
    if wal.exists() and wal.stat().st_size:
        wal.replace(f"{kept}-wal")
    wal.unlink(missing_ok=True)
    Path(f"{path}-shm").unlink(missing_ok=True)
    fresh.replace(path)
    return kept.name


class _Readable:
    """The log's rows up to the damage, read once; then :attr:`damage` says what it is."""

    def __init__(self, path: Path, start: Show) -> None:
        self.damage = ""
        self._path = path
        self._show = start
        check_schema(path)

    def __iter__(self) -> Iterator[Row]:
        revision = 0
        if not self._path.stat().st_size:
            self.damage = "the file is empty"
            return
        try:
            for row in _rows(self._path):
                if row[0] != revision + 1:
                    raise LookupError("a line is missing")
                self._show = apply(self._show, decode(row[3]))
                revision += 1
                yield row
        except sqlite3.Error as error:
            self.damage = f"after revision {revision}: {error}"
        except msgspec.DecodeError:
            self.damage = f"revision {revision + 1} can't be read, or is of another version"
        except Exception:
            self.damage = f"revision {revision + 1} does not follow"


def _rows(path: Path) -> Iterator[Any]:
    with contextlib.closing(_read_only(path)) as database:
        if database.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchone():
            yield from database.execute("SELECT * FROM events ORDER BY revision")


def _structure(path: Path) -> str:
    """Return what SQLite itself finds wrong where every line can be read."""
    try:
        with contextlib.closing(_read_only(path)) as database:
            (said,) = database.execute("PRAGMA quick_check(1)").fetchone()
            tables = database.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchone()
    except sqlite3.Error as error:
        return str(error)
    if said != "ok":
        return str(said).replace("\n", " ")
    return "" if tables else "there is no log in it"


def _read_only(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)
    # Pages that are there are read though others are missing at the end of the file.
    database.execute("PRAGMA writable_schema = ON")
    return database
