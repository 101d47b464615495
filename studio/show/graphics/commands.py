"""Commands of graphics and of the theme."""

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from mixer.contract.graphic_kinds import Anchor, GraphicKind
from signaling.contract.state import SceneCanvas
from studio.show.fields import ID_PATTERN, Caption, Command, Id, Language, Title
from studio.show.model import MAX_LANGUAGES

Texts = Annotated[dict[Language, Caption], Meta(max_length=MAX_LANGUAGES + 1)]
"""By language; the key ``""`` is for all that have none of their own."""
MaybeId = Annotated[str, Meta(pattern=rf"^(?![\s\S])|{ID_PATTERN}")]
Canvases = Annotated[tuple[SceneCanvas, ...], Meta(max_length=2)]
Size = Annotated[float, Meta(ge=0.25, le=4)]


class GraphicCreate(Command, frozen=True, tag="graphic.create"):
    """``text`` and ``subtext`` by language. ``seat``: a lower third of this person. ``media``: a picture's;
    a logo without one is the theme's. ``link``: of a QR code. ``until``: Unix seconds a countdown runs to;
    ``cue``: to the planned end of the cue that is on. ``canvases``: where it is shown."""

    kind: GraphicKind
    graphic: Id | None = None
    title: Title = ""
    text: Texts = msgspec.field(default_factory=dict)
    subtext: Texts = msgspec.field(default_factory=dict)
    seat: MaybeId = ""
    media: MaybeId = ""
    link: Annotated[str, Meta(max_length=1000)] = ""
    anchor: Anchor | None = None
    canvases: Canvases = ("program", "wall")
    until: Annotated[int, Meta(ge=0, le=2**40)] = 0
    cue: bool = False
    zone: Annotated[str, Meta(max_length=64)] = ""
    size: Size = 1.0


class GraphicUpdate(Command, frozen=True, tag="graphic.update"):
    """``text`` and ``subtext`` replace all of theirs."""

    graphic: Id
    title: Title | UnsetType = UNSET
    text: Texts | UnsetType = UNSET
    subtext: Texts | UnsetType = UNSET
    seat: MaybeId | UnsetType = UNSET
    media: MaybeId | UnsetType = UNSET
    link: Annotated[str, Meta(max_length=1000)] | UnsetType = UNSET
    anchor: Anchor | UnsetType = UNSET
    canvases: Canvases | UnsetType = UNSET
    until: Annotated[int, Meta(ge=0, le=2**40)] | UnsetType = UNSET
    cue: bool | UnsetType = UNSET
    zone: Annotated[str, Meta(max_length=64)] | UnsetType = UNSET
    size: Size | UnsetType = UNSET


class GraphicDelete(Command, frozen=True, tag="graphic.delete"):
    graphic: Id


class GraphicShow(Command, frozen=True, tag="graphic.show"):
    """Over every scene, until it is off again; what a scene names itself is shown with the scene."""

    graphic: Id
    on: bool


class ThemeSet(Command, frozen=True, tag="theme.set"):
    """Read the theme's folder again, also while the theme is in use: plates change on the next tick."""

    theme: Annotated[str, Meta(max_length=64)]


GraphicCommand = GraphicCreate | GraphicUpdate | GraphicDelete | GraphicShow | ThemeSet
