"""``python -m mixer.graphics.install_fonts NODE_MODULES SITE DEST``: fill our folder of fonts at set-up.

Of npm's ``@expo-google-fonts`` in NODE_MODULES and PyPI's ``noto_cjk_sans_jp_…`` in SITE it takes the
weights used, as they are published, and their licences. One font has Han for all languages, Kana and Hangul:
the language picks the form (OpenType ``locl``).
"""

import shutil
import sys
import tempfile
from pathlib import Path

import msgspec

from mixer.graphics.fonts import (
    FAMILIES,
    FONTCONFIG,
    FORMAT,
    MANIFEST,
    Family,
    FontsMissingError,
    Manifest,
    read_font,
)

_FOLDERS = {400: "400Regular", 700: "700Bold"}
_STYLES = {400: "regular", 700: "bold"}

# The folder is given relative to this file, so it may be moved. No cache: so few files are read at once.
_FONTCONFIG = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir prefix="relative">.</dir>
  <match target="pattern"><edit name="hinting" mode="assign"><bool>false</bool></edit></match>
</fontconfig>
"""


def install(node_modules: Path, site: Path, dest: Path) -> None:
    """Make the folder ``dest``; it appears whole or not at all.

    Raises FontsMissingError where a package isn't installed or lacks what it must cover, OSError.
    """
    dest.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{dest.name}-", dir=dest.parent))
    try:
        work.chmod(0o755)
        files = [
            read_font(_copied(_source(node_modules, site, family, weight), work), family.package)
            for family in FAMILIES
            for weight in family.weights
        ]
        (work / FONTCONFIG).write_text(_FONTCONFIG, "utf-8")
        (work / MANIFEST).write_bytes(msgspec.json.encode(Manifest(FORMAT, tuple(files))) + b"\n")
        shutil.copyfile(node_modules / "@expo-google-fonts/noto-sans/LICENSE_FONT", work / "OFL.txt")
        _swap(work, dest)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _source(node_modules: Path, site: Path, family: Family, weight: int) -> Path:
    if family.package.startswith("noto_"):
        folder = site / f"{family.package}_{_STYLES[weight]}"
    else:
        folder = node_modules / "@expo-google-fonts" / family.package / _FOLDERS[weight]
    found = [*folder.glob("*.ttf"), *folder.glob("*.otf")]
    if len(found) != 1:
        raise FontsMissingError(f"no font in {folder}: is its package installed?")
    return found[0]


def _copied(file: Path, folder: Path) -> Path:
    return Path(shutil.copyfile(file, folder / file.name))


def _swap(made: Path, dest: Path) -> None:
    """Put ``made`` where ``dest`` is; what was there goes afterwards."""
    old = Path(f"{made}.old")
    if dest.exists():
        dest.rename(old)
    made.rename(dest)
    shutil.rmtree(old, ignore_errors=True)


def main(argv: list[str]) -> int:
    """Exit status 1 and one line when it can't be done."""
    if len(argv) != 3:
        sys.stderr.write("usage: python -m mixer.graphics.install_fonts NODE_MODULES SITE DEST\n")
        return 2
    try:
        install(*map(Path, argv))
    except (FontsMissingError, OSError) as error:
        sys.stderr.write(f"fonts: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
