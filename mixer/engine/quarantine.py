"""Keeps one source's bad picture from taking the others along: it shows its slate for a while instead."""

from collections.abc import Mapping
from dataclasses import replace

import structlog

from mixer.compose.canvas import Canvas
from mixer.compose.compositor import Compositor, SourcePicture
from mixer.compose.motion import Shot
from mixer.compose.overlays import Drawing
from mixer.contract.clock import NS
from mixer.contract.names import SourceName
from mixer.contract.picture import Picture
from mixer.contract.plan import SourceInfo
from mixer.engine.live_sources import SLATE

QUARANTINE_NS = 2 * NS

_log = structlog.get_logger()

Pictures = Mapping[SourceName, SourcePicture]
Infos = Mapping[SourceName, SourceInfo]


class Quarantine:
    """Used by the tick's thread alone."""

    def __init__(self) -> None:
        self._barred: dict[SourceName, int] = {}
        """Sources whose picture could not be drawn, and until when they show their slate."""
        self._complained_ns = 0
        self.lost = 0
        """Canvases that could not be drawn at all, whatever was left out."""

    def compose(
        self,
        compositor: Compositor,
        shot: Shot,
        pictures: Pictures,
        infos: Infos,
        views: Mapping[str, Picture],
        now_ns: int,
        *,
        name: str = "",
        base: Picture | None = None,
        over: Drawing | None = None,
    ) -> Canvas | None:
        """The canvas, be it without the source that can't be drawn; None without a free buffer."""
        if self._barred:
            self._barred = {source: until for source, until in self._barred.items() if until > now_ns}
            pictures = {s: SLATE if s in self._barred else picture for s, picture in pictures.items()}
        try:
            return compositor.compose(
                shot.plan, pictures, infos, views, base=base, designs=shot.designs, over=over
            )
        except Exception as error:
            if now_ns - self._complained_ns >= NS:  # not a line a tick
                self._complained_ns = now_ns
                _log.error("canvas.failed", canvas=name, error=str(error), lost=self.lost)
            return self._without_culprit(compositor, shot, pictures, infos, views, now_ns, over)

    def _without_culprit(
        self,
        compositor: Compositor,
        shot: Shot,
        pictures: Pictures,
        infos: Infos,
        views: Mapping[str, Picture],
        now_ns: int,
        over: Drawing | None,
    ) -> Canvas | None:
        """Draw again, find the source that can't be drawn (the first that isn't finished), and bar it. Where
        there is none, it may be the graphics, and they are left out."""
        pictures = dict(pictures)
        for _ in range(4):
            finished: set[SourceName] = set()
            watched = {s: _watched(s, picture, finished) for s, picture in pictures.items()}
            try:
                return compositor.compose(shot.plan, watched, infos, views, designs=shot.designs, over=over)
            except Exception:
                culprit = next(
                    (
                        tile.source
                        for tile in shot.plan.tiles
                        if tile.source not in finished
                        and tile.source in pictures
                        and pictures[tile.source].state == "live"
                    ),
                    None,
                )
                if culprit is None and over is None:
                    break
                if culprit is None:
                    over = None
                    continue
                _log.error("source.barred", source=culprit)
                self._barred[culprit] = now_ns + QUARANTINE_NS
                pictures[culprit] = SLATE
        try:
            slates = dict.fromkeys(pictures, SLATE)
            return compositor.compose(shot.plan, slates, infos, {}, designs=shot.designs)
        except Exception:
            self.lost += 1
            return None


def _watched(source: SourceName, picture: SourcePicture, finished: set[SourceName]) -> SourcePicture:
    def intact() -> bool:
        finished.add(source)
        return picture.intact()

    return replace(picture, intact=intact)
