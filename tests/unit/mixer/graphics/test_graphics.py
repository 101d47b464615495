"""Plates and fonts: what is kept, what is refused, what a name can't do."""

import shutil
import time
from pathlib import Path

import msgspec
import numpy as np
import pytest

from mixer.compose.sprites import Paint, blend, place, rounded_box
from mixer.contract.colour import colour_bars, yuv_of
from mixer.contract.names import of_seat
from mixer.contract.picture import new_picture
from mixer.contract.plan import CanvasPlan, MixPlan, Plate, Rect, SourceInfo, Tile
from mixer.contract.theme import PlateStyle, Theme
from mixer.graphics.fonts import FontsMissingError, check_fonts
from mixer.graphics.graphics import Graphics, Later
from mixer.graphics.install_fonts import main
from mixer.graphics.text import Typesetter
from tests.support.media.fontfolder import font_folder


def plan_of(*names: str, size: tuple[int, int] = (480, 270)) -> MixPlan:
    tiles = tuple(
        Tile(Rect(0, 0, *size), of_seat(name), plate=Plate(name, "Mayor"), label=name) for name in names
    )
    infos = {of_seat(name): SourceInfo(name=name, title="Mayor") for name in names}
    return MixPlan(1, {"program": CanvasPlan(1920, 1080, tiles)}, sources=infos)


@pytest.fixture(scope="module")
def typesetter() -> Typesetter:
    return Typesetter(font_folder())


def test_what_is_prepared_is_found_and_the_rest_is_not() -> None:
    graphics = Graphics(font_folder(), "Summit")
    assert graphics.plate(Plate("Ada", "Mayor"), 480, 270) is None
    graphics.prepare(plan_of("Ada"))
    assert graphics.plate(Plate("Ada", "Mayor"), 480, 270)
    assert graphics.plate(Plate("Ada", "Mayor"), 482, 270) is None
    assert graphics.card(SourceInfo(name="Ada", title="Mayor"), 480, 270)
    assert graphics.slate(SourceInfo(name="Ada", title="Mayor", asked=False), 480, 270)
    assert graphics.label("Ada", "", 480, 270)
    assert graphics.event(1920, 1080)


def test_sprites_are_drawn_once() -> None:
    graphics = Graphics(font_folder())
    graphics.prepare(plan_of("Ada"))
    first = graphics.plate(Plate("Ada", "Mayor"), 480, 270)
    graphics.prepare(plan_of("Ada", "Grace"))
    assert graphics.plate(Plate("Ada", "Mayor"), 480, 270) is first


def test_the_cache_forgets_all_but_the_plans_on_air_and_next_each_with_what_may_follow() -> None:
    graphics = Graphics(font_folder(), capacity_bytes=0)
    names = ("Ada", "Grace", "Mary", "Anne", "Joan")
    for name in names:
        graphics.prepare(plan_of(name))
    found = [graphics.plate(Plate(name, "Mayor"), 480, 270) is not None for name in names]
    assert found == [False, True, True, True, True]


def test_what_was_drawn_before_changes_nothing_that_is_looked_up() -> None:
    graphics = Graphics(font_folder())
    graphics.prepare(plan_of("Ada", "Grace"))
    edition = graphics.edition
    graphics.prepare(plan_of("Grace"))
    assert graphics.edition == edition
    graphics.prepare(plan_of("Mary"))
    assert graphics.edition == edition + 1


def test_preparing_can_be_given_up_and_keeps_what_it_has() -> None:
    graphics = Graphics(font_folder())
    left = iter([False, False])
    graphics.prepare(plan_of("Ada", "Grace"), lambda: next(left, True))
    assert graphics.plate(Plate("Ada", "Mayor"), 480, 270)
    assert graphics.plate(Plate("Grace", "Mayor"), 480, 270) is None
    graphics.prepare(plan_of("Ada", "Grace"))
    assert graphics.plate(Plate("Grace", "Mayor"), 480, 270)


