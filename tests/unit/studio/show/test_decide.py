"""Commands: what they make of the show, and what is refused with which code."""

from functools import reduce
from typing import Any

import pytest

from signaling.contract.ports import Actor, RefusedError
from studio.show import commands
from studio.show.events import OutputRetried, SeatCreated, apply
from studio.show.model import MAX_NAME, MAX_NOTE, MAX_OUTPUTS, MAX_SEATS, MAX_TITLE, Show
from studio.show.program.events import ProgramChanged
from studio.show.view import PublicView
from tests.support.merging import as_json
from tests.support.shows import STREAM_KEY, URL, after, events_of, with_mayors, with_scene

EMPTY = Show(title="Summit")


def refusal(show: Show, type_: str, actor: Actor | None = None, **fields: Any) -> tuple[int, str]:
    with pytest.raises(RefusedError) as refused:
        events_of(show, type_, actor or Actor("director"), **fields)
    assert STREAM_KEY not in str(refused.value)
    return refused.value.status, refused.value.code


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (b"", 400, "command.malformed"),
        (b"{}", 400, "command.malformed"),
        (b"[1]", 400, "command.malformed"),
        (b"\xff\xfe", 400, "command.malformed"),
        (b'{"type": 5}', 400, "command.malformed"),
        (b'{"type": "seat.explode", "seat": "a"}', 400, "command.unknown"),
        (b'{"type": "seat.admit"}', 400, "command.malformed"),
        (b'{"type": "seat.admit", "seat": "a\\n"}', 400, "command.malformed"),
        (b'{"type": "seat.admit", "seat": "../a"}', 400, "command.malformed"),
        (b'{"type": "seat.admit", "seat": "a", "more": 1}', 400, "command.malformed"),
        (b'{"type": "seat.create", "role": "king"}', 400, "command.malformed"),
        (b'{"type": "seat.create", "name": "\\ud800"}', 400, "command.malformed"),
        (b'{"type": "source.gain", "source": "a", "db": 20.5}', 400, "command.malformed"),
        (b'{"type": "source.gain", "source": "a", "db": 1e999}', 400, "command.malformed"),
        (b'{"type": "source.gain", "source": "a", "db": NaN}', 400, "command.malformed"),
        (b"[" * 60_000, 400, "command.malformed"),
        (b'{"type": "seat.create", "x": ' + b"[" * 5_000, 400, "command.malformed"),
        (b" " * 70_000, 413, "command.too-large"),
    ],
)
def test_what_cannot_be_read(data: bytes, status: int, code: str) -> None:
    with pytest.raises(RefusedError) as refused:
        commands.decode(data)
    assert (refused.value.status, refused.value.code) == (status, code)


def test_a_malformed_output_is_refused_without_repeating_its_key() -> None:
    with pytest.raises(RefusedError) as refused:
        commands.decode(f'{{"type": "output.create", "url": "{URL}", "bus": 5}}'.encode())
    assert STREAM_KEY not in str(refused.value)


def test_seat_create_makes_up_readable_ids() -> None:
    show = after(EMPTY, "seat.create", name="Mayor of Daegu")
    show = after(show, "seat.create", name="Mayor of Daegu")
    show = after(show, "seat.create", name="시장")
    show = after(show, "seat.create")
    assert list(show.seats) == ["mayor-of-daegu", "mayor-of-daegu-1", "speaker-1", "speaker-2"]
    assert show.seats["speaker-2"].name == "speaker-2"


def test_names_are_cleaned_and_limited() -> None:
    (event,) = events_of(EMPTY, "seat.create", name="a\u202eb\n c", title=" t ")
    assert isinstance(event, SeatCreated)
    assert (event.name, event.title) == ("ab c", "t")
    assert refusal(EMPTY, "seat.create", name="x" * 81) == (400, "text.too-long")
    show = with_mayors(1)
    assert refusal(show, "seat.update", seat="mayor-1", name="\u200b") == (400, "seat.name-empty")


def test_seat_commands() -> None:
    show = with_mayors(1, admitted=False)
    assert not show.seats["mayor-1"].stage
    show = after(show, "seat.admit", seat="mayor-1")
    assert show.seats["mayor-1"].stage
    assert events_of(show, "seat.admit", seat="mayor-1") == ()
    show = after(show, "seat.hold", seat="mayor-1")
    assert not show.seats["mayor-1"].stage
    assert refusal(show, "seat.create", seat="mayor-1") == (409, "seat.exists")
    assert refusal(show, "seat.admit", seat="mayor-9") == (404, "seat.unknown")
    show = after(show, "seat.create", seat="hall", role="wall")
    assert refusal(show, "seat.admit", seat="hall") == (409, "seat.not-speaker")


