"""A guest's shared screen on its way in: the second video section of an offer, with a slot of its own."""

import time
from dataclasses import dataclass
from functools import partial

from signaling.contract.messages import UplinkTarget
from signaling.rtc.seats import SeatSlot
from signaling.rtc.timeline import LipSync
from signaling.rtc.transport.receive import Receiver
from signaling.rtc.video.decode import DecoderPool
from signaling.rtc.video.picture_in import PictureStream

SHARING_NS = 4_000_000_000
"""A screen on which nothing moves sends one picture a second; one lost is no end of sharing."""


@dataclass(frozen=True, slots=True)
class ScreenStats:
    """Size in pixels of the last picture, and pictures a second since the last call."""

    width: int
    height: int
    fps: float


class ScreenIn:
    """One guest's screen. It may be shared, ended and shared again without a new offer.

    It has no sound, and pictures at 10 fps or fewer: so it is shown as soon as it is there, and doesn't wait
    for the microphone's path.
    """

    def __init__(self, pool: DecoderPool, receiver: Receiver, seat: SeatSlot, peer: str) -> None:
        self.target: UplinkTarget | None = None
        """What is wanted of it now; None before control has said so."""
        self._sync = LipSync()
        self._seat = seat
        self._peer = peer
        self._counted = (time.monotonic_ns(), 0)
        self.stream = PictureStream(pool, self._sync, partial(seat.picture, peer))
        self.receiver = receiver
        receiver.attach(self.stream)

    def aim(self, target: UplinkTarget | None) -> None:
        """Take what is wanted of it from now on."""
        self.target = target
        self.stream.aim(target)

    def sharing(self, now_ns: int) -> bool:
        """Return whether packets came within the last 4 s."""
        return now_ns - self._sync.picture.last_arrival_ns < SHARING_NS

    def bitrate(self, now_ns: int) -> int:
        """bit/s that the sender may use for it beside its camera."""
        return self.target.bitrate if self.target is not None and self.sharing(now_ns) else 0

    def own(self) -> None:
        """Let this peer's pictures go into the slot from now on."""
        self._seat.owner = self._peer

    def beat(self, now_ns: int) -> None:
        """Beat each 100 ms: a screen that isn't shared any more gives no heartbeat, and so shows its
        slate."""
        if self._sync.picture.alive(now_ns):
            self._sync.settle(now_ns)
            self._seat.beat(self._peer, now_ns)

    def stats(self, now_ns: int) -> ScreenStats | None:
        """None while nothing is shared."""
        lane = self.stream.lane
        if lane is None or not self.sharing(now_ns):
            return None
        then_ns, before = self._counted
        self._counted = (now_ns, lane.pictures)
        seconds = max(1e-3, (now_ns - then_ns) / 1e9)
        return ScreenStats(lane.width, lane.height, round(max(0, lane.pictures - before) / seconds, 1))
