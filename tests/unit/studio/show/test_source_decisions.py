"""Sources of every kind: what is refused, how clips and slides play, what a take sets playing."""

from typing import Any

import msgspec
import pytest

from mixer.contract.findings import Track
from mixer.contract.player_messages import PlayerReport
from signaling.contract.medium import Medium
from signaling.contract.ports import Actor, RefusedError
from studio.planning.playing import Ended, has_player, order_of, player_slots, players, source_info
from studio.show import commands
from studio.show.checks import DecisionContext
from studio.show.decide import decide
from studio.show.events import apply
from studio.show.model import MAX_PLAYERS, Seat, Show
from studio.show.own import decide_own
from studio.show.sources.player_status import PlayerStatus
from studio.show.view import PublicView, public_event

SECRET = "s3cr3t-key"
MEDIA = {
    "c": Medium(
        "c",
        "Greeting.mp4",
        "clip",
        1,
        duration_s=10.0,
        tracks=(
            Track("picture", 1, use="picture"),
            Track("sound", 1, language="kor", use="sound"),
            Track("sound", 2, playable=False),
            Track("sound", 3, language="eng"),
        ),
    ),
    "p": Medium("p", "photo.png", "still", 1),
    "d": Medium("d", "deck.pdf", "slides", 1, pages=3),
}
BASE = Show(seats={"kim": Seat("kim", "Kim", stage=True), "booth": Seat("booth", "B", role="interpreter")})


def told(show: Show, type_: str, now_ms: int = 0, actor: Actor | None = None, **fields: Any) -> Show:
    """The state after a command."""
    command = commands.decode(msgspec.json.encode({"type": type_, **fields}))
    who = actor or Actor("director")
    for event in decide(
        show, command, DecisionContext(who, now_ms // 1000, "hash", 60, now_ms=now_ms, media=MEDIA)
    ):
        show = apply(show, event)
    return show


def refused(show: Show, type_: str, **fields: Any) -> tuple[int, str]:
    with pytest.raises(RefusedError) as error:
        told(show, type_, **fields)
    assert SECRET not in str(error.value)
    return error.value.status, error.value.code


def clip(**fields: Any) -> Show:
    return told(BASE, "source.create", source="x", kind="clip", media="c", **fields)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"kind": "clip"}, (400, "source.needs-media")),
        ({"kind": "clip", "media": "none"}, (404, "media.unknown")),
        ({"kind": "clip", "media": "p"}, (400, "source.wrong-media")),
        ({"kind": "still", "media": "p", "loop": True}, (400, "source.not-for-kind")),
        ({"kind": "bars", "media": "p"}, (400, "source.not-for-kind")),
        ({"kind": "pull"}, (400, "source.needs-url")),
        ({"kind": "pull", "url": f"http://host/{SECRET}"}, (400, "url.scheme")),
        ({"kind": "pull", "url": f"rtsp:///{SECRET}"}, (400, "url.host")),
        ({"kind": "pull", "url": f"rtsp://host:99999/{SECRET}"}, (400, "url.port")),
        ({"kind": "pull", "url": f"file:///etc/{SECRET}"}, (400, "url.scheme")),
        ({"kind": "pull", "url": f"rtmp://127.0.0.1/live/{SECRET}"}, (403, "pull.private-address")),
        ({"kind": "pull", "url": f"rtsp://[::ffff:10.0.0.1]:554/{SECRET}"}, (403, "pull.private-address")),
        ({"kind": "pull", "url": f"rtsp://LocalHost./{SECRET}"}, (403, "pull.private-address")),
        ({"kind": "whip", "url": "rtsp://host/a"}, (400, "source.not-for-kind")),
        ({"kind": "clip", "media": "c", "in_s": 5, "out_s": 4}, (400, "source.in-out")),
        ({"kind": "clip", "media": "c", "in_s": 10}, (400, "source.in-out")),
        ({"kind": "clip", "media": "c", "out_s": 11}, (400, "source.in-out")),
        ({"kind": "slides", "media": "d", "presenter": "nobody"}, (404, "seat.unknown")),
        ({"kind": "slides", "media": "d", "presenter": "booth"}, (409, "seat.not-speaker")),
    ],
)
def test_what_is_refused(fields: dict[str, Any], expected: tuple[int, str]) -> None:
    assert refused(BASE, "source.create", **fields) == expected


