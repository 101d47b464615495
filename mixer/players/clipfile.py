"""What is in a clip's file: its pictures, its sound, how long it is, and what is wrong with it."""

import itertools
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import av
from av.container import InputContainer
from av.stream import Discard

from mixer.players.frames import fitted
from mixer.players.player import MediaError, Trouble

MAX_PIXELS = 4096 * 2304
MAX_SIDE = 4096
_FORMATS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm"
_PROBED = 300
"""Packets by which the frame rate is judged."""
_TAIL_S = 3
_MISSING_S = 0.7
"""A file that ends so much before its time is truncated."""
NO_RATE = Fraction(1, 25)
"""How long a picture is taken to last where the file doesn't say."""

CORRUPT = Trouble("media.corrupt", "This file can't be read; it is damaged, or of a kind that isn't played.")
TRUNCATED = Trouble(
    "clip.truncated", "The file ends before the clip does; what there is of it is played. Upload it again."
)
DAMAGED = Trouble("clip.damaged", "Parts of this clip can't be decoded and are left out.")
TOO_SLOW = Trouble(
    "clip.too-slow",
    "This machine can't decode the clip fast enough, so pictures are left out; convert it to 1080p H.264.",
)


class ClipInfo(NamedTuple):
    """``start_s``: the container's time of position 0, where its picture begins. ``width`` and ``height`` as
    it is shown, in square pixels, turned as the file says; ``frame_s``: how long a picture lasts."""

    duration_s: Fraction
    start_s: Fraction
    width: int
    height: int
    frame_s: Fraction
    sound: bool
    varying: bool
    truncated: bool


def opened(path: Path) -> InputContainer:
    """The file, read by the demuxers of MP4, MOV, Matroska and WebM alone, which open nothing else: neither
    another file nor an address. Raises :class:`MediaError`."""
    try:
        return av.open(
            str(path),
            options={"protocol_whitelist": "file", "format_whitelist": _FORMATS},
            metadata_errors="replace",
        )
    except (av.FFmpegError, OSError, ValueError) as error:
        raise MediaError(*CORRUPT) from error


def look(path: Path, beat: Callable[[], None] = lambda: None) -> ClipInfo:
    """Looks into the file. Raises :class:`MediaError`: ``media.corrupt``, ``clip.no-picture``,
    ``clip.too-large``. ``beat`` is called now and then: a long damaged file takes a while."""
    with opened(path) as container:
        videos = [each for each in container.streams.video if not _is_cover(each)]
        if not videos:
            raise MediaError("clip.no-picture", "This file has no picture; a clip needs one.")
        stream = videos[0]
        width, height = stream.codec_context.width, stream.codec_context.height
        if width * height > MAX_PIXELS or max(width, height) > MAX_SIDE:
            raise MediaError(
                "clip.too-large", f"The clip's picture is {width}×{height}; at most 4096×2304 are played."
            )
        if not width or not height:
            raise MediaError(*CORRUPT)
        first = _first_frame(container, stream.index, beat)
        base = stream.time_base or Fraction(1, 1000)
        start_s = Fraction(stream.start_time) * base if stream.start_time else Fraction(0)
        told_s = _duration_s(container, stream, base)
        frame_s = 1 / Fraction(rate) if (rate := stream.average_rate or stream.guessed_rate) else NO_RATE
        times = _times_s(container, stream.index, base, beat)
        varying = _varies(times)
        end_s = told_s
        truncated = not _reaches(container, stream.index, base, start_s + told_s, beat)
        if truncated or not told_s:
            end_s = _read_end_s(container, stream.index, base, beat) - start_s
            truncated = truncated and bool(told_s) and end_s < told_s - Fraction(_MISSING_S)
        aspect = Fraction(stream.sample_aspect_ratio or 0)
        turned = round(first.rotation / 90) % 2
        shown = fitted(width, height, aspect, (MAX_SIDE, MAX_SIDE))
        width, height = shown[::-1] if turned else shown
        return ClipInfo(
            max(end_s, frame_s),
            start_s,
            width,
            height,
            frame_s,
            bool(container.streams.audio),
            varying,
            truncated,
        )


