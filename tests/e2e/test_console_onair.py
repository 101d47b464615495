"""The director's controls of what is on air, in a real browser on one running studio: each by mouse or key,
judged by the state that others see, and mid-transition by what is on the programme's picture."""

import asyncio
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from playwright.async_api import Page, expect

from tests.support.browsers.chromium import chromium
from tests.support.browsers.desk import Desk
from tests.support.browsers.pages import complaints, violations
from tests.support.running import RunningStudio, running_studio

pytestmark = [pytest.mark.e2e, pytest.mark.alone]

SMALL = {"width": 1366, "height": 768}
LARGE = {"width": 1920, "height": 1080}
WHITE_BAR = 1 / 20
"""Part of a picture's width that lies in the first of its eight colour bars."""

_OUT_OF_SIGHT = """() => {
  const edge = document.querySelector(".left").getBoundingClientRect().right + 1;
  const all = document.querySelectorAll(".monitor button, .monitor input, .monitor select, .scene");
  return [...all].filter((one) => {
    const { left, right, bottom } = one.getBoundingClientRect();
    return left < 0 || right > edge || bottom > innerHeight;
  }).map((one) => one.dataset.action ?? one.dataset.scene);
}"""


def test_each_control_of_what_is_on_air_does_what_it_says(tmp_path: Path) -> None:
    with running_studio(tmp_path / "data") as studio:
        for seat, name in (("kim", "Kim"), ("lee", "Lee")):
            studio.do("seat.create", seat=seat, name=name, title="Mayor", language="ko")
        studio.do("source.create", source="bars", kind="bars", title="Colour bars")
        studio.do("graphic.create", graphic="logo", kind="logo", title="Logo")
        studio.do("scene.create", scene="dark", title="Dark")
        bars = {"program": {"layout": "solo", "places": [{"source": "bars"}]}}
        studio.do("scene.create", scene="light", title="Light", canvases=bars)
        studio.do("program.cut", scene="dark")
        asyncio.run(_drive(studio))


async def _drive(studio: RunningStudio) -> None:
    async with chromium() as browser:
        context = await browser.new_context(viewport=SMALL)  # type: ignore[arg-type]
        page = await context.new_page()
        said = complaints(page)
        await page.goto(f"{studio.url}/console?token={studio.token}")
        await page.wait_for_selector("[data-role=multiview][data-state=connected]")
        desk = Desk(studio, page, said, [])
        await _cut_and_undo(desk)
        await _transition_settings(desk)
        await _tbar(desk)
        await _auto(desk)
        await _black_and_slate(desk)
        await _scene(desk)
        await _speaker(desk)
        await _seat(desk)
        await _sessions(desk)
        await _fits(page)
        assert said == []
        # Last: axe's own styles are refused by the page's policy, which counts as a complaint.
        await _accessible(page)


def _on_air(scene: str) -> Any:
    return lambda state: state["program"] == scene


