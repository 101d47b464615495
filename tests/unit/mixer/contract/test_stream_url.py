"""Destination URLs: what is accepted, what is shown of them, and that nothing shows the key."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mixer.contract.output_url import HIDDEN, StreamUrl, UrlError


@pytest.mark.parametrize(
    ("text", "host", "port", "app", "key"),
    [
        ("rtmp://a.rtmp.youtube.com/live2/abcd-1234", "a.rtmp.youtube.com", 1935, "live2", "abcd-1234"),
        ("rtmps://a.rtmps.youtube.com/live2/abcd", "a.rtmps.youtube.com", 443, "live2", "abcd"),
        (
            "rtmp://b.rtmp.youtube.com/live2?backup=1/abcd",
            "b.rtmp.youtube.com",
            1935,
            "live2?backup=1",
            "abcd",
        ),
        ("RTMP://Host:1936/app/inst/key?a=b/c", "host", 1936, "app/inst", "key?a=b/c"),
        ("rtmp://[::1]:19350/live/k", "::1", 19350, "live", "k"),
        ("rtmp://user:pw@host/live/key", "host", 1935, "live", "key"),
        ("rtmp://user:a@b:%2Fc%20@host/live/key", "host", 1935, "live", "key"),
        ("rtmp://host/live/key?user=me@example.org", "host", 1935, "live", "key?user=me@example.org"),
        ("rtmp://host/stream?user=me@example.org", "host", 1935, "stream?user=me@example.org", ""),
        ("rtmp://127.0.0.1/mystream?user=a&pass=b", "127.0.0.1", 1935, "mystream?user=a&pass=b", ""),
        ("rtmp://127.0.0.1:1936/mystream", "127.0.0.1", 1936, "mystream", ""),
        ("rtmp://시청.kr/live/key", "xn--vv4bo3p.kr", 1935, "live", "key"),
    ],
)
def test_parts(text: str, host: str, port: int, app: str, key: str) -> None:
    url = StreamUrl.parse(text)
    assert (url.host, url.port, url.app, url.key) == (host, port, app, key)
    assert StreamUrl.parse(url.secret()) == url


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "url.scheme"),
        ("http://host/live/key", "url.scheme"),
        ("file:///etc/passwd", "url.scheme"),
        ("rtmp:/host/live/key", "url.scheme"),
        ("srt://host:9000", "url.scheme"),
        ("udp://host", "url.port"),
        ("udp://host:0", "url.port"),
        ("udp://:5000", "url.host"),
        ("udp://user@host:5000", "url.invalid"),
        ("udp://host:5000/live/key", "url.invalid"),
        ("udp://host:5000?ttl=0", "url.option"),
        ("udp://host:5000?ttl=256", "url.option"),
        ("udp://host:5000?pkt_size=1316", "url.option"),
        ("rtmp:///live/key", "url.host"),
        ("rtmp://-bad-/live/key", "url.host"),
        ("rtmp://[::1/live/key", "url.host"),
        ("rtmp://host:0/live/key", "url.port"),
        ("rtmp://host:99999/live/key", "url.port"),
        ("rtmp://host:x/live/key", "url.port"),
        ("rtmp://host", "url.key"),
        ("rtmp://host/", "url.key"),
        ("rtmp://host/?user=a", "url.key"),
        ("rtmp://host/live/", "url.key"),
        ("rtmp://user:12/34@host/app/key", "url.credentials"),
        ("rtmp://us/er:1234@host/app/key", "url.credentials"),
        ("rtmp://user:12?34@host/app/key", "url.credentials"),
        ("rtmp://user:12/3?4@host/app/key", "url.credentials"),
        ("rtmp://user:12#34@host/app/key", "url.credentials"),
        ("rtmps://user:12\\34@host/app/key", "url.credentials"),
        ("rtmp://user:p w@host/app/key", "url.invalid"),
        ("rtmp://host//key", "url.key"),
        ("rtmp://host/live/key key", "url.invalid"),
        ("rtmp://host/live/key\n", "url.invalid"),
        ("rtmp://host/live/key#x", "url.invalid"),
        ("rtmp://host/live/" + "k" * 3000, "url.invalid"),
    ],
)
def test_refusals(text: str, code: str) -> None:
    with pytest.raises(UrlError) as refusal:
        StreamUrl.parse(text)
    assert refusal.value.code == code
    assert "key key" not in str(refusal.value)


def test_shown_without_secrets() -> None:
    url = StreamUrl.parse("rtmp://me:pass-word@host:1936/live/s3cret?token=t0ken")
    assert str(url) == f"rtmp://host:1936/live/{HIDDEN}"
    for shown in (str(url), repr(url), f"{url}"):
        for secret in ("pass-word", "s3cret", "t0ken"):
            assert secret not in shown


def test_redacts_what_a_library_says() -> None:
    url = StreamUrl.parse("rtmp://me:pass-word@host/live/s3cret%20key?token=t0ken")
    said = "Errno 5: rtmp://me:pass-word@host/live/s3cret%20key?token=t0ken; key 's3cret key', token t0ken"
    redacted = url.redact(said)
    for secret in ("pass-word", "s3cret", "t0ken"):
        assert secret not in redacted
    assert redacted.startswith("Errno 5: rtmp://")


_key = st.text(string.ascii_letters + string.digits + "-_~%=.", min_size=4, max_size=40)


@given(key=_key, token=_key, around=st.text(max_size=40))
def test_no_text_keeps_the_key(key: str, token: str, around: str) -> None:
    url = StreamUrl.parse(f"rtmp://host/live/{key}?t={token}")
    redacted = url.redact(f"{around}{url.secret()}{around}{key} {token}{key}")
    assert key not in redacted
    assert token not in redacted


@given(st.text(max_size=60))
def test_any_text_parses_or_is_refused(text: str) -> None:
    for candidate in (text, f"rtmp://{text}", f"rtmps://host/{text}"):
        code = ""
        try:
            url = StreamUrl.parse(candidate)
        except UrlError as refusal:
            code = refusal.code
        assert code.startswith("url.") or url.app


@pytest.mark.parametrize(
    ("text", "place", "ttl", "shown"),
    [
        ("udp://192.0.2.7:5000", "192.0.2.7:5000", 1, "udp://192.0.2.7:5000"),
        ("UDP://239.1.2.3:5000/?ttl=8", "239.1.2.3:5000", 8, "udp://239.1.2.3:5000?ttl=8"),
        ("udp://[ff15::1]:5000", "[ff15::1]:5000", 1, "udp://[ff15::1]:5000"),
    ],
)
def test_a_transport_stream_has_no_secret_and_several_tracks(
    text: str, place: str, ttl: int, shown: str
) -> None:
    url = StreamUrl.parse(text)
    assert (url.place, url.ttl, str(url), url.several_tracks) == (place, ttl, shown, True)
    assert StreamUrl.parse(url.secret()) == url
    assert url.redact("nothing to hide") == "nothing to hide"
    assert not StreamUrl.parse("rtmp://host/live/key").several_tracks


def test_the_refusal_of_a_scheme_names_what_there_is() -> None:
    with pytest.raises(UrlError) as refusal:
        StreamUrl.parse("srt://host:9000")
    assert all(scheme in str(refusal.value) for scheme in ("rtmp://", "rtmps://", "udp://"))