def test_each_kind_can_be_made_and_has_its_player() -> None:
    show = told(BASE, "source.create", source="bars", kind="bars")
    show = told(show, "source.create", source="sync", kind="bars", pattern="sync")
    show = told(show, "source.create", source="clip", kind="clip", media="c", loop=True, in_s=1, out_s=9)
    show = told(show, "source.create", source="still", kind="still", media="p")
    show = told(show, "source.create", source="deck", kind="slides", media="d", presenter="kim")
    show = told(show, "source.create", source="pull", kind="pull", url=f"rtsp://u:{SECRET}@cam:554/{SECRET}")
    show = told(show, "source.create", source="whip", kind="whip")
    assert not has_player(show.sources["bars"])
    assert not has_player(show.sources["whip"])
    made = {each.source: each for each in players(show, "/media", (25, 1), 7)}
    assert set(made) == {"sync", "clip", "still", "deck", "pull"}
    assert {id_: each.kind for id_, each in made.items()} == {
        "sync": "bars",
        "clip": "clip",
        "still": "still",
        "deck": "slides",
        "pull": "pull",
    }
    assert made["clip"].file == "/media/c/file"
    assert made["still"].file == "/media/p/picture.npy"
    assert (made["clip"].fps_num, made["clip"].epoch_ns, made["pull"].url[:7]) == (25, 7, "rtsp://")
    assert set(player_slots(show)) == {f"source/{id_}" for id_ in made}
    assert source_info(show.sources["bars"]).kind == "bars"
    assert [source_info(show.sources[id_]).still for id_ in ("clip", "still", "pull")] == [True, True, False]
    assert show.sources["deck"].pages == 3
    assert show.sources["clip"].title == "Greeting.mp4"


def test_an_address_is_never_told() -> None:
    url = f"rtsp://user:{SECRET}@camera.example:8554/{SECRET}?{SECRET}"
    command = commands.decode(msgspec.json.encode({"type": "source.create", "kind": "pull", "url": url}))
    (event,) = decide(BASE, command, DecisionContext(Actor("director"), 0, "", 60))
    show = apply(BASE, event)
    assert SECRET not in str(public_event(event))
    shown = PublicView()(show).sources["pull-1"]
    assert shown.url == "rtsp://camera.example:8554/•••"


def test_a_clip_plays_pauses_and_is_sought() -> None:
    show = told(clip(in_s=1.0), "source.play", 1000, source="x")
    playback = show.sources["x"].playback
    assert (playback.playing, playback.position_s, playback.at_ms, playback.order) == (True, 1.0, 1000, 1)
    assert told(show, "source.play", 2000, source="x") == show
    paused = told(show, "source.pause", 3500, source="x").sources["x"].playback
    assert (paused.playing, paused.position_s, paused.order) == (False, 3.5, 2)
    sought = told(show, "source.seek", 3500, source="x", position_s=7.25).sources["x"].playback
    assert (sought.playing, sought.position_s) == (True, 7.25)
    assert refused(show, "source.seek", source="x", position_s=10.5) == (400, "source.position-outside")
    again = told(show, "source.play", 20_000, source="x").sources["x"].playback  # it was over
    assert (again.playing, again.position_s, again.at_ms) == (True, 1.0, 20_000)
    order = order_of(show.sources["x"], 2000, 50_000_000_000)
    assert (order.order, order.playing, order.at_ns) == (1, True, 49_000_000_000)
    assert refused(show, "source.page", source="x", page=1) == (409, "source.kind-unavailable")


