"""Small rules of the supervisor: back-off, slots, the data directory."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from mixer.contract.names import (
    CONTROL,
    MIXER,
    SlotName,
    canvas_slot,
    of_seat,
    player_name,
    sender_name,
    shard_name,
    slot_of,
)
from mixer.ipc.slot import SlotReader, SlotWriter
from signaling.contract.messages import Offer
from studio.contract.datadir import DataDir, DataDirError, RunInfo, default_data, read_run
from studio.contract.messages import SlotSpec
from studio.contract.usage import waited_ns
from studio.lab.harness.waiting import wait_until
from studio.supervisor.children import BACKOFF_S, SILENCE_S, STARVED_S, Child, backoff_s
from studio.supervisor.slots import Guest, SlotKeeper


def test_backoff_grows_to_its_last_step() -> None:
    assert [backoff_s(deaths) for deaths in range(1, 8)] == [*BACKOFF_S, 5.0, 5.0]
    assert backoff_s(1) < 0.5  # a recording loses less than a second


def test_slots_follow_what_is_desired() -> None:
    keeper = SlotKeeper()
    spec, larger = SlotSpec(64, 36), SlotSpec(128, 72)
    try:
        assert keeper.reconcile({slot_of(of_seat("a")): spec, canvas_slot("program"): spec}) == (
            ["seat/a", "canvas/program"],
            [],
            {},
        )
        first = keeper.descriptor(slot_of(of_seat("a")), shard_name(0))
        assert keeper.reconcile({slot_of(of_seat("a")): spec}) == ([], ["canvas/program"], {})
        assert keeper.descriptor(slot_of(of_seat("a")), shard_name(0)) == first
        opened, closed, _ = keeper.reconcile({slot_of(of_seat("a")): larger})
        assert (opened, closed) == (["seat/a"], ["seat/a"])
        writer, reader = (
            kind(keeper.descriptor(slot_of(of_seat("a")), shard_name(0))) for kind in (SlotWriter, SlotReader)
        )
        assert (writer.max_width, reader.max_height) == (128, 72)
        writer.close()
        reader.close()
        assert len(keeper) == 1
    finally:
        keeper.close()
    assert len(keeper) == 0


def test_slots_are_made_one_at_a_time_where_others_wait() -> None:
    keeper = SlotKeeper()
    small, huge = SlotSpec(16, 16), SlotSpec(8192 * 1024, 8192 * 1024)
    desired = {slot_of(of_seat("a")): small, slot_of(of_seat("b")): huge, slot_of(of_seat("c")): small}
    try:
        for opened, failed, more in (("seat/a", "", True), ("", "seat/b", True), ("seat/c", "", False)):
            made = keeper.reconcile(desired, most=1)
            assert (made[0], list(made[2])) == ([opened] * bool(opened), [failed] * bool(failed))
            assert keeper.more == more
        assert keeper.failed == {"seat/b"}, "told once, and tried again when all others are made"
        assert list(keeper.reconcile(desired, most=1)[2]) == ["seat/b"]
    finally:
        keeper.close()


def test_a_slot_without_memory_is_told_and_tried_again() -> None:
    keeper = SlotKeeper()
    huge = SlotSpec(8192 * 1024, 8192 * 1024)
    try:
        opened, _, failed = keeper.reconcile(
            {slot_of(of_seat("a")): SlotSpec(16, 16), slot_of(of_seat("b")): huge}
        )
        assert opened == ["seat/a"]
        assert list(failed) == ["seat/b"]
        assert list(
            keeper.reconcile({slot_of(of_seat("a")): SlotSpec(16, 16), slot_of(of_seat("b")): huge})[2]
        ) == ["seat/b"]
    finally:
        keeper.close()


@pytest.mark.parametrize(
    ("source", "processes"),
    [
        ("seat/a", {"mixer", "shard-2"}),
        ("screen/a", {"mixer", "shard-2"}),
        ("seat/b", {"mixer"}),
        ("canvas/wall", {"mixer", "control"}),
        ("source/clip", {"mixer", "player/clip"}),
        ("source/obs", {"mixer", "shard-1", "player/obs"}),
        ("talk/director", {"mixer", "shard-1"}),
    ],
)
def test_who_is_handed_a_slot(source: SlotName, processes: set[str]) -> None:
    keeper = SlotKeeper()
    offers = [
        (shard_name(0), Offer("p", "guest", "v=0", "a")),
        (shard_name(1), Offer("q", "guest", "v=0", "a")),
        (shard_name(0), Offer("r", "whip", "v=0", source="obs")),
        (shard_name(0), Offer("s", "talkback", "v=0")),
        (shard_name(0), Offer("t", "whep", "v=0", canvas="wall")),
    ]
    for shard, offer in offers:
        for each in msgspec.msgpack.decode(msgspec.msgpack.encode(offer), type=Guest).writes:
            keeper.lend(each, shard)
    known = {
        MIXER,
        CONTROL,
        shard_name(0),
        shard_name(1),
        player_name("clip"),
        player_name("obs"),
        sender_name("vod"),
    }
    assert {process for process in known if keeper.concerns(source, process)} == processes


def test_a_guest_s_slot_goes_along_and_the_list_is_bounded() -> None:
    keeper = SlotKeeper()
    slot = slot_of(of_seat("a"))
    assert keeper.lent_to(slot) is None
    for shard in (shard_name(0), shard_name(1)):
        keeper.lend(slot, shard)
        assert keeper.lent_to(slot) == shard
    for number in range(5000):
        keeper.lend(slot_of(of_seat(str(number))), shard_name(0))
    assert not keeper.concerns(slot_of(of_seat("a")), shard_name(1))
    assert keeper.concerns(slot_of(of_seat("4999")), shard_name(0))


def test_one_studio_per_data_directory(tmp_path: Path) -> None:
    first = DataDir(tmp_path / "data")
    first.write_run(RunInfo(os.getpid(), "http://127.0.0.1:1", "secret"))
    with pytest.raises(DataDirError, match=f"another studio \\(pid {os.getpid()}\\)"):
        DataDir(tmp_path / "data")
    first.close()
    second = DataDir(tmp_path / "data")
    assert read_run(tmp_path / "data") is None  # the stale file went
    second.close()


def test_run_file_is_json_for_its_owner_only(tmp_path: Path) -> None:
    data = DataDir(tmp_path)
    data.write_run(RunInfo(7, "http://127.0.0.1:1", "secret"))
    file = tmp_path / "run.json"
    assert file.stat().st_mode & 0o777 == 0o600
    assert json.loads(file.read_text()) == {"pid": 7, "url": "http://127.0.0.1:1", "director_token": "secret"}
    data.remove_run()
    assert not file.exists()
    assert data.director_token() == data.director_token()
    assert (tmp_path / "director.token").stat().st_mode & 0o777 == 0o600
    data.close()


def test_a_data_directory_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataDirError, match="cannot be used: Not a directory"):
        DataDir(tmp_path / "file" / "data")


def test_default_data_is_the_xdg_data_home() -> None:
    assert default_data({"XDG_DATA_HOME": "/srv/x"}) == Path("/srv/x/summit-studio")
    assert default_data({}) == Path.home() / ".local" / "share" / "summit-studio"


@pytest.fixture
def starved() -> Iterator[Child]:
    """A child that wants to run all the time, on a processor that another one has."""
    first = "import os; os.sched_setaffinity(0, {0}); os.sched_setscheduler(0, %s, os.sched_param(0))"
    spin = f"{first}\nwhile 1: pass"
    busy = [
        subprocess.Popen([sys.executable, "-c", spin % policy])
        for policy in ("os.SCHED_OTHER", "os.SCHED_IDLE")
    ]
    child = Child("shard-1", (), dict)  # type: ignore[arg-type]
    child._process, child.state = busy[1], "running"
    try:
        yield child
    finally:
        for process in busy:
            process.kill()
            process.wait()


def test_who_gets_no_processor_does_not_hang(starved: Child) -> None:
    before = waited_ns(starved.pid)
    wait_until("it waits for the processor", lambda: waited_ns(starved.pid) - before > 100_000_000)
    now = time.monotonic_ns()
    starved.heard_ns, starved.waited_ns = now - int((SILENCE_S + 0.05) * 1e9), before
    assert starved.silent(now) == "", "a tenth of a second of this it could not have said anything"
    starved.heard_ns = now - int((SILENCE_S + STARVED_S + 1) * 1e9)
    assert starved.silent(now) == "silent for 5 s", "nobody is spared for ever"


def test_who_could_run_and_says_nothing_hangs(starved: Child) -> None:
    starved.heard(time.monotonic_ns())
    assert starved.silent(starved.heard_ns + int((SILENCE_S - 0.1) * 1e9)) == ""
    assert starved.silent(starved.heard_ns + int((SILENCE_S + STARVED_S) * 1e9)) == "silent for 5 s"
