"""The public state: what each role sees of the show, as structs. Pure.

``studio`` projects the show into :class:`DirectorState`; :mod:`signaling.http.live.views` projects that into
what the other roles see. The OpenAPI document, ``docs/protocol.md`` and the pages' types are made from these
structs; the pages' types are called without ``Public``. A member that is ``UNSET`` isn't sent.
"""

from collections.abc import Mapping
from typing import Any, Literal, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from mixer.contract.graphic_kinds import Anchor, GraphicKind
from mixer.contract.messages import OutputState, SourceState
from mixer.contract.names import SourceName
from mixer.contract.plan import BusName, Direction, TransitionKind
from mixer.contract.player_messages import PlayerState
from mixer.contract.source_kinds import SourceKind
from mixer.contract.theme import ThemeLook
from signaling.contract.medium import Medium
from signaling.contract.messages import UplinkTarget

Role = Literal["director", "speaker", "interpreter", "wall", "viewer"]
SceneCanvas = Literal["program", "wall"]
"""Canvases a scene composes; the multiview is the console's own."""
Connection = Literal["absent", "connecting", "connected"]
SeatState = Literal["absent", "waiting", "ready", "next", "on_air"]
BoothState = Literal["off", "open", "on_air", "lost"]
ProcessState = Literal["starting", "running", "restarting", "stopped"]


# --- the show --------------------------------------------------------------------------------------------


class EventInfo(msgspec.Struct, frozen=True):
    """What a wall sees of the event."""

    title: str


class SpeakerEvent(EventInfo, frozen=True):
    """What a speaker sees of the event."""

    languages: tuple[str, ...]
    """Each has a bus of its name."""


class PublicEvent(SpeakerEvent, frozen=True):
    """The event."""

    both_open: bool
    """Two interpreters may be open into one language at once, and are mixed."""


class PublicNaming(msgspec.Struct, frozen=True):
    """A person's name and title in one language."""

    name: str
    title: str


class PublicStrip(msgspec.Struct, frozen=True):
    """What the desk does to one source, in this order."""

    delay_ms: int
    """0 … 500."""
    highpass_hz: float
    """Corner of a second-order high-pass, 20 … 400; 0: off."""
    gate_db: float
    """Below this level, dBFS, the gate closes; −100: off."""
    leveller: bool
    """The source is brought slowly to −23 LUFS."""
    compressor_db: float
    """Threshold, dBFS; 0: off."""
    ratio: float
    """Of the compressor, 1 … 20."""


class PublicSeat(msgspec.Struct, frozen=True):
    """A person's, a wall's or a viewer's place in the show."""

    name: str
    title: str
    role: Role
    language: str
    """A BCP 47 tag; empty for none."""
    stage: bool
    """Admitted from the green room."""
    muted: bool
    gain_db: float
    invited: bool
    """It has a link that isn't revoked."""
    strip: PublicStrip
    listen: BusName
    """The bus this person hears."""
    hall: bool
    """The microphone stands in the hall."""
    booth: str
    """An interpreter's; empty for none."""
    into: str
    """The language an interpreter speaks into."""
    on: bool
    """An interpreter's microphone is on."""
    cough: bool
    """It is held shut for a moment."""
    self_muted: bool
    """The guest has shut the microphone on the own page."""
    part: str
    """What this person does in the show: places can be filled by it."""
    names: Mapping[str, PublicNaming]
    """By language of the event."""
    expires: int | UnsetType = UNSET
    """When the link ends, Unix seconds."""


class PublicPlayback(msgspec.Struct, frozen=True):
    """What a clip was told last."""

    playing: bool
    position_s: float
    """Of the media, at ``at_ms``."""
    at_ms: int
    """Unix milliseconds."""


class PublicSource(msgspec.Struct, frozen=True):
    """Anything with a picture or a sound beside the seats."""

    title: str
    kind: SourceKind
    muted: bool
    gain_db: float
    language: str
    """What is spoken there; empty for none."""
    strip: PublicStrip
    hall: bool
    """Its microphone stands in the hall."""
    media: str
    """The file's id, of a still, clip or slides."""
    url: str
    """Of a pull, without its secrets."""
    insecure: bool
    """The certificate of a pull's server isn't verified."""
    pattern: str
    """Of bars."""
    tone: bool
    """Bars have their tone."""
    loop: bool
    in_s: float
    out_s: float
    """0 for the end."""
    sounds: str
    """Numbers of the sound tracks that are heard: ``3``, ``1+2``; empty: as the file says."""
    duration_s: float
    pages: int
    auto_play: bool
    """It begins at its in point when its scene is taken."""
    auto_take: bool
    """At its end, on air, what is in preview is taken."""
    presenter: str
    """The seat that may turn the pages."""
    page: int
    """From 1."""
    playback: PublicPlayback


