"""Every page of a real running studio: no violation that axe-core finds, none of the security policy."""

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from playwright.async_api import Browser, Page

from tests.e2e.browsers import chromium

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).resolve().parents[2]
AXE = (ROOT / "node_modules/axe-core/axe.min.js").read_text("utf-8")
READY_S = 30
CONNECTED_MS = 15_000
_VIOLATIONS = """async () => (await axe.run()).violations.flatMap(
    (found) => found.nodes.map((node) => `${found.id}: ${node.failureSummary} ${node.html.slice(0, 200)}`))"""


@contextlib.asynccontextmanager
async def studio(data: Path) -> AsyncIterator[dict[str, Any]]:
    """A studio as its user starts it; gives what it wrote to ``run.json``."""
    with (data / "output.log").open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "studio", "run", "--data", str(data), "--port", "0",
            cwd=ROOT, stdout=output, stderr=output, env={**os.environ, "HOME": str(data)},
        )  # fmt: skip
    run = data / "run.json"
    try:
        async with asyncio.timeout(READY_S):
            while not run.exists():
                assert process.returncode is None, (data / "output.log").read_text()
                await asyncio.sleep(0.05)
        yield json.loads(run.read_text())
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def command(run: dict[str, Any], type_: str, **fields: Any) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {run['director_token']}"}
    async with (
        aiohttp.ClientSession(headers=headers) as http,
        http.post(f"{run['url']}/api/v1/commands", json={"type": type_, **fields}) as response,
    ):
        done: dict[str, Any] = await response.json()
        assert response.status == 200, done
        return done.get("result") or {}


async def violations(page: Page) -> list[str]:
    # By the protocol of the developer tools: the page's own policy forbids what a script tag would need.
    session = await page.context.new_cdp_session(page)
    await session.send("Runtime.evaluate", {"expression": AXE})
    found: list[str] = await page.evaluate(_VIOLATIONS)
    return found


def complaints(page: Page) -> list[str]:
    """What the page writes to its console as an error; axe's own styles are asked for later."""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    return said


async def guest(browser: Browser, link: str) -> tuple[Page, list[str]]:
    context = await browser.new_context(viewport={"width": 1280, "height": 720})
    await context.grant_permissions(["camera", "microphone"])
    page = await context.new_page()
    said = complaints(page)
    await page.goto(link)
    await page.wait_for_selector("[data-action=join]:not([disabled])", timeout=CONNECTED_MS)
    return page, said


