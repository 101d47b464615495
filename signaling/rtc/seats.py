"""Where a seat's picture and sound go: its slot, whenever that comes, from whichever connection is newest."""

from mixer.contract.names import SourceName
from mixer.contract.picture import Picture
from mixer.ipc.slot import SlotWriter
from signaling.rtc.audio.conceal import Samples


class SeatSlot:
    """One seat's slot. ``owner`` is the peer whose media is written; all others' is dropped.

    Pictures are written by one decoder thread at a time, sound by the pacer's: as the slot wants it.
    """

    def __init__(self) -> None:
        self.slot: SlotWriter | None = None
        self.owner = ""

    def picture(self, peer: str, picture: Picture, pts_ns: int, arrived_ns: int) -> None:
        """Write a picture; one that is too large for the slot is scaled down into it."""
        slot = self.slot
        if slot is None or peer != self.owner:
            return
        if not slot.fits(picture.width, picture.height):
            picture = scaled_into(picture, slot.max_width, slot.max_height)
        slot.write_picture(picture, pts_ns, arrived_ns)

    def sound(self, peer: str, start: int, samples: Samples) -> None:
        slot = self.slot
        if slot is not None and peer == self.owner:
            slot.write_sound(start, samples)

    def beat(self, peer: str, now_ns: int) -> None:
        if self.slot is not None and peer == self.owner:
            self.slot.beat(now_ns)


class Seats:
    """All slots that peers of this shard write, by source. A slot may come before or after its guest."""

    def __init__(self) -> None:
        self._seats: dict[SourceName, SeatSlot] = {}

    def __getitem__(self, source: SourceName) -> SeatSlot:
        return self._seats.setdefault(source, SeatSlot())

    def opened(self, source: SourceName, slot: SlotWriter) -> None:
        self[source].slot = slot  # the one before goes with its last user

    def closed(self, source: SourceName) -> None:
        if source in self._seats:
            self._seats[source].slot = None

    def forget_unused(self, used: set[SourceName]) -> None:
        """Drop those that have neither slot nor peer."""
        for name in [n for n, seat in self._seats.items() if seat.slot is None and n not in used]:
            del self._seats[name]


def scaled_into(picture: Picture, max_width: int, max_height: int) -> Picture:
    """The picture at the largest even size of its aspect within the box (either way up)."""
    import cv2  # 30 MB that a shard needs only for guests who ignore their limits

    cv2.setNumThreads(1)
    if picture.height > picture.width and max_width > max_height:
        max_width, max_height = max_height, max_width
    ratio = min(max_width / picture.width, max_height / picture.height)
    width = max(2, int(picture.width * ratio) // 2 * 2)
    height = max(2, int(picture.height * ratio) // 2 * 2)
    sizes = ((width, height), (width // 2, height // 2), (width // 2, height // 2))
    planes = (
        cv2.resize(plane, size, interpolation=cv2.INTER_AREA)
        for plane, size in zip(picture, sizes, strict=True)
    )
    return Picture(*planes)  # type: ignore[arg-type]
