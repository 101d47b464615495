"""Pure: what Unicode says of characters, as far as names on pictures need it."""

import re
import unicodedata

JOINERS = "\u200c\u200d"
"""Zero-width (non-)joiners: Persian, Hindi and Sinhala are spelt with them."""

_BUT_COMPATIBILITY = re.compile("[^\uf900-\ufaff\U0002f800-\U0002fa1f]+")
_INKLESS = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
"""Unicode's Default_Ignorable_Code_Point: nothing is drawn of it by itself."""
_SELECTORS = re.compile("[\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_KANA = re.compile("[\u3041-\u309f\u30a0-\u30ff\u31f0-\u31ff\uff66-\uff9f]")
_HANGUL = re.compile("[\u1100-\u11ff\u3131-\u318e\ua960-\ua97c\uac00-\ud7fb]")
_BOPOMOFO = re.compile("[\u3105-\u312f\u31a0-\u31bf]")
_HAN = re.compile(
    "[\u2e80-\u2fdf\u3005\u3007\u3021-\u3029\u3038-\u303b\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U00020000-\U000323af]"
)
_CHARSETS = {
    "ko": "euc_kr",
    "ja": "euc_jis_2004",
    "zh-Hans": "gb2312",
    "zh-Hant": "big5",
    "zh-HK": "big5hkscs",
}
"""Languages that write Han, and the national character set that has the characters each one uses."""


def composed(text: str) -> str:
    """``text`` in NFC, but for compatibility ideographs: those are other forms of a character (U+FA10 of
    U+585A), names are told apart by them, and NFC would change one into the other."""
    return _BUT_COMPATIBILITY.sub(lambda part: unicodedata.normalize("NFC", part[0]), text)


def inkless(char: str) -> bool:
    """Return whether nothing is drawn of it: blanks, joiners, variation selectors. No font needs to have
    it."""
    return char.isspace() or _INKLESS.match(char) is not None


def selects_variant(char: str) -> bool:
    """Return whether it says in which form the character before it is drawn."""
    return _SELECTORS.match(char) is not None


def written_in(text: str, language: str, hints: tuple[str, ...] = ()) -> str:
    """The language that ``text`` is drawn in, a BCP 47 tag or nothing. Its Han characters look different in
    Japanese, Korean and the three Chinese standards.

    ``language``: what is known of it. Where that writes no Han and the text does, the other signs tell, else
    the first of ``hints``, Korean, Japanese, simplified, traditional Chinese and Hong Kong's whose national
    character set has all of its Han.
    """
    if not _HAN.search(text) or _writes_han(language):
        return language
    for script, spoken in ((_KANA, "ja"), (_BOPOMOFO, "zh-Hant"), (_HANGUL, "ko")):
        if script.search(text):
            return spoken
    han = "".join(_HAN.findall(text))
    for guess in (*filter(_writes_han, hints), *_CHARSETS):
        try:
            han.encode(_CHARSETS[_standard(guess)])
        except UnicodeEncodeError:
            continue
        return guess
    return next(filter(_writes_han, hints), language)


def typesetters_language(language: str) -> str:
    """``language`` by the name that Pango and fonts know it by."""
    standard = _standard(language) or language
    return {"zh-Hans": "zh-cn", "zh-Hant": "zh-tw", "zh-HK": "zh-hk"}.get(standard, standard)


def _writes_han(language: str) -> bool:
    return _standard(language) != ""


def _standard(language: str) -> str:
    """The key of ``_CHARSETS`` that a tag stands for; empty where it writes no Han."""
    first, *rest = language.lower().split("-")
    if first in ("ja", "ko"):
        return "" if "latn" in rest else first
    if first not in ("zh", "yue", "cmn", "nan", "hak", "wuu"):
        return ""
    if "latn" in rest:
        return ""
    if "hk" in rest or "mo" in rest or (first == "yue" and not {"hans", "cn"} & set(rest)):
        return "zh-Hans" if "hans" in rest else "zh-HK"
    return "zh-Hant" if "hant" in rest or ("tw" in rest and "hans" not in rest) else "zh-Hans"
