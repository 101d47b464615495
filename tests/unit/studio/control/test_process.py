"""Control's process before it has all its parts."""

import asyncio
import threading
from typing import Any

import pytest

from mixer.contract.messages import Heartbeat
from mixer.contract.names import CONTROL, SUPERVISOR
from mixer.ipc.inbox import Handlers, Inbox
from mixer.ipc.link import Link, pair
from studio.contract.messages import ControlConfig, StartFailed
from studio.control import process
from studio.control.opening import CannotStartError
from studio.lab.harness.waiting import PATIENCE_S


async def test_who_reads_a_long_log_does_not_hang(monkeypatch: pytest.MonkeyPatch) -> None:
    """Or the supervisor would end it at every start, before the log is read once."""
    enough = threading.Event()
    heard: list[Any] = []

    async def reads_for_long(*_: object) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not enough.is_set():
                inbox.read()
                await asyncio.sleep(0.01)
        raise CannotStartError("enough")

    def beats(message: Heartbeat) -> None:
        heard.append(message)
        if len(heard) == 3:
            enough.set()

    handlers = Handlers()
    handlers.on(Heartbeat, beats)
    handlers.on(StartFailed, heard.append)
    monkeypatch.setattr(process, "opened", reads_for_long)
    monkeypatch.setattr(process, "BEAT_S", 0.05)
    ours, theirs = pair()
    supervisor, control = Link(ours, SUPERVISOR), Link(theirs, CONTROL)
    inbox = Inbox(supervisor, handlers.take)
    start = ControlConfig(config_file="", data="", host="", port=0, director_token="", epoch_ns=0, folder="")
    assert await process._control(control, start) == 1
    inbox.read()
    assert heard[-1] == StartFailed("enough")
    for link in (supervisor, control):
        link.close()
