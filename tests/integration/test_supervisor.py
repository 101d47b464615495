"""The processes' promises, with the real processes: each is killed, and the others don't notice."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mixer.ipc import priority
from mixer.ipc.priority import Urgency
from studio.contract.client import ClientError
from studio.contract.datadir import RUN_FILE, read_run
from tests.support.running import RunningStudio, left_behind, running_studio, wait_until

pytestmark = pytest.mark.alone

FIXED = ("control", "mixer", "shard-1")


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStudio]:
    """One studio for all tests of this file: bars on the programme, a recording that runs."""
    with running_studio(tmp_path_factory.mktemp("studio")) as running:
        running.do("source.create", source="bars", kind="bars")
        scene = {"program": {"layout": "solo", "places": [{"source": "bars"}]}}
        running.do("scene.create", scene="bars", canvases=scene)
        running.do("program.cut", scene="bars")
        running.do("output.create", output="vod", recording=True, rendition="program", buses=["floor"])
        running.do("output.start", output="vod")
        _recording(running)
        yield running


def _recording(studio: RunningStudio) -> int:
    """Waits until the recording runs; the bytes it has."""
    return int(
        wait_until(
            "the recording runs",
            lambda: (
                studio.status("outputs", "vod", "state") == "live"
                and studio.status("outputs", "vod", "bytes")
            ),
        )
    )


def _kill(studio: RunningStudio, name: str) -> tuple[int, float]:
    """kill -9; its process id and the instant."""
    pid = studio.processes()[name]
    os.kill(pid, signal.SIGKILL)
    return pid, time.monotonic()


def _back(studio: RunningStudio, name: str, old: int, within_s: float) -> None:
    """Wait until the process runs again under another id and says so."""

    def ready() -> bool:
        pid = studio.processes().get(name)
        try:
            return pid not in (None, old) and studio.status("processes", name, "state") == "running"
        except ClientError:
            return False

    wait_until(f"{name} is back", ready, within_s)


def _others(studio: RunningStudio, name: str) -> dict[str, int]:
    return {each: pid for each, pid in studio.processes().items() if each != name}


def _parts(studio: RunningStudio) -> list[Path]:
    return sorted((studio.data / "recordings").glob("*.mkv"))


def test_every_part_is_a_process_of_its_own(studio: RunningStudio) -> None:
    assert sorted(studio.processes()) == sorted([*FIXED, "sender/vod"])


def _urgency(pid: int) -> dict[str, set[tuple[int, int]]]:
    """Policy and real-time priority of the threads, by name; see proc(5)."""
    found: dict[str, set[tuple[int, int]]] = {}
    for task in Path(f"/proc/{pid}/task").iterdir():
        name, _, rest = (task / "stat").read_text("utf-8").partition("(")[2].rpartition(")")
        fields = rest.split()
        found.setdefault(name, set()).add((int(fields[38]), int(fields[37])))
    return found


@pytest.mark.skipif(not priority.allowed(), reason="the system allows no real-time threads here")
def test_the_programmes_clock_goes_first_and_guests_before_the_rest(studio: RunningStudio) -> None:
    """Or a decoder would hold up the tick, and a browser on this machine everybody's packets."""
    processes = studio.processes()
    mixer, ordinary = _urgency(processes["mixer"]), {(os.SCHED_OTHER, 0)}
    for names, urgency in (
        (("tick", "sound"), Urgency.CLOCK),
        (("bus", "program/h264"), Urgency.PROGRAM),
        (tuple(mixer.keys() - {"tick", "sound", "bus", "program/h264"}), Urgency.OTHERS),
    ):
        assert set().union(*map(mixer.__getitem__, names)) == {(os.SCHED_RR, urgency)}, names
    assert set().union(*_urgency(processes["shard-1"]).values()) == {(os.SCHED_RR, Urgency.GUESTS)}
    for name in ("control", "sender/vod"):
        assert set().union(*_urgency(processes[name]).values()) == ordinary


def test_run_file_is_private(studio: RunningStudio) -> None:
    file = studio.data / RUN_FILE
    assert file.stat().st_mode & 0o777 == 0o600
    assert read_run(studio.data) == studio.info
    assert studio.info.pid == studio.process.pid


def test_control_dies(studio: RunningStudio) -> None:
    before, others = studio.state(), _others(studio, "control")
    written = _recording(studio)
    pid, at = _kill(studio, "control")

    def answers() -> bool:
        try:
            return bool(studio.state())
        except ClientError:
            return False

    wait_until("consoles can reconnect", answers, 3.0)
    assert time.monotonic() - at < 3.0
    after = studio.state()
    assert {key: after[key] for key in before if key != "status"} == {
        key: before[key] for key in before if key != "status"
    }
    assert _others(studio, "control") == others
    _back(studio, "control", pid, 5.0)
    wait_until("the recording went on", lambda: (studio.status("outputs", "vod", "bytes") or 0) > written)
    assert studio.status("mixer", "late_ticks") is not None
    assert len(_parts(studio)) == 1


