"""Several shards: guests are spread evenly, and the death or the hanging of one takes only its own guests off
the air, who come back by themselves, on the other or on the restarted one."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from mixer.contract.names import ProcessName, of_seat, shard_name
from tests.support.media.slots import Arrivals
from tests.support.running import RunningStudio, running_studio, wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.alone]

SEATS = tuple(f"rehearsal-{number}" for number in range(1, 5))
SOURCES = tuple(of_seat(seat) for seat in SEATS)
CONFIG = """
[video]
program = [640, 360]
wall = [640, 360]
multiview = [640, 360]
"""
OFF_AIR_S = 0.8
"""Without a picture for so long, a guest was hit; less is a busy machine."""


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStudio]:
    with running_studio(tmp_path_factory.mktemp("shards"), "--shards", "2", config=CONFIG) as running:
        yield running


@pytest.fixture
def show(studio: RunningStudio) -> Iterator[RunningStudio]:
    """Both shards run, and the guests are on air, having just come."""
    wait_until("both shards run", lambda: running(studio), 15)
    with guests(studio.data):
        wait_until("the guests have seats", lambda: set(SEATS) <= set(studio.state()["seats"]), 20)
        if "all" not in studio.state()["scenes"]:
            places = [{"seat": seat} for seat in SEATS]
            studio.do("scene.create", scene="all", canvases={"program": {"layout": "grid", "places": places}})
            studio.do("program.cut", scene="all")
        wait_until("the guests are on air", lambda: on_air(studio) == set(SEATS), 30)
        yield studio


def running(studio: RunningStudio) -> bool:
    processes = studio.status("processes")
    return all(processes[name]["state"] == "running" for name in ("shard-1", "shard-2"))


class guests:  # noqa: N801 - reads as the context manager it is
    """``studio rehearse`` beside the studio."""

    def __init__(self, data: Path) -> None:
        self._data = data

    def __enter__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "studio", "rehearse", "--guests", str(len(SEATS))],
            env={**os.environ, "STUDIO_DATA": str(self._data)},
            stdout=subprocess.DEVNULL,
        )

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(20)


def on_air(studio: RunningStudio) -> set[str]:
    """Seats whose picture is live in the programme."""
    seats = studio.status("seats") or {}
    return {seat for seat in SEATS if seats[seat]["state"] == "on_air" and seats[seat]["picture"] == "live"}


@dataclass
class Outcome:
    """Longest times without a picture, in seconds, by seat."""

    hit: dict[str, float]
    others: dict[str, float]
    before: float
    """Of anybody while nothing happened: what this machine does by itself."""


def strike(studio: RunningStudio, shard: ProcessName, number: signal.Signals) -> Outcome:
    """Send a shard a signal and wait until all its guests are back on air."""
    with Arrivals(studio.process.pid, SOURCES) as arrivals:

        def moving() -> bool:
            now = time.monotonic()
            return all(arrivals.count(source, now - 0.5) >= 8 for source in SOURCES)

        wait_until("all pictures move", moving, 15)
        begun = time.monotonic()
        wait_until("a calm second", lambda: all(arrivals.count(source, begun) > 30 for source in SOURCES))
        before = max(arrivals.longest_gap_s(source, begun) for source in SOURCES)
        struck = time.monotonic()
        os.kill(studio.processes()[shard], number)

        def gaps() -> dict[str, float]:
            return {seat: arrivals.longest_gap_s(of_seat(seat), struck) for seat in SEATS}

        wait_until("somebody is off air", lambda: max(gaps().values()) > OFF_AIR_S, 5)
        wait_until("all pictures move again", moving, 15)
        found = gaps()
    wait_until("all are on air", lambda: on_air(studio) == set(SEATS), 10)
    hit = {seat: gap for seat, gap in found.items() if gap > OFF_AIR_S}
    outcome = Outcome(hit, {seat: gap for seat, gap in found.items() if seat not in hit}, before)
    print(f"\n{shard}, {number.name}: off air for {[round(gap, 2) for gap in hit.values()]} s;")
    others = [round(1000 * gap) for gap in outcome.others.values()]
    print(f"  the others' longest gap {others} ms, {before * 1000:.0f} ms before")
    return outcome


def test_a_killed_shards_guests_are_back_and_the_others_undisturbed(show: RunningStudio) -> None:
    outcome = strike(show, shard_name(0), signal.SIGKILL)
    assert len(outcome.hit) == 2, "they had been spread evenly"
    assert max(outcome.hit.values()) <= 5
    assert max(outcome.others.values()) < 0.2 + 2 * outcome.before


def test_a_hung_shards_guests_find_another(show: RunningStudio) -> None:
    """It takes no packets and no offers, but is not known to be dead until 5 s later."""
    before = show.status("processes", "shard-2", "restarts")
    outcome = strike(show, shard_name(1), signal.SIGSTOP)
    assert len(outcome.hit) == 2, "they had been spread evenly"
    assert max(outcome.hit.values()) <= 5
    assert max(outcome.others.values()) < 0.2 + 2 * outcome.before

    def restarted() -> bool:
        return bool(show.status("processes", "shard-2", "restarts") == before + 1 and running(show))

    wait_until("it was killed and restarted", restarted, 15)
    assert on_air(show) == set(SEATS)
