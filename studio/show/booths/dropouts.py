"""Pure: interpreters who were there and whose voice is gone while their microphone is on; and the director's,
whose returns would stay turned down."""

from collections.abc import Collection

from studio.show.model import Show


class Dropouts:
    """Finds out who dropped out. What is kept is bounded by the seats. An interpreter whom the director
    switched on before coming is waited for; one who was on when control restarted counts as having been
    there, and so does the director's talkback."""

    def __init__(self, show: Show) -> None:
        self._attended = {seat.id for seat in show.seats.values() if seat.on}
        self._talkback = show.talk is not None

    def lost(self, show: Show, connected: Collection[str], silent: Collection[str]) -> list[str]:
        """Seats that are on and have lost their connection; each is named once. ``connected``: those whose
        peer is there or just being made; ``silent``: those of whom no packet comes."""
        on = {seat.id for seat in show.seats.values() if seat.on}
        lost = [seat for seat in on & self._attended if seat not in connected or seat in silent]
        self._attended = (on & (self._attended | set(connected))) - set(lost)
        return sorted(lost)

    def talkback_lost(self, there: bool) -> bool:
        """Return whether the talkback microphone was there and is not any more; told once."""
        was, self._talkback = self._talkback, there
        return was and not there
