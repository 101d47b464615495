"""Decoding pictures: a small pool of threads for all guests, one decoder with one thread for each.

A lane is one guest's way through the pool: its frames are decoded one after the other, by whichever thread
is free. Lanes are bounded, closing one waits for nobody, and no error leaves its lane.
"""

import threading
from collections import deque
from collections.abc import Callable

import av
import numpy as np
from av.video.codeccontext import VideoCodecContext

from mixer.picture import Picture, Plane
from signaling.rtc.bitstream import picture_size

MAX_QUEUE = 8
MAX_PIXELS = 1920 * 1088
MIN_SIDE = 2

PictureSink = Callable[[Picture, int], None]
"""Takes a picture and its presentation time in ns, on a decoder thread; the planes are its own only there."""
Trouble = Callable[[str], None]
"""Takes ``video.too-large`` or ``video.broken``, on a decoder thread: a keyframe is needed."""


class Lane:
    """One guest's frames. ``codec`` is ``h264`` or ``vp8``."""

    def __init__(self, pool: "DecoderPool", codec: str, sink: PictureSink, trouble: Trouble) -> None:
        self.codec = codec
        self.width = self.height = 0
        self.pictures = 0
        self._pool = pool
        self._sink = sink
        self._trouble = trouble
        self._frames: deque[tuple[bytes, int]] = deque()
        self._busy = False
        self._closed = False
        self._context: VideoCodecContext | None = None

    def offer(self, data: bytes, pts_ns: int) -> bool:
        """Queue a frame. False when the queue is full: it was emptied, and a keyframe is needed."""
        return self._pool.enqueue(self, data, pts_ns)

    def flush(self) -> None:
        """Forget what waits: it hangs on something lost."""
        self._frames.clear()

    def close(self) -> None:
        """No picture is delivered any more once the frame in work is done. Never blocks."""
        self._closed = True
        self._frames.clear()

    def run_one(self) -> None:
        """Decode one frame (on a pool's thread)."""
        try:
            data, pts_ns = self._frames.popleft()
        except IndexError:
            return
        try:
            size = picture_size(self.codec, data)
            if size is not None and size[0] * size[1] > MAX_PIXELS:
                self._fail("video.too-large")
                return
            for frame in self._decoder().decode(av.Packet(data)):
                if self._closed:
                    return
                if frame.is_corrupt or frame.format.name not in ("yuv420p", "yuvj420p"):
                    self._fail("video.broken")
                    return
                picture = _planes(frame)
                self.width, self.height = picture.width, picture.height
                if min(self.width, self.height) < MIN_SIDE or self.width * self.height > MAX_PIXELS:
                    self._fail("video.too-large")
                    return
                self.pictures += 1
                self._sink(picture, pts_ns)
        except (av.FFmpegError, ValueError):
            self._fail("video.broken")

    def _decoder(self) -> VideoCodecContext:
        if self._context is None:
            context = av.CodecContext.create(self.codec, "r")
            assert isinstance(context, VideoCodecContext)
            context.thread_count = 1
            context.options = {"max_pixels": str(MAX_PIXELS + 64 * 1920)}
            self._context = context
        return self._context

    def _fail(self, code: str) -> None:
        self._frames.clear()
        self._context = None
        if not self._closed:
            self._trouble(code)


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
        self._ready: deque[Lane] = deque()
        self._wake = threading.Condition()
        self._stopped = False
        self._threads = [
            threading.Thread(target=self._work, name=f"decode-{n}", daemon=True) for n in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    def enqueue(self, lane: Lane, data: bytes, pts_ns: int) -> bool:
        with self._wake:
            if lane._closed:
                return True
            if len(lane._frames) >= MAX_QUEUE:
                lane._frames.clear()
                return False
            lane._frames.append((data, pts_ns))
            if not lane._busy:
                lane._busy = True
                self._ready.append(lane)
                self._wake.notify()
        return True

    def close(self) -> None:
        """Let the threads end; they are not waited for."""
        with self._wake:
            self._stopped = True
            self._wake.notify_all()

    def _work(self) -> None:
        while True:
            with self._wake:
                while not self._ready and not self._stopped:
                    self._wake.wait()
                if self._stopped:
                    return
                lane = self._ready.popleft()
            try:
                lane.run_one()
            finally:
                with self._wake:
                    if lane._frames:
                        self._ready.append(lane)
                    else:
                        lane._busy = False
                        if lane._closed:
                            lane._context = None
