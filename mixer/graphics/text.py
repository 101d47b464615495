"""Text in any script as a mask, on one line or several: Pango shapes it, we choose fonts and make it fit."""

import os
import re
import threading
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mixer.compose.sprites import Mask
from mixer.graphics.characters import (
    JOINERS,
    composed,
    inkless,
    selects_variant,
    typesetters_language,
    written_in,
)
from mixer.graphics.fonts import FONTCONFIG, REGULAR, FontFile, covers, load_manifest

MAX_CHARS = 500
KEPT_BYTES = 12 << 20
"""Of masks that were set before: another theme sets the same texts in other colours."""
KEPT_LINES = 2000
ELLIPSIS = "…"

_TALLEST, _DEEPEST = 1.8, 1.2
"""How far the ink of one line may reach above and below its baseline, times its size: more than any script
needs, less than a dozen accents on one letter take."""
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
        self._files = load_manifest(folder).files
        os.environ["FONTCONFIG_FILE"] = str((folder / FONTCONFIG).resolve())
        os.environ.setdefault("VIPS_CONCURRENCY", "1")
        import pyvips  # after the environment: fontconfig and vips read it when they load

        pyvips.cache_set_max(0)
        self._vips: Any = pyvips
        self._kept: dict[object, Line | None] = {}
        self._kept_bytes = 0
        self._keeping = threading.Lock()
        self._added: set[str] = set()
        self.use(())

    def use(self, own: Sequence[FontFile]) -> None:
        """The operator's fonts from now on, after ours: their ``file`` is a whole path."""
        families: dict[str, FontFile] = {}
        for each in (*self._files, *own):
            if each.family not in families or each.weight == REGULAR:
                families[each.family] = each
        for file in {each.file for each in own} - self._added:
            # so Pango adds it to the fonts of this process; it says nothing where there is none
            self._vips.Image.text("x", font="Noto Sans 8", fontfile=file)
            self._added.add(file)
        with self._keeping:
            self._families = families
            self._kept, self._kept_bytes = {}, 0

    def line(
        self,
        text: str,
        size_px: float,
        weight: int,
        max_width: int,
        *,
        shrink: float = 0.65,
        language: str = "",
    ) -> Line | None:
        """``text`` on one line at most ``max_width`` pixels wide; None when there is nothing to see.

        A line too wide is set smaller, down to ``shrink`` × ``size_px``; then it ends in an ellipsis.
        ``language``, a BCP 47 tag: whose forms its Han (and some Cyrillic and Latin) letters have.
        """
        face = self._face(text, weight, language)
        if not face.text or max_width < 4 or size_px < 4:
            return None
        key = (face, size_px, max_width, shrink)
        return self._remembered(key, lambda: self._fitted(face, size_px, max_width, shrink))

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
        language: str = "",
    ) -> Line | None:
        """``text`` on as many lines as it needs in the height of ``lines``; None when nothing is to be seen.

        Broken between words where its script has them, and smaller, down to ``shrink`` × ``size_px``, before
        it is broken elsewhere; then it ends in an ellipsis. Lines are about equally long; those of a script
        that is read from the right begin there.
        """
        face = self._face(text, weight, language)
        if not face.text or max_width < 4 or size_px < 4:
            return None
        key = (face, size_px, max_width, shrink, lines, centred)
        return self._remembered(key, lambda: self._wrapped(face, size_px, max_width, lines, shrink, centred))

    def _remembered(self, key: object, make: Callable[[], Line | None]) -> Line | None:
        with self._keeping:
            if key in self._kept:
                self._kept[key] = line = self._kept.pop(key)  # to the end: the first is the least used
                return line
        line = make()
        with self._keeping:
            self._kept_bytes += _nbytes(line) - _nbytes(self._kept.get(key))
            self._kept[key] = line
            while self._kept_bytes > KEPT_BYTES or len(self._kept) > KEPT_LINES:
                self._kept_bytes -= _nbytes(self._kept.pop(next(iter(self._kept))))
        return line

    def _wrapped(
        self, face: "_Face", size_px: float, max_width: int, lines: int, shrink: float, centred: bool
    ) -> Line | None:
        room = round((1.36 * lines + 0.2) * size_px)
        for wrap in ("word", "word-char"):
            size = size_px if wrap == "word" else shrink * size_px
            while size >= 0.999 * shrink * size_px:
                line = self._set(face, _breaking(face.text), size, max_width, wrap, centred)
                if line is None:
                    return None
                if line.width <= max_width and line.mask.shape[0] <= room:
                    return self._balanced(face, line, max_width, wrap, centred)
                size *= 0.9
        cut = self._shortened(
            face.text,
            lambda part: self._set(face, _breaking(part), shrink * size_px, max_width, "word-char", centred),
            lambda line: line.width <= max_width and line.mask.shape[0] <= room,
        )
        return cut or self._fitted(face, size_px, max_width, shrink)

    def _balanced(self, face: "_Face", line: Line, max_width: int, wrap: str, centred: bool) -> Line:
        """The narrowest that is no higher: no word is left alone on the last line."""
        height = line.mask.shape[0]
        if height < 2 * line.size_px:
            return line
        low, high = max_width // 2, line.width
        for _ in range(4):
            middle = (low + high) // 2
            tried = self._set(face, _breaking(face.text), line.size_px, middle, wrap, centred)
            if (
                tried is not None
                and tried.width <= middle
                and tried.mask.shape[0] <= height + 0.3 * line.size_px
            ):
                line, high = tried, middle
            else:
                low = middle
        return line

    def _fitted(self, face: "_Face", size_px: float, max_width: int, shrink: float) -> Line | None:
        line = self._set(face, face.text, size_px)
        if line is not None and line.width > max_width:
            size_px = max(shrink * size_px, size_px * max_width / line.width * 0.99)
            line = self._set(face, face.text, size_px)
        if line is not None and line.width > max_width:
            line = self._shortened(
                face.text,
                lambda part: self._set(face, part, size_px),
                lambda line: line.width <= max_width,
            )
        return None if line is None else _bounded(line)

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
        face: "_Face",
        text: str,
        size_px: float,
        width: int = 0,
        wrap: str = "none",
        centred: bool = False,
    ) -> Line | None:
        """``width``: of the lines it is broken into, 0 for one line."""
        families = self._needed(text)
        markup = _escaped(text)
        if face.language:
            markup = f'<span lang="{_escaped(typesetters_language(face.language))}">{markup}</span>'
        # the comma ends the families: else a last word such as "Medium" is taken for a style
        style = ", Bold" if face.weight >= 700 else ","
        try:
            image = self._vips.Image.text(
                markup,
                font=f"{','.join(families)}{style} {size_px:.2f}",
                dpi=72,
                **({"width": width, "wrap": wrap, "align": "centre" if centred else "low"} if width else {}),
            )
        except self._vips.Error:  # nothing but blanks
            return None
        mask: Mask = np.asarray(image.numpy(), np.float32) / np.float32(255)
        ascent = max(each.ascent for each in families.values())
        above = min(max(round(ascent * size_px) - int(image.yoffset), 0), mask.shape[0])
        return Line(mask, above, size_px)

    def _needed(self, text: str) -> dict[str, FontFile]:
        """The families that the characters of ``text`` are found in, in their order."""
        found = {self._family_of(char) for char in set(text) if not inkless(char)}
        first = next(iter(self._families))
        return {name: each for name, each in self._families.items() if name in found} or {
            first: self._families[first]
        }

    def _family_of(self, char: str) -> str:
        """The first one that has ``char``; empty: none has."""
        number = ord(char)
        return next((name for name, each in self._families.items() if covers(each.ranges, number)), "")

    def _face(self, text: str, weight: int, language: str) -> "_Face":
        text = self._printable(text)
        return _Face(text, weight, written_in(text, language))

    def _printable(self, text: str) -> str:
        """``text`` on one line, without control signs and without what no font here has (pictographs).

        A text of which nothing would be left is kept: an unknown script shows as boxes, not as nothing.
        """
        text = composed(" ".join(text[:MAX_CHARS].split()))
        text = "".join(char for char in text if char in JOINERS or unicodedata.category(char)[0] != "C")
        known: list[str] = []
        for char in text:
            if selects_variant(char):  # of what is drawn; text or pictograph is no choice here
                kept = bool(known) and not known[-1].isspace() and char not in "\ufe0e\ufe0f"
            else:
                kept = inkless(char) or self._family_of(char) != ""
            if kept:
                known.append(char)
        line = " ".join("".join(known).split())
        return line if any(not inkless(char) for char in line) else text


@dataclass(frozen=True, slots=True)
class _Face:
    """What is set: printable text, its weight and the language whose forms it has."""

    text: str
    weight: int
    language: str


def _bounded(line: Line) -> Line:
    """``line`` without what towers over it: a name with marks upon marks leaves the rest its place."""
    tallest, deepest = round(_TALLEST * line.size_px), round(_DEEPEST * line.size_px)
    if line.above <= tallest and line.below <= deepest:
        return line
    top, above = max(0, line.above - tallest), min(line.above, tallest)
    return Line(line.mask[top : line.above + deepest], above, line.size_px)


def _nbytes(line: Line | None) -> int:
    return 0 if line is None else line.mask.nbytes


def _escaped(text: str) -> str:
    """``text`` for Pango, which reads markup: a name is never a tag."""
    for sign, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("'", "&#39;")):
        text = text.replace(sign, entity)
    return text


def reads_from_right(text: str) -> bool:
    """Return whether its first letter says so."""
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


def _may_cut(text: str, index: int) -> bool:
    """Return whether a text may end before ``index``: not between a letter and its marks."""
    return (
        unicodedata.category(text[index])[0] != "M"
        and text[index] not in JOINERS
        and text[index - 1] not in JOINERS
    )
