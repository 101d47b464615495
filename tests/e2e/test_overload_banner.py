"""The console says in plain words what the mixer leaves out and why, and stops saying it."""

from pathlib import Path

import pytest
from playwright.async_api import expect

from mixer.contract.messages import Load, MixerReport
from mixer.contract.names import MIXER
from tests.support.browsers.chromium import chromium
from tests.support.browsers.pages import complaints, violations
from tests.support.house import DIRECTOR, house

pytestmark = [pytest.mark.e2e, pytest.mark.alone]

REASON = "7 ticks came late within 2 s, and encoding a programme picture took 31 of 33 ms."


def report(load: Load) -> MixerReport:
    return MixerReport(90, 91, 7, -1, {}, {}, {}, {}, load=load)


async def test_the_console_says_why_the_picture_is_coarser(tmp_path: Path) -> None:
    async with house(tmp_path) as studio, chromium() as browser:
        console = await browser.new_page(viewport={"width": 1280, "height": 720})
        said = complaints(console)
        await console.goto(f"{studio.url}/console?token={DIRECTOR}")
        banner = console.locator("[data-role=overload][role=status]")
        await expect(banner).to_have_text("")
        for step, code, what in (
            (1, "overload.preset", "encoded with less effort"),
            (2, "overload.wall-rate", "wall, multiview and return pictures run at half the frame rate"),
            (3, "overload.program-rate", "the programme, too, runs at half the frame rate"),
        ):
            studio.show.handle(MIXER, report(Load(step, code, REASON)))
            await expect(banner).to_contain_text(what)
            await expect(banner).to_contain_text(REASON)
            await expect(banner).to_have_attribute("data-step", str(step))
            await expect(banner).to_be_in_viewport()
        assert said == []  # before axe, whose own styles the page's policy refuses
        assert await violations(console) == []
        studio.show.handle(MIXER, report(Load()))
        await expect(banner).to_have_text("")
