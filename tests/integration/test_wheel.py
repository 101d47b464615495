"""The wheel runs where there is no project folder: libraries and fonts of the pages are in it."""

import json
import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from tests.support.media.fontfolder import font_folder

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the wheel's files were installed into; the packages it needs are those of the tests."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [
            *(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)),
        ],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (wheel,) = folder.glob("*.whl")
    zipfile.ZipFile(wheel).extractall(folder / "site")
    return folder / "site"


def test_it_has_what_the_pages_and_the_plates_need_and_no_more(installed: Path) -> None:
    pages = installed / "web_console"
    for entry in json.loads((pages / "vendor.json").read_bytes()):
        place = pages / "vendor" / entry["to"]
        assert any(place.iterdir()) if entry["to"].endswith("/") else place.is_file(), entry
    whole = {each.name for each in (pages / "vendor" / "fonts-whole").iterdir()}
    assert whole == {each.name for each in font_folder().iterdir()}
    assert not list(pages.rglob("*.test.js"))
    assert not (pages / "screenshots").exists()
    assert not (installed / "tests").exists()


def test_it_finds_all_its_parts_from_any_folder(installed: Path, tmp_path: Path) -> None:
    packages = sysconfig.get_paths()["purelib"]
    here = f"import sys, site; sys.path.insert(0, {str(installed)!r}); site.addsitedir({packages!r})"
    done = subprocess.run(
        [
            *(sys.executable, "-I", "-c"),
            f"{here}; sys.path.remove({str(ROOT)!r}) if {str(ROOT)!r} in sys.path else None; "
            "from studio.cli.main import main; main()",
            *("doctor", "--json", "--data", str(tmp_path / "data")),
        ],
        cwd=tmp_path,
        env={**os.environ, "STUDIO_DATA": str(tmp_path / "data")},
        capture_output=True,
        text=True,
        check=False,
    )
    findings = {each["topic"]: each for each in json.loads(done.stdout)}
    assert findings["fonts"]["verdict"] == "ok"
    assert str(installed) in findings["fonts"]["text"]
    assert findings["pages"] == {"topic": "pages", "verdict": "ok", "text": str(installed / "web_console")}
