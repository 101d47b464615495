"""Takes, black and the slate have a lane of their own, past everything that others have asked for."""

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from mixer.contract.theme import Theme
from signaling.contract.medium import Medium
from signaling.contract.ports import Actor, RefusedError
from signaling.http.auth.limits import Limits, Rate
from studio.control.library.media import MediaStore
from studio.control.log.store import Store
from studio.control.preparing import Surroundings
from studio.control.session import Session, SessionSettings
from studio.control.writer import FIRST_OF_ONE, MAX_FIRST, MAX_OF_ONE, MAX_WAITING
from studio.lab.harness.waiting import until
from tests.integration.test_session import House, refusal
from tests.support.house import DIRECTOR as TOKEN
from tests.support.house import bearer, house
from tests.support.shows import DIRECTOR, PLAN_SETTINGS

pytestmark = pytest.mark.alone

PANIC = ("program.slate", "program.fade_to_black")


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[House]:
    opened = await House(tmp_path / "show.db").open()
    for scene in "ab":
        await opened.do("scene.create", scene=scene)
    yield opened
    await opened.session.close()


@contextmanager
def held_up(path: Path) -> Iterator[None]:
    """The log takes nothing meanwhile: what is being written waits for a moment."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


def asked(house: House, client: str, type_: str, **fields: Any) -> "asyncio.Task[Any]":
    command = msgspec.json.encode({"type": type_, **fields})
    return asyncio.create_task(house.session.execute(command, DIRECTOR, client))


async def test_a_take_passes_what_others_have_asked_for(stage: House) -> None:
    with held_up(stage.path):
        first = asked(stage, "flood", "show.update", title="writing")
        await asyncio.sleep(0)
        flood = [asked(stage, "flood", "show.update", title=f"{number}") for number in range(50)]
        await asyncio.sleep(0)
        hands = [
            asked(stage, "director", "program.slate", on=True),
            asked(stage, "director", "program.fade_to_black", on=True),
            asked(stage, "director", "program.cut", scene="a"),
        ]
        await asyncio.sleep(0)
    done = await asyncio.gather(first, *hands, *flood, return_exceptions=True)
    revisions = [each.revision for each in done if not isinstance(each, BaseException)]
    assert revisions == sorted(revisions), "the hands come before the flood"
    assert not any(isinstance(each, BaseException) for each in done[1:4])


async def test_the_slate_and_black_wait_for_no_disk(stage: House) -> None:
    """They are on their way to the mixer while the log can't be written, and stay whatever comes first."""
    with held_up(stage.path):
        writing = [asked(stage, "", "show.update", title=f"{number}") for number in range(3)]
        await asyncio.sleep(0)
        first = len(stage.plans)
        panic = [asked(stage, "", type_, on=True) for type_ in PANIC]
        await asyncio.sleep(0)
        mixes = [plans.mix for plans, _ in stage.plans[first:]]
        assert [(mix.slate, mix.black) for mix in mixes] == [(True, False), (True, True)]
        fade = mixes[-1].fade
        assert fade.duration_ns > 0
        guest = asyncio.create_task(stage.do("program.slate", Actor("speaker", "nobody"), on=True))
        await asyncio.sleep(0)
        assert len(stage.plans) == first + 2
        assert not any(task.done() for task in panic)
    done = await asyncio.gather(*panic)
    assert [each.events[0]["type"] for each in done] == ["program.slated", "program.faded_to_black"]
    assert await refusal(guest) == (403, "role.forbidden")
    await asyncio.gather(*writing)
    later = [plans.mix for plans, _ in stage.plans[first + 1 :]]
    assert all(mix.slate and mix.black for mix in later)
    assert {mix.fade for mix in later if mix.fade.duration_ns} == {fade}, "it goes on as it began"
    await stage.do("program.slate", on=False)
    await stage.do("program.fade_to_black", on=False)
    mix = stage.session.plans.mix
    assert (mix.slate, mix.black) == (False, False)


