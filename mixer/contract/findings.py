"""What the importer says of an uploaded file: plain data, for whoever keeps and shows it."""

from typing import Literal

import msgspec

from mixer.contract.source_kinds import MediaKind

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
    """Fields as of ``signaling.contract.medium.Medium``."""

    kind: MediaKind
    width: int = 0
    height: int = 0
    duration_s: float = 0.0
    fps: float = 0.0
    sound: bool = False
    pages: int = 0
    warnings: tuple[str, ...] = ()
    tracks: tuple[Track, ...] = ()
    orientation: str = ""
    """As :attr:`mixer.sources.orientation.Orientation.name`."""
    colour: str = ""
    """Of HDR and wide primaries, that are converted: ``HLG BT.2020``."""
    fields: Literal["", "interlaced"] = ""
    """``interlaced``: the pictures are deinterlaced."""
    alpha: bool = False
    """It is transparent in places, or may be: what lies beneath it is seen there."""
    effort: float = 0.0
    """How much of one of this machine's processors a player needs for this clip."""


class Refused(msgspec.Struct, frozen=True, tag=True):
    code: str
    reason: str


Outcome = Found | Refused

TOO_SLOW = "clip.too-slow"
"""Of a clip that needs more of a processor than the studio allows."""
CONVERTED_BITRATE = 40_000_000
"""At most, of a converted clip's pictures of 1080p, and of larger ones by their pixels: what is decoded costs
by the bit, too."""
NOT_CONVERTED = Refused(
    "clip.conversion-failed", "This clip can't be converted; it is played as it was uploaded."
)


class Demands(msgspec.Struct, frozen=True):
    """What the studio shows clips on: ``canvases``, width and height of each; ``fps``, the programme's, as a
    fraction. ``fonts``: folder of its fonts. ``spare_bytes``: what has to stay free on the disk. ``niceness``
    of a conversion: it is behind everything else."""

    canvases: tuple[tuple[int, int], ...] = ()
    fps: tuple[int, int] = (30, 1)
    fonts: str = ""
    spare_bytes: int = 0
    niceness: int = 19


class Progress(msgspec.Struct, frozen=True, tag=True):
    """``share`` of a conversion that is done, 0 … 1."""

    share: float


class Converted(msgspec.Struct, frozen=True, tag=True):
    """``effort``: as :attr:`Found.effort`, of what was made."""

    bytes: int
    width: int
    height: int
    effort: float


Written = Progress | Converted | Refused
"""What the converter says, line by line."""
