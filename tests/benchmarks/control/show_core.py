"""How long the show's core takes: ``python -m tests.benchmarks.control.show_core``; prints one line a figure.

Figures are CPU time, so that a busy machine doesn't colour them; the plan's delay alone is
real time.
"""

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec

from mixer.contract.messages import MixerReport, SourceState
from mixer.contract.names import MIXER, SourceName, shard_name
from signaling.contract.merge_patch import diff
from signaling.contract.messages import PeerStats, ShardReport
from signaling.contract.ports import Actor, Grant
from signaling.http.auth.auth import AuthSession as Caller
from signaling.http.live.hub import Hub
from studio.control import session as session_module
from studio.control.log.store import Store
from studio.control.preparing import Surroundings
from studio.control.session import Session, SessionSettings
from studio.control.status import LiveStatus
from studio.planning.planner import Live, plan
from studio.show.events import AnyEvent, apply
from studio.show.model import Show
from studio.show.view import PublicView
from tests.support.shows import DIRECTOR, PLAN_SETTINGS, after, events_of, with_mayors, with_scene

SEATS = 200
EVENTS = 100_000
COMMANDS = 300
PAGES = 40
"""Speakers with their pages, beside two consoles, four interpreters, a viewer and a wall."""


def _ms(start: float, rounds: int = 1) -> float:
    return (time.process_time() - start) * 1000 / rounds


def _full_house() -> Show:
    show = with_scene(with_scene(with_mayors(SEATS), "all", "grid"), "one", "solo")
    return after(after(show, "program.cut", scene="all"), "preview.set", scene="one")


async def _log(folder: Path) -> None:
    store = await Store.open(folder / "long.db")
    show = _full_house()
    start_show = show
    events: list[AnyEvent] = []
    while len(events) < EVENTS:
        for seat in list(show.seats)[:50]:
            for gain in (-3, 0):
                (event,) = events_of(show, "source.gain", source=f"seat/{seat}", db=gain)
                show = apply(show, event)
                events.append(event)
                (event,) = events_of(show, "program.cut")
                show = apply(show, event)
                events.append(event)
    start = time.process_time()
    await store.append(1, 0, "director", events)
    print(f"append {len(events)} events at once: {_ms(start):.0f} ms")
    start = time.process_time()
    _, revision = await store.replay(apply, start_show)
    print(f"replay {revision} events, {SEATS} seats: {_ms(start):.0f} ms")
    await store.close()


async def _commands(folder: Path) -> None:
    late: list[float] = []
    session = Session(
        await Store.open(folder / "show.db"),
        SessionSettings(PLAN_SETTINGS),
        publish=lambda plans, show, issued_ns: late.append((time.monotonic_ns() - issued_ns) / 1e6),
        around=Surroundings(lambda role, token: token),
    )
    await session.start()
    for number in range(SEATS):
        for command in (
            {"type": "seat.create", "seat": f"m{number}"},
            {"type": "seat.admit", "seat": f"m{number}"},
        ):
            await session.execute(msgspec.json.encode(command), DIRECTOR)
    await session.execute(b'{"type": "scene.create", "scene": "a"}', DIRECTOR)
    await session.execute(b'{"type": "scene.create", "scene": "b"}', DIRECTOR)
    await session.execute(b'{"type": "preview.set", "scene": "b"}', DIRECTOR)
    await session.execute(b'{"type": "program.cut", "scene": "a"}', DIRECTOR)
    session.set_peers({f"m{number}": "connected" for number in range(SEATS)}, {"multiview"})
    late.clear()
    start = time.process_time()
    for _ in range(COMMANDS):
        await session.execute(b'{"type": "program.cut"}', DIRECTOR)
    print(f"a cut with {SEATS} seats connected: {_ms(start, COMMANDS):.2f} ms in all,", end=" ")
    late.sort()
    print(f"plan after {late[len(late) // 2]:.2f} ms (median), {late[-1]:.2f} ms (worst)")
    await session.close()


def _pure() -> None:
    show, rounds = _full_house(), 50
    live = Live(frozenset(show.seats), frozenset({"multiview"}))
    start = time.process_time()
    for _ in range(rounds):
        plans = plan(show, live, PLAN_SETTINGS, 1)
    print(f"plan, {SEATS} seats: {_ms(start, rounds):.2f} ms,", end=" ")
    print(f"{len(msgspec.msgpack.encode(plans.mix))} bytes of mix plan")
    view, status = PublicView(), LiveStatus()
    status.set_connections(dict.fromkeys(show.seats, "connected"))
    old = view(show, status.public(show, plans.uplink, plans.screens))
    start = time.process_time()
    for _ in range(rounds):
        new = view(show, status.public(show, plans.uplink, plans.screens))
        diff(old, new)
    print(f"public state and patch, {SEATS} seats: {_ms(start, rounds):.2f} ms")


