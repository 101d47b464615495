"""Themes as written on disk: what is read, what is refused and where, what is decoded apart and kept."""

import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest

from mixer.contract.theme import Theme
from mixer.graphics.stills import read_still
from signaling.contract.ports import RefusedError
from studio.contract.paths import THEMES
from studio.control.library.theme_folder import parse_theme, read_folder
from studio.control.library.themes import KEPT, Themes

SVG = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 20">'
    b'<rect width="20" height="20" fill="#f00"/></svg>'
)


def bomb(side: int) -> bytes:
    """A PNG of so many pixels squared, one bit each, in a few kilobytes."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        )

    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes((side // 8 + 1) * side))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("plate = [\n= 3", "theme.malformed", "line 2"),
        ('\nplate = "red"', "theme.malformed", "line 2, plate"),
        ('gap = 0.1\ncolor = "#ffffff"', "theme.malformed", "line 2, color: no such key"),
        ("gap = 0.9", "theme.malformed", "line 1, gap"),
        ('name = "other"', "theme.malformed", "line 1, name"),
        ('logo = "../secret.png"', "theme.picture", "line 1, logo"),
        ('logo = "logo.tiff"', "theme.picture", "line 1, logo"),
        ("backdrop = 3", "theme.picture", "line 1, backdrop"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text: str, code: str, said: str) -> None:
    with pytest.raises(RefusedError) as caught:
        parse_theme(text, "own")
    assert caught.value.code == code
    assert said in caught.value.detail


def test_built_in_themes_are_whole() -> None:
    for folder in THEMES.iterdir():
        theme, files = parse_theme((folder / "theme.toml").read_text("utf-8"), folder.name)
        assert theme.name == folder.name
        assert all((folder / file).is_file() for file in files.values())
    assert parse_theme("", "plain")[0] == Theme()


def test_a_theme_that_notepad_saved_is_read(tmp_path: Path) -> None:
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "theme.toml").write_bytes(b"\xef\xbb\xbfgap = 0.03\r\n")
    assert read_folder(folder, "own").theme.gap == 0.03
    (folder / "theme.toml").write_bytes("gap = 0.03".encode("utf-16"))
    with pytest.raises(RefusedError) as caught:
        read_folder(folder, "own")
    assert caught.value.code == "theme.malformed"
    assert "UTF-8" in caught.value.detail


async def test_a_theme_is_read_anew_each_time_and_its_pictures_are_decoded_once(tmp_path: Path) -> None:
    folder = tmp_path / "themes" / "own"
    folder.mkdir(parents=True)
    (folder / "theme.toml").write_text('plate = "#010203"\nlogo = "logo.svg"')
    (folder / "logo.svg").write_bytes(SVG)
    themes = Themes(tmp_path / "themes", tmp_path / "cache")
    first = await themes.load("own")
    assert themes.names == ("own", "plain", "summit")
    assert (first.name, first.plate) == ("own", "#010203")
    pixels = read_still(first.logo)
    assert pixels.shape == (800, 1600, 4)
    assert pixels[400, 100].tolist() == [255, 0, 0, 255]
    assert pixels[400, 1500].tolist()[3] == 0
    (folder / "theme.toml").write_text('plate = "#040506"\nlogo = "logo.svg"')
    made = Path(first.logo).stat().st_ino
    second = await themes.load("own")
    assert (second.plate, second.logo) == ("#040506", first.logo)
    assert Path(second.logo).stat().st_ino == made
    assert list((tmp_path / "cache").iterdir()) == [Path(first.logo)]
    for number in range(KEPT):  # used longer ago
        np.save(tmp_path / "cache" / f"{number}.npy", np.zeros(1))
        os.utime(tmp_path / "cache" / f"{number}.npy", (number, number))
    (folder / "logo.svg").write_bytes(SVG.replace(b"f00", b"0f0"))
    third = await themes.load("own")
    assert third.logo != first.logo
    kept = {str(file) for file in (tmp_path / "cache").iterdir()}
    assert {first.logo, third.logo} < kept
    assert len(kept) == KEPT


async def test_bad_pictures_and_names_are_refused_and_leave_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "themes" / "own"
    folder.mkdir(parents=True)
    (folder / "theme.toml").write_text('logo = "logo.png"')
    themes = Themes(tmp_path / "themes", tmp_path / "cache")

    said: list[str] = []

    async def code_of(name: str = "own") -> str:
        with pytest.raises(RefusedError) as caught:
            await themes.load(name)
        said.append(caught.value.detail)
        return caught.value.code

    assert await code_of() == "theme.picture"  # no such file
    (folder / "logo.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    assert await code_of() == "theme.picture"
    (folder / "logo.png").write_bytes(bomb(11_000))
    assert await code_of() == "theme.picture"
    assert "100 million pixels" in said[-1]
    themes = Themes(tmp_path / "themes", folder / "theme.toml" / "cache")  # where no folder can be
    assert await code_of() == "theme.cache"
    themes = Themes(tmp_path / "themes", tmp_path / "cache")
    (folder / "logo.png").unlink()
    (folder / "logo.png").symlink_to("/etc/hostname")
    assert await code_of() == "theme.picture"
    for name in ("nothing", "..", "../themes/own", "", "a/b"):
        assert await code_of(name) == "theme.unknown"
    assert list((tmp_path / "cache").iterdir()) == []
