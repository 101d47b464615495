"""Secrets never reach a log line, whoever forgot to hide them."""

import pytest

from mixer.ipc.redact import HIDDEN, redact, redact_event


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("cannot open rtmp://live.example/app/abcd-efgh-1234", "abcd-efgh-1234"),
        ("rtmps://u:pw@live.example:443/app/key?token=xyz failed", "key?token=xyz"),
        ("rtmp://b.live.example/live2?backup=1/abcd-efgh: lost", "abcd-efgh"),
        ("rtmps://user:hunter2@live.example/app/k", "hunter2"),
        ("GET /join/AbCdEfGh0123_-x HTTP/1.1", "AbCdEfGh0123_-x"),
        ("opened /console?token=AbCdEf123&as=console", "AbCdEf123"),
        ("Authorization: Bearer abc.def-ghi", "abc.def-ghi"),
        ("turn credential=deadbeef now", "deadbeef"),
    ],
)
def test_secrets_are_hidden(text: str, secret: str) -> None:
    clean = redact(text)
    assert secret not in clean
    assert HIDDEN in clean


@pytest.mark.parametrize(
    "text",
    [
        "rtmp://live.example/app refused",
        "http://127.0.0.1:8330 answers",
        "seat mayor-1 joined",
        "keyframe asked for by shard-1",
    ],
)
def test_the_rest_stays(text: str) -> None:
    assert redact(text) == text


def test_fields_named_like_secrets_are_hidden_whatever_they_hold() -> None:
    event = {"event": "x", "director_token": "abc", "turn_secret": b"d", "count": 3, "password": ""}
    assert redact_event(event) == {
        "event": "x",
        "director_token": HIDDEN,
        "turn_secret": HIDDEN,
        "count": 3,
        "password": "",
    }
