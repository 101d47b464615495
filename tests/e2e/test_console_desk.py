"""The console's sound desk, booths, talkback, outputs and rundown in a real browser: each control by mouse or
key, judged by the state of one running studio with a synthetic guest whose tone is on air."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import WebSocket, expect

from tests.support.browsers.chromium import chromium
from tests.support.browsers.desk import GUEST, Desk, guest_on_stage
from tests.support.browsers.pages import complaints, violations
from tests.support.running import running_studio

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module"), pytest.mark.alone]

FRAMES, AT_MOST_S = 60, 10.0
"""The bar is watched for so many frames of the browser, a second on an idle machine."""
MIN_UPDATES = 15
"""A second, of messages and of what the page draws."""
_COUNT_DRAWN = """async ([selector, wanted, at_most_ms]) => {
  const bar = document.querySelector(selector);
  let count = 0, frames = 0;
  const begun = performance.now();
  const observer = new MutationObserver(() => { count += 1; });
  observer.observe(bar, { attributes: true, attributeFilter: ["style"] });
  while (frames < wanted && performance.now() - begun < at_most_ms) {
    await new Promise((done) => requestAnimationFrame(done));
    frames += 1;
  }
  observer.disconnect();
  return [count, frames, (performance.now() - begun) / 1000];
}"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    with (
        running_studio(tmp_path_factory.mktemp("desk") / "data") as studio,
        guest_on_stage(studio),
    ):
        studio.do("scene.create", scene="plenary", title="Plenary")
        studio.do("source.create", source="bars", kind="bars", title="Colour bars")
        studio.do("program.cut", scene="plenary")
        async with chromium() as browser:
            context = await browser.new_context(viewport={"width": 1280, "height": 720})
            await context.grant_permissions(["microphone"])
            page = await context.new_page()
            meters: list[str] = []

            def heard(socket: WebSocket) -> None:
                def take(frame: str | bytes) -> None:
                    if isinstance(frame, str) and frame.startswith('{"type":"meters"'):
                        meters.append(frame)

                socket.on("framereceived", take)

            page.on("websocket", heard)
            said = complaints(page)
            await page.goto(f"{studio.url}/console?token={studio.token}")
            await page.wait_for_selector("[data-role=multiview][data-state=connected]")
            yield Desk(studio, page, said, meters)


async def test_meters_move_only_while_somebody_looks(desk: Desk) -> None:
    page = desk.page
    assert desk.meters == [], "nobody looked, and meters came"
    await desk.tab("sound")
    channel = page.locator(f"[data-role=channel][data-source='seat/{GUEST}'][data-group=on_air]")
    await expect(channel).to_be_visible()
    await page.wait_for_function(
        "(id) => Number(document.querySelector(`[data-meter='${id}']`).getAttribute('aria-valuenow')) > -30",
        arg=f"seat/{GUEST}",
    )
    before = len(desk.meters)
    drawn, frames, took_s = await page.evaluate(
        _COUNT_DRAWN, [f"[data-meter='seat/{GUEST}'] .live-bar", FRAMES, 1000 * AT_MOST_S]
    )
    messages = len(desk.meters) - before
    measured = f"{messages} messages, {drawn} updates of the bar, {frames} frames in {took_s:.1f} s"
    assert messages >= MIN_UPDATES * took_s, measured
    # Each message moves the bar, but those that come before the browser draws again.
    assert drawn >= 0.7 * min(messages, frames), measured
    assert frames > 10, measured
    # The floor's loudness in figures, and against its target in words.
    for figure in ("M", "S", "I", "TP"):
        await expect(page.locator(f"[data-bus=floor][data-figure={figure}]")).to_contain_text("−")
    words = page.locator("[data-bus=floor][data-figure='']")
    await expect(words).to_have_text(re.compile("On target|LU too (loud|quiet)"))
    await desk.tab("people")
    async with asyncio.timeout(5):
        while True:
            seen = len(desk.meters)
            await asyncio.sleep(0.5)
            if len(desk.meters) == seen:
                break


