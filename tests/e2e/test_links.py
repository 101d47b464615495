"""Links in real Chromium: the token leaves the address, a seat is taken over and withdrawn in plain words."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.browsers import chromium
from tests.running import RunningStudio, running_studio

pytestmark = pytest.mark.e2e

WAIT_MS = 15_000


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[RunningStudio]:
    with running_studio(tmp_path / "data") as running:
        yield running


@pytest.fixture
def links(studio: RunningStudio) -> dict[str, str]:
    made = {seat: studio.invite(seat, name=seat.title()) for seat in ("mayor", "revoked")}
    made["wall"] = studio.invite("led", name="LED", role="wall")
    made["console"] = f"{studio.url}/console?token={studio.token}"
    made["booth"] = studio.invite("booth", name="Booth", role="interpreter")
    studio.do("seat.revoke", seat="revoked")
    return made


async def test_links_in_a_browser(studio: RunningStudio, links: dict[str, str]) -> None:
    async with chromium() as browser:
        first = await browser.new_context()
        await first.grant_permissions(["camera", "microphone"])
        for name in ("mayor", "wall", "console", "booth"):
            page = await first.new_page()
            await page.goto(links[name])
            token = links[name].replace("token=", "/").rpartition("/")[2]
            assert token not in page.url
            assert token not in await page.evaluate("JSON.stringify([document.referrer, location.href])")
            await page.close()
        page = await first.new_page()
        await page.goto(links["revoked"])
        assert await page.get_attribute("[data-role=problem]", "data-code") == "link.revoked"
        assert "ask the person who invited you" in await page.inner_text("main")

        await page.goto(links["mayor"])
        await page.click("[data-action=join]:not([disabled])", timeout=WAIT_MS)
        await page.wait_for_selector("[data-action=leave]", timeout=WAIT_MS)
        second = await browser.new_context()
        await second.grant_permissions(["camera", "microphone"])
        other = await second.new_page()
        await other.goto(links["mayor"])
        await other.click("[data-action=join]:not([disabled])", timeout=WAIT_MS)
        await other.click("[data-action=takeover]", timeout=WAIT_MS)
        await other.wait_for_selector("[data-action=leave]", timeout=WAIT_MS)
        await page.wait_for_selector("[data-action=takeover]", timeout=WAIT_MS)

        await asyncio.to_thread(studio.do, "seat.remove", seat="mayor")
        await other.wait_for_selector("[data-role=blocked]", timeout=WAIT_MS)
        assert "ask the studio for a new one" in await other.inner_text("main")