def test_what_nobody_sees_yet_waits_for_the_rest() -> None:
    graphics = Graphics(font_folder())
    plan = plan_of("Ada", "Grace")
    views = {"multiview": CanvasPlan(1280, 720, plan_of("Mary", size=(160, 90)).canvases["program"].tiles)}
    plan = msgspec.structs.replace(plan, canvases={**plan.canvases, **views})
    ada, grace, mary = (SourceInfo(name=name, title="Mayor") for name in ("Ada", "Grace", ""))
    graphics.prepare(plan, later=Later(live={of_seat("Ada")}, unseen={"multiview"}))
    assert graphics.plate(Plate("Ada", "Mayor"), 480, 270)
    assert [graphics.slate(ada, 480, 270), graphics.card(ada, 480, 270)] == [None, None], "she has a picture"
    assert all([graphics.slate(grace, 480, 270), graphics.card(grace, 480, 270)])
    assert [graphics.label("Mary", "", 160, 90), graphics.card(mary, 160, 90)] == [None, None]
    graphics.prepare(plan)
    assert all([graphics.slate(ada, 480, 270), graphics.label("Mary", "", 160, 90)])


def test_a_theme_that_is_left_before_it_was_drawn_leaves_the_one_before_it_standing() -> None:
    graphics, who = Graphics(font_folder()), Plate("Ada", "Mayor")
    graphics.prepare(plan_of("Ada"))
    plain = graphics.plate(who, 480, 270)
    graphics.wear(Theme(accent="#ff0000"))
    third = Theme(accent="#00ff00")
    graphics.wear(third)
    assert plain
    assert graphics.plate(who, 480, 270) is plain
    graphics.prepare(msgspec.structs.replace(plan_of("Ada"), theme=third))
    assert graphics.plate(who, 480, 270) is not plain


def test_sprites_stay_inside_their_tile() -> None:
    graphics = Graphics(font_folder(), "A title that is long enough for two lines on a canvas")
    for size in ((1920, 1080), (480, 270), (256, 136), (96, 54), (20, 12), (2, 2), (100, 400), (400, 100)):
        for name in ("Ada", "W" * 80, "漢" * 60, "ก" * 60, ""):
            graphics.prepare(plan_of(name, size=size))
            info = SourceInfo(name=name, title="Mayor")
            card, slate = graphics.card(info, *size), graphics.slate(info, *size)
            assert card is not None
            assert slate is not None
            plate, label = graphics.plate(Plate(name, "Mayor"), *size), graphics.label(name, "", *size)
            for sprite in (*card.sprites, *slate.sprites, *(plate or ()), *(label or ())):
                assert sprite.x % 2 == sprite.y % 2 == 0
                assert sprite.x >= 0
                assert sprite.y >= 0
                assert sprite.x + sprite.picture.width <= size[0]
                assert sprite.y + sprite.picture.height <= size[1]


@pytest.mark.parametrize("style", ["box", "bar", "line"])
def test_plates_of_every_style_stay_inside_their_tile(style: PlateStyle) -> None:
    graphics, theme = Graphics(font_folder()), Theme(plate_style=style)
    graphics.wear(theme)
    for size in ((1920, 1080), (480, 270), (256, 136), (96, 54), (20, 12), (100, 400), (1200, 100)):
        for name in ("Ada", "W" * 80, "محمد " * 12):
            plate = Plate(name, 3 * name, name[::-1], name)
            tile = Tile(Rect(0, 0, *size), of_seat("a"), plate=plate)
            graphics.prepare(MixPlan(1, {"program": CanvasPlan(1920, 1080, (tile,))}, theme=theme))
            for sprite in graphics.plate(plate, *size) or ():
                assert sprite.x % 2 == sprite.y % 2 == 0
                assert 0 <= sprite.x <= size[0] - sprite.picture.width
                assert 0 <= sprite.y <= size[1] - sprite.picture.height


def test_a_theme_colours_texts_that_were_set_before() -> None:
    graphics = Graphics(font_folder(), "Summit")
    plan = plan_of("Ada", "Grace")
    graphics.prepare(plan)
    blue = graphics.plate(Plate("Ada", "Mayor"), 480, 270)
    setter = graphics._type._vips
    graphics._type._vips = None  # whoever asks Pango now, falls over this
    graphics.prepare(msgspec.structs.replace(plan, theme=Theme(plate="#a00000")))
    graphics._type._vips = setter
    assert graphics.plate(Plate("Ada", "Mayor"), 480, 270) is blue
    graphics.wear(Theme(plate="#a00000"))
    red = graphics.plate(Plate("Ada", "Mayor"), 480, 270)
    assert red
    assert red is not blue
    assert max(int(sprite.picture.v.max()) for sprite in red) > 150


