"""A rendition at work: the thread that scales and encodes a canvas's pictures and publishes the packets.

The tick hands over pictures by :meth:`RenditionEncoder.offer`, which never waits: while the encoder is busy a
picture or two are held, further ones are dropped and counted.
"""

import queue
import threading
from collections.abc import Callable

import msgspec
import numpy as np
import structlog

from mixer.compose.canvas import Canvas
from mixer.compose.draw import scale
from mixer.contract.clock import NS, ProgramClock
from mixer.contract.names import StreamName
from mixer.contract.picture import Picture, Plane, i420_bytes, view_i420
from mixer.encode.video import Effort, VideoEncoder, VideoSettings, filler, take_over
from mixer.ipc.bus.packets import Packet, StreamHeader
from mixer.ipc.priority import Urgency, set_thread

KEYFRAME_GAP_NS = NS
"""At most one requested keyframe in this time."""
RETRY_NS = NS
"""How long a failed encoder waits before it is opened again."""

_log = structlog.get_logger()


class RenditionEncoder:
    """One encoder and its thread. Starts by :meth:`start`; ends by :meth:`stop`, then :meth:`join`.

    ``publish`` gets each packet, ``announce`` the stream's header before the first; both on the encoder's
    thread; ``published`` gets the tick and the time when its picture's packets are out. ``keyframe_ticks``: a
    keyframe lies on each tick that is a multiple of it. ``depth``: pictures held beside the one in work.
    """

    def __init__(
        self,
        stream: StreamName,
        settings: VideoSettings,
        keyframe_ticks: int,
        clock: ProgramClock,
        announce: Callable[[StreamHeader], None],
        publish: Callable[[Packet], None],
        slate: tuple[Packet, ...] = (),
        depth: int = 1,
        urgency: Urgency = Urgency.OTHERS,
        published: Callable[[int, int], None] | None = None,
    ) -> None:
        self.stream = stream
        self.settings = settings
        self.dropped = 0
        """Pictures that found the queue full, or the encoder broken."""
        self.late = 0
        """Pictures that reached the encoder more than a frame period after they were due."""
        self.failed = 0
        """Of the dropped, those that the encoder refused: no sign of an overload."""
        self.encoded = 0
        self.busy_ns = 0
        """What the thread spent on the pictures encoded: scaling, encoding, publishing."""
        self._keyframe_ticks = keyframe_ticks
        self._clock = clock
        self._announce = announce
        self._publish = publish
        self._published = published
        self._slate = slate
        self._urgency = urgency
        self._queue: queue.Queue[tuple[int, Canvas] | None] = queue.Queue(depth)
        self._stopping = threading.Event()
        self._asked = self._at_once = False
        self._last_group = -1
        self._last_asked_ns = 0
        self._encoder: VideoEncoder | None = None
        self._header = b""
        self._effort: Effort = "full"
        self._halved = False
        self._unfit = False
        self._last_tick = -1
        self._failed_ns = 0
        self._scaled = np.empty(0, np.uint8)
        self._thread = threading.Thread(target=self._run, name=stream, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Ask the thread to end after the picture at hand; doesn't wait."""
        self._stopping.set()
        try:
            self._queue.put_nowait(None)
        except queue.Full:
            pass  # the thread looks at the flag after each picture

    def join(self, timeout_s: float) -> None:
        self._thread.join(timeout_s)

    def request_keyframe(self, at_once: bool = False) -> None:
        """Make the next picture a keyframe; for viewers not within a second of the one before, ``at_once``
        for a recording that begins."""
        self._at_once |= at_once
        self._asked = True

    def set_effort(self, effort: Effort, halved: bool = False) -> None:
        """``eased``: with less effort from the next picture on; ``full``: back at the next keyframe.

        Less work is needed at once, so the encoder that takes over begins with a keyframe beside the grid;
        going back waits for the grid. Where it would not be the same stream, nothing changes. ``halved``:
        only every second tick will come, and the rate stays constant by filler in place of the others.
        """
        self._effort, self._halved = effort, halved

    def offer(self, tick: int, canvas: Canvas) -> bool:
        """Hand over one picture and the duty to release it. False: it was dropped (and released)."""
        try:
            self._queue.put_nowait((tick, canvas))
        except queue.Full:
            self.dropped += 1
            canvas.release()
            return False
        return True

    def _run(self) -> None:
        set_thread(self._urgency)
        while not self._stopping.is_set():
            item = self._queue.get()
            if item is None:
                break
            tick, canvas = item
            begun = self._clock.now()
            if begun - self._clock.due_ns(tick) > self._clock.period_ns:
                self.late += 1
            try:
                self._encode(tick, canvas, begun)
            except Exception as error:
                # whatever a codec dislikes: the rendition is opened again, the programme goes on
                self.dropped += 1
                self.failed += 1
                self._encoder = None
                self._failed_ns = self._clock.now()
                _log.error("encoder.failed", stream=self.stream, error=str(error))
        while True:
            try:
                left = self._queue.get_nowait()
            except queue.Empty:
                return
            if left is not None:
                left[1].release()

    def _encode(self, tick: int, canvas: Canvas, now_ns: int) -> None:
        settings = self.settings
        held = True
        try:
            if self._encoder is None:
                if self._failed_ns and now_ns - self._failed_ns < RETRY_NS:
                    self.dropped += 1
                    self.failed += 1
                    return
                self._open()
            assert self._encoder is not None
            buffer = canvas.buffer
            if (canvas.picture.width, canvas.picture.height) != (settings.width, settings.height):
                buffer = self._scale(canvas.picture)
                held = False
                canvas.release()
            key = self._is_key(tick, now_ns)
            if self._effort != self._encoder.settings.effort:
                key |= self._change_effort(self._effort, key)
            packets = self._encoder.encode(buffer, tick, key)
        finally:
            if held:
                canvas.release()
        if self._halved and settings.constant and tick == self._last_tick + 2 and packets:
            spared = filler(int(settings.bitrate / settings.fps / 8))
            packets[-1] = msgspec.structs.replace(packets[-1], data=packets[-1].data + spared)
        self._last_tick = tick
        for packet in packets:
            self._publish(packet)
        now = self._clock.now()
        self.encoded += 1
        self.busy_ns += now - now_ns
        if self._published is not None:
            self._published(tick, now)

    def _open(self) -> None:
        settings = self.settings
        self._encoder = encoder = VideoEncoder(self.stream, settings)
        self._header = encoder.nut
        self._last_group = -1
        fps = settings.fps
        self._announce(
            StreamHeader(
                self.stream,
                settings.codec,
                (fps.denominator, fps.numerator),
                settings.width,
                settings.height,
                encoder.nut,
                self._slate,
            )
        )

    def _change_effort(self, effort: Effort, key: bool) -> bool:
        """Let another encoder take over with this picture; whether it does, so that it is a keyframe.

        Opening one takes 2 ms, and its first picture no longer than any keyframe. So none is held ready.
        """
        if self._unfit or not (key or effort == "eased"):
            return False
        fresh = take_over(self.stream, self.settings, self._header, effort)
        if fresh is None:
            self._unfit = True
            _log.warning("encoder.unlike", stream=self.stream, effort=effort)
            return False
        self._encoder = fresh
        return True

    def _is_key(self, tick: int, now_ns: int) -> bool:
        group = tick // self._keyframe_ticks
        due = group != self._last_group  # also when the grid's own tick was dropped
        if self._asked and (self._at_once or now_ns - self._last_asked_ns >= KEYFRAME_GAP_NS):
            due = True
        if due:
            self._asked = self._at_once = False
            self._last_asked_ns = now_ns
        self._last_group = group
        return due

    def _scale(self, picture: Picture) -> Plane:
        size = i420_bytes(self.settings.width, self.settings.height)
        if self._scaled.size != size:
            self._scaled = np.empty(size, np.uint8)
        target = view_i420(self._scaled, self.settings.width, self.settings.height)
        for to, of in zip(target, picture, strict=True):
            scale(of, to)
        return self._scaled
