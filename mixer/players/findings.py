"""What the importer says of an uploaded file: plain data, for whoever keeps and shows it."""

from typing import Literal

import msgspec

PICTURE_FILE = "picture.npy"
"""A still, brought into plain pixels."""

PictureKind = Literal["png", "jpeg", "webp", "gif", "heic", "avif"]
"""Of an uploaded picture's file."""

Use = Literal["", "picture", "sound", "left", "right"]
"""What a track is played as; empty: it isn't."""


class Track(msgspec.Struct, frozen=True, omit_defaults=True):
    """A track as the console shows it. ``number`` counts the tracks of its kind from 1.

    ``codec`` is the decoder's name, or what the file calls it where there is none (``playable`` False).
    ``detail``: a picture's size, or a sound's channels. Times in seconds of the clip; ``end_s`` 0: not known.
    """

    kind: Literal["picture", "sound", "text", "data"]
    number: int
    codec: str = ""
    detail: str = ""
    language: str = ""
    title: str = ""
    start_s: float = 0.0
    end_s: float = 0.0
    default: bool = False
    playable: bool = True
    use: Use = ""
    silent: bool = False
    """Nothing is heard where it was listened to."""


class Found(msgspec.Struct, frozen=True, tag=True):
    """Fields as of ``studio.medium.Medium``."""

    kind: Literal["clip", "still", "slides"]
    width: int = 0
    height: int = 0
    duration_s: float = 0.0
    fps: float = 0.0
    sound: bool = False
    pages: int = 0
    warnings: tuple[str, ...] = ()
    tracks: tuple[Track, ...] = ()
    orientation: str = ""
    """As :attr:`mixer.players.orientation.Orientation.name`."""
    colour: str = ""
    """Of HDR and wide primaries, that are converted: ``HLG BT.2020``."""
    fields: Literal["", "interlaced"] = ""
    """``interlaced``: the pictures are deinterlaced."""
    alpha: bool = False
    """It is transparent in places, or may be: what lies beneath it is seen there."""


class Refused(msgspec.Struct, frozen=True, tag=True):
    code: str
    reason: str


Outcome = Found | Refused
