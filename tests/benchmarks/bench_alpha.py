"""What a transparent tile of 1080p costs the compositor at each tick, beside the same one without alpha.

``python -m tests.benchmarks.bench_alpha`` prints milliseconds of the thread's processor time a tick: a new
picture of the tile each tick, over one that moves and over one that stands.
"""

import time

import numpy as np

from mixer.compose.alpha import over_black
from mixer.compose.compositor import Compositor, SourcePicture
from mixer.compose.draw import single_threaded
from mixer.contract.names import SourceName
from mixer.contract.picture import Picture, Plane, new_picture
from mixer.contract.plan import CanvasPlan, Rect, SourceInfo, Tile
from mixer.graphics.graphics import Graphics
from tests.support.media.fontfolder import font_folder

W, H = 1920, 1080
TICKS, WARM = 80, 10


def noise(rng: np.random.Generator) -> Picture:
    picture = new_picture(W, H)
    for plane in picture:
        plane[:] = rng.integers(16, 236, plane.shape, np.uint8)
    return picture


def shapes() -> dict[str, Plane]:
    across, up = np.meshgrid(np.arange(W), np.arange(H))
    lower_third = (up > 800) & (up < 1000) & (across > 100) & (across < 1820)
    logo = (up < 200) & (across > 1600)
    drawn = {
        "a veil over everything": np.clip(60 + across / 12, 1, 254),
        "a lower third": np.where(lower_third, 200, 0),
        "a logo": np.where(logo, np.clip(across - 1600, 0, 255), 0),
        "nothing hidden": np.full((H, W), 255),
        "nothing seen": np.zeros((H, W)),
    }
    return {name: np.asarray(alpha, np.uint8) for name, alpha in drawn.items()}


def cost_ms(graphics: Graphics, alpha: Plane | None, *, moves: bool) -> float:
    """The median of a tick."""
    rng = np.random.default_rng(1)
    beneath, above = ([noise(rng) for _ in range(3)] for _ in range(2))
    if alpha is not None:
        above = [over_black(picture, alpha) for picture in above]
    whole = Rect(0, 0, W, H)
    plan = CanvasPlan(
        W, H, (Tile(whole, SourceName("beneath")), Tile(whole, SourceName("above"), fit="contain"))
    )
    infos = {SourceName("above"): SourceInfo(alpha=alpha is not None)}
    compositor = Compositor(graphics, W, H)
    spent = []
    for tick in range(TICKS):
        under = tick if moves else 0
        sources = {
            SourceName("beneath"): SourcePicture("live", beneath[under % 3], under),
            SourceName("above"): SourcePicture("live", above[tick % 3], tick, alpha=alpha),
        }
        began = time.thread_time()
        canvas = compositor.compose(plan, sources, infos, {})
        spent.append(time.thread_time() - began)
        assert canvas is not None
        canvas.release()
    return 1000 * float(np.median(spent[WARM:]))


if __name__ == "__main__":
    single_threaded()
    drawn = Graphics(font_folder(), "Summit")
    for moves, words in ((True, "over one that moves"), (False, "over one that stands")):
        plain = cost_ms(drawn, None, moves=moves)
        print(f"{words}: {plain:.2f} ms without alpha")
        for name, alpha in shapes().items():
            cost = cost_ms(drawn, alpha, moves=moves)
            print(f"  {name}: {cost:.2f} ms, {cost - plain:+.2f} ms, {cost / plain:.1f} times")
