"""The event log on a real disk: restarts, kill -9, full and broken files."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from functools import reduce
from pathlib import Path

import pytest

from studio.control.log.store import Store, StoreError
from studio.show.events import AnyEvent, SeatCreated, ShowUpdated, apply
from studio.show.model import Show

WRITER = """
import asyncio, sys
from pathlib import Path
from studio.show.events import ShowUpdated
from studio.control.log.store import Store

async def main() -> None:
    store = await Store.open(Path(sys.argv[1]))
    revision = 1
    while True:
        await store.append(revision, 0, "director", [ShowUpdated(f"{revision + n}") for n in range(3)])
        revision += 3
        print(revision - 1, flush=True)

asyncio.run(main())
"""


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await Store.open(tmp_path / "new" / "show.db")
    yield opened
    await opened.close()


def titles(*names: str) -> list[AnyEvent]:
    return [ShowUpdated(name) for name in names]


async def broken(path: Path) -> StoreError:
    with pytest.raises(StoreError) as error:
        await (await Store.open(path)).close()
    assert "\n" not in str(error.value)
    return error.value


async def test_a_restart_gives_back_the_state(tmp_path: Path) -> None:
    path = tmp_path / "show.db"
    events: list[AnyEvent] = [
        ShowUpdated("Summit"),
        SeatCreated("mayor-1", "시장", "speaker", "f" * 64, 99),
        ShowUpdated("Summit 2"),
    ]
    store = await Store.open(path)
    assert await store.replay(apply, Show()) == (Show(), 0)
    await store.append(1, 1000, "director", events[:2])
    await store.append(3, 2000, "director/chair", events[2:])
    await store.close()
    store = await Store.open(path)
    assert await store.replay(apply, Show()) == (reduce(apply, events, Show()), 3)
    lines = await store.read(1, 10)
    assert [(line.revision, line.time_ms, line.actor) for line in lines] == [
        (2, 1000, "director"),
        (3, 2000, "director/chair"),
    ]
    assert [line.revision for line in await store.read(0, 1)] == [1]
    await store.close()


async def test_the_files_are_private(store: Store, tmp_path: Path) -> None:
    await store.append(1, 0, "director", titles("x"))
    folder = tmp_path / "new"
    assert folder.stat().st_mode & 0o777 == 0o700
    modes = {file.name: file.stat().st_mode & 0o777 for file in folder.iterdir()}
    assert modes == {"show.db": 0o600, "show.db-wal": 0o600, "show.db-shm": 0o600}


async def test_a_file_made_readable_is_made_private_again(tmp_path: Path) -> None:
    path = tmp_path / "show.db"
    await (await Store.open(path)).close()
    path.chmod(0o644)
    await (await Store.open(path)).close()
    assert path.stat().st_mode & 0o777 == 0o600


async def test_all_of_a_commands_events_or_none(store: Store) -> None:
    await store.append(1, 0, "director", titles("a", "b"))
    with pytest.raises(StoreError) as error:
        await store.append(2, 0, "director", titles("c", "d"))
    assert error.value.code == "store.corrupt"
    await store.append(3, 0, "director", titles("e"))
    assert [line.event for line in await store.read(0, 9)] == titles("a", "b", "e")


async def test_kill_9_in_the_middle_loses_nothing_that_was_confirmed(tmp_path: Path) -> None:
    path = tmp_path / "show.db"
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    confirmed = 0
    while confirmed < 60:
        confirmed = int(writer.stdout.readline())
    os.kill(writer.pid, signal.SIGKILL)
    for line in writer.stdout:  # what it still managed to say
        confirmed = int(line) if line.endswith("\n") else confirmed
    writer.stdout.close()
    writer.wait(10)
    store = await Store.open(path)
    show, revision = await store.replay(apply, Show())
    assert revision >= confirmed
    assert revision % 3 == 0  # a command's three events come together
    assert show.title == str(revision)
    await store.append(revision + 1, 0, "director", titles("on"))
    await store.close()


async def test_a_full_disk_refuses_and_recovers(store: Store) -> None:
    await store.append(1, 0, "director", titles("small"))
    pages = await store._database.execute_fetchall("PRAGMA page_count")
    await store._database.execute_fetchall(f"PRAGMA max_page_count = {next(iter(pages))[0]}")
    with pytest.raises(StoreError) as error:
        await store.append(2, 0, "director", titles("x", "y" * 100_000))
    assert error.value.code == "store.disk-full"
    assert len(await store.read(0, 9)) == 1
    await store._database.execute_fetchall("PRAGMA max_page_count = 1000000")
    await store.append(2, 0, "director", titles("y" * 100_000))
    assert len(await store.read(0, 9)) == 2


async def test_a_file_that_cannot_grow_is_unwritable(tmp_path: Path) -> None:
    """RLIMIT_FSIZE in a process of its own, as the limit is the process's."""
    script = """
import asyncio, resource, sys
from pathlib import Path
from studio.show.events import ShowUpdated
from studio.control.log.store import Store, StoreError

async def main() -> None:
    store = await Store.open(Path(sys.argv[1]))
    await store.append(1, 0, "director", [ShowUpdated("a")])
    resource.setrlimit(resource.RLIMIT_FSIZE, (65536, resource.RLIM_INFINITY))
    try:
        await store.append(2, 0, "director", [ShowUpdated("b" * 200_000)])
    except StoreError as error:
        print(error.code)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    await store.append(2, 0, "director", [ShowUpdated("c")])
    print(len(await store.read(0, 9)))
    await store.close()

asyncio.run(main())
"""
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "show.db")], capture_output=True, text=True, timeout=30
    )
    assert done.stdout.split() == ["store.unwritable", "2"], done.stderr


async def test_what_is_no_log_of_ours(tmp_path: Path) -> None:
    rubbish = tmp_path / "rubbish.db"
    rubbish.write_bytes(b"not a database, just some text" * 100)
    assert (await broken(rubbish)).code == "store.corrupt"
    foreign = tmp_path / "foreign.db"
    with sqlite3.connect(foreign) as database:
        database.execute("CREATE TABLE songs (title TEXT)")
    database.close()
    assert (await broken(foreign)).code == "store.foreign"
    newer = tmp_path / "newer.db"
    await (await Store.open(newer)).close()
    with sqlite3.connect(newer) as database:
        database.execute("PRAGMA user_version = 2")
    database.close()
    assert (await broken(newer)).code == "store.newer"
    folder = tmp_path / "folder.db"
    folder.mkdir()
    assert (await broken(folder)).code == "store.unwritable"
    assert (await broken(rubbish / "show.db")).code == "store.unwritable"


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM events WHERE revision = 2",
        "UPDATE events SET event = x'7b7d' WHERE revision = 2",
        """UPDATE events SET event = '{"type":"seat.admitted","seat":"nobody"}' WHERE revision = 2""",
    ],
)
async def test_a_damaged_log_says_where(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "show.db"
    store = await Store.open(path)
    await store.append(1, 0, "director", titles("a", "b", "c"))
    with sqlite3.connect(path) as database:
        database.execute(damage.replace("'{", "CAST('{").replace("}'", "}' AS BLOB)"))
    database.close()
    with pytest.raises(StoreError) as error:
        await store.replay(apply, Show())
    await store.close()
    assert error.value.code == "store.corrupt"
    assert "revision 2" in str(error.value)
