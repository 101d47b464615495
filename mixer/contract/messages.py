"""Messages between processes that concern the mixer and the senders: frozen, tagged, MessagePack.

What only shards and control say to each other is in ``signaling.contract.messages``; what the supervisor is
told about the processes it shall keep is in ``studio.contract.messages``. A receiver decodes
``Envelope.body`` with the union it understands. Times are CLOCK_MONOTONIC nanoseconds.
"""

from typing import Literal

import msgspec

from mixer.contract.hand_values import HandValues
from mixer.contract.names import ProcessName, SlotName, SourceName, StreamName
from mixer.contract.plan import AudioPlan, BusName, CanvasName, CanvasPlan, MixPlan


class Message(msgspec.Struct, frozen=True, tag=True, omit_defaults=True):
    """Base of every control message: the tag is the class's name."""


# --- every child ---------------------------------------------------------------------------------------


class Ready(Message, frozen=True):
    """Child → supervisor: configured and at work. The supervisor starts what comes next."""


class Heartbeat(Message, frozen=True):
    """Child → supervisor, every 0.5 s from the thread that does the work; silence for 5 s ends the child."""


class Shutdown(Message, frozen=True):
    """Supervisor → child: close everything in order and exit with status 0 within 5 s."""


class SlotOpened(Message, frozen=True):
    """Supervisor → mixer, shards, control; carries the slot's memfd. Sent again after a restart."""

    slot: SlotName


class SlotClosed(Message, frozen=True):
    slot: SlotName


class BusAttach(Message, frozen=True):
    """Supervisor → mixer and a subscriber; carries one end of a fresh packet-bus socket.

    ``subscriber`` is the subscriber's process name. A second one replaces the first: the old end is dead.
    """

    subscriber: ProcessName


# --- mixer ---------------------------------------------------------------------------------------------


