"""MP4 files out of a recording's parts, all languages in one reading: packets are copied as they are."""

import contextlib
import errno
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path

import av
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.packet import Packet as AvPacket
from av.stream import Stream
from av.video.stream import VideoStream

from mixer.containers.languages import terminologic
from mixer.containers.marks import Chapter
from studio.vod.errors import VodError
from studio.vod.join import Segment, SoundPlacer
from studio.vod.parts import ProgramPart, SoundTrack, whole
from studio.vod.silence import filling, silence

_SAMPLES = {"aac": 1024, "opus": 960}
_MICRO = 1_000_000

Progress = Callable[[int, int], None]
"""Takes bytes read so far, and of how many."""


@dataclass(frozen=True)
class MadeVideo:
    """One that was made."""

    path: Path
    bus: str
    language: str
    bytes: int


class _Writer:
    """One MP4 file."""

    def __init__(self, path: Path, track: SoundTrack, title: str, chapters: Sequence[Chapter]) -> None:
        self.path = path
        self.track = track
        self.container: OutputContainer = av.open(
            str(path), "w", format="mp4", options={"movflags": "+faststart"}
        )
        self._title = title
        self._chapters = chapters
        self._video: Stream | None = None
        self._sound: Stream | None = None
        self._placer: SoundPlacer | None = None

    def prepare(self, source: InputContainer, fps: Fraction) -> None:
        """Take the codec parameters from the first part."""
        picture = source.streams.video[0]
        self._video = self.container.add_stream_from_template(picture, opaque=True)
        assert isinstance(self._video, VideoStream)
        self._video.codec_context.framerate = fps
        self._video.time_base = 1 / fps
        sound = source.streams[self.track.index]
        assert isinstance(sound, AudioStream)
        self._sound = self.container.add_stream_from_template(sound, opaque=True)
        codec, rate = sound.codec_context.name, int(sound.rate)
        self._sound.time_base = Fraction(1, rate)
        self._placer = SoundPlacer(fps, rate, _SAMPLES.get(codec, 1024))
        self._silence = silence(codec, rate, sound.codec_context.extradata)
        self._sound_end = 0
        self._rate, self._samples, self._fps = rate, _SAMPLES.get(codec, 1024), fps
        for stream in (self._video, self._sound):
            for name in list(stream.metadata):
                del stream.metadata[name]  # the recording's sizes and rates are not this file's
        language = terminologic(self.track.language)
        if language:
            self._sound.metadata["language"] = language
        self._sound.metadata["handler_name"] = self.track.bus
        if self._title:
            self.container.metadata["title"] = self._title
        if self._chapters:
            self.container.set_chapters(
                [
                    {
                        "id": number,
                        "start": round(chapter.start_s * _MICRO),
                        "end": round(chapter.end_s * _MICRO),
                        "time_base": Fraction(1, _MICRO),
                        "metadata": {"title": chapter.title},
                    }
                    for number, chapter in enumerate(self._chapters, 1)
                ]
            )

    def picture(self, data: bytes, at: int, key: bool) -> None:
        assert self._video is not None
        self._mux(self._video, data, at, 1, 1 / self._fps, key)

    def sound(self, data: bytes, segment: Segment, time_s: Fraction, part_first: int) -> None:
        assert self._sound is not None
        assert self._placer is not None
        at = self._placer.place(segment, time_s, part_first)
        if at is None:
            return
        base = Fraction(1, self._rate)
        if self._silence:
            for gap in filling(self._sound_end, at, self._samples, self._rate):
                self._mux(self._sound, self._silence, gap, self._samples, base, True)
        self._mux(self._sound, data, at, self._samples, base, True)
        self._sound_end = at + self._samples

    def _mux(self, stream: Stream, data: bytes, at: int, duration: int, base: Fraction, key: bool) -> None:
        packet = AvPacket(len(data))
        packet.update(data)
        packet.stream = stream
        packet.time_base = base
        packet.pts = packet.dts = at
        packet.duration = duration
        packet.is_keyframe = key
        self.container.mux_one(packet)


