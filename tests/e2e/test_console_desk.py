"""The console's sound desk, booths, talkback, outputs and rundown in a real browser: each control by mouse or
key, judged by the state of one running studio with a synthetic guest whose tone is on air."""

import asyncio
import contextlib
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Page, WebSocket, expect

from tests.e2e.browsers import chromium
from tests.e2e.test_pages_accessibility import complaints
from tests.running import RunningStudio, running_studio, wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]

GUEST = "rehearsal-1"
LISTEN_S = 2.0
MIN_UPDATES = 15
"""A second, of messages and of what the page draws."""
_COUNT_DRAWN = """async ([selector, ms]) => {
  const bar = document.querySelector(selector);
  let count = 0;
  const observer = new MutationObserver(() => { count += 1; });
  observer.observe(bar, { attributes: true, attributeFilter: ["style"] });
  await new Promise((done) => setTimeout(done, ms));
  observer.disconnect();
  return count;
}"""


@dataclass
class Desk:
    studio: RunningStudio
    page: Page
    said: list[str]
    meters: list[str]
    """Messages with meters that came so far."""

    async def whole(self) -> dict[str, Any]:
        """The state with its revision."""
        return await asyncio.to_thread(self.studio.client.state)

    async def now(self) -> dict[str, Any]:
        """The public state."""
        return await asyncio.to_thread(self.studio.state)

    async def do(self, type_: str, **fields: Any) -> None:
        """What somebody else does."""
        await asyncio.to_thread(self.studio.do, type_, **fields)

    async def state(
        self, what: str, probe: Callable[[dict[str, Any]], object], timeout_s: float = 10
    ) -> None:
        """Wait until the public state is as the control asked for."""
        try:
            async with asyncio.timeout(timeout_s):
                while not probe(await self.now()):
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise AssertionError(f"{what}: not in the state within {timeout_s} s") from None

    async def tab(self, name: str) -> None:
        await self.page.click(f"[data-action=tab][data-tab={name}]")
        await expect(self.page.locator(f"[data-tab={name}][aria-selected=true]")).to_be_visible()


