"""User and password in addresses: any character goes through, and what is typed wrongly is refused untold."""

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mixer.contract.credentials import CredentialsError, check_split, decoded, with_credentials
from mixer.contract.output_url import StreamUrl
from mixer.contract.pull_url import PullUrlError, as_ffmpeg_takes, redacted_pull

_text = st.text(st.characters(codec="utf-8"), min_size=1, max_size=30)


@given(user=_text, password=_text)
def test_any_character_goes_through_and_is_not_shown(user: str, password: str) -> None:
    url = StreamUrl.parse(with_credentials("rtmp://host:1936/live/key", user, password))
    assert (url.credentials, url.host, url.port, url.key) == ((user, password), "host", 1936, "key")
    assert str(url) == "rtmp://host:1936/live/•••"
    pulled = with_credentials("rtsp://192.168.1.10/s", user, password)
    assert redacted_pull(pulled) == "rtsp://192.168.1.10/•••"
    assert decoded(urlsplit(pulled).netloc.rpartition("@")[0]) == (user, password)


def test_ffmpegs_rtmp_gets_user_and_password_as_they_are() -> None:
    typed = with_credentials("rtmp://host:1936/live/key", "an%na", "p@w:1 é")
    assert as_ffmpeg_takes(typed) == "rtmp://an%na:p@w:1 é@host:1936/live/key"
    for url in ("rtmp://host/live/key", with_credentials("rtsp://host/s", "anna", "p@w")):
        assert as_ffmpeg_takes(url) == url


@pytest.mark.parametrize(("user", "password"), [("u", "p/w"), ("u", "p?"), ("a:b", "p"), ("u", "p" * 50)])
def test_what_ffmpegs_rtmp_cannot_hand_on_is_refused(user: str, password: str) -> None:
    with pytest.raises(PullUrlError) as refusal:
        as_ffmpeg_takes(with_credentials("rtmps://host/live/key", user, password))
    assert refusal.value.code == "url.credentials"


@pytest.mark.parametrize(
    "rest",
    [
        "admin:1234#x@192.168.1.10/s",
        "admin:12/34@192.168.1.10/s",
        "ad/min:1234@192.168.1.10/s",
        "admin:12?34@192.168.1.10/s",
        "admin:12/3?4@192.168.1.10/s",
        "admin:12\\34@192.168.1.10/s",
        "admin:p@ss/1234@192.168.1.10/s",
        "admin:p@ss?1234@192.168.1.10/s",
        "admin:12/34?5@192.168.1.10",
        "admin:12/34?5@192.168.1.10/s",
    ],
)
def test_a_password_broken_in_two_is_refused(rest: str) -> None:
    with pytest.raises(CredentialsError) as refusal:
        check_split(rest)
    with pytest.raises(PullUrlError):
        redacted_pull(f"rtsp://{rest}")
    assert "%2F" in str(refusal.value)
    assert not any(part in str(refusal.value) for part in ("admin", "1234", "12", "34"))


@pytest.mark.parametrize(
    "rest",
    [
        "host/s",
        "admin:p%2Fw@host/s",
        "admin:p@w@host/a%40b",
        "admin:p@w@host/stream?user=me@example.org",
        "host/stream?user=me@example.org",
        "host/axis-media/media.amp?user=me@example.org/x",
        "[2001:db8::1]:554/s",
    ],
)
def test_what_is_whole_is_taken(rest: str) -> None:
    check_split(rest)


def test_two_users_or_half_of_one_are_refused() -> None:
    for user, password in (("u", "p"), ("", "p")):
        with pytest.raises(CredentialsError):
            with_credentials("rtsp://me@host/s" if user else "rtsp://host/s", user, password)
    assert with_credentials("rtsp://host/s", "", "") == "rtsp://host/s"
