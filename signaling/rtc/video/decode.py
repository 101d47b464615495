"""Decoding pictures: a small pool of threads for all guests, one decoder with one thread for each.

A lane delivers pictures as the house has them, BT.709 in limited range, whatever its sender means.

A lane is one guest's way through the pool: its frames are decoded one after the other, by whichever thread
is free. Lanes are bounded, closing one waits for nobody, and no error leaves its lane. A lane that fell
behind leaves out what nobody would see any more.
"""

import queue
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

import av
import numpy as np
from av.video.codeccontext import VideoCodecContext

from mixer.compose.colour_convert import ColourEncoding, HouseCopies, encoding_of
from mixer.contract.picture import Picture, Plane
from mixer.ipc.failures import Failures
from signaling.rtc.video.bitstream import picture_size
from signaling.rtc.video.color_space import UNSPECIFIED

MAX_QUEUE = 8
MAX_PIXELS = 1920 * 1088
MIN_SIDE = 2

PictureSink = Callable[[Picture, int, int], None]
"""Takes a picture, its presentation time and when its last packet came (CLOCK_MONOTONIC ns), on a decoder
thread; the planes are its own only there."""
Trouble = Callable[[str], None]
"""Takes ``video.too-large`` or ``video.broken``, on a decoder thread: a keyframe is needed."""


class _Queued(NamedTuple):
    data: bytes
    pts_ns: int
    arrived_ns: int
    key: bool
    colour: ColourEncoding | None


class Lane:
    """One guest's frames. ``codec`` is ``h264`` or ``vp8``."""

    def __init__(self, pool: "DecoderPool", codec: str, sink: PictureSink, trouble: Trouble) -> None:
        self.codec = codec
        self.width = self.height = 0
        self.pictures = 0
        self.skipped = 0
        """Frames left out because a keyframe behind them was due already."""
        self._pool = pool
        self._sink = sink
        self._trouble = trouble
        self._frames: deque[_Queued] = deque()
        self._busy = False
        self._closed = False
        self._context: VideoCodecContext | None = None

    def offer(
        self,
        data: bytes,
        pts_ns: int,
        arrived_ns: int,
        key: bool = False,
        colour: ColourEncoding | None = None,
    ) -> bool:
        """Queue a frame; ``key``: a keyframe; ``colour``: its encoding where something else than the frame
        tells it. False when the queue is full and no keyframe in it: it was emptied, and a keyframe is
        needed."""
        return self._pool.enqueue(self, _Queued(data, pts_ns, arrived_ns, key, colour))

    def flush(self) -> None:
        """Forget what waits: it hangs on something lost, or nobody will see it."""
        self._pool.empty(self)

    def close(self) -> None:
        """No picture is delivered any more once the frame in work is done. Never blocks."""
        self._closed = True
        self._pool.empty(self)

    def run_one(self) -> None:
        """Decode one frame (on a pool's thread)."""
        queued = self._pool.dequeue(self)
        if queued is None:
            return
        data = queued.data
        try:
            size = picture_size(self.codec, data)
            if size is not None and size[0] * size[1] > MAX_PIXELS:
                self.fail("video.too-large")
                return
            for frame in self._decoder().decode(av.Packet(data)):
                if self._closed:
                    return
                if frame.is_corrupt or frame.format.name not in ("yuv420p", "yuvj420p"):
                    self.fail("video.broken")
                    return
                picture = _planes(frame)
                self.width, self.height = picture.width, picture.height
                if min(self.width, self.height) < MIN_SIDE or self.width * self.height > MAX_PIXELS:
                    self.fail("video.too-large")
                    return
                self.pictures += 1
                picture = self._pool.copies.of(picture, queued.colour or self._said_by(frame))
                self._sink(picture, queued.pts_ns, queued.arrived_ns)
        except (av.FFmpegError, ValueError):
            self.fail("video.broken")

    def _said_by(self, frame: av.VideoFrame) -> ColourEncoding:
        full = frame.format.name == "yuvj420p"
        encoding = encoding_of(frame.colorspace, frame.color_range, UNSPECIFIED[self.codec])
        return ColourEncoding(encoding.matrix, True) if full else encoding

    def _decoder(self) -> VideoCodecContext:
        if self._context is None:
            context = av.CodecContext.create(self.codec, "r")
            assert isinstance(context, VideoCodecContext)
            context.thread_count = 1
            context.options = {"max_pixels": str(MAX_PIXELS + 64 * 1920)}
            self._context = context
        return self._context

    def fail(self, code: str) -> None:
        """Start over at the next keyframe (on a pool's thread)."""
        self._pool.empty(self)
        self._context = None
        if not self._closed:
            self._trouble(code)