@contextlib.contextmanager
def guest_on_stage(studio: RunningStudio) -> Iterator[None]:
    """A synthetic guest over real WebRTC, admitted, whose microphone has a tone."""
    command = [sys.executable, "-m", "studio", "rehearse", "--data", str(studio.data), "--guests", "1"]
    process = subprocess.Popen(
        command,
        env={**os.environ, "STUDIO_DATA": str(studio.data)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until(
            "the guest is connected", lambda: studio.status("seats", GUEST, "connection") == "connected", 40
        )
        yield
    finally:
        process.terminate()
        process.wait(20)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    with running_studio(tmp_path_factory.mktemp("desk") / "data") as studio, guest_on_stage(studio):
        studio.do("scene.create", scene="plenary", title="Plenary")
        studio.do("source.create", source="bars", kind="bars", title="Colour bars")
        studio.do("program.cut", scene="plenary")
        async with chromium() as browser:
            context = await browser.new_context(viewport={"width": 1280, "height": 720})
            await context.grant_permissions(["microphone"])
            page = await context.new_page()
            page.set_default_timeout(15_000)
            meters: list[str] = []

            def heard(socket: WebSocket) -> None:
                def take(frame: str | bytes) -> None:
                    if isinstance(frame, str) and frame.startswith('{"type":"meters"'):
                        meters.append(frame)

                socket.on("framereceived", take)

            page.on("websocket", heard)
            said = complaints(page)
            await page.goto(f"{studio.url}/console?token={studio.token}")
            await page.wait_for_selector("[data-role=multiview][data-state=connected]", timeout=20_000)
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
    drawn = await page.evaluate(_COUNT_DRAWN, [f"[data-meter='seat/{GUEST}'] .live-bar", 1000 * LISTEN_S])
    messages = len(desk.meters) - before
    assert messages >= MIN_UPDATES * LISTEN_S, f"{messages} messages in {LISTEN_S} s"
    assert drawn >= MIN_UPDATES * LISTEN_S, f"{drawn} updates of the bar in {LISTEN_S} s"
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
    await page.fill(f"[data-action=gain-db][data-source='{key}']", "4.5")
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
        await page.fill(f"[data-role=dialog-strip] [name={name}]", str(value))
    await page.click("[data-action=save-strip]")
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
    async with asyncio.timeout(10):
        while (await desk.whole())["revision"] <= revision:
            await asyncio.sleep(0.05)
    await page.select_option("[data-action=hall-bus]", "ko")
    await page.select_option("[data-action=monitor-bus]", "en")
    await desk.state("hall and monitor", lambda s: (s["hall_bus"], s["monitor_bus"]) == ("ko", "en"))
    await page.click("[data-action=monitor]")
    assert await page.evaluate("() => document.querySelector('video[data-role=multiview]').muted") is False
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
        await page.click("[data-action=create-interpreter]")
        assert "/booth/" in await page.locator("[data-role=link-text]").input_value()
        await page.click("[data-action=close]")
    await expect(page.locator("[data-role=interpreter]")).to_have_count(2)
    seats = {s["name"]: id_ for id_, s in (await desk.now())["seats"].items() if s["role"] == "interpreter"}
    kim, lee = seats["Kim"], seats["Lee"]

    def seat(state: dict[str, Any], id_: str) -> tuple[bool, str]:
        return state["seats"][id_]["on"], state["seats"][id_]["into"]

    await page.select_option(f"[data-action=into][data-seat='{kim}']", "en")
    await desk.state("into", lambda state: seat(state, kim) == (False, "en"))
    await page.click(f"[data-action=booth-speak][data-seat='{kim}']")
    await desk.state("on", lambda state: seat(state, kim) == (True, "en"))
    # The partner can't be open as well, unless the event allows it; the refusal is said.
    await page.select_option(f"[data-action=into][data-seat='{lee}']", "en")
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
    # Cough, "slower" and a line of text come from the booth.
    await desk.do("booth.cough", booth=booth, seat=kim, on=True)
    await expect(page.locator(f"[data-seat='{kim}'] [data-role=cough]")).to_be_visible()
    await desk.do("booth.slower", booth=booth)
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
    await page.click("[data-action=booth-delete]")
    await page.click("[data-action=yes]")
    await desk.state("deleted", lambda state: state["booths"] == {})
    await expect(page.locator("[data-action=booth-of]")).to_have_count(2)


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
    # Start and stop one by one; what is wrong with the backup is said beside what is wrong with the first.
    for output in ("youtube-en", "vod"):
        await page.click(f"[data-action=start][data-output={output}]")
    await expect(page.locator("[data-output=vod] [data-role=disk-time]")).to_contain_text(
        "left", timeout=15_000
    )
    await expect(page.locator("[data-output=youtube-en] [data-role=reason]")).to_be_visible(timeout=15_000)
    await expect(page.locator("[data-output=youtube-en] [data-role=backup-reason]")).to_contain_text(
        "127.0.0.1"
    )
    for output in ("youtube-en", "vod"):
        await page.click(f"[data-action=stop][data-output={output}]")
        await page.click("[data-action=yes]")
    await desk.state("stopped", lambda state: not any(one["running"] for one in state["outputs"].values()))


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
    await desk.state("the first", lambda state: state["cue"] == opening["cue"])
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
    await page.click("[data-action=scene-edit][data-scene=plenary]")
    await page.check("[data-role=dialog-scene] [name=follow][value=no]")
    await page.check("[data-role=dialog-scene] [data-heard='source/bars'] input")
    await page.click("[data-action=save-scene]")
    wanted = {"follow": False, "sources": ["source/bars"]}
    await desk.state("audio policy", lambda state: state["scenes"]["plenary"]["audio"] == wanted)


async def test_everything_is_there_in_korean_and_said_nothing_bad(desk: Desk) -> None:
    page = desk.page
    await page.click("[data-action=language]")
    assert await page.get_attribute("html", "lang") == "ko"
    for tab, heading in (("people", "참가자"), ("sound", "소리"), ("booths", "부스"), ("rundown", "진행표")):
        await desk.tab(tab)
        await expect(page.locator(".right h2").first).to_have_text(heading)
    await expect(page.locator("[data-action=talk-all]")).to_contain_text("모두에게")
    # The arrows go round the tabs, and the page needs no scrolling at this size.
    await page.focus("[data-tab=rundown]")
    await page.keyboard.press("ArrowRight")
    await expect(page.locator("[data-tab=people]")).to_be_focused()
    assert await page.evaluate("() => document.documentElement.scrollHeight <= innerHeight")
    assert desk.said == []
