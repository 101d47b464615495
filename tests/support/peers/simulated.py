"""A guest and the shard's receive path in one process and in simulated time: a run is the same each time.

Everything is real but the network and the clock: SRTP, senders and receivers, jitter buffers, decoders. What
goes wrong once in a hundred runs goes wrong here for the same seed always, and takes no time to wait for.
"""

import asyncio
import random
import selectors
import time
from collections.abc import Callable, Coroutine
from types import SimpleNamespace
from typing import Any, cast

import pylibsrtp
import pytest
from aiortc import RTCCertificate, RTCIceGatherer, RTCIceTransport, RTCRtpCodecParameters
from aiortc.rtcdtlstransport import State
from aiortc.rtcrtpparameters import RTCRtpDecodingParameters, RTCRtpReceiveParameters, RTCRtpRtxParameters

from mixer.contract.picture import Picture
from signaling.rtc import hooks
from signaling.rtc.synthetic.loops import Loop
from signaling.rtc.timeline import LipSync
from signaling.rtc.transport.dtls import DtlsTransport
from signaling.rtc.transport.receive import Receiver
from signaling.rtc.transport.send import RtpSender
from signaling.rtc.video.decode import DecoderPool, Lane
from signaling.rtc.video.picture_in import PictureStream

_CODECS = {
    "audio": [RTCRtpCodecParameters("audio/opus", 48_000, 2, 96)],
    "video": [
        RTCRtpCodecParameters("video/H264", 90_000, payloadType=99),
        RTCRtpCodecParameters("video/rtx", 90_000, payloadType=100, parameters={"apt": 99}),
    ],
}


STEP_S = 0.0012
"""Time passes at least so much at once, as on a machine with timers of a millisecond."""

DELAY_S = 0.0005


class SimulatedLoop(asyncio.SelectorEventLoop):
    """Where there is nothing to do it is the time at which there is."""

    def __init__(self) -> None:
        self.now = 1_000.0
        super().__init__(_NoWaiting(self))

    def time(self) -> float:
        return self.now