def test_a_removed_seat_leaves_its_scenes_and_its_link_is_dead() -> None:
    show = with_scene(with_mayors(2), "talk", "duo", "mayor-1", "mayor-2")
    show = after(show, "program.cut", scene="talk")
    show = after(show, "seat.remove", seat="mayor-1")
    assert [place.seat for place in show.scenes["talk"].canvases["program"].places or ()] == ["mayor-2"]
    assert list(show.revoked) == ["f" * 64]


def test_a_seat_made_anew_gets_a_new_generation() -> None:
    show = with_mayors(1)
    old = show.seats["mayor-1"].invite
    show = after(after(show, "seat.remove", seat="mayor-1"), "seat.create", seat="mayor-1")
    new = show.seats["mayor-1"].invite
    assert old is not None
    assert new is not None
    assert new.generation > old.generation


@pytest.mark.parametrize("role", ["speaker", "interpreter", "wall", "viewer"])
def test_only_the_director_commands(role: Any) -> None:
    actor = Actor(role, "mayor-1")
    show = with_scene(with_mayors(2), "talk", "grid")
    assert refusal(show, "program.cut", actor, scene="talk") == (403, "role.forbidden")
    assert refusal(show, "seat.update", actor, seat="mayor-2", name="x") == (403, "role.forbidden")
    if role in ("speaker", "interpreter"):
        assert events_of(show, "seat.update", actor, seat="mayor-1", name="x")
    else:
        assert refusal(show, "seat.update", actor, seat="mayor-1", name="x") == (403, "role.forbidden")


@pytest.mark.parametrize(
    ("canvases", "status", "code"),
    [
        ({"program": {"layout": "spiral"}}, 400, "scene.layout-unknown"),
        ({"program": {"places": [{"seat": "nobody"}]}}, 404, "seat.unknown"),
        ({"program": {"places": [{"source": "nothing"}]}}, 404, "source.unknown"),
        ({"program": {"places": [{}]}}, 400, "scene.place-malformed"),
        ({"wall": {"places": [{"seat": "mayor-1", "source": "bars"}]}}, 400, "scene.place-malformed"),
        ({"program": {"layout": "solo", "places": [{"seat": "mayor-1"}] * 2}}, 400, "scene.too-many-places"),
        ({"program": {"graphics": ["logo"]}}, 404, "graphic.unknown"),
        ({"program": {"background": "sea"}}, 404, "source.unknown"),
        ({"program": {"places": [{"seat": "mayor-1", "auto": True}]}}, 400, "scene.place-malformed"),
        ({"program": {"places": [{"part": "host", "screen": True}]}}, 400, "scene.place-malformed"),
        ({"program": {"layout": "free"}}, 400, "scene.box-missing"),
        ({"wall": {"layout": "free", "places": [{"auto": True}]}}, 400, "scene.box-missing"),
        (
            {
                "program": {
                    "layout": "free",
                    "places": [{"auto": True, "box": {"x": 0.6, "y": 0, "w": 0.5, "h": 1}}],
                }
            },
            400,
            "scene.box-outside",
        ),
        (
            {"program": {"places": [{"part": "host", "crop": {"x": 0, "y": 0, "w": 0.01, "h": 1}}]}},
            400,
            "scene.crop-outside",
        ),
    ],
)
def test_scenes_that_cannot_be(canvases: dict[str, Any], status: int, code: str) -> None:
    assert refusal(with_mayors(1), "scene.create", canvases=canvases) == (status, code)


def test_a_scene_left_alone_shows_everyone_on_stage() -> None:
    scene = after(EMPTY, "scene.create").scenes["scene-1"]
    assert scene.canvases["program"].places is None
    assert scene.canvases["program"].layout == "grid"


def test_scenes_in_use_stay() -> None:
    show = with_scene(with_scene(EMPTY, "a", "grid"), "b", "solo")
    show = after(after(show, "program.cut", scene="a"), "preview.set", scene="b")
    assert refusal(show, "scene.delete", scene="a") == (409, "scene.in-use")
    assert refusal(show, "scene.delete", scene="b") == (409, "scene.in-use")
    assert refusal(show, "scene.delete", scene="c") == (404, "scene.unknown")
    show = after(after(show, "preview.set", scene=None), "scene.delete", scene="b")
    assert list(show.scenes) == ["a"]


def test_cut_exchanges_preview_and_programme() -> None:
    show = with_scene(with_scene(EMPTY, "a", "grid"), "b", "solo")
    assert refusal(show, "program.cut") == (409, "preview.empty")
    show = after(after(show, "preview.set", scene="a"), "program.cut")
    assert (show.program, show.preview) == ("a", None)
    show = after(after(show, "preview.set", scene="b"), "program.cut")
    assert (show.program, show.preview) == ("b", "a")
    assert events_of(show, "program.cut", scene="b") == ()
    assert events_of(show, "program.cut", scene="a") == (ProgramChanged("a", "b", "", ""),)
    assert refusal(show, "program.cut", scene="z") == (404, "scene.unknown")


