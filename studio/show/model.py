"""The show's state: frozen data, no behaviour. The mappings inside are never changed in place.

It holds secrets (stream keys in output URLs, hashes of invite tokens): only ``studio.show.view`` turns it
into what others may see.
"""

from typing import Literal

import msgspec

from mixer.contract.graphic_kinds import Anchor, GraphicKind
from mixer.contract.names import SourceName
from mixer.contract.plan import BusName, Crop, Direction, Strip, TransitionKind
from mixer.contract.source_kinds import SourceKind
from mixer.contract.theme import Theme
from signaling.contract.state import Role, SceneCanvas
from studio.planning.layout import LayoutName

MAX_SEATS = 200
MAX_SCENES = 200
MAX_SOURCES = 100
MAX_OUTPUTS = 32
MAX_PLAYERS = 24
"""Sources that are played by a process of their own, of 50 to 200 MB each."""
MAX_PLACES = 49
MAX_NAME = 80
MAX_TITLE = 120
MAX_REVOKED = 1000
"""Hashes of links that no longer work, kept so that their pages can say "revoked" instead of "unknown"."""
MIN_GAIN_DB = -60.0
MAX_GAIN_DB = 20.0

MAX_LANGUAGES = 16
MAX_BOOTHS = 32
MAX_NOTES = 50
MAX_CUES = 500
MAX_NOTE = 300
OFFER_S = 15
"""Seconds in which a partner may take over the microphone that is offered."""

RENDITIONS = ("program", "clean", "wall")
FLOOR: BusName = "floor"
HALL: BusName = "hall"
RESERVED_BUSES = (FLOOR, HALL, "monitor", "returns", "booth")
"""Names that no language may have: other sounds have them, on the packet bus or at the desk."""
TARGET_LUFS = -23.0
"""Loudness target of a bus for which no other is set: EBU R 128."""
LANGUAGES = ("ko", "en")
MAX_GRAPHICS = 100
MAX_GRAPHIC_TEXT = 500
MAX_PAGES = 500
"""Of a slide deck."""
MAX_TRANSITION_MS = 30_000


class Invite(msgspec.Struct, frozen=True, omit_defaults=True):
    """A seat's newest link. ``token_hash`` is SHA-256 in hex; ``expires`` in Unix seconds;
    ``generation`` is unique in the show, so that a seat made anew never honours an older seat's session."""

    token_hash: str
    expires: int
    generation: int
    revoked: bool = False


class Naming(msgspec.Struct, frozen=True, omit_defaults=True):
    """A person's name and title in one language."""

    name: str = ""
    title: str = ""


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
    self_muted: bool = False
    """By the guest on the own page: zeros come then, and the microphone isn't broken."""
    strip: Strip = Strip()
    listen: BusName = FLOOR
    """The bus this person hears."""
    hall: bool = False
    """Its microphone stands in the hall, which must not hear itself."""
    booth: str = ""
    """An interpreter's."""
    into: str = ""
    """The language an interpreter speaks into: one of the booth's."""
    into_chosen: bool = False
    """By a press of the interpreter's or the director's; else :func:`studio.show.booths.direction.into_of`
    follows the floor."""
    on: bool = False
    """An interpreter's microphone is on; ``cough``: and held shut for a moment."""
    cough: bool = False
    part: str = ""
    """What this person does in the show (``host``, ``panelist``): places can be filled by it."""
    names: dict[str, Naming] = {}
    """Name and title by language of the event, where they differ from ``name`` and ``title``."""


class Box(msgspec.Struct, frozen=True):
    """A rectangle by hand: shares (0 … 1) of the canvas's width and height."""

    x: float
    y: float
    w: float
    h: float


class Place(msgspec.Struct, frozen=True, omit_defaults=True):
    """What fills one place of a layout: exactly one of a seat's id, a source's id, a part (the next person on
    stage who plays it) and ``auto`` (who speaks).

    ``screen``: not the seat's camera but the screen it shares. ``box``: where it lies in the layout
    ``free``, over the places before it. ``crop``: of the source. ``fit``: empty for the layout's own.
    """

    seat: str = ""
    source: str = ""
    screen: bool = False
    part: str = ""
    auto: bool = False
    box: Box | None = None
    crop: Crop | None = None
    fit: Literal["", "cover", "contain"] = ""


