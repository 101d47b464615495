"""The fonts that text on pictures is set in: whole published files, and a list of what each of them covers.

A folder of fonts has the files, ``fonts.json`` (:class:`Manifest`) and a fontconfig file that knows nothing
but this folder, so that a plate looks the same on every machine. :mod:`mixer.graphics.install_fonts` fills
ours.
"""

import bisect
import itertools
import sys
from pathlib import Path

import msgspec

FORMAT = 2
"""Raised when the list is made differently, so that a folder of the old form is made again."""
MANIFEST = "fonts.json"
FONTCONFIG = "fonts.conf"
REGULAR, BOLD = 400, 700
WEIGHTS = (REGULAR, BOLD)


class Family(msgspec.Struct, frozen=True):
    """A family that we bring. ``package``: where it comes from, npm's or (``noto_…``) PyPI's. ``needs``: text
    that it must cover. ``weights``: most have two, some one."""

    script: str
    package: str
    needs: str
    weights: tuple[int, ...] = WEIGHTS


FAMILIES = (
    Family("Latin", "noto-sans", "Aaé’ńŐ…—Ωя\u0259\u02b7\u0313\u0327"),
    Family("Han, Kana and Hangul", "noto_cjk_sans_jp", "고양한글朴あカー澤々汉张国臺\ufa10"),
    Family("Arabic", "noto-sans-arabic", "محمدئچ"),
    Family("Armenian", "noto-sans-armenian", "Երևան"),
    Family("Bengali", "noto-sans-bengali", "ঢাকা"),
    Family("Canadian syllabics", "noto-sans-canadian-aboriginal", "ᐃᖃᓗᐃᑦ"),
    Family("Cherokee", "noto-sans-cherokee", "ᏣᎳᎩ"),
    Family("Devanagari", "noto-sans-devanagari", "मुंबई"),
    Family("Ethiopic", "noto-sans-ethiopic", "አዲስ"),
    Family("Georgian", "noto-sans-georgian", "თბილისი"),
    Family("Gujarati", "noto-sans-gujarati", "ગાંધીનગર"),
    Family("Gurmukhi", "noto-sans-gurmukhi", "ਚੰਡੀਗੜ੍ਹ"),
    Family("Hebrew", "noto-sans-hebrew", "תל"),
    Family("Kannada", "noto-sans-kannada", "ಬೆಂಗಳೂರು"),
    Family("Khmer", "noto-sans-khmer", "ភ្នំពេញ"),
    Family("Lao", "noto-sans-lao", "ວຽງຈັນ"),
    Family("Malayalam", "noto-sans-malayalam", "തിരുവനന്തപുരം"),
    Family("Mongolian", "noto-sans-mongolian", "ᠮᠣᠩᠭᠣᠯ", (REGULAR,)),
    Family("Myanmar", "noto-sans-myanmar", "ရန်ကုန်"),
    Family("N’Ko", "noto-sans-nko", "ߒߞߏ", (REGULAR,)),
    Family("Odia", "noto-sans-oriya", "ଭୁବନେଶ୍ୱର"),
    Family("Sinhala", "noto-sans-sinhala", "කොළඹ"),
    Family("Syriac", "noto-sans-syriac", "ܣܘܪܝܝܐ"),
    Family("Tamil", "noto-sans-tamil", "சென்னை"),
    Family("Telugu", "noto-sans-telugu", "హైదరాబాద్"),
    Family("Thaana", "noto-sans-thaana", "މާލެ"),
    Family("Thai", "noto-sans-thai", "กรุงเทพ"),
    Family("Tibetan", "noto-serif-tibetan", "ཐིམ་ཕུ"),
    Family("Tifinagh", "noto-sans-tifinagh", "ⵔⴱⴰⵟ", (REGULAR,)),
)
"""In the order in which a character's font is looked for."""


class FontFile(msgspec.Struct, frozen=True):
    """One file. ``ranges``: the covered code points, first and last inclusive, ascending.

    ``ascent``: of a line above its baseline, as a share of the font's size. ``package``: the
    :class:`Family`'s, empty for a font of the operator's.
    """

    file: str
    family: str
    weight: int
    ascent: float
    ranges: tuple[tuple[int, int], ...]
    package: str = ""


