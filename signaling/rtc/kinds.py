"""What each kind of peer sends and gets: the one table that the shard asks. Pure."""

from dataclasses import dataclass
from typing import Literal

from signaling.wire import PeerKind

Direction = Literal["sendrecv", "sendonly", "recvonly"]
"""Of our own side of a section: what an offer asks beyond it is answered with this, and so never sent."""

SEAT_PREFIX = "seat/"
SCREEN_PREFIX = "screen/"
"""Before a seat's id: the slot of its shared screen."""
TALK_PREFIX = "talk/"
TALK = "talk/director"
"""The slot of the director's talkback microphone. There is one, whoever directs."""
FLOOR = "floor"


@dataclass(frozen=True, slots=True)
class Kind:
    """``video`` None: an offer may have none. ``cameras``: video sections at most, the second is a screen's.

    ``watches``: the rendition that goes back. ``hears`` is the family of buses that go back, ``bus`` the one
    it begins with: the listener's choice where he has a seat. ``silent_ns``: who brings nothing for so long
    is taken for gone; of who sends a voice alone it is the voice that counts.
    """

    audio: Direction = "sendonly"
    video: Direction | None = "sendonly"
    cameras: int = 1
    watches: str = ""
    hears: str = "returns"
    bus: str = FLOOR
    seated: bool = False
    silent_ns: int = 2_000_000_000

    def direction(self, section: str, *, again: bool) -> Direction:
        """Ours, of a section of kind ``section``; ``again``: it is the second one, a screen's: nothing goes
        back in it."""
        return "recvonly" if again else self.audio if section == "audio" else self.video or "sendonly"

    @property
    def camera(self) -> bool:
        """Whether it sends pictures that are to be decoded."""
        return self.video == "sendrecv"

    @property
    def microphone(self) -> bool:
        return self.audio != "sendonly"

    def stream(self, bus: str = "") -> str:
        """The bus stream of what it hears, by default of the bus it begins with."""
        return f"{self.hears}/{bus or self.bus}"


KINDS: dict[PeerKind, Kind] = {
    "guest": Kind("sendrecv", "sendrecv", 2, "return", seated=True),
    # On air a second is long: the partner must learn of it before the sentence is forgotten.
    "booth": Kind("sendrecv", "sendonly", 1, "return", "booth", seated=True, silent_ns=1_500_000_000),
    "wall": Kind(watches="wall", bus="hall"),
    "multiview": Kind(watches="multiview", bus="monitor"),
    "talkback": Kind("recvonly", None, 0, silent_ns=1_500_000_000),
}


def place_of(kind: PeerKind, seat: str) -> str:
    """Where a peer's media goes, by the name that :class:`signaling.rtc.seats.Seats` has for it: the seat,
    or :data:`TALK`; empty for who only receives."""
    return seat if KINDS[kind].seated else TALK if KINDS[kind].microphone else ""


def source_of(place: str) -> str:
    """The source, and the slot's name, of a :func:`place_of`."""
    return place if not place or "/" in place else f"{SEAT_PREFIX}{place}"
