"""Where a recording's marks fall in the video that is made of it: its chapters and its cuts. Pure."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any, Literal

from mixer.containers.marks import Chapter, TimedMark, chapters
from mixer.contract.messages import Mark
from mixer.contract.names import SourceName
from studio.vod.join import Segment, length

Kind = Literal["scene", "cue"]


@dataclass(frozen=True)
class Placement:
    """A mark, and the picture of the video from which on it counts."""

    at: int
    mark: Mark


def parse(text: str) -> list[Mark]:
    """Marks from a sidecar's lines; what is no mark (a line cut off by a kill) is left out."""
    marks: list[Mark] = []
    for line in text.splitlines():
        try:
            fields: dict[str, Any] = json.loads(line)
            kind = fields["kind"]
            if kind in ("scene", "cue"):
                sources = tuple(SourceName(str(source)) for source in fields.get("sources", ()))
                title, id_ = str(fields.get("title", "")), str(fields["id"])
                "".join((title, id_, *sources)).encode()  # half of a surrogate pair can't be written
                marks.append(Mark(int(fields["tick"]), kind, id_, title, sources))
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
            continue
    return marks


def place(segments: Sequence[Segment], marks: Sequence[Sequence[Mark]]) -> list[Placement]:
    """``marks`` of each part, by its number. A mark that the part before has had, too, comes once; one from
    before a segment counts from the segment's beginning on, if it is another than what went on until then."""
    placed: list[Placement] = []
    current: dict[str, str] = {}
    told: set[tuple[int, Mark]] = set()
    for segment in segments:
        opening: dict[str, Mark] = {}
        later: list[Mark] = []
        for mark in sorted(marks[segment.part], key=lambda mark: mark.tick):
            if mark.tick <= segment.first:
                opening[mark.kind] = mark
            elif mark.tick < segment.end:
                later.append(mark)
        for mark in (*opening.values(), *later):
            goes_on = mark in opening.values() and current.get(mark.kind) == mark.id
            if goes_on or (segment.epoch_ns, mark) in told:
                continue
            told.add((segment.epoch_ns, mark))
            current[mark.kind] = mark.id
            placed.append(Placement(segment.place(mark.tick) or segment.at, mark))
    return placed


def as_chapters(placements: Iterable[Placement], pictures: int, fps: Fraction) -> list[Chapter]:
    """One for each moment with a mark; times in seconds of the video, which has so many pictures."""
    return chapters((TimedMark(each.at / fps, each.mark) for each in placements), pictures / fps)


@dataclass(frozen=True)
class SceneSpan:
    """Pictures ``at`` … ``at + length`` − 1 of the video: one scene, out of one part, from its tick ``tick``
    on. ``mark`` None: before the first scene."""

    at: int
    length: int
    segment: Segment
    tick: int
    mark: Mark | None


def shots(segments: Sequence[Segment], placements: Sequence[Placement]) -> list[SceneSpan]:
    """The video as the scenes it is cut from; a scene that goes on in the next part is two shots."""
    of_segment = {segment.at: segment for segment in segments}
    of_scene = {each.at: each.mark for each in placements if each.mark.kind == "scene"}
    edges = [*sorted(of_segment.keys() | of_scene.keys()), length(segments)]
    found: list[SceneSpan] = []
    mark: Mark | None = None
    for at, end in pairwise(edges):
        segment = of_segment.get(at) or found[-1].segment
        mark = of_scene.get(at, mark)
        found.append(SceneSpan(at, end - at, segment, segment.first + at - segment.at, mark))
    return found