class Rendition(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a canvas is encoded. ``bitrate`` in bit/s, CBR; ``keyframe_s`` seconds between keyframes."""

    canvas: CanvasName
    width: int
    height: int
    bitrate: int
    preset: str = "superfast"
    keyframe_s: float = 2.0
    always: bool = False
    """Encoded from the start, subscribers or not: the programme. Others run while somebody subscribes."""
    outputs: bool = False
    """As H.264 for ingests and files, as what is encoded always is: constant bit rate, parameter sets beside
    the stream, a slate. Others are for browsers."""


class LadderTimes(msgspec.Struct, frozen=True, omit_defaults=True):
    """How patient the overload ladder (:mod:`mixer.encode.overload`) is. Seconds."""

    settle_s: float = 2.0
    """For a step down to take effect, before another."""
    calm_s: float = 20.0
    """Without a late tick, before a step up."""
    trial_s: float = 10.0
    """A step up that ends within this failed: the wait before the next is doubled."""
    longest_s: float = 300.0
    """The longest wait."""


class MixerConfig(Message, frozen=True):
    """Supervisor → mixer, first message. ``epoch_ns`` is when tick 0 was due; it outlives the mixer."""

    epoch_ns: int
    fps_num: int
    fps_den: int
    canvases: dict[CanvasName, tuple[int, int]]
    renditions: dict[str, Rendition]
    """By name: ``program``, ``clean``, ``return``, ``wall``, ``multiview``."""
    title: str
    """The event's title, on the slate."""
    fonts: str
    """Folder of the TTF files for plates."""
    aac_bitrate: int = 160_000
    opus_bitrate: int = 64_000
    ladder: LadderTimes = LadderTimes()
    language: str = ""
    """Of the title, a BCP 47 tag."""
    resumes: bool = False
    """A plan was on air before this mixer started: its :class:`TakePlan` follows, the slots first."""
    own_fonts: str = ""
    """Folder with the list of the operator's fonts, which may change; empty for none."""


class TakePlan(Message, frozen=True):
    """Control → mixer: show this from the next tick on."""

    plan: MixPlan
    issued_ns: int
    """When the command behind it was accepted: the mixer measures command-to-air with it."""
    next: dict[CanvasName, CanvasPlan] = {}
    """What is likely to be taken next (the scene in preview): its graphics are drawn beforehand."""
    ordinary: bool = False
    """It is no take: how soon it is on air matters to nobody, and isn't told as command-to-air."""


class TakeSound(Message, frozen=True):
    """Control → mixer: the newest plan's pictures, with another sound."""

    revision: int
    audio: AudioPlan
    issued_ns: int


class TakeValues(Message, frozen=True):
    """Control → mixer: the newest plan, with these values of what a hand moves. Each one holds, in place of
    the one before, until the next :class:`TakePlan` or :class:`TakeSound`."""

    revision: int
    issued_ns: int
    values: HandValues = HandValues()


class PublishCanvas(Message, frozen=True):
    """Control → mixer: write the canvas's next picture into the slot ``canvas/<name>``."""

    canvas: CanvasName


class WatchMeters(Message, frozen=True):
    """Control → mixer and shards: somebody looks at the meters, or nobody any more."""

    on: bool


class ResetLoudness(Message, frozen=True):
    """Control → mixer: begin a bus's integrated loudness and its highest true peak anew."""

    bus: BusName


class Expect(Message, frozen=True):
    """Control → mixer: the recording ``subscriber``, whose process is only being started, begins now.

    Its streams are made from now on, with a keyframe of their pictures at the next tick, and when it
    subscribes it is given what has come since.
    """

    subscriber: ProcessName
    streams: tuple[StreamName, ...]


class PlanTaken(Message, frozen=True):
    """Mixer → control: the plan's first picture went to the encoder at this tick."""

    revision: int
    tick: int
    ticks_waited: int
    """Ticks from ``issued_ns`` to the tick that shows the plan."""
    ordinary: bool = False
    """See :class:`TakePlan`."""


class CanvasPublished(Message, frozen=True):
    """Mixer → control, answers :class:`PublishCanvas`."""

    canvas: CanvasName


SourceState = Literal["card", "live", "slate"]


class Load(msgspec.Struct, frozen=True, omit_defaults=True):
    """How far down the overload ladder the mixer is."""

    step: int = 0
    """0 nothing is left out … 3; see :class:`mixer.encode.overload.Step`."""
    code: str = ""
    """``overload.preset``, ``overload.wall-rate``, ``overload.program-rate``; empty on step 0."""
    reason: str = ""
    """One sentence with figures; empty on step 0."""


class Latency(msgspec.Struct, frozen=True, omit_defaults=True):
    """Of guests' pictures through this machine over the last seconds, in ms; see
    :mod:`mixer.encode.latency`."""

    p50: float = 0.0
    p95: float = 0.0
    max: float = 0.0
    count: int = 0


class MixerReport(Message, frozen=True):
    """Mixer → control, once a second."""

    tick: int
    ticks: int
    late_ticks: int
    revision: int
    """Revision of the plan on air; −1 before the first."""
    sources: dict[SourceName, SourceState]
    levels: dict[str, float]
    """Peak in dBFS over the last second of every open source and of the bus ``floor``; silence is −100."""
    streams: dict[StreamName, int]
    """Bytes encoded so far, by bus stream."""
    dropped: dict[ProcessName, int]
    """Pictures dropped for slow subscribers, by process name."""
    spared_ticks: int = 0
    """Programme pictures left out on purpose by the overload ladder; they are not late."""
    load: Load = Load()
    latency_ms: Latency = Latency()
    latency_counts: tuple[int, ...] = ()
    """Since the mixer started: pictures that took 0 … 1 ms, 1 … 2 ms and so on; the last: all the longer."""
    latency_sum_s: float = 0.0
    """Since the mixer started: all of them added up."""
    sound_problems: dict[SourceName, str] = {}
    """Stable code of what is wrong with a source's sound: ``sound.dc``, ``sound.hum``, ``sound.clipping``,
    ``sound.zeros``."""


class SourceMeter(msgspec.Struct, frozen=True, array_like=True):
    """dBFS, at least −100: the peak since the last message, and the peak that is held."""

    peak: float
    hold: float


class BusMeter(msgspec.Struct, frozen=True, array_like=True):
    """``peak`` and ``hold`` as of a source, after the limiter. Loudness in LUFS by ITU-R BS.1770-4, −100 for
    silence; ``integrated`` since the last :class:`ResetLoudness`; ``true_peak`` in dBTP, the highest since
    then.
    """

    peak: float
    hold: float
    momentary: float
    short_term: float
    integrated: float
    true_peak: float


class Meters(Message, frozen=True):
    """Mixer → control, 20 times a second while somebody watches."""

    sources: dict[SourceName, SourceMeter]
    buses: dict[BusName, BusMeter]


# --- senders -------------------------------------------------------------------------------------------


class SenderConfig(Message, frozen=True):
    """Supervisor → sender, first message. The URL holds a stream key: it travels here, never in argv."""

    output: str
    """The output's id; of its backup ingest :func:`mixer.contract.names.backup_of` that."""
    video: StreamName
    """Bus stream of the picture: ``program/h264``."""
    audio: tuple[StreamName, ...]
    """Bus streams of the sound: ``floor/aac``. RTMP carries one, recordings and ``udp://`` several."""
    url: str = ""
    """``rtmp://``, ``rtmps://`` or ``udp://``; empty for a recording."""
    folder: str = ""
    """Where a recording's parts go; empty for a stream."""
    ca_file: str = ""
    """Additional certificate authority for ``rtmps``, PEM; empty for the system's."""
    title: str = ""
    epoch_ns: int = 0
    """When the programme's time 0 was: packets' times count from there."""


class Mark(Message, frozen=True, omit_defaults=True):
    """Control → recordings: from this tick of the programme on, a scene or a cue is on air: a chapter.

    ``sources``: what the programme shows, in the order of the places.
    """

    tick: int
    kind: Literal["scene", "cue"]
    id: str
    title: str
    sources: tuple[SourceName, ...] = ()


class RetryNow(Message, frozen=True):
    """Control → sender: what it waits for before it tries again is mended; without effect unless it waits."""


OutputState = Literal["starting", "live", "retrying", "failed", "stopped"]


class SenderReport(Message, frozen=True):
    """Sender → control, once a second and at each change of state."""

    output: str
    """As in :class:`SenderConfig`: the output's id, or its backup's name (:mod:`mixer.contract.names`)."""
    state: OutputState
    reason: str = ""
    """One sentence for the director, without secrets; empty while all is well."""
    code: str = ""
    """Stable code of the reason: ``destination.refused``, ``destination.timeout``, ``disk.full`` …"""
    bytes_sent: int = 0
    dropped: int = 0
    """Pictures lost between the bus and this destination."""
    bitrate: int = 0
    """bit/s over the last seconds."""
    file: str = ""
    """A recording's current file name, without its folder."""
    remaining_s: float = -1.0
    """How long a recording can go on at its present rate until the disk is full; −1: unknown."""
    retry_in_s: float = 0.0
