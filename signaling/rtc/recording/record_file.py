"""The files of one connection: its picture and sound as they came, packed into Matroska and nothing else.

Everything here runs on the recorder's writer thread. A file holds one form of picture; another size, codec or
parameter set begins the next part, for no player takes H.264 that changes within a file for granted.
"""

import io
import os
import re
import time
from collections import deque
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import av
import structlog
from av.packet import Packet as AvPacket
from av.stream import Stream

from mixer.containers.clock_tags import clock_at
from mixer.containers.muxing import CLUSTER_MS, NO_WAIT_US, open_output
from signaling.rtc.recording.record_head import Form, form_of, opus_header, video_header

OUTPUT_TAG, SEAT_TAG = "SUMMIT_OUTPUT", "SUMMIT_SEAT"
"""Container tags: the output that the file belongs to, and whose picture and sound it is."""
NO_PICTURE_NS = 1_000_000_000
"""So much sound without a picture, and a file begins that has none."""
LEAST_PART_NS = 1_000_000_000
"""A guest whose picture changes its form more often than this has some of it left out: files cost."""
MAX_PARTS = 999
_MS = Fraction(1, 1000)

log = structlog.get_logger()


def safe_name(name: str) -> str:
    """A part of a file's name: letters, digits, ``-`` and ``_``, at most 64."""
    return re.sub(r"[^A-Za-z0-9_-]+", "_", name)[:64] or "_"


class RecordFile:
    """One file. ``form`` None: sound alone. Raises OSError and av.FFmpegError, as all its methods do."""

    def __init__(self, path: Path, form: Form | None, start_ns: int, tags: dict[str, str]) -> None:
        self.path = path
        self.form = form
        self.start_ns = start_ns
        """CLOCK_MONOTONIC of the file's time 0."""
        options = {
            "flush_packets": "1",
            "cluster_time_limit": str(CLUSTER_MS),
            "max_interleave_delta": NO_WAIT_US,
        }
        self._container = open_output(str(path), "matroska", options)
        self._last: dict[bool, int] = {}
        self._video: Stream | None = None
        try:
            if form is not None:
                self._video = self._add(video_header(form))
            self._sound = self._add(opus_header())
            for name, value in tags.items():
                self._container.metadata[name] = value
            self._container.start_encoding()  # the header is on the disk before the first packet
        except BaseException:
            self._container.close()
            raise

    def _add(self, header: bytes) -> Stream:
        with av.open(io.BytesIO(header), "r", format="matroska") as template:
            return self._container.add_stream_from_template(template.streams[0], opaque=True)

    def picture(self, data: bytes, pts_ns: int, key: bool) -> None:
        assert self._video is not None
        self._mux(self._video, data, pts_ns, 0, key)

    def sound(self, data: bytes, pts_ns: int, duration_ms: int) -> None:
        """A packet from before the file's time 0 is left out."""
        if pts_ns >= self.start_ns:
            self._mux(self._sound, data, pts_ns, duration_ms, True)

    def _mux(self, stream: Stream, data: bytes, pts_ns: int, duration_ms: int, key: bool) -> None:
        pts = round((pts_ns - self.start_ns) / 1e6)
        is_video = stream is self._video
        # a file's times are whole milliseconds, and each packet has its own
        pts = self._last[is_video] = max(pts, self._last.get(is_video, -1) + 1)
        # av.Packet(data) would keep a Python buffer, whose release needs the GIL in FFmpeg's threads
        packet = AvPacket(len(data))
        packet.update(data)
        packet.stream = stream
        packet.time_base = _MS
        packet.pts = packet.dts = pts
        packet.duration = duration_ms
        packet.is_keyframe = key
        self._container.mux_one(packet)

    def close(self) -> None:
        """Write what is kept back, the duration and the index."""
        self._container.close()


