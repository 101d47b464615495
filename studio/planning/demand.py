"""What is asked of each browser over time: who watches, what is held, what is still on its way. No I/O.

Time is handed in, in seconds of one monotonic clock. What is kept is bounded by the canvases and the seats.
"""

from collections.abc import Collection, Mapping

import msgspec

from mixer.contract.plan import CanvasName
from signaling.contract.messages import UplinkTarget
from studio.planning.hysteresis import Held, Patience, due_s, settle
from studio.planning.uplink import NOTHING

LOOK_S = 10.0
"""A snapshot that was asked for counts as watching for so long: a viewer's console asks once a second."""
LEARN_S = 3.0
"""How long a control that has just started learns who is there: shards report once a second."""
ARRIVE_S = 5.0
"""How long a seat in preview is waited for: a camera may be smaller than what is asked for."""
_SHARP = 0.7
"""Share of the pixels asked for, from which on a picture counts as having its size."""


class DemandSettings(msgspec.Struct, frozen=True):
    """Seconds; see :data:`LEARN_S`, :data:`LOOK_S`, :data:`ARRIVE_S` and :class:`Patience`."""

    learn_s: float = LEARN_S
    look_s: float = LOOK_S
    arrive_s: float = ARRIVE_S
    patience: Patience = Patience()


class Demand:
    """Starts at ``now_s``. Nothing is :attr:`known` for ``learn_s``: a control that is back doesn't know yet
    who watches, and must take nothing from anybody."""

    def __init__(self, now_s: float, settings: DemandSettings) -> None:
        self._settings = settings
        self._known_s = now_s + settings.learn_s
        # Who polls snapshots may have done so before control restarted.
        self._looked_s = now_s
        self._held: dict[str, Held] = {}
        self._waiting_since_s: dict[str, float] = {}

    def known(self, now_s: float) -> bool:
        """Return whether it is known who is there, so that targets can be told."""
        return now_s >= self._known_s

    def looked(self, canvas: CanvasName, now_s: float) -> None:
        """Note that somebody asked for a snapshot of this canvas. Only the multiview's count as watching: one
        look at the wall must not make forty encoders begin again."""
        if canvas == "multiview":
            self._looked_s = now_s

    def watched(self, pages: Collection[CanvasName], now_s: float) -> frozenset[CanvasName]:
        """Canvases that a page shows (``pages``), and the multiview while snapshots of it are asked for."""
        polled: frozenset[CanvasName] = frozenset({"multiview"} if self._look_ends_s > now_s else ())
        return frozenset(pages) | polled

    def targets(self, needs: Mapping[str, UplinkTarget], now_s: float) -> dict[str, UplinkTarget]:
        """Return what to ask for now that this is needed, by seat id."""
        if not self.known(now_s):
            return dict(needs)
        self._held = settle(self._held, needs, now_s, self._settings.patience)
        return {seat: held.target for seat, held in self._held.items()}

    def waiting(
        self,
        wanted: Mapping[str, UplinkTarget],
        arriving: Mapping[str, tuple[int, int]],
        now_s: float,
    ) -> tuple[str, ...]:
        """Seats whose picture isn't yet as large as it is ``wanted``, in that order; none for longer than
        ``arrive_s``. ``arriving``: width and height of what comes, of all who are connected."""
        missing = [
            seat
            for seat, target in wanted.items()
            if seat in arriving and target != NOTHING and not _is_sharp(arriving[seat], target)
        ]
        self._waiting_since_s = {seat: self._waiting_since_s.get(seat, now_s) for seat in missing}
        return tuple(
            seat for seat in missing if now_s < self._waiting_since_s[seat] + self._settings.arrive_s
        )

    def due_s(self, now_s: float) -> float | None:
        """Return when to ask again even if nothing happens; None: not before something does."""
        times = [self._known_s, self._look_ends_s]
        times += [since + self._settings.arrive_s for since in self._waiting_since_s.values()]
        held = due_s(self._held.values(), self._settings.patience)
        coming = [time for time in times if time > now_s]
        return min(coming if held is None else [*coming, held], default=None)

    @property
    def _look_ends_s(self) -> float:
        return self._looked_s + self._settings.look_s


def _is_sharp(size: tuple[int, int], target: UplinkTarget) -> bool:
    """Compare by pixels, for a portrait telephone covers no wide box."""
    return size[0] * size[1] >= _SHARP * target.width * target.height
