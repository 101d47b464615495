"""A process that opens a stranger's file for us: what it says is read, and it never outlives its caller."""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator
from typing import NamedTuple

from studio.contract.spawning import FOLDER, environment, python

LINE_BYTES = 262_144
"""The longest line it may say."""


class Apart(NamedTuple):
    """``said``: its standard output."""

    process: asyncio.subprocess.Process
    said: asyncio.StreamReader


@contextlib.asynccontextmanager
async def apart(module: str, *arguments: str) -> AsyncIterator[Apart]:
    """Start one of our modules, in a session of its own; at the end it is killed with all that it started.

    Raises OSError.
    """
    process = await asyncio.create_subprocess_exec(
        *python(module, *arguments),
        cwd=FOLDER,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,  # libraries' words about a stranger's file
        env=environment(os.environ),
        limit=LINE_BYTES,
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        yield Apart(process, process.stdout)
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
