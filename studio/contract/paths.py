"""Where the installed files are that aren't Python: the pages, the built-in themes and the plates' fonts."""

from pathlib import Path

_PROJECT = Path(__file__).resolve().parents[2]
PAGES = _PROJECT / "web_console"
THEMES = _PROJECT / "studio" / "themes"
FONTS = PAGES / "vendor" / "fonts-whole"
SET_UP = "make setup" if (PAGES.parent / "Makefile").is_file() else "pip install --force-reinstall"
"""What puts missing parts there: in the project's folder, and where its wheel was installed."""
