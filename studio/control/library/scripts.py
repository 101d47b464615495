"""Scripts in daily use, by Unicode's lists of recommended and limited-use ones (UAX 31, tables 5 and 7), and
which of them some fonts lack."""

from collections.abc import Iterable

from mixer.graphics.fonts import covers

SAMPLES = {
    "Latin": "Aẞ",
    "Cyrillic": "Яқ",
    "Greek": "Ωώ",
    "Han": "汉漢",
    "Hiragana": "あ",
    "Katakana": "ア",
    "Hangul": "한",
    "Bopomofo": "ㄅ",
    "Arabic": "عڤ",
    "Armenian": "Ե",
    "Bengali": "ঢ",
    "Devanagari": "म",
    "Ethiopic": "አ",
    "Georgian": "თ",
    "Gujarati": "ગ",
    "Gurmukhi": "ਪ",
    "Hebrew": "ת",
    "Kannada": "ಬ",
    "Khmer": "ភ",
    "Lao": "ວ",
    "Malayalam": "ത",
    "Myanmar": "ရ",
    "Odia": "ଭ",
    "Sinhala": "ක",
    "Tamil": "ச",
    "Telugu": "హ",
    "Thaana": "މ",
    "Thai": "ก",
    "Tibetan": "ཐ",
    "Adlam": "\U0001e900",
    "Balinese": "ᬅ",
    "Bamum": "ꚠ",
    "Batak": "ᯀ",
    "Canadian syllabics": "ᐃ",
    "Chakma": "\U00011103",
    "Cham": "ꨀ",
    "Cherokee": "Ꮳ",
    "Hanifi Rohingya": "\U00010d00",
    "Javanese": "ꦄ",
    "Kayah Li": "ꤊ",
    "Lepcha": "ᰀ",
    "Limbu": "ᤁ",
    "Lisu": "ꓐ",
    "Meetei Mayek": "ꯀ",
    "Mongolian": "ᠮ",
    "Newa": "\U00011400",
    "N’Ko": "ߒ",
    "Nyiakeng Puachue Hmong": "\U0001e100",
    "Ol Chiki": "ᱚ",
    "Osage": "\U000104b0",
    "Saurashtra": "ꢂ",
    "Sundanese": "ᮃ",
    "Syloti Nagri": "ꠀ",
    "Syriac": "ܣ",
    "Tai Le": "ᥐ",
    "Tai Tham": "ᨠ",
    "Tai Viet": "ꪀ",
    "New Tai Lue": "ᦀ",
    "Tifinagh": "ⵔ",
    "Vai": "ꔀ",
    "Wancho": "\U0001e2c0",
    "Yi": "ꀀ",
}
"""A few letters of each."""


def without(fonts: Iterable[tuple[tuple[int, int], ...]]) -> list[str]:
    """The scripts of which no font has every sample, in this order. ``fonts``: what each covers."""
    known = tuple(fonts)
    return [
        script
        for script, sample in SAMPLES.items()
        if not any(all(covers(ranges, ord(char)) for char in sample) for ranges in known)
    ]
