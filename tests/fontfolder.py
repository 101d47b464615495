"""Where tests find the plates' fonts: made once from node_modules, kept in web_console/vendor/fonts."""

import functools
from pathlib import Path

from mixer.fonts import check_fonts, prepare_fonts

ROOT = Path(__file__).parent.parent


@functools.cache
def font_folder() -> Path:
    """The folder ``make setup`` fills; filled here if it wasn't."""
    folder = ROOT / "web_console" / "vendor" / "fonts"
    if check_fonts(folder):
        prepare_fonts(ROOT / "node_modules", folder)
    return folder
