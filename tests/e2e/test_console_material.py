"""Sources, media, graphics and themes from the director's page, and a speaker who turns the slides: real
files are uploaded in a real browser to one running studio; judged by its state and its programme."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.async_api import Browser, Locator, Page, expect

from tests.support.browsers.chromium import chromium
from tests.support.browsers.desk import Desk
from tests.support.browsers.pages import complaints, guest, violations
from tests.support.media.material import beeps, ffmpeg, make_clip, make_pdf
from tests.support.running import LIGHT, RunningStudio, running_studio

pytestmark = [pytest.mark.e2e, pytest.mark.alone]

SIZE = {"width": 1366, "height": 768}
FULL_SIZE = LIGHT.replace("program = [640, 360]", "program = [1920, 1080]")
FULL_SIZE += "\n[media]\nconvert_over = 0.0001\n"
"""Every clip is too slow for this machine."""
CLIP_S = 6
PAGES = 3
TRIED_MS = 60_000
"""Until a clip was played on trial."""
"""Until a process of its own has looked into a file, or shows a source's first picture."""
LOWER_LEFT = (slice(780, 1060), slice(40, 1000))
LOWER_RIGHT = (slice(760, 1060), slice(1560, 1880))
"""Rows and columns of the 1920×1080 programme."""
EVERYWHERE = (slice(None), slice(None))
SNAPSHOT_S = 1.1
"""A snapshot is kept for a second."""
UNFIT = "𓀀"
"""A hieroglyph: no font of the studio has one."""