async def test_a_channels_controls(desk: Desk) -> None:
    page, key = desk.page, f"seat/{GUEST}"
    await desk.tab("sound")

    def seat(state: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = state["seats"][GUEST]
        return found

    await page.focus(f"[data-action=fader][data-source='{key}']")
    for _ in range(6):
        await page.keyboard.press("ArrowLeft")
    await desk.state("fader by keys", lambda state: seat(state)["gain_db"] == -3)
    # A hand on the fader is heard all the way, and logged when it lets go.
    box = await page.locator(f"[data-action=fader][data-source='{key}']").bounding_box()
    assert box is not None
    revision, y = (await desk.whole())["revision"], box["y"] + box["height"] / 2
    await page.mouse.move(box["x"] + 0.7 * box["width"], y)
    await page.mouse.down()
    for share in range(70, 29, -2):
        await page.mouse.move(box["x"] + share / 100 * box["width"], y)
    await desk.state("fader under way", lambda state: seat(state)["gain_db"] < -30)
    await page.mouse.up()
    await desk.until_told(revision + 1, "revision")
    events = json.loads(await asyncio.to_thread(desk.studio.get, f"/api/v1/events?after={revision}"))
    moved = [line["event"] for line in events["events"]]
    assert {event["type"] for event in moved} == {"source.gained"}
    assert len(moved) < 5, "one, and one wherever the hand was still for a second"
    assert moved[-1]["db"] == seat(await desk.now())["gain_db"]
    # Typed as hands type: half a figure outlives the page's being drawn again, which it is all the time.
    figure = page.locator(f"[data-action=gain-db][data-source='{key}']")
    await figure.fill("")
    await figure.press("-")
    serial = (await desk.whole())["serial"]
    await desk.until_told(serial + 2)
    await figure.press_sequentially("4.5")
    await page.keyboard.press("Enter")
    await desk.state("gain as a number", lambda state: seat(state)["gain_db"] == -4.5)
    await figure.fill("45")
    await page.keyboard.press("Enter")
    await expect(figure).to_have_value("-4.5")
    await figure.fill("4.5")
    await page.keyboard.press("Enter")
    await desk.state("gain as a number", lambda state: seat(state)["gain_db"] == 4.5)
    await expect(page.locator(f"[data-action=fader][data-source='{key}']")).to_have_value("4.5")
    await page.click(f"[data-action=channel-mute][data-source='{key}']")
    await desk.state("mute", lambda state: seat(state)["muted"])
    await page.click(f"[data-action=channel-mute][data-source='{key}'][aria-pressed=true]")
    await desk.state("open again", lambda state: not seat(state)["muted"])
    await page.click(f"[data-action=solo][data-source='{key}']")
    await desk.state("solo", lambda state: state["solo"] == [key])
    await expect(page.locator("[data-role=solo-on]")).to_be_visible()
    await page.click("[data-action=solo-clear]")
    await desk.state("no solo", lambda state: state["solo"] == [])
    await page.select_option(f"[data-action=language-of][data-source='{key}']", "ja")
    await desk.state("spoken language", lambda state: seat(state)["language"] == "ja")
    await page.click(f"[data-action=hall-microphone][data-source='{key}']")
    await desk.state("in the hall", lambda state: seat(state)["hall"])
    await page.select_option("[data-action=language-of][data-source='source/bars']", "en")
    await page.click("[data-action=hall-microphone][data-source='source/bars']")
    await desk.state(
        "a source's",
        lambda s: (s["sources"]["bars"]["language"], s["sources"]["bars"]["hall"]) == ("en", True),
    )

    await page.click(f"[data-action=strip][data-source='{key}']")
    for name in ("highpass", "gate", "compressor", "leveller"):
        await page.check(f"[data-role=dialog-strip] [name={name}]")
    values = {"highpass_hz": 120, "gate_db": -55, "compressor_db": -24, "ratio": 4, "delay_ms": 240}
    for name, value in values.items():
        await page.fill(f"[data-role=dialog-strip] [name={name}]", "")
        await page.locator(f"[data-role=dialog-strip] [name={name}]").press_sequentially(str(value))
    await page.keyboard.press("Enter")
    await expect(page.locator("dialog")).to_have_count(0)
    await desk.state("strip", lambda state: seat(state)["strip"] == {**values, "leveller": True})
    await page.click(f"[data-action=strip][data-source='{key}']")
    await page.click("[data-action=strip-off]")
    await page.click("[data-action=save-strip]")
    await desk.state(
        "all off",
        lambda state: seat(state)["strip"]["delay_ms"] == 0 and not seat(state)["strip"]["leveller"],
    )


async def test_buses_hall_monitor_and_the_events_languages(desk: Desk) -> None:
    page = desk.page
    await desk.tab("sound")
    await page.click("[data-action=event-edit]")
    await page.fill("[data-role=dialog-event] [name=title]", "Summit of cities")
    await page.fill("[data-role=dialog-event] [name=languages]", "ko, en, ja")
    await expect(page.locator("[data-role=language-names]")).to_contain_text("Japanese")
    await page.click("[data-action=save-event]")
    await desk.state(
        "languages",
        lambda s: (s["event"]["title"], s["event"]["languages"]) == ("Summit of cities", ["ko", "en", "ja"]),
    )
    await expect(page.locator("[data-role=bus]")).to_have_count(5)
    await page.fill("[data-action=target][data-bus=en]", "-14")
    await page.keyboard.press("Enter")
    await desk.state("target", lambda state: state["targets"].get("en") == -14)
    await page.fill("[data-action=target][data-bus=en]", "3")
    await page.keyboard.press("Enter")
    await expect(page.locator("[data-action=target][data-bus=en]")).to_have_value("-14")
    revision = (await desk.whole())["revision"]
    await page.click("[data-action=bus-reset][data-bus=floor]")
    await desk.until_told(revision + 1, "revision")
    await page.select_option("[data-action=hall-bus]", "ko")
    await page.select_option("[data-action=monitor-bus]", "en")
    await desk.state("hall and monitor", lambda s: (s["hall_bus"], s["monitor_bus"]) == ("ko", "en"))
    await page.click("[data-action=monitor]")
    await page.wait_for_function("() => !document.querySelector('video[data-role=multiview]').muted")
    await page.click("[data-action=monitor]")


async def test_booths_and_their_interpreters(desk: Desk) -> None:
    page = desk.page
    await desk.tab("booths")
    await page.click("[data-action=booth-new]")
    await page.fill("[data-role=dialog-booth] [name=title]", "Booth A")
    await page.check("[data-role=dialog-booth] [name=language][value=ko]")
    await page.check("[data-role=dialog-booth] [name=language][value=en]")
    await page.click("[data-action=save-booth]")
    await page.wait_for_selector("[data-role=booth]")
    (booth,) = (await desk.now())["order"]["booths"]
    for name in ("Kim", "Lee"):
        await page.click(f"[data-action=invite-interpreter][data-booth='{booth}']")
        await page.fill("[data-role=dialog-interpreter] [name=name]", name)
        await page.select_option("[data-role=dialog-interpreter] [name=language]", "en")
        await page.click("[data-action=create-interpreter]")
        assert "/booth/" in await page.locator("[data-role=link-text]").input_value()
        await page.click("[data-action=close]")
    await expect(page.locator("[data-role=interpreter]")).to_have_count(2)
    seats = {s["name"]: id_ for id_, s in (await desk.now())["seats"].items() if s["role"] == "interpreter"}
    kim, lee = seats["Kim"], seats["Lee"]

    def seat(state: dict[str, Any], id_: str) -> tuple[bool, str]:
        return state["seats"][id_]["on"], state["seats"][id_]["into"]

    assert seat(await desk.now(), kim) == (False, "en")
    for into in ("ko", "en"):
        await page.select_option(f"[data-action=into][data-seat='{kim}']", into)
        await desk.state("into", lambda state, into=into: seat(state, kim) == (False, into))  # type: ignore[misc]
    await page.click(f"[data-action=booth-speak][data-seat='{kim}']")
    await desk.state("on", lambda state: seat(state, kim) == (True, "en"))
    # The partner can't be open as well, unless the event allows it; the refusal is said.
    await page.click(f"[data-action=booth-speak][data-seat='{lee}']")
    await expect(page.locator("[data-role=toasts] [role=alert]")).to_contain_text("Kim")
    await page.click("[data-action=both-open]")
    await desk.state("both open", lambda state: state["event"]["both_open"])
    await page.click(f"[data-action=booth-speak][data-seat='{lee}']")
    await desk.state("both on", lambda state: seat(state, lee) == (True, "en"))
    await page.click(f"[data-action=booth-speak][data-seat='{lee}']")
    await desk.state("one off", lambda state: not seat(state, lee)[0])
    await page.click("[data-action=both-open]")
    await page.select_option(f"[data-action=relay][data-seat='{kim}']", "ko")
    await desk.state("relay", lambda state: state["seats"][kim]["listen"] == "ko")
    # Cough and "slower", which mostly come from the booth.
    cough = page.locator(f"[data-action=booth-cough][data-seat='{kim}']")
    await cough.click()
    await desk.state("cough", lambda state: state["seats"][kim]["cough"])
    await desk.do("booth.cough", booth=booth, seat=kim, on=False)
    await expect(cough).to_have_attribute("aria-pressed", "false")
    await page.click(f"[data-action=booth-slower][data-booth='{booth}']")
    await expect(page.locator(f"[data-booth='{booth}'] [data-role=slower]")).to_be_visible()
    await expect(page.locator("[data-role=booth-alarm]")).to_contain_text("Booth A")
    await page.fill(f"[data-role=note-text][data-booth='{booth}']", "Two minutes to go.")
    await page.keyboard.press("Enter")
    await expect(page.locator(f"[data-booth='{booth}'] [data-role=notes]")).to_contain_text(
        "Two minutes to go."
    )
    await desk.state(
        "note", lambda s: [(n["booth"], n["text"]) for n in s["notes"]] == [(booth, "Two minutes to go.")]
    )
    # The microphone is handed over in one step.
    await page.click(f"[data-action=handover-offer][data-seat='{kim}']")
    await expect(page.locator("[data-role=handover]")).to_contain_text("Kim offers the microphone to Lee")
    await page.click(f"[data-action=handover-accept][data-booth='{booth}']")
    await desk.state("handed over", lambda s: (seat(s, kim)[0], seat(s, lee)) == (False, (True, "en")))
    await page.click(f"[data-action=booth-speak][data-seat='{lee}']")
    await page.click(f"[data-action=booth-edit][data-booth='{booth}']")
    await page.fill("[data-role=dialog-booth] [name=title]", "Booth B")
    await page.click("[data-action=save-booth]")
    await desk.state("named again", lambda state: state["booths"][booth]["title"] == "Booth B")
    await page.click(f"[data-action=booth-edit][data-booth='{booth}']")
    await page.click("[data-action=booth-delete]")
    await page.click("[data-action=yes]")
    await desk.state("deleted", lambda state: state["booths"] == {})
    await expect(page.locator("[data-action=booth-of]")).to_have_count(2)
    # Into another booth, by the list here or by the form of the person.
    await desk.do("booth.create", booth="next", title="Next", languages=["ko", "en"])
    await page.select_option(f"[data-action=booth-of][data-seat='{kim}']", "next")
    await desk.state("moved", lambda state: state["seats"][kim]["booth"] == "next")
    await desk.tab("people")
    await page.click(f"[data-action=more][data-seat='{lee}']")
    await page.click(f"[data-action=seat-edit][data-seat='{lee}']")
    await page.select_option("[data-role=dialog-seat] [name=booth]", "next")
    await page.select_option("[data-role=dialog-seat] [name=listen]", "ko")
    await page.click("[data-action=save-seat]")
    await desk.state(
        "moved, too",
        lambda s: (s["seats"][lee]["booth"], s["seats"][lee]["listen"]) == ("next", "ko"),
    )
    await page.click(f"[data-action=more][data-seat='{GUEST}']")
    await page.click(f"[data-action=seat-edit][data-seat='{GUEST}']")
    await page.fill("[data-role=dialog-seat] [name=language]", "pt-BR")
    await page.select_option("[data-role=dialog-seat] [name=listen]", "en")
    await page.uncheck("[data-role=dialog-seat] [name=hall]")
    await page.keyboard.press("Enter")
    wanted = {"language": "pt-BR", "listen": "en", "hall": False}
    await desk.state("a guest's", lambda s: wanted.items() <= s["seats"][GUEST].items())


async def test_talkback_is_open_only_while_it_is_held(desk: Desk) -> None:
    page = desk.page
    await desk.tab("people")
    everybody = page.locator("[data-action=talk-all]")
    await everybody.hover()
    await page.mouse.down()
    await desk.state("to all", lambda state: state["talk"] is not None, 20)
    await expect(page.locator("[data-role=talk-state][data-on=true]")).to_contain_text("all")
    await page.mouse.up()
    await desk.state("released", lambda state: state["talk"] is None)
    one = page.locator(f"[data-action=talk][data-seat='{GUEST}']")
    await one.focus()
    await page.keyboard.down("Space")
    await desk.state("to one, by key", lambda state: state["talk"] == [GUEST])
    await page.evaluate("() => window.dispatchEvent(new Event('blur'))")
    await desk.state("the window lost the focus", lambda state: state["talk"] is None)
    await page.keyboard.up("Space")
    await page.click("[data-action=talk-latch]")
    await desk.state("latched", lambda state: state["talk"] is not None)
    await page.click("[data-action=talk-latch]")
    await desk.state("unlatched", lambda state: state["talk"] is None)
    await page.evaluate("() => document.activeElement?.blur()")
    await page.keyboard.down("t")
    await desk.state("by T", lambda state: state["talk"] is not None)
    await page.keyboard.up("t")
    await desk.state("T released", lambda state: state["talk"] is None)


async def test_outputs_by_language_with_a_backup(desk: Desk) -> None:
    page = desk.page
    await desk.tab("people")
    await page.click("[data-action=output-new]")
    await page.fill("dialog [name=output]", "youtube-en")
    await page.fill("dialog [name=url]", "rtmp://127.0.0.1:9/live/key-one")
    await page.fill("dialog [name=backup]", "rtmp://127.0.0.1:9/spare/key-two")
    await page.select_option("dialog [name=rendition]", "clean")
    await page.select_option("dialog [name=bus]", "en")
    await page.click("[data-action=create-output]")
    await expect(page.locator("[data-output=youtube-en] [data-role=carries]")).to_have_text(
        "Clean, without plates · English"
    )
    await page.click("[data-action=output-new]")
    await page.check("dialog [name=kind][value=recording]")
    await page.fill("dialog [name=output]", "vod")
    for bus in ("ko", "en"):
        await page.check(f"dialog [name=buses][value={bus}]")
    await page.click("[data-action=create-output]")
    await expect(page.locator("[data-output=vod] [data-role=carries]")).to_have_text(
        "Programme · Floor + Korean + English"
    )
    await page.click("[data-action=output-new]")
    await page.check("dialog [name=kind][value=udp]")
    await page.fill("dialog [name=output]", "tv")
    await page.fill("dialog [name=url]", "udp://127.0.0.1:9999")
    await page.check("dialog [name=buses][value=en]")
    await page.click("[data-action=create-output]")
    await expect(page.locator("dialog")).to_have_count(0)
    await page.click("[data-action=output-new]")
    await page.check("dialog [name=kind][value=seats]")
    await page.fill("dialog [name=output]", "seats")
    await page.click("[data-action=create-output]")
    await expect(page.locator("dialog")).to_have_count(0)
    outputs = (await desk.now())["outputs"]
    assert (outputs["youtube-en"]["rendition"], outputs["youtube-en"]["bus"]) == ("clean", "en")
    assert outputs["youtube-en"]["backup"].startswith("rtmp://127.0.0.1:9/spare/")
    assert "key-two" not in str(outputs)
    assert outputs["vod"]["buses"] == ["floor", "ko", "en"]
    assert outputs["tv"]["buses"] == ["floor", "en"]
    assert outputs["seats"]["seats"] is True
    # What is stopped can be changed; an empty field leaves the address as it is, which the page doesn't know.
    await page.click("[data-action=output-edit][data-output=youtube-en]")
    await page.select_option("dialog [name=rendition]", "program")
    await page.select_option("dialog [name=bus]", "ko")
    await page.check("dialog [name=backup_off]")
    await page.click("[data-action=save-output]")
    await expect(page.locator("[data-output=youtube-en] [data-role=carries]")).to_have_text(
        "Programme · Korean"
    )
    changed = (await desk.now())["outputs"]["youtube-en"]
    assert (changed["backup"], changed["url"]) == ("", outputs["youtube-en"]["url"])
    await page.click("[data-action=output-edit][data-output=youtube-en]")
    await page.fill("dialog [name=backup]", "rtmp://127.0.0.1:9/spare/key-two")
    await page.click("[data-action=save-output]")
    await page.click("[data-action=output-edit][data-output=vod]")
    await page.uncheck("dialog [name=buses][value=ko]")
    await page.click("[data-action=save-output]")
    await desk.state("a track less", lambda s: s["outputs"]["vod"]["buses"] == ["floor", "en"])
    # Start and stop one by one; what is wrong with the backup is said beside what is wrong with the first.
    for output in ("youtube-en", "vod"):
        await page.click(f"[data-action=start][data-output={output}]")
    await expect(page.locator("[data-output=vod] [data-role=disk-time]")).to_contain_text("left")
    await expect(page.locator("[data-output=youtube-en] [data-role=reason]")).to_be_visible()
    await expect(page.locator("[data-output=youtube-en] [data-role=backup-reason]")).to_contain_text(
        "127.0.0.1"
    )
    await expect(page.locator("[data-action=tab][data-tab=people] .alert-dot")).to_be_visible()
    # What waits for its next attempt can be hurried; a recording that runs has no such button.
    revision = (await desk.whole())["revision"]
    await page.click("[data-action=retry][data-output=youtube-en]")
    await desk.until_told(revision + 1, "revision")
    await expect(page.locator("[data-action=retry][data-output=vod]")).to_have_count(0)
    # Whatever panel is open, the line on top says what runs and what struggles, and leads there.
    await desk.tab("sound")
    await expect(page.locator("[data-role=recording][data-output=vod][data-state=live]")).to_be_visible()
    lamp = page.locator("[data-role=live-stream][data-output=youtube-en]")
    await expect(lamp).to_contain_text("LIVE youtube-en")
    await expect(lamp).not_to_have_attribute("data-state", "live")
    await lamp.click()
    for output in ("youtube-en", "vod"):
        await page.click(f"[data-action=stop][data-output={output}]")
        await page.click("[data-action=yes]")
    await desk.state("stopped", lambda state: not any(one["running"] for one in state["outputs"].values()))
    await page.click("[data-action=output-new]")
    await page.fill("dialog [name=output]", "YouTube 한국어")
    await page.fill("dialog [name=url]", "rtmp://127.0.0.1:9/live")
    await page.fill("dialog [name=key]", "typed-key-4")
    await page.fill("dialog [name=user]", "encoder")
    await page.fill("dialog [name=password]", "p/w?#@ typed-5 ")
    await expect(page.locator("dialog [name=password]")).to_have_attribute("type", "password")
    await expect(page.locator("dialog [name=key]")).to_have_attribute("type", "password")
    await page.click("dialog .field:has([name=key]) [data-action=show-key]")
    await expect(page.locator("dialog [name=key]")).to_have_attribute("type", "text")
    await page.click("[data-action=create-output]")
    await expect(page.locator("[data-role=output][data-output=youtube]")).to_contain_text("YouTube 한국어")
    assert "typed-" not in str(await desk.now())
    # An account goes with an address: without one it is said, before anything is lost.
    await page.click("[data-action=output-edit][data-output=youtube]")
    await expect(page.locator("dialog [name=user]")).to_have_value("")
    await page.fill("dialog [name=user]", "encoder")
    await page.click("[data-action=save-output]")
    await expect(page.locator("dialog [data-role=refusal]")).to_contain_text("key again")
    await page.keyboard.press("Escape")
    await page.click("[data-action=output-delete][data-output=tv]")
    await page.click("[data-action=yes]")
    await desk.state("deleted", lambda state: "tv" not in state["outputs"])


async def test_people_are_found_and_the_wall_is_seen(desk: Desk) -> None:
    page = desk.page
    await desk.tab("people")
    everybody = len((await desk.now())["seats"])
    for wanted, shown in (("guest 1", 1), ("nobody at all", 0), ("", everybody)):
        await page.fill("[data-role=seat-search]", wanted)
        await expect(page.locator("[data-role=seat]")).to_have_count(shown)
    await page.click("[data-action=show-wall]")
    wall = page.locator("img[data-role=wall]")
    await expect(wall).to_be_visible()
    await page.wait_for_function("() => document.querySelector('img[data-role=wall]').naturalWidth > 100")
    await page.click("[data-action=show-wall]")
    await expect(wall).to_have_count(0)


async def test_the_rundown(desk: Desk) -> None:
    page = desk.page
    await desk.tab("rundown")
    for title, at in (("Opening", "09:00"), ("Panel", "")):
        await page.click("[data-action=cue-new]")
        await page.fill("[data-role=dialog-cue] [name=title]", title)
        if at:
            await page.fill("[data-role=dialog-cue] [name=planned]", at)
            await page.fill("[data-role=dialog-cue] [name=minutes]", "10")
            await page.select_option("[data-role=dialog-cue] [name=scene]", "plenary")
            await page.check(f"[data-role=dialog-cue] [name=person][value={GUEST}]")
        await page.click("[data-action=save-cue]")
        await expect(page.locator("dialog")).to_have_count(0)
    opening, panel = (await desk.now())["rundown"]
    assert (opening["title"], opening["scene"], opening["people"]) == ("Opening", "plenary", [GUEST])
    assert opening["duration_s"] == 600
    assert opening["planned"] > 0
    await expect(page.locator(f"[data-cue={opening['cue']}] .cue-time")).to_have_text("09:00")
    await page.click("[data-action=cue-next]")
    await desk.state(
        "the first, its scene in preview",
        lambda state: (state["cue"], state["preview"]) == (opening["cue"], "plenary"),
    )
    await page.click(f"[data-action=cue-go][data-cue={panel['cue']}]")
    await desk.state("go", lambda state: state["cue"] == panel["cue"])
    await expect(page.locator("[data-role=cue][aria-current=step]")).to_contain_text("Panel")
    await expect(page.locator("[data-action=cue-next]")).to_be_disabled()
    await page.click(f"[data-action=cue-up][data-cue={panel['cue']}]")
    await desk.state(
        "moved", lambda state: [cue["title"] for cue in state["rundown"]] == ["Panel", "Opening"]
    )
    await page.click(f"[data-action=cue-edit][data-cue={opening['cue']}]")
    await page.click("[data-action=cue-delete]")
    await desk.state("deleted", lambda state: [cue["title"] for cue in state["rundown"]] == ["Panel"])
    await page.click("[data-action=cue-none]")
    await desk.state("none", lambda state: state["cue"] is None)


async def test_a_scenes_sound(desk: Desk) -> None:
    page = desk.page
    await desk.tab("sound")
    await page.click("[data-action=source-new]")
    await page.fill("[data-role=dialog-source] [name=title]", "Line one")
    await page.click("[data-action=save-source]")
    await expect(page.locator("[data-role=channel][data-group=source]")).to_have_count(2)
    await desk.tab("sources")
    await page.click("[data-action=source-edit][data-source=line-one]")
    await page.fill("[data-role=dialog-source] [name=title]", "Line two")
    await page.click("[data-action=save-source]")
    await desk.state("named", lambda state: state["sources"]["line-one"]["title"] == "Line two")
    # The mouse leaves a list it has set, or Space would open that instead of cutting.
    await desk.do("preview.set", scene="plenary")
    await page.mouse.click(5, 5)
    await page.dispatch_event("[data-action=monitor-bus]", "pointerdown")
    await page.focus("[data-action=monitor-bus]")
    await page.dispatch_event("[data-action=monitor-bus]", "change")
    assert await page.evaluate("() => document.activeElement === document.body")
    await page.click("[data-action=scene-edit][data-scene=plenary]")
    await page.check("[data-role=dialog-scene] [name=follow][value=no]")
    await page.check("[data-role=dialog-scene] [data-heard='source/bars'] input")
    await page.click("[data-action=save-scene]")
    wanted = {"follow": False, "sources": ["source/bars"]}
    await desk.state("audio policy", lambda state: state["scenes"]["plenary"]["audio"] == wanted)


async def test_keys_cut_and_what_cannot_be_undone_is_asked(desk: Desk) -> None:
    page = desk.page
    await desk.tab("people")
    for number in (1, 2):
        await desk.do("seat.create", seat=f"mayor-{number}", name="김하늘", title="Mayor", language="ko")
    await desk.do("scene.create", scene="keynote", title="Keynote")
    await expect(page.locator("[data-role=scene]")).to_have_count(2)
    # Digits are the preview, Space is the cut; a press with the mouse leaves no focus behind.
    await page.keyboard.press("2")
    await page.wait_for_selector("[data-role=preview][data-scene=keynote]")
    await page.keyboard.press("Space")
    await page.wait_for_selector("[data-role=program][data-scene=keynote]")
    await page.click("[data-action=preview][data-scene=plenary]")
    await page.wait_for_selector("[data-role=preview][data-scene=plenary]")
    await page.keyboard.press("Space")
    await page.wait_for_selector("[data-role=program][data-scene=plenary]")
    # What can't be undone asks, and Enter means no.
    await page.click("[data-action=remove][data-seat=mayor-2]")
    await page.wait_for_selector("dialog [data-action=no]:focus")
    await page.keyboard.press("Enter")
    await page.wait_for_selector("dialog", state="detached")
    assert "mayor-2" in (await desk.now())["seats"]
    await page.click("[data-action=remove][data-seat=mayor-2]")
    await page.click("[data-action=yes]")
    await page.wait_for_selector("[data-role=seat][data-seat=mayor-2]", state="detached")


async def test_everything_is_there_in_korean_and_said_nothing_bad(desk: Desk) -> None:
    page = desk.page
    await page.click("[data-action=language]")
    assert await page.get_attribute("html", "lang") == "ko"
    for tab, heading in (
        ("people", "참가자"),
        ("sources", "소스"),
        ("graphics", "그래픽"),
        ("sound", "소리"),
        ("booths", "부스"),
        ("rundown", "진행표"),
    ):
        await desk.tab(tab)
        await expect(page.locator(".right h2").first).to_have_text(heading)
    await expect(page.locator("[data-action=talk-all]")).to_contain_text("모두에게")
    # The arrows go round the tabs, and the page needs no scrolling at this size.
    await page.focus("[data-tab=rundown]")
    await page.keyboard.press("ArrowRight")
    await expect(page.locator("[data-tab=people]")).to_be_focused()
    assert await page.evaluate("() => document.documentElement.scrollHeight <= innerHeight")
    assert desk.said == []


OPENERS = {
    "people": ("invite", "scene-new", "scene-edit", "output-new", "output-edit", "seat-edit", "sessions"),
    "sources": ("source-add", "source-edit"),
    "graphics": ("graphic-new",),
    "sound": ("strip", "event-edit"),
    "booths": ("booth-new", "invite-interpreter"),
    "rundown": ("cue-edit",),
}


async def test_axe_finds_nothing_on_any_panel_or_dialog(desk: Desk) -> None:
    """Last: axe's own styles are refused by the page's policy, which counts as a complaint."""
    page = desk.page
    await desk.tab("people")
    await page.click("[data-action=show-wall]")
    await page.click("[data-action=more] >> nth=0")
    await page.click("[data-action=language]")
    await desk.do("booth.speak", booth="next", seat="kim", on=True, into="en")
    await desk.do("booth.slower", booth="next")
    await desk.do("booth.note", booth="next", text="Two minutes.")
    await page.click("[data-action=fade-to-black]")
    for tab, openers in OPENERS.items():
        if tab != "people":  # open already, with one person's more
            await desk.tab(tab)
        assert await violations(page) == [], tab
        for opener in openers:
            await page.click(f"[data-action={opener}] >> nth=0")
            await page.wait_for_selector("dialog[open]")
            assert await violations(page) == [], opener
            await page.keyboard.press("Escape")
            await page.wait_for_selector("dialog", state="detached")
    await desk.tab("people")
    # A link with its QR code.
    await page.click("[data-action=invite]")
    await page.fill("dialog [name=name]", "박서준")
    await page.click("[data-action=create-invite]")
    await page.wait_for_selector("[data-role=qr] svg")
    assert await violations(page) == []
