"""The session's log on a disk that is really full: what must happen on air goes on, and nothing is lost."""

import asyncio
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from studio.control.log.mending import mend
from studio.control.log.store import Store
from studio.show.events import apply
from studio.show.model import Show
from tests.integration.test_session import House, refusal
from tests.support.fulldisk import fill, small_disk
from tests.support.merging import as_json

pytestmark = pytest.mark.alone

HANDS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("program.cut", {"scene": "a"}),
    ("program.slate", {"on": True}),
    ("program.slate", {"on": False}),
    ("program.fade_to_black", {"on": True}),
    ("program.fade_to_black", {"on": False}),
    ("preview.set", {"scene": "b"}),
    ("program.auto", {"duration_ms": 200}),
    ("program.cut", {}),
)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    with small_disk(tmp_path / "disk") as disk:
        opened = await House(disk / "show.db").open()
        for scene in "ab":
            await opened.do("scene.create", scene=scene)
        try:
            yield opened
        finally:
            await opened.session.close()


async def by_hand(house: House, rounds: int = 1) -> int:
    """Everything a director must always be able to do; how many events it made."""
    before = house.session.revision
    for _ in range(rounds):
        for type_, fields in HANDS:
            done = await house.do(type_, **fields)
            assert done.revision == house.session.revision
    return int(house.session.revision - before)


def alarms(state: Any) -> list[str]:
    return [alarm["code"] for alarm in state["status"]["alarms"]]


async def in_the_log(path: Path) -> tuple[Show, int]:
    store = await Store.open(path)
    try:
        return await store.replay(apply, Show(title="Summit"))
    finally:
        await store.close()


async def test_on_a_full_disk_the_reserve_takes_what_must_happen(house: House) -> None:
    assert alarms(as_json(house.session.public_state())) == []
    await asyncio.to_thread(fill, house.path.parent)
    made = await by_hand(house)
    state = await house.until(lambda state: "log.disk-full" in alarms(state))
    assert "log.disk-low" in alarms(await house.until(lambda state: "log.disk-low" in alarms(state)))
    assert "log.unwritten" not in alarms(state)
    assert all(alarm["text"] and alarm["since"] == house.now for alarm in state["status"]["alarms"])
    # the room that is left is not for what can wait
    assert await refusal(house.do("scene.create", scene="c")) == (507, "store.disk-full")
    assert as_json(house.session.public_state())["scenes"].keys() == {"a", "b"}
    lines = await house.session.events(0, 1000)
    assert [line.revision for line in lines] == list(range(1, 3 + made))
    _, revision = await in_the_log(house.path)
    assert revision == house.session.revision, "it is written, not only kept in mind"


async def test_with_no_byte_left_it_is_kept_in_order_and_written_later(house: House) -> None:
    filler = await asyncio.to_thread(fill, house.path.parent)
    await by_hand(house)
    await asyncio.to_thread(fill, house.path.parent, "more")
    await by_hand(house, 30)
    await asyncio.to_thread(fill, house.path.parent, "more")
    made = await by_hand(house)
    await house.until(lambda state: "log.unwritten" in alarms(state))
    revision = house.session.revision
    lines = await house.session.events(revision - made, 1000)
    assert [line.revision for line in lines] == list(range(revision - made + 1, revision + 1))
    assert lines[-1].event["type"] == "program.changed"
    assert await refusal(house.do("show.update", title="can wait")) == (507, "store.disk-full")
    _, written = await in_the_log(house.path)
    assert written < revision
    await asyncio.to_thread(filler.unlink)
    await house.until(lambda state: not {"log.unwritten", "log.disk-full"} & set(alarms(state)))
    assert (await house.do("show.update", title="goes again")).revision == revision + 1
    assert await in_the_log(house.path) == (house.session.show, revision + 1)


DIES = """
import asyncio, os, signal, sys
from pathlib import Path
from tests.support.fulldisk import fill
from tests.integration.test_full_log import by_hand
from tests.integration.test_session import House

async def main() -> None:
    house = await House(Path(sys.argv[1])).open()
    for scene in "ab":
        await house.do("scene.create", scene=scene)
    for _ in range(3):
        await asyncio.to_thread(fill, house.path.parent)
        await by_hand(house, 20)
    await house.until(lambda state: "log.unwritten" in str(state["status"]["alarms"]))
    print(house.session.revision, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


async def test_a_control_that_dies_on_a_full_disk_loses_only_that_and_says_so(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        path = disk / "show.db"
        dead = await asyncio.to_thread(
            subprocess.run, [sys.executable, "-c", DIES, str(path)], capture_output=True, text=True
        )
        assert dead.returncode == -signal.SIGKILL, dead.stderr
        done = int(dead.stdout.split()[-1])
        house = await House(path).open()  # the disk is still full
        try:
            lost = done - house.session.revision
            assert 0 < lost < done
            told = {
                each["code"]: each["text"]
                for each in as_json(house.session.public_state())["status"]["alarms"]
            }
            assert f"last {lost} changes" in told["log.lost"]
            assert "disk was full" in told["log.lost"]
            await by_hand(house)
            assert house.session.revision > done - lost
        finally:
            await house.session.close()


async def test_nearly_full_is_told_before(house: House) -> None:
    filler = house.path.parent / "filler"
    await asyncio.to_thread(filler.write_bytes, bytes(15 << 20))
    state = await house.until(lambda state: "log.disk-low" in alarms(state))
    assert "log.disk-full" not in alarms(state)
    await house.do("show.update", title="still writable")
    await asyncio.to_thread(filler.unlink)
    await house.until(lambda state: not alarms(state))


async def test_a_log_that_somebody_holds_locked_is_no_full_disk(house: House) -> None:
    other = sqlite3.connect(house.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        assert await by_hand(house) > 0
        assert "log.disk-full" not in alarms(as_json(house.session.public_state()))
        assert await refusal(house.do("show.update", title="Later")) == (503, "store.unwritable")
    finally:
        other.close()
    await house.until(lambda state: "log.unwritten" not in alarms(state))
    assert (await house.do("show.update", title="Now")).revision == house.session.revision
    await by_hand(house)
    assert (await in_the_log(house.path))[1] == house.session.revision


async def test_after_a_restart_on_a_full_disk_the_rest_is_for_what_must_happen(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        path = disk / "show.db"
        first = await House(path).open()
        for scene in "ab":
            await first.do("scene.create", scene=scene)
        fill(disk)
        await by_hand(first)
        await first.session.close()
        second = await House(path).open()
        try:
            assert await refusal(second.do("show.update", title="No")) == (507, "store.disk-full")
            assert await by_hand(second, 5) > 0
        finally:
            await second.session.close()


async def test_a_damaged_log_is_mended_on_a_full_disk(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        path = disk / "show.db"
        house = await House(path).open()
        for number in range(300):
            await house.do("show.update", title=f"{number}")
        await house.session.close()
        with sqlite3.connect(path) as database:
            database.execute("DELETE FROM events WHERE revision = 250")
        database.close()
        fill(disk)
        mended = await asyncio.to_thread(mend, path, Show(title="Summit"))
        assert mended.found.revisions == 249