def test_a_cut_to_another_scene_leaves_the_preview_alone() -> None:
    show = EMPTY
    for scene in ("a", "b", "c"):
        show = with_scene(show, scene, "grid")
    show = after(after(show, "program.cut", scene="a"), "preview.set", scene="b")
    show = after(show, "program.cut", scene="c")
    assert (show.program, show.preview) == ("c", "b")


def test_sound_of_seats_and_sources() -> None:
    show = with_mayors(1)
    show = after(show, "source.mute", source="seat/mayor-1", muted=True)
    show = after(show, "source.gain", source="bars", db=-6)
    show = after(show, "source.mute", source="source/bars", muted=True)
    assert show.seats["mayor-1"].muted
    assert (show.sources["bars"].gain_db, show.sources["bars"].muted) == (-6.0, True)
    assert refusal(show, "source.gain", source="mayor-1", db=0) == (404, "source.unknown")
    assert refusal(show, "source.gain", source="seat/bars", db=0) == (404, "seat.unknown")
    show = with_scene(show, "talk", "duo", "source/bars")
    assert refusal(show, "source.delete", source="bars") == (409, "source.in-use")


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"url": ""}, "url.scheme"),
        ({"url": f"http://ingest.example/live/{STREAM_KEY}"}, "url.scheme"),
        ({"url": "rtmp://ingest.example/live/"}, "url.key"),
        ({"url": URL, "rendition": "multiview"}, "output.rendition-unknown"),
        ({"url": URL, "bus": "fr"}, "output.bus-unknown"),
        ({"url": URL}, "output.bus-missing"),
        ({"url": URL, "bus": ""}, "output.bus-missing"),
        ({"recording": True}, "output.bus-missing"),
        ({"recording": True, "buses": ["ko", "fr"]}, "output.bus-unknown"),
        ({"url": URL, "bus": "ko", "backup": "rtmp://ingest.example/live/"}, "url.key"),
        ({"url": URL, "bus": "ko", "backup": URL}, "output.backup-same"),
        ({"url": "udp://192.0.2.1:5000", "bus": "ko", "backup": URL}, "output.backup-unwanted"),
        ({"url": URL, "bus": "ko", "backup": "udp://192.0.2.1:5000"}, "output.backup-unwanted"),
        ({"recording": True, "buses": ["ko"], "backup": URL}, "output.url-unwanted"),
        ({"url": URL, "seats": True}, "output.url-unwanted"),
        ({"url": URL, "recording": True}, "output.url-unwanted"),
        ({"recording": True, "buses": []}, "output.bus-unknown"),
        ({"recording": True, "buses": ["floor", "floor"]}, "output.bus-unknown"),
    ],
)
def test_outputs_that_cannot_be(fields: dict[str, Any], code: str) -> None:
    assert refusal(EMPTY, "output.create", **fields) == (400, code)


def test_output_commands() -> None:
    show = after(EMPTY, "output.create", output="yt", url=URL, rendition="program", bus="floor")
    show = after(show, "output.create", output="vod", recording=True, rendition="program", buses=["floor"])
    assert not show.outputs["yt"].running
    show = after(show, "output.start", output="yt")
    assert show.outputs["yt"].running
    assert events_of(show, "output.start", output="yt") == ()
    assert refusal(show, "output.delete", output="yt") == (409, "output.running")
    assert refusal(show, "output.update", output="yt", bus="floor") == (409, "output.running")
    assert events_of(show, "output.retry", output="yt") == (OutputRetried("yt"),)
    assert apply(show, OutputRetried("yt")) is show
    show = after(show, "output.stop", output="yt")
    assert refusal(show, "output.retry", output="yt") == (409, "output.not-running")
    show = after(show, "output.update", output="yt", url=URL + "2", rendition="wall")
    assert (show.outputs["yt"].url, show.outputs["yt"].rendition) == (URL + "2", "wall")
    assert events_of(show, "output.update", output="yt", buses=["floor"]) == ()
    assert refusal(show, "output.start", output="nothing") == (404, "output.unknown")
    assert list(after(show, "output.delete", output="yt").outputs) == ["vod"]


def test_outputs_of_languages_with_a_backup_and_of_several_tracks() -> None:
    show = after(EMPTY, "output.create", output="yt", url=URL, bus="ko", backup=f"{URL}-b")
    assert (show.outputs["yt"].buses, show.outputs["yt"].backup) == (("ko",), f"{URL}-b")
    show = after(show, "output.update", output="yt", backup="", bus="en")
    assert (show.outputs["yt"].buses, show.outputs["yt"].backup) == (("en",), "")
    show = after(show, "output.create", output="two", url=URL, buses=["ko", "en"])
    assert show.outputs["two"].buses == ("ko",), "FLV has one sound track"
    buses = ["floor", "ko", "en"]
    show = after(
        show, "output.create", output="tv", url="udp://192.0.2.1:5000", rendition="clean", buses=buses
    )
    assert (show.outputs["tv"].bus, show.outputs["tv"].buses) == ("floor", tuple(buses))
    show = after(show, "output.create", output="all", recording=True, buses=[*buses, "hall"])
    assert refusal(show, "output.update", output="all", bus="fr") == (400, "output.bus-unknown")


