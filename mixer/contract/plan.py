"""What the mixer is asked to show and sound: frozen data, no behaviour.

A :class:`MixPlan` is whole: the mixer keeps nothing of the plan before it. The planner makes it from the
show's state, the engine takes it at a tick, so that all canvases and the sound change on that one tick.
"""

from collections.abc import Mapping
from typing import Literal, NamedTuple

import msgspec

from mixer.contract.graphic_kinds import Anchor, GraphicKind
from mixer.contract.names import SourceName
from mixer.contract.theme import Theme

CanvasName = Literal["program", "clean", "wall", "preview", "multiview"]
"""``clean`` is the programme without plates and graphics, for those who put their own on it; ``preview`` what
a cut would bring to the programme, at the size of the multiview's pane."""

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
    """A name plate, or any heading with a line under it: plain text, already normalised; each may be empty.

    ``other_name`` and ``other_title``: the same in a second language, smaller, below or beside.
    ``language`` and ``other_language``: BCP 47 tags, for characters that languages write differently; empty
    where it isn't known.
    """

    name: str
    title: str = ""
    other_name: str = ""
    other_title: str = ""
    language: str = ""
    other_language: str = ""


class Crop(msgspec.Struct, frozen=True, omit_defaults=True):
    """The part of a source that is shown, as shares (0 … 1) of its width and height."""

    x: float = 0.0
    y: float = 0.0
    w: float = 1.0
    h: float = 1.0


class TileStyle(msgspec.Struct, frozen=True, omit_defaults=True):
    """A tile's edge, in canvas pixels: radius of its corners, width (even) and colour of its border, which
    lies inside the tile."""

    radius: int = 0
    border: int = 0
    border_colour: str = "#ffffff"


class Tile(msgspec.Struct, frozen=True, omit_defaults=True):
    """One source in one rectangle; later tiles lie over earlier ones.

    ``fit``: ``cover`` fills the rectangle and crops, ``contain`` shows everything and leaves bars.
    ``tally``: a frame in the colour of programme (red) or preview (green), for the multiview.
    ``label``: small caption instead of a plate, for the multiview, in ``label_language``. ``crop``: of the
    source, before it is fitted.
    """

    rect: Rect
    source: SourceName
    fit: Literal["cover", "contain"] = "cover"
    plate: Plate | None = None
    label: str = ""
    tally: Tally = ""
    crop: Crop | None = None
    style: TileStyle | None = None
    label_language: str = ""


class Overlay(msgspec.Struct, frozen=True, omit_defaults=True):
    """A graphic over all tiles of a canvas, within its safe area.

    ``text`` is what ``lower-third``, ``title``, ``card`` and ``ticker`` (its ``name`` alone) say, what stands
    beside a clock, a countdown and a QR code. ``picture``: file of a ``logo`` or ``picture`` as
    :mod:`mixer.graphics.stills` reads it. ``link``: what a QR code says. ``until``: Unix seconds a countdown
    runs to; afterwards it counts the overrun. ``zone``: IANA name of a clock's time zone, empty for the
    machine's. ``size``: times the design's own, 0.25 … 4.
    """

    id: str
    kind: GraphicKind
    text: Plate = Plate("")
    anchor: Anchor = "bottom-left"
    picture: str = ""
    link: str = ""
    until: int = 0
    zone: str = ""
    size: float = 1.0


class CanvasView(msgspec.Struct, frozen=True, omit_defaults=True):
    """A whole canvas shown small inside another one: the programme pane of the multiview.

    Without ``canvas``: only frame and label, over the tiles that lie there (the preview pane).
    """

    rect: Rect
    canvas: CanvasName | None = None
    label: str = ""
    tally: Tally = ""


class CanvasPlan(msgspec.Struct, frozen=True, omit_defaults=True):
    """One canvas: ``width`` × ``height`` pixels (even), tiles drawn in order over the background, then views,
    then overlays. A background picture or clip is the first tile.

    ``scene``: whose composition this is. While it stays the same, tiles that moved glide to their places in
    ``glide_ms`` (0: at once), and overlays come and go animated.
    """

    width: int
    height: int
    tiles: tuple[Tile, ...] = ()
    views: tuple[CanvasView, ...] = ()
    background: str = "#10141c"
    overlays: tuple[Overlay, ...] = ()
    scene: str = ""
    glide_ms: int = 0


TransitionKind = Literal["mix", "wipe", "push", "dip"]
Direction = Literal["left", "right", "up", "down"]


