"""Booths: who may open which microphone, how it is handed over, and what happens to those who leave."""

from functools import reduce
from typing import Any

import pytest

from signaling.contract.ports import Actor, RefusedError
from signaling.contract.state import BoothStatus, PublicHandover
from studio.show.booths.dropouts import Dropouts
from studio.show.booths.status import SLOWER_S, back_again, booth_times, is_on_bus, public_booths
from studio.show.decide import decide
from studio.show.events import apply
from studio.show.model import MAX_NOTES, OFFER_S, Handover, Show
from studio.show.seats.lost import Dropped, decide_lost
from studio.show.view import PublicView
from tests.support.shows import (
    DIRECTOR,
    NOW,
    after,
    command,
    context,
    events_of,
    with_booth,
    with_mayors,
    with_scene,
)

ANNA, BORA, CARL = (Actor("interpreter", seat) for seat in ("anna", "bora", "carl"))


def show_of_two() -> Show:
    """Booth ``kr`` with anna and bora, booth ``jp`` with carl, all between Korean and English."""
    return with_booth(with_booth(with_mayors(1), "kr", "anna", "bora"), "jp", "carl")


def do(show: Show, actor: Actor, type_: str, now: int = NOW, connected: str = "", **fields: Any) -> Show:
    if type_.startswith("booth."):
        fields.setdefault("booth", "kr")
    there = frozenset(connected.split())
    happened = decide(show, command(type_, **fields), context(actor, now=now, connected=there))
    assert len(happened) <= 1, "one command, one event"
    return reduce(apply, happened, show)


def refusal(show: Show, actor: Actor, type_: str, now: int = NOW, **fields: Any) -> tuple[int, str]:
    with pytest.raises(RefusedError) as refused:
        do(show, actor, type_, now, **fields)
    assert len(refused.value.detail) > 20
    return refused.value.status, refused.value.code


def on(show: Show) -> dict[str, str]:
    """Open microphones and their languages."""
    return {seat.id: seat.into for seat in show.seats.values() if seat.on}


def lost(show: Show, seat: str, connected: str = "", now: int = NOW) -> Show:
    there = frozenset(connected.split())
    return reduce(apply, decide_lost(show, Dropped(seat), context(now=now, connected=there)), show)


def test_an_interpreter_speaks_into_the_language_chosen_before() -> None:
    show = show_of_two()
    assert show.seats["anna"].into == "ko", "a microphone always has a language"
    show = do(show, ANNA, "booth.speak", on=True)
    assert on(show) == {"anna": "ko"}
    assert decide(show, command("booth.speak", booth="kr", on=True), context(ANNA)) == ()
    show = do(show, ANNA, "booth.into", into="en")
    assert on(show) == {"anna": "en"}, "an open microphone changes over in one step"
    assert on(do(show, ANNA, "booth.speak", on=True, into="ko")) == {"anna": "ko"}
    show = do(show, ANNA, "booth.speak", on=False)
    assert on(show) == {}
    assert show.seats["anna"].into == "en"
    made = after(show, "seat.create", seat="dora", role="interpreter", booth="kr", language="en")
    assert made.seats["dora"].into == "en"


def test_two_into_one_language_are_refused_with_a_name() -> None:
    show = do(show_of_two(), ANNA, "booth.speak", on=True)
    with pytest.raises(RefusedError, match="Anna is open into ko") as refused:
        do(show, CARL, "booth.speak", booth="jp", on=True)
    assert (refused.value.status, refused.value.code) == (409, "booth.language-taken")
    assert refusal(show, BORA, "booth.speak", on=True) == (409, "booth.language-taken")
    assert refusal(show, BORA, "booth.speak", on=True, into="en") == (409, "booth.microphone-taken")
    show = do(show, CARL, "booth.speak", booth="jp", on=True, into="en")
    assert on(show) == {"anna": "ko", "carl": "en"}
    assert refusal(show, CARL, "booth.into", booth="jp", into="ko") == (409, "booth.language-taken")
    assert refusal(show, ANNA, "booth.speak", on=True, into="en") == (409, "booth.language-taken")


def test_two_into_one_language_are_mixed_where_the_event_allows_it() -> None:
    show = after(do(show_of_two(), ANNA, "booth.speak", on=True), "show.update", both_open=True)
    show = do(show, BORA, "booth.speak", on=True)
    show = do(show, CARL, "booth.speak", booth="jp", on=True)
    assert on(show) == dict.fromkeys(("anna", "bora", "carl"), "ko")
    assert refusal(show, DIRECTOR, "show.update", both_open=False) == (409, "booth.both-open")


