"""A receiver of our own in place of aiortc's: statistics, retransmissions and feedback of one RTP stream.

What becomes of the media is a :class:`Stream`'s: pictures go to a jitter buffer and a decoder, sound to the
pacer. Until one is attached, packets are counted and forgotten.
"""

import time
from collections.abc import Callable, Sequence
from struct import pack
from typing import Any, Protocol, cast

from aiortc import RTCStatsReport
from aiortc.codecs import is_rtx
from aiortc.exceptions import InvalidStateError
from aiortc.mediastreams import MediaStreamTrack
from aiortc.rtcrtpparameters import RTCRtpCapabilities, RTCRtpReceiveParameters
from aiortc.rtcrtpreceiver import RTCRtpReceiver
from aiortc.rtp import (
    RtcpPsfbPacket,
    RtcpReceiverInfo,
    RtcpRrPacket,
    RtcpSrPacket,
    clamp_packets_lost,
    pack_remb_fci,
)

from signaling.rtc.transport.dtls import DtlsTransport
from signaling.rtc.transport.rtp import LEVEL_URI, Rtp, unwrap
from signaling.rtc.video.color_space import COLOUR_URI
from signaling.rtc.video.layers import SimulcastLayers

_PLI, _REMB = 1, 15
MAX_ASKED = 128
"""Packets asked for in one message: one each, 524 bytes, far below what SRTP and any network carry."""


class Feedback(Protocol):
    """What a stream may ask of its sender."""

    def nack(self, lost: Sequence[int]) -> None: ...
    def pli(self) -> None: ...


class Stream(Protocol):
    """Takes one kind of media of one peer."""

    def bind(self, feedback: Feedback) -> None: ...
    def push(self, packet: Rtp, codec: str, now_ns: int) -> None: ...
    def report(self, ntp: int, timestamp: int) -> None: ...
    def close(self) -> None: ...