async def test_the_consoles_page_and_its_dialogs(tmp_path: Path) -> None:
    async with studio(tmp_path) as run, chromium() as browser:
        for number, name in enumerate(("김하늘", "Amélie Durand"), 1):
            await command(run, "seat.create", seat=f"mayor-{number}", name=name, title="Mayor", language="ko")
        await command(run, "scene.create", scene="plenary", title="Plenary")
        await command(run, "scene.create", scene="keynote", title="Keynote")
        await command(run, "source.create", source="bars", kind="bars", title="Colour bars")
        await command(run, "output.create", output="vod", recording=True, buses=["floor"])
        page = await browser.new_page(viewport={"width": 1280, "height": 720})
        said = complaints(page)
        await page.goto(f"{run['url']}/console?token={run['director_token']}")
        assert "token" not in page.url
        await page.wait_for_selector("[data-role=multiview][data-state=connected]", timeout=CONNECTED_MS)
        # Digits are the preview, Space is the cut; a press with the mouse leaves no focus behind.
        await page.keyboard.press("2")
        await page.wait_for_selector("[data-role=preview][data-scene=keynote]")
        await page.keyboard.press("Space")
        await page.wait_for_selector("[data-role=program][data-scene=keynote]")
        await page.click("[data-action=preview][data-scene=plenary]")
        await page.wait_for_selector("[data-role=preview][data-scene=plenary]")
        await page.keyboard.press("Space")
        await page.wait_for_selector("[data-role=program][data-scene=plenary]")
        await page.click("[data-action=fade-to-black]")
        await page.wait_for_selector("[data-action=fade-to-black][aria-pressed=true]")
        await page.click("[data-action=more][data-seat=mayor-1]")
        await page.click("[data-action=start][data-output=vod]")
        await page.wait_for_selector("[data-role=recording]")
        assert said == []
        assert await violations(page) == []
        for opener in ("invite", "scene-new", "output-new", "scene-edit"):
            await page.click(f"[data-action={opener}] >> nth=0")
            await page.wait_for_selector("dialog[open]")
            assert await violations(page) == [], opener
            await page.keyboard.press("Escape")
            await page.wait_for_selector("dialog", state="detached")
        # The panels behind the tabs and their dialogs, in both languages.
        await command(run, "booth.create", booth="ko-en", title="한국어 – English", languages=["ko", "en"])
        await command(run, "seat.create", seat="kim", name="Kim", role="interpreter", booth="ko-en")
        await command(run, "booth.speak", booth="ko-en", seat="kim", on=True, into="en")
        await command(run, "booth.slower", booth="ko-en")
        await command(run, "booth.note", booth="ko-en", text="Two minutes.")
        await command(run, "rundown.set", cues=[{"cue": "open", "title": "Opening", "people": ["mayor-1"]}])
        panels = {
            "sound": ("strip", "event-edit"),
            "booths": ("booth-new", "invite-interpreter"),
            "rundown": ("cue-edit",),
        }
        for _ in ("en", "ko"):
            for tab, openers in panels.items():
                await page.click(f"[data-action=tab][data-tab={tab}]")
                assert await violations(page) == [], tab
                for opener in openers:
                    await page.click(f"[data-action={opener}] >> nth=0")
                    await page.wait_for_selector("dialog[open]")
                    assert await violations(page) == [], opener
                    await page.keyboard.press("Escape")
                    await page.wait_for_selector("dialog", state="detached")
            await page.click("[data-action=language]")
        await page.click("[data-action=tab][data-tab=people]")
        # A link with its QR code.
        await page.click("[data-action=invite]")
        await page.fill("dialog [name=name]", "박서준")
        await page.click("[data-action=create-invite]")
        await page.wait_for_selector("[data-role=qr] svg")
        assert await violations(page) == []
        await page.click("[data-action=close]")
        # What can't be undone asks, and Enter means no.
        await page.click("[data-action=remove][data-seat=mayor-2]")
        assert await violations(page) == []
        await page.keyboard.press("Enter")
        await page.wait_for_selector("dialog", state="detached")
        assert await page.locator("[data-role=seat][data-seat=mayor-2]").count() == 1
        await page.click("[data-action=remove][data-seat=mayor-2]")
        await page.click("[data-action=yes]")
        await page.wait_for_selector("[data-role=seat][data-seat=mayor-2]", state="detached")


