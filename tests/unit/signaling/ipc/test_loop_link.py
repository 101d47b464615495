"""The link on an event loop: what comes early is kept, what can't be decoded is passed over."""

import asyncio
import fcntl
import os

import msgspec

from mixer.contract.messages import Heartbeat, SlotOpened, WatchMeters
from mixer.contract.names import ProcessName, of_seat, slot_of
from mixer.ipc.inbox import Handlers
from mixer.ipc.link import Envelope, Link, pair
from signaling.ipc.loop_link import LoopLink

A, B = ProcessName("a"), ProcessName("b")


async def turns() -> None:
    """Of the loop, in which everything that has arrived is read."""
    for _ in range(20):
        await asyncio.sleep(0)


async def until_told(told: list[object], count: int) -> None:
    async with asyncio.timeout(5):
        while len(told) < count:
            await asyncio.sleep(0.001)


async def test_what_comes_before_there_are_handlers_is_handled_first() -> None:
    ours, theirs = (Link(end, name) for end, name in zip(pair(), (A, B), strict=True))
    link, told = LoopLink(theirs), list[object]()
    handlers = Handlers()
    handlers.on(WatchMeters, told.append)
    handlers.on_fds(SlotOpened, lambda _, fds: told.append(fcntl.fcntl(fds[0], fcntl.F_GETFD) >= 0))
    read_end, write_end = os.pipe()
    ours.send(B, WatchMeters(True))
    ours.send(B, SlotOpened(slot_of(of_seat("x"))), [read_end])
    ours.forward(Envelope(B, A, msgspec.Raw(msgspec.msgpack.encode({"type": "NoSuchMessage"}))))
    os.close(read_end)
    await turns()
    assert told == []
    link.serve(handlers)
    ours.send(B, WatchMeters(False))
    await until_told(told, 3)
    assert told == [WatchMeters(True), True, WatchMeters(False)]
    assert link.failures.count == 1, "what can't be decoded costs itself alone"
    os.close(write_end)
    link.send(A, Heartbeat())
    received = ours.receive()
    assert received is not None
    assert received[0].to == A
    ours.close()
    async with asyncio.timeout(5):
        await link.closed.wait()
    theirs.close()


async def test_a_link_that_is_stopped_handles_nothing_more() -> None:
    ours, theirs = (Link(end, name) for end, name in zip(pair(), (A, B), strict=True))
    link, told = LoopLink(theirs), list[object]()
    handlers = Handlers()
    handlers.on(WatchMeters, told.append)
    link.serve(handlers)
    ours.send(B, WatchMeters(True))
    await until_told(told, 1)
    link.stop()
    ours.send(B, WatchMeters(False))
    await turns()
    assert told == [WatchMeters(True)]
    ours.close()
    theirs.close()
