"""Messages between control and the shards: frozen, tagged, MessagePack, over the control link."""

from typing import Literal

import msgspec

from mixer.contract.messages import Message
from mixer.contract.names import ProcessName, SourceName

PeerKind = Literal["guest", "booth", "wall", "multiview", "talkback", "whip", "whep"]
"""``booth``: an interpreter; ``talkback``: the director's microphone, while it is open to guests; ``whip``:
who publishes into a source; ``whep``: a player that watches a canvas."""
SEATED: frozenset[PeerKind] = frozenset(("guest", "booth"))
"""Those that take a person's seat: there is one of each seat."""


class IceServer(msgspec.Struct, frozen=True, omit_defaults=True):
    """A STUN or TURN server as WebRTC takes it. ``credential`` is made per peer and short-lived."""

    urls: tuple[str, ...]
    username: str = ""
    credential: str = ""


class ShardConfig(Message, frozen=True):
    """Supervisor → shard, first message."""

    ports: tuple[int, int] = (0, 0)
    """First and last UDP port for ICE; (0, 0) lets the system choose."""
    announce: str = ""
    """Public IP address to announce in host candidates instead of the machine's own; empty for none."""
    epoch_ns: int = 0
    """When the programme's time 0 was."""


class Offer(Message, frozen=True):
    """Control → shard: a browser's SDP offer. Answered by :class:`Answer` or :class:`OfferFailed`.

    ``seat`` names the guest's seat (kind ``guest``). A guest's offer has one audio and one video section,
    each sendrecv: camera and microphone in, return feed out; a second video section, sendonly, is for a
    shared screen. A viewer's (wall, multiview) is recvonly. A booth's audio is sendrecv and its video
    recvonly, ``seat`` the interpreter's; a talkback's is one audio section, sendonly.
    """

    peer: str
    kind: PeerKind
    sdp: str
    seat: str = ""
    ice: tuple[IceServer, ...] = ()
    source: str = ""
    """Of a ``whip``: it is written into the slot ``source/<source>``."""
    canvas: str = ""
    """Of a ``whep``: ``program`` or ``wall``."""
    bus: str = ""
    """Of a ``whep``: what it hears; empty for the canvas's own."""
    full: bool = False
    """Of a ``whep``: the programme's own encode, which ingests get, instead of the small return picture."""


class Answer(Message, frozen=True):
    peer: str
    sdp: str


class OfferFailed(Message, frozen=True):
    """``code``: ``sdp.invalid`` (HTTP 400), ``sdp.no-codec`` (406), ``sdp.unsuited`` (422), ``shard.full``
    (503)."""

    peer: str
    code: str
    detail: str


class Candidates(Message, frozen=True):
    """Control → shard: more of the remote side's ICE candidates, as SDP has them behind ``a=candidate:``.

    ``ufrag``: the ICE session they belong to; those of another one are ignored. Empty: of this one.
    """

    peer: str
    lines: tuple[str, ...]
    ufrag: str = ""


class ClosePeer(Message, frozen=True):
    """Control → shard: end this peer, if it still exists."""

    peer: str


class UplinkTarget(msgspec.Struct, frozen=True):
    """What a seat's browser is asked to send: the box its picture has to cover, in pixels, its frame rate,
    and its bit rate in bit/s. A frame rate of 0 asks for no picture."""

    width: int
    height: int
    fps: int
    bitrate: int


class UplinkTargets(Message, frozen=True):
    """Control → shard: whole set by seat; the shard caps the sender by REMB, the page sets its encoder.

    ``open``: seats whose microphone is heard now, or would be with the next cut; the others' sound need not
    be decoded. ``all`` is what a shard assumes before it is told.
    """

    seats: dict[str, UplinkTarget]
    open: tuple[str, ...] | Literal["all"] = "all"
    screens: dict[str, UplinkTarget] = msgspec.field(default_factory=dict)
    """The same for shared screens."""
    listens: dict[str, str] = msgspec.field(default_factory=dict)
    """The bus each seat hears; the floor where it isn't named."""


class PeerChanged(Message, frozen=True):
    """Shard → control, at each change; states only advance."""

    peer: str
    state: Literal["connecting", "connected", "closed"]
    reason: str = ""


SILENT = "media.silent"
"""A peer's problem while it seems to be connected and nothing comes of it."""


class PeerStats(msgspec.Struct, frozen=True, omit_defaults=True):
    """A guest's last second: what the console shows of its health."""

    peer: str
    seat: str = ""
    width: int = 0
    height: int = 0
    fps: float = 0.0
    bitrate: int = 0
    packets: int = 0
    lost: int = 0
    """Packets lost since the peer connected; ``packets`` received since then."""
    level_db: float = -100.0
    """Microphone peak in dBFS."""
    problem: str = ""
    """Stable code of what is wrong with what it sends: ``video.too-large``, ``video.over-limit``,
    ``rtp.garbage`` …"""
    sharing: bool = False
    """Packets of a shared screen came within the last 4 s; its size in pixels, and pictures a second."""
    screen_width: int = 0
    screen_height: int = 0
    screen_fps: float = 0.0
    source: str = ""
    """Of a ``whip``: the source it publishes into."""
    sound: bool = False
    """Of a ``whip``: sound has come within the last 2 s."""


class ShardReport(Message, frozen=True):
    """Shard → control, once a second, and at once when somebody falls silent or is heard again."""

    peers: tuple[PeerStats, ...]
    failures: dict[str, int] = msgspec.field(default_factory=dict)
    """What went wrong since the shard began and shouldn't have, by part: ``decode``, ``sound``, ``record``,
    ``loop``. Each cost somebody a moment, and nobody else anything; the log says what."""


class IceServersSilent(Message, frozen=True):
    """Shard → control, once a second while a configured STUN or TURN server doesn't answer it, and when all
    do again. ``servers``: the whole of their URLs."""

    shard: ProcessName
    servers: tuple[str, ...]


class ShardLevels(Message, frozen=True):
    """Shard → control, 20 times a second while somebody looks at the meters: peak in dBFS since the last one
    of each guest's microphone, by source (``seat/<id>``)."""

    levels: dict[SourceName, float]


class RecordSeats(Message, frozen=True):
    """Control → shard: write every seat as it arrives into ``folder``; empty: stop, finish the files.

    ``output`` is the output's id: the files' names begin with it.
    """

    folder: str
    output: str = ""


class SeatsRecorded(Message, frozen=True):
    """Shard → control, once a second while seats are recorded, and when their files are finished.

    Counts since this recording began; ``files`` begun, ``bytes`` written, ``dropped`` packets that the disk
    was too slow or too full for. ``code``: ``disk.full`` …, with a sentence in ``reason``; nothing is written
    then, and it begins anew once there is room. ``live``: it is asked for.
    """

    output: str
    shard: ProcessName
    live: bool
    files: int = 0
    bytes: int = 0
    dropped: int = 0
    bitrate: int = 0
    """bit/s over the last seconds."""
    remaining_s: float = -1.0
    """Until the disk is full, by what it loses to everybody; −1: unknown."""
    code: str = ""
    reason: str = ""


FromShard = Answer | OfferFailed | PeerChanged | ShardReport | IceServersSilent | ShardLevels | SeatsRecorded
