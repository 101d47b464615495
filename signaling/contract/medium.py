"""What is known of an uploaded file: plain data, told by the process that looked into it."""

from typing import Literal

import msgspec

from mixer.contract.findings import Track
from mixer.contract.source_kinds import MediaKind


class Conversion(msgspec.Struct, frozen=True, omit_defaults=True):
    """Of a clip that is too slow for this machine: it is converted once. ``share`` of it that is done, 0 … 1.
    ``code`` and ``reason``: why it failed; the clip is played as it was uploaded. ``bytes`` and ``effort``
    are those of the file that was made."""

    state: Literal["waiting", "running", "done", "failed"]
    share: float = 0.0
    code: str = ""
    reason: str = ""
    bytes: int = 0
    effort: float = 0.0


class Medium(msgspec.Struct, frozen=True, omit_defaults=True):
    """``id`` names it in commands; ``name`` is the uploader's, cleaned. Sizes in pixels of the picture as it
    is shown. ``warnings``: stable codes of what is odd and can be played all the same
    (``clip.truncated``)."""

    id: str
    name: str
    kind: MediaKind
    bytes: int
    width: int = 0
    height: int = 0
    duration_s: float = 0.0
    fps: float = 0.0
    sound: bool = False
    pages: int = 0
    warnings: tuple[str, ...] = ()
    tracks: tuple[Track, ...] = ()
    """Of a clip: all that its file has, and what each is played as."""
    orientation: str = ""
    """How a clip's picture is turned before it is shown: ``""``, ``90``, ``mirrored 180`` …"""
    colour: str = ""
    """Of a clip of HDR or wide primaries, which are converted: ``HLG BT.2020``."""
    fields: Literal["", "interlaced"] = ""
    """``interlaced``: the clip's pictures are deinterlaced."""
    alpha: bool = False
    """It is transparent in places, or, a clip, may be: what lies beneath it is seen there."""
    effort: float = 0.0
    """How much of one of this machine's processors a player needs for the file as it was uploaded."""
    conversion: Conversion | None = None
