"""Interlaced pictures → whole ones, by FFmpeg's bwdif: pictures that aren't interlaced pass by."""

from collections.abc import Iterator

import av
import av.filter

ENOUGH = 1.5
"""Times a stream's pictures a second that the programme must have to be given each field as a picture."""


class Deinterlacer:
    """One stream's frames, in order. ``fields``: a picture for each field, else for each two. Used by one
    thread.

    Nothing costs anything before the first interlaced frame; from then on frames come one later.
    """

    def __init__(self, *, fields: bool) -> None:
        self._mode = "send_field" if fields else "send_frame"
        self._graph: av.filter.Graph | None = None
        self._form: tuple[object, ...] = ()
        self.seen = False
        """Whether any frame was interlaced."""

    def frames(self, frame: av.VideoFrame) -> Iterator[av.VideoFrame]:
        """What can be shown now that ``frame`` is there. Raises av.FFmpegError."""
        self.seen = self.seen or frame.interlaced_frame
        if not self.seen:
            yield frame
            return
        form = (frame.width, frame.height, frame.format.name, frame.time_base)
        if form != self._form:
            yield from self.rest()
            self._graph, self._form = self._made(frame), form
        assert self._graph is not None
        self._graph.push(frame)
        yield from self._pulled()

    def rest(self) -> Iterator[av.VideoFrame]:
        """What is left at the end; then it starts over."""
        if self._graph is None:
            return
        self._graph.push(None)
        yield from self._pulled()
        self._graph, self._form = None, ()

    def _made(self, frame: av.VideoFrame) -> av.filter.Graph:
        graph = av.filter.Graph()
        source = graph.add_buffer(
            width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base
        )
        doubled = graph.add("bwdif", f"mode={self._mode}:parity=auto:deint=interlaced")
        sink = graph.add("buffersink")
        source.link_to(doubled)
        doubled.link_to(sink)
        graph.configure()
        return graph

    def _pulled(self) -> Iterator[av.VideoFrame]:
        assert self._graph is not None
        while True:
            try:
                frame = self._graph.pull()
            except (av.BlockingIOError, av.EOFError):
                return
            assert isinstance(frame, av.VideoFrame)
            yield frame
