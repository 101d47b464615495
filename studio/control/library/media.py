"""What was uploaded: received, looked into by a process of its own, kept in DATA/media, listed, deleted.

``DATA/media/<id>/`` holds ``medium.json``, and ``file`` (a clip, slides) or ``picture.npy`` (a still, brought
into plain pixels); beside the file of a clip that was too slow lies ``converted.mkv``. Ids are made here, and
nothing that a browser says becomes part of a path. An upload lies in a folder of its own, with a name no id
has, until it is known to be good; then the folder is renamed.
"""

import asyncio
import errno
import os
import secrets
import shutil
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from pathlib import Path
from typing import BinaryIO

import msgspec
import structlog
from msgspec.structs import replace

from mixer.contract.findings import TOO_SLOW, Demands, Found, Outcome, Refused
from mixer.contract.source_kinds import MEDIA_FILE, SOURCE_KINDS, MediaKind
from signaling.contract.medium import Conversion, Medium
from signaling.contract.ports import RefusedError
from studio.contract.config import Media as MediaSettings
from studio.control.library.apart import apart
from studio.control.library.conversions import UNFINISHED, Conversions
from studio.planning.playing import CONVERTED_FILE
from studio.show.model import MAX_TITLE
from studio.show.text import clean

log = structlog.get_logger()

MAX_MEDIA = 500
AT_ONCE = 4
"""Uploads received at the same time."""
LOOK_S = 90.0
"""Longest the importer may take."""
ROOM_BYTES = 200_000_000
"""Left on the disk whatever is uploaded: the show's log and its recordings need some."""
_ENTRY = "medium.json"
_UNFINISHED = ".upload-"
_GONE = ".gone-"
_BLOCK = 1 << 20

_NO_DEMANDS = Demands()
_SPEAKS = msgspec.json.Decoder(Outcome)
_MEDIUM = msgspec.json.Decoder(Medium)
_TOO_MUCH = Refused(
    "media.too-complex", "It takes more time or memory to look into this file than is allowed."
)


