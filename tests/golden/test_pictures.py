"""How layouts, plates, cards, slates and captions look, in every script."""

import numpy as np
import pytest

from mixer.compose.alpha import over_black
from mixer.compose.compositor import Compositor, SourcePicture
from mixer.contract.colour import colour_bars, yuv_of
from mixer.contract.messages import SourceState
from mixer.contract.names import of_seat, of_source
from mixer.contract.picture import Picture, new_picture
from mixer.contract.plan import (
    CanvasPlan,
    CanvasView,
    Crop,
    MixPlan,
    Plate,
    Rect,
    SourceInfo,
    Tile,
    TileStyle,
)
from mixer.graphics.graphics import Graphics
from studio.planning.layout import solve
from tests.golden.golden import assert_golden, bgr
from tests.support.media.fontfolder import font_folder

TITLE = "World Cities Summit 세계도시 정상회의"

PEOPLE = {
    "hangul": Plate("홍길동", "가람특례시장"),
    "hanja": Plate("朴東澤", "서울特別市長"),
    "kana": Plate("山田 はなこ", "みなと市 市長 ガーデン"),
    "han": Plate("李明汉", "新城市市长"),
    "latin": Plate("Anne-Sofie Żółć", "Mayor of Łódź-Süd & Ærø"),
    "vietnamese": Plate("Nguyễn Thị Hương", "Chủ tịch Ủy ban"),
    "cyrillic": Plate("Иван Примеров", "Мэр города"),
    "arabic": Plate("سامي الحداد", "عمدة المدينة ١٢٣ (2024)"),
    "thai": Plate("สมชาย ใจดี", "ผู้ว่าราชการจังหวัด"),
    "devanagari": Plate("मीरा शर्मा", "महापौर, नई दिल्ली"),
    "markup": Plate('<b>O\'Neill</b> & "Co"', "&amp; <span color='red'>x</span>"),
    "long": Plate(
        "A name so very long that it will not fit on any plate, however small its letters are made",
        "Deputy Director of the Department of Long Titles and Other Matters of the City Government",
    ),
    "name only": Plate("Kim 🎉\u202e Min-ji", ""),
    "title only": Plate("", "시장"),
}

ROUND = TileStyle(40, 6, "#20c040")
GROUNDS = ("#5a6b4a", "#7a6a8c", "#8a705c", "#4f6f86", "#9a9a92", "#3c4450")


@pytest.fixture(scope="module")
def graphics() -> Graphics:
    return Graphics(font_folder(), TITLE)


def compose(graphics: Graphics, plan: CanvasPlan, state: SourceState, people: list[Plate]) -> Picture:
    infos = {of_seat(str(i)): SourceInfo(name=who.name, title=who.title) for i, who in enumerate(people)}
    graphics.prepare(MixPlan(1, {"program": plan}, sources=infos))
    pictures = {
        of_seat(str(i)): SourcePicture(state, new_picture(64, 36, yuv_of(GROUNDS[i % len(GROUNDS)])), 1)
        for i in range(max(len(people), len(plan.tiles)))
    }
    view = new_picture(640, 360, yuv_of("#40505f"))
    canvas = Compositor(graphics, plan.width, plan.height).compose(plan, pictures, infos, {"program": view})
    assert canvas is not None
    return canvas.picture


@pytest.mark.parametrize(("width", "height"), [(480, 270), (960, 270), (270, 480)])
def test_layouts(graphics: Graphics, width: int, height: int) -> None:
    strips = []
    for count in (0, 1, 2, 3, 5, 9, 16, 40, 49):
        tiles = tuple(
            Tile(rect, of_seat(str(i))) for i, rect in enumerate(solve("grid", count, width, height, gap=2))
        )
        strips.append(bgr(compose(graphics, CanvasPlan(width, height, tiles), "live", [])))
    axis = 0 if width > height else 1
    assert_golden(f"layouts-{width}x{height}", np.concatenate(strips, axis))


