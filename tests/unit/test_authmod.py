"""The exchange of RTMP's ``authmod``: the answers, and none where nothing is asked."""

import base64
import hashlib
from typing import Any

import pytest

from mixer.outputs import amf
from mixer.outputs.authmod import next_query
from mixer.outputs.chunks import ChunkReader, ChunkWriter, Message
from mixer.outputs.diagnosis import RejectedError
from mixer.outputs.session import ChallengedError, PublishSession
from mixer.outputs.url import StreamUrl

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
    session.receive(ChunkWriter().write(3, Message(20, 0, 0, body)))
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
