"""What of a text is kept as typed, has ink, and in which language it is written."""

import pytest

from mixer.graphics.characters import composed, inkless, typesetters_language, written_in


@pytest.mark.parametrize(
    ("text", "language", "hints", "found"),
    [
        ("直江 海斗", "ja", (), "ja"),
        ("直江 海斗", "", ("ja", "en"), "ja"),
        ("直江 海斗", "en", ("en", "ja"), "ja"),
        ("直江 かいと", "", ("ko",), "ja"),
        ("홍길동 洪吉童", "", ("ja",), "ko"),
        ("ㄅㄆ 臺", "", ("ko",), "zh-Hant"),
        ("朴", "", (), "ko"),
        ("张国荣", "", ("ko", "ja"), "zh-Hans"),
        ("张国荣", "zh-TW", (), "zh-TW"),
        ("辻󠄀", "", ("ko",), "ja"),
        ("陳𨋢", "", ("ko",), "zh-HK"),
        ("Kim", "", ("ko", "en"), ""),
        ("Kim", "tr", ("ko",), "tr"),
    ],
)
def test_a_text_is_drawn_in_the_language_it_is_written_in(
    text: str, language: str, hints: tuple[str, ...], found: str
) -> None:
    assert written_in(text, language, hints) == found


@pytest.mark.parametrize(
    ("font", "tags"),
    [
        ("ja", "ja ja-JP"),
        ("ko", "ko ko-Hang"),
        ("zh-cn", "zh zh-CN zh-Hans-HK zh-SG"),
        ("zh-tw", "zh-TW zh-Hant"),
        ("zh-hk", "zh-HK zh-MO zh-Hant-HK yue"),
        ("sr", "sr"),
        ("ja-Latn", "ja-Latn"),
    ],
)
def test_tags_become_the_languages_that_fonts_know(font: str, tags: str) -> None:
    assert {typesetters_language(tag) for tag in tags.split()} == {font}


def test_compatibility_ideographs_are_kept_and_all_else_is_composed() -> None:
    assert composed("\ufa10\u585a e\u0301\ufa19\u1112\u1161\u11ab") == "\ufa10\u585a é\ufa19한"


def test_what_has_no_ink_needs_no_font() -> None:
    assert all(inkless(char) for char in " \u3000\u200d\ufe0f\U000e0100\u180b\u034f")
    assert not any(inkless(char) for char in "a葛★\u0301\u1100")
