"""Finds out whether a PDF has text whose font it doesn't bring, in characters that no font taken instead
has."""

import ctypes
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from mixer.graphics.fonts import FontFile, FontsMissingError, covers, load_manifest

BUDGET_S = 10.0
"""Of the processor's time: what is on later pages isn't known then."""
_OWN = ("Symbol", "ZapfDingbats")
"""Fonts that pdfium has itself, as it has those of Latin letters."""
_LATIN = ((0x20, 0x17F), (0x2010, 0x2044), (0x20AC, 0x20AC), (0x2122, 0x2122), (0xFB00, 0xFB06))


def lacks_fonts(document: pdfium.PdfDocument, folder: Path | None) -> bool:
    """Looks at the text of all pages, for :data:`BUDGET_S` at most. ``folder``: of the fonts that
    :mod:`mixer.sources.slides.pdf_fonts` lets pdfium take."""
    stand_ins = _stand_ins(folder)
    end_s = time.process_time() + BUDGET_S
    for index in range(len(document)):
        if time.process_time() > end_s:
            return False
        try:
            page = document[index]
        except pdfium.PdfiumError:
            continue
        text = raw.FPDFText_LoadPage(page)
        try:
            for font, code_point in _characters(text):
                if not _drawn(font, code_point, stand_ins):
                    return True
        finally:
            raw.FPDFText_ClosePage(text)
            page.close()
    return False


def _characters(text: Any) -> Iterator[tuple[Any, int]]:
    """Those whose font isn't in the file, with it; each pair once a page. 0: nobody knows which it is."""
    seen: set[tuple[int, int]] = set()
    embedded: dict[int, bool] = {}
    for index in range(max(0, raw.FPDFText_CountChars(text))):
        text_object = raw.FPDFText_GetTextObject(text, index)
        font = raw.FPDFTextObj_GetFont(text_object) if text_object else None
        if not font:
            continue  # a space or a new line that pdfium put in
        key = ctypes.cast(font, ctypes.c_void_p).value or 0
        if key not in embedded:
            embedded[key] = raw.FPDFFont_GetIsEmbedded(font) != 0
        code_point = raw.FPDFText_GetUnicode(text, index)
        if raw.FPDFText_HasUnicodeMapError(text, index) == 1:
            code_point = 0
        if embedded[key] or (key, code_point) in seen:
            continue
        seen.add((key, code_point))
        yield font, code_point


def _drawn(font: Any, code_point: int, stand_ins: dict[int, FontFile]) -> bool:
    """Return whether the font that pdfium took for this one has the character."""
    if code_point and (chr(code_point).isspace() or not chr(code_point).isprintable()):
        return True  # without ink
    if _name(font).split("+")[-1].startswith(_OWN):
        return True
    size = ctypes.c_size_t()
    raw.FPDFFont_GetFontData(font, None, 0, ctypes.byref(size))
    taken = stand_ins.get(size.value)
    return code_point > 0 and covers(taken.ranges if taken is not None else _LATIN, code_point)


def _name(font: Any) -> str:
    buffer = ctypes.create_string_buffer(128)
    raw.FPDFFont_GetBaseFontName(font, buffer, len(buffer))
    return buffer.value.decode("utf-8", "replace")


def _stand_ins(folder: Path | None) -> dict[int, FontFile]:
    """Return the stand-in fonts by the size of their files, for that is how pdfium tells which one it
    took."""
    if folder is None:
        return {}
    try:
        files = load_manifest(folder).files
        return {(folder / file.file).stat().st_size: file for file in files}
    except (FontsMissingError, OSError):
        return {}