class SeatFiles:
    """One connection's files, one after the other: ``<output>-<seat>-<UTC time>-part<n>.mkv`` in ``folder``.

    Raises OSError for the disk's fault; av.FFmpegError and ValueError for what the sender sent.
    """

    def __init__(self, folder: Path, output: str, seat: str, epoch_ns: int) -> None:
        self._folder = folder
        self._stem = f"{safe_name(output)}-{safe_name(seat)}"
        self._tags = {"title": seat, OUTPUT_TAG: output, SEAT_TAG: seat}
        self._epoch_ns = epoch_ns
        self._part: RecordFile | None = None
        self._before: RecordFile | None = None
        """The part before: the sound that belongs to it comes later than the picture that ended it."""
        self._early: deque[tuple[bytes, int, int]] = deque(maxlen=256)
        """Sound while there is no file yet."""
        self._waiting = True
        self.parts = 0
        self.refused = 0
        """Pictures left out: no keyframe before them, or of a form that came too soon."""

    def picture(self, codec: str, data: bytes, pts_ns: int, key: bool) -> None:
        """A whole frame; Annex B for ``h264``."""
        if key:
            self._waiting = not self._fits(form_of(codec, data), pts_ns)
        if self._waiting or self._part is None:
            self.refused += 1
            return
        self._part.picture(data, pts_ns, key)

    def sound(self, data: bytes, pts_ns: int, duration_ms: int) -> None:
        """An Opus packet."""
        if self._before is not None and self._part is not None:
            if pts_ns < self._part.start_ns:
                self._before.sound(data, pts_ns, duration_ms)
                return
            self._end_before()
        if self._part is not None:
            self._part.sound(data, pts_ns, duration_ms)
            return
        self._early.append((data, pts_ns, duration_ms))
        start_ns = self._early[0][1]
        if pts_ns - start_ns > NO_PICTURE_NS or len(self._early) == self._early.maxlen:
            self._begin(None, start_ns)

    def close(self) -> None:
        """Finish the files."""
        if self._part is None and self._early:
            self._begin(None, self._early[0][1])  # a visit of less than a second
        self._end_before()
        part, self._part = self._part, None
        self._waiting = True
        if part is not None:
            part.close()

    def abandon(self) -> None:
        """Let go of the files after an error; as much as is on the disk stays."""
        parts = (self._before, self._part)
        self._before = self._part = None
        self._early.clear()
        self._waiting = True
        for part in parts:
            if part is not None:
                try:
                    part.close()
                except (OSError, av.FFmpegError, ValueError):
                    pass  # what it has is what there is

    def _fits(self, form: Form | None, pts_ns: int) -> bool:
        """Return whether pictures of this form can be written: where needed, in a new part."""
        if form is None:
            return False
        part = self._part
        if part is not None and part.form == form:
            return True
        if part is not None and part.form is not None and pts_ns - part.start_ns < LEAST_PART_NS:
            return False
        if self.parts >= MAX_PARTS:
            return False
        self._begin(form, pts_ns)
        return True

    def _begin(self, form: Form | None, start_ns: int) -> None:
        self._end_before()
        self._before, self._part = self._part, None
        path = self._reserve()
        clock = clock_at(start_ns - self._epoch_ns, self._epoch_ns, time.monotonic_ns(), datetime.now(UTC))
        try:
            self._part = RecordFile(path, form, start_ns, self._tags | clock.tags())
        except BaseException:
            if path.stat().st_size == 0:
                path.unlink()
            raise
        self.parts += 1
        log.info("seat recording", file=path.name)
        early = list(self._early)
        self._early.clear()
        for data, pts_ns, duration_ms in early:
            self._part.sound(data, pts_ns, duration_ms)

    def _end_before(self) -> None:
        before, self._before = self._before, None
        if before is not None:
            before.close()

    def _reserve(self) -> Path:
        """Make the part's file, empty: never one that exists. Numbers go on over the folder's life."""
        pattern = re.compile(rf"{re.escape(self._stem)}-\d{{8}}T\d{{6}}Z-part(\d+)\.mkv")
        found = (pattern.fullmatch(path.name) for path in self._folder.iterdir())
        number = 1 + max((int(match[1]) for match in found if match), default=0)
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        while True:
            path = self._folder / f"{self._stem}-{stamp}-part{number}.mkv"
            try:
                os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o640))
            except FileExistsError:
                number += 1
            else:
                return path
