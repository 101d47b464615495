"""Two interpreters and a speaker in real browsers, the director's API, one running studio: the booth's page
as it is worked with, mostly by keyboard, and what the speaker gets to see of it. axe-core finds nothing."""

import asyncio
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from tests.support.browsers.chromium import camera_file, chromium, microphone_file
from tests.support.browsers.pages import violations
from tests.support.running import RunningStudio, running_studio

pytestmark = [pytest.mark.e2e, pytest.mark.alone]

TONE_HZ = 440
PLANNED = 1_800_000_000
_OWN_DB = "Number(document.querySelector('[data-role=own-level]').getAttribute('aria-valuenow'))"
# Keeps the page's microphone where a test can look at it.
_WATCH_MICROPHONE = """const ask = navigator.mediaDevices?.getUserMedia.bind(navigator.mediaDevices);
  if (ask) navigator.mediaDevices.getUserMedia = async (wanted) => {
    const stream = await ask(wanted);
    globalThis.microphone = stream.getAudioTracks()[0];
    return stream;
  };"""
_KEY = """(type) => { document.dispatchEvent(new KeyboardEvent(type, { key: " ", code: "Space" }));
  return globalThis.microphone.enabled; }"""


def lamp(page: Page) -> Locator:
    return page.locator("[data-role=on-air]")


async def until(what: str, probe: Callable[[], Any], timeout_s: float = 30.0) -> None:
    """Waits for the studio's state, beside the pages."""
    deadline = time.monotonic() + timeout_s
    while not await asyncio.to_thread(probe):
        assert time.monotonic() < deadline, f"not within {timeout_s} s: {what}"
        await asyncio.sleep(0.05)


async def opened(browser: Browser, link: str, errors: list[str]) -> Page:
    context = await browser.new_context(viewport={"width": 1280, "height": 720}, locale="en-GB")
    await context.grant_permissions(["camera", "microphone"])
    page = await context.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    await page.add_init_script(_WATCH_MICROPHONE)
    await page.goto(link)
    return page


async def joined(browser: Browser, link: str, errors: list[str]) -> Page:
    page = await opened(browser, link, errors)
    await page.wait_for_selector("[data-action=join]:not([disabled])")
    if "/booth/" in link:
        await fine(page, errors)
    await page.click("[data-action=join]")
    await expect(page.locator("[data-role=connection][data-quality=lost]")).to_have_count(0)
    return page


async def fine(page: Page, errors: list[str]) -> None:
    """Nothing for axe to find, and nothing out of sight on a small screen."""
    assert errors == []
    assert await violations(page) == []
    errors.clear()  # the page's policy refuses axe's own styles
    assert await page.evaluate("() => document.documentElement.scrollHeight <= innerHeight")


def set_up(studio: RunningStudio) -> dict[str, str]:
    """The links of both interpreters and of the speaker, who is on air."""
    studio.do("booth.create", booth="ko-en", title="한국어 – English", languages=["ko", "en"])
    links = {
        seat: studio.invite(seat, name=name, role="interpreter", booth="ko-en")
        for seat, name in (("kim", "Interpreter One"), ("lee", "Interpreter Two"))
    }
    links["mayor"] = studio.invite("mayor", name="Speaker One", title="Mayor", language="en-GB")
    studio.do("seat.admit", seat="mayor")
    studio.do("scene.create", scene="alone", canvases={"program": {"layout": "solo"}})
    studio.do("program.cut", scene="alone")
    cues = [
        {"cue": "open", "title": "Opening"},
        {"cue": "talk", "title": "Keynote", "planned": PLANNED, "people": ["mayor"]},
    ]
    studio.do("rundown.set", cues=cues)
    studio.do("rundown.go", cue="open")
    return links


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[RunningStudio]:
    with running_studio(tmp_path / "data") as running:
        yield running


@pytest.fixture
def links(studio: RunningStudio) -> dict[str, str]:
    return set_up(studio)


async def test_a_booth_at_work(tmp_path: Path, studio: RunningStudio, links: dict[str, str]) -> None:
    errors: list[str] = []
    camera = camera_file(tmp_path, "small", (63, 193, 104), (320, 180))
    async with chromium(camera, microphone_file(tmp_path, "voice", TONE_HZ)) as browser:
        mayor, kim, lee = [await joined(browser, links[seat], errors) for seat in ("mayor", "kim", "lee")]
        await keys_and_dialogs(lee, errors)
        await the_headset(kim)
        on_air = mayor.locator("[data-role=state][data-state=on_air]")
        await expect(on_air).to_be_visible()
        await the_microphone(studio, kim, lee)
        await cough(studio, kim)
        await slower(studio, kim, lee, mayor)
        await hand_over(studio, kim, lee, errors)
        await listening(studio, kim, mayor)
        await lines_to_and_fro(studio, kim, lee, mayor)
        assert errors == []
        await a_lost_connection(studio, kim)
        await expect(lee.locator("[data-role=connection]:not([data-quality=lost])")).to_be_visible()
        await a_lost_interpreter(studio, kim, lee)


