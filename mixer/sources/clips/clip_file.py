"""What is in a clip's file: its pictures, its sound, how long it is, and what is wrong with it."""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import av
from av.container import InputContainer

from mixer.compose.colour_convert import encoding_of
from mixer.contract import findings
from mixer.contract.findings import Track
from mixer.sources.clips.demux import CORRUPT, Damage, alpha_decoder, decoded, opened, rewind
from mixer.sources.clips.tracks import (
    Choice,
    HearableTrack,
    choose,
    codec_of,
    described,
    heard_tracks,
    kept_choice,
    picture_track,
    wanted,
)
from mixer.sources.frames import fitted, may_be_transparent
from mixer.sources.orientation import UPRIGHT, Orientation, orientation_of
from mixer.sources.player import MediaError, Trouble
from mixer.sources.sound import heard_in
from mixer.sources.spans import NO_RATE, Spans, rate_of, spans_of
from mixer.sources.tonemap import FileColour, colour_of, either, told_by

MAX_PIXELS = 4096 * 2304
MAX_SIDE = 5760
PADDING_S = Fraction(1, 10)
"""What sound begins earlier or ends later than the picture by no more than this is its codec's filling."""
_LOOKED_AT = 3
"""Pictures, to tell whether they are interlaced."""
_LISTENED_S = 8
"""Of sound, at each of some places, to tell whether a track is silent."""

TRUNCATED = Trouble(
    "clip.truncated", "The file ends before the clip does; what there is of it is played. Upload it again."
)
DAMAGED = Trouble("clip.damaged", "Parts of this clip can't be decoded and are left out.")
TOO_SLOW = Trouble(
    findings.TOO_SLOW,
    "This machine can't decode the clip fast enough, so pictures are left out; convert it to 1080p H.264,"
    " or where parts of it are transparent to the size at which it is shown.",
)
_EMPTY = Trouble("clip.empty", "This file has neither a picture nor sound that could be played.")


class ClipInfo(NamedTuple):
    """``start_s``: the container's time of position 0, where the first of its streams begins; ``duration_s``:
    to where the last one ends. ``width`` and ``height`` as it is shown, in square pixels, turned as the file
    says; 0 where it is sound alone. ``frame_s``: how long a picture lasts. ``picture`` and ``sounds``: the
    streams that are played, by index; ``heard``: all that could be."""

    duration_s: Fraction
    start_s: Fraction
    width: int
    height: int
    frame_s: Fraction
    varying: bool
    truncated: bool
    picture: int | None
    sounds: Choice
    heard: tuple[HearableTrack, ...] = ()
    ends_s: Mapping[int, Fraction] = {}
    """Of streams, by index: the position where each ends."""
    tracks: tuple[Track, ...] = ()
    orientation: Orientation = UPRIGHT
    colour: str = ""
    """Of HDR and wide primaries: see :attr:`mixer.sources.tonemap.Colour.name`."""
    interlaced: bool = False
    alpha: bool = False
    """Its pictures may be transparent."""
    alpha_lost: bool = False
    """The file says so, and its alpha can't be read: they hide all."""

    @property
    def sound(self) -> bool:
        return bool(self.sounds)

    @property
    def played_s(self) -> Fraction:
        """Where the last of the streams that are played ends; the others may go on."""
        played = (*self.sounds, *(() if self.picture is None else (self.picture,)))
        return max((self.ends_s.get(index, self.duration_s) for index in played), default=self.duration_s)

    def hearing(self, numbers: Sequence[int]) -> "ClipInfo":
        """The same with the tracks that the director chose, one or two as left and right; as it is where
        there are none of these numbers. Its times are those of all tracks, and stay."""
        return self._replace(sounds=wanted(self.heard, numbers) or self.sounds)


def look(path: Path, beat: Callable[[], None] = lambda: None) -> ClipInfo:
    """Looks into the file. ``beat`` is called now and then: a long damaged file takes a while.

    Raises :class:`MediaError`: ``media.corrupt``, ``clip.codec``, ``clip.empty``, ``clip.too-large``,
    ``clip.too-many-tracks``.
    """
    with opened(path) as container:
        picture = picture_track(container)
        heard = heard_tracks(container)
        if picture is None and not heard:
            raise _nothing(container)
        told = FileColour() if picture is None else told_by(picture)
        first = [] if picture is None else _first_frames(container, picture, beat)
        spans = spans_of(container, picture.index if picture is not None else None, beat)
        silent = _Silence(path, spans, beat)
        chosen = kept_choice(container) or choose(heard, silent)
        info = _timed(container, picture, heard, spans, beat)._replace(sounds=chosen)
        tracks = described(
            container, info.picture, chosen, frozenset(silent.found), spans.known, info.start_s
        )
        info = info._replace(tracks=tracks)
        return info if picture is None else _shaped(info, picture, first, told)


