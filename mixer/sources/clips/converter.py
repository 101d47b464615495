"""Makes a clip's file that every player can afford: ``python -m mixer.sources.clips.converter FILE INTO
DEMANDS``.

H.264 of the house's colours, whole pictures, upright, as large as they are shown; all sound tracks as PCM, to
the sample; every time as it was. What is made is looked at before it is told to be there. One line of JSON
for each :class:`Progress`, and at the end a :class:`Converted` or a :class:`Refused`.
"""

import ctypes
import errno
import resource
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, NoReturn

import av
import msgspec
import numpy as np
from av.container import InputContainer, OutputContainer

from mixer.contract.findings import (
    CONVERTED_BITRATE,
    NOT_CONVERTED,
    Converted,
    Demands,
    Progress,
    Refused,
    Written,
)
from mixer.contract.picture import Picture
from mixer.ipc.limits import PLAYER_BYTES, confine
from mixer.sources.clips.clip_file import ClipInfo, look
from mixer.sources.clips.demux import CORRUPT, opened, packets
from mixer.sources.clips.effort import effort, shown_size
from mixer.sources.clips.tracks import KEPT, kept_as
from mixer.sources.deinterlace import ENOUGH, Deinterlacer
from mixer.sources.frames import FrameConverter
from mixer.sources.player import MediaError
from mixer.sources.tonemap import told_by

QUALITY = 15
"""Of x264, constant rate factor: what it changes nobody sees (over 45 dB of ordinary pictures)."""
PROGRESS_S = 0.5
HANG_S = 60
"""Of the processor's time without any progress; then it is ended."""
_CLOCK = 90_000
_TOLERANCE_S = Fraction(1, 4)
_PR_SET_PDEATHSIG = 1


def convert(path: Path, into: Path, demands: Demands) -> Iterator[Written]:
    """Does it. Raises :class:`MediaError` and OSError; ``into`` may be there then, half done."""
    fps = Fraction(*demands.fps)
    info = look(path)
    if info.picture is None:
        yield NOT_CONVERTED
        return
    box = shown_size(info, demands.canvases)
    with opened(path) as source, av.open(str(into), "w", format="matroska") as made:
        yield from _Conversion(info, source, made, box, fps).run(into, demands.spare_bytes)
    result = look(into)
    if result.picture is None or abs(result.duration_s - info.duration_s) > _TOLERANCE_S:
        yield NOT_CONVERTED
        return
    load = effort(into, result, box, fps)
    yield Converted(into.stat().st_size, result.width, result.height, round(load, 3))


class _Conversion:
    """The streams of one file, as they are decoded and written."""

    def __init__(
        self,
        info: ClipInfo,
        source: InputContainer,
        made: OutputContainer,
        box: tuple[int, int],
        fps: Fraction,
    ) -> None:
        assert info.picture is not None
        self._info, self._source, self._made, self._picture = info, source, made, info.picture
        stream = source.streams[info.picture]
        assert isinstance(stream, av.VideoStream)
        stream.thread_type = "AUTO"
        stream.codec_context.thread_count = 1
        self._aspect = Fraction(stream.sample_aspect_ratio or 0)
        self._converter = FrameConverter(box)
        self._converter.told = told_by(stream)
        self._converter.alpha = info.alpha
        fields = fps * info.frame_s >= ENOUGH
        self._deinterlacer = Deinterlacer(fields=fields)
        rate = 1 / info.frame_s
        self._rate = (2 * rate if fields and info.interlaced else rate).limit_denominator(1001)
        self._video: av.VideoStream | None = None
        self._last = -1
        self._sounds = {heard.stream: _Sound(info, source, made, heard.stream) for heard in info.heard}

    def run(self, into: Path, spare_bytes: int) -> Iterator[Progress]:
        told_s, share = time.monotonic(), 0.0
        for packet in packets(self._source, (self._picture, *self._sounds)):
            sound = self._sounds.get(packet.stream.index)
            try:
                frames: Any = packet.decode()
            except av.FFmpegError:
                continue
            for frame in frames:
                if sound is not None:
                    sound.write(frame)
                elif isinstance(frame, av.VideoFrame):
                    self._write(self._deinterlacer.frames(frame))
            if time.monotonic() - told_s >= PROGRESS_S:
                if shutil.disk_usage(into.parent).free < spare_bytes:
                    raise OSError(errno.ENOSPC, "no room")
                told_s = time.monotonic()
                share = max(share, min(1.0, self._last / _CLOCK / float(self._info.duration_s)))
                yield Progress(round(share, 3))
        self._write(self._deinterlacer.rest())
        if self._video is None:
            raise MediaError(*CORRUPT)
        self._made.mux(self._video.encode())
        for sound in self._sounds.values():
            sound.end()

    def _write(self, frames: Iterator[av.VideoFrame]) -> None:
        for frame in frames:
            if frame.pts is None or frame.time_base is None:
                continue
            position = round((frame.pts * frame.time_base - self._info.start_s) * _CLOCK)
            if (position <= self._last and self._video is not None) or position < 0:
                continue
            picture = self._converter.picture(frame, self._aspect)
            if self._video is None:
                self._video = self._encoder(picture.width, picture.height)
            if (picture.width, picture.height) != (self._video.width, self._video.height):
                continue  # a stream that changes its size: no player shows that otherwise than by chance
            self._last = position
            encoded = _frame(picture)
            encoded.pts, encoded.time_base = position, Fraction(1, _CLOCK)
            self._made.mux(self._video.encode(encoded))

    def _encoder(self, width: int, height: int) -> av.VideoStream:
        video = self._made.add_stream("libx264", rate=self._rate)
        assert isinstance(video, av.VideoStream)
        video.width, video.height, video.pix_fmt = width, height, "yuv420p"
        video.time_base = video.codec_context.time_base = Fraction(1, _CLOCK)
        video.gop_size = max(1, round(self._rate))  # a seek decodes a second at most
        context: Any = video.codec_context
        context.color_range, context.colorspace = 1, 1
        context.color_primaries, context.color_trc = 1, 1
        context.thread_count = 1
        most = str(round(CONVERTED_BITRATE * max(1.0, width * height / (1920 * 1080))))
        video.options = {
            "preset": "veryfast",
            "tune": "fastdecode",
            "crf": str(QUALITY),
            "maxrate": most,
            "bufsize": most,
        }
        return video