LONG = {
    "ko": "고양특례시장 겸 세계도시 정상회의 조직위원회 공동위원장",
    "ja": "みなと市長・世界都市サミット組織委員会委員長",
    "zh": "新城市市长兼世界城市可持续发展高峰会议组织委员会主席",
    "en": "Mayor of the city and chair of the alliance of port cities",
    "ar": "عمدة المدينة ورئيس اللجنة المنظمة لقمة مدن العالم",
    "th": "ผู้ว่าราชการจังหวัดและประธานคณะกรรมการจัดการประชุมเมืองโลก",
    "hi": "महापौर, नई दिल्ली और विश्व नगर शिखर सम्मेलन की अध्यक्ष",
}


@pytest.mark.parametrize("language", LONG)
def test_a_long_text_wraps_whole_in_every_script(typesetter: Typesetter, language: str) -> None:
    text = LONG[language]
    single = typesetter.line(text, 40, 400, 10_000)
    assert single is not None
    room = round(0.62 * single.width)
    block = typesetter.block(text, 40, 400, room, lines=2)
    assert block is not None
    assert block.width <= room
    assert block.mask.shape[0] <= 40 * (1.36 * 2 + 0.2) + 1
    assert block.mask.shape[0] > 1.5 * block.size_px  # it has two lines
    # Nothing is lost: the ink is that of one line, at the smaller size.
    share = (block.size_px / single.size_px) ** 2
    assert float(block.mask.sum()) == pytest.approx(float(single.mask.sum()) * share, rel=0.06)


def test_what_fits_nowhere_ends_in_an_ellipsis(typesetter: Typesetter) -> None:
    for text in LONG.values():
        block = typesetter.block(20 * text, 40, 400, 300, lines=2)
        assert block is not None
        assert block.width <= 300
        assert block.mask.shape[0] <= 40 * (1.36 * 2 + 0.2) + 1


def test_a_name_is_text_and_never_markup(typesetter: Typesetter) -> None:
    tag = typesetter.line("<b>x</b>", 40, 400, 2000)
    plain = typesetter.line("x", 40, 400, 2000)
    assert tag is not None
    assert plain is not None
    assert tag.width > 4 * plain.width
    for evil in ("<", "&", "&#0;", "<span font='999999'>", "</span>", "\x00a", "a\x01b", "\ud800a", "'\"<>"):
        assert typesetter.line(evil, 40, 400, 2000) is not None


@pytest.mark.parametrize("blank", ["", " ", "\n\t", "\x00", "\u200d", "\u202e"])
def test_nothing_to_see_is_nothing(typesetter: Typesetter, blank: str) -> None:
    assert typesetter.line(blank, 40, 400, 2000) is None