@pytest.mark.parametrize(
    ("actor", "type_", "fields", "expected"),
    [
        (ANNA, "booth.speak", {"on": True, "into": "fr"}, (400, "language.unknown")),
        (ANNA, "booth.into", {"into": "ja"}, (400, "language.unknown")),
        (ANNA, "booth.relay", {"bus": "fr"}, (400, "bus.unknown")),
        (ANNA, "booth.relay", {"bus": "hall"}, (400, "bus.unknown")),
        (ANNA, "booth.speak", {"on": True, "booth": "jp"}, (403, "booth.not-yours")),
        (ANNA, "booth.speak", {"on": True, "seat": "bora"}, (403, "booth.not-yours")),
        (ANNA, "booth.note", {"text": "x", "booth": "jp"}, (403, "booth.not-yours")),
        (ANNA, "booth.note", {"text": " \u200b"}, (400, "text.empty")),
        (ANNA, "booth.note", {"text": "x" * 301}, (400, "text.too-long")),
        (ANNA, "booth.delete", {}, (403, "role.forbidden")),
        (ANNA, "booth.update", {"title": "x"}, (403, "role.forbidden")),
        (ANNA, "booth.handover", {"action": "offer"}, (409, "booth.not-open")),
        (BORA, "booth.handover", {"action": "accept"}, (409, "booth.no-offer")),
        (BORA, "booth.handover", {"action": "cancel"}, (409, "booth.no-offer")),
        (Actor("speaker", "mayor-1"), "booth.speak", {"on": True}, (403, "role.forbidden")),
        (Actor("speaker", "mayor-1"), "booth.slower", {}, (403, "role.forbidden")),
        (Actor("viewer", "mayor-1"), "booth.note", {"text": "x"}, (403, "role.forbidden")),
        (DIRECTOR, "booth.speak", {"on": True}, (400, "booth.seat-needed")),
        (DIRECTOR, "booth.speak", {"on": True, "seat": "nobody"}, (404, "seat.unknown")),
        (DIRECTOR, "booth.speak", {"on": True, "seat": "carl"}, (409, "seat.not-in-booth")),
        (DIRECTOR, "booth.speak", {"on": True, "booth": "fr"}, (404, "booth.unknown")),
        (DIRECTOR, "booth.create", {"languages": ["ko", "en"]}, (409, "booth.exists")),
        (DIRECTOR, "booth.create", {"booth": "x", "languages": ["ko", "fr"]}, (400, "language.unknown")),
        (DIRECTOR, "booth.create", {"booth": "x", "languages": ["ko", "ko"]}, (400, "language.twice")),
        (DIRECTOR, "booth.create", {"booth": "x", "languages": ["ko"]}, (400, "command.malformed")),
        (DIRECTOR, "booth.create", {"booth": "x", "languages": ["ko", ""]}, (400, "command.malformed")),
    ],
)
def test_what_is_refused(actor: Actor, type_: str, fields: dict[str, Any], expected: tuple[int, str]) -> None:
    assert refusal(show_of_two(), actor, type_, **fields) == expected


def test_the_director_acts_for_an_interpreter() -> None:
    show = show_of_two()
    assert on(do(show, DIRECTOR, "booth.speak", booth="jp", on=True)) == {"carl": "ko"}, "the only one"
    show = do(show, DIRECTOR, "booth.speak", seat="anna", on=True)
    show = do(show, DIRECTOR, "booth.handover", action="offer")
    show = do(show, DIRECTOR, "booth.handover", action="accept", seat="bora")
    assert on(show) == {"bora": "ko"}
    assert on(do(show, DIRECTOR, "booth.speak", on=False)) == {}, "the one who is on"
    seated = Actor("director", "anna")
    assert refusal(show_of_two(), seated, "booth.speak", on=True) == (400, "booth.seat-needed")


def test_a_cough_holds_the_microphone_shut_and_ends_with_it() -> None:
    show = show_of_two()
    assert not do(show, ANNA, "booth.cough", on=True).seats["anna"].cough, "of a microphone that is off"
    show = do(do(show, ANNA, "booth.speak", on=True), ANNA, "booth.cough", on=True)
    assert (show.seats["anna"].on, show.seats["anna"].cough) == (True, True)
    assert not do(show, ANNA, "booth.cough", on=False).seats["anna"].cough
    again = do(do(show, ANNA, "booth.speak", on=False), ANNA, "booth.speak", on=True)
    assert not again.seats["anna"].cough


