"""The show's log as the session writes it: in order, without a hole, and on a full disk, too.

What must happen on air is kept here while it can't be written, and written before anything else once there is
room; a control that dies meanwhile loses just that, and the next one says so. The log's disk is looked at all
the time, and room on it is kept in reserve.
"""

import asyncio
import contextlib
import sqlite3
from collections import deque
from pathlib import Path

import msgspec
import structlog

from studio.control.alarms import Alarms
from studio.control.log.faults import fault
from studio.control.log.reserve import RESERVE_BYTES, RESERVE_PART, DiskSpace, Reserve, ReserveMark, room_of
from studio.control.log.snapshots import LogSnapshots
from studio.control.log.store import Logged, Store, StoreError
from studio.show.events import AnyEvent

LOOK_S = 1.0
HELD_LOOK_S = 0.25
"""The same while something waits for room."""
PATIENCE_S = 0.25
"""What must happen waits so long for the log; then its caller is answered, and it is written later."""
MAX_HELD = 20_000
"""Lines; with more the log must be looked after first."""
LOW = 0.05
ENOUGH = 0.06
"""Parts of the disk that are free: below the first there is an alarm, above the second none."""

log = structlog.get_logger()


class LogLine(msgspec.Struct, frozen=True):
    """One command's events, which become ``revision``, ``revision + 1`` …"""

    revision: int
    time_ms: int
    actor: str
    events: tuple[AnyEvent, ...]

    @property
    def last(self) -> int:
        return self.revision + len(self.events) - 1


