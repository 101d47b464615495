"""What the show means for the buses: who is open, who interprets, who hears what, what is decoded."""

from msgspec import UNSET

from mixer.contract.messages import MixerReport, SenderReport
from mixer.contract.names import TALKBACK, of_seat, of_source, shard_name
from mixer.contract.plan import (
    AudioInput,
    AudioPlan,
    Bus,
    Ducking,
    Hall,
    Interpreter,
    Monitor,
    Strip,
    Talkback,
)
from signaling.contract.messages import PeerStats, SeatsRecorded, ShardReport
from signaling.contract.state import BackupStatus, StudioStatus
from studio.control.status import LiveStatus
from studio.planning.planner import SOUND_ONLY, Live, Plans, plan
from studio.show.model import Show
from tests.support.shows import PLAN_SETTINGS, URL, after, with_booth, with_mayors, with_scene


def planned(show: Show, *seen: str) -> Plans:
    return plan(show, Live(seen=frozenset(seen)), PLAN_SETTINGS, 1)


def audio(show: Show) -> AudioPlan:
    return planned(show).mix.audio


def sources(plan_: AudioPlan) -> list[str]:
    return [each.source for each in plan_.open]


def summit() -> Show:
    """Three mayors on stage, ``mayor-1`` on air; a booth with anna, who is on into Korean, and bora."""
    show = with_booth(with_scene(with_mayors(3), "one", "solo", "mayor-1"), "kr", "anna", "bora")
    show = after(show, "seat.update", seat="mayor-1", language="ja")
    return after(after(show, "program.cut", scene="one"), "booth.speak", booth="kr", seat="anna", on=True)


def test_the_policy_of_the_scene_says_who_is_heard() -> None:
    show = summit()
    assert sources(audio(show)) == ["seat/mayor-1"]
    more = after(
        show, "scene.update", scene="one", audio={"sources": ["seat/mayor-2", "bars", "seat/mayor-1"]}
    )
    assert sources(audio(more)) == ["seat/mayor-1", "seat/mayor-2", "source/bars"]
    only = after(more, "scene.update", scene="one", audio={"follow": False, "sources": ["seat/mayor-2"]})
    assert sources(audio(only)) == ["seat/mayor-2"]
    assert sources(audio(after(only, "seat.hold", seat="mayor-2"))) == [], "nobody from the green room"
    silent = after(only, "scene.update", scene="one", audio={"follow": False})
    assert sources(audio(silent)) == []


def test_an_open_source_comes_with_language_gain_and_strip() -> None:
    show = after(summit(), "source.gain", source="seat/mayor-1", db=-3)
    show = after(show, "source.strip", source="seat/mayor-1", highpass_hz=80, delay_ms=40)
    strip = Strip(delay_ms=40, highpass_hz=80)
    assert audio(show).open == (AudioInput(of_seat("mayor-1"), -3, "ja", strip),)


def test_interpreters_are_on_their_bus_and_never_open() -> None:
    show = after(summit(), "source.gain", source="seat/anna", db=2)
    assert audio(show).interpreters == (Interpreter(of_seat("anna"), "ko", 2),)
    coughing = after(show, "booth.cough", booth="kr", on=True)
    assert audio(coughing).interpreters == ()
    assert audio(after(show, "source.mute", source="seat/anna", muted=True)).interpreters == ()
    assert (
        audio(after(show, "booth.into", booth="kr", seat="anna", into="en")).interpreters[0].language == "en"
    )
    assert sources(audio(show)) == ["seat/mayor-1"]


def test_black_is_silent_but_for_the_directors_ears_and_voice() -> None:
    show = after(after(summit(), "source.solo", source="seat/mayor-1", on=True), "talkback.set", to="all")
    black = audio(after(show, "program.fade_to_black", on=True))
    assert (black.open, black.interpreters) == ((), ())
    assert black.solo == (AudioInput(of_seat("mayor-1"), language="ja"),)
    assert black.monitor.solo == ("seat/mayor-1",)
    assert black.talkback == Talkback(TALKBACK, everybody=True)
    assert black.buses == audio(show).buses


