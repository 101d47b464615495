"""What people type as names, titles and captions, made safe to show: pure.

One line of plain text without characters that hide, reorder or pile up, composed (NFC, but for compatibility
ideographs): a name goes on a wall ten metres wide, into logs and into other people's pages.
"""

import unicodedata

from mixer.graphics.characters import JOINERS, composed

_BLANKS = "\u2800\u3164\uffa0"
"""Letters that look like nothing (Braille blank, Hangul fillers): names made of them can't be seen."""
_MAX_MARKS = 6
"""Combining marks on one letter; more than writing systems stack would run over the lines around."""


NOT_UTF8 = "not UTF-8 text: save it as UTF-8 (in Notepad: Save as, Encoding)"


def typed(content: bytes) -> str:
    """A file that somebody has written with an editor: UTF-8, with or without the mark (BOM) that Windows'
    editors put before it. Raises UnicodeDecodeError."""
    return content.decode("utf-8-sig")


def clean(text: str) -> str:
    """``text`` composed, as one line without control, format (bidi controls among them), surrogate and
    private-use characters, and without marks before the first letter; white space is collapsed. Idempotent;
    may give an empty string."""
    while (cleaned := _pass(text)) != text:
        text = cleaned
    return text


def _pass(text: str) -> str:
    kept: list[str] = []
    marks = 0
    for character in composed(text):
        category = unicodedata.category(character)
        marks = marks + 1 if category in {"Mn", "Me"} else 0
        if not kept and (category[0] == "M" or character in JOINERS):
            continue  # nothing is before it that it could be on
        if character.isspace() or category in {"Zl", "Zp", "Zs"}:
            kept.append(" ")
        elif category in {"Cc", "Cs", "Co"} or (category == "Cf" and character not in JOINERS):
            continue
        elif character not in _BLANKS and marks <= _MAX_MARKS:
            kept.append(character)
    return " ".join(composed("".join(kept)).split())
