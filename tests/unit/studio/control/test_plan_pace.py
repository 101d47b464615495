"""Plans are sent once a tick, but for those that change what is on air."""

import asyncio
from typing import Any

from studio.control.plan_pace import PlanPace
from studio.planning.planner import Live, Plans, plan
from studio.show.model import Show
from tests.support.shows import PLAN_SETTINGS, after, with_mayors, with_scene

PERIOD_S = 0.05


class Sent:
    def __init__(self) -> None:
        self.plans: list[tuple[int, int]] = []
        """Revision and when it was asked for."""

        self.takes: list[int] = []

    def __call__(self, plans: Plans, show: Show, issued_ns: int, ordinary: bool) -> None:
        self.plans.append((plans.mix.revision, issued_ns))
        if not ordinary:
            self.takes.append(plans.mix.revision)


async def test_of_many_plans_the_first_and_the_newest_are_sent() -> None:
    show, sent = with_mayors(1), Sent()
    plans = [plan(show, Live(), PLAN_SETTINGS, revision) for revision in range(1, 101)]
    pace = PlanPace(sent, PERIOD_S)
    for made in plans:
        pace(made, show, 1000 + made.mix.revision)
    assert sent.plans == [(1, 1001)]
    async with asyncio.timeout(5):
        while len(sent.plans) < 2:
            await asyncio.sleep(0.005)
    assert sent.plans == [(1, 1001), (100, 1002)], "counted from the first that waited"
    await asyncio.sleep(2 * PERIOD_S)
    assert len(sent.plans) == 2
    pace.close()


async def test_a_cut_the_slate_and_black_wait_for_nothing() -> None:
    show, sent = with_scene(with_mayors(1), "talk", "grid"), Sent()
    pace = PlanPace(sent, period_s=60)
    pace(plan(show, Live(), PLAN_SETTINGS, 1), show, 1)
    pace(plan(show, Live(), PLAN_SETTINGS, 2), show, 2)
    assert [revision for revision, _ in sent.plans] == [1]
    steps: tuple[tuple[str, dict[str, Any]], ...] = (
        ("program.cut", {"scene": "talk"}),
        ("program.slate", {"on": True}),
        ("program.fade_to_black", {"on": True}),
    )
    for revision, (type_, fields) in enumerate(steps, 3):
        show = after(show, type_, **fields)
        pace(plan(show, Live(), PLAN_SETTINGS, revision), show, revision)
        assert sent.plans[-1][0] == revision
    assert sent.takes == [1, 3, 4, 5], "all that was sent"
    pace.close()


async def test_nothing_is_sent_after_the_end() -> None:
    show, sent = with_mayors(1), Sent()
    pace = PlanPace(sent, PERIOD_S)
    for revision in (1, 2):
        pace(plan(show, Live(), PLAN_SETTINGS, revision), show, revision)
    pace.close()
    await asyncio.sleep(2 * PERIOD_S)
    assert len(sent.plans) == 1


async def test_an_output_that_starts_waits_for_no_tick() -> None:
    show = after(with_mayors(1), "output.create", output="vod", recording=True, buses=["floor"])
    sent = Sent()
    pace = PlanPace(sent, period_s=60)
    pace(plan(show, Live(), PLAN_SETTINGS, 1), show, 1)
    pace(plan(after(show, "output.start", output="vod"), Live(), PLAN_SETTINGS, 2), show, 2)
    assert [revision for revision, _ in sent.plans] == [1, 2], "or its recording would begin late"
    pace.close()
