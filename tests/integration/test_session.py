"""The session on a real event log: commands, restarts, changes and patches, links, live status."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from mixer.contract.messages import Latency, Load, MixerReport, PlanTaken, SenderReport
from mixer.contract.names import MIXER, SUPERVISOR, of_seat, sender_name, shard_name
from signaling.contract.messages import PeerStats, ShardReport
from signaling.contract.ports import Actor, Change, RefusedError, ShowPort
from signaling.contract.state import PublicEvent, Role
from studio.contract.messages import ProcessChanged
from studio.control.alarms import Alarms
from studio.control.links import link
from studio.control.log.store import Store
from studio.control.preparing import Surroundings
from studio.control.session import MAX_WAITING, Session, SessionSettings
from studio.planning.demand import DemandSettings
from studio.planning.planner import Plans
from studio.show.model import Show
from tests.support.merging import as_json, merged, without_nulls
from tests.support.shows import DIRECTOR, PLAN_SETTINGS, STREAM_KEY, URL

DEADLINE_S = 20.0
DEMAND = DemandSettings(learn_s=0)


class House:
    """A session with everything it tells kept, and a client that follows its patches."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.now = 1_800_000_000.0
        self.plans: list[tuple[Plans, int]] = []
        self.changes: list[Change] = []
        self.mirror: Any = {}
        self._changed = asyncio.Event()

    async def open(
        self, demand: DemandSettings = DEMAND, store: Store | None = None, alarms: Alarms | None = None
    ) -> "House":
        self.session = Session(
            store or await Store.open(self.path),
            SessionSettings(PLAN_SETTINGS, title="Summit", invite_ttl_s=3600, demand=demand),
            publish=lambda plans, show, issued_ns: self.plans.append((plans, issued_ns)),
            around=Surroundings(self.link_for),
            unix_time=lambda: self.now,
            alarms=alarms,
        )
        await self.session.start()
        self.mirror = as_json(self.session.public_state())
        self.session.listen(self._follow)
        return self

    def link_for(self, role: Role, token: str) -> str:
        return link("https://studio.example/", role, token)

    def _follow(self, change: Change) -> None:
        self.changes.append(change)
        self.mirror = merged(self.mirror, as_json(change.patch))
        assert without_nulls(self.mirror) == without_nulls(as_json(self.session.public_state()))
        self._changed.set()

    async def do(self, type_: str, actor: Actor = DIRECTOR, **fields: Any) -> Any:
        return await self.session.execute(msgspec.json.encode({"type": type_, **fields}), actor)

    async def token(self, **fields: Any) -> str:
        done = await self.do("seat.create", **fields)
        return str(done.result["link"]).rpartition("/")[2]

    async def until(self, condition: Callable[[Any], bool]) -> Any:
        async with asyncio.timeout(DEADLINE_S):
            while not condition(as_json(self.session.public_state())):
                self._changed.clear()
                await self._changed.wait()
        return as_json(self.session.public_state())


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    opened = await House(tmp_path / "show.db").open()
    yield opened
    await opened.session.close()


async def refusal(waiting: Any) -> tuple[int, str]:
    with pytest.raises(RefusedError) as refused:
        await waiting
    return refused.value.status, refused.value.code


async def test_it_is_the_show_signalling_asks_for(house: House) -> None:
    show: ShowPort = house.session
    assert show.command_schema()["components"]


async def test_a_command_becomes_an_event_a_patch_and_a_plan(house: House) -> None:
    done = await house.do("seat.create", seat="mayor-1", name="시장")
    assert (done.revision, len(done.events)) == (1, 1)
    assert done.events[0]["type"] == "seat.created"
    assert "token_hash" not in done.events[0]
    (change,) = house.changes
    assert (change.revision, change.serial) == (1, 1)
    assert change.patch["seats"]["mayor-1"]["name"] == "시장"
    assert house.mirror["order"]["seats"] == ["mayor-1"]
    plans, issued_ns = house.plans[-1]
    assert plans.mix.revision == 1
    assert issued_ns > house.plans[0][1]
    assert "seat/mayor-1" not in plans.desired.slots
    assert house.session.plans is plans
    house.session.set_peers({"mayor-1": "connecting"}, ())
    assert "seat/mayor-1" in house.session.plans.desired.slots
    house.session.set_peers({}, ())
    assert "seat/mayor-1" in house.session.plans.desired.slots