class PublicBox(msgspec.Struct, frozen=True):
    """A rectangle in shares (0 … 1) of a canvas, or of a source."""

    x: float
    y: float
    w: float
    h: float


class PublicPlace(msgspec.Struct, frozen=True, omit_defaults=True):
    """What fills one place of a layout: exactly one of ``seat``, ``source``, ``part`` and ``auto``."""

    seat: str = ""
    source: str = ""
    screen: bool = False
    """The screen that the seat shares, in place of its camera."""
    part: str = ""
    """The next person on stage who plays it."""
    auto: bool = False
    """Who speaks."""
    box: PublicBox | UnsetType = UNSET
    """Where it lies in the layout ``free``."""
    crop: PublicBox | UnsetType = UNSET
    """The part of the source that is shown."""
    fit: Literal["", "cover", "contain"] = ""


class PublicSceneCanvas(msgspec.Struct, frozen=True):
    """What a scene shows on one canvas."""

    layout: str
    graphics: tuple[str, ...]
    """Ids, later ones above."""
    plates: bool
    """Name plates are shown."""
    background: str
    """A source behind all tiles; empty: the theme's."""
    places: tuple[PublicPlace, ...] | UnsetType = UNSET
    """Left out: everyone on stage, in order."""


class PublicCanvases(msgspec.Struct, frozen=True):
    """A scene's canvases; one that is left out follows ``program``."""

    program: PublicSceneCanvas
    wall: PublicSceneCanvas | UnsetType = UNSET


class PublicAudioPolicy(msgspec.Struct, frozen=True):
    """Who is heard with a scene."""

    follow: bool
    """Who is seen on the programme is heard."""
    sources: tuple[SourceName, ...]
    """``seat/<id>`` or ``source/<id>``: with ``follow`` heard besides, else alone."""


class PublicScene(msgspec.Struct, frozen=True):
    """What can be put on air."""

    title: str
    canvases: PublicCanvases
    audio: PublicAudioPolicy


class PublicOutput(msgspec.Struct, frozen=True):
    """A destination: a stream or a recording."""

    url: str
    """Without its secrets; empty for a recording."""
    recording: bool
    rendition: str
    bus: str
    """Of a stream."""
    buses: tuple[str, ...]
    """Sound tracks, of a recording or of an MPEG-TS stream."""
    running: bool
    backup: str
    """The second ingest, without its secrets."""
    seats: bool
    """A recording of every seat as it arrives."""
    title: str
    """What people call it; empty: its id."""


class PublicTransitionStyle(msgspec.Struct, frozen=True):
    """How AUTO goes over."""

    kind: TransitionKind
    duration_ms: int
    direction: Direction
    colour: str


class PublicAutoSpeaker(msgspec.Struct, frozen=True):
    """How places with ``auto`` are filled."""

    to: Literal["preview", "program"]
    """Whom the choice changes."""
    hold_ms: int
    """Who speaks for so long is chosen."""
    least_ms: int
    """Nobody follows before the one before has had so long."""
    exclude: tuple[str, ...]
    """Seats that are never chosen."""
    pin: str
    """The seat that is shown no matter who speaks; empty: the one who speaks."""


class PublicGraphic(msgspec.Struct, frozen=True):
    """Something drawn over the tiles."""

    kind: GraphicKind
    title: str
    text: Mapping[str, str]
    """By language; the key ``""`` is for all that have none of their own."""
    subtext: Mapping[str, str]
    seat: str
    """A lower third of this person."""
    media: str
    """Of a logo or picture; empty: the theme's logo."""
    link: str
    """What a QR code says."""
    anchor: Anchor
    canvases: tuple[SceneCanvas, ...]
    until: int
    """Unix seconds that a countdown runs to."""
    cue: bool
    """It runs to the planned end of the cue that is on."""
    zone: str
    """A clock's time zone."""
    size: float
    on: bool
    """Shown over every scene."""


class PublicTheme(ThemeLook, frozen=True, omit_defaults=False):
    """The theme without its pictures' files. Colours are ``#rrggbb``, lengths shares of the canvas's shorter
    side."""


class PublicHandover(msgspec.Struct, frozen=True):
    """The microphone is offered by one interpreter to another."""

    giver: str
    taker: str
    until: int
    """Unix seconds."""