def test_relay_is_what_an_interpreter_hears() -> None:
    show = do(show_of_two(), ANNA, "booth.relay", bus="en")
    assert show.seats["anna"].listen == "en"
    assert do(show, ANNA, "seat.update", seat="anna", listen="floor").seats["anna"].listen == "floor"


def test_seat_updates_of_an_interpreter() -> None:
    show = show_of_two()
    own: dict[str, Any] = {"seat": "anna"}
    assert events_of(show, "seat.update", ANNA, **own, name="Anna B", listen="ko")
    for fields in ({"title": "x"}, {"language": "ko"}, {"hall": True}, {"booth": "jp"}):
        with pytest.raises(RefusedError, match=r"role\.forbidden"):
            events_of(show, "seat.update", ANNA, **own, **fields)
    with pytest.raises(RefusedError, match=r"seat\.not-interpreter"):
        events_of(show, "seat.update", seat="mayor-1", booth="kr")
    with pytest.raises(RefusedError, match=r"booth\.unknown"):
        events_of(show, "seat.create", role="interpreter", booth="fr")


def test_hand_over_changes_both_microphones_in_one_step() -> None:
    show = do(show_of_two(), ANNA, "booth.speak", on=True, into="en")
    show = do(show, ANNA, "booth.handover", action="offer")
    assert show.booths["kr"].handover == Handover("anna", "bora", NOW + OFFER_S)
    for wrong in (ANNA, CARL):
        assert refusal(show, wrong, "booth.handover", action="accept")[0] in (403, 409)
    happened = decide(show, command("booth.handover", booth="kr", action="accept"), context(BORA))
    assert len(happened) == 1
    show = reduce(apply, happened, show)
    assert on(show) == {"bora": "en"}
    assert show.booths["kr"].handover is None


def test_an_offer_ends_by_itself_by_either_and_with_any_other_change() -> None:
    offered = do(do(show_of_two(), ANNA, "booth.speak", on=True), ANNA, "booth.handover", action="offer")
    late = NOW + OFFER_S
    assert on(do(offered, BORA, "booth.handover", late - 1, action="accept")) == {"bora": "ko"}
    assert refusal(offered, BORA, "booth.handover", late, action="accept") == (409, "booth.no-offer")
    assert refusal(offered, ANNA, "booth.handover", late, action="cancel") == (409, "booth.no-offer")
    view = PublicView()
    assert view(offered, now=late - 1).booths["kr"].handover == PublicHandover("anna", "bora", late)
    assert view(offered, now=late).booths["kr"].handover is None, "an offer whose time is over is none"
    assert booth_times(offered, NOW) == [late]
    for end in (
        do(offered, ANNA, "booth.handover", action="cancel"),
        do(offered, BORA, "booth.handover", action="cancel"),
        do(offered, ANNA, "booth.speak", on=False),
        after(offered, "seat.remove", seat="bora"),
        after(offered, "seat.update", seat="bora", booth="jp"),
    ):
        assert end.booths["kr"].handover is None


def test_the_partner_who_is_there_gets_the_offer() -> None:
    show = with_booth(with_mayors(0), "kr", "anna", "bora", "carl")
    show = do(show, ANNA, "booth.speak", on=True)
    offered = do(show, ANNA, "booth.handover", action="offer", connected="carl")
    assert offered.booths["kr"].handover == Handover("anna", "carl", NOW + OFFER_S)
    named = do(show, ANNA, "booth.handover", action="offer", seat="bora", connected="carl")
    assert named.booths["kr"].handover == Handover("anna", "bora", NOW + OFFER_S)
    alone = do(with_booth(Show(), "kr", "anna"), ANNA, "booth.speak", on=True)
    assert refusal(alone, ANNA, "booth.handover", action="offer") == (409, "booth.no-partner")


