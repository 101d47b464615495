"""Characters that no font has are named before the show, without setting any text."""

from mixer.graphics.fonts import FontFile, load_manifest
from signaling.contract.state import StudioStatus
from studio.control.library import scripts
from studio.control.library.glyphs import Glyphs, lacking
from studio.control.preparing import Surroundings
from studio.show.events import SeatUpdated
from studio.show.model import Show
from tests.support.media.fontfolder import font_folder
from tests.support.shows import after, events_of, with_mayors

ASCII = ((0x20, 0x7E),)


def test_each_missing_character_is_named_once() -> None:
    assert lacking("abcé🎉dé 🎉\u200d", (ASCII,)) == "é🎉"
    assert lacking("abé", (ASCII, ((0xE9, 0xE9),))) == ""


def test_names_titles_graphics_cues_and_the_event_are_looked_at() -> None:
    show = with_mayors(1)
    show = after(show, "seat.update", seat="mayor-1", title="Mayor ᚠ", names={"ko": {"name": "홍᥀"}})
    show = after(show, "seat.create", seat="ear", name="ᚠ", role="interpreter")
    show = after(show, "graphic.create", kind="ticker", graphic="news", text={"ko": "소식 🎉", "": "new"})
    show = after(show, "rundown.set", cues=[{"cue": "one", "title": "ᚠ"}, {"cue": "two", "title": "two"}])
    show = after(show, "show.update", title="Summit")
    glyphs = Glyphs(load_manifest(font_folder()).files)
    missing = glyphs.missing(show)
    assert missing == {"seat/mayor-1": "ᚠ᥀", "graphic/news": "🎉", "cue/one": "ᚠ"}
    assert glyphs.missing(show) is missing
    mended = glyphs.missing(after(show, "seat.update", seat="mayor-1", title="Mayor", names={}))
    assert set(mended) == {"graphic/news", "cue/one"}


def test_the_answer_to_a_command_warns_of_what_it_wrote() -> None:
    fonts = (FontFile("a.ttf", "A", 400, 1.0, ASCII),)
    around = Surroundings(lambda role, token: "link", glyphs=Glyphs(fonts))
    show = with_mayors(1)
    events = events_of(show, "seat.update", seat="mayor-1", name="Żółć")
    assert isinstance(events[0], SeatUpdated)
    show = after(show, "seat.update", seat="mayor-1", name="Żółć")
    told = around.told(events, show, "")
    assert told == {"warnings": [{"code": "text.missing-glyph", "characters": "Żółć"}]}
    assert around.public(show, StudioStatus()).glyphs == {"seat/mayor-1": "Żółć"}
    made = events_of(show, "seat.create", seat="guest", name="Żó")
    told = around.told(made, after(show, "seat.create", seat="guest", name="Żó"), "token")
    assert told is not None
    assert told["link"] == "link"
    assert told["warnings"][0]["characters"] == "Żó"


def test_without_fonts_nothing_is_said() -> None:
    assert Glyphs().missing(Show(title="ᚠ")) == {}


def test_no_alarm_for_what_has_no_ink_nor_for_any_capitals_script() -> None:
    fonts = tuple(each.ranges for each in load_manifest(font_folder()).files)
    assert lacking("葛\U000e0100 ★\ufe0f \u3000\u200d", fonts) == ""
    capitals = (
        "ភ្នំពេញ ရန်ကုန် ວຽງຈັນ თბილისი Երևան ঢাকা சென்னை කොළඹ አዲስ አበባ תל אביב-יפו 2026 ཐིམ་ཕུ "
        "ગાંધીનગર ਚੰਡੀਗੜ੍ਹ హైదరాబాద్ ಬೆಂಗಳೂರು തിരുവനന്തപുരം މާލެ Улаанбаатар Αθήνα Hà Nội Đà Nẵng ⵔⴱⴰⵟ "
        "臺北 北京 東京 서울 القاهرة دهلی کابل काठमाडौँ กรุงเทพ xʷməθkʷəy̓əm M̧ajeļ m̂ e̊ J̌ Q̃ Ọ̀ṣọ́ Ẹ́kọ̀ ᐃᖃᓗᐃᑦ"
    )
    assert lacking(capitals, fonts) == ""


def test_every_recommended_script_has_a_font_and_the_others_are_named() -> None:
    none = scripts.without(each.ranges for each in load_manifest(font_folder()).files)
    assert none[0] == "Adlam", "those before it are Unicode's recommended scripts"
    assert {"Balinese", "Javanese", "Yi"} < set(none)
    assert not {"Cherokee", "Tifinagh", "Canadian syllabics"} & set(none)
    assert scripts.without([]) == list(scripts.SAMPLES)
