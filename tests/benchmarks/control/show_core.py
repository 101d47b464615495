"""How long the show's core takes: ``python -m tests.benchmarks.control.show_core``; prints one line a figure.

Figures are CPU time, so that a busy machine doesn't colour them; the plan's delay alone is
real time.
"""

import asyncio
import tempfile
import time
from pathlib import Path

import msgspec

from studio.control.log.store import Store
from studio.control.preparing import Surroundings
from studio.control.session import Session, SessionSettings
from studio.control.status import Status
from studio.planning.planner import Live, plan
from studio.show.events import AnyEvent, apply
from studio.show.model import Show
from studio.show.patch import diff
from studio.show.view import PublicView
from tests.support.shows import DIRECTOR, PLAN_SETTINGS, after, events_of, with_mayors, with_scene

SEATS = 200
EVENTS = 100_000
COMMANDS = 300


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
        publish=lambda plans, issued_ns: late.append((time.monotonic_ns() - issued_ns) / 1e6),
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
    view, status = PublicView(), Status()
    status.set_connections(dict.fromkeys(show.seats, "connected"))
    old = {**view(show), "status": status.public(show, plans.uplink, plans.screens)}
    start = time.process_time()
    for _ in range(rounds):
        new = {**view(show), "status": status.public(show, plans.uplink, plans.screens)}
        diff(old, new)
    print(f"public state and patch, {SEATS} seats: {_ms(start, rounds):.2f} ms")


def main() -> None:
    _pure()
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_log(Path(folder)))
        asyncio.run(_commands(Path(folder)))


if __name__ == "__main__":
    main()
