"""What telling the state costs control: ``python -m tests.benchmarks.bench_state [--seats 40]``.

A real session and hub with 40 speakers' pages, four interpreters', two consoles', a viewer's and a wall's;
their sockets end in nothing. CPU milliseconds of control's loop for a fader's event, and for a second's
reports of the mixer and a shard, each told to every page.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec

from mixer.contract.messages import MixerReport, SourceState
from signaling.contract.messages import PeerStats, ShardReport
from signaling.contract.ports import Actor, Grant
from signaling.http.auth.auth import Session as Caller
from signaling.http.live.hub import Hub
from studio.control import session as session_module
from studio.control.log.store import Store
from studio.control.preparing import Surroundings
from studio.control.session import Session, SessionSettings
from tests.support.shows import DIRECTOR, PLAN_SETTINGS


class Nowhere:
    """A socket that takes everything and keeps nothing."""

    async def send_frame(self, data: bytes, kind: object) -> None:
        pass

    async def close(self, **how: Any) -> None:
        pass


async def _show(session: Session, seats: int) -> list[Actor]:
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


async def measure(folder: Path, seats: int, rounds: int) -> None:
    session_module.STATUS_INTERVAL_S = 0.0
    session = Session(
        await Store.open(folder / "show.db"),
        SessionSettings(PLAN_SETTINGS),
        publish=lambda plans, issued_ns: None,
        around=Surroundings(lambda role, token: token),
    )
    await session.start()
    hub = Hub(session, lambda caller: True)
    actors = await _show(session, seats)
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
        levels = {f"seat/m{each}": -20.0 - (number + each) % 9 for each in range(seats)}
        live: dict[str, SourceState] = dict.fromkeys(levels, "live")
        session.handle("mixer", MixerReport(number, number, 0, 1, live, levels, {}, {}))
        stats = (
            PeerStats(f"p{each}", f"m{each}", 1280, 720, 30.0, 900_000 + number, level_db=-20.0 - number % 7)
            for each in range(seats)
        )
        session.handle("shard-1", ShardReport(tuple(stats)))
        while session.serial == serial:
            await asyncio.sleep(0)
        await sent()

    print(f"a fader's event, {seats} seats, {len(actors)} pages: {await _timed(rounds, fader)}")
    print(f"a second's reports: {await _timed(rounds, reports)}")
    for client in clients:
        await hub.leave(client)
    await hub.close()
    await session.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seats", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=300)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure(Path(folder), options.seats, options.rounds))


if __name__ == "__main__":
    main()
