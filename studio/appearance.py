"""What control needs to know of how a show looks, when it starts: its themes, its first one, its fonts."""

import asyncio
import contextlib
from pathlib import Path

import msgspec
import structlog

from mixer.fonts import FontFile, FontsMissingError, load_manifest
from mixer.theme import Theme
from signaling.ports import RefusedError
from studio import ownfonts
from studio.config import Settings
from studio.ownfonts import OwnFonts
from studio.paths import FONTS
from studio.themes import Themes

THEMES = "themes"
CACHE = "themes-cache"

log = structlog.get_logger()


class Appearance(msgspec.Struct, frozen=True):
    """``first``: the theme a show has that was never given one."""

    themes: Themes
    first: Theme
    fonts: OwnFonts


async def appearance(settings: Settings, data: Path) -> Appearance:
    """As configured, with the data directory's own themes. What is wrong with a theme or the fonts is in the
    log, and the show starts without it."""
    themes = Themes(data / THEMES, data / CACHE)
    try:
        first = await themes.load(settings.event.theme)
    except RefusedError as error:
        log.error("the configured theme is not used", code=error.code, reason=error.detail)
        first = Theme()
    ours: tuple[FontFile, ...] = ()
    with contextlib.suppress(FontsMissingError):
        ours = (await asyncio.to_thread(load_manifest, Path(settings.video.fonts or FONTS))).files
    return Appearance(themes, first, OwnFonts(data / ownfonts.FOLDER, data / ownfonts.CACHE, ours))
