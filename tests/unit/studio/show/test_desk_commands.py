"""The sound desk's commands and the event's languages: what they make of the show, and what is refused."""

from typing import Any

import msgspec
import pytest

from mixer.contract.plan import Strip
from signaling.contract.ports import Actor
from studio.show import events
from studio.show.desk.events import BusReset
from studio.show.events import apply
from studio.show.model import Show
from studio.show.view import PublicView
from tests.support.merging import as_json
from tests.support.shows import URL, after, events_of, with_booth, with_mayors, with_scene
from tests.unit.studio.show.test_decide import refusal


@pytest.mark.parametrize(
    ("type_", "fields", "expected"),
    [
        ("show.update", {"languages": ["ko", "hall"]}, (400, "language.reserved")),
        ("show.update", {"languages": ["ko", "Monitor"]}, (400, "language.reserved")),
        ("show.update", {"languages": ["ko", "KO"]}, (400, "language.twice")),
        ("show.update", {"languages": []}, (400, "command.malformed")),
        ("show.update", {"languages": ["k o"]}, (400, "command.malformed")),
        ("show.update", {"languages": [f"a{chr(97 + n)}" for n in range(17)]}, (400, "command.malformed")),
        ("seat.update", {"seat": "mayor-1", "listen": "ja"}, (400, "bus.unknown")),
        ("seat.update", {"seat": "mayor-1", "listen": "hall"}, (400, "bus.unknown")),
        ("monitor.set", {"bus": "ja"}, (400, "bus.unknown")),
        ("hall.update", {"bus": "hall"}, (400, "bus.unknown")),
        ("bus.update", {"bus": "ja", "target_lufs": -23}, (400, "bus.unknown")),
        ("bus.update", {"bus": "ko", "target_lufs": -8}, (400, "command.malformed")),
        ("bus.update", {"bus": "ko", "target_lufs": -37}, (400, "command.malformed")),
        ("bus.reset", {"bus": "ja"}, (400, "bus.unknown")),
        ("talkback.set", {"to": ["nobody"]}, (404, "seat.unknown")),
        ("talkback.set", {"to": ["hall"]}, (409, "seat.not-listening")),
        ("talkback.set", {"to": []}, (400, "command.malformed")),
        ("talkback.set", {"to": "some"}, (400, "command.malformed")),
        ("source.solo", {"source": "seat/nobody", "on": True}, (404, "seat.unknown")),
        ("source.strip", {"source": "nothing"}, (404, "source.unknown")),
        ("source.strip", {"source": "bars", "highpass_hz": 10}, (400, "strip.highpass")),
        ("source.strip", {"source": "bars", "highpass_hz": 401}, (400, "command.malformed")),
        ("source.strip", {"source": "bars", "delay_ms": 501}, (400, "command.malformed")),
        ("source.strip", {"source": "bars", "delay_ms": -1}, (400, "command.malformed")),
        ("source.strip", {"source": "bars", "ratio": 0.5}, (400, "command.malformed")),
        ("source.strip", {"source": "bars", "gate_db": 1}, (400, "command.malformed")),
        ("scene.create", {"audio": {"sources": ["seat/nobody"]}}, (404, "seat.unknown")),
        ("scene.create", {"audio": {"sources": ["nothing"]}}, (404, "source.unknown")),
        ("scene.create", {"audio": {"sources": ["seat/hall"]}}, (409, "seat.not-speaker")),
        ("scene.create", {"audio": {"follows": True}}, (400, "command.malformed")),
    ],
)
def test_what_is_refused(type_: str, fields: dict[str, Any], expected: tuple[int, str]) -> None:
    show = after(with_mayors(1), "seat.create", seat="hall", role="wall")
    assert refusal(show, type_, **fields) == expected


