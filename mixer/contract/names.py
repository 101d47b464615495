"""Names of sources, slots, processes and packet-bus streams: made and read here, and nowhere else. Pure.

The show has ids of seats, sources and outputs, which hold neither ``/`` nor ``~``. Functions of this module
make all other names of them, so that a type checker knows one kind of name from another, and so that a name
is read back without doubt.
"""

from collections.abc import Iterable
from typing import Literal, NamedTuple, NewType, get_args

SourceName = NewType("SourceName", str)
"""What has a picture or a sound, as plans and meters have it: ``seat/<id>`` is a person's camera and
microphone, ``screen/<id>`` the screen that the person shares, ``source/<id>`` a clip, a stream or a pattern,
``talk/director`` the director's microphone."""
SlotName = NewType("SlotName", str)
"""Shared memory with pictures and sound: a source's slot has the source's name, a canvas's is
``canvas/<canvas>``."""
ProcessName = NewType("ProcessName", str)
"""``supervisor``, ``control``, ``mixer``, ``shard-1``, ``sender/<output>``, ``player/<source>``."""
StreamName = NewType("StreamName", str)
"""On the packet bus: ``<rendition>/<codec>`` is a picture, ``<bus>/<codec>`` a sound, ``returns/<bus>`` what
guests hear, ``booth/<bus>`` what interpreters hear."""

_SEAT, _SCREEN, _SOURCE, _TALK = "seat/", "screen/", "source/", "talk/"
_CANVAS = "canvas/"
_SHARD, _SENDER, _PLAYER = "shard-", "sender/", "player/"
_BACKUP = "~backup"

TALKBACK = SourceName(f"{_TALK}director")
"""The director's talkback microphone. There is one, however many direct."""
BACKDROP = SourceName("theme/backdrop")
"""The theme's picture behind all tiles: the first tile's source where a scene names no background."""

SUPERVISOR, CONTROL, MIXER = ProcessName("supervisor"), ProcessName("control"), ProcessName("mixer")


# --- sources -------------------------------------------------------------------------------------------


def of_seat(seat: str) -> SourceName:
    """Return the source of a seat's camera and microphone."""
    return SourceName(f"{_SEAT}{seat}")


def of_screen(seat: str) -> SourceName:
    """Return the source of the screen that a seat shares."""
    return SourceName(f"{_SCREEN}{seat}")


def of_source(source: str) -> SourceName:
    """Return the name of a source that the director made, by its id in the show."""
    return SourceName(f"{_SOURCE}{source}")


def is_seat(name: str) -> bool:
    return name.startswith(_SEAT)


def is_screen(name: SourceName) -> bool:
    return name.startswith(_SCREEN)


def is_source(name: SourceName) -> bool:
    """True for one that the director made: neither a person's nor the talkback's."""
    return name.startswith(_SOURCE)


def is_microphone(name: SourceName) -> bool:
    """True for one that a person speaks into."""
    return name.startswith((_SEAT, _TALK))


def seat_of(name: str) -> str:
    """Return the seat of :func:`of_seat`; empty for any other source."""
    return name.removeprefix(_SEAT) if is_seat(name) else ""


def screen_of(name: SourceName) -> str:
    """Return the seat of :func:`of_screen`; empty for any other source."""
    return name.removeprefix(_SCREEN) if is_screen(name) else ""


def id_of(name: SourceName) -> str:
    """Return the id of :func:`of_source`; empty for a source that the director didn't make."""
    return name.removeprefix(_SOURCE) if is_source(name) else ""


def sound_of(key: str) -> SourceName:
    """Return the source that a command about sound means: by its id in the show, or by its name."""
    return SourceName(key) if "/" in key else of_source(key)


# --- what else has text, beside a seat and the show: keys of what no font can write ---------------------


def of_graphic(graphic: str) -> str:
    return f"graphic/{graphic}"


def of_cue(cue: str) -> str:
    return f"cue/{cue}"


# --- slots ---------------------------------------------------------------------------------------------


def slot_of(source: SourceName) -> SlotName:
    """Return the slot that a source's pictures and sound are written into."""
    return SlotName(source)


def canvas_slot(canvas: str) -> SlotName:
    """Return the slot that the mixer writes a canvas's snapshots into."""
    return SlotName(f"{_CANVAS}{canvas}")


