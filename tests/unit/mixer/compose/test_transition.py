"""Mix, wipe, push, dip: exact at both ends, right in between; how far and how black it is at an instant."""

from itertools import product
from typing import get_args

import numpy as np
import pytest

from mixer.compose.transition import blackness, blend, dim, languages, progress
from mixer.contract.picture import Picture, new_picture
from mixer.contract.plan import CanvasPlan, Direction, Fade, MixPlan, Transition, TransitionKind

W, H = 64, 48
KINDS: tuple[TransitionKind, ...] = get_args(TransitionKind)
WAYS: tuple[Direction, ...] = get_args(Direction)


def noise(seed: int) -> Picture:
    rng = np.random.default_rng(seed)
    picture = new_picture(W, H)
    for plane in picture:
        plane[:] = rng.integers(16, 236, plane.shape, np.uint8)
    return picture


BEFORE, AFTER = noise(1), noise(2)


def at(t: float, how: Transition, before: Picture = BEFORE, after: Picture = AFTER) -> Picture:
    into = new_picture(W, H, (1, 2, 3))
    blend(before, after, how, t, into)
    return into


def same(one: Picture, other: Picture) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize(("kind", "way"), list(product(KINDS, WAYS)))
def test_both_ends_are_the_pictures_themselves(kind: TransitionKind, way: Direction) -> None:
    how = Transition(kind, direction=way, colour="#804020")
    assert same(at(0.0, how), BEFORE)
    assert same(at(1.0, how), AFTER)
    for t in (0.001, 0.3, 0.999):
        assert at(t, how).y.min() >= 15, "every sample is drawn"


@pytest.mark.parametrize("t", [0.25, 0.5, 0.75])
def test_a_mix_is_the_mean_by_its_share(t: float) -> None:
    for before, after, plane in zip(BEFORE, AFTER, at(t, Transition("mix")), strict=True):
        wanted = before.astype(np.float64) * (1 - t) + after * t
        assert np.abs(plane - wanted).max() <= 0.51


def test_what_is_the_same_in_both_scenes_does_not_flicker() -> None:
    for t in np.linspace(0, 1, 41):
        assert same(at(float(t), Transition("mix"), BEFORE, BEFORE), BEFORE)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("t", [0.2, 0.5, 0.9])
def test_a_wipe_has_one_straight_edge_that_goes_its_way(way: Direction, t: float) -> None:
    old, new = new_picture(W, H, (50, 60, 70)), new_picture(W, H, (200, 190, 180))
    made = at(t, Transition("wipe", direction=way), old, new)
    for index, plane in enumerate(made):
        along = plane if way in ("left", "right") else plane.T
        along = along if way in ("right", "down") else along[:, ::-1]
        assert (along == along[0]).all(), "straight"
        line = along[0].astype(int)
        step = np.diff(line)
        before, after = old[index][0, 0], new[index][0, 0]
        assert (step <= 0).all() if after > before else (step >= 0).all(), "new behind the edge"
        share = np.abs(line - int(before)).sum() / abs(int(after) - int(before)) / len(line)
        assert share == pytest.approx(t, abs=0.06)
        mixed = ((line != before) & (line != after)).sum()
        assert mixed <= len(line) / 12, "a soft edge, not a mix"


@pytest.mark.parametrize("way", WAYS)
def test_a_push_moves_both_by_even_pixels(way: Direction) -> None:
    made = at(0.3, Transition("push", direction=way))
    axis, length = (1, W) if way in ("left", "right") else (0, H)
    step = round(0.3 * length / 2) * 2
    for index, plane in enumerate(made):
        moved = step if index == 0 else step // 2
        pair = (AFTER[index], BEFORE[index]) if way in ("right", "down") else (BEFORE[index], AFTER[index])
        both = np.concatenate(pair, axis)
        end = plane.shape[axis]
        start = end - moved if way in ("right", "down") else moved
        np.testing.assert_array_equal(plane, np.take(both, range(start, start + end), axis))


def test_a_dip_is_all_colour_half_way() -> None:
    how = Transition("dip", colour="#ff0000")
    middle = at(0.5, how)
    assert {int(plane.min()) for plane in middle} == {int(plane.max()) for plane in middle} == {63, 102, 240}
    before, after = at(0.2, how), at(0.8, how)
    assert np.corrcoef(before.y.ravel(), BEFORE.y.ravel())[0, 1] > 0.99
    assert np.corrcoef(after.y.ravel(), AFTER.y.ravel())[0, 1] > 0.99


def test_it_goes_by_the_time_of_the_tick_or_by_hand() -> None:
    timed = Transition("mix", start_ns=1000, duration_ns=500)
    assert [progress(timed, now) for now in (0, 1000, 1125, 1500, 9999)] == [0, 0, 0.25, 1, 1]
    assert progress(Transition("mix", start_ns=1000), 1000) == 1.0
    assert progress(Transition("mix", 1000, 500, position=0.3), 99999) == 0.3
    assert progress(Transition("mix", position=7.0), 0) == 1.0
    assert progress(None, 0) == 1.0


def test_black_comes_and_goes_in_its_time() -> None:
    fade = Fade(1000, 500)
    assert [blackness(True, fade, now) for now in (900, 1000, 1250, 1500, 9999)] == [0, 0, 0.5, 1, 1]
    assert [blackness(False, fade, now) for now in (900, 1000, 1250, 1500, 9999)] == [1, 1, 0.5, 0, 0]
    assert (blackness(True, Fade(), 5), blackness(False, Fade(), 5)) == (1.0, 0.0)


def test_dimming_is_exact_at_its_end_and_goes_in_place() -> None:
    picture = noise(3)
    dim(picture, 0.5, picture)
    assert np.abs(picture.y - (noise(3).y / 2 + 8)).max() <= 0.51
    assert np.abs(picture.u - (noise(3).u / 2 + 64)).max() <= 0.51
    dim(picture, 1.0, picture)
    assert same(picture, new_picture(W, H))


def test_languages_differ_while_either_scene_does() -> None:
    canvas = CanvasPlan(W, H)
    plan = MixPlan(
        1,
        {"program": canvas},
        transition=Transition("mix", 1000, 500),
        languages={"ko": canvas},
        leaving_languages={"fr": canvas},
    )
    assert languages(plan, 1000) == {"fr"}
    assert languages(plan, 1200) == {"ko", "fr"}
    assert languages(plan, 1500) == {"ko"}
