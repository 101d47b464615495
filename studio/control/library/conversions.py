"""Clips that are too slow for this machine are converted once: one at a time, by a process behind all others.

The converted file lies beside the one that was uploaded, which is kept: a clip on air reads it until it
stands still, other canvases may want another conversion, and nothing that somebody brought is lost. A
conversion that was interrupted begins again.
"""

import asyncio
import errno
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
import structlog

from mixer.contract.findings import (
    CONVERTED_BITRATE,
    NOT_CONVERTED,
    Converted,
    Demands,
    Progress,
    Refused,
    Written,
)
from mixer.contract.source_kinds import MEDIA_FILE
from signaling.contract.medium import Conversion
from studio.control.library.apart import apart
from studio.planning.playing import CONVERTED_FILE

log = structlog.get_logger()

UNFINISHED = "converting.mkv"
_SPEAKS = msgspec.json.Decoder(Written)
_FULL = Refused("media.disk-full", "There is no room on the server's disk; delete files or recordings first.")


class Conversions:
    """Lives on one event loop. ``tell`` is given what each has come to, by the medium's id."""

    def __init__(
        self, folder: Path, demands: Demands, tell: Callable[[str, Conversion], Awaitable[None]]
    ) -> None:
        self._folder = folder
        self._demands = demands
        self._tell = tell
        self._waiting: dict[str, float] = {}
        self._now = ""
        self._job: asyncio.Task[Conversion] | None = None
        self._worker: asyncio.Task[None] | None = None

    async def ask(self, id_: str, duration_s: float) -> None:
        """Have this clip converted when its turn comes."""
        if id_ in self._waiting or id_ == self._now:
            return
        self._waiting[id_] = duration_s
        await self._tell(id_, Conversion("waiting"))
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._work())

    async def drop(self, id_: str) -> None:
        """It is wanted no more; nothing touches its folder from now on."""
        self._waiting.pop(id_, None)
        if id_ == self._now and self._job is not None:
            self._job.cancel()
            await asyncio.wait((self._job,))

    async def close(self) -> None:
        self._waiting.clear()
        if self._worker is not None:
            self._worker.cancel()
            await asyncio.wait((self._worker,))

    async def _work(self) -> None:
        while self._waiting:
            id_ = self._now = next(iter(self._waiting))
            self._job = asyncio.create_task(self._convert(id_, self._waiting.pop(id_)))
            try:
                await asyncio.wait((self._job,))
            finally:
                self._now = ""
                self._job.cancel()
                await asyncio.wait((self._job,))
            if not self._job.cancelled():
                await self._tell(id_, _came_of(self._job))

    async def _convert(self, id_: str, duration_s: float) -> Conversion:
        place = self._folder / id_
        unfinished = place / UNFINISHED
        await self._tell(id_, Conversion("running"))
        try:
            await asyncio.to_thread(self._check_room, place, duration_s)
            outcome = await self._written(id_, place / MEDIA_FILE, unfinished)
            if isinstance(outcome, Converted):
                await asyncio.to_thread(unfinished.rename, place / CONVERTED_FILE)
        finally:
            await asyncio.shield(asyncio.to_thread(unfinished.unlink, missing_ok=True))
        if isinstance(outcome, Refused):
            log.warning("clip not converted", media=id_, code=outcome.code)
            return Conversion("failed", code=outcome.code, reason=outcome.reason)
        log.info("clip converted", media=id_, bytes=outcome.bytes, effort=outcome.effort)
        return Conversion("done", 1.0, bytes=outcome.bytes, effort=outcome.effort)

    def _check_room(self, place: Path, duration_s: float) -> None:
        """On a thread. Raises OSError (ENOSPC) where there is surely no room: what is written is watched."""
        likely = min((place / MEDIA_FILE).stat().st_size, round(duration_s * CONVERTED_BITRATE / 8))
        if shutil.disk_usage(place).free < likely + self._demands.spare_bytes:
            raise OSError(errno.ENOSPC, "no room")

    async def _written(self, id_: str, path: Path, unfinished: Path) -> Converted | Refused:
        told = msgspec.json.encode(self._demands).decode()
        outcome: Converted | Refused = NOT_CONVERTED
        async with apart("mixer.sources.clips.converter", str(path), str(unfinished), told) as converter:
            try:
                async for line in converter.said:
                    heard: Written = _SPEAKS.decode(line)
                    if isinstance(heard, Progress):
                        await self._tell(id_, Conversion("running", heard.share))
                    else:
                        outcome = heard
                await converter.process.wait()
            except ValueError:  # a line of any length, or none of ours
                return NOT_CONVERTED
        return outcome


def _came_of(job: asyncio.Task[Conversion]) -> Conversion:
    error = job.exception()
    if error is None:
        return job.result()
    full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    why = _FULL if full else NOT_CONVERTED
    log.warning("clip not converted", code=why.code, error=type(error).__name__)
    return Conversion("failed", code=why.code, reason=why.reason)
