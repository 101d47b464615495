"""ICE and DTLS transports of our own, as thin layers over aioice's and aiortc's.

* Media packets go straight from the socket to their receiver: no queue, no task switch, no stock parsing.
* Sockets are bound within the configured UDP port range, and host candidates carry the announced address.
"""

import asyncio
import ipaddress
import random
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, cast

import aioice.ice
import pylibsrtp
from aioice.candidate import Candidate, candidate_foundation, candidate_priority
from aiortc.rtcdtlstransport import RTCDtlsParameters, RTCDtlsTransport, State
from aiortc.rtcrtpparameters import RTCRtpReceiveParameters
from aiortc.rtp import RtcpByePacket, RtcpPacket, RtcpPsfbPacket, RtcpRrPacket, RtcpRtpfbPacket, RtcpSrPacket
from aiortc.rtp import RtpPacket as StockRtpPacket

from signaling.rtc.rtp import Rtp, audio_level, extension, is_rtcp, parse_rtp

MAX_DATAGRAM = 2048
MAX_STREAMS = 16
"""SSRCs a peer may send on; more are ignored."""
PACKETS_PER_S = 4000
"""Of one peer, more than that are dropped unread: some fifteen cameras' worth. A flood shall cost its
sender's picture, not the loop. As many at once may come, when a network that stood still lets go of them."""
MAX_SSRCS = 64
"""SSRCs a peer may be heard on, media or control: SRTP keeps the state of each for good, and looks through
all of them for each packet."""
SOCKET_BUFFER = 1 << 20
_UNSENDABLE = (pylibsrtp.Error, OSError, RuntimeError, ValueError)
"""A socket that is going, or a packet larger than SRTP takes: that packet's trouble, and not its sender's."""
_GATHER_TIMEOUT_S = 5.0
_REMB = 15

MediaSink = Callable[[bytes], None]


@dataclass(frozen=True, slots=True)
class Network:
    """How this process is reached. ``ports`` (0, 0): any; ``announce``: address in host candidates."""

    ports: tuple[int, int] = (0, 0)
    announce: str = ""


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


class StunProtocol(aioice.ice.StunProtocol):
    """Hands media packets over at once; everything else takes aioice's way."""

    def datagram_received(self, data: bytes | str, addr: tuple[Any, ...]) -> None:
        if isinstance(data, bytes) and data and 127 < data[0] < 192:
            sink: MediaSink | None = getattr(self.receiver, "media_sink", None)
            if sink is not None:
                sink(data)
            return
        super().datagram_received(data, addr)


class Connection(aioice.ice.Connection):
    """An ICE connection on the ports of :attr:`network`."""

    network = Network()
    media_sink: MediaSink | None = None

    async def get_component_candidates(
        self,
        component: int,
        addresses: list[str],
        timeout: int = 5,  # noqa: ASYNC109  (aioice's)
    ) -> list[Candidate]:
        protocols = [
            protocol
            # a machine without any network still has itself
            for address in addresses or ["127.0.0.1"]
            if (protocol := await self._bind(component, address)) is not None
        ]
        self._protocols += protocols
        candidates = [protocol.local_candidate for protocol in protocols]
        candidates += await self._reflexive(protocols, timeout)
        # with no address given the stock method only asks the TURN server
        return candidates + await super().get_component_candidates(component, [], timeout)

    async def _bind(self, component: int, address: str) -> StunProtocol | None:
        loop = asyncio.get_running_loop()
        first, last = self.network.ports
        ports = list(range(first, last + 1)) if first else [0]
        random.shuffle(ports)
        for port in ports:
            try:
                transport, protocol = await loop.create_datagram_endpoint(
                    lambda: StunProtocol(self), local_addr=(address, port)
                )
            except OSError:
                continue
            if hasattr(transport, "max_size"):  # asyncio's own would allocate 256 KiB a packet
                transport.max_size = MAX_DATAGRAM
            sock = transport.get_extra_info("socket")
            if sock is not None:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SOCKET_BUFFER)
            bound = transport.get_extra_info("sockname")
            protocol.local_candidate = Candidate(
                foundation=candidate_foundation("host", "udp", bound[0]),
                component=component,
                transport="udp",
                priority=candidate_priority(component, "host"),
                host=self._announced(bound[0]),
                port=bound[1],
                type="host",
            )
            return protocol
        return None

    def _announced(self, host: str) -> str:
        announce = self.network.announce
        if announce and ipaddress.ip_address(announce).version == ipaddress.ip_address(host).version:
            return announce
        return host

    async def _reflexive(self, protocols: list[StunProtocol], timeout_s: float) -> list[Candidate]:
        if self.stun_server is None:
            return []
        asked = [
            asyncio.create_task(aioice.ice.server_reflexive_candidate(protocol, self.stun_server))
            for protocol in protocols
            if ipaddress.ip_address(protocol.local_candidate.host).version == 4
        ]
        if not asked:
            return []
        done, pending = await asyncio.wait(asked, timeout=timeout_s)
        for task in pending:
            task.cancel()
        return [task.result()[0] for task in done if task.exception() is None]


