"""What WHIP and WHEP are made of: the offers they take, late candidates, tokens, a source's state."""

import asyncio
import re

import msgspec
import pytest
from aiortc import RTCBundlePolicy, RTCConfiguration, RTCPeerConnection

from mixer.contract.names import SUPERVISOR, ProcessName, shard_name
from signaling.contract.messages import SILENT, Answer, IceServer, Offer, PeerKind, PeerStats, ShardReport
from signaling.contract.ports import PeerOwner, RefusedError
from signaling.http.routes.whip import etag, links
from signaling.rtc.kinds import kind_of, source_of
from signaling.rtc.transport import trickle
from signaling.rtc.transport import whip_offer as one_way
from signaling.rtc.transport.offer import OfferError, kinds_of
from studio.contract.messages import ProcessChanged
from studio.show.model import Show, Source
from studio.show.sources.commands import SourceCreate, SourceToken
from studio.show.sources.publishing import PICTURE, needs_token, publisher_of, whip_slots
from studio.show.sources.whip_status import WhipStatus
from studio.show.tokens import hashed
from tests.support.merging import as_json
from tests.unit.signaling.router.test_peer_router import Played

WHIP = Source("cam", "Camera", "whip", token_hash=hashed("secret"))
SHOW = Show(sources={"cam": WHIP, "tv": Source("tv", "TV", "bars"), "old": Source("old", "Old", "whip")})


