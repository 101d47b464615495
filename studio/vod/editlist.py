"""The cuts of a recording as an OpenTimelineIO file, to go on with in an editor.

Times are whole pictures at the programme's rate. The video's own track refers to the recording's parts; what
was recorded of seats lies on tracks of its own, by the same clock: under the very pictures of the programme.
"""

import os
from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from urllib.parse import quote

import opentimelineio as otio
from opentimelineio.opentime import RationalTime, TimeRange

from mixer.contract.names import seat_of
from studio.vod.join import Segment, length
from studio.vod.package import MadeVideo
from studio.vod.parts import ProgramPart, SeatFile
from studio.vod.scenes import Placement, shots

METADATA = "summit"
"""Key of everything that is ours in the file's metadata."""
_NS = 1_000_000_000


class EditList:
    """Builds one timeline; ``folder`` is where it will be, from which files are referred to."""

    def __init__(self, parts: Sequence[ProgramPart], segments: Sequence[Segment], folder: Path) -> None:
        self._parts = parts
        self._segments = segments
        self._folder = folder
        self._fps = parts[0].fps
        self._rate = float(self._fps)
        self._length = length(segments)

    def timeline(
        self, placements: Sequence[Placement], videos: Iterable[MadeVideo], seats: Iterable[SeatFile]
    ) -> otio.schema.Timeline:
        """Scenes, cues, the languages' sound, and the seats that were recorded meanwhile."""
        timeline = otio.schema.Timeline(self._parts[0].title or self._parts[0].output)
        timeline.global_start_time = self._time(0)
        timeline.metadata[METADATA] = {
            "rate": f"{self._fps.numerator}/{self._fps.denominator}",
            "output": self._parts[0].output,
            "start_utc": self._parts[self._segments[0].part].clock.utc.isoformat(),
        }
        timeline.tracks.append(self._program(placements))
        for video in videos:
            timeline.tracks.append(self._sound(video))
        for track in self._seats(seats):
            timeline.tracks.append(track)
        return timeline

    def _program(self, placements: Sequence[Placement]) -> otio.schema.Track:
        track = otio.schema.Track("programme", kind=otio.schema.TrackKind.Video)
        track.metadata[METADATA] = {"output": self._parts[0].output}
        for shot in shots(self._segments, placements):
            part, mark = self._parts[shot.segment.part], shot.mark
            sources = list(mark.sources) if mark is not None else []
            about = {
                "scene": mark.id if mark is not None else "",
                "tick": shot.tick,
                "sources": sources,
                "seats": [seat for name in sources if (seat := seat_of(name))],
            }
            clip = self._clip(
                (mark.title or mark.id) if mark is not None else part.output,
                part.path,
                (0, part.end - part.first),
                (shot.tick - part.first, shot.length),
            )
            clip.metadata[METADATA] = about
            track.append(clip)
        for each in placements:
            if each.mark.kind == "cue":
                track.markers.append(
                    otio.schema.Marker(
                        each.mark.title or each.mark.id,
                        TimeRange(self._time(each.at), self._time(0)),
                        otio.schema.MarkerColor.GREEN,
                        {METADATA: {"cue": each.mark.id, "tick": each.mark.tick}},
                    )
                )
        return track

    def _sound(self, video: MadeVideo) -> otio.schema.Track:
        track = otio.schema.Track(video.bus, kind=otio.schema.TrackKind.Audio)
        track.metadata[METADATA] = {"bus": video.bus, "language": video.language}
        whole = (0, self._length)
        track.append(self._clip(video.bus, video.path, whole, whole))
        return track

    def _seats(self, files: Iterable[SeatFile]) -> Iterable[otio.schema.Track]:
        """A track of pictures and one of sound for each seat that has them."""
        tracks: dict[tuple[str, str], list[tuple[int, SeatFile, int, int]]] = {}
        for file in files:
            kinds = [otio.schema.TrackKind.Video] * file.pictures + [otio.schema.TrackKind.Audio] * file.sound
            for at, start, count in self._overlaps(file):
                for kind in kinds:
                    tracks.setdefault((file.seat, kind), []).append((at, file, start, count))
        for (seat, kind), clips in sorted(
            tracks.items(), key=lambda entry: (entry[0][0], entry[0][1] != otio.schema.TrackKind.Video)
        ):
            track = otio.schema.Track(seat, kind=kind)
            track.metadata[METADATA] = {"seat": seat}
            end = 0
            for at, file, start, count in sorted(clips, key=lambda clip: (clip[0], clip[1].path.name)):
                skip = max(0, end - at)  # two connections at once: the later one counts when the first ends
                if skip >= count:
                    continue
                if at + skip > end:
                    track.append(otio.schema.Gap(duration=self._time(at + skip - end)))
                pictures_there = round(Fraction(file.duration_s) * self._fps)
                track.append(self._clip(seat, file.path, (0, pictures_there), (start + skip, count - skip)))
                end = at + count
            yield track

    def _overlaps(self, file: SeatFile) -> Iterable[tuple[int, int, int]]:
        """Return where the file is in the video: picture of the video, first picture in the file, how
        many."""
        for segment in self._segments:
            part = self._parts[segment.part]
            offset = round(Fraction(file.clock.offset_ns(part.clock), _NS) * self._fps)
            first = segment.first - part.first
            begins = max(first, offset)
            ends = min(segment.end - part.first, offset + int(Fraction(file.duration_s) * self._fps))
            if ends > begins:
                yield segment.at + begins - first, begins - offset, ends - begins

    def _clip(
        self, name: str, path: Path, there: tuple[int, int], taken: tuple[int, int]
    ) -> otio.schema.Clip:
        reference = otio.schema.ExternalReference(
            quote(Path(os.path.relpath(path, self._folder)).as_posix()), self._range(*there)
        )
        return otio.schema.Clip(name, reference, self._range(*taken))

    def _range(self, start: int, count: int) -> TimeRange:
        return TimeRange(self._time(start), self._time(count))

    def _time(self, pictures: int) -> RationalTime:
        return RationalTime(pictures, self._rate)
