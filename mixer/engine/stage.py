"""Composes a plan's canvases at a tick: one scene, or two of which one gives way to the other."""

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

import structlog

from mixer.compose.canvas import Canvas
from mixer.compose.compositor import SourcePicture
from mixer.compose.motion import Shot
from mixer.compose.transition import blend, dim
from mixer.contract.clock import NS
from mixer.contract.names import SourceName
from mixer.contract.picture import Picture
from mixer.contract.plan import CanvasName, CanvasPlan, MixPlan
from mixer.engine.alternation import Alternation, Drawn
from mixer.engine.quarantine import Quarantine
from mixer.engine.scene_canvas import DrawnScene, SceneCanvas
from mixer.engine.staging import LANGUAGE, OFF_AIR, PROGRAM, Staging, in_words_of, plateless, staging
from mixer.graphics.graphics import Graphics

CANVASES: tuple[CanvasName, ...] = ("program", "clean", "wall", "multiview")
"""Those that somebody may subscribe to or take snapshots of, beside the programme's languages."""
BUFFERS = 8
"""Of each canvas: one being drawn, three with the programme's encoder, two with slower ones, and two for the
scenes that a transition is made of. Memory that was never needed was never touched."""
SCENES_BUFFERS = 4
"""Of each canvas that a transition needs: one for each scene, for what is made of them, and one kept."""
SPARE_BUFFERS = 5
"""Of the programme's that must be free at a tick for other canvases to share its pictures."""

_log = structlog.get_logger()


@dataclass(slots=True)
class _Tick:
    """What all canvases of one tick have in common. ``share``: the programme has buffers enough to let others
    hold its pictures: slow encoders of a wall must not have its last ones."""

    plan: MixPlan
    stage: Staging
    pictures: Mapping[SourceName, SourcePicture]
    on_air: tuple[str, ...]
    now_ns: int
    unix_s: float
    share: bool
    shown: dict[str, Picture] = field(default_factory=dict)
    """Canvases that are finished, for those that show them."""