class PublicBooth(msgspec.Struct, frozen=True):
    """Where interpreters work."""

    title: str
    languages: tuple[str, ...]
    handover: PublicHandover | None
    slower_at: int
    """When the speaker was last asked to slow down, Unix seconds; 0 for never."""


class PublicNote(msgspec.Struct, frozen=True):
    """One line between a booth and the director."""

    booth: str
    text: str
    at: int
    """Unix seconds."""
    seat: str
    """Who wrote it; empty: the director."""


class PublicCue(msgspec.Struct, frozen=True):
    """One entry of the rundown."""

    cue: str
    title: str
    planned: int
    """Unix seconds; 0 for none."""
    duration_s: int
    scene: str
    people: tuple[str, ...]
    """Seats; an interpreter is told their names."""


class Order(msgspec.Struct, frozen=True):
    """Ids in the show's order: on stage and in lists."""

    seats: tuple[str, ...]
    scenes: tuple[str, ...]
    sources: tuple[str, ...]
    outputs: tuple[str, ...]
    booths: tuple[str, ...]
    graphics: tuple[str, ...]


# --- how things are --------------------------------------------------------------------------------------


class ScreenStatus(msgspec.Struct, frozen=True):
    """The shared screen that arrives."""

    width: int
    height: int
    fps: float


class SeatStatus(msgspec.Struct, frozen=True):
    """Who is there, and what arrives."""

    state: SeatState
    """``absent``: not connected; ``waiting``: in the green room; ``ready``: admitted; ``next``: in
    preview."""
    connection: Connection
    picture: SourceState
    """What the programme shows for this seat."""
    width: int
    height: int
    fps: float
    bitrate: int
    """bit/s."""
    lost: int
    """Packets lost since the seat connected."""
    level_db: int
    """Microphone peak, dBFS."""
    problem: str
    """Stable code of what is wrong with picture or sound; empty for nothing."""
    uplink: UplinkTarget | UnsetType = UNSET
    """What the browser is asked to send."""
    screen_uplink: UplinkTarget | UnsetType = UNSET
    screen: ScreenStatus | UnsetType = UNSET
    """While a shared screen arrives."""


ABSENT = SeatStatus("absent", "absent", "card", 0, 0, 0.0, 0, 0, -100, "")
"""One object for all who aren't there: patches see at once that it is the same."""


class BoothStatus(msgspec.Struct, frozen=True):
    """How a booth is doing."""

    state: BoothState
    """``open``: on, and heard by nobody; ``on_air``: on a language's bus; ``lost``: who was on is gone."""
    seat: str
    """Who is on, or was lost."""
    into: str
    slower: bool
    """The speaker was just asked to slow down."""
    problem: str
    """Stable code; empty for none."""


class BackupStatus(msgspec.Struct, frozen=True):
    """How the second ingest of an output is."""

    state: OutputState
    code: str
    """Stable code of the reason; empty while all is well."""
    reason: str
    """One sentence for the director."""
    bytes: int
    dropped: int
    """Pictures lost on the way."""
    bitrate: int
    """bit/s."""
    retry_in_s: float


class OutputStatus(BackupStatus, frozen=True):
    """How an output is."""

    file: str
    """A recording's current file."""
    remaining_s: int
    """How long a recording can go on until the disk is full; −1: unknown."""
    backup: BackupStatus | UnsetType = UNSET
    """Where the output has a second ingest."""


class SourceStatus(msgspec.Struct, frozen=True):
    """How a source with a player is, or one that somebody publishes into (WHIP): each has some of the members
    that may be left out."""

    state: PlayerState | Literal["waiting"]
    """``ready``: at its in point; ``live``: a stream that comes; ``stalled``: nothing comes; ``failed``: see
    the code; ``waiting``: for a publisher."""
    code: str
    """Stable code of what is wrong; empty for nothing."""
    reason: str
    """One sentence."""
    width: int
    height: int
    fps: float
    sound: bool
    position_s: float | UnsetType = UNSET
    duration_s: float | UnsetType = UNSET
    remaining_s: float | UnsetType = UNSET
    """To the out point."""
    page: int | UnsetType = UNSET
    pages: int | UnsetType = UNSET
    late: int | UnsetType = UNSET
    """Pictures that were ready too late."""
    bitrate: int | UnsetType = UNSET
    """bit/s."""
    lost: int | UnsetType = UNSET
    """Packets."""
    level_db: int | UnsetType = UNSET
    """Peak, dBFS."""


