"""Rehearsals and the demo: synthetic guests join over real WebRTC, are admitted, and come back."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from signaling.rtc.client import Player, RehearsalGuest
from signaling.rtc.loops import Loop, make_loop
from studio.cast import MAYORS
from studio.rehearse import SIZES, Loops, SyntheticGuest, fitting, slowest
from tests.integration.test_service_restart import picture
from tests.running import RunningStudio, left_behind, running_studio, wait_until

DEMO_SCENES = ["plenary", "keynote", "speech", "dialogue", "panel", "photo", "break"]


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[RunningStudio]:
    with running_studio(tmp_path / "data") as running:
        yield running


@contextlib.contextmanager
def rehearsal(studio: RunningStudio, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-m", "studio", "rehearse", *arguments],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "STUDIO_DATA": str(studio.data)},
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def _seat(studio: RunningStudio, seat: str) -> dict[str, object]:
    return studio.status("seats", seat) or {}


def _on_air(studio: RunningStudio, *seats: str) -> bool:
    parts = [_seat(studio, seat) for seat in seats]
    return all(part.get("state") == "on_air" and part.get("picture") == "live" for part in parts)


def test_guests_join_are_admitted_and_leave(studio: RunningStudio) -> None:
    studio.do("scene.create", scene="all", canvases={"program": {"layout": "grid"}})
    studio.do("program.cut", scene="all")
    with rehearsal(studio, "--guests", "2", "--loss", "1") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "2 guests are on stage\n"
        wait_until("both are on air", lambda: _on_air(studio, "rehearsal-1", "rehearsal-2"), 15)
        wait_until("it is heard", lambda: _seat(studio, "rehearsal-1")["level_db"] != -100)
        wait_until("lost packets are seen", lambda: _seat(studio, "rehearsal-1")["lost"], 30)
        process.send_signal(signal.SIGINT)
        assert process.wait(15) == 0
    wait_until(
        "both are gone",
        lambda: all(_seat(studio, f"rehearsal-{number}")["state"] == "absent" for number in (1, 2)),
    )


def test_guests_come_back_when_their_shard_dies(studio: RunningStudio) -> None:
    studio.do("scene.create", scene="all", canvases={"program": {"layout": "grid"}})
    studio.do("program.cut", scene="all")
    with rehearsal(studio, "--guests", "2"):
        seats = ("rehearsal-1", "rehearsal-2")
        wait_until("both are on air", lambda: _on_air(studio, *seats), 30)
        ticks = studio.status("mixer", "ticks")
        os.kill(studio.processes()["shard-1"], signal.SIGKILL)
        wait_until("they are noticed missing", lambda: not _on_air(studio, *seats))
        wait_until("both are back on air", lambda: _on_air(studio, *seats), 15)
        assert studio.status("mixer", "ticks") > ticks


def test_guests_stay_through_the_death_of_control(studio: RunningStudio) -> None:
    studio.do("scene.create", scene="all", canvases={"program": {"layout": "grid"}})
    studio.do("program.cut", scene="all")
    with rehearsal(studio, "--guests", "1"):
        wait_until("the guest is on air", lambda: _on_air(studio, "rehearsal-1"), 30)
        shard = studio.processes()["shard-1"]
        os.kill(studio.processes()["control"], signal.SIGKILL)

        def again() -> bool:
            with contextlib.suppress(Exception):
                return _on_air(studio, "rehearsal-1")
            return False

        wait_until("the guest is on air for the new control", again, 15)
        assert studio.processes()["shard-1"] == shard


def test_rehearsal_ends_by_itself(studio: RunningStudio) -> None:
    with rehearsal(studio, "--guests", "1", "--seconds", "3") as process:
        assert process.wait(30) == 0


def test_demo_shows_six_mayors_and_records(tmp_path: Path) -> None:
    data = tmp_path / "demo"
    with running_studio(data, command="demo") as demo:
        names = [part.seat for part in MAYORS]
        wait_until("all mayors are on air", lambda: _on_air(demo, *names), 60)
        state = demo.state()
        assert state["program"] == "plenary"
        wait_until("the rest is set up", lambda: demo.state()["preview"] == "speech", 30)
        state = demo.state()
        assert state["order"]["scenes"] == DEMO_SCENES
        assert state["scenes"]["speech"]["canvases"]["program"]["layout"] == "slides"
        assert state["sources"]["slides"]["pages"] == 3
        wait_until("slides are there", lambda: demo.status("sources", "slides", "state") == "ready", 30)
        assert state["status"]["glyphs"] == {}, "every name and text has its characters"
        assert state["seats"]["shiomi"]["names"]["en"]["name"] == "Aoba Shiomi"
        assert state["seats"]["hanbit"]["name"] == MAYORS[0].name
        assert state["seats"]["hanbit"]["language"] == "ko"
        assert state["booths"]["booth-1"]["languages"] == ["ko", "en"]
        interpreters = [seat for seat in state["seats"].values() if seat["booth"] == "booth-1"]
        assert [seat["into"] for seat in interpreters] == ["ko", "en"]
        assert [cue["scene"] for cue in state["rundown"]] == DEMO_SCENES
        assert state["outputs"]["vod"]["buses"] == ["floor", "ko", "en"]
        wait_until("it records", lambda: demo.status("outputs", "vod", "state") == "live")
        assert demo.stop() == 0
    assert left_behind(data) == []
    assert list((data / "recordings").glob("*.mkv"))
    # a second demo on the same data finds its show again
    with running_studio(data, command="demo") as again:
        wait_until("all mayors are back", lambda: _on_air(again, *names), 60)


def test_guests_send_what_fills_the_box() -> None:
    assert fitting(160, 90) == SIZES[0]
    assert fitting(458, 248) == (480, 270)
    assert fitting(482, 270) == (640, 360)
    assert fitting(640, 540) == (960, 540)
    assert fitting(1280, 540) == (1280, 720)
    assert fitting(3840, 1080) == SIZES[-1]
    assert [slowest(fps) for fps in (1, 5, 6, 30, 60)] == [5, 5, 10, 30, 30]


async def test_a_guest_who_is_wanted_sends_at_once_what_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another size is still being encoded: until then the one before, and not nothing."""
    encoded = threading.Event()
    loops = Loops(MAYORS[0])
    loop = make_loop("x", 0.1, seconds=1, size=(64, 36))

    def slowly(size: tuple[int, int], fps: int = 30) -> Loop:
        encoded.wait(10)
        return loop

    monkeypatch.setattr(loops, "now", slowly)
    guest = SyntheticGuest(MAYORS[0], "http://localhost/join/x", "", Player(), 0.0, loops)
    guest._peer = peer = RehearsalGuest(loop, Player())
    states: list[bool] = []
    await guest._follow({"status": {"uplink": {"fps": 0}}})
    states.append(peer._paused)
    uplink = {"width": 1280, "height": 720, "fps": 30}
    wanted = asyncio.create_task(guest._follow({"status": {"uplink": uplink}}))
    await asyncio.sleep(0)
    states.append(peer._paused)
    encoded.set()
    await wanted
    await peer.close()
    assert states == [True, False]