class MediaStore:
    """Implements :class:`signaling.contract.ports.MediaPort`. Lives on one event loop; files are touched in
    threads.

    Clips that need more than ``convert_over`` of a processor are converted, unless it is 0.
    """

    def __init__(
        self,
        folder: Path,
        max_bytes: int,
        *,
        convert_over: float = 0.0,
        demands: Demands = _NO_DEMANDS,
    ) -> None:
        self._folder = folder
        self._convert_over = convert_over
        self._demands = replace(demands, spare_bytes=ROOM_BYTES)
        self._conversions = Conversions(folder, self._demands, self._converting)
        self._listeners: list[Callable[[], None]] = []
        self._media: dict[str, Medium] = {}
        self._looking = asyncio.Semaphore(1)
        self._uploads = 0
        self.limit_bytes = max_bytes

    @property
    def media(self) -> Mapping[str, Medium]:
        """By id, oldest first; replaced, never changed in place."""
        return self._media

    def listen(self, changed: Callable[[], None]) -> None:
        """Call it after each change."""
        self._listeners.append(changed)

    def _changed(self) -> None:
        for listener in self._listeners:
            listener()

    async def open(self) -> None:
        """Read the folder, and go on with conversions. Raises OSError where it can't be made or listed."""
        found = await asyncio.to_thread(_read_folder, self._folder)
        self._media = {id_: self._judged(medium) for id_, medium in found.items()}
        await self._convert_slow()

    async def close(self) -> None:
        """Conversions that are under way are left, and begin again with the next start."""
        await self._conversions.close()

    def listed(self) -> list[Medium]:
        return list(self._media.values())

    async def add(self, name: str, length: int | None, blocks: AsyncIterator[bytes]) -> Medium:
        """See :meth:`signaling.contract.ports.MediaPort.add`."""
        if len(self._media) >= MAX_MEDIA:
            raise RefusedError(409, "media.too-many", f"At most {MAX_MEDIA} files are kept; delete some.")
        if self._uploads >= AT_ONCE:
            raise RefusedError(
                429, "media.busy", "Several uploads are under way; try again when one is through."
            )
        if (length or 0) > self.limit_bytes:
            raise self._too_large()
        self._uploads += 1
        work = self._folder / f"{_UNFINISHED}{secrets.token_hex(8)}"
        try:
            await asyncio.to_thread(_make_room, self._folder, work, length or 0)
            size = await self._receive(work / MEDIA_FILE, length, blocks)
            found = await self._look(work)
            medium = await asyncio.to_thread(self._keep, work, clean_name(name), size, found)
        except OSError as error:
            raise _disk_problem(error) from error
        finally:
            self._uploads -= 1
            await asyncio.shield(asyncio.to_thread(shutil.rmtree, work, ignore_errors=True))
        self._put(self._judged(medium))
        log.info("media kept", media=medium.id, kind=medium.kind, bytes=medium.bytes, effort=medium.effort)
        await self._convert_slow()
        return self._media.get(medium.id, medium)

    async def remove(self, id_: str, in_use: Collection[str] = ()) -> None:
        """See :meth:`signaling.contract.ports.MediaPort.remove`."""
        if id_ not in self._media:
            raise RefusedError(404, "media.unknown", "There is no such file.")
        if id_ in in_use:
            raise RefusedError(
                409, "media.in-use", "A source or a graphic uses this file; delete that first."
            )
        self._media = {known: medium for known, medium in self._media.items() if known != id_}
        self._changed()
        await self._conversions.drop(id_)
        await asyncio.to_thread(_remove, self._folder, id_)
        await self._convert_slow("media.disk-full")

    # --- conversions -----------------------------------------------------------------------------------

    def _put(self, medium: Medium) -> None:
        self._media = {**self._media, medium.id: medium}
        self._changed()

    def _judged(self, medium: Medium) -> Medium:
        """With the warning that it is too slow, where what is played of it is."""
        done = medium.conversion if medium.conversion and medium.conversion.state == "done" else None
        effort = done.effort if done else medium.effort
        slow = (TOO_SLOW,) if effort > self._convert_over > 0 else ()
        others = tuple(each for each in medium.warnings if each != TOO_SLOW)
        return replace(medium, warnings=others + slow)

    async def _convert_slow(self, failed: str = "") -> None:
        """Have those converted that are too slow and were not, and those that ``failed`` by this code."""
        for id_, medium in self._media.items():
            before = medium.conversion
            if (
                medium.effort > self._convert_over > 0
                and not medium.alpha
                and (before is None or (before.state == "failed" and before.code == failed))
            ):
                await self._conversions.ask(id_, medium.duration_s)

    async def _converting(self, id_: str, conversion: Conversion) -> None:
        medium = self._media.get(id_)
        if medium is None:
            return
        told = self._judged(replace(medium, conversion=conversion))
        if conversion.state == "done":
            try:
                await asyncio.to_thread(_write_entry, self._folder / id_, told)
            except OSError as error:  # it is made again after the next start
                log.error("media not written", media=id_, error=errno.errorcode.get(error.errno or 0, ""))
        if id_ in self._media:
            self._put(told)

    # --- uploads ---------------------------------------------------------------------------------------

    def _too_large(self) -> RefusedError:
        return RefusedError(
            413, "media.too-large", f"A file may have at most {self.limit_bytes / 1e9:.3g} GB."
        )

    async def _receive(self, path: Path, length: int | None, blocks: AsyncIterator[bytes]) -> int:
        size, held = 0, bytearray()
        file = await asyncio.to_thread(path.open, "xb")
        try:
            async for block in blocks:
                size += len(block)
                if size > self.limit_bytes:
                    raise self._too_large()
                held += block
                if len(held) >= _BLOCK:
                    await asyncio.to_thread(_write, file, bytes(held))
                    held.clear()
            await asyncio.to_thread(_write, file, bytes(held))
        finally:
            await asyncio.shield(asyncio.to_thread(file.close))
        if not size or (length is not None and size != length):
            raise RefusedError(400, "media.incomplete", "The file did not arrive in full; upload it again.")
        return size

    async def _look(self, work: Path) -> Found:
        """One at a time: the programme needs the machine more. Raises RefusedError 400."""
        async with self._looking:
            outcome = await looked_into(work / MEDIA_FILE, work, self._demands)
        if isinstance(outcome, Refused):
            if outcome.code == "media.disk-full":
                raise _disk_problem(OSError(errno.ENOSPC, ""))
            raise RefusedError(400, outcome.code, outcome.reason)
        return outcome

    def _keep(self, work: Path, name: str, size: int, found: Found) -> Medium:
        """On a thread. The folder appears under its id in one step."""
        id_ = f"m{secrets.token_hex(6)}"
        told = {field: getattr(found, field) for field in Found.__struct_fields__}
        medium = Medium(id=id_, name=name or found.kind, bytes=size, **told)
        if _kept(found.kind) != MEDIA_FILE:
            (work / MEDIA_FILE).unlink()  # a still: its pixels are kept, and nobody decodes it again
        _write_entry(work, medium)
        work.rename(self._folder / id_)
        return medium