async def offered(*sections: tuple[str, str]) -> str:
    pc = RTCPeerConnection(RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
    for kind, direction in sections:
        pc.addTransceiver(kind, direction)
    await pc.setLocalDescription()
    sdp = str(pc.localDescription.sdp)
    await pc.close()
    return sdp


@pytest.mark.parametrize(
    ("direction", "whip", "whep"),
    [
        ("sendonly", True, False),
        ("sendrecv", True, True),
        ("recvonly", False, True),
        ("inactive", False, False),
    ],
)
async def test_media_goes_one_way(direction: str, whip: bool, whep: bool) -> None:
    sdp = await offered(("audio", "sendrecv"), ("video", "sendrecv"))
    sdp = sdp.replace("a=sendrecv", f"a={direction}")
    for publishes, taken in ((True, whip), (False, whep)):
        if taken:
            one_way.check(sdp, publishes=publishes)
            continue
        with pytest.raises(OfferError) as refused:
            one_way.check(sdp, publishes=publishes)
        assert refused.value.code == "sdp.unsuited"


async def test_offers_that_make_no_sense() -> None:
    two = await offered(("video", "sendonly"), ("video", "sendonly"))
    empty = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
    text = two.replace("m=video", "m=text", 1)
    for sdp in (two, empty, text):
        with pytest.raises(OfferError) as refused:
            one_way.check(sdp, publishes=True)
        assert refused.value.code == "sdp.unsuited"
    with pytest.raises(OfferError) as refused:
        one_way.check("v=0\r\nrubbish", publishes=True)
    assert refused.value.code == "sdp.invalid"
    with pytest.raises(OfferError) as refused:
        kinds_of("v=0\r\nm=x")
    assert refused.value.code == "sdp.invalid"


async def test_an_encoder_that_offers_nothing_but_high_profile() -> None:
    sdp = await offered(("video", "sendonly"))
    assert one_way.with_baseline(sdp) == (sdp, {}), "who offers what aiortc has, is answered as ever"
    high = re.sub("a=rtpmap:(\\d+) VP8/", r"a=rtpmap:\1 VP9/", sdp)
    high = re.sub("profile-level-id=42[0-9a-f]{4}", "profile-level-id=640c28", high)
    with pytest.raises(OfferError, match=r"H\.264"):
        kinds_of(high)
    taken, profiles = one_way.with_baseline(high)
    assert kinds_of(taken) == ["video"]
    assert set(profiles.values()) == {"640c28"}
    assert one_way.with_profiles(taken, profiles) == high


async def test_h264_without_a_packetization_mode() -> None:
    """As GStreamer's pipelines offer it, which take and send fragments all the same."""
    sdp = await offered(("video", "recvonly"))
    assert one_way.with_packetization(sdp) == sdp, "who offers mode 1 is answered as ever"
    bare = re.sub(
        "a=fmtp:.*profile-level-id=.*\r\n", "", re.sub("a=rtpmap:(\\d+) VP8/", r"a=rtpmap:\1 VP9/", sdp)
    )
    with pytest.raises(OfferError, match=r"H\.264"):
        kinds_of(bare)
    assert kinds_of(one_way.with_packetization(bare)) == ["video"]
    unsaid = bare.replace(" H264/90000\r\n", " H264/90000\r\na=fmtp:100 profile-level-id=42e01f\r\n")
    unsaid = re.sub(r"(rtpmap:(\d+) H264/90000\r\na=fmtp:)100", r"\1\2", unsaid)
    assert "packetization" not in unsaid
    assert kinds_of(one_way.with_packetization(unsaid)) == ["video"]
    singles = unsaid.replace("profile-level-id=42e01f", "profile-level-id=42e01f;packetization-mode=0")
    with pytest.raises(OfferError, match=r"H\.264"):
        kinds_of(one_way.with_packetization(singles))


def test_candidates() -> None:
    good = "a=candidate:1 1 udp 2130706431 2001:db8::1 61764 typ host"
    assert trickle.parse(
        f"a=ice-ufrag:EsAw\nm=audio 9 X 0\n{good}\na=end-of-candidates\n"
    ) == trickle.Fragment((good.removeprefix("a=candidate:"),), "EsAw")
    assert trickle.parse("a=end-of-candidates\r\n") == trickle.Fragment()
    assert trickle.parse(good.replace("61764", "99999")).candidates == ()
    assert len(trickle.parse("\r\n".join([good] * 500)).candidates) == trickle.MAX_CANDIDATES
    for bad in (
        "",
        "x",
        "a=candidate:1",
        "a=ice-ufrag:é",
        good + "\n\n" + good,
        "a=candidate:1 1 udp x y z typ h",
    ):
        with pytest.raises(RefusedError, match=r"fragment\.malformed"):
            trickle.parse(bad)


def test_links_quote_what_they_hold() -> None:
    servers = (IceServer(("stun:s", "stun:t")), IceServer(("turn:u?transport=udp",), 'a"b', "c\\d"))
    assert links(servers) == [
        '<stun:s>; rel="ice-server"',
        '<stun:t>; rel="ice-server"',
        '<turn:u?transport=udp>; rel="ice-server"; username="a\\"b"; credential="c\\\\d"; '
        'credential-type="password"',
    ]
    assert etag("a") != etag("b")


def test_whose_slot_and_what_is_watched() -> None:
    assert source_of(Offer("p", "whip", "v=0", source="cam")) == "source/cam"
    assert source_of(Offer("p", "whep", "v=0", canvas="wall")) is None
    wall, program = (kind_of(Offer("p", "whep", "", canvas=canvas)) for canvas in ("wall", "program"))
    assert (wall.watches, wall.stream()) == ("wall", "returns/hall")
    assert (program.watches, program.stream()) == ("return", "returns/floor")
    assert kind_of(Offer("p", "whep", "", canvas="program", bus="ko")).stream() == "returns/ko"
    full = kind_of(Offer("p", "whep", "", canvas="program", bus="ko", full=True))
    assert (full.watches, full.stream(), full.vp8) == ("program", "returns/ko", False)
    assert kind_of(Offer("p", "whep", "", canvas="wall", full=True)) == wall


def test_a_token_is_good_for_one_source() -> None:
    assert publisher_of(SHOW, "secret") == "cam"
    for wrong in ("", "secre", "secret ", hashed("secret")):
        assert publisher_of(SHOW, wrong) is None
    assert whip_slots(SHOW) == {"source/cam": PICTURE, "source/old": PICTURE}
    assert [needs_token(SourceCreate(kind)) for kind in ("whip", "bars")] == [True, False]
    assert needs_token(SourceToken("cam"))


def test_a_source_says_how_its_publisher_is() -> None:
    status = WhipStatus()
    live = PeerStats(
        "p", width=1280, height=720, fps=25.0, bitrate=9, level_db=-12.4, source="cam", sound=True
    )

    def told(*peers: PeerStats, sender: ProcessName = shard_name(0)) -> tuple[str, str]:
        status.take(sender, ShardReport(peers), SHOW)
        public = status.public(SHOW)
        assert set(public) == {"cam", "old"}
        assert (public["old"].state, public["old"].code) == ("waiting", "")
        return public["cam"].state, public["cam"].code

    change = msgspec.structs.replace
    assert told() == ("waiting", "")
    assert told(PeerStats("p", source="cam")) == ("waiting", ""), "it connects"
    assert told(live) == ("live", "")
    assert as_json(status.public(SHOW)["cam"]) | {"reason": ""} == {
        "state": "live", "code": "", "reason": "", "width": 1280, "height": 720, "fps": 25.0, "bitrate": 9,
        "lost": 0, "level_db": -12, "sound": True,
    }  # fmt: skip
    assert told(change(live, fps=0.0)) == ("stalled", "whip.no-picture")
    assert told(live) == ("live", "")
    assert told(change(live, problem="video.over-limit")) == ("live", "video.over-limit")
    assert told(change(live, problem="video.too-large")) == ("stalled", "video.too-large")
    assert told(change(live, fps=0.0, bitrate=0, problem=SILENT)) == ("stalled", "whip.gone")
    assert told(sender=shard_name(1)) == ("stalled", "whip.gone"), "another shard knows nothing of it"
    assert told() == ("waiting", "whip.gone"), "until it is back"
    assert told(change(live, peer="q"), sender=shard_name(1)) == ("live", "")
    assert told(sender=shard_name(1)) == ("waiting", ""), "it left in order"
    assert told(live) == ("live", "")
    status.take(SUPERVISOR, ProcessChanged(shard_name(0), "restarting", 0, 1), SHOW)
    assert told(sender=shard_name(1)) == ("waiting", "whip.gone")
    assert status.public(Show()) == {}


async def test_the_router_keeps_publishers_and_players_apart_from_seats() -> None:
    played = Played(shard_name(0))

    async def opened(kind: PeerKind, seat: str, client: str) -> str:
        opening = asyncio.create_task(played.router.open(kind, seat, client, "v=0", takeover=False))
        while not played.offers() or played.offers()[-1][1].peer in known:
            await asyncio.sleep(0)
        offer = played.offers()[-1][1]
        known.add(offer.peer)
        played.router.on_message(shard_name(0), ShardReport(()))

        played.router.on_message(shard_name(0), Answer(offer.peer, "answer"))
        return (await opening)[0]

    known: set[str] = set()
    whip = await opened("whip", "", "a")
    one, two = await opened("whep", "v", "wall"), await opened("whep", "v", "wall")
    assert played.told[-1] == ({}, {"wall"}), "who watches the wall is shown it; nobody takes a seat"
    assert played.router.owner(whip) == PeerOwner("whip", "", "a")
    played.router.drop_seat("a")
    assert played.closed() == [], "a source's id is no seat's"
    played.router.drop_source("v")
    assert played.closed() == []
    played.router.drop_seat("v")
    assert set(played.closed()) == {one, two}
    # a control that restarts learns of them from their ids
    again = Played(shard_name(0))
    again.router.on_message(shard_name(0), ShardReport((PeerStats(whip, source="a"), PeerStats(one))))
    assert again.router.owner(whip) == PeerOwner("whip", "", "a")
    assert again.told[-1] == ({}, {"wall"})
    again.router.drop_source("a")
    assert again.closed() == [whip]


async def test_players_leave_room_for_guests() -> None:
    played = Played(shard_name(0))
    stats = tuple(PeerStats(f"whep~v~program~{number}") for number in range(16))
    played.router.on_message(shard_name(0), ShardReport(stats))
    with pytest.raises(RefusedError, match=r"whep\.full"):
        await played.router.open("whep", "v", "program", "v=0", takeover=False)
    others = tuple(PeerStats(f"whep~w{number}~program~x") for number in range(48))
    played.router.on_message(shard_name(0), ShardReport(stats + others))
    with pytest.raises(RefusedError, match=r"whep\.full"):
        await played.router.open("whep", "new", "program", "v=0", takeover=False)