async def test_one_clients_own_commands_keep_their_order(stage: House) -> None:
    with held_up(stage.path):
        others = [asked(stage, "flood", "show.update", title=f"{number}") for number in range(20)]
        mine = [
            asked(stage, "mine", "scene.create", scene="c"),
            asked(stage, "mine", "preview.set", scene="c"),
            asked(stage, "mine", "program.cut"),
        ]
        await asyncio.sleep(0)
    done = await asyncio.gather(*mine)
    assert [each.revision for each in done] == sorted(each.revision for each in done)
    assert stage.session.show.program == "c"
    await asyncio.gather(*others, return_exceptions=True)
    logged = [line.event["type"] for line in await stage.session.events(0, 99)]
    assert logged.index("program.changed") < 6


async def test_no_client_fills_a_lane(stage: House) -> None:
    with held_up(stage.path):
        writing = asked(stage, "", "show.update", title="writing")
        await asyncio.sleep(0)
        tasks = [asked(stage, "flood", "show.update", title=f"{n}") for n in range(MAX_OF_ONE + 5)]
        takes = [asked(stage, "takes", "program.cut", scene="ab"[n % 2]) for n in range(FIRST_OF_ONE + 5)]
        await asyncio.sleep(0)
        for full, free in ((tasks, MAX_OF_ONE), (takes, FIRST_OF_ONE)):
            refused = [task for task in full if task.done()]
            assert refused == full[free:]
            assert {task.exception().code for task in refused} == {"session.busy"}  # type: ignore[union-attr]
        assert not asked(stage, "other", "show.update", title="finds room").done()
        slate = asked(stage, "other", "program.slate", on=True)
    await asyncio.gather(writing, *tasks, *takes, return_exceptions=True)
    assert (await slate).events
    assert MAX_OF_ONE < MAX_WAITING


async def test_many_windows_hold_no_slate_up(stage: House) -> None:
    with held_up(stage.path):
        writing = asked(stage, "", "show.update", title="writing")
        await asyncio.sleep(0)
        takes = [
            asked(stage, f"window {number}", "program.cut", scene="ab"[each % 2])
            for number in range(20)
            for each in range(FIRST_OF_ONE)
        ]
        slate = asked(stage, "director", "program.slate", on=True)
        await asyncio.sleep(0)
        assert not slate.done(), "there is room for it"
    await asyncio.gather(writing, *takes, return_exceptions=True)
    logged = [line.event["type"] for line in await stage.session.events(0, 999)]
    assert logged.index("program.slated") == 3, "behind what was being written"
    assert (await slate).events


async def test_what_the_session_orders_itself_has_a_bound(stage: House) -> None:
    with held_up(stage.path):
        writing = asked(stage, "", "show.update", title="writing")
        await asyncio.sleep(0)
        orders = [asked(stage, "", "program.cut", scene="ab"[each % 2]) for each in range(MAX_FIRST + 5)]
        await asyncio.sleep(0)
        assert sum(task.done() for task in orders) == 5
    await asyncio.gather(writing, *orders, return_exceptions=True)


async def test_themes_that_are_being_read_hold_nobody_up(tmp_path: Path) -> None:
    read = asyncio.Event()

    async def theme_of(name: str) -> Theme:
        await read.wait()
        return Theme(name=name)

    session = Session(
        await Store.open(tmp_path / "show.db"),
        SessionSettings(PLAN_SETTINGS),
        publish=lambda plans, show, issued_ns: None,
        around=Surroundings(lambda role, token: "", theme_of=theme_of),
    )
    await session.start()
    try:
        await session.execute(b'{"type": "scene.create", "scene": "a"}', DIRECTOR)
        themes = [
            asyncio.create_task(session.execute(b'{"type":"theme.set","theme":"%s"}' % name, DIRECTOR))
            for name in (b"one", b"two")
        ]
        await asyncio.sleep(0)
        for client in ("one", "another"):
            command = b'{"type": "program.cut", "scene": "a"}'
            await asyncio.wait_for(session.execute(command, DIRECTOR, client), 5)
        assert not any(task.done() for task in themes)
        read.set()
        assert [(await task).events[0]["type"] for task in themes] == ["theme.changed"] * 2
    finally:
        await session.close()


