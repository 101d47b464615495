"""One line of text in any script, as a mask: Pango shapes it, we choose fonts and make it fit."""

import os
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mixer.fonts import FONTCONFIG, Manifest, covers, load_manifest
from mixer.sprites import Mask

MAX_CHARS = 200
ELLIPSIS = "…"

_HAN = ("Studio Sans KR", "Studio Sans JP", "Studio Sans SC")
_JOINERS = "\u200c\u200d"


@dataclass(frozen=True, slots=True)
class Line:
    """``mask`` covers the ink alone. ``above``: rows of it above the baseline; ``below``: under it.

    ``size_px``: the size it was set in, after shrinking.
    """

    mask: Mask
    above: int
    size_px: float

    @property
    def width(self) -> int:
        return int(self.mask.shape[1])

    @property
    def below(self) -> int:
        return int(self.mask.shape[0]) - self.above


class Typesetter:
    """Sets lines in the fonts of one folder. Raises FontsMissingError when it has none.

    Fontconfig reads its configuration once in a process: the first folder stays for all.
    """

    def __init__(self, folder: Path) -> None:
        self._manifest: Manifest = load_manifest(folder)
        os.environ["FONTCONFIG_FILE"] = str((folder / FONTCONFIG).resolve())
        os.environ.setdefault("VIPS_CONCURRENCY", "1")
        import pyvips  # after the environment: fontconfig and vips read it when they load

        pyvips.cache_set_max(0)
        self._vips: Any = pyvips
        self._ranges = {entry.family: entry.ranges for entry in self._manifest.files if entry.weight == 400}
        self._ascent = {entry.family: entry.ascent for entry in self._manifest.files}

    def line(
        self, text: str, size_px: float, weight: int, max_width: int, *, shrink: float = 0.65
    ) -> Line | None:
        """``text`` on one line at most ``max_width`` pixels wide; None when there is nothing to see.

        A line too wide is set smaller, down to ``shrink`` × ``size_px``; then it ends in an ellipsis.
        """
        text = self._printable(text)
        if not text or max_width < 4 or size_px < 4:
            return None
        line = self._set(text, size_px, weight)
        if line is None or line.width <= max_width:
            return line
        size_px = max(shrink * size_px, size_px * max_width / line.width * 0.99)
        line = self._set(text, size_px, weight)
        if line is None or line.width <= max_width:
            return line
        return self._shortened(text, size_px, weight, max_width)

    def _shortened(self, text: str, size_px: float, weight: int, max_width: int) -> Line | None:
        cuts = [index for index in range(1, len(text)) if _may_cut(text, index)]
        low, high, best = 0, len(cuts), None
        while low < high:  # the longest cut that fits
            middle = (low + high) // 2
            line = self._set(text[: cuts[middle]].rstrip() + ELLIPSIS, size_px, weight)
            if line is not None and line.width <= max_width:
                best, low = line, middle + 1
            else:
                high = middle
        return best

    def _set(self, text: str, size_px: float, weight: int) -> Line | None:
        families = self._families(text)
        style = " Bold" if weight >= 700 else ""
        try:
            image = self._vips.Image.text(
                _escaped(text), font=f"{','.join(families)}{style} {size_px:.2f}", dpi=72
            )
        except self._vips.Error:  # nothing but blanks
            return None
        mask: Mask = np.asarray(image.numpy(), np.float32) / np.float32(255)
        ascent = max((self._ascent[family] for family in self._used(text, families)), default=1.0)
        above = min(max(round(ascent * size_px) - int(image.yoffset), 0), mask.shape[0])
        return Line(mask, above, size_px)

    def _families(self, text: str) -> list[str]:
        """All families, the right Han forms first: as the other signs of the text say, else the script's.

        A name in Han alone is set in one font, not in two that meet in the middle of it.
        """
        han = [char for char in text if _is_han(char)]
        if any("\u3040" <= char <= "\u30ff" for char in text):
            first = "Studio Sans JP"
        else:
            first = next((name for name in _HAN if all(self._covers(name, char) for char in han)), _HAN[0])
        order = ["Studio Sans", first, *(name for name in _HAN if name != first)]
        order += [name for name in self._ranges if name not in order]
        return [name for name in order if name in self._ranges]

    def _used(self, text: str, families: list[str]) -> set[str]:
        return {
            next((name for name in families if self._covers(name, char)), families[0])
            for char in text
            if not char.isspace()
        }

    def _covers(self, family: str, char: str) -> bool:
        return covers(self._ranges.get(family, ()), ord(char))

    def _printable(self, text: str) -> str:
        """``text`` on one line, without control signs and without what no font here has (pictographs).

        A text of which nothing would be left is kept: an unknown script shows as boxes, not as nothing.
        """
        text = unicodedata.normalize("NFC", " ".join(text[:MAX_CHARS].split()))
        text = "".join(char for char in text if char in _JOINERS or unicodedata.category(char)[0] != "C")
        known = "".join(
            char
            for char in text
            if char in _JOINERS or char.isspace() or any(self._covers(name, char) for name in self._ranges)
        )
        known = " ".join(known.split())
        return known if known.strip(_JOINERS + " ") else text


def _escaped(text: str) -> str:
    """``text`` for Pango, which reads markup: a name is never a tag."""
    for sign, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("'", "&#39;")):
        text = text.replace(sign, entity)
    return text


def _is_han(char: str) -> bool:
    return unicodedata.name(char, "").startswith("CJK ")


def _may_cut(text: str, index: int) -> bool:
    """Whether a text may end before ``index``: not between a letter and its marks."""
    return (
        unicodedata.category(text[index])[0] != "M"
        and text[index] not in _JOINERS
        and text[index - 1] not in _JOINERS
    )
