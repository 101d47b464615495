"""Offers that come at once are answered one after the other, so that packets are read in between."""

import asyncio

STEP_S = 0.015
"""Between two beginnings: an answer and its handshake take about that much of the loop's time."""


class Pace:
    """Gives turns in the order in which they are asked for, at least ``step_s`` apart. Lives on one loop.

    Only the beginnings are paced: who waits for a server in its turn holds nobody up.
    """

    def __init__(self, step_s: float = STEP_S) -> None:
        self._step_s = step_s
        self._next_s = 0.0

    async def turn(self) -> None:
        now_s = asyncio.get_running_loop().time()
        due_s = max(now_s, self._next_s)
        self._next_s = due_s + self._step_s
        if due_s > now_s:
            await asyncio.sleep(due_s - now_s)
