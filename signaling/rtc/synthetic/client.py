"""Guests for rehearsals and tests: real WebRTC peers that send a loop encoded beforehand.

ICE, DTLS and SRTP are what every browser does; only the camera and the encoder are missing, so that forty of
them are light. One :class:`LoopPlayer` per process gives all its guests their packets.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import cast

from aiortc import RTCBundlePolicy, RTCConfiguration, RTCIceServer, RTCPeerConnection, RTCSessionDescription

from signaling.rtc import hooks
from signaling.rtc.synthetic.loops import BLOCK, FPS, RATE, GuestMedia
from signaling.rtc.transport.receive import Receiver, Stream
from signaling.rtc.transport.rtp import Rtp
from signaling.rtc.transport.send import RtpSender

_NTP_EPOCH_S = 2_208_988_800
_STEP_S = 0.01
SCREEN_FPS = 10


class LoopPlayer:
    """Sends each guest's loop in real time; run :meth:`run` as a task."""

    def __init__(self) -> None:
        self._guests: set[RehearsalGuest] = set()

    def add(self, guest: "RehearsalGuest") -> None:
        self._guests.add(guest)

    def discard(self, guest: "RehearsalGuest") -> None:
        self._guests.discard(guest)

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            for guest in list(self._guests):
                guest.play(time.monotonic_ns())
            due = max(due + _STEP_S, loop.time())
            await asyncio.sleep(due - loop.time())


class Counter:
    """A ``receive.Stream`` that counts: what a rehearsal does with its return feed."""

    def __init__(self, take: Callable[[Rtp, str, int], None] | None = None) -> None:
        self.packets = 0
        self.octets = 0
        self._take = take

    def bind(self, feedback: object) -> None:
        """Ask for nothing."""

    def push(self, packet: Rtp, codec: str, now_ns: int) -> None:
        self.packets += 1
        self.octets += len(packet.payload)
        if self._take is not None:
            self._take(packet, codec, now_ns)

    def report(self, ntp: int, timestamp: int) -> None:
        """The return feed is not played."""

    def close(self) -> None:
        """Hold nothing."""


