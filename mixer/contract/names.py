"""Names of sources, of their slots and of processes: made and read here, and nowhere else. Pure.

A source's name is that of its slot, too: ``seat/ID`` for a person's camera and microphone, ``screen/ID`` for
the screen that the person shares, ``source/ID`` for a clip, a stream or a pattern, and ``talk/director``. Ids
hold no ``/``, so a name is read back without doubt.
"""

from collections.abc import Iterable

_SEAT, _SCREEN, _SOURCE, _TALK = "seat/", "screen/", "source/", "talk/"
_SHARD, _SENDER, _PLAYER = "shard-", "sender/", "player/"

TALKBACK = f"{_TALK}director"
"""The director's talkback microphone. There is one, whoever directs."""
MIXER = "mixer"


def of_seat(seat: str) -> str:
    """The source of a seat's camera and microphone."""
    return f"{_SEAT}{seat}"


def of_screen(seat: str) -> str:
    """The source of the screen that a seat shares."""
    return f"{_SCREEN}{seat}"


def of_source(source: str) -> str:
    """The source of one that the director made, by its id in the show."""
    return f"{_SOURCE}{source}"


def is_seat(name: str) -> bool:
    return name.startswith(_SEAT)


def is_screen(name: str) -> bool:
    return name.startswith(_SCREEN)


def is_source(name: str) -> bool:
    """Whether it is one that the director made: neither a person's nor the talkback's."""
    return name.startswith(_SOURCE)


def is_microphone(name: str) -> bool:
    """Whether a person speaks into it."""
    return name.startswith((_SEAT, _TALK))


def is_name(name: str) -> bool:
    """Whether it is a source's name and no bare id."""
    return "/" in name


def seat_of(name: str) -> str:
    """The seat of :func:`of_seat`; empty for any other source."""
    return name.removeprefix(_SEAT) if is_seat(name) else ""


def shard_name(index: int) -> str:
    """The process that is the shard of this index, counted from 0."""
    return f"{_SHARD}{index + 1}"


def sender_name(output: str) -> str:
    """The process that sends to this output, or to its backup (:mod:`mixer.contract.ingests`)."""
    return f"{_SENDER}{output}"


def player_name(source: str) -> str:
    """The process that plays this source, by its id in the show."""
    return f"{_PLAYER}{source}"


def is_shard(process: str) -> bool:
    return process.startswith(_SHARD)


def is_sender(process: str) -> bool:
    return process.startswith(_SENDER)


def is_player(process: str) -> bool:
    return process.startswith(_PLAYER)


def output_of(process: str) -> str:
    """The output of :func:`sender_name`; empty for any other process."""
    return process.removeprefix(_SENDER) if is_sender(process) else ""


def played_by(process: str) -> str:
    """The source of :func:`player_name`; empty for any other process."""
    return process.removeprefix(_PLAYER) if is_player(process) else ""


def shards(processes: Iterable[str]) -> list[str]:
    """Those of these processes that are shards, by name."""
    return sorted(filter(is_shard, processes))
