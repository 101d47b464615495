"""What is taken of a browser's offer: how many sections of which kind, from whom."""

import pytest
from aiortc import RTCBundlePolicy, RTCConfiguration, RTCPeerConnection

from signaling.rtc.offer import OfferError, kinds_of, with_error_correction


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
