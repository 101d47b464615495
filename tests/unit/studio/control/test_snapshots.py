"""Snapshots of the show beside its log: a start from one is the whole replay's, and any doubt is the
log's."""

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable
from functools import reduce
from pathlib import Path

import pytest

from studio.control.log import snapshots
from studio.control.log.snapshots import BEHIND, LogSnapshots
from studio.control.log.store import Store, StoreError
from studio.show.events import AnyEvent, SeatAdmitted, SeatCreated, SeatHeld, ShowUpdated, apply
from studio.show.model import Show

START = Show(title="Summit")


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshots, "EVERY", 500)
    monkeypatch.setattr(snapshots, "_PAUSE_S", 0)


def event(number: int) -> AnyEvent:
    if number == 0:
        return SeatCreated("mayor", "Speaker One", "speaker", "", 0)
    if number % 2:
        return SeatAdmitted("mayor") if number % 4 == 1 else SeatHeld("mayor")
    return ShowUpdated(f"Day {number}")


async def grown(path: Path, count: int, from_: int = 0) -> list[AnyEvent]:
    """A log of this many events more."""
    store = await Store.open(path)
    events = [event(number) for number in range(from_, from_ + count)]
    await store.append(from_ + 1, 0, "director", events)
    await store.close()
    return events


async def started(path: Path, start: Show = START) -> tuple[Show, int, int]:
    """Show, revision, and how many events had to be replayed for it."""
    replayed = 0

    def step(show: Show, event: AnyEvent) -> Show:
        nonlocal replayed
        replayed += 1
        return apply(show, event)

    store = await Store.open(path)
    try:
        show, revision = await store.replay(step, *await asyncio.to_thread(LogSnapshots(path, start).newest))
    finally:
        await store.close()
    return show, revision, replayed


def files(path: Path) -> list[Path]:
    return sorted(path.parent.glob("show.db.snapshot-*"), key=lambda each: int(each.name.rpartition("-")[2]))


def edited(path: Path, sql: str) -> None:
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute(sql)
        database.commit()


async def two_snapshots(path: Path) -> Show:
    """A log with snapshots at 600 and at 1200 events, and some after that; its show."""
    making = LogSnapshots(path, START)
    events = await grown(path, 600 + BEHIND)
    await asyncio.to_thread(making.advance)
    events += await grown(path, 600, from_=len(events))
    await asyncio.to_thread(making.advance)
    events += await grown(path, 100, from_=len(events))
    await asyncio.to_thread(making.advance)
    assert [each.name for each in files(path)] == ["show.db.snapshot-600", "show.db.snapshot-1200"]
    return reduce(apply, events, START)


async def test_a_start_from_a_snapshot_is_the_whole_logs(tmp_path: Path) -> None:
    path = tmp_path / "show.db"
    show = await two_snapshots(path)
    assert await started(path) == (show, 1364, 164)
    assert all(each.stat().st_mode & 0o777 == 0o600 for each in files(path))


async def test_the_two_newest_are_kept_and_a_new_control_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "show.db"
    await two_snapshots(path)
    await grown(path, 500, from_=1364)
    fresh = LogSnapshots(path, START)
    await asyncio.to_thread(fresh.newest)
    await asyncio.to_thread(fresh.advance)
    assert [each.name for each in files(path)] == ["show.db.snapshot-1200", "show.db.snapshot-1800"]
    show, revision, replayed = await started(path)
    for each in files(path):
        each.unlink()
    assert await started(path) == (show, revision, 1864)
    assert replayed == BEHIND


def flipped(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize(
    "harm",
    [flipped, lambda path: path.write_bytes(path.read_bytes()[:-40]), lambda path: path.write_bytes(b"")],
    ids=["flipped", "cut", "empty"],
)
async def test_a_damaged_one_is_told_and_the_one_before_counts(
    tmp_path: Path, harm: Callable[[Path], None], capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "show.db"
    show = await two_snapshots(path)
    harm(files(path)[1])
    assert await started(path) == (show, 1364, 764)
    assert "snapshot not used" in capsys.readouterr().out
    harm(files(path)[0])
    assert await started(path) == (show, 1364, 1364)


async def test_of_another_log_or_start_none_counts(tmp_path: Path) -> None:
    path = tmp_path / "show.db"
    await two_snapshots(path)
    assert (await started(path, Show(title="Another")))[2] == 1364
    sql = "UPDATE events SET actor = 'somebody' WHERE revision IN (600, 1200)"
    await asyncio.to_thread(edited, path, sql)
    assert (await started(path))[2] == 1364


async def test_a_log_that_ends_before_it_has_the_last_word(tmp_path: Path) -> None:
    path = tmp_path / "show.db"
    await two_snapshots(path)
    await asyncio.to_thread(edited, path, "DELETE FROM events WHERE revision > 700")
    _, revision, replayed = await started(path)
    assert (revision, replayed) == (700, 100)


async def test_of_code_that_has_changed_none_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "show.db"
    await two_snapshots(path)
    monkeypatch.setattr(snapshots, "_code", lambda: b"newer")
    assert (await started(path))[2] == 1364


async def test_a_missing_line_makes_no_snapshot(tmp_path: Path) -> None:
    path = tmp_path / "show.db"
    await grown(path, 1000)
    await asyncio.to_thread(edited, path, "DELETE FROM events WHERE revision = 300")
    with pytest.raises(ValueError, match="missing"):
        await asyncio.to_thread(LogSnapshots(path, START).advance)
    assert files(path) == []
    with pytest.raises(StoreError):
        await started(path)


async def test_one_of_a_log_that_was_longer_once_goes_with_the_next(tmp_path: Path) -> None:
    path = tmp_path / "show.db"
    await two_snapshots(path)
    await asyncio.to_thread(edited, path, "DELETE FROM events WHERE revision > 1000")
    await asyncio.to_thread(edited, path, "UPDATE events SET actor = 'somebody' WHERE revision = 600")
    making = LogSnapshots(path, START)
    assert await asyncio.to_thread(making.newest) == (START, 0)
    await asyncio.to_thread(making.advance)
    assert [each.name for each in files(path)] == ["show.db.snapshot-600", "show.db.snapshot-936"]
    assert (await started(path))[1:] == (1000, BEHIND)


async def test_the_rules_are_those_of_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An update that lies on the disk while the studio runs is none of what made the snapshot."""
    path = tmp_path / "show.db"
    making = LogSnapshots(path, START)
    await grown(path, 600 + BEHIND)
    await asyncio.to_thread(making.newest)
    code = snapshots._code()
    monkeypatch.setattr(snapshots, "_code", lambda: b"exchanged meanwhile")
    await asyncio.to_thread(making.advance)
    assert (await started(path))[2] == 664, "for the new code it is another's"
    monkeypatch.setattr(snapshots, "_code", lambda: code)
    assert (await started(path))[2] == BEHIND


async def test_a_log_that_was_moved_away_is_not_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "show.db"
    making = LogSnapshots(path, START)
    with pytest.raises(sqlite3.OperationalError):
        await asyncio.to_thread(making.advance)
    assert not path.exists()
