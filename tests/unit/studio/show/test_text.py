"""Names and titles as typed become one line of plain text."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.show.text import clean

COMPATIBILITY = re.compile("[\uf900-\ufaff\U0002f800-\U0002fa1f]")
BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("  Mayor\t of \r\n Daegu ", "Mayor of Daegu"),
        ("김\u1112\u1161\u11ab솔", "김한솔"),
        ("e\u202e\u0301", "é"),
        ("\ufa10\ufa19 \U0002f800", "\ufa10\ufa19 \U0002f800"),
        ("\ufa10e\u0301\u1112\u1161\u11ab\ufa19", "\ufa10é한\ufa19"),
        ("葛\U000e0100 ★\ufe0f", "葛\U000e0100 ★\ufe0f"),
        ("a\u0000b\u0007c\ufeffd\u00ade", "abcde"),
        ("\u3164\uffa0\u2800", ""),
        ("عمدة المدينة", "عمدة المدينة"),
        ("क्\u200dष", "क्\u200dष"),
        ("line\u2028sep\u2029par", "line sep par"),
        ("z" + "\u0301" * 40, "ź" + "\u0301" * 6),
        ("<b>&amp;", "<b>&amp;"),
    ],
)
def test_examples(typed: str, shown: str) -> None:
    assert clean(typed) == shown


@given(st.text(st.characters(), max_size=60))
def test_what_comes_out_is_plain_for_every_text(typed: str) -> None:
    shown = clean(typed)
    assert clean(shown) == shown
    parts = COMPATIBILITY.split(shown)
    assert all(unicodedata.is_normalized("NFC", part) for part in parts)
    assert shown == shown.strip()
    assert "  " not in shown
    assert not set(shown) & set(BIDI)
    assert all(unicodedata.category(each) not in {"Cc", "Cs", "Co", "Zl", "Zp"} for each in shown)
    shown.encode("utf-8")


@given(st.text(st.sampled_from(BIDI + "ab\u0301\u0344 \n\u200d한ㅎㅏ\u1112\u1161\u11ab"), max_size=40))
def test_nothing_hides_between_the_letters(typed: str) -> None:
    shown = clean(typed)
    assert clean(shown) == shown
    assert not set(shown) & set(BIDI)
