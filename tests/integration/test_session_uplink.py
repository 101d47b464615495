"""The real session: what browsers are asked for changes with the show, with who watches, and with time."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mixer.contract.names import of_seat, shard_name
from signaling.contract.messages import PeerStats, ShardReport, UplinkTarget
from studio.lab.harness.waiting import until
from studio.planning.demand import DemandSettings
from studio.planning.hysteresis import Patience
from studio.planning.uplink import NOTHING, THUMBNAIL, target_for
from tests.integration.test_session import House
from tests.support.house import bearer, house
from tests.support.merging import as_json

pytestmark = pytest.mark.alone

HOLD_S, LOOK_S, ARRIVE_S = 0.3, 0.4, 0.5
QUICK = DemandSettings(learn_s=0, look_s=LOOK_S, arrive_s=ARRIVE_S, patience=Patience(HOLD_S, calm_s=1.0))
FULL = target_for(1280, 720)


@contextlib.asynccontextmanager
async def opened(path: Path, demand: DemandSettings = QUICK) -> AsyncIterator[House]:
    """Two mayors on stage, each with a scene of their own."""
    made = await House(path / "show.db").open(demand)
    for seat in ("one", "two"):
        await made.do("seat.create", seat=seat)
        await made.do("seat.admit", seat=seat)
        canvases = {"program": {"layout": "solo", "places": [{"seat": seat}]}}
        await made.do("scene.create", scene=seat, canvases=canvases)
    try:
        yield made
    finally:
        await made.session.close()


@pytest.fixture
async def show(tmp_path: Path) -> AsyncIterator[House]:
    async with opened(tmp_path) as made:
        yield made


def told(show: House, seat: str) -> list[UplinkTarget]:
    """What was published of a seat, without repetitions, oldest first."""
    every = [plans.uplink[seat] for plans, _ in show.plans if seat in plans.uplink]
    return [each for index, each in enumerate(every) if index == 0 or each != every[index - 1]]


def asked(show: House, seat: str) -> bool:
    """Whether the newest plan that was published says that its picture is wanted."""
    return show.plans[-1][0].mix.sources[of_seat(seat)].asked


def known(show: House) -> bool:
    return any(plans.known for plans, _ in show.plans)


async def test_less_is_asked_for_by_itself_once_it_lasted(show: House) -> None:
    show.session.set_peers({"one": "connected", "two": "connected"}, {"multiview"})
    await show.do("program.cut", scene="one")
    assert show.session.plans.uplink == {"one": FULL, "two": THUMBNAIL}
    began = time.monotonic()
    await show.do("program.cut", scene="two")
    assert show.session.plans.uplink == {"one": FULL, "two": FULL}, "more at once, less not yet"
    # no command and no message comes: the session's own timer
    await until(lambda: show.session.plans.uplink["one"] == THUMBNAIL)
    assert HOLD_S <= time.monotonic() - began < HOLD_S + 1
    assert show.plans[-1][0].uplink == {"one": THUMBNAIL, "two": FULL}, "it is published"
    await show.until(lambda state: state["status"]["seats"]["one"]["uplink"]["fps"] == THUMBNAIL.fps)


async def test_cutting_back_and_forth_asks_nothing_anew(show: House) -> None:
    show.session.set_peers({"one": "connected", "two": "connected"}, {"multiview"})
    for scene in ("one", "two") * 6:
        await show.do("program.cut", scene=scene)
    assert FULL in told(show, "one")
    assert told(show, "one")[-1] == told(show, "two")[-1] == FULL
    assert len(told(show, "one")) <= 2
    assert len(told(show, "two")) <= 2


async def test_nothing_is_sent_where_nobody_watches_and_its_absence_is_no_fault(show: House) -> None:
    peers = {"one": "connected", "two": "connected"}
    await show.do("program.cut", scene="one")
    show.session.set_peers(peers, {"multiview"})  # type: ignore[arg-type]
    assert asked(show, "two")
    show.session.set_peers(peers, ())  # type: ignore[arg-type]
    await until(lambda: show.session.plans.uplink["two"] == NOTHING)
    assert not asked(show, "two")
    assert asked(show, "one")
    show.session.looked("multiview")
    assert show.session.plans.uplink["two"] == THUMBNAIL, "at once"
    assert asked(show, "two")
    looked = time.monotonic()
    await until(lambda: show.session.plans.uplink["two"] == NOTHING)
    assert time.monotonic() - looked >= LOOK_S + HOLD_S


async def test_polling_for_the_multiviews_picture_is_watching_it(tmp_path: Path) -> None:
    async with house(tmp_path, demand=QUICK) as studio:
        await studio.invite("waiting")
        viewer = await studio.invite("eyes", "viewer")
        await until(lambda: studio.show.plans.uplink["waiting"] == NOTHING)

        async def look(canvas: str) -> None:
            url = f"{studio.url}/api/v1/canvases/{canvas}.jpg"
            async with studio.http.get(url, headers=bearer(viewer)) as answer:
                assert answer.status == 200

        await look("program")
        assert studio.show.plans.uplink["waiting"] == NOTHING
        await look("multiview")
        assert studio.show.plans.uplink["waiting"] == THUMBNAIL
        await until(lambda: studio.show.plans.uplink["waiting"] == NOTHING)


async def test_one_timer_however_often_somebody_looks(show: House) -> None:
    loop = asyncio.get_running_loop()
    pending = len(loop._scheduled)  # type: ignore[attr-defined]
    for _ in range(200):
        show.session.looked("multiview")
        show.session.set_peers({}, {"multiview"})
        show.session.set_peers({}, ())
    alive = [handle for handle in loop._scheduled if not handle.cancelled()]  # type: ignore[attr-defined]
    assert len(alive) <= pending + 1


async def test_a_control_that_is_back_takes_nothing_from_anybody(tmp_path: Path) -> None:
    async with opened(tmp_path) as before:
        await before.do("program.cut", scene="one")
    learning = DemandSettings(learn_s=0.4, look_s=LOOK_S, patience=Patience(HOLD_S, calm_s=1.0))
    again = await House(tmp_path / "show.db").open(learning)
    try:
        # It knows of nobody: of the wall's page, of the multiview's, of no guest.
        again.session.set_peers({"two": "connected"}, ())
        again.session.set_peers({"two": "connected"}, {"multiview"})
        assert not known(again)
        assert "uplink" not in as_json(again.session.public_state())["status"]["seats"]["two"]
        assert not asked(again, "two"), "it may have been told to send nothing"
        assert asked(again, "one")
        await until(lambda: known(again))
        assert all(plans.uplink["two"] == THUMBNAIL for plans, _ in again.plans if plans.known)
        assert again.plans[-1][0].uplink == {"one": FULL, "two": THUMBNAIL}, "every speaker is named"
        assert asked(again, "two")
        await again.until(lambda state: "uplink" in state["status"]["seats"]["two"])
    finally:
        await again.session.close()


async def test_the_preview_says_whose_picture_is_still_on_its_way(tmp_path: Path) -> None:
    # Time enough to see the mayor waited for on a busy machine, too.
    patient = DemandSettings(learn_s=0, look_s=LOOK_S, arrive_s=3.0, patience=QUICK.patience)
    async with opened(tmp_path, patient) as show:
        await arriving(show)


async def arriving(show: House) -> None:
    def ready(of: object) -> dict[str, object]:
        return of["status"]["preview"]  # type: ignore[index,no-any-return]

    def arrives(*sizes: tuple[str, int, int]) -> None:
        stats = tuple(PeerStats(seat, seat, width, height) for seat, width, height in sizes)
        show.session.handle(shard_name(0), ShardReport(stats))

    show.session.set_peers({"one": "connected", "two": "connected"}, {"multiview"})
    arrives(("one", 160, 90), ("two", 160, 90))
    assert ready(show.mirror) == {"ready": True, "waiting": []}, "nothing is in preview"
    canvases = {"program": {"layout": "duo", "places": [{"seat": "one"}, {"seat": "two"}]}}
    await show.do("scene.create", scene="both", canvases=canvases)
    await show.do("preview.set", scene="both")
    assert ready(show.mirror) == {"ready": False, "waiting": ["one", "two"]}
    assert show.session.plans.uplink["one"] == show.session.plans.uplink["two"] == target_for(930, 620)
    arrives(("one", 1102, 620))
    await show.until(lambda state: ready(state)["waiting"] == ["two"])
    # nothing more comes: a camera may be small, and nobody waits for ever
    await show.until(lambda state: bool(ready(state)["ready"]))
    await show.do("program.cut")
    assert as_json(show.session.public_state())["program"] == "both"


async def test_a_cut_is_not_held_up_by_what_is_missing(show: House) -> None:
    show.session.set_peers({"one": "connected"}, ())
    await show.do("preview.set", scene="one")
    assert show.mirror["status"]["preview"]["waiting"] == ["one"]
    await show.do("program.cut")
    assert show.mirror["program"] == "one"
    assert show.session.plans.uplink["one"] == FULL
