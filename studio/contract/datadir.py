"""The data directory: where it is, one studio at a time in it, and the files the processes share.

``run.json`` (mode 0600) exists while a studio is up: ``{"pid", "url", "director_token"}``. ``director.token``
keeps the console's link the same over restarts; deleting it makes a new one.
"""

import errno
import fcntl
import os
import secrets
import tempfile
from collections.abc import Mapping
from pathlib import Path

import msgspec

RUN_FILE = "run.json"
CONFIG_FILE = "studio.toml"
OWN_FONTS = "fonts"
"""The folder of the operator's own fonts."""
OWN_FONTS_CACHE = "fonts-cache"
"""What was found good of them."""
_TOKEN_FILE = "director.token"  # noqa: S105 - a file's name


class DataDirError(Exception):
    """The data directory can't be used; ``str()`` is one line for the operator."""


class RunInfo(msgspec.Struct, frozen=True):
    """Contents of ``run.json``."""

    pid: int
    url: str
    director_token: str


def default_data(environment: Mapping[str, str] = os.environ) -> Path:
    """The user's XDG data home."""
    base = environment.get("XDG_DATA_HOME", "")
    root = Path(base) if base.startswith("/") else Path.home() / ".local" / "share"
    return root / "summit-studio"


class DataDir:
    """An opened and locked data directory. The lock goes with the process, however that ends.

    The lock is the directory's own (flock), so that nothing is left behind to clean up.
    """

    def __init__(self, path: Path) -> None:
        """Make the directory where it is missing, and lock it. Raises :class:`DataDirError`."""
        self.path = path
        try:
            path.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._lock = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            raise _explained(path, error) from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(self._lock)
            running = read_run(path)
            who = f" (pid {running.pid})" if running else ""
            raise DataDirError(f"another studio{who} is running on the data directory {path}") from error
        except OSError as error:
            os.close(self._lock)
            raise _explained(path, error) from error
        try:
            self.remove_run()  # left by a studio that was killed
            self._probe()
        except BaseException:
            os.close(self._lock)
            raise

    def _probe(self) -> None:
        """A directory that takes 64 KiB takes a start; a full disk must show now, not in the show."""
        try:
            with tempfile.TemporaryFile(dir=self.path) as file:
                file.write(bytes(65536))
                file.flush()
        except OSError as error:
            raise _explained(self.path, error) from error

    def director_token(self) -> str:
        """The director's token, made at the first start. Raises :class:`DataDirError`."""
        file = self.path / _TOKEN_FILE
        try:
            if file.exists() and (token := file.read_text("utf-8-sig").strip()):
                return token
            token = secrets.token_urlsafe(32)
            write_private(file, token.encode())
        except (OSError, UnicodeDecodeError) as error:
            raise DataDirError(f"{file} cannot be used: {error}") from error
        return token

    def write_run(self, info: RunInfo) -> None:
        write_private(self.path / RUN_FILE, msgspec.json.format(msgspec.json.encode(info)) + b"\n")

    def remove_run(self) -> None:
        try:
            (self.path / RUN_FILE).unlink(missing_ok=True)
        except OSError as error:
            raise _explained(self.path, error) from error

    def close(self) -> None:
        os.close(self._lock)


def read_run(path: Path) -> RunInfo | None:
    """Return what ``run.json`` in a data directory says; None without one."""
    try:
        return msgspec.json.decode((path / RUN_FILE).read_bytes(), type=RunInfo)
    except (OSError, msgspec.DecodeError):
        return None


def write_private(file: Path, content: bytes) -> None:
    """Write a file of mode 0600 that is there whole or not at all. Raises OSError."""
    fd, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}-")  # mkstemp's mode is 0600
    try:
        with os.fdopen(fd, "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _explained(path: Path, error: OSError) -> DataDirError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DataDirError(f"the disk of the data directory {path} is full")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return DataDirError(f"the data directory {path} is not writable")
    return DataDirError(f"the data directory {path} cannot be used: {error.strerror}")
