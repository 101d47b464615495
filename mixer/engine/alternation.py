"""Where both scenes of a transition cost more than a tick has, they are drawn by turns, each at every second
tick, and blended at each: a dissolve of two full walls is never late, and both scenes keep moving.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from mixer.compose.canvas import Canvas
from mixer.contract.plan import CanvasPlan

DEAR = 2.8
"""Of a period: a tick has to draw two scenes, blend them, and leave a share for all else."""
_LONGEST_NS = 200_000_000
"""Between two ticks; what is longer was an interruption."""


@dataclass(slots=True)
class Drawn:
    """A canvas of one scene. ``same``: it is the programme's picture."""

    canvas: Canvas
    same: bool = False


class Alternation:
    """Used by the tick's thread alone."""

    def __init__(self) -> None:
        self._alone_ns = 0.0
        """What drawing one scene on all canvases has lately cost, CPU time."""
        self._due_ns = self._period_ns = 0
        self._two = self._dear = False
        self._shown: Mapping[str, CanvasPlan] = {}
        self._going = False
        self._kept: dict[str, Drawn] = {}

    def begin(self, due_ns: int, *, two: bool) -> bool:
        """A tick with one scene, or with ``two``. True: the scene that goes is enough for this one, so that
        the first tick of a transition hasn't both to draw."""
        passed = due_ns - self._due_ns
        if 0 < passed <= _LONGEST_NS:
            self._period_ns = passed
        self._due_ns = due_ns
        first = two and not self._two
        if first:
            self._dear = 0 < self._period_ns < DEAR * self._alone_ns
        self._two = two
        if not two:
            self.drop()
        return first and self._dear

    def spent(self, cpu_ns: int) -> None:
        """What the tick's drawing took."""
        if not self._two:
            self._alone_ns += (cpu_ns - self._alone_ns) / 8

    def kept(
        self, plans: Mapping[str, CanvasPlan], names: Collection[str], *, going: bool
    ) -> dict[str, Drawn] | None:
        """Return this side of the transition as it was drawn at the tick before; None: it is to be drawn now.
        Plans are told apart by what they say: a T-bar that moves brings a new one at each tick."""
        known = self._kept and self._going == going and self._kept.keys() >= set(names)
        if not known or self._shown != plans:
            return None
        return {name: Drawn(self._kept[name].canvas.hold(), self._kept[name].same) for name in names}

    def keep(self, plans: Mapping[str, CanvasPlan], drawn: Mapping[str, Drawn], *, going: bool) -> None:
        """Keep this side, which was drawn at this tick, so that the next one need not."""
        self.drop()
        if self._two and self._dear:
            self._shown, self._going = plans, going
            self._kept = {name: Drawn(each.canvas.hold(), each.same) for name, each in drawn.items()}

    def drop(self) -> None:
        for each in self._kept.values():
            each.canvas.release()
        self._shown, self._kept = {}, {}
