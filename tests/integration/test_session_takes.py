"""Takes and who speaks in the session: what is over by time, and what the session orders itself."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from mixer.contract.names import of_seat
from studio.planning.planner import Plans
from tests.integration.test_session import House, refusal
from tests.support.shows import DIRECTOR

pytestmark = pytest.mark.alone

AUTO = {"program": {"layout": "solo", "places": [{"auto": True}]}}


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    running = await House(tmp_path / "show.db").open()
    for seat in ("anna", "bora"):
        await running.do("seat.create", seat=seat)
        await running.do("seat.admit", seat=seat)
        places = [{"seat": seat}]
        await running.do(
            "scene.create", scene=seat, canvases={"program": {"layout": "solo", "places": places}}
        )
    await running.do("program.cut", scene="anna")
    await running.do("preview.set", scene="bora")
    running.session.set_peers({"anna": "connected", "bora": "connected"}, ())
    yield running
    await running.session.close()


async def planned(house: House, found: Any) -> Plans:
    async with asyncio.timeout(10):
        while not found(house.session.plans):
            await asyncio.sleep(0.01)
    return house.session.plans


async def test_a_transition_is_in_the_plan_until_it_is_over(house: House) -> None:
    asked_ns = time.monotonic_ns()
    done = await house.do("program.auto", transition="wipe", duration_ms=400, direction="down")
    accepted_ns = time.monotonic_ns()
    plans, issued_ns = house.plans[-1]
    how = plans.mix.transition
    assert how is not None
    assert asked_ns <= how.start_ns == issued_ns <= accepted_ns
    assert (how.kind, how.duration_ns) == ("wipe", 400_000_000)
    assert plans.mix.leaving.keys() == {"program", "wall"}
    (event,) = done.events
    assert event["transition"] == {"kind": "wipe", "duration_ms": 400, "direction": "down"}
    seats = house.mirror["status"]["seats"]
    assert [seats[seat]["state"] for seat in ("anna", "bora")] == ["on_air", "on_air"], "both are seen"
    take = house.mirror["status"]["take"]
    assert (take["scene"], take["leaving"], take["kind"], take["duration_ms"]) == (
        "bora",
        "anna",
        "wipe",
        400,
    )
    assert take["ends_at_ms"] == int(house.now * 1000) + 400
    state = await house.until(lambda state: state["status"]["take"] is None)
    over = await planned(house, lambda plans: plans.mix.transition is None)
    assert time.monotonic_ns() >= how.start_ns + how.duration_ns
    assert state["status"]["seats"]["anna"]["state"] == "next"
    assert (over.mix.leaving, over.mix.audio.fade_ms) == ({}, 0)
    assert (state["program"], state["preview"], state["undo"]) == ("bora", "anna", True)


async def test_a_control_that_comes_back_in_mid_transition_has_the_scene_on_air(house: House) -> None:
    await house.do("program.auto", duration_ms=30_000)
    await house.do("program.tbar", position=0.5)
    await house.session.close()
    again = await House(house.path).open()
    mix = again.session.plans.mix
    assert mix.transition is not None
    assert mix.transition.position == 0.5, "the T-bar stays where it stands"
    await again.do("program.tbar", position=0)
    mix = again.session.plans.mix
    assert (mix.transition, mix.leaving) == (None, {})
    assert [tile.source for tile in mix.canvases["program"].tiles] == ["seat/bora"]
    await again.session.close()


async def test_the_public_state_says_what_is_on_air(house: House) -> None:
    await house.do("transition.update", transition="dip", duration_ms=700, colour="#123456")
    await house.do("program.slate", on=True)
    await house.do("program.tbar", position=0.25)
    await house.do("seat.update", seat="anna", part="host", names={"ko": {"name": "안나"}})
    state = house.mirror
    assert state["transition"] == {
        "kind": "dip",
        "duration_ms": 700,
        "direction": "left",
        "colour": "#123456",
    }
    assert (state["slate"], state["tbar"]) == (True, 0.25)
    assert (state["seats"]["anna"]["part"], state["seats"]["anna"]["names"]) == (
        "host",
        {"ko": {"name": "안나", "title": ""}},
    )
    place = {
        "seat": "anna",
        "box": {"x": 0, "y": 0, "w": 0.5, "h": 1},
        "crop": {"x": 0, "y": 0, "w": 0.5, "h": 1},
    }
    await house.do("scene.create", scene="own", canvases={"program": {"layout": "free", "places": [place]}})
    assert house.mirror["scenes"]["own"]["canvases"]["program"]["places"] == [place]
    assert (state["speaker"], state["preview_speaker"], state["graphics"]) == ("", "", {})
    assert state["auto_speaker"] == {
        "to": "preview",
        "hold_ms": 1500,
        "least_ms": 4000,
        "exclude": [],
        "pin": "",
    }
    assert "logo" not in state["theme"]
    assert await refusal(house.do("theme.set", theme="nothing")) == (404, "theme.unknown")


async def test_who_speaks_is_chosen_by_the_session_itself(house: House) -> None:
    await house.do("scene.create", scene="talk", canvases=AUTO)
    await house.do("preview.set", scene="talk")
    await house.do("speaker.update", hold_ms=200)

    def speak(seat: str) -> None:
        levels = {of_seat(each): -20.0 if each == seat else -70.0 for each in ("anna", "bora")}
        house.session.heard(levels)

    house.session.heard({of_seat("anna"): -70.0, of_seat("bora"): -70.0})
    async with asyncio.timeout(10):
        while house.mirror["preview_speaker"] != "bora":
            speak("bora")
            await asyncio.sleep(0.05)
    assert [tile.source for tile in house.session.plans.mix.canvases["preview"].tiles] == ["seat/bora"]
    chosen = (await house.session.events(0, 1000))[-1]
    assert (chosen.actor, chosen.event["type"], chosen.event["to"]) == ("studio", "speaker.chosen", "preview")
    await house.do("program.cut", DIRECTOR)
    assert (house.mirror["program"], house.mirror["speaker"]) == ("talk", "bora")
    assert house.session.plans.microphones == ("anna", "bora")
