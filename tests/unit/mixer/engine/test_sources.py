"""What a source shows: picture, card or slate; and that one bad picture stays one source's."""

import os

import pytest

from mixer.compose.compositor import SourcePicture
from mixer.contract.clock import NS
from mixer.contract.names import SourceName
from mixer.contract.picture import Picture, new_picture
from mixer.contract.plan import CanvasName, CanvasPlan, MixPlan, Rect, Tile
from mixer.engine.live_sources import SourceTrack
from mixer.engine.stage import Stage
from mixer.graphics.graphics import Graphics
from mixer.ipc.slot import SlotReader, SlotWriter, create_slot
from tests.support.media.mixing import BLUE, FONTS, RED

START = 1000 * NS


class Slot:
    def __init__(self, played: bool = False) -> None:
        fd = create_slot("test", 64, 64)
        self.writer, reader = SlotWriter(fd), SlotReader(fd)
        os.close(fd)
        self.track = SourceTrack(reader, played)

    def look(self, at_s: float, asked: bool = True, still: bool = False) -> SourcePicture:
        now = START + int(at_s * NS)
        return self.track.look(now, now, asked, still)

    def show(self, at_s: float) -> None:
        self.writer.write_picture(new_picture(32, 32), START + int(at_s * NS))

    def beat(self, at_s: float) -> None:
        self.writer.beat(START + int(at_s * NS))


@pytest.fixture
def slot() -> Slot:
    return Slot()


def test_a_card_before_the_first_picture(slot: Slot) -> None:
    assert slot.look(0).state == "card"
    slot.beat(0)
    assert slot.look(0.5).state == "card"
    assert slot.look(50).state == "card"


def test_what_cannot_be_played_shows_the_slate() -> None:
    slot = Slot(played=True)
    assert slot.look(0).state == "card", "its player is starting"
    slot.beat(0)
    assert slot.look(0.9).state == "card"
    assert slot.look(1.1).state == "slate"


def test_a_dead_writers_picture_is_held_for_a_second(slot: Slot) -> None:
    slot.beat(0)
    slot.show(0)
    assert slot.look(0.9).state == "live"
    assert slot.look(1.1).state == "slate"
    slot.beat(1.2)
    slot.show(1.2)
    assert slot.look(1.25).state == "live", "comes back by itself"


def test_a_picture_that_stops_becomes_a_slate_after_two_seconds(slot: Slot) -> None:
    slot.show(0)
    for tenths in range(19):
        slot.beat(tenths / 10)
        assert slot.look(tenths / 10).state == "live"
    slot.beat(2.2)
    assert slot.look(2.2).state == "slate"
    slot.show(2.3)
    assert slot.look(2.31).state == "live"


def test_who_is_not_asked_for_a_picture_does_not_become_a_slate(slot: Slot) -> None:
    slot.show(0)
    for second in range(8):
        slot.beat(second)
        assert slot.look(second, asked=False).state == "live"
    slot.beat(8)
    assert slot.look(8).state == "live", "asked just now: it has two seconds"
    slot.beat(10.5)
    assert slot.look(10.5).state == "slate"


def test_a_still_picture_is_live_as_long_as_its_writer_beats(slot: Slot) -> None:
    slot.show(0)
    for second in range(60):
        slot.beat(second)
        assert slot.look(second, still=True).state == "live"
    slot.beat(60)
    assert slot.look(60, still=False).state == "live", "a clip that goes on has two seconds"
    slot.beat(62.5)
    assert slot.look(62.5, still=False).state == "slate"
    assert slot.look(64, still=True).state == "slate", "nobody beats any more"


@pytest.mark.parametrize("size", [(0, 0), (1, 7), (2**40, 2**40), (2**63, 2)])
def test_sizes_that_make_no_picture_give_a_slate(slot: Slot, size: tuple[int, int]) -> None:
    slot.beat(0)
    slot.show(0)
    for meta in slot.writer._metas:
        meta[2], meta[3] = size
    assert slot.look(0.1).state == "slate"


def test_times_that_are_rubbish_do_no_harm(slot: Slot) -> None:
    slot.writer.beat(2**63)
    slot.show(0)
    assert slot.look(0.1).state == "slate"
    slot.beat(0.2)
    for meta in slot.writer._metas:
        meta[1] = 2**64 - 1
    assert slot.look(0.3).state == "live"


PROGRAM: tuple[CanvasName, ...] = ("program",)


def test_one_bad_picture_stays_one_sources(monkeypatch: pytest.MonkeyPatch) -> None:
    graphics = Graphics(FONTS, "Summit")
    stage = Stage(graphics, {"program": (128, 64)})
    good = SourcePicture("live", new_picture(64, 64, RED), 1)
    other = SourcePicture("live", new_picture(64, 64, BLUE), 1)
    whole = new_picture(64, 64)
    bad = SourcePicture("live", Picture(whole.y, whole.u[:0], whole.v), 1)  # planes that don't fit together
    tiles = tuple(
        Tile(Rect(x, 0, 40, 64), SourceName(name)) for x, name in ((0, "a"), (42, "bad"), (84, "b"))
    )
    plan = MixPlan(1, {"program": CanvasPlan(128, 64, tiles)})
    graphics.prepare(plan)
    for tick in range(3):
        canvases = stage.compose(
            plan,
            {SourceName("a"): good, SourceName("bad"): bad, SourceName("b"): other},
            PROGRAM,
            START + tick,
        )
        canvas = canvases["program"]
        assert canvas.picture.y[30, 20] == RED[0]
        assert canvas.picture.y[30, 100] == BLUE[0]
        canvas.release()
    later = stage.compose(
        plan,
        {SourceName("a"): good, SourceName("bad"): good, SourceName("b"): other},
        PROGRAM,
        START + 5 * NS,
    )
    assert later["program"].picture.y[30, 60] == RED[0], "is let in again"


def test_a_wall_like_the_programme_is_the_same_picture() -> None:
    stage = Stage(Graphics(FONTS, "Summit"), {"program": (128, 64), "wall": (128, 64)})
    source = {SourceName("a"): SourcePicture("live", new_picture(64, 64, RED), 1)}
    same = CanvasPlan(128, 64, (Tile(Rect(0, 0, 40, 64), SourceName("a")),))
    other = CanvasPlan(128, 64, (Tile(Rect(40, 0, 40, 64), SourceName("a")),))
    both: tuple[CanvasName, ...] = ("program", "wall")
    shown = stage.compose(MixPlan(1, {"program": same, "wall": same}), source, both, START)
    assert shown["wall"].buffer is shown["program"].buffer
    for canvas in shown.values():
        canvas.release()
    shown = stage.compose(MixPlan(2, {"program": same, "wall": other}), source, both, START)
    assert shown["wall"].picture.y[30, 60] == RED[0]
    assert shown["program"].picture.y[30, 60] != RED[0]
