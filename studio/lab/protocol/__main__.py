"""``python -m studio.lab.protocol`` writes the generated files; ``--check`` only says which differ."""

import sys
from pathlib import Path

from studio.lab.protocol.kinds import kinds
from studio.lab.protocol.page import page
from studio.lab.protocol.source import SOURCE
from studio.lab.protocol.typescript import typescript

ROOT = Path(__file__).resolve().parents[3]
FILES = {
    "docs/protocol.md": page,
    "web_console/shared/types.d.ts": typescript,
    "web_console/shared/kinds.js": kinds,
}


def differing() -> list[str]:
    """The files that aren't what the code says."""
    return [
        name
        for name, make in FILES.items()
        if not (ROOT / name).is_file() or (ROOT / name).read_text("utf-8") != make(SOURCE)
    ]


def main() -> None:
    found = differing()
    if "--check" in sys.argv[1:]:
        if found:
            sys.exit(f"out of date: {', '.join(found)}; run python -m studio.lab.protocol")
        return
    for name in found:
        (ROOT / name).write_text(FILES[name](SOURCE), "utf-8")


if __name__ == "__main__":
    main()
