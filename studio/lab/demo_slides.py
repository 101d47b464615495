"""The demo's slides: a PDF of three pages, written here, so that no file is shipped. Pure.

The form is ISO 32000-1's: objects, a table of where they begin, a trailer. Helvetica is one of the 14 fonts
that every reader has.
"""

from collections.abc import Sequence

SIZE = (960, 540)
"""Points; 16:9."""
NAME = "Cities that keep cool.pdf"
_NIGHT, _GOLD, _PAPER, _SOFT = (
    "0.043 0.082 0.149",
    "0.851 0.698 0.416",
    "0.965 0.953 0.918",
    "0.725 0.769 0.839",
)
_SHADE = (
    ("Hanbit", 41),
    ("Northaven", 34),
    ("Shiomi", 46),
    ("Yunlan", 52),
    ("Al Waha", 63),
    ("Fjaerdvik", 29),
)
"""Invented, as the cities are: per cent of the streets."""


def document(pages: Sequence[bytes], size: tuple[int, int] = SIZE) -> bytes:
    """A PDF whose pages of ``size`` points have these content streams; ``/F1`` is Helvetica, ``/F2`` bold."""
    fonts = b"".join(
        b"/F%d << /Type /Font /Subtype /Type1 /BaseFont /%s >> " % each
        for each in ((1, b"Helvetica"), (2, b"Helvetica-Bold"))
    )
    kids = range(4, 4 + 2 * len(pages), 2)
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Count %d /Kids [%s] /MediaBox [0 0 %d %d] /Resources << /Font << %s>> >> >>"
        % (len(pages), b" ".join(b"%d 0 R" % kid for kid in kids), *size, fonts),
    ]
    for kid, content in zip(kids, pages, strict=True):
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content))
        objects.append(b"<< /Type /Page /Parent 2 0 R /Contents %d 0 R >>" % (kid - 1))
    out = b"%PDF-1.4\n"
    begins = []
    for number, body in enumerate(objects, 1):
        begins.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % begin for begin in begins)
    count = len(objects) + 1
    out += b"xref\n0 %d\n0000000000 65535 f \n%s" % (count, table)
    return out + b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (
        count,
        out.rfind(b"xref\n"),
    )


def slides() -> bytes:
    """The speech's deck: a title, three points, a chart."""
    return document([page.encode("ascii") for page in (_title(), _points(), _chart())])


def _title() -> str:
    return "\n".join(
        [
            _ground(),
            _box(80, 352, 96, 6, _GOLD),
            _text(80, 274, 58, "Cities that keep cool", bold=True),
            _text(80, 222, 28, "Six mayors, one promise for 2035", _SOFT),
            _text(80, 60, 20, "World Mayors' Summit", _SOFT),
        ]
    )


def _points() -> str:
    points = ("Trees along every street", "Roofs that send the sun back", "Water within five minutes' walk")
    lines = [_ground(), _text(80, 430, 44, "What we promise", bold=True), _box(80, 400, 96, 6, _GOLD)]
    for number, point in enumerate(points):
        y = 310 - 90 * number
        lines += [_text(80, y, 38, str(number + 1), _GOLD, bold=True), _text(136, y, 34, point)]
    return "\n".join(lines)


def _chart() -> str:
    lines = [_ground(), _text(80, 430, 44, "Streets in shade, per cent", bold=True)]
    for number, (city, share) in enumerate(_SHADE):
        x, high = 80 + 140 * number, share * 4
        lines += [
            _box(x, 110, 96, high, _GOLD if share == max(each for _, each in _SHADE) else _SOFT),
            _text(x + 28, 122 + high, 28, str(share), bold=True),
            _text(x, 76, 20, city, _SOFT),
        ]
    return "\n".join(lines)


def _ground() -> str:
    return _box(0, 0, *SIZE, _NIGHT)


def _box(x: int, y: int, width: int, height: int, colour: str) -> str:
    return f"{colour} rg {x} {y} {width} {height} re f"


def _text(x: int, y: int, size: int, text: str, colour: str = _PAPER, *, bold: bool = False) -> str:
    """``text`` has no brackets and no backslash."""
    return f"BT {colour} rg /F{2 if bold else 1} {size} Tf {x} {y} Td ({text}) Tj ET"