async def test_a_flood_takes_nothing_from_another_directors_hand(tmp_path: Path) -> None:
    few = Rate(0.01, 3)
    limits = Limits(commands=few, ws_messages=Rate(0.01, 18), takes=few)
    async with (
        house(tmp_path, limits=limits) as studio,
        studio.http.ws_connect(f"{studio.url}/ws", headers=bearer(TOKEN)) as flood,
        studio.http.ws_connect(f"{studio.url}/ws", headers=bearer(TOKEN)) as hand,
    ):

        async def answers(socket: Any, *commands: dict[str, Any]) -> list[str]:
            for number, command in enumerate(commands):
                await socket.send_json({"type": "command", "id": str(number), "command": command})
            told: dict[str, str] = {}
            while len(told) < len(commands):
                message = json.loads(await asyncio.wait_for(socket.receive_str(), 5))
                if message["type"] in ("reply", "refused"):
                    told[message["id"]] = message.get("problem", {}).get("code", "done")
            return [told[id_] for id_ in sorted(told)]

        def cut(number: int) -> dict[str, Any]:
            return {"type": "program.cut", "scene": "ab"[number % 2]}

        for scene in "ab":
            await studio.do("scene.create", scene=scene)
        titles = [{"type": "show.update", "title": f"{n}"} for n in range(5)]
        assert await answers(flood, *titles) == ["done"] * 3 + ["rate.commands"] * 2
        assert await answers(flood, *map(cut, range(5))) == ["done"] * 3 + ["rate.commands"] * 2
        assert await answers(hand, *titles[:3]) == ["done"] * 3
        assert await answers(hand, *map(cut, range(2))) == ["done"] * 2
        # The slate and black pass every limit that others have filled, also on the same socket.
        assert await answers(flood, *titles, *titles) == ["rate.commands"] * 8 + ["rate.messages"] * 2
        panic = [{"type": type_, "on": on} for type_ in PANIC for on in (True, False)]
        assert await answers(flood, *panic) == ["done"] * 4
        assert await answers(flood, titles[0]) == ["rate.messages"]


async def test_an_address_that_asks_too_often_may_still_take(tmp_path: Path) -> None:
    limits = Limits(requests_ip=Rate(0.01, 4), commands=Rate(0.01, 2))
    async with house(tmp_path, limits=limits) as studio:

        async def post(command: dict[str, Any], token: str = TOKEN) -> tuple[int, str]:
            async with studio.http.post(
                f"{studio.url}/api/v1/commands", headers=bearer(token), json=command
            ) as response:
                return response.status, (await response.json()).get("code", "")

        told = [await post({"type": "show.update", "title": f"{n}"}) for n in range(6)]
        assert told == [(200, "")] * 2 + [(429, "rate.commands")] * 2 + [(429, "rate.requests")] * 2
        assert await post({"type": "program.slate", "on": True}) == (200, "")
        assert await post({"type": "program.fade_to_black", "on": True}) == (200, "")
        assert await post({"type": "program.slate"}) == (400, "command.malformed")
        assert (await post({"type": "program.slate", "on": False}, "no token of ours"))[0] == 401
        guest = await studio.invite("ada")
        assert await post({"type": "program.slate", "on": False}, guest) == (429, "rate.requests")


async def test_a_file_that_is_being_given_to_a_source_is_not_deleted(tmp_path: Path) -> None:
    files = MediaStore(tmp_path / "media", 10**9)
    await files.open()
    files._media = {"m1": Medium("m1", "Clip", "clip", 5, duration_s=3.0)}
    session = Session(
        await Store.open(tmp_path / "show.db"),
        SessionSettings(PLAN_SETTINGS),
        publish=lambda plans, show, issued_ns: None,
        around=Surroundings(lambda role, token: "", media=lambda: files.media),
    )
    await session.start()
    try:
        command = b'{"type": "source.create", "source": "%s", "kind": "clip", "media": "m1"}'
        with held_up(tmp_path / "show.db"):
            making = asyncio.create_task(session.execute(command % b"one", DIRECTOR))
            await until(lambda: "m1" in session.media_used)
            assert "one" not in session.show.sources, "it is being written"
            with pytest.raises(RefusedError, match=r"media\.in-use"):
                await files.remove("m1", session.media_used)
        await asyncio.gather(making, return_exceptions=True)
        if "one" in session.show.sources:
            await session.execute(b'{"type": "source.delete", "source": "one"}', DIRECTOR)
        await files.remove("m1", session.media_used)
        assert await refusal(session.execute(command % b"two", DIRECTOR)) == (404, "media.unknown")
    finally:
        await session.close()
