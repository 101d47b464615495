"""A theme set in the middle of a show, from its folder to the next tick's picture."""

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from mixer.compose.compositor import SourcePicture
from mixer.contract.colour import yuv_of
from mixer.contract.names import of_seat
from mixer.contract.picture import Picture, new_picture
from mixer.contract.plan import CanvasName
from mixer.contract.theme import Theme
from mixer.engine.stage import Stage
from mixer.graphics.graphics import Graphics
from signaling.contract.ports import RefusedError
from studio.control.library.themes import Themes
from studio.control.log.store import Store
from studio.control.preparing import Surroundings
from studio.control.session import Session, SessionSettings
from studio.planning.planner import Plans, PlanSettings
from tests.support.media.fontfolder import font_folder
from tests.support.merging import as_json
from tests.support.shows import DIRECTOR

pytestmark = pytest.mark.alone

SIZES: dict[CanvasName, tuple[int, int]] = {
    "program": (640, 360),
    "wall": (640, 180),
    "preview": (160, 90),
    "multiview": (320, 180),
}
GROUND = "#5a6b4a"


async def test_plates_and_ground_are_the_new_themes_on_the_next_tick(tmp_path: Path) -> None:
    folder = tmp_path / "themes" / "red"
    folder.mkdir(parents=True)
    (folder / "theme.toml").write_text('plate = "#c00000"\nbackground = "#0000ff"\n')
    themes = Themes(tmp_path / "themes", tmp_path / "cache")
    told: list[Plans] = []
    session = Session(
        await Store.open(tmp_path / "show.db"),
        SessionSettings(PlanSettings(SIZES, recordings=""), theme=await themes.load("plain")),
        publish=lambda plans, show, issued_ns: told.append(plans),
        around=Surroundings(
            lambda role, token: "link", theme_of=themes.load, theme_names=lambda: themes.names
        ),
    )
    await session.start()

    async def do(type_: str, **fields: Any) -> Any:
        return await session.execute(msgspec.json.encode({"type": type_, **fields}), DIRECTOR)

    graphics = await asyncio.to_thread(Graphics, font_folder(), "Summit")
    stage = Stage(graphics, SIZES)
    ticks = iter(range(10**9, 2 * 10**9, 33_333_333))

    def tick() -> Picture:
        mix = told[-1].mix
        graphics.prepare(mix)
        picture = SourcePicture("live", new_picture(64, 36, yuv_of(GROUND)), 1)
        canvas = stage.compose(mix, {of_seat("ada"): picture}, ("program",), next(ticks))["program"]
        shown = Picture(*(plane.copy() for plane in canvas.picture))
        canvas.release()
        return shown

    try:
        await do("seat.create", seat="ada", name="Ada", title="Mayor")
        await do("seat.admit", seat="ada")
        await do(
            "scene.create", scene="s", canvases={"program": {"layout": "duo", "places": [{"seat": "ada"}]}}
        )
        await do("program.cut", scene="s")
        before = await asyncio.to_thread(tick)
        assert as_json(session.public_state())["status"]["themes"] == ["plain", "red", "summit"]
        await do("theme.set", theme="red")
        after = await asyncio.to_thread(tick)
        red = yuv_of("#c00000")
        assert not np.any(before.v == red[2])
        assert np.count_nonzero(after.v == red[2]) > 200
        assert session.show.theme == Theme(name="red", plate="#c00000", background="#0000ff")
        assert as_json(session.public_state())["theme"]["plate"] == "#c00000"
        assert "logo" not in as_json(session.public_state())["theme"]

        (folder / "theme.toml").write_text('plate = "#00c000"')
        await do("theme.set", theme="red")  # its folder is read anew
        assert session.show.theme.plate == "#00c000"
        (folder / "theme.toml").write_text("plate = green")
        with pytest.raises(RefusedError) as refused:
            await do("theme.set", theme="red")
        assert refused.value.code == "theme.malformed"
        assert session.show.theme.plate == "#00c000"
    finally:
        await session.close()
