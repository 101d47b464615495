"""What browsers are asked to send: sizes, bits, and that they aren't asked again for every little thing."""

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixer.compose import draw
from mixer.contract.names import of_seat
from mixer.contract.picture import new_picture
from mixer.contract.plan import CanvasPlan, Rect, Tile
from signaling.contract.messages import UplinkTarget
from studio.planning.demand import Demand, DemandSettings
from studio.planning.hysteresis import Held, Patience, due_s, is_enough, is_fitting, is_wasteful, settle
from studio.planning.layout import solve
from studio.planning.uplink import NOTHING, THUMBNAIL, bitrate_for, target_for, uplink_targets

PATIENCE = Patience(hold_s=3, calm_s=10)
FULL = target_for(1280, 720)
NEEDS = st.one_of(
    st.sampled_from([NOTHING, THUMBNAIL, FULL]),
    st.builds(target_for, st.sampled_from(range(160, 1281, 2)), st.sampled_from(range(90, 721, 2))),
)
LIVES = st.lists(st.tuples(st.floats(0.01, 20), NEEDS), min_size=1, max_size=40)
"""Seconds until the next need, and the need."""


def canvas(*rects: Rect) -> CanvasPlan:
    return CanvasPlan(1920, 1080, tuple(Tile(rect, of_seat("a")) for rect in rects))


def follow(life: list[tuple[float, UplinkTarget]]) -> list[tuple[float, UplinkTarget, UplinkTarget]]:
    """``(time, need, target)`` at each event and each time that was due, until nothing is due any more."""
    steps: list[tuple[float, UplinkTarget, UplinkTarget]] = []
    held: dict[str, Held] = {}
    now = 0.0

    def step(need: UplinkTarget) -> None:
        nonlocal held
        held = settle(held, {"a": need}, now, PATIENCE)
        steps.append((now, need, held["a"].target))

    for index, (pause, need) in enumerate(life):
        step(need)
        end = now + pause if index + 1 < len(life) else float("inf")
        while (due := due_s(held.values(), PATIENCE)) is not None and due < end:
            assert due > now, "time goes on"
            now = due
            step(need)
        now = end
    return steps


def test_the_box_is_the_tiles_and_the_largest_use_counts() -> None:
    (target,) = uplink_targets(["a"], [canvas(Rect(0, 0, 300, 168))], None).values()
    assert target == target_for(300, 168)
    both = [canvas(Rect(0, 0, 600, 300)), canvas(Rect(0, 0, 540, 360))]
    assert uplink_targets(["a"], both, None) == {"a": target_for(600, 360)}
    assert uplink_targets(["a"], [canvas(Rect(0, 0, 1920, 1080))], None) == {"a": FULL}
    assert uplink_targets(["a"], [canvas(Rect(0, 0, 84, 46))], None) == {"a": target_for(160, 90)}
    assert uplink_targets(["a", "b"], [], canvas()) == {"a": THUMBNAIL, "b": THUMBNAIL}
    assert uplink_targets(["a"], [], None) == {"a": NOTHING}


