"""Shared screens in the plans: seen whole, heard as the person, in full where somebody sees them."""

import pytest
from msgspec import UNSET

from mixer.contract.names import of_screen, of_seat
from mixer.contract.plan import AudioInput, SourceInfo
from signaling.contract.messages import PeerStats, ShardReport
from signaling.contract.ports import Actor, RefusedError
from signaling.contract.state import ScreenStatus, SeatStatus, SpeakerState
from signaling.http.live.views import view
from studio.contract.messages import SlotSpec
from studio.control.status import LiveStatus
from studio.planning.places import on_air as staged
from studio.planning.places import on_scene
from studio.planning.planner import Live, Plans, plan
from studio.planning.uplink import SCREEN, SCREEN_GLANCE, SCREEN_UNSEEN
from studio.show.model import Place, Show
from studio.show.view import PublicView
from tests.support.merging import as_json
from tests.support.shows import PLAN_SETTINGS, after, with_mayors

SLIDES = {"seat": "mayor-1", "screen": True}
SPEAKER = {"seat": "mayor-1"}


def scene(show: Show, *places: object, name: str = "talk") -> Show:
    layout = "solo" if len(places) == 1 else "duo"
    canvases = {"program": {"layout": layout, "places": places}}
    return after(show, "scene.create", scene=name, canvases=canvases)


def on_air(*places: object, mayors: int = 2) -> Show:
    return after(scene(with_mayors(mayors), *places), "program.cut", scene="talk")


def planned(show: Show, *sharing: str, watched: tuple[str, ...] = ()) -> Plans:
    live = Live(frozenset(show.seats), frozenset(watched), sharing=frozenset(sharing))  # type: ignore[arg-type]
    return plan(show, live, PLAN_SETTINGS, 7)


def test_a_screen_is_shown_whole_beside_the_person_and_without_a_plate() -> None:
    mix = planned(on_air(SLIDES, SPEAKER), "mayor-1").mix
    screen, person = mix.canvases["program"].tiles
    assert (screen.source, screen.fit, screen.plate) == ("screen/mayor-1", "contain", None)
    assert (person.source, person.fit) == ("seat/mayor-1", "cover")
    # a slide that stays for minutes is no picture that has stopped
    assert mix.sources[of_screen("mayor-1")] == SourceInfo(name="Mayor 1 · screen", asked=False)


def test_whoever_shares_is_heard_once() -> None:
    heard = (AudioInput(of_seat("mayor-1")),)
    assert planned(on_air(SLIDES, SPEAKER)).mix.audio.open == heard
    assert planned(on_air(SLIDES)).mix.audio.open == heard
    assert on_scene(on_air(SLIDES), staged(on_air(SLIDES))) == {"mayor-1"}
    muted = after(on_air(SLIDES), "source.mute", source="seat/mayor-1", muted=True)
    assert planned(muted).mix.audio.open == ()


def test_a_screen_goes_with_its_person() -> None:
    show = on_air(SLIDES, SPEAKER)
    held = planned(after(show, "seat.hold", seat="mayor-1"), "mayor-1").mix
    assert held.canvases["program"].tiles == ()
    removed = after(show, "seat.remove", seat="mayor-1")
    assert removed.scenes["talk"].canvases["program"].places == ()
    assert planned(removed, "mayor-1").mix.canvases["program"].tiles == ()


