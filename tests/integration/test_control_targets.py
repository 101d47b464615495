"""The real control process and what it tells the shards; the supervisor and the shards are played here."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from mixer.contract.messages import Shutdown
from mixer.contract.names import CONTROL, SUPERVISOR, ProcessName, shard_name
from mixer.ipc import link as links
from mixer.ipc.link import LINK_FD_ENV, Envelope, Link
from signaling.contract.messages import PeerStats, RecordSeats, ShardReport, UplinkTargets
from studio.contract.client import Client
from studio.contract.datadir import RunInfo
from studio.contract.messages import ControlConfig, Listening, ProcessChanged
from studio.planning.demand import LEARN_S
from studio.planning.uplink import NOTHING, THUMBNAIL, target_for
from tests.support.running import wait_until

pytestmark = pytest.mark.alone

TOKEN = "a-director-token-of-the-tests"


class Played:
    """``targets``: what control has told the shards, with the shard's name and seconds since its start."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._began = time.monotonic()
        self.targets: list[tuple[str, float, UplinkTargets]] = []
        self.url = ""
        self._seats: list[str] = []

    def seats(self) -> list[str]:
        """What the shards are told to record the seats for, in the order it was said."""
        self.pump()
        return self._seats

    def pump(self) -> None:
        while (got := self._link.receive()) is not None:
            envelope, fds = got
            for fd in fds:
                os.close(fd)
            kind = msgspec.msgpack.decode(envelope.body)["type"]
            if envelope.to.startswith("shard-"):
                if kind == "RecordSeats":
                    self._seats.append(msgspec.msgpack.decode(envelope.body, type=RecordSeats).output)
                if kind != "UplinkTargets":
                    continue
                told = msgspec.msgpack.decode(envelope.body, type=UplinkTargets)
                self.targets.append((envelope.to, time.monotonic() - self._began, told))
            elif kind == "Listening":
                self.url = msgspec.msgpack.decode(envelope.body, type=Listening).url

    def where(self) -> str:
        """Control's address, once it has one."""
        self.pump()
        return self.url

    def say(self, message: msgspec.Struct, sender: ProcessName = SUPERVISOR) -> None:
        body = msgspec.Raw(msgspec.msgpack.encode(message))
        self._link.forward(Envelope(CONTROL, sender, body))

    def newest(self, shard: ProcessName) -> UplinkTargets | None:
        self.pump()
        return next((told for to, _, told in reversed(self.targets) if to == shard), None)


@contextlib.contextmanager
def control(data: Path) -> Iterator[Played]:
    ours, theirs = links.pair()
    os.set_inheritable(theirs.fileno(), True)
    process = subprocess.Popen(
        [sys.executable, "-m", "studio.control.process"],
        env={**os.environ, LINK_FD_ENV: str(theirs.fileno())},
        pass_fds=[theirs.fileno()],
    )
    theirs.close()
    link = Link(ours, SUPERVISOR)
    played = Played(link)
    try:
        played.say(ControlConfig("", str(data), "127.0.0.1", 0, TOKEN, time.monotonic_ns()))
        wait_until("control listens", lambda: played.where(), 20)
        yield played
        played.say(Shutdown())
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.wait()
        link.close()


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("control")


def test_shards_are_told_of_sizes_and_microphones_once_it_is_known_who_is_there(data: Path) -> None:
    with control(data) as played:
        client = Client(RunInfo(os.getpid(), played.url, TOKEN))

        def do(type_: str, **fields: Any) -> None:
            client.command({"type": type_, **fields})

        for seat in ("one", "two", "three"):
            do("seat.create", seat=seat)
            do("seat.admit", seat=seat)
            canvases = {"program": {"layout": "solo", "places": [{"seat": seat}]}}
            do("scene.create", scene=seat, canvases=canvases)
        do("program.cut", scene="one")
        do("preview.set", scene="two")
        played.say(ProcessChanged(shard_name(0), "running", 1, 0))
        stats = tuple(PeerStats(f"guest~{seat}~tab~x", seat) for seat in ("one", "two", "three"))
        played.say(ShardReport(stats), shard_name(0))

        told = wait_until("the shard is told", lambda: played.newest(shard_name(0)), LEARN_S + 5)
        assert played.targets[0][1] >= LEARN_S, "nothing before control knows who is there"
        full = target_for(1280, 720)
        # somebody may have polled snapshots before control restarted: nobody is told "nothing" yet
        assert told.seats == {"one": full, "two": full, "three": THUMBNAIL}
        assert told.open == ("one", "two")
        assert told.listens == {}

        played.say(ProcessChanged(shard_name(1), "running", 2, 0))
        assert wait_until("a second shard", lambda: played.newest(shard_name(1))) == told
        do("source.mute", source="seat/two", muted=True)
        wait_until("a muted microphone is closed", lambda: _open(played) == ("one",))
        do("preview.set", scene="three")
        wait_until("the preview's is open", lambda: _open(played) == ("one", "three"))
        assert _target(played, "three") == full
        do("seat.update", seat="three", listen="en")
        wait_until("what each hears", lambda: _listens(played) == {"three": "en"})
        do("output.create", output="iso", seats=True)
        do("output.start", output="iso")
        wait_until("both shards record", lambda: played.seats() == ["", "", "iso", "iso"])
        do("output.stop", output="iso")
        wait_until("both have stopped", lambda: played.seats() == ["", "", "iso", "iso", "", ""])


def test_a_control_that_is_back_takes_nothing_from_anybody(data: Path) -> None:
    """On the data of the test before: ``one`` is on air, ``three`` in preview, ``two`` nowhere."""
    with control(data) as played:
        played.say(ProcessChanged(shard_name(0), "running", 1, 0))
        viewer = PeerStats("multiview~~tab~x")

        def told() -> UplinkTargets | None:
            played.say(ShardReport((viewer,)), shard_name(0))
            return played.newest(shard_name(0))

        wait_until("the shard is told", told, LEARN_S + 5)
        end = time.monotonic() + 1
        wait_until("a while goes by", lambda: told() and time.monotonic() > end)
        assert {to for to, _, _ in played.targets} == {"shard-1"}
        for _, _, each in played.targets:
            assert each.seats.keys() == {"one", "two", "three"}
            assert NOTHING not in each.seats.values()
            assert each.seats["one"] == each.seats["three"] == target_for(1280, 720)
            assert each.open == ("one", "three")


def _listens(played: Played) -> dict[str, str] | None:
    told = played.newest(shard_name(0))
    return told.listens if told is not None else None


def _open(played: Played) -> tuple[str, ...] | str | None:
    told = played.newest(shard_name(0))
    return told.open if told is not None else None


def _target(played: Played, seat: str) -> Any:
    told = played.newest(shard_name(0))
    return told.seats[seat] if told is not None else None