class Nowhere:
    """A socket that takes everything and keeps nothing."""

    async def send_frame(self, data: bytes, kind: object) -> None:
        pass

    async def close(self, **how: Any) -> None:
        pass


async def _audience(session: Session, seats: int) -> list[Actor]:
    async def do(type_: str, **fields: Any) -> None:
        await session.execute(msgspec.json.encode({"type": type_, **fields}), DIRECTOR)

    await do("booth.create", booth="b1", title="Booth", languages=["ko", "en"])
    interpreters = [f"i{number}" for number in range(4)]
    for seat in interpreters:
        await do("seat.create", seat=seat, role="interpreter", booth="b1")
    speakers = [f"m{number}" for number in range(seats)]
    for seat in speakers:
        await do("seat.create", seat=seat, name=f"Mayor {seat}", title="City of somewhere", language="ko")
        await do("seat.admit", seat=seat)
    await do("source.create", source="bars", kind="bars")
    for scene in ("a", "b"):
        await do("scene.create", scene=scene)
    await do("preview.set", scene="b")
    await do("program.cut", scene="a")
    session.set_peers(dict.fromkeys((*speakers, *interpreters), "connected"), {"multiview"})
    return [
        DIRECTOR,
        DIRECTOR,
        Actor("viewer", "v"),
        Actor("wall", "w"),
        *(Actor("interpreter", seat) for seat in interpreters),
        *(Actor("speaker", seat) for seat in speakers),
    ]


async def _timed(rounds: int, work: Callable[[int], Awaitable[None]]) -> str:
    took = []
    for number in range(rounds):
        start = time.process_time()
        await work(number)
        took.append((time.process_time() - start) * 1000)
    took.sort()
    return f"{sum(took) / rounds:.3f} ms mean, {took[rounds // 2]:.3f} median, {took[-1]:.2f} worst"


async def _telling(folder: Path) -> None:
    session_module.STATUS_INTERVAL_S = 0.0
    session = Session(
        await Store.open(folder / "told.db"),
        SessionSettings(PLAN_SETTINGS),
        publish=lambda plans, show, issued_ns: None,
        around=Surroundings(lambda role, token: token),
    )
    await session.start()
    hub = Hub(session, lambda caller: True)
    actors = await _audience(session, PAGES)
    hub.start()
    callers = [Caller(Grant(actor.role, actor.seat, 1, 0)) for actor in actors]
    socket: Any = Nowhere()
    clients = [hub.join(socket, caller, lambda: None) for caller in callers]

    async def sent() -> None:
        while any(client.backlog for client in clients):
            await asyncio.sleep(0)

    async def fader(number: int) -> None:
        db = -3 if number % 2 else 0
        await session.execute(b'{"type":"source.gain","source":"seat/m1","db":%d}' % db, DIRECTOR)
        await sent()

    async def reports(number: int) -> None:
        serial = session.serial
        levels = {SourceName(f"seat/m{each}"): -20.0 - (number + each) % 9 for each in range(PAGES)}
        live: dict[SourceName, SourceState] = dict.fromkeys(levels, "live")
        session.handle(
            MIXER,
            MixerReport(
                number, number, 0, 1, live, {str(source): db for source, db in levels.items()}, {}, {}
            ),
        )
        stats = (
            PeerStats(f"p{each}", f"m{each}", 1280, 720, 30.0, 900_000 + number, level_db=-20.0 - number % 7)
            for each in range(PAGES)
        )
        session.handle(shard_name(0), ShardReport(tuple(stats)))
        while session.serial == serial:
            await asyncio.sleep(0)
        await sent()

    print(f"a fader's event, {PAGES} seats, {len(actors)} pages: {await _timed(COMMANDS, fader)}")
    print(f"a second's reports: {await _timed(COMMANDS, reports)}")
    for client in clients:
        await hub.leave(client)
    await hub.close()
    await session.close()


def main() -> None:
    _pure()
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_log(Path(folder)))
        asyncio.run(_commands(Path(folder)))
        asyncio.run(_telling(Path(folder)))


if __name__ == "__main__":
    main()
