"""A theme as it is written: ``theme.toml`` with the pictures it names beside it. Pure but for reading files.

The keys are the fields of :class:`mixer.contract.theme.Theme` without ``name``, which is the folder's;
``logo`` and ``backdrop`` name a PNG, JPEG, WebP or SVG in the same folder.
"""

import os
import re
import stat
import tomllib
from pathlib import Path
from typing import Any

import msgspec

from mixer.contract.theme import Theme
from signaling.contract.ports import RefusedError
from studio.show.text import NOT_UTF8, typed

FILE = "theme.toml"
MAX_TEXT = 64 << 10
MAX_PICTURE = 32 << 20
"""Bytes."""
PICTURES = ("logo", "backdrop")
SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".svg")

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_AT = re.compile(r"^(?P<reason>.*?)(?: - at `\$\.?(?P<key>[^`]*)`)?$", re.DOTALL)
_UNKNOWN = re.compile(r"unknown field `(?P<key>[^`]*)`")


class Written(msgspec.Struct, frozen=True):
    """A theme as its folder has it: the struct without pictures, and their contents by field."""

    theme: Theme
    pictures: dict[str, bytes]


def is_name(name: str) -> bool:
    """Return whether a folder of this name can be a theme: it names nothing outside its parent."""
    return _NAME.fullmatch(name) is not None


def parse_theme(text: str, name: str) -> tuple[Theme, dict[str, str]]:
    """The theme without its pictures, and their file names by field. Raises RefusedError 400:
    ``theme.malformed``, which says the line and the key, and ``theme.picture``."""
    try:
        tree: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _malformed(name, f"not TOML: {error}") from error
    if "name" in tree:
        raise _malformed(name, f"{_line(text, 'name')}name: a theme has its folder's name")
    files = {field: tree.pop(field) for field in PICTURES if tree.get(field) not in (None, "")}
    try:
        theme = msgspec.convert({**tree, "name": name}, Theme)
    except msgspec.ValidationError as error:
        raise _malformed(name, _located(str(error), text)) from error
    for field, file in files.items():
        if not (isinstance(file, str) and is_name(file) and file.lower().endswith(SUFFIXES)):
            raise picture_refused(
                name,
                f"{_line(text, field)}{field}: the name of a file beside it, {', '.join(SUFFIXES)}",
            )
    return theme, files


def read_folder(folder: Path, name: str) -> Written:
    """Blocking: for another thread than the loop's. Raises RefusedError: 404 ``theme.unknown``, 400
    ``theme.malformed``, ``theme.picture``."""
    try:
        text = typed(_read(folder / FILE, MAX_TEXT))
    except OSError as error:
        raise RefusedError(404, "theme.unknown", f"There is no theme {name}.") from error
    except ValueError as error:
        raise _malformed(name, f"{NOT_UTF8}, or it is too long") from error
    theme, files = parse_theme(text, name)
    pictures = {}
    for field, file in files.items():
        try:
            pictures[field] = _read(folder / file, MAX_PICTURE)
        except OSError as error:
            reason = f"{field}: {file}: {error.strerror or 'cannot be read'}"
            raise picture_refused(name, reason) from error
        except ValueError as error:
            reason = f"{field}: {file} has more than {MAX_PICTURE >> 20} MB"
            raise picture_refused(name, reason) from error
    return Written(theme, pictures)


def picture_refused(name: str, reason: str) -> RefusedError:
    return RefusedError(400, "theme.picture", f"The theme {name}: {reason}.")


def _malformed(name: str, reason: str) -> RefusedError:
    return RefusedError(400, "theme.malformed", f"The theme {name}: {reason}.")


def _read(path: Path, limit: int) -> bytes:
    """A regular file, no link. Raises OSError, ValueError for one that is larger than ``limit`` bytes."""
    number = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(number, "rb") as file:
        if not stat.S_ISREG(os.fstat(number).st_mode):
            raise OSError(None, "not a file")
        content = file.read(limit + 1)
    if len(content) > limit:
        raise ValueError(path.name)
    return content


def _located(message: str, text: str) -> str:
    match = _AT.match(message)
    reason, key = (match["reason"], match["key"] or "") if match else (message, "")
    if unknown := _UNKNOWN.search(reason):
        return f"{_line(text, unknown['key'])}{unknown['key']}: no such key"
    return f"{_line(text, key)}{key}: {reason[:1].lower()}{reason[1:].replace('`', '')}"


def _line(text: str, key: str) -> str:
    for number, line in enumerate(text.splitlines(), 1):
        if re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*[=.]", line):
            return f"line {number}, "
    return ""
