"""Commands of the sound desk and of the rundown."""

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from studio.show.fields import ID_PATTERN, AudioId, Command, Decibels, Id, Name, Title
from studio.show.model import MAX_CUES, MAX_PLACES, MAX_SEATS

Loudness = Annotated[float, Meta(ge=-36, le=-9)]
"""LUFS."""


class SourceMute(Command, frozen=True, tag="source.mute"):
    source: AudioId
    muted: bool


class SourceGain(Command, frozen=True, tag="source.gain"):
    """``live``: the hand is still on the fader and another value will follow. It is heard and seen at once,
    and is no event yet."""

    source: AudioId
    db: Decibels
    live: bool = False


class SourceStrip(Command, frozen=True, tag="source.strip"):
    """``highpass_hz``: 20 … 400, 0 for off; ``gate_db``: −100 for off; ``compressor_db``: 0 for off."""

    source: AudioId
    highpass_hz: Annotated[float, Meta(ge=0, le=400)] | UnsetType = UNSET
    gate_db: Annotated[float, Meta(ge=-100, le=0)] | UnsetType = UNSET
    compressor_db: Annotated[float, Meta(ge=-60, le=0)] | UnsetType = UNSET
    ratio: Annotated[float, Meta(ge=1, le=20)] | UnsetType = UNSET
    leveller: bool | UnsetType = UNSET
    delay_ms: Annotated[int, Meta(ge=0, le=500)] | UnsetType = UNSET


class SourceSolo(Command, frozen=True, tag="source.solo"):
    """To the director's ears only."""

    source: AudioId
    on: bool


class MonitorSet(Command, frozen=True, tag="monitor.set"):
    """What the director hears."""

    bus: Name


class HallUpdate(Command, frozen=True, tag="hall.update"):
    """What the hall's loudspeakers get, without the hall's own microphones."""

    bus: Name


class BusUpdate(Command, frozen=True, tag="bus.update"):
    bus: Name
    target_lufs: Loudness


class BusReset(Command, frozen=True, tag="bus.reset"):
    """Reset the bus's integrated loudness and maximum true peak."""

    bus: Name


class TalkbackSet(Command, frozen=True, tag="talkback.set"):
    """Whom the director talks to from now on, without being on air; ``null``: nobody."""

    to: Annotated[tuple[Id, ...], Meta(min_length=1, max_length=MAX_SEATS)] | Literal["all"] | None


MaybeId = Annotated[str, Meta(pattern=rf"^(?![\s\S])|{ID_PATTERN}")]
"""An id, or empty for none."""


class CueSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``planned``: Unix seconds, 0 for none. ``scene``: goes into preview with the cue; ``people``: seats, a
    hint for the reader."""

    cue: Id
    title: Title
    planned: Annotated[int, Meta(ge=0, le=2**40)] = 0
    duration_s: Annotated[int, Meta(ge=0, le=7 * 24 * 3600)] = 0
    scene: MaybeId = ""
    people: Annotated[tuple[Id, ...], Meta(max_length=MAX_PLACES)] = ()


class RundownSet(Command, frozen=True, tag="rundown.set"):
    """Replaces the whole rundown. The cue that is on stays on if it is still there."""

    cues: Annotated[tuple[CueSpec, ...], Meta(max_length=MAX_CUES)]


class RundownGo(Command, frozen=True, tag="rundown.go"):
    """This cue is on from now on, and its scene, where it has one that is there, in preview; ``null``: none.
    ``take``: the scene goes on air with a cut."""

    cue: Id | None
    take: bool = False


class RundownNext(Command, frozen=True, tag="rundown.next"):
    """The cue after the one that is on, or the first: as ``rundown.go``."""

    take: bool = False


StripCommand = SourceMute | SourceGain | SourceStrip | SourceSolo
BusCommand = MonitorSet | HallUpdate | BusUpdate | BusReset | TalkbackSet
RundownCommand = RundownSet | RundownGo | RundownNext
