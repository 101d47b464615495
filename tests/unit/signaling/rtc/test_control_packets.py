"""What an authentic but ill-meaning peer may say: any bytes, through real SRTP, into the transport."""

import asyncio
import struct
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

import pylibsrtp
import pytest
from aiortc import RTCCertificate, RTCIceGatherer, RTCIceTransport, RTCRtpCodecParameters
from aiortc.rtcdtlstransport import State
from aiortc.rtcrtpparameters import (
    RTCRtpDecodingParameters,
    RTCRtpReceiveParameters,
    RTCRtpRtxParameters,
)
from aiortc.rtp import RtcpPacket, RtcpReceiverInfo, RtcpRtpfbPacket, pack_remb_fci
from hypothesis import given, settings
from hypothesis import strategies as st

from signaling.rtc import hooks
from signaling.rtc.transport.dtls import FORGET_NS, MAX_SSRCS, MAX_STREAMS, PACKETS_PER_S, DtlsTransport
from signaling.rtc.transport.ice import MAX_DATAGRAM
from signaling.rtc.transport.receive import MAX_ASKED, Feedback, Receiver, Reception, pack_nack
from signaling.rtc.transport.rtp import Rtp, build_rtp
from signaling.rtc.transport.send import HISTORY, MAX_RESENT, RESENT_PER_S, RtpSender

MS = 1_000_000
KEY = bytes(range(30))
OWN = 7
"""The SSRC the peer says it is."""


class Far:
    """A transport whose peer is this test, with a sender and a receiver of pictures."""

    def __init__(self) -> None:
        hooks.install()
        certificate = RTCCertificate.generateCertificate()
        self.transport = DtlsTransport(RTCIceTransport(RTCIceGatherer([])), [certificate])
        self.transport._rx_srtp = _session(pylibsrtp.Policy.SSRC_ANY_INBOUND)
        self._tx = _session(pylibsrtp.Policy.SSRC_ANY_OUTBOUND)
        self.sender = RtpSender("video", self.transport)
        self.sender.codec = RTCRtpCodecParameters("video/H264", 90_000, payloadType=97)
        self.receiver = Receiver("video", self.transport)
        self.receiver._codecs, self.receiver._rates, self.receiver._apt = {97: "h264"}, {97: 90_000}, {98: 97}
        router = self.transport._rtp_router
        router.senders[self.sender._ssrc] = self.sender  # type: ignore[assignment]
        router.register_receiver(self.receiver, [], [97, 98], mid="0")  # type: ignore[arg-type]

    def control(self, data: bytes) -> None:
        try:
            sealed = self._tx.protect_rtcp(data)
        except (pylibsrtp.Error, ValueError, TypeError):
            return
        self.transport._take(sealed)

    def media(self, data: bytes) -> None:
        self.transport._take(self._tx.protect(data))


def _session(direction: int) -> pylibsrtp.Session:
    profile = pylibsrtp.Policy.SRTP_PROFILE_AES128_CM_SHA1_80
    return pylibsrtp.Session(pylibsrtp.Policy(key=KEY, ssrc_type=direction, srtp_profile=profile))


@pytest.fixture
def far() -> Iterator[Far]:
    with asyncio.Runner() as runner:

        async def make() -> Far:
            return Far()

        yield runner.run(make())


