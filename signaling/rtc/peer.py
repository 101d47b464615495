"""One WebRTC peer of the shard: answers an offer, brings the guest's media in, sends the return feed.

What the kinds of peers differ in is :mod:`signaling.rtc.kinds`' table: this is one path for all of them.
"""

import asyncio
import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Literal, cast

import structlog
from aiortc import RTCBundlePolicy, RTCConfiguration, RTCIceServer, RTCPeerConnection, RTCSessionDescription
from aiortc.rtp import RtcpRrPacket
from aiortc.sdp import candidate_from_sdp

from mixer.contract.names import of_screen
from signaling.contract.messages import SILENT, Candidates, IceServer, Offer, PeerStats, UplinkTarget
from signaling.rtc.audio.sound_in import SoundPacer, SoundStream
from signaling.rtc.kinds import kind_of, source_of
from signaling.rtc.recording.record import RecordedConnection, SeatRecorder
from signaling.rtc.returns.returns import ReturnHub
from signaling.rtc.seats import Seats
from signaling.rtc.timeline import LipSync
from signaling.rtc.transport import whip_offer as one_way
from signaling.rtc.transport.dtls import DtlsTransport
from signaling.rtc.transport.offer import (
    MAX_CANDIDATES,
    OfferError,
    apart,
    kinds_of,
    preferences,
    usable,
    with_error_correction,
)
from signaling.rtc.transport.receive import Receiver
from signaling.rtc.transport.send import RtpSender
from signaling.rtc.video.bitrate import DEFAULT_BITRATE, Cap
from signaling.rtc.video.decode import DecoderPool
from signaling.rtc.video.picture_in import GARBAGE, PictureStream
from signaling.rtc.video.screen_in import ScreenIn

CONNECT_TIMEOUT_S = 15.0
GONE_NS = 12_000_000_000
CLOSE_TIMEOUT_S = 3.0

State = Literal["new", "connecting", "connected", "closed"]
_ORDER: tuple[State, ...] = ("new", "connecting", "connected", "closed")

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class House:
    """What all peers of a shard share."""

    pool: DecoderPool
    pacer: SoundPacer
    returns: ReturnHub
    seats: Seats
    recorder: SeatRecorder


@dataclass(slots=True)
class _Second:
    """Counters at the last report."""

    at_ns: int = field(default_factory=time.monotonic_ns)
    octets: int = 0
    pictures: int = 0


