"""DTLS and SRTP of our own, as a thin layer over aiortc's: packets are decrypted and handed on by call."""

import contextlib
import time
from collections.abc import Callable
from typing import Any, Protocol, cast

import pylibsrtp
from aiortc.rtcdtlstransport import RTCDtlsParameters, RTCDtlsTransport, State
from aiortc.rtcrtpparameters import RTCRtpReceiveParameters
from aiortc.rtp import RtcpByePacket, RtcpPacket, RtcpPsfbPacket, RtcpRrPacket, RtcpRtpfbPacket, RtcpSrPacket
from aiortc.rtp import RtpPacket as StockRtpPacket

from signaling.rtc.transport.account import Account, Recent
from signaling.rtc.transport.ice import MAX_DATAGRAM, IceConnection
from signaling.rtc.transport.rtp import Rtp, audio_level, extension, is_rtcp, parse_rtp

MAX_STREAMS = 16
"""SSRCs a peer may send on beside those that its offer names, which always have a place."""
FORGET_NS = 1_000_000_000
"""So often at most, all of those give way to a new one; who still sends is back with its next packet. A place
that is taken for good would be a picture's that never comes back."""
MAX_NAMED = 32
"""SSRCs of an offer that count as named."""
PACKETS_PER_S = 4000
"""Of one peer, more than that are dropped unread: some fifteen cameras' worth. A flood must cost its
sender's picture, not the loop. As many at once may come, when a network that stood still lets go of them."""
MAX_SSRCS = 64
"""SSRCs a peer may be heard on, media or control: SRTP keeps the state of each for good, and looks through
all of them for each packet."""
_UNSENDABLE = (pylibsrtp.Error, OSError, RuntimeError, ValueError)
"""A socket that is going, or a packet larger than SRTP takes: that packet's trouble, and not its sender's."""
_TWICE = "replay check failed"
"""How libsrtp's errors begin about a packet that was there already, or is too old to tell."""
_REMB = 15


class MediaReceiver(Protocol):
    """What the transport needs of a receiver.

    ``on_level`` takes a packet's loudness from its header extension, before the packet; None: nobody asks.
    ``colour_id``: number of the extension that tells of colours, on a picture's last packet; 0: there is
    none.
    """

    on_level: Callable[[int], None] | None
    level_id: int
    colour_id: int

    def on_rtp(self, packet: Rtp, now_ns: int) -> None: ...
    def on_report(self, packet: RtcpSrPacket) -> None: ...


