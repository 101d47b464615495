"""A guest's picture on its way in: packets → jitter buffer → decoder lane → slot."""

import asyncio
import time
from collections.abc import Callable

from mixer.contract.picture import Picture
from signaling.contract.messages import UplinkTarget
from signaling.rtc.recording.record import RecordedConnection
from signaling.rtc.timeline import LipSync
from signaling.rtc.transport.account import Recent
from signaling.rtc.transport.receive import Feedback
from signaling.rtc.transport.rtp import Rtp
from signaling.rtc.video.allowance import Allowance
from signaling.rtc.video.bitstream import Chunk, depayload_h264, depayload_vp8, picture_size
from signaling.rtc.video.color_space import ToldColour, parse_colour
from signaling.rtc.video.decode import MAX_PIXELS, DecoderPool, Lane, PictureSink
from signaling.rtc.video.video_jitter import Frame, VideoJitter

OVER_LIMIT = "video.over-limit"
GARBAGE = "rtp.garbage"
OVER_KEY_GAP_NS = 1_000_000_000
"""A sender over its limits is asked for keyframes, the dearest there are, at most this often …"""
KEY_GAP_NS = 100_000_000
"""… and any other at most this often, though it should begin a new stream with each packet."""
_MAX_SLEW_NS = 2_000_000
"""Change of the presentation delay per picture, at most."""
_TIMER_SLACK_NS = 5_000_000