class RehearsalGuest:
    """One guest. ``media`` None: a viewer, who only receives. ``loss``: share of its packets thrown away.

    ``video`` and ``audio`` may be given to look at the return feed; by default it is counted.
    ``screen``: what is shared from the beginning on, at 10 pictures a second; the offer has a third section.
    Without ``camera`` it sends sound alone, as an interpreter does, and sees the programme; with ``talks`` it
    offers nothing but its sound, as the director's microphone does.
    """

    def __init__(
        self,
        media: GuestMedia | None,
        player: LoopPlayer,
        *,
        ice: Sequence[RTCIceServer] = (),
        loss: float = 0.0,
        video: Stream | None = None,
        audio: Stream | None = None,
        screen: GuestMedia | None = None,
        camera: bool = True,
        talks: bool = False,
    ) -> None:
        hooks.install()
        self._media = media
        self._following: GuestMedia | None = None
        self._screen = screen
        self._shares = screen is not None
        self._camera = camera and media is not None and not talks
        self._talks = talks
        self._player = player
        self._loss = loss
        self._pc = RTCPeerConnection(
            RTCConfiguration(iceServers=list(ice), bundlePolicy=RTCBundlePolicy.MAX_BUNDLE)
        )
        self.video = video or Counter()
        self.audio = audio or Counter()
        self._sending: list[RtpSender] = []
        self._began_ns: int | None = None
        self._frames = self._blocks = self._shown = 0
        self._reported_ns = 0
        self._wait_key = self._wait_screen = True
        self._paused = False
        self.keyframe_requests = 0

    @property
    def connected(self) -> bool:
        return bool(self._pc.connectionState == "connected")

    @property
    def state(self) -> str:
        """aiortc's connection state: ``new``, ``connecting``, ``connected``, ``failed``, ``closed``."""
        return str(self._pc.connectionState)

    @property
    def silent_s(self) -> float:
        """Seconds since anything came from the studio, be it only a report: a mixer that is away for a moment
        is no reason to reconnect."""
        return (time.monotonic_ns() - self.receivers[0].transport.last_media_ns) / 1e9

    @property
    def began_ns(self) -> int | None:
        """When its first picture and sound were due, on the machine's clock; None before that."""
        return self._began_ns

    @property
    def senders(self) -> list[RtpSender]:
        return cast(list[RtpSender], self._pc.getSenders())

    @property
    def receivers(self) -> list[Receiver]:
        return cast(list[Receiver], self._pc.getReceivers())

    async def offer(self, mime: str = "") -> str:
        """The SDP to send to the studio. ``mime``: the only video codec offered; by default the loop's own,
        or H.264."""
        sound, picture = ("sendrecv" if sends else "recvonly" for sends in (self._media, self._camera))
        sections = [("audio", sound), ("video", picture)] + [("video", "sendonly")] * self._shares
        if self._talks:
            sections = [("audio", "sendonly")]
        for kind, direction in sections:
            transceiver = self._pc.addTransceiver(kind, direction)
            wanted = {"audio/opus"} if kind == "audio" else {"video/rtx", mime or self._mime}
            capabilities = RtpSender.getCapabilities(kind).codecs
            transceiver.setCodecPreferences([c for c in capabilities if c.mimeType in wanted])
        await self._pc.setLocalDescription()
        return str(self._pc.localDescription.sdp)

    @property
    def offered(self) -> str:
        """The SDP of :meth:`offer`."""
        return str(self._pc.localDescription.sdp)

    @property
    def _mime(self) -> str:
        return "video/VP8" if self._media is not None and self._media.codec == "vp8" else "video/H264"

    async def accept(self, answer_sdp: str) -> None:
        """Take the studio's answer; media flows as soon as the transport is there."""
        await self._pc.setRemoteDescription(RTCSessionDescription(answer_sdp, "answer"))
        for receiver in self.receivers[:2]:
            receiver.attach(self.video if receiver.kind == "video" else self.audio)
        self._sending = self.senders
        for sender in self._sending:
            sender.loss = self._loss
            sender.on_key = self._asked
        if self._media is not None:
            self._player.add(self)

    async def close(self) -> None:
        self._player.discard(self)
        await self._pc.close()

    def change(self, media: GuestMedia) -> None:
        """Go on with another loop of the same codec from its next keyframe on, as a browser does that changes
        its camera's size: until then with the one before."""
        assert self._media is not None
        assert media.codec == self._media.codec
        self._following = media

    def pause(self, paused: bool) -> None:
        """Send no pictures, only sound, or go on with the next keyframe; as a browser whose encoding isn't
        active."""
        self._wait_key = self._wait_key or paused
        self._paused = paused

    def share(self, screen: GuestMedia | None) -> None:
        """Share another screen from now on, or none; only where one was given at first, and in its codec."""
        assert self._shares
        self._screen = screen
        self._wait_screen = True

    def play(self, now_ns: int) -> None:
        """Send what is due by now."""
        media, sending = self._media, self._sending
        if media is None or not all(sender.active for sender in (sending if self._camera else sending[:1])):
            return None
        if self._began_ns is None:
            self._began_ns = now_ns
        elapsed_ns = now_ns - self._began_ns
        sound, picture = sending[0], sending[min(1, len(sending) - 1)]  # in the offer's order
        if elapsed_ns * FPS // 1_000_000_000 - self._frames > 2 * FPS:
            return self._restart()
        while self._frames * 1_000_000_000 <= elapsed_ns * FPS:
            frame = media.picture(self._frames)
            if self._following is not None:
                first = self._following.picture(self._frames)
                if first.key or self._wait_key:
                    media = self._media = self._following
                    self._following, frame = None, first
            at = self._frames * 90_000 // FPS
            self._wait_key = self._paused or (self._wait_key and not frame.key)
            if self._camera and not self._wait_key:
                picture.send_frame(frame.payloads, at, self._ntp(self._frames, FPS))
            self._frames += 1
        while self._blocks * BLOCK * 1_000_000_000 <= elapsed_ns * RATE:
            block = media.sound(self._blocks)
            sound.send_frame((block,), self._blocks * BLOCK, self._ntp(self._blocks * BLOCK, RATE))
            self._blocks += 1
        if self._shares:
            self._play_screen(self._sending[2], elapsed_ns)
        if now_ns - self._reported_ns > 1_000_000_000:
            self._reported_ns = now_ns
            for sender in self._sending:
                sender.send_report()
            for receiver in self.receivers:
                receiver.acknowledge(now_ns)
        return None

    def _play_screen(self, sender: RtpSender, elapsed_ns: int) -> None:
        while self._shown * 1_000_000_000 <= elapsed_ns * SCREEN_FPS:
            if self._screen is not None:
                frame = self._screen.picture(self._shown)
                self._wait_screen = self._wait_screen and not frame.key
                if not self._wait_screen:
                    at = self._shown * 90_000 // SCREEN_FPS
                    sender.send_frame(frame.payloads, at, self._ntp(self._shown, SCREEN_FPS))
            self._shown += 1

    def _restart(self) -> None:
        """The process was stopped for seconds: skip them rather than send them all at once."""
        assert self._began_ns is not None
        self._frames += FPS * 2 - self._frames % FPS
        self._blocks = self._frames * RATE // FPS // BLOCK
        self._shown = self._frames * SCREEN_FPS // FPS

    def _ntp(self, count: int, rate: int) -> int:
        assert self._began_ns is not None
        wall = time.time() - (time.monotonic_ns() - self._began_ns) / 1e9 + count / rate
        return int((wall + _NTP_EPOCH_S) * (1 << 32))

    def _asked(self, sender: RtpSender) -> None:
        self.keyframe_requests += 1
        media = self._screen if sender in self.senders[2:] else self._media
        if media is not None:
            media.ask_key()
