"""The pages' libraries: ``web_console/vendor.json`` lists what is copied from npm's packages and imported.

Each entry: ``from``, a file or a pattern of files below the project's root; ``to``, the file, or the folder
if it ends in a slash, below ``web_console/vendor``; ``import``, the name by which pages import it.
``web_console/vendor.mjs`` copies them at set-up.
"""

from pathlib import Path

import msgspec


class Entry(msgspec.Struct, frozen=True, rename={"source": "from", "name": "import"}):
    source: str
    to: str
    name: str = ""


def entries(pages: Path) -> list[Entry]:
    """The list of ``pages/vendor.json``. Raises OSError, msgspec.DecodeError."""
    return msgspec.json.decode((pages / "vendor.json").read_bytes(), type=list[Entry])


def import_map(listed: list[Entry]) -> dict[str, dict[str, str]]:
    """The import map of the pages: library names → addresses below ``/assets/vendor/``."""
    return {"imports": {each.name: f"/assets/vendor/{each.to}" for each in listed if each.name}}


def missing(pages: Path, listed: list[Entry]) -> list[str]:
    """The modules of the import map that are not there yet: the set-up has not run."""
    return [each.to for each in listed if each.name and not (pages / "vendor" / each.to).is_file()]
