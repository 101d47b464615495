"""Where the installed files are that aren't Python: the pages, and the plates' fonts."""

from pathlib import Path

PAGES = Path(__file__).resolve().parent.parent / "web_console"
FONTS = PAGES / "vendor" / "fonts"