class PictureStream:
    """Implements ``receive.Stream``. Lives on the event loop; decoding does not."""

    def __init__(
        self,
        pool: DecoderPool,
        sync: LipSync,
        sink: PictureSink,
        clock: Callable[[], int] = time.monotonic_ns,
        record: RecordedConnection | None = None,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._pool = pool
        self._sync = sync
        self._sink = sink
        self._clock = clock
        self._record = record
        self._feedback: Feedback | None = None
        self._jitter = VideoJitter()
        self._colour = ToldColour()
        self._lane: Lane | None = None
        self._ssrc: int | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._due_ns = 0
        self._delay_ns: int | None = None
        self._last_pts_ns = 0
        self._closed = False
        self._seen = True
        self._allowance = Allowance()
        self._asked_ns = -OVER_KEY_GAP_NS
        self._broken = ""
        self._garbage = Recent()
        """Packets whose payload can't be read."""
        self.frames = 0
        """Whole pictures that came, decoded or not."""

    @property
    def lane(self) -> Lane | None:
        return self._lane

    @property
    def problem(self) -> str:
        """Code of what is wrong with the picture; empty once one was decoded again, within its limits, and
        little of what came in the last ten seconds was rubbish."""
        now_ns = self._clock()
        if self._broken or self._allowance.over(now_ns):
            return self._broken or OVER_LIMIT
        return GARBAGE if self._garbage.too_much(now_ns) else ""

    def aim(self, target: UplinkTarget | None) -> None:
        """Take what the sender was told; None: nothing yet. With 0 fps nobody sees it, and nothing is
        decoded."""
        now_ns = self._clock()
        self._allowance.aim(target, now_ns)
        seen = target is None or target.fps > 0
        if seen and not self._seen:
            # at once, whatever was asked for meanwhile without being sent
            self._jitter.require_key()
            if self._feedback is not None and not self._closed:
                self._ask_key(now_ns)
        elif not seen and self._lane is not None:
            self._lane.flush()
            self._broken = ""
        self._seen = seen

    def bind(self, feedback: Feedback) -> None:
        self._feedback = feedback

    def set_rtt(self, rtt_ns: int) -> None:
        self._jitter.rtt_ns = rtt_ns

    def push(self, packet: Rtp, codec: str, now_ns: int) -> None:
        if packet.ssrc != self._ssrc:
            self._ssrc = packet.ssrc
            self._jitter = VideoJitter(self._jitter.rtt_ns)
            self._colour = ToldColour()
        if self._lane is None or self._lane.codec != codec:
            if codec not in ("h264", "vp8"):
                return
            if self._lane is not None:
                self._lane.close()
                self._jitter.require_key()
            self._lane = Lane(self._pool, codec, self._shown, self._trouble)
        # padding and rubbish keep their place, or would be asked for again and again
        chunk = Chunk(b"", False)
        if packet.payload:
            try:
                chunk = depayload_h264(packet.payload) if codec == "h264" else depayload_vp8(packet.payload)
            except ValueError:
                self._garbage.add(now_ns)
            if packet.colour and (colour := parse_colour(packet.colour, codec)) is not None:
                self._colour.tell(packet.timestamp, colour)
            if not packet.repaired:  # the timestamp of what is sent again says nothing of the path
                self._sync.picture.observe(packet.timestamp, now_ns)
        for frame in self._jitter.add(
            packet.seq, packet.timestamp, packet.marker, chunk, now_ns, repaired=packet.repaired
        ):
            self.frames += 1
            colour = self._colour.at(frame.timestamp)
            shown = self._seen and self._allowed(frame, self._lane, now_ns)
            recorded = self._record is not None and self._record.on
            if not shown and not recorded:
                continue
            pts_ns = self._pts_ns(frame.timestamp)
            if self._record is not None and recorded:
                self._record.picture(codec, frame.data, pts_ns, frame.key)
            if shown and not self._lane.offer(frame.data, pts_ns, frame.arrived_ns, frame.key, colour):
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

    def _allowed(self, frame: Frame, lane: Lane, now_ns: int) -> bool:
        size = picture_size(lane.codec, frame.data) if frame.key else None
        # between keyframes what was decoded last says how large they are
        width, height = size if size is not None else (lane.width, lane.height)
        if width * height > MAX_PIXELS:
            return True  # the lane refuses it undecoded, and says so
        return self._allowance.admit(width * height, frame.key, now_ns)

    def _pts_ns(self, timestamp: int) -> int:
        wanted = self._sync.picture_delay_ns
        if self._delay_ns is None:
            self._delay_ns = wanted
        else:
            self._delay_ns += max(-_MAX_SLEW_NS, min(_MAX_SLEW_NS, wanted - self._delay_ns))
        picture = self._sync.picture
        pts_ns = picture.local_ns(picture.unwrap(timestamp)) + self._delay_ns
        # a clock that jumped must not hide the guest for long, nor run backwards
        pts_ns = min(pts_ns, self._clock() + 1_000_000_000)
        self._last_pts_ns = max(self._last_pts_ns + 1, pts_ns)
        return self._last_pts_ns

    def _speak(self, now_ns: int) -> None:
        """Send what the jitter buffer wants said, and come back when it will want to say more."""
        said = self._jitter.feedback(now_ns)
        recorded = self._record is not None and self._record.on
        if self._feedback is not None and (self._seen or recorded):
            if self._record is not None and self._record.wants_key:
                self._ask_key_for_record(now_ns)
            if said.nack:
                self._feedback.nack(said.nack)
            if said.pli or self._allowance.waiting_key:
                self._ask_key_in_bounds(said.pli, now_ns)
        if (due_ns := self._jitter.due_ns) is None or self._closed:
            return
        if self._timer is not None:
            if due_ns > self._due_ns - _TIMER_SLACK_NS:
                return
            self._timer.cancel()
        self._due_ns = due_ns
        self._timer = self._loop.call_later(max(0.005, (due_ns - now_ns) / 1e9), self._on_timer)

    def _ask_key_in_bounds(self, lost: bool, now_ns: int) -> None:
        allowance = self._allowance
        limited = allowance.waiting_key or allowance.over(now_ns)
        if now_ns - self._asked_ns < (OVER_KEY_GAP_NS if limited else KEY_GAP_NS):
            return
        if lost or allowance.wants_key:
            self._ask_key(now_ns)

    def _ask_key_for_record(self, now_ns: int) -> None:
        if now_ns - self._asked_ns >= OVER_KEY_GAP_NS:
            self._ask_key(now_ns)

    def _ask_key(self, now_ns: int) -> None:
        assert self._feedback is not None
        self._asked_ns = now_ns
        self._feedback.pli()

    def _on_timer(self) -> None:
        self._timer = None
        if not self._closed and self._sync.picture.alive(self._clock()):
            self._speak(self._clock())

    def _shown(self, picture: Picture, pts_ns: int, arrived_ns: int) -> None:
        self._broken = ""
        self._sink(picture, pts_ns, arrived_ns)

    def _trouble(self, code: str) -> None:
        """Note a decoder's trouble, on its thread."""
        if not self._closed:
            self._loop.call_soon_threadsafe(self._need_key, code)

    def _need_key(self, code: str) -> None:
        self._broken = code
        self._jitter.require_key()
        if not self._closed:
            self._speak(self._clock())
