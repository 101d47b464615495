"""Room on the disk that is kept for the show's log, and how far the log has come, in one file beside it.

The file's first block says the newest revision; it was written once, and so can be written over on a full
disk. The rest is room that is given back when the disk is full. Blocking: for another thread than the loop's.
"""

import errno
import os
from pathlib import Path

import msgspec
import structlog

RESERVE_BYTES = 4 << 20
"""Some hundred takes."""
RESERVE_PART = 0.03
"""Of a small disk."""
_BLOCK = 4096

log = structlog.get_logger()


class ReserveMark(msgspec.Struct, frozen=True):
    """``revision``: the newest that was carried out; ``held``: how many of them were not in the log then."""

    revision: int = 0
    held: int = 0


class DiskSpace(msgspec.Struct, frozen=True):
    """``free`` and ``size`` of a disk in bytes, and which one it is."""

    free: int
    size: int
    disk: int


_decode = msgspec.json.Decoder(ReserveMark).decode


class Reserve:
    """``log_file``: the log's path. :attr:`whole` while its room is kept."""

    def __init__(self, log_file: Path) -> None:
        self.path = log_file.with_name(f"{log_file.stem}.reserve")
        self._folder = log_file.parent
        self.whole = False

    def read(self) -> ReserveMark:
        """Return what the last control has left; nothing where it can't be read."""
        try:
            with self.path.open("rb") as file:
                return _decode(file.read(_BLOCK).strip(b"\0 \n"))
        except (OSError, msgspec.DecodeError):
            return ReserveMark()

    def mark(self, mark: ReserveMark) -> None:
        """Raises OSError."""
        fd = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.pwrite(fd, msgspec.json.encode(mark).ljust(_BLOCK), 0)
        finally:
            os.close(fd)

    def fill(self) -> bool:
        """Take the room, if there is twice as much; whether it is kept."""
        try:
            room = room_of(self._folder)
            size = min(RESERVE_BYTES, int(room.size * RESERVE_PART)) // _BLOCK * _BLOCK + _BLOCK
            fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                held = os.fstat(fd).st_blocks * 512
                self.whole = held >= size
                if not self.whole and room.free >= 2 * size:
                    os.posix_fallocate(fd, 0, size)
                    self.whole = True
            finally:
                os.close(fd)
        except OSError as error:
            log.warning("no room kept for the log", error=errno.errorcode.get(error.errno or 0, ""))
            self.whole = False
        return self.whole

    def release(self) -> bool:
        """Give the room to the log; False where there was none."""
        self.whole = False
        try:
            if self.path.stat().st_size <= _BLOCK:
                return False
            os.truncate(self.path, _BLOCK)
        except OSError:
            return False
        return True


def room_of(folder: Path) -> DiskSpace:
    """Raises OSError."""
    disk = os.statvfs(folder)
    return DiskSpace(disk.f_bavail * disk.f_frsize, disk.f_blocks * disk.f_frsize, folder.stat().st_dev)