def test_which_sound_tracks_are_heard_is_chosen_of_those_that_are_there() -> None:
    show = clip(sounds="3")
    order = order_of(show.sources["x"], 0, 0)
    assert (show.sources["x"].sounds, order.sounds, order.order) == ("3", (3,), 0)
    assert PublicView()(show).sources["x"].sounds == "3"
    show = told(told(show, "source.play", source="x"), "source.update", source="x", sounds="3+1")
    order = order_of(show.sources["x"], 0, 0)
    assert (order.sounds, order.order, order.playing) == ((3, 1), 1, True), "what plays goes on"
    assert told(show, "source.update", source="x", title="T").sources["x"].sounds == "3+1"
    assert order_of(told(show, "source.update", source="x", sounds="").sources["x"], 0, 0).sounds == ()
    for number in ("2", "4", "1+2", "999"):
        assert refused(show, "source.update", source="x", sounds=number) == (400, "source.no-such-sound")
        assert (
            refused(BASE, "source.create", kind="clip", media="c", sounds=number)[1] == "source.no-such-sound"
        )
    assert refused(BASE, "source.create", kind="still", media="p", sounds="1") == (400, "source.not-for-kind")
    for nonsense in ("0", "1+", "+1", "1+2+3", "x", "1\n", "1000", "１"):
        with pytest.raises(RefusedError):
            told(show, "source.update", source="x", sounds=nonsense)


def test_a_loop_is_never_over() -> None:
    show = told(clip(loop=True, out_s=4), "source.play", 0, source="x")
    paused = told(show, "source.pause", 9000, source="x").sources["x"].playback
    assert paused.position_s == 1.0


def test_pages_stay_within_the_deck_and_belong_to_the_presenter() -> None:
    show = told(BASE, "source.create", source="d", kind="slides", media="d", presenter="kim")
    kim, other = Actor("speaker", "kim"), Actor("speaker", "lee")
    show = told(show, "source.page", actor=kim, source="d", step=1)
    assert show.sources["d"].page == 2
    assert told(show, "source.page", source="d", step=100).sources["d"].page == 3
    assert told(show, "source.page", source="d", step=-100).sources["d"].page == 1
    assert refused(show, "source.page", source="d", page=4) == (400, "source.no-such-page")
    assert refused(show, "source.page", source="d") == (400, "source.page-or-step")
    assert refused(show, "source.page", actor=other, source="d", step=1) == (403, "role.forbidden")
    assert refused(show, "source.delete", actor=kim, source="d") == (403, "role.forbidden")


def on_stage(show: Show) -> Show:
    place = {"layout": "solo", "places": [{"source": "x"}]}
    show = told(show, "scene.create", scene="clip", canvases={"program": place})
    show = told(show, "scene.create", scene="back", canvases={"program": {"layout": "grid"}, "wall": place})
    return told(show, "scene.create", scene="grid", canvases={"program": {"layout": "grid"}})


def test_a_take_begins_the_clip_at_its_in_point() -> None:
    show = told(on_stage(clip(in_s=2)), "program.cut", 5000, scene="clip")
    playback = show.sources["x"].playback
    assert (playback.playing, playback.position_s, playback.at_ms) == (True, 2.0, 5000)
    after = told(show, "program.cut", 6000, scene="back")
    assert after.sources["x"].playback == playback, "it was on air already"
    quiet = told(on_stage(clip(auto_play=False)), "program.cut", 5000, scene="clip")
    assert not quiet.sources["x"].playback.playing


def test_by_hand_it_begins_when_the_t_bar_moves_and_not_again() -> None:
    show = told(on_stage(clip()), "program.cut", scene="grid")
    show = told(show, "preview.set", scene="clip")
    show = told(show, "program.tbar", 1000, position=0.1)
    assert show.sources["x"].playback.at_ms == 1000
    show = told(show, "program.tbar", 2000, position=1.0)
    assert (show.program, show.sources["x"].playback.at_ms) == ("clip", 1000)


def test_at_its_end_what_is_in_preview_is_taken_once() -> None:
    show = told(on_stage(clip(auto_take=True)), "program.cut", scene="clip")
    context = DecisionContext(Actor("director"), 0, "", 60)
    order = show.sources["x"].playback.order
    assert decide_own(show, Ended("x", order), context) == ()  # nothing is in preview
    show = told(show, "preview.set", scene="grid")
    assert decide_own(show, Ended("x", order - 1), context) == ()  # it was begun anew meanwhile
    for event in decide_own(show, Ended("x", order), context):
        show = apply(show, event)
    assert (show.program, show.preview) == ("grid", "clip")
    assert decide_own(show, Ended("x", order), context) == ()


