"""Graphics and the theme as commands: what is made of them, and what is refused."""

from typing import Any

import pytest
from msgspec.structs import replace

from mixer.contract.theme import Theme
from signaling.contract.medium import Medium
from signaling.contract.ports import Actor, RefusedError
from studio.show.decide import decide
from studio.show.events import apply
from studio.show.model import Show
from tests.support.shows import after, command, context, events_of, with_mayors

MEDIA = {"photo": Medium("photo", "photo.png", "still", 10, 4, 4), "film": Medium("film", "a.mp4", "clip", 9)}


def refused(show: Show, type_: str, **fields: Any) -> tuple[int, str]:
    with pytest.raises(RefusedError) as caught:
        decide(show, command(type_, **fields), replace(context(), media=MEDIA))
    return caught.value.status, caught.value.code


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"kind": "lower-third"}, 400, "graphic.needs-text"),
        ({"kind": "lower-third", "seat": "nobody"}, 404, "seat.unknown"),
        ({"kind": "lower-third", "seat": "ear"}, 409, "seat.not-speaker"),
        ({"kind": "title", "text": {"": " \u200b "}}, 400, "graphic.needs-text"),
        ({"kind": "ticker"}, 400, "graphic.needs-text"),
        ({"kind": "card"}, 400, "graphic.needs-text"),
        ({"kind": "title", "text": {"fr": "Bonjour"}}, 400, "language.unknown"),
        ({"kind": "title", "text": {"": "x" * 501}}, 400, "text.too-long"),
        ({"kind": "qr"}, 400, "graphic.needs-link"),
        ({"kind": "qr", "link": "ü" * 501}, 400, "graphic.link-too-long"),
        ({"kind": "picture"}, 400, "graphic.needs-media"),
        ({"kind": "picture", "media": "nothing"}, 404, "media.unknown"),
        ({"kind": "picture", "media": "film"}, 400, "graphic.media-kind"),
        ({"kind": "clock", "zone": "Mars/Olympus"}, 400, "graphic.zone"),
        ({"kind": "clock", "zone": "../../etc/passwd"}, 400, "graphic.zone"),
        ({"kind": "countdown"}, 400, "graphic.needs-end"),
        ({"kind": "clock", "graphic": "there"}, 409, "graphic.exists"),
    ],
)
def test_what_cannot_be_drawn_is_refused(fields: dict[str, Any], status: int, code: str) -> None:
    show = after(with_mayors(1), "seat.create", seat="ear", role="interpreter")
    show = after(show, "graphic.create", kind="clock", graphic="there")
    assert refused(show, "graphic.create", **fields) == (status, code)


def test_a_graphic_is_made_changed_shown_and_deleted() -> None:
    show = after(with_mayors(1), "graphic.create", kind="lower-third", seat="mayor-1", title="Host")
    assert show.graphics["host"].anchor == "bottom-left"
    show = after(show, "graphic.create", kind="clock", zone="Asia/Seoul", canvases=["wall", "wall"])
    assert show.graphics["clock-1"].canvases == ("wall",)
    show = after(show, "graphic.update", graphic="host", text={"ko": "  진행 "}, anchor="top", size=2)
    host = show.graphics["host"]
    assert (host.text, host.anchor, host.size, host.seat) == ({"ko": "진행"}, "top", 2.0, "mayor-1")
    assert events_of(show, "graphic.update", graphic="host", size=2) == ()
    show = after(show, "graphic.show", graphic="host", on=True)
    assert show.graphics["host"].on
    assert events_of(show, "graphic.show", graphic="host", on=True) == ()
    shown = after(show, "scene.create", scene="s", canvases={"wall": {"graphics": ["host"]}})
    assert refused(shown, "graphic.delete", graphic="host") == (409, "graphic.in-use")
    assert refused(shown, "graphic.show", graphic="nothing", on=True) == (404, "graphic.unknown")
    show = after(after(shown, "scene.delete", scene="s"), "graphic.delete", graphic="host")
    assert list(show.graphics) == ["clock-1"]
    assert refused(show, "graphic.update", graphic="clock-1", zone="Nowhere") == (400, "graphic.zone")


def test_who_is_taken_out_leaves_a_graphic_that_can_be_mended() -> None:
    show = after(with_mayors(1), "graphic.create", kind="lower-third", seat="mayor-1", graphic="host")
    show = after(show, "seat.remove", seat="mayor-1")
    assert show.graphics["host"].seat == ""
    assert after(show, "graphic.update", graphic="host", text={"": "Host"}).graphics["host"].text == {
        "": "Host"
    }


def test_there_is_an_end_to_the_number_of_graphics() -> None:
    show = Show()
    for _ in range(100):
        show = after(show, "graphic.create", kind="clock")
    assert refused(show, "graphic.create", kind="clock") == (409, "graphic.too-many")


def test_a_theme_is_what_its_folder_says_now() -> None:
    show, red = Show(), Theme(name="red", plate="#a00000")
    (event,) = decide(show, command("theme.set", theme="red"), replace(context(), theme=red))
    show = apply(show, event)
    assert show.theme == red
    assert decide(show, command("theme.set", theme="red"), replace(context(), theme=red)) == ()
    assert refused(show, "theme.set", theme="red") == (404, "theme.unknown")
    with pytest.raises(RefusedError, match="link"):
        decide(show, command("theme.set", theme="red"), context(Actor("speaker", "mayor-1")))