class TransitionRow(NamedTuple):
    """``label``: English, for the pages. ``settings``: fields of :class:`Transition` that mean something for
    it."""

    label: str
    settings: tuple[Literal["direction", "colour"], ...] = ()


TRANSITIONS: Mapping[TransitionKind, TransitionRow] = {
    "mix": TransitionRow("Mix"),
    "wipe": TransitionRow("Wipe", ("direction",)),
    "push": TransitionRow("Push", ("direction",)),
    "dip": TransitionRow("Dip to colour", ("colour",)),
}
"""All transitions, as the pages list them; :mod:`mixer.compose.transition` draws them."""


class Transition(msgspec.Struct, frozen=True, omit_defaults=True):
    """From ``MixPlan.leaving`` to ``MixPlan.canvases``, on all canvases alike.

    It began at ``start_ns`` (CLOCK_MONOTONIC) and takes ``duration_ns``; or ``position`` (0 … 1) says how far
    it is: the T-bar. ``direction``: where a wipe's edge and a push go to. ``colour``: of a dip.
    """

    kind: TransitionKind = "mix"
    start_ns: int = 0
    duration_ns: int = 0
    position: float | None = None
    direction: Direction = "left"
    colour: str = "#000000"


class SourceInfo(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a source is made and what its card says while it has no picture.

    ``kind``: ``slot`` (written by a shard or a player into shared memory) or ``bars`` (colour bars, silent).
    ``asked``: a picture is wanted of it now; only then does its absence turn the tile into a slate.
    """

    kind: Literal["slot", "bars"] = "slot"
    name: str = ""
    title: str = ""
    language: str = ""
    """Of name and title."""
    asked: bool = True
    still: bool = False
    """Its picture needs no renewing: a still, a page of slides, a clip that is paused."""
    alpha: bool = False
    """It may be transparent: what lies beneath it is seen there. Else it is shown over black."""


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

    source: SourceName
    gain_db: float = 0.0
    language: str = ""
    strip: Strip = Strip()
    muted: bool = False


class Interpreter(msgspec.Struct, frozen=True, omit_defaults=True):
    """An interpreter whose microphone is open, into the bus of one ``language``. Never on the floor."""

    source: SourceName
    language: str
    gain_db: float = 0.0
    strip: Strip = Strip()


class Ducking(msgspec.Struct, frozen=True, omit_defaults=True):
    """How the floor gives way to an interpreter, and comes back when the interpreter is silent."""

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
    without: tuple[SourceName, ...] = ()


class Monitor(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the director hears: a bus, or the soloed sources alone, be they open, muted or neither."""

    bus: BusName = "floor"
    solo: tuple[SourceName, ...] = ()


class Talkback(msgspec.Struct, frozen=True, omit_defaults=True):
    """The director talks to some guests (or to everybody who has a return), whose return is ducked."""

    source: SourceName
    to: tuple[SourceName, ...] = ()
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
    listeners: dict[SourceName, BusName] = {}
    fade_ms: int = 0
    """How long microphones take to open and close with the scene; 0: 5 pictures."""
    solo: tuple[AudioInput, ...] = ()
    """The monitor's soloed sources with their strips, where they aren't in ``open`` or ``interpreters``."""


class Fade(msgspec.Struct, frozen=True, omit_defaults=True):
    """To black or back from it, from ``start_ns`` (CLOCK_MONOTONIC) on, in ``duration_ns``; 0: at once."""

    start_ns: int = 0
    duration_ns: int = 0


class MixPlan(msgspec.Struct, frozen=True, omit_defaults=True):
    """Everything on air at one revision of the show's state."""

    revision: int
    canvases: dict[CanvasName, CanvasPlan]
    audio: AudioPlan = AudioPlan()
    sources: dict[SourceName, SourceInfo] = {}
    black: bool = False
    """Fade to black is on: programme and wall are black and silent; the multiview goes on."""
    fade: Fade = Fade()
    """How ``black`` is reached, or left."""
    slate: bool = False
    """The panic slate: programme, clean feed and wall show the event's slate at once, and are silent."""
    transition: Transition | None = None
    leaving: dict[CanvasName, CanvasPlan] = {}
    """What the transition leaves; a canvas that isn't named here changes nothing."""
    languages: dict[str, CanvasPlan] = {}
    """The programme's canvas in a language of the event, where it differs from ``canvases["program"]``."""
    leaving_languages: dict[str, CanvasPlan] = {}
    """The same of what the transition leaves."""
    theme: Theme = Theme()
