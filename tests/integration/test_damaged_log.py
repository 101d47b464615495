"""A show's log that is damaged in every way: control goes on from what can be read, and says so."""

import asyncio
import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from studio.cli.main import app
from studio.control.alarms import Alarms
from studio.control.log.mending import open_log
from studio.control.log.store import Store, StoreError
from studio.lab.harness.waiting import until
from studio.show.events import ShowUpdated
from studio.show.model import Show
from tests.integration.test_session import House
from tests.support.merging import as_json

LINES = 400


async def log_in(data: Path) -> Path:
    """A log of some dozen pages, in the file alone."""
    path = data / "show.db"
    store = await Store.open(path)
    await store.append(1, 0, "director", [ShowUpdated(title(number)) for number in range(LINES)])
    await store.close()
    house = await House(path).open()
    await house.session.close()
    return path


def title(number: int) -> str:
    return f"{number} " + "x" * 90


async def reopened(path: Path) -> House:
    """As control opens it."""
    house = House(path)
    alarms = Alarms(lambda: house.now)
    store = await open_log(path, Show(), alarms)
    return await house.open(store=store, alarms=alarms)


def told(house: House) -> dict[str, str]:
    return {each["code"]: each["text"] for each in as_json(house.session.public_state())["status"]["alarms"]}


async def command(*arguments: str) -> tuple[int, Any]:
    done = await asyncio.to_thread(CliRunner().invoke, app, ["log", *arguments, "--json"])
    return done.exit_code, json.loads(done.stdout) if done.stdout else done.stderr


def overwrite(at: float, size: int = 4096) -> Callable[[Path], None]:
    """One page, at this part of the file."""

    def damage(path: Path) -> None:
        page = int(path.stat().st_size * at) // 4096
        with path.open("r+b") as file:
            file.seek(page * 4096)
            file.write(b"\xa5" * size)

    return damage


def cut(part: float) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        with path.open("r+b") as file:
            file.truncate(int(path.stat().st_size * part))

    return damage


def sql(statement: str, *values: Any) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        with sqlite3.connect(path) as database:
            database.execute(statement, values)
        database.close()

    return damage


def text(path: Path) -> None:
    path.write_bytes(b"not a database at all " * 400)


WRITE = "UPDATE events SET event = ? WHERE revision = 60"
DAMAGES: dict[str, tuple[Callable[[Path], None], int | None]] = {
    "a page in the middle": (overwrite(0.5), None),
    "the first page": (overwrite(0.0), 0),
    "the end cut off": (cut(0.6), None),
    "in the middle of a page": (cut(0.33), None),
    "empty": (cut(0.0), 0),
    "text": (text, 0),
    "an unknown event": (sql(WRITE, b'{"type":"seat.teleported","seat":"a"}'), 59),
    "no event": (sql(WRITE, b"\xff\xfe{"), 59),
    "an event that does not follow": (sql(WRITE, b'{"type":"seat.admitted","seat":"nobody"}'), 59),
    "a line missing": (sql("DELETE FROM events WHERE revision = 60"), 59),
}


@pytest.mark.parametrize("damage", DAMAGES)
async def test_control_goes_on_from_what_can_be_read(tmp_path: Path, damage: str) -> None:
    path = await log_in(tmp_path)
    assert await command("check", "--data", str(tmp_path)) == (
        0,
        {"file": str(path), "revisions": LINES, "damaged": False, "damage": ""},
    )
    spoil, readable = DAMAGES[damage]
    spoil(path)
    damaged = path.read_bytes()
    status, said = await command("check", "--data", str(tmp_path))
    assert (status, said["damaged"]) == (3, True)
    assert path.read_bytes() == damaged, "looking changes nothing"

    house = await reopened(path)
    try:
        count = house.session.revision
        assert count == said["revisions"]
        assert count == readable if readable is not None else 5 < count < LINES
        assert house.session.show.title == (title(count - 1) if count else "Summit")
        (kept,) = tmp_path.glob("show.db.damaged-*")
        assert kept.read_bytes() == damaged
        assert kept.name in told(house)["log.damaged"]
        assert f"last {LINES - count} changes" in told(house)["log.lost"]
        assert (await house.do("show.update", title="goes on")).revision == count + 1
    finally:
        await house.session.close()
    assert (await command("check", "--data", str(tmp_path)))[0] == 0
    again = await reopened(path)
    assert (told(again), again.session.revision) == ({}, count + 1)
    await again.session.close()


@pytest.mark.parametrize("damage", ["a page in the middle", "empty", "an unknown event"])
async def test_a_damaged_log_is_repaired_while_no_studio_runs(tmp_path: Path, damage: str) -> None:
    path = await log_in(tmp_path)
    assert await command("repair", "--data", str(tmp_path)) == (
        0,
        {"file": str(path), "revisions": LINES, "damage": "", "kept": ""},
    )
    DAMAGES[damage][0](path)
    damaged = path.read_bytes()
    readable = (await command("check", "--data", str(tmp_path)))[1]["revisions"]
    status, said = await command("repair", "--data", str(tmp_path))
    assert (status, said["revisions"]) == (0, readable)
    assert said["damage"]
    assert (tmp_path / said["kept"]).read_bytes() == damaged
    assert (await command("check", "--data", str(tmp_path)))[0] == 0
    assert path.stat().st_mode & 0o777 == 0o600


async def test_a_log_that_lost_its_newest_part(tmp_path: Path) -> None:
    """The -wal of a studio that was killed is gone: what is left is a whole log, but not all of it."""
    lines = House(tmp_path / "show.db")
    await lines.open()
    for number in range(9):
        await lines.do("show.update", title=f"{number}")
    reserve = tmp_path / "show.reserve"
    await until(lambda: b'"revision":9' in reserve.read_bytes()[:64])
    other = tmp_path / "other"
    other.mkdir()
    for name in ("show.db", "show.reserve"):
        shutil.copy(tmp_path / name, other / name)
    await lines.session.close()
    house = await reopened(other / "show.db")
    assert house.session.revision == 0
    assert "last 9 changes" in told(house)["log.lost"]
    await house.do("show.update", title="goes on")
    await house.session.close()


async def test_a_damaged_log_beside_its_wal(tmp_path: Path) -> None:
    """Both are kept: neither is read as the good one's."""
    lines = await House(tmp_path / "show.db").open()
    await lines.do("show.update", title="in the -wal")
    other = tmp_path / "other"
    other.mkdir()
    for name in ("show.db", "show.db-wal"):
        shutil.copy(tmp_path / name, other / name)
    await lines.session.close()
    (other / "show.db").write_bytes(b"")
    house = await reopened(other / "show.db")
    assert "the file is empty" in told(house)["log.damaged"]
    assert house.session.revision == 0
    assert len(list(other.glob("show.db.damaged-*-wal"))) == 1
    await house.session.close()


async def test_what_is_somebody_elses_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "show.db"
    sql("CREATE TABLE songs (title TEXT)")(path)
    before = path.read_bytes()
    with pytest.raises(StoreError) as error:
        await open_log(path, Show(), Alarms(lambda: 0))
    assert error.value.code == "store.foreign"
    for name in ("check", "repair"):
        assert await command(name, "--data", str(tmp_path)) == (
            1,
            f"studio: {path} is some other program's database\n",
        )
    assert path.read_bytes() == before
    assert (await command("check", "--data", str(tmp_path / "nowhere")))[0] == 1


async def test_a_first_start_says_nothing(tmp_path: Path) -> None:
    house = await reopened(tmp_path / "show.db")
    assert told(house) == {}
    await house.session.close()
