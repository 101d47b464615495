"""Offers that come at once have their turns one after the other."""

import asyncio

from signaling.shard.pace import Pace


async def test_turns_come_in_order_and_apart() -> None:
    pace, began = Pace(0.02), list[tuple[int, float]]()
    loop = asyncio.get_running_loop()

    async def one(number: int) -> None:
        await pace.turn()
        began.append((number, loop.time()))

    start = loop.time()
    await asyncio.gather(*(one(number) for number in range(5)))
    assert [number for number, _ in began] == [0, 1, 2, 3, 4]
    assert all(at - start >= 0.02 * number - 0.002 for number, at in began), "each not before its turn"


async def test_who_comes_alone_does_not_wait() -> None:
    pace = Pace(30.0)
    await asyncio.wait_for(pace.turn(), 5)