class Composition(msgspec.Struct, frozen=True, omit_defaults=True):
    """A canvas of a scene. ``places`` None: everyone on stage, in order. ``graphics``: ids, later ones above.

    ``plates``: name plates are shown. ``background``: a source behind all tiles; empty: the theme's.
    """

    layout: LayoutName = "grid"
    places: tuple[Place, ...] | None = None
    graphics: tuple[str, ...] = ()
    plates: bool = True
    background: str = ""


class AudioPolicy(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who is heard while a scene is on air: with ``follow`` who is seen on the programme, and ``sources``
    besides; else ``sources`` alone. They are ``seat/<id>`` or ``source/<id>``."""

    follow: bool = True
    sources: tuple[SourceName, ...] = ()


class Scene(msgspec.Struct, frozen=True, omit_defaults=True):
    """``canvases`` always has ``program``; a canvas left out follows it."""

    id: str
    title: str
    canvases: dict[SceneCanvas, Composition]
    audio: AudioPolicy = AudioPolicy()


class Playback(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a clip was told last: to play from, or to stand at, ``position_s`` of the media at ``at_ms``
    (Unix, milliseconds). ``order`` counts these."""

    order: int = 0
    playing: bool = False
    position_s: float = 0.0
    at_ms: int = 0


class Source(msgspec.Struct, frozen=True, omit_defaults=True):
    """Anything with a picture or a sound beside the seats.

    ``media``: of still, clip and slides. ``url``: of a pull, a secret; ``insecure``: its
    server's certificate isn't verified. ``pattern`` and ``tone``: of bars.
    ``duration_s``, ``pages``, ``width``, ``height``, ``alpha``: the media's, 0 for unknown. ``out_s``: 0 for
    its end.
    ``sounds``: numbers of the sound tracks that are heard, ``3`` or ``1+2``; empty: as the file says.
    ``auto_play``: a clip begins at its in point when its scene is taken. ``auto_take``: at its end, on air,
    what is in preview is taken.
    ``presenter``: the seat that may turn the pages. ``page``: from 1. ``token_hash``: SHA-256 (hex) of a
    WHIP publisher's token.
    """

    id: str
    title: str
    kind: SourceKind
    muted: bool = False
    gain_db: float = 0.0
    language: str = ""
    strip: Strip = Strip()
    hall: bool = False
    media: str = ""
    url: str = ""
    insecure: bool = False
    pattern: str = "bars"
    tone: bool = False
    loop: bool = False
    in_s: float = 0.0
    out_s: float = 0.0
    sounds: str = ""
    duration_s: float = 0.0
    pages: int = 0
    width: int = 0
    height: int = 0
    alpha: bool = False
    auto_play: bool = True
    auto_take: bool = False
    presenter: str = ""
    page: int = 1
    playback: Playback = Playback()
    token_hash: str = ""


class Graphic(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something drawn over the tiles: where a scene names it, and, while ``on``, over every scene.

    ``text`` and ``subtext`` by language; the key ``""`` is for all that have none of their own. ``seat``: a
    lower third of this person, by the seat's names. ``media``: of a logo or picture; empty: the theme's
    logo. ``link``: what a QR code says. ``until``: Unix seconds a countdown runs to; ``cue``: it runs to the
    planned end of the cue that is on. ``canvases``: where it is shown; the clean feed has none.
    """

    id: str
    kind: GraphicKind
    title: str
    text: dict[str, str] = {}
    subtext: dict[str, str] = {}
    seat: str = ""
    media: str = ""
    link: str = ""
    anchor: Anchor = "bottom-left"
    canvases: tuple[SceneCanvas, ...] = ("program", "wall")
    until: int = 0
    cue: bool = False
    zone: str = ""
    size: float = 1.0
    on: bool = False


class TransitionStyle(msgspec.Struct, frozen=True, omit_defaults=True):
    """How AUTO goes over."""

    kind: TransitionKind = "mix"
    duration_ms: int = 1000
    direction: Direction = "left"
    colour: str = "#000000"


class AutoSpeaker(msgspec.Struct, frozen=True, omit_defaults=True):
    """How places with ``auto`` are filled. ``to``: whom the choice changes, what is in preview or what is on
    air.

    Who speaks for ``hold_ms`` is chosen, not before the one before has been for ``least_ms``; never those of
    ``exclude``; ``pin``: this seat, whoever speaks.
    """

    to: Literal["preview", "program"] = "preview"
    hold_ms: int = 1500
    least_ms: int = 4000
    exclude: tuple[str, ...] = ()
    pin: str = ""


class OnAir(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was on air and in preview before the last take, for undo."""

    program: str | None
    preview: str | None
    speaker: str = ""
    preview_speaker: str = ""


class Output(msgspec.Struct, frozen=True, omit_defaults=True):
    """A destination: a stream with a ``url`` (secret: it holds the stream key) and one ``bus``, or a
    ``recording`` with one audio track for each of ``buses``. ``backup``: a second ingest that runs together
    with the first, as secret. ``buses``: of a ``udp://`` stream (MPEG-TS) several, too. ``seats``: a
    recording of every seat as it arrives, without any rendition or bus."""

    id: str
    url: str = ""
    recording: bool = False
    rendition: str = "program"
    bus: str = "floor"
    buses: tuple[str, ...] = ("floor",)
    running: bool = False
    backup: str = ""
    seats: bool = False
    title: str = ""
    """What people call it; empty: its id."""


class Handover(msgspec.Struct, frozen=True):
    """The microphone is offered by one interpreter of a booth to the other, ``until`` (Unix seconds)."""

    giver: str
    taker: str
    until: int


class Booth(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where interpreters work, each in a seat of role ``interpreter``: between two or more languages.

    ``slower_at``: when the speaker was last asked to slow down, Unix seconds; 0 for never. ``lost``: the seat
    whose connection was lost while it was on, until somebody acts.
    """

    id: str
    title: str
    languages: tuple[str, ...]
    handover: Handover | None = None
    slower_at: int = 0
    lost: str = ""


class Note(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line between a booth and the director. ``seat``: who wrote it; empty: the director."""

    booth: str
    text: str
    at: int
    seat: str = ""


class Cue(msgspec.Struct, frozen=True, omit_defaults=True):
    """One entry of the rundown. ``planned``: when it is to begin, Unix seconds, 0 for none; ``scene`` and
    ``people`` (seats) are hints for those who read it."""

    id: str
    title: str
    planned: int = 0
    duration_s: int = 0
    scene: str = ""
    people: tuple[str, ...] = ()


TalkTo = tuple[str, ...] | Literal["all"]
"""Seats, of which there is at least one, or everybody."""


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
    languages: tuple[str, ...] = LANGUAGES
    """Of the event; each has a bus of its name."""
    targets: dict[BusName, float] = {}
    """Loudness targets of buses in LUFS; −23 where none is named."""
    both_open: bool = False
    """Two interpreters may be open into one language at once, and are mixed."""
    booths: dict[str, Booth] = {}
    notes: tuple[Note, ...] = ()
    """The last :data:`MAX_NOTES`, oldest first."""
    hall_bus: BusName = FLOOR
    monitor_bus: BusName = FLOOR
    solo: tuple[SourceName, ...] = ()
    talk: TalkTo | None = None
    """Seats the director talks to now, ``all`` for everybody who has a return; None: nobody."""
    rundown: tuple[Cue, ...] = ()
    cue: str | None = None
    """The cue that is on."""
    speaker: str = ""
    """Seat that fills the places with ``auto`` on air; ``preview_speaker``: and in preview."""
    preview_speaker: str = ""
    auto_speaker: AutoSpeaker = AutoSpeaker()
    transition: TransitionStyle = TransitionStyle()
    tbar: float = 0.0
    """How far by hand from programme to preview, 0 … 1; at 1 it is taken, and 0 again."""
    slate: bool = False
    """The panic slate is on."""
    before: OnAir | None = None
    graphics: dict[str, Graphic] = {}
    theme: Theme = Theme()