def test_a_screen_keeps_its_size_and_gives_up_frame_rate() -> None:
    assert {(t.width, t.height) for t in (SCREEN, SCREEN_GLANCE, SCREEN_UNSEEN)} == {(1920, 1080)}
    assert SCREEN.fps > SCREEN_GLANCE.fps > SCREEN_UNSEEN.fps
    nowhere = with_mayors(2)
    assert planned(nowhere).screens == {"mayor-1": SCREEN_UNSEEN, "mayor-2": SCREEN_UNSEEN}
    # also of those who don't share: so whoever begins is seen on the console
    watched = planned(nowhere, watched=("multiview",)).screens
    assert watched == {"mayor-1": SCREEN_GLANCE, "mayor-2": SCREEN_GLANCE}
    assert planned(on_air(SLIDES)).screens["mayor-1"] == SCREEN
    prepared = after(scene(nowhere, SLIDES), "preview.set", scene="talk")
    assert planned(prepared).screens == {"mayor-1": SCREEN, "mayor-2": SCREEN_UNSEEN}
    # the camera of somebody of whom only the screen is shown stays small
    assert planned(on_air(SLIDES)).uplink["mayor-1"] == planned(nowhere).uplink["mayor-1"]


def test_slots_are_there_for_screens_that_are_shared_or_may_come_on_air() -> None:
    def screens(plans: Plans) -> dict[str, SlotSpec]:
        return {s: spec for s, spec in plans.desired.slots.items() if s.startswith("screen/")}

    show = scene(with_mayors(3), SLIDES)
    assert screens(planned(show)) == {}
    assert screens(planned(show, "mayor-3")) == {"screen/mayor-3": SlotSpec(1920, 1080)}
    assert screens(planned(show, "stranger")) == {}
    prepared = after(show, "preview.set", scene="talk")
    assert screens(planned(prepared, "mayor-3")).keys() == {"screen/mayor-1", "screen/mayor-3"}


def test_the_multiview_shows_shared_screens_after_the_people() -> None:
    show = after(on_air(SLIDES), "seat.hold", seat="mayor-2")
    console = planned(show, "mayor-1", "mayor-2").mix.canvases["multiview"]
    below = [tile for tile in console.tiles if tile.rect.y >= 360]
    assert [(tile.source, tile.label, tile.fit, tile.tally) for tile in below] == [
        ("seat/mayor-1", "Mayor 1", "cover", ""),
        ("seat/mayor-2", "Mayor 2", "cover", ""),
        ("screen/mayor-1", "Mayor 1 · screen", "contain", "program"),
        ("screen/mayor-2", "Mayor 2 · screen", "contain", ""),
    ]
    crowd = planned(with_mayors(48), *with_mayors(48).seats).mix.canvases["multiview"]
    assert len(crowd.tiles) == 49


def test_places_of_screens_in_commands_and_in_the_state() -> None:
    show = scene(with_mayors(1), SLIDES, SPEAKER)
    assert show.scenes["talk"].canvases["program"].places == (
        Place(seat="mayor-1", screen=True),
        Place(seat="mayor-1"),
    )
    assert as_json(PublicView()(show))["scenes"]["talk"]["canvases"]["program"]["places"] == [SLIDES, SPEAKER]
    for wrong in ({"source": "bars", "screen": True}, {"screen": True}):
        with pytest.raises(RefusedError) as refused:
            scene(show, wrong, name="other")
        assert refused.value.code == "scene.place-malformed"


def test_the_status_says_what_is_shared_and_tells_the_page_what_to_send() -> None:
    show, status = with_mayors(1), LiveStatus()
    plans = planned(show)

    def seat() -> SeatStatus:
        return status.public(show, plans.uplink, plans.screens).seats["mayor-1"]

    status.set_connections({"mayor-1": "connected"})
    status.take(ShardReport((PeerStats("p", "mayor-1"),)), show)
    assert seat().screen is UNSET
    assert status.sharing == frozenset()
    shared = PeerStats("p", "mayor-1", sharing=True, screen_width=1920, screen_height=1080, screen_fps=9.96)
    status.take(ShardReport((shared,)), show)
    assert seat().screen == ScreenStatus(1920, 1080, 10.0)
    assert status.sharing == {"mayor-1"}
    public = PublicView()(show, status.public(show, plans.uplink, plans.screens))
    own = view(public, Actor("speaker", "mayor-1"))
    assert isinstance(own, SpeakerState)
    assert own.status.screen_uplink == SCREEN_UNSEEN
    status.set_connections({})
    assert status.sharing == frozenset()
