"""A running studio that is flooded, whose disk is full, and whose log is damaged on air: the director's hand
stays free."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from studio.contract.client import ClientError
from tests.support.freehand import PROMISED_TICKS, TICK_MS, Hand, by_hand, flood, setting_themes
from tests.support.fulldisk import fill, small_disk
from tests.support.running import RunningStudio, running_studio, wait_until

pytestmark = pytest.mark.alone


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStudio]:
    with (
        small_disk(tmp_path_factory.mktemp("free") / "data", "64m") as data,
        running_studio(data) as running,
    ):
        for scene in "ab":
            running.do("scene.create", scene=scene)
        yield running


@pytest.fixture
def roomy(tmp_path: Path) -> Iterator[RunningStudio]:
    with running_studio(tmp_path / "data") as running:
        for scene in "ab":
            running.do("scene.create", scene=scene)
        yield running


def free(hand: Hand) -> bool:
    return hand.answer_ms <= PROMISED_TICKS * TICK_MS and hand.air_ticks <= PROMISED_TICKS


def test_while_the_disk_is_full(studio: RunningStudio) -> None:
    filler = fill(studio.data)
    try:
        hand = by_hand(studio)
        with pytest.raises(ClientError, match="disk is full"):
            studio.do("show.update", title="can wait")
        codes = wait_until(
            "the alarms are told",
            lambda: {each["code"] for each in studio.status("alarms")} >= {"log.disk-low", "log.disk-full"},
        )
        assert codes
        assert b'studio_alarm{code="log.disk-full"} 1.0' in studio.get("/metrics")
    finally:
        filler.unlink()
    wait_until("the alarms are over", lambda: not studio.status("alarms"))
    assert free(hand), hand
    studio.do("show.update", title="goes again")


def test_control_starts_with_a_damaged_log(studio: RunningStudio) -> None:
    """The log on air is damaged, and control dies: the next one goes on from what can be read."""
    before = studio.processes()["control"]
    log: Path = studio.data / "show.db"
    os.kill(before, signal.SIGSTOP)
    (studio.data / "show.db-wal").unlink()
    with log.open("r+b") as file:
        file.write(b"\xa5" * 4096)
    os.kill(before, signal.SIGKILL)
    wait_until("control is back", lambda: studio.processes().get("control", before) != before, 20)

    def alarms() -> set[str] | None:
        try:
            return {each["code"] for each in studio.status("alarms")}
        except ClientError:
            return None

    codes = wait_until("the console is back", alarms, 20)
    assert {"log.damaged", "log.lost"} <= codes
    assert list(studio.data.glob("show.db.damaged-*"))
    studio.do("scene.create", scene="a")
    studio.do("program.cut", scene="a")


def test_while_it_is_flooded_and_while_themes_are_decoded(roomy: RunningStudio) -> None:
    with flood(roomy):
        hand = by_hand(roomy)
    # What is on air counts: answers come over HTTP to this very process, which is busy flooding.
    assert hand.air_ticks <= PROMISED_TICKS, hand
    with setting_themes(roomy) as done:
        hand = by_hand(roomy, rounds=1)
        assert not all(each.is_set() for each in done), "they were being decoded meanwhile"
    assert hand.air_ticks <= PROMISED_TICKS, hand
