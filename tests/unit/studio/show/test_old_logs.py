"""Logs that earlier versions wrote give the show they gave."""

import json
from functools import reduce
from pathlib import Path
from typing import Any

import msgspec

from mixer.contract.theme import Theme
from studio.control.session_settings import SessionSettings
from studio.planning.planner import Live, PlanSettings, plan
from studio.show.events import apply, decode
from studio.show.model import Place, Show

OLD_LOG = Path(__file__).parents[3] / "support" / "old_log.jsonl"
PLAN = PlanSettings(
    {"program": (1920, 1080), "wall": (3840, 1080), "preview": (640, 360), "multiview": (1280, 720)},
    "/recordings",
)
LOG: list[dict[str, Any]] = [
    {"type": "show.updated", "title": "Summit"},
    {
        "type": "seat.created",
        "seat": "kim",
        "name": "Kim",
        "role": "speaker",
        "token_hash": "h",
        "expires": 1,
    },
    {"type": "seat.admitted", "seat": "kim"},
    {"type": "source.created", "source": "bars", "kind": "bars", "title": "Bars"},
    {
        "type": "scene.created",
        "scene": "plenary",
        "title": "Plenary",
        "canvases": {
            "program": {"layout": "grid", "places": [{"seat": "kim"}, {"source": "bars"}]},
            "wall": {"layout": "solo"},
        },
    },
    {"type": "preview.changed", "scene": "plenary"},
    {"type": "program.changed", "scene": "plenary", "preview": None},
    {"type": "program.faded_to_black", "on": True},
    {"type": "source.updated", "source": "bars", "title": "Colour bars", "language": "ko", "hall": False},
]


def replayed(log: list[dict[str, Any]]) -> Show:
    return reduce(apply, (decode(json.dumps(event).encode()) for event in log), Show())


def test_a_log_from_before_there_were_transitions_and_players() -> None:
    show = replayed(LOG)
    assert (show.program, show.preview, show.black) == ("plenary", None, True)
    assert show.sources["bars"].title == "Colour bars"
    assert show.scenes["plenary"].canvases["program"].places == (Place(seat="kim"), Place(source="bars"))
    canvases = plan(show, Live(), PLAN, 1).mix.canvases
    assert [tile.source for tile in canvases["program"].tiles] == ["seat/kim", "source/bars"]
    assert [tile.source for tile in canvases["wall"].tiles] == ["seat/kim"]


def test_the_log_of_a_rich_show_gives_the_show_it_gave() -> None:
    """Recorded before the modules were sorted into folders: 71 events of 43 kinds, and the show they made."""
    *events, made = OLD_LOG.read_text("utf-8").splitlines()
    show = reduce(apply, (decode(event.encode()) for event in events), Show(title="Summit"))
    assert show == msgspec.json.decode(made, type=Show)
    assert plan(show, Live(), PLAN, 1).mix.canvases["program"].tiles


def test_a_themes_pictures_are_looked_for_where_the_data_is_now() -> None:
    theme = Theme(name="summit", logo="/old/place/themes-cache/1.npy")
    show = replayed([*LOG, {"type": "theme.changed", "theme": {"name": "summit", "logo": theme.logo}}])
    assert show.theme == theme
    here = SessionSettings(PLAN, theme_pictures="/new/themes-cache").here(show)
    assert (here.theme.logo, here.theme.backdrop) == ("/new/themes-cache/1.npy", "")
    assert SessionSettings(PLAN).here(show).theme == theme