def test_a_language_in_use_stays() -> None:
    def in_use(show: Show) -> bool:
        return refusal(show, "show.update", languages=["ko"]) == (409, "language.in-use")

    show = with_mayors(1)
    assert after(show, "show.update", languages=["ko"]).languages == ("ko",)
    assert in_use(after(show, "output.create", url=URL, bus="en"))
    assert in_use(after(show, "output.create", recording=True, buses=["floor", "en"]))
    assert in_use(with_booth(show, "kr"))
    assert in_use(after(show, "seat.update", seat="mayor-1", listen="en"))
    assert in_use(after(show, "bus.update", bus="en", target_lufs=-14))
    assert in_use(after(show, "hall.update", bus="en"))
    assert in_use(after(show, "monitor.set", bus="en"))
    quiet = after(show, "bus.update", bus="en", target_lufs=-14)
    quiet = after(quiet, "bus.update", bus="en", target_lufs=-23)
    assert quiet.targets == {}
    assert after(quiet, "show.update", languages=["ko"]).languages == ("ko",)
    spoken = after(show, "seat.update", seat="mayor-1", language="en")
    assert after(spoken, "show.update", languages=["ko"]), "people speak what they speak"
    assert after(show, "seat.update", seat="mayor-1", language="ja").seats["mayor-1"].language == "ja"


def test_updates_of_the_event_leave_the_rest_alone() -> None:
    show = after(Show(title="Summit"), "show.update", languages=["ko", "en", "zh-Hant"])
    show = after(show, "show.update", both_open=True)
    show = after(show, "show.update", title="Forum")
    assert (show.title, show.languages, show.both_open) == ("Forum", ("ko", "en", "zh-Hant"), True)
    assert events_of(show, "show.update", both_open=True) == ()


def test_a_strip_changes_part_by_part() -> None:
    show = after(with_mayors(1), "source.strip", source="seat/mayor-1", highpass_hz=80, leveller=True)
    show = after(show, "source.strip", source="seat/mayor-1", delay_ms=120)
    assert show.seats["mayor-1"].strip == Strip(delay_ms=120, highpass_hz=80, leveller=True)
    assert events_of(show, "source.strip", source="seat/mayor-1", delay_ms=120) == ()
    show = after(show, "source.strip", source="source/bars", compressor_db=-20, ratio=4, gate_db=-50)
    assert show.sources["bars"].strip == Strip(compressor_db=-20, ratio=4, gate_db=-50)
    strip = as_json(PublicView()(show))["seats"]["mayor-1"]["strip"]
    assert strip == {
        "delay_ms": 120,
        "highpass_hz": 80,
        "gate_db": -100,
        "leveller": True,
        "compressor_db": 0,
        "ratio": 3,
    }


def test_solo_and_talkback_forget_who_left() -> None:
    show = with_mayors(3)
    for source in ("seat/mayor-1", "bars", "seat/mayor-2"):
        show = after(show, "source.solo", source=source, on=True)
    assert show.solo == ("seat/mayor-1", "source/bars", "seat/mayor-2")
    assert events_of(show, "source.solo", source="source/bars", on=True) == ()
    show = after(show, "source.solo", source="seat/mayor-2", on=False)
    show = after(show, "source.delete", source="bars")
    assert after(show, "seat.remove", seat="mayor-1").solo == ()
    show = after(show, "talkback.set", to=["mayor-1", "mayor-2", "mayor-1"])
    assert show.talk == ("mayor-1", "mayor-2")
    show = after(show, "seat.remove", seat="mayor-1")
    assert show.talk == ("mayor-2",)
    assert after(show, "seat.remove", seat="mayor-2").talk is None, "nobody, not everybody"
    everybody = after(show, "talkback.set", to="all")
    assert everybody.talk == "all"
    assert after(everybody, "seat.remove", seat="mayor-2").talk == "all"
    assert after(everybody, "talkback.set", to=None).talk is None


def test_a_log_says_everybody_by_nobody_and_the_show_does_not() -> None:
    """As logs have had it ever since, and so do the public events and state."""
    show = with_mayors(2)
    (told,) = events_of(show, "talkback.set", to="all")
    line = msgspec.json.encode(told)
    assert line == b'{"type":"talkback.changed","to":[]}'
    assert apply(show, events.decode(line)).talk == "all"
    assert apply(show, events.decode(b'{"type":"talkback.changed","to":["mayor-1"]}')).talk == ("mayor-1",)


def test_a_reset_is_an_event_that_changes_nothing() -> None:
    show = with_mayors(0)
    assert events_of(show, "bus.reset", bus="ko") == (BusReset("ko"),)
    assert apply(show, BusReset("ko")) is show
    assert events_of(show, "bus.reset", bus="hall")


