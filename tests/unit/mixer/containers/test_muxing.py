"""How sound tracks of a file are labelled."""

import pytest

from mixer.containers.languages import bibliographic, terminologic
from mixer.containers.muxing import bus_language
from mixer.contract.names import StreamName


@pytest.mark.parametrize(
    ("stream", "language"),
    [
        ("ko/aac", "kor"),
        ("zh-Hant-TW/aac", "chi"),
        ("az/opus", "aze"),
        ("floor/aac", ""),
        ("hall/aac", ""),
        ("program/h264", ""),
        ("gsw/aac", "gsw"),
    ],
)
def test_language_of_a_bus(stream: StreamName, language: str) -> None:
    assert bus_language(stream) == language


def test_mp4_has_other_codes_for_some() -> None:
    assert [terminologic(bibliographic(tag)) for tag in ("zh", "sq", "fr-CA", "ko")] == [
        "zho", "sqi", "fra", "kor",
    ]  # fmt: skip