class _Sound:
    """One sound track, decoded and written as PCM of its own layout and rate."""

    def __init__(self, info: ClipInfo, source: InputContainer, made: OutputContainer, index: int) -> None:
        stream = source.streams[index]
        assert isinstance(stream, av.AudioStream)
        context = stream.codec_context
        whole = context.format.bytes <= 2
        self._start_s = info.start_s
        self._made = made
        self._format, codec = ("s16", "pcm_s16le") if whole else ("flt", "pcm_f32le")
        self._layout, self._rate = context.layout.name, context.sample_rate
        written = made.add_stream(codec, rate=self._rate)
        assert isinstance(written, av.AudioStream)
        self._stream = written
        self._stream.layout = self._layout
        self._stream.time_base = Fraction(1, self._rate)
        for name in ("language", "title"):
            if told := stream.metadata.get(name):
                self._stream.metadata[name] = told
        self._stream.metadata[KEPT] = kept_as(info.heard, info.sounds, index)
        self._stream.disposition = stream.disposition
        self._resampler = av.AudioResampler(self._format, self._layout, self._rate)

    def write(self, frame: av.AudioFrame) -> None:
        if frame.pts is None or frame.time_base is None:
            return
        for each in self._resampler.resample(frame):
            position_s = (each.pts or 0) * (each.time_base or Fraction(1, self._rate)) - self._start_s
            self._put(each, round(position_s * self._rate))

    def _put(self, frame: av.AudioFrame, position: int) -> None:
        if position + frame.samples <= 0:
            return
        if position < 0:  # what a codec had before the beginning
            channels = self._stream.codec_context.layout.nb_channels
            rest = frame.to_ndarray()[:, -position * channels :]
            frame = av.AudioFrame.from_ndarray(rest, self._format, self._layout)
            frame.sample_rate, position = self._rate, 0
        frame.pts, frame.time_base = position, Fraction(1, self._rate)
        self._made.mux(self._stream.encode(frame))

    def end(self) -> None:
        for each in self._resampler.resample(None):
            self.write(each)
        self._made.mux(self._stream.encode())


def _frame(picture: Picture) -> av.VideoFrame:
    frame = av.VideoFrame(picture.width, picture.height, "yuv420p")
    for plane, source in zip(frame.planes, picture, strict=True):
        rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
        rows[: source.shape[0], : source.shape[1]] = source
    return frame


def _tell(outcome: Written) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(outcome) + b"\n")
    sys.stdout.buffer.flush()


def _allow(seconds: int) -> None:
    """So much more of the processor's time; who uses it up is ended by the kernel."""
    used = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(used) + seconds, hard))


def main() -> NoReturn:
    """Exit status 0 and an outcome, or another status where the file was too much for this process."""
    path, into = Path(sys.argv[1]), Path(sys.argv[2])
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    demands = msgspec.json.decode(sys.argv[3], type=Demands)
    confine(PLAYER_BYTES, demands.niceness)
    try:
        _allow(HANG_S)
        for outcome in convert(path, into, demands):
            _tell(outcome)
            _allow(HANG_S)
    except MediaError as error:
        _tell(Refused(*error.trouble))
    except (OSError, MemoryError) as error:
        full = getattr(error, "errno", 0) in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        _tell(Refused("media.disk-full", "There is no room on the server's disk.") if full else NOT_CONVERTED)
    sys.exit(0)


if __name__ == "__main__":
    main()
