"""The plates' fonts: npm's web fonts, made once into a few TrueType files that Pango can read.

``python -m mixer.fonts NODE_MODULES DEST`` reads ``NODE_MODULES/@fontsource/noto-sans*`` and fills the
folder DEST with one file per family and weight, a fontconfig file that knows nothing but them (so that a
plate looks the same on every machine), and ``fonts.json``: what is there and which characters it covers.

The web fonts of Korean, Japanese and Chinese come in a hundred slices each. They are joined glyph by glyph,
without layout tables: upright ideographs, syllables and kana need none. Scripts that do need them (Arabic,
Devanagari, Thai) come whole.
"""

import bisect
import functools
import io
import multiprocessing
import os
import re
import shutil
import sys
import tempfile
import unicodedata
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import msgspec

FORMAT = 1
"""Raised when the files are made differently, so that a folder of the old form is made anew."""

WEIGHTS = (400, 700)
MANIFEST = "fonts.json"
FONTCONFIG = "fonts.conf"


class Family(msgspec.Struct, frozen=True):
    """A family we make. ``slices``: the web font's subsets as a pattern; ``needs``: text it must cover."""

    name: str
    package: str
    slices: str
    script: str
    needs: str
    whole: bool
    """Keep layout tables. Otherwise the slices' glyphs are joined without them."""


FAMILIES = (
    Family(
        "Studio Sans",
        "noto-sans",
        r"(latin|latin-ext|vietnamese|greek|greek-ext|cyrillic|cyrillic-ext)",
        "Latin",
        "Aaé’ńŐ…—Ωя",
        True,
    ),
    Family("Studio Sans KR", "noto-sans-kr", r"(kr-\d+|\d+|korean)", "Hangul", "고양한글朴", False),
    Family("Studio Sans JP", "noto-sans-jp", r"(jp-\d+|\d+|japanese)", "Kana", "あカー澤々", False),
    Family("Studio Sans SC", "noto-sans-sc", r"(sc-\d+|\d+|chinese-simplified)", "Han", "汉张国", False),
    Family("Studio Sans Arabic", "noto-sans-arabic", "arabic", "Arabic", "محمدئچ", True),
    Family("Studio Sans Thai", "noto-sans-thai", "thai", "Thai", "กรุงเทพ", True),
    Family("Studio Sans Devanagari", "noto-sans-devanagari", "devanagari", "Devanagari", "मुंबई", True),
)


class FontFile(msgspec.Struct, frozen=True):
    """One TTF file. ``ranges``: the covered code points, first and last inclusive, ascending.

    ``ascent``: of a line above its baseline, as a share of the font's size.
    """

    file: str
    family: str
    weight: int
    ascent: float
    ranges: tuple[tuple[int, int], ...]


class Manifest(msgspec.Struct, frozen=True):
    """Contents of ``fonts.json``. ``sources``: version of each npm package the files were made from."""

    format: int
    sources: dict[str, str]
    files: tuple[FontFile, ...]


class FontsMissingError(Exception):
    """The folder has no usable fonts. ``code`` is ``fonts.missing``; the text is one line for the user."""

    code = "fonts.missing"


def load_manifest(folder: Path) -> Manifest:
    """What the folder of fonts holds. Raises FontsMissingError."""
    try:
        manifest = msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest)
    except (OSError, msgspec.DecodeError) as error:
        raise FontsMissingError(f"no fonts in {folder}; `make setup` puts them there") from error
    if manifest.format != FORMAT:
        raise FontsMissingError(f"the fonts in {folder} are of another version; run `make setup`")
    return manifest


def covers(ranges: tuple[tuple[int, int], ...], code_point: int) -> bool:
    """Whether ``code_point`` lies in one of the ascending ``ranges``, first and last inclusive."""
    index = bisect.bisect_right(ranges, (code_point, sys.maxunicode)) - 1
    return index >= 0 and code_point <= ranges[index][1]


def check_fonts(folder: Path) -> list[str]:
    """Scripts whose fonts are missing from ``folder``, in a fixed order; empty when all is well."""
    try:
        manifest = load_manifest(folder)
    except FontsMissingError:
        return [family.script for family in FAMILIES]
    missing = []
    for family in FAMILIES:
        files = {entry.weight: entry for entry in manifest.files if entry.family == family.name}
        present = all(
            weight in files
            and (folder / files[weight].file).is_file()
            and all(covers(files[weight].ranges, ord(char)) for char in family.needs)
            for weight in WEIGHTS
        )
        if not present:
            missing.append(family.script)
    return missing