def test_a_wide_line_shrinks_then_is_cut(typesetter: Typesetter) -> None:
    whole = typesetter.line("Mayor of a fairly large city", 40, 400, 10_000)
    assert whole is not None
    smaller = typesetter.line("Mayor of a fairly large city", 40, 400, whole.width * 3 // 4)
    assert smaller is not None
    assert 26 <= smaller.size_px < 40
    assert smaller.width <= whole.width * 3 // 4
    cut = typesetter.line("Mayor of a fairly large city", 40, 400, whole.width // 4)
    assert cut is not None
    assert cut.size_px == pytest.approx(26)
    assert cut.width <= whole.width // 4
    assert typesetter.line("x" * 100_000, 40, 400, 300) is not None


def test_signs_without_a_font_are_left_out_of_a_name(typesetter: Typesetter) -> None:
    with_sign, without = typesetter.line("Kim 🎉", 40, 400, 999), typesetter.line("Kim", 40, 400, 999)
    assert with_sign is not None
    assert without is not None
    assert with_sign.width == without.width
    assert typesetter.line("ᥖᥭᥰ", 40, 400, 999) is not None  # a script we lack: boxes, but not nothing


def drawn(typesetter: Typesetter, text: str, language: str = "") -> bytes:
    line = typesetter.line(text, 64, 400, 2000, language=language)
    assert line is not None
    return line.mask.tobytes()


def test_han_has_the_forms_of_its_language(typesetter: Typesetter) -> None:
    forms = {tag: drawn(typesetter, "直骨", tag) for tag in ("ja", "ko", "zh-Hans", "zh-Hant", "zh-HK")}
    assert len(set(forms.values())) == 4, "traditional Chinese and Hong Kong's write these two alike"
    assert drawn(typesetter, "直骨") == forms["ko"], "where nothing is known"
    assert drawn(typesetter, "直骨 かな", "en") == drawn(typesetter, "直骨 かな", "ja")
    assert drawn(typesetter, "Kim", "ja") == drawn(typesetter, "Kim", "en")


def test_the_typed_form_is_drawn(typesetter: Typesetter) -> None:
    assert drawn(typesetter, "\ufa19", "ja") != drawn(typesetter, "\u795e", "ja")
    assert drawn(typesetter, "葛\U000e0100", "ja") != drawn(typesetter, "葛", "ja")
    assert drawn(typesetter, "★\ufe0f") == drawn(typesetter, "★")
    assert drawn(typesetter, "\u1112\u1161\u11ab") == drawn(typesetter, "한")


def test_marks_sit_on_their_letters(typesetter: Typesetter) -> None:
    """A font without the anchors sets the mark beside, and the line is as wide as both."""
    for plain, marked in (
        ("m", "m\u0302"),
        ("J", "J\u030c"),
        ("Q", "Q\u0303"),
        ("y", "y\u0313"),
        ("M", "M\u0327"),
    ):
        narrow, wide = (typesetter.line(f"H{text}H", 64, 400, 999) for text in (plain, marked))
        assert narrow is not None
        assert wide is not None
        assert wide.width == narrow.width, marked


def test_a_tower_of_marks_is_bounded(typesetter: Typesetter) -> None:
    tower = "Z" + "\u0301" * 300
    for line in (typesetter.line(tower, 40, 400, 999), typesetter.block(tower, 40, 400, 999, lines=1)):
        assert line is not None
        assert line.above <= 1.8 * 40
        assert line.below <= 1.2 * 40
    everywhere = "a" + "a".join("\u0302\u0323" for _ in range(100))
    began = time.process_time()
    assert typesetter.line(everywhere, 40, 400, 300) is not None
    assert time.process_time() - began < 1.0


def test_blending_leaves_what_is_beside_and_covers_what_is_below() -> None:
    paint = Paint(40, 20)
    paint.put(rounded_box(40, 20, 8), 0, 0, "#ffffff")
    tile = new_picture(64, 36, yuv_of("#203040"))
    blend(place(tile, paint.sprites(10, 10)))
    ground = yuv_of("#203040")[0]
    assert tile.y[20, 30] == 235
    assert tile.u[10, 15] == 128
    assert abs(int(tile.y[10, 10]) - ground) <= 1
    assert tile.y[9].tolist() == [ground] * 64
    assert tile.y[10:30, :10].max() == ground


def test_colours_are_bt709_limited() -> None:
    assert yuv_of("#000000") == (16, 128, 128)
    assert yuv_of("#ffffff") == (235, 128, 128)
    assert yuv_of("#ff0000") == (63, 102, 240)
    assert yuv_of("#0000ff") == (32, 240, 118)
    with pytest.raises(ValueError, match="#rrggbb"):
        yuv_of("red")
    bars = colour_bars(160, 90)
    assert np.all(np.diff(bars.y[0, 10::20].astype(int)) < 0)


def test_check_names_the_scripts_that_are_missing(tmp_path: Path) -> None:
    assert check_fonts(font_folder()) == []
    assert check_fonts(tmp_path)[:2] == ["Latin", "Han, Kana and Hangul"]
    folder = tmp_path / "fonts"
    shutil.copytree(font_folder(), folder)
    (folder / "NotoSansArabic_700Bold.ttf").unlink()
    assert check_fonts(folder) == ["Arabic"]
    with pytest.raises(FontsMissingError, match="no fonts in"):
        Graphics(tmp_path)


def test_a_missing_package_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path), str(tmp_path), str(tmp_path / "fonts")]) == 1
    folder = tmp_path / "@expo-google-fonts" / "noto-sans" / "400Regular"
    assert capsys.readouterr().err == f"fonts: no font in {folder}: is its package installed?\n"
    assert list(tmp_path.iterdir()) == []
