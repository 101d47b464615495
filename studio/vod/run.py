"""``studio vod``: from a recording to videos ready to upload and an edit list."""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import av
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeRemainingColumn,
)

from mixer.containers.marks import marks_path
from mixer.contract.messages import Mark
from studio.vod.editlist import METADATA, EditList
from studio.vod.join import Span, join, length, lost_s
from studio.vod.package import MadeVideo, explained, languages, reserve, write
from studio.vod.package import Progress as Report
from studio.vod.parts import ProgramPart, find, seat_files
from studio.vod.scenes import as_chapters, parse, place


@dataclass(frozen=True)
class Made:
    """What came out. ``lost_s``: seconds between parts that weren't recorded, and are cut out."""

    parts: tuple[ProgramPart, ...]
    videos: tuple[MadeVideo, ...]
    edit_list: Path
    duration_s: float
    lost_s: float
    chapters: int
    seats: int


def make(
    wanted: Sequence[str],
    recordings: Path,
    out: Path | None = None,
    wanted_languages: Sequence[str] = (),
    progress: Report = lambda read, total: None,
) -> Made:
    """Make the videos and the edit list; ``out`` by default the folder of the recording. Blocking.

    Raises :class:`VodError`.
    """
    parts = find(wanted, recordings)
    segments = join([Span(part.clock.epoch_ns, part.first, part.end) for part in parts])
    first = parts[segments[0].part]
    tracks = languages(first.tracks, wanted_languages)
    folder = out if out is not None else first.path.parent
    placements = place(segments, [_marks(part) for part in parts])
    chapters = as_chapters(placements, length(segments), first.fps)
    stem = f"{first.output}-{first.clock.utc:%Y%m%dT%H%M%SZ}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise explained(error, folder) from error
    videos = write(
        parts,
        segments,
        tracks,
        lambda track: folder / f"{stem}-{track.bus}.mp4",
        chapters,
        progress,
    )
    seats = list(seat_files(first.path.parent))
    timeline = EditList(parts, segments, folder.resolve()).timeline(placements, videos, seats)
    try:
        path = reserve(folder / f"{stem}.otio")
        try:
            path.write_text(timeline.to_json_string(), "utf-8")
        except BaseException:
            path.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise explained(error, folder) from error
    return Made(
        parts=tuple(parts),
        videos=tuple(videos),
        edit_list=path,
        duration_s=float(length(segments) / first.fps),
        lost_s=lost_s(segments, first.fps),
        chapters=len(chapters),
        seats=len(
            {about["seat"] for track in timeline.tracks if "seat" in (about := track.metadata[METADATA])}
        ),
    )


def _marks(part: ProgramPart) -> list[Mark]:
    """Read the marks from the sidecar; of a recording without one from its chapters, as scenes."""
    try:
        return parse(marks_path(part.path).read_text("utf-8", "replace"))
    except OSError:
        pass
    with av.open(part.path) as container:
        return [
            Mark(
                part.tick_of(chapter["start"] * chapter["time_base"]),
                "scene",
                chapter["metadata"].get("title", ""),
                chapter["metadata"].get("title", ""),
            )
            for chapter in container.chapters()
            if chapter["time_base"] is not None
        ]


def vod(wanted: Sequence[str], recordings: Path, out: Path | None, wanted_languages: Sequence[str]) -> Made:
    """:func:`make` with its progress on standard error, and a summary. Raises :class:`VodError`."""
    with _progress() as report:
        made = make(wanted, recordings, out, wanted_languages, report)
    _summary(made)
    return made


_READING = "reading what was recorded"
_COPYING = "copying"
_FINISHING = "moving the index to the front"  # of each file, at the end: that is the disk's time, not ours


@contextlib.contextmanager
def _progress() -> Iterator[Report]:
    """A bar that moves; where nobody looks at a terminal (a log, a script), a line each tenth."""
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    if not console.is_terminal:
        yield _Lines(console)
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(_READING, total=None)

        def report(read: int, total: int) -> None:
            text = _COPYING if read < total else _FINISHING
            bar.update(task, completed=read, total=total, description=text)

        yield report


class _Lines:
    """Says each tenth once."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._said = 0
        console.print(_READING)

    def __call__(self, read: int, total: int) -> None:
        if read >= total:
            if self._said <= 100:
                self._console.print(_FINISHING)
            self._said = 101
        elif (tenth := 100 * read // total // 10 * 10) > self._said:
            self._said = tenth
            self._console.print(f"{_COPYING}: {tenth} %")


def _summary(made: Made) -> None:
    console = Console(soft_wrap=True, highlight=False, markup=False)
    for video in made.videos:
        console.print(f"{video.bus:<8}{video.language:<5}{video.bytes / 1e6:>9.1f} MB  {video.path}")
    console.print(f"{'cuts':<26}{made.edit_list}")
    minutes, seconds = divmod(round(made.duration_s), 60)
    said = [
        f"{minutes}:{seconds:02d} min",
        _counted(len(made.parts), "part"),
        _counted(made.chapters, "chapter"),
    ]
    if made.seats:
        said.append(_counted(made.seats, "seat"))
    if made.lost_s:
        said.append(f"{made.lost_s:.1f} s between parts were not recorded and are cut out")
    console.print(" · ".join(said))


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"