def _is_cover(stream: av.VideoStream) -> bool:
    """A still that music players show beside a track."""
    return bool(stream.disposition & av.stream.Disposition.attached_pic)


def _duration_s(container: InputContainer, stream: Any, base: Fraction) -> Fraction:
    if stream.duration:
        return Fraction(stream.duration) * base
    return Fraction(container.duration or 0, av.time_base)


def _first_frame(container: InputContainer, index: int, beat: Callable[[], None]) -> av.VideoFrame:
    for frame in decoded(container, index, beat, _Damage()):
        assert isinstance(frame, av.VideoFrame)
        return frame
    raise MediaError(*CORRUPT)


class _Damage:
    """Counts what a decoder couldn't make anything of."""

    def __init__(self) -> None:
        self.packets = 0


def decoded(
    container: InputContainer, index: int, beat: Callable[[], None], damage: "_Damage"
) -> Iterator[av.VideoFrame | av.AudioFrame]:
    """The frames of one stream, from where the container stands. A packet that can't be decoded is left out;
    what can't be read any more ends it."""
    for packet in _packets(container, index):
        beat()
        try:
            frames = packet.decode()
        except av.FFmpegError:
            damage.packets += 1
            continue
        yield from (frame for frame in frames if isinstance(frame, av.VideoFrame | av.AudioFrame))


Damage = _Damage


def _packets(container: InputContainer, index: int) -> Iterator["av.Packet[Any]"]:
    for stream in container.streams:
        if stream.index != index:
            stream.discard = Discard.all
    iterator = container.demux(container.streams[index])
    while True:
        try:
            packet = next(iterator)
        except (StopIteration, av.FFmpegError):
            return
        yield packet


def _times_s(
    container: InputContainer, index: int, base: Fraction, beat: Callable[[], None]
) -> list[Fraction]:
    """When the first pictures are shown, in order."""
    _rewind(container, index)
    packets = itertools.islice(_packets(container, index), _PROBED)
    times = [packet.pts * base for packet in packets if packet.pts is not None]
    beat()
    return sorted(times)


def _varies(times_s: list[Fraction]) -> bool:
    """Whether the pictures come at a rate that varies; times rounded to milliseconds don't count."""
    steps = sorted(late - early for early, late in itertools.pairwise(times_s))[: -2 or None]
    if len(steps) < 8:
        return False
    return steps[-1] - steps[0] > max(Fraction(4, 1000), steps[len(steps) // 2] / 4)


def _rewind(container: InputContainer, index: int) -> None:
    stream = container.streams[index]
    try:
        container.seek(stream.start_time or 0, stream=stream)
    except av.FFmpegError as error:
        raise MediaError(*CORRUPT) from error


def _reaches(
    container: InputContainer, index: int, base: Fraction, end_s: Fraction, beat: Callable[[], None]
) -> bool:
    """Whether there are pictures at the clip's end."""
    stream = container.streams[index]
    try:
        container.seek(max(0, int((end_s - _TAIL_S) / base)), stream=stream)
    except av.FFmpegError:
        return False
    last_s = Fraction(0)
    for packet in _packets(container, index):
        beat()
        if packet.pts is not None:
            last_s = max(last_s, (packet.pts + (packet.duration or 0)) * base)
    return last_s >= end_s - Fraction(_MISSING_S)


def _read_end_s(container: InputContainer, index: int, base: Fraction, beat: Callable[[], None]) -> Fraction:
    """Where the last picture that can be read ends."""
    _rewind(container, index)
    last_s = Fraction(0)
    for packet in _packets(container, index):
        beat()
        if packet.pts is not None:
            last_s = max(last_s, (packet.pts + (packet.duration or 0)) * base)
    return last_s
