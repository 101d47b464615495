"""How sound tracks of a file are labelled."""

import pytest

from mixer.outputs.muxing import bus_language


@pytest.mark.parametrize(
    ("stream", "language"),
    [("ko/aac", "kor"), ("en/aac", "eng"), ("floor/aac", ""), ("program/h264", ""), ("gsw/aac", "gsw")],
)
def test_language_of_a_bus(stream: str, language: str) -> None:
    assert bus_language(stream) == language