def prepare_fonts(node_modules: Path, dest: Path) -> None:
    """Make the folder ``dest`` from the packages in ``node_modules``; nothing is done when it is up to date.

    The folder appears whole or not at all. Raises FontsMissingError when a package isn't installed, OSError
    when ``dest`` cannot be written.
    """
    sources = {family.package: _version(node_modules, family.package) for family in FAMILIES}
    try:
        old = load_manifest(dest)
    except FontsMissingError:
        pass
    else:
        if old.sources == sources and not check_fonts(dest):
            return
    dest.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{dest.name}-", dir=dest.parent))
    try:
        work.chmod(0o755)
        jobs = [(node_modules, family, weight, work) for family in FAMILIES for weight in WEIGHTS]
        jobs.sort(key=lambda job: job[1].whole)  # the long ones first
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(min(len(jobs), os.cpu_count() or 1), context) as pool:
            files = list(pool.map(_make, *zip(*jobs, strict=True)))
        (work / FONTCONFIG).write_text(_FONTCONFIG, "utf-8")
        manifest = Manifest(FORMAT, sources, tuple(files))
        (work / MANIFEST).write_bytes(msgspec.json.encode(manifest) + b"\n")
        _swap(work, dest)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _swap(made: Path, dest: Path) -> None:
    """Put ``made`` where ``dest`` is; what was there goes afterwards."""
    old = Path(f"{made}.old")
    if dest.exists():
        dest.rename(old)
    made.rename(dest)
    shutil.rmtree(old, ignore_errors=True)


# The folder is given relative to this file, so it may be moved. No cache: so few files are read at once.
_FONTCONFIG = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir prefix="relative">.</dir>
  <match target="pattern"><edit name="hinting" mode="assign"><bool>false</bool></edit></match>
</fontconfig>
"""


def _package(node_modules: Path, package: str) -> Path:
    return node_modules / "@fontsource" / package


def _version(node_modules: Path, package: str) -> str:
    try:
        data = msgspec.json.decode((_package(node_modules, package) / "package.json").read_bytes())
    except (OSError, msgspec.DecodeError) as error:
        raise FontsMissingError(f"npm package @fontsource/{package} is not installed") from error
    return str(data["version"])


def _make(node_modules: Path, family: Family, weight: int, dest: Path) -> FontFile:
    """Write one TTF file into ``dest``."""
    folder = _package(node_modules, family.package) / "files"
    pattern = re.compile(rf"{family.package}-{family.slices}-{weight}-normal\.woff2")
    slices = sorted(file for file in folder.iterdir() if pattern.fullmatch(file.name))
    if not slices:
        raise FontsMissingError(f"@fontsource/{family.package} lacks {family.script} in weight {weight}")
    font = _merge(slices) if family.whole else _join(slices)
    cover = set(font.getBestCmap())
    lacking = [char for char in family.needs if ord(char) not in cover]
    if lacking:
        names = ", ".join(unicodedata.name(char, repr(char)) for char in lacking)
        raise FontsMissingError(f"@fontsource/{family.package} lacks {names}")
    _rename(font, family.name, weight)
    font.flavor = None
    file = f"{family.name.lower().replace(' ', '-')}-{weight}.ttf"
    font.save(dest / file)
    ascent = font["hhea"].ascent / font["head"].unitsPerEm
    return FontFile(file, family.name, weight, ascent, _ranges(cover))


@functools.cache
def _fonttools() -> Any:
    # Imported late: the mixer uses this module for its manifest alone and should not pay for fonttools.
    import logging

    import fontTools.fontBuilder
    import fontTools.merge
    import fontTools.pens.recordingPen
    import fontTools.pens.ttGlyphPen
    import fontTools.ttLib

    logging.getLogger("fontTools").setLevel(logging.ERROR)
    return fontTools


def _merge(slices: list[Path]) -> Any:
    """One font of all slices, layout tables included."""
    tools = _fonttools()
    if len(slices) == 1:
        return tools.ttLib.TTFont(slices[0])
    plain: list[io.BytesIO] = []
    for path in slices:
        font = tools.ttLib.TTFont(path)
        font.flavor = None
        stream = io.BytesIO()
        font.save(stream)
        stream.seek(0)
        plain.append(stream)
    return tools.merge.Merger().merge(plain)


def _join(slices: list[Path]) -> Any:
    """One font of all slices' glyphs, without layout tables. The slices share metrics and design space."""
    tools = _fonttools()
    base = tools.ttLib.TTFont(slices[0], recalcBBoxes=False, recalcTimestamp=False)
    glyphs: dict[str, Any] = {".notdef": base["glyf"][".notdef"]}
    metrics: dict[str, tuple[int, int]] = {".notdef": base["hmtx"][".notdef"]}
    cmap: dict[int, str] = {}
    limits = dict.fromkeys(("maxPoints", "maxContours", "maxCompositePoints", "maxCompositeContours"), 0)
    for path in slices:
        font = base if path == slices[0] else tools.ttLib.TTFont(path, recalcBBoxes=False)
        table, widths = font["glyf"], font["hmtx"]
        for field in limits:
            limits[field] = max(limits[field], getattr(font["maxp"], field))
        for code_point, name in font.getBestCmap().items():
            if code_point in cmap:
                continue
            glyph = table.glyphs[name]
            if getattr(glyph, "data", b"")[:2] == b"\xff\xff":  # made of parts, by names of this slice
                glyph = _flatten(glyph, table, tools)
            new = f"u{code_point:04X}"
            cmap[code_point] = new
            glyphs[new] = glyph
            metrics[new] = widths[name]
    for field, value in limits.items():
        setattr(base["maxp"], field, value)
    return _build(base, glyphs, metrics, cmap)


