"""What a hand moves is heard, seen and told at once, and logged when the hand lets go."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from signaling.contract.ports import Actor
from studio.control import session as sessions
from tests.integration.test_session import House, refusal
from tests.support.merging import as_json

pytestmark = pytest.mark.alone


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    running = await House(tmp_path / "show.db").open()
    for seat in ("anna", "bora"):
        await running.do("seat.create", seat=seat)
        await running.do("seat.admit", seat=seat)
        canvases = {"program": {"layout": "solo", "places": [{"seat": seat}]}}
        await running.do("scene.create", scene=seat, canvases=canvases)
    await running.do("source.create", source="bars", kind="bars")
    await running.do("program.cut", scene="anna")
    await running.do("preview.set", scene="bora")
    yield running
    await running.session.close()


def gains(house: House) -> dict[str, float]:
    return {each.source: each.gain_db for each in house.session.plans.mix.audio.open}


async def logged(house: House, after: int) -> list[tuple[str, dict[str, Any]]]:
    return [(line.actor, dict(line.event)) for line in await house.session.events(after, 100)]


async def state_again(house: House) -> tuple[House, dict[str, Any]]:
    """What a control that restarts makes of the log."""
    again = await House(house.path).open()
    return again, {**as_json(again.session.public_state()), "status": None}


async def test_a_fader_is_one_event_however_far_it_went(house: House) -> None:
    revision, plans = house.session.revision, len(house.plans)
    house.changes.clear()
    for db in range(-1, -31, -1):
        done = await house.do("source.gain", source="seat/anna", db=db, live=True)
        assert (done.revision, done.events) == (revision, ())
        assert gains(house) == {"seat/anna": db}
    assert len(house.plans) == plans + 30, "each one is on its way"
    assert house.plans[-1][0].mix.revision == revision
    assert house.plans[-1][0].mix.canvases is house.plans[plans - 1][0].mix.canvases
    await house.until(lambda state: state["seats"]["anna"]["gain_db"] == -30)
    assert len(house.changes) < 10, "at a bounded rate"
    assert {change.event for change in house.changes} == {None}
    assert await logged(house, revision) == []
    done = await house.do("source.gain", source="seat/anna", db=-31)
    event = {"type": "source.gained", "source": "seat/anna", "db": -31}
    assert (done.revision, list(done.events)) == (revision + 1, [event])
    assert await logged(house, revision) == [("director", event)]


@pytest.mark.parametrize("last", [-5, 0], ids=["where it is", "where it was"])
async def test_the_last_value_is_logged_also_where_it_changes_nothing_more(house: House, last: int) -> None:
    revision = house.session.revision
    for db in (-3, -5):
        await house.do("source.gain", source="bars", db=db, live=True)
    done = await house.do("source.gain", source="bars", db=last)
    event = {"type": "source.gained", "source": "bars", "db": last}
    assert list(done.events) == [event]
    assert await logged(house, revision) == [("director", event)]
    assert (await house.do("source.gain", source="bars", db=last)).events == ()


async def test_a_console_that_is_gone_leaves_the_last_value(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "STILL_S", 0.05)
    revision = house.session.revision
    for db in (-3, -5):
        await house.do("source.gain", source="seat/anna", db=db, live=True)
    async with asyncio.timeout(5):
        while house.session.revision == revision:
            await asyncio.sleep(0.01)
    event = {"type": "source.gained", "source": "seat/anna", "db": -5}
    assert await logged(house, revision) == [("director", event)]
    assert house.changes[-1].event == event


async def test_what_happens_meanwhile_is_logged_behind_it(house: House) -> None:
    revision = house.session.revision
    await house.do("source.gain", source="seat/anna", db=-3, live=True)
    await house.do("program.tbar", position=0.4, live=True)
    done = await house.do("seat.update", Actor("speaker", "bora"), seat="bora", name="Bora")
    assert [event["type"] for event in done.events] == ["seat.updated"], "only what was asked for"
    assert done.revision == revision + 3
    told = await logged(house, revision)
    assert [(actor, event["type"]) for actor, event in told] == [
        ("director", "source.gained"),
        ("director", "program.tbar_moved"),
        ("speaker/bora", "seat.updated"),
    ]
    await house.do("source.gain", source="bars", db=-4, live=True)
    await house.do("source.delete", source="bars")
    assert next(event["type"] for _, event in await logged(house, revision + 3)) == "source.gained"
    state = {**as_json(house.session.public_state()), "status": None}
    await house.session.close()
    again, restored = await state_again(house)
    assert restored == state
    await again.session.close()


async def test_the_t_bar_is_on_air_as_it_goes_and_takes_at_its_end(house: House) -> None:
    revision = house.session.revision
    for position in (0.1, 0.5, 0.9):
        await house.do("program.tbar", position=position, live=True)
        how = house.session.plans.mix.transition
        assert how is not None
        assert how.position == position
    assert set(gains(house)) == {"seat/anna", "seat/bora"}
    assert await refusal(house.do("preview.set", scene="anna")) == (409, "program.tbar-moved")
    await house.until(lambda state: state["tbar"] == 0.9)
    done = await house.do("program.tbar", position=1, live=True)
    assert [event["type"] for event in done.events] == ["program.changed"], "a take is no live value"
    assert [event["type"] for _, event in await logged(house, revision)] == ["program.changed"]
    state = {**as_json(house.session.public_state()), "status": None}
    assert (state["program"], state["tbar"]) == ("bora", 0)

    await house.do("program.tbar", position=0.5, live=True)
    await house.do("program.tbar", position=0, live=True)
    assert house.session.plans.mix.transition is None
    await house.do("program.tbar", position=0.3, live=True)
    await house.do("program.cut")
    assert [event["type"] for _, event in await logged(house, revision + 1)] == ["program.changed"]
    state = {**as_json(house.session.public_state()), "status": None}
    await house.session.close()
    again, restored = await state_again(house)
    assert restored == state
    await again.session.close()


async def test_nothing_under_way_is_lost_when_control_ends(house: House) -> None:
    await house.do("source.gain", source="seat/anna", db=-3, live=True)
    await house.do("program.tbar", position=0.4, live=True)
    await house.session.close()
    again, restored = await state_again(house)
    assert (restored["seats"]["anna"]["gain_db"], restored["tbar"]) == (-3, 0.4)
    await again.session.close()


async def test_a_live_value_is_checked_as_any_other(house: House) -> None:
    assert await refusal(house.do("source.gain", source="seat/nobody", db=-3, live=True)) == (
        404,
        "seat.unknown",
    )
    guest = Actor("speaker", "anna")
    status, _ = await refusal(house.do("source.gain", guest, source="seat/anna", db=-3, live=True))
    assert status == 403
    assert await refusal(house.do("source.gain", source="seat/anna", db=-300, live=True)) == (
        400,
        "command.malformed",
    )
