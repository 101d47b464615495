"""Messages between control and the shards: frozen, tagged, MessagePack, over the control link."""

from typing import Literal

import msgspec

from mixer.wire import BusAttach, Message, Shutdown, SlotClosed, SlotOpened

PeerKind = Literal["guest", "wall", "multiview"]


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


class Offer(Message, frozen=True):
    """Control → shard: a browser's SDP offer. Answered by :class:`Answer` or :class:`OfferFailed`.

    ``seat`` names the guest's seat (kind ``guest``). A guest's offer has one audio and one video section,
    each sendrecv: camera and microphone in, return feed out; a second video section, sendonly, is for a
    shared screen. A viewer's (wall, multiview) is recvonly.
    """

    peer: str
    kind: PeerKind
    sdp: str
    seat: str = ""
    ice: tuple[IceServer, ...] = ()


class Answer(Message, frozen=True):
    peer: str
    sdp: str


class OfferFailed(Message, frozen=True):
    """``code``: ``sdp.invalid`` (400), ``sdp.no-codec`` (406), ``shard.full`` (503)."""

    peer: str
    code: str
    detail: str


class ClosePeer(Message, frozen=True):
    """Control → shard: end this peer, if it still exists."""

    peer: str


class UplinkTarget(msgspec.Struct, frozen=True):
    """What a seat's browser shall send: a box in pixels, pictures and bits a second. 0 fps: nothing."""

    width: int
    height: int
    fps: int
    bitrate: int


class UplinkTargets(Message, frozen=True):
    """Control → shard: whole set by seat; the shard caps the sender by REMB, the page sets its encoder.

    ``open``: seats whose microphone is heard now, or would be with the next cut; the others' sound need not
    be decoded. None: all are open, which is what a shard assumes before it is told.
    """

    seats: dict[str, UplinkTarget]
    open: tuple[str, ...] | None = None
    screens: dict[str, UplinkTarget] = msgspec.field(default_factory=dict)
    """The same for shared screens."""


class PeerChanged(Message, frozen=True):
    """Shard → control, at each change; states only advance."""

    peer: str
    state: Literal["connecting", "connected", "closed"]
    reason: str = ""


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


class ShardReport(Message, frozen=True):
    """Shard → control, once a second."""

    peers: tuple[PeerStats, ...]


ShardIn = ShardConfig | Offer | ClosePeer | UplinkTargets | SlotOpened | SlotClosed | BusAttach | Shutdown
FromShard = Answer | OfferFailed | PeerChanged | ShardReport
