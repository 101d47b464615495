"""Recordings on disk: which files belong together, and what is in them."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Stream
from av.video.stream import VideoStream

from mixer.containers.clock_tags import FileClock, file_clock
from signaling.rtc.recording.record_file import OUTPUT_TAG, SEAT_TAG, safe_name
from studio.vod.errors import VodError

NEXT_S = 600.0
"""A part that begins no later than this after the one before belongs to the same recording."""
_NAME = re.compile(r"(?P<output>.+)-(?P<stamp>\d{8}T\d{6}Z)-part(?P<number>\d+)\.mkv")
_TAIL_S = 6
_NS = 1_000_000_000


@dataclass(frozen=True)
class SoundTrack:
    """A sound track. ``index``: of its stream in the file; ``language``: three letters, or empty."""

    index: int
    bus: str
    language: str
    parameters: tuple[object, ...]


@dataclass(frozen=True)
class ProgramPart:
    """A programme recording's file. Ticks count from the programme's epoch; time 0 is ``first``'s."""

    path: Path
    output: str
    number: int
    clock: FileClock
    title: str
    fps: Fraction
    first: int
    """Tick of the first picture, which is a keyframe."""
    end: int
    """Tick behind the last picture."""
    picture: tuple[object, ...]
    """Codec, width, height and parameter sets."""
    tracks: tuple[SoundTrack, ...]
    bytes: int

    def tick_of(self, time_s: Fraction) -> int:
        """The tick of a picture at ``time_s`` of the file, whose times are rounded to milliseconds."""
        return self.first + round(time_s * self.fps)

    @property
    def start(self) -> datetime:
        return self.clock.utc

    @property
    def stop(self) -> datetime:
        return self.start + timedelta(seconds=float((self.end - self.first) / self.fps))


@dataclass(frozen=True)
class SeatFile:
    """A seat's recording; ``duration_s`` in its own time; what there is in it."""

    path: Path
    seat: str
    clock: FileClock
    duration_s: float
    pictures: bool
    sound: bool


def find(wanted: Sequence[str], folder: Path) -> list[ProgramPart]:
    """The parts of one recording, in order.

    ``wanted`` is one or several files, which are taken as they are; or one part or an output's id, whose
    neighbours in ``folder`` (or beside the part) are found: of an id those of the newest recording.
    Raises :class:`VodError`.
    """
    if len(wanted) > 1:
        parts = [read(Path(name)) for name in dict.fromkeys(wanted)]
        _agree(parts)
        return _in_order(parts)
    [name] = wanted
    path = Path(name)
    if path.is_file():
        chosen = read(path)
        return _neighbours(chosen, _parts_of(path.parent, chosen.output))
    if name.endswith(".mkv") or "/" in name:
        raise VodError("vod.missing", f"there is no file {name}")
    parts = list(_parts_of(folder, re.sub(r"[^A-Za-z0-9_-]+", "_", name)[:64]))
    if not parts:
        there = ", ".join(sorted(_outputs(folder))) or "none"
        raise VodError("vod.missing", f"no recording of an output {name}; there are recordings of: {there}")
    return _neighbours(max(parts, key=lambda part: part.start), parts)


def read(path: Path) -> ProgramPart:
    """Look into a file. Raises :class:`VodError`."""
    if not path.is_file():
        raise VodError("vod.missing", f"there is no file {path}")
    named = _NAME.fullmatch(path.name)
    try:
        with av.open(path) as container:
            clock = file_clock(container.metadata)
            video = next((s for s in container.streams if isinstance(s, VideoStream)), None)
            if clock is None or video is None or not video.average_rate or _tag(container, SEAT_TAG):
                raise VodError("vod.not-a-recording", f"{path} is not a recording of a programme")
            fps = Fraction(video.average_rate)
            first = round(Fraction(clock.start_ns, _NS) * fps)
            return ProgramPart(
                path=path,
                output=named["output"] if named else path.stem,
                number=int(named["number"]) if named else 0,
                clock=clock,
                title=container.metadata.get("title", ""),
                fps=fps,
                first=first,
                end=first + _pictures(container, video, fps),
                picture=_parameters(video),
                tracks=tuple(_track(s) for s in container.streams if isinstance(s, AudioStream)),
                bytes=path.stat().st_size,
            )
    except (av.FFmpegError, OSError, ValueError) as error:
        raise VodError(
            "vod.not-a-recording", f"{path} can't be read as a recording ({type(error).__name__})"
        ) from error


