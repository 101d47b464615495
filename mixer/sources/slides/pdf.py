"""PDF files by pdfium: looked into, and rendered page by page, for at most so long each."""

import contextlib
import ctypes
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pypdfium2 as pdfium
import pypdfium2.raw as raw
from numpy.typing import NDArray

from mixer.contract.picture import Picture
from mixer.sources.player import MediaError
from mixer.sources.slides import pdf_fonts
from mixer.sources.stills.still import layer_of

MAX_PAGES = 500
RENDER_S = 8.0
"""Longest a page may take; then it is given up, so that a hostile one doesn't end the whole deck."""
_MAX_POINTS = 14_400
"""The largest page the standard knows: 200 inches."""


class GivenUpError(Exception):
    """The page was not rendered: somebody wants another one first."""


class Deck:
    """An open PDF. Used by one thread. Raises :class:`MediaError`: ``pdf.password``, ``pdf.too-many-pages``,
    ``pdf.empty``, ``media.corrupt``."""

    def __init__(self, path: Path, fonts: Path | None = None) -> None:
        """``fonts``: folder of the fonts that take the place of those that the file doesn't bring."""
        self._fonts = fonts
        if fonts is not None:
            pdf_fonts.install(fonts)
        try:
            self._document = pdfium.PdfDocument(path)
        except (pdfium.PdfiumError, OSError) as error:
            if getattr(error, "err_code", None) == raw.FPDF_ERR_PASSWORD:
                raise MediaError(
                    "pdf.password", "This PDF has a password; save it without one and upload it again."
                ) from error
            raise MediaError("media.corrupt", "This PDF can't be read; it is damaged.") from error
        self.pages = len(self._document)
        if self.pages > MAX_PAGES:
            self.close()
            raise MediaError(
                "pdf.too-many-pages", f"This PDF has over {MAX_PAGES} pages; split it into several."
            )
        if not self.pages:
            self.close()
            raise MediaError("pdf.empty", "This PDF has no pages.")
        if self._document.get_formtype() != raw.FORMTYPE_NONE:
            # A broken form is no reason to show nothing.
            with contextlib.suppress(pdfium.PdfiumError):
                self._document.init_forms()

    def lacks_fonts(self) -> bool:
        """Return whether some of its text can't be drawn: see
        :func:`mixer.sources.slides.pdf_text.lacks_fonts`."""
        from mixer.sources.slides.pdf_text import lacks_fonts  # a player has no use for it

        return lacks_fonts(self._document, self._fonts)

    def size(self, page: int) -> tuple[float, float]:
        """Width and height of a page (from 1) in points."""
        width, height = self._document.get_page_size(page - 1)
        return width, height

    def render(
        self,
        page: int,
        box: tuple[int, int],
        beat: Callable[[], None] = lambda: None,
        given_up: Callable[[], bool] = lambda: False,
    ) -> Picture:
        """Page ``page`` (from 1), as large as fits into ``box``, over white.

        ``beat`` is called as it goes on. Raises :class:`GivenUpError` when ``given_up`` says so, MediaError
        ``pdf.page-failed``.
        """
        failed = MediaError("pdf.page-failed", f"Page {page} of this PDF can't be shown.")
        end_s = time.monotonic() + RENDER_S
        try:
            opened = self._document[page - 1]
        except pdfium.PdfiumError as error:
            raise failed from error
        try:
            width, height = opened.get_size()
            if not (0 < width <= _MAX_POINTS and 0 < height <= _MAX_POINTS):
                raise failed
            scale = min(box[0] / width, box[1] / height)
            size = (max(2, round(width * scale / 2) * 2), max(2, round(height * scale / 2) * 2))
            return layer_of(_rendered(opened, size, beat, given_up, end_s, failed), size).picture
        except (pdfium.PdfiumError, MemoryError) as error:
            raise failed from error
        finally:
            opened.close()

    def close(self) -> None:
        self._document.close()


def _rendered(
    page: pdfium.PdfPage,
    size: tuple[int, int],
    beat: Callable[[], None],
    given_up: Callable[[], bool],
    end_s: float,
    failed: MediaError,
) -> NDArray[np.uint8]:
    """RGBA of a page, rendered piece by piece: pdfium asks between them whether to go on."""

    def pause(_: object) -> int:
        beat()
        return int(given_up() or time.monotonic() > end_s)

    asked = raw.IFSDK_PAUSE(version=1)
    asked.NeedToPauseNow = type(asked.NeedToPauseNow)(pause)
    bitmap = pdfium.PdfBitmap.new_native(*size, raw.FPDFBitmap_BGRA)
    try:
        bitmap.fill_rect((255, 255, 255, 255), 0, 0, *size)
        status = raw.FPDF_RenderPageBitmap_Start(
            bitmap, page, 0, 0, *size, 0, raw.FPDF_ANNOT, ctypes.byref(asked)
        )
        raw.FPDF_RenderPage_Close(page)
        if status == raw.FPDF_RENDER_TOBECONTINUED and given_up():
            raise GivenUpError
        if status != raw.FPDF_RENDER_DONE:
            raise failed
        if page.formenv is not None:  # fields as they are filled in
            raw.FPDF_FFLDraw(page.formenv, bitmap, page, 0, 0, *size, 0, raw.FPDF_ANNOT)
        pixels = np.ascontiguousarray(bitmap.to_numpy())
        return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGRA2RGBA), np.uint8)
    finally:
        bitmap.close()
