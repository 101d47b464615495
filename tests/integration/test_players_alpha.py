"""Transparent clips and stills from the file to the canvas: importer, real player, its slot, compositor."""

import functools
import time
from pathlib import Path

import pytest

from mixer.compose.compositor import Compositor, SourcePicture
from mixer.contract.colour import yuv_of
from mixer.contract.names import SourceName
from mixer.contract.picture import new_picture
from mixer.contract.plan import CanvasPlan, Rect, SourceInfo, Tile
from mixer.contract.player_messages import PlayerConfig, PlayerReport
from mixer.contract.source_kinds import SourceKind
from mixer.engine.live_sources import SourceTrack
from mixer.graphics.graphics import Graphics
from mixer.sources.importer import examine
from tests.support.media.fontfolder import font_folder
from tests.support.media.material import ffmpeg
from tests.support.media.players import PlayerRun

pytestmark = pytest.mark.alone

W, H = 640, 360
BLUE = yuv_of("#2040c0")
CLEAR = "-f lavfi -i color=red:s=640x360:d=0.6,format=rgba,colorchannelmixer=aa=0"
HALF = "-f lavfi -i color=white:s=640x360:d=0.6,format=rgba,colorchannelmixer=aa=0.5"
MIDDLE = tuple((blue + white) / 2 for blue, white in zip(BLUE, (235, 128, 128), strict=True))


@pytest.fixture(scope="module")
def graphics() -> Graphics:
    return Graphics(font_folder(), "Summit")


class Seen:
    """A canvas with the player's source over blue, and again over a clip's place in the multiview."""

    def __init__(self, run: PlayerRun, graphics: Graphics, alpha: bool = True) -> None:
        self._track = SourceTrack(run.slot, played=True)
        self._compositor = Compositor(graphics, W, H)
        whole, small = Rect(0, 0, W, H), Rect(W // 2, H // 2, W // 2, H // 2)
        tiles = (
            Tile(whole, SourceName("blue")),
            Tile(whole, SourceName("x"), fit="contain"),
            Tile(small, SourceName("blue")),
            Tile(small, SourceName("x")),
        )
        self._plan = CanvasPlan(W, H, tiles)
        self._infos = {SourceName("x"): SourceInfo(still=True, alpha=alpha)}
        self._blue = SourcePicture("live", new_picture(W, H, BLUE), 1)

    def middles(self) -> list[tuple[int, int, int]]:
        """Of the large and of the small one."""
        now_ns = time.monotonic_ns()
        picture = self._track.look(now_ns, now_ns, asked=False, still=True)
        assert picture.state == "live"
        canvas = self._compositor.compose(
            self._plan, {SourceName("x"): picture, SourceName("blue"): self._blue}, self._infos, {}
        )
        assert canvas is not None
        y, u, v = canvas.picture
        places = [(W // 4, H // 4), (W * 3 // 4, H * 3 // 4)]
        found = [(int(y[b, a]), int(u[b // 2, a // 2]), int(v[b // 2, a // 2])) for a, b in places]
        canvas.release()
        return found


def player(path: Path, log: Path, kind: SourceKind = "clip", alpha: bool = True) -> PlayerRun:
    config = PlayerConfig("x", kind, str(path), width=1920, height=1080, epoch_ns=time.monotonic_ns())
    return PlayerRun(config, log, alpha=alpha)


def _beyond(position_s: float, report: PlayerReport) -> bool:
    return report.position_s > position_s


def near(found: list[tuple[int, int, int]], wanted: tuple[float, ...]) -> bool:
    return all(abs(a - b) <= 2 for each in found for a, b in zip(each, wanted, strict=True))


@pytest.mark.parametrize(
    ("name", "words", "wanted"),
    [
        ("a.webm", f"{CLEAR} -c:v libvpx-vp9 -auto-alt-ref 0 -pix_fmt yuva420p", BLUE),
        ("c.mov", f"{HALF} -c:v prores_ks -profile:v 4444 -pix_fmt yuva444p10le", MIDDLE),
    ],
)
def test_what_lies_beneath_a_clip_is_seen_while_it_loops_pauses_and_at_its_end(
    tmp_path: Path, graphics: Graphics, name: str, words: str, wanted: tuple[float, ...]
) -> None:
    path = ffmpeg(tmp_path / name, words)
    assert examine(path, tmp_path).alpha
    with player(path, tmp_path / "log") as run:
        run.wait_state("ready")
        seen = Seen(run, graphics)
        assert near(seen.middles(), wanted), seen.middles()
        run.order(1, playing=True, loop=True)
        for turn, position_s in (("half a round", 0.3), ("the end of it", 0.5)):
            run.wait_for(turn, functools.partial(_beyond, position_s))
            assert near(seen.middles(), wanted), turn
        run.wait_for("the next round", lambda report: report.position_s < 0.3)
        assert near(seen.middles(), wanted)
        run.order(2, position_s=0.2)
        run.wait_state("paused", 2)
        assert near(seen.middles(), wanted)
        run.order(3, playing=True, position_s=0.2)
        run.wait_state("ended", 3)
        assert near(seen.middles(), wanted)


def test_a_still_shows_what_lies_beneath_it(tmp_path: Path, graphics: Graphics) -> None:
    path = ffmpeg(tmp_path / "s.png", f"{HALF} -frames:v 1 -pix_fmt rgba")
    assert examine(path, tmp_path).alpha
    with player(tmp_path / "picture.npy", tmp_path / "log", "still") as run:
        run.wait_state("ready")
        assert near(Seen(run, graphics).middles(), MIDDLE)


def test_where_nothing_is_said_of_alpha_it_lies_over_black(tmp_path: Path, graphics: Graphics) -> None:
    """A source of an older log: its slot has no room for alpha, and no plan says anything of it."""
    path = ffmpeg(tmp_path / "o.webm", f"{CLEAR} -c:v libvpx-vp9 -auto-alt-ref 0 -pix_fmt yuva420p")
    with player(path, tmp_path / "log", alpha=False) as run:
        run.wait_state("ready")
        assert near(Seen(run, graphics, alpha=False).middles(), (16, 128, 128))