async def keys_and_dialogs(page: Page, errors: list[str]) -> None:
    """Dialogs by key and by button; no key traps: from the field for notes, Tab goes on and comes round."""
    await fine(page, errors)
    for opener, key in (("help", "?"), ("devices", "")):
        await (page.keyboard.press(key) if key else page.click(f"[data-action={opener}]"))
        await page.wait_for_selector(f"[data-role=dialog-{opener}][open]")
        assert await violations(page) == [], opener
        await page.keyboard.press("Escape")
        await page.wait_for_selector("dialog", state="detached")
    errors.clear()
    await page.keyboard.press("t")
    for _ in range(40):
        await page.keyboard.press("Tab")
        if await page.evaluate("() => document.activeElement?.dataset.action === 'speak'"):
            break
    else:
        raise AssertionError("Tab never reaches the microphone's button")


async def the_headset(kim: Page) -> None:
    """Sound as it is, without the browser's corrections; headphones of one's choice; a test tone."""
    settings = await kim.evaluate("() => globalThis.microphone.getSettings()")
    corrections = ("echoCancellation", "noiseSuppression", "autoGainControl")
    assert [settings[each] for each in corrections] == [False, False, False]
    await kim.click("[data-action=devices]")
    outputs = kim.locator("[data-role=output-choice] option")
    chosen = await outputs.nth(1).get_attribute("value")
    await kim.select_option("[data-role=output-choice]", chosen)
    await kim.wait_for_function(
        "(chosen) => document.querySelector('video[data-role=programme]').sinkId === chosen", arg=chosen
    )
    await kim.click("[data-action=test]")
    await kim.click("[data-action=close]")


async def the_microphone(studio: RunningStudio, kim: Page, lee: Page) -> None:
    """On by one key; the lamp follows the studio; the partner is refused, and told why."""
    await expect(lamp(kim)).to_have_attribute("data-state", "off")
    await expect(lee.locator("[data-role=partner]")).to_have_attribute("data-state", "off")
    await expect(kim.locator("[data-action=speak]")).to_have_attribute("aria-pressed", "false")
    await kim.keyboard.press("m")
    await expect(lamp(kim)).to_have_attribute("data-state", "on_air")
    await expect(lamp(kim)).to_contain_text("ON AIR")
    await expect(kim.locator("[data-action=speak]")).to_have_attribute("aria-pressed", "true")
    shown = await asyncio.to_thread(studio.status, "booths", "ko-en")
    assert (shown["state"], shown["seat"], shown["into"]) == ("on_air", "kim", "ko")
    await expect(lee.locator("[data-role=partner]")).to_have_attribute("data-state", "on")
    # Her voice reaches the partner's meter by way of the studio.
    heard = lee.locator("[data-role=partner-level]:not([data-zone=silent])")
    await expect(heard).to_be_visible()

    await lee.keyboard.press("m")
    refusal = lee.locator("[role=alert] >> text=Interpreter One")
    await expect(refusal).to_be_visible()
    await expect(lamp(lee)).to_have_attribute("data-state", "off")
    assert not (await asyncio.to_thread(studio.state))["seats"]["lee"]["on"]

    await kim.keyboard.press("l")
    await until("the language has changed", lambda: studio.state()["seats"]["kim"]["into"] == "en")
    english = kim.locator("[data-action=into][data-language=en]")
    await expect(english).to_have_attribute("aria-pressed", "true")
    await expect(lamp(kim)).to_have_attribute("data-state", "on_air")
    # The director switches it off: no click of hers, and the lamp goes out all the same.
    await asyncio.to_thread(studio.do, "booth.speak", booth="ko-en", seat="kim", on=False)
    await expect(lamp(kim)).to_have_attribute("data-state", "off")
    await kim.click("[data-action=speak]")
    await expect(lamp(kim)).to_have_attribute("data-state", "on_air")