def _nothing(container: InputContainer) -> MediaError:
    for stream in container.streams.audio:
        name = codec_of(container, stream.index)
        return MediaError(
            "clip.codec", f"Its sound is coded as {name}, which can't be decoded here; convert it to AAC."
        )
    return MediaError(*_EMPTY)


def _timed(
    container: InputContainer,
    picture: av.VideoStream | None,
    heard: Sequence[HearableTrack],
    spans: Spans,
    beat: Callable[[], None],
) -> ClipInfo:
    """Return where it begins and ends: with the first and the last of its streams, whichever are played."""
    played = [spans.known[each.stream] for each in heard if each.stream in spans.known]
    frame_s, varying = NO_RATE, False
    if picture is not None:
        frame_s, varying = rate_of(container, picture, beat)
        begins, ends = spans.known.get(picture.index, (Fraction(0), frame_s))
        ends = max(ends, begins + frame_s)
        early = [each for each, _ in played if each < begins - PADDING_S]
        late = [each for _, each in played if each > ends + PADDING_S]
        played = [(min([begins, *early]), max([ends, *late]))]
    if not played:
        raise MediaError(*_EMPTY)
    start_s, end_s = min(each for each, _ in played), max(each for _, each in played)
    if end_s <= start_s:
        raise MediaError(*CORRUPT)
    index = None if picture is None else picture.index
    ends_s = {each: until - start_s for each, (_, until) in spans.known.items()}
    return ClipInfo(
        duration_s=end_s - start_s,
        start_s=start_s,
        width=0,
        height=0,
        frame_s=frame_s,
        varying=varying,
        truncated=spans.truncated,
        picture=index,
        sounds=(),
        heard=tuple(heard),
        ends_s=ends_s,
    )


def _shaped(
    info: ClipInfo, picture: av.VideoStream, frames: list[av.VideoFrame], told: FileColour
) -> ClipInfo:
    first = frames[0]
    width, height = first.width, first.height
    orientation = orientation_of(first)
    colour = colour_of(first, encoding_of(either(int(first.colorspace), told.matrix), 1, "bt709"), told)
    shown = fitted(width, height, Fraction(picture.sample_aspect_ratio or 0), (MAX_SIDE, MAX_SIDE))
    width, height = shown[::-1] if orientation.transposed else shown
    alpha = any(may_be_transparent(frame, picture.codec_context.name) for frame in frames)
    return info._replace(
        width=width,
        height=height,
        orientation=orientation,
        colour=colour.name,
        interlaced=any(frame.interlaced_frame for frame in frames),
        alpha=alpha,
        alpha_lost=not alpha and alpha_decoder(picture) is not None,
    )


class _Silence:
    """Listens into tracks, once each. ``found``: the silent ones."""

    def __init__(self, path: Path, spans: Spans, beat: Callable[[], None]) -> None:
        self._path, self._spans, self._beat = path, spans, beat
        self._asked: dict[int, bool] = {}

    @property
    def found(self) -> list[int]:
        return [index for index, silent in self._asked.items() if silent]

    def __call__(self, index: int) -> bool:
        if index not in self._asked:
            self._asked[index] = not self._heard(index)
        return self._asked[index]

    def _heard(self, index: int) -> bool:
        begins, ends = self._spans.known.get(index, (Fraction(0), Fraction(0)))
        places = 1 if ends - begins < 4 * _LISTENED_S else 4
        for place in range(places):
            with opened(self._path) as container:
                if place:
                    stream = container.streams[index]
                    base = stream.time_base or Fraction(1, 1000)
                    at_s = begins + (ends - begins) * place / places
                    with contextlib.suppress(av.FFmpegError):
                        container.seek(int(at_s / base), stream=stream)
                frames = decoded(container, index, self._beat, Damage())
                if heard_in(frames, 4 * _LISTENED_S if places == 1 else _LISTENED_S):
                    return True
        return False


def _first_frames(
    container: InputContainer, stream: av.VideoStream, beat: Callable[[], None]
) -> list[av.VideoFrame]:
    """Some, at least one; without alpha where the alpha can't be read. Raises :class:`MediaError`,
    ``clip.too-large`` before anything is decoded."""
    context = stream.codec_context
    _check_size(context.width, context.height)
    alpha = alpha_decoder(stream)
    for decoder in (alpha, None) if alpha is not None else (None,):
        frames: list[av.VideoFrame] = []
        for frame in decoded(container, stream.index, beat, Damage(), decoder):
            assert isinstance(frame, av.VideoFrame)
            _check_size(frame.width, frame.height)
            frames.append(frame)
            if len(frames) == _LOOKED_AT:
                break
        if frames:
            return frames
        rewind(container, stream.index)
    raise MediaError(*CORRUPT)


def _check_size(width: int, height: int) -> None:
    if width * height > MAX_PIXELS or max(width, height) > MAX_SIDE:
        raise MediaError(
            "clip.too-large",
            f"The clip's picture is {width}×{height}; at most 4096×2304 or 5760×1620 are played.",
        )