def test_a_lost_interpreter_is_switched_off_and_the_partner_is_offered_the_microphone() -> None:
    show = do(show_of_two(), ANNA, "booth.speak", on=True, into="en")
    dropped = lost(show, "anna", connected="bora carl")
    assert on(dropped) == {}
    assert dropped.booths["kr"].handover == Handover("anna", "bora", NOW + OFFER_S)
    status = public_booths(dropped, {"bora": "connected"}, {}, NOW)
    assert status["kr"] == BoothStatus("lost", "anna", "", slower=False, problem="booth.lost")
    steps = [("connected", "media.silent"), ("connecting", ""), ("connected", ""), ("absent", "")]
    back: frozenset[str] = frozenset()
    states = []
    for connection, problem in steps:
        back = back_again(dropped, {"anna": connection}, {"anna": problem}, back)
        states.append(public_booths(dropped, {}, {}, NOW, back)["kr"].state)
    assert states == ["lost", "lost", "off", "off"], "who has been back may leave"
    assert back_again(do(dropped, ANNA, "booth.speak", on=True), {}, {}, back) == frozenset()
    seen = do(dropped, DIRECTOR, "booth.speak", seat="anna", on=False)
    moved = after(dropped, "seat.update", seat="anna", booth="jp")
    for over in (seen, moved, after(dropped, "seat.remove", seat="anna")):
        assert over.booths["kr"].lost == ""
        assert public_booths(over, {}, {}, NOW)["kr"].state == "off"
    taken = do(dropped, BORA, "booth.handover", action="accept")
    assert on(taken) == {"bora": "en"}
    assert public_booths(taken, {"bora": "connected"}, {}, NOW)["kr"].state == "on_air"
    assert lost(show, "anna").booths["kr"].handover is None, "nobody is there to take over"
    third = after(dropped, "seat.update", seat="carl", booth="kr")
    assert do(third, CARL, "booth.speak", on=True).booths["kr"].handover is None, "somebody else has acted"
    assert lost(dropped, "anna") == dropped
    elsewhere = do(dropped, CARL, "booth.speak", booth="jp", on=True, into="en")
    assert refusal(elsewhere, BORA, "booth.handover", action="accept") == (409, "booth.language-taken")


def test_who_is_missed() -> None:
    show = do(show_of_two(), DIRECTOR, "booth.speak", seat="anna", on=True)
    dropouts = Dropouts(Show())
    assert dropouts.lost(show, (), ()) == [], "switched on before coming"
    assert dropouts.lost(show, ("anna",), ()) == []
    assert dropouts.lost(show, ("anna",), ("anna",)) == ["anna"], "connected, and nothing comes"
    assert dropouts.lost(show, (), ()) == [], "told once"
    assert dropouts.lost(show, ("anna",), ()) == []
    assert dropouts.lost(show, ("bora",), ()) == ["anna"]
    assert Dropouts(show).lost(show, (), ()) == ["anna"], "was on when control restarted"


def test_whose_talkback_is_missed() -> None:
    dropouts = Dropouts(Show())
    assert [dropouts.talkback_lost(there) for there in (False, True, False, False)] == [0, 0, 1, 0]
    assert Dropouts(Show(talk="all")).talkback_lost(False), "talked when control restarted"
    assert not Dropouts(Show(talk="all")).talkback_lost(True)


def test_a_change_of_language_opens_no_microphone_that_coughs() -> None:
    show = do(do(show_of_two(), ANNA, "booth.speak", on=True, into="en"), ANNA, "booth.cough", on=True)
    for turned in (
        do(show, ANNA, "booth.into", into="ko"),
        do(show, DIRECTOR, "booth.speak", seat="anna", on=True, into="ko"),
    ):
        assert (turned.seats["anna"].into, turned.seats["anna"].cough) == ("ko", True)
    again = do(do(show, ANNA, "booth.speak", on=False), ANNA, "booth.speak", on=True)
    assert not again.seats["anna"].cough


def test_the_state_of_a_booth() -> None:
    show = show_of_two()

    def state(show: Show, **connections: str) -> str:
        return public_booths(show, connections, {"anna": "sound.hum"}, NOW)["kr"].state

    assert state(show, anna="connected") == "off"
    show = do(show, ANNA, "booth.speak", on=True)
    assert state(show, anna="connected") == "on_air"
    assert public_booths(show, {"anna": "connected"}, {"anna": "sound.hum"}, NOW)["kr"].problem == "sound.hum"
    assert state(show, anna="connecting") == "open"
    assert state(do(show, ANNA, "booth.cough", on=True), anna="connected") == "open"
    assert state(after(show, "source.mute", source="seat/anna", muted=True), anna="connected") == "open"
    assert state(after(show, "program.fade_to_black", on=True), anna="connected") == "open"


