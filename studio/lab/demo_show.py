"""The demo's show as commands: scenes of several layouts, graphics, a booth, a rundown, a recording. Pure."""

from collections.abc import Sequence
from typing import Any

from studio.lab.cast import CastMember

Commands = list[dict[str, Any]]
SLIDES = "slides"
"""The source that the speech's scene shows."""
_BOOTH = "booth-1"


def first(cast: Sequence[CastMember], languages: Sequence[str]) -> Commands:
    """After the speakers' seats: everybody on air, and the logo."""
    plenary, *keynote = _opening(cast)
    return [
        plenary,
        {"type": "program.cut", "scene": "plenary"},
        *_graphics(cast, languages),
        *keynote,
        {"type": "graphic.show", "graphic": "logo", "on": True},
    ]


def then(cast: Sequence[CastMember], languages: Sequence[str], slides: str | None) -> Commands:
    """``slides``: the uploaded deck's id; without one there is no scene for it."""
    deck = _deck(cast, slides) if slides and cast else []
    made = (*_opening(cast), *deck, *_rest(cast))
    return [
        *deck,
        *_rest(cast),
        *_booth(languages[:2]),
        _rundown([each for each in made if each["type"] == "scene.create"], cast),
        {
            "type": "output.create",
            "output": "vod",
            "recording": True,
            "rendition": "program",
            "buses": ["floor", *languages],
        },
        {"type": "output.start", "output": "vod"},
        *([{"type": "preview.set", "scene": "speech" if deck else "keynote"}] if cast else []),
    ]


def _scene(
    id_: str, title: str, program: dict[str, Any], wall: dict[str, Any] | None = None
) -> dict[str, Any]:
    return {
        "type": "scene.create",
        "scene": id_,
        "title": title,
        "canvases": {"program": program, "wall": wall or program},
    }


def _seats(cast: Sequence[CastMember]) -> Commands:
    return [{"seat": part.seat} for part in cast]


def _opening(cast: Sequence[CastMember]) -> Commands:
    """Everybody; then the first speaker large on the stream, named by a lower third; all on the wall."""
    plenary = _scene("plenary", "Plenary", {"layout": "grid"})
    if not cast:
        return [plenary]
    return [
        plenary,
        _scene(
            "keynote",
            "Keynote",
            {"layout": "solo", "places": _seats(cast[:1]), "plates": False, "graphics": ["keynote"]},
            {"layout": "grid"},
        ),
    ]


def _deck(cast: Sequence[CastMember], slides: str) -> Commands:
    """Slides beside who speaks, who may turn them; on the wall the others stand beside them, too."""
    shown: dict[str, Any] = {"source": SLIDES}
    return [
        {
            "type": "source.create",
            "source": SLIDES,
            "kind": "slides",
            "title": "Cities that keep cool",
            "media": slides,
            "presenter": cast[0].seat,
        },
        _scene(
            "speech",
            "Speech with slides",
            {"layout": "slides", "places": [shown, *_seats(cast[:1])]},
            {"layout": "slides-panel", "places": [shown, *_seats(cast)]},
        ),
    ]


def _rest(cast: Sequence[CastMember]) -> Commands:
    made: Commands = []
    if len(cast) > 1:
        made.append(_scene("dialogue", "Dialogue", {"layout": "duo", "places": _seats(cast[:2])}))
    if len(cast) > 2:
        places = [{"auto": True}, *_seats(cast[1:])]
        made.append(_scene("panel", "Auto panel", {"layout": "panel", "places": places}))
    made.append(_scene("photo", "Family photo", {"layout": "group", "plates": False}))
    made.append(_scene("break", "Break", {"layout": "solo", "places": [], "graphics": ["pause"]}))
    return made


def _graphics(cast: Sequence[CastMember], languages: Sequence[str]) -> Commands:
    """One of most kinds, to be shown with a press; the card ``pause`` is the scene's of that name."""

    def texts(english: str, korean: str) -> dict[str, str]:
        return {"": english, "ko": korean} if "ko" in languages else {"": english}

    summit = texts("World Mayors' Summit", "세계 시장 정상회의")
    made: Commands = [
        {"kind": "logo", "graphic": "logo", "title": "Logo", "size": 0.6},
        {
            "kind": "card",
            "graphic": "opening",
            "title": "Opening",
            "text": texts("Opening ceremony", "개회식"),
            "subtext": summit,
        },
        {
            "kind": "title",
            "graphic": "session",
            "title": "Session",
            "text": texts("Session 1: cities that keep cool", "1세션: 더위를 식히는 도시"),
            "subtext": summit,
        },
        {
            "kind": "ticker",
            "graphic": "news",
            "title": "News",
            "text": texts(
                "The joint declaration is signed at 17:00", "공동선언문 서명식은 오후 5시에 열립니다"
            ),
        },
        {"kind": "clock", "graphic": "clock", "title": "Clock", "text": {"": "Seoul"}, "zone": "Asia/Seoul"},
        {
            "kind": "countdown",
            "graphic": "left",
            "title": "Time left",
            "text": texts("Remaining", "남은 시간"),
            "cue": True,
        },
        {
            "kind": "card",
            "graphic": "pause",
            "title": "Break",
            "text": texts("We are back soon", "잠시 후 계속됩니다"),
            "subtext": summit,
        },
    ]
    if cast:
        third = {"kind": "lower-third", "graphic": "keynote", "title": "Keynote", "seat": cast[0].seat}
        made.append({**third, "canvases": ["program"]})
    return [{"type": "graphic.create", **each} for each in made]


def _booth(languages: Sequence[str]) -> Commands:
    """A booth between two languages with two seats: who is given one of their links sits there."""
    if len(languages) < 2:
        return []
    seats = [
        {
            "type": "seat.create",
            "seat": f"interpreter-{number}",
            "name": f"Interpreter {number}",
            "role": "interpreter",
            "booth": _BOOTH,
            "language": language,
        }
        for number, language in enumerate(languages, 1)
    ]
    return [
        {"type": "booth.create", "booth": _BOOTH, "title": "Booth 1", "languages": list(languages)},
        *seats,
    ]


def _rundown(scenes: Sequence[dict[str, Any]], cast: Sequence[CastMember]) -> dict[str, Any]:
    """A cue for each of the scenes made here, with who is in it."""
    seen = {"keynote": cast[:1], "speech": cast[:1], "dialogue": cast[:2]}
    cues = [
        {
            "cue": made["scene"],
            "title": made["title"],
            "scene": made["scene"],
            "duration_s": 600,
            "people": [part.seat for part in seen.get(made["scene"], ())],
        }
        for made in scenes
    ]
    return {"type": "rundown.set", "cues": cues}