def header(kind: int, count: int, body: bytes) -> bytes:
    return struct.pack("!BBH", 0x80 | count, kind, len(body) // 4) + body


bodies = st.binary(max_size=160).map(lambda data: data + bytes(-len(data) % 4))


@given(data=st.lists(st.tuples(st.integers(192, 223), st.integers(0, 63), bodies), min_size=1, max_size=5))
@settings(max_examples=300)
def test_any_control_packet_is_survived(data: list[tuple[int, int, bytes]]) -> None:
    with asyncio.Runner() as runner:

        async def take() -> None:
            far = shared_far()
            # from itself, about the stream there is: the rest is rubbish
            about = struct.pack("!II", OWN, far.sender._ssrc)
            parts = [header(kind, count, about + body) for kind, count, body in data]
            far.control(b"".join(parts))
            far.control(b"".join(parts)[:-4])
            assert far.transport.last_media_ns > 0
            assert far.sender.active
            assert far.sender.remb >= 0
            assert far.transport._heard == {about[:4]}

        runner.run(take())


_made: list[Far] = []


def shared_far() -> Far:
    """Certificates take their time: one for all examples."""
    if not _made:
        _made.append(Far())
    return _made[0]


def test_streams_without_number_are_not_heard(far: Far, monkeypatch: pytest.MonkeyPatch) -> None:
    """SRTP keeps something for each SSRC, for good."""
    now_ns = time.monotonic_ns()
    monkeypatch.setattr(time, "monotonic_ns", lambda: now_ns)
    for ssrc in range(1, 3 * MAX_SSRCS):
        far.media(build_rtp(97, True, 1, 1, ssrc, b"x"))
        far.control(struct.pack("!BBHI", 0x80, 201, 1, ssrc + 100_000))
    assert len(far.transport._heard) == MAX_SSRCS
    assert len(far.transport._streams) <= MAX_STREAMS
    assert far.transport.garbage.total >= 2 * MAX_SSRCS
    # who still sends is heard, in a second at most
    now_ns += FORGET_NS
    garbage = far.transport.garbage.total
    far.media(build_rtp(97, True, 2, 1, 1, b"x"))
    assert far.transport.garbage.total == garbage


@pytest.mark.parametrize("named", [True, False], ids=["named in the offer", "not named"])
def test_a_picture_comes_back_whatever_its_sender_did_before(
    far: Far, monkeypatch: pytest.MonkeyPatch, named: bool
) -> None:
    """A stream that says goodbye leaves its place, and others must not take it for good: its own repairs did,
    once strange streams had taken all the rest."""
    now_ns = time.monotonic_ns()
    monkeypatch.setattr(time, "monotonic_ns", lambda: now_ns)
    repair = OWN + 1
    if named:
        encoding = RTCRtpDecodingParameters(ssrc=OWN, payloadType=97, rtx=RTCRtpRtxParameters(ssrc=repair))
        codecs = [RTCRtpCodecParameters("video/H264", 90_000, payloadType=97)]
        far.transport._register_rtp_receiver(
            far.receiver, RTCRtpReceiveParameters(codecs=codecs, encodings=[encoding])
        )
    far.media(build_rtp(97, True, 1, 1, OWN, b"x"))
    for ssrc in range(100, 100 + 3 * MAX_STREAMS):
        far.media(build_rtp(97, True, 1, 1, ssrc, b"x"))
    far.control(struct.pack("!BBHI", 0x81, 203, 1, OWN))
    far.media(build_rtp(98, True, 1, 1, repair, struct.pack("!H", 1) + b"x"))
    taken = Taken()
    far.receiver.attach(taken)
    for seq in range(2, 40):
        now_ns += 33 * MS
        far.media(build_rtp(97, True, seq, seq, OWN, b"x"))
    assert [packet.seq for packet in taken.packets][-8:] == list(range(32, 40))
    assert not named or len(taken.packets) == 38
    assert len(far.transport._streams) <= MAX_STREAMS + 2
    if named:  # nor is it kept out by what SRTP must remember
        for ssrc in range(1000, 1000 + 2 * MAX_SSRCS):
            far.media(build_rtp(97, True, 1, 1, ssrc, b"x"))
        assert len(far.transport._heard) == MAX_SSRCS
        far.media(build_rtp(98, True, 2, 1, repair, struct.pack("!H", 2) + b"x"))
        assert taken.packets[-1].repaired


def test_a_packet_larger_than_any_network_carries_is_dropped_unread(far: Far) -> None:
    far.transport._take(b"\x80\xc8" + bytes(MAX_DATAGRAM))
    assert far.transport.garbage.total == 1


def test_a_flood_is_dropped_unread_and_ends_with_itself(far: Far, monkeypatch: pytest.MonkeyPatch) -> None:
    now_ns = time.monotonic_ns()
    far.transport._account._since_ns = now_ns
    monkeypatch.setattr(time, "monotonic_ns", lambda: now_ns)
    packets = [build_rtp(97, True, seq, 0, OWN, b"\x41\x00") for seq in range(2 * PACKETS_PER_S)]
    for packet in packets[: PACKETS_PER_S + 500]:
        far.media(packet)
    assert far.receiver.totals[1] <= PACKETS_PER_S + 1
    assert far.transport.garbage.total >= 499
    now_ns += 10 * MS
    before = far.receiver.totals[1]
    for packet in packets[PACKETS_PER_S + 500 : PACKETS_PER_S + 600]:
        far.media(packet)
    assert far.receiver.totals[1] - before == pytest.approx(PACKETS_PER_S / 100, abs=1)
    now_ns += 1000 * MS
    before = far.receiver.totals[1]
    far.media(packets[PACKETS_PER_S + 600])
    assert far.receiver.totals[1] == before + 1


def test_everything_asked_for_again_and_again_costs_no_more_than_the_budget(far: Far) -> None:
    sender = far.sender
    for number in range(HISTORY):
        sender.send_frame((b"x" * 100,), number * 3000, 1)
    everything = pack_nack([(sender._seq - HISTORY + number) & 0xFFFF for number in range(HISTORY)])
    own = struct.pack("!II", OWN, sender._ssrc)
    for _ in range(20):
        far.control(header(205, 1, own + everything))
    assert MAX_RESENT <= sender.resent <= MAX_RESENT + RESENT_PER_S // 10
    sender._asked_s -= 0.1  # later
    before = sender.resent
    far.control(header(205, 1, own + everything))
    assert sender.resent - before >= RESENT_PER_S // 10


class Way:
    """The socket of a connected transport, as far as packets that leave go; ``broken``: it takes none."""

    def __init__(self, far: Far) -> None:
        self.sent: list[bytes] = []
        self.broken = False
        self._far = _session(pylibsrtp.Policy.SSRC_ANY_INBOUND)
        far.transport._tx_srtp = _session(pylibsrtp.Policy.SSRC_ANY_OUTBOUND)
        far.transport._state = State.CONNECTED
        pair = SimpleNamespace(protocol=SimpleNamespace(transport=self), remote_addr=("127.0.0.1", 9))
        far.transport.transport._connection._nominated[1] = cast(Any, pair)

    def sendto(self, data: bytes, addr: tuple[str, int]) -> None:
        if self.broken:
            raise OSError("no route")
        self.sent.append(data)

    def asked(self) -> list[list[int]]:
        """Numbers asked for again, by message."""
        control = [RtcpPacket.parse(self._far.unprotect_rtcp(data))[0] for data in self.sent]
        return [[seq & 0xFFFF for seq in each.lost] for each in control if isinstance(each, RtcpRtpfbPacket)]


def test_however_much_is_missing_it_is_asked_for_in_messages_that_can_be_sent(far: Far) -> None:
    way = Way(far)
    far.media(build_rtp(97, True, 1, 1, OWN, b"x"))
    lost = [(50_000 + 40 * number) & 0xFFFF for number in range(1500)]
    far.receiver.nack(lost)
    asked = way.asked()
    assert [seq for message in asked for seq in message] == lost
    assert max(len(message) for message in asked) == MAX_ASKED
    assert max(len(data) for data in way.sent) < 600
    assert far.transport.unsent == 0
    far.receiver.nack([])
    assert len(way.sent) == len(asked)


def test_what_cannot_be_sent_is_counted_and_what_follows_is_sent(far: Far) -> None:
    way = Way(far)
    far.media(build_rtp(97, True, 1, 1, OWN, b"x"))
    far.transport.send_control(header(205, 1, struct.pack("!II", OWN, OWN) + bytes(1500)))
    far.transport.send_media(build_rtp(97, True, 1, 1, OWN, bytes(1500)))
    assert (far.transport.unsent, way.sent) == (2, [])
    way.broken = True
    far.receiver.pli()
    far.transport.send_media(build_rtp(97, True, 2, 1, OWN, b"x"))
    assert (far.transport.unsent, way.sent) == (4, [])
    way.broken = False
    far.receiver.pli()
    far.transport.send_media(build_rtp(97, True, 3, 1, OWN, b"x"))
    assert (far.transport.unsent, len(way.sent)) == (4, 2)


class Taken:
    """A stream that keeps what it is given."""

    def __init__(self) -> None:
        self.packets: list[Rtp] = []

    def bind(self, feedback: Feedback) -> None: ...
    def report(self, ntp: int, timestamp: int) -> None: ...
    def close(self) -> None: ...

    def push(self, packet: Rtp, codec: str, now_ns: int) -> None:
        self.packets.append(packet)


def test_padding_keeps_its_number_among_pictures_and_is_nothing_among_sound(far: Far) -> None:
    taken = Taken()
    far.receiver.attach(taken)
    padding = bytes((0xA0, 97)) + build_rtp(97, False, 11, 1, OWN, bytes(223) + b"\xe0")[2:]
    for data in (build_rtp(97, True, 10, 1, OWN, b"x"), padding, build_rtp(97, True, 12, 2, OWN, b"y")):
        far.media(data)
    assert [(packet.seq, packet.payload) for packet in taken.packets] == [(10, b"x"), (11, b""), (12, b"y")]
    sound, heard = Receiver("audio", far.transport), Taken()
    sound._codecs, sound._rates = {97: "opus"}, {97: 48_000}
    sound.attach(heard)
    for seq, payload in ((1, b"x"), (2, b""), (3, b"y")):
        sound.on_rtp(Rtp(97, False, seq, seq * 960, OWN, payload), 0)
    assert [packet.seq for packet in heard.packets] == [1, 3]


def test_what_was_sent_again_says_so(far: Far) -> None:
    taken = Taken()
    far.receiver.attach(taken)
    far.media(build_rtp(97, True, 10, 1, OWN, b"x"))
    far.media(build_rtp(98, True, 500, 1, OWN + 1, struct.pack("!H", 9) + b"w"))
    assert taken.packets == [Rtp(97, True, 10, 1, OWN, b"x"), Rtp(97, True, 9, 1, OWN, b"w", True)]


@given(st.lists(st.integers(0, 65_535), max_size=400))
@settings(max_examples=60)
def test_what_was_never_sent_is_not_sent_again(lost: list[int]) -> None:
    with asyncio.Runner() as runner:

        async def ask() -> None:
            sender = RtpSender("video", shared_far().transport)
            sender.on_nack(lost)
            assert sender.resent == 0

        runner.run(ask())


def test_a_bit_rate_is_taken_for_the_own_stream_only(far: Far) -> None:
    far.control(header(206, 15, struct.pack("!II", OWN, 0) + pack_remb_fci(500_000, [far.sender._ssrc])))
    assert far.sender.remb == pytest.approx(500_000, rel=0.01)
    far.control(header(206, 15, struct.pack("!II", OWN, 0) + pack_remb_fci(9_000, [1234])))
    assert far.sender.remb == pytest.approx(500_000, rel=0.01)
    for rubbish in (b"", b"REMB", b"REMB\xff\xff\xff\xff", b"XXXX\x01\0\0\0" + bytes(4)):
        far.control(header(206, 15, struct.pack("!II", OWN, 0) + rubbish))
    assert far.sender.remb == pytest.approx(500_000, rel=0.01)


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1))
def test_a_lied_report_is_no_round_trip(last: int, delay: int) -> None:
    with asyncio.Runner() as runner:

        async def report() -> None:
            sender = RtpSender("video", shared_far().transport)
            sender.on_reception(RtcpReceiverInfo(sender._ssrc, 0, 0, 0, 0, last, delay))
            assert sender.rtt_ns is None

        runner.run(report())