def test_guests_follow_the_layout_in_size_and_rate_and_send_nothing_to_nobody(studio: RunningStudio) -> None:
    canvases = {"program": {"layout": "solo", "places": [{"seat": "rehearsal-1"}]}}
    seats = ("rehearsal-1", "rehearsal-2")
    with rehearsal(studio, "--guests", "2"):
        wait_until("both are there", lambda: all(_seat(studio, seat).get("width") for seat in seats), 30)
        studio.do("scene.create", scene="solo", canvases=canvases)
        studio.do("program.cut", scene="solo")
        wait_until("one in full", lambda: _seat(studio, "rehearsal-1")["height"] == 720, 15)

        def quiet() -> bool:
            seat = _seat(studio, "rehearsal-2")
            return seat["uplink"]["fps"] == 0 and seat["fps"] == 0 and seat["bitrate"] < 80_000  # type: ignore[index,operator]

        wait_until("nobody watches: no picture of the other", quiet, 25)
        assert _seat(studio, "rehearsal-2")["picture"] != "slate", "he is not at fault"

        def thumbnail() -> bool:
            picture(studio, "multiview")  # as a viewer's console does
            seat = _seat(studio, "rehearsal-2")
            return (seat["width"], seat["height"]) == (160, 90) and 3 <= seat["fps"] <= 7  # type: ignore[operator]

        wait_until("a thumbnail for the multiview", thumbnail, 15, every_s=0.5)
        assert _seat(studio, "rehearsal-1")["height"] == 720
