"""What people type as names, titles and captions, made safe to show: pure.

One line of plain text, NFC, without characters that hide, reorder or pile up: a name goes on a wall ten
metres wide, into logs and into other people's pages.
"""

import unicodedata

_JOINERS = "\u200c\u200d"
"""The only format characters kept, zero-width (non-)joiners: Persian, Hindi and emoji are spelt with them."""
_BLANKS = "\u2800\u3164\uffa0"
"""Letters that look like nothing (Braille blank, Hangul fillers): names made of them can't be seen."""
_MAX_MARKS = 6
"""Combining marks on one letter; more than writing systems stack would run over the lines around."""


def clean(text: str) -> str:
    """``text`` as one line of NFC without control, format (bidi controls among them), surrogate and
    private-use characters; white space is collapsed. Idempotent; may give an empty string."""
    while (cleaned := _pass(text)) != text:
        text = cleaned
    return text


def _pass(text: str) -> str:
    kept: list[str] = []
    marks = 0
    for character in unicodedata.normalize("NFC", text):
        category = unicodedata.category(character)
        marks = marks + 1 if category in {"Mn", "Me"} else 0
        if character.isspace() or category in {"Zl", "Zp", "Zs"}:
            kept.append(" ")
        elif category in {"Cc", "Cs", "Co"} or (category == "Cf" and character not in _JOINERS):
            continue
        elif character not in _BLANKS and marks <= _MAX_MARKS:
            kept.append(character)
    return " ".join(unicodedata.normalize("NFC", "".join(kept)).split())
