"""Rehearsals and the demo: synthetic guests join over real WebRTC, are admitted, and come back."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from signaling.rtc.synthetic.client import LoopPlayer, RehearsalGuest
from signaling.rtc.synthetic.loops import make_loop
from studio.lab.cast import MAYORS
from studio.lab.guest import SILENT_S, SyntheticGuest
from studio.lab.guest_loops import LARGEST, Loops, Workshop, fitting, slowest
from tests.integration.test_service_restart import picture
from tests.support.running import RunningStudio, left_behind, running_studio, wait_until

pytestmark = pytest.mark.alone

DEMO_SCENES = ["plenary", "keynote", "speech", "dialogue", "panel", "photo", "break"]


SEATS = ("rehearsal-1", "rehearsal-2")


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[RunningStudio]:
    with running_studio(tmp_path / "data") as running:
        yield running


@contextlib.contextmanager
def rehearsal(studio: RunningStudio, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-m", "studio", "rehearse", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
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
        wait_until("both are on air", lambda: _on_air(studio, *SEATS), 60)
        wait_until("it is heard", lambda: _seat(studio, "rehearsal-1")["level_db"] != -100, 30)
        wait_until("lost packets are seen", lambda: _seat(studio, "rehearsal-1")["lost"], 60)
        process.send_signal(signal.SIGINT)
        assert process.wait(5) == 0
        lines = process.stdout.read().splitlines()
        assert [line.split()[:2] for line in lines[1:3]] == [[seat, "there"] for seat in SEATS]
    wait_until(
        "both are gone",
        lambda: all(_seat(studio, f"rehearsal-{number}")["state"] == "absent" for number in (1, 2)),
    )


def test_guests_come_back_when_their_shard_dies(studio: RunningStudio) -> None:
    studio.do("scene.create", scene="all", canvases={"program": {"layout": "grid"}})
    studio.do("program.cut", scene="all")
    with rehearsal(studio, "--guests", "2"):
        wait_until("both are on air", lambda: _on_air(studio, *SEATS), 60)
        ticks = studio.status("mixer", "ticks")
        os.kill(studio.processes()["shard-1"], signal.SIGKILL)
        wait_until("they are noticed missing", lambda: not _on_air(studio, *SEATS))
        wait_until("both are back on air", lambda: _on_air(studio, *SEATS), 60)
        assert studio.status("mixer", "ticks") > ticks


def test_guests_stay_through_the_death_of_control(studio: RunningStudio) -> None:
    studio.do("scene.create", scene="all", canvases={"program": {"layout": "grid"}})
    studio.do("program.cut", scene="all")
    with rehearsal(studio, "--guests", "1"):
        wait_until("the guest is on air", lambda: _on_air(studio, "rehearsal-1"), 60)
        shard = studio.processes()["shard-1"]
        os.kill(studio.processes()["control"], signal.SIGKILL)

        def again() -> bool:
            with contextlib.suppress(Exception):
                return _on_air(studio, "rehearsal-1")
            return False

        wait_until("the guest is on air for the new control", again, 30)
        assert studio.processes()["shard-1"] == shard


def test_the_report_says_who_came_and_who_never_did(studio: RunningStudio) -> None:
    with rehearsal(studio, "--guests", "2", "--over", "60", "--seconds", "4", "--json") as process:
        out, err = process.communicate(timeout=30)
    assert process.returncode == 1
    assert err.splitlines()[-1] == "studio: 1 of 2 guests never joined"
    report = json.loads(out)
    assert [guest["presence"] for guest in report["guests"]] == ["there", "missing"]
    assert (report["there"], report["missing"], report["all_there_s"]) == (1, 1, None)
    assert report["guests"][0]["joined_s"] < 4


def test_who_loses_the_processor_for_a_moment_stays(studio: RunningStudio) -> None:
    """On a loaded machine a guest that has read nothing for a while is late itself: nobody is gone."""
    with rehearsal(studio, "--guests", "4", "--over", "0", "--json") as process:
        wait_until("all are there", lambda: _connected(studio) == 4, 60, every_s=0.25)
        process.send_signal(signal.SIGSTOP)
        time.sleep(SILENT_S + 1)  # so long a silence, and no condition to wait for
        process.send_signal(signal.SIGCONT)
        wait_until("they are heard again", lambda: _live(studio) == 4, 30)
        asked_s = time.monotonic()
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=15)
        assert time.monotonic() - asked_s < 5
    assert process.returncode == 0
    assert [(guest["presence"], guest["breaks"]) for guest in json.loads(out)["guests"]] == [("there", 0)] * 4


def _connected(studio: RunningStudio) -> int:
    return sum(seat["connection"] == "connected" for seat in studio.status("seats").values())


def _live(studio: RunningStudio) -> int:
    return sum(seat["bitrate"] > 10_000 for seat in studio.status("seats").values())


def test_demo_shows_six_mayors_and_records(tmp_path: Path) -> None:
    data = tmp_path / "demo"
    with running_studio(data, command="demo") as demo:
        names = [part.seat for part in MAYORS]
        wait_until("all mayors are on air", lambda: _on_air(demo, *names), 120)
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
        wait_until("all mayors are back", lambda: _on_air(again, *names), 120)


def test_guests_send_what_fills_the_box() -> None:
    assert fitting(160, 90) == fitting(8, 4) == (160, 90)
    assert fitting(480, 270) == (480, 270)
    assert fitting(302, 196) == (350, 196), "it covers the box, as a browser's does, and no more"
    assert fitting(640, 540) == (960, 540)
    assert fitting(1280, 540) == (1280, 720)
    assert fitting(3840, 1080) == LARGEST
    assert [slowest(fps) for fps in (1, 5, 6, 30, 60)] == [5, 5, 10, 30, 30]


async def test_a_guest_who_is_wanted_sends_at_once_what_there_is() -> None:
    """Another size is still being encoded: until then the one before, and not nothing."""
    loop = make_loop("x", 0.1, seconds=1, size=(64, 36))
    with Workshop() as workshop:
        guest = SyntheticGuest(
            MAYORS[0],
            "http://localhost/join/x",
            "",
            LoopPlayer(),
            0.0,
            Loops(MAYORS[0]),
            workshop,
            lambda *_: None,
        )
        guest._peer = peer = RehearsalGuest(loop, LoopPlayer())
        states: list[bool] = []
        for uplink in ({"fps": 0}, {"width": 1280, "height": 720, "fps": 30}):
            guest.follow({"status": {"uplink": uplink}})
            states.append(peer._paused)
        await peer.close()
    assert states == [True, False]


def test_guests_follow_the_layout_in_size_and_rate_and_send_nothing_to_nobody(studio: RunningStudio) -> None:
    canvases = {"program": {"layout": "solo", "places": [{"seat": "rehearsal-1"}]}}
    with rehearsal(studio, "--guests", "2"):
        wait_until(
            "both are there", lambda: all(_seat(studio, seat).get("state") == "ready" for seat in SEATS), 30
        )
        studio.do("scene.create", scene="solo", canvases=canvases)
        studio.do("program.cut", scene="solo")
        wait_until("one in full", lambda: _seat(studio, "rehearsal-1")["height"] == 360, 60)

        def quiet() -> bool:
            seat = _seat(studio, "rehearsal-2")
            return seat["uplink"]["fps"] == 0 and seat["fps"] == 0 and seat["bitrate"] < 80_000  # type: ignore[index,operator]

        wait_until("nobody watches: no picture of the other", quiet, 60)
        assert _seat(studio, "rehearsal-2")["picture"] != "slate", "the guest is not at fault"

        def thumbnail() -> bool:
            picture(studio, "multiview")  # as a viewer's console does
            seat = _seat(studio, "rehearsal-2")
            return (seat["width"], seat["height"]) == (160, 90) and 3 <= seat["fps"] <= 7  # type: ignore[operator]

        wait_until("a thumbnail for the multiview", thumbnail, 60, every_s=0.5)
        assert _seat(studio, "rehearsal-1")["height"] == 360
