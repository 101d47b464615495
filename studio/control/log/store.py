"""The event log in SQLite: append, replay, read. Whoever holds it knows nothing of what events mean.

In WAL mode with ``synchronous=NORMAL`` a commit survives the death of any process, at once and without an
fsync in the way of a command; a power cut may cost the last moments, never the file.
"""

import asyncio
import contextlib
import errno
import os
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import aiosqlite
import msgspec

from studio.control.log.reserve import Reserve
from studio.show.events import AnyEvent, decode, encode

VERSION = 1
"""Of the schema, in SQLite's ``user_version``."""
_APPLICATION = 0x53545544
"""``STUD``, in SQLite's ``application_id``."""
INSERT = "INSERT INTO events VALUES (?, ?, ?, ?)"
_SCHEMA = """
CREATE TABLE events (
    revision INTEGER PRIMARY KEY,
    time_ms INTEGER NOT NULL,
    actor TEXT NOT NULL,
    event BLOB NOT NULL
) STRICT;
"""
_BUSY_S = 0.25
"""Nobody else has a reason to write; a take must not wait for who does."""
CHECKPOINT_COMMITS = 300

S = TypeVar("S")


class StoreError(Exception):
    """The log can't be used; ``str()`` is one line for the operator.

    ``code``: ``store.disk-full``, ``store.unwritable``, ``store.corrupt``, ``store.foreign``,
    ``store.newer``.
    """

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code


class Logged(msgspec.Struct, frozen=True):
    """One line of the log. ``time_ms``: Unix time; ``actor``: who asked, for the audit trail."""

    revision: int
    time_ms: int
    actor: str
    event: AnyEvent


class Store:
    """Made by :meth:`open`; one owner, who closes it."""

    def __init__(self, path: Path, database: aiosqlite.Connection) -> None:
        self._path = path
        self._database = database
        self._commits = 0
        """Since the last checkpoint."""

    @property
    def path(self) -> Path:
        return self._path

    @classmethod
    async def open(cls, path: Path) -> "Store":
        """Open the log, or start one: mode 0600, in a folder of mode 0700 where that is missing as well. On a
        full disk the log's reserve is given back first.

        Raises :class:`StoreError`.
        """
        try:
            return cls(path, await _connected(path))
        except StoreError as error:
            if error.code not in ("store.disk-full", "store.unwritable"):
                raise
            if not await asyncio.to_thread(Reserve(path).release):
                raise
        return cls(path, await _connected(path))

    async def reopen(self) -> None:
        """Open again after :meth:`close`, with another file there. Raises :class:`StoreError`."""
        self._database = await _connected(self._path)

    async def replay(self, step: Callable[[S, AnyEvent], S], start: S, after: int = 0) -> tuple[S, int]:
        """``start`` after every event of the log that follows the revision ``after``, and the revision of the
        last one (0: empty).

        ``step`` runs in a thread. Raises :class:`StoreError`.
        """
        return await asyncio.to_thread(self._replay, step, start, after)

    def _replay(self, step: Callable[[S, AnyEvent], S], state: S, revision: int) -> tuple[S, int]:
        try:
            database = sqlite3.connect(self._path, timeout=_BUSY_S)
            try:
                query = "SELECT * FROM events WHERE revision > ? ORDER BY revision"
                for row in database.execute(query, (revision,)):
                    revision += 1
                    line = _line(row)
                    if line.revision != revision:
                        raise ValueError("a line of the log is missing")
                    state = step(state, line.event)
            finally:
                database.close()
        except sqlite3.Error as error:
            raise _explained(self._path, error) from error
        except Exception as error:  # whatever decoding and applying may raise
            raise StoreError(
                "store.corrupt", f"the show's log {self._path} is damaged at revision {revision}"
            ) from error
        return state, revision

    async def append(self, revision: int, time_ms: int, actor: str, events: Sequence[AnyEvent]) -> None:
        """Write the events as ``revision``, ``revision + 1`` …: all of them or none.

        Raises :class:`StoreError`; a revision that is already there is ``store.corrupt``: somebody else
        writes, too.
        """
        rows = [(revision + n, time_ms, actor, encode(event)) for n, event in enumerate(events)]
        try:
            try:
                await self._database.executemany(INSERT, rows)
                await self._database.commit()
                self._commits += 1
            except sqlite3.Error:
                await self._database.rollback()
                raise
        except sqlite3.IntegrityError as error:
            raise StoreError("store.corrupt", f"somebody else writes the show's log {self._path}") from error
        except sqlite3.Error as error:
            raise _explained(self._path, error) from error

    async def read(self, after: int, limit: int) -> list[Logged]:
        """At most ``limit`` lines of a revision over ``after``, oldest first. Raises :class:`StoreError`."""
        query = "SELECT * FROM events WHERE revision > ? ORDER BY revision LIMIT ?"
        try:
            return [_line(row) for row in await self._database.execute_fetchall(query, (after, limit))]
        except sqlite3.Error as error:
            raise _explained(self._path, error) from error
        except (msgspec.DecodeError, ValueError) as error:
            raise StoreError("store.corrupt", f"the show's log {self._path} is damaged") from error

    def full(self) -> StoreError:
        """Return what a full disk is told by."""
        return StoreError("store.disk-full", f"the disk of the show's log {self._path} is full")

    async def checkpoint(self) -> None:
        """Bring into the file what was appended, where it is worth it: in a thread, or a command would wait
        for the disk. Raises sqlite3.Error."""
        if self._commits >= CHECKPOINT_COMMITS:
            self._commits = 0
            await asyncio.to_thread(self._checkpoint)

    def _checkpoint(self) -> None:
        with contextlib.closing(sqlite3.connect(self._path, timeout=0)) as database:
            database.execute("PRAGMA wal_checkpoint(PASSIVE)")

    async def close(self) -> None:
        await self._database.close()