class Manifest(msgspec.Struct, frozen=True):
    """Contents of ``fonts.json``. ``files``: in the order in which a character's font is looked for."""

    format: int
    files: tuple[FontFile, ...]


class FontsMissingError(Exception):
    """The folder has no usable fonts. ``code`` is ``fonts.missing``; the text is one line for the user."""

    code = "fonts.missing"


class FontRefusedError(Exception):
    """A file that can't be used as a font. The text is one line for the user."""


def load_manifest(folder: Path) -> Manifest:
    """Return what the folder of fonts holds. Raises FontsMissingError."""
    try:
        manifest = msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest)
    except OSError as error:
        raise FontsMissingError(f"no fonts in {folder}") from error
    except msgspec.DecodeError as error:
        raise FontsMissingError(f"the fonts in {folder} are of another version") from error
    if manifest.format != FORMAT:
        raise FontsMissingError(f"the fonts in {folder} are of another version")
    return manifest


def covers(ranges: tuple[tuple[int, int], ...], code_point: int) -> bool:
    """Return whether ``code_point`` lies in one of the ascending ``ranges``, first and last inclusive."""
    index = bisect.bisect_right(ranges, (code_point, sys.maxunicode)) - 1
    return index >= 0 and code_point <= ranges[index][1]


def check_fonts(folder: Path) -> list[str]:
    """Scripts whose fonts are missing from ``folder``, in a fixed order; empty when all is well."""
    try:
        manifest = load_manifest(folder)
    except FontsMissingError:
        return [family.script for family in FAMILIES]
    return [family.script for family in FAMILIES if not _is_there(family, folder, manifest)]


def _is_there(family: Family, folder: Path, manifest: Manifest) -> bool:
    files = {each.weight: each for each in manifest.files if each.package == family.package}
    return all(
        weight in files
        and (folder / files[weight].file).is_file()
        and all(covers(files[weight].ranges, ord(char)) for char in family.needs)
        for weight in family.weights
    )


class WatchedFonts:
    """The fonts of a folder whose list may change at any time, or that may have none."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._mark = (0, 0)

    def changed(self) -> tuple[FontFile, ...] | None:
        """Return what there is now, where that is something else than at the last call; nothing at first."""
        if self._folder is None:
            return None
        try:
            told = (self._folder / MANIFEST).stat()
            if (mark := (told.st_ino, told.st_mtime_ns)) == self._mark:
                return None
            files = load_manifest(self._folder).files
        except (OSError, FontsMissingError):
            return None
        self._mark = mark
        return files


def read_font(path: Path, package: str = "") -> FontFile:
    """Return what ``path``, a TrueType or OpenType file, has; of a collection its first font.

    Raises FontRefusedError, OSError.
    """
    import uharfbuzz as hb  # late: the mixer and the senders read lists alone

    face = hb.Face(path.read_bytes())
    code_points = sorted(face.unicodes)
    family = face.get_name(hb.OTNameIdPredefined.FONT_FAMILY) or ""
    weight = int.from_bytes(bytes(face.reference_table("OS/2").data or b"")[4:6], "big") or REGULAR
    if not code_points or not face.glyph_count or not face.upem:
        raise FontRefusedError("is no TrueType or OpenType font, or is damaged")
    if not family.strip() or "," in family:
        raise FontRefusedError("has no family name that can be used")
    ascent = hb.Font(face).get_font_extents("ltr").ascender / face.upem
    return FontFile(path.name, family.strip(), weight, ascent, _ranges(code_points), package)


def _ranges(code_points: list[int]) -> tuple[tuple[int, int], ...]:
    runs = itertools.groupby(enumerate(code_points), lambda pair: pair[1] - pair[0])
    pairs = ([code_point for _, code_point in run] for _, run in runs)
    return tuple((run[0], run[-1]) for run in pairs)
