"""The show's state: frozen data, no behaviour. The mappings inside are never changed in place.

It holds secrets (stream keys in output URLs, hashes of invite tokens): only ``studio.view`` turns it into
what others may see.
"""

from typing import Literal

import msgspec

from mixer.layout import LayoutName
from signaling.ports import Role

SceneCanvas = Literal["program", "wall"]
"""Canvases a scene composes; the multiview is the console's own."""
SourceKind = Literal["bars", "still", "clip", "slides", "pull", "whip"]

MAX_SEATS = 200
MAX_SCENES = 200
MAX_SOURCES = 100
MAX_OUTPUTS = 32
MAX_PLACES = 49
MAX_NAME = 80
MAX_TITLE = 120
MAX_REVOKED = 1000
"""Hashes of links that no longer work, kept so that their pages can say "revoked" instead of "unknown"."""
MIN_GAIN_DB = -60.0
MAX_GAIN_DB = 20.0

RENDITIONS = ("program", "wall")
BUSES = ("floor",)
SOURCE_KINDS = ("bars",)
"""Kinds of source this version can play."""


class Invite(msgspec.Struct, frozen=True, omit_defaults=True):
    """A seat's newest link. ``token_hash`` is SHA-256 in hex; ``expires`` in Unix seconds;
    ``generation`` is unique in the show, so that a seat made anew never honours an older seat's session."""

    token_hash: str
    expires: int
    generation: int
    revoked: bool = False


class Seat(msgspec.Struct, frozen=True, omit_defaults=True):
    """A person's (or a wall's, a viewer's) place in the show. ``stage``: admitted from the green room."""

    id: str
    name: str
    title: str = ""
    role: Role = "speaker"
    language: str = ""
    stage: bool = False
    muted: bool = False
    gain_db: float = 0.0
    invite: Invite | None = None


class Place(msgspec.Struct, frozen=True, omit_defaults=True):
    """What fills one place of a layout: exactly one of a seat's id and a source's id.

    ``screen``: not the seat's camera but the screen it shares.
    """

    seat: str = ""
    source: str = ""
    screen: bool = False


class Composition(msgspec.Struct, frozen=True, omit_defaults=True):
    """A canvas of a scene. ``places`` None: everyone on stage, in order. ``graphics`` is empty as yet."""

    layout: LayoutName = "grid"
    places: tuple[Place, ...] | None = None
    graphics: tuple[str, ...] = ()


class Scene(msgspec.Struct, frozen=True):
    """``canvases`` always has ``program``; a canvas left out follows it."""

    id: str
    title: str
    canvases: dict[SceneCanvas, Composition]


class Source(msgspec.Struct, frozen=True, omit_defaults=True):
    id: str
    title: str
    kind: SourceKind
    muted: bool = False
    gain_db: float = 0.0


class Output(msgspec.Struct, frozen=True, omit_defaults=True):
    """A destination: a stream with a ``url`` (secret: it holds the stream key) and one ``bus``, or a
    ``recording`` with one audio track for each of ``buses``."""

    id: str
    url: str = ""
    recording: bool = False
    rendition: str = "program"
    bus: str = "floor"
    buses: tuple[str, ...] = ("floor",)
    running: bool = False


class Show(msgspec.Struct, frozen=True, omit_defaults=True):
    """Everything that outlives a restart. Mappings keep their order: it is the order on stage and in lists.

    ``invites`` counts the invites ever made; ``revoked``: token hash → expiry of links that no longer work.
    """

    title: str = ""
    seats: dict[str, Seat] = {}
    sources: dict[str, Source] = {}
    scenes: dict[str, Scene] = {}
    outputs: dict[str, Output] = {}
    preview: str | None = None
    program: str | None = None
    black: bool = False
    invites: int = 0
    revoked: dict[str, int] = {}