async def open_media(folder: Path, settings: MediaSettings, demands: Demands) -> MediaStore:
    """The store of this folder. Raises OSError."""
    store = MediaStore(
        folder, round(settings.max_gb * 1e9), convert_over=settings.convert_over, demands=demands
    )
    await store.open()
    return store


def clean_name(name: str) -> str:
    """A file's name as it may be shown: without folders, on one line."""
    return clean(name.replace("\\", "/").rpartition("/")[2])[:MAX_TITLE].strip()


async def looked_into(
    path: Path, folder: Path, demands: Demands = _NO_DEMANDS, time_s: float = LOOK_S
) -> Outcome:
    """What the importer says of a file; it may die of it, and take as long as it likes. Raises OSError."""
    arguments = (str(path), str(folder), msgspec.json.encode(demands).decode())
    async with apart("mixer.sources.importer", *arguments) as importer:
        try:
            async with asyncio.timeout(time_s):
                told = await importer.said.readline()
                await importer.process.wait()
        except (TimeoutError, ValueError):  # ValueError: a line of any length
            return _TOO_MUCH
    try:
        outcome: Outcome = _SPEAKS.decode(told)
    except msgspec.DecodeError:
        log.warning("the importer ended", status=importer.process.returncode)
        return _TOO_MUCH
    return outcome


def _kept(kind: MediaKind) -> str:
    """Name of what is kept of a file of this kind."""
    upload = SOURCE_KINDS[kind].upload
    assert upload is not None
    return upload.kept


def _write_entry(place: Path, medium: Medium) -> None:
    """Whole or not at all. Raises OSError."""
    unfinished = place / f"{_ENTRY}.new"
    with unfinished.open("wb") as file:
        file.write(msgspec.json.encode(medium))
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(place / _ENTRY)


def _write(file: BinaryIO, block: bytes) -> None:
    """Raises OSError (ENOSPC) before others lack the room: a body need not say how long it is, and several
    may come at once."""
    if shutil.disk_usage(file.name).free < len(block) + ROOM_BYTES:
        raise OSError(errno.ENOSPC, "no room")
    file.write(block)


def _make_room(folder: Path, work: Path, length: int) -> None:
    """Raises OSError (ENOSPC) before anything is received that there is no room for."""
    if shutil.disk_usage(folder).free < length + ROOM_BYTES:
        raise OSError(errno.ENOSPC, "no room")
    work.mkdir(mode=0o700)


def _disk_problem(error: OSError) -> RefusedError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return RefusedError(
            507, "media.disk-full", "There is no room on the server's disk; delete files or recordings first."
        )
    log.error("media not kept", error=errno.errorcode.get(error.errno or 0, ""))
    return RefusedError(503, "media.unwritable", "The server can't keep files now; see its log.")


def _read_folder(folder: Path) -> dict[str, Medium]:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    found: list[tuple[int, Medium]] = []
    for place in folder.iterdir():
        if place.name.startswith((_UNFINISHED, _GONE)):
            shutil.rmtree(place, ignore_errors=True)
            continue
        try:
            medium = _MEDIUM.decode((place / _ENTRY).read_bytes())
            kept = place / _kept(medium.kind)
            if medium.id != place.name or not kept.is_file() or place.is_symlink() or kept.is_symlink():
                raise ValueError("not what it says")
            found.append((kept.stat().st_mtime_ns, _as_converted(place, medium)))
        except (OSError, ValueError) as error:
            log.error("media left out", place=place.name, error=type(error).__name__)
    return {medium.id: medium for _, medium in sorted(found, key=lambda each: each[0])}


def _as_converted(place: Path, medium: Medium) -> Medium:
    """What an earlier studio left half done is thrown away. Raises OSError."""
    (place / UNFINISHED).unlink(missing_ok=True)
    if medium.conversion is not None and (place / CONVERTED_FILE).is_file():
        return medium
    (place / CONVERTED_FILE).unlink(missing_ok=True)
    return replace(medium, conversion=None)


def _remove(folder: Path, id_: str) -> None:
    gone = folder / f"{_GONE}{id_}"
    try:
        (folder / id_).rename(gone)
    except OSError as error:
        log.error("media not deleted", media=id_, error=errno.errorcode.get(error.errno or 0, ""))
        return
    shutil.rmtree(gone, ignore_errors=True)
