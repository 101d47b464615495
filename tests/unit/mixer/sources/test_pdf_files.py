"""PDF files as people bring them: without their fonts, with forms and notes."""

import io
from pathlib import Path

import numpy as np
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

from mixer.contract.findings import Demands, Found
from mixer.sources.importer import examine
from mixer.sources.slides.pdf import Deck
from studio.contract.paths import FONTS
from studio.control.library.media import looked_into
from tests.support.media.material import make_pdf

FONTLESS = [
    ("HYSMyeongJo-Medium", "고양시 대한민국"),
    ("HYGothic-Medium", "고양시 漢字"),
    ("HeiseiMin-W3", "横浜市 カナ"),
    ("HeiseiKakuGo-W5", "横浜市 かな"),
    ("STSong-Light", "北京市 这个"),
    ("MSung-Light", "臺北市 這個"),
]


def ink(deck: Deck, page: int) -> np.ndarray:
    return np.asarray(deck.render(page, (640, 360)).y < 128)


def without_fonts() -> bytes:
    """A page a font."""
    into = io.BytesIO()  # given a path, it leaves the file open
    canvas = Canvas(into, pagesize=(640, 360))
    for font, text in FONTLESS:
        pdfmetrics.registerFont(UnicodeCIDFont(font))
        canvas.setFont(font, 60)
        canvas.drawString(40, 150, text)
        canvas.showPage()
    canvas.save()
    return into.getvalue()


def test_text_without_its_fonts_is_drawn_with_the_studio_s(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(without_fonts())
    deck = Deck(tmp_path / "a.pdf", FONTS)
    try:
        drawn = [ink(deck, page + 1) for page in range(len(FONTLESS))]
    finally:
        deck.close()
    for (font, text), page in zip(FONTLESS, drawn, strict=True):
        for number, char in enumerate(text[:3]):
            cell = page[140:230, 40 + 60 * number : 100 + 60 * number]
            # Strokes, no empty box and no question mark: every character has some ink on many lines.
            assert cell.any(axis=1).sum() > 25, (font, char)
    assert (drawn[0] ^ drawn[2]).sum() > 500


def test_forms_are_drawn_as_they_are_filled_in(tmp_path: Path) -> None:
    for name, value in (("empty", ""), ("filled", "MAYOR OF GOYANG")):
        into = io.BytesIO()
        canvas = Canvas(into, pagesize=(640, 360))
        canvas.acroForm.textfield(name="a", x=40, y=200, width=400, height=60, value=value, fontSize=36)
        canvas.acroForm.checkbox(name="b", x=40, y=100, size=60, checked=bool(value))
        canvas.showPage()
        canvas.save()
        (tmp_path / name).write_bytes(into.getvalue())
    pages = []
    for name in ("empty", "filled"):
        deck = Deck(tmp_path / name, FONTS)
        pages.append(ink(deck, 1))
        deck.close()
    text, check = (np.s_[105:155, 45:435], np.s_[205:255, 45:95])
    assert pages[1][text].sum() > pages[0][text].sum() + 300
    assert pages[1][check].sum() > pages[0][check].sum() + 200


def with_map(text: str, embedded_name: str = "KhmerOS") -> bytes:
    """One page of ``text`` in a font of two-byte codes that isn't in the file, with Unicode for each code."""
    pairs = "\n".join(f"<{code:04x}> <{char.encode('utf-16-be').hex()}>" for code, char in enumerate(text, 1))
    to_unicode = (
        "/CIDInit /ProcSet findresource begin begincmap /CMapName /X def /CMapType 2 def"
        " 1 begincodespacerange <0000> <ffff> endcodespacerange"
        f" {len(text)} beginbfchar {pairs} endbfchar endcmap end"
    )
    codes = "".join(f"{code:04x}" for code in range(1, len(text) + 1))
    content = f"BT /F1 60 Tf 40 150 Td <{codes}> Tj ET"
    objects = [
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 640 360]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        f"<</Length {len(content)}>>stream\n{content}\nendstream",
        f"<</Type/Font/Subtype/Type0/BaseFont/{embedded_name}/Encoding/Identity-H/DescendantFonts[6 0 R]"
        "/ToUnicode 8 0 R>>",
        f"<</Type/Font/Subtype/CIDFontType2/BaseFont/{embedded_name}/FontDescriptor 7 0 R"
        "/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>>>",
        f"<</Type/FontDescriptor/FontName/{embedded_name}/Flags 4/FontBBox[0 0 1000 1000]/ItalicAngle 0"
        "/Ascent 800/Descent -200/StemV 80>>",
        f"<</Length {len(to_unicode)}>>stream\n{to_unicode}\nendstream",
    ]
    body = "%PDF-1.7\n" + "".join(
        f"{number} 0 obj\n{each}\nendobj\n" for number, each in enumerate(objects, 1)
    )
    return f"{body}trailer<</Root 1 0 R/Size {len(objects) + 1}>>\n%%EOF".encode("latin-1")


def test_text_that_cannot_be_drawn_is_told_at_upload(tmp_path: Path) -> None:
    def warned(data: bytes, fonts: str = str(FONTS)) -> tuple[str, ...]:
        (tmp_path / "a.pdf").write_bytes(data)
        return examine(tmp_path / "a.pdf", tmp_path, Demands(fonts=fonts)).warnings

    assert warned(without_fonts()) == (), "the studio's fonts are taken"
    assert warned(with_map("Mayor of Goyang")) == ()
    assert warned(with_map("ភ្នំពេញ")) == ("pdf.fonts",)
    assert warned(make_pdf(tmp_path / "plain.pdf", 3).read_bytes()) == ()


async def test_without_the_studio_s_fonts_the_same_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(without_fonts())
    outcome = await looked_into(tmp_path / "a.pdf", tmp_path)  # whose process has taken no fonts
    assert isinstance(outcome, Found)
    assert outcome.warnings == ("pdf.fonts",)
