"""What is wrong with a seat's sound, as the console is told. No I/O."""

from collections.abc import Mapping

from mixer.contract.names import SourceName, of_seat
from studio.show.model import Seat, Show

ZEROS = "sound.zeros"
EXCUSED = 5
"""Reports of the mixer, one a second: a fault goes some seconds after it was last there."""


class SoundProblems:
    """The mixer's findings about microphones. A guest who is muted by their own hand sends the same zeros as
    a dead microphone. While the guest's page says that it is muted this is no fault, nor afterwards until the
    mixer has heard the guest again; a microphone that is still dead is named a few seconds later."""

    def __init__(self) -> None:
        self._found: Mapping[SourceName, str] = {}
        self._excused: dict[SourceName, int] = {}
        """Reports for which zeros are still the guest's own doing."""

    def take(self, found: Mapping[SourceName, str], show: Show) -> None:
        """A report: code by source."""
        self._found = found
        left = {source: self._excused.get(source, 0) - 1 for source, code in found.items() if code == ZEROS}
        muted = {of_seat(seat.id) for seat in show.seats.values() if seat.self_muted}
        self._excused = {source: EXCUSED if source in muted else n for source, n in left.items()}

    def problem_of(self, seat: Seat) -> str:
        """The code, empty for none."""
        source = of_seat(seat.id)
        code = self._found.get(source, "")
        excused = seat.self_muted or self._excused.get(source, 0) > 0
        return "" if code == ZEROS and excused else code
