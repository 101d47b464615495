"""What is taken of a browser's offer: how many sections of which kind, from whom."""

import pytest
from aiortc import RTCBundlePolicy, RTCConfiguration, RTCPeerConnection

from signaling.rtc.transport.offer import MAX_CANDIDATES, OfferError, apart, kinds_of, with_error_correction


async def offered(*kinds: str) -> str:
    pc = RTCPeerConnection(RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
    for kind in kinds:
        pc.addTransceiver(kind, "sendonly")
    await pc.setLocalDescription()
    sdp = str(pc.localDescription.sdp)
    await pc.close()
    return sdp


async def test_a_guest_may_have_a_screen_beside_the_camera() -> None:
    sections = ["audio", "video", "video"]
    assert kinds_of(await offered(*sections), videos=2) == sections


@pytest.mark.parametrize(
    ("videos", "sections"),
    [
        (0, ("audio", "video")),
        (0, ("video",)),
        (1, ("audio", "video", "video")),
        (2, ("audio", "video", "video", "video")),
        (2, ("audio", "audio", "video")),
    ],
)
async def test_more_than_that_is_refused(videos: int, sections: tuple[str, ...]) -> None:
    sdp = await offered(*sections)
    with pytest.raises(OfferError) as refused:
        kinds_of(sdp, videos=videos)
    assert refused.value.code == "sdp.invalid"


async def test_without_a_screen_an_offer_is_what_it_was() -> None:
    assert kinds_of(await offered("audio", "video"), videos=2) == ["audio", "video"]
    assert kinds_of(await offered("video")) == ["video"]
    assert kinds_of(await offered("audio"), videos=0) == ["audio"]


def test_answers_ask_for_error_correction_of_sound() -> None:
    answer = (
        "v=0\r\nm=audio 9 X 111\r\na=rtpmap:111 opus/48000/2\r\nm=video 9 X 96\r\na=rtpmap:96 H264/90000\r\n"
    )
    asking = with_error_correction(answer)
    assert "a=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10;useinbandfec=1\r\n" in asking
    assert asking.replace("a=fmtp:111 minptime=10;useinbandfec=1\r\n", "") == answer


HOST = "1 1 udp 2130706431 192.0.2.7 50000 typ host"
RELAY = "2 1 UDP 8331263 198.51.100.9 60000 typ relay raddr 0.0.0.0 rport 0"


def sections(*parts: str, bundle: str = "0 1") -> str:
    return "\r\n".join(("v=0", f"a=group:BUNDLE {bundle}", *parts, ""))


def section(mid: int, ufrag: str, *candidates: str) -> str:
    lines = [f"m=audio 9 X {mid}", f"a=mid:{mid}", *(f"a=candidate:{each}" for each in candidates)]
    return "\r\n".join((*lines, f"a=ice-ufrag:{ufrag}", "a=end-of-candidates"))


def test_candidates_are_those_of_the_bundle_s_transport() -> None:
    """Browsers write them into the first section, aiortc would take the last one's."""
    text, found = apart(sections(section(0, "abcd", HOST, RELAY), section(1, "abcd")))
    assert found == (HOST, RELAY)
    assert "candidate" not in text
    assert text.count("a=ice-ufrag:abcd\r\n") == 2
    assert apart(sections(section(0, "abcd", HOST), section(1, "abcd", HOST, RELAY)))[1] == (HOST, RELAY)
    other = sections(section(0, "abcd", HOST), section(1, "efgh", RELAY))
    assert apart(other)[1] == (HOST,), "a section's own transport ends with the bundle"
    assert apart(other.replace("BUNDLE 0 1", "BUNDLE 1 0"))[1] == (RELAY,)
    assert apart(section(0, "abcd", HOST))[1] == (HOST,)
    assert apart("v=0\r\n") == ("v=0\r\n", ())


@pytest.mark.parametrize(
    "candidate",
    [
        HOST.replace("udp", "tcp"),
        HOST.replace("192.0.2.7", "5e1c9f6a.local"),
        HOST.replace("1 1 udp", "1 2 udp"),
        HOST.replace("50000", "65536"),
        HOST.replace("50000", "0"),
        "1 1 udp 1 192.0.2.7",
    ],
)
def test_candidates_that_no_check_can_be_sent_to(candidate: str) -> None:
    many = [HOST.replace("50000", str(50_000 + each)) for each in range(2 * MAX_CANDIDATES)]
    _, found = apart(sections(section(0, "abcd", *[candidate] * MAX_CANDIDATES, *many)))
    assert found == tuple(many[:MAX_CANDIDATES])