class Stage:
    """A :class:`SceneCanvas` for each canvas. Used by the tick's thread alone.

    ``clean`` is the programme's canvas without plates and graphics; it has the programme's size and needs no
    plan, and neither do the programme's canvases in languages, which come and go with the plan. Their sources
    are scaled once for all: the clean one is drawn first, and the others copy from it.
    """

    def __init__(self, graphics: Graphics, sizes: Mapping[CanvasName, tuple[int, int]]) -> None:
        self._graphics = graphics
        sizes = {"clean": sizes["program"], **sizes}
        self._scene_canvases: dict[str, SceneCanvas] = {
            name: SceneCanvas(graphics, *sizes[name], BUFFERS) for name in CANVASES if name in sizes
        }
        self._blank: dict[str, CanvasPlan] = {name: CanvasPlan(*size) for name, size in sizes.items()}
        self._quarantine = Quarantine()
        self._alternation = Alternation()
        self._plan: MixPlan | None = None
        self._moving = False
        """What the last tick showed, and whether a scene gave way in it."""
        self._complained_ns = 0

    @property
    def starved(self) -> int:
        """Canvases that could not be drawn because encoders held all buffers."""
        return sum(scene_canvas.pool.starved for scene_canvas in self._scene_canvases.values())

    @property
    def lost(self) -> int:
        """Canvases that could not be drawn at all, whatever was left out."""
        return self._quarantine.lost

    def warm(self) -> None:
        """Have memory ready for a transition on all canvases that are in use. Called by any thread."""
        for scene_canvas in list(self._scene_canvases.values()):
            scene_canvas.pool.warm(SCENES_BUFFERS)

    def compose(
        self,
        plan: MixPlan,
        pictures: Mapping[SourceName, SourcePicture],
        wanted: Collection[str],
        now_ns: int,
        unix_s: float = 0.0,
    ) -> dict[str, Canvas]:
        """The ``wanted`` canvases at the tick that is due at ``now_ns``; the caller releases each.

        ``program-ko`` is the programme's canvas in that language: it is there only while it differs.
        ``unix_s``: the time of day, for clocks and countdowns. Never raises for a picture or a graphic.
        """
        self._graphics.wear(plan.theme)
        multiview = "multiview" in wanted and "multiview" in self._scene_canvases
        stage = staging(plan, now_ns)
        if plan is not self._plan or stage.leaving or self._moving or multiview:
            self._plan, self._moving = plan, bool(stage.leaving)
            self._set_up(plan, stage, multiview)
        on_air = tuple(name for name in self._scene_canvases if name in wanted and name not in OFF_AIR)
        share = len(self._scene_canvases[PROGRAM].pool.free) >= SPARE_BUFFERS
        tick = _Tick(plan, stage, pictures, on_air, now_ns, unix_s, share)
        canvases = self._on_air(tick)
        tick.shown = {name: canvas.picture for name, canvas in canvases.items()}
        if multiview:
            preview = self._off_air("preview", tick) if "preview" in plan.canvases else None
            if preview is not None:
                tick.shown["preview"] = preview.picture
            whole = self._off_air("multiview", tick)
            if preview is not None:
                preview.release()
            if whole is not None:
                canvases["multiview"] = whole
        return canvases

    def _set_up(self, plan: MixPlan, stage: Staging, multiview: bool) -> None:
        """Set up the canvases that come and go with plans: languages, and the preview's pane."""
        tagged = {name for name in stage.entering if name.startswith(LANGUAGE)}
        for name in [
            name for name in self._scene_canvases if name.startswith(LANGUAGE) and name not in tagged
        ]:
            del self._scene_canvases[name]  # what encoders still hold of it stays theirs
        for name in tagged - self._scene_canvases.keys():
            self._scene_canvases[name] = SceneCanvas(
                self._graphics, *self._scene_canvases[PROGRAM].size, BUFFERS
            )
        pane = plan.canvases.get("preview")
        if pane is not None and multiview:
            scene_canvas = self._scene_canvases.get("preview")
            if scene_canvas is None or scene_canvas.size != (pane.width, pane.height):
                self._scene_canvases["preview"] = SceneCanvas(self._graphics, pane.width, pane.height, 2)

    # --- canvases on air --------------------------------------------------------------------------------

    def _on_air(self, tick: _Tick) -> dict[str, Canvas]:
        stage, alternation = tick.stage, self._alternation
        covered = stage.slate or stage.black >= 1
        one = alternation.begin(tick.now_ns, two=bool(stage.leaving) and not covered)
        if covered:
            return self._covered(tick)
        if one:
            stage = tick.stage = replace(stage, entering=stage.leaving, leaving={})
        begun = time.thread_time_ns()
        leaving: dict[str, Drawn] = {}
        entering: dict[str, Drawn] = {}
        canvases: dict[str, Canvas] = {}
        try:
            if stage.leaving and not self._turn(tick, leaving, going=True):
                self._side(tick, stage.leaving, leaving, going=True)
                if not self._turn(tick, entering, going=False):
                    self._side(tick, stage.entering, entering, going=False)
                alternation.keep(stage.leaving, leaving, going=True)
            else:
                self._side(tick, stage.entering, entering, going=False)
                alternation.keep(stage.entering, entering, going=one)
            alternation.spent(time.thread_time_ns() - begun)
            for name in tick.on_air:
                made = self._made(name, leaving.get(name), entering.get(name), canvases, tick)
                if made is not None:
                    canvases[name] = made
        except BaseException:
            for canvas in canvases.values():
                canvas.release()
            raise
        finally:  # whatever happens, no buffer is lost
            for each in (*leaving.values(), *entering.values()):
                each.canvas.release()
        return canvases

    def _turn(self, tick: _Tick, drawn: dict[str, Drawn], *, going: bool) -> bool:
        """Return whether this side is shown as it was at the tick before."""
        stage, names = tick.stage, _names(tick, going)
        kept = self._alternation.kept(stage.leaving if going else stage.entering, names, going=going)
        if kept is None:
            return False
        drawn.update(kept)
        for name in {PROGRAM, "clean", *names}:  # it is on air all the same
            self._scene(name, tick, going).seen_ns = tick.now_ns
        return True

    def _covered(self, tick: _Tick) -> dict[str, Canvas]:
        """Everything on air is black, or the event's slate."""
        canvases: dict[str, Canvas] = {}
        for name in tick.on_air:
            plan = self._blank.get(name, self._blank[PROGRAM])
            black = not tick.stage.slate
            try:
                canvas = self._scene_canvases[name].on_air.compositor.compose(plan, {}, {}, {}, black)
            except Exception as error:
                self._complain("canvas.failed", name, error, tick.now_ns)
                continue
            if canvas is not None:
                canvases[name] = canvas
        return canvases

    def _side(
        self, tick: _Tick, plans: Mapping[str, CanvasPlan], drawn: dict[str, Drawn], *, going: bool
    ) -> None:
        """Draw one scene on all canvases on air; of the one that is ``going`` those that it does leave."""
        names = _names(tick, going)
        program = self._plan_of(PROGRAM, plans)
        shot = self._scene(PROGRAM, tick, going).shot(program, tick.now_ns, tick.plan.sources)
        plain = self._scene("clean", tick, going)
        bare = plain.derived(program, shot, None, lambda: plateless(shot), tick.now_ns)
        base: Picture | None = None
        clean: Canvas | None = None
        if bare is not shot and any(name == "clean" or name.startswith(LANGUAGE) for name in names):
            clean = self._draw("clean", plain, bare, tick)
        try:
            if clean is not None:
                base = clean.picture
            for name in names:
                if name == "clean" and bare is not shot:
                    if clean is not None:
                        drawn[name] = Drawn(clean.hold())
                    continue
                drawer, view, copied = self._view(name, tick, plans, going, program, shot)
                first = drawn.get(PROGRAM)
                if name != PROGRAM and first is not None and tick.share and view == shot:
                    # A wall that follows the programme at its size is the same picture.
                    drawer.over(view.plan, tick.plan.theme.animate_ms, tick.now_ns, tick.unix_s)
                    drawn[name] = Drawn(first.canvas.hold(), same=True)
                    continue
                if base is None and bare is shot and name != PROGRAM and first is not None:
                    base = first.canvas.picture  # the programme itself has neither plates nor graphics
                canvas = self._draw(name, drawer, view, tick, base if copied else None)
                if canvas is not None:
                    drawn[name] = Drawn(canvas)
        finally:
            if clean is not None:
                clean.release()

    def _view(
        self,
        name: str,
        tick: _Tick,
        plans: Mapping[str, CanvasPlan],
        going: bool,
        program: CanvasPlan,
        shot: Shot,
    ) -> tuple[DrawnScene, Shot, bool]:
        """Return the scene that draws a canvas, its shot, and whether it is the clean feed's."""
        scene = self._scene(name, tick, going)
        if name in (PROGRAM, "clean"):
            return scene, shot, True
        plan = self._plan_of(name, plans)
        if name.startswith(LANGUAGE):
            words = scene.derived(
                plan, shot, plan, lambda: in_words_of(shot, program, plan) or Shot(plan), tick.now_ns
            )
            return scene, words, words.designs == shot.designs and _same_places(words, shot)
        return scene, scene.shot(plan, tick.now_ns, tick.plan.sources), False

    def _made(
        self,
        name: str,
        leaving: Drawn | None,
        entering: Drawn | None,
        canvases: Mapping[str, Canvas],
        tick: _Tick,
    ) -> Canvas | None:
        """Return what is seen on one canvas: both scenes in one, as far as that is, and black as it is."""
        stage = tick.stage
        mixed = bool(stage.leaving) and _changes(stage, name)
        if entering is None or (mixed and leaving is None):
            return None  # the tick goes on without this canvas
        first = canvases.get(PROGRAM)
        if entering.same and (leaving is None or leaving.same) and mixed == _changes(stage, PROGRAM):
            return None if first is None else first.hold()
        before = None if leaving is None else leaving.canvas.picture
        after = entering.canvas.picture
        if before is None and not stage.black:
            return entering.canvas.hold()

        def draw(into: Picture) -> None:
            if before is not None:
                blend(before, after, stage.how, stage.t, into)
            if stage.black:
                dim(after if before is None else into, stage.black, into)

        try:
            return self._scene_canvases[name].made(draw)
        except Exception as error:
            self._complain("transition.failed", name, error, tick.now_ns)
            return entering.canvas.hold()

    def _scene(self, name: str, tick: _Tick, going: bool) -> DrawnScene:
        scene_canvas, stage = self._scene_canvases[name], tick.stage
        if not stage.leaving or not _changes(stage, name):
            return scene_canvas.scene(self._plan_of(name, stage.entering), tick.now_ns)
        leaver, comer = scene_canvas.scenes(self._plan_of(name, stage.leaving), tick.now_ns)
        return leaver if going else comer

    def _plan_of(self, name: str, plans: Mapping[str, CanvasPlan]) -> CanvasPlan:
        """A clean feed has the programme's; what a plan doesn't name is empty."""
        name = PROGRAM if name == "clean" else name
        return plans.get(name) or self._blank[PROGRAM if name.startswith(LANGUAGE) else name]

    # --- canvases off air -------------------------------------------------------------------------------

    def _off_air(self, name: CanvasName, tick: _Tick) -> Canvas | None:
        """Draw what is not on air. Never raises, because what is on air matters more."""
        try:
            plan = tick.plan.canvases.get(name) or self._blank[name]
            scene = self._scene_canvases[name].scene(plan, tick.now_ns)
            return self._draw(name, scene, scene.shot(plan, tick.now_ns, tick.plan.sources), tick)
        except Exception as error:
            self._complain("canvas.failed", name, error, tick.now_ns)
            return None

    def _draw(
        self, name: str, scene: DrawnScene, shot: Shot, tick: _Tick, base: Picture | None = None
    ) -> Canvas | None:
        return self._quarantine.compose(
            scene.compositor,
            shot,
            tick.pictures,
            tick.plan.sources,
            tick.shown,
            tick.now_ns,
            name=name,
            base=base,
            over=scene.over(shot.plan, tick.plan.theme.animate_ms, tick.now_ns, tick.unix_s),
        )

    def _complain(self, event: str, name: str, error: Exception, now_ns: int) -> None:
        if now_ns - self._complained_ns >= NS:  # not a line a tick
            self._complained_ns = now_ns
            _log.error(event, canvas=name, error=str(error))


def _names(tick: _Tick, going: bool) -> list[str]:
    """The canvases on air; of the scene that is ``going`` those that it does leave."""
    return [name for name in tick.on_air if not going or _changes(tick.stage, name)]


def _changes(stage: Staging, name: str) -> bool:
    """Return whether the transition leaves anything on this canvas. The programme's canvases do it
    together."""
    if name == "clean" or name.startswith(PROGRAM):
        names = [each for each in stage.entering if each.startswith(PROGRAM)]
    else:
        names = [name]
    return any(stage.leaving.get(each) is not stage.entering.get(each) for each in names)


def _same_places(one: Shot, other: Shot) -> bool:
    return [(tile.source, tile.rect) for tile in one.plan.tiles] == [
        (tile.source, tile.rect) for tile in other.plan.tiles
    ]