@pytest.mark.parametrize("state", ["live", "card", "slate"])
def test_plates_cards_and_slates_in_every_script(graphics: Graphics, state: SourceState) -> None:
    people = list(PEOPLE.values())
    tiles = tuple(
        Tile(Rect(i % 2 * 484, i // 2 * 274, 480, 270), of_seat(str(i)), plate=who)
        for i, who in enumerate(people)
    )
    plan = CanvasPlan(964, 7 * 274 - 4, tiles)
    name = {"live": "plates", "card": "cards", "slate": "slates"}[state]
    assert_golden(name, bgr(compose(graphics, plan, state, people)))


def test_a_large_and_a_small_plate(graphics: Graphics) -> None:
    people = [PEOPLE["hangul"], PEOPLE["latin"], PEOPLE["arabic"], PEOPLE["kana"]]
    rects = (
        Rect(0, 0, 1280, 720),
        Rect(1284, 0, 256, 144),
        Rect(1284, 148, 192, 108),
        Rect(1284, 260, 96, 54),
    )
    tiles = tuple(Tile(rect, of_seat(str(i)), plate=people[i]) for i, rect in enumerate(rects))
    assert_golden("plate-sizes", bgr(compose(graphics, CanvasPlan(1540, 720, tiles), "live", people)))


def test_a_multiview(graphics: Graphics) -> None:
    people = list(PEOPLE.values())[:6]
    tiles = tuple(
        Tile(
            Rect(i * 212, 364, 208, 116),
            of_seat(str(i)),
            label=who.name,
            tally=("program", "preview", "")[i % 3],
        )
        for i, who in enumerate(people)
    )
    views = (
        CanvasView(Rect(0, 0, 632, 360), "program", label="프로그램 PROGRAM", tally="program"),
        CanvasView(Rect(636, 0, 632, 360), "wall", label="PREVIEW", tally="preview"),
    )
    plan = CanvasPlan(1268, 480, tiles, views)
    assert_golden("multiview", bgr(compose(graphics, plan, "live", people)))


@pytest.mark.parametrize(("width", "height"), [(960, 540), (1280, 360), (360, 640)])
def test_the_events_slate(graphics: Graphics, width: int, height: int) -> None:
    assert_golden(f"event-{width}x{height}", bgr(graphics.event_picture(width, height)))


def test_colour_bars(graphics: Graphics) -> None:
    assert_golden("bars", bgr(graphics.bars)[::4, ::4])


def test_transparent_pictures_over_others(graphics: Graphics) -> None:
    """A banner that fades to the right over two tiles, a soft disc cropped in a round frame, and a ring
    whose picture doesn't fill its tile."""
    across, up = np.meshgrid(np.arange(640), np.arange(360))
    banner = np.where((up > 250) & (up < 330), np.clip(300 - across // 2, 0, 255), 0)
    far = np.hypot(across - 320, up - 180)
    shapes = {
        of_source("banner"): ("#f0d060", banner),
        of_source("disc"): ("#e03030", np.clip(255 - far, 0, 255)),
        of_source("ring"): ("#ffffff", np.clip(255 - 16 * np.abs(far - 140), 0, 255)),
    }
    tiles = (
        Tile(Rect(0, 0, 320, 360), of_seat("0"), plate=Plate("홍길동", "가람특례시장")),
        Tile(Rect(320, 0, 320, 360), of_source("bars")),
        Tile(Rect(0, 0, 640, 360), of_source("banner"), fit="contain"),
        Tile(
            Rect(200, 20, 240, 180),
            of_source("disc"),
            style=TileStyle(40, 6, "#20c040"),
            crop=Crop(0.2, 0, 0.6, 1),
        ),
        Tile(Rect(420, 60, 200, 200), of_source("ring"), fit="contain"),
    )
    plan = CanvasPlan(640, 360, tiles)
    infos = {name: SourceInfo(alpha=True) for name in shapes}
    graphics.prepare(MixPlan(1, {"program": plan}, sources=infos))
    pictures = {
        of_seat("0"): SourcePicture("live", new_picture(64, 36, yuv_of(GROUNDS[0])), 1),
        of_source("bars"): SourcePicture("live", colour_bars(320, 360), 1),
    }
    for name, (colour, shape) in shapes.items():
        alpha = np.asarray(shape, np.uint8)
        made = over_black(new_picture(640, 360, yuv_of(colour)), alpha)
        pictures[name] = SourcePicture("live", made, 1, alpha=alpha)
    canvas = Compositor(graphics, 640, 360).compose(plan, pictures, infos, {})
    assert canvas is not None
    assert_golden("transparent", bgr(canvas.picture))
