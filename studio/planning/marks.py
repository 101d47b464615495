"""Which tick of the programme a scene or a cue came on at: chapters for the recordings. Pure.

A plan carries the show's revision; the mixer answers with the tick it took that plan at. So a cue that
changes no picture gets its tick as well: every event makes a plan.
"""

from collections import deque
from collections.abc import Iterable

import msgspec

from mixer.contract.messages import Mark
from mixer.contract.names import SourceName
from mixer.contract.plan import MixPlan
from studio.planning.places import EMPTY, on_air, shown, source_id
from studio.show.model import Show

MAX_WAITING = 256
"""Plans that the mixer hasn't answered yet; it may be away."""


class _Moment(msgspec.Struct, frozen=True):
    """What is on with a revision. Titles belong to the chapters, sources to the edit list."""

    revision: int
    scene: str
    scene_title: str
    cue: str
    cue_title: str
    sources: tuple[SourceName, ...]


class Marker:
    """Makes marks of plans, as they go out and as they are taken."""

    def __init__(self) -> None:
        self._waiting: deque[_Moment] = deque(maxlen=MAX_WAITING)
        self._scene: Mark | None = None
        self._cue: Mark | None = None

    @property
    def newest(self) -> tuple[Mark, ...]:
        """What is on now, for a recording that begins."""
        return tuple(mark for mark in (self._scene, self._cue) if mark is not None and mark.id)

    def planned(self, show: Show, mix: MixPlan) -> None:
        scene = show.scenes.get(show.program or "")
        cue = next((cue for cue in show.rundown if cue.id == show.cue), None)
        moment = _Moment(
            mix.revision,
            scene.id if scene else "",
            scene.title if scene else "",
            cue.id if cue else "",
            cue.title if cue else "",
            tuple(source_id(place) for place in shown(show, on_air(show), "program") if place != EMPTY),
        )
        if not self._waiting or self._waiting[-1] != moment:
            self._waiting.append(moment)

    def taken(self, revision: int, tick: int) -> tuple[Mark, ...]:
        """The marks that came with the plan that was taken at this tick; none if it changed neither."""
        moments = [each for each in self._waiting if each.revision <= revision]
        if not moments:
            return ()
        later = [each for each in self._waiting if each.revision > revision]
        self._waiting = deque([moments[-1], *later], MAX_WAITING)
        return tuple(self._changed(moments[-1], tick))

    def _changed(self, now: _Moment, tick: int) -> Iterable[Mark]:
        if now.scene != (self._scene.id if self._scene else ""):
            self._scene = Mark(tick, "scene", now.scene, now.scene_title, now.sources)
            if now.scene:
                yield self._scene
        if now.cue != (self._cue.id if self._cue else ""):
            self._cue = Mark(tick, "cue", now.cue, now.cue_title, now.sources)
            if now.cue:
                yield self._cue
