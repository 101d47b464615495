"""What several modules of real processes share."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest_asyncio

from signaling.rtc.synthetic.client import LoopPlayer


@pytest_asyncio.fixture
async def player() -> AsyncIterator[LoopPlayer]:
    """What plays guests' loops, while the test runs."""
    player = LoopPlayer()
    task = asyncio.create_task(player.run())
    yield player
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
