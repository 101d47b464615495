"""What is seen at a tick: which scene comes, which one goes, how far, and how black it is. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from msgspec.structs import replace

from mixer.compose.motion import Shot, keyed
from mixer.compose.transition import blackness, languages, progress
from mixer.contract.names import BACKDROP, SourceName
from mixer.contract.plan import CanvasName, CanvasPlan, MixPlan, Tile, Transition

PROGRAM = "program"
LANGUAGE = f"{PROGRAM}-"
"""Before a language's tag: the name of the programme's canvas in that language."""
OFF_AIR = ("preview", "multiview")
"""Canvases that neither black nor slate nor a transition touches."""


@dataclass(frozen=True, slots=True)
class Staging:
    """Canvases on air by name, those of languages that differ too. ``leaving`` is empty without a transition;
    a canvas that isn't in it changes at once. ``black``: 0 … 1."""

    entering: dict[str, CanvasPlan]
    leaving: dict[str, CanvasPlan]
    how: Transition
    t: float
    black: float
    slate: bool


def staging(plan: MixPlan, now_ns: int) -> Staging:
    """``plan`` at the tick that is due at ``now_ns``."""
    how = plan.transition or Transition()
    t = progress(plan.transition, now_ns)
    tags = languages(plan, now_ns)
    entering = _on_air(plan.canvases, plan.languages, tags)
    leaving = entering | _on_air(plan.leaving, plan.leaving_languages, tags) if t < 1 else {}
    if t <= 0:
        entering, leaving = leaving, {}
    black = 0.0 if plan.slate else blackness(plan.black, plan.fade, now_ns)
    return Staging(entering, leaving, how, t, black, plan.slate)


def _on_air(
    canvases: Mapping[CanvasName, CanvasPlan], variants: Mapping[str, CanvasPlan], tags: frozenset[str]
) -> dict[str, CanvasPlan]:
    shown: dict[str, CanvasPlan] = {name: each for name, each in canvases.items() if name not in OFF_AIR}
    for tag in tags:
        variant = variants.get(tag, shown.get(PROGRAM))
        if variant is not None:
            shown[LANGUAGE + tag] = variant
    return shown


def sources_of(plan: MixPlan, before: MixPlan) -> dict[str, frozenset[SourceName]]:
    """Return whose pictures each canvas needs from ``plan`` on: also those of the scene that is left, of
    tiles of the plan ``before`` that may still shrink away, and for the multiview those of the preview's
    pane."""
    needed: dict[str, frozenset[SourceName]] = {}
    for name, canvas in plan.canvases.items():
        old = before.canvases.get(name)
        also = [plan.leaving.get(name)]
        if old is not None and canvas.glide_ms > 0 and old.scene == canvas.scene:
            also.append(old)
        if name == "multiview":
            also.append(plan.canvases.get("preview"))
        if name == PROGRAM:
            also += [*plan.languages.values(), *plan.leaving_languages.values()]
        needed[name] = _sources(canvas, *also)
    return needed


def on_air_sources(plan: MixPlan, now_ns: int) -> frozenset[SourceName]:
    """Return whose pictures the programme shows."""
    if plan.slate or plan.black:
        return frozenset()
    t = progress(plan.transition, now_ns)
    leaving = plan.leaving.get("program") if t < 1 else None
    return _sources(leaving, None if leaving is not None and t <= 0 else plan.canvases.get("program"))


def _sources(*canvases: CanvasPlan | None) -> frozenset[SourceName]:
    named = {tile.source for canvas in canvases if canvas is not None for tile in canvas.tiles}
    return frozenset(named - {BACKDROP})


def plateless(shot: Shot) -> Shot:
    """The same without plates and graphics, for the clean feed; ``shot`` itself where it has none."""
    plan = shot.plan
    if not plan.overlays and all(tile.plate is None for tile in plan.tiles):
        return shot
    tiles = tuple(tile if tile.plate is None else replace(tile, plate=None) for tile in plan.tiles)
    return Shot(replace(plan, tiles=tiles, overlays=()), shot.designs)


def in_words_of(shot: Shot, program: CanvasPlan, variant: CanvasPlan) -> Shot | None:
    """The tiles of ``shot``, which is ``program`` at this tick, with plates and graphics of ``variant``; None
    where that shows other tiles, or the same elsewhere."""
    if [_place(tile) for tile in program.tiles] != [_place(tile) for tile in variant.tiles]:
        return None
    if shot.plan is program:
        return Shot(variant)
    plates = {key: tile.plate for key, tile in keyed(variant.tiles).items()}
    tiles = tuple(
        replace(tile, plate=plates[key]) if tile.plate is not None and key in plates else tile
        for key, tile in keyed(shot.plan.tiles).items()
    )
    return Shot(replace(variant, tiles=tiles), shot.designs)


def _place(tile: Tile) -> Tile:
    return tile if tile.plate is None else replace(tile, plate=None)