class Reception:
    """What one SSRC sent, and what of it came (RFC 3550 A.3, A.8)."""

    def __init__(self, seq: int, clock_rate: int) -> None:
        self._rate = clock_rate
        self.base = self.top = seq + 65536
        self.received = 0
        self.octets = 0
        self._prior = (0, 0)
        self._jitter = 0.0
        self._transit: int | None = None
        self.report: tuple[int, int] | None = None

    def add(self, packet: Rtp, now_ns: int) -> None:
        ahead = packet.seq - self.top & 0xFFFF
        extended = self.top + 1 if ahead == 1 else unwrap(packet.seq, self.top, 16)
        if abs(extended - self.top) > 3000:
            self.base = self.top = packet.seq + 65536
            self.received = 0
            self._prior = (0, 0)
        elif extended > self.top:
            self.top = extended
            transit = now_ns * self._rate // 1_000_000_000 - packet.timestamp
            if self._transit is not None:
                moved = abs((transit - self._transit + 0x80000000 & 0xFFFFFFFF) - 0x80000000)
                self._jitter += (min(moved, 10 * self._rate) - self._jitter) / 16
            self._transit = transit
        self.received += 1
        self.octets += len(packet.payload)

    @property
    def expected(self) -> int:
        return self.top - self.base + 1

    @property
    def lost(self) -> int:
        return max(0, self.expected - self.received)

    def interval(self) -> tuple[int, int]:
        """Packets lost and expected since the last call."""
        expected, received = self.expected - self._prior[0], self.received - self._prior[1]
        self._prior = (self.expected, self.received)
        return max(0, expected - received), max(0, expected)

    def info(self, ssrc: int, lost: int, expected: int, now_ns: int) -> RtcpReceiverInfo:
        last, delay = 0, 0
        if self.report is not None:
            last = self.report[0] >> 16 & 0xFFFFFFFF
            delay = min(0xFFFFFFFF, (now_ns - self.report[1]) * 65536 // 1_000_000_000)
        fraction = min(255, (lost << 8) // expected) if expected else 0
        return RtcpReceiverInfo(
            ssrc,
            fraction,
            clamp_packets_lost(self.lost),
            (self.top - 65536) & 0xFFFFFFFF,
            int(self._jitter),
            last,
            delay,
        )


class Receiver:
    """One kind of media from one peer. Names in aiortc's spelling are those its peer connection uses."""

    def __init__(self, kind: str, transport: DtlsTransport) -> None:
        if transport.state == "closed":
            raise InvalidStateError
        self.kind = kind
        self.transport = transport
        self._track: MediaStreamTrack | None = None
        self._enabled = True
        self._ssrc = 0
        self._codecs: dict[int, str] = {}
        self._rates: dict[int, int] = {}
        self._apt: dict[int, int] = {}
        self._stream: Stream | None = None
        self._started = False
        self._main: int | None = None
        self._layers = SimulcastLayers()
        self.reception: Reception | None = None
        self.garbage = 0
        self.on_level: Callable[[int], None] | None = None
        """Takes each packet's loudness in dBov where the sender tells it; None: nobody asks."""
        self.level_id = self.colour_id = 0
        self._retired = (0, 0)

    # --- what aiortc's peer connection calls ----------------------------------------------------------

    @property
    def track(self) -> MediaStreamTrack | None:
        return self._track

    @classmethod
    def getCapabilities(cls, kind: str) -> RTCRtpCapabilities | None:  # noqa: N802
        return RTCRtpReceiver.getCapabilities(kind)

    def setTransport(self, transport: DtlsTransport) -> None:  # noqa: N802
        self.transport = transport

    def _set_rtcp_ssrc(self, ssrc: int) -> None:
        self._ssrc = ssrc

    async def getStats(self) -> RTCStatsReport:  # noqa: N802
        return RTCStatsReport()

    async def receive(self, parameters: RTCRtpReceiveParameters) -> None:
        if self._started:
            return
        self._started = True
        for codec in parameters.codecs:
            if codec.payloadType is None:
                continue
            if is_rtx(codec):
                self._apt[codec.payloadType] = int(cast(Any, codec.parameters.get("apt", -1)))
            else:
                self._codecs[codec.payloadType] = codec.name.lower()
                self._rates[codec.payloadType] = codec.clockRate
        for extension in parameters.headerExtensions:
            if extension.uri == LEVEL_URI:
                self.level_id = int(extension.id)
            elif extension.uri == COLOUR_URI:
                self.colour_id = int(extension.id)
        self.transport._register_rtp_receiver(cast(Any, self), parameters)

    async def stop(self) -> None:
        self._enabled = False
        if self._started:
            self.transport._unregister_rtp_receiver(cast(Any, self))
        self._close_stream()

    def _handle_disconnect(self) -> None:
        self._close_stream()

    # --- media ---------------------------------------------------------------------------------------

    def attach(self, stream: Stream) -> None:
        """Give the media to ``stream``, which is closed with the receiver."""
        self._stream = stream
        stream.bind(self)

    def _close_stream(self) -> None:
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def on_rtp(self, packet: Rtp, now_ns: int) -> None:
        if not self._enabled:
            return
        payload_type: int = packet.payload_type
        codec = self._codecs.get(payload_type)
        if codec is None:
            original = self._apt.get(payload_type)
            if original is None or original not in self._codecs or self._main is None:
                self.garbage += 1
                return
            if len(packet.payload) < 2:
                return  # padding, sent to probe the path
            payload_type = original
            packet = packet._replace(
                payload_type=original,
                ssrc=self._main,
                seq=int.from_bytes(packet.payload[:2], "big"),
                payload=packet.payload[2:],
                repaired=True,
            )
            codec = self._codecs[original]
        elif self.kind == "video" and not self._layers.follow(packet, codec, now_ns):
            return  # another layer of the same picture
        elif packet.ssrc != self._main or self.reception is None:
            if self.reception is not None:
                lost, received = self._retired
                self._retired = (lost + self.reception.lost, received + self.reception.received)
            self._main = packet.ssrc
            self.reception = Reception(packet.seq, self._rates[payload_type])
        self.reception.add(packet, now_ns)  # type: ignore[union-attr]
        # padding between pictures has a number that would be missed; sound goes by its timestamps
        if self._stream is not None and (packet.payload or self.kind == "video"):
            self._stream.push(packet, codec, now_ns)

    def on_report(self, packet: RtcpSrPacket) -> None:
        if packet.ssrc == self._main and self.reception is not None:
            info = packet.sender_info
            self.reception.report = (info.ntp_timestamp, time.monotonic_ns())
            if self._stream is not None:
                self._stream.report(info.ntp_timestamp, info.rtp_timestamp)

    # --- feedback ------------------------------------------------------------------------------------

    @property
    def ssrc(self) -> int | None:
        """The SSRC that sends the media; None before its first packet."""
        return self._main

    @property
    def totals(self) -> tuple[int, int]:
        """Packets lost and received since the peer connected."""
        if self.reception is None:
            return self._retired
        return self._retired[0] + self.reception.lost, self._retired[1] + self.reception.received

    def info(self, now_ns: int) -> tuple[RtcpReceiverInfo, int, int] | None:
        """The report block since the last call, with packets lost and expected; None without media."""
        if self.reception is None or self._main is None:
            return None
        lost, expected = self.reception.interval()
        return self.reception.info(self._main, lost, expected, now_ns), lost, expected

    def acknowledge(self, now_ns: int) -> None:
        """Send a receiver report of this stream alone, so that its sender learns the round-trip time."""
        told = self.info(now_ns)
        if told is not None:
            self.transport.send_control(bytes(RtcpRrPacket(self._ssrc, [told[0]])))

    def nack(self, lost: Sequence[int]) -> None:
        if self._main is None:
            return
        for at in range(0, len(lost), MAX_ASKED):
            # header and media SSRC by hand: aiortc's packing fails where the numbers wrap
            body = pack("!II", self._ssrc, self._main) + pack_nack(lost[at : at + MAX_ASKED])
            self.transport.send_control(pack("!BBH", 0x81, 205, len(body) // 4) + body)

    def pli(self) -> None:
        if self._main is not None:
            self.transport.send_control(bytes(RtcpPsfbPacket(_PLI, self._ssrc, self._main)))

    def remb(self, bitrate: int, ssrcs: list[int]) -> bytes:
        """A receiver-estimated maximum bit rate message for these streams."""
        return bytes(RtcpPsfbPacket(_REMB, self._ssrc, 0, pack_remb_fci(bitrate, ssrcs)))


def pack_nack(lost: Sequence[int]) -> bytes:
    """Generic NACK entries (RFC 4585 §6.2.1) for 16-bit numbers in sending order, wraparound included."""
    entries: list[bytes] = []
    first, mask = lost[0], 0
    for seq in lost[1:]:
        ahead = (seq - first - 1) & 0xFFFF
        if ahead < 16:
            mask |= 1 << ahead
        else:
            entries.append(pack("!HH", first, mask))
            first, mask = seq, 0
    entries.append(pack("!HH", first, mask))
    return b"".join(entries)