def test_what_is_soloed_is_heard_by_the_director_be_it_open_muted_or_neither() -> None:
    show = after(summit(), "source.mute", source="seat/mayor-1", muted=True)
    for source in ("seat/mayor-1", "seat/mayor-2", "seat/anna", "seat/bora", "bars"):
        show = after(show, "source.solo", source=source, on=True)
    plan_ = audio(show)
    assert plan_.open == ()
    assert [(each.source, each.muted) for each in plan_.solo] == [
        ("seat/mayor-1", True),
        ("seat/mayor-2", False),
        ("seat/bora", False),
        ("source/bars", False),
    ]
    assert plan_.monitor == Monitor("floor", show.solo)
    assert audio(after(show, "monitor.set", bus="en")).monitor.bus == "en"


def test_buses_listeners_hall_and_talkback() -> None:
    show = after(summit(), "bus.update", bus="ko", target_lufs=-14)
    show = after(show, "show.update", languages=["ko", "en", "ja"])
    show = after(show, "seat.update", seat="mayor-2", listen="en", hall=True)
    show = after(show, "booth.relay", booth="kr", seat="bora", bus="ko")
    show = after(after(show, "source.update", source="bars", hall=True), "hall.update", bus="ko")
    show = after(show, "talkback.set", to=["mayor-2"])
    plan_ = audio(show)
    assert plan_.buses == (Bus("floor"), Bus("ko", -14), Bus("en"), Bus("ja"))
    assert plan_.listeners == {"seat/mayor-2": "en", "seat/bora": "ko"}
    assert planned(show).listens == {"mayor-2": "en", "bora": "ko"}
    assert plan_.hall == Hall("ko", (of_seat("mayor-2"), of_source("bars")))
    assert plan_.talkback == Talkback(TALKBACK, (of_seat("mayor-2"),))
    assert audio(after(show, "talkback.set", to=None)).talkback is None


def test_ducking_is_the_settings() -> None:
    ducking = Ducking(-12, 50, 300, 200)
    settings = PLAN_SETTINGS.__class__(PLAN_SETTINGS.canvases, "recordings", epoch_ns=5, ducking=ducking)
    assert plan(summit(), Live(), settings, 1).mix.audio.ducking == ducking
    show = after(summit(), "output.create", output="vod", recording=True, buses=["ko"])
    (sender,) = plan(after(show, "output.start", output="vod"), Live(), settings, 1).desired.senders
    assert sender.epoch_ns == 5


def test_microphones_of_interpreters_of_the_soloed_and_of_the_policy_are_decoded() -> None:
    show = summit()
    assert planned(show).microphones == ("anna", "bora", "mayor-1")
    show = after(show, "source.mute", source="seat/mayor-3", muted=True)
    show = after(show, "source.solo", source="seat/mayor-3", on=True)
    show = after(show, "scene.create", scene="next", audio={"follow": False, "sources": ["seat/mayor-2"]})
    assert planned(show).microphones == ("anna", "bora", "mayor-1", "mayor-3")
    show = after(show, "preview.set", scene="next")
    assert planned(show).microphones == ("anna", "bora", "mayor-1", "mayor-2", "mayor-3")
    assert "anna" not in planned(show).uplink


def test_slots_of_microphones_without_a_camera_are_small() -> None:
    slots = planned(summit(), "bora").desired.slots
    assert {name for name, spec in slots.items() if spec == SOUND_ONLY} == {
        "seat/anna",  # on: kept when control restarts
        "seat/bora",
        "talk/director",
    }
    assert "seat/anna" in planned(summit()).desired.slots
    assert "seat/bora" not in planned(summit()).desired.slots


