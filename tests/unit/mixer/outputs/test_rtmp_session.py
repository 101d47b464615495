"""RTMP's publishing side without a network: chunks, AMF0, the order of things, and rubbish."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mixer.containers.flv_tags import Tag
from mixer.contract.output_url import StreamUrl
from mixer.outputs.diagnosis import ProtocolError, RejectedError
from mixer.outputs.rtmp import amf
from mixer.outputs.rtmp.chunks import ChunkError, ChunkReader, ChunkWriter, RtmpMessage
from mixer.outputs.rtmp.session import PublishSession

URL = StreamUrl.parse("rtmp://host/live/s3cret")

messages = st.builds(
    RtmpMessage,
    st.sampled_from([8, 9, 18, 20]),
    st.integers(0, 5),
    st.integers(0, (1 << 32) - 1),
    st.binary(max_size=700),
)


@given(
    sent=st.lists(st.tuples(st.sampled_from([3, 4, 6]), messages), max_size=12),
    chunk_bytes=st.sampled_from([128, 4096]),
    cut=st.integers(1, 97),
)
def test_chunks_come_back_as_they_were(
    sent: list[tuple[int, RtmpMessage]], chunk_bytes: int, cut: int
) -> None:
    """Also when the network cuts the bytes anywhere, and times run backwards or beyond 24 bits."""
    writer, reader = ChunkWriter(), ChunkReader()
    writer.chunk_bytes = reader.chunk_bytes = chunk_bytes
    data = b"".join(writer.write(stream, message) for stream, message in sent)
    received = [message for at in range(0, len(data), cut) for message in reader.feed(data[at : at + cut])]
    assert received == [message for _, message in sent]


@given(st.binary(max_size=600))
def test_rubbish_is_refused_and_bounded(data: bytes) -> None:
    reader = ChunkReader()
    try:
        reader.feed(data)
    except ChunkError:
        pass


def test_a_message_too_long_is_refused() -> None:
    with pytest.raises(ChunkError):
        ChunkReader().feed(b"\x03\0\0\0\xff\xff\xff\x14\0\0\0\0")


values = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.dictionaries(st.text(min_size=1, max_size=8), inner, max_size=4),
    max_leaves=8,
)


@given(st.lists(values, max_size=5))
def test_amf_round_trip(sent: list[amf.Value]) -> None:
    assert amf.decode(amf.encode(*sent)) == sent  # type: ignore[arg-type]


@given(st.binary(max_size=200))
def test_amf_rubbish(data: bytes) -> None:
    try:
        amf.decode(data)
    except amf.AmfError:
        pass


def test_amf_depth_is_bounded() -> None:
    with pytest.raises(amf.AmfError):
        amf.decode(b"\x03\0\1a" * 5000)
    with pytest.raises(amf.AmfError):
        amf.decode(b"\x0a\xff\xff\xff\xff" + b"\x05" * 5000)


class Peer:
    """The ingest's side of one session, spoken by hand."""

    def __init__(self) -> None:
        self.session = PublishSession(URL)
        self._reader = ChunkReader()
        self._writer = ChunkWriter()
        greeting = self.session.take()
        assert greeting[0] == 3
        assert len(greeting) == 1537
        self.session.receive(b"\x03" + bytes(1536) + greeting[1:])
        self._skip = 1536

    def sent(self, media: bytes = b"") -> list[RtmpMessage]:
        data = self.session.take() + media
        data, self._skip = data[self._skip :], max(0, self._skip - len(data))
        return self._reader.feed(data)

    def commands(self) -> list[list[amf.Value]]:
        return [amf.decode(message.body) for message in self.sent() if message.kind == 20]

    def say(self, kind: int, body: bytes) -> None:
        self.session.receive(self._writer.write(3, RtmpMessage(kind, 0, 0, body)))

    def command(self, *values: amf.Value) -> None:
        self.say(20, amf.encode(*values))  # type: ignore[arg-type]

    def agree(self) -> None:
        self.commands()
        self.command("_result", 1.0, None, {"code": "NetConnection.Connect.Success"})
        self.commands()
        self.command("_result", 4.0, None, 1.0)
        self.commands()
        self.command("onStatus", 0.0, None, {"level": "status", "code": "NetStream.Publish.Start"})


def test_publishing_in_order() -> None:
    peer = Peer()
    [connect] = peer.commands()
    assert connect[0] == "connect"
    assert isinstance(connect[2], dict)
    assert (connect[2]["app"], connect[2]["tcUrl"]) == ("live", "rtmp://host/live")
    assert "s3cret" not in str(connect)
    peer.command("_result", 1.0, None, {"code": "NetConnection.Connect.Success"})
    assert [command[0] for command in peer.commands()] == ["releaseStream", "FCPublish", "createStream"]
    peer.command("_error", 2.0, None, {"code": "NetConnection.Call.Failed"})
    peer.command("_result", 4.0, None, 7.0)
    assert peer.commands() == [["publish", 5.0, None, "s3cret", "live"]]
    states = [peer.session.state]
    peer.command("onStatus", 0.0, None, {"level": "status", "code": "NetStream.Publish.Start"})
    assert [*states, peer.session.state] == ["publishing", "live"]
    [chunk] = peer.session.chunks(Tag(9, 40, b"picture"))
    assert peer.sent(chunk) == [RtmpMessage(9, 7, 40, b"picture")]
    peer.session.finish()
    assert [command[0] for command in peer.commands()] == ["FCUnpublish", "deleteStream"]


def test_ping_and_window_are_answered() -> None:
    peer = Peer()
    peer.agree()
    peer.sent()
    peer.say(4, struct.pack(">HI", 6, 12345))
    assert [message.body for message in peer.sent()] == [struct.pack(">HI", 7, 12345)]
    peer.say(5, struct.pack(">I", 2000))
    peer.say(18, bytes(1500))
    assert [message.kind for message in peer.sent()] == [3]


@pytest.mark.parametrize(
    "command",
    [
        (
            "onStatus",
            0.0,
            None,
            {"level": "error", "code": "NetStream.Publish.BadName", "description": "s3cret"},
        ),
        ("_error", 5.0, None, {"level": "error", "code": "NetStream.Publish.BadName"}),
    ],
)
def test_a_wrong_key_is_a_rejection_that_hides_it(command: tuple[amf.Value, ...]) -> None:
    peer = Peer()
    peer.agree()
    with pytest.raises(RejectedError) as refusal:
        peer.command(*command)
    assert refusal.value.status == "NetStream.Publish.BadName"
    assert "s3cret" not in str(refusal.value)


def test_http_is_not_rtmp() -> None:
    session = PublishSession(URL)
    with pytest.raises(ProtocolError):
        session.receive(b"HTTP/1.1 400 Bad Request\r\n\r\n")


@given(st.binary(max_size=400))
def test_whatever_the_peer_says_is_an_answer_or_a_typed_error(data: bytes) -> None:
    peer = Peer()
    try:
        peer.session.receive(data)
    except (ProtocolError, RejectedError):
        pass