def write(
    parts: Sequence[ProgramPart],
    segments: Sequence[Segment],
    tracks: Sequence[SoundTrack],
    paths: Callable[[SoundTrack], Path],
    chapters: Sequence[Chapter],
    progress: Progress,
) -> list[MadeVideo]:
    """One file a track, at ``paths(track)``, which must not exist. Raises :class:`VodError`; no file that
    isn't whole is left behind then."""
    total = sum(parts[segment.part].bytes for segment in segments)
    made: list[_Writer] = []
    reserved: list[Path] = []
    try:
        for track in tracks:
            path = reserve(paths(track))
            reserved.append(path)
            made.append(_Writer(path, track, parts[0].title, chapters))
        read = 0
        for segment in segments:
            part = parts[segment.part]
            _copy(part, segment, made, partial(_further, progress, read, total))
            read += part.bytes
        progress(total, total)
        for writer in made:
            writer.container.close()
    except BaseException as error:
        for writer in made:
            with contextlib.suppress(OSError, av.FFmpegError, ValueError):
                writer.container.close()
        for path in reserved:
            path.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise explained(error, reserved[0].parent if reserved else Path()) from error
        if isinstance(error, av.FFmpegError | ValueError):
            raise VodError("vod.broken", f"the recording can't be copied ({error})") from error
        raise
    return [MadeVideo(w.path, w.track.bus, w.track.language, w.path.stat().st_size) for w in made]


def _further(progress: Progress, before: int, total: int, at: int) -> None:
    progress(before + at, total)


def _copy(
    part: ProgramPart, segment: Segment, writers: Sequence[_Writer], progress: Callable[[int], None]
) -> None:
    with av.open(part.path) as source:
        video = source.streams.video[0]
        sounds = {writer.track.index: writer for writer in writers}
        last = -1
        for writer in writers:
            if writer._video is None:
                writer.prepare(source, part.fps)
        for count, packet in enumerate(whole(source.demux(video, *(source.streams[i] for i in sounds)))):
            time_s = packet.pts * packet.time_base
            if packet.stream.index in sounds:
                sounds[packet.stream.index].sound(bytes(packet), segment, time_s, part.first)
            else:
                at = segment.place(part.tick_of(time_s))
                if at is not None and at > last:
                    last = at
                    data = bytes(packet)
                    for writer in writers:
                        writer.picture(data, at, packet.is_keyframe)
            if count % 64 == 0 and packet.pos is not None:
                progress(max(0, packet.pos))


def reserve(path: Path) -> Path:
    """Make an empty file of that name, or with a number behind it where there is one. Raises OSError."""
    for name in _names(path):
        try:
            os.close(os.open(name, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o644))
        except FileExistsError:
            continue
        return name
    raise AssertionError("unreachable")


def _names(path: Path) -> Iterator[Path]:
    yield path
    number = 2
    while True:
        yield path.with_name(f"{path.stem}-{number}{path.suffix}")
        number += 1


def explained(error: OSError, folder: Path) -> VodError:
    """Return what an error of writing into ``folder`` means."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return VodError("disk.full", f"the disk of {folder} is full; what was begun has been removed")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return VodError("disk.denied", f"{error.filename or folder} can't be written to")
    return VodError("disk.error", f"the videos can't be written to {folder}: {error.strerror or error}")


def languages(tracks: Sequence[SoundTrack], wanted: Sequence[str]) -> list[SoundTrack]:
    """The tracks of these buses or languages; all where none is named. Raises :class:`VodError`."""
    if not tracks:
        raise VodError("vod.no-language", "the recording has no sound track")
    by_name: Mapping[str, SoundTrack] = {
        name.lower(): track for track in reversed(tracks) for name in (track.language, track.bus) if name
    }
    chosen: list[SoundTrack] = []
    for name in wanted:
        track = by_name.get(name.lower())
        if track is None:
            there = ", ".join(track.bus for track in tracks)
            raise VodError("vod.no-language", f"no sound of {name} in the recording; it has: {there}")
        if track not in chosen:
            chosen.append(track)
    return chosen or list(tracks)
