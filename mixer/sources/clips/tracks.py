"""Which tracks a clip's file has, and which of them are played."""

import re
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any, Literal, NamedTuple

import av
import av.logging
from av.container import InputContainer
from av.stream import Disposition

from mixer.contract.findings import Track, Use
from mixer.sources.player import MediaError

KEPT = "STUDIO_TRACK"
"""Of a sound track in a converted clip: its number and use in the file that was uploaded."""
_MAX_TEXT = 80


class HearableTrack(NamedTuple):
    """A sound track as far as its choice goes. ``marked``: the file says that it is the default one;
    ``side``: of a mono track that says it is the left or the right one."""

    stream: int
    mono: bool
    language: str
    marked: bool
    aside: bool = False
    """A comment, a description for the blind, karaoke: nobody's first choice."""
    side: Literal["", "left", "right"] = ""
    number: int = 0
    """Among the file's sound tracks, from 1, those counted that can't be decoded."""


Choice = tuple[int, ...]
"""Indices of the streams that are heard: none, one, or two as left and right (the same twice: no need)."""

_ASIDE = (
    Disposition.comment
    | Disposition.karaoke
    | Disposition.hearing_impaired
    | Disposition.visual_impaired
    | Disposition.descriptions
    | Disposition.clean_effects
    | Disposition.lyrics
    | Disposition.dependent
)
STILLS = Disposition.attached_pic | Disposition.timed_thumbnails | Disposition.still_image
"""Covers and the like."""
_KINDS: dict[str, Literal["picture", "sound", "text", "data"]] = {
    "video": "picture",
    "audio": "sound",
    "subtitle": "text",
}


def codec_of(container: InputContainer, index: int) -> str:
    """The decoder's name; where there is none, what the file calls the codec."""
    stream = container.streams[index]
    if decodes(stream):
        return str(stream.codec_context.codec.canonical_name)
    level = av.logging.get_level()
    av.logging.set_level(av.logging.INFO)  # else the description of a file is empty, too
    try:
        told: Any = container  # PyAV's types don't know of this method
        return _named(told.dumps_format(), index)
    finally:
        av.logging.set_level(level)


def _named(dump: str, index: int) -> str:
    """Return the codec's name in FFmpeg's words of a stream: ``Video: none (Hap7 / 0x37706148), …``, ``Audio:
    ac4 (ac-4 / …``."""
    found = re.search(
        rf"Stream #0:{index}\b[^\n]*?: (?:Video|Audio|Subtitle|Data): ([\w-]+)[^(\n,]*(?:\(([^/)\n]+) /)?",
        dump,
    )
    if found is None:
        return "unknown"
    known, tag = found.group(1), (found.group(2) or "").strip()
    name = tag if known in ("none", "unknown") and tag else known
    return "".join(each for each in name if each.isprintable())[:24] or "unknown"


def picture_track(container: InputContainer) -> av.VideoStream | None:
    """The picture that is played: the one marked as default, else the first; None: there is sound alone.

    Covers are none. Raises :class:`MediaError` ``clip.codec`` where nothing here can decode it.
    """
    streams = [each for each in container.streams.video if not each.disposition & STILLS]
    streams.sort(key=lambda each: not each.disposition & Disposition.default)
    playable = [each for each in streams if decodes(each)]
    if streams and not playable:
        name = codec_of(container, streams[0].index)
        raise MediaError(
            "clip.codec",
            f"The picture of this clip is coded as {name}, which can't be decoded here; convert it to H.264.",
        )
    return playable[0] if playable else None


def decodes(stream: "av.stream.Stream") -> bool:
    """Return whether there is a decoder for it here."""
    return getattr(stream, "codec_context", None) is not None  # PyAV's types don't know of none


def heard_tracks(container: InputContainer) -> list[HearableTrack]:
    """The sound tracks that can be decoded, in the file's order."""
    numbered = enumerate(container.streams.audio, 1)
    return [_heard(each, number) for number, each in numbered if decodes(each)]


def kept_as(tracks: Sequence[HearableTrack], sounds: Choice, stream: int) -> str:
    """For :data:`KEPT`: ``2 1`` for the file's second track, the first one that is heard."""
    number = next(each.number for each in tracks if each.stream == stream)
    return f"{number} {sounds.index(stream) + 1 if stream in sounds else 0}"


