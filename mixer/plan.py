"""What the mixer is asked to show and sound: frozen data, no behaviour.

A :class:`MixPlan` is whole: the mixer keeps nothing of the plan before it. The planner makes it from the
show's state, the engine takes it at a tick, so that all canvases and the sound change on that one tick.
"""

from typing import Literal

import msgspec

SourceId = str
"""``seat/<seat id>`` for a seat's camera and microphone, ``screen/<seat id>`` for the screen it shares,
``source/<source id>`` for everything else."""

CanvasName = Literal["program", "wall", "multiview"]

Tally = Literal["", "program", "preview"]
"""On air, next, or neither."""


class Rect(msgspec.Struct, frozen=True):
    """A rectangle in canvas pixels. All four numbers are even, so that it falls on whole chroma samples."""

    x: int
    y: int
    w: int
    h: int


class Plate(msgspec.Struct, frozen=True, omit_defaults=True):
    """A name plate: plain text, already normalised; either line may be empty."""

    name: str
    title: str = ""


class Tile(msgspec.Struct, frozen=True, omit_defaults=True):
    """One source in one rectangle.

    ``fit``: ``cover`` fills the rectangle and crops, ``contain`` shows everything and leaves bars.
    ``tally``: a frame in the colour of programme (red) or preview (green), for the multiview.
    ``label``: small caption instead of a plate, for the multiview.
    """

    rect: Rect
    source: SourceId
    fit: Literal["cover", "contain"] = "cover"
    plate: Plate | None = None
    label: str = ""
    tally: Tally = ""


class CanvasView(msgspec.Struct, frozen=True, omit_defaults=True):
    """A whole canvas shown small inside another one: the programme pane of the multiview.

    Without ``canvas``: only frame and label, over the tiles that lie there (the preview pane).
    """

    rect: Rect
    canvas: CanvasName | None = None
    label: str = ""
    tally: Tally = ""


class CanvasPlan(msgspec.Struct, frozen=True, omit_defaults=True):
    """One canvas: ``width`` × ``height`` pixels (even), tiles drawn in order over the background."""

    width: int
    height: int
    tiles: tuple[Tile, ...] = ()
    views: tuple[CanvasView, ...] = ()
    background: str = "#10141c"


class SourceInfo(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a source is made and what its card says while it has no picture.

    ``kind``: ``slot`` (written by a shard or a player into shared memory) or ``bars`` (colour bars, silent).
    ``asked``: a picture is wanted of it now; only then does its absence turn the tile into a slate.
    """

    kind: Literal["slot", "bars"] = "slot"
    name: str = ""
    title: str = ""
    asked: bool = True


class AudioInput(msgspec.Struct, frozen=True, omit_defaults=True):
    """A source heard on the floor, with its gain in dB (−60 … +20)."""

    source: SourceId
    gain_db: float = 0.0


class AudioPlan(msgspec.Struct, frozen=True, omit_defaults=True):
    """The sources that are open (audible) on the floor. Muted ones are left out by the planner."""

    open: tuple[AudioInput, ...] = ()


class MixPlan(msgspec.Struct, frozen=True, omit_defaults=True):
    """Everything on air at one revision of the show's state."""

    revision: int
    canvases: dict[CanvasName, CanvasPlan]
    audio: AudioPlan = AudioPlan()
    sources: dict[SourceId, SourceInfo] = {}
    black: bool = False
    """Fade to black is on: programme and wall are black and silent; the multiview goes on."""
