"""PDF files as people bring them: without their fonts, with forms and notes."""

import io
from pathlib import Path

import numpy as np
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

from mixer.players.pdf import Deck
from studio.paths import FONTS

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


def test_text_without_its_fonts_is_drawn_with_the_studio_s(tmp_path: Path) -> None:
    into = io.BytesIO()  # given a path, it leaves the file open
    canvas = Canvas(into, pagesize=(640, 360))
    for font, text in FONTLESS:
        pdfmetrics.registerFont(UnicodeCIDFont(font))
        canvas.setFont(font, 60)
        canvas.drawString(40, 150, text)
        canvas.showPage()
    canvas.save()
    (tmp_path / "a.pdf").write_bytes(into.getvalue())
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
