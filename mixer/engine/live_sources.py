"""What each source has to show at a tick: its picture, its card before the first, a slate when it stopped."""

import itertools

from mixer.compose.compositor import SourcePicture
from mixer.contract.clock import NS
from mixer.ipc.slot import SlotReader

WRITER_DEAD_NS = NS
"""A writer that gave no heartbeat for this long is dead; until then its last picture is held."""
STALE_NS = 2 * NS
"""A source that is asked for a picture and sent none for this long has stopped."""

CARD = SourcePicture("card")
SLATE = SourcePicture("slate")


_origins = itertools.count(1)


class SourceTrack:
    """One source's slot as seen by the programme's clock. Used by the tick's thread alone.

    ``played``: a player or an encoder writes it, whose end before a picture is a fault, no absence.
    """

    def __init__(self, reader: SlotReader, played: bool = False) -> None:
        self._reader = reader
        self._played = played
        self._origin = next(_origins)
        self._serial = 0
        self._changed_ns = 0
        self._asked_ns: int | None = None
        self._last: SourcePicture | None = None

    def look(self, due_ns: int, now_ns: int, asked: bool, still: bool = False) -> SourcePicture:
        """Return what to show at the tick that is due at ``due_ns``. Never raises, whatever the slot
        contains.

        The picture of a ``still`` source needs no renewing while its writer is alive.
        """
        reader = self._reader
        serial = reader.serial
        if serial != self._serial:
            self._serial, self._changed_ns = serial, now_ns
        if not asked or still:  # from when it moves again, it has as long as ever
            self._asked_ns = None
        elif self._asked_ns is None:
            self._asked_ns = now_ns
        dead = abs(now_ns - reader.heartbeat_ns) > WRITER_DEAD_NS
        if serial == 0:
            return SLATE if dead and self._played and reader.heartbeat_ns else CARD
        if dead:
            return SLATE
        if self._asked_ns is not None and now_ns - max(self._changed_ns, self._asked_ns) > STALE_NS:
            return SLATE
        if self._last is not None and self._last.serial == serial:
            return self._last  # nothing newer came
        try:
            taken = reader.take(due_ns)
        except (ValueError, OverflowError):
            return SLATE  # sizes that make no picture: the writer is not in its right mind
        if taken is None:
            return self._last or CARD
        picture = taken.picture
        if picture.width < 2 or picture.height < 2:
            return SLATE
        self._last = SourcePicture(
            "live", picture, taken.serial, taken.intact, self._origin, taken.arrived_ns, taken.alpha
        )
        return self._last
