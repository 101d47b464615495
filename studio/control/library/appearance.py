"""What control needs to know of how a show looks, when it starts: its themes, its first one, its fonts."""

import asyncio
import contextlib
from pathlib import Path

import msgspec
import structlog

from mixer.contract.theme import Theme
from mixer.graphics.fonts import FontFile, FontsMissingError, load_manifest
from signaling.contract.ports import RefusedError
from studio.contract.config import Settings
from studio.contract.datadir import OWN_FONTS, OWN_FONTS_CACHE
from studio.contract.paths import FONTS
from studio.control.library.own_fonts import OwnFonts
from studio.control.library.themes import Themes

THEMES = "themes"
CACHE = "themes-cache"

log = structlog.get_logger()


class Appearance(msgspec.Struct, frozen=True):
    """``first``: the theme a show has that was never given one."""

    themes: Themes
    first: Theme
    fonts: OwnFonts


async def appearance(settings: Settings, data: Path) -> Appearance:
    """Return what is configured, with the data directory's own themes. What is wrong with a theme or the
    fonts is in the log, and the show starts without it."""
    themes = Themes(data / THEMES, data / CACHE)
    try:
        first = await themes.load(settings.event.theme)
    except RefusedError as error:
        log.error("the configured theme is not used", code=error.code, reason=error.detail)
        first = Theme()
    ours: tuple[FontFile, ...] = ()
    with contextlib.suppress(FontsMissingError):
        ours = (await asyncio.to_thread(load_manifest, Path(settings.video.fonts or FONTS))).files
    return Appearance(themes, first, OwnFonts(data / OWN_FONTS, data / OWN_FONTS_CACHE, ours))
