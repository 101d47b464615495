"""Composes a plan's canvases at a tick, and keeps one source's bad picture from taking the others along."""

from collections.abc import Collection, Mapping

import msgspec
import structlog

from mixer.clock import NS
from mixer.compositor import Canvas, Compositor, SourcePicture
from mixer.graphics import Graphics
from mixer.picture import Picture
from mixer.plan import CanvasName, CanvasPlan, MixPlan, SourceId
from mixer.sources import SLATE

CANVASES: tuple[CanvasName, ...] = ("program", "clean", "wall", "multiview")
"""In this order: a later one may show an earlier one inside it."""
BUFFERS = 6
"""Of each canvas: one being drawn, three with the programme's encoder, the rest with slower ones."""
SPARE_BUFFERS = 2
"""Of the programme's that are left to it while other canvases share its pictures."""
QUARANTINE_NS = 2 * NS

_log = structlog.get_logger()


class Stage:
    """One compositor for each canvas. Used by the tick's thread alone.

    ``clean`` is the programme's canvas without plates; it has the programme's size and needs no plan. Its
    sources are scaled once for both: the clean one is drawn first, and the programme copies from it.
    """

    def __init__(self, graphics: Graphics, sizes: Mapping[CanvasName, tuple[int, int]]) -> None:
        sizes = {"clean": sizes["program"], **sizes}
        self._compositors = {
            name: Compositor(graphics, *sizes[name], BUFFERS) for name in CANVASES if name in sizes
        }
        self._barred: dict[SourceId, int] = {}
        """Sources whose picture could not be drawn, and until when they show their slate."""
        self._complained_ns = 0
        self._plateless: tuple[CanvasPlan, CanvasPlan] | None = None
        """The programme's plan, and the clean canvas's."""
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
        plans = self._plans(plan)
        clean: Canvas | None = None
        apart = "clean" in wanted and plans["clean"] is not plans["program"] and not plan.black
        if apart:
            clean = self._compose("clean", plans["clean"], plan, pictures, views, now_ns)
        for name in self._compositors:
            if name not in wanted:
                continue
            shared = name != "program" and "program" in canvases and not self._short_of_buffers
            canvas: Canvas | None
            if name == "clean" and apart:
                canvas = clean
            elif shared and plans[name] == plans["program"]:
                # a wall that follows the programme at its size is the same picture
                canvas = canvases["program"].hold()
            else:
                base = clean.picture if name == "program" and clean is not None else None
                canvas = self._compose(name, plans[name], plan, pictures, views, now_ns, base)
            if canvas is not None:
                canvases[name] = canvas
                views[name] = canvas.picture
        return canvases

    def _plans(self, plan: MixPlan) -> dict[CanvasName, CanvasPlan]:
        """By canvas; a clean one without plates is the programme's itself where that has none."""
        plans = {
            name: plan.canvases.get(name) or CanvasPlan(compositor.width, compositor.height)
            for name, compositor in self._compositors.items()
        }
        program = plans["program"]
        if self._plateless is None or self._plateless[0] is not program:
            tiles = tuple(msgspec.structs.replace(tile, plate=None) for tile in program.tiles)
            same = tiles == program.tiles
            self._plateless = program, program if same else msgspec.structs.replace(program, tiles=tiles)
        plans["clean"] = self._plateless[1]
        return plans

    def _compose(
        self,
        name: CanvasName,
        canvas_plan: CanvasPlan,
        plan: MixPlan,
        pictures: Mapping[SourceId, SourcePicture],
        views: Mapping[CanvasName, Picture],
        now_ns: int,
        base: Picture | None = None,
    ) -> Canvas | None:
        compositor = self._compositors[name]
        black = plan.black and name != "multiview"
        try:
            return compositor.compose(canvas_plan, pictures, plan.sources, views, black, base)
        except Exception as error:
            if now_ns - self._complained_ns >= NS:  # not a line a tick
                self._complained_ns = now_ns
                _log.error("canvas.failed", canvas=name, error=str(error), lost=self.lost)
            return self._without_culprit(compositor, canvas_plan, pictures, plan, views, now_ns)

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