def canvas_in(slot: SlotName) -> str:
    """Return the canvas of :func:`canvas_slot`; empty for a source's slot."""
    return slot.removeprefix(_CANVAS) if slot.startswith(_CANVAS) else ""


def source_in(slot: SlotName) -> SourceName:
    """Return the source of :func:`slot_of`. ``slot`` is no canvas's."""
    return SourceName(slot)


# --- processes -----------------------------------------------------------------------------------------


def shard_name(index: int) -> ProcessName:
    """Return the process that is the shard of this index, counted from 0."""
    return ProcessName(f"{_SHARD}{index + 1}")


def sender_name(output: str) -> ProcessName:
    """Return the process that sends to this output, or to its backup by :func:`backup_of`."""
    return ProcessName(f"{_SENDER}{output}")


def player_name(source: str) -> ProcessName:
    """Return the process that plays this source, by its id in the show."""
    return ProcessName(f"{_PLAYER}{source}")


def is_shard(process: ProcessName) -> bool:
    return process.startswith(_SHARD)


def is_sender(process: ProcessName) -> bool:
    return process.startswith(_SENDER)


def is_player(process: ProcessName) -> bool:
    return process.startswith(_PLAYER)


def output_of(process: ProcessName) -> str:
    """Return the output of :func:`sender_name`; empty for any other process."""
    return process.removeprefix(_SENDER) if is_sender(process) else ""


def played_by(process: ProcessName) -> str:
    """Return the id of the source of :func:`player_name`; empty for any other process."""
    return process.removeprefix(_PLAYER) if is_player(process) else ""


def shards(processes: Iterable[ProcessName]) -> list[ProcessName]:
    """Return those of these processes that are shards, by name."""
    return sorted(filter(is_shard, processes))


Ingest = Literal["primary", "backup"]


class SenderOf(NamedTuple):
    """What a sender's output name, as :func:`output_of` gives it and its reports have it, stands for."""

    output: str
    ingest: Ingest


def backup_of(output: str) -> str:
    """Return the output name of the sender to an output's backup ingest, which runs beside the first."""
    return output + _BACKUP


def sender_of(name: str) -> SenderOf:
    """Return the output and the ingest of a sender's output name."""
    if name.endswith(_BACKUP):
        return SenderOf(name.removesuffix(_BACKUP), "backup")
    return SenderOf(name, "primary")


# --- streams of the packet bus -------------------------------------------------------------------------

PictureCodec = Literal["h264", "vp8"]
SoundCodec = Literal["aac", "opus"]
Listeners = Literal["returns", "booth"]
"""Whose sound a stream of returns is: that of guests, or that of interpreters, where sudden jumps of level
are held down."""
_PICTURE_CODECS = frozenset(get_args(PictureCodec))
_LISTENERS: tuple[Listeners, ...] = get_args(Listeners)


def picture_stream(rendition: str, codec: PictureCodec = "h264") -> StreamName:
    return StreamName(f"{rendition}/{codec}")


PROGRAM_PICTURE = picture_stream("program")


def program_in(language: str) -> StreamName:
    """Return the stream of the programme's picture for those who hear this language."""
    return picture_stream(f"program-{language}")


def sound_stream(bus: str, codec: SoundCodec = "aac") -> StreamName:
    return StreamName(f"{bus}/{codec}")


def return_stream(listeners: Listeners, bus: str) -> StreamName:
    """``bus``: of the plan, or ``hall`` or ``monitor``."""
    return StreamName(f"{listeners}/{bus}")


def split_stream(stream: StreamName) -> tuple[str, str]:
    """Return the rendition of a picture's stream, or the bus of a sound's, and the codec."""
    name, _, codec = stream.partition("/")
    return name, codec


def is_picture(stream: StreamName) -> bool:
    return split_stream(stream)[1] in _PICTURE_CODECS


def returned_in(stream: StreamName) -> tuple[Listeners, str] | None:
    """Return the listeners of a stream of returns, and its bus; None for any other stream."""
    listeners, _, bus = stream.partition("/")
    return next(((each, bus) for each in _LISTENERS if each == listeners), None)


def is_booth(name: str) -> bool:
    """True for a stream that interpreters hear, and for its rows of sound, whose names begin with its own."""
    return name.startswith("booth/")


def language_of(stream: StreamName) -> str:
    """Return the language of :func:`program_in`; empty for any other stream."""
    name, codec = split_stream(stream)
    before, _, language = name.partition("-")
    return language if before == "program" and codec == "h264" else ""
