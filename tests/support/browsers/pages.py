"""What tests of several pages share: their complaints, axe's, and a guest on the way in."""

from pathlib import Path

from playwright.async_api import Browser, Page

ROOT = Path(__file__).resolve().parents[3]
AXE = (ROOT / "node_modules/axe-core/axe.min.js").read_text("utf-8")
_VIOLATIONS = """async () => {
  const { violations } = await axe.run({ resultTypes: ["violations"], preload: false });
  return violations.flatMap(({ id, nodes }) =>
    nodes.map((node) => `${id}: ${node.failureSummary} ${node.html.slice(0, 200)}`));
}"""
_SETTLED = """() => Promise.all(document.getAnimations()
    .filter((each) => each instanceof CSSTransition).map((each) => each.finished.catch(() => {})))"""
"""A colour on its way to another has neither's contrast."""


async def violations(page: Page) -> list[str]:
    """What axe-core finds; it has styles that the page's policy refuses, so look at complaints before."""
    if not await page.evaluate("() => 'axe' in globalThis"):
        # By the protocol of the developer tools: the page's policy forbids what a script tag would need.
        session = await page.context.new_cdp_session(page)
        await session.send("Runtime.evaluate", {"expression": AXE})
    await page.evaluate(_SETTLED)
    found: list[str] = await page.evaluate(_VIOLATIONS)
    return found


def complaints(page: Page) -> list[str]:
    """What the page writes to its console as an error."""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    return said


async def guest(browser: Browser, link: str) -> tuple[Page, list[str]]:
    """On the page of a link, with devices, before joining; and the complaints."""
    context = await browser.new_context(viewport={"width": 1280, "height": 720})
    await context.grant_permissions(["camera", "microphone"])
    page = await context.new_page()
    said = complaints(page)
    await page.goto(link)
    await page.wait_for_selector("[data-action=join]:not([disabled])")
    return page, said