def seat_files(folder: Path) -> Iterator[SeatFile]:
    """The recordings of seats in a folder; what can't be read is left out."""
    for path in sorted(folder.glob("*.mkv")):
        try:
            with av.open(path) as container:
                seat, clock = _tag(container, SEAT_TAG), file_clock(container.metadata)
                if not seat or not _tag(container, OUTPUT_TAG) or clock is None:
                    continue
                pictures, sound = (
                    any(isinstance(s, kind) for s in container.streams) for kind in (VideoStream, AudioStream)
                )
                yield SeatFile(path, seat, clock, _duration_s(container), pictures, sound)
        except (av.FFmpegError, OSError, ValueError):
            continue


def whole(packets: Iterator[Any]) -> Iterator[Any]:
    """Packets with content and a time, up to where a file that was cut off ends."""
    try:
        for packet in packets:
            if packet.size and packet.pts is not None:
                yield packet
    except (av.error.EOFError, av.error.InvalidDataError):
        return


def _neighbours(chosen: ProgramPart, parts: Iterable[ProgramPart]) -> list[ProgramPart]:
    """Return the parts that follow each other without a long pause, ``chosen`` among them."""
    takes: list[list[ProgramPart]] = []
    for part in _in_order(parts):
        if takes and _pause_s(takes[-1][-1], part) <= NEXT_S and _same(takes[-1][-1], part):
            takes[-1].append(part)
        else:
            takes.append([part])
    return next(take for take in takes if any(part.path == chosen.path for part in take))


def _in_order(parts: Iterable[ProgramPart]) -> list[ProgramPart]:
    """Sort by the programme's time within a run of the studio; the wall clock, which may be set, orders
    runs."""
    known = list(parts)
    runs = {part.clock.epoch_ns: part.start for part in sorted(known, key=lambda p: p.start, reverse=True)}
    return sorted(known, key=lambda part: (runs[part.clock.epoch_ns], part.first, part.number))


def _pause_s(before: ProgramPart, part: ProgramPart) -> float:
    """Return the pause from the end of one to the beginning of the next; negative where they overlap."""
    if before.clock.epoch_ns == part.clock.epoch_ns:
        return float((part.first - before.end) / part.fps)
    return (part.start - before.stop).total_seconds()


def _agree(parts: list[ProgramPart]) -> None:
    for part in parts[1:]:
        if not _same(parts[0], part):
            raise VodError(
                "vod.mixed",
                f"{part.path.name} has another picture or other sound tracks than {parts[0].path.name}:"
                " they can't be joined without encoding anew",
            )


def _same(one: ProgramPart, other: ProgramPart) -> bool:
    return (one.fps, one.picture, one.tracks) == (other.fps, other.picture, other.tracks)


def _parts_of(folder: Path, output: str) -> Iterator[ProgramPart]:
    """Return the parts that can be read; one that holds no picture yet, or a seat's, is none."""
    for path in folder.glob(f"{output}-*.mkv"):
        named = _NAME.fullmatch(path.name)
        if named and named["output"] == output:
            try:
                yield read(path)
            except VodError:
                continue


def _outputs(folder: Path) -> set[str]:
    found = set()
    for path in folder.glob("*.mkv"):
        named = _NAME.fullmatch(path.name)
        if named:
            try:
                found.add(read(path).output)
            except VodError:
                continue
    return found


def _pictures(container: InputContainer, video: VideoStream, fps: Fraction) -> int:
    """Return how many ticks the file lasts."""
    if container.duration is not None and container.duration > _TAIL_S * 1_000_000:
        container.seek(container.duration - _TAIL_S * 1_000_000)
    last = -1
    for packet in whole(container.demux(video)):
        last = max(last, round(packet.pts * packet.time_base * fps))
    if last < 0:
        raise ValueError("no pictures")
    return last + 1


def _duration_s(container: InputContainer) -> float:
    if container.duration is not None:
        return float(container.duration / 1_000_000)
    end = 0.0
    for packet in whole(container.demux()):
        end = max(end, float((packet.pts + (packet.duration or 0)) * packet.time_base))
    return end


def _track(stream: AudioStream) -> SoundTrack:
    language = stream.metadata.get("language", "")
    bus = stream.metadata.get("title", "") or language or f"track-{stream.index}"
    # the name of a file is made of it
    return SoundTrack(
        stream.index, safe_name(bus), "" if language == "und" else language, _parameters(stream)
    )


def _parameters(stream: Stream) -> tuple[object, ...]:
    context = stream.codec_context
    if context is None:
        raise ValueError("a codec that nobody knows")
    if isinstance(stream, VideoStream):
        return context.name, stream.width, stream.height, context.extradata
    assert isinstance(stream, AudioStream)
    return context.name, stream.rate, stream.channels, context.extradata


def _tag(container: InputContainer, name: str) -> str:
    return next((value for tag, value in container.metadata.items() if tag.upper() == name), "")