async def cough(studio: RunningStudio, kim: Page) -> None:
    """Held by a key or by the pointer; nothing gets out from the first moment; typing doesn't cough."""

    def is_shut() -> bool:
        shut: bool = studio.state()["seats"]["kim"]["cough"]
        return shut

    await kim.wait_for_function(f"() => {_OWN_DB} > -40")
    # In the same turn of the page, not when the studio has answered.
    assert await kim.evaluate(_KEY, "keydown") is False
    assert await kim.evaluate(_KEY, "keyup") is True
    await kim.keyboard.down("Space")
    await expect(lamp(kim)).to_have_attribute("data-state", "cough")
    await kim.wait_for_function(f"() => {_OWN_DB} === -60")
    await until("the studio shuts the microphone", is_shut)
    await kim.keyboard.up("Space")
    await expect(lamp(kim)).to_have_attribute("data-state", "on_air")
    await kim.wait_for_function(f"() => {_OWN_DB} > -40")
    await until("the studio opens the microphone", lambda: not is_shut())

    await kim.hover("[data-action=cough]")
    await kim.mouse.down()
    await expect(lamp(kim)).to_have_attribute("data-state", "cough")
    await until("the studio shuts the microphone", is_shut)
    # The window loses the focus: the release will never be told.
    await kim.evaluate("() => window.dispatchEvent(new Event('blur'))")
    await expect(lamp(kim)).to_have_attribute("data-state", "on_air")
    await until("the studio opens the microphone", lambda: not is_shut())
    await kim.mouse.up()

    await kim.keyboard.press("t")
    await kim.keyboard.down("Space")
    await expect(lamp(kim)).to_have_attribute("data-state", "on_air")
    await kim.keyboard.up("Space")
    await kim.keyboard.press("Escape")


async def hand_over(studio: RunningStudio, kim: Page, lee: Page, errors: list[str]) -> None:
    """Offer and acceptance by one key each; both microphones change in one event."""
    await kim.keyboard.press("h")
    offer = lee.locator("[data-role=offer][data-side=taking]")
    await expect(offer).to_contain_text("Interpreter One")
    await expect(kim.locator("[data-role=offer][data-side=giving]")).to_contain_text("Interpreter Two")
    left_s = int(await offer.locator("[data-role=countdown] strong").inner_text())
    await fine(lee, errors)
    assert 10 <= left_s <= 15
    await expect(offer.locator("[data-role=countdown] strong")).not_to_have_text(str(left_s))
    await lee.keyboard.press("d")
    await expect(offer).to_have_count(0)
    await expect(lamp(kim)).to_have_attribute("data-state", "on_air")

    await kim.click("[data-action=handover]")
    await expect(offer).to_be_visible()
    before = await asyncio.to_thread(studio.client.state)
    await lee.keyboard.press("h")
    await expect(lamp(lee)).to_have_attribute("data-state", "on_air")
    await expect(lamp(kim)).to_have_attribute("data-state", "off")
    after = await asyncio.to_thread(studio.client.state)
    assert after["revision"] == before["revision"] + 1
    seats = after["state"]["seats"]
    assert [(seats[seat]["on"], seats[seat]["into"]) for seat in ("kim", "lee")] == [
        (False, "en"),
        (True, "en"),
    ]
    # And back, by the prominent button.
    await lee.keyboard.press("h")
    await kim.click("[data-role=offer] [data-action=handover]")
    await expect(lamp(kim)).to_have_attribute("data-state", "on_air")
    await expect(lamp(lee)).to_have_attribute("data-state", "off")


async def slower(studio: RunningStudio, kim: Page, lee: Page, mayor: Page) -> None:
    """One key, and the speaker, the partner and the director see it."""
    await kim.keyboard.press("s")
    await expect(mayor.locator("[data-role=slower]")).to_be_visible()
    await expect(lee.locator("[data-action=slower]")).to_have_attribute("aria-pressed", "true")
    assert await asyncio.to_thread(studio.status, "booths", "ko-en", "slower") is True


async def listening(studio: RunningStudio, kim: Page, mayor: Page) -> None:
    """Floor or relay by one key, also after another relay is chosen; the guest's picker."""

    def hears(seat: str) -> Callable[[], str]:
        return lambda: studio.state()["seats"][seat]["listen"]

    shown = kim.locator("[data-role=hears]")
    await expect(shown).to_have_attribute("data-bus", "floor")
    await kim.keyboard.press("r")
    await expect(shown).to_have_attribute("data-bus", "ko")
    assert await asyncio.to_thread(hears("kim")) == "ko"
    await kim.keyboard.press("2")
    await expect(shown).to_have_attribute("data-bus", "en")
    await kim.keyboard.press("r")
    await expect(shown).to_have_attribute("data-bus", "floor")
    await kim.click("[data-action=relay]")
    await expect(shown).to_have_attribute("data-bus", "en")
    await kim.keyboard.press("r")
    await kim.keyboard.press("-")
    for shown_is in ("volume === 0.75", "currentTime > 1"):
        await kim.wait_for_function(f"() => document.querySelector('video[data-role=programme]').{shown_is}")

    offered = await mayor.locator("[data-role=listen] option").all_inner_texts()
    assert offered == ["Original", "한국어", "English"]
    await mayor.select_option("[data-role=listen]", "en")
    await until("the guest hears English", lambda: hears("mayor")() == "en")
    await mayor.select_option("[data-role=language]", "en")
    await until("the guest speaks English", lambda: studio.state()["seats"]["mayor"]["language"] == "en")
    await expect(kim.locator("[data-role=programme-people]")).to_contain_text("Speaker One")
    await expect(kim.locator("[data-role=programme-people]")).to_contain_text("English")
    # Who mutes says so, or the silence would be taken for a dead microphone.
    for muted in (True, False):
        await mayor.click("[data-action=mute]")
        await until("muted", lambda muted=muted: studio.state()["seats"]["mayor"]["self_muted"] is muted)  # type: ignore[misc]