class DtlsTransport(RTCDtlsTransport):
    """Takes media packets by call once the keys are there. An error in one packet stays that packet's."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._streams: dict[int, MediaReceiver] = {}
        self._heard: set[bytes] = set()
        self._named: set[int] = set()
        """SSRCs that the peer's offer told of."""
        self._forgot_ns = 0
        self.garbage = Recent()
        """Packets of the peer's own addresses that could not be decrypted, read or assigned."""
        self._account = Account(PACKETS_PER_S, PACKETS_PER_S)
        self.unsent = 0
        """Packets, media or control, that could not be encrypted or sent."""
        self.last_media_ns = 0
        """When something authentic last came."""

    async def start(self, remoteParameters: RTCDtlsParameters) -> None:  # noqa: N803  (aiortc's name)
        await super().start(remoteParameters)
        if self.state == "connected":
            self.last_media_ns = time.monotonic_ns()
            connection = cast(IceConnection, self.transport._connection)
            connection.media_sink, connection.stranger_sink = self._take, self._take_stranger

    async def stop(self) -> None:
        connection = cast(IceConnection, self.transport._connection)
        connection.media_sink = connection.stranger_sink = None
        await super().stop()

    def _register_rtp_receiver(self, receiver: Any, parameters: RTCRtpReceiveParameters) -> None:
        """Register by the SSRC of its repairs, too: where two sections have the same payload types, these
        alone don't tell whose a packet is."""
        super()._register_rtp_receiver(receiver, parameters)
        for encoding in parameters.encodings:
            if encoding.rtx is not None:
                self._rtp_router.ssrc_table[encoding.rtx.ssrc] = receiver
            for named in (encoding, encoding.rtx):
                if named is not None and len(self._named) < MAX_NAMED:
                    self._named.add(named.ssrc)

    def send_media(self, data: bytes) -> None:
        """Encrypt and send one RTP packet. Does nothing while the transport is not connected."""
        pair = self.transport._connection._nominated.get(1)
        # the stock property ``state`` makes a text of it: a microsecond, a tenth of what a packet costs
        if pair is None or self._tx_srtp is None or self._state is not State.CONNECTED:
            return
        try:
            pair.protocol.transport.sendto(self._tx_srtp.protect(data), pair.remote_addr)
        except _UNSENDABLE:
            self.unsent += 1  # the next viewer's packet is sent all the same

    def send_control(self, data: bytes) -> None:
        """Encrypt and send one (compound) RTCP packet, under the same rule."""
        pair = self.transport._connection._nominated.get(1)
        if pair is None or self._tx_srtp is None or self.state != "connected":
            return
        try:
            pair.protocol.transport.sendto(self._tx_srtp.protect_rtcp(data), pair.remote_addr)
        except _UNSENDABLE:
            self.unsent += 1  # what is said next may get through

    def _take(self, data: bytes) -> None:
        """Take what came from the peer's address."""
        now_ns = time.monotonic_ns()
        if not self._account.pay(now_ns):
            self.garbage.add(now_ns)
            return
        try:
            self._open(data, now_ns)
        except pylibsrtp.Error as error:
            if not str(error).startswith(_TWICE):  # networks do that, and nothing is wrong with it
                self.garbage.add(now_ns)
        except Exception:
            # whatever a packet manages to break, it breaks for itself: the next one may be fine
            self.garbage.add(now_ns)

    def _take_stranger(self, data: bytes) -> bool:
        """Return what came from anywhere; whether it is the peer's. What isn't is not counted as its
        garbage."""
        before_ns = self.last_media_ns
        with contextlib.suppress(Exception):
            self._open(data, time.monotonic_ns())
        return self.last_media_ns != before_ns

    def _open(self, data: bytes, now_ns: int) -> None:
        """Decrypt a packet and hand it on. Raises whatever comes of it when it can't be."""
        is_control = is_rtcp(data)
        ssrc = data[4:8] if is_control else data[8:12]
        if len(data) > MAX_DATAGRAM or (ssrc not in self._heard and not self._may_hear(ssrc)):
            raise ValueError("too large, or one stream too many")
        plain = self._rx_srtp.unprotect_rtcp(data) if is_control else self._rx_srtp.unprotect(data)
        self._heard.add(ssrc)
        self.last_media_ns = now_ns
        if is_control:
            self._take_control(plain)
        else:
            self._take_media(plain, now_ns)

    def _may_hear(self, ssrc: bytes) -> bool:
        return len(self._heard) < MAX_SSRCS or int.from_bytes(ssrc, "big") in self._named

    def _take_media(self, plain: bytes, now_ns: int) -> None:
        packet = parse_rtp(plain)
        receiver = self._streams.get(packet.ssrc) or self._assign(packet, plain, now_ns)
        if receiver is None:
            self.garbage.add(now_ns)
            return
        if receiver.on_level is not None:
            level = audio_level(plain, receiver.level_id)
            if level is not None:
                receiver.on_level(level)
        if packet.marker and receiver.colour_id:
            colour = extension(plain, receiver.colour_id)
            if colour is not None:
                packet = packet._replace(colour=colour)
        receiver.on_rtp(packet, now_ns)

    def _assign(self, packet: Rtp, plain: bytes, now_ns: int) -> MediaReceiver | None:
        if packet.ssrc not in self._named and not self._has_room(now_ns):
            return None
        stock = StockRtpPacket.parse(plain, self._rtp_header_extensions_map)
        receiver = cast(MediaReceiver | None, self._rtp_router.route_rtp(stock))
        if receiver is None and packet.ssrc not in self._rtp_router.ssrc_table:
            # an SSRC that the offer didn't name: the section's mid in the packet says (RFC 8843 §9.2)
            receiver = cast(MediaReceiver | None, self._rtp_router.mid_table.get(stock.extensions.mid))
        if receiver is not None:
            self._streams[packet.ssrc] = receiver
        return receiver

    def _has_room(self, now_ns: int) -> bool:
        """Return whether one more stream may be heard that the offer doesn't name."""
        others = self._streams.keys() - self._named
        if len(others) < MAX_STREAMS:
            return True
        if now_ns - self._forgot_ns < FORGET_NS:
            return False
        self._forgot_ns = now_ns
        for ssrc in others:
            del self._streams[ssrc]
        return True

    def _take_control(self, data: bytes) -> None:
        senders: dict[int, Any] = self._rtp_router.senders
        for packet in RtcpPacket.parse(data):
            if isinstance(packet, RtcpSrPacket):
                receiver = self._streams.get(packet.ssrc)
                if receiver is not None:
                    receiver.on_report(packet)
            if isinstance(packet, RtcpSrPacket | RtcpRrPacket):
                for report in packet.reports:
                    if report.ssrc in senders:
                        senders[report.ssrc].on_reception(report)
            elif isinstance(packet, RtcpRtpfbPacket):
                if packet.fmt == 1 and packet.media_ssrc in senders:
                    senders[packet.media_ssrc].on_nack(packet.lost)
            elif isinstance(packet, RtcpPsfbPacket):
                self._feedback(packet, senders)
            elif isinstance(packet, RtcpByePacket):
                for source in packet.sources:
                    self._streams.pop(source, None)

    @staticmethod
    def _feedback(packet: RtcpPsfbPacket, senders: dict[int, Any]) -> None:
        if packet.fmt == 1 and packet.media_ssrc in senders:
            senders[packet.media_ssrc].on_keyframe_request()
        elif packet.fmt == 4:  # FIR names its target in the FCI (RFC 5104 §4.3.1)
            for at in range(0, len(packet.fci) - 7, 8):
                sender = senders.get(int.from_bytes(packet.fci[at : at + 4], "big"))
                if sender is not None:
                    sender.on_keyframe_request()
        elif packet.fmt == _REMB:
            for sender in senders.values():
                sender.on_remb(packet.fci)
