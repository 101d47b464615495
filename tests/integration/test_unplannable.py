"""A show that the planner can't plan: no command makes one, and a log that holds one stops nobody."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from studio.control.log.store import Store
from studio.show.events import AnyEvent, SceneCreated, decode
from tests.integration.test_session import House, refusal
from tests.support.merging import as_json

HOLLOW: dict[str, Any] = {"type": "scene.created", "scene": "hollow", "title": "", "canvases": {}}
"""No command makes such a scene; composing it fails."""


def event(**fields: Any) -> AnyEvent:
    made: AnyEvent = decode(json.dumps(fields).encode())
    return made


def alarms(house: House) -> list[str]:
    return [alarm["code"] for alarm in as_json(house.session.public_state())["status"]["alarms"]]


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    opened = await House(tmp_path / "show.db").open()
    await opened.do("scene.create", scene="good")
    await opened.do("scene.create", scene="other")
    await opened.do("program.cut", scene="good")
    yield opened
    await opened.session.close()


async def test_what_cannot_be_planned_is_refused_and_not_written(house: House) -> None:
    before, plans = house.session.public_state(), len(house.plans)
    house.session._show.scenes["hollow"] = SceneCreated("hollow", "", {})  # type: ignore[assignment]
    for type_ in ("preview.set", "program.cut"):
        assert await refusal(house.do(type_, scene="hollow")) == (409, "show.unplannable")
    assert house.session.public_state() is before
    assert (house.session.revision, len(house.plans)) == (3, plans)
    assert len(await house.session.events(0, 9)) == 3
    assert (await house.do("program.cut", scene="other")).revision == 4


async def test_a_log_that_cannot_be_planned_gives_the_last_good_plan(tmp_path: Path, house: House) -> None:
    good = house.session.plans.mix
    path = tmp_path / "other" / "show.db"
    store = await Store.open(path)
    lines = await house.session._store.read(0, 9)
    bad = [decode(json.dumps(HOLLOW).encode()), event(type="program.changed", scene="hollow", preview="good")]
    await store.append(1, 0, "director", [*(line.event for line in lines), *bad])
    await store.close()
    again = await House(path).open()
    try:
        session = again.session
        assert session.revision == 5
        assert alarms(again) == ["show.plan-old"]
        assert session.plans.mix.canvases["program"] == good.canvases["program"]
        session.set_peers({}, {"multiview"})
        await again.do("seat.create", seat="ada")  # the rest of the studio goes on
        await again.do("program.slate", on=True)
        assert session.plans.mix.slate
        assert session.plans.mix.revision == session.revision
        await again.do("program.slate", on=False)
        assert alarms(again) == ["show.plan-old"]
        await again.do("program.cut", scene="other")
        assert alarms(again) == []
        assert session.plans.mix.canvases["program"].scene == "other"
        await again.do("scene.delete", scene="hollow")
    finally:
        await again.session.close()
