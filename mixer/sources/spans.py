"""Where each stream of a file begins and ends, and how often its pictures come."""

import itertools
from collections.abc import Callable, Collection
from fractions import Fraction
from typing import Any, NamedTuple

import av
from av.container import InputContainer

from mixer.sources.clips.demux import packets, rewind
from mixer.sources.clips.tracks import STILLS, decodes

NO_RATE = Fraction(1, 25)
"""How long a picture is taken to last where the file doesn't say."""
_TAIL_S = 3
_MISSING_S = Fraction(7, 10)
"""A file that ends so much before its time is truncated."""
_PROBED = 300
"""Packets by which the frame rate is judged."""
_ODD = 20
"""One picture of so many may come early or late in a file of a steady rate."""
_REORDERED = 4
"""Pictures: the last ones of those are not whole in order."""
_NEAR = Fraction(1, 50)
"""A rate that the file tells is right where the pictures' times are no further from it."""
_RATES = tuple(
    Fraction(rate) * share
    for rate in (10, 12, 15, 20, 24, 25, 30, 48, 50, 60, 100, 120)
    for share in (Fraction(1), Fraction(1000, 1001))
)
_GUESSED = frozenset(("mp3", "aac", "asf"))
"""Formats that guess their length, or tell it with a margin: what isn't there needn't be missing."""


class Spans(NamedTuple):
    """``known``: beginning and end of streams in seconds of the container's time. ``truncated``: the file
    tells of more than there is."""

    known: dict[int, tuple[Fraction, Fraction]]
    truncated: bool


def spans_of(container: InputContainer, first: int | None, beat: Callable[[], None]) -> Spans:
    """Looks at the file's end, and where that doesn't tell, at all of it. ``first``: the stream to find the
    end by; None: the first sound."""
    streams = [
        each
        for each in container.streams
        if each.type in ("video", "audio") and not each.disposition & STILLS
    ]
    indices = [each.index for each in streams]
    texts = [each.index for each in container.streams if each.type == "subtitle"]
    anchor = first if first is not None else container.streams.audio[0].index
    whole = _length_s(container)
    guessed = container.format.name in _GUESSED
    told = {each.index: Fraction(0) if guessed else _told_end_s(each) for each in streams}
    told_end = max([each for each in (*told.values(), whole) if each], default=Fraction(0))
    every = [*indices, *texts]  # the container's length is that of its texts, too
    ends: dict[int, Fraction] = {}
    if told_end and not guessed:
        ends = _ends_after(container, anchor, every, told_end - _TAIL_S, beat)
    short = {index for index, end in told.items() if end and ends.get(index, Fraction(0)) < end - _MISSING_S}
    reaches = bool(ends) and max(ends.values()) >= told_end - _MISSING_S
    truncated = bool(told_end) and not guessed and (bool(short & _whole(streams)) or not reaches)
    if truncated or any(index not in ends and not told[index] for index in indices):
        ends = ends | _ends_after(container, anchor, every, None, beat)
        truncated = truncated and not _arrive(ends, told, told_end)
    starts = {each.index: _start_s(each) for each in streams}
    known = {}
    for index in indices:
        end = ends.get(index) or (Fraction(0) if truncated else told[index])
        if end:
            known[index] = (min(starts[index], end), end)
    return Spans(known, truncated)


def _whole(streams: Collection[Any]) -> set[int]:
    return {each.index for each in streams if decodes(each)}


def _arrive(ends: dict[int, Fraction], told: dict[int, Fraction], told_end: Fraction) -> bool:
    """Return whether all of it was found after all."""
    there = all(ends.get(index, Fraction(0)) >= end - _MISSING_S for index, end in told.items() if end)
    return there and max(ends.values(), default=Fraction(0)) >= told_end - _MISSING_S


def _base(stream: "av.stream.Stream") -> Fraction:
    return stream.time_base or Fraction(1, 1000)


def _start_s(stream: "av.stream.Stream") -> Fraction:
    return Fraction(stream.start_time or 0) * _base(stream)


def _length_s(container: InputContainer) -> Fraction:
    """Return where the container says that it ends; 0 where it doesn't. Some count from their first
    packet."""
    return Fraction(container.duration or 0, av.time_base)


def _told_end_s(stream: "av.stream.Stream") -> Fraction:
    """0 where the file doesn't tell."""
    if stream.duration and stream.duration > 0:
        return _start_s(stream) + stream.duration * _base(stream)
    told = stream.metadata.get("DURATION", "").split(":")  # of Matroska: when the last of it ends
    try:
        hours, minutes, seconds = (Fraction(each) for each in told)
    except (ValueError, ZeroDivisionError):
        return Fraction(0)
    return hours * 3600 + minutes * 60 + seconds


def _ends_after(
    container: InputContainer,
    anchor: int,
    indices: Collection[int],
    at_s: Fraction | None,
    beat: Callable[[], None],
) -> dict[int, Fraction]:
    """Return where streams end, of those with packets after ``at_s``; None: of all of them."""
    stream = container.streams[anchor]
    if at_s is None or at_s <= 0:
        rewind(container, anchor)
    else:
        try:
            container.seek(int(at_s / _base(stream)), stream=stream)
        except av.FFmpegError:
            rewind(container, anchor)
    ends: dict[int, Fraction] = {}
    bases = {index: _base(container.streams[index]) for index in indices}
    for packet in packets(container, indices):
        beat()
        if packet.pts is not None:
            index = packet.stream.index
            end = (packet.pts + (packet.duration or 0)) * bases[index]
            ends[index] = max(ends.get(index, end), end)
    return ends


def rate_of(
    container: InputContainer, stream: av.VideoStream, beat: Callable[[], None]
) -> tuple[Fraction, bool]:
    """Return how long a picture lasts, in seconds, and whether that varies. The pictures' own times are
    believed before what a header says: a fragmented file's knows its first fragment alone."""
    told = [Fraction(rate) for rate in (stream.average_rate, stream.guessed_rate) if rate]
    times = _times_s(container, stream.index, _base(stream), beat)
    steps = sorted(late - early for early, late in itertools.pairwise(times) if late > early)
    if len(steps) < 2:
        return (1 / told[0] if told and 1 <= told[0] <= 300 else NO_RATE), False
    mean = (times[-1] - times[0]) / (len(times) - 1)
    middle, few = steps[len(steps) // 2], len(steps) // _ODD
    varying = len(steps) >= 8 and steps[-1 - few] - steps[few] > max(Fraction(4, 1000), middle / 4)
    if varying:
        return mean, True
    usual = [step for step in steps if middle / 2 < step < middle * 3 / 2]  # not where a picture is missing
    mean = sum(usual, Fraction(0)) / len(usual)
    near = [rate for rate in told if abs(rate * mean - 1) < _NEAR]
    known = min((*near, *_RATES), key=lambda rate: abs(rate * mean - 1))
    if abs(known * mean - 1) < _NEAR / 10:
        near = [known]
    return (1 / near[0] if near else mean.limit_denominator(90_000)), False


def _times_s(
    container: InputContainer, index: int, base: Fraction, beat: Callable[[], None]
) -> list[Fraction]:
    """Return when the first pictures are shown, in order."""
    rewind(container, index)
    first = itertools.islice(packets(container, (index,)), _PROBED)
    times = sorted(packet.pts * base for packet in first if packet.pts is not None)
    beat()
    return times[:-_REORDERED] if len(times) > 3 * _REORDERED else times