class ProcessStatus(msgspec.Struct, frozen=True):
    """One of the studio's processes."""

    state: ProcessState
    restarts: int


class LoadStatus(msgspec.Struct, frozen=True):
    """How far down the overload ladder the mixer is."""

    step: int = 0
    """0 nothing is left out … 3."""
    code: str = ""
    """``overload.preset``, ``overload.wall-rate``, ``overload.program-rate``; empty on step 0."""
    reason: str = ""


class LatencyStatus(msgspec.Struct, frozen=True):
    """Of guests' pictures through this machine, in milliseconds."""

    p50: int = 0
    p95: int = 0
    max: int = 0
    count: int = 0
    """How many pictures were measured."""


class MixerStatus(msgspec.Struct, frozen=True):
    """What the mixer says once a second."""

    ticks: int = 0
    late_ticks: int = 0
    spared_ticks: int = 0
    """Programme pictures left out on purpose by the overload ladder."""
    revision: int = -1
    """Of the plan on air; −1 before the first."""
    air_ticks: int = 0
    """From the last take to its picture."""
    load: LoadStatus = LoadStatus()
    latency_ms: LatencyStatus = LatencyStatus()
    levels: Mapping[str, int] = {}
    """Peak of the last second in dBFS, by source and of the bus ``floor``."""


class IceStatus(msgspec.Struct, frozen=True):
    """STUN and TURN."""

    silent: tuple[str, ...] = ()
    """URLs of servers that don't answer a shard."""


class PreviewStatus(msgspec.Struct, frozen=True):
    """Whether what is in preview can be taken."""

    ready: bool
    waiting: tuple[str, ...]
    """Seats whose picture isn't there in full yet."""
    missing: tuple[str, ...] | UnsetType = UNSET
    """Seats that aren't connected."""


class TakeStatus(msgspec.Struct, frozen=True):
    """A transition under way."""

    scene: str
    leaving: str | None
    kind: TransitionKind
    duration_ms: int
    ends_at_ms: int
    """Unix milliseconds on the studio's clock."""


class Alarm(msgspec.Struct, frozen=True):
    """What is wrong with the studio itself."""

    code: str
    """Stable."""
    text: str
    """One sentence that says what to do."""
    since: int
    """Unix seconds."""


class StudioStatus(msgspec.Struct, frozen=True):
    """The live part: nothing of it outlives a restart."""

    seats: Mapping[str, SeatStatus] = {}
    booths: Mapping[str, BoothStatus] = {}
    outputs: Mapping[str, OutputStatus] = {}
    processes: Mapping[str, ProcessStatus] = {}
    """By name: ``mixer``, ``control``, ``shard-1``, ``sender/<output>``, ``player/<source>``."""
    mixer: MixerStatus = MixerStatus()
    ice: IceStatus = IceStatus()
    preview: PreviewStatus = PreviewStatus(True, ())
    take: TakeStatus | None = None
    themes: tuple[str, ...] = ()
    """Names of the themes that can be chosen."""
    media: Mapping[str, Medium] = {}
    """Uploaded files by id."""
    glyphs: Mapping[str, str] = {}
    """Characters that no font has, by ``show``, ``seat/<id>``, ``graphic/<id>``, ``cue/<id>``."""
    fonts: Mapping[str, str] = {}
    """The operator's own fonts by file: a code of what is wrong, empty for nothing."""
    alarms: tuple[Alarm, ...] = ()
    """The oldest first."""
    sources: Mapping[str, SourceStatus] = {}
    """Of every source with a player or a publisher."""


class DirectorState(msgspec.Struct, frozen=True):
    """The whole public state, as a director sees it. A viewer sees the same, but that every reason why a
    pulled address can't be read is ``pull.failed``."""

    event: PublicEvent
    seats: Mapping[str, PublicSeat]
    sources: Mapping[str, PublicSource]
    scenes: Mapping[str, PublicScene]
    outputs: Mapping[str, PublicOutput]
    preview: str | None
    """The scene being prepared."""
    program: str | None
    """The scene on air."""
    black: bool
    """The programme is faded to black."""
    slate: bool
    """The panic slate is on."""
    tbar: float
    """How far by hand from programme to preview, 0 … 1."""
    transition: PublicTransitionStyle
    undo: bool
    """There is a take to undo."""
    speaker: str
    """The seat that fills the places with ``auto`` on air; empty for nobody."""
    preview_speaker: str
    """The same in preview."""
    auto_speaker: PublicAutoSpeaker
    graphics: Mapping[str, PublicGraphic]
    theme: PublicTheme
    booths: Mapping[str, PublicBooth]
    notes: tuple[PublicNote, ...]
    """The last 50, oldest first."""
    targets: Mapping[BusName, float]
    """Loudness targets of buses in LUFS; −23 where none is named."""
    hall_bus: BusName
    """What the hall hears."""
    monitor_bus: BusName
    """What the director hears."""
    solo: tuple[SourceName, ...]
    """What the director hears alone: ``seat/<id>`` or ``source/<id>``."""
    talk: tuple[str, ...] | None
    """Seats the director talks to; empty: everybody; null: nobody."""
    rundown: tuple[PublicCue, ...]
    cue: str | None
    """The cue that is on."""
    order: Order
    status: StudioStatus


