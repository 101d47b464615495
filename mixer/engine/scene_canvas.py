"""One canvas of the stage: its buffers, and the scenes that are drawn into them, two while one gives way."""

from collections.abc import Callable, Collection

import structlog

from mixer.compose.canvas import Canvas, Pool
from mixer.compose.compositor import Compositor
from mixer.compose.motion import STALE_NS, Glide, Shot
from mixer.compose.overlays import Drawing, OverlayShow
from mixer.contract.clock import NS
from mixer.contract.names import SourceName
from mixer.contract.picture import Picture
from mixer.contract.plan import CanvasPlan
from mixer.graphics.graphics import Graphics

_log = structlog.get_logger()


class DrawnScene:
    """A scene as one canvas shows it: where its tiles are, how its graphics come and go."""

    def __init__(self, graphics: Graphics, pool: Pool) -> None:
        self._graphics = graphics
        self._overlays = OverlayShow(graphics, pool.width, pool.height)
        self._glide = Glide()
        self._complained_ns = 0
        self._made_of: tuple[Shot, CanvasPlan | None, Shot] | None = None
        self.compositor = Compositor(graphics, pool.width, pool.height, pool=pool)
        self.plan: CanvasPlan | None = None
        """What it showed last, and when."""
        self.seen_ns = 0

    def follow(self, other: "DrawnScene") -> None:
        """Begin with the graphics that ``other`` shows: those that both have are to stand still."""
        self._overlays = other._overlays.fork()

    def shot(self, plan: CanvasPlan, now_ns: int, known: Collection[SourceName]) -> Shot:
        """Return where its tiles are at the tick that is due at ``now_ns``."""
        self.plan, self.seen_ns = plan, now_ns
        return self._glide.at(plan, now_ns, known)

    def derived(
        self, plan: CanvasPlan, shot: Shot, variant: CanvasPlan | None, make: Callable[[], Shot], now_ns: int
    ) -> Shot:
        """``plan`` as ``make`` makes it of another canvas's ``shot``: the same object while that, and the
        ``variant``, are the same."""
        self.plan, self.seen_ns = plan, now_ns
        if self._made_of is None or self._made_of[0] is not shot or self._made_of[1] is not variant:
            self._made_of = shot, variant, make()
        return self._made_of[2]

    def over(self, plan: CanvasPlan, animate_ms: int, now_ns: int, unix_s: float) -> Drawing | None:
        """Return what lies over its tiles. Never raises: no graphic is worth a picture."""
        try:
            return self._overlays.update(plan.overlays, plan.scene, animate_ms, now_ns, unix_s)
        except Exception as error:
            if now_ns - self._complained_ns >= NS:  # not a line a tick
                self._complained_ns = now_ns
                _log.error("overlays.failed", scene=plan.scene, error=str(error))
            self._overlays = OverlayShow(self._graphics, self.compositor.width, self.compositor.height)
            return None


class SceneCanvas:
    """A canvas of fixed, even size. Used by the tick's thread alone; canvases are released by any.

    Two scenes draw into the same few buffers, each into its own while it can; a third buffer takes what is
    made of both. So a transition needs two buffers more than a scene alone, and no memory of its own.
    """

    def __init__(self, graphics: Graphics, width: int, height: int, buffers: int) -> None:
        self.pool = Pool(width, height, buffers)
        self._scenes = DrawnScene(graphics, self.pool), DrawnScene(graphics, self.pool)
        self._cast_ns = -1

    @property
    def size(self) -> tuple[int, int]:
        return self.pool.width, self.pool.height

    @property
    def on_air(self) -> DrawnScene:
        return self._scenes[0]

    def scene(self, plan: CanvasPlan, now_ns: int) -> DrawnScene:
        """Return the drawn scene for ``plan`` outside transitions: the one that came to it in the last
        transition, or else the one on air."""
        on_air, other = self._scenes
        fresh = other.plan is not None and now_ns - other.seen_ns <= STALE_NS
        if fresh and _likeness(other.plan, plan) > _likeness(on_air.plan, plan):
            self._scenes = other, on_air
        return self._scenes[0]

    def scenes(self, leaving: CanvasPlan, now_ns: int) -> tuple[DrawnScene, DrawnScene]:
        """Return the drawn scene of ``leaving``, which is on air, and that of what comes."""
        going = self.scene(leaving, now_ns)
        coming = self._scenes[1]
        if now_ns != self._cast_ns:  # once a tick, before either is drawn
            self._cast_ns = now_ns
            if coming.seen_ns < going.seen_ns:
                coming.follow(going)
        return going, coming

    def made(self, draw: Callable[[Picture], None]) -> Canvas | None:
        """Return what ``draw`` draws into a buffer that nobody else has; None without a free one. Raises as
        it does."""
        buffer = self.pool.take(None, self)
        if buffer is None:
            return None
        buffer.owner, buffer.signature = None, None
        canvas = Canvas(buffer, self.pool)
        try:
            draw(buffer.picture)
        except BaseException:
            canvas.release()
            raise
        return canvas


def _likeness(shown: CanvasPlan | None, plan: CanvasPlan) -> int:
    if shown is None or shown.scene != plan.scene:
        return 0
    return 2 if shown.tiles == plan.tiles else 1
