"""The exchange of RTMP's ``authmod``: the answers, and none where nothing is asked."""

import base64
import contextlib
import hashlib
import socket
import threading
import time
from typing import Any
from urllib.parse import parse_qs

import pytest

from mixer.contract.names import picture_stream
from mixer.contract.output_url import StreamUrl
from mixer.ipc.bus.packets import StreamHeader
from mixer.outputs.diagnosis import RejectedError
from mixer.outputs.rtmp import amf
from mixer.outputs.rtmp.authmod import next_query
from mixer.outputs.rtmp.chunks import ChunkReader, ChunkWriter, RtmpMessage
from mixer.outputs.rtmp.output import RtmpDestination
from mixer.outputs.rtmp.session import ChallengedError, PublishSession

ASKS = "[ AccessManager.Reject ] : [ code=403 need auth; authmod=adobe ] : "
CHALLENGES = (
    "[ AccessManager.Reject ] : [ authmod=adobe ] : "
    "?reason=needauth&user=anna&salt=c2FsdA==&challenge=Y2hhbGxlbmdl&opaque=b3BhcXVl"
)
FAILED = "[ AccessManager.Reject ] : [ authmod=adobe ] : ?reason=authfailed&opaque=b3BhcXVl"


def md5(text: str) -> str:
    return base64.b64encode(hashlib.md5(text.encode()).digest()).decode()


def asked(description: str, user: str = "anna", password: str = "p/ä@ss#1") -> str | None:
    return next_query(description, "live", user, password, lambda: "0123abcd")


def test_adobes_three_steps() -> None:
    assert asked(ASKS) == "?authmod=adobe&user=anna"
    response = md5(md5("annac2FsdA==p/ä@ss#1") + "b3BhcXVl" + "0123abcd")
    assert asked(CHALLENGES) == (
        f"?authmod=adobe&user=anna&challenge=0123abcd&response={response}&opaque=b3BhcXVl"
    )
    without = CHALLENGES.replace("&opaque=b3BhcXVl", "")
    response = md5(md5("annac2FsdA==p/ä@ss#1") + "Y2hhbGxlbmdl" + "0123abcd")
    assert asked(without) == f"?authmod=adobe&user=anna&challenge=0123abcd&response={response}"


def test_limelights_digest() -> None:
    account = hashlib.md5(b"anna:live:word").hexdigest()
    place = hashlib.md5(b"publish:/live/_definst_").hexdigest()
    response = hashlib.md5(f"{account}:n0nce:00000001:0123abcd:auth:{place}".encode()).hexdigest()
    said = "[ authmod=llnw ] : ?reason=needauth&user=anna&nonce=n0nce"
    assert asked(said, password="word") == (
        f"?authmod=llnw&user=anna&nonce=n0nce&cnonce=0123abcd&nc=00000001&response={response}"
    )


@pytest.mark.parametrize(
    "said", [FAILED, FAILED.replace("authfailed", "nosuchuser"), "", "[ authmod=other ]"]
)
def test_a_refusal_is_no_challenge(said: str) -> None:
    assert asked(said) is None
    assert asked(ASKS, user="") is None


def refuse(session: PublishSession, description: str) -> dict[str, Any]:
    """Shakes hands, reads what the session connects with, and refuses it."""
    sent = session.take()
    assert len(sent) == 1537
    session.receive(b"\x03" + bytes(1536) + sent[1:])
    (connect,) = ChunkReader().feed(session.take()[1536:])
    name, _, told = amf.decode(connect.body)
    assert name == "connect"
    assert isinstance(told, dict)
    info: Any = {"level": "error", "code": "NetConnection.Connect.Rejected", "description": description}
    body = amf.encode("_error", 1.0, None, info)
    session.receive(ChunkWriter().write(3, RtmpMessage(20, 0, 0, body)))
    return dict(told)


def test_a_session_answers_an_ingest_that_asks() -> None:
    url = StreamUrl.parse("rtmp://anna:p%2F%C3%A4@host/live/key")
    with pytest.raises(ChallengedError) as first:
        refuse(PublishSession(url), ASKS)
    with pytest.raises(ChallengedError) as second:
        refuse(PublishSession(url, first.value.query), CHALLENGES)
    assert "response=" in second.value.query
    assert "response=" not in str(second.value)
    with pytest.raises(RejectedError):
        refuse(PublishSession(url, second.value.query), FAILED)
    with pytest.raises(RejectedError):  # without an account nothing can be answered
        refuse(PublishSession(StreamUrl.parse("rtmp://host/live/key")), ASKS)
    with pytest.raises(RejectedError):  # another challenge after the answer: the password is wrong
        refuse(PublishSession(url, second.value.query), CHALLENGES)
    with pytest.raises(RejectedError):  # one that asks the same for ever gets no third answer
        refuse(PublishSession(url, first.value.query), ASKS)


class Demanding:
    """An ingest on a real socket that lets in who answers: each connection's application is in ``asked``."""

    def __init__(self, challenges: list[str]) -> None:
        self.asked: list[str] = []
        self._challenges = challenges
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        with self._listener:
            for challenge in self._challenges:
                sock, _ = self._listener.accept()
                with sock:
                    self._serve(sock, challenge)

    def _serve(self, sock: socket.socket, challenge: str) -> None:
        greeting = sock.recv(1537, socket.MSG_WAITALL)
        sock.sendall(b"\x03" + bytes(1536) + greeting[1:])
        sock.recv(1536, socket.MSG_WAITALL)
        reader = ChunkReader()
        while not (messages := reader.feed(sock.recv(4096))):
            pass
        _, _, told = amf.decode(messages[0].body)
        assert isinstance(told, dict)
        self.asked.append(str(told["app"]))
        info: Any = {"level": "error", "code": "NetConnection.Connect.Rejected", "description": challenge}
        body = amf.encode("_error" if challenge else "_result", 1.0, None, info)
        sock.sendall(ChunkWriter().write(3, RtmpMessage(20, 0, 0, body)))
        if not challenge:
            self.asked.append("let in")
            with contextlib.suppress(ConnectionError):
                sock.recv(4096)

    def end(self) -> None:
        self._thread.join(5)


def test_a_destination_answers_on_three_connections_of_one_attempt() -> None:
    ingest = Demanding([ASKS, CHALLENGES, ""])
    url = StreamUrl.parse(f"rtmp://anna:p%2F%C3%A4@127.0.0.1:{ingest.port}/live/key")
    destination = RtmpDestination(url, picture_stream("program"))
    destination.prepare(
        {picture_stream("program"): StreamHeader(picture_stream("program"), "h264", (1, 90000), 0, 0, b"")}, 0
    )
    deadline_s = time.monotonic() + 5
    while "let in" not in ingest.asked and time.monotonic() < deadline_s:
        destination.step(time.monotonic_ns())
        time.sleep(0.002)
    destination.close()
    ingest.end()
    assert ingest.asked[0] == "live"
    assert ingest.asked[1] == "live?authmod=adobe&user=anna"
    answer = parse_qs(ingest.asked[2].partition("?")[2].replace("+", "%2B"))
    response = md5(md5("annac2FsdA==p/ä") + "b3BhcXVl" + answer["challenge"][0])
    assert answer["response"] == [response]
    assert ingest.asked[3] == "let in"
    assert destination.status(time.monotonic_ns()).code == ""