def _leave_out(frames: deque[_Queued], now_ns: int | None) -> int:
    """Drop what lies before the newest keyframe, if that is due at ``now_ns`` (None: in any case): what is
    before it would come too late to be seen. Returns how many."""
    for index in range(len(frames) - 1, 0, -1):
        if frames[index].key and (now_ns is None or frames[index].pts_ns <= now_ns):
            for _ in range(index):
                frames.popleft()
            return index
    return 0


def _planes(frame: av.VideoFrame) -> Picture:
    """Views of the decoder's own buffers."""
    width, height = frame.width, frame.height
    sizes = ((width, height), *(((width + 1) // 2, (height + 1) // 2),) * 2)
    planes: list[Plane] = []
    for plane, (w, h) in zip(frame.planes, sizes, strict=True):
        flat = np.frombuffer(memoryview(plane), np.uint8)
        planes.append(flat[: h * plane.line_size].reshape(h, plane.line_size)[:, :w])
    return Picture(*planes)


class DecoderPool:
    """``threads`` daemon threads; made once per shard."""

    def __init__(self, threads: int = 2) -> None:
        self._lock = threading.Lock()
        """For the queues of all lanes, and whether a lane is in the pool's own."""
        self.copies = HouseCopies()
        """Of pictures that aren't BT.709, limited range: a decoder's own are what it goes on from."""
        self._ready: queue.SimpleQueue[Lane | None] = queue.SimpleQueue()
        self.failures = Failures("decode")
        """Whatever else than a broken picture a decoder or a sink stumbled over."""
        self._stopped = False
        self._threads = [
            threading.Thread(target=self._work, name=f"decode-{n}", daemon=True) for n in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    def enqueue(self, lane: Lane, queued: _Queued) -> bool:
        with self._lock:
            if lane._closed:
                return True
            lane._frames.append(queued)
            if len(lane._frames) > MAX_QUEUE:
                left_out = _leave_out(lane._frames, None)
                lane.skipped += left_out
                if not left_out:
                    lane._frames.clear()
                    return False
            if not lane._busy:
                lane._busy = True
                self._ready.put(lane)
        return True

    def dequeue(self, lane: Lane) -> _Queued | None:
        with self._lock:
            lane.skipped += _leave_out(lane._frames, time.monotonic_ns())
            return lane._frames.popleft() if lane._frames else None

    def empty(self, lane: Lane) -> None:
        with self._lock:
            lane._frames.clear()

    def close(self) -> None:
        """Let the threads end; they are not waited for."""
        self._stopped = True
        for _ in self._threads:
            self._ready.put(None)

    def _work(self) -> None:
        while (lane := self._ready.get()) is not None and not self._stopped:
            try:
                self._run(lane)
            except Exception as error:  # even its own trouble can't be told
                self.failures.add(error)
            with self._lock:
                if lane._frames:
                    self._ready.put(lane)
                else:
                    lane._busy = False
                    if lane._closed:
                        lane._context = None

    def _run(self, lane: Lane) -> None:
        """One frame. The thread is everybody's: whatever a guest's picture breaks stays the guest's."""
        try:
            lane.run_one()
        except Exception as error:
            self.failures.add(error)
            lane.fail("video.broken")