def _kept(stream: "av.stream.Stream") -> tuple[int, int]:
    """Number and place among those that are heard, as :func:`kept_as` wrote them; 0 for neither."""
    found = re.fullmatch(r"([1-9]\d{0,2}) ([0-2])", stream.metadata.get(KEPT, ""))
    return (int(found.group(1)), int(found.group(2))) if found else (0, 0)


def kept_choice(container: InputContainer) -> Choice:
    """Return what was heard in the file that this one was made of; empty: it was made of none."""
    places = {_kept(each)[1]: each.index for each in container.streams.audio if decodes(each)}
    return tuple(places[place] for place in (1, 2) if place in places)


def _heard(stream: av.AudioStream, number: int) -> HearableTrack:
    layout = stream.codec_context.layout
    names = [channel.name for channel in layout.channels]
    side: Literal["", "left", "right"] = "left" if names == ["FL"] else "right" if names == ["FR"] else ""
    return HearableTrack(
        stream.index,
        layout.nb_channels == 1,
        language_of(stream),
        bool(stream.disposition & Disposition.default),
        bool(stream.disposition & _ASIDE),
        side,
        _kept(stream)[0] or number,
    )


def language_of(stream: "av.stream.Stream") -> str:
    told = stream.metadata.get("language", "")
    return "" if told == "und" else told[:8]


def choose(tracks: Sequence[HearableTrack], silent: Callable[[int], bool]) -> Choice:
    """Return which are heard where nobody has chosen. ``silent`` listens into a track, and is asked only
    where it matters.

    The one track that the file marks as its default where that isn't simply the first; a camera's
    microphones, mono tracks of one language, as left and right; else the marked one, else the first. Who is
    silent is not preferred.
    """
    if len(tracks) < 2:
        return tuple(each.stream for each in tracks)
    marked = [each for each in tracks if each.marked]
    if len(marked) == 1 and marked[0] is not tracks[0] and not silent(marked[0].stream):
        return (marked[0].stream,)
    first, second = tracks[:2]
    if all(each.mono and each.language == first.language and not each.aside for each in tracks):
        heard = [each for each in tracks if not silent(each.stream)] or [first]
        if first in heard and second in heard:
            swapped = (first.side, second.side) == ("right", "left")
            return (second.stream, first.stream) if swapped else (first.stream, second.stream)
        return tuple(each.stream for each in heard[:2])
    ordered = sorted(tracks, key=lambda each: (each.aside, not each.marked))
    return (next((each.stream for each in ordered if not silent(each.stream)), ordered[0].stream),)


def wanted(tracks: Sequence[HearableTrack], numbers: Sequence[int]) -> Choice:
    """The director's choice by :attr:`HearableTrack.number`; empty where one isn't there."""
    streams = {each.number: each.stream for each in tracks}
    if not all(number in streams for number in numbers):
        return ()
    return tuple(dict.fromkeys(streams[number] for number in numbers))


def described(
    container: InputContainer,
    picture: int | None,
    sounds: Choice,
    silent: frozenset[int],
    spans: "dict[int, tuple[Fraction, Fraction]]",
    start_s: Fraction,
) -> tuple[Track, ...]:
    """All tracks for the console. ``spans``: where each begins and ends, container time, as far as known."""
    counts: dict[str, int] = {}
    found = []
    for stream in container.streams:
        kind = _KINDS.get(stream.type, "data")
        counts[kind] = counts.get(kind, 0) + 1
        use: Use = "picture" if stream.index == picture else ""
        if stream.index in sounds:
            use = "sound" if len(sounds) == 1 else "left" if stream.index == sounds[0] else "right"
        begins, ends = spans.get(stream.index, (start_s, start_s))
        found.append(
            Track(
                kind,
                counts[kind],
                codec_of(container, stream.index) if kind in ("picture", "sound") else "",
                _detail(stream),
                language_of(stream),
                _text(stream.metadata.get("title") or ""),
                round(float(begins - start_s), 3),
                round(max(0.0, float(ends - start_s)), 3),
                bool(stream.disposition & Disposition.default),
                decodes(stream) or kind in ("text", "data"),
                use,
                stream.index in silent,
            )
        )
    return tuple(found)


def _detail(stream: "av.stream.Stream") -> str:
    context = stream.codec_context
    if isinstance(context, av.VideoCodecContext):
        return f"{context.width}×{context.height}"
    if isinstance(context, av.AudioCodecContext):
        return _text(context.layout.name)
    return ""


def _text(text: str) -> str:
    return "".join(each for each in text if each.isprintable())[:_MAX_TEXT]