async def test_a_refused_command_changes_nothing(house: House) -> None:
    before, plans = house.session.public_state(), len(house.plans)
    assert await refusal(house.do("seat.admit", seat="nobody")) == (404, "seat.unknown")
    assert await refusal(house.session.execute(b"{", DIRECTOR)) == (400, "command.malformed")
    assert house.session.public_state() is before
    assert (house.session.revision, house.session.serial, len(house.plans)) == (0, 0, plans)
    assert await house.session.events(0, 10) == []


async def test_a_restart_gives_back_everything(house: House, tmp_path: Path) -> None:
    token = await house.token(seat="mayor-1", name="Mayor")
    await house.do("seat.admit", seat="mayor-1")
    await house.do("scene.create", scene="talk", canvases={"program": {"layout": "solo"}})
    await house.do("program.cut", scene="talk")
    await house.do("output.create", output="yt", url=URL, rendition="program", bus="floor")
    await house.do("output.start", output="yt")
    before, plans = house.session.public_state(), house.plans[-1][0]
    await house.session.close()
    again = await House(tmp_path / "show.db").open()
    try:
        assert again.session.public_state() == before
        assert again.session.revision == 6
        assert again.plans[0][0] == plans
        grant = again.session.grant(token)
        assert grant is not None
        assert (grant.role, grant.seat) == ("speaker", "mayor-1")
        assert again.plans[0][0].desired.senders[0].url == URL
    finally:
        await again.session.close()


async def test_commands_at_once_come_one_after_the_other(house: House) -> None:
    async def make(number: int) -> int:
        done = await house.do("seat.create", name="Mayor")
        return int(done.revision)

    revisions = await asyncio.gather(*(make(number) for number in range(100)))
    assert sorted(revisions) == list(range(1, 101))
    assert [change.serial for change in house.changes] == list(range(1, 101))
    assert len(as_json(house.session.public_state())["seats"]) == 100
    logged = await house.session.events(0, 1000)
    assert [line.revision for line in logged] == list(range(1, 101))
    assert [line.event for line in logged] == [change.event for change in house.changes]


async def test_too_many_waiting_commands_are_refused(house: House) -> None:
    asked = [
        asyncio.create_task(house.do("show.update", title=f"{number}")) for number in range(MAX_WAITING + 9)
    ]
    outcomes = await asyncio.gather(*asked, return_exceptions=True)
    refused = [each for each in outcomes if isinstance(each, RefusedError)]
    assert {(each.status, each.code) for each in refused} == {(429, "session.busy")}
    assert len(refused) == 9
    assert house.session.revision == MAX_WAITING


async def test_a_caller_who_hangs_up_leaves_memory_and_log_the_same(house: House) -> None:
    for number in range(30):
        asked = asyncio.create_task(house.do("show.update", title=f"Summit {number}"))
        for _ in range(number % 6):
            await asyncio.sleep(0)
        asked.cancel()
        await asyncio.gather(asked, return_exceptions=True)
    done = await house.do("show.update", title="last")
    logged = await house.session.events(0, 1000)
    assert len(logged) == done.revision == house.session.revision
    assert [line.event for line in logged] == [change.event for change in house.changes]


async def test_a_full_disk_refuses_and_changes_nothing(house: House) -> None:
    database = house.session._store._database
    pages = await database.execute_fetchall("PRAGMA page_count")
    await database.execute_fetchall(f"PRAGMA max_page_count = {next(iter(pages))[0]}")
    before = house.session.public_state()

    async def fill() -> None:
        for number in range(200):
            await house.do("scene.create", scene=f"s{number}", title="x" * 100)

    assert await refusal(fill()) == (507, "store.disk-full")
    made, revision = house.session.public_state(), house.session.revision
    assert list(made.scenes) == list(before.scenes) + [f"s{n}" for n in range(revision)]
    assert await refusal(house.do("seat.create", seat="x" * 60, name="y" * 80)) == (507, "store.disk-full")
    assert house.session.public_state() is made
    await database.execute_fetchall("PRAGMA max_page_count = 1000000")
    assert (await house.do("seat.create", seat="x")).revision == revision + 1


