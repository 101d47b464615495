"""What every role is told, held to a recording of a rich show from before the public state had types."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from signaling.contract.state import BY_ROLE
from studio.control import session
from tests.support.merging import as_json, without_nulls
from tests.support.told import ACTORS, RECORDED, follow, named, run

Json = dict[str, Any]


async def test_every_role_is_told_what_it_was_told_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "STATUS_INTERVAL_S", 0.0)
    told = await run(tmp_path)
    recorded = [json.loads(line) for line in RECORDED.read_text("utf-8").splitlines()]
    assert len(told) == len(recorded)
    for actor in map(named, ACTORS):
        states: list[Any] = [None, None]
        for number, steps in enumerate(zip(recorded[:-1], told[:-1], strict=True)):
            before, now = (step[actor] for step in steps)
            assert [_head(each) for each in now] == [_head(each) for each in before], (actor, number)
            for which, messages in enumerate((before, now)):
                for message in messages:
                    states[which] = follow(states[which], message)
            assert without_nulls(states[1]) == without_nulls(states[0]), (actor, number)
        late_before, late_now = (steps[-1][f"late/{actor}"][0]["state"] for steps in (recorded, told))
        assert without_nulls(late_now) == without_nulls(states[0])
        if actor == "director/":
            assert late_now == late_before, "nulls too"
    for each in ACTORS:
        # A state that is read by its type, nothing unknown and nothing missing, is written as it was.
        state = told[-1][f"late/{named(each)}"][0]["state"]
        assert as_json(msgspec.convert(state, BY_ROLE[each.role])) == state


def _head(message: Json) -> tuple[Any, ...]:
    return message["type"], message["revision"], message["serial"], message.get("event")
