"""A director at the console's page, beside it what the studio's state says."""

import asyncio
import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from playwright.async_api import Page, expect

from studio.lab.harness.waiting import PATIENCE_S, unmet
from tests.support.running import RunningStudio, wait_until

GUEST = "rehearsal-1"


@dataclass
class Desk:
    studio: RunningStudio
    page: Page
    said: list[str]
    meters: list[str]
    """Messages with meters that came so far."""

    async def whole(self) -> dict[str, Any]:
        """The state with its revision."""
        return await asyncio.to_thread(self.studio.client.state)

    async def now(self) -> dict[str, Any]:
        """The public state."""
        return await asyncio.to_thread(self.studio.state)

    async def do(self, type_: str, **fields: Any) -> None:
        """What somebody else does."""
        await asyncio.to_thread(self.studio.do, type_, **fields)

    async def state(
        self, what: str, probe: Callable[[dict[str, Any]], object], timeout_s: float = PATIENCE_S
    ) -> None:
        """Wait until the public state is as the control asked for."""
        end = time.monotonic() + timeout_s
        while not (last := probe(await self.now())):
            if time.monotonic() > end:
                raise unmet(f"{what} in the state", timeout_s, probe, last)
            await asyncio.sleep(0.05)

    async def until_told(self, count: int, which: str = "serial") -> None:
        """Wait until the state's ``serial`` or ``revision`` is as far as this."""
        async with asyncio.timeout(PATIENCE_S):
            while (await self.whole())[which] < count:
                await asyncio.sleep(0.05)

    async def tab(self, name: str) -> None:
        await self.page.click(f"[data-action=tab][data-tab={name}]")
        await expect(self.page.locator(f"[data-tab={name}][aria-selected=true]")).to_be_visible()


@contextlib.contextmanager
def guest_on_stage(studio: RunningStudio) -> Iterator[None]:
    """A synthetic guest over real WebRTC, admitted, whose microphone has a tone."""
    command = [sys.executable, "-m", "studio", "rehearse", "--data", str(studio.data), "--guests", "1"]
    process = subprocess.Popen(
        command,
        env={**os.environ, "STUDIO_DATA": str(studio.data)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until(
            "the guest is connected", lambda: studio.status("seats", GUEST, "connection") == "connected", 40
        )
        yield
    finally:
        process.terminate()
        process.wait(20)
