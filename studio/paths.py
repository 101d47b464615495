"""Where the installed files are that aren't Python: the pages, and the plates' fonts."""

from pathlib import Path

PAGES = Path(__file__).resolve().parent.parent / "web_console"
FONTS = PAGES / "vendor" / "fonts-whole"
SET_UP = "make setup" if (PAGES.parent / "Makefile").is_file() else "pip install --force-reinstall"
"""What puts missing parts there: in the project's folder, and where its wheel was installed."""