def _line(row: Sequence[Any]) -> Logged:
    revision, time_ms, actor, event = row
    return Logged(revision, time_ms, actor, decode(event))


async def _connected(path: Path) -> aiosqlite.Connection:
    """Raises :class:`StoreError`."""
    try:
        new = await asyncio.to_thread(_prepare, path)
        database = await aiosqlite.connect(path, timeout=_BUSY_S, isolation_level="IMMEDIATE")
    except (OSError, sqlite3.Error) as error:
        raise _explained(path, error) from error
    try:
        await _migrate(path, database, new=new)
    except sqlite3.Error as error:
        await database.close()
        raise _explained(path, error) from error
    except BaseException:
        await database.close()
        raise
    return database


def _prepare(path: Path) -> bool:
    """Return whether there was no log yet. SQLite gives ``-wal`` and ``-shm`` the mode of the file itself, so
    that one is made before it looks. Raises OSError, and StoreError where a log is empty."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    new = not path.exists() and not Path(f"{path}-wal").exists()
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        os.fchmod(fd, 0o600)
        if not new and not os.fstat(fd).st_size:
            # SQLite would begin a new one, and throw a -wal away.
            raise StoreError("store.corrupt", f"the show's log {path} is empty")
    finally:
        os.close(fd)
    return new


async def _migrate(path: Path, database: aiosqlite.Connection, *, new: bool) -> None:
    if not new:  # and nothing is changed before it is known to be ours
        version, application = [await _pragma(database, name) for name in ("user_version", "application_id")]
        tables = await database.execute_fetchall("SELECT 1 FROM sqlite_schema LIMIT 1")
        _judge(path, version, application, empty=not tables)
    await database.execute("PRAGMA journal_mode = WAL")
    await database.execute("PRAGMA synchronous = NORMAL")
    await database.execute("PRAGMA wal_autocheckpoint = 0")  # see Store.checkpoint
    if new:
        await database.executescript(begin_schema())
        # A -wal that is lost may cost events, but not the log itself.
        await database.execute_fetchall("PRAGMA wal_checkpoint(TRUNCATE)")


def begin_schema() -> str:
    """SQL that makes a log of an empty file."""
    return (
        f"BEGIN IMMEDIATE; {_SCHEMA} PRAGMA application_id = {_APPLICATION};"
        f" PRAGMA user_version = {VERSION}; COMMIT;"
    )


def check_schema(path: Path) -> None:
    """Blocking. Raises :class:`StoreError` for another program's database and for a newer version's, not for
    a damaged one."""
    if not path.stat().st_size:
        return  # SQLite would throw its -wal away
    try:
        with contextlib.closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)) as database:
            version, application = (
                int(database.execute(f"PRAGMA {name}").fetchone()[0])
                for name in ("user_version", "application_id")
            )
            empty = database.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchone() is None
    except sqlite3.Error as error:
        if (explained := _explained(path, error)).code != "store.corrupt":
            raise explained from error
        return
    try:
        _judge(path, version, application, empty=empty)
    except StoreError as error:
        if error.code != "store.corrupt":
            raise


def _judge(path: Path, version: int, application: int, *, empty: bool) -> None:
    """Raises :class:`StoreError`."""
    if empty and application in (0, _APPLICATION):
        raise StoreError("store.corrupt", f"the show's log {path} has no log in it")
    if application != _APPLICATION:
        raise StoreError("store.foreign", f"{path} is some other program's database")
    if version > VERSION:
        raise StoreError(
            "store.newer", f"the show's log {path} was written by a newer version of Summit Studio"
        )


async def _pragma(database: aiosqlite.Connection, name: str) -> int:
    (row,) = await database.execute_fetchall(f"PRAGMA {name}")
    return int(row[0])


def _explained(path: Path, error: OSError | sqlite3.Error) -> StoreError:
    if isinstance(error, sqlite3.Error):
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            return StoreError("store.corrupt", f"the show's log {path} is damaged")
        full = code == sqlite3.SQLITE_FULL
        reason = str(error)
    else:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        reason = error.strerror or "cannot be opened"
    if full:
        return StoreError("store.disk-full", f"the disk of the show's log {path} is full")
    return StoreError("store.unwritable", f"the show's log {path} can't be written: {reason}")