@given(
    st.integers(0, 65_535),
    st.lists(st.tuples(st.integers(-40, 400), st.integers(0, 2**32 - 1)), max_size=120),
)
def test_reception_figures_stay_in_their_fields(first: int, moves: list[tuple[int, int]]) -> None:
    """Whatever numbers and times come: a report can be packed, and says nothing impossible."""
    reception = Reception(first, 90_000)
    seq = first
    for number, (move, timestamp) in enumerate(moves):
        seq = (seq + move) & 0xFFFF
        reception.add(Rtp(97, False, seq, timestamp, OWN, b"x"), number * 10 * MS)
        if number % 7 == 0:
            lost, expected = reception.interval()
            assert 0 <= lost <= max(0, expected)
            info = reception.info(OWN, lost, expected, number * 10 * MS)
            assert 0 <= info.fraction_lost <= 255
            assert 0 <= info.highest_sequence < 1 << 32
            assert len(bytes(info)) == 24
    assert reception.lost >= 0


def test_reception_counts_what_is_missing() -> None:
    reception = Reception(65_530, 90_000)
    for number in range(100):
        if number % 10 != 9:
            seq = (65_530 + number) & 0xFFFF
            reception.add(Rtp(97, False, seq, number * 3000, OWN, b"x"), number * 33 * MS)
    assert (reception.expected, reception.lost) == (99, 9)
    assert reception.interval() == (9, 99)
    assert reception.interval() == (0, 0)
