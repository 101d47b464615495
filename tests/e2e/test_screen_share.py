"""A guest shares a screen from the real page, in a real Chromium: it arrives in full size, at the frame rate
that its place in the show is worth, and ends by either button."""

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page

from studio.planning.uplink import SCREEN, SCREEN_UNSEEN
from tests.support.browsers.chromium import chromium
from tests.support.running import RunningStudio, running_studio

pytestmark = [pytest.mark.e2e, pytest.mark.alone]

KEEP_TRACK = """const ask = navigator.mediaDevices.getDisplayMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getDisplayMedia = async (wanted) => {
  const stream = await ask(wanted);
  window.shared = stream.getVideoTracks()[0];
  return stream;
};"""


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[RunningStudio]:
    with running_studio(tmp_path / "data", light=False) as running:
        running.do("seat.create", seat="mayor-1", name="Mayor One")
        running.do("seat.admit", seat="mayor-1")
        places = [{"seat": "mayor-1", "screen": True}]
        canvases = {"program": {"layout": "solo", "places": places}}
        running.do("scene.create", scene="slides", canvases=canvases)
        yield running


async def screen_of(
    studio: RunningStudio, is_so: Callable[[dict[str, Any] | None], bool], what: str
) -> dict[str, Any] | None:
    """The status of the seat's screen, as soon as it is so."""
    deadline = time.monotonic() + 20
    while True:
        screen: dict[str, Any] | None = await asyncio.to_thread(studio.status, "seats", "mayor-1", "screen")
        if is_so(screen):
            return screen
        assert time.monotonic() < deadline, f"{what}: {screen}"
        await asyncio.sleep(0.1)


async def joined(page: Page, link: str) -> None:
    await page.add_init_script(KEEP_TRACK)
    await page.goto(link)
    await page.wait_for_selector("[data-action=join]:not([disabled])")
    await page.click("[data-action=join]")
    await page.wait_for_selector("[data-role=state][data-state=waiting]")


def full(screen: dict[str, Any] | None) -> bool:
    return screen is not None and (screen["width"], screen["height"]) == (1920, 1080)


def sends(screen: dict[str, Any] | None, least_fps: float, most_fps: float) -> bool:
    return screen is not None and full(screen) and least_fps <= screen["fps"] <= most_fps


async def test_a_screen_keeps_its_size_and_gives_up_frame_rate(studio: RunningStudio) -> None:
    invited = await asyncio.to_thread(studio.do, "seat.invite", seat="mayor-1")
    async with chromium() as browser:
        page = await browser.new_page(viewport={"width": 1280, "height": 720})
        await joined(page, invited["result"]["link"])
        share = page.locator("[data-action=share]")
        assert await share.get_attribute("aria-pressed") == "false"
        await share.click()
        await page.wait_for_selector("[data-role=sharing]")
        assert await share.get_attribute("aria-pressed") == "true"

        # nobody sees it: all its pixels, hardly any of its 30 pictures a second
        few = SCREEN_UNSEEN.fps
        seldom = await screen_of(studio, lambda s: sends(s, 0.5 * few, 2 * few), "unseen")
        await asyncio.to_thread(studio.do, "program.cut", scene="slides")
        await page.wait_for_selector("[data-role=state][data-state=on_air]")
        often = await screen_of(studio, lambda s: sends(s, 0.7 * SCREEN.fps, 1.3 * SCREEN.fps), "on air")
        print(f"unseen {seldom}, on air {often}")
        # the camera goes on beside it
        seat = await asyncio.to_thread(studio.status, "seats", "mayor-1")
        assert seat["width"] > 0
        assert seat["problem"] == ""

        await share.click()
        await page.wait_for_selector("[data-role=sharing]", state="detached")
        await screen_of(studio, lambda s: s is None, "ended by the page's button")

        await share.click()
        await screen_of(studio, full, "shared again")
        # the browser's own button ends the track, and the page only hears of it
        await page.evaluate("shared.stop(), shared.dispatchEvent(new Event('ended'))")
        await page.wait_for_selector("[data-role=sharing]", state="detached")
        assert await share.get_attribute("aria-pressed") == "false"
        await screen_of(studio, lambda s: s is None, "ended by the browser's button")
