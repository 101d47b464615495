"""The kinds of sources, a row each: what commands accept, the planner plans, the importer takes, which player
runs and what the pages offer all comes from here. Pure.

A new kind is its module, its row, and the Korean translation of the row's two texts. The pages have the rows
as ``web_console/shared/kinds.js``, which ``make protocol`` generates.
"""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

SourceKind = Literal["clip", "still", "slides", "bars", "pull", "whip"]
MediaKind = Literal["still", "slides", "clip"]
"""Kinds made of an uploaded file, in the order in which the importer asks them: a phone's photo is an ISO
file like a clip, and only stills know it."""
PatternName = Literal["bars", "grid", "ramp", "white", "black", "sync"]

PATTERNS: Mapping[PatternName, str] = {
    "bars": "Colour bars",
    "grid": "Grid and circles",
    "ramp": "Grey ramp",
    "white": "White",
    "black": "Black",
    "sync": "Flash and beep, once a second",
}
"""Test patterns and what the pages call them, in English."""


MEDIA_FILE = "file"
"""What was uploaded, in the folder of its id."""
PICTURE_FILE = "picture.npy"
"""There, too: a still, brought into plain pixels."""


class Upload(msgspec.Struct, frozen=True, kw_only=True):
    """Of a kind that is made of an uploaded file."""

    module: str
    """It has ``recognised(head)`` and ``examined(path, folder, demands, what)``; see
    :mod:`mixer.sources.importer`."""
    told: str
    """What is taken, as a refusal of other files lists it."""
    accept: tuple[str, ...]
    """File name endings and media types that a file dialog offers; what a file is, its content alone says."""
    kept: str = MEDIA_FILE
    """Name of what is kept of it, and played."""
    converted: bool = False
    """What costs its player too much is converted."""


class KindRow(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of source."""

    label: str
    hint: str
    """Both in English; the pages have a Korean translation for each."""
    fields: tuple[str, ...] = ()
    """Of the commands that make and change it, beside a title, a language and its sound."""
    upload: Upload | None = None
    player: str = ""
    """``module:class`` of its player (:class:`mixer.sources.player.Player`); empty: a shard writes its
    slot."""
    needs: tuple[Literal["fonts", "ca_file", "private"], ...] = ()
    """What its player is told of the studio, fields of
    :class:`mixer.contract.player_messages.PlayerConfig`."""
    drawn_with: Mapping[str, Any] | None = None
    """With these values of its fields the mixer draws it by itself, and it has no player."""
    live: bool = False
    """It comes from elsewhere, as it happens: it fills a tile as guests do, and a picture that doesn't change
    means a fault."""
    sounds: bool = False
    """Whether it has sound is worth saying."""
    seekable: bool = False
    """It plays, pauses, and stands at a position."""
    paged: bool = False
    """It has pages, which a presenter may turn."""
    published: bool = False
    """Somebody sends it here, with a token (WHIP)."""
    size: Literal["fixed", "file", "drawn"] = "fixed"
    """Of its slot. ``fixed``: 1920 × 1080; ``file``: as large as canvases show it, never enlarged;
    ``drawn``: as large as canvases show it."""


SOURCE_KINDS: Mapping[SourceKind, KindRow] = {
    "clip": KindRow(
        label="Clip",
        hint="MP4, MOV, MKV or WebM, with its sound; or sound alone: WAV, MP3, M4A, FLAC or Ogg.",
        fields=("media", "loop", "in_s", "out_s", "sounds", "auto_play", "auto_take"),
        upload=Upload(
            module="mixer.sources.clips.upload",
            told="clips (MP4, MOV, MKV, WebM and their like), sound (WAV, MP3, M4A, FLAC, Ogg)",
            accept=(
                *(".mp4", ".mov", ".mkv", ".webm", ".m4v", ".mts", ".m2ts", ".ts", ".mpg", ".avi", ".mxf"),
                *(".wmv", ".wav", ".mp3", ".m4a", ".flac", ".ogg", ".opus", ".aif", ".aiff"),
                *("video/*", "audio/*"),
            ),
            converted=True,
        ),
        player="mixer.sources.clips.clip:ClipPlayer",
        sounds=True,
        seekable=True,
        size="file",
    ),
    "still": KindRow(
        label="Still picture",
        hint="PNG, JPEG, WebP, GIF, or a phone's HEIC or AVIF.",
        fields=("media",),
        upload=Upload(
            module="mixer.sources.stills.upload",
            told="pictures (PNG, JPEG, WebP, GIF, HEIC, AVIF)",
            accept=(".png", ".jpg", ".jpeg", ".webp", ".gif", ".heic", ".heif", ".avif", "image/*"),
            kept=PICTURE_FILE,
        ),
        player="mixer.sources.stills.still:StillPlayer",
        size="file",
    ),
    "slides": KindRow(
        label="Slides",
        hint="A PDF, a page a slide. A password has to be taken off before.",
        fields=("media", "presenter"),
        upload=Upload(
            module="mixer.sources.slides.upload", told="PDF files", accept=(".pdf", "application/pdf")
        ),
        player="mixer.sources.slides.slides:SlidesPlayer",
        needs=("fonts",),
        paged=True,
        size="drawn",
    ),
    "bars": KindRow(
        label="Test picture",
        hint="A test picture for lines and screens.",
        fields=("pattern", "tone"),
        player="mixer.sources.pattern:PatternPlayer",
        drawn_with={"pattern": "bars", "tone": False},
    ),
    "pull": KindRow(
        label="Pulled stream",
        hint="The studio fetches a stream: of a camera in the hall, or of another studio. It tries again"
        " until it comes.",
        fields=("url", "user", "password", "insecure"),
        player="mixer.sources.pull.pull_player:PullPlayer",
        needs=("ca_file", "private"),
        live=True,
        sounds=True,
    ),
    "whip": KindRow(
        label="WHIP camera",
        hint="OBS, FFmpeg 8 or GStreamer sends a camera to this studio. Address and token are shown once,"
        " after “Add”.",
        live=True,
        sounds=True,
        published=True,
    ),
}