class Ledger:
    """``recordings``: their folder, which may be on another disk."""

    def __init__(self, store: Store, alarms: Alarms, recordings: Path, snapshots: LogSnapshots) -> None:
        self._store = store
        self._snapshots = snapshots
        self._snapshots_failed = False
        self._alarms = alarms
        self._recordings = recordings
        self._reserve = Reserve(store.path)
        self._held: deque[LogLine] = deque()
        self._revision = 0
        """The newest that was carried out."""
        self._marked: ReserveMark | None = None
        """What the mark says; None: not known."""
        self._flushing: asyncio.Task[StoreError | None] | None = None
        self._tending: asyncio.Task[None] | None = None
        self._look_now = asyncio.Event()
        self._told = ""
        self._spent = False
        """The reserve was given to the log: what room there is belongs to what must happen."""

    async def start(self, revision: int) -> None:
        """The log ends at ``revision``. Says what is missing since the last control; keeps the reserve."""
        self._revision = revision
        left = await asyncio.to_thread(self._reserve.read)
        if left.revision > revision:
            self._alarms.set("log.lost", _lost(left, revision))
        if not await asyncio.to_thread(self._reserve.fill):
            self._alarms.set("log.disk-full", _FULL)
            # Given back already, to open the log: what is left of it isn't for everything.
            room = await asyncio.to_thread(room_of, self._store.path.parent)
            self._spent = room.free < 2 * _least(room)  # with more, the reserve would have been filled
        await self._mark()
        self._tending = asyncio.create_task(self._tend(), name="session log")

    async def close(self) -> None:
        if self._tending is not None:
            self._tending.cancel()
            await asyncio.gather(self._tending, return_exceptions=True)
        await self._flush_now()
        if self._held:
            log.error("not written", lines=len(self._held))
        if self._tending is not None:  # else it never began, and the mark is still the last control's
            await self._mark()
        await self._store.close()

    async def append(self, line: LogLine) -> None:
        """Append after all that is held, or not at all. Raises :class:`StoreError`."""
        if self._held and (error := await self._flush_now()) is not None:
            raise error
        if self._spent:
            raise self._store.full()
        try:
            await self._write(line)
        except StoreError as error:
            self._tell(error)
            raise
        self._revision = line.last

    def check(self) -> None:
        """Raises :class:`StoreError` where nothing more can be held."""
        if len(self._held) >= MAX_HELD:
            raise self._store.full()

    async def keep(self, line: LogLine) -> None:
        """Keep what has happened already; returns once it is written, or can't be for now."""
        self._held.append(line)
        self._revision = line.last
        await asyncio.wait((self._flush(),), timeout=PATIENCE_S)

    async def read(self, after: int, limit: int) -> list[Logged]:
        """Read as :meth:`Store.read` does, with what is held. Raises :class:`StoreError`."""
        if self._held:
            await asyncio.wait((self._flush(),), timeout=PATIENCE_S)
        lines = await self._store.read(after, limit)
        last = lines[-1].revision if lines else after
        for line in self._held:
            for number, event in enumerate(line.events, line.revision):
                if number > last and len(lines) < limit:
                    lines.append(Logged(number, line.time_ms, line.actor, event))
        return lines

    # --- what is held ----------------------------------------------------------------------------------

    def _flush(self) -> "asyncio.Task[StoreError | None]":
        """The task that writes what is held; its result says what was in the way."""
        if self._flushing is None or self._flushing.done():
            self._flushing = asyncio.create_task(self._write_held(), name="session log held")
        return self._flushing

    async def _flush_now(self) -> StoreError | None:
        return await asyncio.shield(self._flush()) if self._held else None

    async def _write_held(self) -> StoreError | None:
        while self._held:
            line = self._held[0]
            try:
                await self._write_of_reserve(line)
            except StoreError as error:
                self._tell(error)
                await self._mark()
                self._look_now.set()
                return error
            self._held.popleft()
        self._alarms.clear("log.unwritten")
        return None

    async def _write_of_reserve(self, line: LogLine) -> None:
        try:
            await self._write(line)
        except StoreError as error:
            if not await self._for_want_of_room(error) or not await asyncio.to_thread(self._reserve.release):
                raise
            self._spent = True
            self._tell(error)
            await self._write(line)

    async def _for_want_of_room(self, error: StoreError) -> bool:
        """A full disk has several faces; a log that somebody else holds locked is none of them."""
        if error.code != "store.unwritable":
            return error.code == "store.disk-full"
        with contextlib.suppress(OSError):
            room = await asyncio.to_thread(room_of, self._store.path.parent)
            return room.free < _least(room)
        return False

    async def _write(self, line: LogLine) -> None:
        await self._store.append(line.revision, line.time_ms, line.actor, line.events)
        self._told = ""

    def _tell(self, error: StoreError) -> None:
        if error.code != self._told:  # once: a full disk stays full for a while
            self._told = error.code
            log.error("event log", code=error.code, reason=str(error))
        if error.code == "store.disk-full":
            self._alarms.set("log.disk-full", _FULL)
        if error.code == "store.corrupt":
            # Going back to what can be read would change what is on air, so the director decides when.
            self._alarms.set("log.broken", _BROKEN)
        if self._held:
            self._alarms.set("log.unwritten", _UNWRITTEN)

    async def _mark(self) -> None:
        mark = ReserveMark(self._revision, sum(len(line.events) for line in self._held))
        if mark == self._marked:
            return
        try:
            await asyncio.to_thread(self._reserve.mark, mark)
        except OSError as error:
            log.warning("the log's mark not written", **fault(error))
        else:
            self._marked = mark

    # --- the disk --------------------------------------------------------------------------------------

    async def _tend(self) -> None:
        while True:
            try:
                await self._look()
            except Exception as error:
                log.error("the log's disk not looked at", **fault(error))
            self._look_now.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(HELD_LOOK_S if self._held else LOOK_S):
                    await self._look_now.wait()

    async def _look(self) -> None:
        await self._flush_now()
        whole = self._reserve.whole
        if not whole and not self._held:
            whole = await asyncio.to_thread(self._reserve.fill)
            self._spent = self._spent and not whole
        own = await asyncio.to_thread(room_of, self._store.path.parent)
        if not whole:
            self._alarms.set("log.disk-full", _FULL)
        elif own.free >= _least(own):
            self._alarms.clear("log.disk-full")
        self._judge(own, "log.disk-low", _LOW)
        with contextlib.suppress(OSError):  # no recording was made yet
            other = await asyncio.to_thread(room_of, self._recordings)
            if other.disk != own.disk:
                self._judge(other, "recordings.disk-low", _LOW_RECORDINGS)
        await self._mark()
        try:
            await self._store.checkpoint()
        except sqlite3.Error as error:
            log.warning("checkpoint", **fault(error))
        if self._reserve.whole and own.free >= 2 * _least(own):  # else the room is the log's own
            await self._advance_snapshots()

    async def _advance_snapshots(self) -> None:
        try:
            await asyncio.to_thread(self._snapshots.advance)
        except Exception as error:  # also of a log that was damaged meanwhile
            if not self._snapshots_failed:
                log.warning("no snapshot", **fault(error))
            self._snapshots_failed = True
        else:
            self._snapshots_failed = False

    def _judge(self, room: DiskSpace, code: str, text: str) -> None:
        if room.free < LOW * room.size:
            self._alarms.set(code, text)
        elif room.free >= ENOUGH * room.size:
            self._alarms.clear(code)


_LOW = "The disk of the show's log is nearly full (less than 5 % is free): delete recordings or files."
_LOW_RECORDINGS = "The disk of the recordings is nearly full (less than 5 % is free): delete old ones."
_FULL = "The disk is full. Takes, black and the slate go on, other changes are refused: make room."
_BROKEN = (
    "The show's log was damaged while the studio runs. Takes, black and the slate go on, other changes are"
    " refused: restart the studio in a pause, which mends the log."
)
_UNWRITTEN = (
    "The show's log can't be written. What is done on air is written as soon as it can be; if the studio ends"
    " before, that is lost."
)


def _least(room: DiskSpace) -> float:
    """Bytes: with less free, a disk is full."""
    return min(RESERVE_BYTES, RESERVE_PART * room.size)


def _lost(left: ReserveMark, revision: int) -> str:
    count = left.revision - revision
    why = "the disk was full" if left.held else "the log was damaged, or exchanged"
    return f"The last {count} changes of the show are lost ({why}): look over what is on air and in preview."
