"""The HTTP server and rubbish: whatever comes, the answer is a problem document or a page, never a 500."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from signaling.http.auth.limits import Limits, Rate
from tests.support.house import DIRECTOR, House, bearer, house

BOSS = bearer(DIRECTOR)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def studio(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    wide = Rate(1e6, 1_000_000)
    limits = Limits(wide, wide, wide, wide, wide, wide)
    async with house(tmp_path_factory.mktemp("data"), limits=limits) as made:
        await made.invite("mayor-1")
        yield made


_FUZZ = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
_PATHS = st.sampled_from(["/api/v1/commands", "/api/v1/qr", "/api/v1/peers?kind=multiview&client=c"])
_TYPES = st.sampled_from(
    ["application/json", "application/sdp", "text/plain", "", "a/b/c", "application/json;x"]
)
_TEXTS = st.one_of(
    st.binary(max_size=300),
    st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=10),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    ).map(lambda value: json.dumps(value).encode()),
    st.text(max_size=100).map(lambda text: b"v=0\r\n" + text.encode("utf-8", "surrogatepass")),
)


@given(path=_PATHS, type_=_TYPES, body=_TEXTS)
@_FUZZ
@pytest.mark.asyncio(loop_scope="module")
async def test_any_body_gets_an_answer_that_is_no_500(
    studio: House, path: str, type_: str, body: bytes
) -> None:
    async with studio.http.post(
        studio.url + path, headers=BOSS | {"Content-Type": type_}, data=body
    ) as response:
        assert response.status < 500
        if response.status >= 400:
            assert response.content_type == "application/problem+json"
            assert (await response.json(content_type=None))["status"] == response.status


@given(
    query=st.dictionaries(
        st.sampled_from(["as", "token", "kind", "client", "takeover", "after", "limit"]),
        st.text(st.characters(exclude_categories=["Cs"]), max_size=40),
        max_size=4,
    ),
    path=st.sampled_from(
        ["/console", "/join", "/wall", "/api/v1/me", "/api/v1/events", "/api/v1/state", "/ws"]
    ),
    cookie=st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=60),
    token=st.text(st.characters(min_codepoint=33, max_codepoint=255, exclude_categories=["Cc"]), max_size=60),
)
@_FUZZ
@pytest.mark.asyncio(loop_scope="module")
async def test_any_query_cookie_and_token_get_an_answer_that_is_no_500(
    studio: House, query: dict[str, str], path: str, cookie: str, token: str
) -> None:
    for headers in ({"Cookie": f"studio-console={cookie}"}, {"Authorization": f"Bearer {token}"}, BOSS):
        async with studio.http.get(
            studio.url + path, params=query, headers=headers, allow_redirects=False
        ) as response:
            assert response.status < 500


@given(
    data=st.one_of(
        st.binary(min_size=1, max_size=200),
        st.binary(max_size=60).map(lambda tail: b"GET /" + tail + b" HTTP/1.1\r\nHost: x\r\n\r\n"),
        st.binary(max_size=60).map(lambda tail: b"GET / HTTP/1.1\r\nHost: x\r\n" + tail + b"\r\n\r\n"),
        st.binary(max_size=60).map(
            lambda tail: b"POST /api/v1/qr HTTP/1.1\r\nContent-Length: " + tail + b"\r\n\r\n"
        ),
    )
)
@example(b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 20_000 + b"\r\n\r\n")
@example(b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n")
@example(b"GET / HTTP/1.1\r\nHost: x\r\n" + b"".join(b"X-%d: a\r\n" % n for n in range(5000)) + b"\r\n")
@example(b"GET / HTTP/1.1\r\nHost: x\r\nExpect: miracles\r\n\r\n")
@example(b"GET http://[ HTTP/1.1\r\nHost: x\r\n\r\n")
@example(b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n")
@example(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n")
@example(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\nabc")
@example(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
@_FUZZ
@pytest.mark.asyncio(loop_scope="module")
async def test_any_bytes_on_the_port_get_a_problem_or_nothing(studio: House, data: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", studio.server.port)
    writer.write(data)
    writer.write_eof()
    async with asyncio.timeout(5):
        answer = b""
        try:
            while chunk := await reader.read(65536):
                answer += chunk
        except ConnectionResetError:
            pass  # it had closed before it read all of the rubbish
    writer.close()
    if answer:
        head, _, body = answer.partition(b"\r\n\r\n")
        status = int(head.split(b" ")[1])
        assert status < 500
        if status >= 400 and b"application/problem+json" in head:
            assert json.loads(body.split(b"HTTP/1.1")[0])["status"] == status
        elif status >= 400:
            assert b"text/html" in head
            assert b'data-role="problem"' in body
    async with studio.http.get(f"{studio.url}/healthz") as response:
        assert response.status == 200


@pytest.mark.asyncio(loop_scope="module")
async def test_refusals_are_of_the_types_that_the_document_names(studio: House) -> None:
    """Pages' in HTML, the API's as problem documents, and what it calls a body is one."""
    async with studio.http.get(f"{studio.url}/api/v1/openapi.json") as response:
        paths = (await response.json())["paths"]
    seen = set()
    for path, operations in paths.items():
        for method, operation in operations.items():
            address = studio.url + path.replace("{token}", "none").replace("{canvas}", "program")
            for accept in ("*/*", "text/html"):
                headers = {"Accept": accept}
                async with studio.http.request(
                    method, address, headers=headers, allow_redirects=False
                ) as response:
                    if response.status >= 400:
                        assert response.content_type in operation["responses"]["default"]["content"], path
                        seen.add(response.content_type)
    assert seen == {"text/html", "application/problem+json"}
    upload = paths["/api/v1/media"]["post"]
    assert upload["requestBody"]["content"]["application/octet-stream"]["schema"]["minLength"] == 1
    async with studio.http.post(f"{studio.url}/api/v1/media?name=x", headers=BOSS) as response:
        assert response.status >= 400
