"""A guest's picture on its way in: packets → jitter buffer → decoder lane → whoever shows it."""

import asyncio
import time

from mixer.picture import Picture
from signaling.rtc.bitstream import Chunk, depayload_h264, depayload_vp8
from signaling.rtc.decode import DecoderPool, Lane, PictureSink
from signaling.rtc.receive import Feedback
from signaling.rtc.rtp import Rtp
from signaling.rtc.timeline import LipSync
from signaling.rtc.video_jitter import VideoJitter

_MAX_SLEW_NS = 2_000_000
"""Change of the presentation delay per picture, at most."""


class PictureStream:
    """Implements ``receive.Stream``. Lives on the event loop; decoding does not."""

    def __init__(self, pool: DecoderPool, sync: LipSync, sink: PictureSink) -> None:
        self._loop = asyncio.get_running_loop()
        self._pool = pool
        self._sync = sync
        self._sink = sink
        self._feedback: Feedback | None = None
        self._jitter = VideoJitter()
        self._lane: Lane | None = None
        self._ssrc: int | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._delay_ns: int | None = None
        self._last_pts_ns = 0
        self._closed = False
        self.problem = ""
        """Code of what is wrong with the picture; empty once one was decoded again."""
        self.frames = 0

    @property
    def lane(self) -> Lane | None:
        return self._lane

    def bind(self, feedback: Feedback) -> None:
        self._feedback = feedback

    def set_rtt(self, rtt_ns: int) -> None:
        self._jitter.rtt_ns = rtt_ns

    def push(self, packet: Rtp, codec: str, now_ns: int) -> None:
        if packet.ssrc != self._ssrc:
            self._ssrc = packet.ssrc
            self._jitter = VideoJitter(self._jitter.rtt_ns)
        if self._lane is None or self._lane.codec != codec:
            if codec not in ("h264", "vp8"):
                return
            if self._lane is not None:
                self._lane.close()
                self._jitter.require_key()
            self._lane = Lane(self._pool, codec, self._shown, self._trouble)
        try:
            chunk = depayload_h264(packet.payload) if codec == "h264" else depayload_vp8(packet.payload)
        except ValueError:
            self.problem = "rtp.garbage"
            chunk = Chunk(b"", False)  # it keeps its place, or it would be asked for again and again
        self._sync.picture.observe(packet.timestamp, now_ns)
        for frame in self._jitter.add(packet.seq, packet.timestamp, packet.marker, chunk, now_ns):
            self.frames += 1
            if frame.data and not self._lane.offer(frame.data, self._pts_ns(frame.timestamp)):
                self._jitter.require_key()
        self._speak(now_ns)

    def report(self, ntp: int, timestamp: int) -> None:
        self._sync.picture.report(ntp, timestamp)

    def close(self) -> None:
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        if self._lane is not None:
            self._lane.close()

    def _pts_ns(self, timestamp: int) -> int:
        wanted = self._sync.picture_delay_ns
        if self._delay_ns is None:
            self._delay_ns = wanted
        else:
            self._delay_ns += max(-_MAX_SLEW_NS, min(_MAX_SLEW_NS, wanted - self._delay_ns))
        picture = self._sync.picture
        pts_ns = picture.local_ns(picture.unwrap(timestamp)) + self._delay_ns
        # a clock that jumped must not hide the guest for long, nor run backwards
        pts_ns = min(pts_ns, time.monotonic_ns() + 1_000_000_000)
        self._last_pts_ns = max(self._last_pts_ns + 1, pts_ns)
        return self._last_pts_ns

    def _speak(self, now_ns: int) -> None:
        """Send what the jitter buffer wants said, and come back when it will want to say more."""
        said = self._jitter.feedback(now_ns)
        if self._feedback is not None:
            if said.nack:
                self._feedback.nack(said.nack)
            if said.pli:
                self._feedback.pli()
        if self._timer is None and (due_ns := self._jitter.due_ns) is not None and not self._closed:
            self._timer = self._loop.call_later(max(0.005, (due_ns - now_ns) / 1e9), self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        if not self._closed and self._sync.picture.alive(time.monotonic_ns()):
            self._speak(time.monotonic_ns())

    def _shown(self, picture: Picture, pts_ns: int) -> None:
        self.problem = ""
        self._sink(picture, pts_ns)

    def _trouble(self, code: str) -> None:
        """On a decoder thread."""
        if not self._closed:
            self._loop.call_soon_threadsafe(self._need_key, code)

    def _need_key(self, code: str) -> None:
        self.problem = code
        self._jitter.require_key()
        if not self._closed:
            self._speak(time.monotonic_ns())