async def test_a_locked_log_refuses_and_changes_nothing(house: House) -> None:
    other = sqlite3.connect(house.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        assert await refusal(house.do("seat.create", seat="x")) == (503, "store.unwritable")
    finally:
        other.close()
    assert house.session.revision == 0
    assert (await house.do("seat.create", seat="x")).revision == 1


async def test_links_live_and_die(house: House) -> None:
    session = house.session
    token = await house.token(seat="mayor-1", name="Mayor")
    assert len(token) >= 43
    first = session.grant(token)
    assert first is not None
    assert first.expires == house.now + 3600
    assert session.still_valid(first)
    for wrong in ("", "x", token[:-1], token + "x", "\ud800", "x" * 10_000):
        assert session.grant(wrong) is None
    done = await house.do("seat.invite", seat="mayor-1", ttl_s=120)
    second = session.grant(done.result["link"].rpartition("/")[2])
    assert second is not None
    assert second.generation > first.generation
    assert (session.still_valid(first), session.still_valid(second)) == (False, True)
    with pytest.raises(RefusedError, match=r"link\.revoked"):
        session.grant(token)
    house.now += 121
    assert not session.still_valid(second)
    with pytest.raises(RefusedError, match=r"link\.expired"):
        session.grant(done.result["link"].rpartition("/")[2])


async def test_removed_and_revoked_seats_have_no_session(house: House) -> None:
    session = house.session
    gone, revoked = await house.token(seat="a"), await house.token(seat="b")
    grants = [session.grant(gone), session.grant(revoked)]
    await house.do("seat.remove", seat="a")
    await house.do("seat.revoke", seat="b")
    await house.token(seat="a")
    for token, grant in zip((gone, revoked), grants, strict=True):
        assert grant is not None
        assert not session.still_valid(grant)
        with pytest.raises(RefusedError, match=r"link\.revoked"):
            session.grant(token)
    assert house.mirror["seats"]["b"]["invited"] is False


@pytest.mark.parametrize(
    ("role", "page"),
    [
        ("speaker", "/join/"),
        ("interpreter", "/booth/"),
        ("wall", "/wall?token="),
        ("viewer", "/console?token="),
        ("director", "/console?token="),
    ],
)
async def test_links_lead_to_the_roles_page(house: House, role: Role, page: str) -> None:
    done = await house.do("seat.create", role=role)
    start, token = done.result["link"].split(page)
    assert start == "https://studio.example"
    grant = house.session.grant(token)
    assert grant is not None
    assert grant.role == role


async def test_tokens_are_nowhere_but_in_the_answer(house: House) -> None:
    token = await house.token(seat="mayor-1")
    await house.session.close()
    assert token.encode() not in b"".join(file.read_bytes() for file in house.path.parent.iterdir())
    assert token not in repr(house.changes) + repr(house.session.public_state())


async def test_the_live_status_follows_peers_and_the_show(house: House) -> None:
    await house.do("seat.create", seat="mayor-1", name="Mayor")
    revision = house.session.revision

    def state(of: Any) -> str:
        return str(of["status"]["seats"]["mayor-1"]["state"])

    assert state(house.mirror) == "absent"
    house.session.set_peers({"mayor-1": "connecting"}, ())
    shown = await house.until(lambda s: s["status"]["seats"]["mayor-1"]["connection"] == "connecting")
    assert state(shown) == "absent"
    house.session.set_peers({"mayor-1": "connected", "stranger": "connected"}, {"multiview"})
    await house.until(lambda s: state(s) == "waiting")
    assert house.changes[-1].event is None
    assert house.session.revision == revision
    mix = house.plans[-1][0].mix
    assert [tile.source for tile in mix.canvases["multiview"].tiles] == ["seat/mayor-1"]
    await house.do("seat.admit", seat="mayor-1")
    assert state(house.mirror) == "ready"
    await house.do("scene.create", scene="talk", canvases={"program": {"layout": "solo"}})
    await house.do("preview.set", scene="talk")
    assert state(house.mirror) == "next"
    await house.do("program.cut")
    assert state(house.mirror) == "on_air"
    assert house.mirror["status"]["seats"]["mayor-1"]["uplink"]["height"] == 720
    stats = PeerStats("p1", "mayor-1", 1280, 720, 29.97, 2_400_000, 5000, 3, -17.6)
    house.session.handle(shard_name(0), ShardReport((stats, PeerStats("p2", "stranger"))))
    house.session.handle(
        MIXER,
        MixerReport(
            90,
            91,
            2,
            4,
            {of_seat("mayor-1"): "live"},
            {"floor": -12.4},
            {},
            {},
            7,
            Load(3, "overload.program-rate", "6 ticks came late."),
            Latency(31.4, 44.6, 51.2, 300),
        ),
    )
    house.session.handle(MIXER, PlanTaken(4, 88, 1))
    seat = (await house.until(lambda s: s["status"]["mixer"]["ticks"] == 91))["status"]["seats"]["mayor-1"]
    assert (seat["picture"], seat["width"], seat["fps"], seat["lost"], seat["level_db"]) == (
        "live",
        1280,
        30.0,
        3,
        -18,
    )
    assert house.mirror["status"]["mixer"] == {
        "ticks": 91,
        "late_ticks": 2,
        "spared_ticks": 7,
        "revision": 4,
        "air_ticks": 1,
        "load": {"step": 3, "code": "overload.program-rate", "reason": "6 ticks came late."},
        "latency_ms": {"p50": 31, "p95": 45, "max": 51, "count": 300},
        "levels": {"floor": -12},
    }
    house.session.handle(SUPERVISOR, ProcessChanged(MIXER, "restarting", 9, 1))
    await house.until(lambda s: s["status"]["mixer"]["load"] == {"step": 0, "code": "", "reason": ""})
    house.session.set_peers({}, ())
    await house.until(lambda s: state(s) == "absent")
    assert house.mirror["status"]["seats"]["mayor-1"]["width"] == 0


async def test_outputs_tell_how_they_are_without_their_key(house: House) -> None:
    await house.do("output.create", output="yt", url=URL, rendition="program", bus="floor")

    def output(of: Any) -> Any:
        return of["status"]["outputs"]["yt"]

    assert output(house.mirror)["state"] == "stopped"
    house.session.handle(sender_name("yt"), SenderReport("yt", "live", bytes_sent=5))
    await house.do("output.start", output="yt")
    assert output(house.mirror)["state"] == "starting"
    reason = f"{URL} answered no to {STREAM_KEY}"
    house.session.handle(sender_name("yt"), SenderReport("yt", "retrying", reason, "destination.refused", 5))
    shown = output(await house.until(lambda s: output(s)["state"] == "retrying"))
    assert shown["code"] == "destination.refused"
    assert STREAM_KEY not in repr(shown)
    house.session.handle(SUPERVISOR, ProcessChanged(sender_name("yt"), "restarting", 7, 1))
    await house.until(lambda s: output(s)["code"] == "sender.restarting")
    assert house.mirror["status"]["processes"]["sender/yt"] == {"state": "restarting", "restarts": 1}
    house.session.handle(SUPERVISOR, ProcessChanged(sender_name("yt"), "stopped", 7, 1))
    await house.do("output.stop", output="yt")
    assert output(house.mirror)["state"] == "stopped"
    public = (
        repr(house.session.public_state()) + repr(house.changes) + repr(await house.session.events(0, 99))
    )
    assert STREAM_KEY not in public


async def test_many_reports_make_few_changes(house: House) -> None:
    loop = asyncio.get_running_loop()
    start, ticks = loop.time(), 0
    while loop.time() - start < 0.6:
        ticks += 1
        house.session.handle(MIXER, MixerReport(ticks, ticks, 0, 0, {}, {}, {}, {}))
        await asyncio.sleep(0)
    await house.until(lambda s: s["status"]["mixer"]["ticks"] == ticks)
    assert ticks > 50
    assert len(house.changes) <= 6


async def test_a_listener_that_fails_or_leaves_harms_nobody(house: House) -> None:
    def fail(change: Change) -> None:
        raise ValueError("not mine")

    told: list[int] = []
    house.session.listen(fail)
    leave = house.session.listen(lambda change: told.append(change.serial))
    await house.do("show.update", title="a")
    leave()
    leave()
    await house.do("show.update", title="b")
    assert told == [1]
    assert house.mirror["event"]["title"] == "b"


async def test_plans_that_cannot_be_sent_do_not_undo_a_command(house: House) -> None:
    def fail(plans: Plans, show: Show, issued_ns: int) -> None:
        raise ConnectionError("the supervisor is gone")

    house.session._publish = fail
    assert (await house.do("seat.create", seat="a")).revision == 1
    assert "a" in house.mirror["seats"]


async def test_after_the_end_commands_are_refused(house: House) -> None:
    last = asyncio.create_task(house.do("show.update", title="last words"))
    await asyncio.sleep(0)
    await house.session.close()
    assert (await last).revision == 1
    assert await refusal(house.do("show.update", title="b")) == (503, "session.closed")
    await house.session.close()


async def test_events_say_when_and_who(house: House) -> None:
    await house.do("seat.create", seat="mayor-1")
    await house.do("seat.update", Actor("speaker", "mayor-1"), seat="mayor-1", name="Mayor")
    first, second = await house.session.events(0, 10)
    assert msgspec.json.encode(first.time) == b'"2027-01-15T08:00:00Z"'
    assert (first.actor, second.actor) == ("director", "speaker/mayor-1")
    assert await house.session.events(1, 10) == [second]
    assert await house.session.events(-5, -1) == []


async def test_a_screen_that_is_shared_gets_its_slot_and_its_place_in_the_multiview(house: House) -> None:
    await house.do("seat.create", seat="mayor-1", name="Mayor One")
    house.session.set_peers({"mayor-1": "connected"}, {"multiview"})
    shared = PeerStats("p1", "mayor-1", sharing=True, screen_width=1920, screen_height=1080, screen_fps=2.0)
    house.session.handle(shard_name(0), ShardReport((shared,)))
    plans, _ = house.plans[-1]
    assert "screen/mayor-1" in plans.desired.slots
    assert "screen/mayor-1" in [tile.source for tile in plans.mix.canvases["multiview"].tiles]
    seats = (await house.until(lambda s: "screen" in s["status"]["seats"]["mayor-1"]))["status"]["seats"]
    assert seats["mayor-1"]["screen"] == {"width": 1920, "height": 1080, "fps": 2.0}
    said = len(house.plans)
    house.session.handle(shard_name(0), ShardReport((shared,)))
    assert len(house.plans) == said
    house.session.handle(shard_name(0), ShardReport((PeerStats("p1", "mayor-1"),)))
    assert "screen/mayor-1" not in house.plans[-1][0].desired.slots
    await house.until(lambda s: "screen" not in s["status"]["seats"]["mayor-1"])


async def test_an_interpreter_who_is_gone_is_switched_off_and_the_partner_is_offered_the_microphone(
    house: House,
) -> None:
    await house.do("booth.create", booth="kr", languages=["ko", "en"])
    for seat in ("anna", "bora"):
        await house.do("seat.create", seat=seat, role="interpreter", booth="kr")
    house.session.set_peers({"anna": "connected", "bora": "connected"}, ())
    await house.do("booth.speak", Actor("interpreter", "anna"), booth="kr", on=True, into="en")
    await house.until(lambda state: state["status"]["booths"]["kr"]["state"] == "on_air")
    assert [each.source for each in house.session.plans.mix.audio.interpreters] == ["seat/anna"]
    began = asyncio.get_running_loop().time()
    house.session.set_peers({"bora": "connected"}, ())
    state = await house.until(lambda state: state["status"]["booths"]["kr"]["state"] == "lost")
    assert asyncio.get_running_loop().time() - began < 1
    assert state["status"]["booths"]["kr"]["seat"] == "anna"
    assert state["booths"]["kr"]["handover"] == {"giver": "anna", "taker": "bora", "until": 1_800_000_015}
    assert not house.session.plans.mix.audio.interpreters
    line = (await house.session.events(0, 100))[-1]
    assert (line.actor, line.event["type"]) == ("studio", "booth.dropped")
    await house.do("booth.handover", Actor("interpreter", "bora"), booth="kr", action="accept")
    heard = [(each.source, each.language) for each in house.session.plans.mix.audio.interpreters]
    assert heard == [("seat/bora", "en")]
    # the connection stands, and nothing comes through it
    house.session.handle(shard_name(0), ShardReport((PeerStats("p", "bora", problem="media.silent"),)))
    await house.until(lambda state: not state["seats"]["bora"]["on"])
    assert house.mirror["booths"]["kr"].get("handover") is None, "nobody else is there"


async def test_a_talkback_that_is_gone_is_over(house: House) -> None:
    house.session.set_talkback(False)
    await house.do("seat.create", seat="mayor-1")
    await house.do("talkback.set", to=["mayor-1"])
    assert house.session.plans.mix.audio.talkback
    house.session.set_talkback(True)
    house.session.set_talkback(False)
    await house.until(lambda state: state["talk"] is None)
    assert not house.plans[-1][0].mix.audio.talkback
    assert (await house.session.events(0, 9))[-1].actor == "studio"


async def test_an_offer_and_a_plea_end_by_themselves(house: House) -> None:
    later = asyncio.get_running_loop().call_later
    anna = Actor("interpreter", "anna")
    await house.do("booth.create", booth="kr", languages=["ko", "en"])
    for seat in ("anna", "bora"):
        await house.do("seat.create", seat=seat, role="interpreter", booth="kr")
    await house.do("booth.speak", anna, booth="kr", on=True)
    await house.do("booth.handover", anna, booth="kr", action="offer")
    until = house.mirror["booths"]["kr"]["handover"]["until"]
    house.now = until - 0.2
    await house.do("booth.slower", anna, booth="kr")
    assert house.mirror["booths"]["kr"]["handover"]["taker"] == "bora"
    assert house.mirror["status"]["booths"]["kr"]["slower"]
    later(0.1, setattr, house, "now", until + 0.1)
    # nothing is said or done: the session's own alarm
    await house.until(lambda state: state["booths"]["kr"]["handover"] is None)
    assert await refusal(
        house.do("booth.handover", Actor("interpreter", "bora"), booth="kr", action="accept")
    ) == (409, "booth.no-offer")
    house.now = house.mirror["booths"]["kr"]["slower_at"] + 9.8
    house.session.set_peers({}, ())
    later(0.1, setattr, house, "now", house.now + 0.3)
    await house.until(lambda state: not state["status"]["booths"]["kr"]["slower"])


async def test_a_show_begins_as_configured_and_keeps_the_languages_it_uses(tmp_path: Path) -> None:
    async def opened(*languages: str, **more: Any) -> Session:
        settings = SessionSettings(PLAN_SETTINGS, demand=DEMAND, languages=languages, **more)
        session = Session(
            await Store.open(tmp_path / "show.db"),
            settings,
            publish=print,
            around=Surroundings(lambda role, token: ""),
        )
        await session.start()
        return session

    first = await opened("ko", "en", "ja", both_open=True, targets={"ko": -14.0})
    state = first.public_state()
    assert state.event == PublicEvent("Summit", ("ko", "en", "ja"), both_open=True)
    assert state.targets == {"ko": -14.0}
    await first.execute(b'{"type": "booth.create", "booth": "j", "languages": ["ko", "ja"]}', DIRECTOR)
    await first.close()
    second = await opened("ko", "en")
    assert second.public_state().event.languages == ("ko", "en", "ja"), "the booth speaks Japanese"
    assert [bus.name for bus in second.plans.mix.audio.buses] == ["floor", "ko", "en", "ja"]
    await second.close()
