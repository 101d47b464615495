"""How graphics and themes look: every kind, every plate style and script, and the summit's own theme."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace
from numpy.typing import NDArray

from mixer.compose.compositor import SourcePicture
from mixer.compose.overlays import OverlayShow
from mixer.compose.sprites import blend, place
from mixer.contract.colour import yuv_of
from mixer.contract.names import SourceName, of_seat
from mixer.contract.picture import new_picture
from mixer.contract.plan import CanvasName, CanvasPlan, MixPlan, Overlay, Plate, Rect, Tile
from mixer.contract.theme import PlateStyle, Theme
from mixer.engine.stage import Stage
from mixer.graphics.graphics import Graphics
from studio.control.library.themes import Themes
from studio.planning.planner import Live, PlanSettings, plan
from tests.golden.golden import assert_golden, bgr
from tests.support.media.fontfolder import font_folder
from tests.support.shows import after, with_mayors

NOON = 1_700_000_000
GROUNDS = ("#5a6b4a", "#7a6a8c", "#8a705c", "#4f6f86", "#9a9a92", "#3c4450")

SCRIPTS = {
    "hangul": Plate(
        "홍길동", "가람특례시장 겸 세계도시 정상회의 공동위원장", "Hong Gildong", "Mayor of Garam"
    ),
    "kana": Plate(
        "山田 はなこ", "みなと市長・世界都市サミット組織委員会委員長", "Hanako Yamada", "Mayor of Minato"
    ),
    "han": Plate("李明汉", "新城市市长兼世界城市可持续发展高峰会议组织委员会主席", "Li Minghan", "Mayor"),
    "latin": Plate(
        "Anne-Sofie Żółć", "Mayor of Łódź-Süd and chair of the alliance of port cities", "안소피", "시장"
    ),
    "arabic": Plate(
        "سامي الحداد", "عمدة المدينة ورئيس اللجنة المنظمة لقمة مدن العالم ٢٠٢٦", "Sami Haddad", "Mayor"
    ),
    "thai": Plate("สมชาย ใจดี", "ผู้ว่าราชการจังหวัดและประธานคณะกรรมการจัดการประชุมเมืองโลก", "Somchai Jaidee"),
    "devanagari": Plate("मीरा शर्मा", "महापौर, नई दिल्ली और विश्व नगर शिखर सम्मेलन की अध्यक्ष", "Meera Sharma"),
}

KINDS = (
    Overlay("1", "lower-third", SCRIPTS["hangul"]),
    Overlay(
        "2",
        "title",
        Plate("도시가 먼저 움직인다", "세션 1", "Cities act first", "Session 1"),
        anchor="top-left",
    ),
    Overlay(
        "3", "ticker", Plate("The joint declaration is signed at 17:00 · 서명식은 오후 5시"), anchor="bottom"
    ),
    Overlay("4", "logo", anchor="top-right"),
    Overlay("5", "clock", Plate("Seoul", "", "서울"), anchor="top-right", zone="Asia/Seoul"),
    Overlay("6", "countdown", Plate("Starts in"), anchor="right", until=NOON + 3754),
    Overlay("7", "countdown", anchor="right", until=NOON - 75),
    Overlay(
        "8", "qr", Plate("자료집"), anchor="bottom-right", link="https://summit.example/handbook?lang=ko"
    ),
    Overlay(
        "9",
        "card",
        Plate("개회식", "2026년 11월 24일", "Opening ceremony", "24 November 2026"),
        anchor="centre",
    ),
    Overlay("10", "picture", anchor="centre"),
)


@dataclass(frozen=True)
class Looks:
    """What draws, and the themes with their pictures decoded."""

    graphics: Graphics
    summit: Theme


@pytest.fixture(scope="module")
def looks(tmp_path_factory: pytest.TempPathFactory) -> Looks:
    folder = tmp_path_factory.mktemp("themes")
    theme = asyncio.run(Themes(folder / "own", folder / "cache").load("summit"))
    return Looks(Graphics(font_folder(), "World Cities Summit 세계도시 정상회의"), theme)


def drawn(
    graphics: Graphics,
    overlays: tuple[Overlay, ...],
    size: tuple[int, int],
    theme: Theme,
    ground: str = GROUNDS[0],
) -> NDArray[np.uint8]:
    graphics.prepare(MixPlan(1, {"program": CanvasPlan(*size, overlays=overlays)}, theme=theme))
    graphics.wear(theme)
    drawing = OverlayShow(graphics, *size).update(overlays, "a", 0, 10**9, float(NOON))
    picture = new_picture(*size, yuv_of(ground))
    if drawing is not None:
        blend(place(picture, drawing.sprites))
    return bgr(picture)


def sheet(pictures: list[NDArray[np.uint8]], columns: int) -> NDArray[np.uint8]:
    rows = [np.concatenate(pictures[n : n + columns], 1) for n in range(0, len(pictures), columns)]
    return np.concatenate(rows)


@pytest.mark.parametrize("name", ["plain", "summit"])
def test_every_kind(looks: Looks, name: str) -> None:
    theme = looks.summit if name == "summit" else Theme()
    kinds = tuple(
        replace(each, picture=looks.summit.logo) if each.kind in ("logo", "picture") else each
        for each in KINDS
    )
    pictures = [drawn(looks.graphics, (each,), (480, 270), theme) for each in kinds]
    assert_golden(f"graphics-{name}", sheet(pictures, 2))


def test_all_at_once_keep_out_of_each_others_way(looks: Looks) -> None:
    everything = tuple(each for each in KINDS if each.kind not in ("card", "picture", "logo"))
    wide = drawn(looks.graphics, everything, (960, 270), Theme())
    assert_golden("graphics-together", wide)


@pytest.mark.parametrize("style", ["box", "bar", "line"])
def test_plates_of_two_languages_in_every_script(looks: Looks, style: PlateStyle) -> None:
    theme = Theme(plate_style=style)
    pictures = []
    for index, who in enumerate(SCRIPTS.values()):
        graphics, picture = looks.graphics, new_picture(480, 270, yuv_of(GROUNDS[index % len(GROUNDS)]))
        sheet_plan = _tile(who)
        graphics.prepare(MixPlan(1, {"program": sheet_plan}, theme=theme))
        graphics.wear(theme)
        sprites = graphics.plate(who, 480, 270)
        assert sprites
        blend(place(picture, sprites))
        pictures.append(bgr(picture)[160:])
    assert_golden(f"plates-{style}", sheet(pictures, 1))


HAN = ("ja", "ko", "zh-Hans", "zh-Hant", "zh-HK")
NAMES = (
    *(Plate("直江 海斗 · 骨 角 化 令", tag, language=tag) for tag in HAN),
    Plate("塚 \ufa10 · 葛 葛\U000e0100 · ★\ufe0f", "the forms that were typed", language="ja"),
    Plate("xʷməθkʷəy̓əm M̧ajeļ m̂ e̊", "J̌ Q̃ Ọ̀ṣọ́ Ẹ́kọ̀ · Đà Nẵng · Ürümqi · Αθήνα · Київ"),
    Plate("ភ្នំពេញ ရန်ကုန် ວຽງຈັນ", "თბილისი Երևան ঢাকা சென்னை කොළඹ"),
    Plate("አዲስ አበባ ཐིམ་ཕུ މާލެ", "ગાંધીનગર ਚੰਡੀਗੜ੍ਹ హైదరాబాద్ ಬೆಂಗಳೂರು തിരുവനന്തപുരം ଭୁବନେଶ୍ୱର"),
    Plate("תל אביב-יפו 2026", "کابل · عمدة", "ⵔⴱⴰⵟ ᐃᖃᓗᐃᑦ ᏣᎳᎩ ߒߞߏ ܣܘܪܝܝܐ", "ᠮᠣᠩᠭᠣᠯ"),
    Plate("Sok ភ្នំពេញ Dara 金", "Phnom Penh ភ្នំពេញ · 金边市", language="zh"),
    Plate("Z" + "\u0301" * 6 + "oe" + "\u0300\u0302\u0304" * 2, "marks upon marks"),
)


def test_names_of_every_capital_and_the_forms_they_are_written_in(looks: Looks) -> None:
    pictures = []
    for who in NAMES:
        picture = new_picture(640, 270, yuv_of(GROUNDS[0]))
        looks.graphics.prepare(MixPlan(1, {"program": CanvasPlan(640, 270, (_large(who),))}, theme=Theme()))
        looks.graphics.wear(Theme())
        sprites = looks.graphics.plate(who, 640, 270)
        assert sprites
        blend(place(picture, sprites))
        pictures.append(bgr(picture)[170:])
    assert_golden("names", sheet(pictures, 2))


def _large(who: Plate) -> Tile:
    return Tile(Rect(0, 0, 640, 270), of_seat("a"), plate=who)


def _tile(who: Plate) -> CanvasPlan:
    return CanvasPlan(480, 270, (Tile(Rect(0, 0, 480, 270), of_seat("a"), plate=who),))


def test_long_titles_wrap_in_every_script(looks: Looks) -> None:
    pictures = [
        drawn(
            looks.graphics,
            (Overlay("1", "title", Plate(who.title), size=1.4, anchor="left"),),
            (400, 224),
            Theme(),
        )
        for who in SCRIPTS.values()
    ]
    assert_golden("graphics-wrapped", sheet([each[40:190] for each in pictures], 1))


CANVASES: dict[CanvasName, tuple[int, int]] = {
    "program": (960, 540),
    "wall": (1280, 360),
    "preview": (320, 180),
    "multiview": (640, 360),
}


@pytest.mark.parametrize(("name", "wall"), [("wall", (1280, 360)), ("portrait", (360, 640))])
def test_the_summits_theme_on_air(looks: Looks, name: str, wall: tuple[int, int]) -> None:
    show = replace(with_mayors(0), theme=looks.summit, title="World Cities Summit")
    for number, who in enumerate(list(SCRIPTS.values())[:5], 1):
        seat, other = f"mayor-{number}", {"en": {"name": who.other_name, "title": who.other_title}}
        show = after(show, "seat.create", seat=seat, name=who.name, title=who.title, names=other)
        show = after(show, "seat.admit", seat=seat)
    show = after(show, "graphic.create", kind="logo", graphic="logo", anchor="top-right", size=0.6)
    show = after(
        show,
        "graphic.create",
        kind="ticker",
        graphic="news",
        text={"": "공동선언문 서명식은 오후 5시에 열립니다"},
    )
    shown = {"layout": "grid", "graphics": ["logo", "news"]}
    show = after(show, "scene.create", scene="all", canvases={"program": shown, "wall": {"layout": "panel"}})
    show = after(show, "program.cut", scene="all")
    sizes = {**CANVASES, "wall": wall}
    mix = plan(show, Live(), PlanSettings(sizes, recordings=""), 1).mix
    looks.graphics.prepare(mix)
    pictures = {
        SourceName(f"seat/mayor-{n}"): SourcePicture("live", new_picture(64, 36, yuv_of(GROUNDS[n])), 1)
        for n in range(1, 5)
    }
    stage = Stage(looks.graphics, sizes)
    canvases = stage.compose(mix, pictures, ("program", "wall"), 10**9)
    if name == "wall":
        assert_golden("summit-program", bgr(canvases["program"].picture))
    assert_golden(f"summit-{name}", bgr(canvases["wall"].picture))


@pytest.mark.parametrize(("width", "height"), [(640, 360), (960, 270), (270, 480)])
def test_the_summits_slate(looks: Looks, width: int, height: int) -> None:
    looks.graphics.wear(looks.summit)
    assert_golden(f"summit-slate-{width}x{height}", bgr(looks.graphics.event_picture(width, height)))


def test_a_theme_without_pictures_is_drawn_too(looks: Looks, tmp_path: Path) -> None:
    theme = replace(looks.summit, backdrop=str(tmp_path / "gone.npy"), logo=str(tmp_path / "gone.npy"))
    card = drawn(looks.graphics, (KINDS[8],), (480, 270), theme)
    assert float(card.std()) > 5
