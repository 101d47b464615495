"""A guest who is muted by choice is no broken microphone; one that is dead is."""

import pytest

from mixer.contract.names import of_seat
from signaling.contract.ports import Actor, RefusedError
from signaling.contract.state import Role
from studio.show.decide import decide
from studio.show.desk.status import EXCUSED, ZEROS, SoundProblems
from studio.show.model import Show
from tests.support.shows import after, command, context, with_booth, with_mayors

ZEROED = {of_seat("mayor-1"): ZEROS, of_seat("mayor-2"): ZEROS}


def told(problems: SoundProblems, show: Show) -> list[str]:
    return [problems.problem_of(show.seats[seat]) for seat in ("mayor-1", "mayor-2")]


def test_zeros_of_who_has_muted_himself_are_no_fault() -> None:
    heard = with_mayors(2)
    muted = after(heard, "seat.update", seat="mayor-1", self_muted=True)
    problems = SoundProblems()
    problems.take(ZEROED, muted)
    assert told(problems, muted) == ["", ZEROS]
    # open again: the mixer takes a moment to notice
    assert told(problems, heard) == ["", ZEROS]
    problems.take({}, heard)
    problems.take(ZEROED, heard)
    assert told(problems, heard) == [ZEROS, ZEROS], "heard meanwhile, and dead since"
    problems.take(ZEROED, muted)
    for _ in range(EXCUSED):
        assert told(problems, heard) == ["", ZEROS]
        problems.take(ZEROED, heard)
    assert told(problems, heard) == [ZEROS, ZEROS], "nothing has come since"
    problems.take({of_seat("mayor-1"): "sound.hum"}, muted)
    assert told(problems, muted) == ["sound.hum", ""]


@pytest.mark.parametrize(
    ("role", "seat"), [("speaker", "mayor-2"), ("interpreter", "mayor-1"), ("interpreter", "anna")]
)
def test_only_a_guest_says_it_of_himself(role: Role, seat: str) -> None:
    show = with_booth(with_mayors(2), "kr", "anna")
    muting = command("seat.update", seat="mayor-1", self_muted=True)
    assert len(decide(show, muting, context(Actor("speaker", "mayor-1")))) == 1
    asked = command("seat.update", seat="anna" if seat == "anna" else "mayor-1", self_muted=True)
    with pytest.raises(RefusedError) as refused:
        decide(show, asked, context(Actor(role, seat)))
    assert (refused.value.status, refused.value.code) == (403, "role.forbidden")
