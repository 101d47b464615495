"""Text in any script as a mask, on one line or several: Pango shapes it, we choose fonts and make it fit."""

import os
import re
import threading
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mixer.fonts import FONTCONFIG, Manifest, covers, load_manifest
from mixer.sprites import Mask

MAX_CHARS = 500
KEPT_BYTES = 12 << 20
"""Of masks that were set before: another theme sets the same texts in other colours."""
ELLIPSIS = "…"

_HAN = ("Studio Sans KR", "Studio Sans JP", "Studio Sans SC")
_JOINERS = "\u200c\u200d"
_MAY_BREAK, _KEEP = "\u200b", "\u2060"
_THAI_LEADING = "เแโใไ"
_THAI_FOLLOWING = "ะัาำิีึืุู็่้๊๋"
_THAI_PREFIXES = ("ประ", "พระ", "กระ", "ตระ")
_WORD = 12
"""Hangul words up to this length are never broken."""
_KATAKANA = re.compile(f"[\u30a1-\u30fa\u30fc]{{2,{_WORD}}}")


@dataclass(frozen=True, slots=True)
class Line:
    """``mask`` covers the ink alone. ``above``: rows of it above the (first) baseline; ``below``: under it.

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
        self._kept: dict[object, Line | None] = {}
        self._keeping = threading.Lock()

    def line(
        self, text: str, size_px: float, weight: int, max_width: int, *, shrink: float = 0.65
    ) -> Line | None:
        """``text`` on one line at most ``max_width`` pixels wide; None when there is nothing to see.

        A line too wide is set smaller, down to ``shrink`` × ``size_px``; then it ends in an ellipsis.
        """
        text = self._printable(text)
        if not text or max_width < 4 or size_px < 4:
            return None
        key = (text, size_px, weight, max_width, shrink)
        return self._remembered(key, lambda: self._fitted(text, size_px, weight, max_width, shrink))

    def block(
        self,
        text: str,
        size_px: float,
        weight: int,
        max_width: int,
        *,
        lines: int = 2,
        shrink: float = 0.6,
        centred: bool = False,
    ) -> Line | None:
        """``text`` on as many lines as it needs in the height of ``lines``; None when nothing is to be seen.

        Broken between words where its script has them, and smaller, down to ``shrink`` × ``size_px``, before
        it is broken elsewhere; then it ends in an ellipsis. Lines are about equally long; those of a script
        that is read from the right begin there.
        """
        text = self._printable(text)
        if not text or max_width < 4 or size_px < 4:
            return None
        key = (text, size_px, weight, max_width, shrink, lines, centred)
        return self._remembered(
            key, lambda: self._wrapped(text, size_px, weight, max_width, lines, shrink, centred)
        )

    def _remembered(self, key: object, make: Callable[[], Line | None]) -> Line | None:
        with self._keeping:
            if key in self._kept:
                self._kept[key] = line = self._kept.pop(key)  # to the end: the first is the least used
                return line
        line = make()
        with self._keeping:
            self._kept[key] = line
            spare = sum(each.mask.nbytes for each in self._kept.values() if each is not None) - KEPT_BYTES
            for old in list(self._kept):
                if spare <= 0 and len(self._kept) <= 2000:
                    break
                gone = self._kept.pop(old)
                spare -= 0 if gone is None else gone.mask.nbytes
        return line

    def _wrapped(
        self, text: str, size_px: float, weight: int, max_width: int, lines: int, shrink: float, centred: bool
    ) -> Line | None:
        room = round((1.36 * lines + 0.2) * size_px)
        for wrap in ("word", "word-char"):
            size = size_px if wrap == "word" else shrink * size_px
            while size >= 0.999 * shrink * size_px:
                line = self._set(_breaking(text), size, weight, max_width, wrap, centred)
                if line is None:
                    return None
                if line.width <= max_width and line.mask.shape[0] <= room:
                    return self._balanced(text, line, weight, max_width, wrap, centred)
                size *= 0.9
        return self._shortened(
            text,
            lambda part: self._set(
                _breaking(part), shrink * size_px, weight, max_width, "word-char", centred
            ),
            lambda line: line.width <= max_width and line.mask.shape[0] <= room,
        )

    def _balanced(self, text: str, line: Line, weight: int, max_width: int, wrap: str, centred: bool) -> Line:
        """The narrowest that is no higher: no word is left alone on the last line."""
        height = line.mask.shape[0]
        if height < 2 * line.size_px:
            return line
        low, high = max_width // 2, line.width
        for _ in range(4):
            middle = (low + high) // 2
            tried = self._set(_breaking(text), line.size_px, weight, middle, wrap, centred)
            if (
                tried is not None
                and tried.width <= middle
                and tried.mask.shape[0] <= height + 0.3 * line.size_px
            ):
                line, high = tried, middle
            else:
                low = middle
        return line

    def _fitted(self, text: str, size_px: float, weight: int, max_width: int, shrink: float) -> Line | None:
        line = self._set(text, size_px, weight)
        if line is None or line.width <= max_width:
            return line
        size_px = max(shrink * size_px, size_px * max_width / line.width * 0.99)
        line = self._set(text, size_px, weight)
        if line is None or line.width <= max_width:
            return line
        return self._shortened(
            text, lambda part: self._set(part, size_px, weight), lambda line: line.width <= max_width
        )

    def _shortened(
        self, text: str, setting: Callable[[str], Line | None], fits: Callable[[Line], bool]
    ) -> Line | None:
        cuts = [index for index in range(1, len(text)) if _may_cut(text, index)]
        low, high, best = 0, len(cuts), None
        while low < high:  # the longest cut that fits
            middle = (low + high) // 2
            line = setting(text[: cuts[middle]].rstrip() + ELLIPSIS)
            if line is not None and fits(line):
                best, low = line, middle + 1
            else:
                high = middle
        return best

    def _set(
        self,
        text: str,
        size_px: float,
        weight: int,
        width: int = 0,
        wrap: str = "none",
        centred: bool = False,
    ) -> Line | None:
        """``width``: of the lines it is broken into, 0 for one line."""
        families = self._families(text)
        style = " Bold" if weight >= 700 else ""
        try:
            image = self._vips.Image.text(
                _escaped(text),
                font=f"{','.join(families)}{style} {size_px:.2f}",
                dpi=72,
                **({"width": width, "wrap": wrap, "align": "centre" if centred else "low"} if width else {}),
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
            if not char.isspace() and char not in _MAY_BREAK + _KEEP
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


def reads_from_right(text: str) -> bool:
    """Whether its first letter says so."""
    for char in text:
        direction = unicodedata.bidirectional(char)
        if direction in ("L", "R", "AL"):
            return direction != "L"
    return False


def _breaking(text: str) -> str:
    """``text`` with signs for where a line may end that Pango doesn't know: Thai, which writes no blanks, at
    what begins a syllable; Korean between words, not between any two syllables; Japanese not within the
    foreign words that Katakana writes."""
    out: list[str] = []
    for word in text.split(" "):
        hangul = len(word) <= _WORD and any("\uac00" <= char <= "\ud7a3" for char in word)
        joined = "".join(
            _MAY_BREAK + char if _begins_thai_syllable(word, index) else char
            for index, char in enumerate(word)
        )
        joined = _KATAKANA.sub(lambda run: _KEEP.join(run[0]), joined)
        out.append(_KEEP.join(joined) if hangul else joined)
    return " ".join(out)


def _begins_thai_syllable(word: str, index: int) -> bool:
    """At a vowel that is written before its consonant, and at a consonant with a vowel or tone on it, unless
    it may belong to a pair of consonants; never after what only begins words. Safe rather than complete."""
    if word[max(0, index - 3) : index] in _THAI_PREFIXES:
        return False
    if index == 0 or not "\u0e01" <= word[index - 1] <= "\u0e4e":
        return False
    char, before, after = word[index], word[index - 1], word[index + 1 : index + 2]
    if char in _THAI_LEADING:
        return True
    alone = before <= "\u0e2e" and "\u0e01" <= word[max(0, index - 2)] <= "\u0e2e"
    paired = char in "รลว" or before == "ห" or before in _THAI_LEADING or alone
    return "\u0e01" <= char <= "\u0e2e" and not paired and after != "" and after in _THAI_FOLLOWING


def _is_han(char: str) -> bool:
    return unicodedata.name(char, "").startswith("CJK ")


def _may_cut(text: str, index: int) -> bool:
    """Whether a text may end before ``index``: not between a letter and its marks."""
    return (
        unicodedata.category(text[index])[0] != "M"
        and text[index] not in _JOINERS
        and text[index - 1] not in _JOINERS
    )