async def lines_to_and_fro(studio: RunningStudio, kim: Page, lee: Page, mayor: Page) -> None:
    """Notes both ways; the director's voice announced; the rundown."""
    await kim.keyboard.press("t")
    await kim.keyboard.type("Names, please: mh?")
    await kim.keyboard.press("Enter")
    await expect(lee.locator("[data-role=notes]")).to_contain_text("Interpreter One Names, please: mh?")
    await asyncio.to_thread(studio.do, "booth.note", booth="ko-en", text="They are in the chat.")
    await expect(kim.locator("[data-role=note].from-director")).to_contain_text("They are in the chat.")
    notes = (await asyncio.to_thread(studio.state))["notes"]
    assert [(note["seat"], note["text"]) for note in notes] == [
        ("kim", "Names, please: mh?"),
        ("", "They are in the chat."),
    ]
    await expect(kim.locator("[data-role=note-text]")).to_have_value("")
    await kim.keyboard.press("Escape")

    await asyncio.to_thread(studio.do, "talkback.set", to=["mayor"])
    await expect(mayor.locator("[data-role=talkback]")).to_be_visible()
    await expect(kim.locator("[data-role=talkback]")).to_have_count(0)
    await asyncio.to_thread(studio.do, "talkback.set", to=None)
    await expect(mayor.locator("[data-role=talkback]")).to_have_count(0)

    cues = kim.locator("[data-role=cue]")
    await expect(cues).to_have_count(2)
    await expect(cues.nth(0)).to_contain_text("Now Opening")
    await expect(cues.nth(1)).to_contain_text("Next Keynote")
    await expect(cues.nth(1)).to_contain_text("Speaker One")
    planned = time.strftime("%H:%M", time.localtime(PLANNED))
    await expect(cues.nth(1).locator(".cue-time")).to_have_text(planned)
    # What was asked some seconds ago is over by itself.
    await expect(mayor.locator("[data-role=slower]")).to_have_count(0)


async def a_lost_connection(studio: RunningStudio, kim: Page) -> None:
    """The media connection breaks: the page says that nobody hears her, and comes back by itself."""
    os.kill((await asyncio.to_thread(studio.processes))["shard-1"], signal.SIGKILL)
    await expect(lamp(kim)).to_have_attribute("data-state", "lost")
    await expect(lamp(kim)).to_contain_text("You are NOT on air")
    # Whoever has dropped out is off; the page asks nobody to press anything but the microphone again.
    await expect(lamp(kim)).to_have_attribute("data-state", "off")
    await kim.keyboard.press("m")
    await expect(lamp(kim)).to_have_attribute("data-state", "on_air")


async def a_lost_interpreter(studio: RunningStudio, kim: Page, lee: Page) -> None:
    """Who is on air drops out: the partner is offered the microphone, and takes it by one key."""
    await expect(lamp(kim)).to_have_attribute("data-state", "on_air")
    await kim.close()
    offer = lee.locator("[data-role=offer][data-side=taking]")
    await expect(offer).to_contain_text("Interpreter One")
    await lee.keyboard.press("h")
    await expect(lamp(lee)).to_have_attribute("data-state", "on_air")
    seats = (await asyncio.to_thread(studio.state))["seats"]
    assert (seats["kim"]["on"], seats["lee"]["on"]) == (False, True)
    # Who leaves is asked first, being on air; "no" has the focus.
    await lee.click("[data-action=leave]")
    await expect(lee.locator("dialog [data-action=no]")).to_be_focused()
    await lee.keyboard.press("Enter")
    await expect(lee.locator("dialog")).to_have_count(0)
    await expect(lamp(lee)).to_have_attribute("data-state", "on_air")
    await lee.click("[data-action=leave]")
    await lee.click("[data-action=yes]")
    await expect(lee.locator("[data-role=left]")).to_be_visible()
    await until("the microphone is off", lambda: not studio.state()["seats"]["lee"]["on"])