class DtlsTransport(RTCDtlsTransport):
    """Takes media packets by call once the keys are there. An error in one packet stays that packet's."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._streams: dict[int, MediaReceiver] = {}
        self._heard: set[bytes] = set()
        self.garbage = 0
        """Packets that could not be decrypted, read or assigned."""
        self._credit = float(PACKETS_PER_S)
        self._credit_ns = time.monotonic_ns()
        self.unsent = 0
        """Packets, media or control, that could not be encrypted or sent."""
        self.last_media_ns = 0
        """When something authentic last came."""

    async def start(self, remoteParameters: RTCDtlsParameters) -> None:  # noqa: N803  (aiortc's name)
        await super().start(remoteParameters)
        if self.state == "connected":
            self.last_media_ns = time.monotonic_ns()
            self.transport._connection.media_sink = self._take  # type: ignore[attr-defined]

    async def stop(self) -> None:
        if hasattr(self.transport._connection, "media_sink"):
            self.transport._connection.media_sink = None
        await super().stop()

    def _register_rtp_receiver(self, receiver: Any, parameters: RTCRtpReceiveParameters) -> None:
        """Also by the SSRC of its repairs: where two sections have the same payload types, these alone don't
        tell whose a packet is."""
        super()._register_rtp_receiver(receiver, parameters)
        for encoding in parameters.encodings:
            if encoding.rtx is not None:
                self._rtp_router.ssrc_table[encoding.rtx.ssrc] = receiver

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
        now_ns = time.monotonic_ns()
        self._credit -= 1
        if self._credit < 0 and not self._earned(now_ns):
            self.garbage += 1
            return
        try:
            is_control = is_rtcp(data)
            ssrc = data[4:8] if is_control else data[8:12]
            if len(data) > MAX_DATAGRAM or (ssrc not in self._heard and len(self._heard) >= MAX_SSRCS):
                self.garbage += 1
            elif is_control:
                control = self._rx_srtp.unprotect_rtcp(data)
                self._heard.add(ssrc)
                self.last_media_ns = now_ns
                self._take_control(control)
            else:
                plain = self._rx_srtp.unprotect(data)
                self._heard.add(ssrc)
                self.last_media_ns = now_ns
                packet = parse_rtp(plain)
                receiver = self._streams.get(packet.ssrc) or self._assign(packet, plain)
                if receiver is None:
                    self.garbage += 1
                else:
                    if receiver.on_level is not None:
                        level = audio_level(plain, receiver.level_id)
                        if level is not None:
                            receiver.on_level(level)
                    if packet.marker and receiver.colour_id:
                        colour = extension(plain, receiver.colour_id)
                        if colour is not None:
                            packet = packet._replace(colour=colour)
                    receiver.on_rtp(packet, now_ns)
        except Exception:
            # whatever a packet manages to break, it breaks for itself: the next one may be fine
            self.garbage += 1

    def _earned(self, now_ns: int) -> bool:
        """Whether time has brought new credit; asked only when it is used up."""
        earned = (now_ns - self._credit_ns) * PACKETS_PER_S / 1e9
        if earned >= 1:
            self._credit_ns, self._credit = now_ns, min(earned, PACKETS_PER_S) - 1
        else:
            self._credit = 0.0
        return earned >= 1

    def _assign(self, packet: Rtp, plain: bytes) -> MediaReceiver | None:
        if len(self._streams) >= MAX_STREAMS:
            return None
        stock = StockRtpPacket.parse(plain, self._rtp_header_extensions_map)
        receiver = cast(MediaReceiver | None, self._rtp_router.route_rtp(stock))
        if receiver is None and packet.ssrc not in self._rtp_router.ssrc_table:
            # an SSRC that the offer didn't name: the section's mid in the packet says (RFC 8843 §9.2)
            receiver = cast(MediaReceiver | None, self._rtp_router.mid_table.get(stock.extensions.mid))
        if receiver is not None:
            self._streams[packet.ssrc] = receiver
        return receiver

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
