"""The studio's fonts for PDF files that name fonts and don't bring them: pdfium asks here for each.

Mostly it is Korean, Japanese and Chinese: office programs leave these fonts out, since readers used to have
them. pdfium's own substitutes know Latin alone.
"""

import ctypes
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pypdfium2.raw as raw

from mixer.graphics.fonts import FontFile, FontsMissingError, covers, load_manifest

_PROBES = {
    raw.FXFONT_HANGEUL_CHARSET: "한국어고양시",
    raw.FXFONT_SHIFTJIS_CHARSET: "かなカナ直沢",
    raw.FXFONT_GB2312_CHARSET: "这汉张们国门",
    raw.FXFONT_CHINESEBIG5_CHARSET: "這漢張們國門",
    raw.FXFONT_ARABIC_CHARSET: "محمد",
    raw.FXFONT_HEBREW_CHARSET: "שלום",
    raw.FXFONT_THAI_CHARSET: "กรุงเทพ",
    raw.FXFONT_CYRILLIC_CHARSET: "Москва",
    raw.FXFONT_GREEK_CHARSET: "Αθήνα",
    raw.FXFONT_EASTERNEUROPEAN_CHARSET: "Łódźáő",
    raw.FXFONT_VIETNAMESE_CHARSET: "Đếộ",
}
"""Text that a font of each character set must have."""
_BOLD = 600
_kept: list[Any] = []
"""What pdfium holds on to, for good."""


def font_for(files: Sequence[FontFile], charset: int, weight: int) -> FontFile | None:
    """The font that has most of what this character set needs, of the nearest weight; None: none has."""

    def score(file: FontFile) -> tuple[int, int]:
        there = sum(covers(file.ranges, ord(char)) for char in _PROBES[charset])
        return there, -abs(file.weight - (700 if weight >= _BOLD else 400))

    if charset not in _PROBES or not files:
        return None
    best = max(files, key=score)
    return best if score(best)[0] * 2 > len(_PROBES[charset]) else None


def install(folder: Path) -> None:
    """Let pdfium take substitutes from this folder, as long as the process lives; without fonts in it nothing
    changes. Called before any document is opened, once."""
    if _kept:
        return
    try:
        files = load_manifest(folder).files
    except FontsMissingError:
        return
    info = _Info(folder, files).table
    _kept.append(info)
    raw.FPDF_SetSystemFontInfo(ctypes.byref(info))


class _Info:
    """pdfium's questions, answered. A font's handle is its number in the list, from 1."""

    def __init__(self, folder: Path, files: Sequence[FontFile]) -> None:
        self._folder, self._files = folder, list(files)
        self._data: dict[int, bytes] = {}
        fields = dict(raw.FPDF_SYSFONTINFO._fields_)
        table = raw.FPDF_SYSFONTINFO()
        table.version = 1
        answers = {
            "Release": lambda _: None,
            "EnumFonts": lambda *_: None,
            "MapFont": self._map,
            "GetFont": lambda *_: None,
            "GetFontData": self._read,
            "GetFaceName": self._name,
            "GetFontCharset": lambda *_: raw.FXFONT_DEFAULT_CHARSET,
            "DeleteFont": lambda *_: None,
        }
        self._answers = [fields[name](answer) for name, answer in answers.items()]
        for name, answer in zip(answers, self._answers, strict=True):
            setattr(table, name, answer)
        self.table = table
        _kept.append(self)

    def _map(self, _: object, weight: int, italic: int, charset: int, *more: object) -> int | None:
        font = font_for(self._files, charset, weight)
        return None if font is None else self._files.index(font) + 1

    def _read(self, _: object, handle: int | None, table: int, into: Any, size: int) -> int:
        """All of the file, or one of its tables by its four letters."""
        data = self._table(handle or 0, table)
        if data and into and size >= len(data):
            ctypes.memmove(into, data, len(data))
        return len(data)

    def _table(self, handle: int, table: int) -> bytes:
        if not 1 <= handle <= len(self._files):
            return b""
        try:
            if handle not in self._data:
                self._data[handle] = (self._folder / self._files[handle - 1].file).read_bytes()
        except OSError:
            return b""
        data = self._data[handle]
        if not table:
            return data
        wanted = table.to_bytes(4, "big")
        for at in range(12, 12 + 16 * int.from_bytes(data[4:6], "big"), 16):
            if data[at : at + 4] == wanted:
                start, length = (int.from_bytes(data[at + i : at + i + 4], "big") for i in (8, 12))
                return data[start : start + length]
        return b""

    def _name(self, _: object, handle: int | None, into: Any, size: int) -> int:
        if not handle or not 1 <= handle <= len(self._files):
            return 0
        name = self._files[handle - 1].family.encode() + b"\0"
        if into and size >= len(name):
            ctypes.memmove(into, name, len(name))
        return len(name)