def test_only_one_output_takes_the_seats_as_they_arrive() -> None:
    show = after(EMPTY, "output.create", output="one", seats=True)
    show = after(show, "output.create", output="two", recording=True, seats=True)
    assert (show.outputs["one"].recording, show.outputs["one"].buses) == (True, ())
    show = after(show, "output.start", output="one")
    assert refusal(show, "output.start", output="two") == (409, "output.seats-running")
    show = after(after(show, "output.stop", output="one"), "output.start", output="two")
    assert show.outputs["two"].running
    changed = after(show, "output.update", output="one", seats=False, buses=["ko"])
    assert (changed.outputs["one"].seats, changed.outputs["one"].buses) == (False, ("ko",))


@pytest.mark.parametrize(
    ("type_", "fields", "limit", "code"),
    [
        ("seat.create", {}, MAX_SEATS, "seat.too-many"),
        ("output.create", {"url": URL, "bus": "floor"}, MAX_OUTPUTS, "output.too-many"),
    ],
)
def test_limits(type_: str, fields: dict[str, Any], limit: int, code: str) -> None:
    show = EMPTY
    for _ in range(limit):
        show = reduce(apply, events_of(show, type_, **fields), show)
    assert refusal(show, type_, **fields) == (409, code)


def test_the_schema_names_every_command() -> None:
    schema = commands.schema()
    assert "output.create" in str(schema)
    assert schema["components"]["SeatCreate"]["properties"]["seat"]


def test_the_schema_promises_the_lengths_that_are_allowed() -> None:
    components = commands.schema()["components"]
    seat, note = components["SeatCreate"]["properties"], components["BoothNote"]["properties"]
    lengths = [each["maxLength"] for each in (seat["name"], seat["title"], note["text"])]
    assert lengths == [MAX_NAME, MAX_TITLE, MAX_NOTE]
    show = after(EMPTY, "seat.create", seat="a", name="x" * MAX_NAME, title="  " + "y" * MAX_TITLE + "\u200b")
    assert len(show.seats["a"].title) == MAX_TITLE, "what nobody sees isn't counted"
    assert refusal(show, "seat.create", seat="b", name="x" * (MAX_NAME + 1)) == (400, "text.too-long")


def test_an_output_may_be_called_in_plain_words() -> None:
    show = after(Show(), "output.create", title="YouTube  한국어 (live)", url=URL, bus="floor")
    assert [(id_, output.title) for id_, output in show.outputs.items()] == [
        ("youtube-live", "YouTube 한국어 (live)")
    ]
    show = after(show, "output.create", title="한국어", recording=True, buses=["floor"])
    assert list(show.outputs) == ["youtube-live", "recording-1"]
    show = after(show, "output.update", output="recording-1", title="보관")
    assert as_json(PublicView()(show))["outputs"]["recording-1"]["title"] == "보관"
    assert refusal(show, "output.update", output="recording-1", title="x" * 121) == (400, "text.too-long")


def test_a_new_stream_key_leaves_the_rest_of_the_address_alone() -> None:
    first, second = "rtmp://me:pw@a.example/live2", "rtmp://b.example/live2?backup=1"
    made = {"output": "yt", "bus": "floor", "url": f"{first}/old", "backup": f"{second}/old"}
    show = after(EMPTY, "output.create", **made)
    changed = after(show, "output.update", output="yt", key="new?x=1").outputs["yt"]
    assert (changed.url, changed.backup) == (f"{first}/new?x=1", f"{second}/new?x=1"), "both feed one event"
    own = after(show, "output.update", output="yt", key="new", backup_key="other").outputs["yt"]
    assert (own.url, own.backup) == (f"{first}/new", f"{second}/other")
    apart = after(show, "output.update", output="yt", backup_key="other")
    again = after(apart, "output.update", output="yt", key="new").outputs["yt"]
    assert (again.url, again.backup) == (f"{first}/new", f"{second}/other"), "it has a key of its own"
    for key in ("a/b", "a b", "•••\n"):
        assert refusal(show, "output.update", output="yt", key=key)[0] == 400
    udp = after(EMPTY, "output.create", output="tv", url="udp://h:1", bus="floor")
    assert refusal(udp, "output.update", output="tv", key="k") == (400, "url.key")
    assert refusal(show, "output.update", output="yt", backup="", backup_key="k") == (400, "url.key")
