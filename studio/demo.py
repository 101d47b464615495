"""``studio demo``: a studio with an event, scenes and synthetic mayors, nothing to configure.

The studio runs as always; beside it, in a process of its own (``python -m studio.demo``), the show is set up
through the API, as a director would, and the mayors join as guests do.
"""

import contextlib
import ctypes
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from studio.cast import MAYORS, Part
from studio.client import Client, ClientError
from studio.datadir import CONFIG_FILE

_PR_SET_PDEATHSIG = 1
_END_S = 5.0

CONFIGURATION = """\
# The demo's configuration; every other key has its default. See README.md.
[event]
title = "World Mayors' Summit: demo"
languages = ["ko", "en"]
theme = "summit"
"""


def prepare(folder: Path) -> Path:
    """Put the demo's configuration into its data directory, if none is there."""
    file = folder / CONFIG_FILE
    with contextlib.suppress(OSError):  # what is wrong with the folder, the start says better
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not file.exists():
            file.write_text(CONFIGURATION, "utf-8")
    return folder


@contextlib.contextmanager
def beside(folder: Path, guests: int) -> Iterator[Callable[[object], None]]:
    """Gives a function that starts the demo's own process; it is ended with the context."""
    running: list[subprocess.Popen[bytes]] = []

    def begin(_: object) -> None:
        command = [sys.executable, "-m", "studio.demo", str(folder), str(guests)]
        running.append(subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True))

    try:
        yield begin
    finally:
        for process in running:
            process.terminate()
            try:
                process.wait(_END_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _booth(languages: Sequence[str]) -> list[dict[str, Any]]:
    """A booth between two languages with two seats: whoever is given one of their links sits there."""
    if len(languages) < 2:
        return []
    title = "Booth 1"
    seats = [
        {
            "type": "seat.create",
            "seat": f"interpreter-{number}",
            "name": f"Interpreter {number}",
            "role": "interpreter",
            "booth": "booth-1",
            "language": language,
        }
        for number, language in enumerate(languages, 1)
    ]
    return [
        {"type": "booth.create", "booth": "booth-1", "title": title, "languages": list(languages)},
        *seats,
    ]


def _rundown(scenes: Sequence[dict[str, Any]], cast: Sequence[Part]) -> dict[str, Any]:
    """A cue for each of the scenes made here, with who is in it."""
    seen = {"keynote": cast[:1], "dialogue": cast[:2]}
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


def _graphics(cast: Sequence[Part], languages: Sequence[str]) -> list[dict[str, Any]]:
    """One of most kinds, to be shown with a press; the logo is on."""

    def texts(english: str, korean: str) -> dict[str, str]:
        return {"": english, "ko": korean} if "ko" in languages else {"": english}

    made: list[dict[str, Any]] = [
        {"kind": "logo", "graphic": "logo", "title": "Logo", "size": 0.6},
        {
            "kind": "card",
            "graphic": "opening",
            "title": "Opening",
            "text": texts("Opening ceremony", "개회식"),
            "subtext": texts("World Mayors' Summit", "세계 시장 정상회의"),
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
    ]
    if cast:
        made.append({"kind": "lower-third", "graphic": "keynote", "title": "Keynote", "seat": cast[0].seat})
    created = [{"type": "graphic.create", **each} for each in made]
    return [*created, {"type": "graphic.show", "graphic": "logo", "on": True}]


def commands(cast: Sequence[Part], languages: Sequence[str]) -> list[dict[str, Any]]:
    """The show, after its speakers' seats: scenes, a booth, a rundown, a recording, a grid on air. Pure."""
    places = [{"seat": part.seat} for part in cast]
    everybody = {"layout": "grid"}
    made: list[dict[str, Any]] = [
        {
            "type": "scene.create",
            "scene": "plenary",
            "title": "Plenary",
            "canvases": {"program": everybody, "wall": everybody},
        }
    ]
    if places:
        made.append(
            {
                "type": "scene.create",
                "scene": "keynote",
                "title": "Keynote",
                "canvases": {"program": {"layout": "solo", "places": places[:1]}, "wall": everybody},
            }
        )
    if len(places) > 1:
        made.append(
            {
                "type": "scene.create",
                "scene": "dialogue",
                "title": "Dialogue",
                "canvases": {
                    "program": {"layout": "duo", "places": places[:2]},
                    "wall": {"layout": "duo", "places": places[:2]},
                },
            }
        )
    made += [
        *_booth(languages[:2]),
        *_graphics(cast, languages),
        _rundown(made, cast),
        {
            "type": "output.create",
            "output": "vod",
            "recording": True,
            "rendition": "program",
            "buses": ["floor", *languages],
        },
        {"type": "output.start", "output": "vod"},
        {"type": "program.cut", "scene": "plenary"},
    ]
    if places:
        made.append({"type": "preview.set", "scene": "keynote"})
    return made


def set_up(client: Client, cast: Sequence[Part]) -> None:
    """Send the commands. A demo that was run before on this data finds its things: 409 is no fault."""
    state = client.state()["state"]
    for command in commands(cast, state["event"]["languages"]):
        if command["type"] == "rundown.set" and state["rundown"]:
            continue
        try:
            client.command(command)
        except ClientError as error:
            if error.status != 409:
                raise


def main() -> int:
    """``python -m studio.demo DATA GUESTS``, started by ``studio demo``."""
    # Here, for the process beside the studio only: aiortc alone weighs 70 MB.
    from studio.rehearse import RehearsalError, perform, seat

    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    data, guests = Path(sys.argv[1]), int(sys.argv[2])
    cast = MAYORS[:guests]
    try:
        client = Client.of(data)
        seated = seat(client, cast)
        set_up(client, cast)
        if seated:
            perform(client, seated, 0, 0.0)
    except (ClientError, RehearsalError) as error:
        sys.stderr.write(f"studio: the demo's guests: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
