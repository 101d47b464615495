"""The guest's page, the wall and the plain pages of one studio: no violation that axe-core finds, none of
the security policy; the token leaves each address; a seat is taken over and withdrawn in plain words.

The console is looked at in ``test_console_desk``, the interpreter's page in ``test_booth``."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import BrowserContext

from tests.support.browsers.chromium import chromium
from tests.support.browsers.pages import complaints, guest, violations
from tests.support.running import RunningStudio, running_studio

pytestmark = [pytest.mark.e2e, pytest.mark.alone]


async def the_token_leaves_the_address(context: BrowserContext, links: list[str]) -> None:
    for link in links:
        page = await context.new_page()
        await page.goto(link)
        token = link.replace("token=", "/").rpartition("/")[2]
        assert token not in page.url
        assert token not in await page.evaluate("JSON.stringify([document.referrer, location.href])")
        await page.close()


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[RunningStudio]:
    with running_studio(tmp_path / "data") as running:
        running.do("scene.create", scene="plenary", title="Plenary")
        yield running


@pytest.fixture
def links(studio: RunningStudio) -> dict[str, str]:
    made = {
        "mayor": studio.invite("mayor-1", name="김하늘", title="시장", language="ko"),
        "anyone": studio.invite("anyone", name="Anyone"),
        "revoked": studio.invite("revoked", name="Revoked"),
        "wall": studio.invite("wall-1", name="Wall", role="wall"),
        "booth": studio.invite("booth", name="Booth", role="interpreter"),
        "console": f"{studio.url}/console?token={studio.token}",
    }
    studio.do("seat.revoke", seat="revoked")
    return made


async def test_the_guests_page_the_wall_and_the_plain_pages(
    studio: RunningStudio, links: dict[str, str]
) -> None:
    async def do(type_: str, **fields: Any) -> None:
        await asyncio.to_thread(studio.do, type_, **fields)

    async with chromium() as browser:
        page, said = await guest(browser, links["mayor"])
        assert await page.get_attribute("html", "lang") == "ko"
        assert said == []
        assert await violations(page) == []
        said.clear()
        await page.click("[data-action=join]")
        await page.wait_for_selector("[data-role=state][data-state=waiting]")
        await do("seat.admit", seat="mayor-1")
        await do("program.cut", scene="plenary")
        await page.wait_for_selector("[data-role=state][data-state=on_air]")
        assert said == []
        assert await violations(page) == []
        await page.click("[data-action=share]")
        await page.wait_for_selector("[data-role=sharing]")
        assert await violations(page) == []
        # A reload returns to the seat without a press.
        await page.reload()
        await page.wait_for_selector("[data-role=state][data-state=on_air]")

        # The same link elsewhere: asked first, and then the first one is told.
        other, _ = await guest(browser, links["mayor"])
        await other.click("[data-action=join]")
        await other.wait_for_selector("[data-action=takeover]")
        assert await violations(other) == []
        await other.click("[data-action=takeover]")
        await other.wait_for_selector("[data-role=state][data-state=on_air]")
        await page.wait_for_selector("[data-action=takeover]")
        await do("seat.remove", seat="mayor-1")
        await other.wait_for_selector("[data-role=blocked]")
        assert "ask the studio for a new one" in await other.inner_text("main")
        assert await violations(other) == []

        # An invite without a language: the browser's, until the guest chooses another.
        anyone, _ = await guest(browser, links["anyone"])
        assert await anyone.get_attribute("html", "lang") == "en"
        await anyone.click("[data-action=page-language]")
        await anyone.wait_for_selector("html[lang=ko]")
        assert await anyone.inner_text("[data-action=join]") == "참가하기"
        await anyone.reload()
        await anyone.wait_for_selector("html[lang=ko]")
        await anyone.click("[data-action=join]")
        await anyone.wait_for_selector("[data-role=state][data-state=waiting]")
        assert "스튜디오에서는" in await anyone.inner_text(".lamp-text")
        assert await violations(anyone) == []
        await anyone.close()

        screen = await browser.new_page(viewport={"width": 1280, "height": 360})
        said = complaints(screen)
        await screen.goto(links["wall"])
        await screen.wait_for_selector("body[data-link=connected]")
        assert said == []
        assert await violations(screen) == []
        await the_token_leaves_the_address(
            page.context, [links[name] for name in ("wall", "console", "booth")]
        )
        plain = await browser.new_page()
        for path in (links["revoked"], f"{studio.url}/join/no-such-token"):
            await plain.goto(path)
            await plain.wait_for_selector("[data-role=problem]")
            assert await violations(plain) == []
        await plain.goto(links["revoked"])
        assert await plain.get_attribute("[data-role=problem]", "data-code") == "link.revoked"
        assert "ask the person who invited you" in await plain.inner_text("main")
