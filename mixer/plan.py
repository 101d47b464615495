"""What the mixer is asked to show and sound: frozen data, no behaviour.

A :class:`MixPlan` is whole: the mixer keeps nothing of the plan before it. The planner makes it from the
show's state, the engine takes it at a tick, so that all canvases and the sound change on that one tick.
"""

from typing import Literal

import msgspec

SourceId = str
"""``seat/<seat id>`` for a seat's camera and microphone, ``screen/<seat id>`` for the screen it shares,
``source/<source id>`` for everything else."""

CanvasName = Literal["program", "clean", "wall", "multiview"]
"""``clean`` is the programme without plates, for who puts his own on it."""

BusName = str
"""``floor``, a language of the event (``ko``), or ``hall``: see :class:`AudioPlan`."""

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


class Strip(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the desk does to one source, in this order; each part is off by default."""

    delay_ms: int = 0
    """0 … 500."""
    highpass_hz: float = 0.0
    """Corner of a second-order high-pass, 20 … 400; 0: off."""
    gate_db: float = -100.0
    """Below this level, dBFS, the gate closes; −100: off."""
    leveller: bool = False
    """Bring the source slowly to −23 LUFS, short term, gated."""
    compressor_db: float = 0.0
    """Threshold, dBFS; 0: off."""
    ratio: float = 3.0
    """Of the compressor, 1 … 20."""


class AudioInput(msgspec.Struct, frozen=True, omit_defaults=True):
    """A source on the floor, with its gain in dB (−60 … +20).

    ``language`` is what is spoken there: a language bus of it carries the source in full; empty: unknown, it
    is ducked under an interpreter wherever one speaks. ``muted``: heard by the director's solo alone.
    """

    source: SourceId
    gain_db: float = 0.0
    language: str = ""
    strip: Strip = Strip()
    muted: bool = False


class Interpreter(msgspec.Struct, frozen=True, omit_defaults=True):
    """An interpreter whose microphone is open, into the bus of one ``language``. Never on the floor."""

    source: SourceId
    language: str
    gain_db: float = 0.0
    strip: Strip = Strip()


class Ducking(msgspec.Struct, frozen=True, omit_defaults=True):
    """How the floor gives way to an interpreter, and comes back when he is silent."""

    level_db: float = -18.0
    attack_ms: int = 80
    hold_ms: int = 400
    """Silence before the floor begins to come back."""
    release_ms: int = 300


class Bus(msgspec.Struct, frozen=True, omit_defaults=True):
    """A bus, with its loudness target: a sum of sources at −23 LUFS is made louder by the difference."""

    name: BusName
    target_lufs: float = -23.0


class Hall(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the hall hears: a bus without the hall's own sources, or it howls."""

    bus: BusName = "floor"
    without: tuple[SourceId, ...] = ()


class Monitor(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the director hears: a bus, or the soloed sources alone, be they open, muted or neither."""

    bus: BusName = "floor"
    solo: tuple[SourceId, ...] = ()


class Talkback(msgspec.Struct, frozen=True, omit_defaults=True):
    """The director talks to some guests (or to everybody who has a return), whose return is ducked."""

    source: SourceId
    to: tuple[SourceId, ...] = ()
    everybody: bool = False
    level_db: float = -20.0
    """Of the return under it."""


class AudioPlan(msgspec.Struct, frozen=True, omit_defaults=True):
    """All sound at one revision. A source is looked for in the slot of its name.

    ``open``: the floor. ``listeners``: which bus each seat hears, floor where it isn't named.
    """

    open: tuple[AudioInput, ...] = ()
    interpreters: tuple[Interpreter, ...] = ()
    buses: tuple[Bus, ...] = (Bus("floor"),)
    """The floor, then one for each language of the event."""
    ducking: Ducking = Ducking()
    hall: Hall = Hall()
    monitor: Monitor = Monitor()
    talkback: Talkback | None = None
    listeners: dict[SourceId, BusName] = {}
    solo: tuple[AudioInput, ...] = ()
    """The monitor's soloed sources with their strips, where they aren't in ``open`` or ``interpreters``."""


class MixPlan(msgspec.Struct, frozen=True, omit_defaults=True):
    """Everything on air at one revision of the show's state."""

    revision: int
    canvases: dict[CanvasName, CanvasPlan]
    audio: AudioPlan = AudioPlan()
    sources: dict[SourceId, SourceInfo] = {}
    black: bool = False
    """Fade to black is on: programme and wall are black and silent; the multiview goes on."""
