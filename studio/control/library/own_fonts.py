"""The operator's own fonts: a file put into ``DATA/fonts`` is used at once, without a restart.

Files are looked for every two seconds in a thread, and each new one is tried by a process of its own
(:mod:`studio.control.library.font_check`). What is good lies in ``DATA/fonts-cache`` under its content's
name, so that nobody writes into a file that the mixer reads, with the list that the mixer watches
(:class:`mixer.graphics.fonts.WatchedFonts`).
"""

import asyncio
import contextlib
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec
import structlog

from mixer.graphics.fonts import FORMAT, MANIFEST, FontFile, Manifest
from studio.contract import spawning
from studio.control.library.glyphs import Glyphs

SUFFIXES = (".ttf", ".otf", ".ttc")
MOST = 64
"""Fonts used; those whose names come first."""
LOOK_S = 2.0
_SETTLED_S = 1.0
"""A file that was changed later than this may still be being copied."""
_WAIT_S = 40.0

log = structlog.get_logger()

_Mark = tuple[int, int]


class OwnFonts:
    """``folder``: the operator's; ``cache``: of what was tried. ``ours``: the fonts before them. ``glyphs``
    is told of both."""

    def __init__(self, folder: Path, cache: Path, ours: tuple[FontFile, ...]) -> None:
        self._folder = folder
        self._cache = cache
        self._ours = ours
        self._tried: dict[str, tuple[_Mark, FontFile | str]] = {}
        self.glyphs = Glyphs(ours)
        self.found: Mapping[str, str] = {}
        """By file: why it isn't used, empty where it is."""

    async def look(self) -> bool:
        """See what is there now; whether that is something else than before."""
        files = await asyncio.to_thread(self._listed)
        tried = {name: (mark, await self._outcome(name, mark)) for name, mark in files.items()}
        if tried == self._tried:
            return False
        self._tried = tried
        self.found = {name: each if isinstance(each, str) else "" for name, (_, each) in tried.items()}
        good = tuple(each for _, each in tried.values() if isinstance(each, FontFile))
        await asyncio.to_thread(self._write, good)
        self.glyphs.use((*self._ours, *good))
        for name, reason in self.found.items():
            log.info("own font", file=name, reason=reason or "used")
        return True

    async def watch(self, changed: Callable[[], None]) -> None:
        """Watch the folder for ever; ``changed`` is called after each change."""
        while True:
            try:
                if await self.look():
                    changed()
            except OSError as error:
                log.error("own fonts can't be used", reason=error.strerror)
            await asyncio.sleep(LOOK_S)

    def _listed(self) -> dict[str, _Mark]:
        """Files that are whole, sorted; what is still being copied stays as it was before."""
        found: dict[str, _Mark] = {}
        with contextlib.suppress(FileNotFoundError), os.scandir(self._folder) as entries:
            for each in entries:
                if not (each.name.lower().endswith(SUFFIXES) and each.name.isprintable() and each.is_file()):
                    continue
                told = each.stat()
                before = self._tried.get(each.name)
                if time.time() - told.st_mtime >= _SETTLED_S:
                    found[each.name] = (told.st_mtime_ns, told.st_size)
                elif before is not None:
                    found[each.name] = before[0]
        return {name: found[name] for name in sorted(found)[:MOST]}

    async def _outcome(self, name: str, mark: _Mark) -> FontFile | str:
        before = self._tried.get(name)
        return before[1] if before is not None and before[0] == mark else await self._try(name)

    async def _try(self, name: str) -> FontFile | str:
        process = await asyncio.create_subprocess_exec(
            *spawning.python("studio.control.library.font_check", str(self._folder / name), str(self._cache)),
            cwd=spawning.FOLDER,
            env=spawning.environment(os.environ),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            async with asyncio.timeout(_WAIT_S):
                told, _ = await process.communicate()
        except TimeoutError:
            return "takes too long to draw"
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode == 0:
            return msgspec.json.decode(told, type=FontFile)
        return told.decode(errors="replace").strip()[:200] or "is damaged, or no font"

    def _write(self, good: tuple[FontFile, ...]) -> None:
        self._cache.mkdir(parents=True, exist_ok=True, mode=0o700)
        new = self._cache / f"{MANIFEST}.part"
        new.write_bytes(msgspec.json.encode(Manifest(FORMAT, good)))
        new.replace(self._cache / MANIFEST)
        kept = {Path(each.file).name for each in good} | {MANIFEST}
        rest = [each for each in self._cache.iterdir() if each.name not in kept]
        for old in sorted(rest, key=lambda each: each.stat().st_mtime)[:-MOST]:
            old.unlink(missing_ok=True)