class Peer:
    """``changed`` is called with each new state and its reason; states only advance."""

    def __init__(self, offer: Offer, house: House, changed: Callable[["Peer", State, str], None]) -> None:
        self.name = offer.peer
        self.kind = kind_of(offer)
        self.seat = offer.seat if self.kind.seated else ""
        self.source = source_of(offer)
        """Where its media goes in the house's seats; empty: it sends none."""
        self.state: State = "new"
        self.cap = Cap()
        self._offer = offer
        self._trickled = 0
        self._house = house
        self._changed = changed
        self._sync = LipSync()
        self._record = RecordedConnection(house.recorder, self.seat, self._sync) if self.seat else None
        self._picture: PictureStream | None = None
        self._screen: ScreenIn | None = None
        self._wanted: UplinkTarget | None = None
        """Of the screen: kept for the time before there is one."""
        self._wanted_camera: UplinkTarget | None = None
        self._sound: SoundStream | None = None
        self._open = True
        self._connected_ns = 0
        self._stream = self.kind.stream()
        self._peak = 0.0
        """Of the sound that the meters have read since the last report."""
        self._second = _Second()
        self._timeout: asyncio.TimerHandle | None = None
        self._closing: asyncio.Task[None] | None = None
        self._pc = RTCPeerConnection(
            RTCConfiguration(
                iceServers=[_ice_server(server) for server in offer.ice],
                bundlePolicy=RTCBundlePolicy.MAX_BUNDLE,
            )
        )
        self._pc.on("connectionstatechange", self._connection_changed)

    async def answer(self) -> str:
        """The SDP answer. Raises :class:`OfferError`; the peer is to be closed then."""
        text, candidates = apart(self._offer.sdp)
        profiles: dict[str, str] = {}
        if self._offer.kind in ("whip", "whep"):
            one_way.check(text, publishes=self.kind.publishes)
            text = one_way.with_packetization(text)
        if self.kind.publishes:
            text, profiles = one_way.with_baseline(text)
        kinds = kinds_of(text, videos=self.kind.cameras, vp8=self.kind.vp8)
        for index, kind in enumerate(kinds):
            direction = self.kind.direction(kind, again=kind in kinds[:index])
            transceiver = self._pc.addTransceiver(kind, direction)
            transceiver.setCodecPreferences(preferences(kind, vp8=self.kind.vp8))
        try:
            await self._pc.setRemoteDescription(RTCSessionDescription(text, "offer"))
            await self._add(candidates)
        except Exception as error:  # aiortc checks by stumbling
            raise OfferError("sdp.invalid", "the offer cannot be taken") from error
        for receiver in self._receivers:
            self._attach(receiver)
        for sender in self._senders:
            sender.on_ready = self._sender_ready
        await self._pc.setLocalDescription()
        self._advance("connecting", "")
        self._timeout = asyncio.get_running_loop().call_later(CONNECT_TIMEOUT_S, self._not_connected)
        answer = with_error_correction(str(self._pc.localDescription.sdp), stereo=self.kind.publishes)
        if self.kind.publishes:
            answer = one_way.with_layers(answer, self._offer.sdp)
        return one_way.with_profiles(answer, profiles)

    async def trickle(self, more: Candidates) -> None:
        """Candidates that the offer didn't have yet; those of another ICE session, and too many, are left."""
        if more.ufrag and f"a=ice-ufrag:{more.ufrag}" not in self._offer.sdp.split():
            return
        lines = [line for line in more.lines if usable(line)][: MAX_CANDIDATES - self._trickled]
        self._trickled += len(lines)
        await self._add(lines)

    async def _add(self, candidates: Iterable[str]) -> None:
        """Tell the one transport more of the other side's candidates. Raises ValueError for what is none."""
        for line in candidates:
            candidate = candidate_from_sdp(line)
            candidate.sdpMLineIndex = 0  # all sections are one bundle
            await self._pc.addIceCandidate(candidate)

    def aim(self, camera: UplinkTarget | None, screen: UplinkTarget | None) -> None:
        """Take what control wants of this peer's pictures; None: it has said nothing of them."""
        camera = self.kind.target or camera
        self.cap.target = camera.bitrate if camera is not None else DEFAULT_BITRATE
        self._wanted_camera, self._wanted = camera, screen
        if self._picture is not None:
            self._picture.aim(camera)
        if self._screen is not None:
            self._screen.aim(screen)

    def tune(self, bus: str) -> None:
        """The bus that this peer hears, from the next packet of it on; "": the one its kind begins with."""
        stream = self.kind.stream(bus)
        if stream != self._stream:
            self._stream = stream
            for sender in self._senders:
                if sender.kind == "audio":
                    self._house.returns.tune(sender, stream)

    def listen(self, is_open: bool) -> None:
        """Take whether the microphone is heard, or could be in a moment. What isn't need not be decoded:
        the sender says how loud it is, for the console."""
        self._open = is_open
        self._sync.sound_open = is_open
        if self._sound is None:
            return
        self._sound.open = is_open
        for receiver in self._receivers:
            if receiver.kind == "audio":
                receiver.on_level = None if is_open else self._sound.level

    def close(self, reason: str) -> None:
        """Begin to close; returns at once. No media is written or sent after this."""
        if self._closing is not None:
            return
        if self._timeout is not None:
            self._timeout.cancel()
        for sender in self._senders:
            self._house.returns.leave(sender)
        screen = self._screen.stream if self._screen is not None else None
        for stream in (self._picture, self._sound, screen):
            if stream is not None:
                stream.close()
        if self._record is not None:
            self._record.close()
        self._closing = asyncio.ensure_future(self._shut(reason))

    async def closed(self) -> None:
        """Wait until :meth:`close` is through; never raises."""
        if self._closing is not None:
            await asyncio.wait({self._closing})

    async def _shut(self, reason: str) -> None:
        self._advance("closed", reason)
        try:
            await asyncio.wait_for(self._pc.close(), CLOSE_TIMEOUT_S)
        except Exception as error:  # it is gone either way
            log.warning("peer.close", peer=self.name, error=type(error).__name__)

    # --- periodic, by the shard ----------------------------------------------------------------------

    def beat(self, now_ns: int) -> None:
        """Beat each 100 ms: heartbeat of the slot, lip sync, media watchdog."""
        if self.state != "connected" or not self.source:
            return
        if now_ns - self._transport.last_media_ns > GONE_NS:
            self.close("media.timeout")
        elif not self.silent(now_ns):
            self._house.seats[self.source].beat(self.name, now_ns)
            self._sync.settle(now_ns)
            if self._screen is not None:
                self._screen.beat(now_ns)

    def silent(self, now_ns: int) -> bool:
        """Connected, and nothing has come for so long that it is taken for gone: its slot's heart stops."""
        if self.state != "connected" or not self.source:
            return False
        last_ns = self._transport.last_media_ns
        if self.kind.publishes:
            # Its encoder may have stopped behind a connection that lives on.
            last_ns = max(self._connected_ns, self._sync.picture.last_arrival_ns, self._sound_ns)
        elif not self.kind.camera and self._sound is not None:
            # Of a microphone that was pulled out reports go on coming, and nobody is heard.
            last_ns = max(self._connected_ns, self._sound.arrived_ns)
        return now_ns - last_ns > self.kind.silent_ns

    def report(self, now_ns: int) -> None:
        """Send reports each 0.5 s: reception reports and bit-rate cap; sender reports."""
        if self.state != "connected":
            return
        blocks, ssrcs = [], []
        lost = expected = 0
        for receiver in self._receivers:
            told = receiver.info(now_ns)
            if told is None or receiver.ssrc is None:
                continue
            blocks.append(told[0])
            ssrcs.append(receiver.ssrc)
            if receiver.kind == "video":
                lost += told[1]
                expected += told[2]
        if blocks:
            self.cap.observe(lost, expected)
            self.cap.beside = self._screen.bitrate(now_ns) if self._screen is not None else 0
            first = self._receivers[0]
            packet = bytes(RtcpRrPacket(first._ssrc, blocks)) + first.remb(self.cap.bitrate, ssrcs)
            self._transport.send_control(packet)
        for sender in self._senders:
            sender.send_report()
            if sender.rtt_ns is not None and self._picture is not None:
                self._picture.set_rtt(sender.rtt_ns)
            if sender.rtt_ns is not None and self._screen is not None:
                self._screen.stream.set_rtt(sender.rtt_ns)

    def stats(self, now_ns: int) -> PeerStats:
        """The time since the last call, for the console."""
        lane = self._picture.lane if self._picture is not None else None
        octets = sum(r.reception.octets for r in self._receivers if r.reception is not None)
        pictures = lane.pictures if lane is not None else 0
        seconds = max(1e-3, (now_ns - self._second.at_ns) / 1e9)
        before, self._second = self._second, _Second(now_ns, octets, pictures)
        lost = sum(r.totals[0] for r in self._receivers)
        packets = sum(r.totals[1] for r in self._receivers)
        self.level()
        level, self._peak = _decibels(self._peak), 0.0
        screen = self._screen.stats(now_ns) if self._screen is not None else None
        return PeerStats(
            peer=self.name,
            seat=self.seat,
            width=lane.width if lane is not None else 0,
            height=lane.height if lane is not None else 0,
            fps=round(max(0, pictures - before.pictures) / seconds, 1),
            bitrate=int(max(0, octets - before.octets) * 8 / seconds),
            packets=packets,
            lost=lost,
            level_db=level,
            problem=self._problem(now_ns),
            sharing=screen is not None,
            screen_width=screen.width if screen is not None else 0,
            screen_height=screen.height if screen is not None else 0,
            screen_fps=screen.fps if screen is not None else 0.0,
            source=self._offer.source,
            sound=self.kind.publishes and now_ns - self._sound_ns < self.kind.silent_ns,
        )

    def level(self) -> float | None:
        """The microphone's peak in dBFS since the last call; None without one, or before it is connected."""
        if self._sound is None or self.state != "connected":
            return None
        peak, self._sound.peak = self._sound.peak, 0.0
        self._peak = max(self._peak, peak)
        return _decibels(peak)

    def _problem(self, now_ns: int) -> str:
        if self.state == "connected" and self.source:
            if self.silent(now_ns):
                return SILENT
            if self._picture is not None and self._picture.problem:
                return self._picture.problem
            if self._screen is not None and self._screen.stream.problem:
                return self._screen.stream.problem
            if self._sound is not None and self._sound.problem:
                return self._sound.problem
            if self._transport.garbage.too_much(now_ns):
                return GARBAGE
        return ""

    @property
    def _sound_ns(self) -> int:
        """When sound last came."""
        return self._sound.arrived_ns if self._sound is not None else 0

    # --- parts ---------------------------------------------------------------------------------------

    @property
    def _receivers(self) -> list[Receiver]:
        return cast(list[Receiver], self._pc.getReceivers())

    @property
    def _senders(self) -> list[RtpSender]:
        return cast(list[RtpSender], self._pc.getSenders())

    @property
    def _transport(self) -> DtlsTransport:
        return self._receivers[0].transport

    def _attach(self, receiver: Receiver) -> None:
        if not self.source or (receiver.kind == "video" and not self.kind.camera):
            return  # what comes unasked is counted and forgotten
        seat = self._house.seats[self.source]
        if receiver.kind == "video" and self._picture is not None:
            slot = self._house.seats[of_screen(self.seat)]
            self._screen = ScreenIn(self._house.pool, receiver, slot, self.name)
            self._screen.aim(self._wanted)
        elif receiver.kind == "video":
            self._picture = PictureStream(
                self._house.pool, self._sync, partial(seat.picture, self.name), record=self._record
            )
            self._picture.aim(self._wanted_camera)
            receiver.attach(self._picture)
        else:
            self._sound = SoundStream(self._sync, partial(seat.sound, self.name), record=self._record)
            receiver.attach(self._sound)
            self._house.pacer.add(self._sound)
            self.listen(self._open)

    def _sender_ready(self, sender: RtpSender) -> None:
        if self._closing is not None:
            return
        if sender.kind == "video":
            self._house.returns.watch(sender, self.kind.watches)
        else:
            self._house.returns.listen(sender, self.source, self._stream)

    def _connection_changed(self) -> None:
        state = self._pc.connectionState
        if state == "connected" and self.state == "connecting":
            if self._timeout is not None:
                self._timeout.cancel()
            self._connected_ns = time.monotonic_ns()
            if self.source:
                self._house.seats[self.source].owner = self.name
                if self._screen is not None:
                    self._screen.own()
            self._advance("connected", "")
        elif state == "failed":
            self.close("ice.failed")
        elif state == "closed":
            self.close("peer.left")

    def _not_connected(self) -> None:
        self.close("ice.timeout")

    def _advance(self, state: State, reason: str) -> None:
        if _ORDER.index(state) > _ORDER.index(self.state):
            self.state = state
            self._changed(self, state, reason)


def _ice_server(server: IceServer) -> RTCIceServer:
    return RTCIceServer(
        urls=list(server.urls), username=server.username or None, credential=server.credential or None
    )


def _decibels(peak: float) -> float:
    return round(20 * math.log10(peak), 1) if peak > 1e-5 else -100.0
