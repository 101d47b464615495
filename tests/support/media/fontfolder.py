"""Where tests find the fonts: the folder that ``make setup`` fills."""

from pathlib import Path

from studio.contract.paths import FONTS


def font_folder() -> Path:
    return FONTS
