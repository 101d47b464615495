"""Which pictures of which part follow each other in a video. Pure.

A part's first picture is a keyframe, and what comes after hangs on it: so each part is shown from its first
picture on, and the one before up to there. The time between two parts that nobody recorded is cut out.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True)
class Span:
    """Pictures with ticks ``first`` … ``end`` − 1 of the run of the studio that began at ``epoch_ns``."""

    epoch_ns: int
    first: int
    end: int


@dataclass(frozen=True)
class Segment:
    """What is taken of part number ``part`` (from 0): ``first`` … ``end`` − 1, as picture ``at`` … of the
    video. ``lost`` ticks before it were not recorded."""

    part: int
    epoch_ns: int
    first: int
    end: int
    at: int
    lost: int = 0

    @property
    def length(self) -> int:
        return self.end - self.first

    def place(self, tick: int) -> int | None:
        """The video's picture that shows this tick; None: another segment's."""
        return self.at + tick - self.first if self.first <= tick < self.end else None


def join(spans: Sequence[Span]) -> list[Segment]:
    """``spans`` of the parts in the order of their beginnings; one within the part before is left out."""
    kept: list[tuple[int, Span]] = []
    for number, span in enumerate(spans):
        if span.first >= span.end:
            continue
        if kept:
            before = kept[-1][1]
            if before.epoch_ns == span.epoch_ns and span.end <= before.end:
                continue
        kept.append((number, span))
    segments: list[Segment] = []
    at = 0
    for index, (number, span) in enumerate(kept):
        end = span.end
        if index + 1 < len(kept) and kept[index + 1][1].epoch_ns == span.epoch_ns:
            end = min(end, kept[index + 1][1].first)
        last = segments[-1] if segments else None
        lost = span.first - last.end if last is not None and last.epoch_ns == span.epoch_ns else 0
        if end > span.first:
            segments.append(Segment(number, span.epoch_ns, span.first, end, at, max(0, lost)))
            at += end - span.first
    return segments


def length(segments: Sequence[Segment]) -> int:
    """Pictures of the whole video."""
    return segments[-1].at + segments[-1].length if segments else 0


class SoundPlacer:
    """Puts packets of sound of ``samples`` samples each where their segment's pictures are.

    Recordings tell times in whole milliseconds, but within a part packets follow each other without a gap: so
    each one is counted from the part's first. Where two parts meet, a packet that would overlap the last one
    by less than half its length is moved behind it: 11 ms at most with AAC, which later joins don't add to.
    """

    def __init__(self, fps: Fraction, rate: int, samples: int) -> None:
        self._fps = fps
        self._rate = rate
        self._samples = samples
        self._segment: Segment | None = None
        self._end: int | None = None
        self._next_in: int | None = None
        self._shift = 0

    def place(self, segment: Segment, time_s: Fraction, part_first: int) -> int | None:
        """The sample at which a packet begins in the video; None: it belongs to none of it.

        ``time_s`` in its file, whose time 0 is tick ``part_first``. Packets in order.
        """
        if segment != self._segment:
            self._segment, self._next_in = segment, None
        start = round((time_s - (segment.first - part_first) / self._fps) * self._rate)
        if self._next_in is not None and abs(start - self._next_in) < self._samples // 8:
            start = self._next_in  # within the rounding: the very next one
        else:
            self._shift = 0
        if start >= round(segment.length / self._fps * self._rate) or start <= -self._samples // 2:
            return None
        placed = round(segment.at / self._fps * self._rate) + start + self._shift
        overlap = self._end - placed if self._end is not None else -self._samples
        if overlap > self._samples // 2:
            return None
        if overlap > -self._samples // 8:
            self._shift += overlap
            placed += overlap
        self._next_in = start + self._samples
        self._end = placed + self._samples
        return max(0, placed)


def lost_s(segments: Iterable[Segment], fps: Fraction) -> float:
    """Seconds between the parts that nobody recorded."""
    return float(sum(segment.lost for segment in segments) / fps)
