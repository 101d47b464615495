"""What each kind of peer sends and gets: the one table that the shard asks. Pure."""

from dataclasses import dataclass, replace
from typing import Literal

from mixer.contract.names import (
    TALKBACK,
    Listeners,
    SourceName,
    StreamName,
    of_seat,
    of_source,
    return_stream,
)
from signaling.contract.messages import Offer, PeerKind, UplinkTarget

Direction = Literal["sendrecv", "sendonly", "recvonly"]
"""Of our own side of a section: what an offer asks beyond it is answered with this, and so never sent."""

FLOOR = "floor"
PUBLISHED = UplinkTarget(1920, 1080, 60, 8_000_000)
"""What a WHIP publisher may send: nobody tells it what its picture is needed for."""
VANISHED_NS = 2_000_000_000
"""A publisher that brings neither pictures nor sound for so long has vanished, whatever reports say."""


@dataclass(frozen=True, slots=True)
class Kind:
    """``video`` None: an offer may have none. ``cameras``: video sections at most, the second is a screen's.

    ``watches``: the rendition that goes back. ``hears`` is the family of buses that go back, ``bus`` the one
    it begins with: the listener's choice where the peer has a seat. ``silent_ns``: a peer that brings nothing
    for so long is taken for gone; of one that sends a voice alone it is the voice that counts. ``target``:
    what is always asked of its picture, whatever control wants of seats. ``vp8`` False: what it watches is
    H.264 alone."""

    audio: Direction = "sendonly"
    video: Direction | None = "sendonly"
    cameras: int = 1
    watches: str = ""
    hears: Listeners = "returns"
    bus: str = FLOOR
    seated: bool = False
    silent_ns: int = 2_000_000_000
    target: UplinkTarget | None = None
    vp8: bool = True

    def direction(self, section: str, *, again: bool) -> Direction:
        """Ours, of a section of kind ``section``; ``again``: it is the second one, a screen's: nothing goes
        back in it."""
        return "recvonly" if again else self.audio if section == "audio" else self.video or "sendonly"

    @property
    def camera(self) -> bool:
        """True if it sends pictures that are to be decoded."""
        return self.video in ("sendrecv", "recvonly")

    @property
    def publishes(self) -> bool:
        """True if it sends and gets nothing back."""
        return self.video == "recvonly"

    @property
    def microphone(self) -> bool:
        return self.audio != "sendonly"

    def stream(self, bus: str = "") -> StreamName:
        """The bus stream of what it hears, by default of the bus it begins with."""
        return return_stream(self.hears, bus or self.bus)


KINDS: dict[PeerKind, Kind] = {
    "guest": Kind("sendrecv", "sendrecv", 2, "return", seated=True),
    # On air a second is long: the partner must learn of it before the sentence is forgotten.
    "booth": Kind("sendrecv", "sendonly", 1, "return", "booth", seated=True, silent_ns=1_500_000_000),
    "wall": Kind(watches="wall", bus="hall"),
    "multiview": Kind(watches="multiview", bus="monitor"),
    "talkback": Kind("recvonly", None, 0, silent_ns=1_500_000_000),
    "whip": Kind("recvonly", "recvonly", silent_ns=VANISHED_NS, target=PUBLISHED),
    "whep": Kind(watches="return"),
}
WATCHES = {"program": Kind(watches="return"), "wall": Kind(watches="wall", bus="hall")}
"""What a WHEP player gets of each canvas, as pages do: guests' return feed, the wall's rendition."""
FULL = WATCHES | {"program": Kind(watches="program", vp8=False)}
"""The same at full quality: the programme as ingests get it. The wall's rendition has that size anyway."""


def kind_of(offer: Offer) -> Kind:
    """The kind of an offer's peer, with what this very player watches and hears."""
    if offer.kind != "whep":
        return KINDS[offer.kind]
    kind = (FULL if offer.full else WATCHES)[offer.canvas]
    return replace(kind, bus=offer.bus or kind.bus)


def source_of(offer: Offer) -> SourceName | None:
    """The source that a peer's media is; None for a peer that only receives."""
    if offer.source:
        return of_source(offer.source)
    kind = KINDS[offer.kind]
    return of_seat(offer.seat) if kind.seated else TALKBACK if kind.microphone else None