async def _white(desk: Desk) -> float:
    """Mean luma, 0 … 255, where the colour bars are white and the other scene is dark."""
    data = await asyncio.to_thread(desk.studio.get, "/api/v1/canvases/program.jpg")
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert picture is not None
    height, width = picture.shape
    return float(picture[height // 5 : height * 4 // 5, : int(width * WHITE_BAR)].mean())


async def _until_white(desk: Desk, least: float, most: float, timeout_s: float = 20) -> float:
    """A snapshot, which is up to a second old, whose white bar is between ``least`` and ``most``."""
    seen = []
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        seen.append(await _white(desk))
        if least <= seen[-1] <= most:
            return seen[-1]
        await asyncio.sleep(0.1)
    raise AssertionError(f"no picture with {least} … {most} there: {seen}")


async def _cut_and_undo(desk: Desk) -> None:
    page = desk.page
    await expect(page.locator("[data-action=undo]")).to_be_enabled()
    await page.keyboard.press("2")
    await page.wait_for_selector("[data-role=preview][data-scene=light]")
    await page.keyboard.press("Space")
    await desk.state("cut by Space", _on_air("light"))
    await page.keyboard.press("u")
    await desk.state("undone by U", lambda s: (s["program"], s["preview"]) == ("dark", "light"))
    await page.click("[data-action=cut]")
    await desk.state("cut by the button", _on_air("light"))
    await page.click("[data-action=undo]")
    await desk.state("undone by the button", _on_air("dark"))
    await page.keyboard.press("Space")
    await desk.state("the press left no focus: Space cuts", _on_air("light"))
    await page.keyboard.press("Control+z")
    await desk.state("undone by Ctrl+Z", _on_air("dark"))


async def _transition_settings(desk: Desk) -> None:
    page = desk.page

    def style(**wanted: object) -> Any:
        return lambda state: wanted.items() <= state["transition"].items()

    for kind, directed, coloured in (("push", 4, 0), ("dip", 0, 1), ("mix", 0, 0), ("wipe", 4, 0)):
        await page.select_option("[data-action=transition-kind]", kind)
        await desk.state(kind, style(kind=kind))
        await expect(page.locator("[data-action=transition-direction]")).to_have_count(directed)
        await expect(page.locator("[data-action=transition-colour]")).to_have_count(coloured)
        if coloured:
            await page.fill("[data-action=transition-colour]", "#204080")
            await desk.state("colour", style(colour="#204080"))
    await page.click("[data-action=transition-direction][data-direction=up]")
    await desk.state("direction", style(direction="up"))
    await page.click("[data-action=transition-quick][data-seconds='0.5']")
    await desk.state("quick duration", style(duration_ms=500))
    await page.fill("[data-action=transition-duration]", "31")
    await page.keyboard.press("Enter")
    await expect(page.locator("[data-action=transition-duration]")).to_have_value("0.5")
    await page.fill("[data-action=transition-duration]", "2.4")
    await page.keyboard.press("Enter")
    await desk.state("any duration", style(duration_ms=2400))
    assert await page.evaluate("() => document.activeElement === document.body"), "Enter leaves the figure"
    await page.select_option("[data-action=transition-kind]", "mix")
    await desk.state("a mix", style(kind="mix"))
    await page.keyboard.press("Escape")
    assert await page.evaluate("() => document.activeElement === document.body")


def _red(page: Page) -> Any:
    return page.locator("[data-role=scene][data-tally=program]")


async def _tbar(desk: Desk) -> None:
    page = desk.page
    await desk.do("preview.set", scene="light")
    lever = page.locator("[data-action=tbar]")
    await lever.focus()
    for _ in range(25):
        await page.keyboard.press("ArrowRight")
    await desk.state("half way", lambda state: abs(state["tbar"] - 0.5) < 1e-6)
    await expect(_red(page)).to_have_count(2)
    await _until_white(desk, 90, 180)
    # What another console does moves this one's lever.
    await desk.do("program.tbar", position=0.2)
    await expect(lever).to_have_value("0.2")
    await page.keyboard.press("End")
    await desk.state("taken", lambda s: (s["program"], s["preview"], s["tbar"]) == ("light", "dark", 0))
    await expect(lever).to_have_value("0")
    await expect(_red(page)).to_have_count(1)
    # A hand that pulls to the end and on takes once.
    box = await lever.bounding_box()
    assert box is not None
    y = box["y"] + box["height"] / 2
    await page.mouse.move(box["x"] + 8, y)
    await page.mouse.down()
    for share in (0.3, 0.7, 1.1, 0.9, 0.6):
        await page.mouse.move(box["x"] + share * box["width"], y)
    await desk.state("taken by hand", lambda s: (s["program"], s["tbar"]) == ("dark", 0))
    await page.mouse.up()
    await expect(lever).to_have_value("0")
    await expect(lever).not_to_be_focused()


async def _auto(desk: Desk) -> None:
    page = desk.page
    assert (await desk.now())["preview"] == "light"
    await _until_white(desk, 0, 80)
    await page.keyboard.press("Enter")
    await desk.state("under way", lambda s: (s["status"]["take"] or {}).get("leaving") == "dark", 2)
    await expect(page.locator("[data-role=take]")).to_be_visible()
    await expect(_red(page)).to_have_count(2)
    await expect(page.locator("[data-role=preview][data-tally=program]")).to_be_visible()
    await _until_white(desk, 80, 200, 2.4)
    await desk.state("over", lambda s: s["status"]["take"] is None and s["program"] == "light")
    await expect(_red(page)).to_have_count(1)
    await expect(page.locator("[data-role=take]")).to_have_count(0)
    await page.click("[data-action=transition-quick][data-seconds='0.5']")
    await page.click("[data-action=auto]")
    await desk.state("by the button", _on_air("dark"))


async def _black_and_slate(desk: Desk) -> None:
    page = desk.page
    cover = page.locator("[data-role=cover]")
    await page.click("[data-action=fade-to-black]")
    await desk.state("black", lambda state: state["black"])
    await expect(cover).to_have_attribute("data-cover", "black")
    blinks = "() => getComputedStyle(document.querySelector('[data-action=fade-to-black]')).animationName"
    assert await page.evaluate(blinks) == "blink"
    await page.click("[data-action=fade-to-black]")
    await desk.state("no black", lambda state: not state["black"])
    await expect(cover).to_have_text("")
    # One key, wherever the focus is; and what is typed does nothing else.
    await page.click("[data-action=scene-new]")
    before = await desk.now()
    await page.locator("dialog [name=title]").press_sequentially("u 2")
    await page.keyboard.press("F8")
    await desk.state("slate", lambda state: state["slate"])
    await expect(page.locator("dialog [name=title]")).to_have_value("u 2")
    await page.keyboard.press("Escape")
    after = await desk.now()
    assert (after["program"], after["preview"]) == (before["program"], before["preview"])
    await expect(cover).to_contain_text("slate")
    await expect(page.locator("[data-role=on-air]")).to_have_text("Slate")
    # Pressed again in panic, it asks, and Enter leaves it on.
    await page.keyboard.press("F8")
    await page.wait_for_selector("dialog [data-action=no]:focus")
    await page.keyboard.press("Enter")
    await page.wait_for_selector("dialog", state="detached")
    assert (await desk.now())["slate"]
    await page.click("[data-action=slate]")
    await page.click("[data-action=yes]")
    await desk.state("slate off", lambda state: not state["slate"])


async def _scene(desk: Desk) -> None:
    page = desk.page
    await page.click("[data-action=scene-new]")
    dialog = page.locator("[data-role=dialog-scene]")
    await dialog.locator("[name=title]").fill("Panel")
    await expect(dialog.locator("[name=layout]")).to_have_count(10)
    await dialog.locator("[name=layout][value=panel]").check()
    await dialog.locator("[name=who][value=chosen]").check()
    await dialog.locator("[data-action=part-name]").fill("panelist")
    await page.keyboard.press("Enter")
    await dialog.locator("[data-action=place-more]").click()
    for key in ("auto", "seat/kim", "screen/kim", "source/bars"):
        await dialog.locator(f"[data-place='{key}'] input").check()
    places = dialog.locator("[data-role=place]")
    # By keys, by the list, by the mouse: screen/kim up, one panelist becomes Lee, the bars to the front.
    await dialog.locator("[data-key='screen/kim'] [data-action=place-up]").focus()
    await page.keyboard.press("Enter")
    await dialog.locator("[data-action=place-what] >> nth=1").select_option("seat/lee")
    await dialog.locator("[data-key='source/bars'] .grip").drag_to(places.first)
    await expect(places.first).to_have_attribute("data-key", "source/bars")
    await dialog.locator("[data-key='screen/kim'] [data-action=place-fit]").select_option("contain")
    await dialog.locator("[data-key=auto] [data-action=place-remove]").click()
    crop = dialog.locator("[data-key='seat/kim']")
    await crop.locator("[data-action=place-crop]").click()
    for side, value in (("w", "50"), ("x", "25")):
        await crop.locator(f"[data-action=box-figure][data-side={side}]").fill(value)
        await page.keyboard.press("Enter")
    await dialog.locator("[name=plates]").uncheck()
    await dialog.locator("[name=background]").select_option("bars")
    await dialog.locator("[data-graphic=logo] input").check()
    await _wall_by_hand(page)
    await dialog.locator("[data-action=save-scene]").click()
    await expect(dialog).to_have_count(0)
    scene = next(id_ for id_, one in (await desk.now())["scenes"].items() if one["title"] == "Panel")
    canvases = (await desk.now())["scenes"][scene]["canvases"]
    program = canvases["program"]
    assert {name: program[name] for name in ("layout", "plates", "background", "graphics")} == {
        "layout": "panel",
        "plates": False,
        "background": "bars",
        "graphics": ["logo"],
    }
    assert [_who(place) for place in program["places"]] == [
        "source/bars",
        "part/panelist",
        "seat/lee",
        "screen/kim",
        "seat/kim",
    ]
    assert program["places"][3]["fit"] == "contain"
    assert {"w": 0.5, "x": 0.25}.items() <= program["places"][4]["crop"].items()
    wall = canvases["wall"]
    assert (wall["layout"], wall["plates"]) == ("free", True)
    lee, bars = wall["places"]
    # Lee, brought to the back by Page Down, moved by the arrows and widened with Shift.
    assert (lee["seat"], bars["source"]) == ("lee", "bars")
    assert lee["box"] == {"x": 0.38, "y": 0.06, "w": 0.29, "h": 0.28}
    # The bars, dragged near the right and upper edge of the safe area, jumped to it; then their corner.
    assert (bars["box"]["x"] + bars["box"]["w"], bars["box"]["y"]) == (0.95, 0.05)
    assert bars["box"]["h"] == pytest.approx(0.5, abs=0.03)
    # As it comes it goes: opened and saved, nothing changes.
    revision = (await desk.whole())["revision"]
    await page.click(f"[data-action=scene-edit][data-scene='{scene}']")
    await dialog.locator("[data-action=save-scene]").click()
    await expect(dialog).to_have_count(0)
    assert (await desk.now())["scenes"][scene]["canvases"] == canvases
    assert (await desk.whole())["revision"] == revision


async def _wall_by_hand(page: Page) -> None:
    dialog = page.locator("[data-role=dialog-scene]")
    await dialog.locator("[data-action=scene-canvas][data-canvas=wall]").click()
    await dialog.locator("[name=wall-own]").check()
    await dialog.locator("[name=layout][value=free]").check()
    # A part that no place asks for, and nobody has, is no choice any more.
    await dialog.locator("[data-place='part/panelist'] input").click()
    await expect(dialog.locator("[data-place='part/panelist']")).to_have_count(0)
    for key in ("seat/lee", "screen/kim", "seat/kim", "source/bars"):
        await dialog.locator(f"[data-place='{key}'] input").uncheck()
    await dialog.locator("[name=plates]").check()
    for key in ("source/bars", "seat/lee"):
        await dialog.locator(f"[data-place='{key}'] input").check()
    # The picture has the wall's own shape.
    await expect(dialog.locator(".box-stage")).to_have_attribute("data-aspect", "3.556")
    stage = await dialog.locator(".box-stage").bounding_box()
    bars = dialog.locator("[data-action=box] >> nth=0")
    lee = dialog.locator("[data-action=box] >> nth=1")
    assert stage is not None
    await bars.scroll_into_view_if_needed()
    stage, box = await dialog.locator(".box-stage").bounding_box(), await bars.bounding_box()
    assert stage is not None
    assert box is not None
    await page.mouse.move(box["x"] + 20, box["y"] + 20)
    await page.mouse.down()
    await page.mouse.move(box["x"] + 30 + 0.61 * stage["width"], box["y"] + 19, steps=4)
    await page.mouse.move(box["x"] + 20 + 0.618 * stage["width"], box["y"] + 19)
    await page.mouse.up()
    box = await bars.bounding_box()
    assert box is not None
    await page.mouse.move(box["x"] + box["width"] - 5, box["y"] + box["height"] - 5)
    await page.mouse.down()
    await page.mouse.move(box["x"] + box["width"] - 5, box["y"] - 5 + 0.5 * stage["height"], steps=4)
    await page.mouse.up()
    await lee.focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowDown", "Shift+ArrowRight", "PageDown"):
        await page.keyboard.press(key)


def _who(place: dict[str, Any]) -> str:
    if place.get("auto"):
        return "auto"
    kind = next(name for name in ("part", "source", "seat") if place.get(name))
    return f"{'screen' if place.get('screen') else kind}/{place[kind]}"


async def _speaker(desk: Desk) -> None:
    page = desk.page
    canvases = {"program": {"layout": "solo", "places": [{"auto": True}]}}
    await desk.do("seat.admit", seat="kim")
    await desk.do("scene.create", scene="auto", title="Auto", canvases=canvases)
    await desk.do("preview.set", scene="auto")
    await page.select_option("[data-action=speaker-pin]", "kim")
    await desk.state("pinned", lambda state: state["auto_speaker"]["pin"] == "kim")
    await expect(page.locator("[data-role=auto-speaker][data-preview=kim]")).to_contain_text("Kim")
    await page.click("[data-action=speaker-edit]")
    await page.check("dialog [name=to][value=program]")
    await page.fill("dialog [name=hold]", "0.8")
    await page.fill("dialog [name=least]", "2.5")
    await page.select_option("dialog [name=pin]", "")
    await page.check("dialog [data-excluded=lee] input")
    await page.click("[data-action=save-speaker]")
    wanted = {"to": "program", "hold_ms": 800, "least_ms": 2500, "exclude": ["lee"], "pin": ""}
    await desk.state("the whole choice", lambda state: state["auto_speaker"] == wanted)


async def _seat(desk: Desk) -> None:
    page = desk.page
    await desk.tab("people")
    await page.click("[data-action=more][data-seat=kim]")
    await page.click("[data-action=seat-edit][data-seat=kim]")
    for name, value in (("name-ko", "김하늘"), ("title-ko", "시장"), ("name-en", "Kim Haneul \U00012000")):
        await page.fill(f"dialog [name={name}]", value)
    await page.fill("dialog [name=part]", "host")
    await page.click("[data-action=save-seat]")
    await expect(page.locator("dialog")).to_have_count(0)
    names = {"ko": {"name": "김하늘", "title": "시장"}, "en": {"name": "Kim Haneul \U00012000", "title": ""}}

    def named(state: dict[str, Any]) -> bool:
        seat = state["seats"]["kim"]
        seen = {tag: {"name": "", "title": "", **one} for tag, one in seat["names"].items()}
        return seat["part"] == "host" and seen == names

    await desk.state("part and names", named)
    await page.click("[data-action=seat-edit][data-seat=kim]")
    await expect(page.locator("dialog [data-role=glyphs]")).to_contain_text("\U00012000")
    await page.keyboard.press("Escape")


async def _sessions(desk: Desk) -> None:
    page = desk.page
    session = page.locator("[data-role=session]")
    await page.click("[data-action=sessions]")
    own = session.filter(has=page.locator("[data-role=session-yours]"))
    await expect(own).to_contain_text("Director")
    # One that comes meanwhile appears by itself. What is ended is asked first, and "No" has the focus.
    before = await session.count()
    other = await page.context.browser.new_page()  # type: ignore[union-attr]
    await other.goto(f"{desk.studio.url}/console?token={desk.studio.token}")
    await expect(session).to_have_count(before + 1)
    theirs = session.filter(has_not=page.locator("[data-role=session-yours]")).filter(has_text="Director")
    await theirs.locator("[data-action=session-end]").click()
    await page.wait_for_selector("dialog [data-action=no]:focus")
    await page.keyboard.press("Enter")
    await expect(session).to_have_count(before + 1)
    await theirs.locator("[data-action=session-end]").click()
    await page.click("[data-action=yes]")
    await expect(session).to_have_count(before)
    await expect(other.locator(".over-all [role=alert]")).to_be_visible()
    await other.close()
    await page.click("[data-action=close]")
    await expect(page.locator("dialog")).to_have_count(0)


async def _fits(page: Page) -> None:
    """In both languages and sizes: all controls are in sight, in one row, and nothing scrolls."""
    for kind in ("wipe", "dip"):
        await page.select_option("[data-action=transition-kind]", kind)
        await page.wait_for_selector(f"[data-role=transition][data-kind={kind}]")
        for size in (LARGE, SMALL):
            await page.set_viewport_size(size)  # type: ignore[arg-type]
            for _ in range(2):
                await page.click("[data-action=language]")
                assert await page.evaluate(_OUT_OF_SIGHT) == [], (size, kind)
                rows = "() => document.querySelector('[data-role=transition]').offsetHeight"
                assert await page.evaluate(rows) < 60, (size, kind)


async def _accessible(page: Page) -> None:
    await page.click("[data-action=speaker-edit]")
    await page.wait_for_selector("dialog[open]")
    assert await violations(page) == []
    await page.keyboard.press("Escape")
    await page.wait_for_selector("dialog", state="detached")
    await page.click("[data-action=scene-new]")
    await page.check("dialog [name=layout][value=free]")
    await page.check("dialog [data-place=auto] input")
    await page.click("dialog [data-action=place-crop]")
    assert await violations(page) == []