def test_a_clip_ends_once_and_what_comes_into_preview_later_stays_there() -> None:
    show = told(on_stage(clip(auto_take=True)), "program.cut", 1000, scene="clip")
    order = show.sources["x"].playback.order
    over = PlayerReport("x", "ended", order=order)
    ready = told(show, "preview.set", scene="grid")
    status = PlayerStatus()
    assert status.ended(over, show, 11_100) is None, "nothing is in preview"
    assert status.ended(over, ready, 12_100) is None, "what is being prepared now waits for the director"
    assert PlayerStatus().ended(over, ready, 11_100) == Ended("x", order)
    assert PlayerStatus().ended(over, ready, 60_000) is None, "to a control that has just started"


def test_with_the_t_bar_half_way_a_third_scenes_clip_begins_too() -> None:
    show = told(on_stage(clip()), "scene.create", scene="third", canvases={"program": {"layout": "grid"}})
    show = told(told(show, "program.cut", scene="grid"), "preview.set", scene="third")
    show = told(told(show, "program.tbar", position=0.5), "program.cut", 3000, scene="clip")
    assert (show.program, show.sources["x"].playback.playing) == ("clip", True)


def test_players_are_bounded_for_each_is_a_process() -> None:
    show = BASE
    for number in range(MAX_PLAYERS):
        show = told(show, "source.create", source=f"s{number}", kind="still", media="p")
    assert refused(show, "source.create", kind="clip", media="c") == (409, "source.too-many-players")
    show = told(show, "source.create", source="plain", kind="bars")
    assert refused(show, "source.update", source="plain", tone=True) == (409, "source.too-many-players")
    show = told(told(show, "source.delete", source="s0"), "source.update", source="plain", tone=True)
    assert len(players(show, "/m")) == MAX_PLAYERS


def test_a_pull_says_whether_it_is_insecure() -> None:
    show = told(BASE, "source.create", source="cam", kind="pull", url="rtmps://cam/a/b")
    assert not show.sources["cam"].insecure
    assert [each.ca_file for each in players(show, "/m", ca_file="/ca.pem")] == ["/ca.pem"]
    show = told(show, "source.update", source="cam", insecure=True)
    assert PublicView()(show).sources["cam"].insecure
    assert [each.insecure for each in players(show, "/m")] == [True]
    assert refused(show, "source.create", kind="bars", insecure=True) == (400, "source.not-for-kind")


def test_a_pull_moves_to_another_address_with_the_account_that_belongs_to_it() -> None:
    first = told(BASE, "source.create", source="cam", kind="pull", url="rtsp://cam/a", user="u", password="p")
    assert [each.url for each in players(first, "/m")] == ["rtsp://u:p@cam/a"]
    titled = told(first, "source.update", source="cam", title="Camera")
    assert titled.sources["cam"].url == first.sources["cam"].url
    moved = told(titled, "source.update", source="cam", url="RTSP://cam/b", user="v", password="q#")
    assert [each.url for each in players(moved, "/m")] == ["rtsp://v:q%23@cam/b"]
    assert "q" not in PublicView()(moved).sources["cam"].url
    assert refused(moved, "source.update", source="cam", password="z") == (400, "source.needs-url")
    assert refused(moved, "source.update", source="cam", url="file:///etc/passwd")[0] == 400
    assert refused(BASE, "source.update", source="bars", url="rtsp://cam/a") in (
        (400, "source.not-for-kind"),
        (404, "source.unknown"),
    )


def test_a_configuration_allows_private_addresses() -> None:
    url = "rtsp://192.168.1.10/hall"
    command = commands.decode(msgspec.json.encode({"type": "source.create", "kind": "pull", "url": url}))
    (event,) = decide(BASE, command, DecisionContext(Actor("director"), 0, "", 60, private_addresses=True))
    (made,) = players(apply(BASE, event), "/m", private=True)
    assert (made.url, made.private) == (url, True)
