"""Themes on disk: the built-in ones and the operator's own, their pictures brought into plain pixels.

Nothing here waits on the event loop: folders are read in a thread, pictures decoded in processes of their
own. What was decoded once is kept in the cache by its content, so that setting a theme again costs nothing.
"""

import asyncio
import hashlib
import os
import tempfile
from pathlib import Path

import msgspec
import structlog

from mixer.contract.theme import Theme
from signaling.contract.ports import RefusedError
from studio.contract.paths import THEMES
from studio.contract.spawning import FOLDER, environment, python
from studio.control.library.theme_folder import FILE, is_name, picture_refused, read_folder

PLAIN = "plain"
SIZES = {"logo": (1600, 800), "backdrop": (3840, 2160)}
"""The box each picture is fitted into, in pixels."""
FORMAT = 1
"""Raised when pictures are made differently, so that those in the cache are made again."""
_AT_ONCE = 4
"""Themes that are being read, each with its pictures' bytes in memory."""
KEPT = 64
"""Pictures in the cache; the ones used last."""
MAX_THEMES = 100
_WAIT_S = 30.0

log = structlog.get_logger()


class Themes:
    """``own``: folder of the operator's themes, one folder each, which go before built-in ones of the same
    name. ``cache``: folder of the decoded pictures, made when it is needed."""

    def __init__(self, own: Path, cache: Path, built_in: Path = THEMES) -> None:
        self._folders = (own, built_in)
        self._cache = cache
        self._names: tuple[str, ...] = (PLAIN,)
        self._decoding = asyncio.Lock()
        self._reading = asyncio.Semaphore(_AT_ONCE)

    @property
    def names(self) -> tuple[str, ...]:
        """Names as they were found last, sorted."""
        return self._names

    async def refresh(self) -> None:
        """Look which themes there are."""
        self._names = await asyncio.to_thread(self._listed)

    async def load(self, name: str) -> Theme:
        """The theme as its folder has it now. Raises RefusedError: 404 ``theme.unknown``, 400
        ``theme.malformed``, ``theme.picture``, 507 ``theme.cache``."""
        await self.refresh()
        folder = await asyncio.to_thread(self._folder_of, name)
        if folder is None:
            raise RefusedError(404, "theme.unknown", f"There is no theme {name}.")
        async with self._reading:
            written = await asyncio.to_thread(read_folder, folder, name)
            files = {field: await self._pixels(name, field, each) for field, each in written.pictures.items()}
        return msgspec.structs.replace(written.theme, **files)

    def _listed(self) -> tuple[str, ...]:
        found = {PLAIN}
        for folder in self._folders:
            try:
                with os.scandir(folder) as entries:
                    found |= {
                        each.name for each in entries if is_name(each.name) and _is_theme(Path(each.path))
                    }
            except OSError:
                continue  # no folder of own themes: none were made
        return tuple(sorted(found)[:MAX_THEMES])

    def _folder_of(self, name: str) -> Path | None:
        if not is_name(name):
            return None
        return next((folder / name for folder in self._folders if _is_theme(folder / name)), None)

    async def _pixels(self, name: str, field: str, content: bytes) -> str:
        """The file with the picture's pixels."""
        width, height = SIZES[field]
        mark = f"|{FORMAT}|{width}x{height}".encode()
        file = self._cache / f"{hashlib.sha256(content + mark).hexdigest()[:32]}.npy"
        try:
            if not await asyncio.to_thread(_touched, file):
                async with self._decoding:  # one at a time: the programme needs the machine more
                    if not await asyncio.to_thread(_touched, file):
                        await self._decode(name, field, content, file)
        except OSError as error:
            raise _no_room(error) from error
        return str(file)

    async def _decode(self, name: str, field: str, content: bytes, file: Path) -> None:
        """Raises RefusedError 400 ``theme.picture``, OSError."""
        new = await asyncio.to_thread(self._new_file)
        try:
            reason = await _decoded(content, new, *SIZES[field])
            if reason:
                raise picture_refused(name, f"{field}: the picture {reason}")
            await asyncio.to_thread(os.replace, new, file)
            await asyncio.to_thread(self._prune)
        finally:
            await asyncio.to_thread(new.unlink, missing_ok=True)

    def _new_file(self) -> Path:
        self._cache.mkdir(parents=True, exist_ok=True, mode=0o700)
        number, path = tempfile.mkstemp(suffix=".part", dir=self._cache)
        os.close(number)
        return Path(path)

    def _prune(self) -> None:
        files = sorted(self._cache.glob("*.npy"), key=lambda file: file.stat().st_mtime, reverse=True)
        for file in files[KEPT:]:
            file.unlink(missing_ok=True)


async def _decoded(content: bytes, dest: Path, width: int, height: int) -> str:
    """Decoded into ``dest`` by a process with limits; why not, or an empty text."""
    process = await asyncio.create_subprocess_exec(
        *python("studio.control.library.theme_picture", str(dest), str(width), str(height)),
        cwd=FOLDER,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=environment(os.environ),
    )
    try:
        async with asyncio.timeout(_WAIT_S):
            told, _ = await process.communicate(content)
    except TimeoutError:
        return "takes too long to decode"
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode == 0:
        return ""
    return told.decode(errors="replace").strip()[:200] or "is too large or broken"


def _is_theme(folder: Path) -> bool:
    return (folder / FILE).is_file()


def _touched(file: Path) -> bool:
    try:
        os.utime(file)
    except FileNotFoundError:
        return False
    return True


def _no_room(error: OSError) -> RefusedError:
    log.error("theme's picture not kept", reason=error.strerror)
    return RefusedError(507, "theme.cache", f"The theme's pictures can't be kept: {error.strerror}.")
