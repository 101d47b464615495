"""Tiles that glide: who comes from where, exact at both ends, never beside even pixels, never on a cut."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from mixer.compose.motion import Glide, between, eased
from mixer.contract.names import SourceName, of_seat
from mixer.contract.plan import CanvasPlan, Plate, Rect, Tile
from studio.planning.layout import solve

W, H = 640, 360
MS = 1_000_000
TICK = 40 * MS
KNOWN = {of_seat(name) for name in "abcdef"}


def plan(names: str, scene: str = "one", glide_ms: int = 400, plate: Plate | None = None) -> CanvasPlan:
    rects = solve("grid", len(names), W, H)
    tiles = tuple(Tile(rect, of_seat(n), plate=plate) for rect, n in zip(rects, names, strict=True))
    return CanvasPlan(W, H, tiles, scene=scene, glide_ms=glide_ms)


def where(canvas: CanvasPlan, name: str) -> Rect:
    return next(tile.rect for tile in canvas.tiles if tile.source == f"seat/{name}")


even = st.integers(0, 500).map(lambda n: 2 * n)
rects = st.builds(Rect, even, even, even.map(lambda n: n + 2), even.map(lambda n: n + 2))


@given(rects, rects, st.floats(0, 1))
def test_between_is_even_and_never_empty_or_beyond(one: Rect, other: Rect, share: float) -> None:
    rect = between(one, other, share)
    assert not any(number % 2 for number in (rect.x, rect.y, rect.w, rect.h))
    assert rect.w >= 2
    assert rect.h >= 2
    assert min(one.x, other.x) <= rect.x
    assert rect.x + rect.w <= max(one.x + one.w, other.x + other.w)
    assert min(one.y, other.y) <= rect.y
    assert rect.y + rect.h <= max(one.y + one.h, other.y + other.h)
    assert between(one, other, 0) == one
    assert between(one, other, 1) == other


def test_it_slows_down_on_its_way() -> None:
    assert (eased(0), eased(1)) == (0, 1)
    steps = [eased((n + 1) / 10) - eased(n / 10) for n in range(10)]
    assert steps == sorted(steps, reverse=True)


def test_who_stays_glides_and_who_joins_grows_and_all_arrive() -> None:
    glide, two, three = Glide(), plan("ab"), plan("abc")
    assert glide.at(two, 0, KNOWN).plan is two
    seen = [glide.at(three, TICK * n, KNOWN) for n in range(1, 13)]
    widths = [where(shot.plan, "c").w for shot in seen]
    assert widths == sorted(widths)
    assert widths[0] < where(three, "c").w / 2
    middle = where(three, "c")
    for shot in seen:
        rect = where(shot.plan, "c")
        assert abs(rect.x + rect.w / 2 - middle.x - middle.w / 2) <= 2
    heights = [where(shot.plan, "a").h for shot in seen]
    assert heights == sorted(heights, reverse=where(two, "a").h > where(three, "a").h)
    assert [shot.plan is three for shot in seen] == [False] * 9 + [True] * 3, "400 ms, then the plan itself"
    assert glide.at(three, TICK * 13, KNOWN) is seen[-1], "and nothing is done any more"


def test_plates_are_those_of_the_place_it_goes_to() -> None:
    glide, two, three = Glide(), plan("ab"), plan("abc")
    glide.at(two, 0, KNOWN)
    shot = glide.at(three, TICK, KNOWN)
    sizes = {tile.source: size for tile, size in zip(shot.plan.tiles, shot.designs, strict=True)}
    assert sizes[of_seat("a")] == (where(three, "a").w, where(three, "a").h)


def test_who_leaves_shrinks_without_his_plate_unless_nobody_knows_him() -> None:
    plate = Plate("A")
    for known, there in ((KNOWN, True), (KNOWN - {"seat/c"}, False)):
        glide, two, three = Glide(), plan("ab", plate=plate), plan("abc", plate=plate)
        glide.at(three, 0, known)
        shot = glide.at(two, TICK, known)
        leavers = [tile for tile in shot.plan.tiles if tile.source == "seat/c"]
        assert [tile.plate for tile in leavers] == [None] * there
        assert glide.at(two, 11 * TICK, known).plan is two


def test_a_change_on_the_way_begins_where_the_tiles_are() -> None:
    glide, two, three, four = Glide(), plan("ab"), plan("abc"), plan("abcd")
    glide.at(two, 0, KNOWN)
    for n in range(1, 4):
        shot = glide.at(three, n * TICK, KNOWN)
    before = {tile.source: tile.rect for tile in shot.plan.tiles}
    after = {tile.source: tile.rect for tile in glide.at(four, 3 * TICK, KNOWN).plan.tiles}
    assert all(after[source] == rect for source, rect in before.items())
    back = glide.at(two, 3 * TICK, KNOWN).plan
    assert where(back, "c") == before[of_seat("c")], "who leaves while coming does so from there"


def test_a_new_plate_does_not_begin_it_anew() -> None:
    glide, two, three = Glide(), plan("ab"), plan("abc")
    other = plan("abc", plate=Plate("B"))
    still = Glide()
    for each in (glide, still):
        each.at(two, 0, KNOWN)
        each.at(three, TICK, KNOWN)
    one, two_ = still.at(three, 3 * TICK, KNOWN), glide.at(other, 3 * TICK, KNOWN)
    assert [tile.rect for tile in one.plan.tiles] == [tile.rect for tile in two_.plan.tiles]
    assert [tile.plate for tile in two_.plan.tiles] == [Plate("B")] * 3


def test_nothing_glides_on_a_cut_in_another_size_without_time_or_after_a_pause() -> None:
    small = CanvasPlan(320, 180, plan("ab").tiles, scene="one", glide_ms=400)
    for new, late in ((plan("abc", "two"), 1), (small, 1), (plan("abc", glide_ms=0), 1), (plan("abc"), 60)):
        glide = Glide()
        glide.at(plan("ab"), 0, KNOWN)
        assert glide.at(new, late * TICK, KNOWN).plan is new


def test_who_takes_anothers_place_or_the_whole_canvas_is_there_at_once() -> None:
    glide, before, after = Glide(), plan("ab"), plan("ac")
    glide.at(before, 0, KNOWN)
    shot = glide.at(after, TICK, KNOWN)
    assert [(tile.source, tile.rect) for tile in shot.plan.tiles] == [
        (tile.source, tile.rect) for tile in after.tiles
    ]
    whole = Tile(Rect(0, 0, W, H), of_seat("f"))
    backed = replace(plan("ab"), tiles=(whole, *plan("ab").tiles[:1]))
    glide = Glide()
    glide.at(plan("abc"), 0, KNOWN)
    shot = glide.at(backed, TICK, KNOWN)
    assert shot.plan.tiles[0] == whole
    assert [tile.source[-1] for tile in shot.plan.tiles] == ["f", "b", "c", "a"], "over it, under who stays"


def test_two_tiles_of_one_source_are_told_apart() -> None:
    one, two = Rect(0, 0, 200, 100), Rect(300, 200, 200, 100)
    glide = Glide()
    glide.at(
        CanvasPlan(W, H, (Tile(one, SourceName("a")), Tile(two, SourceName("a"))), scene="s", glide_ms=400),
        0,
        KNOWN,
    )
    third = Rect(300, 0, 200, 100)
    after = CanvasPlan(
        W, H, (Tile(one, SourceName("a")), Tile(third, SourceName("a"))), scene="s", glide_ms=400
    )
    shot = glide.at(after, TICK, KNOWN)
    assert shot.plan.tiles[0].rect == one
    assert 0 < shot.plan.tiles[1].rect.y < 200
