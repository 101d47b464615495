"""A guest behind a bad line, and what of its pictures is shown: for tests with
:mod:`signaling.rtc.synthetic.relay`.

Each picture carries its number, and what the studio shows is compared bit by bit with what was sent: a
decoder gives the same picture everywhere, unless something that it hangs on was missing.
"""

import asyncio
import itertools
import random
import time
import zlib

import av
import numpy as np
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from mixer.contract.clock import RATE, sample_at
from mixer.contract.messages import Heartbeat
from mixer.ipc.slot import SlotReader
from signaling.contract.messages import Answer, Offer
from signaling.rtc.synthetic.camera import Camera
from signaling.rtc.synthetic.client import RehearsalGuest
from signaling.rtc.synthetic.loops import LoopFrame
from signaling.rtc.synthetic.relay import Relay
from signaling.rtc.transport.send import RtpSender
from signaling.rtc.video.bitstream import depayload_h264, depayload_vp8
from tests.support.shard_harness import ShardHouse, until

FINGERPRINT_ROWS = 4
"""Each fourth row is enough: what is broken is broken over whole blocks."""


class NumberedCamera(Camera):
    """A camera whose pictures are all different, and that knows what each looks like once decoded."""

    def __init__(self, name: str = "", hue: float = 0.3, **settings: object) -> None:
        super().__init__(name, hue, **settings)  # type: ignore[arg-type]
        context = av.CodecContext.create(self.codec, "r")
        assert isinstance(context, VideoCodecContext)
        context.thread_count = 1
        self._decoder = context
        self.sent: dict[int, int] = {}
        """The picture's number by the fingerprint of what a decoder makes of it."""

    def picture(self, number: int) -> LoopFrame:
        drawn = self._drawn[number % len(self._drawn)]
        _stamp(drawn, number)
        made = super().picture(number)
        depayload = depayload_h264 if self.codec == "h264" else depayload_vp8
        data = b"".join(depayload(payload).data for payload in made.payloads)
        for frame in self._decoder.decode(av.Packet(data)):
            plane = frame.planes[0]
            rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
            self.sent[fingerprint(rows[: frame.height, : frame.width])] = number
        return made


def _stamp(frame: VideoFrame, number: int) -> None:
    """Sixteen fields for the number's bits along the lower edge."""
    plane = frame.planes[0]
    rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
    side = frame.width // 16
    for bit in range(16):
        rows[frame.height - side :, bit * side : (bit + 1) * side] = 220 if number >> bit & 1 else 30


def fingerprint(luma: NDArray[np.uint8]) -> int:
    """What two pictures have in common only when they are the same."""
    return zlib.crc32(luma[::FINGERPRINT_ROWS].tobytes())


class Watch:
    """Looks at what is due in a slot, as the mixer does. Use as an asynchronous context manager."""

    def __init__(self, reader: SlotReader) -> None:
        self._reader = reader
        self.seen: list[tuple[int, int, int]] = []
        """When a picture was first due (ns), its serial, its fingerprint."""

    async def __aenter__(self) -> "Watch":
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()

    async def _run(self) -> None:
        while True:
            taken = self._reader.take(time.monotonic_ns())
            if taken is not None and (not self.seen or taken.serial != self.seen[-1][1]):
                now_ns = time.monotonic_ns()
                print_ = fingerprint(taken.picture.y)
                if taken.intact():
                    self.seen.append((now_ns, taken.serial, print_))
            await asyncio.sleep(0.003)

    def gaps_ms(self, after_ns: int = 0) -> list[float]:
        """Times between pictures that were shown one after the other, the later one after ``after_ns``."""
        at = [seen_ns for seen_ns, _, _ in self.seen]
        return [(late - early) / 1e6 for early, late in itertools.pairwise(at) if late > after_ns]

    def strangers(self, camera: NumberedCamera) -> list[int]:
        """Serials of pictures that were never sent: broken ones."""
        return [serial for _, serial, print_ in self.seen if print_ not in camera.sent]

    def numbers(self, camera: NumberedCamera) -> list[int]:
        return [camera.sent[print_] for _, _, print_ in self.seen if print_ in camera.sent]