def test_shard_dies(studio: RunningStudio) -> None:
    others = _others(studio, "shard-1")
    written = _recording(studio)
    pid, _ = _kill(studio, "shard-1")
    _back(studio, "shard-1", pid, 5.0)
    assert _others(studio, "shard-1") == others
    wait_until("the recording went on", lambda: studio.status("outputs", "vod", "bytes") > written)
    assert len(_parts(studio)) == 1


def test_sender_dies(studio: RunningStudio) -> None:
    others = _others(studio, "sender/vod")
    first = _parts(studio)
    pid, at = _kill(studio, "sender/vod")

    def new_part() -> bool:
        fresh = [part for part in _parts(studio) if part not in first]
        return bool(fresh) and fresh[0].stat().st_size > 0

    wait_until("the recording goes on in a new part", new_part, 5.0, every_s=0.01)
    _back(studio, "sender/vod", pid, 5.0)
    assert _others(studio, "sender/vod") == others
    assert len(_parts(studio)) == len(first) + 1
    assert time.monotonic() - at < 5.0


def test_mixer_dies(studio: RunningStudio) -> None:
    others = _others(studio, "mixer")
    # What came after the last whole plan is there again, too.
    studio.do("monitor.set", bus="hall")
    revision = studio.do("transition.update", duration_ms=700)["revision"]
    ticks = studio.status("mixer", "ticks")
    pid, at = _kill(studio, "mixer")
    _back(studio, "mixer", pid, 3.0)
    assert time.monotonic() - at < 3.0
    assert _others(studio, "mixer") == others
    wait_until("the plan is on air again", lambda: studio.status("mixer", "revision") == revision)
    wait_until("it reports again", lambda: 0 < studio.status("mixer", "ticks") != ticks)


def test_a_process_that_hangs_is_ended(studio: RunningStudio) -> None:
    others = _others(studio, "shard-1")
    pid = studio.processes()["shard-1"]
    os.kill(pid, signal.SIGSTOP)
    try:
        _back(studio, "shard-1", pid, 12.0)
    finally:
        if studio.processes().get("shard-1") == pid:
            os.kill(pid, signal.SIGCONT)
    assert _others(studio, "shard-1") == others


def test_second_studio_on_the_same_data(studio: RunningStudio) -> None:
    done = _run_briefly(studio.data)
    assert done.returncode == 1
    assert done.stderr.strip() == (
        f"studio: another studio (pid {studio.process.pid}) is running on the data directory {studio.data}"
    )
    assert read_run(studio.data) == studio.info


def test_port_taken(studio: RunningStudio, tmp_path: Path) -> None:
    port = studio.url.rpartition(":")[2]
    done = _run_briefly(tmp_path / "other", "--port", port)
    last = done.stderr.strip().splitlines()[-1]
    assert done.returncode == 1
    assert last.startswith("studio: ")
    assert port in last
    assert "Traceback" not in done.stderr
    assert left_behind(tmp_path / "other") == []
    assert not (tmp_path / "other" / RUN_FILE).exists()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_orderly_end_leaves_nothing(tmp_path: Path, how: signal.Signals) -> None:
    data = tmp_path / "data"
    shared = set(os.listdir("/dev/shm"))
    with running_studio(data) as running:
        running.do("output.create", output="vod", recording=True, rendition="program", buses=["floor"])
        running.do("output.start", output="vod")
        _recording(running)
        pids = running.processes()
        assert len(pids) == 4
        running.process.send_signal(how)
        assert running.process.wait(20) == 0
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids.values())
    assert left_behind(data) == []
    assert not (data / RUN_FILE).exists()
    assert set(os.listdir("/dev/shm")) <= shared
    host, port = running.url.removeprefix("http://").split(":")
    with socket.socket() as probe:
        assert probe.connect_ex((host, int(port))) != 0
    assert running.log.count('"process ended"') == 4
    assert '"level": "error"' not in running.log


def test_children_die_with_a_killed_supervisor(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with running_studio(data) as running:
        running.process.kill()
        running.process.wait()
        wait_until("no process is left", lambda: not left_behind(data), 5.0)
    # what it left is no obstacle for the next one
    with running_studio(data) as again:
        assert again.info.pid != running.info.pid
        assert again.token == running.token


def _run_briefly(data: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "studio", "run", "--data", str(data), *(arguments or ("--port", "0"))],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "STUDIO_DATA": str(data)},
    )