async def test_the_guests_page_the_wall_and_the_plain_pages(tmp_path: Path) -> None:
    async with studio(tmp_path) as run, chromium() as browser:
        seat = await command(run, "seat.create", seat="mayor-1", name="김하늘", title="시장", language="ko")
        wall = await command(run, "seat.create", seat="wall-1", name="Wall", role="wall")
        page, said = await guest(browser, seat["link"])
        assert await page.get_attribute("html", "lang") == "ko"
        assert said == []
        assert await violations(page) == []
        said.clear()
        await page.click("[data-action=join]")
        await page.wait_for_selector("[data-role=state][data-state=waiting]", timeout=CONNECTED_MS)
        await command(run, "seat.admit", seat="mayor-1")
        await command(run, "scene.create", scene="plenary", title="Plenary")
        await command(run, "program.cut", scene="plenary")
        await page.wait_for_selector("[data-role=state][data-state=on_air]", timeout=CONNECTED_MS)
        assert said == []
        assert await violations(page) == []
        await page.click("[data-action=share]")
        await page.wait_for_selector("[data-role=sharing]")
        assert await violations(page) == []
        # A reload returns to the seat without a press.
        await page.reload()
        await page.wait_for_selector("[data-role=state][data-state=on_air]", timeout=CONNECTED_MS)

        # The same link elsewhere: asked first, and then the first one is told.
        other, _ = await guest(browser, seat["link"])
        await other.click("[data-action=join]")
        await other.wait_for_selector("[data-action=takeover]", timeout=CONNECTED_MS)
        assert await violations(other) == []
        await other.click("[data-action=takeover]")
        await other.wait_for_selector("[data-role=state][data-state=on_air]", timeout=CONNECTED_MS)
        await page.wait_for_selector("[data-action=takeover]", timeout=CONNECTED_MS)

        screen = await browser.new_page(viewport={"width": 1280, "height": 360})
        said = complaints(screen)
        await screen.goto(wall["link"])
        await screen.wait_for_selector("body[data-link=connected]", timeout=CONNECTED_MS)
        assert said == []
        assert await violations(screen) == []

        await command(run, "seat.remove", seat="mayor-1")
        await other.wait_for_selector("[data-role=blocked]", timeout=CONNECTED_MS)
        assert await violations(other) == []
        plain = await browser.new_page()
        await plain.goto(f"{run['url']}/join/no-such-token")
        await plain.wait_for_selector("[data-role=problem]")
        assert await violations(plain) == []


async def test_the_interpreters_page(tmp_path: Path) -> None:
    async with studio(tmp_path) as run, chromium() as browser:
        await command(run, "booth.create", booth="ko-en", title="한국어 – English", languages=["ko", "en"])
        links = {}
        for seat in ("kim", "lee"):
            made = await command(run, "seat.create", seat=seat, name=seat, role="interpreter", booth="ko-en")
            links[seat] = made["link"]
        await command(run, "rundown.set", cues=[{"cue": "open", "title": "Opening", "people": ["kim"]}])
        await command(run, "booth.note", booth="ko-en", text="Two minutes.")
        page, said = await guest(browser, links["kim"])
        assert said == []
        assert await violations(page) == []
        said.clear()
        await page.click("[data-action=join]")
        await page.wait_for_selector("[data-role=on-air][data-state=off]", timeout=CONNECTED_MS)
        assert said == []
        assert await violations(page) == []
        # One screen, no scrolling: nothing may be out of sight.
        assert await page.evaluate("() => document.documentElement.scrollHeight <= innerHeight")
        other, _ = await guest(browser, links["lee"])
        await other.click("[data-action=join]")
        await other.wait_for_selector("[data-role=on-air][data-state=off]", timeout=CONNECTED_MS)
        await page.keyboard.press("m")
        await page.wait_for_selector("[data-role=on-air]:is([data-state=on_air], [data-state=open])")
        await page.keyboard.press("h")
        await other.wait_for_selector("[data-role=offer][data-side=taking]")
        assert await violations(page) == []
        assert await violations(other) == []
        assert await other.evaluate("() => document.documentElement.scrollHeight <= innerHeight")
        for opener, key in (("help", "?"), ("devices", "")):
            await (page.keyboard.press(key) if key else page.click(f"[data-action={opener}]"))
            await page.wait_for_selector(f"[data-role=dialog-{opener}][open]")
            assert await violations(page) == [], opener
            await page.keyboard.press("Escape")
            await page.wait_for_selector("dialog", state="detached")
        # No key traps: from the field for notes, Tab goes on and comes round.
        await page.keyboard.press("t")
        for _ in range(40):
            await page.keyboard.press("Tab")
            if await page.evaluate("() => document.activeElement?.dataset.action === 'speak'"):
                break
        else:
            raise AssertionError("Tab never reaches the microphone's button")
