"""A sender of our own in place of aiortc's: it is handed payloads that were encoded and cut up once for all.

No task, no queue, no encoder: :meth:`RtpSender.send_frame` puts the packets on the socket, at about 10 µs
each.
"""

import random
import secrets
import time
import uuid
from collections.abc import Callable, Sequence
from typing import Any, cast

from aiortc import RTCStatsReport
from aiortc.codecs import is_rtx
from aiortc.exceptions import InvalidStateError
from aiortc.mediastreams import MediaStreamTrack
from aiortc.rtcrtpparameters import RTCRtpCapabilities, RTCRtpCodecParameters, RTCRtpSendParameters
from aiortc.rtcrtpsender import RTCRtpSender
from aiortc.rtp import (
    RtcpByePacket,
    RtcpReceiverInfo,
    RtcpSdesPacket,
    RtcpSenderInfo,
    RtcpSourceInfo,
    RtcpSrPacket,
    unpack_remb_fci,
)

from signaling.rtc.transport.dtls import DtlsTransport
from signaling.rtc.transport.rtp import LEVEL_URI, build_rtp, level_extension

HISTORY = 256
"""Packets kept for sending again."""
MAX_RESENT = 128
"""Packets sent again at once, for any number of requests …"""
RESENT_PER_S = 250
"""… and as many a second afterwards: a quarter of the packets of the largest return."""
RATES = {"audio": 48_000, "video": 90_000}


