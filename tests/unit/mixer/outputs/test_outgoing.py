"""What waits for an ingest: in order on a good line, sound first on a bad one, and no message torn."""

from hypothesis import given
from hypothesis import strategies as st

from mixer.containers.flv_tags import PICTURE, SOUND, Tag
from mixer.contract.output_url import StreamUrl
from mixer.outputs.rtmp.chunks import ChunkReader, RtmpMessage
from mixer.outputs.rtmp.outgoing import PASSING_NS, Outgoing
from mixer.outputs.rtmp.session import PublishSession

MS = 1_000_000


def outgoing() -> Outgoing:
    session = PublishSession(StreamUrl.parse("rtmp://127.0.0.1/live/key"))
    return Outgoing(session.chunks)


def picture(time_ms: int, size: int = 3000, key: bool = False) -> Tag:
    return Tag(PICTURE, time_ms, (b"\x17" if key else b"\x27") + b"\x01" + bytes(size))


def sound(time_ms: int) -> Tag:
    return Tag(SOUND, time_ms, b"\xaf\x01" + bytes(400))


def received(data: bytes) -> list[RtmpMessage]:
    return ChunkReader().feed(data)


def drained(queue: Outgoing, now_ns: int, limit: int = 1 << 30) -> bytes:
    data = b""
    while len(data) < limit and (head := queue.head(now_ns)):
        part = head[: min(700, limit - len(data))]
        data += part
        queue.sent(len(part))
    return data


def test_on_a_good_line_everything_goes_in_order() -> None:
    queue, tags = outgoing(), []
    for number in range(20):
        tags += [picture(number * 33, 20_000, key=number % 10 == 0), sound(number * 33)]
    for tag in tags:
        queue.put(tag, 0)
    got = received(drained(queue, 0))
    assert [(message.kind, message.time_ms, message.body) for message in got] == tags
    assert not queue
    assert queue.size == 0


def test_sound_passes_a_picture_that_is_half_sent_and_neither_is_torn() -> None:
    queue = outgoing()
    queue.put(picture(0, 200_000, key=True), 0)
    data = drained(queue, 0, 5000)
    for number in range(5):
        queue.put(sound(number * 21), number * 21 * MS)
    assert queue.pictures_wait_ns(100 * MS) == 100 * MS
    data += drained(queue, PASSING_NS + 200 * MS)
    got = received(data)
    assert [message.kind for message in got] == [SOUND] * 5 + [PICTURE]
    assert got[-1].body == picture(0, 200_000, key=True).body


def test_pictures_are_taken_back_whole_and_what_configures_the_decoder_stays() -> None:
    queue = outgoing()
    config = Tag(PICTURE, 0, b"\x17\x00" + bytes(40))
    queue.put(picture(0, 50_000, key=True), 0)
    data = drained(queue, 0, 3000)
    for number in range(1, 10):
        queue.put(picture(number * 33), 0)
    queue.put(config, 0)
    queue.put(sound(400), 0)
    assert queue.take_back_pictures() == 9
    data += drained(queue, 0)
    assert [(m.kind, len(m.body)) for m in received(data)] == [(PICTURE, 50_002), (PICTURE, 42), (SOUND, 402)]


def test_answers_go_first_and_the_farewell_last() -> None:
    queue = outgoing()
    queue.put(sound(0), 0)
    queue.put_last(b"bye")
    queue.put_protocol(b"pong")
    data = drained(queue, 0)
    assert data.startswith(b"pong")
    assert data.endswith(b"bye")


@given(
    steps=st.lists(
        st.tuples(st.sampled_from([SOUND, PICTURE]), st.integers(2, 20_000), st.integers(0, 9000)),
        max_size=30,
    )
)
def test_whatever_the_line_takes_sound_arrives_whole_and_in_order(steps: list[tuple[int, int, int]]) -> None:
    queue, now_ns, data, sent = outgoing(), 0, b"", []
    for number, (kind, size, takes) in enumerate(steps):
        now_ns += 33 * MS
        tag = Tag(kind, number * 33, bytes((0x27 if kind == PICTURE else 0xAF, 1)) + bytes(size))
        queue.put(tag, now_ns)
        sent.append(tag)
        data += drained(queue, now_ns, takes)
        if queue.pictures_wait_ns(now_ns) > 100 * MS:
            queue.take_back_pictures()
    got = received(data + drained(queue, now_ns))
    other = [(m.kind, m.time_ms, m.body) for m in got if m.kind != PICTURE]
    assert other == [tag for tag in sent if tag.kind != PICTURE]
    assert [m for m in got if m.kind == PICTURE] == sorted(
        (m for m in got if m.kind == PICTURE), key=lambda m: m.time_ms
    )
