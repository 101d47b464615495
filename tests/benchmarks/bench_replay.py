"""How long control waits for its log: ``python -m tests.benchmarks.bench_replay [--events 1000000]``.

A log of 49 people who are admitted and held again and again, replayed as a whole and from a snapshot.
"""

import argparse
import asyncio
import contextlib
import sqlite3
import tempfile
import time
from pathlib import Path

from studio.control.log import snapshots
from studio.control.log.snapshots import LogSnapshots
from studio.control.log.store import INSERT, Store
from studio.show.events import SeatAdmitted, SeatCreated, SeatHeld, apply, encode
from studio.show.model import Show

SEATS = 49


def fill(path: Path, count: int) -> None:
    people = [encode(SeatCreated(f"seat-{n}", f"Mayor {n}", "speaker", "", 0)) for n in range(SEATS)]
    moves = [encode(kind(f"seat-{n}")) for kind in (SeatAdmitted, SeatHeld) for n in range(SEATS)]
    lines = (people[n] if n < SEATS else moves[n % len(moves)] for n in range(count))
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.executemany(INSERT, ((n, 0, "director", line) for n, line in enumerate(lines, 1)))
        database.commit()


async def started_s(path: Path) -> tuple[float, Show]:
    began_s = time.monotonic()
    store = await Store.open(path)
    try:
        show, _ = await store.replay(apply, *await asyncio.to_thread(LogSnapshots(path, Show()).newest))
    finally:
        await store.close()
    return time.monotonic() - began_s, show


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    count = parser.parse_args().events
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "show.db"
        await (await Store.open(path)).close()
        fill(path, count)
        whole_s, show = await started_s(path)
        snapshots._PAUSE_S = 0
        LogSnapshots(path, Show()).advance()
        short_s, same = await started_s(path)
        assert same == show
        print(f"{count} events: {whole_s:.2f} s as a whole, {short_s:.3f} s from a snapshot")


if __name__ == "__main__":
    asyncio.run(main())