class Beats:
    """When the shard's heartbeats and reports came: what its loop does every 0.5 s and every 1 s."""

    def __init__(self, house: ShardHouse) -> None:
        self._house = house
        self.at_s: list[float] = []

    async def __aenter__(self) -> "Beats":
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()

    async def _run(self) -> None:
        known = len(self._house.received)
        while True:
            new = self._house.received[known:]
            known += len(new)
            self.at_s += [time.monotonic() for message in new if isinstance(message, Heartbeat)]
            await asyncio.sleep(0.005)

    @property
    def worst_lag_ms(self) -> float:
        """By how much a heartbeat came later than half a second after the one before."""
        return max((1000 * (b - a - 0.5) for a, b in itertools.pairwise(self.at_s)), default=0.0)


class Ear:
    """Listens to a slot, as late as the mixer does."""

    def __init__(self, reader: SlotReader) -> None:
        self._reader = reader
        self._parts: list[NDArray[np.float32]] = []
        self.start = self._at = sample_at(time.monotonic_ns())

    async def __aenter__(self) -> "Ear":
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()

    async def _run(self) -> None:
        while True:
            upto = sample_at(time.monotonic_ns() - 40_000_000)
            if upto - self._at >= 480:
                self._parts.append(self._reader.read_sound(self._at, upto - self._at)[0][:, 0].copy())
                self._at = upto
            await asyncio.sleep(0.01)

    @property
    def sound(self) -> NDArray[np.float32]:
        """All of it, one channel; the first sample is :attr:`start`."""
        return np.concatenate(self._parts)

    @property
    def longest_silence_ms(self) -> float:
        """The longest time without the guest's tone."""
        heard = np.abs(self.sound)
        loud = np.flatnonzero(heard > 0.005)
        return float(np.diff(loud).max()) * 1000 / RATE if len(loud) > 1 else float("inf")


class Noise:
    """What the machine, busy with other things, does to this very process: by how much it wakes too late.

    Limits on real time are limits plus this, or they would measure the machine."""

    def __init__(self) -> None:
        self.ms = 0.0

    def __str__(self) -> str:
        return f"(this machine is up to {self.ms:.0f} ms late by itself)"

    async def __aenter__(self) -> "Noise":
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()

    async def _run(self) -> None:
        while True:
            due = time.monotonic() + 0.005
            await asyncio.sleep(0.005)
            self.ms = max(self.ms, 1000 * (time.monotonic() - due))


class Loses:
    """A relay's filter: loses a share of all packets, and counts those of one stream."""

    def __init__(self, share: float, ssrc: int, seed: int = 1) -> None:
        self._share, self._ssrc = share, ssrc
        self._chance = random.Random(seed)
        self.pictures = 0

    def __call__(self, data: bytes) -> bool:
        if self._chance.random() >= self._share:
            return False
        self.pictures += not 192 <= data[1] <= 223 and int.from_bytes(data[8:12], "big") == self._ssrc
        return True


def camera_of(guest: RehearsalGuest) -> RtpSender:
    """The sender of its picture."""
    return next(sender for sender in guest.senders if sender.kind == "video")


async def join(
    house: ShardHouse, guest: RehearsalGuest, peer: str, seat: str, relay: Relay | None = None
) -> None:
    """Connect a guest to the shard, through the relay where there is one."""
    sdp = await guest.offer()
    answer = await house.answer(Offer(peer, "guest", relay.offer(sdp) if relay else sdp, seat))
    assert isinstance(answer, Answer), answer
    await guest.accept(await relay.answer(answer.sdp) if relay else answer.sdp)
    await until(lambda: guest.connected, what="connected")