def _flatten(glyph: Any, table: Any, tools: Any) -> Any:
    recorder = tools.pens.recordingPen.DecomposingRecordingPen(table)
    glyph.draw(recorder, table)
    pen = tools.pens.ttGlyphPen.TTGlyphPen(None)
    recorder.replay(pen)
    return pen.glyph()


def _build(
    base: Any, glyphs: dict[str, Any], metrics: dict[str, tuple[int, int]], cmap: dict[int, str]
) -> Any:
    """``base`` with these glyphs in place of its own."""
    tools = _fonttools()
    kept = {"GlyphOrder", "head", "hhea", "maxp", "OS/2", "hmtx", "loca", "glyf", "name"}
    for tag in set(base.keys()) - kept:
        del base[tag]
    builder = tools.fontBuilder.FontBuilder(font=base)
    builder.setupGlyphOrder(list(glyphs))
    builder.setupCharacterMap(cmap)
    table = base["glyf"]
    table.glyphs = glyphs
    table.glyphOrder = list(glyphs)
    base["hmtx"].metrics = metrics
    base["hhea"].numberOfHMetrics = len(glyphs)
    base["maxp"].numGlyphs = len(glyphs)
    builder.setupPost(keepGlyphNames=False)
    return base


def _rename(font: Any, family: str, weight: int) -> None:
    """Give the font our family's name: the sources' names differ from file to file, also within a family."""
    style = "Bold" if weight >= 700 else "Regular"
    names = font["name"]
    names.names = []
    for number, text in (
        (1, family),
        (2, style),
        (3, f"{family} {style} {FORMAT}"),
        (4, f"{family} {style}"),
        (6, f"{family.replace(' ', '')}-{style}"),
        (13, "SIL Open Font License 1.1"),
        (14, "https://openfontlicense.org"),
    ):
        names.setName(text, number, 3, 1, 0x409)
    font["OS/2"].usWeightClass = weight
    font["OS/2"].fsSelection = 0x20 if weight >= 700 else 0x40
    font["head"].macStyle = 1 if weight >= 700 else 0


def _ranges(code_points: set[int]) -> tuple[tuple[int, int], ...]:
    out: list[tuple[int, int]] = []
    for code_point in sorted(code_points):
        if out and code_point == out[-1][1] + 1:
            out[-1] = (out[-1][0], code_point)
        else:
            out.append((code_point, code_point))
    return tuple(out)


def main(argv: list[str]) -> int:
    """``python -m mixer.fonts NODE_MODULES DEST``; exit status 1 and one line when it can't be done."""
    if len(argv) != 2:
        sys.stderr.write("usage: python -m mixer.fonts NODE_MODULES DEST\n")
        return 2
    try:
        prepare_fonts(Path(argv[0]), Path(argv[1]))
    except (FontsMissingError, OSError) as error:
        sys.stderr.write(f"fonts: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    os.umask(0o022)
    sys.exit(main(sys.argv[1:]))