@dataclass
class Files:
    clip: Path
    slides: Path
    still: Path
    long: Path
    broken: Path
    odd: Path

    @classmethod
    def made(cls, folder: Path) -> "Files":
        folder.mkdir()
        picture = np.zeros((180, 320, 3), np.uint8)
        picture[:, 160:] = (40, 200, 60)
        cv2.imwrite(str(folder / "city.png"), picture)
        one = make_clip(folder / "one.mp4", pictures=30 * CLIP_S, sound=beeps)
        two = f"-i {one} -map 0:v -map 0:a -map 0:a -c copy"
        two += " -metadata:s:a:0 language=kor -metadata:s:a:1 language=eng"
        whole = ffmpeg(folder / "Opening_film.mp4", two)
        (folder / "broken.mp4").write_bytes(whole.read_bytes()[: whole.stat().st_size // 3])
        (folder / "notes.txt").write_text("No picture, no clip, no slides.", "utf-8")
        slides = make_pdf(folder / "keynote.pdf", PAGES, size=(320, 180))
        moving = "-f lavfi -i testsrc2=s=1280x720:r=30:d=15 -c:v mpeg4 -q:v 4"
        return cls(
            whole,
            slides,
            folder / "city.png",
            ffmpeg(folder / "greeting.mp4", moving),
            folder / "broken.mp4",
            folder / "notes.txt",
        )


def test_material_is_uploaded_played_turned_and_shown(tmp_path: Path) -> None:
    files = Files.made(tmp_path / "files")
    config = f"{FULL_SIZE}\n[sources]\nprivate_addresses = true\n"
    with running_studio(tmp_path / "data", config=config) as studio:
        link = studio.invite("kim", name="Kim", title="Mayor", language="en")
        studio.do("seat.create", seat="lee", name="Lee", title="Mayor of Busan", language="ko")
        studio.do("seat.admit", seat="lee")
        studio.do("source.create", source="bars", kind="bars", title="Colour bars")
        studio.do("scene.create", scene="bars", title="Bars", canvases=_solo(source="bars"))
        studio.do("scene.create", scene="lee", title="Lee", canvases=_solo(seat="lee"))
        studio.do("program.cut", scene="bars")
        asyncio.run(_drive(studio, link, files))


def _solo(**place: Any) -> dict[str, Any]:
    return {"program": {"layout": "solo", "places": [place]}}


async def _drive(studio: RunningStudio, link: str, files: Files) -> None:
    async with chromium() as browser:
        context = await browser.new_context(viewport=SIZE)  # type: ignore[arg-type]
        page = await context.new_page()
        said = complaints(page)
        await page.goto(f"{studio.url}/console?token={studio.token}")
        await page.wait_for_selector("[data-role=board]")
        desk = Desk(studio, page, said, [])
        await desk.tab("sources")
        await _bad_uploads(desk, files)
        await _clip(desk, files)
        await _slides(desk, files, browser, link)
        await _others(desk)
        await desk.tab("graphics")
        await _graphics(desk)
        await _theme(desk)
        await _missing_characters(desk)
        await _library(desk, files)
        await _conversion(desk, files)
        await _korean(desk)
        # A browser says of each refused request that it was; nothing else is wrong.
        assert [line for line in said if "the server responded with a status of 4" not in line] == []
        await desk.tab("sources")
        assert await violations(page) == []
        await desk.tab("graphics")
        assert await violations(page) == []


async def _choose(scope: Locator, file: Path) -> None:
    await scope.locator("[data-role=upload-file]").set_input_files(file)


async def _new_source(desk: Desk, kind: str) -> Locator:
    await desk.page.click("[data-action=source-add]")
    dialog = desk.page.locator("[data-role=dialog-source]")
    await dialog.locator(f"[name=kind][value={kind}]").check()
    return dialog


async def _saved(dialog: Locator, action: str) -> None:
    await dialog.locator(f"[data-action={action}]").click()
    await expect(dialog).to_have_count(0)


async def _picture(desk: Desk) -> NDArray[np.uint8]:
    """The programme as (1080, 1920, 3), up to a second old."""
    data = await asyncio.to_thread(desk.studio.get, "/api/v1/canvases/program.jpg")
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    assert picture.shape == (1080, 1920, 3)
    return picture.astype(np.uint8)


async def _until(
    desk: Desk, what: str, probe: Callable[[NDArray[np.uint8]], bool], timeout_s: float = 30
) -> NDArray[np.uint8]:
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        picture = await _picture(desk)
        if probe(picture):
            return picture
        await asyncio.sleep(0.15)
    raise AssertionError(f"not seen within {timeout_s} s: {what}")


async def _still(desk: Desk) -> NDArray[np.uint8]:
    """The programme once nothing comes or goes on it any more: two of its snapshots are the same."""
    last = await _picture(desk)
    async with asyncio.timeout(15):
        while True:
            await asyncio.sleep(SNAPSHOT_S)
            picture = await _picture(desk)
            if _apart(picture, last, EVERYWHERE) < 0.1:
                return picture
            last = picture


def _apart(one: NDArray[np.uint8], other: NDArray[np.uint8], part: tuple[slice, slice]) -> float:
    """Mean difference of a part, 0 … 255."""
    return float(np.abs(one[part].astype(np.int16) - other[part]).mean())


async def _bad_uploads(desk: Desk, files: Files) -> None:
    """What is wrong is said in the dialog, which stays, and nothing is made."""
    dialog = await _new_source(desk, "clip")
    await expect(dialog.locator(".upload .hint")).to_contain_text("Up to")
    await expect(dialog.locator("[data-action=save-source]")).to_be_disabled()
    refusal = dialog.locator("[data-role=upload-refusal]")
    await _choose(dialog, files.odd)
    await expect(refusal).to_have_attribute("data-code", "media.unsupported")
    await expect(refusal).to_contain_text("MP4")
    await _choose(dialog, files.broken)
    await expect(refusal).to_have_attribute("data-code", "media.corrupt")
    assert (await desk.now())["status"]["media"] == {}
    await dialog.locator("[data-action=cancel]").click()


async def _clip(desk: Desk, files: Files) -> None:
    page = desk.page
    dialog = await _new_source(desk, "clip")
    await _choose(dialog, files.clip)
    await expect(dialog.locator("[data-role=chosen-file]")).to_contain_text("0:06")
    await expect(dialog.locator("[name=title]")).to_have_value("Opening film")
    await _saved(dialog, "save-source")
    row = page.locator("[data-role=source][data-kind=clip]")
    await expect(row).to_have_attribute("data-state", "ready")
    id_ = str(await row.get_attribute("data-source"))
    await _sound_track(desk, row, id_)
    await desk.do("scene.create", scene="film", title="Film", canvases=_solo(source=id_))
    left = row.locator("[data-role=remaining]")
    whole_s = float(str(await left.get_attribute("data-seconds")))
    assert abs(whole_s - CLIP_S) < 0.2
    # Taken, it plays, and the time that is left falls and warns.
    await desk.do("program.cut", scene="film")
    await expect(row).to_have_attribute("data-state", "playing")
    await expect(row).to_have_attribute("data-tally", "program")
    await expect(left).to_have_attribute("data-last", "true")
    air = page.locator("[data-role=program] [data-role=air-remaining]")
    await expect(air).to_have_attribute("data-last", "true")
    async with asyncio.timeout(CLIP_S + 3):
        while float(str(await left.get_attribute("data-seconds"))) > whole_s - 1:
            await asyncio.sleep(0.05)
    await row.locator("[data-action=pause]").click()
    await expect(row).to_have_attribute("data-state", "paused")
    await expect(air).to_have_count(0)
    # By keys to the beginning and a second on; that is its out point now.
    await page.focus(f"[data-action=seek][data-source='{id_}']")
    await page.keyboard.press("Home")
    await _at(row, 0)
    await page.keyboard.press("ArrowRight")
    await _at(row, 1)
    await row.locator("[data-action=out-here]").click()
    await desk.state("out point", lambda s: abs(s["sources"][id_]["out_s"] - 1) < 0.1)
    await page.focus(f"[data-action=seek][data-source='{id_}']")
    await page.keyboard.press("Home")
    await _at(row, 0)
    await row.locator("[data-action=in-here]").click()
    for field in ("loop", "auto_take", "auto_play"):
        await row.locator(f"[data-action={field}]").click()
    await desk.state(
        "switches",
        lambda s: (
            [s["sources"][id_][name] for name in ("loop", "auto_take", "auto_play")] == [True, True, False]
        ),
    )
    await row.locator("[data-action=whole]").click()
    await desk.state("whole again", lambda s: s["sources"][id_]["out_s"] == 0)
    await row.locator("[data-action=play]").click()
    await expect(row).to_have_attribute("data-state", "playing")


async def _sound_track(desk: Desk, row: Locator, id_: str) -> None:
    """Chosen by keys in the source's dialog, where the file's tracks have their languages."""
    await row.locator("[data-action=source-edit]").click()
    dialog = desk.page.locator("[data-role=dialog-source]")
    choice = dialog.get_by_label("Sound track")
    first, *tracks = await choice.locator("option").all_inner_texts()
    assert first.startswith("As the file says: 1 · Korean")
    assert [each.split(" · ")[:2] for each in tracks[:2]] == [["1", "Korean"], ["2", "English"]]
    await choice.focus()
    await desk.page.keyboard.press("ArrowDown")
    await desk.page.keyboard.press("ArrowDown")
    await _saved(dialog, "save-source")
    await desk.state("the second track", lambda s: s["sources"][id_]["sounds"] == "2")
    await desk.do("source.update", source=id_, sounds="")


async def _at(row: Locator, second: float) -> None:
    """Wait until its player stands there."""
    where = row.locator("[data-role=position]")
    async with asyncio.timeout(15):
        while abs(float(str(await where.get_attribute("data-seconds"))) - second) > 0.1:
            await asyncio.sleep(0.05)


async def _slides(desk: Desk, files: Files, browser: Browser, link: str) -> None:
    page = desk.page
    # A file of another kind than was chosen makes a source of its own kind.
    dialog = await _new_source(desk, "still")
    await _choose(dialog, files.slides)
    await expect(dialog.locator("[name=presenter]")).to_be_visible()
    await dialog.locator("[name=presenter]").select_option("kim")
    await _saved(dialog, "save-source")
    row = page.locator("[data-role=source][data-kind=slides]")
    await expect(row).to_have_attribute("data-state", "ready")
    id_ = str(await row.get_attribute("data-source"))
    await desk.do("scene.create", scene="deck", title="Deck", canvases=_solo(source=id_))
    await desk.do("program.cut", scene="deck")
    shown = row.locator("[data-role=page]")
    await expect(shown).to_have_text(f"Page 1 of {PAGES}")
    await expect(row.locator("[data-action=page-back]")).to_be_disabled()
    first = await _until(desk, "page 1", _grey(1))
    await row.locator("[data-action=page-on]").click()
    await expect(shown).to_have_text(f"Page 2 of {PAGES}")
    second = await _until(desk, "page 2", _grey(2))
    assert _apart(first, second, (slice(400, 1000), slice(400, 1800))) > 3
    # A remote sends these keys, wherever the focus is but in a field.
    await page.keyboard.press("PageDown")
    await expect(shown).to_have_text(f"Page 3 of {PAGES}")
    await expect(row.locator("[data-action=page-on]")).to_be_disabled()
    await _speaker_turns(browser, link, shown)


def _grey(page: int) -> Callable[[NDArray[np.uint8]], bool]:
    """As :func:`tests.support.media.material.make_pdf` paints it; BT.709 and JPEG take their share."""
    return lambda picture: abs(float(picture[400:1000, 400:1800].mean()) - page * 7) < 3


async def _speaker_turns(browser: Browser, link: str, shown: Locator) -> None:
    page, said = await guest(browser, link)
    await page.click("[data-action=join]")
    deck = page.locator("[data-role=slides]")
    await expect(deck.locator("[data-role=slide-page]")).to_have_text(f"Page 3 of {PAGES}")
    box = await deck.locator("[data-action=slide-back]").bounding_box()
    assert box is not None
    assert box["height"] >= 60, "a finger finds it"
    await expect(deck.locator("[data-action=slide-on]")).to_be_disabled()
    await deck.locator("[data-action=slide-back]").click()
    await expect(shown).to_have_text(f"Page 2 of {PAGES}")
    await page.keyboard.press("PageUp")
    await expect(shown).to_have_text(f"Page 1 of {PAGES}")
    await page.keyboard.press("ArrowRight")
    await expect(shown).to_have_text(f"Page 2 of {PAGES}")
    await expect(deck.locator("[data-role=slide-page]")).to_have_text(f"Page 2 of {PAGES}")
    assert said == []
    assert await violations(page) == []
    await page.context.close()


async def _others(desk: Desk) -> None:
    """A test picture, a stream that isn't there, and a camera by WHIP whose token is shown once."""
    page = desk.page
    dialog = await _new_source(desk, "bars")
    await dialog.locator("[name=pattern]").select_option("grid")
    await dialog.locator("[name=title]").fill("Grid")
    await _saved(dialog, "save-source")
    await expect(page.locator("[data-role=source][data-source=grid]")).to_have_attribute("data-state", "live")
    dialog = await _new_source(desk, "pull")
    await dialog.locator("[name=url]").fill("rtsp://guest:secret-word@127.0.0.1:9/hall")
    await dialog.locator("[name=title]").fill("Hall")
    await _saved(dialog, "save-source")
    hall = page.locator("[data-role=source][data-source=hall]")
    await expect(hall.locator("[data-role=source-problem]")).not_to_be_empty()
    assert "secret-word" not in await page.content()
    assert "secret-word" not in str(await desk.now())

    dialog = await _new_source(desk, "whip")
    await dialog.locator("[name=title]").fill("Camera")
    await dialog.locator("[data-action=save-source]").click()
    token = await page.locator("[data-role=publish-token]").input_value()
    url = await page.locator("[data-role=publish-url]").input_value()
    assert url.startswith("http")
    assert url.endswith("/whip/camera")
    assert len(token) > 20
    assert token not in str(await desk.now())
    await page.click("[data-program=FFmpeg] summary")
    assert token in await page.locator("[data-role=publish-ffmpeg]").input_value()
    await page.click("[data-action=close]")
    camera = page.locator("[data-role=source][data-source=camera]")
    await expect(camera).to_have_attribute("data-state", "waiting")
    await camera.locator("[data-action=source-token]").click()
    await page.click("[data-action=yes]")
    assert await page.locator("[data-role=publish-token]").input_value() != token
    await page.click("[data-action=close]")
    await camera.locator("[data-action=source-delete]").click()
    await page.click("[data-action=yes]")
    await expect(camera).to_have_count(0)


async def _graphics(desk: Desk) -> None:
    """A lower third and a code come and go by one press each, where they were put."""
    page = desk.page
    await desk.do("program.cut", scene="bars")
    await page.click("[data-action=graphic-new]")
    dialog = page.locator("[data-role=dialog-graphic]")
    await dialog.locator("[name=text-all]").fill("Kim Minsu")
    await dialog.locator("[name=text-ko]").fill("김민수")
    await dialog.locator("[name=subtext-all]").fill("Mayor of Seoul")
    await _saved(dialog, "save-graphic")
    await page.click("[data-action=graphic-new]")
    await dialog.locator("[name=kind][value=qr]").check()
    await dialog.locator("[name=link]").fill("https://summit.example/programme")
    await dialog.locator("[name=title]").fill("Code")
    await dialog.locator("[name=wall]").uncheck()
    await _saved(dialog, "save-graphic")
    graphics = (await desk.now())["graphics"]
    assert graphics["code"]["canvases"] == ["program"]
    (third,) = (id_ for id_, one in graphics.items() if one["kind"] == "lower-third")
    assert graphics[third]["text"] == {"": "Kim Minsu", "ko": "김민수"}
    bare = await _until(desk, "the bars alone", lambda picture: float(picture[300:600, :150].mean()) > 200)
    for id_, part, other in ((third, LOWER_LEFT, LOWER_RIGHT), ("code", LOWER_RIGHT, LOWER_LEFT)):
        row = page.locator(f"[data-role=graphic][data-graphic='{id_}']")
        await row.locator("[data-action=graphic-show]").click()
        await expect(row).to_have_attribute("data-air", "on")
        there = await _until(desk, f"{id_} is there", lambda p, part=part: _apart(p, bare, part) > 8)  # type: ignore[misc]
        assert _apart(there, bare, other) < 2, "and nothing else"
        await row.locator("[data-action=graphic-hide]").click()
        await expect(row).to_have_attribute("data-air", "off")
        await _until(desk, f"{id_} is gone", lambda p, part=part: _apart(p, bare, part) < 2)  # type: ignore[misc]
    # Changed while it is there: to another place, at half its size.
    await page.click("[data-action=graphic-show][data-graphic=code]")
    await page.click("[data-action=graphic-edit][data-graphic=code]")
    await dialog.locator("[name=anchor][value=bottom-left]").check()
    await _saved(dialog, "save-graphic")
    await _until(
        desk,
        "the code elsewhere",
        lambda p: _apart(p, bare, LOWER_LEFT) > 4 > 2 > _apart(p, bare, LOWER_RIGHT),
    )
    await page.click("[data-action=graphic-hide][data-graphic=code]")
    await page.click("[data-action=graphic-delete][data-graphic=code]")
    await page.click("[data-action=yes]")
    await desk.state("the code is deleted", lambda s: "code" not in s["graphics"])
    await _every_kind(desk)


async def _every_kind(desk: Desk) -> None:
    """Each kind by its own fields of the dialog; then a countdown is told another end."""
    page = desk.page
    dialog = page.locator("[data-role=dialog-graphic]")
    filled = {
        "title": {"text-all": "Opening", "subtext-all": "Hall A"},
        "ticker": {"text-all": "Doors close at nine"},
        "logo": {},
        "clock": {"zone": "Asia/Seoul"},
        "countdown": {"minutes": "5", "seconds": "30"},
        "card": {"text-all": "Break", "text-en": "Coffee"},
    }
    for kind, fields in filled.items():
        await page.click("[data-action=graphic-new]")
        await dialog.locator(f"[name=kind][value={kind}]").check()
        for name, value in {**fields, "title": kind}.items():
            await dialog.locator(f"[name={name}]").fill(value)
        await _saved(dialog, "save-graphic")
    graphics = (await desk.now())["graphics"]
    assert [graphics[kind]["kind"] for kind in filled] == list(filled)
    assert graphics["title"]["subtext"] == {"": "Hall A"}
    assert graphics["clock"]["zone"] == "Asia/Seoul"
    assert abs(graphics["countdown"]["until"] - time.time() - 330) < 30
    assert graphics["card"]["text"] == {"": "Break", "en": "Coffee"}
    await page.click("[data-action=graphic-edit][data-graphic=countdown]")
    await dialog.locator("[name=how][value=cue]").check()
    await _saved(dialog, "save-graphic")
    await desk.state("to the cue's end", lambda s: s["graphics"]["countdown"]["cue"])


async def _theme(desk: Desk) -> None:
    page = desk.page
    await desk.do("program.cut", scene="lee")
    await _until(desk, "Lee's card", lambda picture: float(picture[300:600, :150].mean()) < 120)
    plain = await _still(desk)
    names = (await desk.now())["status"]["themes"]
    worn = (await desk.now())["theme"]["name"]
    other = next(name for name in names if name != worn)
    await page.select_option("[data-action=theme]", other)
    await page.click("[data-action=theme-set]")
    await expect(page.locator("[data-role=theme]")).to_have_attribute("data-theme", other)
    await _until(desk, "the plate in another theme", lambda picture: _apart(picture, plain, LOWER_LEFT) > 3)
    await page.click("[data-action=theme-again]")
    await page.select_option("[data-action=theme]", worn)
    await page.click("[data-action=theme-set]")
    await _until(desk, "the plate as it was", lambda picture: _apart(picture, plain, LOWER_LEFT) < 2)


async def _missing_characters(desk: Desk) -> None:
    page = desk.page
    await expect(page.locator("[data-role=glyphs]")).to_have_count(0)
    await desk.do("seat.update", seat="lee", name=f"Lee {UNFIT}")
    found = page.locator("[data-role=glyph][data-of='seat/lee']")
    await expect(found).to_contain_text(UNFIT)
    await expect(page.locator("[data-tab=graphics] .alert-dot")).to_have_attribute(
        "aria-label", "Missing characters: 1"
    )
    await found.locator("[data-action=glyph-edit]").click()
    await page.fill("[data-role=dialog-seat] [name=name]", "Lee")
    await page.click("[data-action=save-seat]")
    await expect(found).to_have_count(0)


async def _library(desk: Desk, files: Files) -> None:
    """A file that is used can't be deleted; one that isn't can, once it is asked."""
    page = desk.page
    await page.click("[data-action=graphic-new]")
    dialog = page.locator("[data-role=dialog-graphic]")
    await dialog.locator("[name=kind][value=picture]").check()
    await _choose(dialog, files.still)
    await expect(dialog.locator("[data-action=save-graphic]")).to_be_enabled()
    await dialog.locator("[name=title]").fill("City")
    await _saved(dialog, "save-graphic")
    await desk.tab("sources")
    still = page.locator("[data-role=medium][data-kind=still]")
    await expect(still).to_contain_text("320×180")
    await expect(still).to_contain_text("City")
    await still.locator("[data-action=media-delete]").click()
    await page.click("[data-action=yes]")
    await page.click(".toast[role=alert] [data-action=dismiss]")
    await expect(still).to_have_count(1)
    await desk.do("graphic.delete", graphic="city")
    await still.locator("[data-action=media-delete]").click()
    await page.click("[data-action=yes]")
    await expect(still).to_have_count(0)
    library = page.locator("[data-role=library]")
    await _choose(library, files.still)
    await expect(still).to_have_count(1)


async def _conversion(desk: Desk, files: Files) -> None:
    """A clip that is too slow says so, and how far its conversion is; it can be deleted meanwhile."""
    page = desk.page
    library = page.locator("[data-role=library]")
    await _choose(library, files.long)
    row = library.locator("[data-role=medium]", has_text="greeting.mp4")
    await expect(row.locator("[data-code='clip.too-slow']")).to_be_visible(timeout=TRIED_MS)
    bar = row.get_by_role("progressbar", name="Converting greeting.mp4")
    await expect(bar).to_be_visible(timeout=TRIED_MS)
    async with asyncio.timeout(60):
        while float(str(await bar.get_attribute("value"))) == 0:
            await asyncio.sleep(0.05)
    await expect(row.get_by_role("status")).to_have_text(
        "Is converted for this machine; it can be used meanwhile."
    )
    first = library.locator("[data-role=medium]", has_text="Opening_film.mp4")
    await expect(first).to_contain_text("Converted for this machine.")
    await row.locator("[data-action=media-delete]").click()
    await page.click("[data-action=yes]")
    await expect(row).to_have_count(0)


async def _korean(desk: Desk) -> None:
    page: Page = desk.page
    await page.click("[data-action=language]")
    await expect(page.locator("[data-role=library] h2")).to_have_text("미디어 보관함")
    await expect(page.locator("[data-role=source][data-kind=slides] [data-role=page]")).to_have_text(
        "3쪽 중 2쪽"
    )
    assert await page.evaluate("() => document.documentElement.scrollHeight <= innerHeight")
    await page.click("[data-action=language]")
