"""Composes a plan's canvases at a tick, and keeps one source's bad picture from taking the others along."""

from collections.abc import Collection, Mapping

import structlog

from mixer.clock import NS
from mixer.compositor import Canvas, Compositor, SourcePicture
from mixer.graphics import Graphics
from mixer.picture import Picture
from mixer.plan import CanvasName, CanvasPlan, MixPlan, SourceId
from mixer.sources import SLATE

CANVASES: tuple[CanvasName, ...] = ("program", "wall", "multiview")
"""In this order: a later one may show an earlier one inside it."""
BUFFERS = 6
"""Of each canvas: one being drawn, three with the programme's encoder, the rest with slower ones."""
SPARE_BUFFERS = 2
"""Of the programme's that are left to it while other canvases share its pictures."""
QUARANTINE_NS = 2 * NS

_log = structlog.get_logger()


class Stage:
    """One compositor for each canvas. Used by the tick's thread alone."""

    def __init__(self, graphics: Graphics, sizes: Mapping[CanvasName, tuple[int, int]]) -> None:
        self._compositors = {
            name: Compositor(graphics, *sizes[name], BUFFERS) for name in CANVASES if name in sizes
        }
        self._barred: dict[SourceId, int] = {}
        """Sources whose picture could not be drawn, and until when they show their slate."""
        self._complained_ns = 0
        self.lost = 0
        """Canvases that could not be drawn at all, whatever was left out."""

    @property
    def starved(self) -> int:
        """Canvases that could not be drawn because encoders held all buffers."""
        return sum(compositor.starved for compositor in self._compositors.values())

    @property
    def _short_of_buffers(self) -> bool:
        """Slow encoders of a wall must not hold the programme's last ones."""
        return self._compositors["program"].free < SPARE_BUFFERS

    def compose(
        self,
        plan: MixPlan,
        pictures: Mapping[SourceId, SourcePicture],
        wanted: Collection[CanvasName],
        now_ns: int,
    ) -> dict[CanvasName, Canvas]:
        """The ``wanted`` canvases; the caller releases each. Never raises for a picture."""
        if self._barred:
            self._barred = {source: until for source, until in self._barred.items() if until > now_ns}
            pictures = {s: SLATE if s in self._barred else picture for s, picture in pictures.items()}
        canvases: dict[CanvasName, Canvas] = {}
        views: dict[CanvasName, Picture] = {}
        for name, compositor in self._compositors.items():
            if name not in wanted:
                continue
            canvas_plan = plan.canvases.get(name) or CanvasPlan(compositor.width, compositor.height)
            black = plan.black and name != "multiview"
            shared = name != "program" and "program" in canvases and not self._short_of_buffers
            if shared and canvas_plan == plan.canvases.get("program"):
                # a wall that follows the programme at its size is the same picture
                canvases[name] = canvases["program"].hold()
                views[name] = canvases[name].picture
                continue
            try:
                canvas = compositor.compose(canvas_plan, pictures, plan.sources, views, black)
            except Exception as error:
                if now_ns - self._complained_ns >= NS:  # not a line a tick
                    self._complained_ns = now_ns
                    _log.error("canvas.failed", canvas=name, error=str(error), lost=self.lost)
                canvas = self._without_culprit(compositor, canvas_plan, pictures, plan, views, now_ns)
            if canvas is not None:
                canvases[name] = canvas
                views[name] = canvas.picture
        return canvases

    def _without_culprit(
        self,
        compositor: Compositor,
        canvas_plan: CanvasPlan,
        pictures: Mapping[SourceId, SourcePicture],
        plan: MixPlan,
        views: Mapping[CanvasName, Picture],
        now_ns: int,
    ) -> Canvas | None:
        """Draw again, find the source that can't be drawn (the first that isn't finished), and bar it."""
        pictures = dict(pictures)
        for _ in range(3):
            finished: set[SourceId] = set()
            watched = {s: _watched(s, picture, finished) for s, picture in pictures.items()}
            try:
                return compositor.compose(canvas_plan, watched, plan.sources, views)
            except Exception:
                culprit = next(
                    (
                        tile.source
                        for tile in canvas_plan.tiles
                        if tile.source not in finished
                        and tile.source in pictures
                        and pictures[tile.source].state == "live"
                    ),
                    None,
                )
                if culprit is None:
                    break
                _log.error("source.barred", source=culprit)
                self._barred[culprit] = now_ns + QUARANTINE_NS
                pictures[culprit] = SLATE
        try:
            return compositor.compose(canvas_plan, dict.fromkeys(pictures, SLATE), plan.sources, {})
        except Exception:
            self.lost += 1
            return None


def _watched(source: SourceId, picture: SourcePicture, finished: set[SourceId]) -> SourcePicture:
    def intact() -> bool:
        finished.add(source)
        return picture.intact()

    return SourcePicture(picture.state, picture.picture, picture.serial, intact)
