"""Fonts of the operator's: tried in a process of their own, used without a restart."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from mixer.graphics.fonts import FORMAT, FontFile, Manifest, WatchedFonts, load_manifest
from studio.control.library.font_check import FILE_BYTES
from studio.control.library.own_fonts import OwnFonts
from studio.show.model import Show
from tests.support.media.fontfolder import font_folder

KHMER = font_folder() / "NotoSansKhmer_400Regular.ttf"
PHNOM_PENH = "ភ្នំពេញ"


def latin() -> tuple[FontFile, ...]:
    return tuple(each for each in load_manifest(font_folder()).files if each.package == "noto-sans")


@pytest.fixture
def put(tmp_path: Path) -> Callable[[str, bytes], Path]:
    """Put a file into the folder as if it had been there for a while."""
    folder = tmp_path / "fonts"
    folder.mkdir()

    def into(name: str, content: bytes) -> Path:
        path = folder / name
        path.write_bytes(content)
        os.utime(path, ns=(path.stat().st_mtime_ns - 10**10,) * 2)
        return path

    return into


async def test_a_file_in_the_folder_is_used_and_one_taken_away_is_not(
    tmp_path: Path, put: Callable[[str, bytes], Path]
) -> None:
    fonts = OwnFonts(tmp_path / "fonts", tmp_path / "cache", latin())
    watched = WatchedFonts(tmp_path / "cache")
    show = Show(title=f"Summit of {PHNOM_PENH}")
    assert not await fonts.look()
    assert watched.changed() is None
    assert set(fonts.glyphs.missing(show)["show"]) == set(PHNOM_PENH)
    file = put("Khmer.ttf", KHMER.read_bytes())
    assert await fonts.look()
    assert fonts.found == {"Khmer.ttf": ""}
    assert fonts.glyphs.missing(show) == {}
    told = watched.changed()
    assert told is not None
    assert [each.family for each in told] == ["Noto Sans Khmer"]
    kept = Path(told[0].file)
    assert kept.parent == tmp_path / "cache", "nobody writes into what the mixer reads"
    assert kept.read_bytes() == KHMER.read_bytes()
    assert watched.changed() is None
    assert not await fonts.look()
    file.unlink()
    assert await fonts.look()
    assert watched.changed() == ()
    assert set(fonts.glyphs.missing(show)["show"]) == set(PHNOM_PENH)


async def test_what_is_no_font_is_refused_in_plain_words_and_the_rest_is_used(
    tmp_path: Path, put: Callable[[str, bytes], Path]
) -> None:
    whole = KHMER.read_bytes()
    put("a.ttf", b"not a font at all")
    put("b.ttf", whole[:200])
    put("c.otf", b"")
    with put("d.ttf", whole).open("r+b") as file:
        file.truncate(FILE_BYTES + 1)
    os.utime(tmp_path / "fonts" / "d.ttf", (1, 1))
    put("e.TTF", whole)
    put("readme.txt", b"")
    fonts = OwnFonts(tmp_path / "fonts", tmp_path / "cache", latin())
    assert await fonts.look()
    no_font = "is no TrueType or OpenType font, or is damaged"
    assert fonts.found == {
        "a.ttf": no_font,
        "b.ttf": no_font,
        "c.otf": no_font,
        "d.ttf": "is larger than 64 MB",
        "e.TTF": "",
    }


DRAWN_ANEW = f"""
import sys
from pathlib import Path
from mixer.graphics.fonts import WatchedFonts
from mixer.graphics.graphics import Graphics
from mixer.contract.plan import CanvasPlan, MixPlan, Plate, Rect, Tile
graphics, watched = Graphics(Path(sys.argv[1])), WatchedFonts(Path(sys.argv[2]))
who = Plate("{PHNOM_PENH} 1")
plan = MixPlan(1, {{"program": CanvasPlan(480, 270, (Tile(Rect(0, 0, 480, 270), "seat/a", plate=who),))}})
graphics.prepare(plan)
before, edition = graphics.plate(who, 480, 270), graphics.edition
own = watched.changed()
graphics.use(own)
assert graphics.plate(who, 480, 270) is before, "the old one stays until the new one is drawn"
graphics.prepare(plan)
after = graphics.plate(who, 480, 270)
assert graphics.edition > edition
print(sum(sprite.picture.width for sprite in before), sum(sprite.picture.width for sprite in after))
"""


async def test_the_mixer_draws_what_is_shown_anew(tmp_path: Path, put: Callable[[str, bytes], Path]) -> None:
    """In a process of its own: Pango knows one folder of fonts in a process."""
    ours = tmp_path / "ours"
    shutil.copytree(font_folder(), ours, ignore=shutil.ignore_patterns("*Khmer*", "*CJK*"))
    put("Khmer.ttf", KHMER.read_bytes())
    assert await OwnFonts(tmp_path / "fonts", tmp_path / "cache", latin()).look()
    files = tuple(each for each in load_manifest(ours).files if "Khmer" not in each.file)
    (ours / "fonts.json").write_bytes(msgspec.json.encode(Manifest(FORMAT, files)))
    done = subprocess.run(
        [sys.executable, "-c", DRAWN_ANEW, str(ours), str(tmp_path / "cache")],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[4],
    )
    assert done.returncode == 0, done.stderr
    before, after = map(int, done.stdout.split())
    assert after != before, "boxes became letters"