class RtpSender:
    """One stream to one peer. Public names in aiortc's spelling are those its peer connection uses."""

    def __init__(self, trackOrKind: MediaStreamTrack | str, transport: DtlsTransport) -> None:  # noqa: N803
        if transport.state == "closed":
            raise InvalidStateError
        self.kind = trackOrKind if isinstance(trackOrKind, str) else trackOrKind.kind
        self.track: MediaStreamTrack | None = None
        self.transport = transport
        self._ssrc = secrets.randbits(32) or 1
        self._rtx_ssrc = secrets.randbits(32) or 2
        self._stream_id = str(uuid.uuid4())
        self._track_id = str(uuid.uuid4())
        self._enabled = True
        self.codec: RTCRtpCodecParameters | None = None
        """The negotiated codec; None until sending may begin."""
        self.on_ready: Callable[[RtpSender], None] | None = None
        self.on_key: Callable[[RtpSender], None] | None = None
        self.wait_key = self.kind == "video"
        """Whether pictures are held back until a keyframe, as its feeder needs to know."""
        self.loss = 0.0
        """Share of packets thrown away on purpose, for rehearsals."""
        self.remb = 0
        self.rtt_ns: int | None = None
        self.packets = self.octets = self.resent = 0
        self._may_resend: float = MAX_RESENT
        self._asked_s = 0.0
        self._cname = ""
        self._seq = secrets.randbelow(32768)
        self._origin = secrets.randbits(32)
        self._history: list[tuple[int, bytes] | None] = [None] * HISTORY
        self._level_id = 0
        self._extension = b""
        self._rtx_type: int | None = None
        self._rtx_seq = secrets.randbelow(32768)
        self._last: tuple[int, int] | None = None
        self._reports: dict[int, int] = {}
        self._rng = random.Random()  # noqa: S311  (loss for rehearsals, no secret)

    # --- what aiortc's peer connection calls ----------------------------------------------------------

    @classmethod
    def getCapabilities(cls, kind: str) -> RTCRtpCapabilities:  # noqa: N802
        return RTCRtpSender.getCapabilities(kind)

    def setTransport(self, transport: DtlsTransport) -> None:  # noqa: N802
        self.transport = transport

    def replaceTrack(self, track: MediaStreamTrack | None) -> None:  # noqa: N802
        self.track = track

    async def getStats(self) -> RTCStatsReport:  # noqa: N802
        return RTCStatsReport()

    async def send(self, parameters: RTCRtpSendParameters) -> None:
        if self.codec is not None or not parameters.codecs:
            return
        self._cname = parameters.rtcp.cname or ""
        self.transport._register_rtp_sender(cast(Any, self), parameters)
        for extension in parameters.headerExtensions:
            if extension.uri == LEVEL_URI:
                self._level_id = int(extension.id)
        codec = parameters.codecs[0]
        for other in parameters.codecs:
            if is_rtx(other) and other.parameters.get("apt") == codec.payloadType:
                self._rtx_type = other.payloadType
        self.codec = codec
        if self.on_ready is not None:
            self.on_ready(self)

    async def stop(self) -> None:
        if self.codec is not None:
            self.transport._unregister_rtp_sender(cast(Any, self))
            self.transport.send_control(bytes(RtcpByePacket(sources=[self._ssrc])))
            self.codec = None

    # --- sending -------------------------------------------------------------------------------------

    def tell_level(self, dbov: int) -> None:
        """Say with each packet from now on how loud it is, 0 … −127 dBov, if that was negotiated."""
        self._extension = level_extension(self._level_id, dbov) if 0 < self._level_id < 15 else b""

    @property
    def active(self) -> bool:
        return self.codec is not None and self._enabled

    def send_frame(self, payloads: Sequence[bytes], timestamp: int, ntp: int) -> None:
        """Send one picture or block of sound.

        ``timestamp`` in the stream's clock counts from the programme's epoch, ``ntp`` (32.32) is the same
        instant on the wall clock: the sender report says so, and browsers keep lip sync by it.
        """
        self.send_part(payloads, 0, len(payloads), timestamp, ntp)

    def send_part(self, payloads: Sequence[bytes], start: int, stop: int, timestamp: int, ntp: int) -> None:
        """Send a picture's packets ``start`` … ``stop`` (not included): the next part, or all of it."""
        codec = self.codec
        if codec is None or not self._enabled:
            return
        wire = self._origin + timestamp
        payload_type = int(codec.payloadType or 0)
        last = len(payloads) - 1
        for index in range(start, stop):
            payload, seq = payloads[index], self._seq
            data = build_rtp(payload_type, index == last, seq, wire, self._ssrc, payload, self._extension)
            self._history[seq % HISTORY] = (seq, data)
            self._seq = seq + 1 & 0xFFFF
            self.octets += len(payload)
            self._put(data)
        self.packets += stop - start
        self._last = (ntp, wire & 0xFFFFFFFF)

    def _put(self, data: bytes) -> None:
        if self.loss and self._rng.random() < self.loss:
            return
        self.transport.send_media(data)

    def send_report(self) -> None:
        """Send a sender report with the stream's name (RFC 3550 §6.4.1, §6.5), if anything was sent."""
        if self._last is None or not self.active:
            return
        ntp, wire = self._last
        info = RtcpSenderInfo(ntp, wire, self.packets & 0xFFFFFFFF, self.octets & 0xFFFFFFFF)
        name = RtcpSourceInfo(self._ssrc, [(1, self._cname.encode())])
        self.transport.send_control(bytes(RtcpSrPacket(self._ssrc, info)) + bytes(RtcpSdesPacket([name])))
        if len(self._reports) > 8:
            self._reports.pop(next(iter(self._reports)))
        self._reports[ntp >> 16 & 0xFFFFFFFF] = time.monotonic_ns()

    # --- feedback ------------------------------------------------------------------------------------

    def on_reception(self, report: RtcpReceiverInfo) -> None:
        sent_ns = self._reports.get(report.lsr)
        if sent_ns is not None and report.dlsr:
            rtt = time.monotonic_ns() - sent_ns - report.dlsr * 1_000_000_000 // 65536
            if 0 <= rtt < 5_000_000_000:
                self.rtt_ns = rtt if self.rtt_ns is None else (7 * self.rtt_ns + rtt) // 8

    def on_nack(self, lost: Sequence[int]) -> None:
        now_s = time.monotonic()
        self._may_resend = min(MAX_RESENT, self._may_resend + (now_s - self._asked_s) * RESENT_PER_S)
        self._asked_s = now_s
        for seq in lost:
            if self._may_resend < 1:
                return
            seq &= 0xFFFF
            held = self._history[seq % HISTORY]
            if held is None or held[0] != seq:
                continue
            self._may_resend -= 1
            self.resent += 1
            data = held[1]
            if self._rtx_type is not None:  # RFC 4588 §4
                marker, timestamp = data[1] > 0x7F, int.from_bytes(data[4:8], "big")
                payload = data[2:4] + data[12:]
                data = build_rtp(self._rtx_type, marker, self._rtx_seq, timestamp, self._rtx_ssrc, payload)
                self._rtx_seq = self._rtx_seq + 1 & 0xFFFF
            self._put(data)

    def on_keyframe_request(self) -> None:
        if self.on_key is not None:
            self.on_key(self)

    def on_remb(self, fci: bytes) -> None:
        bitrate, ssrcs = unpack_remb_fci(fci)
        if self._ssrc in ssrcs:
            self.remb = bitrate
