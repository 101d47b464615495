"""The console says in words whose picture the preview still waits for; CUT is never held up by it."""

from pathlib import Path

import pytest
from playwright.async_api import expect

from mixer.contract.names import shard_name
from signaling.contract.messages import PeerStats, ShardReport
from studio.planning.demand import DemandSettings
from tests.support.browsers.chromium import chromium
from tests.support.house import DIRECTOR, SDP, house

pytestmark = [pytest.mark.e2e, pytest.mark.alone]


async def test_the_console_says_whose_picture_is_on_its_way(tmp_path: Path) -> None:
    async with (
        house(tmp_path, demand=DemandSettings(learn_s=0, arrive_s=60)) as studio,
        chromium() as browser,
    ):
        for seat in ("one", "two"):
            await studio.invite(seat)
            await studio.do("seat.admit", seat=seat)
            await studio.router.open("guest", seat, "tab", SDP, takeover=False)
        await studio.do("scene.create", scene="both", canvases={"program": {"layout": "duo"}})
        console = await browser.new_page()
        await console.goto(f"{studio.url}/console?token={DIRECTOR}")
        hint, cut = console.locator("[data-role=preview-ready]"), console.locator("[data-action=cut]")
        await expect(hint).to_have_text("")
        await expect(cut).to_be_disabled()

        await console.click("[data-action=preview][data-scene=both]")
        await expect(hint).to_have_text("Getting sharp: one, two")
        await expect(hint).to_have_attribute("data-ready", "false")
        await expect(cut).to_have_attribute("title", "Cuts at once (Space). Getting sharp: one, two")
        await expect(cut).to_be_enabled()

        sizes = (PeerStats("p1", "one", 1102, 620), PeerStats("p2", "two", 160, 90))
        studio.show.handle(shard_name(0), ShardReport(sizes))
        await expect(hint).to_have_text("Getting sharp: two")
        studio.show.handle(shard_name(0), ShardReport((sizes[0], PeerStats("p2", "two", 1102, 620))))
        await expect(hint).to_have_text("Ready")
        await expect(hint).to_have_attribute("data-ready", "true")

        studio.show.handle(shard_name(0), ShardReport(sizes))
        await expect(hint).to_have_text("Getting sharp: two")
        await cut.click()
        await expect(console.locator("[data-role=program][data-scene=both]")).to_be_visible()