def test_slower_please_is_seen_for_a_while() -> None:
    show = do(show_of_two(), ANNA, "booth.slower")
    assert show.booths["kr"].slower_at == NOW
    slower = [public_booths(show, {}, {}, now)["kr"].slower for now in (NOW, NOW + 9, NOW + SLOWER_S)]
    assert slower == [True, True, False]
    assert booth_times(show, NOW) == [NOW + SLOWER_S]
    assert not public_booths(show_of_two(), {}, {}, 5)["kr"].slower, "never asked"


def test_notes_are_kept_in_bounds_and_go_with_the_booth() -> None:
    show = show_of_two()
    for number in range(MAX_NOTES + 5):
        show = do(show, ANNA if number % 2 else DIRECTOR, "booth.note", text=f"note {number}")
    assert len(show.notes) == MAX_NOTES
    assert (show.notes[-1].text, show.notes[-1].seat, show.notes[-1].at) == (f"note {MAX_NOTES + 4}", "", NOW)
    assert show.notes[-2].seat == "anna"
    gone = after(show, "booth.delete", booth="kr")
    assert gone.notes == ()
    assert (gone.seats["anna"].booth, gone.seats["anna"].into) == ("", "")


def test_booths_change_only_where_no_microphone_is_open() -> None:
    show = do(show_of_two(), ANNA, "booth.speak", on=True)
    assert refusal(show, DIRECTOR, "booth.delete") == (409, "booth.open")
    show = after(show, "show.update", languages=["ko", "en", "ja"])
    assert refusal(show, DIRECTOR, "booth.update", languages=["ja", "en"]) == (409, "language.in-use")
    off = do(show, ANNA, "booth.speak", on=False)
    changed = do(off, DIRECTOR, "booth.update", languages=["ja", "en"], title="Japan")
    assert (changed.booths["kr"].title, changed.seats["anna"].into) == ("Japan", "ja")
    moved = after(show, "seat.update", seat="anna", booth="jp")
    assert (moved.seats["anna"].booth, on(moved)) == ("jp", {}), "the microphone doesn't move along"
    out = after(show, "seat.update", seat="anna", booth=None)
    assert (out.seats["anna"].booth, out.seats["anna"].into, on(out)) == ("", "", {})


def heard(show: Show, *languages: str) -> Show:
    """A scene on air with mayors who speak these languages."""
    for number, language in enumerate(languages, 1):
        show = after(show, "seat.update", seat=f"mayor-{number}", language=language)
        show = after(show, "seat.admit", seat=f"mayor-{number}")
    talk = f"talk-{len(show.scenes)}"
    show = with_scene(show, talk, "grid", *(f"mayor-{n}" for n in range(1, len(languages) + 1)))
    return after(show, "program.cut", scene=talk)


@pytest.mark.parametrize(
    ("spoken", "into"),
    [
        (("ko",), "en"),
        (("ko-KR",), "en"),
        (("en-GB",), "ko"),
        (("ko", "en"), "ko"),
        (("ja",), "ko"),
        (("",), "ko"),
    ],
)
def test_a_first_press_speaks_into_a_language_that_the_floor_does_not(
    spoken: tuple[str, ...], into: str
) -> None:
    show = heard(with_booth(with_mayors(2, admitted=False), "kr", "anna"), *spoken)
    assert PublicView()(show).seats["anna"].into == into
    assert on(do(show, ANNA, "booth.speak", on=True)) == {"anna": into}


def test_the_next_press_follows_the_floor_until_a_language_is_chosen() -> None:
    show = heard(with_booth(with_mayors(1), "kr", "anna"), "ko")
    open_ = do(show, ANNA, "booth.speak", on=True)
    english = heard(open_, "en")
    assert on(english) == {"anna": "en"}, "an open microphone stays where it is"
    off = do(english, ANNA, "booth.speak", on=False)
    assert on(do(off, ANNA, "booth.speak", on=True)) == {"anna": "ko"}
    chosen = do(off, ANNA, "booth.into", into="en")
    assert PublicView()(chosen).seats["anna"].into == "en"
    assert on(do(chosen, ANNA, "booth.speak", on=True)) == {"anna": "en"}


def test_nobody_is_on_a_bus_while_the_slate_is_on() -> None:
    show = do(show_of_two(), ANNA, "booth.speak", on=True)
    assert is_on_bus(show, show.seats["anna"])
    for covered in (after(show, "program.slate", on=True), after(show, "program.fade_to_black", on=True)):
        assert not is_on_bus(covered, covered.seats["anna"])
