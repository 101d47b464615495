"""The demo's show: each of its commands is accepted, for any number of mayors; its deck is a whole PDF."""

from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mixer.sources.slides.pdf import Deck
from signaling.contract.medium import Medium
from studio.lab.cast import MAYORS
from studio.lab.demo_show import SLIDES, first, then
from studio.lab.demo_slides import slides
from studio.lab.rehearse import seat_command
from studio.show.decide import decide
from studio.show.events import apply
from studio.show.model import Show
from tests.support.shows import command, context

LANGUAGES = ("ko", "en")


def _after(show: Show, commands: list[dict[str, Any]]) -> Show:
    surroundings = context()
    medium = Medium("deck", "deck.pdf", "slides", 1000, 960, 540, pages=3)
    surroundings = type(surroundings)(
        surroundings.actor,
        surroundings.now,
        surroundings.token_hash,
        surroundings.invite_ttl_s,
        media={"deck": medium},
    )
    for each in commands:
        fields = {name: value for name, value in each.items() if name != "type"}
        show = reduce(apply, decide(show, command(each["type"], **fields), surroundings), show)
    return show


@pytest.mark.parametrize("guests", range(7))
@pytest.mark.parametrize("deck", ["deck", None])
def test_every_command_is_accepted(guests: int, deck: str | None) -> None:
    cast = MAYORS[:guests]
    show = _after(Show(title="Summit", languages=LANGUAGES), [seat_command(part, LANGUAGES) for part in cast])
    show = _after(show, first(cast, LANGUAGES))
    assert show.program == "plenary"
    show = _after(show, then(cast, LANGUAGES, deck))
    assert (SLIDES in show.sources) == bool(cast and deck)
    assert show.preview == (("speech" if deck else "keynote") if cast else None)
    assert [cue.scene for cue in show.rundown] == list(show.scenes)
    assert {graphic.kind for graphic in show.graphics.values()} >= {
        "logo",
        "card",
        "title",
        "ticker",
        "clock",
    }


def test_each_mayor_has_a_name_in_both_languages() -> None:
    show = _after(Show(languages=LANGUAGES), [seat_command(part, LANGUAGES) for part in MAYORS])
    for seat in show.seats.values():
        told = {language: show.seats[seat.id].names.get(language) for language in LANGUAGES}
        assert told["ko"] or seat.language == "ko", seat.id
        assert told["en"] or seat.language == "en", seat.id


def test_the_deck_has_text_on_three_pages(tmp_path: Path) -> None:
    (tmp_path / "deck.pdf").write_bytes(slides())
    deck = Deck(tmp_path / "deck.pdf")
    try:
        assert deck.pages == 3
        assert deck.size(1) == (960, 540)
        pictures = [np.asarray(deck.render(page, (960, 540))[0]) for page in (1, 2, 3)]
    finally:
        deck.close()
    for picture in pictures:
        assert picture.std() > 20, "letters on a dark ground"
    assert not np.array_equal(pictures[0], pictures[1])