def test_senders_carry_their_buses_and_a_backup_runs_beside() -> None:
    show = after(summit(), "output.create", output="yt-ko", url=URL, bus="ko", backup=f"{URL}-b")
    show = after(
        show,
        "output.create",
        output="tv",
        url="udp://192.0.2.1:5000",
        rendition="clean",
        buses=["floor", "en"],
    )
    show = after(show, "output.create", output="iso", seats=True)
    for output in ("yt-ko", "tv", "iso"):
        show = after(show, "output.start", output=output)
    plans = planned(show)
    assert [(each.output, each.video, each.audio) for each in plans.desired.senders] == [
        ("yt-ko", "program-ko/h264", ("ko/aac",)),
        ("tv", "clean/h264", ("floor/aac", "en/aac")),
        ("yt-ko~backup", "program-ko/h264", ("ko/aac",)),
    ]
    assert plans.desired.senders[2].url == f"{URL}-b"
    assert plans.recorded == "iso"
    assert planned(after(show, "output.stop", output="iso")).recorded == ""


def test_status_names_what_is_wrong_with_a_sound_unless_signalling_knows_worse() -> None:
    show, status = summit(), LiveStatus()
    status.set_connections({"mayor-1": "connected", "mayor-2": "connected", "anna": "connected"})
    problems = {
        of_seat("mayor-1"): "sound.hum",
        of_seat("mayor-2"): "sound.dc",
        of_seat("anna"): "sound.zeros",
    }
    status.take(MixerReport(1, 1, 0, 1, {}, {}, {}, {}, sound_problems=problems), show)
    status.take(ShardReport((PeerStats("p", "mayor-2", problem="rtp.garbage"),)), show)
    shown = status.public(show, {}, {})
    named = {seat: shown.seats[seat].problem for seat in ("mayor-1", "mayor-2", "mayor-3")}
    assert named == {"mayor-1": "sound.hum", "mayor-2": "rtp.garbage", "mayor-3": ""}
    booth = shown.booths["kr"]
    assert (booth.state, booth.seat, booth.problem) == ("on_air", "anna", "sound.zeros")
    assert (shown.seats["anna"].state, shown.seats["bora"].state) == ("on_air", "absent")


def backup_of(status: StudioStatus) -> BackupStatus:
    backup = status.outputs["yt"].backup
    assert backup is not UNSET
    return backup


def test_status_of_a_backup_of_the_disk_and_of_recorded_seats() -> None:
    show = after(summit(), "output.create", output="yt", url=URL, bus="ko", backup=f"{URL}-b")
    show = after(show, "output.create", output="vod", recording=True, buses=["ko"])
    show = after(show, "output.create", output="iso", seats=True)
    status = LiveStatus()
    assert backup_of(status.public(show, {}, {})).state == "stopped"
    for output in ("yt", "vod", "iso"):
        show = after(show, "output.start", output=output)
    status.take(SenderReport("yt", "live", bytes_sent=5), show)
    status.take(SenderReport("yt~backup", "retrying", f"{URL}-b refused", "destination.refused"), show)
    status.take(SenderReport("vod", "live", remaining_s=7290.5), show)
    public = status.public(show, {}, {})
    outputs = public.outputs
    assert (outputs["yt"].state, backup_of(public).state) == ("live", "retrying")
    assert "k3y" not in backup_of(public).reason
    assert (outputs["vod"].remaining_s, outputs["yt"].remaining_s) == (7260, -1)
    assert outputs["vod"].backup is UNSET
    assert outputs["iso"].state == "starting"
    status.take(SeatsRecorded("iso", shard_name(0), True, bytes=10, dropped=1), show)
    status.take(SeatsRecorded("iso", shard_name(1), True, bytes=5, code="disk.full", reason="Full."), show)
    iso = status.public(show, {}, {}).outputs["iso"]
    assert (iso.state, iso.code, iso.bytes, iso.dropped) == ("failed", "disk.full", 15, 1)
