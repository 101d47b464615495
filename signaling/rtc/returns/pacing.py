"""Gives pictures to many viewers little by little, so that no step of the event loop is a long one. No I/O of
its own, no clock: :meth:`ReturnPacer.step` is called every :data:`STEP_S` while something waits.

A keyframe for 40 viewers is some 800 packets, about 10 ms of sending. In one go they would hold up all
sound and everybody's incoming packets, and leave the machine as one burst. Here viewers are served one after
the other, spread over :data:`STEPS` steps, which is less than a frame period. What came first is sent first,
so no picture overtakes the one before.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from typing import Generic, Protocol, TypeVar

from mixer.contract.names import StreamName

STEP_S = 0.002
STEPS = 12
SLICE = 64
"""Packets that may go out in one step in any case: about a millisecond. More only to get through in time."""
MAX_BEHIND = 4
"""Pictures of one stream that may wait. One more, and they are given up."""


class Viewer(Protocol):
    """What is sent to: see :meth:`signaling.rtc.transport.send.RtpSender.send_part`."""

    def send_part(
        self, payloads: Sequence[bytes], start: int, stop: int, timestamp: int, ntp: int
    ) -> None: ...


V = TypeVar("V", bound=Viewer)


class _Picture(Generic[V]):
    """One picture and those who have not got it (whole) yet; ``sent`` packets of it went to the first."""

    __slots__ = ("ntp", "payloads", "sent", "stream", "timestamp", "viewers")

    def __init__(
        self, stream: StreamName, payloads: Sequence[bytes], timestamp: int, ntp: int, viewers: Iterable[V]
    ) -> None:
        self.stream = stream
        self.payloads = payloads
        self.timestamp = timestamp
        self.ntp = ntp
        self.viewers = deque(viewers)
        self.sent = 0

    @property
    def packets(self) -> int:
        return len(self.payloads) * len(self.viewers) - self.sent

    def send(self, most: int) -> int:
        """Send up to so many packets, viewer after viewer; returns how many it were."""
        done, size = 0, len(self.payloads)
        while done < most and self.viewers:
            stop = min(size, self.sent + most - done)
            self.viewers[0].send_part(self.payloads, self.sent, stop, self.timestamp, self.ntp)
            done += stop - self.sent
            self.sent = stop
            if stop == size:
                self.viewers.popleft()
                self.sent = 0
        return done


class ReturnPacer(Generic[V]):
    """All pictures that wait to be sent, of all streams."""

    def __init__(self) -> None:
        self._pictures: deque[_Picture[V]] = deque()
        self._slice = SLICE

    @property
    def waiting(self) -> int:
        """Packets that are still to be sent."""
        return sum(picture.packets for picture in self._pictures)

    def add(
        self, stream: StreamName, payloads: Sequence[bytes], timestamp: int, ntp: int, viewers: Iterable[V]
    ) -> None:
        """Queue a picture; at least one payload."""
        self._pictures.append(_Picture(stream, payloads, timestamp, ntp, viewers))
        self._slice = max(SLICE, -(-self.waiting // STEPS))

    def step(self) -> bool:
        """Send a slice. False when nothing waits any more."""
        left = self._slice
        while self._pictures and left > 0:
            left -= self._pictures[0].send(left)
            if not self._pictures[0].viewers:
                self._pictures.popleft()
        return bool(self._pictures)

    def behind(self, stream: StreamName) -> bool:
        """Return whether as many pictures of the stream wait as may: the loop is too busy to send them."""
        return sum(picture.stream == stream for picture in self._pictures) >= MAX_BEHIND

    def give_up(self, stream: StreamName) -> list[V]:
        """Forget what waits of a stream; those who missed a picture by it, and need a keyframe now."""
        missed: dict[V, None] = {}
        for picture in [each for each in self._pictures if each.stream == stream]:
            self._pictures.remove(picture)
            if picture.sent:  # nobody is left with half a picture
                picture.send(len(picture.payloads) - picture.sent)
            missed |= dict.fromkeys(picture.viewers)
        return list(missed)

    def leave(self, viewer: V) -> None:
        """Send nothing more to a viewer."""
        for picture in list(self._pictures):
            if picture.sent and picture.viewers[0] is viewer:
                picture.sent = 0
            if viewer in picture.viewers:
                picture.viewers.remove(viewer)
            if not picture.viewers:
                self._pictures.remove(picture)