# --- the other roles ---------------------------------------------------------------------------------------


class SpeakerStatus(msgspec.Struct, frozen=True):
    """How the speaker's own seat is."""

    state: Literal["waiting", "next", "on_air"]
    live: bool
    """The audience sees or hears this person now."""
    slower: bool
    """An interpreter asks who speaks to slow down."""
    talkback: bool
    """The director talks to this seat."""
    connection: Connection | UnsetType = UNSET
    picture: SourceState | UnsetType = UNSET
    problem: str | UnsetType = UNSET
    uplink: UplinkTarget | UnsetType = UNSET
    """What the browser is asked to send."""
    screen_uplink: UplinkTarget | UnsetType = UNSET
    """The same of a shared screen."""


class PresentedSlides(msgspec.Struct, frozen=True):
    """Slides whose pages this speaker turns."""

    source: str
    title: str
    page: int
    pages: int


class SpeakerState(msgspec.Struct, frozen=True):
    """What a speaker sees: the own seat."""

    event: SpeakerEvent
    seat: PublicSeat | None
    status: SpeakerStatus
    slides: tuple[PresentedSlides, ...] | UnsetType = UNSET


class OwnBooth(msgspec.Struct, frozen=True):
    """An interpreter's booth."""

    id: str
    title: str
    languages: tuple[str, ...]
    handover: PublicHandover | None
    slower_at: int
    """As a booth's in the director's state."""


class Partner(msgspec.Struct, frozen=True):
    """Another interpreter of the same booth."""

    seat: str
    connection: Connection
    name: str
    on: bool
    cough: bool
    into: str


class PersonOnAir(msgspec.Struct, frozen=True):
    """Who is on the programme: interpreters say their names."""

    name: str
    title: str
    language: str


class InterpreterStatus(msgspec.Struct, frozen=True):
    """How the booth and the own microphone are."""

    state: BoothState
    """The booth's."""
    on_air: bool
    """The lamp: the own microphone is on, not held shut, and on a language's bus."""
    slower: bool
    """The speaker was just asked to slow down."""
    talkback: bool
    """The director talks to this seat."""
    connection: Connection
    problem: str
    """Stable code; empty for none."""


class InterpreterState(msgspec.Struct, frozen=True):
    """What an interpreter sees: the own booth, the rundown, and who is on air."""

    event: PublicEvent
    seat: PublicSeat | None
    booth: OwnBooth | None
    partner: Partner | None
    """The first of ``partners``."""
    partners: tuple[Partner, ...]
    notes: tuple[PublicNote, ...]
    """Of the own booth."""
    rundown: tuple[PublicCue, ...]
    """With people's names in place of their seats."""
    cue: str | None
    on_air: tuple[PersonOnAir, ...]
    """In the show's order."""
    status: InterpreterStatus


class WallStatus(msgspec.Struct, frozen=True):
    """Whether the mixer works."""

    mixer: MixerStatus


class WallState(msgspec.Struct, frozen=True):
    """What a wall sees."""

    event: EventInfo
    status: WallStatus


Seen = TypeVar("Seen", bound=msgspec.Struct)


def projected(kind: type[Seen], struct: msgspec.Struct, **others: Any) -> Seen:
    """A ``kind`` of the fields that ``struct`` has of the same names, and the ``others``."""
    same = {name: getattr(struct, name) for name in kind.__struct_fields__ if name not in others}
    return kind(**same, **others)


RoleState = DirectorState | SpeakerState | InterpreterState | WallState
BY_ROLE: Mapping[Role, type[RoleState]] = {
    "director": DirectorState,
    "viewer": DirectorState,
    "speaker": SpeakerState,
    "interpreter": InterpreterState,
    "wall": WallState,
}