@pytest.mark.parametrize("count", [2, 9, 16, 25, 49])
@pytest.mark.parametrize("size", [(1920, 1080), (3840, 1080)])
@pytest.mark.parametrize("camera", [(1280, 720), (640, 480)])
def test_a_picture_of_the_size_asked_for_is_copied_into_its_tile(
    count: int, size: tuple[int, int], camera: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    rect = solve("grid", count, *size)[0]
    (target,) = uplink_targets(["a"], [CanvasPlan(*size, (Tile(rect, of_seat("a")),))], None).values()
    scale = max(Fraction(target.width, camera[0]), Fraction(target.height, camera[1]))
    if scale > 1 or target.width < rect.w:
        return  # larger than any camera's picture
    # as the page does: scaled until it covers the box, then to whole pixels
    source = new_picture(-(-camera[0] * scale // 1), -(-camera[1] * scale // 1))
    monkeypatch.setattr("cv2.resize", lambda *_, **__: pytest.fail("it was scaled"))
    draw.draw_cover(new_picture(rect.w, rect.h), source)


def test_bits_follow_the_size_and_the_rate() -> None:
    for (width, height), bitrate in (
        ((320, 180), 300_000),
        ((480, 270), 600_000),
        ((640, 360), 900_000),
        ((960, 540), 1_600_000),
        ((1280, 720), 2_500_000),
    ):
        assert bitrate_for(width, height, 30) == pytest.approx(bitrate, rel=0.06)
    assert bitrate_for(640, 360, 10) < bitrate_for(640, 360, 30)
    assert bitrate_for(160, 90, 5) == 80_000
    assert bitrate_for(640, 360, 0) == 0


def test_more_is_asked_for_at_once_and_less_once_it_lasted() -> None:
    small = target_for(256, 136)
    life = [(1.0, small), (1.0, FULL), (2.9, small), (1.0, FULL), (60.0, small)]
    times = {now: target for now, _, target in follow(life)}
    assert times == {0.0: small, 1.0: FULL, 2.0: FULL, 4.9: FULL, 5.9: FULL, 8.9: small}


def test_what_was_needed_meanwhile_is_not_taken() -> None:
    less, least = target_for(640, 360), target_for(256, 136)
    life = [(5.0, FULL), (1.0, less), (1.0, least), (60.0, least)]
    changes = [(now, target) for now, _, target in follow(life) if target != FULL]
    assert changes == [(8.0, less), (11.0, least)]


def test_a_grid_that_grows_by_one_asks_nothing_of_anybody_until_it_is_calm() -> None:
    tiles = [solve("grid", count, 1920, 1080)[0] for count in (16, 17)]
    before, after = (target_for(tile.w, tile.h) for tile in tiles)
    assert before != after
    steps = follow([(20.0, before), (4.0, after), (4.0, before), (60.0, after)])
    assert [target for now, _, target in steps if now < 28] == [before] * 3
    assert steps[-1] == (38.0, after, after)


def test_cutting_back_and_forth_asks_nothing() -> None:
    close, wide = target_for(930, 620), target_for(256, 136)
    steps = follow([(2.5, close if cut % 2 else wide) for cut in range(40)] + [(60.0, close)])
    assert {target for _, _, target in steps[1:]} == {close}


def test_a_seat_that_nobody_sees_any_more_sends_nothing_after_a_moment() -> None:
    steps = follow([(5.0, FULL), (10.0, THUMBNAIL), (60.0, NOTHING)])
    assert [(now, target) for now, _, target in steps] == [
        (0.0, FULL),
        (5.0, FULL),
        (8.0, THUMBNAIL),
        (15.0, THUMBNAIL),
        (18.0, NOTHING),
    ]
    assert follow([(5.0, NOTHING), (1.0, THUMBNAIL)])[1][2] == THUMBNAIL, "back at once"


@settings(deadline=None)
@given(LIVES)
def test_never_less_than_is_needed(life: list[tuple[float, UplinkTarget]]) -> None:
    assert all(is_enough(target, need) for _, need, target in follow(life))


@settings(deadline=None)
@given(LIVES)
def test_less_is_not_asked_for_more_often_than_the_hold_time(
    life: list[tuple[float, UplinkTarget]],
) -> None:
    steps = follow(life)
    lowered = [now for (_, _, before), (now, _, target) in pairwise(steps) if not is_enough(target, before)]
    for earlier, later in pairwise(lowered):
        assert later - earlier >= PATIENCE.hold_s - 1e-9


@settings(deadline=None)
@given(LIVES)
def test_it_settles_on_what_is_needed(life: list[tuple[float, UplinkTarget]]) -> None:
    steps = follow(life)
    end, need, target = steps[-1]
    assert is_fitting(target, need)
    assert not is_wasteful(target, need)
    last = sum(pause for pause, _ in life[:-1])
    assert end - last <= 2 * PATIENCE.hold_s + PATIENCE.calm_s + 1e-9


@given(st.lists(st.dictionaries(st.sampled_from("abc"), NEEDS), max_size=20))
def test_only_seats_that_are_there_are_remembered(lives: list[dict[str, UplinkTarget]]) -> None:
    held: dict[str, Held] = {}
    for now, needs in enumerate(lives):
        held = settle(held, needs, now, PATIENCE)
        assert held.keys() == needs.keys()


# --- who watches, who is waited for -------------------------------------------------------------------


def test_snapshots_of_the_multiview_count_as_watching_for_ten_seconds() -> None:
    demand = Demand(0.0, DemandSettings())
    assert demand.watched((), 9.9) == {"multiview"}, "somebody may have polled before control restarted"
    assert demand.watched((), 10.0) == frozenset()
    demand.looked("wall", 20.0)
    assert demand.watched((), 20.0) == frozenset()
    demand.looked("multiview", 20.0)
    assert demand.watched({"wall"}, 29.9) == {"wall", "multiview"}
    assert demand.due_s(20.0) == 30.0, "its end comes by itself"
    assert demand.watched((), 30.0) == frozenset()
    assert demand.due_s(30.0) is None


def test_nothing_is_told_before_it_is_known_who_is_there() -> None:
    demand = Demand(0.0, DemandSettings(learn_s=3))
    assert not demand.known(2.9)
    assert demand.due_s(0.0) == 3.0
    assert demand.targets({"a": NOTHING}, 1.0) == {"a": NOTHING}
    assert demand.targets({"a": FULL}, 2.0) == {"a": FULL}
    assert demand.known(3.0)
    assert demand.targets({"a": THUMBNAIL}, 3.0) == {"a": THUMBNAIL}, "nothing is held of what wasn't told"


def test_a_seat_in_preview_is_waited_for_until_its_picture_is_there_or_five_seconds() -> None:
    demand = Demand(0.0, DemandSettings(learn_s=0, look_s=0))
    wanted = {"a": FULL, "b": FULL, "away": FULL, "portrait": target_for(640, 360)}
    small = {"a": (160, 90), "b": (160, 90), "portrait": (509, 905)}
    assert demand.waiting(wanted, small, 1.0) == ("a", "b")
    assert demand.due_s(1.0) == 6.0
    assert demand.waiting(wanted, small | {"a": (1280, 720)}, 3.0) == ("b",)
    assert demand.waiting(wanted, small | {"a": (1280, 720)}, 6.0) == (), "a camera may be small"
    assert demand.waiting({}, small, 7.0) == ()
    assert demand.waiting(wanted, small, 8.0) == ("a", "b"), "a new scene is waited for again"
    assert demand.waiting({"a": FULL}, {"a": (1200, 680)}, 8.1) == (), "nearly is enough"
    assert demand.waiting({"a": NOTHING}, {"a": (0, 0)}, 9.0) == ()