def test_who_may_do_what() -> None:
    show = with_booth(with_mayors(1), "kr", "anna")
    desk: list[tuple[str, dict[str, Any]]] = [
        ("source.solo", {"source": "bars", "on": True}),
        ("source.strip", {"source": "seat/mayor-1", "leveller": True}),
        ("monitor.set", {"bus": "ko"}),
        ("hall.update", {"bus": "ko"}),
        ("bus.update", {"bus": "ko", "target_lufs": -14}),
        ("bus.reset", {"bus": "ko"}),
        ("talkback.set", {"to": "all"}),
        ("rundown.set", {"cues": []}),
        ("rundown.go", {"cue": None}),
        ("show.update", {"both_open": True}),
    ]
    speaker = Actor("speaker", "mayor-1")
    for actor in (speaker, Actor("interpreter", "anna"), Actor("viewer", "v")):
        for type_, fields in desk:
            assert refusal(show, type_, actor, **fields) == (403, "role.forbidden")
    own: dict[str, Any] = {"seat": "mayor-1"}
    assert events_of(show, "seat.update", speaker, **own, listen="en", language="ko", title="x", name="y")
    for fields in ({"hall": True}, {"booth": "kr"}, {"booth": None}, {"name": "y", "hall": False}):
        assert refusal(show, "seat.update", speaker, **own, **fields) == (403, "role.forbidden")


def test_a_source_that_is_only_heard_is_in_use() -> None:
    show = with_scene(with_mayors(1), "talk", "grid", "mayor-1")
    show = after(show, "scene.update", scene="talk", audio={"follow": False, "sources": ["bars", "bars"]})
    assert show.scenes["talk"].audio.sources == ("source/bars",)
    assert refusal(show, "source.delete", source="bars") == (409, "source.in-use")
    show = after(show, "scene.update", scene="talk", audio={"sources": ["seat/mayor-1"]})
    assert after(show, "source.delete", source="bars").sources == {}
    assert after(show, "seat.remove", seat="mayor-1").scenes["talk"].audio.sources == ()
    titled = after(show, "scene.update", scene="talk", title="Talk")
    assert titled.scenes["talk"].audio == show.scenes["talk"].audio


OLD_LOG = (
    b'{"type":"show.updated","title":"Forum"}',
    b'{"type":"seat.created","seat":"a","name":"A","role":"speaker","token_hash":"x","expires":9}',
    b'{"type":"seat.updated","seat":"a","name":"B","title":"t","language":"ko"}',
    b'{"type":"source.created","source":"bars","kind":"bars","title":"Bars"}',
    b'{"type":"source.updated","source":"bars","title":"Colour bars"}',
    b'{"type":"source.muted","source":"seat/a","muted":true}',
    b'{"type":"source.gained","source":"bars","db":-6.0}',
    b'{"type":"scene.created","scene":"s","title":"S","canvases":{"program":{}}}',
    b'{"type":"scene.updated","scene":"s","title":"T","canvases":{"program":{"layout":"solo"}}}',
    b'{"type":"output.created","output":"o","rendition":"program","bus":"floor","buses":["floor"],'
    b'"url":"rtmp://h/a/k"}',
    b'{"type":"output.updated","output":"o","rendition":"wall","bus":"floor","buses":["floor"],'
    b'"url":"rtmp://h/a/k2"}',
)


def test_a_log_of_the_version_before_is_still_the_show() -> None:
    show = Show(title="Summit", languages=("ko", "en", "ja"), both_open=True)
    for line in OLD_LOG:
        show = apply(show, events.decode(line))
    assert (show.title, show.languages, show.both_open) == ("Forum", ("ko", "en", "ja"), True)
    seat = show.seats["a"]
    assert (seat.name, seat.listen, seat.booth, seat.hall, seat.muted) == ("B", "floor", "", False, True)
    assert (show.sources["bars"].gain_db, show.sources["bars"].language) == (-6.0, "")
    assert show.scenes["s"].audio.follow
    assert (show.outputs["o"].backup, show.outputs["o"].seats) == ("", False)