class _NoWaiting(selectors.SelectSelector):
    def __init__(self, loop: SimulatedLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[Any]:
        assert timeout is not None, "nothing will ever happen"
        self._loop.now += max(STEP_S, timeout) if timeout > 0 else 0.0
        return super().select(0)


def simulate(work: Callable[[], Coroutine[Any, Any, Any]], patch: pytest.MonkeyPatch) -> Any:
    """Run a coroutine in simulated time, for all that asks the loop or the monotonic clock."""
    loop = SimulatedLoop()
    with patch.context() as patched, asyncio.Runner(loop_factory=lambda: loop) as runner:
        patched.setattr(time, "monotonic_ns", lambda: round(loop.now * 1e9))
        patched.setattr(time, "monotonic", lambda: loop.now)
        return runner.run(work())


class _Inline(DecoderPool):
    """Decodes when a frame is handed over: no thread, no chance."""

    def __init__(self) -> None:
        super().__init__(0)

    def enqueue(self, lane: Lane, queued: Any) -> bool:
        taken = super().enqueue(lane, queued)
        while lane._frames:
            lane.run_one()
        lane._busy = False
        return taken


class _Wire:
    """One direction: what is sent comes a little later."""

    def __init__(self, take: Callable[[bytes], None]) -> None:
        self._take = take

    def sendto(self, data: bytes, addr: object) -> None:
        asyncio.get_running_loop().call_later(DELAY_S, self._take, data)


_certificates: list[RTCCertificate] = []


def _transport() -> DtlsTransport:
    hooks.install()
    if not _certificates:
        _certificates.append(RTCCertificate.generateCertificate())
    return DtlsTransport(RTCIceTransport(RTCIceGatherer([])), [_certificates[0]])


def _connect(here: DtlsTransport, there: DtlsTransport, key: bytes) -> _Wire:
    profile = pylibsrtp.Policy.SRTP_PROFILE_AES128_CM_SHA1_80
    for transport, name, direction in (
        (here, "_tx_srtp", pylibsrtp.Policy.SSRC_ANY_OUTBOUND),
        (there, "_rx_srtp", pylibsrtp.Policy.SSRC_ANY_INBOUND),
    ):
        policy = pylibsrtp.Policy(key=key, ssrc_type=direction, srtp_profile=profile)
        policy.allow_repeat_tx, policy.window_size = True, 1024  # as aiortc has it
        setattr(transport, name, pylibsrtp.Session(policy))
    wire = _Wire(there._take)
    pair = SimpleNamespace(protocol=SimpleNamespace(transport=wire), remote_addr=("127.0.0.1", 9))
    here.transport._connection._nominated[1] = cast(Any, pair)
    here._state = State.CONNECTED
    return wire


class Call:
    """A guest who plays a loop to the receive path. ``shown``: when each of its pictures was shown."""

    def __init__(self, media: Loop, seed: int, *, named: bool = True) -> None:
        chance = random.Random(seed)
        self.theirs, self.ours = _transport(), _transport()
        self.up = _connect(self.theirs, self.ours, chance.randbytes(30))
        self.down = _connect(self.ours, self.theirs, chance.randbytes(30))
        self.senders = [RtpSender(kind, self.theirs) for kind in ("audio", "video")]
        self.receivers = [Receiver(kind, self.ours) for kind in ("audio", "video")]
        self.returns = [RtpSender(kind, self.ours) for kind in ("audio", "video")]
        self._chance, self._named = chance, named
        self.shown: list[float] = []
        self._pool, self._sync = _Inline(), LipSync()
        self.stream = PictureStream(self._pool, self._sync, self._show)
        self.receivers[1].attach(self.stream)
        self._media = media

    @property
    def answer(self) -> str:
        """The part of the studio's answer that says what it sends."""
        return "".join(f"a=ssrc:{sender._ssrc} cname:x\r\n" for sender in self.returns)

    def _show(self, picture: Picture, pts_ns: int, arrived_ns: int) -> None:
        self.shown.append(time.monotonic())

    async def begin(self) -> None:
        for sender, receiver in zip(self.senders, self.receivers, strict=True):
            sender._ssrc, sender._rtx_ssrc = self._chance.getrandbits(32), self._chance.getrandbits(32)
            sender._seq = self._chance.randrange(32_768)
            sender._rtx_seq = self._chance.randrange(32_768)
            sender._origin = self._chance.getrandbits(32)
            codecs = _CODECS[sender.kind]
            sender.codec = codecs[0]
            sender._rtx_type = 100 if sender.kind == "video" else None
            repairs = RTCRtpRtxParameters(ssrc=sender._rtx_ssrc) if sender.kind == "video" else None
            encoding = RTCRtpDecodingParameters(ssrc=sender._ssrc, payloadType=96, rtx=repairs)
            await receiver.receive(
                RTCRtpReceiveParameters(codecs=codecs, encodings=[encoding] if self._named else [])
            )
            self.theirs._rtp_router.senders[sender._ssrc] = cast(Any, sender)
        for sender in self.returns:
            sender._ssrc = self._chance.getrandbits(32)
            sender.codec = _CODECS[sender.kind][0]
            self.ours._rtp_router.senders[sender._ssrc] = cast(Any, sender)
        self._playing = asyncio.create_task(self._play())

    async def _play(self) -> None:
        media, begun = self._media, time.monotonic()
        frames = blocks = 0
        while True:
            elapsed = time.monotonic() - begun
            while frames <= elapsed * 30:
                self.senders[1].send_frame(media.picture(frames).payloads, frames * 3000, 1 << 32 | frames)
                frames += 1
            while blocks * 0.02 <= elapsed:
                self.senders[0].send_frame((media.sound(blocks),), blocks * 960, 1 << 32 | blocks)
                blocks += 1
            await asyncio.sleep(0.01)

    def end(self) -> None:
        self._playing.cancel()
        self.stream.close()
